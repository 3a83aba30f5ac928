"""The inbox of what waits for a person, and what was decided. All of it inside `Store.begin()`, but for `items`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leadsync.core.lists import Beside, Finding
from leadsync.store import records, schema
from leadsync.store.database import Store, chunks

LIST = "list"
ACCEPTED, REJECTED = "accepted", "rejected"
HELD = "hold"
OPEN = (schema.review.c.result == HELD, schema.review.c.decided_at.is_(None))
"""What of it is to be decided."""


def keep(store: Store, leads: Sequence[int], found: Iterable[tuple[int, Finding]], now: datetime) -> None:
    """What waits of these leads now (record, finding), in place of what was not decided of them; the rest stays."""
    v, r = schema.review.c, schema.records.c
    rows, stale = {(record, each.key): (record, each) for record, each in found}, list[int]()
    open_ = (
        sa.select(schema.review).join(schema.records, r.id == v.record_id).where(v.kind == LIST, v.decided_at.is_(None))
    )
    for part in chunks(leads):
        for row in store.connection.execute(open_.where(r.lead_id.in_(part))):
            known = (row.record_id, Finding(row.result, row.reason, row.value, row.other_id).key)
            if rows.pop(known, None) is None:
                stale.append(row.id)
    for part in chunks(stale):
        store.connection.execute(sa.delete(schema.review).where(v.id.in_(part)))
    ids = store.new_ids(schema.review, len(rows)) if rows else ()
    records.insert(store, schema.review, [
        {"id": id_, "kind": LIST, "record_id": record, "other_id": each.other, "result": each.result,
         "reason": each.reason, "value": "" if each.other is not None else each.value, "found_at": now,
         "decision": None, "decided_at": None, "decided_by": None}
        for id_, (record, each) in zip(ids, rows.values(), strict=True)
    ])  # fmt: skip


def decided(store: Store, leads: Sequence[int]) -> dict[int, Beside]:
    """What was decided of leads of lists."""
    v, r = schema.review.c, schema.records.c
    accepted, rejected = defaultdict[int, set[tuple[str, str]]](set), set[int]()
    query = sa.select(r.lead_id, schema.review).select_from(schema.review).join(schema.records, r.id == v.record_id)
    query = query.where(v.kind == LIST, v.decided_at.is_not(None))
    for part in chunks(leads):
        for row in store.connection.execute(query.where(r.lead_id.in_(part))):
            if row.decision == ACCEPTED:
                accepted[row.lead_id].add(Finding(row.result, row.reason, row.value, row.other_id).key)
            else:
                rejected.add(row.lead_id)
    return {lead: Beside(accepted=accepted[lead], rejected=lead in rejected) for lead in rejected | {*accepted}}


def decide(store: Store, ids: Collection[int], decision: str, by: str, now: datetime) -> None:
    """Keep a decision on these items, and have their leads evaluated again."""
    v = schema.review.c
    for part in chunks(sorted(ids)):
        change = sa.update(schema.review).where(v.id.in_(part))
        store.connection.execute(change.values(decision=decision, decided_at=now, decided_by=by))
        records.mark(store, store.connection.scalars(sa.select(v.record_id).where(v.id.in_(part))).all())


def items(db: sa.Connection, *, decided: bool = False) -> list[Mapping[str, Any]]:
    """What waits, oldest first, and what was `decided` as well; with the records that it is about."""
    v, r, s = schema.review.c, schema.records.alias(), schema.sources.alias()
    o, t = schema.records.alias(), schema.sources.alias()
    whose = (s.c.connection, s.c.object, r.c.ext_id, r.c.facts)
    other = (t.c.connection.label("other_connection"), t.c.object.label("other_object"), o.c.ext_id.label("other_id"))
    query = sa.select(*(c for c in v if c.name != "other_id"), *whose, *other).select_from(schema.review)
    query = query.join(r, r.c.id == v.record_id).join(s, s.c.id == r.c.source_id)
    query = query.outerjoin(o, o.c.id == v.other_id).outerjoin(t, t.c.id == o.c.source_id).order_by(v.id)
    query = query if decided else query.where(v.decided_at.is_(None))
    return [dict(row._mapping) for row in db.execute(query)]
