"""Announcements: who is told, once each, as fast as the platform allows, and not any more once they are withdrawn."""

import datetime as dt
from collections import Counter

import attrs
import pytest

from gridgov import open_office
from gridgov.access import AccessPolicy, Grant
from gridgov.cases import OpenCase
from gridgov.delivery import ChannelError, Limit, Pace
from gridgov.errors import RefusalError, StoreError
from gridgov.outreach import WITHDRAWALS, Announce, Announcement, Audience, WithdrawAnnouncement, group_of
from gridgov.setup import Subscription
from gridgov.staffing import Person, Posting
from gridgov.store import MemoryStore, Vault, every_record
from gridgov.testing import NOON, small_setup

STREET, ONE = "150203005", "150203005008"
TOLD = Subscription(event="announcement-made", audience="addressed", channel="im")


class Group:
    """A group robot that counts what reaches it, and whose process can be killed right after."""

    name = "im"

    def __init__(self, clock, *, pace=None, killed_at=()):
        self.clock = clock
        self.killed_at = set(killed_at)
        self.taken = []
        if pace is not None:
            self.pace = pace

    def send(self, notice, /):
        self.taken.append((self.clock(), notice))
        if len(self.taken) in self.killed_at:
            raise Killed


class Killed(KeyboardInterrupt):
    pass


def street(*, members=0, subscriptions=(TOLD,), access=None):
    setup = small_setup(access=access)
    roster, since = setup.roster, dt.date(2026, 1, 1)
    ids = [f"m{n:05}" for n in range(members)]
    posted = [Posting(id=f"p-{id_}", holder=id_, role="desk-officer", place=STREET, from_on=since) for id_ in ids]
    persons = {**roster.persons, **{id_: Person(id=id_) for id_ in ids}}
    # Checking ten thousand postings is not what these tests are about.
    roster = attrs.evolve(roster, persons=persons, postings=(*roster.postings, *posted))
    return attrs.evolve(setup, roster=roster, subscriptions=subscriptions)


def opened(setup, store, channel, clock=lambda: NOON):
    return open_office(setup, store, channels=[channel], discover=False, clock=clock)


def everybody(setup):
    return {posting.holder for posting in setup.roster.postings}


def test_everybody_of_a_place_is_told_once_in_the_words_that_were_announced():
    setup, channel, store = street(), Group(lambda: NOON), MemoryStore()
    with opened(setup, store, channel) as office:
        made = office.handle(Announce(STREET, text="明日停水"), by="desk-1", id="n1")
        assert isinstance(made.state, Announcement)
        assert office.deliver().sent == len(everybody(setup))
        assert office.deliver().sent == 0
    assert {notice.to for _, notice in channel.taken} == everybody(setup)
    assert {notice.text for _, notice in channel.taken} == {"明日停水"}
    assert not any("明日停水".encode() in each.body for each in every_record(store))
    assert not any("明日停水".encode() in each.body for each in store.messages("150203005/delivery"))


@pytest.mark.parametrize(
    ("audience", "place", "told"),
    [
        ("members", ONE, ["head-8", "lead-81", "builder-81", "lead-82", "builder-82"]),
        ("members", "150203005008-B001", ["builder-81"]),
        ("grid", "150203005008-B001", ["lead-81"]),
        ("grid", ONE, ["head-8"]),
        ("role:area-lead", "150203005008-B002", ["lead-82"]),
        ("role:general-grid-head", "150203005008-B002", ["head-8"]),
        ("owners:grid", ONE, ["lead-81", "lead-82"]),
        ("owners:community", STREET, ["head-8", "head-9"]),
        ("owners:community", "150203005009-B001", ["head-9"]),
        ("owners:street", ONE, ["desk-1"]),
    ],
)
def test_a_group_is_found_from_territory_and_postings(audience, place, told):
    setup = small_setup()
    assert list(group_of(audience, place, setup.roster, setup.territory, NOON.date())) == told


