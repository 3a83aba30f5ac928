"""Where reading has come to: one row per object of each connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leadsync.store import schema
from leadsync.store.database import Store
from leadsync.types import Cursor, Role

_R, _S = schema.records.c, schema.sources.c
THERE = (  # rows that stand in a CRM, of objects that are read
    _R.gone_at.is_(None), _R.fields.is_not(None),
    _R.source_id.in_(sa.select(_S.id).where(_S.fields.is_not(None))),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """An object of a connection. `head` is where the fast pass goes on, `settled` where the delayed one does.

    `fields` is None for an object that is not read any more.
    """

    id: int
    connection: str
    object: str
    role: Role
    fields: tuple[str, ...] | None
    head: Cursor | None
    settled: Cursor | None
    backfill_token: str | None
    backfilled_at: datetime | None
    deleted_at: datetime | None = None
    swept_at: datetime | None = None
    history: Mapping[str, Any] | None = None

    def fresh(self, fields: tuple[str, ...]) -> "Source":
        """The same source, to be read with other fields: from the start where one of them is new."""
        if self.fields is not None and set(fields) <= set(self.fields):
            return replace(self, fields=fields)
        return Source(self.id, self.connection, self.object, self.role, fields, None, None, None, None)


def load(store: Store, connection: str | None = None) -> list[Source]:
    """All sources, or those of one connection; inside `begin()`."""
    query = sa.select(schema.sources).order_by(schema.sources.c.id)
    if connection is not None:
        query = query.where(schema.sources.c.connection == connection)
    return [_source(row) for row in store.connection.execute(query)]


def prepare(store: Store, connection: str, wanted: Sequence[tuple[str, Role, tuple[str, ...]]]) -> list[Source]:
    """The sources of a connection as the mapping wants them; inside `begin()`.

    An object asked for new fields is read again from the start, since its stored rows lack them. An object that is no
    longer mapped keeps its rows and is not read any more.
    """
    table = schema.sources
    known = {source.object: source for source in load(store, connection)}
    for obj, role, fields in wanted:
        if obj not in known:
            row = {"id": store.new_ids(table, 1)[0], "connection": connection, "object": obj, "role": role}
            store.connection.execute(sa.insert(table), row | {"fields": list(fields)})
        elif (held := known[obj].fields) is None or not set(fields) <= set(held) or role != known[obj].role:
            again = {"backfill_token": None, "backfilled_at": None, "head_at": None, "settled_at": None}
            change = sa.update(table).where(table.c.id == known[obj].id)
            store.connection.execute(change.values(role=role, fields=list(fields), **again))
        elif fields != held:
            store.connection.execute(sa.update(table).where(table.c.id == known[obj].id).values(fields=list(fields)))
    objects = {obj for obj, _, _ in wanted}
    return [source for source in load(store, connection) if source.object in objects]


def move(store: Store, source_id: int, **values: Any) -> None:
    """Move cursors; inside the transaction of the rows that they cover."""
    store.connection.execute(sa.update(schema.sources).where(schema.sources.c.id == source_id).values(**values))


def _source(row: Any) -> Source:
    head = Cursor(row.head_at, row.head_id or "") if row.head_at else None
    settled = Cursor(row.settled_at, row.settled_id or "") if row.settled_at else None
    return Source(
        row.id, row.connection, row.object, Role(row.role), None if row.fields is None else tuple(row.fields),
        head, settled, row.backfill_token, row.backfilled_at, row.deleted_at, row.swept_at, row.history,
    )  # fmt: skip
