"""Quiet hours and digests: when a notice goes out."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov import load_setup, open_office
from gridgov.cases import Acknowledge, OpenCase, Urge
from gridgov.delivery import ChannelError
from gridgov.proofs import canonical
from gridgov.setup import Digest, QuietHours, Subscription
from gridgov.store import MemoryStore
from gridgov.testing import NOON, small_setup

ROOT = Path(__file__).parent.parent.parent
CHINA = ZoneInfo("Asia/Shanghai")
RESIDENT = "resident:00001"
CLOCK = st.times().map(lambda at: at.replace(second=0, microsecond=0))
INSTANTS = st.integers(0, 400 * 24 * 3600).map(lambda n: NOON + dt.timedelta(seconds=n))
BOX = "150203005/delivery"


def quiet_at(quiet, instant, zone=CHINA):
    """Say whether an instant is quiet, by walking the clock; the other way of saying it."""
    minute = instant.astimezone(zone).hour * 60 + instant.astimezone(zone).minute
    start, end = (each.hour * 60 + each.minute for each in (quiet.start, quiet.end))
    length = (end - start) % (24 * 60)
    return (minute - start) % (24 * 60) < length


@given(CLOCK, CLOCK, INSTANTS)
def test_what_would_go_out_in_quiet_hours_waits_until_their_end_and_no_longer(start, end, instant):
    """免打扰时段内的消息等到时段结束 / a message within quiet hours waits until their end, one outside goes at once."""
    if start == end:
        return
    quiet = QuietHours(start, end)
    at = quiet.end_after(instant, CHINA)
    assert not quiet_at(quiet, at)
    if quiet_at(quiet, instant):
        assert instant < at <= instant + dt.timedelta(days=1)
        assert at.astimezone(CHINA).time() == end
        assert quiet_at(quiet, at - dt.timedelta(minutes=1))
    else:
        assert at == instant


@given(CLOCK, CLOCK, st.integers(0, 8 * 24 * 60), st.sampled_from(["Europe/Berlin", "America/St_Johns"]))
def test_where_clocks_are_put_forward_and_back_quiet_hours_end_too(start, end, minutes, zone):
    if start == end:
        return
    quiet, at = QuietHours(start, end), dt.datetime(2026, 10, 22, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
    later = quiet.end_after(at, ZoneInfo(zone))
    assert at <= later <= at + dt.timedelta(hours=26)


@given(CLOCK, st.none() | st.integers(0, 6), INSTANTS)
def test_a_digest_goes_out_at_the_first_such_time_from_then_on(at, weekday, instant):
    """汇总在下一个约定时刻发出 / what gathers goes out at the next agreed time."""
    found = Digest(at, weekday).next_at(instant, CHINA)
    here = found.astimezone(CHINA)
    assert here.time() == at
    assert weekday is None or here.weekday() == weekday
    assert instant <= found
    assert found - instant < dt.timedelta(days=1 if weekday is None else 7)


@pytest.mark.parametrize("wrong", ["22-7", "22:00-22:00", "25:00-07:00", "22:00 - 07:00", "nights"])
def test_quiet_hours_that_are_none_are_refused_with_how_to_write_them(wrong):
    with pytest.raises(ValueError, match=r"22:00-07:00|no time of day"):
        Subscription(event="case-routed", audience="lead", channel="file", quiet=wrong)


@pytest.mark.parametrize("wrong", ["daily", "18", "Mon 08:30", "24:10"])
def test_a_time_of_a_digest_that_is_none_is_refused_with_how_to_write_it(wrong):
    with pytest.raises(ValueError, match=r"18:00|no time of day"):
        Subscription(event="case-routed", audience="lead", channel="file", digest=wrong)


class Kept:
    name = "file"

    def __init__(self):
        self.sent = []
        self.refused = 0
        self.killed = False

    def send(self, notice, /):
        if self.killed:
            self.killed = False
            raise KeyboardInterrupt
        if self.refused:
            self.refused -= 1
            raise ChannelError("away")
        self.sent.append(notice)


class Street:
    """A street with a clock that can be set."""

    def __init__(self, *told_of, **when):
        rows = tuple(Subscription(event=event, audience=who, channel="file", **when) for event, who in told_of)
        self.setup = attrs.evolve(small_setup(), subscriptions=rows)
        self.store, self.channel, self.now = MemoryStore(), Kept(), NOON
        self.open()

    def open(self):
        self.office = open_office(
            self.setup, self.store, channels=[self.channel], discover=False, clock=lambda: self.now
        )

    def report(self, id_):
        command = OpenCase(kind="question", place="150203005008-B001", source="resident", reporter=RESIDENT)
        self.office.handle(command, by=RESIDENT, id=id_)

    def local(self, text):
        self.now = dt.datetime.fromisoformat(text).replace(tzinfo=CHINA).astimezone(dt.UTC)

    def deliver(self):
        return self.office.deliver().sent


def test_a_night_is_quiet_and_the_morning_brings_what_waited():
    street = Street(("case-routed", "lead"), quiet="22:00-07:00")
    street.local("2026-09-01 21:59")
    street.report("a")
    assert street.deliver() == 1
    street.local("2026-09-01 22:00")
    street.report("b")
    done = street.office.deliver()
    street.local("2026-09-02 07:00")
    assert (done.sent, done.next_at) == (0, street.now)
    assert street.deliver() == 1


def test_what_failed_in_the_evening_is_not_tried_again_at_night():
    street = Street(("case-routed", "lead"), quiet="22:00-07:00")
    street.local("2026-09-01 21:59")
    street.channel.refused = 1
    street.report("a")
    assert street.deliver() == 0
    street.local("2026-09-01 23:30")
    assert street.deliver() == 0
    street.local("2026-09-02 07:00")
    assert street.deliver() == 1


def test_what_is_urgent_has_a_row_without_quiet_hours():
    street = Street(("case-routed", "lead"), quiet="22:00-07:00")
    loud = Subscription(event="case-escalated", audience="supervisor", channel="file")
    street.office.close()
    street.setup = attrs.evolve(street.setup, subscriptions=(*street.setup.subscriptions, loud))
    street.store = MemoryStore()
    street.open()
    street.local("2026-09-01 09:00")
    street.report("a")
    assert street.deliver() == 1
    street.local("2026-09-02 23:00")
    street.office.tick()
    street.report("b")
    street.deliver()
    assert {notice.to for notice in street.channel.sent} >= {"desk"}
    assert not any(notice.subject == "b" for notice in street.channel.sent)


def test_a_digest_brings_what_has_gathered_for_one_receiver_as_one():
    street = Street(("case-routed", "lead"), ("case-acknowledged", "lead"), digest="18:00")
    for id_ in "abc":
        street.report(id_)
    street.office.handle(Acknowledge("a"), by="lead-81")
    assert street.deliver() == 0
    street.local("2026-09-01 18:00")
    assert street.deliver() == 1
    (notice,) = street.channel.sent
    assert (notice.to, notice.subject) == ("lead-81", "digest")
    assert notice.text.splitlines()[0] == "共 4 条："
    assert len(notice.text.splitlines()) == 5
    assert street.deliver() == 0
    states = sorted(message.state for message in street.store.messages(BOX))
    assert states == ["bundled"] * 4 + ["sent"]


def test_a_digest_of_one_notice_is_that_notice_in_its_own_words():
    street = Street(("case-routed", "lead"), digest="mon 08:30")
    street.report("a")
    street.local("2026-09-07 08:30")
    street.deliver()
    (notice,) = street.channel.sent
    assert (notice.subject, notice.text.startswith("自动派单")) == ("a", True)


def test_what_comes_after_a_digest_went_out_waits_for_the_next_one():
    street = Street(("case-routed", "lead"), digest="18:00")
    street.report("a")
    street.local("2026-09-01 18:00")
    street.deliver()
    street.local("2026-09-01 18:01")
    street.report("b")
    assert street.deliver() == 0
    street.local("2026-09-02 18:00")
    assert street.deliver() == 1
    assert [notice.subject for notice in street.channel.sent] == ["a", "b"]


def test_a_digest_is_fixed_before_it_is_sent_so_a_retry_has_the_same_id_and_the_same_members():
    street = Street(("case-routed", "lead"), digest="18:00")
    street.report("a")
    street.office.deliver()
    street.local("2026-09-01 18:00")
    street.channel.killed = True
    with pytest.raises(KeyboardInterrupt):
        street.office.deliver()
    (bundle,) = [each for each in street.store.messages(BOX) if "digest" in each.topic]
    street.open()
    assert street.deliver() == 1
    assert [notice.id for notice in street.channel.sent] == [bundle.id]


def test_a_crash_between_fixing_a_digest_and_marking_its_members_sends_none_of_them_twice():
    street = Street(("case-routed", "lead"), digest="18:00")
    for id_ in "ab":
        street.report(id_)
    street.deliver()
    street.local("2026-09-01 18:00")
    plain = street.store.update

    def killed(messages, **more):
        if any(each.state == "bundled" for each in messages):
            raise KeyboardInterrupt
        plain(messages, **more)

    street.store.update = killed
    with pytest.raises(KeyboardInterrupt):
        street.deliver()
    street.store.update = plain
    street.open()
    assert street.deliver() == 1
    (notice,) = street.channel.sent
    assert notice.text.splitlines()[0] == "共 2 条："
    assert street.deliver() == 0


def test_a_digest_of_very_many_comes_in_several():
    street = Street(("case-urged", "lead"), digest="18:00")
    street.report("a")
    with street.office.batch():
        for _ in range(230):
            street.office.handle(Urge("a"), by="desk-1")
    street.local("2026-09-01 18:00")
    street.office.deliver(NOON)
    assert street.deliver() == 3
    counts = [notice.text.splitlines()[0] for notice in street.channel.sent]
    assert counts == ["共 100 条：", "共 100 条：", "共 30 条："]


def test_whoever_reads_a_digest_has_read_what_is_in_it():
    street = Street(("case-routed", "lead"), digest="18:00")
    street.report("a")
    street.deliver()
    street.local("2026-09-01 18:00")
    street.deliver()
    assert street.office.unread("case:a", by="desk-1") == ("lead-81",)
    street.office.acknowledge(street.channel.sent[0].id, by="lead-81")
    assert street.office.unread("case:a", by="desk-1") == ()


def test_the_digest_of_a_setup_is_what_it_was_before_there_were_quiet_hours():
    """An adopted setup that uses none of the later fields must not look amended."""
    before = small_setup()
    plain = [
        {"audience": each.audience, "channel": each.channel, "event": each.event, "language": each.language}
        for each in before.subscriptions
    ]
    assert before.sections["notices"] == canonical(plain)
    assert before.section_digests["notices"] == "a5ff34811b6b13903b8ba82dad4b0ee162f9d87f192ac523558236ad9bd0e186"
    youyi = load_setup(ROOT / "examples/youyi/setup")
    assert youyi.section_digests["notices"] == "4f3a2c11a862aeb0b6dce6c9821c5833a51dcce208166fd95c2e7862da28b49f"
    assert "templates" not in before.sections
    later = attrs.evolve(before, subscriptions=tuple(attrs.evolve(e, digest="18:00") for e in before.subscriptions))
    assert b'"digest":"18:00"' in later.sections["notices"]
    assert b"quiet" not in later.sections["notices"]


def test_one_digest_holds_neither_two_languages_nor_two_kinds_of_quiet_hours():
    rows = [
        Subscription(event=event, audience="lead", channel="file", digest="18:00", language=language, quiet=quiet)
        for event, language, quiet in (
            ("case-opened", "zh", ""),
            ("case-routed", "en", ""),
            ("case-urged", "zh", "22:00-07:00"),
        )
    ]
    setup, channel, now = attrs.evolve(small_setup(), subscriptions=tuple(rows)), Kept(), [NOON]
    with open_office(setup, channels=[channel], discover=False, clock=lambda: now[0]) as office:
        command = OpenCase(kind="question", place="150203005008-B001", source="resident", reporter=RESIDENT)
        for id_ in "ab":
            office.handle(command, by=RESIDENT, id=id_)
            office.handle(Urge(id_), by=RESIDENT)
        office.deliver()
        now[0] = NOON + dt.timedelta(hours=6)
        assert office.deliver().sent == len(channel.sent)
    found = {(notice.language, notice.quiet) for notice in channel.sent if notice.to == "lead-81"}
    assert {("en", ""), ("zh", "22:00-07:00")} <= found
    mine = [notice for notice in channel.sent if notice.to == "lead-81"]
    assert len(mine) == len(found)
