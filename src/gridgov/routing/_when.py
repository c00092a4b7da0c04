"""The condition in the ``when`` column of a rule row: a small typed subset of CEL.

Cells answer most questions; ``when`` is for the rest: ``departments >= 2 && "school" in tag``.
The language is CEL (Common Expression Language, https://github.com/google/cel-spec), because its
meaning is written down and tested: whole numbers of 64 bits whose overflow is an error, division
towards zero, no conversions, and ``&&`` and ``||`` that do not care for the order of their sides, even
where one of them fails: ``false && fault`` is false, on either side. Left out is all that a row of
rules does not need: floats, maps, macros, ``?:``. There is one thing more: ``has(x)`` asks whether the
case states the fact ``x``; CEL's own ``has`` takes a field, and the facts are the fields of a case.

All that can be known without a case is found when the table is loaded (:class:`WhenError`), with the
column. What depends on the case is a :class:`WhenFault`, never silently false. The checked tree is
made into nested closures once; a decision walks no tree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal

import attrs

from gridgov.routing._when_parse import INT_MAX, INT_MIN, LEVELS, RELATIONS, Node, WhenError, read

__all__ = ["When", "WhenError", "WhenFault", "WhenType", "parse_when"]

WhenType = Literal["int", "text", "bool", "texts"]
"""What a fact holds; ``texts`` is a list of text, a tuple or list of ``str``."""

Run = Callable[[Mapping[str, object]], Any]
"""What a part of the tree becomes: facts in, its value out."""

_KINDS: Mapping[WhenType, str] = {"int": "int", "text": "text", "bool": "bool", "texts": "list(text)"}
_ABSENT = object()


class WhenFault(ValueError):  # noqa: N818 - a fault of the case, beside the error of the one who wrote the row
    """A condition has no answer for this case: a fact is missing or of a wrong type, or a number overflows."""


@attrs.frozen
class When:
    """A condition on the facts of a case; make one with :func:`parse_when`.

    :param text: as written; two conditions are equal when their texts are.
    :param canonical: the same with one spacing, one kind of quotes and no needless parentheses;
        it may be longer than what may be written.
    :param required: facts that must be stated, because they are used outside a guard.
    :param optional: facts that are used under a guard only: ``has(x) && E`` and ``!has(x) || E`` guard
        ``x`` in ``E``, in any order. Where all required facts are stated, none is ever missed.
    :param types: of the facts that are named.
    :param compared: (fact, word) for every word that a fact is compared with by ``==``, ``!=`` or ``in``.
    """

    text: str
    canonical: str = attrs.field(eq=False)
    required: frozenset[str] = attrs.field(eq=False)
    optional: frozenset[str] = attrs.field(eq=False)
    types: Mapping[str, WhenType] = attrs.field(eq=False, repr=False)
    compared: tuple[tuple[str, str], ...] = attrs.field(eq=False, repr=False)
    _run: Run = attrs.field(eq=False, repr=False)

    def holds(self, facts: Mapping[str, object]) -> bool:
        """Say whether the condition holds for a case.

        :param facts: fact → value; what the condition does not name is not looked at.
        :raises WhenFault: for a fact that is missing or of another type than declared, for a number
            beyond 64 bits and for a division by zero, unless the other side of ``&&`` or ``||`` decides.
        """
        return self._run(facts)  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[object, ...]:
        return parse_when, (self.text, self.types)


def parse_when(text: str, types: Mapping[str, WhenType]) -> When:
    """Read and check a condition.

    :param types: every fact that may be named, with what it holds.
    :raises WhenError: says what is wrong, at which column, and what would be right.
    """
    tree = read(text)
    kind = _kind(tree, types)
    if kind != "bool":
        raise WhenError(tree.at, f"a condition is true or false, and this is {kind}; compare it with something")
    named = _named(tree)
    required = _guards(tree)[0]
    return When(
        text=text,
        canonical=_shown(tree),
        required=required,
        optional=named - required,
        types={name: types[name] for name in sorted(named)},
        compared=tuple(_compared(tree)),
        run=_run(tree, types),
    )


# -- types: "int", "text", "bool", "list(...)"; the empty list is "list()" and fits every list


def _kind(tree: Node, types: Mapping[str, WhenType]) -> str:
    if tree.op == "literal":
        return {int: "int", str: "text", bool: "bool"}[type(tree.value)]
    if tree.op in ("fact", "has"):
        kind = _fact_kind(str(tree.value), tree.at, types)
        return "bool" if tree.op == "has" else kind
    kinds = [_kind(part, types) for part in tree.parts]
    if tree.op == "list":
        return _list_kind(tree, kinds)
    if tree.op in RELATIONS:
        return _relation_kind(tree, *kinds)
    if tree.op == "size":
        if not kinds[0].startswith(("text", "list(")):
            raise WhenError(tree.parts[0].at, f"size takes a text or a list, and this is {kinds[0]}")
        return "int"
    wanted = "bool" if tree.op in ("!", "&&", "||") else "text" if tree.op == "startsWith" else "int"
    for part, kind in zip(tree.parts, kinds, strict=True):
        if kind != wanted:
            op = "-" if tree.op == "negate" else tree.op
            raise WhenError(part.at, f"{op} takes {wanted}, and this is {kind}; {_remedy(wanted, kind)}")
    return "int" if wanted == "int" else "bool"


def _remedy(wanted: str, kind: str) -> str:
    if kind.startswith("list("):
        return "ask for one of the list, as in x in y, or for its size(y)"
    if wanted == "bool":
        return "compare it, as in x == y"
    return "a text is not joined, and a number is written 2" if kind == "text" else "no value is converted"


def _fact_kind(name: str, at: int, types: Mapping[str, WhenType]) -> str:
    if name in types:
        return _KINDS[types[name]]
    close = get_close_matches(name, [*types, "true", "false"], n=1)
    remedy = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(types)) or 'none'}."
    raise WhenError(at, f'there is no fact {name!r}; {remedy} A text stands in quotes: "{name}"')


def _unified(left: str, right: str) -> str | None:
    if left == right or not right:
        return left
    if not left:
        return right
    if left.startswith("list(") and right.startswith("list("):
        inner = _unified(left[5:-1], right[5:-1])
        return None if inner is None else f"list({inner})"
    return None


def _list_kind(tree: Node, kinds: list[str]) -> str:
    common = ""
    for part, kind in zip(tree.parts, kinds, strict=True):
        unified = _unified(common, kind)
        if unified is None:
            raise WhenError(part.at, f"a list holds values of one type; this is {kind}, the one before it {common}")
        common = unified
    return f"list({common})"


def _relation_kind(tree: Node, left: str, right: str) -> str:
    if tree.op == "in":
        fits = _unified(f"list({left})", right) is not None
    else:
        fits = _unified(left, right) is not None and (tree.op in ("==", "!=") or not left.startswith("list("))
    if fits:
        return "bool"
    remedy = 'no value is converted: a number is written 2, a text "2"'
    if tree.op == "in":
        remedy = "write in between a value and a list of such values, x.startsWith(y) for the beginning of a text"
    elif tree.parts[0].op in RELATIONS:
        remedy = "for a range write 1 <= x && x <= 5"
    elif f"list({left})" == right or left == f"list({right})":
        remedy = "for one of a list write x in y"
    elif left == right:
        remedy = "a list is compared by == and != only"
    raise WhenError(tree.at, f"{left} {tree.op} {right} has no meaning; {remedy}")


# -- which facts must be stated


def _named(tree: Node) -> frozenset[str]:
    if tree.op in ("fact", "has"):
        return frozenset({str(tree.value)})
    return frozenset().union(*map(_named, tree.parts))


def _compared(tree: Node) -> Iterator[tuple[str, str]]:
    if tree.op in ("==", "!=", "in"):
        facts = [part for part in tree.parts if part.op == "fact"]
        words = [part for side in tree.parts for part in (side.parts if side.op == "list" else (side,))]
        for fact in facts:
            yield from (
                (str(fact.value), word.value) for word in words if isinstance(word.value, str) and word.op == "literal"
            )
    for part in tree.parts:
        yield from _compared(part)


def _guards(tree: Node) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Give the facts that *tree* needs, those without which it is false, and those without which it is true.

    The last two are exact: without such a fact the answer is false (true), whatever fails elsewhere in
    *tree*. So the parts of ``a && b`` need no fact without which one of them is false.
    """
    none: frozenset[str] = frozenset()
    if tree.op == "fact":
        return frozenset({str(tree.value)}), none, none
    if tree.op == "has":
        return none, frozenset({str(tree.value)}), none
    if not tree.parts:
        return none, none, none
    needs, false_without, true_without = zip(*map(_guards, tree.parts), strict=True)
    needed = none.union(*needs)
    match tree.op:
        case "!":
            return needed, true_without[0], false_without[0]
        case "&&":
            guarded = none.union(*false_without)
            return needed - guarded, guarded, frozenset.intersection(*true_without)
        case "||":
            guarded = none.union(*true_without)
            return needed - guarded, frozenset.intersection(*false_without), guarded
        case _:
            return needed, none, none


