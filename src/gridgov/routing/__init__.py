"""Which rule decides a case, and why not the others.

Three values and one function. The :class:`Catalog` (事项清单) is the tree of kinds. A
:class:`Table` is rows of typed cells over declared facts, in bands of a fixed order; the first
hit inside a band decides. :func:`decide` is the plain, top-to-bottom interpreter, without any
index: it is the oracle for whatever will be faster later. What it returns is a value that can
say in two languages which rule hit, on which facts, and which earlier rules failed and where.

A fact that a cell asks for and the case does not have is an error, unless the cell is empty
(any): a missing fact is never silently false.
"""

from gridgov.routing._catalog import Catalog, Kind
from gridgov.routing._decide import Decision, Hit, NearMiss, decide
from gridgov.routing._table import BANDS, FACTS, Cell, Fact, Rule, Table, Then, parse_cell

__all__ = [
    "BANDS",
    "FACTS",
    "Catalog",
    "Cell",
    "Decision",
    "Fact",
    "Hit",
    "Kind",
    "NearMiss",
    "Rule",
    "Table",
    "Then",
    "decide",
    "parse_cell",
]
