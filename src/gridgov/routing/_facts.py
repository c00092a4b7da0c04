"""Declared facts of a case, and the typed cells that ask for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import attrs

from gridgov.errors import RefusalError, as_code
from gridgov.routing._catalog import AFFAIRS, CO_GOVERNORS, SIZES, URGENCIES, kind_path
from gridgov.territory import GRID_KINDS, Territory

__all__ = [
    "FACTS",
    "REPORTERS",
    "SOURCES",
    "Cell",
    "Fact",
    "FactType",
    "FactValue",
    "Facts",
    "check_value",
    "minute_of",
    "parse_cell",
    "shown",
    "words_of",
]

FactType = Literal["text", "code", "number", "time", "kind", "place", "tags"]
FACT_TYPES: tuple[FactType, ...] = ("text", "code", "number", "time", "kind", "place", "tags")
FactValue = str | int | tuple[str, ...]
Facts = Mapping[str, FactValue]
"""Fact → value: text for most; whole numbers; minutes of the local day for ``time``; a tuple for ``tags``."""

SOURCES = ("hotline", "patrol", "home-visit", "resident", "front-desk", "petition-letter", "other-system", "sensor")
"""12345 热线, 巡查, 走访, 居民, 前台, 信访, 其他系统, 传感器 (the last one is ours)."""
REPORTERS = ("resident", "worker", "organization", "system", "anonymous")
MINUTES = 24 * 60


@attrs.frozen
class Fact:
    """A column of a table.

    :param type: ``kind`` matches by prefix in the catalog, ``place`` by ancestor in the
        territory, ``number`` and ``time`` by comparison, ``tags`` (several at once) by what is
        among them, ``code`` and ``text`` by equality or prefix.
    :param domain: the values that a ``code`` or a tag may have, empty for any.
    :param least: the smallest value of a ``number``, None for none; :param most: the largest.
    """

    name: str
    type: FactType
    zh: str
    en: str
    domain: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None


FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("kind", "kind", "事项类型", "kind"),
        Fact("place", "place", "地点", "place"),
        Fact("grid_kind", "code", "网格类型", "grid kind", ("", *sorted(GRID_KINDS))),
        Fact("covered_by", "tags", "包抓领导或单位", "covering leader or organization"),
        Fact("source", "code", "来源", "source", SOURCES),
        Fact("reporter", "code", "上报人", "reporter", REPORTERS),
        Fact("affair", "code", "三事分流", "affair", AFFAIRS),
        Fact("co_governor", "code", "共治方", "co-governor", CO_GOVERNORS),
        Fact("urgency", "code", "紧急程度", "urgency", URGENCIES),
        Fact("size", "code", "大小", "size", SIZES),
        Fact("severity", "number", "严重等级", "severity", least=0, most=4),
        Fact("departments", "number", "涉及部门数", "departments concerned", least=0),
        Fact("repeats", "number", "重复次数", "repeats", least=0),
        Fact("time", "time", "时段", "time of day", least=0, most=MINUTES - 1),
        Fact("day", "code", "日子", "kind of day", ("working", "rest", "unknown")),
        Fact("mode", "code", "平急状态", "mode", ("peacetime", "emergency")),
        Fact("tag", "tags", "标签", "tag"),
    )
}
"""The facts that every case has. ``severity`` runs from 1 (一般) to 4 (特别重大); 0 is not rated."""

Op = Literal["equals", "in", "not-in", "prefix", "below", "at-least", "at-most", "between"]


@attrs.frozen
class Cell:
    """One condition on one fact.

    ``below`` is what a kind or place matches: the value itself or anything under it. A window of
    time holds from its beginning until just before its end, and may run over midnight.

    :param or_missing: it holds as well for a case that does not state the fact.
    """

    fact: str
    op: Op
    values: tuple[str, ...]
    or_missing: bool = False

    def __str__(self) -> str:
        joined = "|".join(self.values)
        match self.op:
            case "not-in":
                joined = f"!{joined}"
            case "prefix":
                joined = f"{joined}*"
            case "at-least":
                joined = f">={joined}"
            case "at-most":
                joined = f"<={joined}"
            case "between":
                joined = "..".join(self.values)
            case "equals" | "in" | "below":
                pass
        return f"{joined}?" if self.or_missing else joined

    def holds(self, fact: Fact, value: FactValue, territory: Territory) -> bool:
        """Say whether a stated value meets the condition.

        :raises RefusalError: ``routing.bad-fact`` for a value of another type than the fact's.
        """
        check_value(fact, value)
        if fact.type == "number":
            return self._compares(value, [int(bound) for bound in self.values])
        if fact.type == "time":
            return _within(value, *(minute_of(bound) for bound in self.values))
        words = words_of(fact, value, territory)
        if self.op == "prefix":
            return words[0].startswith(self.values[0])
        return any(wanted in words for wanted in self.values) is not (self.op == "not-in")

    def _compares(self, value: FactValue, bounds: list[int]) -> bool:
        if not isinstance(value, int):
            raise TypeError(f"{value!r} was checked to be a number")
        match self.op:
            case "at-least":
                return value >= bounds[0]
            case "at-most":
                return value <= bounds[0]
            case "between":
                return bounds[0] <= value <= bounds[1]
            case "not-in":
                return value not in bounds
            case _:
                return value in bounds


def words_of(fact: Fact, value: FactValue, territory: Territory) -> tuple[str, ...]:
    """Give what the words of a cell are looked for in: a kind or place with all above it, or the value itself.

    :raises RefusalError: ``routing.bad-fact`` for a place that does not exist.
    """
    if isinstance(value, int):
        return ()
    if isinstance(value, tuple):
        return value
    if fact.type == "kind":
        return kind_path(value)
    if fact.type != "place":
        return (value,)
    if value not in territory:
        raise RefusalError("routing.bad-fact", f"there is no {fact.en} {as_code(value)}", fact=fact.name)
    return territory.path(value)


def check_value(fact: Fact, value: object) -> None:
    """Refuse a value of another type than the fact's, or a number outside its range.

    :raises RefusalError: ``routing.bad-fact``.
    """
    if fact.type in ("number", "time"):
        fine = isinstance(value, int)
        if isinstance(value, int):
            fine = (fact.least is None or value >= fact.least) and (fact.most is None or value <= fact.most)
        wanted = f"a whole number{_range(fact)}"
    elif fact.type == "tags":
        fine = isinstance(value, tuple) and all(isinstance(word, str) for word in value)
        wanted = "several words in a tuple"
    else:
        fine, wanted = isinstance(value, str), "text"
    if not fine:
        raise RefusalError("routing.bad-fact", f"{fact.en} is {wanted}, not {type(value).__name__}", fact=fact.name)


def shown(fact: Fact, value: FactValue) -> str:
    """Write a value as a cell would write it."""
    if isinstance(value, tuple):
        return "|".join(value)
    if fact.type == "time" and isinstance(value, int):
        return f"{value // 60:02}:{value % 60:02}"
    return str(int(value)) if isinstance(value, int) else value


def _range(fact: Fact) -> str:
    if fact.least is None and fact.most is None:
        return ""
    return f" from {'-∞' if fact.least is None else fact.least} to {'∞' if fact.most is None else fact.most}"


def minute_of(text: str) -> int:
    """Read ``HH:MM`` as minutes of the day."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is no time of day; write it as in 22:30")
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _within(value: FactValue, begin: int, end: int) -> bool:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} was checked to be a minute")
    return begin <= value < end if begin < end else value >= begin or value < end


