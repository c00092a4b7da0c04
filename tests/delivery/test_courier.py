"""Notices: none lost, retried with patience, dead letters looked at by a person."""

import asyncio
import datetime as dt
import json
import secrets
import threading
import time
from contextlib import suppress

import attrs
import pytest

from gridgov import open_office
from gridgov.access import AccessPolicy, Grant
from gridgov.cases import Acknowledge, Answer, Follow, OpenCase, Resolve, Urge
from gridgov.delivery import ChannelError, ConsoleChannel, Courier, FileChannel, Limit, Pace
from gridgov.errors import NotFoundError, PluginError, RefusalError, StoreBusyError, StoreError
from gridgov.notices import Notice
from gridgov.setup import Subscription
from gridgov.store import Cursor, MemoryStore, Store, every_record
from gridgov.testing import NOON, ChannelContract, small_setup

RESIDENT = "resident:00001"
REPORT = OpenCase(kind="question", place="150203005008-B001", source="resident", reporter=RESIDENT, text="张三问")


class TestFileChannel(ChannelContract):
    def make(self, tmp_path):
        return FileChannel(tmp_path / "notices.jsonl")

    def received(self, channel):
        return channel.path.read_text("utf-8").splitlines()

    def break_it(self, channel):
        channel.path.unlink(missing_ok=True)
        channel.path.mkdir()

    def mend_it(self, channel):
        channel.path.rmdir()

    def test_a_channel_that_quotes_whom_it_could_not_reach_fails_the_contract(self, tmp_path):
        class Talkative(FileChannel):
            def send(self, notice, /):
                raise ChannelError(f"{notice.to} is unknown, token s3cret")

        channel = Talkative(tmp_path / "x")
        check = ChannelContract.test_a_refusal_quotes_neither_the_receiver_nor_the_text_nor_a_secret
        with pytest.raises(AssertionError):
            check(self, channel)


class TestConsoleChannel(ChannelContract):
    def make(self, tmp_path):
        self.lines = []
        self.broken = False

        def write(line):
            if self.broken:
                raise OSError("closed")
            self.lines.append(line)

        return ConsoleChannel(write=write)

    def received(self, channel):
        return self.lines

    def break_it(self, channel):
        self.broken = True

    def mend_it(self, channel):
        self.broken = False


def test_a_file_channel_knows_what_it_wrote_before_and_survives_a_line_cut_off(tmp_path):
    path = tmp_path / "n.jsonl"
    notice = Notice(id="1", channel="file", to="gas", subject="a", text="x")
    FileChannel(path).send(notice)
    with path.open("a") as file:
        file.write('{"id": "2", "te')
    again = FileChannel(path)
    again.send(notice)
    again.send(Notice(id="2", channel="file", to="gas", subject="a", text="y"))
    lines = path.read_text("utf-8").splitlines()
    assert (len(lines), '"2"' in lines[-1], lines[-1].endswith("}")) == (3, True, True)


def test_a_file_that_was_cut_within_a_character_is_opened_and_written_on(tmp_path):
    path = tmp_path / "n.jsonl"
    FileChannel(path).send(Notice(id="1", channel="file", to="gas", subject="a", text="燃气异味"))
    path.write_bytes(path.read_bytes()[: -len('味", "') + 2])
    again = FileChannel(path)
    again.send(Notice(id="1", channel="file", to="gas", subject="a", text="燃气异味"))
    assert path.read_bytes().split(b"\n")[1].endswith('燃气异味"}'.encode())


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\ud800"])
def test_a_text_with_odd_characters_is_written_once_also_when_the_file_is_opened_again(tmp_path, odd):
    notice = Notice(id="1", channel="file", to="gas", subject="a", text=f"x{odd}y")
    for _ in range(2):
        FileChannel(tmp_path / "n.jsonl").send(notice)
    assert (tmp_path / "n.jsonl").read_bytes().count(b"\n") == 1


class Flaky:
    name = "file"

    def __init__(self, failures=0, final=False):
        self.failures = failures
        self.final = final
        self.sent = []

    def send(self, notice, /):
        if self.failures:
            self.failures -= 1
            raise ChannelError("away", final=self.final)
        self.sent.append(notice)


def street(store, *channels, setup=None, clock=lambda: NOON, discover=False):
    """Open an office whose jitter is none: half of all bits."""
    return open_office(
        setup or small_setup(),
        store,
        channels=channels,
        discover=discover,
        clock=clock,
        entropy=lambda count: b"\x7f\xff" if count == 2 else secrets.token_bytes(count),
    )


def minutes(count):
    return NOON + dt.timedelta(minutes=count)


def test_lead_and_reporter_are_told_once_without_personal_data():
    channel = Flaky()
    with street(MemoryStore(), channel) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        office.handle(Resolve("a"), by="lead-81", at=NOON)
        office.handle(Answer("a", text="张三，好了"), by="desk-1", at=NOON)
        assert office.deliver(NOON).sent == 2
        assert office.deliver(NOON).sent == 0
    assert [notice.to for notice in channel.sent] == ["lead-81", RESIDENT]
    assert not any("张三" in notice.text for notice in channel.sent)


