"""What the entry point gives to the host: both readers as importers, with nothing stated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from gridgov.errors import Finding, SetupError
from gridgov.hooks import VERSION, Importer, Part, hookimpl
from gridgov.worktime import Limit
from gridgov_importers._digit import read_digit
from gridgov_importers._signalen import read_amsterdam

__all__ = ["Digit", "Signalen", "plugin"]


@attrs.frozen
class Digit:
    """Reads a folder of DIGIT masters; see :func:`gridgov_importers.read_digit`."""

    supervisors: Sequence[str] = ()

    def read(self, source: Path, /) -> Iterator[Part]:
        """Give kinds, organizations, rules, ladders and findings.

        :raises SetupError: with every mistake of the folder.
        """
        yield from read_digit(_folder(source), supervisors=self.supervisors).parts()


@attrs.frozen
class Signalen:
    """Reads a folder of Signalen tables; see :func:`gridgov_importers.read_amsterdam`."""

    otherwise: Limit | None = None

    def read(self, source: Path, /) -> Iterator[Part]:
        """Give kinds, organizations, rules and findings.

        :raises SetupError: with every mistake of the folder.
        """
        yield from read_amsterdam(_folder(source), otherwise=self.otherwise).parts()


def _folder(source: Path) -> Path:
    if not source.is_dir():
        raise SetupError(
            [Finding(code="importers.no-folder", subject=source.name, message=f"{source.name} is no folder")]
        )
    return source


class _Importers:
    gridgov_hooks = VERSION

    @hookimpl
    def gridgov_importers(self) -> Mapping[str, Importer]:
        """Offer both."""
        return {"digit": Digit(), "signalen": Signalen()}


plugin = _Importers()
