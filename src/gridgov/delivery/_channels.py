"""Channels for a terminal and for a file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from gridgov.delivery._channel import ChannelError
from gridgov.notices import Notice

__all__ = ["ConsoleChannel", "FileChannel"]


class ConsoleChannel:
    """Shows notices on a terminal.

    :param show: how many are shown; later ones are counted only. None shows all.
    :param write: where a line goes.
    """

    def __init__(
        self, name: str = "console", *, show: int | None = None, write: Callable[[str], object] = print
    ) -> None:
        self.name = name
        self.count = 0
        self._show = show
        self._write = write
        self._seen: set[str] = set()

    def send(self, notice: Notice, /) -> None:
        """Show one notice, once."""
        if notice.id in self._seen:
            return
        if self._show is None or self.count < self._show:
            try:
                self._write(f"→ {notice.to}: [{notice.subject}] {' '.join(notice.text.split())}")
            except OSError as error:
                raise ChannelError(f"the terminal does not take it: {error}") from error
        self._seen.add(notice.id)
        self.count += 1


class FileChannel:
    """Appends notices to a file, one JSON object a line, each id once.

    What it has written before is known again when it is made for the same file.
    """

    def __init__(self, path: str | os.PathLike[str], name: str = "file") -> None:
        self.name = name
        self.path = Path(path)
        self._seen: set[str] = set()
        if self.path.exists():
            # Lines as bytes: a text may hold what str takes for the end of a line, and a crash may cut a character.
            self._seen = {_id_of(line) for line in self.path.read_bytes().split(b"\n")}

    def send(self, notice: Notice, /) -> None:
        """Write one notice, once."""
        if notice.id in self._seen:
            return
        body = {"id": notice.id, "to": notice.to, "subject": notice.subject, "text": notice.text}
        line = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        try:
            with self.path.open("ab") as file:
                # A line that a crash has cut off must not swallow the next one.
                if file.tell() and not _ends_with_newline(self.path):
                    file.write(b"\n")
                file.write(line + b"\n")
        except OSError as error:
            raise ChannelError(f"{self.path} does not take it: {error}") from error
        self._seen.add(notice.id)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _id_of(line: bytes) -> str:
    try:
        found = json.loads(line)
    except ValueError:
        return ""
    return str(found.get("id", "")) if isinstance(found, dict) else ""
