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
    write_refusal,
)

if TYPE_CHECKING:
    from gridgov.documents._files import load_setup
    from gridgov.documents._schemas import json_schemas

__all__ = [
    "ROOMS",
    "SHAPES",
    "UPCASTERS",
    "Codec",
    "check_types",
    "fingerprint",
    "json_schemas",
    "load_setup",
    "read_refusal",
    "write_refusal",
]


def __getattr__(name: str) -> object:
    # pydantic and yaml cost a tenth of a second; an app that opens a store does not need them.
    if name == "load_setup":
        from gridgov.documents._files import load_setup

        return load_setup
    if name == "json_schemas":
        from gridgov.documents._schemas import json_schemas

        return json_schemas
    raise AttributeError(name)
