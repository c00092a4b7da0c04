"""The two fastest engines that a Python program can decide a routing table with, each in its fastest form.

zen-engine 2.1.3 (MIT) has a decision table of hit policy *first* in a JSON graph; datalogic-py 5.9.0
(Apache-2.0) has one JsonLogic ``if``. Both are written in Rust and take a dict. Whatever a case needs
before the engine sees it is done by ``prepare`` and not timed; ``python peers.py`` prints it as well.

Medians of single calls in µs on the street of 300 / 3,000 rules, 2 cores, Python 3.11, the best of a dozen
rounds in turn; the 99th percentile is in brackets.

============================================================  =============================================
zen-engine
============================================================  =============================================
static loader, case as it is (``form="dict"``)                 10.5 (15) / 14.6 (31)
the same, case as JSON, written before (``form="text"``)       9.5 (14) / 13.5 (25)
with an output node behind the table                           11.0 / 15.1
loader a function that gives a ``ZenDecisionContent``          11.0 / 15.2
loader a function that gives JSON                              2,539 / 32,727
``create_decision(JSON).evaluate``, as the README has it       479 / 3,396
``create_decision(ZenDecisionContent).evaluate``               95 / 99
``get_decision`` of the static loader, ``.evaluate``           466 / 3,478
kind as three columns, class by class; place too               11.3 / 19.1; 12.1 / 19.7
a table for each kind (an index of ours)                       9.6 (23) / 16.8 (42)
``evaluate_batch`` of 3,000, per case                          14.8 / 15.9
one row that asks for nothing: what a call costs               5.6 / 5.7
``trace=True``: row, conditions, values                        115 / 876
============================================================  =============================================

zen keeps a bit set for every value of a column, but only of cells that list words or points; so a class of
kinds is written as the list of its kinds, a community as the list of its grids, ``!a`` as the rest of the
domain. Ranges and tags it asks row by row, of the rows that are left. With a trace it uses no index.

============================================================  =============================================
datalogic-py
============================================================  =============================================
words, facts by name, a fact for each level of a tree          10.1 (14) / 92.9 (230)
the same, facts by one letter                                  9.2 / 82.6
the same, cells as written instead of kind and place first     11.3 / 110
the same, classes and communities as lists of what is below    16.2 / 132
numbers for words, one letter a fact (``form="dict"``)         7.1 (10) / 54.7 (141)
the same, case as JSON, written before (``form="text"``)       6.7 (9) / 54.0 (133)
the same, case read before (``form="handle"``)                 6.4 (9) / 54.0 (135)
``evaluate_batch`` of 3,000 handles, per case                  5.9 / 59.4
an ``if`` for each kind (``by_kind``, an index of ours)        1.7 (7) / 8.5 (50)
the same, handles                                              1.0 (7) / 8.4 (53)
numbers for words: ``prepare``, in Python, not in the above    9.0 / 9.0
``evaluate_with_trace``: every step, as JSON                   3,609 / 72,508
============================================================  =============================================

``Rule.evaluate`` and ``Session.evaluate``, text or numbers as the result, make no difference. The engine
has no index: what it costs grows with the rows before the hit. ``by_kind`` is what a program could build
around it, and is given for the sake of honesty; the classes, the order of rows and the choice by kind are
then the program's work, as they are ours.

What both do in silence: zen takes a cell that cannot be read (``>= >= 3``, ``nonsense(``) and the row never
holds; a fact that the case lacks makes ``not ($ in [...])`` true in zen, and ``< 3`` true in JsonLogic.
"""

from __future__ import annotations

import gc
import json
import string
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Literal

import attrs

from gridgov.routing import Catalog, Cell, Fact, FactValue, Rule, Table, interpret
from gridgov.routing._catalog import kind_path
from gridgov.territory import Territory

Case = Mapping[str, FactValue]
Logic = dict[str, Any]
Form = Literal["dict", "text", "handle"]


@attrs.frozen(kw_only=True, eq=False)
class Peer:
    """An engine that has read a table.

    :param prepare: what the engine wants to have of a case; not timed.
    :param decide: prepared case → the id of the first rule that holds.
    :param explain: prepared case → the engine's own trace of that; None where it has none.
    """

    name: str
    version: str
    prepare: Callable[[Case], Any]
    decide: Callable[[Any], str]
    explain: Callable[[Any], object] | None