def test_what_was_not_taken_is_tried_again_after_a_growing_pause():
    channel = Flaky(failures=2)
    with street(MemoryStore(), channel) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        assert office.deliver(NOON).waiting == 1
        assert office.deliver(minutes(0.9)).failed == 0
        assert office.deliver(minutes(1)).failed == 1
        assert office.deliver(minutes(2.9)).failed == 0
        assert office.deliver(minutes(3)).sent == 1
        assert office.undelivered() == ()
    assert len({notice.id for notice in channel.sent}) == 1


@pytest.mark.parametrize("channel", [Flaky(failures=1, final=True), Flaky(failures=99)])
def test_what_is_refused_for_good_or_too_often_becomes_a_dead_letter_that_can_be_sent_again(channel):
    with street(MemoryStore(), channel) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        for hour in range(24):
            office.deliver(minutes(60 * hour))
        (letter,) = office.undelivered()
        assert (letter.dead, letter.error) == (True, "away")
        assert office.deliver(minutes(99999)).failed == 0
        channel.failures = 0
        office.resend(letter.notice.id, by="desk-1")
        assert office.deliver(minutes(99999)).sent == 1


def test_what_is_for_a_channel_that_is_not_here_is_told_at_once_and_a_dead_letter_after_a_day():
    store, other = MemoryStore(), Flaky()
    other.name = "other"
    with street(store, other) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        done = office.deliver(NOON)
        assert (done.waiting, done.dead, done.missing) == (1, 0, ("file",))
        assert office.deliver(minutes(24 * 60 - 1), channels=["other"]).dead == 0
        done = office.deliver(minutes(24 * 60 + 1), channels=["other"])
        assert (done.waiting, done.dead, done.missing) == (0, 1, ())
        (waiting,) = office.undelivered()
        assert waiting.error == "there is no channel 'file'"


def test_a_worker_without_a_channel_leaves_its_messages_to_the_one_that_has_it():
    store, channel, other = MemoryStore(), Flaky(), Flaky()
    other.name = "other"
    with street(store, other) as one, street(store, channel) as two:
        one.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        assert one.deliver(NOON).missing == ("file",)
        assert two.deliver(minutes(60)).sent == 1
        assert one.deliver(minutes(61)).missing == ()


def test_what_broke_inside_a_channel_is_not_kept_word_for_word():
    class Leaky(Flaky):
        def send(self, notice, /):
            raise RuntimeError("no route to +86 139 1234 5678 (张三)")

    store = MemoryStore()
    with street(store, Leaky()) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        office.deliver(NOON)
        assert office.undelivered()[0].error == "RuntimeError"


def test_a_crash_loses_no_notice_and_repeats_one_only_with_the_same_id():
    store, channel = MemoryStore(), Flaky()
    office = street(store, channel)
    office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
    cursor = store.cursor("150203005/delivery")
    office.deliver(NOON)
    store.save_cursor(cursor)  # as if the process had died before anything was saved
    posted = store.messages("150203005/delivery")
    store.update([attrs.evolve(each, state="waiting", sent_at=None) for each in posted])
    with street(store, channel) as again:
        again.handle(Acknowledge("a"), by="lead-81", at=NOON)
        again.deliver(NOON)
    assert [notice.to for notice in channel.sent] == ["lead-81", "lead-81"]
    assert len({notice.id for notice in channel.sent}) == 1


def test_waiting_notices_survive_a_restart():
    store = MemoryStore()
    with street(store, Flaky(failures=1)) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        office.deliver(NOON)
    channel = Flaky()
    with street(store, channel) as again:
        assert again.deliver(minutes(5)).sent == 1
    assert not any("张三".encode() in record.body for record in every_record(store))


def test_a_notice_is_dead_after_exactly_eight_attempts_and_a_restart_sends_nothing_again():
    store, channel = MemoryStore(), Flaky(failures=99)
    with street(store, channel) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        tried = [office.deliver(minutes(10_000 * n)).failed for n in range(10)]
        assert tried == [1] * 8 + [0, 0]
        channel.failures = 0
        office.resend(office.undelivered()[0].notice.id, by="desk-1")
    with street(store, channel) as again:
        assert again.undelivered()[0].attempts == 0
        assert again.deliver(minutes(200_000)).sent == 1
    with street(store, channel) as once_more:
        assert once_more.deliver(minutes(300_000)).sent == 0
    assert len(channel.sent) == 1


BOX = "150203005/delivery"


class Killed(KeyboardInterrupt):
    """What no ``except Exception`` takes for a failure, as a kill is none."""


class Crashing(Flaky):
    """A channel whose process is killed right after the other side took the notice."""

    def __init__(self, *, pace=None):
        super().__init__()
        self.crashes = 0
        if pace is not None:
            self.pace = pace

    def send(self, notice, /):
        super().send(notice)
        if self.crashes:
            self.crashes -= 1
            raise Killed


def report(office, *ids):
    for id_ in ids:
        office.handle(REPORT, by=RESIDENT, id=id_, at=NOON)


def test_a_crash_between_sending_and_marking_sends_again_with_the_same_id():
    store, channel = MemoryStore(), Crashing()
    channel.crashes = 1
    with street(store, channel) as office:
        report(office, "a")
        with pytest.raises(Killed):
            office.deliver(NOON)
    with street(store, channel) as again:
        assert again.deliver(NOON).sent == 1
        assert again.deliver(NOON).sent == 0
    assert len(channel.sent) == 2
    assert len({notice.id for notice in channel.sent}) == 1


