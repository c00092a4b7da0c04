"""The store on PostgreSQL: several processes write at the same time, and none of them waits for another one's flush.

How positions are given, and why no reader goes past a late commit, stands in :mod:`gridgov_sql._positions`.

**Conditions** are kept by advisory locks that end with the transaction, one for each stream, tag and command id that a
commit writes under (exclusive) or rests on (shared), named by a hash of its name. So a tag is held that nobody has
written under yet, which no row could do. They are taken in one order, in one statement; what they protect is looked at
in the next one, whose snapshot is taken after them. Whoever held them before has committed visibly by then, because
rows become visible before locks are let go. A commit that touches very many of them takes one lock for all instead,
which the others share: the server's table of locks is finite.

A commit is two round trips: begin, lock, look and draw; then write and commit. Whoever freezes between the two (its
machine sleeps, its network is cut) holds its streams and, by the number that it has drawn, all readers up. So the
server ends a session that leaves a transaction alone for some seconds; a writer that wakes up after that begins anew.
The server counts only from the end of a round trip (Sync) with nothing behind it, and psycopg sends something more when
it leaves a pipeline. Both round trips therefore stand in one pipeline, which is left after the commit. Within a round
trip it does not count at all: there its own keepalives find a machine that is gone, and from PostgreSQL 17 on a
transaction as a whole has an end.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.pool import ConnectionPoolEntry

from gridgov.errors import AppendConflictError, StoreError
from gridgov.proofs import GENESIS
from gridgov.store import Commit
from gridgov_sql import _rows as rows
from gridgov_sql import _schema as t
from gridgov_sql import _versions as versions
from gridgov_sql._positions import FUNCTIONS, HORIZON, SEQUENCE
from gridgov_sql._postgres_trouble import LostError, in_our_words
from gridgov_sql._queries import Prepared, Queries, insert_text, prepared
from gridgov_sql._room import require_room_for_commit
from gridgov_sql._rows import Row
from gridgov_sql._sql import SqlStore
from gridgov_sql._writing import placed

__all__ = ["PostgresStore", "open_postgres"]

Raw = psycopg.Connection[Any]
Part = tuple[str, Sequence[Row]]
T = TypeVar("T")

BUSY_SECONDS = 5.0
IDLE_SECONDS = 20.0
ASLEEP = 0.5
WHOLE = 10  # times as long as one may stand still a whole transaction may last
POOL = 5
LONGEST = 86_400.0
MOST_LOCKS = 200
FEW = 20
EVERYTHING = 0x67676F76  # "ggov": the lock that stands for all others
SYNCHRONOUS = ("on", "off", "local", "remote_write", "remote_apply")

_LOCK = """
SELECT CASE WHEN exclusive THEN pg_advisory_xact_lock(key)::text ELSE pg_advisory_xact_lock_shared(key)::text END
FROM unnest(%s::bigint[], %s::boolean[]) AS wanted (key, exclusive)
"""
_HEADS = f"""
SELECT wanted.stream, r.stream_version, r.head, r.position FROM unnest(%s::text[]) AS wanted (stream)
CROSS JOIN LATERAL (SELECT stream_version, head, position FROM {t.records.name} AS s
WHERE s.stream = wanted.stream ORDER BY stream_version DESC LIMIT 1) AS r
"""  # noqa: S608
_MOVED = f"""
SELECT tag, greatest(
    (SELECT max(position) FROM {t.tags.name} AS i WHERE i.tag = wanted.tag),
    (SELECT position FROM {t.records.name} AS s WHERE s.stream = wanted.tag ORDER BY stream_version DESC LIMIT 1)
) AS last FROM unnest(%s::text[]) AS wanted (tag)
"""  # noqa: S608
_MOVED = f"SELECT tag, last FROM ({_MOVED}) AS under WHERE last > %s LIMIT 1"  # noqa: S608
_KNOWN = f"SELECT command_id FROM {t.outcomes.name} WHERE command_id = ANY(%s::text[]) LIMIT 1"  # noqa: S608
_ERASE = f"DELETE FROM {t.private.name} WHERE ref = %s"  # noqa: S608
_ADVANCE = f"SELECT setval('{SEQUENCE}', greatest(last_value, %s)) FROM {SEQUENCE}"  # noqa: S608
_LOOK_UP_TO = f"SELECT set_config('{HORIZON}', gridgov_horizon()::text, true)"
# "off" would lose what was acknowledged; whoever wants that says so in the URL, and not in some file on the server.
_SETTINGS = """
SELECT set_config('lock_timeout', %s, false), set_config('default_transaction_isolation', 'read committed', false),
       set_config('idle_in_transaction_session_timeout', %s, false),
       CASE WHEN current_setting('server_version_num')::int >= 170000
            THEN set_config('transaction_timeout', %s, false) END,
       set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '20000', false),
       set_config('synchronous_commit', CASE WHEN %s <> '' THEN %s WHEN current_setting('synchronous_commit') = 'off'
                  THEN 'on' ELSE current_setting('synchronous_commit') END, false)
