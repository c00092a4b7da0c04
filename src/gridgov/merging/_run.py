"""Many pieces, divided one after the other or by many workers; stopped and resumed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import Executor, as_completed
from typing import Protocol

from gridgov.merging._solve import Division, Piece, divide

__all__ = ["Progress", "Solved", "divide_all"]

BATCH = 2_000

Solved = MutableMapping[str, Sequence[int]]
"""Digest of a piece → its labels: what was divided already, in a run that was stopped."""


class Progress(Protocol):
    """Is told how far a merge is, after every batch, on the thread that called."""

    def __call__(self, done: int, atoms: int, /) -> None:
        """Say that *done* of so many atoms are divided."""


def divide_all(
    pieces: Sequence[Piece],
    *,
    engine: str = "auto",
    executor: Executor | None = None,
    progress: Progress | None = None,
    solved: Solved | None = None,
) -> list[Division]:
    """Divide pieces; the result depends neither on the number of workers nor on their order.

    :param executor: where batches of pieces go, for instance a ``ProcessPoolExecutor`` or the
        executor of a Dask client; None divides here.
    :param solved: is asked before and told after each piece.
    """
    known: Solved = {} if solved is None else solved
    tell: Callable[[int, int], None] = progress or (lambda done, atoms: None)
    found: dict[int, Division] = {}
    left = []
    for place, piece in enumerate(pieces):
        labels = known.get(piece.digest) if known else None
        if labels is not None and len(labels) == piece.atoms:
            found[place] = piece.judged(array("q", labels))
        else:
            left.append(place)
    atoms = sum(piece.atoms for piece in pieces)
    done = atoms - sum(pieces[place].atoms for place in left)
    for places, divisions in _solve(pieces, left, engine, executor):
        for place, division in zip(places, divisions, strict=True):
            found[place] = division
            if solved is not None:
                solved[pieces[place].digest] = division.labels
            done += pieces[place].atoms
        tell(done, atoms)
    return [found[place] for place in range(len(pieces))]


def _solve(
    pieces: Sequence[Piece], left: Sequence[int], engine: str, executor: Executor | None
) -> Iterator[tuple[list[int], list[Division]]]:
    batches = list(_batches(pieces, left))
    if executor is None:
        for batch in batches:
            yield batch, _divide_batch([pieces[place] for place in batch], engine)
        return
    waiting = {executor.submit(_divide_batch, [pieces[p] for p in batch], engine): batch for batch in batches}
    for future in as_completed(waiting):
        yield waiting[future], future.result()


def _batches(pieces: Sequence[Piece], left: Sequence[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    atoms = 0
    for place in left:
        batch.append(place)
        atoms += pieces[place].atoms
        if atoms >= BATCH:
            yield batch
            batch, atoms = [], 0
    if batch:
        yield batch


def _divide_batch(pieces: Sequence[Piece], engine: str) -> list[Division]:
    return [divide(piece, engine) for piece in pieces]