def test_notices_go_out_in_the_order_in_which_it_happened():
    store, channel = MemoryStore(), Flaky()
    with street(store, channel) as office:
        report(office, "b", "a", "c")
        office.deliver(NOON)
    assert [notice.subject for notice in channel.sent] == ["b", "a", "c"]


def test_what_an_earlier_version_kept_beside_its_cursor_is_taken_over_once():
    """Versions up to 0.1 kept waiting notices as the memo of the cursor."""
    store, channel = MemoryStore(), Flaky()
    with street(store) as office:
        report(office, "a", "b")
    ids = [f"150203005/case:{name}@2:lead:lead-81:file" for name in "ab"]
    kept = [
        {
            "attempts": attempts,
            "dead": dead,
            "error": "away",
            "next_at": minutes(5).isoformat().replace("+00:00", "Z"),
            "notice": {"channel": "file", "id": id_, "subject": id_[15], "text": "自动派单", "to": "lead-81"},
        }
        for id_, attempts, dead in ((ids[0], 3, False), (ids[1], 8, True))
    ]
    store.save_cursor(Cursor(name=BOX, position=store.head(), memo=json.dumps(kept).encode()))
    with street(store, channel) as office:
        done = office.deliver(NOON)
        assert (done.sent, done.waiting, done.dead, done.next_at) == (0, 1, 1, minutes(5))
        assert {each.notice.id: each.attempts for each in office.undelivered()} == {ids[0]: 3, ids[1]: 8}
        assert store.cursor(BOX).memo == b""
        assert office.deliver(minutes(5)).sent == 1
        office.resend(ids[1], by="desk-1")
        assert office.deliver(minutes(6)).sent == 1
        assert office.unread("case:a", by="desk-1") == ("lead-81",)
    assert [notice.id for notice in channel.sent] == ids


def test_a_platform_that_wants_to_be_left_alone_is_left_alone_and_no_notice_suffers_for_it():
    class Strict(Flaky):
        def send(self, notice, /):
            if self.failures:
                self.failures -= 1
                raise ChannelError("too fast", pause_seconds=600)
            self.sent.append(notice)

    store, channel = MemoryStore(), Strict(failures=1)
    with street(store, channel) as office:
        report(office, "a", "b")
        done = office.deliver(NOON)
        assert (done.sent, done.failed, done.waiting, done.next_at) == (0, 1, 2, minutes(10))
    with street(store, channel) as office:
        # This one's clock may be ten seconds ahead of that of the one before.
        assert office.deliver(minutes(10)).failed == 0
        assert {each.attempts for each in office.undelivered()} == {0}
        assert office.deliver(minutes(10) + dt.timedelta(seconds=10)).sent == 2
    assert [notice.subject for notice in channel.sent] == ["a", "b"]


def test_a_dead_channel_is_tried_a_few_times_and_not_for_each_of_hundreds():
    store, channel = MemoryStore(), Flaky(failures=10**6)
    with street(store, channel) as office:
        with office.batch():
            report(office, *(f"c{n}" for n in range(300)))
        done = office.deliver(NOON)
        assert (done.failed, done.waiting, done.next_at) == (3, 300, minutes(1))
        assert office.deliver(NOON).failed == 0
        assert office.deliver(minutes(1)).failed == 3


def test_a_pass_is_bounded_where_that_is_asked_for():
    store, channel = MemoryStore(), Flaky()
    with street(store, channel) as office:
        report(office, "a", "b", "c")
        done = office.deliver(NOON, limit=2)
        assert (done.sent, done.waiting, done.next_at) == (2, 1, NOON)
        assert office.deliver(NOON, limit=2).sent == 1


def test_only_the_channels_that_were_asked_for_are_sent_on():
    store, one, other = MemoryStore(), Flaky(), Flaky()
    other.name = "im"
    rows = tuple(Subscription(event="case-routed", audience="lead", channel=name) for name in ("file", "im"))
    with street(store, one, other, setup=attrs.evolve(small_setup(), subscriptions=rows)) as office:
        assert office.channels == ("file", "im")
        report(office, "a")
        assert office.deliver(NOON, channels=["im"]).waiting == 1
        assert (len(one.sent), len(other.sent)) == (0, 1)
        with pytest.raises(NotFoundError, match="no channel 'mail'; there are file, im"):
            office.deliver(NOON, channels=["mail"])


def test_a_store_that_keeps_no_messages_says_so_and_the_office_works_without():
    inner = MemoryStore()
    names = ("append", "read", "head", "outcome", "private", "private_refs", "document", "cursor")
    names += ("save_cursor", "snapshot", "save_snapshot", "close")
    # The store protocol, and nothing beyond.
    Plain = type("Plain", (), {name: staticmethod(getattr(inner, name)) for name in names})  # noqa: N806

    store = Plain()
    assert isinstance(store, Store)
    with street(store, Flaky()) as office:
        report(office, "a")
        for ask in (office.deliver, office.undelivered, lambda: office.progress("case:a")):
            with pytest.raises(StoreError, match="a Plain: it keeps no messages"):
                ask()


