"""What comes out of an office: masked for whom a grant masks it, and no private text without a trace."""

import datetime as dt

import attrs
import pytest

from gridgov import cases, open_office, points, setup
from gridgov.access import MASKS, AccessPolicy, Grant
from gridgov.cases import (
    Acknowledge,
    Answer,
    BlowWhistle,
    CaseView,
    Check,
    Close,
    Follow,
    LinkDuplicate,
    OpenCase,
    PublishResult,
    Rate,
    ReportIn,
    Resolve,
    Return,
    Search,
    Timeline,
    Unfollow,
    UnlinkDuplicate,
    Withdraw,
    parties_of,
)
from gridgov.errors import GridgovError, NotFoundError, RefusalError
from gridgov.points import AwardView, ProposeAward, Statement
from gridgov.setup import PrivateReads, ReadPrivate
from gridgov.store import MemoryStore
from gridgov.testing import NOON, small_setup

HOUSE, OTHER = "150203005008-B001", "150203005009-B001"
RESIDENT, FOLLOWER, APP = "resident:00001", "resident:00002", "wx-7f3a"
READER, STAFF = "wx-follows", "builder-92"
PICTURE = "e" * 64
TEXTS = {
    "report": "北楼张三漏水-M1",
    "contact": "13800000000-M2",
    "result": "李四修好了-M3",
    "check": "王五看过-M4",
    "answer": "致张三-M5",
    "comment": "谢谢李四-M6",
    "whistle": "请赵六来-M7",
    "published": "公开的结果",
    "note": "扶王奶奶-M8",
    "objection": "不服-M9",
}


def masking(*masks, role="desk-officer"):
    """Everybody may do anything, and one role does not see some of it."""
    rest = [each for each in (*small_setup().roster.roles, "resident") if each != role]
    return AccessPolicy(
        (
            Grant(role=role, names=frozenset({"*"}), scope="all", masked=frozenset(masks)),
            *(Grant(role=each, names=frozenset({"*"}), scope="all") for each in rest),
            Grant(role="anyone", names=frozenset({"OpenCase", "Follow", "Unfollow"}), scope="all"),
            Grant(role="organization", names=frozenset({"ReportIn"}), scope="department"),
        )
    )


def opened(store, policy=None):
    found = small_setup(access=policy) if policy is not None else small_setup()
    return open_office(found, store, discover=False, clock=lambda: NOON)


def live_through(office):
    """One case from the report to the published result, one linked to it, one by an app, and an award."""
    report = OpenCase(
        kind="noise",
        place=HOUSE,
        source="resident",
        reporter=RESIDENT,
        text=TEXTS["report"],
        contact=TEXTS["contact"],
        evidence=(PICTURE,),
    )
    office.handle(report, by=RESIDENT, id="c1")
    office.handle(attrs.evolve(report, reporter=APP, text="", contact=""), by=APP, id="c2")
    office.handle(attrs.evolve(report, reporter=FOLLOWER), by=FOLLOWER, id="c3")
    office.handle(LinkDuplicate("c3", of="c1"), by="lead-81")
    for who in (FOLLOWER, APP, READER, STAFF):
        office.handle(Follow("c1"), by=who)
    for who in (APP, STAFF):
        office.handle(Unfollow("c1"), by=who)
    soon = NOON + dt.timedelta(days=2)
    whistle = BlowWhistle(("c1",), organizations=("police",), report_by=soon, reason=TEXTS["whistle"])
    office.handle(whistle, by="lead-81", id="w1")
    office.handle(Resolve("c1", result=TEXTS["result"]), by="lead-81")


def and_on(office):
    office.handle(ReportIn("c1", whistle="w1", organization="police"), by="police-1")
    office.handle(Check("c1", passed=True, reason=TEXTS["check"]), by="head-8")
    office.handle(Answer("c1", text=TEXTS["answer"]), by="desk-2")
    office.handle(Rate("c1", score=5, comment=TEXTS["comment"]), by=RESIDENT)
    office.handle(Close("c1"), by="desk-2")


