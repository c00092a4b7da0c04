"""One line for people about each event of a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from gridgov.cases import _events as e
from gridgov.cases._route import Route, name_of
from gridgov.escalation import Deadline
from gridgov.staffing import Party
from gridgov.wording import Phrasebook
from gridgov.worktime import parse_limit

__all__ = ["PHRASES", "describe"]

PHRASES = Phrasebook(
    {
        "case-opened": ("{by} 上报：{kind}（{place}）", "{by} reported: {kind} ({place})"),
        "imported": (
            "由 {system} 转入（原编号 {number}）：{kind}（{place}）",
            "Imported from {system} (there {number}): {kind} ({place})",
        ),
        "part-of": ("作为 {parent} 的一部分立案：{kind}（{place}）", "Opened as a part of {parent}: {kind} ({place})"),
        "case-routed": ("自动派单给 {lead}（规则 {rule}），{due} 前", "Routed to {lead} (rule {rule}), due {due}"),
        "no-rule": ("没有规则适用，由 {lead} 决定，{due} 前", "No rule applies; {lead} decides, due {due}"),
        "by-hand": ("{by} 指定由 {lead} 办理，{due} 前", "{by} named {lead}, due {due}"),
        "provisional": ("（暂定）", " (provisional)"),
        "case-shadowed": (
            "试行的规则表 {table} 会另作决定：{lead}，{limit}",
            "The rules on trial, table {table}, would decide otherwise: {lead}, {limit}",
        ),
        "case-accepted": ("{by} 受理", "{by} accepted it"),
        "case-declined": ("{by} 不予受理，上报人可以提出异议", "{by} declined it; the reporter may object"),
        "case-corrected": (
            "{by} 更正为：{kind}（{place}），派给 {lead}（规则 {rule}），{due} 前",
            "{by} corrected it to: {kind} ({place}); it goes to {lead} (rule {rule}), due {due}",
        ),
        "case-linked": ("{by} 认定与 {of} 为同一事项，合并办理", "{by} found it to be the same matter as {of}"),
        "case-duplicate-found": ("{duplicate} 反映同一事项，合并办理", "{duplicate} reports the same matter"),
        "taken-back": ("{by} 收回，由 {of} 继续办理", "{by} took it back into {of}"),
        "case-unlinked": ("{by} 认定与 {of} 不是同一事项，恢复办理", "{by} found it not to be the same as {of}"),
        "case-duplicate-lost": ("{duplicate} 不再合并办理", "{duplicate} is on its own again"),
        "case-followed": ("{by} 关注此事", "{by} follows it"),
        "case-unfollowed": ("{by} 取消关注", "{by} follows it no more"),
        "case-dispatched": ("{by} 派单给 {lead}", "{by} dispatched it to {lead}"),
        "case-acknowledged": ("{by} 已签收", "{by} acknowledged it"),
        "case-returned": ("{by} 退单，回到 {desk}", "{by} returned it to {desk}"),
        "case-transferred": ("{by} 转办给 {lead}", "{by} transferred it to {lead}"),
        "case-warned": ("黄牌预警：期限将至（{due}）", "Yellow warning: the deadline is near ({due})"),
        "settled-days": ("节假日安排已公布，期限 {due} 不变", "The holidays were published; it stays due {due}"),
        "red": ("红牌预警：已到期限（{due}）", "Red warning: the deadline has come ({due})"),
        "case-escalated": (
            "{cause}，由 {supervisor} 督办（{due}）",
            "{cause}: {supervisor} supervises it ({due})",
        ),
        "taken-over": ("{cause}，由 {supervisor} 接办（{due}）", "{cause}: {supervisor} takes it over ({due})"),
        "overdue": ("逾期上报", "Escalated, overdue"),
        "asked": ("{by} 上报", "Escalated by {by}"),
        "case-urged": ("{by} 催办", "{by} urged it"),
        "case-supervised": ("{by} 指定 {supervisor} 督办", "{by} named {supervisor} to supervise it"),
        "case-split": ("{by} 拆分为 {parts}", "{by} split it into {parts}"),
        "case-part-joined": ("{by} 收回 {part}", "{by} took back the part {part}"),
        "case-part-handled": ("{part} 已办结", "The part {part} is handled"),
        "case-hold-asked": ("{by} 申请挂账至 {due}", "{by} asked to put it on hold until {due}"),
        "case-extension-asked": ("{by} 申请延期 {limit}", "{by} asked for {limit} more"),
        "case-held": ("{by} 批准挂账至 {due}", "{by} approved the hold until {due}"),
        "case-deadline-extended": (
            "{by} 批准延期 {limit}，新期限 {due}",
            "{by} approved {limit} more; now due {due}",
        ),
        "case-request-denied": ("{by} 未批准{what}", "{by} did not approve the {what}"),
        "hold": ("挂账", "hold"),
        "extension": ("延期", "extension"),
        "case-hold-ended": ("挂账结束，期限 {due}", "The hold is over; now due {due}"),
        "case-handed-over": ("{by} 将线索移送 {authority}", "{by} handed the lead over to {authority}"),
        "case-receipt-confirmed": ("移送回执 {receipt}", "The receipt is {receipt}"),
        "case-outcome-recorded": ("{authority} 已处理移送线索", "{authority} has dealt with the lead"),
        "refused": ("{authority} 不予受理移送线索，继续办理", "{authority} did not take up the lead; it goes on here"),
        "case-clock-paused": ("应急期间，普通事项停止计时", "Emergency: the clock stands still"),
        "case-clock-resumed": ("恢复平时，继续计时，期限 {due}", "Peacetime: the clock runs again; due {due}"),
        "no-word": (
            "移送单位逾期未回复，继续计时，期限 {due}",
            "No word from the authority: the clock runs again; due {due}",
        ),
        "case-deadline-reviewed": (
            "节假日安排已公布，期限由 {was} 改为 {due}",
            "The holidays were published; due {due} in place of {was}",
        ),
        "case-resolved": ("{by} 办结（{punctual}）", "{by} resolved it ({punctual})"),
        "in-time": ("按期", "in time"),
        "late": ("超期", "late"),
        "case-checked": ("{by} 核查：{verdict}", "{by} checked it: {verdict}"),
        "passed": ("通过", "passed"),
        "failed": ("不通过", "not passed"),
        "case-answered": ("已向上报人反馈", "The reporter was told"),
        "case-reporter-called": ("{by} 回访：{verdict}", "{by} called the reporter: {verdict}"),
        "not-reached": ("未接通", "not reached"),
        "reached": ("已接通", "reached"),
        "solved": ("已解决", "solved"),
        "unsolved": ("未解决", "not solved"),
        "satisfied": ("满意", "satisfied"),
        "unsatisfied": ("不满意", "not satisfied"),
        "case-rated": ("上报人评价 {score} 分（满分 5 分）", "The reporter rated it {score} of 5"),
        "case-reopened": ("{by} 要求重新办理，新期限 {due}", "{by} had it reopened; now due {due}"),
        "case-closed": ("结案（{punctual}）", "Closed ({punctual})"),
        "case-published": ("结果已公示", "The result was published"),
        "case-withdrawn": ("{by} 撤回", "{by} withdrew it"),
        "whistle-blown": (
            "{by} 吹哨：{organizations}，{due} 前报到",
            "{by} whistled for {organizations}, to report in by {due}",
        ),
        "whistle-reported-in": ("{organization} 报到（{punctual}）", "{organization} reported in ({punctual})"),
        "whistle-report-in-missed": ("{organization} 未按时报到", "{organization} did not report in"),
        "whistle-appraised": ("{organization} 此次评价 {mark} 分", "{organization} was appraised with {mark} of 5"),
        "case-objection-raised": ("{by} 对{against}提出异议", "{by} objected to the {against}"),
        "case-objection-decided": ("{by} 重新决定异议：{verdict}", "{by} decided the objection: {verdict}"),
        "given-anew": (
            "{by} 重新决定异议：{verdict}，改派 {lead}",
            "{by} decided the objection: {verdict}; {lead} has it",
        ),
        "both-anew": (
            "{by} 重新决定异议：{verdict}，由 {lead} 办理，{due} 前",
            "{by} decided the objection: {verdict}; {lead} has it, due {due}",
        ),
        "due-anew": ("{by} 重新决定异议：{verdict}，期限 {due}", "{by} decided the objection: {verdict}; due {due}"),
        "upheld": ("成立", "upheld"),
        "dismissed": ("不成立", "dismissed"),
        "route": ("派单", "route"),
        "deadline": ("时限", "deadline"),
        "refusal": ("不予受理", "refusal"),
        "lateness": ("超期认定", "finding that it was late"),
        "reporter": ("上报人", "The reporter"),
    }
)


def describe(
    name: str,
    event: e.CaseEvent,
    language: str = "zh",
    *,
    zone: str = "Asia/Shanghai",
    withheld: Collection[str] = (),
    named: Callable[[str, str], str] | None = None,
) -> str:
    """Say in one line what has happened, without personal data.

    :param name: the stored event name.
    :param withheld: the ids of reporters who asked not to be named.
    :param named: gives the name of an organization in a language, by its id; see
        :meth:`gridgov.staffing.Roster.name`.
    """
    teller = _Teller(language, zone, withheld, named or _by_id)
    key, facts = _TOLD.get(type(event), _nothing_more)(event, teller)
    return teller.say(key or name, by=teller.who(event.by), **facts)


def _by_id(id: str, _language: str) -> str:  # noqa: A002 - the field's word
    return id


@attrs.frozen
class _Teller:
    """In which language, in which local time, and whom not to name."""

    language: str
    zone: str
    withheld: Collection[str]
    named: Callable[[str, str], str]

    def say(self, key: str, **facts: object) -> str:
        return PHRASES.say(key, self.language, **facts)

    def who(self, by: str) -> str:
        return self.say("reporter") if by in self.withheld else by

    def local(self, instant: dt.datetime) -> str:
        return instant.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M")

    def name(self, party: Party) -> str:
        return name_of(party, self.language)

    def in_time(self, in_time: bool) -> str:
        return self.say("in-time" if in_time else "late")

    def kind(self, event: e.CaseOpened | e.CaseCorrected) -> dict[str, str]:
        return {"kind": event.kind_zh if self.language == "zh" else event.kind_en, "place": event.place}

    def routing(self, route: Route) -> dict[str, str]:
        return {"lead": self.name(route.lead), "rule": route.rule or "-", "due": self.due(route.deadline)}

    def due(self, deadline: Deadline) -> str:
        """Write when it is due; what rests on days that nobody has published says so."""
        return deadline.local(deadline.due_at) + (self.say("provisional") if deadline.provisional else "")

    def organization(self, id: str) -> str:  # noqa: A002 - the field's word
        name = self.named(id, self.language)
        return id if name == id else f"{name} {id}"


Told = tuple[str, dict[str, str | int]]
"""The key of another phrase than the event's own (or nothing), and what fills its blanks."""


