"""A routing decision as it is stored, and how it explains itself."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from gridgov.escalation import Deadline
from gridgov.routing import DUTY, FACTS, FactValue, Hit, NearMiss
from gridgov.staffing import Party
from gridgov.wording import Phrasebook

__all__ = ["IMPORTED", "PART", "PHRASES", "Route", "explain_route", "name_of"]

IMPORTED, PART = "imported", "part"
"""How it was decided, where no rule did: who had the case elsewhere, or who has a part of it."""

PHRASES = Phrasebook(
    {
        "who": ("主办：{lead}", "Lead: {lead}"),
        "climbed": ("（从 {start} 向上找到 {end}）", " (found at {end}, climbing from {start})"),
        "deputy": ("（代 {away}）", " (standing in for {away})"),
        "instead": ("（该处及以上无人在岗担任 {role}）", " (nobody is on duty as {role} there or above)"),
        "tell": ("告知上报人：{text}", "The reporter is told: {text}"),
        "by": ("办理：{lead}", "Handled by: {lead}"),
        "until": ("最迟 {due} 前办结", "To be done by {due}"),
        "unstated": (
            "{fact}未说明，“{condition}”也接受未说明的",
            "{fact} is not stated, which {condition!r} takes as well",
        ),
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
        "duty": ("，出自事项清单", ", from the duty list"),
        "hit": ("{fact}为“{value}”，符合“{condition}”", "{fact} is {value!r}, which matches {condition!r}"),
        "when": ("条件“{condition}”成立（{value}）", "the condition {condition!r} holds ({value})"),
        "limited": ("时限依据：{row}", "Limit: by {row}"),
        "pressed": ("督办阶梯依据：{row}", "Ladder: by {row}"),
        "joined": ("另有参与方依据：{rows}", "More parties: by {rows}"),
        "later": ("其后 {rows} 本也适用", "Behind it {rows} would have held as well"),
        "always": ("适用于所有事项", "it takes every case"),
        "desk": (
            "没有规则适用（{count} 条都试过），由街道值守人员决定",
            "No rule applies ({count} were tried); the street's desk decides",
        ),
        "imported": ("随案件从其他系统转入", "It came with the case from another system"),
        "part": ("{whole} 的一部分，由工作人员拆分指定", "A part of {whole}; a person divided it"),
        "others": ("之前的 {count} 条规则不适用", "The {count} rules before it do not apply"),
        "near": (
            "{rule} 只差一项：{fact}为“{value}”，不符合“{condition}”",
            "{rule} failed on one condition only: {fact} is {value!r}, not {condition!r}",
        ),
        "near-when": (
            "{rule} 只差一项：条件“{condition}”不成立（{value}）",
            "{rule} failed on one condition only: {condition!r} does not hold ({value})",
        ),
        "objection": ("对此可以提出异议，由工作人员重新决定", "You may object; then a person decides anew"),
    }
)


@attrs.frozen(kw_only=True)
class Route:
    """A routing decision with everything that it rested on.

    :param rule: its id, empty where no rule hit and the desk decides.
    :param table: the version of the table; :param origin: the plugin that the rule came from, or for
        a part of a case the whole.
    :param later: the rules behind it that would have taken the case as well.
    :param facts: everything that the case stated: with them and the table it can be decided again.
    :param limited_by: the row of the limits that gave the limit, empty where the rule did; :param pressed_by:
        the ladder; :param joined_by: the rows that added parties.
    :param decided: :data:`IMPORTED` or :data:`PART` where a person named the lead, empty for the table.
    """

    rule: str
    band: str
    table: str
    origin: str = ""
    hits: tuple[Hit, ...] = ()
    later: tuple[str, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    passed_over: int = 0
    facts: Mapping[str, FactValue] = attrs.field(factory=dict)
    limited_by: str = ""
    pressed_by: str = ""
    joined_by: tuple[str, ...] = ()
    lead: Party
    supporting: tuple[Party, ...] = ()
    informed: tuple[Party, ...] = ()
    deadline: Deadline
    on_the_spot: bool = False
    tell_zh: str = ""
    tell_en: str = ""
    decided: str = ""

    def explain(self, language: str = "zh") -> str:
        """Say who, by when, by which rule, on which facts, and why not the others."""
        return explain_route(self, language)

    def tell(self, language: str = "zh") -> str:
        """Say to who reported it who handles it, by when, what to do, and that one may object."""
        say = PHRASES.say
        lead = (self.lead.zh if language == "zh" else self.lead.en) or self.lead.holder
        text = self.tell_zh if language == "zh" else self.tell_en
        due = self.deadline.local(self.deadline.due_at)
        until = say("until", language, due=due) + (say("provisional", language) if self.deadline.provisional else "")
        return "\n".join([say("by", language, lead=lead), until, *([text] if text else []), say("objection", language)])


def name_of(party: Party, language: str) -> str:
    """Name a party without a person's name: what it is, and its id."""
    name = (party.zh if language == "zh" else party.en) or party.holder
    return name if name == party.holder else f"{name} {party.holder}"


