"""Published months: one root on the notice board, and a copy for each resident that shows it is under that root.

Every line of a closed month becomes a leaf of a Merkle tree (RFC 6962). Before the line stand its place in the tree
and a salt that only the account's holder gets, so that nobody can find out a neighbor's line by trying. The root hangs
on the board as twelve characters; whoever has a statement can check it against them without any network, and an office
that changes a line afterwards, or shows one line to the resident and another to the auditor, is found out.

The roots of all months are leaves of a second tree, the :class:`MonthLog`: between two published notes there is a short
proof that nothing earlier was exchanged.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
import struct
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from itertools import pairwise
from typing import Protocol, TypeAlias

import attrs

from gridgov.errors import Finding, NotFoundError, RefusalError, as_code
from gridgov.points._events import PeriodLine
from gridgov.proofs import (
    MerkleTree,
    Signer,
    Verifier,
    canonical,
    fold,
    key_hash,
    leaf_hash,
    signature_line,
    verified_by,
    verify_consistency,
)

__all__ = [
    "WORDS",
    "MonthLog",
    "MonthNote",
    "PublishedMonth",
    "Salts",
    "StatementProof",
    "adds_up",
    "check_statement",
    "publish_month",
    "read_note",
    "read_root",
    "read_statement",
    "reopen_month",
    "statement_bytes",
    "statement_leaf",
    "statement_salt",
    "verify_growth",
    "verify_log",
    "words_of",
]

Salts: TypeAlias = MutableMapping[str, bytes]
"""Account → its secret, 32 random bytes. Held by whoever publishes, beside the private texts; when a secret is erased,
the leaves of that account say nothing to anybody any more."""

WORDS = (
    "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳"
    "云腾致雨露结为霜金生丽水玉出昆冈剑号巨阙珠称夜光果珍李柰菜重芥姜"
    "海咸河淡鳞潜羽翔龙师火帝鸟官人皇始制文字乃服衣裳推位让国有虞陶唐"
    "吊民伐罪周发殷汤坐朝问道垂拱平章爱育黎首臣伏戎羌遐迩一体率宾归王"
    "鸣凤在竹白驹食场化被草木赖及万方盖此身四大五常恭惟鞠养岂敢毁伤女"
    "慕贞洁男效才良知过必改得能莫忘罔谈彼短靡恃己长信使可复器欲难量墨"
    "悲丝染诗赞羔羊景行维贤克念作圣德建名立形端表正空谷传声虚堂习听祸"
    "因恶积福缘善庆尺璧非宝寸阴是竞资父事君严与敬孝当竭力忠则尽命临深"
)
"""The first 256 different characters of the Thousand Character Classic (千字文), one for each byte; without 曰, which
on a notice board looks like 日."""

WORD_COUNT = 12
SALT_BYTES = 32
SIZE_MAX = 2**32
FIGURE_MAX = 10**15  # Every figure, signed, stays exact in the doubles that a browser counts with.
NAME_BYTES_MAX = 255
MARK = "GG1:"
VERSION = 1
CHECK_BYTES = 4

_FIGURES = ("opening", "closing", "moved", "spent", "expired", "reversed", "donated", "debt", "next_points")
_LINE = tuple(field.name for field in attrs.fields(PeriodLine))
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)
_ROOT = re.compile(r"[0-9a-f]{64}", re.ASCII)
# What would not be seen, or would turn the letters after it around, on the page where a resident reads the name.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_BLANKS = str.maketrans("", "", " \t\r\n\u3000\u00a0")
_BETWEEN_WORDS = str.maketrans("", "", " \t\r\n\u3000\u00a0·,，、.。-")


# --- the leaf -----------------------------------------------------------------------------------


def statement_bytes(month: str, line: PeriodLine) -> bytes:
    """Give the canonical bytes of a month's line: JSON with sorted keys, strings and whole numbers only.

    :param month: ``"2026-09"``.
    """
    body = {name: getattr(line, name) for name in _LINE}
    return canonical(body | {"month": month, "next_on": line.next_on.isoformat() if line.next_on else ""})


def statement_salt(secret: bytes, month: str, unit: str) -> bytes:
    """Give the salt (32 bytes) of one line: the HMAC-SHA256 of month and unit under the account's secret."""
    return hmac.digest(secret, b"gridgov statement " + canonical([month, unit]), "sha256")