_SIGNS = str.maketrans("｜！？＞＜＝＊", "|!?><=*")
_DIGITS = str.maketrans("：．０１２３４５６７８９", ":.0123456789")
"""What a Chinese keyboard types for the signs of a cell; in numbers and times for the digits, too."""
_NUMBER = re.compile(r"-?\d{1,15}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-4]):[0-5]\d", re.ASCII)


def parse_cell(fact: Fact, text: str) -> Cell | None:
    """Read one cell; empty or ``*`` is any.

    ``a``, ``a|b`` and ``!a|b`` for words; ``a*`` for codes and texts that begin so; ``3``, ``3|4``,
    ``!3``, ``>=3``, ``<=3``, ``>3``, ``<3`` and ``2..5`` for numbers; ``22:00..06:00`` for a window of time. With a
    ``?`` behind it, it holds for a case that does not state the fact as well.

    :raises ValueError: says what was read and what would be right.
    """
    text = text.translate(_SIGNS).replace("≥", ">=").replace("≤", "<=").strip()
    if fact.type in ("number", "time"):
        text = text.translate(_DIGITS)
    if not text or text == "*":
        return None
    bare = text.removesuffix("?").strip()
    if fact.type == "number":
        op, values = _numbers(fact, bare)
    elif fact.type == "time":
        op, values = _window(fact, bare)
    else:
        op, values = _words(fact, bare)
    return Cell(fact.name, op, values, or_missing=text.endswith("?"))