# -- the normal form

_UNARY, _PRIMARY = 6, 7
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _shown(tree: Node, level: int = 0) -> str:
    """Write *tree* anew, in parentheses if it binds less strongly than *level*."""
    own = LEVELS.get(tree.op, _PRIMARY)
    match tree.op:
        case "literal":
            text = _literal(tree.value)
            own = _UNARY if text.startswith("-") else _PRIMARY
        case "fact":
            text = str(tree.value)
        case "has":
            text = f"has({tree.value})"
        case "list":
            text = f"[{', '.join(map(_shown, tree.parts))}]"
        case "size":
            text = f"size({_shown(tree.parts[0])})"
        case "startsWith":
            text = f"{_shown(tree.parts[0], _PRIMARY)}.startsWith({_shown(tree.parts[1])})"
        case "!":
            text, own = f"!{_shown(tree.parts[0], _UNARY)}", _UNARY
        case "negate":
            text, own = f"-{_shown(tree.parts[0], _PRIMARY)}", _UNARY
        case "&&" | "||":
            text = f" {tree.op} ".join(_shown(part, own + 1) for part in tree.parts)
        case _:
            text = f"{_shown(tree.parts[0], own)} {tree.op} {_shown(tree.parts[1], own + 1)}"
    return text if own >= level else f"({text})"


