"""Golden records: what evaluation made of the records of each buyer, kept so that many can be asked about in columns.

Each is of the files and records that its lead was evaluated by last: one that something has touched since is marked. A
lead without a row in any CRM has none. All of it inside `Store.begin()`.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from leadsync.store import schema
from leadsync.store.database import Store, among, chunks, plain_rows
from leadsync.store.records import insert


class Golden(NamedTuple):
    """A golden record; `facts` and `activities` are texts of `sync.golden`. `day` is in days since 1970, and so is
    `due`: when the score, or what hangs on it, changes by time alone; of who keeps it, never."""

    lead_id: int
    day: int
    stage: str | None
    facts: str
    activities: str
    digest: int
    due: int | None
    ended: bool


def keep(store: Store, found: Mapping[int, Golden | None]) -> None:
    """Those of these leads, and none of a lead that has none."""
    insert(store, schema.golden, [each._asdict() for each in found.values() if each is not None], over="lead_id")
    for part in chunks([lead for lead, each in found.items() if each is None]):
        store.connection.execute(sa.delete(schema.golden).where(schema.golden.c.lead_id.in_(part)))


def of(store: Store, leads: Collection[int]) -> dict[int, Golden]:
    """Those of these leads that have one."""
    g, found = schema.golden.c, dict[int, Golden]()
    for part in chunks([*leads]):
        query = sa.select(*(g[name] for name in Golden._fields)).where(g.lead_id.in_(among(part)))
        found.update((row[0], Golden(*row)) for row in plain_rows(store.connection, query))
    return found


def following(store: Store, after: int, many: int) -> list[Golden]:
    """Those of the leads by id that come after this one, so many at most."""
    g = schema.golden.c
    query = sa.select(*(g[name] for name in Golden._fields)).where(g.lead_id > after)
    return [Golden(*row) for row in plain_rows(store.connection, query.order_by(g.lead_id).limit(many))]


def mark_changed(store: Store, leads: Collection[int]) -> None:
    """Mark these leads for other points, behind what has just happened; those that wait already, no second time."""
    r, d = schema.records.c, schema.dirty.c
    waits = sa.exists().where(d.record_id == r.id, d.late <= 1)
    for part in chunks(sorted(leads)):
        found = sa.select(r.id, sa.literal(1), sa.literal(1)).order_by(r.id)
        found = found.where(r.lead_id.in_(among(part)), r.gone_at.is_(None), ~waits)
        store.connection.execute(sa.insert(schema.dirty).from_select(["record_id", "late", "points"], found))
