"""What to say to people about a case: the explanation of a route, and one line per event."""

from __future__ import annotations

from typing import Any

from gridgov.cases import _messages as m
from gridgov.routing import FACTS, NearMiss
from gridgov.staffing import Party
from gridgov.wording import Phrasebook

__all__ = ["PHRASES", "describe", "explain_route"]

PHRASES = Phrasebook(
    {
        "who": ("主办：{lead}", "Lead: {lead}"),
        "climbed": ("（从 {start} 向上找到 {end}）", " (found at {end}, climbing from {start})"),
        "supporting": ("；协办：{parties}", "; supporting: {parties}"),
        "informed": ("；知会：{parties}", "; informed: {parties}"),
        "due": ("时限：{limit}，{due} 前", "Due: {due} ({limit})"),
        "agreed": ("约定期限", "the agreed date"),
        "provisional": (
            "（暂定：节假日安排尚未公布）",
            " (provisional: the holidays of that time are not published yet)",
        ),
        "rule": ("依据：规则 {rule}（{band} 档，规则表 {table}）", "Rule: {rule} (band {band}, table {table})"),
        "origin": ("，由插件 {origin} 提供", ", added by the plugin {origin}"),
        "hit": ("{fact}为“{value}”，符合“{condition}”", "{fact} is {value!r}, which matches {condition!r}"),
        "always": ("适用于所有事项", "it takes every case"),
        "desk": (
            "没有规则适用（{count} 条都试过），由街道值守人员决定",
            "No rule applies ({count} were tried); the street's desk decides",
        ),
        "others": ("之前的 {count} 条规则不适用", "The {count} rules before it do not apply"),
        "near": (
            "{rule} 只差一项：{fact}为“{value}”，不符合“{condition}”",
            "{rule} failed on one condition only: {fact} is {value!r}, not {condition!r}",
        ),
        "objection": ("对此可以提出异议，由工作人员重新决定", "You may object; then a person decides anew"),
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


def _party(party: Party, language: str) -> str:
    name = (party.zh if language == "zh" else party.en) or party.holder
    return name if name == party.holder else f"{name} {party.holder}"


def _fact(name: str, language: str) -> str:
    fact = FACTS.get(name)
    if fact is None:
        return name
    return fact.zh if language == "zh" else fact.en


def explain_route(route: m.Route, language: str = "zh") -> str:
    """Say who, by when, by which rule and facts, and why not the others; several lines."""
    say = PHRASES.say
    lead = _party(route.lead, language)
    if len(route.lead.path) > 1:
        lead += say("climbed", language, start=route.lead.path[0], end=route.lead.path[-1])
    who = say("who", language, lead=lead)
    for key, parties in (("supporting", route.supporting), ("informed", route.informed)):
        if parties:
            who += say(key, language, parties=", ".join(_party(party, language) for party in parties))
    deadline = route.deadline
    limit = deadline.limit.in_(language) if deadline.limit else say("agreed", language)
    due = say("due", language, limit=limit, due=deadline.local(deadline.due_at))
    if deadline.provisional:
        due += say("provisional", language)
    lines = [who, due]
    if not route.rule:
        return "\n".join([*lines, say("desk", language, count=route.passed_over), say("objection", language)])
    rule = say("rule", language, rule=route.rule, band=route.band, table=route.table)
    lines.append(rule + (say("origin", language, origin=route.origin) if route.origin else ""))
    lines += [
        "  " + say("hit", language, fact=_fact(hit.fact, language), value=hit.value, condition=hit.condition)
        for hit in route.hits
    ] or ["  " + say("always", language)]
    if route.passed_over:
        lines.append(say("others", language, count=route.passed_over))
    lines += [_near(miss, language) for miss in route.near_misses]
    return "\n".join([*lines, say("objection", language)])


def _near(miss: NearMiss, language: str) -> str:
    return "  " + PHRASES.say(
        "near",
        language,
        rule=miss.rule,
        fact=_fact(miss.fact, language),
        value=miss.value,
        condition=miss.condition,
    )


def describe(name: str, event: m.CaseEvent, language: str = "zh", *, zone: str = "Asia/Shanghai") -> str:
    """Say in one line what has happened, without personal data.

    :param name: the stored event name.
    """
    from zoneinfo import ZoneInfo

    def say(key: str) -> str:
        return PHRASES.say(key, language)

    facts: dict[str, Any] = {"by": event.by}
    match event:
        case m.CaseOpened():
            facts.update(kind=event.kind_zh if language == "zh" else event.kind_en, place=event.place)
        case m.CaseRouted(route=route):
            facts.update(
                lead=_party(route.lead, language),
                rule=route.rule or "-",
                due=route.deadline.local(route.deadline.due_at),
            )
        case m.CaseDispatched(lead=lead) | m.CaseTransferred(lead=lead):
            facts.update(lead=_party(lead, language))
        case m.CaseReturned():
            facts.update(desk=_party(event.desk, language))
        case m.CaseEscalated():
            facts.update(
                supervisor=_party(event.supervisor, language), cause=say("overdue" if event.overdue else "asked")
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
