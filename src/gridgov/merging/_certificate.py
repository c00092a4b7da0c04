"""What can be proved of a plan: how good any plan could be, and how near this one comes.

Three quantities, piece by piece (a piece is connected ground between hard borders):

- *grids outside the window*: by arithmetic. k grids inside it hold low·k to high·k households, so a
  piece of W can be divided cleanly only if low·k ≤ W ≤ high·k for some k; else one grid at least is
  outside, and so many households at least are too few or too many.
- *number of grids*: by the same arithmetic, from W / high up to W / low.
- *cut weight*: by a lower bound (see ``_bounds``) or, for small pieces, by solving them to the end.

Only what is proved is called so: a plan is ``optimal`` in a piece where reached and bound are equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import attrs

from gridgov.wording import Phrasebook

__all__ = ["Certificate", "Method", "Proof"]

Method = Literal["arithmetic", "bound", "exact"]

PHRASES = Phrasebook(
    {
        "bad": (
            "证明：按户数划分的地块中，户数不符的网格至少 {least} 个，本方案 {reached} 个",
            "Proved: where ground is divided by households, any plan has at least {least} grids outside the window; "
            "this one has {reached}",
        ),
        "missing": (
            "证明：不足或超出的户数至少 {least} 户，本方案 {reached} 户",
            "Proved: at least {least} households are too few or too many; here {reached}",
        ),
        "grids": (
            "证明：户数全部相符时网格数在 {least}–{most} 之间，本方案 {reached} 个",
            "Proved: if none is outside, the number of grids lies in {least}–{most}; here {reached}",
        ),
        "cut": (
            "证明：按此网格数，地块内边界权重至少 {least}，本方案 {reached}；{pieces} 个地块中 {optimal} 个已证最优",
            "Proved: with so many grids the cut inside the pieces is at least {least}, here {reached}; "
            "{optimal} of {pieces} pieces are proved optimal",
        ),
    }
)


@attrs.frozen(kw_only=True)
class Proof:
    """Reached and bound for one piece.

    :param piece: community and first atom, as in ``"150203005008/B01"``.
    :param grids_least: with *grids_most* how many grids there are if none is outside its window.
    :param cut: weight of the borders inside the piece; :param cut_least: no division into so many
        grids, with no more of them outside, has less.
    :param method: how *cut_least* was found; ``arithmetic`` says nothing more than 0.
    """

    piece: str
    households: int
    grids: int
    grids_least: int
    grids_most: int
    bad: int
    bad_least: int
    missing: int
    missing_least: int
    cut: int
    cut_least: int = 0
    method: Method = "arithmetic"

    @property
    def optimal(self) -> bool:
        """Whether nothing better exists: grids outside, households outside, and cut are at their bounds."""
        reached = (self.bad, self.missing, self.cut)
        return reached == (self.bad_least, self.missing_least, self.cut_least)


@attrs.frozen
class Certificate:
    """The proofs of a plan, a piece each; grids that were carved out (held, by kind, one building) have none."""

    # No cached properties here: those of a slotted class would get into the bytes of the plan.

    proofs: tuple[Proof, ...] = ()

    @property
    def bad_least(self) -> int:
        """How many grids are outside the window in any plan."""
        return sum(proof.bad_least for proof in self.proofs)

    @property
    def cut_least(self) -> int:
        """How much is cut inside the pieces in any plan with as many grids."""
        return sum(proof.cut_least for proof in self.proofs)

    def summary(self, language: str = "zh") -> str:
        """Say what is proved, in a few lines."""
        return "\n".join(self._lines(language))

    def _lines(self, language: str) -> Iterator[str]:
        say, proofs = PHRASES.say, self.proofs
        yield say("bad", language, least=self.bad_least, reached=sum(p.bad for p in proofs))
        missing = sum(p.missing for p in proofs)
        yield say("missing", language, least=sum(p.missing_least for p in proofs), reached=missing)
        least, most = sum(p.grids_least for p in proofs), sum(p.grids_most for p in proofs)
        yield say("grids", language, least=least, most=most, reached=sum(p.grids for p in proofs))
        if any(proof.method != "arithmetic" for proof in proofs):
            yield say(
                "cut", language, least=self.cut_least, reached=sum(p.cut for p in proofs),
                pieces=len(proofs), optimal=sum(p.optimal for p in proofs),
            )  # fmt: skip
