"""What becomes of some matters beside the ordinary: held, extended, divided, linked, handed over, corrected ...

Each function plans the steps of one matter from the moment at which its lead has acknowledged it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gridgov.cases import (
    AskExtension,
    AskHold,
    Check,
    ConfirmReceipt,
    Correct,
    DecideObjection,
    DecideRequest,
    Decline,
    Dispatch,
    Duplicates,
    EndMode,
    Follow,
    HandOver,
    ImportCase,
    JoinPart,
    LinkDuplicate,
    OpenCase,
    RaiseObjection,
    RecordOutcome,
    Resolve,
    Resume,
    Return,
    Search,
    SplitCase,
    Supervise,
    SwitchMode,
    Unfollow,
    UnlinkDuplicate,
    Urge,
    Withdraw,
    holder_of,
)

if TYPE_CHECKING:
    from play import Matter, Weeks

DESK, CHECKER = "DESK1", "DESK3"
STORM = dt.datetime(2026, 9, 16, 13, 10, tzinfo=dt.timezone(dt.timedelta(hours=8)))
Story = Callable[["Weeks", "Matter", dt.datetime], None]
QUARTER, HOUR = dt.timedelta(minutes=15), dt.timedelta(hours=1)


def chance(*words: str) -> float:
    """Give a number from 0 to 1 that is always the same for the same words."""
    return int.from_bytes(hashlib.sha256("/".join(words).encode()).digest()[:6], "big") / 2**48


def opening(matter: Matter) -> Any:
    """The command with which a matter begins."""
    if matter.story == "imported":
        return ImportCase(
            system="12345",
            foreign_id=f"2026-{matter.id}",
            kind=matter.kind,
            place=matter.place,
            opened_at=matter.at - 2 * HOUR,
            reporter=matter.reporter,
            text=matter.text,
        )
    tip_off = matter.story == "tip-off"
    return OpenCase(
        kind=matter.kind,
        place=matter.place,
        source="hotline" if tip_off else matter.source,
        reporter=matter.reporter,
        departments=3 if matter.story == "whistle" else 1,
        hotline_kind="tip-off" if tip_off else "",
        text=matter.text,
    )


def held(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    case, until = matter.id, begin + dt.timedelta(days=3)
    ask = AskHold(case, until=until, reason="配件需从外地调运")
    weeks.step(begin + QUARTER, matter, "hold", lambda: (ask, weeks.actor(case)))

    early = chance(case, "resumed") < 0.5
    ends = begin + dt.timedelta(days=1) if early else until

    def later(at: dt.datetime) -> None:
        if early:  # the part came sooner
            weeks.step(ends, matter, "resume", lambda: (Resume(case), weeks.actor(case)))
        weeks.handle(matter, weeks.at_work(ends + HOUR, case, "held"), "1")

    decide = DecideRequest(case, granted=True)
    weeks.step(begin + HOUR, matter, "hold/decided", lambda: (decide, weeks.first_secretary(matter)), later)


def extended(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    granted = matter.story == "extended"
    case = matter.id
    ask = AskExtension(case, by="1工作日", reason="需与业主再约时间")
    decide = DecideRequest(case, granted=granted, reason="" if granted else "时间足够")
    weeks.step(begin + QUARTER, matter, "more", lambda: (ask, weeks.actor(case)))
    weeks.step(begin + HOUR, matter, "more/decided", lambda: (decide, weeks.first_secretary(matter)))
    weeks.handle(matter, max(begin + 2 * HOUR, weeks.share(case, 115 if granted else 80)), "1")


def divided(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    case, id_ = matter.id, f"{matter.id}/split"
    leads = ("law-enforcement", "property")
    third = chance(case, "third") < 0.5  # it turns out not to be needed, and is taken back
    named = (*leads, "housing") if third else leads
    command = SplitCase(case, leads=tuple(f"org:{lead}" for lead in named), reason="各负责一部分")
    at = max(begin + 3 * HOUR, weeks.share(case, 50))

    def parts(when: dt.datetime) -> None:
        for number, lead in enumerate(leads, start=1):
            part, who = f"{id_}.{number}", weeks.people[lead][0]
            resolve, check = Resolve(part, result="本部分已办结"), Check(part, passed=True)
            done = at + number * QUARTER
            weeks.step(done, matter, f"part-{number}", lambda r=resolve, w=who: (r, w))  # type: ignore[misc]
            weeks.step(done + QUARTER, matter, f"part-{number}/checked", lambda c=check: (c, CHECKER))  # type: ignore[misc]
        if third:
            join = JoinPart(f"{id_}.3", reason="不需要该部门处理")
            weeks.step(begin + 2 * HOUR, matter, "join", lambda: (join, DESK))
        weeks.handle(matter, at + 2 * HOUR, "1")

    weeks.step(begin + QUARTER, matter, "split", lambda: (command, DESK), parts)


def wrongly_linked(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    case = matter.id

    def link() -> tuple[Any, str]:
        suggested = [each.case for each in weeks.office.ask(Duplicates(case), by=DESK)]
        waiting = weeks.office.ask(Search(states=("dispatched", "resolved", "checked", "answered"), limit=2), by=DESK)
        other = (suggested + [row.case for row in waiting.found if row.case != case])[0]
        return LinkDuplicate(case, of=other), DESK

    unlink = UnlinkDuplicate(case, reason="经核实不是同一处")
    weeks.step(begin + QUARTER, matter, "link", link)
    weeks.step(begin + HOUR, matter, "unlink", lambda: (unlink, DESK))
    weeks.handle(matter, max(begin + 2 * HOUR, weeks.share(case, 60)), "1")


def handed_over(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    case, taken_up = matter.id, matter.story == "handed-over"

    def hand() -> tuple[Any, str]:
        authority = "police" if holder_of(weeks.state(case)) != "police" else "law-enforcement"
        return HandOver(case, authority=authority, reason="涉嫌违法，移送处理"), weeks.actor(case)

    def authority() -> str:
        return weeks.people[weeks.state(case).authority.holder][0]  # type: ignore[union-attr]

    def later(at: dt.datetime) -> None:
        if taken_up:
            weeks.after_handling(matter, at, "1")
        else:
            weeks.handle(matter, weeks.at_work(at + HOUR, case, "back"), "1")

    outcome = RecordOutcome(case, taken_up=taken_up, result="已立案查处" if taken_up else "不属于管辖范围")
    receipt = ConfirmReceipt(case, receipt=f"2026-{matter.id}")
    weeks.step(begin + QUARTER, matter, "hand-over", hand)
    weeks.step(begin + HOUR, matter, "receipt", lambda: (receipt, authority()))
    weeks.step(
        weeks.at_work(begin + dt.timedelta(days=1), case), matter, "outcome", lambda: (outcome, authority()), later
    )


def corrected(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    case = matter.id
    kind = "environment.rubbish" if matter.kind.startswith("property") else "property.light"
    command = Correct(case, kind=kind, reason="事项类型选错")

    def later(at: dt.datetime) -> None:
        weeks.handle(matter, max(at + HOUR, weeks.share(case, 60)), "1")

    weeks.step(begin + QUARTER, matter, "correct", lambda: (command, DESK), later)


def appealed(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    """Late, because of a power cut; the one who had it appeals after the matter is closed."""
    case = matter.id
    weeks.handle(matter, weeks.share(case, 125), "1")

    def appeal() -> tuple[Any, str]:
        return RaiseObjection(case, against="lateness", reason="停电两天无法施工"), weeks.actor(case)

    def decide() -> tuple[Any, str]:
        return DecideObjection(case, upheld=True, reason="情况属实"), weeks.first_secretary(matter)

    after = weeks.at_work(weeks.share(case, 125) + dt.timedelta(days=4), case, "appeal")
    weeks.step(after, matter, "appeal", appeal)
    weeks.step(after + HOUR, matter, "appeal/decided", decide)


def tossed(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    """Handed back three times: the third time it goes up."""
    case, at = matter.id, begin + QUARTER
    for turn, lead in enumerate(("org:law-enforcement", "org:housing", ""), start=1):
        back = Return(case, reason="不属于本单位职责")
        weeks.step(at, matter, f"return-{turn}", lambda b=back: (b, weeks.actor(case)))  # type: ignore[misc]
        if lead:
            again = Dispatch(case, lead=lead, reason="改派")
            weeks.step(at + QUARTER, matter, f"dispatch-{turn}", lambda a=again: (a, DESK))  # type: ignore[misc]
        at += 2 * QUARTER
    weeks.handle(matter, max(at + HOUR, weeks.share(case, 60)), "1")


def urged(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    case = matter.id
    who = weeks.first_secretary(matter)
    weeks.step(begin + QUARTER, matter, "follow", lambda: (Follow(case), "resident:00042"))
    weeks.step(begin + HOUR, matter, "urge", lambda: (Urge(case), matter.reporter))
    supervise = Supervise(case, supervisor=who, reason="居民催办")
    weeks.step(begin + 2 * HOUR, matter, "supervise", lambda: (supervise, DESK))
    no_more = begin + 2 * HOUR + QUARTER
    weeks.step(no_more, matter, "unfollow", lambda: (Unfollow(case), "resident:00042"))
    weeks.handle(matter, max(begin + 3 * HOUR, weeks.share(case, 60)), "1")


def withdrawn(weeks: Weeks, matter: Matter, begin: dt.datetime) -> None:
    weeks.step(begin + QUARTER, matter, "withdraw", lambda: (Withdraw(matter.id, reason="已自行解决"), matter.reporter))


AFTER_ACKNOWLEDGING: dict[str, Story] = {
    "held": held,
    "extended": extended,
    "extension-denied": extended,
    "split": divided,
    "wrongly-linked": wrongly_linked,
    "handed-over": handed_over,
    "lead-refused": handed_over,
    "corrected": corrected,
    "appeal": appealed,
    "tossed": tossed,
    "urged": urged,
    "withdrawn": withdrawn,
}


def before_anybody_has_it(weeks: Weeks, matter: Matter, at: dt.datetime) -> bool:
    """Plan what the desk does at once; say whether that was all."""
    case = matter.id
    if matter.story.startswith("same:"):
        link = LinkDuplicate(case, of=matter.story.removeprefix("same:"))
        weeks.step(at + dt.timedelta(minutes=2), matter, "link", lambda: (link, DESK))
        return True
    if not matter.story.startswith("declined"):
        return False
    decline = Decline(case, reason="不属于本街道受理范围")
    weeks.step(at + dt.timedelta(minutes=2), matter, "decline", lambda: (decline, DESK))
    if matter.story == "declined-upheld":
        object_ = RaiseObjection(case, against="refusal", reason="就在本社区")
        anew = DecideObjection(case, upheld=True, lead="role:area-lead", reason="应予受理")
        weeks.step(at + HOUR, matter, "object", lambda: (object_, matter.reporter))

        def later(when: dt.datetime) -> None:
            weeks.handle(matter, max(when + HOUR, weeks.share(case, 50)), "1")

        weeks.step(at + 2 * HOUR, matter, "objection", lambda: (anew, weeks.first_secretary(matter)), later)
    return True


def storm(weeks: Weeks) -> None:
    """An afternoon of emergency: ordinary clocks stand still, and trees go to the emergency bureau."""
    begin = SwitchMode(until=STORM + dt.timedelta(hours=20), ordinary="pause", reason="暴雨橙色预警")
    end = EndMode(reason="预警解除")
    weeks.simulator.plan(STORM, "storm", lambda: (begin, DESK))
    weeks.simulator.plan(STORM + 6 * HOUR, "storm/over", lambda: (end, "DESK2"))