def test_a_place_without_anybody_is_told_through_the_nearest_one_above_it():
    setup = small_setup()
    kept = tuple(each for each in setup.roster.postings if each.holder != "lead-81")
    roster = attrs.evolve(setup.roster, postings=kept)
    assert group_of("grid", "150203005008-B001", roster, setup.territory, NOON.date()) == ("head-8",)


def test_nobody_belongs_to_a_group_on_a_day_without_their_posting_or_at_a_place_that_is_gone():
    setup = small_setup()
    assert group_of("members", STREET, setup.roster, setup.territory, dt.date(2025, 12, 31)) == ()
    assert group_of("members", "150203005777", setup.roster, setup.territory, NOON.date()) == ()


@pytest.mark.parametrize("wrong", ["everybody", "role:mayor", "owners:planet", "role:", "members:all"])
def test_a_group_that_there_is_not_is_refused_with_what_would_be_right(wrong):
    setup = small_setup()
    with pytest.raises(ValueError, match=r"is no group|there is no (role|level)"):
        Audience.parse(wrong, setup.roster, setup.territory)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Announce("150203005777", text="x"), "outreach.unknown-place"),
        (Announce(STREET, audience="everybody", text="x"), "outreach.unknown-audience"),
        (Announce(STREET, audience="role:mayor", text="x"), "outreach.unknown-audience"),
        (Announce(STREET, text="  "), "outreach.no-text"),
        (WithdrawAnnouncement("n9", reason="mistake"), "outreach.unknown"),
        (WithdrawAnnouncement("n1", reason="whim"), "outreach.unknown-reason"),
    ],
)
def test_what_cannot_be_announced_or_withdrawn_says_why(command, code):
    with opened(street(), MemoryStore(), Group(lambda: NOON)) as office:
        office.handle(Announce(STREET, text="停水"), by="desk-1", id="n1")
        with pytest.raises(RefusalError) as refused:
            office.handle(command, by="desk-1")
        assert refused.value.code == code


def test_an_announcement_that_nobody_would_hear_of_is_refused():
    with opened(street(subscriptions=()), MemoryStore(), Group(lambda: NOON)) as office:
        with pytest.raises(RefusalError) as refused:
            office.handle(Announce(STREET, text="x"), by="desk-1")
        assert refused.value.code == "outreach.no-channel"
    bare = street()
    bare = attrs.evolve(bare, roster=attrs.evolve(bare.roster, postings=()))
    with opened(bare, MemoryStore(), Group(lambda: NOON)) as office:
        with pytest.raises(RefusalError) as refused:
            office.handle(Announce(STREET, text="x"), by="desk-1")
        assert refused.value.code == "outreach.nobody"


def test_whoever_may_announce_on_their_own_community_may_not_do_so_elsewhere():
    grants = AccessPolicy((Grant(role="general-grid-head", names=frozenset({"Announce"}), scope="own"),))
    with opened(street(access=grants), MemoryStore(), Group(lambda: NOON)) as office:
        office.handle(Announce(ONE, text="x"), by="head-8", id="n1")
        for place, command in (
            ("the other community", Announce("150203005009", text="x")),
            ("what is not granted", WithdrawAnnouncement("n1", reason="mistake")),
        ):
            with pytest.raises(RefusalError) as refused:
                office.handle(command, by="head-8")
            assert refused.value.code == "access.denied", place


@pytest.mark.parametrize("reason", WITHDRAWALS)
def test_a_withdrawn_announcement_does_not_reach_whom_it_had_not_reached(reason):
    now = [NOON]
    channel = Group(lambda: now[0], pace=Pace((Limit(count=5, seconds=60),)))
    setup, store = street(), MemoryStore()
    total = len(everybody(setup))
    with opened(setup, store, channel, lambda: now[0]) as office:
        office.handle(Announce(STREET, text="停水"), by="desk-1", id="n1")
        office.deliver()
        gone = office.handle(WithdrawAnnouncement("n1", reason=reason), by="desk-1")
        assert (gone.state.withdrawn_at, gone.state.reason) == (NOON, reason)
        now[0] += dt.timedelta(hours=1)
        office.deliver()
        found = office.progress("announcement:n1")
        assert (found.sent, found.withdrawn, found.dead, found.waiting, found.total) == (5, total - 5, 0, 0, total)
        assert office.undelivered() == ()
        with pytest.raises(RefusalError) as refused:
            office.handle(WithdrawAnnouncement("n1", reason=reason), by="desk-1")
        assert refused.value.code == "outreach.withdrawn"
    assert len(channel.taken) == 5


