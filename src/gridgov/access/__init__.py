"""Who may do what, where, and what of it they see.

The rule is a value: grants of commands and views to roles. What no grant allows is denied. A grant
reaches a part of what there is: the places that a role is posted on and below, the cases of the
actor's own department, or everything; and it may mask some of what is shown. Residents have no
posting; what they may do is granted to the role ``resident``, and which records are theirs is
decided by the rooms.

Why a grant masks and not a role: one person may see who reported a case in their own grid and not
in the rest of the street. So what is masked is what *every* grant masks that lets this pass here.

Why the refusal has one code: codes are stored for ever, and an app that knows ``access.denied``
need not learn another one when access is divided more finely. Why it was denied is a fact beside it.
"""

from gridgov.access._check import WHY, check_access, kind_of_actor, masks_of
from gridgov.access._mask import WITHHELD, masked
from gridgov.access._policy import MASKS, SCOPES, STANDING_ROLES, WILDCARDS, AccessPolicy, Grant

__all__ = [
    "MASKS",
    "SCOPES",
    "STANDING_ROLES",
    "WHY",
    "WILDCARDS",
    "WITHHELD",
    "AccessPolicy",
    "Grant",
    "check_access",
    "kind_of_actor",
    "masked",
    "masks_of",
]
