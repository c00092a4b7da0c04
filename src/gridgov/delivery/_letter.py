"""What the outbox keeps of a notice, and what of it a person may look at."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import attrs
import msgspec

from gridgov.errors import StoreError
from gridgov.notices import Notice
from gridgov.proofs import canonical
from gridgov.setup import Digest, QuietHours
from gridgov.store import Message
from gridgov.wording import Phrasebook

__all__ = [
    "UNREADABLE",
    "WITHDRAWN",
    "Letter",
    "UnreadableError",
    "Waiting",
    "bundled_text",
    "is_withdrawn",
    "letter_or_shell",
    "open_letter",
    "write_letter",
]

WITHDRAWN = "withdrawn"
"""The error of what was taken back before it was sent."""
UNREADABLE = "what is kept of it cannot be read by this version"
"""The error of what another version has written."""
PHRASES = Phrasebook({"bundle": ("共 {count} 条：", "{count} notices:")})


class UnreadableError(StoreError):
    """What stands in the outbox is no letter."""


@attrs.frozen(kw_only=True)
class Letter:
    """A notice on its way.

    :param zone: in whose local time its quiet hours and its digest are meant.
    :param members: the ids of the messages that go out inside it; empty for a single one.
    :param mended_by: who has changed it, or had it sent again, in order.
    :param pauses: how often in a row the channel wanted to be left alone when it was to be sent.
    """

    notice: Notice
    zone: str
    members: tuple[str, ...] = ()
    mended_by: tuple[str, ...] = ()
    pauses: int = 0

    def first_at(self, instant: dt.datetime) -> dt.datetime:
        """Give when it goes out at the earliest: *instant*, or when its digest is due and its receiver awake."""
        zone = ZoneInfo(self.zone)
        if self.notice.digest:
            instant = Digest.parse(self.notice.digest).next_at(instant, zone)
        return self.awake_at(instant)

    def awake_at(self, instant: dt.datetime) -> dt.datetime:
        """Give *instant*, or the end of the quiet hours in which it lies."""
        if not self.notice.quiet:
            return instant
        return QuietHours.parse(self.notice.quiet).end_after(instant, ZoneInfo(self.zone))

    def bundle_key(self, at: dt.datetime) -> str:
        """Say with which others it goes out as one; empty for what goes out by itself."""
        notice = self.notice
        if not notice.digest:
            return ""
        return f"{notice.channel}:{notice.to}:{notice.language}:{notice.quiet}:{at.astimezone(dt.UTC).isoformat()}"


@attrs.frozen(kw_only=True)
class Waiting:
    """A notice that has not arrived.

    :param attempts: how often it was tried; :param error: what the channel said last.
    :param dead: nobody tries it again by itself; :param mended_by: who has changed it, or had it sent again, in order.
    """

    notice: Notice
    attempts: int
    next_at: dt.datetime
    error: str
    dead: bool = False
    mended_by: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(Letter)


def write_letter(letter: Letter) -> bytes:
    """Give a letter as canonical bytes."""
    return canonical(letter)


def open_letter(message: Message) -> Letter:
    """Give the letter of a message.

    :raises StoreError: it is no letter that this version can read.
    """
    try:
        return _decoder.decode(message.body)
    except msgspec.DecodeError as error:
        raise UnreadableError(UNREADABLE) from error


def letter_or_shell(message: Message) -> Letter:
    """Give the letter of a message; where it cannot be read, an empty one that says whose it was."""
    try:
        return open_letter(message)
    except UnreadableError:
        notice = Notice(id=message.id, channel=message.channel, to=message.to, subject="", text="", topic=message.topic)
        return Letter(notice=notice, zone="UTC")


def is_withdrawn(message: Message) -> bool:
    """Say whether a message was taken back before it was sent."""
    return message.state == "dead" and message.error == WITHDRAWN


def bundled_text(notices: list[Notice]) -> str:
    """Give the one text of several notices, in the language of the first one."""
    if len(notices) == 1:
        return notices[0].text
    head = PHRASES.say("bundle", notices[0].language, count=len(notices))
    return "\n".join([head, *(f"· [{each.subject}] {' '.join(each.text.split())}" for each in notices)])