def test_an_announcement_whose_text_was_erased_is_not_sent():
    channel, store = Group(lambda: NOON), MemoryStore()
    with opened(street(), store, channel) as office:
        office.handle(Announce(STREET, text="停水"), by="desk-1", id="n1")
        assert office.erase("announcement:n1", by="desk-1") == 1
        assert office.deliver().sent == 0
    assert channel.taken == []


def test_who_has_not_read_an_announcement_is_told_to_who_may_know_it():
    grants = AccessPolicy(
        (
            Grant(role="desk-officer", names=frozenset({"Announce", "Unread"}), scope="own"),
            Grant(role="general-grid-head", names=frozenset({"Unread"}), scope="own"),
        )
    )
    channel = Group(lambda: NOON)
    with opened(street(access=grants), MemoryStore(), channel) as office:
        office.handle(Announce(ONE, audience="owners:grid", text="停水"), by="desk-1", id="n1")
        office.deliver()
        office.acknowledge(channel.taken[0][1].id, by="lead-81")
        for who in ("desk-1", "head-8"):
            assert office.unread("announcement:n1", by=who) == ("lead-82",)
        for who in ("head-9", "lead-82", "resident:00001"):
            with pytest.raises(RefusalError) as refused:
                office.unread("announcement:n1", by=who)
            assert refused.value.code == "access.denied"


def run_until_done(setup, store, channel, now, minutes_max):
    """Deliver again and again with a clock that jumps to where there is something to do; count the kills."""
    kills = 0
    for _ in range(minutes_max):
        with opened(setup, store, channel, lambda: now[0]) as office:
            try:
                done = office.deliver()
                while done.next_at is not None:
                    now[0] = done.next_at
                    done = office.deliver()
                return kills, office.progress("announcement:n1")
            except Killed:
                kills += 1
                now[0] += dt.timedelta(seconds=7)
    raise AssertionError("it never ended")


@pytest.mark.parametrize(
    ("members", "killed_at"),
    [(300, (1, 19, 20, 21, 137, 222)), pytest.param(10_000, (1, 20, 777, 5_000, 9_999), marks=pytest.mark.slow)],
)
def test_a_broadcast_is_paced_survives_kills_and_reaches_everybody(members, killed_at):
    """一万人逐一送达，每分钟不超过二十条 / everybody gets one message, and the other side never sees more than
    twenty within a minute, whatever is killed in between."""
    now, store = [NOON], MemoryStore()
    channel = Group(lambda: now[0], pace=Pace((Limit(count=20, seconds=60),)), killed_at=killed_at)
    setup = street(members=members)
    with opened(setup, store, channel, lambda: now[0]) as office:
        office.handle(Announce(STREET, text="停水"), by="desk-1", id="n1")
        stopped = iter([False, False, True])
        office.deliver(stopped=lambda: next(stopped, True))
    kills, found = run_until_done(setup, store, channel, now, 50)
    assert kills == len(killed_at)
    total = len(everybody(setup))
    assert (found.total, found.sent, found.waiting, found.dead) == (total, total, 0, 0)
    times = [at for at, _ in channel.taken]
    minute = dt.timedelta(minutes=1)
    assert all(later - earlier >= minute for earlier, later in zip(times, times[20:], strict=False))
    seen = Counter(notice.id for _, notice in channel.taken)
    # What was killed between taking and marking comes again, with its own id, once.
    assert (len(seen), sum(seen.values())) == (total, total + kills)
    assert {notice.to for _, notice in channel.taken} == everybody(setup)
    # And no slower than it must: twenty a minute, and what was lost to a kill.
    assert now[0] - NOON <= minute * ((total + kills) / 20 + 2 * kills)


