"""Many departments' grids into one (多网合一), and what becomes of it.

Each department once divided the same ground for itself; the borders disagree. :func:`merge`
divides it once: base grids of a wanted size, each contiguous and inside one community, along the
borders that most old layers agree on. What comes back is a :class:`MergePlan`: values that can
be read, explained border by border, checked by :func:`check_plan` (which shares no code with the
solver), proved as far as that goes by :func:`certify`, changed by hand, and applied.

What cannot be had is named, not hidden: a building above the upper bound, an island with too few
households, a community that no number of grids fits, each is a shortfall of the plan, and it says
whether that is proved.

Later :func:`adjust` follows the ground with as few households moved as possible, :func:`split`,
:func:`join`, :func:`move` and :func:`undo` do as they say, and a :class:`Lineage` remembers what
every code meant on every day.

How it hangs together: a survey carves the ground into pieces of numbers (``_survey``), a kernel of
whole numbers divides each (``_kernel``, ``_solve``, ``_run``), and whatever was divided, or drawn
by hand, is put together as a plan in one way (``_assemble``). The same input and seed give the same
plan on every machine, in plain Python and compiled.
"""

from gridgov.merging._adjust import Adjustment, adjust, frontier, join, move, split, undo
from gridgov.merging._certificate import Certificate, Proof
from gridgov.merging._certify import certify
from gridgov.merging._check import check_plan
from gridgov.merging._layers import Bounds, Layer, LayerGrid, check_layers
from gridgov.merging._lineage import Enacted, Flow, Lineage, flows
from gridgov.merging._merge import merge, sweep
from gridgov.merging._people import Incumbent, Reposting
from gridgov.merging._plan import BaseGrid, Border, MergePlan, Share, Shortfall
from gridgov.merging._policy import Apart, AsIs, GridCount, Held, Measure, MergePolicy, Together
from gridgov.merging._repost import Succession, coverage, repost, succeed
from gridgov.merging._survey import check_policy

__all__ = [
    "Adjustment",
    "Apart",
    "AsIs",
    "BaseGrid",
    "Border",
    "Bounds",
    "Certificate",
    "Enacted",
    "Flow",
    "GridCount",
    "Held",
    "Incumbent",
    "Layer",
    "LayerGrid",
    "Lineage",
    "Measure",
    "MergePlan",
    "MergePolicy",
    "Proof",
    "Reposting",
    "Share",
    "Shortfall",
    "Succession",
    "Together",
    "adjust",
    "certify",
    "check_layers",
    "check_plan",
    "check_policy",
    "coverage",
    "flows",
    "frontier",
    "join",
    "merge",
    "move",
    "repost",
    "split",
    "succeed",
    "sweep",
    "undo",
]
