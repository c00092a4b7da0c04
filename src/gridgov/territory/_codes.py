"""Codes of places: lengths, nesting, and the next free grid number."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["GRID_DIGITS", "check_code", "grid_code"]

GRID_DIGITS = 15
_DIGITS = {"district": 6, "street": 9, "community": 12, "grid": GRID_DIGITS}


def check_code(level: str, code: str, parent: str | None) -> tuple[str, str] | None:
    """Say what is wrong with a code: ``(what is wrong, what would be right)``; None if nothing.

    Official levels (district, street, community, grid) have 6, 9, 12 and 15 digits and begin
    with the code of the place they lie in. Every other level has a code of the place's own.
    Source: GB/T 2260, GB/T 10114, and the statistical 12-digit code.
    """
    digits = _DIGITS.get(level)
    if digits is None:
        return None if code.strip() == code and code else (f"the code {code!r} is empty or padded", "trim it")
    if not (code.isascii() and code.isdigit() and len(code) == digits):
        return f"the code {code!r} of a {level} is no number of {digits} digits", f"write {digits} digits"
    if parent and parent.isdigit() and not code.startswith(parent):
        return f"the code {code} lies outside its parent {parent}", f"it begins with {parent}"
    return None


def grid_code(community: str, used: Iterable[str]) -> str:
    """Give the next grid code of a community: the highest number that was ever used, plus one.

    :param used: every code that was ever given out there, abolished ones too: no code is used again.
    :raises ValueError: when 999 numbers are used up.
    """
    taken = [int(code[len(community) :]) for code in used if code.startswith(community) and len(code) == GRID_DIGITS]
    number = max(taken, default=0) + 1
    if number > 999:
        raise ValueError(f"the community {community} has used up its 999 grid codes")
    return f"{community}{number:03}"
