"""The append-only store: what it keeps, what it promises, and the one that lives in memory.

A store keeps **records** in one total order (their position) and, at the same time, in streams
(their stream version). One :class:`Commit` is written whole or not at all: records of several
streams, the outcomes of the commands that led to them, private entries, documents. It is written
only if its :class:`Condition` still holds.

The guarantees, each held by a test of :class:`gridgov.testing.StoreContract`:

1. A commit is atomic over all streams, outcomes, private entries and documents.
2. Positions grow by commit; a reader that has seen position *n* never later meets a record at or
   below *n* that it has not seen (no late commit is skipped).
3. An expected stream version that is not the actual one refuses the commit.
4. A record under one of the condition's tags after its position refuses the commit.
5. An outcome is stored once per command id; a second one refuses the commit.
6. Records cannot be changed or removed through the protocol; private entries can be erased, and
   records, chain and outcomes stay as they were.
7. A snapshot is a cache: asking for another shape than it was saved with gives nothing.
8. A cursor and its memo are saved together.

Private data never stands in a record: free text, names, phone numbers go to
:class:`PrivateEntry`, in the same transaction, and records hold its reference and a commitment.
"""

from gridgov.store._checkpoint import Checkpoint, checkpoint, read_checkpoint, verify_records
from gridgov.store._memory import MemoryStore
from gridgov.store._outbox import Lease, Message, MessageCount, Outbox
from gridgov.store._portable import Copied, Part, Portable, Portion, copy
from gridgov.store._protocol import (
    Commit,
    Condition,
    Cursor,
    Draft,
    PrivateEntry,
    Record,
    Snapshot,
    Store,
    StoredOutcome,
    chain,
    every_record,
    link_drafts,
    verified,
    verify_chain,
)
from gridgov.store._vault import Vault, open_entry

__all__ = [
    "Checkpoint",
    "Commit",
    "Condition",
    "Copied",
    "Cursor",
    "Draft",
    "Lease",
    "MemoryStore",
    "Message",
    "MessageCount",
    "Outbox",
    "Part",
    "Portable",
    "Portion",
    "PrivateEntry",
    "Record",
    "Snapshot",
    "Store",
    "StoredOutcome",
    "Vault",
    "chain",
    "checkpoint",
    "copy",
    "every_record",
    "link_drafts",
    "open_entry",
    "read_checkpoint",
    "verified",
    "verify_chain",
    "verify_records",
]
