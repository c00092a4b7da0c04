"""A copy keeps positions and heads, is made while the source is in use, and the tail comes later."""

import datetime as dt

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgov import open_office
from gridgov.cases import OpenCase
from gridgov.errors import StoreDamagedError, StoreError
from gridgov.store import (
    Commit,
    Cursor,
    MemoryStore,
    Message,
    PrivateEntry,
    StoredOutcome,
    checkpoint,
    copy,
    every_record,
)
from gridgov.testing import NOON, small_setup
from gridgov.testing._store_contract import draft


def entry(ref, body=b"text"):
    return PrivateEntry(
        ref=ref, subject="s", purpose="p", basis="b", ends_on=dt.date(2027, 1, 1), salt=b"salt", body=body
    )


def outcome(id_, accepted=True):
    return StoredOutcome(command_id=id_, fingerprint="f", accepted=accepted, recorded_at=NOON)


def content(store):
    """Everything that a copy has to bring over."""
    parts = {
        part: [store.portion(part, [key]) for key in store.keys(part, limit=10**6) if key != "gridgov:copy"]
        for part in ("outcomes", "private", "documents", "cursors", "messages")
    }
    return list(every_record(store)), parts


STEPS = st.sampled_from(["records", "refusal", "private", "erase", "document", "cursor", "message"])


def write(store, number, step):
    name = f"n{number:04d}"
    match step:
        case "records":
            drafts = [draft(f"150203005/case:{name}", "hot", command=name), draft(command=name)]
            store.append(Commit(drafts=drafts, outcomes=[outcome(name)]))
        case "refusal":
            store.append(Commit(outcomes=[outcome(name, accepted=False)]))
        case "private":
            store.append(Commit(drafts=[draft(command=name)], private=[entry(name)]))
        case "erase":
            store.append(Commit(erase=store.keys("private")[:1]))
        case "document":
            store.append(Commit(documents={f"{number:064x}": b"d"}))
        case "cursor":
            store.save_cursor(Cursor(name="follower", position=number, memo=name.encode()))
        case "message":
            message = Message(
                id=name, outbox="o", topic="t", channel="c", to="x", body=b"{}", next_at=NOON, attempts=number
            )
            store.post([message])


@settings(deadline=None, max_examples=60)
@given(first=st.lists(STEPS, max_size=12), second=st.lists(STEPS, max_size=12), page=st.integers(1, 4))
def test_after_the_tail_the_copy_holds_what_the_source_holds(first, second, page):
    """搬迁不丢不改：位置与链头不变. Nothing is lost, nothing changed, whatever happens between the two runs."""
    source, target = MemoryStore(), MemoryStore()
    for number, step in enumerate(first):
        write(source, number, step)
    copy(source, target, page=page)
    assert content(target) == content(source)
    for number, step in enumerate(second, start=100):
        write(source, number, step)
    copy(source, target, page=page)
    assert content(target) == content(source)
    assert checkpoint(every_record(target)) == checkpoint(every_record(source))
    again = copy(source, target, page=page)
    assert (again.records, again.private, again.documents, again.erased) == (0, 0, 0, 0)


def test_positions_with_gaps_stay_where_they_are():
    source, target = MemoryStore(), MemoryStore()
    for number in range(6):
        write(source, number, "records")
    # As a store of several writers may leave them.
    source._records[:] = [attrs.evolve(record, position=record.position * 3) for record in source._records]
    copy(source, target, page=2)
    assert [record.position for record in target.read()] == [3 * n for n in range(1, 13)]
    assert next(iter(target.read(tag="150203005/case:a", after=9))).position == 12
    assert target.append(Commit(drafts=[draft(command="next")])) == 37


def test_what_is_written_while_the_copy_runs_comes_with_the_next_one():
    source, target = MemoryStore(), MemoryStore()
    for number in range(5):
        write(source, number, "records")
    keys = source.keys

    def busy(part, /, **wanted):
        if part == "documents":
            write(source, 77, "records")
            source.keys = keys
        return keys(part, **wanted)

    source.keys = busy
    copied = copy(source, target)
    assert copied.position == 10
    assert source.head() == 12
    assert copy(source, target).records == 2
    assert content(target) == content(source)


def test_a_message_and_a_cursor_that_changed_since_the_first_run_come_as_they_are_now():
    source, target = MemoryStore(), MemoryStore()
    write(source, 1, "message")
    write(source, 1, "cursor")
    copy(source, target)
    (sent,) = source.messages("o")
    source.update([attrs.evolve(sent, state="sent", sent_at=NOON)])
    source.save_cursor(Cursor(name="follower", position=9))
    copy(source, target)
    assert target.messages("o")[0].state == "sent"
    assert target.cursor("follower").position == 9


def test_a_refusal_that_is_stored_while_the_copy_runs_comes_with_the_next_one():
    source, target = MemoryStore(), MemoryStore()
    write(source, 1, "records")
    keys = source.keys

    def late(part, /, **wanted):
        if part == "private":
            write(source, 2, "records")
            source.append(Commit(outcomes=[outcome("a-early-name", accepted=False)]))
            write(source, 3, "records")
            source.keys = keys
        return keys(part, **wanted)

    source.keys = late
    copy(source, target)
    copy(source, target)
    assert target.outcome("a-early-name") is not None
    assert content(target) == content(source)


def test_a_target_that_holds_something_else_is_refused_and_left_as_it_was():
    source, target = MemoryStore(), MemoryStore()
    write(source, 1, "records")
    write(target, 2, "records")
    before = content(target)
    with pytest.raises(StoreError, match="holds something else"):
        copy(source, target)
    assert content(target) == before


def test_a_source_that_was_changed_is_found_and_nothing_of_it_comes_over():
    source, target = MemoryStore(), MemoryStore()
    for number in range(3):
        write(source, number, "records")
    source._records[2] = attrs.evolve(source._records[2], body=b"[]")
    with pytest.raises(StoreDamagedError):
        copy(source, target)
    assert target.head() == 0


def test_a_store_that_cannot_be_copied_says_so():
    class Plain:
        """Has nothing of what is needed."""

    with pytest.raises(StoreError, match="Plain cannot be copied"):
        copy(Plain(), MemoryStore())


def test_an_office_goes_on_where_its_copy_stands():
    source, target = MemoryStore(), MemoryStore()
    report = OpenCase(kind="noise", place="150203005008-B001", source="hotline", text="三楼")
    with open_office(small_setup(), source, discover=False, clock=lambda: NOON) as office:
        first = office.handle(report, by="desk-1", id="a")
        copy(source, target)
    with open_office(small_setup(), target, discover=False, clock=lambda: NOON) as office:
        assert office.handle(report, by="desk-1", id="a") == first
        assert office.read_private("150203005/a/text", by="desk-1", purpose="case-handling") == "三楼"
        office.verify(office.checkpoint(), snapshot=True)
