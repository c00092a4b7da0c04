"""What a message looks like: plain text that mentions nobody by accident, and fits.

A text message can still call a whole group: Feishu reads ``<at user_id="all">``, WeCom ``<@id>``, and
readers take a bare ``@所有人`` for a call. So ``<`` and ``@`` of a notice become their full-width twins,
which look the same and do nothing; only the ``@`` of an e-mail address stays, which no platform reads.

One notice is one message, so a text that is too long is not split. It is cut, and says at its end
how much is missing: a message that arrives and says so is worth more than one that is refused whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

__all__ = ["fitting", "inert"]

_CALL = re.compile(r"@(?!(?<=[a-z0-9]@)(?!(?:all|everyone)\b)[a-z0-9-]+\.[a-z])", re.IGNORECASE | re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f") | {chr(tone) for tone in range(0x1F3FB, 0x1F400)}


def inert(text: str) -> str:
    """Give *text* so that a platform shows it and does nothing else with it.

    Line breaks stay, other control characters become spaces, halves of characters question marks.
    """
    whole = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")
    return _CALL.sub("＠", _CONTROL.sub(" ", whole)).replace("<", "＜")


def fitting(text: str, fits: Callable[[str], bool]) -> str:
    """Give *text*, or as much of its beginning as *fits* together with a word on how much is missing.

    :param fits: whether a text is short enough; whatever is shorter than one that fits, fits.
    """
    if fits(text):
        return text
    least, most = 0, len(text)
    while most - least > 1:
        middle = (least + most) // 2
        if fits(_cut(text, middle)):
            least = middle
        else:
            most = middle
    return _cut(text, _whole(text, least))


def _cut(text: str, length: int) -> str:
    missing = len(text) - length
    told = f"…（还有{missing}字未显示）" if _CHINESE.search(text) else f"… ({missing} more characters not shown)"
    return text[:length] + told


def _whole(text: str, length: int) -> int:
    """Step back so that no sign that belongs to the one before it is cut off."""
    while 0 < length < len(text) and (_joins(text[length]) or text[length - 1] == "\u200d"):
        length -= 1
    return length


def _joins(sign: str) -> bool:
    return sign in _JOINERS or unicodedata.combining(sign) != 0
