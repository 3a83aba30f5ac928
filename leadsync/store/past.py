"""What was known at a moment: rows as the append-only history tells them. Read inside `Store.begin()`.

Not kept in history, and taken as it is now: which company's record a person's is linked to. A row that left its CRM
counts as gone from the moment on at which it left.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import polars as pl
import sqlalchemy as sa

from leadsync.store import schema
from leadsync.store.database import Store, among, chunks, plain_rows
from leadsync.store.evaluation import Member, Move, events_of, in_columns, members_of
from leadsync.types import Value

_A_PAGE = timedelta(minutes=10)  # what happened that long before a record was known was told by its CRM's own history


class Dated(NamedTuple):
    """A value, and since when a field has held it, as far as is known."""

    value: Value
    since: datetime


Rows = dict[int, dict[str, Dated]]
"""record → field → its value."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some leads at a moment, but for facts."""

    members: Sequence[Member]
    rows: Rows
    activities: pl.DataFrame


def since(store: Store, leads: Collection[int]) -> datetime | None:
    """Since when the records of these leads are known."""
    r, m = schema.records.c, schema.membership
    query = sa.select(sa.func.min(m.c.known_at)).join(schema.records, r.id == m.c.record_id)
    found: datetime | None = store.connection.scalar(query.where(r.lead_id.in_(leads)))
    return found


def leads_at(store: Store, leads: Collection[int], at: datetime) -> list[int]:
    """The leads that the records of these leads belonged to."""
    r, m = schema.records.c, schema.membership
    query = (
        sa.select(m.c.lead_id).join(schema.records, r.id == m.c.record_id).where(r.lead_id.in_(leads), *_then(m, at))
    )
    return sorted(set(store.connection.scalars(query)))


def known_at(store: Store, leads: Collection[int], at: datetime) -> Known:
    """The records of these leads with their activities, as they were."""
    db, r, m, a = store.connection, schema.records.c, schema.membership, schema.activities
    read = _read(store)
    columns = [m.c.lead_id if name == "lead_id" else r[name] for name in Member._fields]
    query = (
        sa.select(*columns).join(schema.records, r.id == m.c.record_id)
        .where(m.c.lead_id.in_(leads), r.source_id.in_(read), *_then(m, at)).order_by(m.c.lead_id, r.source_id, r.id)
    )  # fmt: skip
    found = [*members_of(plain_rows(db, query))]
    rows = rows_at(store, [member.id for member in found], at)
    members = [
        member._replace(
            fields={name: d.value for name, d in rows[member.id].items()} if member.id in rows else None,
            facts=None, ours=None, refused=None, gone_at=_left(member.gone_at, at),
        )
        for member in found
    ]  # fmt: skip
    lead_of, events = {member.id: member.lead_id for member in members}, list[tuple[Any, ...]]()
    for part in chunks(sorted(lead_of)):
        told = sa.select(*events_of(a.c.record_id)).where(
            a.c.record_id.in_(part), a.c.source_id.in_(read), *_then(a, at)
        )
        events += ((row[0], lead_of[row[1]], *row[2:]) for row in db.execute(told))
    return Known(members, rows, in_columns(events))


def companies_at(store: Store, records: Collection[int], at: datetime) -> dict[int, tuple[int, str, dict[str, Dated]]]:
    """Source, id in the CRM and values of those of these records that were there."""
    r, rows = schema.records.c, rows_at(store, records, at)
    query = sa.select(r.id, r.source_id, r.ext_id, r.gone_at).where(r.id.in_(rows), r.source_id.in_(_read(store)))
    there = store.connection.execute(query).all()
    return {row.id: (row.source_id, row.ext_id, rows[row.id]) for row in there if _left(row.gone_at, at) is None}


def moves_at(store: Store, leads: Collection[int], at: datetime) -> dict[int, list[tuple[datetime, Move]]]:
    """The stages that these leads had come to, and when, in order."""
    t, found = schema.transitions.c, dict[int, list[tuple[datetime, Move]]]()
    query = sa.select(t.lead_id, t.at, t.before, t.after, t.why, t.gate).where(t.lead_id.in_(leads), t.at <= at)
    for lead, then, *move in store.connection.execute(query.order_by(t.at, t.id)):
        found.setdefault(lead, []).append((then, Move(*move)))
    return found


def came_to(store: Store) -> dict[str, list[int]]:
    """The leads that ever came to each stage, the latest first."""
    t, found = schema.transitions.c, dict[str, dict[int, None]]()
    for stage, lead in store.connection.execute(sa.select(t.after, t.lead_id).order_by(t.id.desc())):
        if stage is not None:
            found.setdefault(stage, {})[lead] = None
    return {stage: list(leads) for stage, leads in found.items()}


