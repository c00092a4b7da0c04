"""What is proved is true: against every division there is, and nothing is claimed beyond it."""

from array import array

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgov.merging import Apart, Bounds, MergePolicy, certify, check_plan, merge, move
from gridgov.merging import _certify as certifying
from gridgov.merging._bounds import Row, cut_bound, safe_bound
from gridgov.merging._exact import enumerate_best, solve
from gridgov.merging._solve import Piece, Window
from gridgov.territory import Adjacency
from gridgov.testing import small_ground, small_layer

pytest.importorskip("ortools")
pytest.importorskip("scipy")

COMMUNITY = "150203005008"
STAR = attrs.evolve(
    small_ground([1, 260, 260, 260, 260]), adjacencies=tuple(Adjacency("B00", f"B0{n}") for n in range(1, 5))
)


@st.composite
def pieces(draw):
    """Lattice-like pieces of at most a dozen atoms."""
    count = draw(st.integers(2, 10))
    edges = {(draw(st.integers(max(0, v - 3), v - 1)), v) for v in range(1, count)}
    for _ in range(draw(st.integers(0, 8))):
        one, other = draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1))
        if one != other:
            edges.add((min(one, other), max(one, other)))
    first, other, weight = array("q", [0]), array("q"), array("q")
    for v in range(count):
        for u in sorted({a + b - v for a, b in edges if v in (a, b)}):
            other.append(u)
            weight.append(1 + (u + v) % 6)
        first.append(len(other))
    size = array("q", draw(st.lists(st.integers(0, 240), min_size=count, max_size=count)))
    windows = (Window(300, 500),)
    return Piece(id="p", first=first, other=other, weight=weight, size=size, windows=windows, target=400)


@given(pieces(), st.integers(2, 4))
@settings(max_examples=60)
def test_the_bound_never_exceeds_the_best_of_all_divisions(piece, parts):
    """下界不高于最优值."""
    best = enumerate_best(piece, parts)
    if best.answer == "optimal":
        bound, rows = cut_bound(piece, parts, labels=best.labels)
        assert bound <= best.bound
        lengths = {(v, u): float(best.labels[v] != best.labels[u]) for v, u in piece.edges()}
        assert all(row.value(lengths) >= 1 - 1e-9 for row in rows)


@given(pieces(), st.integers(2, 4))
@settings(max_examples=40)
def test_the_solver_and_enumeration_agree(piece, parts):
    every = enumerate_best(piece, parts)
    asked = solve(piece, parts, hint=[0] * piece.atoms, rows=(), effort=20)
    assert (asked.answer, asked.bound if asked.labels else 0) == (every.answer, every.bound)
    if asked.labels:
        assert piece.cut(asked.labels) == every.bound


def test_multipliers_that_prove_too_much_are_cut_down_to_what_they_prove():
    """Floats from a solver are not believed: a multiplier of ten on a row over one edge of weight 2 proves 2."""
    row = Row({(0, 1): 1}, 1)
    assert safe_bound([row], [10 << 20], {(0, 1): 2}) == 2
    assert safe_bound([row], [1 << 19], {(0, 1): 2}) == 1  # 0.5, rounded up: a cut is a whole number
    assert safe_bound([], [], {(0, 1): 2}) == 0


def test_a_small_community_is_proved_optimal():
    ground = small_ground([100] * 4, [100] * 4, [100] * 4)
    layers = [small_layer("a", [f"B{n:02}" for n in range(12)])]
    plan = certify(merge(ground, layers), ground, layers)
    assert [(p.method, p.optimal) for p in plan.certificate.proofs] == [("exact", True)]
    assert "已证最优" in plan.summary("zh")


def test_a_larger_one_gets_a_bound_and_is_not_called_optimal():
    ground = small_ground(*[[60] * 12] * 12)
    plan = certify(merge(ground, []), ground)
    (proof,) = plan.certificate.proofs
    assert proof.method == "bound"
    assert 0.6 * proof.cut < proof.cut_least <= proof.cut
    assert proof.optimal is (proof.cut == proof.cut_least)


def test_ground_whose_shape_fits_no_division_is_proved_impossible():
    """1041 households would make three grids; as a star of 260s they make none."""
    plan = merge(STAR, [])
    assert {short.proved for short in plan.shortfalls} == {False}
    proved = certify(plan, STAR)
    assert {short.proved for short in proved.shortfalls} == {True}
    assert proved.certificate.proofs[0].bad_least == 1
    assert "已证明" in proved.summary("zh")
    assert list(check_plan(proved, STAR)) == []


def test_without_the_extra_arithmetic_and_enumeration_are_all_there_is(monkeypatch):
    monkeypatch.setattr(certifying, "can_solve", lambda: False)
    ground = small_ground(*[[60] * 12] * 4)
    (proof,) = certify(merge(ground, []), ground).certificate.proofs
    assert (proof.method, proof.cut_least) == ("arithmetic", 0)
    small = small_ground([100] * 4, [100] * 4)
    assert certify(merge(small, []), small).certificate.proofs[0].method == "exact"


def test_borders_that_are_proved_worse_are_replaced_before_anything_is_in_force():
    ground = small_ground([100, 100, 100, 100, 100, 100, 100, 100])
    layers = [small_layer("a", ["B00", "B01", "B02", "B03"], ["B04", "B05", "B06", "B07"])]
    best = merge(ground, layers)
    worse = move(best, ground, {"B04": best.grid_of["B03"]}, layers).after
    assert worse.cut_weight > best.cut_weight
    mended = certify(worse, ground, layers)
    assert (mended.cut_weight, mended.certificate.proofs[0].optimal) == (best.cut_weight, True)
    assert list(check_plan(mended, ground, layers)) == []


def test_grids_that_need_not_be_outside_are_found_by_proof():
    ground = small_ground([100] * 8)
    plan = merge(ground, [])
    bad = move(plan, ground, dict.fromkeys(plan.grid_of, plan.grid_of["B07"])).after
    assert bad.outside
    assert certify(bad, ground).outside == ()


def test_what_is_loyal_or_held_apart_keeps_its_borders():
    ground = small_ground([100] * 8)
    policy = MergePolicy(bounds=Bounds(), held=(Apart("B02", "B03"),))
    plan = merge(ground, [], policy)
    assert certify(plan, ground).base_grids == plan.base_grids


@pytest.mark.parametrize(
    "changes",
    [
        {"bad_least": 5},
        {"missing_least": 9},
        {"grids_least": 9, "grids_most": 12},
        {"cut_least": 99, "method": "bound"},
    ],
)
def test_a_certificate_that_claims_too_much_is_caught(changes):
    ground = small_ground([100] * 8)
    plan = merge(ground, [])
    (proof,) = plan.certificate.proofs
    lying = attrs.evolve(plan.certificate, proofs=(attrs.evolve(proof, **changes),))
    codes = [finding.code for finding in check_plan(attrs.evolve(plan, certificate=lying), ground)]
    assert codes == ["plan.certificate"]


@pytest.mark.parametrize("changes", [{"bad": 1}, {"households": 7}, {"grids": 1, "grids_least": 1}, {"cut": 0}])
def test_a_certificate_of_another_plan_is_caught(changes):
    ground = small_ground([100] * 8)
    plan = merge(ground, [])
    (proof,) = plan.certificate.proofs
    lying = attrs.evolve(plan.certificate, proofs=(attrs.evolve(proof, **changes),))
    codes = [finding.code for finding in check_plan(attrs.evolve(plan, certificate=lying), ground)]
    assert "plan.certificate" in codes
