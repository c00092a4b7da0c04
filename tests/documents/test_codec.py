import attrs
import pytest
from hypothesis import given

from gridgov.cases import CASES, Acknowledge, CaseAcknowledged, OpenCase
from gridgov.documents import Codec, fingerprint
from gridgov.errors import NewerStoreError
from gridgov.testing import NOON, Scenario, strategies


@given(strategies.open_cases())
def test_what_is_written_is_read_back(command):
    """存什么读什么: every event survives its stored bytes."""
    scenario = Scenario().given(command, by="builder-81", id="a")
    codec = Codec()
    for event in scenario.happened:
        assert codec.read(*codec.write(event)) == event


def test_a_name_or_a_shape_from_the_future_is_refused():
    codec = Codec()
    with pytest.raises(NewerStoreError, match="upgrade"):
        codec.read("case-teleported", 1, b"{}")
    with pytest.raises(NewerStoreError, match="shape 2"):
        codec.read("case-acknowledged", 2, b"{}")


def test_an_old_shape_is_lifted_step_by_step_and_stored_bytes_stay():
    old = b'{"id":"a","at":"2026-09-01T04:00:00Z","who":"lead-81"}'
    codec = Codec(
        rooms=(CASES,),
        shapes={name: 3 if name == "case-acknowledged" else 1 for name in CASES.events},
        upcasters={
            ("case-acknowledged", 1): lambda body: {**body, "case": body.pop("id")},
            ("case-acknowledged", 2): lambda body: {**body, "by": body.pop("who")},
        },
    )
    assert codec.read("case-acknowledged", 1, old) == CaseAcknowledged(case="a", at=NOON, by="lead-81")


def test_the_fingerprint_tells_commands_apart_and_says_nothing_of_a_private_text():
    one = OpenCase(kind="noise", place="p", source="hotline", text="张三")
    assert fingerprint(one, "a") == fingerprint(attrs.evolve(one, text="李四"), "a")
    others = [attrs.evolve(one, kind="odd"), attrs.evolve(one, text=""), Acknowledge("x")]
    assert len({fingerprint(command, "a") for command in (one, *others)} | {fingerprint(one, "b")}) == 5
