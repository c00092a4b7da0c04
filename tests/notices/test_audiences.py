"""Who is told, and that nobody is named to whom they asked not to be named."""

import attrs
import pytest

from gridgov import open_office
from gridgov.access import AccessPolicy, Grant
from gridgov.cases import Acknowledge, Answer, OpenCase, Resolve, Transfer, Urge
from gridgov.delivery import ConsoleChannel
from gridgov.documents import ROOMS
from gridgov.notices import AUDIENCES, AWARD_AUDIENCES, check_audience, notices_for
from gridgov.setup import Subscription, Template
from gridgov.store import MemoryStore, every_record
from gridgov.testing import NOON, small_setup

GROUPS = ("grid", "members", "role:area-lead", "role:general-grid-head", "owners:community", "owners:grid")
OF_CASES = tuple(sorted(AUDIENCES - AWARD_AUDIENCES - {"addressed"})) + GROUPS[2:]
HIDDEN = "resident:00077"
FOLLOWER = "resident:00078"
EVENTS = tuple(name for room in ROOMS if room.name == "cases" for name in room.events)
WORDS = Template(event="case-opened", language="en", text="$text|$subject|$at|$kind|$place|$code|$stage|$due")


def told(setup, audience, language, *, confidential=True):
    """Play a case whose reporter asked not to be named; give every notice of an audience."""
    rows = tuple(Subscription(event=name, audience=audience, channel="c", language=language) for name in EVENTS)
    setup = attrs.evolve(setup, subscriptions=rows, templates=(WORDS,))
    store, notices = MemoryStore(), []
    with open_office(setup, store, discover=False, clock=lambda: NOON) as office:
        report = OpenCase(
            kind="noise", place="150203005008-B001", source="resident", reporter=HIDDEN, confidential=confidential
        )
        office.handle(report, by=HIDDEN, id="a", at=NOON)
        office.handle(Urge("a"), by=HIDDEN, at=NOON)
        office.handle(Acknowledge("a"), by="lead-81", at=NOON)
        office.handle(Transfer("a", lead="org:gas", reason="不属于本格"), by="lead-81", at=NOON)
        office.handle(Acknowledge("a"), by="gas-1", at=NOON)
        office.handle(Resolve("a"), by="gas-1", at=NOON)
        memory = office._memory
        for record in every_record(store):
            seen = memory.seen(record)
            after = memory.subject_at(seen.tags[0], record.position)
            place = f"{seen.stream}@{seen.stream_version}"
            notices += notices_for(seen.name, seen.event, after, place, setup)
    return notices


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("audience", OF_CASES)
def test_no_withheld_name_stands_in_a_notice_for_anybody_but_its_bearer_and_the_desk(audience, language):
    """要求保密的上报人只对值守人员和本人显示 / a reporter who asked not to be named is named to the desk and to
    themselves alone."""
    for notice in told(small_setup(), audience, language):
        if notice.to not in (HIDDEN, "desk") or (notice.to == "desk" and audience != "desk"):
            assert HIDDEN not in notice.text + notice.subject + notice.topic, (audience, notice)


def test_the_desk_is_told_who_it_was_and_so_is_the_reporter():
    """The test above would pass for notices that name nobody at all."""
    assert any(HIDDEN in notice.text for notice in told(small_setup(), "desk", "zh"))
    assert any(HIDDEN in notice.text for notice in told(small_setup(), "reporter", "zh"))


@pytest.mark.parametrize("audience", OF_CASES)
def test_no_resident_is_named_in_a_notice_but_to_the_desk_and_to_themselves(audience):
    """通知不写居民标识，除本人和值守人员外 / who reported by name and did not ask for anything is no news for machines of
    others either."""
    for notice in told(small_setup(), audience, "zh", confidential=False):
        if audience != "desk" and notice.to != HIDDEN:
            assert HIDDEN not in notice.text, (audience, notice)