def _literal(value: int | str | bool) -> str:
    if isinstance(value, str):
        shown = (_ESCAPES.get(char) or (char if char.isprintable() else f"\\U{ord(char):08x}") for char in value)
        return f'"{"".join(shown)}"'
    return str(value).lower()


# -- closures


def _run(tree: Node, types: Mapping[str, WhenType]) -> Run:
    if tree.op == "fact":
        return _fact(str(tree.value), types[str(tree.value)], tree.at)
    runs = [_run(part, types) for part in tree.parts]
    match tree.op:
        case "literal" | "has":
            value = tree.value
            return (lambda facts: value in facts) if tree.op == "has" else (lambda facts: value)
        case "list":
            fixed = tuple(run({}) for run in runs) if all(part.op == "literal" for part in tree.parts) else None
            return (lambda facts: tuple([run(facts) for run in runs])) if fixed is None else (lambda facts: fixed)
        case "size":
            (only,) = runs
            return lambda facts: len(only(facts))
        case "!":
            (only,) = runs
            return lambda facts: not only(facts)
        case "negate":
            return _arithmetic("-", lambda facts: 0, runs[0], tree.at)
        case "&&" | "||":
            return _logic(runs, decides=tree.op == "||")
        case "+" | "-" | "*" | "/" | "%":
            return _arithmetic(tree.op, runs[0], runs[1], tree.at)
        case _:
            return _BINARY[tree.op](*runs)


_BINARY: Mapping[str, Callable[[Run, Run], Run]] = {
    "==": lambda a, b: lambda facts: a(facts) == b(facts),
    "!=": lambda a, b: lambda facts: a(facts) != b(facts),
    "<": lambda a, b: lambda facts: a(facts) < b(facts),
    "<=": lambda a, b: lambda facts: a(facts) <= b(facts),
    ">": lambda a, b: lambda facts: a(facts) > b(facts),
    ">=": lambda a, b: lambda facts: a(facts) >= b(facts),
    "in": lambda a, b: lambda facts: a(facts) in b(facts),
    "startsWith": lambda a, b: lambda facts: a(facts).startswith(b(facts)),
}


def _fact(name: str, kind: WhenType, at: int) -> Run:
    def run_int(facts: Mapping[str, object]) -> int:
        value = facts.get(name, _ABSENT)
        if isinstance(value, int) and value is not True and value is not False and INT_MIN <= value <= INT_MAX:
            return value
        raise _unfit(name, kind, at, value)

    def run_texts(facts: Mapping[str, object]) -> tuple[str, ...]:
        value = facts.get(name, _ABSENT)
        if not isinstance(value, tuple | list):
            raise _unfit(name, kind, at, value)
        for one in value:
            if not isinstance(one, str):
                raise _unfit(name, kind, at, value)
        return tuple(value)

    exact = bool if kind == "bool" else str

    def run(facts: Mapping[str, object]) -> object:
        value = facts.get(name, _ABSENT)
        if isinstance(value, exact):
            return value
        raise _unfit(name, kind, at, value)

    return run_int if kind == "int" else run_texts if kind == "texts" else run


def _unfit(name: str, kind: WhenType, at: int, value: object) -> WhenFault:
    if value is _ABSENT:
        return WhenFault(f"the condition asks at column {at} for the fact {name!r}, which is not stated")
    stated = "a number beyond 64 bits" if type(value) is int and kind == "int" else type(value).__name__
    wanted = "a tuple of text" if kind == "texts" else kind
    return WhenFault(f"the fact {name!r} is {wanted}, and the case states {stated}")


def _quotient(left: int, right: int) -> int:
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


def _remainder(left: int, right: int) -> int:
    quotient = _quotient(left, right)
    # As CEL has it, where the quotient overflows, so does the remainder.
    return quotient if quotient > INT_MAX else left - right * quotient


_EXACT: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": _remainder,
}


def _arithmetic(op: str, left: Run, right: Run, at: int) -> Run:
    exact = _EXACT[op]

    def run(facts: Mapping[str, object]) -> int:
        try:
            value = exact(left(facts), right(facts))
        except ZeroDivisionError:
            raise WhenFault(f"the {op} at column {at} divides by zero") from None
        if INT_MIN <= value <= INT_MAX:
            return value
        raise WhenFault(f"the {op} at column {at} gives a number beyond 64 bits")

    return run


def _logic(runs: list[Run], *, decides: bool) -> Run:
    def run(facts: Mapping[str, object]) -> bool:
        fault: WhenFault | None = None
        for part in runs:
            try:
                found: bool = part(facts)
                if found is decides:
                    return found
            except WhenFault as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return not decides

    return run
