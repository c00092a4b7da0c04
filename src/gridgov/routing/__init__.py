"""Which rule decides a case, and why not the others.

A :class:`Table` is rows of typed cells over declared facts, in bands of a fixed order; the first
hit inside a band decides. The :class:`Catalog` (事项清单) is the tree of kinds, with who handles
each and by when. A :class:`Rulebook` is the tables of a place: rules, limits, and who else.

Three ways to the same answer. :func:`interpret` goes from top to bottom, without any index, and
is the oracle. The :class:`Router` of a table keeps one bit for each rule and one mask for each
value, and is what decides. :class:`Batch` does the same for many cases at once.

:func:`check_table` proves what can be said of a table before any case comes: rules that no case
reaches, cases that no rule takes, two rules that would answer one case differently.
:func:`replay` decides past cases by another rulebook and gives every difference.

A fact that an answer hangs on and the case does not state is an error, unless the cell says that
it may be missing: a missing fact is never silently false.
"""

from gridgov.routing._batch import Batch, Encoded
from gridgov.routing._book import Rulebook, Ruling
from gridgov.routing._catalog import Catalog, Duty, Kind
from gridgov.routing._check import Checked, Names, check_table
from gridgov.routing._decision import Decision, Hit, NearMiss
from gridgov.routing._examples import EXPECTED, Example, check_examples, parse_value, usual_facts
from gridgov.routing._facts import FACTS, SOURCES, Cell, Fact, Facts, FactValue, check_value, parse_cell
from gridgov.routing._interpret import interpret, interpret_all, interpret_near
from gridgov.routing._replay import Change, Replay, replay, what_differs
from gridgov.routing._router import Router
from gridgov.routing._rule import ANSWERS, BANDS, COLUMNS, Policy, Rule, Then
from gridgov.routing._table import DUTY, Table, duty_rules
from gridgov.routing._when import When, WhenError, parse_when

__all__ = [
    "ANSWERS",
    "BANDS",
    "COLUMNS",
    "DUTY",
    "EXPECTED",
    "FACTS",
    "SOURCES",
    "Batch",
    "Catalog",
    "Cell",
    "Change",
    "Checked",
    "Decision",
    "Duty",
    "Encoded",
    "Example",
    "Fact",
    "FactValue",
    "Facts",
    "Hit",
    "Kind",
    "Names",
    "NearMiss",
    "Policy",
    "Replay",
    "Router",
    "Rule",
    "Rulebook",
    "Ruling",
    "Table",
    "Then",
    "When",
    "WhenError",
    "check_examples",
    "check_table",
    "check_value",
    "duty_rules",
    "interpret",
    "interpret_all",
    "interpret_near",
    "parse_cell",
    "parse_value",
    "parse_when",
    "replay",
    "usual_facts",
    "what_differs",
]
