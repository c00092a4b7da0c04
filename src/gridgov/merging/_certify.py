"""Prove what can be proved of a plan, beyond arithmetic; and take what turns out to be better.

Piece by piece: a handful of atoms is enumerated; up to three or four grids and some sixty atoms are
solved to the end; everything else gets a lower bound of its cut. Without the extra
``gridgov[exact]`` only the first of the three is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from gridgov.merging._assemble import Part, assemble, keep_codes
from gridgov.merging._bounds import cut_bound
from gridgov.merging._certificate import Certificate, Proof
from gridgov.merging._exact import Exact, can_solve, enumerate_best, solve
from gridgov.merging._layers import Layer
from gridgov.merging._merge import check_same_layers, surveyed
from gridgov.merging._plan import MergePlan, Shortfall
from gridgov.merging._solve import Piece
from gridgov.merging._survey import Plot
from gridgov.territory import Ground
from gridgov.wording import Text

__all__ = ["certify"]

ENUMERATED = 12
SOLVED = {2: 150, 3: 80, 4: 55}
BOUNDED = 300

SHAPE = Text(
    "户数允许，但楼栋的相邻关系使任何划法都不能全部符合（已证明）",
    "the households would allow it, but no way to divide these buildings into connected grids does (proved)",
)


@attrs.frozen
class _Found:
    """What was found out about a piece: labels are there if they are better than the plan's."""

    proof: Proof
    labels: tuple[int, ...] = ()
    impossible: bool = False


def certify(plan: MergePlan, ground: Ground, layers: Sequence[Layer] = (), *, effort: float = 10.0) -> MergePlan:
    """Give the plan with a certificate that is as strong as can be had, and with better borders where some are proved.

    A plan that was changed by hand, or that is loyal to layers or balances measures, keeps its
    borders: a smaller cut was not all that was wanted of it. Where borders are replaced, grids keep
    their codes by most of their households, and people must be posted anew: certify before anything
    is in force.

    :param ground: with *layers* what the plan was made of.
    :param effort: for each small piece, in deterministic seconds of OR-Tools; the result is the
        same on every machine.
    """
    check_same_layers(plan, layers)
    survey = surveyed(ground.opened(plan.opened), layers, plan.policy, plan.seed)
    blocks = list(survey.blocks())
    before = {proof.piece: proof for proof in plan.certificate.proofs}
    free = not (plan.policy.loyalty or plan.policy.measures)
    found: dict[str, _Found] = {}
    homes = dict(plan.grid_of)
    for block in blocks:
        for plot in block.plots:
            proof = before.get(plot.piece.id)
            if proof is None or block.count is not None or min(plot.piece.weight, default=0) < 0:
                continue
            done = _prove(plot, proof, plan, effort, free=free)
            found[plot.piece.id] = done
            if done.labels and free:
                for group, label in zip(plot.atoms, done.labels, strict=True):
                    homes |= dict.fromkeys(group, f"{plot.piece.id}#{label}")
    better = plan
    if homes != plan.grid_of:
        homes = _coded(plan, homes)
        parts: dict[str, list[Part]] = {block.community.code: [] for block in blocks}
        members: dict[str, set[str]] = {}
        for atom, home in homes.items():
            members.setdefault(home, set()).add(atom)
        for home, atoms in members.items():
            old = plan.get(home)
            community = survey.ground.territory.up(min(atoms), "community") or ""
            code, name, kind = (old.code, old.name, old.kind) if old else ("", "", "residential")
            parts[community].append(Part(atoms=frozenset(atoms), kind=kind, code=code, name=name))
        given = (*plan.retired, *(grid.code for grid in plan.base_grids))
        better = attrs.evolve(assemble(survey, blocks, parts, used=given), retired=plan.retired, people=())
    proofs = tuple(_merged(proof, found.get(proof.piece)) for proof in better.certificate.proofs)
    impossible = {
        atom
        for block in blocks
        for plot in block.plots
        if plot.piece.id in found and found[plot.piece.id].impossible
        for group in plot.atoms
        for atom in group
    }
    shortfalls = tuple(
        Shortfall(code=short.code, subject=short.subject, text=SHAPE, proved=True)
        if short.subject in impossible and short.code == "outside-bounds"
        else short
        for short in better.shortfalls
    )
    return attrs.evolve(better, certificate=Certificate(proofs), shortfalls=shortfalls)