def samples(**ids):
    """One or more of every view there is."""
    case = ids.get("case", "c1")
    found = {
        cases.Board: [cases.Board(), cases.Board(on=HOUSE)],
        cases.CaseView: [CaseView(case), CaseView("c2"), CaseView("c3")],
        cases.Duplicates: [cases.Duplicates(case)],
        cases.ModeView: [cases.ModeView()],
        cases.PublishedResults: [cases.PublishedResults("2026-09")],
        cases.Rates: [cases.Rates(months=("2026-09",))],
        cases.Search: [Search(), Search(holder="lead-81")],
        cases.Timeline: [Timeline(case), Timeline("c2", "en"), Timeline("c3", "en")],
        cases.Trial: [cases.Trial()],
        cases.WorkList: [cases.WorkList(of="lead-81"), cases.WorkList(of=RESIDENT)],
        points.AwardList: [points.AwardList("claimed"), points.AwardList("under-review")],
        points.AwardView: [AwardView("award-1")],
        points.Holdings: [points.Holdings(RESIDENT)],
        points.Honors: [points.Honors("2026-Q3", league="none")],
        points.HouseholdBalance: [points.HouseholdBalance("household:1", on=NOON.date())],
        points.Liabilities: [points.Liabilities()],
        points.MonthLines: [points.MonthLines("2026-08")],
        points.MonthsPublished: [points.MonthsPublished()],
        points.Ranking: [points.Ranking(months=("2026-09",))],
        points.Statement: [Statement(RESIDENT)],
        points.Vouchers: [points.Vouchers(RESIDENT)],
        PrivateReads: [PrivateReads(), PrivateReads(subject="case:c1")],
    }
    every = {
        getattr(room, name)
        for room in (cases, points, setup)
        for name in room.__all__
        if isinstance(getattr(room, name), type) and hasattr(getattr(room, name), "answer")
    }
    assert set(found) == every, "a view is missing here"
    return [view for views in found.values() for view in views]


def every_answer(office, by):
    found = {}
    for view in samples():
        try:
            found[view] = repr(office.ask(view, by=by))
        except (RefusalError, NotFoundError) as refusal:
            found[view] = f"{refusal} {getattr(refusal, 'facts', '')}"
    return found


@pytest.fixture
def store():
    return MemoryStore()


def lived(store, policy):
    """A street that has lived, seen under a policy."""
    with opened(store, policy) as office:
        live_through(office)
        and_on(office)
        award = ProposeAward(account=RESIDENT, deed="help", on=NOON.date(), occasion="o1", note=TEXTS["note"])
        office.handle(award, by="lead-81", id="award-1")
    return opened(store, policy)


# --- masks ---------------------------------------------------------------------------------------------

LEAKS = {
    "reporter": (RESIDENT, FOLLOWER, APP, READER, STAFF, "c1/contact"),
    "contact": ("c1/contact",),
    "evidence": (PICTURE,),
    "text": ("/text", "/result", "/reason", "/comment", "/contact"),
    "resident": (RESIDENT, FOLLOWER),
}


def hidden(mask, view):
    """What must not be in the answer to a view; who reported is a matter of cases."""
    if mask == "reporter" and type(view).__module__.startswith("gridgov.points"):
        return ()
    return LEAKS[mask]


@pytest.mark.parametrize("mask", MASKS)
def test_what_is_masked_never_comes_out_of_any_view_for_that_role(store, mask):
    with lived(store, masking(mask)) as office:
        for view, answer in every_answer(office, "desk-1").items():
            for leak in hidden(mask, view):
                assert leak not in answer, (view, leak)


@pytest.mark.parametrize("mask", MASKS)
def test_the_same_street_shows_it_to_whom_nothing_masks_it(store, mask):
    with lived(store, masking()) as office:
        office.read_private(office.ask(CaseView("c1"), by="desk-1").file.contact.ref, by="desk-1", purpose="feedback")
        answers = "".join(every_answer(office, "desk-1").values())
        assert [leak for leak in LEAKS[mask] if leak not in answers] == []


@pytest.mark.parametrize("mask", MASKS)
def test_what_is_masked_never_comes_out_of_an_outcome_for_that_role(store, mask):
    with opened(store, masking(mask, role="area-lead")) as office:
        live_through(office)
        own = [office.handle(Acknowledge("c2"), by="lead-81")]
        own.append(office.handle(Resolve("c2", result=TEXTS["result"]), by="lead-81"))
        for outcome in own:
            for leak in LEAKS[mask]:
                assert leak not in repr(outcome), leak


def test_who_reported_a_case_that_is_no_duplicate_after_all_stays_masked(store):
    with opened(store, masking("reporter")) as office:
        live_through(office)
        office.handle(Unfollow("c1"), by=FOLLOWER)
        outcome = office.handle(UnlinkDuplicate("c3", reason="x"), by="desk-1")
        assert {type(event).__name__ for event in outcome.events} >= {"CaseUnlinked", "DuplicateLost"}
        assert FOLLOWER not in repr(outcome)
        assert FOLLOWER not in repr(office.ask(Timeline("c1"), by="desk-1"))


