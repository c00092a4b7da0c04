"""The setup in force, held against the one that somebody brings.

Only one difference opens an office all the same: a plugin offers newer holidays. Without that, nobody could open the
office to take them.
"""

from __future__ import annotations

import attrs

from gridgov.documents import read_value
from gridgov.setup import Adopted, Setup
from gridgov.store import Store
from gridgov.worktime import Calendar

__all__ = ["on_adopted_days", "sections_apart"]


def sections_apart(adopted: Adopted, setup: Setup, store: Store) -> tuple[str, ...]:
    """Give the names of the sections in which a setup is another one than the adopted; none where it opens the store.

    :param setup: with what plugins add to it.
    """
    theirs, ours = dict(adopted.sections), setup.section_digests
    if theirs == ours or on_adopted_days(adopted, setup, store) is not None:
        return ()
    return tuple(name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name))


def on_adopted_days(adopted: Adopted, setup: Setup, store: Store) -> Setup | None:
    """Give a setup with the holidays that were adopted; None where something else differs as well."""
    bodies = [store.document(adopted.sections.get(name, "")) for name in ("calendar", "calendars")]
    if bodies[0] is None or bodies[1] is None:
        return None
    own: Calendar = read_value(bodies[0], Calendar)
    others: dict[str, Calendar] = read_value(bodies[1], dict[str, Calendar])
    before = attrs.evolve(setup, calendar=own, calendars=others)
    if before.section_digests != dict(adopted.sections):
        return None
    now = setup.calendars_by_id
    same = all(name in now and _differs_by_days(old, now[name]) for name, old in before.calendars_by_id.items())
    return before if same else None


def _differs_by_days(old: Calendar, new: Calendar) -> bool:
    """Say whether two calendars are the same but for the days that one source gives."""
    with_old_days = attrs.evolve(
        new,
        holidays=old.holidays,
        moved=old.moved,
        known_from=old.known_from,
        known_through=old.known_through,
        notice=old.notice,
    )
    return old == new or (bool(new.days) and with_old_days == old)
