"""The chain: its bytes are the canonical ones, one flipped bit is found and located, a cut tail is known by a checkpoint."""

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.errors import StoreDamagedError
from gridgov.proofs import canonical, link
from gridgov.store import Commit, Draft, MemoryStore, chain, checkpoint, verify_chain

zones = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=8)), dt.timezone(dt.timedelta(hours=-3, minutes=-30))])
FIRST, LAST = dt.datetime(1970, 1, 2), dt.datetime(2100, 1, 1)  # noqa: DTZ001 - zones come from the strategy
instants = st.datetimes(FIRST, LAST, timezones=zones)
words = st.text(max_size=12)
drafts = st.builds(
    Draft,
    stream=words,
    name=words,
    shape=st.integers(1, 9),
    body=st.binary(max_size=40),
    tags=st.lists(words, max_size=3).map(tuple),
    occurred_at=instants,
    recorded_at=instants,
    by=words,
    command_id=words,
)


@given(drafts, st.integers(1, 10**6), st.binary(min_size=32, max_size=32))
def test_a_head_binds_the_canonical_bytes_of_everything_that_a_record_says(draft, version, previous):
    """The plain way of writing them is the oracle of the quick one."""
    plain = canonical(
        {
            "stream": draft.stream,
            "stream_version": version,
            "name": draft.name,
            "shape": draft.shape,
            "body": draft.body,
            "tags": draft.tags,
            "occurred_at": draft.occurred_at.astimezone(dt.UTC),
            "recorded_at": draft.recorded_at.astimezone(dt.UTC),
            "by": draft.by,
            "command_id": draft.command_id,
        }
    )
    assert chain(previous, draft, version) == link(previous, plain)


FIELDS = ["body", "head", "name", "by", "command_id", "tags", "occurred_at", "recorded_at", "shape", "stream_version"]
AT = dt.datetime(2026, 9, 4, 4, tzinfo=dt.UTC)


def records(count=12):
    store = MemoryStore()
    for number in range(count):
        draft = Draft(
            stream=f"s{number % 3}",
            name="thing-happened",
            shape=1,
            body=b'{"points":%d}' % number,
            tags=(f"s{number % 3}", "all"),
            occurred_at=AT + dt.timedelta(minutes=number),
            recorded_at=AT + dt.timedelta(minutes=number),
            by="desk",
            command_id=f"c{number}",
        )
        store.append(Commit(drafts=[draft]))
    return list(store.read())


@given(st.integers(0, 11), st.data())
def test_one_flipped_bit_anywhere_is_found_and_located(place, data):
    """任何一位被改动都能发现并定位."""
    whole = records()
    record = whole[place]
    field = data.draw(st.sampled_from(FIELDS))
    before = getattr(record, field)
    if isinstance(before, bytes):
        bit = data.draw(st.integers(0, len(before) * 8 - 1))
        changed = bytearray(before)
        changed[bit // 8] ^= 1 << bit % 8
        after = bytes(changed)
    elif isinstance(before, str):
        at = data.draw(st.integers(0, len(before) - 1))
        after = before[:at] + chr(ord(before[at]) ^ 1) + before[at + 1 :]
    elif isinstance(before, dt.datetime):
        after = before + dt.timedelta(microseconds=1 << data.draw(st.integers(0, 30)))
    elif isinstance(before, tuple):
        after = (*before, "more")
    else:
        after = before ^ 1 << data.draw(st.integers(0, 5))
    whole[place] = attrs.evolve(record, **{field: after})
    with pytest.raises(StoreDamagedError) as found:
        verify_chain(whole)
    assert found.value.stream == record.stream
    assert found.value.version == record.stream_version


def test_a_record_that_was_removed_or_moved_is_found():
    whole = records()
    with pytest.raises(StoreDamagedError):
        verify_chain(whole[:4] + whole[5:])
    with pytest.raises(StoreDamagedError):
        verify_chain([*whole[:2], whole[5], *whole[3:5], whole[2], *whole[6:]])


def test_a_checkpoint_knows_of_a_tail_that_was_cut_off():
    whole = records()
    told = checkpoint(whole)
    assert (told.position, told.streams) == (12, 3)
    assert verify_chain(whole[:-1]) == 11  # the chain alone does not notice
    assert checkpoint(whole[:-1]) != told
    assert checkpoint(whole, through=8) == checkpoint(whole[:8])
    assert checkpoint([]).position == 0


def test_two_records_of_different_streams_that_changed_places_are_known_by_a_checkpoint():
    whole = records()
    swapped = [*whole]
    swapped[3] = attrs.evolve(whole[4], position=whole[3].position)
    swapped[4] = attrs.evolve(whole[3], position=whole[4].position)
    assert verify_chain(swapped) == 12  # each stream is whole
    assert checkpoint(swapped) != checkpoint(whole)
    with pytest.raises(StoreDamagedError):
        verify_chain([*whole[:3], whole[4], whole[3], *whole[5:]])
