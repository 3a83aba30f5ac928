"""Rows of activity and outcomes that could not be read: which, why, and whose they are. Inside `Store.begin()`.

Of each source the first thousand are kept, each as a value of its own, until they are mended or their lead is erased.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from leadsync.store import schema
from leadsync.store.database import Store, chunks

MOST = 1000
_KEY = "left_out:"


class LeftOut(NamedTuple):
    """A row, why it tells of nothing, and the records of those whose it is."""

    source_id: int
    ext_id: str
    why: str
    records: Sequence[int]


def note(store: Store, source_id: int, met: Collection[str], found: Mapping[str, tuple[str, Sequence[int]]]) -> None:
    """Of these rows of a source those `found` cannot be read."""
    m, prefix = schema.meta.c, f"{_KEY}{source_id}:"
    keys = store.connection.scalars(sa.select(m.key).where(m.key.startswith(prefix, autoescape=True)))
    before = {key.removeprefix(prefix) for key in keys}
    kept = dict(list(found.items())[: MOST - len(before.difference(met))])
    for part in chunks(sorted(before.intersection(met) - kept.keys())):
        store.connection.execute(sa.delete(schema.meta).where(m.key.in_([prefix + ext_id for ext_id in part])))
    for ext_id, row in kept.items():
        store.set_meta(prefix + ext_id, list(row))


def rows(db: sa.Connection) -> Iterator[LeftOut]:
    """All that are kept, source by source."""
    m = schema.meta.c
    query = sa.select(m.key, m.value).where(m.key.startswith(_KEY, autoescape=True)).order_by(m.key)
    for key, row in db.execute(query):
        source, found, ext_id = key.removeprefix(_KEY).partition(":")
        if found:  # a value without it held all of a source
            yield LeftOut(int(source), ext_id, *row)


def by_object(db: sa.Connection, connection: str) -> dict[str, list[str]]:
    """The ids of those of a connection, by object."""
    s, found = schema.sources.c, defaultdict[str, list[str]](list)
    query = sa.select(s.id, s.object).where(s.connection == connection)
    objects: dict[int, str] = {row.id: row.object for row in db.execute(query)}
    for row in rows(db):
        if row.source_id in objects:
            found[objects[row.source_id]].append(row.ext_id)
    return found


def forget(store: Store, records: Collection[int]) -> None:
    """Keep nothing of the rows of these records."""
    gone = [row for row in rows(store.connection) if not {*row.records}.isdisjoint(records)]
    for source_id in {row.source_id for row in gone}:
        note(store, source_id, [row.ext_id for row in gone if row.source_id == source_id], {})


def summary(db: sa.Connection, most: int) -> list[dict[str, Any]]:
    """How many there are of each source that is read, whether there may be `more`, and some of them."""
    s = schema.sources.c
    named = {row.id: row for row in db.execute(sa.select(s.id, s.connection, s.object).where(s.fields.is_not(None)))}
    found: dict[int, dict[str, Any]] = {}
    for row in (row for row in rows(db) if row.source_id in named):
        source = named[row.source_id]
        of = {"connection": source.connection, "object": source.object, "rows": 0, "more": False, "such_as": []}
        told = found.setdefault(row.source_id, of)
        told["rows"] += 1
        told["more"] = told["rows"] >= MOST
        told["such_as"] += [{"ext_id": row.ext_id, "why": row.why}] if len(told["such_as"]) < most else []
    return list(found.values())