def _nothing_more(_event: Any, _teller: _Teller) -> Told:
    return "", {}


def _opened(event: e.CaseOpened, teller: _Teller) -> Told:
    kind = teller.kind(event)
    if event.imported_from:
        return "imported", {"system": event.imported_from, "number": event.foreign_id, **kind}
    return ("part-of", {"parent": event.parent, **kind}) if event.parent else ("", {**kind})


def _escalated(event: e.CaseEscalated, teller: _Teller) -> Told:
    cause = teller.say("overdue") if event.overdue else teller.say("asked", by=teller.who(event.by))
    facts = {"supervisor": teller.name(event.supervisor), "cause": cause, "due": teller.local(event.step_at)}
    return "" if event.lead is None else "taken-over", {**facts}


def _called(event: e.ReporterCalled, teller: _Teller) -> Told:
    said = [] if event.solved is None else ["solved" if event.solved else "unsolved"]
    said += [] if event.satisfied is None else ["satisfied" if event.satisfied else "unsatisfied"]
    comma = "，" if teller.language == "zh" else ", "
    words = said or ["reached"] if event.reached else ["not-reached"]
    return "", {"verdict": comma.join(map(teller.say, words))}


def _routed(event: e.CaseRouted, teller: _Teller) -> Told:
    route = event.route
    return "by-hand" if route.decided else "" if route.rule else "no-rule", {**teller.routing(route)}


