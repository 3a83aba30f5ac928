"""What is looked after besides the stream of changes: censuses, the CRM's own history. All inside `Store.begin()`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leadsync.store import records, schema
from leadsync.store.database import Store, chunks
from leadsync.types import Past


def begin_census(store: Store, source_id: int) -> int:
    """Forget an earlier census that was not finished; the youngest record that this one can say anything about."""
    store.connection.execute(sa.delete(schema.census).where(schema.census.c.source_id == source_id))
    return youngest(store, source_id)


def youngest(store: Store, source_id: int) -> int:
    """The record of a source that was made last; 0 where there is none."""
    r = schema.records.c
    return store.connection.scalar(sa.select(sa.func.max(r.id)).where(r.source_id == source_id)) or 0


def seen(store: Store, source_id: int, ext_ids: Sequence[str]) -> list[str]:
    """These rows are there. Returns those that the store does not have, or holds to be gone."""
    table, r = schema.census, schema.records
    fresh = list(dict.fromkeys(ext_ids))
    known: set[str] = set()
    for part in chunks(fresh):
        mine = sa.select(r.c.ext_id).where(r.c.source_id == source_id, r.c.ext_id.in_(part))
        known.update(store.connection.scalars(mine.where(
            sa.or_(r.c.moved_to.is_not(None), sa.and_(r.c.fields.is_not(None), r.c.gone_at.is_(None)))
        )))  # fmt: skip
        again = sa.select(table.c.ext_id).where(table.c.source_id == source_id, table.c.ext_id.in_(part))
        twice = set(store.connection.scalars(again))
        rows = [{"source_id": source_id, "ext_id": ext_id} for ext_id in part if ext_id not in twice]
        records.insert(store, table, rows)
    return [ext_id for ext_id in fresh if ext_id not in known]


def end_census(store: Store, source_id: int, upto: int, now: datetime) -> list[str]:
    """The census is over: the records which the store has and nobody has seen. They are gone, or were missed."""
    r, table = schema.records, schema.census
    there = sa.exists().where(table.c.source_id == r.c.source_id, table.c.ext_id == r.c.ext_id)
    query = sa.select(r.c.ext_id).where(
        r.c.source_id == source_id, r.c.id <= upto, r.c.gone_at.is_(None), r.c.fields.is_not(None), ~there
    )
    missing = list(store.connection.scalars(query))
    begin_census(store, source_id)
    change = sa.update(schema.sources).where(schema.sources.c.id == source_id)
    store.connection.execute(change.values(swept_at=now))
    return missing


def without_history(store: Store, source_id: int, last: int, upto: int, count: int) -> list[tuple[int, str]]:
    """The next records, by id, whose history was not asked for yet: (record, id in the CRM)."""
    r = schema.records
    query = sa.select(r.c.id, r.c.ext_id).where(
        r.c.source_id == source_id, r.c.id > last, r.c.id <= upto, r.c.gone_at.is_(None), r.c.fields.is_not(None)
    )
    return [(row.id, row.ext_id) for row in store.connection.execute(query.order_by(r.c.id).limit(count))]


def keep_history(store: Store, past: Mapping[int, Sequence[Past]], now: datetime) -> None:
    """What the CRM remembers of these records: changes that happened before leadsync knew them."""
    rows: list[dict[str, Any]] = []
    for record, values in past.items():
        moments: dict[datetime, dict[str, Any]] = {}
        for value in values:
            moments.setdefault(value.at, {})[value.field] = value.value
        rows += [{"record_id": record, "known_at": now, "happened_at": at, "fields": f} for at, f in moments.items()]
    ids = store.new_ids(schema.changes, len(rows)) if rows else ()
    records.insert(store, schema.changes, [row | {"id": id_} for id_, row in zip(ids, rows, strict=True)])
