"""Texts for people, in Chinese and English.

A room that has something to say to people keeps its phrases beside its code as a
:class:`Phrasebook` and asks it with :meth:`Phrasebook.say`. Both languages are demanded when
the book is made, and both must use the same blanks: a text that exists in one language only, or
that loses a fact in translation, is found by importing the module and not by a resident.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Literal, cast, get_args

import attrs

__all__ = ["LANGUAGES", "Language", "Phrasebook", "Text"]

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = cast("tuple[Language, ...]", get_args(Language))


@attrs.frozen
class Text:
    """One text in both languages; either may hold ``{blanks}``."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """Give the text in *language*.

        :raises ValueError: for a language other than ``"zh"`` and ``"en"``.
        """
        match language:
            case "zh":
                return self.zh
            case "en":
                return self.en
            case _:
                raise ValueError(f"there is no text in {language!r}; the languages are {', '.join(LANGUAGES)}")


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


class Phrasebook:
    """The phrases of one room, by key."""

    def __init__(self, phrases: Mapping[str, tuple[str, str]]) -> None:
        self._phrases = {key: Text(zh, en) for key, (zh, en) in phrases.items()}
        for key, text in self._phrases.items():
            if _blanks(text.zh) != _blanks(text.en):
                raise ValueError(f"the phrase {key!r} has different blanks in Chinese and in English")

    def __contains__(self, key: object) -> bool:
        return key in self._phrases

    def keys(self) -> frozenset[str]:
        """Give every key of the book."""
        return frozenset(self._phrases)

    def say(self, key: str, language: str, /, **facts: object) -> str:
        """Give the phrase *key* in *language* with its blanks filled from *facts*.

        :raises KeyError: for an unknown key or a blank that *facts* does not fill.
        """
        return self._phrases[key].in_(language).format(**facts)