"""

# A server that is gone, or a network that is, is found out in seconds and not in hours; on a socket they mean nothing.
_ALIVE = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": str(int(IDLE_SECONDS * 1000)),
}
_OWN = ("synchronous_commit", "pool", "busy", "idle", "upgrade", "beside", "new")


def open_postgres(url: str) -> PostgresStore:
    """Open ``postgresql://USER@HOST/DATABASE``; a database without any table becomes a new store.

    :param url: may end in ``?synchronous_commit=off`` (weaker: what was acknowledged last may be gone after a crash;
        the default is the server's own, and ``on`` where that is ``off``), ``?pool=5`` (connections kept for reading
        and as many for writing), ``?busy=SECONDS`` (how long to wait for somebody else), ``?idle=SECONDS`` (how long
        one that writes may stand still before the server takes its locks away; 0: for ever), ``?upgrade=yes``,
        ``?new=no`` (make no new store), or ``?beside=yes`` (make a new store although there are tables of somebody
        else). Everything else goes to libpq.
    :raises ForeignStoreError: there are tables, but not ours; :raises NewerStoreError: a newer version wrote them;
        both leave them as they were.
    :raises StoreBusyError: the server cannot be reached now; :raises StoreError: the URL or the database is wrong.
    """
    try:
        address = sa.make_url(url).set(drivername="postgresql+psycopg")
        query = dict(address.query)
        own = {name: str(query.pop(name)) for name in _OWN if name in query}
        pool, busy = int(own.get("pool", POOL)), float(own.get("busy", BUSY_SECONDS))
        idle = float(own.get("idle", IDLE_SECONDS))
    except (sa.exc.ArgumentError, ValueError):
        # Not the URL itself: a password may stand in it.
        raise StoreError("that is no address of a PostgreSQL database; write postgresql://user@host/database") from None
    if "@" in (address.host or ""):
        raise StoreError("the host of that address has an @ in it; an @ in a user or a password is written %40")
    synchronous = own.get("synchronous_commit", "")
    said = {own.get("upgrade", "no"), own.get("beside", "no"), own.get("new", "no")}
    right = address.database and synchronous in ("", *SYNCHRONOUS) and said <= {"yes", "no"}
    if not right or pool < 1 or not 0 <= busy < LONGEST or not 0 <= idle < LONGEST:
        # Scheme, host and database only: passwords may stand in the user's part and in the options alike.
        raise StoreError(
            f"postgresql://{address.host or ''}/{address.database or ''}: name a database; known options are "
            f"synchronous_commit={'|'.join(SYNCHRONOUS)}, pool=COUNT, busy=SECONDS, idle=SECONDS, upgrade=yes, new=no "
            "and beside=yes"
        )
    return PostgresStore(
        address.set(query={**_ALIVE, **query}),
        synchronous_commit=synchronous,
        pool=pool,
        busy_seconds=busy,
        idle_seconds=idle,
        beside=own.get("beside") == "yes",
        new=own.get("new") != "no",
    )


class PostgresStore(SqlStore):
    """Keeps every promise of :class:`gridgov.store.Store`, ``Outbox`` and ``Portable`` on a PostgreSQL database."""

    def __init__(
        self,
        url: sa.URL,
        *,
        synchronous_commit: str = "",
        pool: int = POOL,
        busy_seconds: float = BUSY_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        beside: bool = False,
        new: bool = True,
    ) -> None:
        self._pool, self._busy_seconds = pool, busy_seconds
        self._closed = False
        waits = (max(0.001, busy_seconds), idle_seconds, WHOLE * idle_seconds)
        settings = (*(f"{int(each * 1000)}" for each in waits), synchronous_commit, synchronous_commit or "on")
        # Readers have connections of their own: they must not wait for writers that wait for a lock.
        self._reading, self._writing = (_engine(url, pool, busy_seconds, settings) for _ in range(2))
        through = sa.cast(sa.func.current_setting(HORIZON), sa.BigInteger)
        self._queries = Queries(self._reading.dialect, through=through)
        self._insertions = _insertions(cast("Any", type(self._reading.dialect))(paramstyle="format"))
        try:
            self._prepare(beside=beside, new=new)
        except BaseException:
            self._dispose()
            raise

    def _prepare(self, *, beside: bool, new: bool) -> None:
        with self._transaction() as connection:
            if not sa.inspect(connection).has_table(t.meta.name):
                # Two that come first at the same time make it once.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(EVERYTHING)))
                there = versions.tables_there(connection)
                if not there and not new:
                    raise StoreError("there is no store in that database; nothing was made")
                if new and t.meta.name not in there and (beside or not there):
                    versions.create(connection)
                    for statement in FUNCTIONS:
                        connection.exec_driver_sql(statement)
            # There never was an older store on PostgreSQL, so there is nothing yet that could be upgraded.
            versions.require_version(versions.found_version(connection))

    # --- connections ----------------------------------------------------------------------------

    @contextmanager
    def _session(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        """Give a connection of the pool; say in gridgov's words what goes wrong on it, and leave nothing behind."""
        if self._closed:
            raise StoreError("the store is closed; open it again")
        try:
            connection = engine.connect()
        except (sa.exc.SQLAlchemyError, psycopg.Error) as error:
            raise in_our_words(error, connecting=True) from error
        try:
            yield connection
        except BaseException as error:
            lost = self._clean(connection)
            if isinstance(error, (sa.exc.SQLAlchemyError, psycopg.Error)):
                raise in_our_words(error, lost=lost) from error
            raise
        finally:
            connection.close()

    def _clean(self, connection: sa.Connection) -> bool:
        """Undo what a connection has begun, or let go of it; tell whether it was lost."""
        if connection.invalidated:
            return True
        raw = _raw(connection)
        try:
            raw.rollback()
            # Nothing of ours outlives a statement; should it ever, it must not outlive this.
            raw.execute("SELECT pg_advisory_unlock_all()")
        except psycopg.Error:
            connection.invalidate()
            return True
        return False

    def _again(self, attempt: Callable[[], T]) -> T:
        """Try again where a connection from the pool turned out to be dead, and nothing was done on it.

        As often as the pool may hold dead ones: after that it has to be a fresh one.
        """
        for _ in range(self._pool):
            try:
                return attempt()
            except LostError as error:
                if error.undecided:
                    raise
        return attempt()

    @contextmanager
    def _alive(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        """Give a connection that has just answered."""

        def asked() -> None:
            with self._session(engine) as connection:
                _raw(connection).execute("SELECT 1")

        self._again(asked)
        with self._session(engine) as connection:
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        with self._alive(self._reading) as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self._alive(self._writing) as connection:
            raw = _raw(connection)
            raw.execute("BEGIN")
            yield connection
            _commit(raw)

    # --- reading --------------------------------------------------------------------------------

    def _ask(self, query: Prepared, values: Mapping[str, Any]) -> list[Any]:
        def attempt() -> list[Any]:
            with self._session(self._reading) as connection:
                return _raw(connection).execute(query.text, query.bound(values)).fetchall()

        return self._again(attempt)

    def _ask_in_order(self, query: Prepared, values: Mapping[str, Any]) -> list[Any]:
        def attempt() -> list[Any]:
            with self._session(self._reading) as connection:
                raw = _raw(connection)
                with raw.pipeline():
                    # Two statements, two snapshots, one round trip; see _positions for why not one.
                    raw.execute(_LOOK_UP_TO)
                    found = raw.execute(query.text, query.bound(values))
                return found.fetchall()

        return self._again(attempt)

    # --- commits --------------------------------------------------------------------------------

    def append(self, commit: Commit, /) -> int:
        """Write *commit* whole; see :meth:`gridgov.store.Store.append`."""
        require_room_for_commit(commit)
        count = max(1, len(commit.drafts))
        try:
            last = self._again(lambda: self._append(commit, count))
        except _MovedError as moved:
            # Told once a reader can see it: whoever decides anew reads first.
            self._settle(moved.position)
            raise AppendConflictError(moved.what) from None
        # Nobody else's business, but the caller's: what it has written it can read.
        self._settle(last)
        return last if commit.drafts else self.head()

    def _append(self, commit: Commit, count: int) -> int:
        with self._session(self._writing) as connection:
            raw = _raw(connection)
            with _deciding(raw, begun=False) as decision, raw.pipeline() as pipeline, raw.cursor() as cursor:
                first, heads = self._look(raw, pipeline, commit, count)
                looked = time.monotonic()
                parts = self._parts(commit, first, heads)
                if time.monotonic() - looked > ASLEEP:
                    # Whether the session is still there, before that would leave open what became of the commit.
                    raw.execute("SELECT 1")
                    pipeline.sync()
                decision.begun = True
                self._write_all(cursor, parts)
                raw.execute("COMMIT")
            return first + count - 1

    def _parts(self, commit: Commit, first: int, heads: Mapping[str, tuple[int, bytes]]) -> list[Part]:
        """Give the statements that write *commit*, each with its rows."""
        records = placed(commit.drafts, first, heads)
        index = [
            row for draft, each in zip(commit.drafts, records, strict=True) for row in rows.index_rows(draft, each[0])
        ]
        outcomes = rows.outcome_rows(commit.outcomes, records, first + max(1, len(records)) - 1)
        # In order of their keys, here as everywhere: two that write the same ones wait instead of locking up.
        newest = {entry.ref: entry for entry in commit.private}
        private = [rows.private_row(newest[ref]) for ref in sorted(newest)]
        return [
            (self._insertions[t.records.name], records),
            (self._insertions[t.tags.name], index),
            (self._insertions[t.outcomes.name], outcomes),
            (self._insertions[t.private.name], private),
            (_ERASE, [(ref,) for ref in sorted(commit.erase)]),
            (self._insertions[t.documents.name], sorted(commit.documents.items())),
        ]

    def _write_all(self, cursor: psycopg.Cursor[Any], parts: Iterable[Part]) -> None:
        for text, found in parts:
            if len(found) > FEW:
                cursor.executemany(text, found)
            else:
                # Quicker for many, executemany waits for the server each time; these go out with the rest.
                for row in found:
                    cursor.execute(text, row)

    def _look(
        self, raw: Raw, pipeline: psycopg.Pipeline, commit: Commit, count: int
    ) -> tuple[int, dict[str, tuple[int, bytes]]]:
        """Hold, look and draw, in one round trip; give the first position and the streams' heads."""
        keys, exclusive = _locks(commit)
        condition = commit.condition
        streams = list({draft.stream for draft in commit.drafts}.union(condition.streams))
        raw.execute("BEGIN")
        raw.execute(_LOCK, (keys, exclusive))
        heads = raw.execute(_HEADS, (streams,))
        moved = raw.execute(_MOVED, (list(condition.tags), condition.after))
        known = raw.execute(_KNOWN, ([outcome.command_id for outcome in commit.outcomes],))
        drawn = raw.execute("SELECT gridgov_draw(%s)", (count,))
        pipeline.sync()
        found = {stream: (version, head, position) for stream, version, head, position in heads}
        for stream, expected in condition.streams.items():
            version, _, position = found.get(stream, (0, GENESIS, 0))
            if version != expected:
                raise _MovedError(f"stream {stream!r}", position)
        for tag, position in moved:
            raise _MovedError(f"tag {tag!r}", position)
        for (command_id,) in known:
            raise _MovedError(f"command {command_id!r}", 0)
        ((first,),) = drawn
        return first, {stream: (version, head) for stream, (version, head, _) in found.items()}

    def _settle(self, position: int) -> None:
        """Wait, for a while, until readers are shown *position*: until every earlier one is decided.

        What was to be done has been done by now, so no trouble here may look as if it had not.
        """
        until = time.monotonic() + self._busy_seconds
        pause = 0.0005
        with suppress(StoreError):
            while self._again(self._horizon) < position and time.monotonic() < until:
                time.sleep(pause)
                pause = min(2 * pause, 0.02)

    def _horizon(self) -> int:
        with self._session(self._reading) as connection:
            ((horizon,),) = _raw(connection).execute("SELECT gridgov_horizon()")
            return cast("int", horizon)

    # --- what the base asks of a dialect --------------------------------------------------------

    def _hold(self, connection: sa.Connection, commit: Commit) -> None:
        _raw(connection).execute(_LOCK, _locks(commit))

    def _hold_names(self, connection: sa.Connection, names: Iterable[str]) -> None:
        keys = [EVERYTHING, *sorted(_key("name", name) for name in names)]
        _raw(connection).execute(_LOCK, (keys, [False] + [True] * (len(keys) - 1)))

    def _hold_all(self, connection: sa.Connection) -> None:
        _raw(connection).execute(_LOCK, ([EVERYTHING], [True]))

    def _draw(self, connection: sa.Connection, count: int) -> int:
        ((first,),) = _raw(connection).execute("SELECT gridgov_draw(%s)", (count,))
        return cast("int", first)

    def _advance(self, connection: sa.Connection, position: int) -> None:
        _raw(connection).execute(_ADVANCE, (position,))

    def close(self) -> None:
        """Give all connections back."""
        self._closed = True
        self._dispose()

    def _dispose(self) -> None:
        self._reading.dispose()
        self._writing.dispose()


def _insertions(dialect: sa.Dialect) -> dict[str, str]:
    found = {table.name: insert_text(table, dialect) for table in (t.records, t.tags, t.outcomes)}
    private = insert(t.private)
    newer = {column.name: private.excluded[column.name] for column in t.private.columns if not column.primary_key}
    found[t.private.name] = prepared(private.on_conflict_do_update(index_elements=["ref"], set_=newer), dialect).text
    found[t.documents.name] = prepared(insert(t.documents).on_conflict_do_nothing(), dialect).text
    return found


def _engine(url: sa.URL, pool: int, busy_seconds: float, settings: tuple[str, ...]) -> sa.Engine:
    engine = sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=max(busy_seconds, 1.0),
        hide_parameters=True,  # what is written may name somebody, and an error is logged
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sa.engine.interfaces.DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        raw = cast("Raw", connection)
        before, raw.autocommit = raw.autocommit, True
        raw.execute(_SETTINGS, settings)
        raw.autocommit = before

    return engine


def _raw(connection: sa.Connection) -> Raw:
    return cast("Raw", connection.connection.driver_connection)


def _commit(raw: Raw) -> None:
    with _deciding(raw):
        raw.execute("COMMIT")


class _MovedError(Exception):
    """What a commit rests on has moved; by the record at *position*, if it was one."""

    def __init__(self, what: str, position: int) -> None:
        super().__init__(what)
        self.what, self.position = what, position


class _Decision:
    """Whether the commit is on its way."""

    def __init__(self, *, begun: bool) -> None:
        self.begun = begun


@contextmanager
def _deciding(raw: Raw, *, begun: bool = True) -> Iterator[_Decision]:
    """Mark that from here on a lost connection leaves open whether the commit is stored.

    Not one that the server ended because nothing came: then the commit had not come either.
    """
    decision = _Decision(begun=begun)
    try:
        yield decision
    except psycopg.Error as error:
        if decision.begun and raw.closed and not isinstance(error, psycopg.errors.IdleInTransactionSessionTimeout):
            raise LostError(
                "the connection was lost during the commit; it may or may not be stored: ask for the outcome of the "
                "same command id, or send the same command again",
                undecided=True,
            ) from error
        raise


def _locks(commit: Commit) -> tuple[list[int], list[bool]]:
    """Give the locks that a commit needs, in the one order in which all take them, and which are exclusive."""
    wanted: dict[int, bool] = {_key("name", tag): False for tag in (*commit.condition.tags, *commit.condition.streams)}
    for draft in commit.drafts:
        wanted[_key("name", draft.stream)] = True
        for tag in draft.tags:
            wanted[_key("name", tag)] = True
    for outcome in commit.outcomes:
        wanted[_key("command", outcome.command_id)] = True
    if len(wanted) > MOST_LOCKS:
        return [EVERYTHING], [True]
    keys = sorted(wanted)
    return [EVERYTHING, *keys], [False, *(wanted[key] for key in keys)]


def _key(kind: str, name: str) -> int:
    hashed = hashlib.blake2b(f"{kind}:{name}".encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(hashed, "big", signed=True)
