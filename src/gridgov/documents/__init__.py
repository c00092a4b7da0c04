"""The border: setup files and stored bytes in, values out.

Two sides. :func:`load_setup` reads a folder of YAML and CSV that a person can edit, and gives
either a :class:`~gridgov.setup.Setup` or every mistake at once, each with file and row. The
:class:`Codec` reads and writes events; stored names and upcasters live there. Nothing behind this
border ever sees an unchecked value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridgov.documents._codec import (
    ROOMS,
    SHAPES,
    UPCASTERS,
    Codec,
    check_types,
    fingerprint,
    read_refusal,
    read_value,
    write_refusal,
)
from gridgov.documents._grounds import (
    Columns,
    ImportedGround,
    ground_from_geojson,
    ground_from_graph,
    ground_from_rows,
)

if TYPE_CHECKING:
    from gridgov.documents._files import load_setup
    from gridgov.documents._rule_files import RuleFile, read_rules, write_rules
    from gridgov.documents._rules import SUFFIXES
    from gridgov.documents._schemas import json_schemas

__all__ = [
    "ROOMS",
    "SHAPES",
    "SUFFIXES",
    "UPCASTERS",
    "Codec",
    "Columns",
    "ImportedGround",
    "RuleFile",
    "check_types",
    "fingerprint",
    "ground_from_geojson",
    "ground_from_graph",
    "ground_from_rows",
    "json_schemas",
    "load_setup",
    "read_refusal",
    "read_rules",
    "read_value",
    "write_refusal",
    "write_rules",
]


def __getattr__(name: str) -> object:
    # pydantic and yaml cost a tenth of a second; an app that opens a store does not need them.
    if name == "load_setup":
        from gridgov.documents._files import load_setup

        return load_setup
    if name == "json_schemas":
        from gridgov.documents._schemas import json_schemas

        return json_schemas
    if name in ("RuleFile", "read_rules", "write_rules"):
        from gridgov.documents import _rule_files

        return getattr(_rule_files, name)
    if name == "SUFFIXES":
        from gridgov.documents._rules import SUFFIXES

        return SUFFIXES
    raise AttributeError(name)