def test_who_gives_a_case_away_sees_no_more_of_it_than_before(store):
    gas = Grant(
        role="organization", names=frozenset({"*"}), scope="department", masked=frozenset({"reporter", "contact"})
    )
    with opened(store, AccessPolicy((*masking().grants, gas))) as office:
        report = OpenCase(kind="gas.smell", place=HOUSE, source="resident", reporter=APP, contact=TEXTS["contact"])
        office.handle(report, by=APP, id="g")
        given_back = office.handle(Return("g", reason="x"), by="gas-1")
        assert "gas" not in parties_of(given_back.state)
        assert (given_back.state.file.reporter, given_back.state.file.contact) == ("withheld", None)
        assert APP not in repr(given_back)


def test_a_retry_shows_no_more_than_the_first_time(store):
    with opened(store, masking("reporter", "contact", role="area-lead")) as office:
        live_through(office)
        first = office.handle(Acknowledge("c2"), by="lead-81", id="k")
        assert office.handle(Acknowledge("c2"), by="lead-81", id="k") == first
        assert APP not in repr(first)


def test_ones_own_is_never_masked(store):
    with lived(store, masking(*MASKS, role="resident")) as office:
        file = office.ask(CaseView("c1"), by=RESIDENT).file
        assert (file.reporter, file.evidence) == (RESIDENT, (PICTURE,))
        assert office.ask(Statement(RESIDENT), by=RESIDENT).account.id == RESIDENT
        report = OpenCase(kind="noise", place=OTHER, source="resident", reporter=RESIDENT, contact=TEXTS["contact"])
        office.handle(report, by=RESIDENT, id="c4")
        mine = office.handle(Withdraw("c4"), by=RESIDENT).state.file
        assert (mine.reporter, mine.contact.ref) == (RESIDENT, "150203005/c4/contact")


def test_under_a_mask_nobody_finds_a_reporter_by_searching_for_them(store):
    with lived(store, masking("reporter")) as office:
        with pytest.raises(RefusalError, match="for the desk alone"):
            office.ask(Search(reporter=RESIDENT), by="desk-1")
        with pytest.raises(RefusalError, match="for the desk alone"):
            office.ask(PrivateReads(of=RESIDENT), by="desk-1")


@pytest.mark.parametrize(
    ("masks", "field", "passes"),
    [
        ({"text"}, "text", False),
        ({"text"}, "contact", False),
        ({"contact"}, "contact", False),
        ({"reporter"}, "contact", False),
        ({"contact", "reporter", "evidence"}, "text", True),
    ],
)
def test_a_private_text_is_read_only_as_far_as_the_grant_shows_it(store, masks, field, passes):
    policy = masking(*masks)
    with lived(store, policy) as office:
        ref, purpose = f"150203005/c1/{field}", "feedback" if field == "contact" else "case-handling"
        if passes:
            assert office.read_private(ref, by="desk-1", purpose=purpose) == TEXTS["report"]
        else:
            with pytest.raises(RefusalError) as refused:
                office.read_private(ref, by="desk-1", purpose=purpose)
            assert (refused.value.code, refused.value.facts["why"]) == ("private.withheld", "masked")


# --- scopes through the office --------------------------------------------------------------------------


def test_a_department_sees_its_own_cases_and_no_other_departments(store):
    policy = AccessPolicy(
        (
            *masking().grants[:-1],
            Grant(role="organization", names=frozenset({"*read", "ReadPrivate", "Acknowledge"}), scope="department"),
        )
    )
    with opened(store, policy) as office:
        for kind, case in (("gas.smell", "g"), ("noise", "n")):
            office.handle(OpenCase(kind=kind, place=HOUSE, source="resident", text="x"), by=RESIDENT, id=case)
        assert office.ask(CaseView("g"), by="gas-1").id == "g"
        assert office.read_private("150203005/g/text", by="gas-1", purpose="case-handling") == "x"
        assert [row.case for row in office.ask(cases.WorkList(of="gas"), by="gas-1")] == ["g"]
        assert [row.case for row in office.ask(Search(holder="gas"), by="gas-1").found] == ["g"]
        for view in (CaseView("n"), Timeline("n"), Search(), Search(holder="lead-81"), cases.WorkList(of="lead-81")):
            with pytest.raises(RefusalError) as refused:
                office.ask(view, by="gas-1")
            assert refused.value.facts["why"] == "other-department"
        for by in ("gas-1", "police-1"):
            with pytest.raises(RefusalError, match="may not"):
                office.read_private("150203005/n/text", by=by, purpose="case-handling")
        with pytest.raises(RefusalError, match="may not"):
            office.handle(Acknowledge("n"), by="gas-1")
        assert office.handle(Acknowledge("g"), by="gas-1").state.acknowledged_at == NOON