def test_whoever_lost_the_lease_while_sending_stops_and_writes_nothing():
    store, channel, now = MemoryStore(), Flaky(), [NOON]
    with street(store, channel, clock=lambda: now[0]) as office:
        report(office, "a", "b")
        plain = channel.send

        def slept(notice, /):
            plain(notice)
            now[0] = minutes(99)
            assert store.take_lease(f"{BOX}/file", holder="another", now=minutes(99), until=minutes(100))

        channel.send = slept
        office.deliver()
        states = [(each.state, each.attempts) for each in store.messages(BOX)]
        assert len(channel.sent) == 1
        assert states == [("waiting", 0), ("waiting", 0)]


def test_what_a_kill_interrupts_repeats_a_few_notices_at_most():
    store, channel = MemoryStore(), Flaky()
    with street(store, channel) as office:
        with office.batch():
            report(office, *(f"c{n:02}" for n in range(50)))
        plain, marked = store.update, []

        def killed(messages, **more):
            marked.append(len(messages))
            if len(marked) >= 2:
                raise Killed
            plain(messages, **more)

        store.update = killed
        with pytest.raises(Killed):
            office.deliver(NOON)
        store.update = plain
    with street(store, channel) as again:
        again.deliver(NOON)
    assert len(channel.sent) == 50 + 20
    assert len({notice.id for notice in channel.sent}) == 50


def test_a_lease_is_renewed_while_a_long_pass_lasts():
    store, channel = MemoryStore(), Flaky()
    now = [NOON]

    class Slow(Flaky):
        def send(self, notice, /):
            now[0] += dt.timedelta(seconds=25)
            assert store.take_lease(f"{BOX}/file", holder="another", now=now[0], until=now[0]) is None
            super().send(notice)

    channel = Slow()
    with street(store, channel, clock=lambda: now[0]) as office:
        report(office, *(f"c{n}" for n in range(9)))
        assert office.deliver().sent == 9


def in_memory(_tmp_path):
    store = MemoryStore()
    return lambda: store


def on_disk(tmp_path):
    """Each worker with a store object of its own, as processes have."""
    pytest.importorskip("gridgov_sql")
    return lambda: f"sqlite:///{tmp_path / 'street.db'}"


