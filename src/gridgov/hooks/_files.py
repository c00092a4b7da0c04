"""Importers and exporters as the office gives them: what they say is checked, what they write is whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO, NoReturn

import attrs

from gridgov.errors import GridgovError, PluginError
from gridgov.hooks import _taken
from gridgov.hooks._faults import place_of
from gridgov.hooks._values import Exporter, Importer, Part

__all__ = ["Exporting", "Importing"]

PASSED_ON = (GridgovError, OSError, KeyboardInterrupt, GeneratorExit)
"""What reaches whoever reads or writes as it is; of anything else only the place is told: a source may hold names."""


@attrs.frozen
class Importing:
    """An importer of a plugin; it fulfills :class:`Importer` itself."""

    name: str
    plugin: str
    importer: Importer = attrs.field(repr=False)

    def read(self, source: Path, /) -> Iterator[Part]:
        """Give everything that stands in *source*, each part checked.

        :raises PluginError: the importer broke, or gave what is no part.
        :raises SetupError: the source is missing or broken, with every mistake.
        """
        try:
            for each in self.importer.read(source):
                yield _taken.part(each)
        except _taken.NonsenseError as nonsense:
            raise PluginError(self.plugin, f"the importer {self.name} {nonsense}") from None
        except PASSED_ON:
            raise
        except BaseException as error:
            _broke(self.plugin, f"the importer {self.name}", error)


@attrs.frozen
class Exporting:
    """An exporter of a plugin."""

    name: str
    plugin: str
    exporter: Exporter = attrs.field(repr=False)

    @property
    def suffix(self) -> str:
        """What its files end with."""
        return self.exporter.suffix

    def save(self, value: Any, path: Path) -> Path:
        """Write *value* into a file, in place of what may stand there, and give its path.

        If anything fails, the file stays what it was.

        :raises TypeError: the exporter does not write such a value, or *path* has another suffix.
        :raises PluginError: the exporter broke.
        """
        if not path.name.endswith(self.suffix):
            raise TypeError(f"the exporter {self.name} writes files that end with {self.suffix}, not {path.name}")
        if not self._accepts(value):
            raise TypeError(f"the exporter {self.name} does not write {type(value).__name__}")
        part = path.with_name(f".{path.name}.{token_hex(4)}")
        try:
            with part.open("xb") as target:
                self._write(value, target)
                target.flush()
                os.fsync(target.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def _accepts(self, value: Any) -> bool:
        try:
            return self.exporter.accepts(value) is True
        except PASSED_ON:
            raise
        except BaseException as error:
            _broke(self.plugin, f"the exporter {self.name}", error)

    def _write(self, value: Any, target: BinaryIO) -> None:
        try:
            self.exporter.write(value, target)
            if target.closed:
                raise PluginError(self.plugin, f"the exporter {self.name} closed the file that it was given")
        except PASSED_ON:
            raise
        except BaseException as error:
            _broke(self.plugin, f"the exporter {self.name}", error)


def _broke(plugin: str, who: str, error: BaseException) -> NoReturn:
    raise PluginError(plugin, f"{who} raised {place_of(error)}") from None
