"""The place itself: levels, nodes, codes, the tree, and what lies beside what.

Levels are data, not an enum: a street in a city has compounds and stairwell groups, a town has
villagers' groups, and one jurisdiction may have both. A :class:`Territory` is one frozen tree;
:meth:`Territory.build` gives every mistake at once instead of the first.

Codes follow the field's convention: 6 digits for the county (GB/T 2260), 3 for the street or
town (GB/T 10114), 3 for the community or village, 3 for a grid. Buildings and entrances have no
national code; theirs begins with the community's, so that a merge does not have to rename them.
"""

from gridgov.territory._change import Built, Change, Demolished, Recounted, Transferred, change_ground
from gridgov.territory._codes import GRID_DIGITS, check_code, grid_code
from gridgov.territory._coordinates import SYSTEMS, convert
from gridgov.territory._ground import Adjacency, Ground
from gridgov.territory._locate import Located, Locator
from gridgov.territory._outlines import check_outlines
from gridgov.territory._recode import Recoded, Recoding, recode
from gridgov.territory._tree import GRID_KINDS, Level, Node, Territory

__all__ = [
    "GRID_DIGITS",
    "GRID_KINDS",
    "SYSTEMS",
    "Adjacency",
    "Built",
    "Change",
    "Demolished",
    "Ground",
    "Level",
    "Located",
    "Locator",
    "Node",
    "Recoded",
    "Recoding",
    "Recounted",
    "Territory",
    "Transferred",
    "change_ground",
    "check_code",
    "check_outlines",
    "convert",
    "grid_code",
    "recode",
]