def _reviewed(event: e.DeadlineReviewed, teller: _Teller) -> Told:
    facts = {"was": teller.local(event.was_due_at), "due": teller.due(event.deadline)}
    return "settled-days" if event.was_due_at == event.deadline.due_at else "", {**facts}


def _warned(event: e.CaseWarned, teller: _Teller) -> Told:
    return "red" if event.color == "red" else "", {"due": teller.local(event.due_at or event.step_at)}


def _resumed(event: e.ClockResumed, teller: _Teller) -> Told:
    return "no-word" if event.cause == "hand-over" else "", {"due": teller.local(event.deadline.due_at)}


def _decided_anew(event: e.ObjectionDecided, teller: _Teller) -> Told:
    facts: dict[str, str | int] = {"verdict": teller.say("upheld" if event.upheld else "dismissed")}
    if event.lead is not None and event.deadline is not None:
        return "both-anew", {**facts, "lead": teller.name(event.lead), "due": teller.due(event.deadline)}
    if event.lead is not None:
        return "given-anew", {**facts, "lead": teller.name(event.lead)}
    if event.deadline is not None:
        return "due-anew", {**facts, "due": teller.due(event.deadline)}
    return "", facts


_TOLD: dict[type, Callable[[Any, _Teller], Told]] = {
    e.CaseOpened: _opened,
    e.CaseShadowed: lambda event, teller: (
        "",
        {
            "table": event.table,
            "lead": event.lead,
            "limit": parse_limit(event.limit).in_(teller.language),
        },
    ),
    e.CaseEscalated: _escalated,
    e.ReporterCalled: _called,
    e.CaseCorrected: lambda event, t: ("", {**t.kind(event), **t.routing(event.route)}),
    e.CaseRouted: _routed,
    e.CaseLinked: lambda event, _t: ("taken-back" if event.joined else "", {"of": event.of}),
    e.CaseReopened: lambda event, t: ("", {"due": t.due(event.deadline)}),
    e.CaseUnlinked: lambda event, _t: ("", {"of": event.of}),
    e.DuplicateFound: lambda event, _t: ("", {"duplicate": event.duplicate}),
    e.DuplicateLost: lambda event, _t: ("", {"duplicate": event.duplicate}),
    e.CaseDispatched: lambda event, t: ("", {"lead": t.name(event.lead)}),
    e.CaseTransferred: lambda event, t: ("", {"lead": t.name(event.lead)}),
    e.CaseReturned: lambda event, t: ("", {"desk": t.name(event.desk)}),
    e.CaseWarned: lambda event, t: (
        "red" if event.color == "red" else "",
        {"due": t.local(event.due_at or event.step_at)},
    ),
    e.CaseSupervised: lambda event, t: ("", {"supervisor": t.name(event.supervisor)}),
    e.CaseSplit: lambda event, _t: ("", {"parts": ", ".join(event.parts)}),
    e.PartJoined: lambda event, _t: ("", {"part": event.part}),
    e.PartHandled: lambda event, _t: ("", {"part": event.part}),
    e.HoldAsked: lambda event, t: ("", {"due": t.local(event.until)}),
    e.CaseHeld: lambda event, t: ("", {"due": t.local(event.until)}),
    e.ExtensionAsked: lambda event, t: ("", {"limit": event.limit.in_(t.language)}),
    e.DeadlineExtended: lambda event, t: (
        "",
        {"limit": event.limit.in_(t.language), "due": t.local(event.deadline.due_at)},
    ),
    e.RequestDenied: lambda event, t: ("", {"what": t.say(event.what)}),
    e.HoldEnded: lambda event, t: ("", {"due": t.local(event.deadline.due_at)}),
    e.ClockResumed: lambda event, t: (
        "no-word" if event.cause == "hand-over" else "",
        {"due": t.local(event.deadline.due_at)},
    ),
    e.DeadlineReviewed: _reviewed,
    e.CaseHandedOver: lambda event, t: ("", {"authority": t.name(event.authority)}),
    e.ReceiptConfirmed: lambda event, _t: ("", {"receipt": event.receipt}),
    e.OutcomeRecorded: lambda event, t: (
        "" if event.taken_up else "refused",
        {"authority": t.organization(event.authority)},
    ),
    e.CaseResolved: lambda event, t: ("", {"punctual": t.in_time(event.in_time)}),
    e.CaseClosed: lambda event, t: ("", {"punctual": t.in_time(event.in_time)}),
    e.CaseChecked: lambda event, t: ("", {"verdict": t.say("passed" if event.passed else "failed")}),
    e.CaseRated: lambda event, _t: ("", {"score": event.score}),
    e.WhistleBlown: lambda event, t: (
        "",
        {"organizations": ", ".join(map(t.organization, event.organizations)), "due": t.local(event.report_by)},
    ),
    e.ReportedIn: lambda event, t: (
        "",
        {"organization": t.organization(event.organization), "punctual": t.in_time(not event.late)},
    ),
    e.ReportInMissed: lambda event, t: ("", {"organization": t.organization(event.organization)}),
    e.WhistleAppraised: lambda event, t: ("", {"organization": t.organization(event.organization), "mark": event.mark}),
    e.ObjectionRaised: lambda event, t: ("", {"against": t.say(event.against)}),
    e.ObjectionDecided: _decided_anew,
}
"""Event → what fills the blanks of its phrase; who did it always does."""
