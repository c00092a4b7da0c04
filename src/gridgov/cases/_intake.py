"""How a case begins: reported, imported, accepted or declined, corrected, found to be a duplicate."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import attrs

from gridgov.cases import _commands as c
from gridgov.cases import _events as e
from gridgov.cases._given import (
    OPAQUE,
    TAG,
    CaseGiven,
    aware,
    clear_of,
    desk_only,
    desk_or_lead,
    going_on,
    guard,
    import_tag,
    is_desk,
    may,
    named_place,
    not_taken,
    reason_of,
    refuse,
    responded,
    subject_of,
    waiting,
    wrong_state,
)
from gridgov.cases._route import IMPORTED, Route
from gridgov.cases._ruling import check_facts, route_of, shadowed
from gridgov.cases._state import Dispatched, Linked, OpenState, Registered, State, amended, is_open
from gridgov.decider import Subjects
from gridgov.errors import as_code
from gridgov.escalation import Deadline, pressed_from, worked_out
from gridgov.routing import SOURCES, Kind

_DIGEST = re.compile(r"[0-9a-f]{64}")

__all__ = ["accept", "correct", "decline", "follow", "import_case", "link", "open_case", "unfollow", "unlink"]


def open_case(command: c.OpenCase, _state: None, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    kind = _named(command, subjects, given)
    aware(command.agreed_due_at, "agreed date", given)
    may("OpenCase", command.place, given)
    _admitted(kind)
    opened = _opened(command, kind, given.at, given)
    route = route_of(opened, given.at, command.agreed_due_at, subjects, given)
    if route.deadline.due_at <= given.at:
        # A date that was promised elsewhere and is over: pressed for from now on, one rung after the other.
        route = attrs.evolve(route, deadline=_from_now_on(route.deadline, given))
    routed = e.CaseRouted(case=opened.case, at=given.at, by="system:routing", route=route)
    beside = shadowed(opened.case, route, given)
    return [opened, routed, *beside, *waiting(opened.case, route.deadline, route.band, subjects, given)]


def _named(command: c.OpenCase | c.ImportCase, subjects: Subjects, given: CaseGiven) -> Kind:
    """Give the kind of a report that is new, plausible, and of a place that exists."""
    not_taken(given.command_id, subjects)
    kind = _kind(command.kind, given)
    named_place(command.place, given)
    _plausible(command)
    check_facts(command.facts, given)
    return kind


def _opened(command: c.OpenCase | c.ImportCase, kind: Kind, at: dt.datetime, given: CaseGiven) -> e.CaseOpened:
    return e.CaseOpened(
        case=given.command_id,
        at=at,
        by=given.by,
        place=command.place,
        grid=given.territory.up(command.place, "grid") or "",
        source=command.source,
        reporter=command.reporter,
        departments=command.departments,
        repeats=command.repeats,
        severity=command.severity,
        tags=command.tags,
        facts=dict(command.facts),
        evidence=command.evidence,
        hotline_kind=command.hotline_kind,
        confidential=command.confidential or command.hotline_kind == "tip-off",
        text=given.sealed.get("text"),
        contact=given.sealed.get("contact"),
        **_of_kind(kind),
    )


def _kind(code: str, given: CaseGiven) -> Kind:
    if code not in given.catalog:
        hint = given.catalog.hint(code)
        refuse("case.unknown-kind", f"there is no kind {as_code(code)}{hint}", kind=as_code(code))
    return given.catalog[code]


def _plausible(command: c.OpenCase | c.ImportCase) -> None:
    """Refuse what no report can say, whatever the street."""
    if command.source not in SOURCES:
        sources = ", ".join(sorted(SOURCES))
        refuse("case.unknown-source", f"the source {as_code(command.source)} is none of {sources}")
    if command.departments < 0 or command.repeats < 0:
        refuse("case.negative-count", "departments and repeats are 0 or more")
    if command.severity not in c.SEVERITIES:
        refuse("case.unknown-severity", "the severity is 1 (slight) to 4 (gravest), or 0 where nobody rated it")
    if command.hotline_kind and command.hotline_kind not in c.HOTLINE_KINDS:
        kinds = ", ".join(c.HOTLINE_KINDS)
        refuse("case.unknown-hotline-kind", f"the hotline kind {as_code(command.hotline_kind)} is none of {kinds}")
    if not all(_DIGEST.fullmatch(each) for each in command.evidence):
        refuse("case.bad-evidence", "evidence is named by its SHA-256 digest: 64 hexadecimal digits")
    if not all(TAG.fullmatch(tag) for tag in command.tags):
        refuse("case.bad-tag", "a tag is a word of at most 32 letters, without spaces or long numbers")
    if command.reporter and not OPAQUE.fullmatch(command.reporter):
        # It stands in the store for ever: a name or a telephone number must not.
        refuse("case.bad-reporter", "a reporter is an opaque id that begins with a letter, as in resident:0412")


def _admitted(kind: Kind) -> None:
    if not kind.admitted:
        refuse(
            "case.not-admitted",
            f"{kind.en} ({kind.code}) is not on the list of matters that enter the grids; send it to the desk",
            kind=kind.code,
        )


def _of_kind(kind: Kind) -> dict[str, Any]:
    return {
        "kind": kind.code,
        "kind_zh": kind.zh,
        "kind_en": kind.en,
        "affair": kind.affair,
        "co_governor": kind.co_governor,
        "size": kind.size,
        "urgency": kind.urgency,
        "checked": kind.checked,
    }


def _from_now_on(deadline: Deadline, given: CaseGiven) -> Deadline:
    """Let nothing fall due before now: what was not known could not be pressed for."""
    return pressed_from(deadline, given.ladder_of(deadline), given.calendar_named(deadline.calendar), given.at)


def import_case(command: c.ImportCase, _state: None, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    kind = _named(command, subjects, given)
    aware(command.opened_at, "opening", given)
    aware(command.due_at, "promised date", given)
    if command.opened_at > given.at:
        refuse("case.opened-later", "an imported case was opened before now", opened_at=command.opened_at.isoformat())
    if not all(as_code(name) == repr(name) for name in (command.system, command.foreign_id)):
        refuse("case.no-origin", "an imported case names its system and what it is called there, as codes without text")
    if subjects.get(import_tag(command.system, command.foreign_id)) is not None:
        refuse(
            "case.imported-already",
            f"{command.foreign_id} of {command.system} was imported already",
            foreign_id=command.foreign_id,
        )
    may("ImportCase", command.place, given)
    _admitted(kind)
    opened = _opened(command, kind, command.opened_at, given)
    opened = attrs.evolve(opened, imported_from=command.system, foreign_id=command.foreign_id)
    route = route_of(opened, command.opened_at, command.due_at, subjects, given)
    route = attrs.evolve(route, deadline=_from_now_on(route.deadline, given))
    then = [
        *shadowed(opened.case, route, given),
        *waiting(opened.case, route.deadline, route.band, subjects, given),
    ]
    if not command.lead:
        return [opened, e.CaseRouted(case=opened.case, at=given.at, by="system:routing", route=route), *then]
    lead = given.named(command.lead, command.place)
    kept = Route(rule="", band=route.band, decided=IMPORTED, table=route.table, lead=lead, deadline=route.deadline)
    return [
        opened,
        e.CaseRouted(case=opened.case, at=given.at, by=given.by, route=kept),
        e.CaseDispatched(case=opened.case, at=given.at, by=given.by, lead=lead),
        *then,
    ]


def accept(_command: c.Accept, state: Registered, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    desk_only(state, given, "accepts by hand")
    if state.file.accepted_at is not None:
        refuse("case.accepted-already", f"the case {state.id} was accepted already", case=state.id)
    in_time = responded(state.file, given)
    return [e.CaseAccepted(case=state.id, at=given.at, by=given.by, responded_in_time=in_time)]


def decline(
    _command: c.Decline, state: Registered | Dispatched, _subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    desk_only(state, given, "declines a case")
    if isinstance(state, Dispatched) and state.acknowledged_at is not None:
        refuse("case.acknowledged-already", f"the case {state.id} is being handled", case=state.id)
    if state.file.parent:
        refuse("case.is-a-part", f"{state.id} is a part of {state.file.parent}; join it instead", case=state.id)
    clear_of(state, "declined")
    return [e.CaseDeclined(case=state.id, at=given.at, by=given.by, reason=reason_of(given))]


def correct(
    command: c.Correct, state: Registered | Dispatched, subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    desk_or_lead(state, given, "correct")
    file = state.file
    kind = _kind(command.kind or file.kind, given)
    place = named_place(command.place or file.place, given)
    if (kind.code, place) == (file.kind, file.place):
        refuse("case.nothing-corrected", f"kind and place of the case {state.id} are these already", case=state.id)
    _admitted(kind)
    grid = given.territory.up(place, "grid") or ""
    right = amended(file, place=place, grid=grid, **_of_kind(kind))
    # Whether it stands still is decided anew.
    before = going_on(state.deadline, given)
    agreed_at = before.due_at if before.limit is None else None
    route = route_of(right, before.reported_at or before.start_at, agreed_at, subjects, given)
    route = attrs.evolve(route, deadline=_with_history(route.deadline, before, given))
    return [
        e.CaseCorrected(
            case=state.id,
            at=given.at,
            by=given.by,
            place=place,
            grid=grid,
            was_kind=file.kind,
            was_place=file.place,
            was_grid=file.grid,
            route=route,
            reason=reason_of(given),
            **_of_kind(kind),
        ),
        *shadowed(state.id, route, given),
        *waiting(state.id, route.deadline, route.band, subjects, given),
    ]


def _with_history(fresh: Deadline, before: Deadline, given: CaseGiven) -> Deadline:
    """Give a corrected deadline the pauses and the extensions that the wrong one had."""
    longer = attrs.evolve(fresh, pauses=before.pauses, extensions=before.extensions)
    return _from_now_on(worked_out(longer, given.ladder_of(fresh), given.calendar_named(fresh.calendar)), given)


# --- duplicates and followers -------------------------------------------------------------------


def link(
    command: c.LinkDuplicate, state: Registered | Dispatched, subjects: Subjects, given: CaseGiven
) -> list[e.CaseEvent]:
    desk_or_lead(state, given, "link")
    if not is_desk(given) and state.deadline.is_late(given.at):
        refuse("case.not-the-desk", f"the case {state.id} is late; only {given.policy.desk} links it", case=state.id)
    if command.of == state.id:
        refuse("case.linked-to-itself", f"{state.id} is no duplicate of itself", case=state.id)
    if state.file.parent:
        refuse("case.is-a-part", f"{state.id} is a part of {state.file.parent}; join it instead", case=state.id)
    clear_of(state, "linked")
    other = subject_of(command.of, subjects)
    guard("LinkDuplicate", other, given)
    if not is_desk(given) and other.file.kind.partition(".")[0] != state.file.kind.partition(".")[0]:
        refuse(
            "case.not-the-desk", f"{other.id} is of another kind; only {given.policy.desk} links them", case=state.id
        )
    if not is_open(other):
        wrong_state(other, "the one that goes on for both")
    reporter = state.file.reporter
    deadline = going_on(state.deadline, given) if state.deadline.stands_since is not None else None
    return [
        e.CaseLinked(case=state.id, at=given.at, by=given.by, of=other.id, reporter=reporter, deadline=deadline),
        e.DuplicateFound(
            case=other.id,
            at=given.at,
            by=given.by,
            duplicate=state.id,
            reporter=reporter,
            confidential=state.file.confidential,
            followers=state.file.followers,
        ),
    ]


def unlink(command: c.UnlinkDuplicate, state: Linked, subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    desk_or_lead(state.before, given, "unlink")
    if state.file.parent:
        refuse("case.is-a-part", f"{state.id} was joined into {state.file.parent}; split that again", case=state.id)
    other = subject_of(state.of, subjects)
    before = state.before.deadline
    # Holidays may have been published meanwhile, and whatever was missed is pressed for from now on.
    ladder, calendar = given.ladder_of(before), given.calendar_named(before.calendar)
    deadline = worked_out(before, ladder, calendar, floor=given.at)
    return [
        e.CaseUnlinked(
            case=state.id,
            at=given.at,
            by=given.by,
            of=other.id,
            reason=reason_of(given),
            deadline=deadline,
        ),
        *waiting(state.id, deadline, state.route.band, subjects, given),
        e.DuplicateLost(case=other.id, at=given.at, by=given.by, duplicate=state.id, reporter=state.file.reporter),
    ]


def follow(_command: c.Follow, state: OpenState, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    if state.file.confidential and not is_desk(given):
        refuse("case.confidential", f"who reported the case {state.id} asked not to be named; nobody else follows it")
    if given.by in (*state.file.followers, state.file.reporter):
        refuse("case.followed-already", f"{given.by} is told of the case {state.id} already", case=state.id)
    return [e.CaseFollowed(case=state.id, at=given.at, by=given.by)]


def unfollow(_command: c.Unfollow, state: State, _subjects: Subjects, given: CaseGiven) -> list[e.CaseEvent]:
    if given.by not in state.file.followers:
        refuse("case.not-followed", f"{given.by} does not follow the case {state.id}", case=state.id)
    return [e.CaseUnfollowed(case=state.id, at=given.at, by=given.by)]
