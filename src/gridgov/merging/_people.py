"""Who must be posted by a plan, and where they went: values only."""

from __future__ import annotations

import attrs

from gridgov.wording import Text

__all__ = ["Incumbent", "Reposting"]


@attrs.frozen(kw_only=True)
class Incumbent:
    """A person or organization that must be posted on base grids.

    :param layer: the old layer and *grid* that it served, empty where it is new.
    :param community: only grids of this community, empty for the whole street.
    :param group: holders of one group (usually their organization) share the grids among them.
    """

    holder: str
    role: str
    layer: str = ""
    grid: str = ""
    community: str = ""
    group: str = ""


@attrs.frozen(kw_only=True)
class Reposting:
    """Where a holder goes, and why.

    :param kept: how many households of its old grid it still serves, of *had*.
    """

    holder: str
    role: str
    layer: str
    grid: str
    base_grids: tuple[str, ...]
    kept: int
    had: int
    why: Text
