"""A resident's copy of a month: a line, its salt, and the hashes that lead from it to the root on the board.

Every line of a closed month becomes a leaf of a Merkle tree (RFC 6962). Before the line stand its place in the tree
and a salt that only the account's holder gets, so that nobody can find out a neighbor's line by trying. The root hangs
on the board as twelve characters; whoever has a statement can check it against them without any network, and an office
that changes a line afterwards, or shows one line to the resident and another to the auditor, is found out.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
import struct

import attrs

from gridgov.errors import Finding, RefusalError, as_code
from gridgov.points._events import PeriodLine
from gridgov.proofs import (
    canonical,
    fold,
    leaf_hash,
)

__all__ = [
    "WORDS",
    "StatementProof",
    "adds_up",
    "check_statement",
    "read_root",
    "read_statement",
    "statement_bytes",
    "statement_leaf",
    "statement_salt",
    "words_of",
]

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
MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)
ROOT = re.compile(r"[0-9a-f]{64}", re.ASCII)
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
    if ROOT.fullmatch(letters.lower()):
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
        refuse_unfit(self.line)
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


def refuse_unfit(line: PeriodLine) -> None:
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
