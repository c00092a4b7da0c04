"""Many cases at once: arrays in, arrays out. numpy is an extra (``gridgov[fast]``).

A batch is what the router does, with cases side by side: for every case the masks of its values
are gathered and joined, 52 rules at a time, because the exponent of a float of 53 bits gives the
highest bit of so many without a loop. Cases that have found their rule leave; the others go on
to the next 52.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import attrs

from gridgov.errors import RefusalError
from gridgov.routing._facts import Facts
from gridgov.routing._router import Router

__all__ = ["Batch", "Encoded"]

Array: TypeAlias = Any
"""A numpy array; numpy is an extra, and its types are not known without it."""
WORD = 52
NONE, REFUSED = -1, -2


@attrs.frozen(eq=False)
class Encoded:
    """Cases as numbers.

    :param codes: one array of shape (cases,) for each group of facts: which of its masks.
    :param masks: for each group the masks, shape (words, masks), 52 rules a word, the first rule the
        highest bit of the first word.
    :param cases: the facts themselves; :param careful: those that state something otherwise than the rules
        ask for it, which are left to the router.
    """

    codes: tuple[Array, ...]
    masks: tuple[Array, ...]
    cases: Sequence[Facts]
    careful: frozenset[int] = frozenset()


class Batch:
    """Decides many cases by one router: first :meth:`encode`, then :meth:`hits` as often as wanted."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._count = len(router.rules)

    def encode(self, cases: Sequence[Facts]) -> Encoded:
        """Turn facts into numbers, once."""
        import numpy as np

        codes, masks = [], []
        careful: set[int] = set()
        for values_of, index in self._router.looks():
            of_mask: dict[int, int] = {}
            found = []
            for place, case in enumerate(cases):
                try:
                    mask = index[values_of(case)]
                except (KeyError, TypeError, RefusalError):
                    mask = 0
                    careful.add(place)
                found.append(of_mask.setdefault(mask, len(of_mask)))
            codes.append(np.array(found, dtype=np.int32))
            masks.append(self._words(list(of_mask)))
        return Encoded(tuple(codes), tuple(masks), cases, frozenset(careful))

    def _words(self, masks: Sequence[int]) -> Array:
        import numpy as np

        words = -(-self._count // WORD)
        wide = [mask << (words * WORD - self._count) for mask in masks]
        low = (1 << WORD) - 1
        rows = [[mask >> (WORD * (words - 1 - word)) & low for mask in wide] for word in range(words)]
        table: Array = np.array(rows, dtype=np.int64).reshape(words, len(masks))
        return table

    def hits(self, encoded: Encoded) -> Array:
        """Give the place of the first rule that holds in ``table.rules``: shape (cases,).

        -1 where none does, -2 where the router would refuse: ask its ``hit`` for the reason.
        """
        import numpy as np

        total = len(encoded.cases)
        found: Array = np.full(total, NONE, dtype=np.int32)
        waiting: Array | None = None
        codes = encoded.codes
        for word in range(-(-self._count // WORD)):
            joined = encoded.masks[0][word][codes[0]] if codes else self._everyone(total, word)
            for masks, code in zip(encoded.masks[1:], codes[1:], strict=True):
                joined &= masks[word][code]
            held = joined != 0
            places = word * WORD + WORD - np.frexp(joined[held].astype(np.float64))[1]
            found[held if waiting is None else waiting[held]] = places
            left = ~held
            waiting = np.flatnonzero(left) if waiting is None else waiting[left]
            codes = tuple(code[left] for code in codes)
            total = len(waiting)
        return self._with_conditions(found, encoded)

    def _everyone(self, total: int, word: int) -> Array:
        import numpy as np

        return np.full(total, self._words([(1 << self._count) - 1])[word][0], dtype=np.int64)

    def _with_conditions(self, found: Array, encoded: Encoded) -> Array:
        """Ask the router itself where the first rule has a further condition, or a case states less than is asked."""
        import numpy as np

        rules = self._router.rules
        place_of = {rule.id: place for place, rule in enumerate(rules)}
        asked = set(encoded.careful)
        for place, rule in enumerate(rules):
            asked.update(np.flatnonzero(found == place).tolist() if rule.when else ())
        for case in asked:
            try:
                hit = self._router.hit(encoded.cases[case])
            except RefusalError:
                found[case] = REFUSED
            else:
                found[case] = NONE if hit is None else place_of[hit.id]
        return found
