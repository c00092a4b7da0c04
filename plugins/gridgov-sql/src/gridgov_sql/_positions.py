"""Positions on PostgreSQL: given to many writers at once, and never skipped by a reader.

A sequence gives numbers in one order and transactions commit in another. A reader that asks for everything after the
last number that it saw would go past a number whose transaction is still on its way, and never see it. Holding one
row, or one lock, from the number to the end of the commit would cure that and make every writer wait for every other
one's flush. So:

- A writer draws its numbers in ``gridgov_draw``. Under a lock *K* that it holds for those few microseconds it takes
  the numbers and a second lock that *names the first of them* and ends with its transaction. Every number that was
  ever drawn is therefore either named by a lock that is held, or decided (committed, undone, or its process is dead).
- A reader first asks ``gridgov_horizon``: under *K* (shared; so no draw is half done) it takes the last number drawn,
  L, and the smallest number that is named by a lock, m. Everything up to min(L, m - 1) is decided.
- It then reads up to there **in a later statement**, which has a snapshot of its own. This order matters: when a
  transaction ends, PostgreSQL first makes its rows visible and only then lets go of its locks. Whoever sees that the
  lock is gone will find the rows in any snapshot taken after that; a snapshot that was taken before might still be
  without them. (Hence READ COMMITTED, on every connection of ours, whatever the server's default is.)

*K* belongs to the session, as it has to be given back before the transaction ends; both functions give it back
whatever happens in between, a cancelled query included. Both locks carry the sequence's own number, so two stores in
one database do not meet.
"""

from __future__ import annotations

__all__ = ["FUNCTIONS", "HORIZON", "SEQUENCE"]

SEQUENCE = "gridgov_positions"
HORIZON = "gridgov.horizon"

_RELEASE = """
CREATE FUNCTION gridgov_release() RETURNS void LANGUAGE plpgsql AS $$
DECLARE own CONSTANT int := 'gridgov_positions'::regclass::oid::int;
BEGIN
    -- Asking first: giving back what is not held would warn.
    IF EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
               AND classid = own::oid AND objid = (-1)::oid AND objsubid = 2 AND mode = 'ExclusiveLock') THEN
        PERFORM pg_advisory_unlock(own, -1);
    END IF;
    IF EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
               AND classid = own::oid AND objid = (-1)::oid AND objsubid = 2 AND mode = 'ShareLock') THEN
        PERFORM pg_advisory_unlock_shared(own, -1);
    END IF;
END $$
"""

_DRAW = """
CREATE FUNCTION gridgov_draw(wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    own CONSTANT int := 'gridgov_positions'::regclass::oid::int;
    first bigint;
BEGIN
    PERFORM pg_advisory_lock(own, -1);
    first := nextval('gridgov_positions');
    IF wanted > 1 THEN
        PERFORM setval('gridgov_positions', first + wanted - 1);
    END IF;
    PERFORM pg_advisory_xact_lock(own, (first & 2147483647)::int);
    PERFORM pg_advisory_unlock(own, -1);
    RETURN first;
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
    PERFORM gridgov_release();
    RAISE;
END $$
"""

# A lock has room for 31 bits of a number; the others are those of the last number, or one less: (l - id) mod 2^31 back.
_HORIZON = """
CREATE FUNCTION gridgov_horizon() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    own CONSTANT int := 'gridgov_positions'::regclass::oid::int;
    l bigint;
    m bigint;
BEGIN
    PERFORM pg_advisory_lock_shared(own, -1);
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO l FROM gridgov_positions;
    SELECT min(l - ((l - objid::bigint) & 2147483647)) INTO m FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND classid = own::oid AND objsubid = 2 AND objid <> (-1)::oid
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    PERFORM pg_advisory_unlock_shared(own, -1);
    RETURN least(l, m - 1);
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
    PERFORM gridgov_release();
    RAISE;
END $$
"""

FUNCTIONS = (f"CREATE SEQUENCE {SEQUENCE} AS bigint", _RELEASE, _DRAW, _HORIZON)
"""What a new store on PostgreSQL has besides its tables."""