def test_a_crash_while_a_broadcast_is_posted_loses_nobody_and_doubles_nobody():
    setup, store, channel = street(members=1200), MemoryStore(), Group(lambda: NOON)
    plain, posted = store.post, []

    def killed(messages, **more):
        posted.append(len(messages))
        if len(posted) == 2:
            raise Killed
        return plain(messages, **more)

    with opened(setup, store, channel) as office:
        office.handle(Announce(STREET, text="停水"), by="desk-1", id="n1")
        store.post = killed
        with pytest.raises(Killed):
            office.deliver()
        store.post = plain
        assert 0 < office.progress("announcement:n1").total < 1200
    with opened(setup, store, channel) as again:
        again.deliver()
        assert again.progress("announcement:n1").sent == len(everybody(setup)) == len(channel.taken)


# --- in digests, and in a vault -----------------------------------------------------------------

EVENING = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)  # 18:00 in China


class Refusing(Group):
    """A group robot that refuses for good while it is away."""

    away = True

    def send(self, notice, /):
        if self.away:
            raise ChannelError("gone", final=True)
        super().send(notice)


def gathered(*more):
    return street(subscriptions=(attrs.evolve(TOLD, digest="18:00"), *more))


def test_what_lies_in_a_dead_digest_counts_as_dead_and_is_found_by_its_topic():
    now = [NOON]
    channel = Refusing(lambda: now[0])
    with opened(gathered(), MemoryStore(), channel, lambda: now[0]) as office:
        office.handle(Announce(ONE, text="明日停水"), by="desk-1", id="n1")
        office.deliver()
        now[0] = EVENING
        assert office.deliver().failed == 5
        found = office.progress("announcement:n1")
        assert (found.total, found.bundled, found.dead, found.withdrawn) == (5, 0, 5, 0)
        digests = office.undelivered(topic="announcement:n1")
        assert {each.notice.id for each in digests} == {each.notice.id for each in office.undelivered()}
        assert office.undelivered(topic="announcement:other") == ()

        channel.away = False
        for each in digests:
            office.resend(each.notice.id, by="desk-1")
        assert office.progress("announcement:n1").bundled == 5
        assert len(office.undelivered(topic="announcement:n1", dead=False)) == 5
        now[0] += dt.timedelta(minutes=1)
        assert office.deliver().sent == 5
        found = office.progress("announcement:n1")
        assert (found.bundled, found.dead, office.undelivered(topic="announcement:n1")) == (5, 0, ())


def test_what_is_withdrawn_while_its_digest_waits_counts_as_withdrawn_and_nobody_has_to_read_it():
    now = [NOON]
    channel = Refusing(lambda: now[0])
    with opened(gathered(), MemoryStore(), channel, lambda: now[0]) as office:
        office.handle(Announce(ONE, text="明日停水"), by="desk-1", id="n1")
        office.handle(Announce("150203005008-B001", text="今日查表"), by="desk-1", id="n2")
        office.deliver()
        now[0] = EVENING
        office.deliver()
        office.handle(WithdrawAnnouncement("n1", reason="mistake"), by="desk-1")
        channel.away = False
        for each in office.undelivered():
            office.resend(each.notice.id, by="desk-1")
        now[0] += dt.timedelta(minutes=1)
        assert office.deliver().sent == 1  # builder-81 has the other one in the same digest
        assert [(notice.to, notice.text) for _, notice in channel.taken] == [("builder-81", "今日查表")]
        first, second = office.progress("announcement:n1"), office.progress("announcement:n2")
        assert (first.withdrawn, first.bundled, first.dead) == (5, 0, 0)
        assert (second.withdrawn, second.bundled) == (0, 1)
        assert office.unread("announcement:n1", by="desk-1") == ()
        assert office.unread("announcement:n2", by="desk-1") == ("builder-81",)


