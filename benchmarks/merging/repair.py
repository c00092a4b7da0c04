"""How many households get another grid when 5 % of the buildings change: python repair.py CITY.npz SEED."""

from __future__ import annotations

import datetime as dt
import json
import random
import sys
import time
from pathlib import Path

from cities import City, settled

from gridgov.merging import adjust, check_plan, merge
from gridgov.merging._lineage import households_moved
from gridgov.territory import Built, Change, Demolished, Ground, Recounted, change_ground

ON = dt.date(2027, 1, 1)


def changes(ground: Ground, seed: int) -> list[Change]:
    """Of 20 buildings one: half are counted anew (±40 %), a quarter comes down, as many are built beside others."""
    chance = random.Random(seed)
    codes = [node.code for node in ground.atoms]
    touched = chance.sample(codes, len(codes) // 20)
    half, quarter = len(touched) // 2, len(touched) // 4
    found: list[Change] = []
    for code in touched[:half]:
        before = ground.territory.households(code)
        found.append(Recounted(code, max(0, round(before * chance.uniform(0.6, 1.4)))))
    found += (Demolished(code) for code in touched[half : half + quarter])
    gone = set(touched[half : half + quarter])
    neighbors = ground.neighbors()
    for number, code in enumerate(touched[half + quarter :]):
        near = [other for other in [code, *sorted(neighbors[code])] if other not in gone and other[:12] == code[:12]]
        found.append(
            Built(
                code=f"{code}-N{number}",
                name="新",
                community=code[:12],
                households=min(240, round(chance.lognormvariate(0, 0.9) * 15)),
                adjoins=dict.fromkeys(near[:3], 10),
            )
        )
    return found


def main(path: str, seed: int) -> None:
    ground, layers = settled(City.load(Path(path)))
    before = merge(ground, layers, seed=seed)
    what = changes(ground, seed)
    began = time.process_time()
    done = adjust(before, ground, what, layers, on=ON)
    seconds = time.process_time() - began
    fresh = merge(change_ground(ground, what, on=ON), done.layers, seed=seed)
    households = sum(grid.households for grid in before.base_grids)
    again = nearest_codes(before, fresh)
    print(json.dumps({
        "changed": len(what) / len(ground.atoms),
        "moved": done.moved / households,
        "fresh": again / households,
        "bad": len(done.after.outside),
        "fresh bad": len(fresh.outside),
        "cut": done.after.cut_weight / fresh.cut_weight,
        "seconds": seconds,
        "findings": len(list(check_plan(done.after, done.ground, done.layers))),
    }))  # fmt: skip
    assert households_moved(before, done.after) == done.moved


def nearest_codes(before: object, fresh: object) -> int:
    """Households that a fresh run moves, if each of its grids is called what most of it was called before."""
    shares: dict[tuple[str, str], int] = {}
    for grid in before.base_grids:  # type: ignore[attr-defined]
        for atom, count in zip(grid.atoms, grid.counts, strict=True):
            there = fresh.grid_of.get(atom)  # type: ignore[attr-defined]
            if there:
                shares[grid.code, there] = shares.get((grid.code, there), 0) + count
    name: dict[str, str] = {}
    for old, new in sorted(shares, key=lambda key: -shares[key]):
        if new not in name and old not in name.values():
            name[new] = old
    return sum(count for (old, new), count in shares.items() if name.get(new) != old)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
