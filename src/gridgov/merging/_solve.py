"""One connected piece of ground, divided."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from decimal import Decimal
from functools import cache, cached_property
from hashlib import sha256
from zlib import crc32

import attrs

from gridgov.merging._engine import Engine, engine
from gridgov.merging._kernel import ONE, Bonds, Graph, Wanted, Work

__all__ = ["Division", "Piece", "Window", "counts_to_try", "divide", "least_bad", "least_missing"]

TREES = 1
COLDER = 20
PRICE = 2 * ONE
FEE = 10 * ONE
DEARER = 8
EVERY = 3
RUNS = 3
REPAIRS = 16
LOST = 1000
TRIES = 2000
FEW = 12


@cache
def luck() -> tuple[int, ...]:
    """Give how much dearer a step may be at temperature 1: exponentially distributed, in 1/1024.

    Decimal logarithms, because those of floats may differ from machine to machine.
    """
    return tuple(round(-(Decimal(2 * place + 1) / 2048).ln() * 1024) for place in range(1024))


@cache
def _root(times: int, sweeps: int) -> int:
    """Give the factor, of 65536, that makes something *times* as large in so many sweeps, rounded down."""
    low, high = 65536, 65536 * times
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**sweeps <= times * 65536**sweeps else (low, middle - 1)
    return low


@attrs.frozen
class Window:
    """How much a part may count in one measure, and what a unit outside costs beside households.

    :param price: 100 makes a unit as dear as a household; it is kept low for what is a goal only.
    """

    low: int
    high: int
    price: int = 100


@attrs.frozen(kw_only=True, eq=False)
class Piece:
    """A connected piece of ground as numbers: what one worker is given.

    :param id: tells it from the other pieces of a plan; the seed is mixed with it.
    :param first: with *other* and *weight* the edges of each atom, seen from both ends: those of
        atom v stand from ``first[v]`` to ``first[v + 1]``.
    :param size: of atom v in measure j at ``v * len(windows) + j``; measure 0 is households.
    :param olds: the old grid of each atom in each layer, as numbers from 0; empty without loyalty.
    :param start: the part each atom is in to begin with; empty to find a division from nothing.
    :param home: the part that each atom should rather stay in, -1 for none; :param stay: what leaving
        it costs, in cut weights × 256.
    :param heat: the temperature to begin with, in cut weights.
    """

    id: str
    first: array[int]
    other: array[int]
    weight: array[int]
    size: array[int]
    windows: tuple[Window, ...]
    target: int
    seed: int = 0
    sweeps: int = 200
    counts: tuple[int, ...] = ()
    layers: int = 0
    olds: array[int] = attrs.field(factory=lambda: array("q"))
    loyalty: int = 0
    start: array[int] = attrs.field(factory=lambda: array("q"))
    heat: int = 10
    home: array[int] = attrs.field(factory=lambda: array("q"))
    stay: array[int] = attrs.field(factory=lambda: array("q"))

    @property
    def atoms(self) -> int:
        """How many there are."""
        return len(self.first) - 1

    @cached_property
    def households(self) -> int:
        """How many there are in all."""
        return sum(self.size[:: len(self.windows)])

    @property
    def digest(self) -> str:
        """Tells pieces apart that have another solution."""
        found = sha256()
        for field in attrs.fields(Piece):
            value = getattr(self, field.name)
            found.update(value.tobytes() if isinstance(value, array) else repr(value).encode())
        return found.hexdigest()

    def prices(self) -> list[int]:
        """Give what a unit outside its window costs in each measure, in 1/256 of a cut weight.

        A unit of another measure is as dear as the households that come with it.
        """
        share = [max(1, sum(self.size[j :: len(self.windows)])) for j in range(len(self.windows))]
        return [max(1, PRICE * w.price * share[0] // (100 * share[j])) for j, w in enumerate(self.windows)]

    def _unfair(self, labels: Sequence[int], parts: int) -> int:
        """Give what lies outside the windows of further measures costs."""
        cost = 0
        prices = self.prices() if len(self.windows) > 1 else []
        for j, window in list(enumerate(self.windows))[1:]:
            for total in self.totals(labels, parts, j):
                cost += max(0, window.low - total, total - window.high) * prices[j]
        return cost

    def neighbors(self) -> dict[int, dict[int, int]]:
        """Give atom → neighbor → weight; worked out once, to be read and not changed."""
        return self._neighbors

    @cached_property
    def _neighbors(self) -> dict[int, dict[int, int]]:
        return {
            v: {self.other[e]: self.weight[e] for e in range(self.first[v], self.first[v + 1])}
            for v in range(self.atoms)
        }

    def edges(self) -> list[tuple[int, int]]:
        """Give each edge once, the lower atom first."""
        return [
            (v, self.other[e])
            for v in range(self.atoms)
            for e in range(self.first[v], self.first[v + 1])
            if v < self.other[e]
        ]

    def weights(self) -> dict[tuple[int, int], int]:
        """Give each edge with its weight."""
        neighbors = self.neighbors()
        return {(v, u): neighbors[v][u] for v, u in self.edges()}

    def bare(self) -> Piece:
        """Give the piece with households as its only measure, and without ties to what was before."""
        return attrs.evolve(
            self.only(range(self.atoms)), size=self.size[:: len(self.windows)], windows=self.windows[:1]
        )

    def only(self, atoms: Sequence[int]) -> Piece:
        """Give the piece that some of the atoms are, in their order, without ties to what was before."""
        number = {v: place for place, v in enumerate(atoms)}
        first, other, weight, size = array("q", [0]), array("q"), array("q"), array("q")
        measures = len(self.windows)
        for v in atoms:
            for e in range(self.first[v], self.first[v + 1]):
                if self.other[e] in number:
                    other.append(number[self.other[e]])
                    weight.append(self.weight[e])
            first.append(len(other))
            size.extend(self.size[v * measures : (v + 1) * measures])
        return Piece(
            id=f"{self.id}/{atoms[0]}",
            first=first,
            other=other,
            weight=weight,
            size=size,
            windows=self.windows,
            target=self.target,
            seed=self.seed,
            sweeps=self.sweeps,
        )

    def totals(self, labels: Sequence[int], parts: int, measure: int = 0) -> list[int]:
        """Give what each part counts in a measure."""
        found = [0] * parts
        for part, size in zip(labels, self.size[measure :: len(self.windows)], strict=True):
            found[part] += size
        return found

    def cut(self, labels: Sequence[int]) -> int:
        """Give the weight of the edges between parts."""
        first, other, weight = self._lists
        twice = 0
        for v, part in enumerate(labels):
            for e in range(first[v], first[v + 1]):
                if labels[other[e]] != part:
                    twice += weight[e]
        return twice // 2

    @cached_property
    def _lists(self) -> tuple[list[int], list[int], list[int]]:
        """The edges as lists, which Python walks faster."""
        return self.first.tolist(), self.other.tolist(), self.weight.tolist()

    def judged(self, labels: Sequence[int]) -> Division:
        """Give a division with what it costs; parts are numbered anew, without gaps."""
        number: dict[int, int] = {}
        given = labels if isinstance(labels, list | array) else list(map(int, labels))
        clean = [number.setdefault(part, len(number)) for part in given]
        low, high = self.windows[0].low, self.windows[0].high
        outside = [max(0, low - total, total - high) for total in self.totals(clean, len(number))]
        moved = sum(
            stay for part, home, stay in zip(labels, self.home, self.stay, strict=False) if home not in (-1, part)
        )
        # What a person holds apart comes before every window; only such edges weigh less than nothing.
        lost = 0
        if min(self.weight, default=0) < 0:
            lost = sum(1 for (v, u), weight in self.weights().items() if weight < 0 and clean[v] == clean[u])
        # So does a number of grids that was asked for.
        if self.counts and len(number) not in self.counts:
            lost += 1
        bad = sum(1 for each in outside if each) + LOST * lost
        cost = (bad, sum(outside), self.cut(clean) * ONE + moved + self._unfair(clean, len(number)))
        return Division(labels=array("q", clean), parts=len(number), cost=cost)


@attrs.frozen(kw_only=True, eq=False)
class Division:
    """What became of a piece.

    :param labels: the part of each atom, from 0 without gaps.
    :param cost: parts outside the window (a border that was held and is not kept counts as a
        thousand), households too few or too many, then the cut and what leaving home costs, in 1/256
        of a cut weight.
    """

    labels: array[int]
    parts: int
    cost: tuple[int, int, int]


def least_missing(households: int, parts: int, window: Window) -> int:
    """Give how many households any division into *parts* has too few or too many, at the least."""
    return max(0, window.low * parts - households, households - window.high * parts)


def least_bad(households: int, window: Window) -> int:
    """Give the least number of parts outside the window that any division has: 0 or 1.

    With k parts inside it, low·k ≤ households ≤ high·k; without such a k one part takes the blame.
    """
    fewest = -(-households // window.high)
    return 0 if fewest and window.low * fewest <= households else 1


def counts_to_try(households: int, window: Window, target: int, large: int = 0) -> list[int]:
    """Give the numbers of parts worth trying, the best first: fewest missing, then nearest to target.

    :param large: how many atoms are there of which no part can hold two.
    """
    around = range(max(1, households // window.high), households // window.low + 2)
    return sorted(
        around,
        key=lambda count: (
            least_missing(households, count, window),
            max(0, large - count),
            abs(count * target - households),
            count,
        ),
    )


def divide(piece: Piece, engine_name: str = "auto") -> Division:
    """Divide a piece as its windows want it, or as near as was found; always into connected parts."""
    return _Solver(piece, engine(engine_name)).best()


class _Solver:
    def __init__(self, piece: Piece, machine: Engine) -> None:
        self.piece = piece
        self.machine = machine
        row = machine.row
        self.graph = Graph(
            row(piece.first), row(piece.other or [0]), row(piece.weight or [0]), row(piece.size), len(piece.windows)
        )
        # A generator that starts at 0 would stay there.
        state = (crc32(f"{piece.seed}:{piece.id}".encode()) | 1) & 0xFFFFFFFF
        atoms, edges = piece.atoms, len(piece.other) + 1
        zeros = machine.zeros
        self.work = Work(
            state=row([state]),
            luck=row(luck()),
            order=zeros(atoms),
            up=zeros(atoms),
            place=zeros(atoms),
            below=zeros(atoms * len(piece.windows)),
            across=zeros(atoms),
            side=zeros(atoms),
            best=zeros(atoms),
            queue=zeros(atoms),
            mark=zeros(atoms),
            pool_from=zeros(edges),
            pool_to=zeros(edges),
            pool_weight=zeros(edges),
        )
        for v in range(piece.atoms):
            self.work.place[v] = -1

    def best(self) -> Division:
        """Keep the best of a few runs; while grids are outside that need not be, try on with dearer windows."""
        piece = self.piece
        window = piece.windows[0]
        large = sum(2 * size > window.high for size in piece.size[:: len(piece.windows)])
        counts = list(piece.counts) or counts_to_try(piece.households, window, piece.target, large)
        fewest = [least_missing(piece.households, count, window) for count in counts]
        goal = (least_bad(piece.households, window), min(fewest))
        aparts = sum(1 for each in piece.weight if each < 0) // 2
        if not piece.counts:
            counts = [count for count, missing in zip(counts, fewest, strict=True) if missing == goal[1]]
            # What is held apart may need more grids than the households would.
            counts += [counts[0] + more for more in range(1, aparts + 1) if counts[0] + more not in counts]
        found = self.once(min(counts[0], piece.atoms), 1)
        # A division that is only to be mended begins with what was there, and one run mends it.
        runs = 1 if piece.start else RUNS
        # A tight community of few buildings may need many tries, which cost next to nothing.
        repairs = REPAIRS + 2 * aparts + (TRIES // piece.atoms if piece.atoms > FEW else 0)
        for attempt in range(1, runs + repairs):
            if piece.atoms == 1 or (attempt >= runs and found.cost[:2] <= goal):
                break
            # Other numbers of parts are tried only where the first one leaves something to mend.
            count = counts[attempt // 2 % len(counts)] if found.cost[:2] > goal else counts[0]
            division = self.once(min(count, piece.atoms), 1 << min(6, max(0, attempt - runs + 1)))
            found = min(found, division, key=lambda each: each.cost)
        return found

    def once(self, count: int, dearer: int) -> Division:
        """Seed and anneal once; *dearer* times the usual price for what lies outside its window."""
        piece, row = self.piece, self.machine.row
        labels = self.machine.zeros(piece.atoms)
        wanted = self.wanted(dearer)
        parts = count
        if piece.start:
            parts = max(piece.start) + 1
            labels = row(piece.start)
        elif count > 1:
            shares = self.machine.zeros(count + 1)
            parts = self.machine.seed_parts(self.graph, wanted, self.work, labels, shares, piece.atoms, count, TREES)
        if parts > 1:
            self.anneal(labels, parts, wanted)
        return piece.judged(labels)

    def wanted(self, dearer: int) -> Wanted:
        windows, row = self.piece.windows, self.machine.row
        price = [each * dearer for each in self.piece.prices()]
        fee = [FEE * dearer * w.price // 100 for w in windows]
        return Wanted(row([w.low for w in windows]), row([w.high for w in windows]), row(price), row(fee))

    def bonds(self, labels: Sequence[int], parts: int) -> Bonds:
        piece, machine = self.piece, self.machine
        met = machine.zeros(1)
        if piece.loyalty:
            met = machine.zeros((max(piece.olds) + 1) * parts)
            for v in range(piece.atoms):
                for j in range(piece.layers):
                    met[piece.olds[v * piece.layers + j] * parts + labels[v]] += 1
        home = machine.row(piece.home or [-1])
        stay = machine.row(piece.stay or [0])
        olds = machine.row(piece.olds or [0])
        return Bonds(piece.layers, parts, piece.loyalty * ONE, int(bool(piece.home)), olds, met, home, stay)

    def anneal(self, labels: Sequence[int], parts: int, wanted: Wanted) -> None:
        piece, machine = self.piece, self.machine
        measures = len(piece.windows)
        given = list(map(int, labels))
        sizes = [piece.totals(given, parts, j) for j in range(measures)]
        total = machine.row([sizes[j][part] for part in range(parts) for j in range(measures)])
        counts = [0] * parts
        for part in given:
            counts[part] += 1
        members = machine.row(counts)
        sweeps = max(10, piece.sweeps // RUNS)
        cooling = 65536 * 65536 // _root(COLDER, sweeps)
        growth = _root(DEARER, sweeps)
        machine.anneal(
            self.graph, wanted, self.bonds(labels, parts), self.work, labels, total, members,
            piece.atoms, sweeps, piece.heat * ONE, cooling, growth, EVERY,
        )  # fmt: skip