def test_what_was_withdrawn_can_neither_be_acknowledged_nor_mended_nor_sent():
    channel, store = Refusing(lambda: NOON), MemoryStore()
    with opened(street(), store, channel) as office:
        office.handle(Announce("150203005008-B001", text="明日停水"), by="desk-1", id="n1")
        office.handle(WithdrawAnnouncement("n1", reason="mistake"), by="desk-1")
        office.deliver()
        (message,) = store.messages("150203005/delivery")
        with pytest.raises(RefusalError, match="taken back") as refused:
            office.acknowledge(message.id, by="builder-81")
        assert refused.value.code == "notices.withdrawn"
        for change in ({}, {"text": "now say this"}):
            with pytest.raises(StoreError, match="taken back before it was sent"):
                office.mend(message.id, by="desk-1", **change)
        channel.away = False
        assert office.deliver(NOON + dt.timedelta(hours=1)).sent == 0
        found = office.progress("announcement:n1")
        assert (found.sent, found.withdrawn, found.read) == (0, 1, 0)


CASE = OpenCase(kind="noise", place="150203005008-B001", source="hotline")
ROUTED = Subscription(event="case-routed", audience="lead", channel="im")
KEYS = {"new": b"2" * 32}


@pytest.mark.parametrize(
    ("vault", "told"),
    [(None, "this office was opened without a vault"), (KEYS, "locked with a key that is not in the vault")],
)
def test_a_text_that_cannot_be_opened_is_a_failed_attempt_of_its_own_and_all_else_goes_out(vault, told):
    pytest.importorskip("cryptography")
    setup, store, channel = street(subscriptions=(TOLD, ROUTED)), MemoryStore(), Group(lambda: NOON)
    with open_office(setup, store, discover=False, clock=lambda: NOON, vault=Vault({"old": b"1" * 32})) as office:
        office.handle(Announce(ONE, text="明日停水"), by="desk-1", id="n1")
        office.handle(CASE, by="desk-1", id="c")
    worker = Vault(vault) if vault else None
    with open_office(setup, store, channels=[channel], discover=False, clock=lambda: NOON, vault=worker) as office:
        done = office.deliver()
        assert (done.sent, done.failed, done.waiting) == (1, 5, 5)
        assert [notice.subject for _, notice in channel.taken] == ["c"]
        assert all(told in each.error for each in office.undelivered())
        assert {each.attempts for each in office.undelivered()} == {1}
    keys = Vault({"old": b"1" * 32, "new": b"2" * 32})
    with open_office(setup, store, channels=[channel], discover=False, clock=lambda: NOON, vault=keys) as office:
        assert office.deliver(NOON + dt.timedelta(minutes=2)).sent == 5


def test_a_digest_with_a_text_that_cannot_be_opened_loses_nothing_and_is_tried_again():
    pytest.importorskip("cryptography")
    setup, store, now = gathered(attrs.evolve(ROUTED, digest="18:00")), MemoryStore(), [NOON]
    channel, vault = Group(lambda: now[0]), Vault({"k": b"1" * 32})
    with open_office(setup, store, discover=False, clock=lambda: NOON, vault=vault) as office:
        office.handle(Announce("150203005008-B001", audience="grid", text="明日停水"), by="desk-1", id="n1")
        office.handle(CASE, by="desk-1", id="c")
    for keys, sent in ((None, 0), (vault, 1)):
        with open_office(setup, store, channels=[channel], discover=False, clock=lambda: now[0], vault=keys) as office:
            office.deliver()
            now[0] = max(EVENING, now[0] + dt.timedelta(minutes=2))
            assert office.deliver().sent == sent
    ((_, notice),) = channel.taken
    assert "明日停水" in notice.text
    assert "[c]" in notice.text


def test_a_private_text_that_is_locked_is_not_read_without_a_vault():
    pytest.importorskip("cryptography")
    setup, store = street(), MemoryStore()
    with open_office(setup, store, discover=False, clock=lambda: NOON, vault=Vault({"k": b"1" * 32})) as office:
        made = office.handle(Announce(ONE, text="明日停水"), by="desk-1", id="n1")
    with (
        open_office(setup, store, discover=False, clock=lambda: NOON) as office,
        pytest.raises(StoreError, match="opened without a vault"),
    ):
        office.read_private(made.state.text.ref, by="desk-1", purpose="publication")
