"""One line for people about each event of a case."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from gridgov.cases import _messages as m
from gridgov.cases._route import name_of
from gridgov.wording import Phrasebook

__all__ = ["PHRASES", "describe"]

PHRASES = Phrasebook(
    {
        "case-opened": ("{by} 上报：{kind}（{place}）", "{by} reported: {kind} ({place})"),
        "case-routed": ("自动派单给 {lead}（规则 {rule}），{due} 前", "Routed to {lead} (rule {rule}), due {due}"),
        "case-dispatched": ("{by} 派单给 {lead}", "{by} dispatched it to {lead}"),
        "case-acknowledged": ("{by} 已签收", "{by} acknowledged it"),
        "case-returned": ("{by} 退单，回到 {desk}", "{by} returned it to {desk}"),
        "case-transferred": ("{by} 转办给 {lead}", "{by} transferred it to {lead}"),
        "case-warned": ("催办：期限将至", "Urged: the deadline is near"),
        "case-escalated": ("上报到 {supervisor}（{cause}）", "Escalated to {supervisor} ({cause})"),
        "overdue": ("逾期", "overdue"),
        "asked": ("主办请求", "asked for by the lead"),
        "case-resolved": ("{by} 办结（{punctual}）", "{by} resolved it ({punctual})"),
        "in-time": ("按期", "in time"),
        "late": ("超期", "late"),
        "case-checked": ("{by} 核查：{verdict}", "{by} checked it: {verdict}"),
        "passed": ("通过", "passed"),
        "failed": ("不通过", "not passed"),
        "case-answered": ("已向上报人反馈", "The reporter was told"),
        "case-rated": ("上报人评价 {score} 分（满分 5 分）", "The reporter rated it {score} of 5"),
        "case-reopened": ("{by} 要求重新办理", "{by} had it reopened"),
        "case-closed": ("结案（{punctual}）", "Closed ({punctual})"),
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
        "upheld": ("成立", "upheld"),
        "dismissed": ("不成立", "dismissed"),
        "route": ("派单", "route"),
        "deadline": ("时限", "deadline"),
    }
)


def describe(name: str, event: m.CaseEvent, language: str = "zh", *, zone: str = "Asia/Shanghai") -> str:
    """Say in one line what has happened, without personal data.

    :param name: the stored event name.
    """

    def say(key: str) -> str:
        return PHRASES.say(key, language)

    facts: dict[str, Any] = {"by": event.by}
    match event:
        case m.CaseOpened():
            facts.update(kind=event.kind_zh if language == "zh" else event.kind_en, place=event.place)
        case m.CaseRouted(route=route):
            facts.update(
                lead=name_of(route.lead, language),
                rule=route.rule or "-",
                due=route.deadline.local(route.deadline.due_at),
            )
        case m.CaseDispatched(lead=lead) | m.CaseTransferred(lead=lead):
            facts.update(lead=name_of(lead, language))
        case m.CaseReturned():
            facts.update(desk=name_of(event.desk, language))
        case m.CaseEscalated():
            facts.update(
                supervisor=name_of(event.supervisor, language), cause=say("overdue" if event.overdue else "asked")
            )
        case m.CaseResolved(in_time=in_time) | m.CaseClosed(in_time=in_time):
            facts.update(punctual=say("in-time" if in_time else "late"))
        case m.CaseChecked():
            facts.update(verdict=say("passed" if event.passed else "failed"))
        case m.CaseRated():
            facts.update(score=event.score)
        case m.WhistleBlown():
            report_by = event.report_by.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
            facts.update(organizations=", ".join(event.organizations), due=report_by)
        case m.ReportedIn():
            facts.update(organization=event.organization, punctual=say("late" if event.late else "in-time"))
        case m.ReportInMissed():
            facts.update(organization=event.organization)
        case m.WhistleAppraised():
            facts.update(organization=event.organization, mark=event.mark)
        case m.ObjectionRaised():
            facts.update(against=say(event.against))
        case m.ObjectionDecided():
            facts.update(verdict=say("upheld" if event.upheld else "dismissed"))
        case _:
            pass
    return PHRASES.say(name, language, **facts)
