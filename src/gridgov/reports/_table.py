"""Tables for a terminal, in which Chinese and Latin letters line up."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["mask_name", "text_table"]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def text_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Give a table as text; numbers stand right, everything else left.

    :raises ValueError: for a row of another length than the header.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    for row in cells:
        if len(row) != len(header):
            raise ValueError(f"a row has {len(row)} cells, the header {len(header)}")
    widths = [max(map(_width, column)) for column in zip(header, *cells, strict=True)]
    right = [all(isinstance(row[place], int) for row in rows) and bool(rows) for place in range(len(header))]

    def line(row: Sequence[str]) -> str:
        padded = (
            " " * (width - _width(cell)) + cell if to_right else cell + " " * (width - _width(cell))
            for cell, width, to_right in zip(row, widths, right, strict=True)
        )
        return "  ".join(padded).rstrip()

    rule = "  ".join("─" * width for width in widths)
    return "\n".join([line(header), rule, *map(line, cells)])


def mask_name(name: str) -> str:
    """Show a name without consent: the first letter, and a star for each other one (张**)."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""