def statement_leaf(month: str, line: PeriodLine, *, salt: bytes, index: int, size: int) -> bytes:
    """Give the leaf's hash (32 bytes), over the salt, the place in the tree, and the line.

    The place is part of it because a root alone does not say how many leaves there are.

    :param salt: 32 bytes; :param index: counted from 0; :param size: how many statements the month has.
    """
    return leaf_hash(salt + struct.pack(">II", index, size) + statement_bytes(month, line))


def adds_up(line: PeriodLine) -> bool:
    """Tell whether closing = opening + earned + moved - spent - expired - reversed - donated."""
    came = line.opening + sum(line.earned.values()) + line.moved
    return line.closing == came - line.spent - line.expired - line.reversed - line.donated


# --- the words ----------------------------------------------------------------------------------


def words_of(root: str) -> str:
    """Give the twelve characters for the notice board, in groups of four: one for each of the root's first bytes.

    They are enough against whoever forges a statement for a root that hangs (96 bits). Against an office that would
    prepare two roots with the same characters only the whole root is enough, which is in the signed note.

    :param root: 64 hexadecimal digits.
    """
    letters = "".join(WORDS[byte] for byte in bytes.fromhex(root)[:WORD_COUNT])
    return " ".join(letters[start : start + 4] for start in range(0, WORD_COUNT, 4))


def read_root(typed: str) -> str:
    """Give what was copied from the board in one form: 64 hexadecimal digits, or twelve characters in groups of four.

    :raises RefusalError: ``points.unreadable-root`` for anything else.
    """
    letters = typed.translate(_BETWEEN_WORDS)
    if _ROOT.fullmatch(letters.lower()):
        return letters.lower()
    strange = [letter for letter in letters if letter not in WORDS]
    if len(letters) == WORD_COUNT and not strange:
        return " ".join(letters[start : start + 4] for start in range(0, WORD_COUNT, 4))
    hint = f"{strange[0]!r} is none of them" if len(letters) == WORD_COUNT else f"this has {len(letters)}"
    raise RefusalError(
        "points.unreadable-root",
        f"a root is 64 hexadecimal digits, or the {WORD_COUNT} characters from the board; {hint}",
    )


def _is_root(found: bytes | None, given: str) -> bool:
    if found is None:
        return False
    return given == found.hex() or given == words_of(found.hex())


# --- the resident's copy ------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class StatementProof:
    """A resident's copy of one line, with what shows that it is under the published root.

    :param salt: 32 bytes, for the holder of the account only.
    :param index: the line's place, counted from 0; :param size: how many statements the month has.
    :param path: the hashes beside the way to the root (32 bytes each), the lowest first.
    """

    month: str
    line: PeriodLine
    salt: bytes = attrs.field(repr=False)
    index: int
    size: int
    path: tuple[bytes, ...] = attrs.field(repr=False)

    @property
    def root(self) -> str:
        """The root that the path leads to, 64 hexadecimal digits; empty where it leads to none."""
        found = self._folded()
        return found.hex() if found else ""

    def packed(self) -> bytes:
        """Give the copy as bytes: whole numbers in base 128, texts with their length, a check sum at the end.

        :raises RefusalError: ``points.too-large``, ``points.bad-name``: for what no published month holds.
        """
        _refuse_unfit(self.line)
        parts = [bytes([VERSION]), _number(_month_number(self.month)), _number(self.size), _number(self.index)]
        parts += [_text(self.line.account), _text(self.line.unit), _number(len(self.line.earned))]
        for category, points in sorted(self.line.earned.items()):
            parts += [_text(category), _signed(points)]
        parts += [_signed(getattr(self.line, name)) for name in _FIGURES]
        parts += [_number(_day_number(self.line.next_on)), self.salt, *self.path]
        body = b"".join(parts)
        return body + hashlib.sha256(body).digest()[:CHECK_BYTES]

    def text(self) -> str:
        """Give the copy as text of capital letters and digits, which a QR code holds most briefly."""
        return MARK + base64.b32encode(self.packed()).decode().rstrip("=")

    def _folded(self) -> bytes | None:
        if not (0 <= self.index < self.size < SIZE_MAX and len(self.salt) == SALT_BYTES):
            return None
        leaf = statement_leaf(self.month, self.line, salt=self.salt, index=self.index, size=self.size)
        return fold(leaf, self.index, self.size, self.path)


