"""Published months: one root on the notice board for all statements, and a log of all roots.

The roots of all months are leaves of a second tree, the :class:`MonthLog`: between two published notes there is a short
proof that nothing earlier was exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from itertools import pairwise
from typing import Protocol, TypeAlias

import attrs

from gridgov.errors import Finding, NotFoundError, RefusalError, as_code
from gridgov.points._commands import PublishPeriod
from gridgov.points._events import PeriodLine
from gridgov.points._statement import (
    MONTH,
    ROOT,
    SALT_BYTES,
    StatementProof,
    refuse_unfit,
    statement_leaf,
    statement_salt,
    words_of,
)
from gridgov.proofs import (
    MerkleTree,
    Signer,
    Verifier,
    canonical,
    key_hash,
    signature_line,
    verified_by,
    verify_consistency,
)

__all__ = [
    "MonthLog",
    "MonthNote",
    "PublishedMonth",
    "Salts",
    "publish_month",
    "read_note",
    "reopen_month",
    "verify_growth",
    "verify_log",
]

Salts: TypeAlias = MutableMapping[str, bytes]
"""Account → its secret, 32 random bytes. Held by whoever publishes, beside the private texts; when a secret is erased,
the leaves of that account say nothing to anybody any more."""


# --- the note on the board ----------------------------------------------------------------------


def _a_month(_: object, __: object, month: str) -> None:
    if not MONTH.fullmatch(month):
        raise ValueError(f"a month is written as 2026-09, not {as_code(month)}")


def _a_root(_: object, field: attrs.Attribute[str], root: str) -> None:
    if not ROOT.fullmatch(root):
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

    def command(self, *, channel: str, receipt: str, signer: Signer | None = None) -> PublishPeriod:
        """Give the command that says in the ledger where the note hangs.

        :param signer: whose signature the ledger keeps with it.
        """
        return PublishPeriod(
            period=self.month,
            root=self.root,
            size=self.size,
            previous=self.previous,
            head=self.head,
            position=self.position,
            channel=channel,
            receipt=receipt,
            key="" if signer is None else signer.name,
            signature="" if signer is None else self.signature(signer),
        )


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

    The same arguments give the same root.

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
        refuse_unfit(line)
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