@pytest.mark.parametrize("kind", [in_memory, pytest.param(on_disk, marks=pytest.mark.slow)])
def test_several_workers_on_one_store_never_send_one_message_twice_while_leases_hold(kind, tmp_path):
    store, lock, seen = kind(tmp_path), threading.Lock(), []

    class Shared:
        name = "file"

        def send(self, notice, /):
            time.sleep(0.0005)
            with lock:
                seen.append(notice.id)

    offices = [street(store(), Shared(), clock=lambda: dt.datetime.now(dt.UTC), discover=True) for _ in range(3)]
    try:
        with offices[0].batch():
            for n in range(120):
                offices[0].handle(REPORT, by=RESIDENT, id=f"c{n}")

        def work(office):
            for _ in range(40):
                with suppress(StoreBusyError):
                    office.deliver(limit=7)

        threads = [threading.Thread(target=work, args=(each,)) for each in offices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while offices[0].deliver().waiting:
            pass
    finally:
        for office in offices:
            office.close()
    assert len(seen) == len(set(seen)) == 120


def test_pacing_holds_across_workers_and_restarts():
    now, taken = [NOON], []

    class Strict:
        name = "file"
        pace = Pace((Limit(count=2, seconds=60),))

        def send(self, notice, /):
            taken.append(now[0])

    store = MemoryStore()
    with street(store, Strict(), clock=lambda: now[0]) as office:
        report(office, *(f"c{n}" for n in range(6)))
        assert office.deliver().next_at == minutes(1)
    for _ in range(8):
        with street(store, Strict(), clock=lambda: now[0]) as office:
            now[0] = office.deliver().next_at or now[0]
    # Each is another worker, whose clock may be ten seconds ahead of that of the one before.
    at = [round((each - NOON).total_seconds()) for each in taken]
    assert at == [0, 0, 70, 70, 140, 140]


def test_a_worker_that_goes_on_by_its_own_clock_waits_for_nobodys():
    now, taken = [NOON], []

    class Strict:
        name = "file"
        pace = Pace((Limit(count=2, seconds=60),))

        def send(self, notice, /):
            taken.append(round((now[0] - NOON).total_seconds()))

    with street(MemoryStore(), Strict(), clock=lambda: now[0]) as office:
        report(office, *(f"c{n}" for n in range(6)))
        for _ in range(3):
            now[0] = office.deliver().next_at or now[0]
    assert taken == [0, 0, 60, 60, 120, 120]


@pytest.mark.parametrize("skews", [(0, 5), (0, 10), (-10, 0), (-5, 0, 5)])
def test_the_limit_of_a_channel_holds_where_the_clocks_of_workers_differ(skews):
    """各工作进程时钟相差十秒以内，平台的限速不被突破 / while clocks differ by ten seconds at most, the other side never
    sees more than it allows."""
    now, taken, store, limit = [NOON], [], MemoryStore(), Limit(count=3, seconds=60)

    class Strict:
        name = "file"
        pace = Pace((limit,))

        def send(self, notice, /):
            taken.append(now[0])

    def clock_of(skew):
        return lambda: now[0] + dt.timedelta(seconds=skew)

    offices = [street(store, Strict(), clock=clock_of(skew)) for skew in skews]
    report(offices[0], *(f"c{n}" for n in range(40)))
    for second in range(600):
        now[0] = NOON + dt.timedelta(seconds=second)
        for office in offices if second % 2 else reversed(offices):
            office.deliver()
    for office in offices:
        office.close()
    assert len(taken) >= 20  # at 3 a minute it would be 30
    for earlier, later in zip(taken, taken[limit.count :], strict=False):
        assert (later - earlier).total_seconds() >= limit.seconds


def test_a_worker_whose_clock_is_ahead_does_not_take_the_lease_of_one_that_is_sending():
    now, store = [NOON], MemoryStore()
    ahead = Flaky()
    other = street(store, ahead, clock=lambda: now[0] + dt.timedelta(seconds=10))

    class Slow(Flaky):
        def send(self, notice, /):
            now[0] += dt.timedelta(seconds=19)  # a message may take as long
            other.deliver()
            super().send(notice)

    channel = Slow()
    with street(store, channel, clock=lambda: now[0]) as office:
        report(office, *(f"c{n}" for n in range(9)))
        assert office.deliver().sent == 9
        assert ahead.sent == []
    other.close()


def test_leases_go_by_the_offices_own_clock_whatever_instant_a_pass_is_made_for():
    now, store, second = [NOON], MemoryStore(), Flaky()
    other = street(store, second, clock=lambda: now[0])

    class Slow(Flaky):
        def send(self, notice, /):
            now[0] += dt.timedelta(seconds=19)
            other.deliver(now[0])
            super().send(notice)

    channel = Slow()
    with street(store, channel, clock=lambda: now[0]) as office:
        report(office, *(f"c{n}" for n in range(9)))
        assert office.deliver(NOON).sent == 9
        assert second.sent == []
    other.close()


def test_a_pass_for_a_far_instant_that_was_killed_locks_nobody_out_until_then():
    store, killed, now = MemoryStore(), Flaky(), [NOON]
    with street(store, killed, clock=lambda: now[0]) as office:
        report(office, "a")
        end_lease, store.end_lease = store.end_lease, lambda lease: None  # as if the process had died
        office.deliver(minutes(600_000))
        store.end_lease = end_lease
        report(office, "b")
    now[0] = minutes(2)
    channel = Flaky()
    with street(store, channel, clock=lambda: now[0]) as again:
        assert again.deliver().sent == 1


def letter(office):
    (found,) = office.undelivered(dead=True)
    return found


def test_a_dead_letter_is_mended_and_goes_out_under_the_same_id():
    store, channel, other = MemoryStore(), Flaky(failures=1, final=True), Flaky()
    other.name = "other"
    with street(store, channel, other) as office:
        report(office, "a")
        office.deliver(NOON)
        dead = letter(office)
        office.mend(dead.notice.id, by="desk-1", to="head-8", channel="other", text="请办理")
        (waits,) = office.undelivered()
        assert (waits.dead, waits.attempts, waits.error) == (False, 0, "away")
        assert waits.mended_by == ("desk-1",)
        assert office.deliver(minutes(1)).sent == 1
    (notice,) = other.sent
    assert (notice.id, notice.to, notice.channel, notice.text) == (dead.notice.id, "head-8", "other", "请办理")


def test_what_cannot_be_mended_says_why():
    store, channel = MemoryStore(), Flaky()
    with street(store, channel) as office:
        report(office, "a")
        office.deliver(NOON)
        id_ = channel.sent[0].id
        with pytest.raises(StoreError, match="has arrived"):
            office.mend(id_, by="desk-1", text="x")
        with pytest.raises(NotFoundError, match="no message"):
            office.resend("150203005/case:zz@1:lead:x:file", by="desk-1")
        with pytest.raises(NotFoundError, match="no channel 'fax'"):
            office.mend(id_, by="desk-1", channel="fax")
        channel.failures = 1
        report(office, "b")
        office.deliver(NOON)
        store.take_lease(f"{BOX}/file", holder="another", now=NOON, until=minutes(1))
        with pytest.raises(StoreBusyError, match="being sent"):
            office.resend(office.undelivered()[0].notice.id, by="desk-1")


def test_a_dead_letter_can_be_mended_while_others_are_being_sent():
    store, channel, now = MemoryStore(), Flaky(failures=1, final=True), [NOON]
    with street(store, channel, clock=lambda: now[0]) as office:
        report(office, "a")
        office.deliver()
        store.take_lease(f"{BOX}/file", holder="another", now=NOON, until=minutes(1))
        office.resend(letter(office).notice.id, by="desk-1")
        assert office.deliver().sent == 0
        now[0] = minutes(2)
        assert office.deliver().sent == 1


def test_an_event_that_cannot_be_told_keeps_back_nothing_that_is_posted_already(monkeypatch):
    store, channel = MemoryStore(), Flaky(failures=1)
    with street(store, channel) as office:
        report(office, "a")
        office.deliver(NOON)
        report(office, "b")

        def broken(*_, **__):
            raise LookupError("no words for it")

        monkeypatch.setattr("gridgov.office._deliveries.notices_for", broken)
        with pytest.raises(LookupError, match="no words"):
            office.deliver(minutes(1))
        assert [notice.subject for notice in channel.sent] == ["a"]
        monkeypatch.undo()
        assert office.deliver(minutes(1)).sent == 1


def test_a_pass_with_nothing_to_do_writes_nothing():
    store, channel = MemoryStore(), Flaky()
    with street(store, channel) as office:
        report(office, "a")
        office.deliver(NOON)
        written = []
        for name in ("post", "update", "take_lease", "end_lease", "save_cursor"):
            setattr(store, name, lambda *_, name=name, **__: written.append(name))
        assert office.deliver(NOON).sent == 0
        assert written == []


def test_undelivered_can_be_asked_for_one_channel_receiver_or_topic():
    store, channel = MemoryStore(), Flaky(failures=99)
    with street(store, channel) as office:
        report(office, "a", "b")
        office.deliver(NOON)
        assert [each.notice.subject for each in office.undelivered(topic="case:b")] == ["b"]
        assert len(office.undelivered(to="lead-81", channel="file")) == 2
        assert office.undelivered(to="gas") == office.undelivered(channel="im") == office.undelivered(dead=True) == ()


def test_who_was_told_says_that_they_have_read_it_and_saying_it_twice_changes_nothing():
    store, channel = MemoryStore(), Flaky()
    with street(store, channel) as office:
        report(office, "a")
        office.deliver(NOON)
        id_ = channel.sent[0].id
        assert office.unread("case:a", by="desk-1") == ("lead-81",)
        for _ in range(2):
            office.acknowledge(id_, by="lead-81")
        assert office.unread("case:a", by="desk-1") == ()
        found = office.progress("case:a")
        assert (found.total, found.sent, found.read, found.waiting, found.dead) == (1, 1, 1, 0, 0)
        for who, what in (("lead-82", id_), (RESIDENT, id_), ("lead-81", "150203005/case:a@99:lead:lead-81:file")):
            with pytest.raises(RefusalError, match="only who was told") as refused:
                office.acknowledge(what, by=who)
            assert refused.value.code == "notices.not-yours"


def test_what_was_read_before_it_was_marked_counts_as_sent():
    """The channel took it, the process was killed, and the receiver was faster than the next worker."""
    store, channel = MemoryStore(), Crashing()
    channel.crashes = 1
    with street(store, channel) as office:
        report(office, "a")
        with pytest.raises(Killed):
            office.deliver(NOON)
        office.acknowledge(channel.sent[0].id, by="lead-81")
        assert office.deliver(NOON).sent == 0
        assert office.progress("case:a").read == 1


def test_an_organizations_people_can_say_that_it_has_read():
    store, channel = MemoryStore(), Flaky()
    rows = (Subscription(event="case-routed", audience="lead", channel="file"),)
    with street(store, channel, setup=attrs.evolve(small_setup(), subscriptions=rows)) as office:
        smell = OpenCase(kind="gas.smell", place="150203005008-B001", source="hotline")
        office.handle(smell, by="desk-1", id="a", at=NOON)
        office.deliver(NOON)
        assert channel.sent[0].to == "gas"
        office.acknowledge(channel.sent[0].id, by="gas-1")
        assert office.unread("case:a", by="desk-1") == ()


def test_two_channels_of_one_name_and_something_that_is_none_are_refused():
    with pytest.raises(PluginError, match="two channels have one name"):
        Courier(MemoryStore(), [Flaky(), Flaky()], lambda _: ())
    with pytest.raises(PluginError, match="is no channel"):
        Courier(MemoryStore(), [object()], lambda _: ())


# --- channels that do what no channel should ----------------------------------------------------


class UnspeakableError(ChannelError):
    def __str__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SystemExit(1), "SystemExit"),
        (asyncio.CancelledError(), "CancelledError"),
        (ChannelError("slow down", pause_seconds=float("inf")), "slow down"),
        (ChannelError("slow down", pause_seconds=float("nan")), "slow down"),
        (ChannelError("slow down", pause_seconds=-5), "slow down"),
        (ChannelError("slow down", pause_seconds="60"), "slow down"),
        (ChannelError("x" * 5000), "x" * 500),
        (UnspeakableError("?"), "UnspeakableError"),
        (ValueError("13800000000"), "ValueError"),
    ],
)
def test_whatever_one_channel_raises_is_its_own_failed_attempt_and_the_others_go_on(error, told):
    class Wild:
        name = "wild"

        def send(self, notice, /):
            raise error

    other = ConsoleChannel("file", write=lambda line: None)
    setup = small_setup()
    both = tuple(attrs.evolve(each, channel=channel) for each in setup.subscriptions for channel in ("wild", "file"))
    setup = attrs.evolve(setup, subscriptions=both)
    with open_office(setup, channels=[Wild(), other], discover=False, clock=lambda: NOON) as office:
        office.handle(OpenCase(kind="noise", place="150203005008-B001", source="hotline"), by="desk-1")
        done = office.deliver()
        assert (done.sent, done.failed, other.count) == (1, 1, 1)
        (waiting,) = office.undelivered()
        assert (waiting.error, waiting.attempts, waiting.dead) == (told, 1, False)


