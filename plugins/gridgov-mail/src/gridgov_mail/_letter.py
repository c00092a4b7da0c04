"""From a notice to the mail that says it.

The text travels in base64: whatever it holds, a lone dot on a line and control characters included,
arrives as it was, except that every line break becomes CRLF and one ends the text. A subject is one
line by nature: its line breaks and control characters become spaces, so that no header can be
smuggled in.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import unicodedata
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

import attrs

from gridgov.notices import Notice

__all__ = ["Letter", "address_of", "letter_of", "message_id", "one_line", "sender_of"]

_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>\s*")
_PLAIN = re.compile(r"""(?P<name>[^\s()<>@,;:\\"\[\]]+)@(?P<domain>[^\s()<>@,;:\\"\[\]]+)""")
_DIGITS = 40
_WORD_BYTES = 39
"""As many bytes of a subject fit into one encoded word of a line of 78 (RFC 2047)."""


class _Verbatim(EmailPolicy):
    """Writes a subject as it is given.

    The usual policy reads it first, and takes ``=?utf-8?q?x?=`` in a title for an encoded word: what
    arrives is then another title.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        return (name, value) if name == "Subject" else super().header_store_parse(name, value)

    def fold(self, name: str, value: Any) -> Any:
        return f"{name}: {value}{self.linesep}" if name == "Subject" else super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> Any:
        return self.fold(name, value).encode("ascii") if name == "Subject" else super().fold_binary(name, value)


_POLICY = _Verbatim(linesep="\r\n")


@attrs.frozen(kw_only=True)
class Letter:
    """A mail with its envelope."""

    message: EmailMessage
    sender: str
    receiver: str

    @property
    def international(self) -> bool:
        """Whether an address is not ASCII, so that the server has to know SMTPUTF8."""
        return not (self.sender.isascii() and self.receiver.isascii())


def letter_of(notice: Notice, sender: Address, receiver: Address, written_at: dt.datetime) -> Letter:
    """Write the mail of a notice.

    :raises UnicodeEncodeError: the notice holds a lone surrogate, which is no text.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = receiver
    message["Subject"] = _encoded_words(one_line(notice.subject))
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = message_id(notice.id, sender.domain)
    # Keeps out-of-office answers away (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text, charset="utf-8", cte="base64")
    return Letter(message=message, sender=sender.addr_spec, receiver=receiver.addr_spec)


def _encoded_words(line: str) -> str:
    words = [b""]
    for char in line:
        encoded = char.encode("utf-8")
        if len(words[-1]) + len(encoded) > _WORD_BYTES:
            words.append(b"")
        words[-1] += encoded
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in words if word)


def message_id(notice_id: str, domain: str) -> str:
    """Give the Message-ID of a notice: the same for the same notice, in every process, for ever."""
    digest = hashlib.sha256(notice_id.encode("utf-8")).hexdigest()[:_DIGITS]
    return f"<{digest}@{domain}>"


def one_line(text: str) -> str:
    """Give *text* as one line: control characters and line separators become spaces, runs of them one."""
    spaced = (" " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char for char in text)
    return " ".join("".join(spaced).split())


def address_of(written: str, display_name: str = "") -> Address:
    """Read one plain address, its domain in ASCII.

    :raises ValueError: it is none; the message does not quote it.
    """
    parts = _PLAIN.fullmatch(written)
    if parts is None or any(unicodedata.category(char) == "Cc" for char in written):
        raise ValueError("it is no address of the form name@domain")
    try:
        domain = parts["domain"].encode("idna").decode("ascii")
    except UnicodeError:
        # The codec's own error quotes the domain.
        raise ValueError("its domain is no name of a domain") from None
    return Address(display_name=display_name, username=parts["name"], domain=domain)


def sender_of(written: str) -> Address:
    """Read a sender, ``grid@example.org`` or ``网格办 <grid@example.org>``.

    :raises ValueError: it is neither.
    """
    named = _NAMED.fullmatch(written)
    if named is None:
        return address_of(written.strip())
    return address_of(named["address"].strip(), one_line(named["name"]).strip('"'))
