"""Claims and the panel: who asks for points, and who gives them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import attrs

from gridgov.access import kind_of_actor
from gridgov.decider import Subjects
from gridgov.errors import NotFoundError, as_code
from gridgov.points import _commands as c
from gridgov.points import _events as e
from gridgov.points._given import (
    PointsGiven,
    account_of,
    award_of,
    by_the_clock,
    check_budget,
    concerned,
    entry,
    household_of,
    may,
    of_award,
    opaque,
    refuse,
    stamp,
    wrong_state,
)
from gridgov.points._scheme import Cap, Deed, window_of
from gridgov.points._state import Account, AwardFile, Claim, Claimed, Community, Household, Sitting, UnderReview
from gridgov.points._tags import claim_tag
from gridgov.proofs import canonical, digest

__all__ = ["call_sitting", "hold_sitting", "propose", "propose_for_all"]


COUNT_MAX = 100_000
FIRST_DAY = dt.date(1970, 1, 1)


# --- proposals ----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Wish:
    """One proposal, on its own or from a list."""

    id: str
    account: str
    asked: c.ProposeAward | c.ProposeAwards


def propose(command: c.ProposeAward, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    # Leave for one's own places is about other people's deeds; one's own may be done anywhere.
    may(command, given, "" if given.by == command.account else command.place)
    return [_proposed(_Wish(id=given.command_id, account=command.account, asked=command), subjects, given, {})]


def propose_for_all(command: c.ProposeAwards, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given, command.place)
    if not command.accounts or len(set(command.accounts)) != len(command.accounts):
        refuse("empty-list", "a list names at least one account, and each once")
    # What the ones before it on the list count for caps that they share.
    before: dict[tuple[str, str], int] = {}
    events: list[e.PointsEvent] = []
    for number, account in enumerate(command.accounts, start=1):
        wish = _Wish(id=f"{given.command_id}/{number}", account=account, asked=command)
        events.append(_proposed(wish, subjects, given, before))
    return events


def _proposed(
    wish: _Wish, subjects: Subjects, given: PointsGiven, before: dict[tuple[str, str], int]
) -> e.AwardProposed:
    asked = wish.asked
    opaque(wish.account, "an account")
    if subjects.get(f"award:{wish.id}") is not None:
        refuse("award-exists", f"there is an award {wish.id!r} already", award=wish.id)
    deed = _deed(asked, given)
    _check_claim(wish, deed, subjects, given)
    account = account_of(wish.account, subjects)
    household = account.household_on(asked.on)
    house = household_of(household, subjects)
    community = _community(asked.place, house, given)
    points = deed.points * asked.count
    if not asked.occasion:
        refuse("no-occasion", f"say at what {deed.id} was done: a case, a meeting, a day", account=wish.account)
    if not by_the_clock(given):  # what the office proposes is about a record of its own
        opaque(asked.occasion, "an occasion")
    counted = _counted(deed, asked.on, wish.account, household, community)
    _check_caps(deed, asked.on, points, _Sides(account, house, community), subjects, before)
    _check_cooldown(deed, asked.on, account)
    if given.policy.budgets and not community:
        message = f"awards come from a community's budget; say at which place {wish.account} did {deed.id}"
        refuse("no-community", message, account=wish.account)
    return e.AwardProposed(
        **stamp(subjects, given, deed.id),
        award=wish.id,
        account=wish.account,
        deed=deed.id,
        month=f"{asked.on:%Y-%m}",
        payee=_pool_of(house, subjects) if given.policy.pool else "",
        unit=deed.book or given.policy.book,
        only=deed.only,
        counted=counted,
        asked=points,
        category=deed.category,
        on=asked.on,
        occasion=asked.occasion,
        note=given.sealed.get("note"),
        count=asked.count,
        evidence=asked.evidence,
        community=community,
        household=household,
    )


def _pool_of(house: Household | None, subjects: Subjects) -> str:
    """Give the household whose account gets the points; nobody's where it is closed."""
    while house is not None and house.merged_into:
        house = household_of(house.merged_into, subjects)
    return house.id if house is not None and not account_of(house.id, subjects).closed else ""