def _words(fact: Fact, text: str) -> tuple[Op, tuple[str, ...]]:
    tree = fact.type in ("kind", "place")
    values = tuple(part.strip() for part in text.removeprefix("!").split("|"))
    if tree:
        values = tuple(value.removesuffix(".*") for value in values)
    if any(not value or value[0] in "<>=!" or "?" in value for value in values):
        raise ValueError(f"{text!r} is no condition on {fact.name}; write a value, a|b, or !a|b")
    starred = fact.type in ("code", "text") and len(values) == 1 and values[0].endswith("*") and len(values[0]) > 1
    if starred and not text.startswith("!") and not fact.domain:
        return "prefix", (values[0].removesuffix("*"),)
    if any("*" in value for value in values):
        raise ValueError(f"{text!r} is no condition on {fact.name}; write one beginning of a text, as in a*")
    for value in values:
        if fact.domain and value not in fact.domain:
            raise ValueError(f"{value!r} is no {fact.en}; one of {', '.join(word for word in fact.domain if word)}")
    if text.startswith("!"):
        return "not-in", values
    if tree:
        return "below", values
    return "equals" if len(values) == 1 else "in", values


def _numbers(fact: Fact, text: str) -> tuple[Op, tuple[str, ...]]:
    low, dots, high = text.partition("..")
    op: Op
    if dots:
        op, numbers = "between", [low, high]
    elif text.startswith((">=", "<=")):
        op, numbers = "at-least" if text[0] == ">" else "at-most", [text[2:]]
    elif text.startswith((">", "<")) and _NUMBER.fullmatch(text[1:].strip()):
        op, numbers = (
            ("at-least", [str(int(text[1:]) + 1)]) if text[0] == ">" else ("at-most", [str(int(text[1:]) - 1)])
        )
    else:
        numbers = text.removeprefix("!").split("|")
        op = "not-in" if text.startswith("!") else "equals" if len(numbers) == 1 else "in"
    if not all(_NUMBER.fullmatch(number.strip()) for number in numbers):
        raise ValueError(f"{text!r} is no condition on the number {fact.name}; write 3, 3|4, !3, >=3, <=3 or 2..5")
    read = [int(number) for number in numbers]
    if op == "between" and read[0] > read[1]:
        raise ValueError(f"{text!r} matches no number; write the smaller one first")
    for number in read:
        if (fact.least is not None and number < fact.least) or (fact.most is not None and number > fact.most):
            raise ValueError(f"{number} is no {fact.en}; write a whole number{_range(fact)}")
    return op, tuple(str(number) for number in read)


def _window(fact: Fact, text: str) -> tuple[Op, tuple[str, ...]]:
    begin, _, end = (part.strip() for part in text.partition(".."))
    if not (_TIME.fullmatch(begin) and _TIME.fullmatch(end)) or begin >= "24:00" or end > "24:00" or begin == end:
        raise ValueError(f"{text!r} is no window of {fact.en}; write it as in 22:00..06:00 or 08:00..24:00")
    return "between", (begin, end)
