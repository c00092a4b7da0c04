"""Many departments' grids into one (多网合一).

Each department once divided the same ground for itself; the borders disagree. :func:`merge`
divides it once: base grids of a wanted size, each contiguous and inside one community, along the
borders that most old layers agree on. What comes back is a :class:`MergePlan`: values that can
be read, checked by :func:`check_plan` (which shares no code with the solver), and applied.

What cannot be had is named, not hidden: a building above the upper bound, an island with too few
households, a community that no number of grids fits, each is a finding of the plan.

Communities are divided one after the other and independently, with whole numbers and a seeded
generator: the same input and seed give the same plan on every machine.
"""

from gridgov.merging._adjust import Adjustment, adjust, frontier, join, move, split, undo
from gridgov.merging._certificate import Certificate, Proof
from gridgov.merging._certify import certify
from gridgov.merging._check import check_plan
from gridgov.merging._layers import Bounds, Layer, LayerGrid, check_layers
from gridgov.merging._lineage import Enacted, Flow, Lineage, flows
from gridgov.merging._merge import merge
from gridgov.merging._people import Incumbent, Reposting, Succession, coverage, repost, succeed
from gridgov.merging._plan import BaseGrid, Border, MergePlan, Share, Shortfall
from gridgov.merging._policy import Apart, AsIs, GridCount, Held, Measure, MergePolicy, Together
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
    "undo",
]
