"""Twelve mistakes, planted into a copy of the setup to show what the check says of them."""

from __future__ import annotations

import shutil
from pathlib import Path

# (file, what stands there, what is put in its place); nothing in the middle: a row at the end.
MISTAKES = (
    # an unknown place, role, kind and department
    ("postings.csv", "BL001,building-lead,150203005008-B001,", "BL001,building-lead,150203005008-B901,"),
    ("postings.csv", "FS1,first-secretary,", "FS1,first-secretery,"),
    ("rules.csv", "lift,category,,property.lift", "lift,category,,property.lft"),
    ("rules.csv", "market.stall,,,,,,org:law-enforcement", "market.stall,,,,,,org:law-enforcment"),
    # two places that lie in each other, a code given twice, a code of the wrong length
    ("places.csv", "", "150203005050,community,甲社区,150203005051,,,,,\n150203005051,community,乙社区,150203005050,,,,,"),
    ("places.csv", "", "150203005008-B001-1,entrance,又一单元,150203005008-B001,,12,,,"),
    ("places.csv", "", "15020300512,community,新社区,150203005,,,,,"),
    # a posting before its person comes, households below zero
    ("postings.csv", "GH2,general-grid-head,150203005009,2026-08-31", "GH2,general-grid-head,150203005009,2026-08-01"),
    ("places.csv", "3号楼1单元,150203005010-B003,,", "3号楼1单元,150203005010-B003,,-"),
    # a layer that covers a building twice, and one that does not cover it at all
    ("layers.csv", "", "party,PARTY-01,党建网格01,150203005011-B059"),
    ("layers.csv", "health,HEALTH-01,卫健网格01,150203005010-B001\n", ""),
    # a time limit of zero
    ("rules.csv", "order.noise,,,,,,role:area-lead,org:police,,1工作日", "order.noise,,,,,,role:area-lead,org:police,,0工作日"),
)  # fmt: skip


def plant(source: Path, target: Path) -> Path:
    """Copy a setup folder and plant the mistakes; give the copy.

    :raises ValueError: a mistake does not find its place, because the setup has changed.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    for file, right, wrong in MISTAKES:
        path = target / file
        text = path.read_text(encoding="utf-8")
        if right and right not in text:
            raise ValueError(f"{file} has no {right!r} any more; plant another mistake")
        text = text.replace(right, wrong, 1) if right else f"{text}{wrong}\n"
        path.write_text(text, encoding="utf-8")
    return target