def _deed(asked: c.ProposeAward | c.ProposeAwards, given: PointsGiven) -> Deed:
    """Give the deed by the scheme of its day."""
    try:
        deed = given.policy_on(asked.on).deeds.get(asked.deed)
    except NotFoundError:
        deed = None
    if deed is None:
        near = get_close_matches(asked.deed, list(given.policy.deeds), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        refuse("unknown-deed", f"the scheme lists no deed {as_code(asked.deed)}{hint}")
    if not max(deed.from_on, FIRST_DAY) <= asked.on <= deed.until_on:
        refuse("deed-not-in-force", f"{deed.id} was not in force on {asked.on}", deed=deed.id)
    if asked.on > given.day:
        refuse("deed-in-the-future", f"a deed of {asked.on} cannot be claimed on {given.day}", on=asked.on)
    if not 1 <= asked.count <= COUNT_MAX:
        message = f"{deed.id} was done 1 to {COUNT_MAX} times the {deed.unit}, not {asked.count}"
        refuse("bad-count", message, count=asked.count)
    return deed


def _check_claim(wish: _Wish, deed: Deed, subjects: Subjects, given: PointsGiven) -> None:
    asked = wish.asked
    _eligible(wish.account, deed, asked.on, subjects, given)
    _check_proposer(wish.account, deed, given)
    claim: Claim | None = subjects.get(claim_tag(wish.account, deed.id, asked.occasion))
    if claim is not None:
        refuse(
            "claimed-already",
            f"{deed.id} at this occasion was claimed for {wish.account} already",
            award=claim.award,
        )
    brought = {evidence.partition(":")[0] for evidence in asked.evidence if evidence.partition(":")[2]}
    for evidence in asked.evidence:
        kind, _, reference = evidence.partition(":")
        opaque(reference if kind in deed.evidence else evidence, "evidence")
    missing = [kind for kind in deed.evidence if kind not in brought]
    unread = [evidence for evidence in asked.evidence if not evidence.partition(":")[2]]
    # What the office itself proposes rests on a record that is its own evidence.
    if (missing and not by_the_clock(given)) or unread:
        needs = ", ".join(missing or unread)
        message = f"{deed.id} of {wish.account} needs evidence as KIND:REFERENCE: {needs}"
        refuse("no-evidence", message, deed=deed.id, account=wish.account)


def _eligible(account: str, deed: Deed, on: dt.date, subjects: Subjects, given: PointsGiven) -> None:
    kind = "household" if household_of(account, subjects) is not None else kind_of_actor(account, given.roster)
    if kind not in deed.members:
        whom = ", ".join(deed.members)
        refuse("no-member", f"{as_code(account)} is no {whom} of this street, whom {deed.id} is for", account=account)
    if kind == "worker":
        roles = {given.roster.roles[posting.role] for posting in given.roster.postings_of(account, on)}
        if not any(not role.paid for role in roles):
            message = f"{account} has no unpaid posting on {on}; points thank the unpaid"
            refuse("paid-role", message, account=account)
    if account_of(account, subjects).closed:
        refuse("account-closed", f"the account {account} is closed", account=account)


def _check_proposer(account: str, deed: Deed, given: PointsGiven) -> None:
    if not deed.proposers or by_the_clock(given):
        return
    roles = {posting.role for posting in given.roster.postings_of(given.by, given.day)}
    roles.add(kind_of_actor(given.by, given.roster))
    if given.by == account:
        roles.add("self")
    if not roles & set(deed.proposers):
        refuse("not-the-proposer", f"{deed.id} is proposed by {', '.join(deed.proposers)}", by=given.by)


def _community(place: str, house: Household | None, given: PointsGiven) -> str:
    """Give the issuing community: that of the place, else that of the household, else none."""
    if place:
        if place not in given.territory:
            refuse("unknown-place", f"there is no place {as_code(place)}", place=place)
        return given.territory.up(place, given.policy.community_level) or ""
    return house.community if house is not None else ""


@attrs.frozen
class _Sides:
    """Whose limits a claim counts against."""

    account: Account
    household: Household | None
    community: str


def _caps(deed: Deed) -> tuple[Cap, ...]:
    own = (Cap(points=deed.month_cap, per="month"),) if deed.month_cap else ()
    return (*own, *deed.caps)


def _counted(deed: Deed, on: dt.date, account: str, household: str, community: str) -> tuple[e.Counted, ...]:
    """Name the limits that a claim counts against, besides the account's own month."""
    found: dict[e.Counted, None] = {}
    for cap in deed.caps:
        key = f"{deed.id}:{window_of(cap.per, on)}"
        if cap.of == "account" and cap.per != "month":
            found[e.Counted(subject=f"account:{account}", key=key)] = None
        elif cap.of == "household" and household:
            found[e.Counted(subject=household, key=key)] = None
        elif cap.of == "community" and community:
            found[e.Counted(subject=f"community:{community}", key=key)] = None
    if deed.cooldown_days:
        found[e.Counted(subject=f"account:{account}", key=f"{deed.id}@{on.isoformat()}")] = None
    return tuple(found)


def _check_caps(
    deed: Deed,
    on: dt.date,
    points: int,
    sides: _Sides,
    subjects: Subjects,
    before: dict[tuple[str, str], int],
) -> None:
    counting: set[tuple[str, str]] = set()
    for cap in _caps(deed):
        key = f"{deed.id}:{window_of(cap.per, on)}"
        whose, counts = _counts(cap, deed, sides, subjects)
        if not whose:
            continue
        counted = counts.get(key, 0) + before.get((whose, key), 0)
        if counted + points > cap.points:
            refuse(
                "cap-reached",
                f"{deed.id} earns at most {cap.points} points in a {cap.per} for one {cap.of}; "
                f"{counted} are counted for {whose} in {key.partition(':')[2]}",
                deed=deed.id,
                account=sides.account.id,
                month=f"{on:%Y-%m}",
                whose=whose,
            )
        counting.add((whose, key))
    for each in counting:
        before[each] = before.get(each, 0) + points


def _counts(cap: Cap, deed: Deed, sides: _Sides, subjects: Subjects) -> tuple[str, Mapping[str, int]]:
    """Give whom a cap is for, and what is counted there; nobody where a person has no household."""
    if cap.of == "account":
        return sides.account.id, sides.account.counted
    if cap.of == "household":
        return (sides.household.id, sides.household.counted) if sides.household is not None else ("", {})
    if not sides.community:
        refuse(
            "no-community",
            f"{deed.id} has a cap in each community; say at which place {sides.account.id} did it",
            account=sides.account.id,
        )
    community: Community | None = subjects.get(f"community:{sides.community}")
    return sides.community, community.counted if community is not None else {}


def _check_cooldown(deed: Deed, on: dt.date, account: Account) -> None:
    for days in range(-deed.cooldown_days, deed.cooldown_days + 1 if deed.cooldown_days else 0):
        near = on + dt.timedelta(days=days)
        if account.counted.get(f"{deed.id}@{near.isoformat()}", 0):
            refuse(
                "too-soon",
                f"days between two of {deed.id}: {deed.cooldown_days}; {near} is counted for {account.id}",
                deed=deed.id,
                account=account.id,
                on=near,
            )


# --- sittings -----------------------------------------------------------------------------------


def call_sitting(command: c.CallSitting, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    if not command.awards or len(set(command.awards)) != len(command.awards):
        refuse("empty-list", "an agenda names at least one award, and each once")
    if subjects.get(f"sitting:{given.command_id}") is not None:
        refuse("sitting-exists", f"there is a sitting {given.command_id!r} already")
    for each in command.awards:
        award = award_of(each, subjects, given)
        if not isinstance(award, Claimed):
            wrong_state(award, "put on an agenda")
    return [e.SittingCalled(**stamp(subjects, given, "sitting"), sitting=given.command_id, awards=command.awards)]


def hold_sitting(command: c.HoldSitting, subjects: Subjects, given: PointsGiven) -> list[e.PointsEvent]:
    may(command, given)
    _check_present(command, given)
    awards = tuple(judgment.award for judgment in command.judgments)
    if len(set(awards)) != len(awards) or not awards:
        refuse("judged-twice", "a sitting judges at least one award, and each once")
    sitting = _sitting(command, subjects, given)
    common = stamp(subjects, given, "sitting")
    budgets: dict[tuple[str, str], int] = {}
    events: list[e.PointsEvent] = [
        _judged(judgment, command, sitting, subjects, given, budgets) for judgment in command.judgments
    ]
    minutes = {
        "present": command.present,
        "judgments": [
            {"award": event.award, "points": event.given, "in_favor": event.in_favor, "against": event.against}
            for event in events
            if isinstance(event, e.AwardReviewed)
        ],
    }
    held = e.SittingHeld(
        **common,
        sitting=sitting,
        present=command.present,
        awards=awards,
        minutes_digest=digest(canonical(minutes)),
        minutes=given.sealed.get("minutes"),
    )
    return [*events, held]


def _check_present(command: c.HoldSitting, given: PointsGiven) -> None:
    sides = {member.person: member.side for member in given.policy.panel}
    strangers = [person for person in command.present if person not in sides]
    if strangers:
        refuse("not-on-the-panel", f"{', '.join(map(as_code, strangers))} is not on the panel")
    if len(set(command.present)) != len(command.present):
        refuse("member-twice", "a member is present once")
    if len(command.present) < given.policy.quorum:
        refuse("no-quorum", f"a sitting needs {given.policy.quorum} members, {len(command.present)} are present")
    if given.by not in command.present:
        refuse("not-on-the-panel", f"a sitting is recorded by somebody who sat; {given.by} did not", by=given.by)
    if len({sides[person] for person in command.present}) < given.policy.sides_min:
        refuse("sides-missing", f"a sitting needs {given.policy.sides_min} of the four sides")


def _sitting(command: c.HoldSitting, subjects: Subjects, given: PointsGiven) -> str:
    """Give the id of the sitting: one that was called, or the command's own."""
    if not command.sitting:
        if subjects.get(f"sitting:{given.command_id}") is not None:
            refuse("sitting-exists", f"there is a sitting {given.command_id!r} already")
        return given.command_id
    called: Sitting | None = subjects.get(f"sitting:{command.sitting}")
    if called is None:
        refuse("unknown-sitting", f"no sitting {as_code(command.sitting)} was called")
    return called.id


def _judged(
    judgment: c.Judgment,
    command: c.HoldSitting,
    sitting: str,
    subjects: Subjects,
    given: PointsGiven,
    budgets: dict[tuple[str, str], int],
) -> e.AwardReviewed:
    award = award_of(judgment.award, subjects, given)
    called = sitting if command.sitting else ""
    if not (isinstance(award, UnderReview) and award.sitting == called if called else isinstance(award, Claimed)):
        wrong_state(award, "judged by this sitting")
    file = award.file
    _check_votes(judgment, command.present, file, subjects, given)
    if not 0 <= judgment.points <= file.asked:
        refuse("bad-points", f"{file.id} asks for {file.asked} points; the panel gives 0 to that", award=file.id)
    approved = judgment.points > 0 and _carried(judgment, len(command.present), given.policy.majority)
    points = judgment.points if approved else 0
    unit = file.unit or given.policy.book
    source = file.community if given.policy.budgets and file.community else "book:issued"
    if points and source != "book:issued":
        check_budget(source, unit, points, file.id, subjects, budgets)
    bucket = "issued" if source == "book:issued" else "budget"
    return e.AwardReviewed(
        **stamp(subjects, given, file.deed),
        **of_award(file),
        sitting=sitting,
        asked=file.asked,
        given=points,
        unit=unit,
        present=command.present,
        in_favor=judgment.in_favor,
        against=judgment.against,
        source=source,
        entries=(entry(unit, source, bucket, -points), entry(unit, file.payee, "pending", points)) if points else (),
    )


def _check_votes(
    judgment: c.Judgment, present: Sequence[str], file: AwardFile, subjects: Subjects, given: PointsGiven
) -> None:
    votes = (*judgment.in_favor, *judgment.against)
    if len(set(votes)) != len(votes) or not set(votes) <= set(present):
        message = f"each member who is present votes on {judgment.award} once at most"
        refuse("bad-vote", message, award=judgment.award)
    own = [vote for vote in votes if concerned(vote, file, subjects, given)]
    if own:
        message = f"{own[0]} cannot vote on {judgment.award}, an award of their own or their household's"
        refuse("votes-on-themselves", message, award=judgment.award)


def _carried(judgment: c.Judgment, present: int, majority: str) -> bool:
    for_, votes = len(judgment.in_favor), len(judgment.in_favor) + len(judgment.against)
    match majority:
        case "absolute":
            return 2 * for_ > present
        case "two-thirds":
            return votes > 0 and 3 * for_ >= 2 * votes
        case _:
            return 2 * for_ > votes