def _coded(plan: MergePlan, homes: Mapping[str, str]) -> dict[str, str]:
    """Let each new part keep the code of the grid of which it has most households; each code is kept once."""
    shares: dict[tuple[str, str], tuple[int]] = {}
    for grid in plan.base_grids:
        for atom, count in zip(grid.atoms, grid.counts, strict=True):
            (before,) = shares.get((homes[atom], grid.code), (0,))
            shares[homes[atom], grid.code] = (before + count,)
    code_of = keep_codes(shares, {})
    return {atom: code_of.get(home, home) for atom, home in homes.items()}


def _merged(proof: Proof, found: _Found | None) -> Proof:
    if found is None:
        return proof
    known = found.proof
    return attrs.evolve(
        proof,
        bad_least=known.bad_least,
        cut_least=known.cut_least,
        method=known.method,
    )


def _prove(plot: Plot, proof: Proof, plan: MergePlan, effort: float, *, free: bool) -> _Found:
    piece = plot.piece.bare()
    number: dict[str, int] = {}
    labels = [number.setdefault(plan.grid_of[group[0]], len(number)) for group in plot.atoms]
    parts = len(number)
    if proof.bad > proof.bad_least:
        found = _repaired(piece, proof, labels, effort)
        # What was found is a bound for its own number of grids, not for this plan's.
        return found if free or not found.labels else _Found(proof)
    if parts == 1:
        return _Found(attrs.evolve(proof, method="exact"))
    if proof.bad:
        return _Found(proof)
    exact, bound = _best(piece, parts, labels, effort)
    if exact.answer == "optimal":
        better = exact.labels if exact.bound < proof.cut else ()
        return _Found(attrs.evolve(proof, cut_least=exact.bound, method="exact"), better)
    least = max(bound, exact.bound)
    return _Found(attrs.evolve(proof, cut_least=least, method="bound") if least else proof)


def _best(piece: Piece, parts: int, labels: Sequence[int], effort: float) -> tuple[Exact, int]:
    if piece.atoms <= ENUMERATED:
        return enumerate_best(piece, parts), 0
    if not can_solve() or piece.atoms > BOUNDED:
        return Exact("open"), 0
    bound, rows = cut_bound(piece, parts, labels=labels)
    if piece.atoms > SOLVED.get(parts, 0):
        return Exact("open"), bound
    return solve(piece, parts, hint=labels, rows=rows, effort=effort), bound


def _repaired(piece: Piece, proof: Proof, labels: Sequence[int], effort: float) -> _Found:
    """Look for a division without grids outside, or prove that the shape of the ground forbids one."""
    answers = []
    for parts in range(proof.grids_least, proof.grids_most + 1):
        if piece.atoms <= ENUMERATED:
            exact = enumerate_best(piece, parts) if parts <= piece.atoms else Exact("impossible")
        elif can_solve() and piece.atoms <= SOLVED.get(parts, 0):
            exact = solve(piece, parts, hint=labels, rows=(), effort=effort)
        else:
            exact = Exact("open")
        if exact.labels:
            least = exact.bound if exact.answer == "optimal" else 0
            method = "exact" if exact.answer == "optimal" else proof.method
            return _Found(attrs.evolve(proof, cut_least=least, method=method), exact.labels)
        answers.append(exact.answer)
    if all(answer == "impossible" for answer in answers):
        return _Found(attrs.evolve(proof, bad_least=1, method="exact"), impossible=True)
    return _Found(proof)