def test_a_pause_of_ages_is_a_day():
    class Resting:
        name = "file"

        def send(self, notice, /):
            raise ChannelError("later", pause_seconds=1e13)

    with open_office(small_setup(), channels=[Resting()], discover=False, clock=lambda: NOON) as office:
        office.handle(OpenCase(kind="noise", place="150203005008-B001", source="hotline"), by="desk-1")
        assert office.deliver().next_at == NOON + dt.timedelta(days=1)


def test_a_channel_whose_pace_is_none_is_refused_when_the_office_opens():
    class Odd(ConsoleChannel):
        pace = 5

    with pytest.raises(PluginError, match="pace of the channel 'file'"):
        open_office(small_setup(), channels=[Odd("file")], discover=False)


def test_half_a_character_in_what_a_channel_says_is_kept_as_a_question_mark():
    class Cut(Flaky):
        def send(self, notice, /):
            raise ChannelError("\ud800 \0away")

    with street(MemoryStore(), Cut()) as office:
        report(office, "a")
        assert office.deliver(NOON).failed == 1
        assert office.undelivered()[0].error == "? away"


class Picky(Flaky):
    """A platform that asks for a pause whenever it gets one certain message, and takes every other one."""

    def __init__(self, never, pause_seconds=60):
        super().__init__()
        self.never = never
        self.pause_seconds = pause_seconds

    def send(self, notice, /):
        if notice.subject == self.never:
            raise ChannelError("busy", pause_seconds=self.pause_seconds)
        super().send(notice)