def test_who_was_called_by_a_whistle_may_report_in_and_others_may_not(store):
    with opened(store, masking()) as office:
        live_through(office)
        with pytest.raises(RefusalError) as refused:
            office.handle(ReportIn("c1", whistle="w1", organization="police"), by="gas-1")
        assert refused.value.facts["why"] == "other-department"
        assert office.handle(ReportIn("c1", whistle="w1", organization="police"), by="police-1").events


def test_without_any_grant_nobody_is_answered_but_about_their_own_and_what_is_public(store):
    with lived(store, masking()) as office:
        position = office.position
    with open_office(small_setup(access=masking()), store, discover=False, clock=lambda: NOON) as office:
        office.amend(small_setup(access=AccessPolicy(())), by="desk-1", reason="close")
        public = (cases.ModeView, cases.PublishedResults, points.Honors, points.MonthsPublished)
        for view in samples():
            if isinstance(view, public):
                continue
            for by in ("desk-1", "lead-82", "gas-1", "resident:00009", "stranger"):
                with pytest.raises(RefusalError) as refused:
                    office.ask(view, by=by)
                assert refused.value.code == "access.denied"
        assert office.position == position + 1


# --- traces ---------------------------------------------------------------------------------------------


class Watching(MemoryStore):
    """Notes every private text that is taken out."""

    def __init__(self):
        super().__init__()
        self.taken = []

    def private(self, ref, /):
        entry = super().private(ref)
        if entry is not None:
            self.taken.append(ref)
        return entry


def test_no_view_outcome_notice_or_error_holds_a_private_text_or_takes_one_out():
    store = Watching()
    with lived(store, masking()) as office:
        store.taken.clear()
        answers = every_answer(office, "desk-1") | every_answer(office, RESIDENT) | every_answer(office, "lead-81")
        told = [*answers.values(), repr(office.undelivered()), repr(list(office.events("cases")))]
        told.append(repr(office.faults))
        for text in TEXTS.values():
            if text != TEXTS["published"]:
                assert not any(text in each for each in told), text
        assert store.taken == []


def test_what_was_written_for_everybody_is_the_one_text_that_a_view_gives_out():
    store = Watching()
    with lived(store, masking()) as office:
        office.handle(PublishResult("c1", text=TEXTS["published"]), by="desk-1", id="p")
        store.taken.clear()
        assert TEXTS["published"] in repr(office.ask(cases.PublishedResults("2026-09"), by="stranger"))
        assert store.taken == ["150203005/p/text"]


def test_every_private_text_that_is_read_leaves_exactly_one_trace_with_who_what_when_and_why():
    store = Watching()
    with lived(store, masking()) as office:
        refs = list(store.private_refs())
        assert len(refs) >= 8
        for ref in refs:
            entry = store.private(ref)
            assert office.read_private(ref, by="desk-1", purpose=entry.purpose) == entry.body.decode()
        traces = office.ask(PrivateReads(reader="desk-1"), by="desk-1")
        expected = sorted((store.private(ref).subject.partition("/")[2], ref.rpartition("/")[2]) for ref in refs)
        assert sorted((each.subject, each.field) for each in traces) == expected
        assert {(each.at, each.by, bool(each.purpose)) for each in traces} == {(NOON, "desk-1", True)}


def test_a_text_that_may_not_be_read_leaves_no_trace_and_is_not_given(store):
    policy = AccessPolicy((*masking().grants, Grant(role="organization", names=frozenset({"*read"}), scope="all")))
    with lived(store, policy) as office:
        with pytest.raises(RefusalError, match="may not"):
            office.read_private("150203005/c1/text", by="gas-1", purpose="case-handling")
        assert office.ask(PrivateReads(), by="desk-1") == ()


def test_erasing_stands_in_the_trace_too(store):
    with lived(store, masking()) as office:
        count = office.erase("case:c1", by="desk-1")
        gone = office.ask(PrivateReads(subject="case:c1"), by=RESIDENT)
        assert len(gone) == count
        assert all(each.erased and not each.purpose for each in gone)