def check(peer: Peer, table: Table, territory: Territory, cases: Sequence[Case]) -> None:
    """Hold a peer against the plain interpreter, case by case."""
    for case in cases:
        wanted = interpret(table, case, territory)
        assert wanted is not None
        found = peer.decide(peer.prepare(case))
        assert found == wanted.rule.id, f"{peer.name} gives {found}, not {wanted.rule.id}: {case}"


def _refuse_the_rest(table: Table) -> None:
    """Cells that the street does not write are not translated, rather than translated wrongly."""
    for rule in table.rules:
        if rule.when or any(cell.or_missing or cell.op == "prefix" for cell in rule.cells):
            raise ValueError(f"the rule {rule.id} has a condition that is not translated for the peers")


def _minutes(cell: Cell) -> tuple[int, int]:
    begin, end = (int(bound[:2]) * 60 + int(bound[3:]) for bound in cell.values)
    return begin, end


# --- zen-engine -----------------------------------------------------------------------------------


def zen(table: Table, catalog: Catalog, territory: Territory, *, form: Form = "dict") -> Peer:
    """Make one decision table of hit policy ``first`` in an engine with a static loader.

    :param form: what a case is given as: a ``dict``, or its JSON ``text``.
    """
    import zen as library

    _refuse_the_rest(table)
    below = _below(catalog, territory)
    asked = list(dict.fromkeys(cell.fact for rule in table.rules for cell in rule.cells))
    rows = []
    for rule in table.rules:
        cells = {cell.fact: _zen_cell(cell, table.facts[cell.fact], below) for cell in rule.cells}
        rows.append({"_id": rule.id, "rule": json.dumps(rule.id), **{fact: cells.get(fact, "") for fact in asked}})
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": fact, "name": fact, "field": fact, "type": "expression"} for fact in asked],
        "outputs": [{"id": "rule", "name": "rule", "field": "rule", "type": "expression"}],
        "rules": rows,
    }
    place = {"position": {"x": 0, "y": 0}}
    graph = {
        "nodes": [
            {"id": "case", "name": "case", "type": "inputNode", "content": {}, **place},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": content, **place},
        ],
        "edges": [{"id": "edge", "sourceId": "case", "targetId": "table", "type": "edge"}],
    }
    evaluate = library.ZenEngine({"loader": {"type": "static", "content": {"table": graph}}}).evaluate
    trace = {"trace": True}

    return Peer(
        name="zen-engine" if form == "dict" else f"zen-engine, {form}",
        version=version("zen-engine"),
        prepare=(lambda case: case) if form == "dict" else lambda case: json.dumps(case, separators=(",", ":")),
        decide=lambda prepared: evaluate("table", prepared)["result"]["rule"],
        explain=lambda prepared: evaluate("table", prepared, trace)["trace"],
    )


def _below(catalog: Catalog, territory: Territory) -> dict[str, dict[str, list[str]]]:
    """Give every kind below a class, and every place in a place, itself among them."""
    kinds: dict[str, list[str]] = {}
    for code in catalog.kinds:
        for above in kind_path(code):
            kinds.setdefault(above, []).append(code)
    places: dict[str, list[str]] = {}
    for node in territory:
        for above in territory.path(node.code):
            places.setdefault(above, []).append(node.code)
    return {"kind": kinds, "place": places}


