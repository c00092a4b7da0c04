"""Who does what where, and from when until when.

A **posting** puts a person or an organization in a role on a place for a period. Whether one
person may hold one grid only (一人一格), many persons one grid (多人一格), or one person many
grids (一人多格) is the rule of the role, a policy of the place, checked here and assumed nowhere
else. A :class:`Roster` is frozen: staffing of a day is asked by day, and history stays.
"""

from gridgov.staffing._parties import Party, find_party
from gridgov.staffing._roster import ORGANIZATION_KINDS, Absence, Climb, Organization, Person, Posting, Role, Roster

__all__ = [
    "ORGANIZATION_KINDS",
    "Absence",
    "Climb",
    "Organization",
    "Party",
    "Person",
    "Posting",
    "Role",
    "Roster",
    "find_party",
]