def test_what_the_grant_of_a_receiver_masks_in_the_story_is_masked_in_the_notice():
    masking = Grant(role="area-lead", names=frozenset({"*read"}), scope="own", masked=frozenset({"reporter"}))
    plain = Grant(role="area-lead", names=frozenset({"*read"}), scope="own")
    rest = [Grant(role=role, names=frozenset({"*"}), scope="all") for role in ("resident", "organization")]
    lines = []
    for grant in (plain, masking):
        rows = (Subscription(event="case-urged", audience="lead", channel="console"),)
        setup = attrs.evolve(small_setup(access=AccessPolicy((grant, *rest))), subscriptions=rows)
        channel = ConsoleChannel(write=lines.append)
        with open_office(setup, channels=[channel], discover=False, clock=lambda: NOON) as office:
            # Somebody of the company reports a noise: no resident, but a reporter all the same.
            report = OpenCase(kind="noise", place="150203005008-B001", source="hotline", reporter="gas-1")
            office.handle(report, by="gas-1", id="a", at=NOON)
            office.handle(Urge("a"), by="gas-1", at=NOON)
            office.deliver(NOON)
    assert [line.partition("] ")[2] for line in lines] == ["gas-1 催办", "上报人 催办"]


ROWS = (
    Subscription(event="case-routed", audience="lead", channel="c"),
    Subscription(event="case-routed", audience="lead", channel="c", language="en"),
    Subscription(event="case-routed", audience="lead", channel="c", digest="18:00"),
    Subscription(event="case-routed", audience="lead", channel="c", quiet="22:00-07:00"),
)


def test_rows_that_differ_in_language_or_hours_alone_give_messages_of_their_own():
    setup, store = attrs.evolve(small_setup(), subscriptions=(*ROWS, ROWS[0])), MemoryStore()
    with open_office(setup, store, discover=False, clock=lambda: NOON) as office:
        office.handle(OpenCase(kind="noise", place="150203005008-B001", source="hotline"), by="desk-1", id="a")
        office.deliver()
    plain = "150203005/case:a@2:lead:lead-81:c"
    assert {each.id for each in store.messages("150203005/delivery")} == {
        plain,  # as it always was, for the first of them and for one that says the same again
        f"{plain}:en::",
        f"{plain}:zh::18:00",
        f"{plain}:zh:22:00-07:00:",
    }


@pytest.mark.parametrize("audience", GROUPS)
def test_every_group_is_told_of_a_case_and_each_of_them_once(audience):
    opened = [notice for notice in told(small_setup(), audience, "zh") if notice.id.startswith("150203005/case:a@1:")]
    assert opened
    assert len({notice.to for notice in opened}) == len(opened)
    assert all(notice.topic == "150203005/case:a" for notice in opened)


@pytest.mark.parametrize(
    ("event", "audience", "part"),
    [
        ("case-routed", "role:mayor", "no role 'mayor'"),
        ("case-routed", "owners:planet", "no level 'planet'"),
        ("case-routed", "boss", "unknown audience 'boss'"),
        ("award-confirmed", "members", "about somebody's points"),
        ("case-routed", "addressed", "announcements are for"),
        ("announcement-made", "members", "announcements are for"),
    ],
)
def test_an_audience_that_an_event_does_not_have_is_found_when_the_files_are_read(event, audience, part):
    setup = small_setup()
    assert part in check_audience(event, audience, setup.roster, setup.territory)


@pytest.mark.parametrize("audience", OF_CASES)
def test_an_audience_that_an_event_has_is_none_of_these_mistakes(audience):
    setup = small_setup()
    assert check_audience("case-routed", audience, setup.roster, setup.territory) == ""


def test_the_answer_to_a_case_reaches_the_whole_grid_where_the_table_says_so():
    lines = []
    rows = (Subscription(event="case-answered", audience="members", channel="console"),)
    setup = attrs.evolve(small_setup(), subscriptions=rows)
    channel = ConsoleChannel(write=lines.append)
    with open_office(setup, channels=[channel], discover=False, clock=lambda: NOON) as office:
        report = OpenCase(kind="question", place="150203005008001", source="resident", reporter=FOLLOWER)
        office.handle(report, by=FOLLOWER, id="a", at=NOON)
        office.handle(Resolve("a"), by="lead-81", at=NOON)
        office.handle(Answer("a", text="好了"), by="desk-1", at=NOON)
        office.deliver(NOON)
    assert [line.split(":")[0] for line in sorted(lines)] == ["→ builder-81", "→ lead-81"]