def _fact(name: str, language: str) -> str:
    fact = FACTS.get(name)
    if fact is None:
        return name
    return fact.zh if language == "zh" else fact.en


def explain_route(route: Route, language: str = "zh") -> str:
    """Say who, by when, by which rule and facts, and why not the others; several lines."""
    say = PHRASES.say
    lead = name_of(route.lead, language)
    if route.lead.instead_of:
        lead += say("instead", language, role=route.lead.instead_of)
    elif len(route.lead.path) > 1:
        lead += say("climbed", language, start=route.lead.path[0], end=route.lead.path[-1])
    if route.lead.deputy_of:
        lead += say("deputy", language, away=route.lead.deputy_of)
    who = say("who", language, lead=lead)
    for key, parties in (("supporting", route.supporting), ("informed", route.informed)):
        if parties:
            who += say(key, language, parties=", ".join(name_of(party, language) for party in parties))
    deadline = route.deadline
    limit = deadline.limit.in_(language) if deadline.limit else say("agreed", language)
    due = say("due", language, limit=limit, due=deadline.local(deadline.due_at))
    if deadline.provisional:
        due += say("provisional", language)
    lines = [who, due]
    if route.decided:
        return "\n".join([*lines, say(route.decided, language, whole=route.origin), say("objection", language)])
    if not route.rule:
        return "\n".join([*lines, say("desk", language, count=route.passed_over), say("objection", language)])
    rule = say("rule", language, rule=route.rule, band=route.band, table=route.table)
    key = "duty" if route.origin == DUTY else "origin"
    lines.append(rule + (say(key, language, origin=route.origin) if route.origin else ""))
    lines += [_met(hit, language) for hit in route.hits] or ["  " + say("always", language)]
    for key, row in (("limited", route.limited_by), ("pressed", route.pressed_by)):
        lines += [say(key, language, row=row)] if row else []
    for key, rows in (("joined", route.joined_by), ("later", route.later)):
        lines += [say(key, language, rows=", ".join(rows))] if rows else []
    if route.passed_over:
        lines.append(say("others", language, count=route.passed_over))
    lines += [_near(miss, language) for miss in route.near_misses]
    text = route.tell_zh if language == "zh" else route.tell_en
    lines += [say("tell", language, text=text)] if text else []
    return "\n".join([*lines, say("objection", language)])


def _met(hit: Hit, language: str) -> str:
    if hit.fact == "when":
        return "  " + PHRASES.say("when", language, condition=hit.condition, value=hit.value)
    fact = _fact(hit.fact, language)
    if not hit.value and hit.condition.endswith("?"):
        return "  " + PHRASES.say("unstated", language, fact=fact, condition=hit.condition)
    return "  " + PHRASES.say("hit", language, fact=fact, value=hit.value, condition=hit.condition)


def _near(miss: NearMiss, language: str) -> str:
    if miss.fact == "when":
        return "  " + PHRASES.say("near-when", language, rule=miss.rule, condition=miss.condition, value=miss.value)
    return "  " + PHRASES.say(
        "near",
        language,
        rule=miss.rule,
        fact=_fact(miss.fact, language),
        value=miss.value,
        condition=miss.condition,
    )