def rows_at(store: Store, records: Collection[int], at: datetime) -> Rows:
    """The values of these records, by what was known at that moment, our own confirmed writes among it."""
    c, w = schema.changes.c, schema.writes.c
    told: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for part in chunks(sorted(records)):
        read = sa.select(c.record_id, c.known_at, c.happened_at, c.id, c.fields).where(
            c.record_id.in_(part), c.known_at <= at
        )
        for record, known, happened, id_, fields in store.connection.execute(read):
            told[record].append((known, happened, id_, fields))
        wrote = sa.select(w.record_id, w.done_at, w.id, w.fields).where(
            w.record_id.in_(part), w.done_at <= at, w.state.in_(("applied", "unchanged"))
        )
        for record, done, id_, pairs in store.connection.execute(wrote):
            told[record].append((done, done, id_, {name: pair[1] for name, pair in pairs.items()}))
    return {record: _folded(sorted(rows, key=lambda row: row[:3])) for record, rows in told.items()}


def _folded(rows: Sequence[tuple[datetime, datetime, int, Mapping[str, Value]]]) -> dict[str, Dated]:
    """The last value of each field. What a CRM remembers of the time before only tells since when a value holds."""
    found: dict[str, Dated] = {}
    before: dict[str, Dated] = {}
    first = rows[0][0]
    for _, happened, _, fields in rows:
        remembered = bool(found) and happened < first - _A_PAGE
        for name, value in fields.items():
            if not remembered:
                found[name] = Dated(value, happened)
            elif name not in before or before[name].since <= happened:
                before[name] = Dated(value, happened)
    for name, earlier in before.items():
        if name in found and found[name].value == earlier.value and found[name].since <= first:
            found[name] = earlier
    return found


def _then(table: sa.Table, at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.known_at <= at, sa.or_(table.c.closed_at.is_(None), table.c.closed_at > at)


def _left(gone_at: datetime | None, at: datetime) -> datetime | None:
    return gone_at if gone_at is not None and gone_at <= at else None


def _read(store: Store) -> list[int]:
    s = schema.sources.c
    return list(store.connection.scalars(sa.select(s.id).where(s.fields.is_not(None))))


def touched(store: Store, since: datetime, until: datetime) -> dict[int, list[datetime]]:
    """The leads to whom something happened in this time, each with the last moment of every day (UTC) on which it
    did."""
    r, a, c = schema.records.c, schema.activities.c, schema.changes.c
    lead, here = r.lead_id, (r.lead_id.is_not(None), r.source_id.in_(_read(store)))
    queries = [
        sa.select(lead, r.created_at).where(*here, r.created_at.between(since, until)),
        sa.select(lead, a.happened_at).join(schema.activities, a.record_id == r.id)
        .where(*here, a.closed_at.is_(None), a.happened_at.between(since, until)),
        sa.select(lead, c.happened_at).join(schema.changes, c.record_id == r.id)
        .where(*here, c.happened_at.between(since, until)),
    ]  # fmt: skip
    last: dict[tuple[int, int], datetime] = {}
    for query in queries:
        for id_, at in store.connection.execute(query):
            key = (id_, at.toordinal())
            last[key] = max(at, last.get(key, at))
    found: dict[int, list[datetime]] = defaultdict(list)
    for (id_, _), at in sorted(last.items()):
        found[id_].append(at)
    return dict(found)


def came(store: Store, leads: Collection[int], since: datetime) -> set[int]:
    """Those of these leads of whom no CRM had a row before this moment."""
    r, old = schema.records.c, set[int]()
    for part in chunks(sorted(leads)):
        earlier = sa.or_(r.created_at.is_(None), r.created_at < since)
        old.update(store.connection.scalars(sa.select(r.lead_id).where(r.lead_id.in_(among(part)), earlier)))
    return {*leads} - old


def values_at(store: Store, records: Collection[int], at: datetime) -> dict[int, dict[str, Value]]:
    """The values of these records by the time at which they changed in their CRM. What leadsync knew first, and whose
    time nobody knows, counts from the beginning."""
    c, found = schema.changes.c, dict[int, dict[str, Value]]()
    for part in chunks(sorted(records)):
        query = sa.select(c.record_id, c.happened_at, c.fields).where(c.record_id.in_(among(part))).order_by(c.id)
        for id_, happened, fields in store.connection.execute(query):
            if id_ not in found or happened <= at:
                found[id_] = {**found.get(id_, {}), **fields}
    return found


def places(store: Store, records: Collection[int]) -> dict[int, tuple[int, str]]:
    """Source and id in the CRM of these records."""
    r, found = schema.records.c, dict[int, tuple[int, str]]()
    for part in chunks(sorted(records)):
        query = sa.select(r.id, r.source_id, r.ext_id).where(r.id.in_(among(part)))
        found |= {row.id: (row.source_id, row.ext_id) for row in store.connection.execute(query)}
    return found
