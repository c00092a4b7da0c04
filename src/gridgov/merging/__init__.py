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

from gridgov.merging._check import check_plan
from gridgov.merging._layers import Bounds, Layer, LayerGrid, check_layers
from gridgov.merging._people import Incumbent, Reposting, repost
from gridgov.merging._plan import BaseGrid, MergePlan, Share
from gridgov.merging._solve import merge

__all__ = [
    "BaseGrid",
    "Bounds",
    "Incumbent",
    "Layer",
    "LayerGrid",
    "MergePlan",
    "Reposting",
    "Share",
    "check_layers",
    "check_plan",
    "merge",
    "repost",
]
