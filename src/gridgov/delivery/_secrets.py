"""Secrets of channels: fetched when they are needed, shown nowhere."""

from __future__ import annotations

import os
from collections.abc import Callable

from gridgov.errors import GridgovError

__all__ = ["Secret", "SecretMissingError"]


class SecretMissingError(GridgovError):
    """A secret is not where it should be. The message names the place, never the secret."""


class Secret:
    """A token, key or address that must not be seen: from the environment, or from a callback.

    It is fetched anew each time, so that a changed one holds at once. Neither its repr nor what is
    raised shows it, and it cannot be pickled.

    :param source: the name of an environment variable, or a function that gives the secret.
    """

    __slots__ = ("_source",)

    def __init__(self, source: str | Callable[[], str]) -> None:
        self._source = source

    def reveal(self) -> str:
        """Give the secret.

        :raises SecretMissingError: there is none, or fetching it failed.
        """
        if isinstance(self._source, str):
            found = os.environ.get(self._source, "")
            if not found:
                raise SecretMissingError(f"the environment variable {self._source} is not set")
            return found
        try:
            given: object = self._source()
        except Exception as error:
            # Whatever the caller's own store of secrets says may quote one.
            raise SecretMissingError(f"the callback for a secret raised {type(error).__name__}") from None
        if not isinstance(given, str) or not given:
            raise SecretMissingError("the callback for a secret gave none")
        return given

    def hide(self, text: str) -> str:
        """Give *text* with the secret taken out, wherever it stands in it."""
        try:
            secret = self.reveal()
        except SecretMissingError:
            return text
        return text.replace(secret, "***")

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not stored; give its environment variable or callback again")
