"""What every outbox has to keep, as tests to inherit.

::

    class TestMyOutbox(OutboxContract):
        def open(self, tmp_path): return MyStore(tmp_path / "street.db")
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import attrs
import pytest

from gridgov.errors import AppendConflictError
from gridgov.store import Cursor, Lease, Message, MessageCount, Outbox, Store
from gridgov.testing._store_contract import together

__all__ = ["OutboxContract", "message"]

NOW = dt.datetime(2026, 9, 1, 4, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
OUTBOX = "150203005/delivery"


class StoreWithOutbox(Store, Outbox, Protocol):
    """What the contract is for."""


def message(number: int = 0, **changes: Any) -> Message:
    """Give a waiting message, due *number* minutes after noon."""
    plain = Message(
        id=f"150203005/m{number:04}",
        outbox=OUTBOX,
        topic="150203005/case:a",
        channel="desk",
        to=f"worker:W{number:04}",
        body=b'{"text":"notice"}',
        next_at=NOW + number * MINUTE,
    )
    return attrs.evolve(plain, **changes)


class OutboxContract:
    """The promises of :class:`gridgov.store.Outbox`, each held by a test."""

    durable = True
    """False for a store that forgets everything when it is closed."""

    def open(self, tmp_path: Path) -> StoreWithOutbox:
        """Open the store; a second call with the same folder opens the same store."""
        raise TypeError("a contract needs the store to be tested: override open(self, tmp_path)")

    @pytest.fixture
    def box(self, tmp_path: Path) -> Any:
        """Open a fresh store for one test."""
        box = self.open(tmp_path)
        yield box
        box.close()

    def test_an_outbox_is_part_of_the_store(self, box: StoreWithOutbox) -> None:
        """One thing fulfills both protocols."""
        assert isinstance(box, Outbox)
        assert isinstance(box, Store)

    def test_a_message_is_kept_once_however_often_it_is_posted(self, box: StoreWithOutbox) -> None:
        """The first one stays; only new ones count."""
        assert box.post([message(0), message(1)]) == 2
        assert box.post([message(1, body=b"other"), message(2)]) == 1
        assert box.post([message(3), message(3)]) == 1
        assert box.post([]) == 0
        assert list(box.messages(OUTBOX)) == [message(0), message(1), message(2), message(3)]

    def test_of_two_with_one_id_the_first_is_kept_within_one_post_too(self, box: StoreWithOutbox) -> None:
        """Which of them goes out must not depend on the store."""
        assert box.post([message(0), message(0, body=b"other"), message(1, channel="mail"), message(1)]) == 2
        assert list(box.messages(OUTBOX)) == [message(0), message(1, channel="mail")]

    def test_every_field_of_a_message_survives(self, box: StoreWithOutbox) -> None:
        """Instants with their microseconds, too."""
        full = message(
            7,
            state="sent",
            attempts=3,
            error="忙",
            bundle="b",
            sent_at=NOW + dt.timedelta(microseconds=1),
            read_at=NOW + MINUTE,
        )
        box.post([full])
        assert list(box.messages(OUTBOX)) == [full]

    def test_messages_and_the_cursor_are_saved_together(self, box: StoreWithOutbox) -> None:
        """A follower that posts what it has read never posts it again and never leaves it out."""
        box.post([message()], cursor=Cursor(name="f", position=3, memo=b"m"))
        assert box.cursor("f") == Cursor(name="f", position=3, memo=b"m")
        box.post([], cursor=Cursor(name="f", position=4))
        assert box.cursor("f").position == 4

    def test_without_the_lease_nothing_is_written(self, box: StoreWithOutbox) -> None:
        """Neither messages nor cursor nor changes; who holds it writes."""
        mine = self.lease(box, "mine", until=NOW + MINUTE)
        box.post([message(0)], cursor=Cursor(name="f", position=1), lease=mine)
        theirs = self.lease(box, "theirs", now=NOW + MINUTE, until=NOW + 2 * MINUTE)
        with pytest.raises(AppendConflictError):
            box.post([message(1)], cursor=Cursor(name="f", position=2), lease=mine)
        with pytest.raises(AppendConflictError):
            box.update([message(0, state="sent")], lease=mine)
        with pytest.raises(AppendConflictError):
            box.post([message(2)], lease=attrs.evolve(mine, name="nobody took this"))
        assert list(box.messages(OUTBOX)) == [message(0)]
        assert box.cursor("f").position == 1
        box.update([message(0, state="sent")], lease=theirs)
        box.end_lease(theirs)
        with pytest.raises(AppendConflictError):
            box.update([message(0, state="dead")], lease=theirs)
        assert [each.state for each in box.messages(OUTBOX)] == ["sent"]

    def test_a_change_replaces_what_is_known_and_leaves_out_what_is_not(self, box: StoreWithOutbox) -> None:
        """An unknown message does not come into being by being changed."""
        box.post([message(0), message(1)])
        changed = message(0, state="dead", attempts=9, error="refused", next_at=NOW + 9 * MINUTE)
        box.update([changed, message(5)])
        box.update([])
        assert list(box.messages(OUTBOX)) == [changed, message(1)]

    def test_what_was_read_stays_read(self, box: StoreWithOutbox) -> None:
        """A worker that knows an older message does not take the receipt away."""
        box.post([message(0)])
        box.update([message(0, read_at=NOW)])
        box.update([message(0, state="sent", sent_at=NOW)])
        box.update([message(0, state="sent", sent_at=NOW, read_at=NOW + MINUTE)])
        assert list(box.messages(OUTBOX)) == [message(0, state="sent", sent_at=NOW, read_at=NOW)]

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ({}, [0, 1, 2, 3]),
            ({"channel": "mail"}, [1]),
            ({"state": "sent"}, [2, 3]),
            ({"topic": "t"}, [1, 2]),
            ({"to": "worker:W0003"}, [3]),
            ({"bundle": "b"}, [0]),
            ({"unread": True}, [0, 1, 2]),
            ({"state": "sent", "unread": True}, [2]),
            ({"ids": ["150203005/m0002", "150203005/m0000", "unknown"]}, [0, 2]),
            ({"ids": []}, []),
            ({"ids": [f"150203005/m{number:04}" for number in range(3000)], "limit": 3}, [0, 1, 2]),
            ({"after": "150203005/m0001"}, [2, 3]),
            ({"limit": 2}, [0, 1]),
            ({"after": "150203005/m0000", "limit": 1, "topic": "t"}, [1]),
        ],
    )
    def test_messages_are_found_by_what_they_are(
        self, box: StoreWithOutbox, wanted: dict[str, Any], found: list[int]
    ) -> None:
        """In order of id, page by page."""
        posted = [
            message(0, bundle="b"),
            message(1, channel="mail", topic="t"),
            message(2, state="sent", topic="t"),
            message(3, state="sent", read_at=NOW),
        ]
        box.post([*reversed(posted), message(8, outbox="150203006/delivery")])
        assert list(box.messages(OUTBOX, **wanted)) == [posted[number] for number in found]

    def test_what_is_due_comes_in_order_of_its_time(self, box: StoreWithOutbox) -> None:
        """Only what waits, only of that channel, only up to now."""
        same = message(9, id="150203005/a", next_at=NOW + MINUTE)
        others = [message(4, channel="mail"), message(5, state="sent"), message(6, outbox="150203006/delivery")]
        box.post([message(2), same, message(1), message(0), *others])
        due = box.due(OUTBOX, channel="desk", now=NOW + MINUTE, limit=10)
        assert list(due) == [message(0), same, message(1)]
        assert list(box.due(OUTBOX, channel="desk", now=NOW + MINUTE, limit=2)) == [message(0), same]
        assert list(box.due(OUTBOX, channel="desk", now=NOW - MINUTE, limit=2)) == []

    def test_the_next_due_time_is_the_earliest_of_what_waits(self, box: StoreWithOutbox) -> None:
        """Of any channel; None where nothing waits."""
        assert box.next_due(OUTBOX) is None
        box.post([message(0, state="sent"), message(3), message(2, channel="mail")])
        assert box.next_due(OUTBOX) == NOW + 2 * MINUTE
        assert box.next_due("150203006/delivery") is None

    def test_messages_are_counted_by_channel_and_state(self, box: StoreWithOutbox) -> None:
        """And how many of them were read."""
        box.post([message(0), message(1, state="sent", read_at=NOW), message(2, state="sent", topic="t")])
        box.post([message(3, channel="a", state="dead"), message(4, outbox="150203006/delivery")])
        assert list(box.message_counts(OUTBOX)) == [
            MessageCount(channel="a", state="dead", count=1, read=0),
            MessageCount(channel="desk", state="sent", count=2, read=1),
            MessageCount(channel="desk", state="waiting", count=1, read=0),
        ]
        assert list(box.message_counts(OUTBOX, topic="t")) == [
            MessageCount(channel="desk", state="sent", count=1, read=0)
        ]
        assert list(box.message_counts("150203006/nobody")) == []

    # --- leases -------------------------------------------------------------------------------

    def lease(
        self, box: StoreWithOutbox, holder: str, *, now: dt.datetime = NOW, until: dt.datetime = NOW + MINUTE
    ) -> Lease:
        """Take the lease, which has to be free."""
        taken = box.take_lease("150203005/desk", holder=holder, now=now, until=until)
        assert taken is not None
        return taken

    def test_a_lease_is_held_by_one_until_it_runs_out(self, box: StoreWithOutbox) -> None:
        """Its holder may renew it; others wait for its end."""
        name = "150203005/desk"
        assert self.lease(box, "one") == Lease(name=name, holder="one", until=NOW + MINUTE)
        assert box.take_lease(name, holder="two", now=NOW, until=NOW + 2 * MINUTE) is None
        assert self.lease(box, "one", until=NOW + 3 * MINUTE).until == NOW + 3 * MINUTE
        early = NOW + 3 * MINUTE - dt.timedelta(microseconds=1)
        assert box.take_lease(name, holder="two", now=early, until=NOW + 9 * MINUTE) is None
        assert self.lease(box, "two", now=NOW + 3 * MINUTE, until=NOW + 4 * MINUTE).holder == "two"
        assert box.take_lease("150203005/other", holder="one", now=NOW, until=NOW + MINUTE) is not None

    def test_a_lease_that_is_given_back_is_free_and_leaves_its_memo(self, box: StoreWithOutbox) -> None:
        """The next one knows what the one before had to remember."""
        one = self.lease(box, "one")
        box.end_lease(attrs.evolve(one, memo=b"sent 3"))
        assert self.lease(box, "two").memo == b"sent 3"
        box.end_lease(attrs.evolve(one, memo=b"stale"))
        assert box.take_lease("150203005/desk", holder="three", now=NOW, until=NOW + MINUTE) is None
        assert self.lease(box, "three", now=NOW + MINUTE, until=NOW + 2 * MINUTE).memo == b"sent 3"

    def test_a_lease_that_was_never_taken_cannot_be_given_back(self, box: StoreWithOutbox) -> None:
        """Nothing happens."""
        box.end_lease(Lease(name="150203005/desk", holder="one", until=NOW, memo=b"x"))
        assert self.lease(box, "two").memo == b""

    def test_of_many_that_want_a_lease_one_gets_it(self, box: StoreWithOutbox) -> None:
        """However they race for a name that nobody has taken before."""
        got: list[str] = []

        def take(holder: str) -> Callable[[], None]:
            def run() -> None:
                if box.take_lease("150203005/desk", holder=holder, now=NOW, until=NOW + MINUTE) is not None:
                    got.append(holder)

            return run

        together(take(f"w{number}") for number in range(8))
        assert len(got) == 1

    def test_messages_that_many_post_at_once_are_kept_once(self, box: StoreWithOutbox) -> None:
        """Two followers that read the same records post the same messages."""
        fresh: list[int] = []

        def run() -> None:
            fresh.append(box.post([message(number) for number in range(20)]))

        together([run] * 4)
        assert sum(fresh) == 20
        assert len(box.messages(OUTBOX)) == 20

    def test_messages_and_leases_are_there_after_opening_again(self, tmp_path: Path) -> None:
        """Each method is durable when it returns."""
        if not self.durable:
            pytest.skip("this store does not outlive its process, and says so")
        with closing(self.open(tmp_path)) as box:
            box.post([message(0)], cursor=Cursor(name="f", position=1))
            box.update([message(0, state="sent")])
            self.lease(box, "one")
        with closing(self.open(tmp_path)) as again:
            assert list(again.messages(OUTBOX)) == [message(0, state="sent")]
            assert again.take_lease("150203005/desk", holder="two", now=NOW, until=NOW + MINUTE) is None