def test_a_message_that_always_makes_the_platform_pause_keeps_no_other_back_and_becomes_a_dead_letter():
    channel = Picky("p")
    with street(MemoryStore(), channel) as office:
        report(office, "p", "q")
        tries = 0
        while not office.undelivered(dead=True):
            done = office.deliver(minutes(600 * tries))
            tries += done.failed
            assert tries <= 24
            assert channel.sent or tries <= 3
        assert [notice.subject for notice in channel.sent] == ["q"]
        (dead,) = office.undelivered(dead=True)
        assert (dead.notice.subject, dead.attempts, dead.error, tries) == ("p", 8, "busy", 24)


def test_what_a_pause_has_put_behind_is_not_tried_before_the_pause_is_over():
    channel = Picky("p", pause_seconds=7200)
    with street(MemoryStore(), channel) as office:
        report(office, "p")
        for hours in (0, 2, 4):
            assert office.deliver(minutes(60 * hours)).failed == 1
        (waits,) = office.undelivered()
        assert (waits.attempts, waits.next_at) == (1, minutes(60 * 6))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"text": ""}, "text is empty"),
        ({"text": " "}, "text is empty"),
        ({"to": ""}, "a receiver is"),
        ({"to": "张三"}, "a receiver is of the roster"),
        ({"channel": ""}, "channel is empty"),
        ({"to": "head-8"}, "say with text="),
    ],
)
def test_what_a_notice_cannot_be_mended_with_is_refused_and_it_stays_as_it_was(change, wrong):
    with street(MemoryStore(), Flaky(failures=1, final=True)) as office:
        report(office, "a")
        office.deliver(NOON)
        before = letter(office)
        with pytest.raises(ValueError, match=wrong):
            office.mend(before.notice.id, by="desk-1", **change)
        assert letter(office) == before


@pytest.mark.parametrize("change", [{"to": 5}, {"text": 7}, {"channel": 5}])
def test_what_is_no_text_is_not_stored_and_stops_nobody(change):
    with street(MemoryStore(), Flaky(failures=1, final=True)) as office:
        report(office, "a")
        office.deliver(NOON)
        with pytest.raises(TypeError, match="text"):
            office.mend(letter(office).notice.id, by="desk-1", **change)
        assert office.deliver(minutes(1)).dead == 1


def test_what_another_version_has_written_is_a_dead_letter_and_the_others_go_on():
    store, channel = MemoryStore(), Flaky(failures=2)
    with street(store, channel) as office:
        report(office, "a", "b")
        office.deliver(NOON)
        first, second = store.messages(BOX)
        store.update([attrs.evolve(first, body=b'{"notice": 5}')])
        done = office.deliver(minutes(5))
        assert (done.sent, done.dead) == (1, 1)
        assert letter(office).error == "what is kept of it cannot be read by this version"
        assert [notice.id for notice in channel.sent] == [second.id]
        with pytest.raises(StoreError, match="cannot be read by this version"):
            office.resend(first.id, by="desk-1")


def test_two_clerks_who_resend_one_dead_letter_do_not_have_it_sent_twice(monkeypatch):
    store, channel = MemoryStore(), Flaky(failures=1, final=True)
    with street(store, channel) as office, street(store, channel) as elsewhere:
        report(office, "a")
        office.deliver(NOON)
        id_ = letter(office).notice.id
        plain, refused = store.update, []

        def slow(messages, **more):
            monkeypatch.setattr(store, "update", plain)
            try:  # another clerk, and a worker, just before the first one writes
                elsewhere.resend(id_, by="desk-1")
                elsewhere.deliver(minutes(1))
            except StoreBusyError as error:
                refused.append(str(error))
            plain(messages, **more)

        monkeypatch.setattr(store, "update", slow)
        office.resend(id_, by="desk-1")
        office.deliver(minutes(2))
        assert len(channel.sent) == 1
        assert refused == ["somebody is mending at this moment; try again"]


def test_who_had_a_notice_sent_again_is_kept_with_it():
    with street(MemoryStore(), Flaky(failures=1, final=True)) as office:
        report(office, "a")
        office.deliver(NOON)
        office.resend(letter(office).notice.id, by="desk-1")
        assert office.undelivered()[0].mended_by == ("desk-1",)


