"""What is asked again and again, written once for all dialects and compiled once for each.

SQLAlchemy Core writes the text; the text and plain tuples then go straight to the driver. Building a statement anew
for every call would cost more than the database does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import attrs
import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from gridgov_sql import _schema as t

__all__ = ["ALL", "Prepared", "Queries", "insert_text", "prepared"]

ALL = 2**62
"""A limit that limits nothing; every dialect takes a number there."""

_after, _limit = sa.bindparam("after", type_=sa.BigInteger), sa.bindparam("limit", type_=sa.BigInteger)

Bound = sa.ColumnElement[int] | None
"""The position that readers must not look beyond, where an earlier commit may still be on its way."""


@attrs.frozen
class Prepared:
    """A statement's text, and in which order the driver takes its values.

    :param order: the names of its places; None where the driver takes them by name.
    :param fixed: the values that stand in the statement itself.
    """

    text: str
    order: tuple[str, ...] | None
    fixed: Mapping[str, Any]

    def bound(self, values: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        """Give *values* as the driver takes them."""
        if self.order is None:
            return {**self.fixed, **values}
        fixed = self.fixed
        return tuple([values[name] if name in values else fixed[name] for name in self.order])


def prepared(statement: sa.ClauseElement, dialect: Dialect) -> Prepared:
    """Compile *statement*."""
    compiled = cast("SQLCompiler", statement.compile(dialect=dialect))
    order = compiled.positiontup
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return Prepared(compiled.string, None if order is None else tuple(order), fixed)


def insert_text(table: sa.Table, dialect: Dialect) -> str:
    """Give the statement that inserts a row, for a dialect that takes values in order."""
    return prepared(table.insert(), dialect).text


def _ordered(query: sa.Select[Any], through: Bound) -> sa.Select[Any]:
    position = t.records.c.position
    query = query.where(position > _after)
    if through is not None:
        query = query.where(position <= through)
    return query.order_by(position).limit(_limit)


def _tagged(through: Bound) -> sa.Subquery:
    """Give the places of records under a tag: those that the index names and those whose stream has that name."""
    tag = sa.bindparam("tag", type_=sa.String)
    named = sa.select(t.tags.c.position).where(t.tags.c.tag == tag, t.tags.c.position > _after)
    own = sa.select(t.records.c.position).where(t.records.c.stream == tag, t.records.c.position > _after)
    if through is not None:
        named, own = named.where(t.tags.c.position <= through), own.where(t.records.c.position <= through)
    # Each half is cut by itself, or a page of a tag that stands everywhere would sort all of them.
    first = named.order_by(t.tags.c.position).limit(_limit).subquery()
    second = own.order_by(t.records.c.stream_version).limit(_limit).subquery()
    return sa.union(sa.select(first.c.position), sa.select(second.c.position)).subquery()


class Queries:
    """The statements of one dialect.

    :param through: the position that readers must not look beyond; None where nothing commits late.
    """

    def __init__(self, dialect: Dialect, *, through: Bound = None) -> None:
        records = sa.select(t.records)
        stream = t.records.c.stream == sa.bindparam("stream", type_=sa.String)
        found = _tagged(through)
        under = sa.select(t.tags.c.position).where(t.tags.c.tag == sa.bindparam("tag", type_=sa.String))
        shapes = {
            "every": records,
            "stream": records.where(stream),
            "tag": records.join(found, found.c.position == t.records.c.position),
            "both": records.where(stream, t.records.c.position.in_(under)),
        }
        self.read = {name: prepared(_ordered(query, through), dialect) for name, query in shapes.items()}
        last = sa.select(sa.func.max(t.records.c.position))
        self.head = prepared(last if through is None else last.where(t.records.c.position <= through), dialect)
        self.by_key = {
            table.name: prepared(sa.select(table).where(key == sa.bindparam("key", type_=sa.String)), dialect)
            for table, key in (
                (t.outcomes, t.outcomes.c.command_id),
                (t.private, t.private.c.ref),
                (t.documents, t.documents.c.digest),
                (t.cursors, t.cursors.c.name),
                (t.snapshots, t.snapshots.c.name),
            )
        }