def read_statement(given: str | bytes) -> StatementProof:
    """Read a resident's copy, as text or packed; spaces, line ends and small letters do not matter.

    That it can be read says nothing yet: see :func:`check_statement`.

    :raises RefusalError: ``points.unreadable-statement``: not copied whole, or no statement at all.
    """
    packed = _unwrapped(given) if isinstance(given, str) else given
    body, check = packed[:-CHECK_BYTES], packed[-CHECK_BYTES:]
    if hashlib.sha256(body).digest()[:CHECK_BYTES] != check:
        raise _unreadable("its check sum is wrong; it was not copied whole, or copied with a mistake")
    return _Reader(body).statement()


def check_statement(proof: StatementProof, root: str, *, month: str = "") -> list[Finding]:
    """Say what is wrong with a resident's copy; an empty list says that it is the line that was published.

    Codes: ``points.wrong-month``, ``points.does-not-add-up``, ``points.not-in-the-root``.

    :param root: what hangs on the board: 64 hexadecimal digits, or the twelve characters.
    :param month: the month that the board says, if it is known.
    :raises RefusalError: ``points.unreadable-root``.
    """
    given = read_root(root)
    subject = f"{proof.line.account} {proof.line.unit} {proof.month}"
    found = []
    if month and proof.month != month:
        message = f"this is the statement of {proof.month}, and the root is that of {month}"
        found.append(Finding(code="points.wrong-month", subject=subject, message=message))
    if not adds_up(proof.line):
        message = "opening + earned + moved - spent - expired - reversed - donated is not closing"
        found.append(Finding(code="points.does-not-add-up", subject=subject, message=message))
    if not _is_root(proof._folded(), given):
        message = "this line is not under the root that was given: it was changed, or the root is another month's"
        remedy = "compare the root with the board once more, then ask the office for the line that it published"
        found.append(Finding(code="points.not-in-the-root", subject=subject, message=message, remedy=remedy))
    return found


# --- packing ------------------------------------------------------------------------------------


def _unreadable(why: str) -> RefusalError:
    return RefusalError("points.unreadable-statement", f"this is no statement that can be read: {why}")


def _unwrapped(text: str) -> bytes:
    letters = text.translate(_BLANKS)
    if not letters.isascii() or not letters.upper().startswith(MARK):
        raise _unreadable(f"its text begins with {MARK}")
    coded = letters.upper()[len(MARK) :]
    try:
        packed = base64.b32decode(coded + "=" * (-len(coded) % 8))
    except binascii.Error:
        raise _unreadable("it holds signs that are none of A-Z and 2-7, or a part is missing") from None
    if base64.b32encode(packed).decode().rstrip("=") != coded:
        raise _unreadable("its last sign is wrong")
    return packed


def _refuse_unfit(line: PeriodLine) -> None:
    figures = [*line.earned.values(), *(getattr(line, name) for name in _FIGURES)]
    if any(abs(figure) >= FIGURE_MAX for figure in figures):
        raise RefusalError("points.too-large", "a figure of a statement has at most 15 digits", account=line.account)
    if not all(map(_fits, (line.account, line.unit, *line.earned))):
        message = f"a name of a statement has 1 to {NAME_BYTES_MAX} bytes, and no letter that is not seen"
        raise RefusalError("points.bad-name", message, account=as_code(line.account))


def _fits(name: str) -> bool:
    return not _UNSEEN.search(name) and 0 < len(name.encode()) <= NAME_BYTES_MAX


def _month_number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _day_number(day: dt.date | None) -> int:
    return ((day.year * 12 + day.month - 1) * 31 + day.day) if day else 0