def _zen_cell(cell: Cell, fact: Fact, below: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """Write a cell; lists of words and points are what zen keeps an index of, all else it evaluates row by row."""
    if fact.type == "time":
        begin, end = _minutes(cell)
        return f"[{begin}..{end})" if begin < end else f">= {begin}, < {end}"
    if fact.type == "number":
        match cell.op:
            case "at-least":
                return f">= {cell.values[0]}"
            case "at-most":
                return f"<= {cell.values[0]}"
            case "between":
                return f"[{cell.values[0]}..{cell.values[1]}]"
            case "not-in":
                return f"not ($ in [{', '.join(cell.values)}])"
            case _:
                return ", ".join(cell.values)
    if fact.type == "tags":
        return f"{'not ' if cell.op == 'not-in' else ''}some($, # in [{_quoted(cell.values)}])"
    named: dict[str, None] = dict.fromkeys(cell.values)
    everything: Iterable[str] = fact.domain
    if fact.type in below:
        tree = below[fact.type]
        named = dict.fromkeys(leaf for value in cell.values for leaf in tree.get(value, ()))
        everything = dict.fromkeys(leaf for leaves in tree.values() for leaf in leaves)
    if cell.op != "not-in":
        return _quoted(named)
    others = [value for value in everything if value not in named]
    return _quoted(others) if others else f"not ($ in [{_quoted(named)}])"


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(json.dumps(value) for value in values)


# --- datalogic ------------------------------------------------------------------------------------


def datalogic(
    table: Table, catalog: Catalog, territory: Territory, *, form: Form = "dict", by_kind: bool = False
) -> Peer:
    """Make one JsonLogic ``if`` of all rows in their order, compiled once.

    :param form: what a case is given as: a ``dict``, its JSON ``text``, or a ``handle``, which is a case
        that the engine has already read.
    :param by_kind: compile an ``if`` for each kind, of the rows that it may hit, and choose among them
        while preparing: an index of our making, and not of the engine's.
    """
    import datalogic_py as library

    _refuse_the_rest(table)
    words = _Words(table, territory)
    engine = library.Engine()
    texts = {
        kind: json.dumps(words.chain([rule for rule in table.rules if _may_hit(rule, kind)], kindless=True))
        for kind in (catalog.kinds if by_kind else ())
    }
    everything = json.dumps(words.chain(table.rules))
    rule = engine.compile(everything)
    rules = {kind: engine.compile(text) for kind, text in texts.items()}
    session = engine.session()
    written: Callable[[Case], Any] = {
        "dict": words.case,
        "text": lambda case: json.dumps(words.case(case), separators=(",", ":")),
        "handle": lambda case: library.DataHandle(words.case(case)),
    }[form]
    evaluate: Callable[[Any, Any], str] = session.evaluate_data if form == "handle" else session.evaluate

    def explain(prepared: Any) -> object:
        return engine.evaluate_with_trace(everything, prepared if form == "text" else json.dumps(prepared))

    return Peer(
        name="datalogic-py" + ("" if form == "dict" else f", {form}") + (", by kind" if by_kind else ""),
        version=version("datalogic-py"),
        prepare=(lambda case: (rules[str(case["kind"])], written(case))) if by_kind else written,
        decide=(lambda prepared: evaluate(*prepared)) if by_kind else (lambda prepared: evaluate(rule, prepared)),
        explain=None if by_kind or form == "handle" else explain,
    )


def _may_hit(rule: Rule, kind: str) -> bool:
    return all(
        any(value in kind_path(kind) for value in cell.values) is (cell.op != "not-in")
        for cell in rule.cells
        if cell.fact == "kind"
    )


class _Words:
    """Numbers instead of words, one letter instead of a fact's name, and a fact for each level of a tree."""

    def __init__(self, table: Table, territory: Territory) -> None:
        self._table, self._territory = table, territory
        self._letters: dict[tuple[str, int], str] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        cells = [cell for rule in table.rules for cell in rule.cells]
        for cell in sorted(cells, key=lambda cell: table.facts[cell.fact].type not in ("kind", "place")):
            for value in cell.values:
                self._var(cell, value)
                numbers = self._numbers.setdefault(cell.fact, {})
                numbers.setdefault(value, len(numbers))

    def _steps(self, fact: str, value: str) -> tuple[str, ...]:
        """Give a word with all above it, from the top; a word of a plain fact alone."""
        match self._table.facts[fact].type:
            case "kind":
                return tuple(reversed(kind_path(value)))
            case "place":
                return tuple(reversed(self._territory.path(value)))
            case _:
                return (value,)

    def _var(self, cell: Cell, value: str) -> Logic:
        key = cell.fact, len(self._steps(cell.fact, value))
        return {"var": self._letters.setdefault(key, string.ascii_letters[len(self._letters)])}

    def case(self, case: Case) -> dict[str, Any]:
        """Write a case: −1 for what no rule names."""
        written: dict[str, Any] = {}
        for (fact, depth), letter in self._letters.items():
            value = case[fact]
            if isinstance(value, int):
                written[letter] = value
            elif isinstance(value, tuple):
                written[letter] = [self._numbers[fact].get(word, -1) for word in value]
            else:
                steps = self._steps(fact, value)
                written[letter] = self._numbers[fact].get(steps[depth - 1], -1) if depth <= len(steps) else -1
        return written

    def chain(self, rules: Sequence[Rule], *, kindless: bool = False) -> object:
        """Write ``if`` of conditions and rule ids in turn, up to the first rule that asks for nothing."""
        branches: list[object] = []
        for rule in rules:
            cells = [cell for cell in rule.cells if not (kindless and cell.fact == "kind")]
            # What tells most cases apart is asked first; the rest of an ``and`` is then left out.
            conditions = [self._condition(cell) for cell in sorted(cells, key=self._late)]
            if not conditions:
                branches.append(rule.id)
                break
            branches += (conditions[0] if len(conditions) == 1 else {"and": conditions}, rule.id)
        return {"if": branches} if len(branches) > 1 else branches[0]

    def _late(self, cell: Cell) -> int:
        order = {"kind": 0, "place": 1}
        return order.get(self._table.facts[cell.fact].type, 2) + (3 if cell.op == "not-in" else 0)

    def _condition(self, cell: Cell) -> Logic:
        fact = self._table.facts[cell.fact]
        if fact.type == "time":
            begin, end = _minutes(cell)
            at = self._var(cell, cell.values[0])
            return {"<=": [begin, at, end - 1]} if begin < end else {"or": [{">=": [at, begin]}, {"<": [at, end]}]}
        if fact.type == "number":
            at, bounds = self._var(cell, cell.values[0]), [int(bound) for bound in cell.values]
            match cell.op:
                case "at-least":
                    return {">=": [at, bounds[0]]}
                case "at-most":
                    return {"<=": [at, bounds[0]]}
                case "between":
                    return {"<=": [bounds[0], at, bounds[1]]}
                case _:
                    return _among(at, bounds, wanted=cell.op != "not-in")
        numbers = self._numbers[cell.fact]
        if fact.type == "tags":
            has = [{"in": [numbers[value], self._var(cell, value)]} for value in cell.values]
            return _any(has, wanted=cell.op != "not-in")
        levels: dict[str, list[int]] = {}
        for value in cell.values:
            levels.setdefault(self._var(cell, value)["var"], []).append(numbers[value])
        if len(levels) == 1:
            ((letter, among),) = levels.items()
            return _among({"var": letter}, among, wanted=cell.op != "not-in")
        some = [_among({"var": letter}, among, wanted=True) for letter, among in levels.items()]
        return _any(some, wanted=cell.op != "not-in")


def _among(at: Logic, values: Sequence[int], *, wanted: bool) -> Logic:
    if len(values) == 1:
        return {"===" if wanted else "!==": [at, values[0]]}
    found: Logic = {"in": [at, values]}
    return found if wanted else {"!": found}


def _any(conditions: Sequence[Logic], *, wanted: bool) -> Logic:
    found = conditions[0] if len(conditions) == 1 else {"or": conditions}
    return found if wanted else {"!": found}


# --- figures --------------------------------------------------------------------------------------


def microseconds(call: Callable[[Any], object], prepared: Sequence[Any]) -> tuple[float, float]:
    """Give the median and the 99th percentile of single calls."""
    times = []
    gc.disable()
    for one in prepared:
        began = time.perf_counter_ns()
        call(one)
        times.append(time.perf_counter_ns() - began)
    gc.enable()
    times.sort()
    return times[len(times) // 2] / 1e3, times[len(times) * 99 // 100] / 1e3


def figures(count: int) -> None:
    """Print the figures of every form on a table of *count* rules, each the best of seven rounds in turn."""
    import street

    made = street.make(count, 20_000)
    place = made.table, made.catalog, made.territory
    forms: tuple[Form, ...] = ("dict", "text", "handle")
    peers = [zen(*place, form=form) for form in forms[:2]]
    peers += [datalogic(*place, form=form, by_kind=by_kind) for by_kind in (False, True) for form in forms]
    calls: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {}
    for peer in peers:
        check(peer, made.table, made.territory, made.cases[:2_000])
        cases = made.cases[:3_000]
        prepared = [peer.prepare(case) for case in cases]
        calls[f"{peer.name}: decide"] = peer.decide, prepared
        calls[f"{peer.name}: prepare"] = peer.prepare, cases
        if peer.explain is not None:
            calls[f"{peer.name}: explain"] = peer.explain, prepared[:20]
    calls["interpret"] = lambda case: interpret(made.table, case, made.territory), made.cases[:100]
    rounds = [{name: microseconds(*call) for name, call in calls.items()} for _ in range(7)]
    for name in calls:
        median, slow = (min(one) for one in zip(*(each[name] for each in rounds), strict=True))
        print(f"{count:5} rules  {name:40} p50 {median:9.1f}  p99 {slow:9.1f} µs", flush=True)


if __name__ == "__main__":
    for argument in sys.argv[1:] or ("300", "3000"):
        figures(int(argument))