def test_receivers_who_are_refused_for_good_do_not_make_the_channel_rest():
    channel = Flaky(failures=5, final=True)
    with street(MemoryStore(), channel) as office:
        report(office, *(f"c{n}" for n in range(7)))
        done = office.deliver(NOON)
        assert (done.sent, done.dead) == (2, 5)


def test_what_another_worker_is_sending_is_not_buried_by_one_that_does_not_know_its_channel():
    store, other = MemoryStore(), Flaky()
    other.name = "other"
    with street(store, Flaky(failures=1)) as office, street(store, other) as elsewhere:
        report(office, "a")
        office.deliver(NOON)
        assert store.take_lease(f"{BOX}/file", holder="another", now=NOON, until=minutes(1))
        assert elsewhere.deliver(minutes(5)).dead == 0
        assert [each.state for each in store.messages(BOX)] == ["waiting"]


# --- who may look, and who may mend -------------------------------------------------------------

LEAD = frozenset({"Undelivered", "Mend", "Unread"})


def granted(*grants):
    """Give a street in which residents and the desk may do everything, and leads what is said."""
    always = [Grant(role=role, names=frozenset({"*"}), scope="all") for role in ("resident", "desk-officer")]
    return small_setup(access=AccessPolicy((*always, *grants)))


def refusal(ask, *args, **more):
    with pytest.raises(RefusalError) as refused:
        ask(*args, **more)
    return refused.value.code


def test_nobody_looks_at_notices_or_mends_them_without_a_grant():
    with street(MemoryStore(), Flaky(failures=1, final=True), setup=granted()) as office:
        report(office, "a")
        office.deliver(NOON)
        id_ = letter(office).notice.id
        for who in ("lead-81", "stranger"):
            assert refusal(office.mend, id_, by=who, to=who, text="x") == "access.denied"
            assert refusal(office.resend, id_, by=who) == "access.denied"
            assert refusal(office.resend, "150203005/case:none@1:lead:x:file", by=who) == "access.denied"
            assert refusal(office.undelivered, by=who) == "access.denied"
            assert refusal(office.undelivered, by=who, topic="case:a") == "access.denied"
            assert refusal(office.progress, "case:a", by=who) == "access.denied"
        assert letter(office).mended_by == ()
        assert office.progress("case:a", by="desk-1").dead == 1
        office.resend(id_, by="desk-1")


def test_a_grant_for_ones_own_grid_reaches_neither_another_one_nor_the_whole_street():
    setup = granted(Grant(role="area-lead", names=LEAD, scope="own"))
    with street(MemoryStore(), Flaky(failures=9, final=True), setup=setup) as office:
        report(office, "a")
        office.deliver(NOON)
        id_ = letter(office).notice.id
        assert office.undelivered(by="lead-81", topic="case:a")[0].notice.id == id_
        assert office.progress("case:a", by="lead-81").dead == 1
        assert refusal(office.undelivered, by="lead-81") == "access.denied"
        assert refusal(office.undelivered, by="lead-82", topic="case:a") == "access.denied"
        assert refusal(office.resend, id_, by="lead-82") == "access.denied"
        for topic in ("award:none", "case:none", "delivery/digest:x"):
            assert refusal(office.unread, topic, by="lead-81") == "access.denied"
        office.resend(id_, by="lead-81")


def test_what_a_grant_masks_is_not_shown_of_what_waits_and_texts_are_for_those_whom_they_are_for():
    setup = granted(Grant(role="area-lead", names=LEAD, masked=frozenset({"reporter"})))
    rows = tuple(
        Subscription(event="case-routed", audience=each, channel="file") for each in ("reporter", "lead", "desk")
    )
    with street(MemoryStore(), Flaky(failures=9), setup=attrs.evolve(setup, subscriptions=rows)) as office:
        report(office, "a")
        office.deliver(NOON)
        shown = office.undelivered(by="lead-81", topic="case:a")
        assert {each.notice.to: bool(each.notice.text) for each in shown} == {
            "withheld": False,
            "lead-81": True,
            "desk": False,
        }
        assert RESIDENT not in repr(shown)
        assert {each.notice.to for each in office.undelivered(by="desk-1")} == {RESIDENT, "lead-81", "desk"}
        assert all(each.notice.text for each in office.undelivered(by="desk-1"))


def test_unread_names_no_follower_to_whom_the_reporter_is_masked():
    setup = granted(Grant(role="area-lead", names=LEAD, masked=frozenset({"reporter"})))
    rows = (Subscription(event="case-urged", audience="followers", channel="file"),)
    with street(MemoryStore(), Flaky(), setup=attrs.evolve(setup, subscriptions=rows)) as office:
        report(office, "a")
        office.handle(Follow("a"), by="resident:0888", at=NOON)
        office.handle(Urge("a"), by=RESIDENT, at=NOON)
        office.deliver(NOON)
        assert office.unread("case:a", by="desk-1") == ("resident:0888",)
        assert office.unread("case:a", by="lead-81") == ("withheld",)


def test_a_closed_office_delivers_nothing_and_says_so():
    office = open_office(small_setup(), channels=[ConsoleChannel("file", write=print)], discover=False)
    office.close()
    with pytest.raises(RuntimeError, match="closed"):
        office.deliver()