def test_who_was_read_about_sees_it_and_other_residents_do_not(store):
    with lived(store, masking()) as office:
        office.read_private("150203005/c1/text", by="desk-1", purpose="case-handling")
        office.read_private("150203005/award-1/note", by="desk-1", purpose="points")
        mine = office.ask(PrivateReads(of=RESIDENT), by=RESIDENT)
        assert [(each.by, each.subject, each.field) for each in mine] == [
            ("desk-1", "award:award-1", "note"),
            ("desk-1", "case:c1", "text"),
        ]
        assert office.ask(PrivateReads(of=RESIDENT), by="desk-1") == mine
        assert office.ask(PrivateReads(of=RESIDENT, reader="lead-81"), by="desk-1") == ()
    closed = AccessPolicy((Grant(role="desk-officer", names=frozenset({"*"}), scope="all"),))
    with opened(MemoryStore(), closed) as office:
        for view in (PrivateReads(of=RESIDENT), PrivateReads(subject="case:c1"), PrivateReads()):
            with pytest.raises(RefusalError, match="may not"):
                office.ask(view, by=FOLLOWER)


def test_a_reporter_who_reads_their_own_is_named_to_the_desk_and_not_to_the_lead(store):
    with lived(store, masking()) as office:
        office.read_private("150203005/c1/text", by=RESIDENT, purpose="case-handling")
        named = {by: office.ask(PrivateReads(subject="case:c1"), by=by)[0].by for by in ("desk-1", "lead-81", RESIDENT)}
        assert named == {"desk-1": RESIDENT, "lead-81": "withheld", RESIDENT: RESIDENT}


def test_whose_texts_were_read_is_for_the_desk_and_for_themselves(store):
    with lived(store, masking()) as office, pytest.raises(RefusalError, match="for the desk alone"):
        office.ask(PrivateReads(of=RESIDENT), by="lead-81")


def test_a_trace_that_is_asked_for_by_hand_gives_no_text(store):
    with lived(store, masking()) as office:
        outcome = office.handle(
            ReadPrivate("150203005/c1/text", subject="case:c1", purpose="case-handling"), by="desk-1"
        )
        assert TEXTS["report"] not in repr(outcome)


@pytest.mark.parametrize("by", ["stranger", "resident:00009", "gas-1"])
def test_an_error_of_the_office_names_no_reporter(store, by):
    with lived(store, masking()) as office:
        calls = [lambda: office.handle(Resolve("c1"), by=by), lambda: office.handle(Rate("c1", score=1), by=by)]
        calls.append(lambda: office.ask(CaseView("c1"), by="stranger"))
        for call in calls:
            with pytest.raises(GridgovError) as refused:
                call()
            assert RESIDENT not in f"{refused.value} {getattr(refused.value, 'facts', '')}"


def test_who_may_read_no_private_text_does_not_learn_whether_there_is_one():
    access = AccessPolicy(
        (
            Grant(role="resident", names=frozenset({"OpenCase"}), scope="all"),
            Grant(role="desk-officer", names=frozenset({"*"}), scope="all"),
        )
    )
    with open_office(small_setup(access=access), MemoryStore(), discover=False, clock=lambda: NOON) as office:
        report = OpenCase(kind="noise", place=HOUSE, source="resident", reporter=RESIDENT, text="x", contact="y")
        office.handle(report, by=RESIDENT, id="c1")
        told = set()
        for ref in ("150203005/c1/contact", "150203005/c1/text", "150203005/c2/contact"):
            for purpose in ("feedback", "case-handling", "x"):
                with pytest.raises(RefusalError) as refused:
                    office.read_private(ref, by="lead-81", purpose=purpose)
                told.add((refused.value.code, refused.value.message, tuple(sorted(refused.value.facts.items()))))
        assert len(told) == 1
        assert office.read_private("150203005/c1/contact", by="desk-1", purpose="feedback") == "y"


def test_a_denial_does_not_say_where_the_case_lies():
    access = AccessPolicy((Grant(role="desk-officer", names=frozenset({"*"}), scope="all"),))
    with open_office(small_setup(access=access), MemoryStore(), discover=False, clock=lambda: NOON) as office:
        office.handle(OpenCase(kind="noise", place=HOUSE, source="hotline"), by="desk-1", id="c1")
        with pytest.raises(RefusalError) as refused:
            office.ask(CaseView("c1"), by="resident:stranger")
        assert HOUSE not in f"{refused.value} {refused.value.facts}"