def _number(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _signed(value: int) -> bytes:
    return _number(value * 2 if value >= 0 else -value * 2 - 1)


def _text(value: str) -> bytes:
    coded = value.encode()
    return _number(len(coded)) + coded


class _Reader:
    """Reads packed bytes; what could be packed in two ways is refused, so that a copy has one text only."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._body[self._at : self._at + count]
        if len(taken) != count:
            raise _unreadable("a part is missing")
        self._at += count
        return taken

    def number(self) -> int:
        value = place = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << place
            if byte < 0x80:
                break
            place += 7
        if value >= 2 * FIGURE_MAX or (place and not byte):
            raise _unreadable("it holds a number that no statement has")
        return value

    def signed(self) -> int:
        value = self.number()
        return -(value + 1) // 2 if value & 1 else value // 2

    def text(self) -> str:
        length = self.number()
        if not 0 < length <= NAME_BYTES_MAX:
            raise _unreadable("it holds a name that is too long, or none")
        try:
            name = self.take(length).decode()
        except UnicodeDecodeError:
            raise _unreadable("it holds a name that is no text") from None
        if not _fits(name):
            raise _unreadable("it holds a name with a letter that is not seen")
        return name

    def month(self) -> str:
        number = self.number()
        if not 12 <= number < 120_000:
            raise _unreadable("it has no month")
        return f"{number // 12:04}-{number % 12 + 1:02}"

    def day(self) -> dt.date | None:
        number = self.number()
        months, day = divmod(number - 1, 31)
        try:
            return dt.date(months // 12, months % 12 + 1, day + 1) if number else None
        except (ValueError, OverflowError):
            raise _unreadable("it holds a day that does not exist") from None

    def earned(self) -> dict[str, int]:
        earned: dict[str, int] = {}
        for _ in range(self.number()):
            category = self.text()
            if earned and category <= next(reversed(earned)):
                raise _unreadable("its categories are not in order")
            earned[category] = self.signed()
        return earned

    def statement(self) -> StatementProof:
        if self.take(1) != bytes([VERSION]):
            raise _unreadable("it is of a newer kind")
        month, size, index = self.month(), self.number(), self.number()
        account, unit, earned = self.text(), self.text(), self.earned()
        figures = {name: self.signed() for name in _FIGURES}
        line = PeriodLine(account=account, unit=unit, earned=earned, next_on=self.day(), **figures)
        salt = self.take(SALT_BYTES)
        return StatementProof(month=month, line=line, salt=salt, index=index, size=size, path=self.path())

    def path(self) -> tuple[bytes, ...]:
        left = len(self._body) - self._at
        if left % 32:
            raise _unreadable("a part is missing")
        return tuple(self.take(32) for _ in range(left // 32))


# --- the note on the board ----------------------------------------------------------------------


def _a_month(_: object, __: object, month: str) -> None:
    if not _MONTH.fullmatch(month):
        raise ValueError(f"a month is written as 2026-09, not {as_code(month)}")


def _a_root(_: object, field: attrs.Attribute[str], root: str) -> None:
    if not _ROOT.fullmatch(root):
        raise ValueError(f"{field.name} has 64 hexadecimal digits in small letters")


def _no_less_than_zero(_: object, field: attrs.Attribute[int], value: int) -> None:
    if value < 0:
        raise ValueError(f"{field.name} is not below 0")


@attrs.frozen(kw_only=True)
class MonthNote:
    """What hangs on the board about one month.

    :param root: of all statements, 64 hexadecimal digits, as are the others; :param size: how many statements.
    :param previous: the root of the month that was published before; empty for the first one.
    :param head: the checkpoint of the store at *position*.
    :param log_size: how many months the log has with this one; :param log_root: the log's root.
    :raises ValueError: for what no note can say.
    """

    month: str = attrs.field(validator=_a_month)
    root: str = attrs.field(validator=_a_root)
    size: int = attrs.field(validator=_no_less_than_zero)
    previous: str = attrs.field(validator=attrs.validators.or_(attrs.validators.in_([""]), _a_root))
    head: str = attrs.field(validator=_a_root)
    position: int = attrs.field(validator=_no_less_than_zero)
    log_size: int = attrs.field(validator=_no_less_than_zero)
    log_root: str = attrs.field(validator=_a_root)

    @property
    def words(self) -> str:
        """The twelve characters of the root."""
        return words_of(self.root)

    def leaf(self) -> bytes:
        """Give what the log holds of this month: everything but the log itself."""
        return _entry(self)

    def body(self) -> str:
        """Give the text that is signed: one line for each fact, in a fixed order."""
        return (
            "gridgov month\n"
            f"month {self.month}\n"
            f"words {self.words}\n"
            f"root {self.root}\n"
            f"statements {self.size}\n"
            f"previous {self.previous or '-'}\n"
            f"head {self.head}\n"
            f"position {self.position}\n"
            f"log {self.log_size} {self.log_root}\n"
        )

    def signature(self, signer: Signer) -> str:
        """Give a signature over :meth:`body` in base64, with the mark of the key before it; see :meth:`signed_as`."""
        return signature_line(self.body(), signer).rpartition(" ")[2]

    def signed_as(self, *signatures: tuple[str, str]) -> str:
        """Give the note with signatures that were kept: (name of the key, base64)."""
        return self.body() + "\n" + "".join(f"— {name} {coded}\n" for name, coded in signatures)

    def signed(self, *signers: Signer) -> str:
        """Give the note with a signature by each signer, as text to print (C2SP signed note)."""
        return self.signed_as(*((signer.name, self.signature(signer)) for signer in signers))


class _Published(Protocol):
    """What a log needs to know of a month: a :class:`MonthNote`, or the event that stores it."""

    @property
    def month(self) -> str: ...
    @property
    def root(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def previous(self) -> str: ...
    @property
    def head(self) -> str: ...
    @property
    def position(self) -> int: ...


_ENTRY = ("month", "root", "size", "previous", "head", "position")


def _entry(published: _Published) -> bytes:
    return canonical({name: getattr(published, name) for name in _ENTRY})


_BODY = re.compile(
    r"gridgov month\nmonth (?P<month>\S+)\nwords [^\n]+\nroot (?P<root>\S+)\nstatements (?P<size>[0-9]{1,15})\n"
    r"previous (?P<previous>\S+)\nhead (?P<head>\S+)\nposition (?P<position>[0-9]{1,15})\n"
    r"log (?P<log_size>[0-9]{1,15}) (?P<log_root>\S+)\n",
    re.ASCII,
)


def read_note(text: str, verifier: Verifier) -> MonthNote:
    """Read a signed note.

    :raises RefusalError: ``points.unreadable-note`` for what is no note, or does not say its root in words rightly;
        ``points.not-signed`` where no right signature of that key stands below it.
    """
    body, empty, signatures = text.partition("\n\n")
    found = _BODY.fullmatch(body + "\n")
    try:
        note = _noted(found.groupdict()) if found and empty else None
    except ValueError:
        note = None
    if note is None or note.body() != body + "\n":
        raise RefusalError("points.unreadable-note", "this is no note about a month, or a line of it was changed")
    if not verified_by(note.body(), signatures.split("\n"), verifier):
        mark = key_hash(verifier).hex()
        raise RefusalError("points.not-signed", f"no right signature by {verifier.name} ({mark}) stands below the note")
    return note


def _noted(facts: Mapping[str, str]) -> MonthNote:
    previous = "" if facts["previous"] == "-" else facts["previous"]
    return MonthNote(
        month=facts["month"],
        root=facts["root"],
        size=int(facts["size"]),
        previous=previous,
        head=facts["head"],
        position=int(facts["position"]),
        log_size=int(facts["log_size"]),
        log_root=facts["log_root"],
    )


# --- the log of months --------------------------------------------------------------------------


@attrs.frozen
class MonthLog:
    """All months that were published, in order; a value: :meth:`append` gives a new one."""

    notes: tuple[MonthNote, ...] = ()

    @classmethod
    def of(cls, published: Iterable[_Published]) -> MonthLog:
        """Rebuild the log from what was stored of each month, such as :class:`~gridgov.points.PeriodPublished`."""
        log = cls()
        for each in published:
            log = log.append(log._note({name: getattr(each, name) for name in _ENTRY}))
        return log

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def root(self) -> str:
        """The root over all months, 64 hexadecimal digits."""
        return self._tree().root.hex()

    def append(self, note: MonthNote) -> MonthLog:
        """Give the log with one month more.

        :raises RefusalError: ``points.log-broken`` for a note that does not continue this log.
        """
        for finding in _breaks(self.notes, note):
            raise RefusalError(finding.code, f"{finding.subject}: {finding.message}")
        return MonthLog((*self.notes, note))

    def consistency(self, old_size: int) -> tuple[bytes, ...]:
        """Give the proof for :func:`verify_growth` that the first *old_size* months are still the same.

        :raises IndexError: for a size that the log never had.
        """
        return self._tree().consistency(old_size)

    def continued(self, *, month: str, root: str, size: int, head: str, position: int) -> MonthNote:
        """Give the note of the next month.

        :raises RefusalError: ``points.period-out-of-order`` for a month that is not after the last one.
        """
        last = self.notes[-1] if self.notes else None
        if last and month <= last.month:
            raise RefusalError("points.period-out-of-order", f"{last.month} was published, {month} is not after it")
        place: dict[str, str | int] = {"size": size, "head": head, "position": position}
        return self._note({"month": month, "root": root, "previous": last.root if last else "", **place})

    def _note(self, facts: Mapping[str, str | int]) -> MonthNote:
        tree = MerkleTree([*(note.leaf() for note in self.notes), canonical(facts)])
        return MonthNote(log_size=len(tree), log_root=tree.root.hex(), **facts)  # type: ignore[arg-type]

    def _tree(self) -> MerkleTree:
        return MerkleTree(note.leaf() for note in self.notes)


def verify_growth(old: MonthNote, new: MonthNote, path: Sequence[bytes]) -> bool:
    """Tell whether the log of *new* only added months to that of *old*; False for whatever is malformed."""
    old_root, new_root = bytes.fromhex(old.log_root), bytes.fromhex(new.log_root)
    return verify_consistency(old.log_size, new.log_size, old_root, new_root, path)


def verify_log(notes: Sequence[MonthNote]) -> list[Finding]:
    """Say where a sequence of notes, from the first month on, is no log; each finding is ``points.log-broken``."""
    return [finding for count, note in enumerate(notes) for finding in _breaks(notes[:count], note)]


def _breaks(before: Sequence[MonthNote], note: MonthNote) -> list[Finding]:
    last = before[-1] if before else None
    wrong = []
    if last and note.month <= last.month:
        wrong.append(f"it is not after {last.month}")
    if note.previous != (last.root if last else ""):
        wrong.append("the root that it names as the one before is another")
    if (note.log_size, note.log_root) != (
        len(before) + 1,
        MerkleTree(each.leaf() for each in [*before, note]).root.hex(),
    ):
        wrong.append("the root of its log is not that of the months up to here")
    return [Finding(code="points.log-broken", subject=note.month, message=message) for message in wrong]


# --- publishing ---------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, eq=False)
class PublishedMonth:
    """A month with its tree, from which each resident gets a copy of their line.

    :param log: all months with this one; :param lines: in the order of the leaves: by account, then by unit.
    """

    note: MonthNote
    log: MonthLog
    lines: tuple[PeriodLine, ...] = attrs.field(repr=False)
    _salts: tuple[bytes, ...] = attrs.field(repr=False)
    _tree: MerkleTree = attrs.field(repr=False)
    _places: dict[tuple[str, str], int] = attrs.field(init=False, repr=False)

    @_places.default
    def _numbered(self) -> dict[tuple[str, str], int]:
        return {(line.account, line.unit): place for place, line in enumerate(self.lines)}

    @property
    def leaves(self) -> bytes:
        """The hashes of all leaves, 32 bytes each: to be kept, as without a secret its leaf cannot be made again."""
        return b"".join(self._tree.hashes)

    def statement(self, account: str, unit: str) -> StatementProof:
        """Give a resident's copy.

        :raises NotFoundError: where the month has no such line, or the account's secret was erased.
        """
        place = self._places.get((account, unit))
        if place is None or not self._salts[place]:
            why = "its secret was erased" if place is not None else f"{self.note.month} has no line of it"
            raise NotFoundError(f"there is no statement for {as_code(account)} in {as_code(unit)}: {why}")
        return StatementProof(
            month=self.note.month,
            line=self.lines[place],
            salt=self._salts[place],
            index=place,
            size=len(self.lines),
            path=self._tree.inclusion(place),
        )


def publish_month(
    month: str,
    lines: Iterable[PeriodLine],
    secrets: Salts,
    entropy: Callable[[int], bytes],
    *,
    log: MonthLog | None = None,
    head: str,
    position: int,
) -> PublishedMonth:
    """Put the lines of a sealed month under one root.

    Nothing is stored and nothing is read but what is given; the same arguments give the same root.

    :param secrets: gets a secret for each account that has none.
    :param entropy: gives that many random bytes; :func:`secrets.token_bytes`.
    :param log: the months that were published before.
    :param head: the checkpoint of the store (64 hexadecimal digits) at *position*.
    :raises RefusalError: ``points.period-out-of-order``; ``points.line-twice`` for two lines of one account and unit;
        ``points.too-large`` for a figure of more than 15 digits; ``points.bad-name`` for an account, a unit or a
        category of more than 255 bytes or with letters that are not seen.
    """
    before = log or MonthLog()
    ordered = _in_order(lines)
    for line in ordered:
        if line.account not in secrets:
            secrets[line.account] = _secret(entropy)
    salts = tuple(statement_salt(secrets[line.account], month, line.unit) for line in ordered)
    tree = MerkleTree.of_hashes(_leaves(month, ordered, salts))
    note = before.continued(month=month, root=tree.root.hex(), size=len(tree), head=head, position=position)
    return PublishedMonth(note=note, log=before.append(note), lines=ordered, salts=salts, tree=tree)


def reopen_month(
    note: MonthNote, lines: Iterable[PeriodLine], secrets: Mapping[str, bytes], *, log: MonthLog, leaves: bytes = b""
) -> PublishedMonth:
    """Give a published month again, so that residents can get their copies later.

    :param log: all months, at least up to this one.
    :param leaves: as :attr:`PublishedMonth.leaves`; needed once a secret was erased.
    :raises RefusalError: ``points.not-in-the-root`` where the lines, the secrets or the leaves are others than those
        that were published.
    """
    ordered = _in_order(lines)
    known = [secrets.get(line.account) for line in ordered]
    pairs = zip(ordered, known, strict=True)
    salts = tuple(statement_salt(secret, note.month, line.unit) if secret else b"" for line, secret in pairs)
    made = _leaves(note.month, ordered, salts)
    kept = [leaves[start : start + 32] for start in range(0, len(leaves), 32)] if leaves else made
    right = len(kept) == len(made) and all(not one or one == other for one, other in zip(made, kept, strict=True))
    tree = MerkleTree.of_hashes(kept) if right and all(len(each) == 32 for each in kept) else MerkleTree()
    if tree.root.hex() != note.root or len(tree) != note.size:
        raise RefusalError("points.not-in-the-root", f"this is not what was published for {note.month}")
    return PublishedMonth(note=note, log=log, lines=ordered, salts=salts, tree=tree)


def _in_order(lines: Iterable[PeriodLine]) -> tuple[PeriodLine, ...]:
    ordered = tuple(sorted(lines, key=lambda line: (line.account, line.unit)))
    for line in ordered:
        _refuse_unfit(line)
    for one, other in pairwise(ordered):
        if (one.account, one.unit) == (other.account, other.unit):
            raise RefusalError(
                "points.line-twice", "a month has one line for an account and a unit", account=one.account
            )
    return ordered


def _secret(entropy: Callable[[int], bytes]) -> bytes:
    secret = entropy(SALT_BYTES)
    if len(secret) != SALT_BYTES:
        raise ValueError(f"asked for {SALT_BYTES} random bytes, got {len(secret)}")
    return secret


def _leaves(month: str, lines: Sequence[PeriodLine], salts: Sequence[bytes]) -> list[bytes]:
    """Give the hash of each leaf; empty where its salt is not known any more."""
    size = len(lines)
    return [
        statement_leaf(month, line, salt=salt, index=place, size=size) if salt else b""
        for place, (line, salt) in enumerate(zip(lines, salts, strict=True))
    ]
