"""The one thin facade; no rule lives here.

An :class:`Office` follows the store, takes a command, lets the room decide, stores what it
decided, and lets reactions follow. Everything that is decided depends on values only, so the
office can decide again when somebody else was faster, and can be thrown away at any moment:
what it knows is a fold of the store.

It is synchronous and safe to use from several threads; an async app calls it in a thread. Each
call follows the store first, so several processes can run one street.
"""

from gridgov.office._asked import Ticked
from gridgov.office._handover import Handback, Handover
from gridgov.office._health import Health, store_health
from gridgov.office._memory import Outcome
from gridgov.office._office import Office, open_office

__all__ = ["Handback", "Handover", "Health", "Office", "Outcome", "Ticked", "open_office", "store_health"]
