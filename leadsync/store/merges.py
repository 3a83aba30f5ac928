"""Rows that leadsync has its CRM make one: intended before the call, and what came of it. All of it inside
`Store.begin()`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from leadsync.core.merging import Merge
from leadsync.store import records, schema
from leadsync.store.database import Store, chunks
from leadsync.types import Value

SENT, APPLIED, REJECTED, DROPPED = "sent", "applied", "rejected", "dropped"


@dataclass(frozen=True, slots=True)
class Kept:
    """A merge that was sent. `fields` and `before` as in the schema; `ext_ids` are the kept row's and the other's."""

    id: int
    record_id: int
    other_id: int
    source_id: int
    ext_ids: tuple[str, str]
    fields: Mapping[str, Sequence[Value]]
    before: Sequence[Mapping[str, Value]]


def intend(
    store: Store, merge: Merge, source_id: int, ext_ids: tuple[str, str], before: Sequence[Mapping[str, Value]],
    now: datetime,
) -> Kept:  # fmt: skip
    """About to be sent: from here on the outcome is unknown until a result or a reading settles it."""
    [id_] = store.new_ids(schema.merges, 1)
    records.insert(store, schema.merges, [
        {"id": id_, "record_id": merge.kept, "other_id": merge.other, "fields": merge.fields, "before": list(before),
         "state": SENT, "sent_at": now}
    ])  # fmt: skip
    return Kept(id_, merge.kept, merge.other, source_id, ext_ids, merge.fields, before)


def unsettled(store: Store) -> list[Kept]:
    """Merges that a process which died left open."""
    m, r, o = schema.merges.c, schema.records.alias(), schema.records.alias()
    query = (
        sa.select(m.id, m.record_id, m.other_id, r.c.source_id, r.c.ext_id, o.c.ext_id.label("other"), m.fields,
                  m.before)
        .join(r, r.c.id == m.record_id).join(o, o.c.id == m.other_id).where(m.state == SENT).order_by(m.id)
    )  # fmt: skip
    return [Kept(*row[:4], (row.ext_id, row.other), *row[6:]) for row in store.connection.execute(query)]


def settle(store: Store, merge: Kept, state: str, code: str | None, now: datetime) -> None:
    """What came of it. Its rows are looked at again."""
    change = sa.update(schema.merges).where(schema.merges.c.id == merge.id)
    store.connection.execute(change.values(state=state, done_at=now, code=code))
    records.mark(store, [merge.record_id, merge.other_id])


def refused(store: Store, record_ids: Collection[int]) -> dict[tuple[int, int], Sequence[Mapping[str, Value]]]:
    """The pairs of these rows that the CRM refused to merge, and what the two held then."""
    m, found = schema.merges.c, dict[tuple[int, int], Sequence[Mapping[str, Value]]]()
    for part in chunks(sorted(record_ids)):
        query = sa.select(m.record_id, m.other_id, m.before).where(m.record_id.in_(part), m.state == REJECTED)
        found.update({(kept, other): before for kept, other, before in store.connection.execute(query.order_by(m.id))})
    return found


def done(store: Store, pair: Collection[int]) -> tuple[datetime, list[Mapping[str, Value]]] | None:
    """When leadsync had these two rows merged, and what each held, in the order of `pair`; `None` if it has not."""
    m = schema.merges.c
    query = sa.select(m.record_id, m.done_at, m.before).where(
        m.record_id.in_(pair), m.other_id.in_(pair), m.state == APPLIED
    )
    row = store.connection.execute(query).first()
    if row is None:
        return None
    kept, other = row.before
    return row.done_at, [kept if id_ == row.record_id else other for id_ in pair]
