"""The inbox of what waits for a person, and what was decided. All of it inside `Store.begin()`, but for `items`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from leadsync.core.lists import Beside, Finding
from leadsync.store import matching, records, schema
from leadsync.store.database import Store, chunks
from leadsync.store.lookup import Lookup, asked

LIST, PAIR = "list", "pair"
SAME, DIFFERENT, LATER = "same", "different", "later"
ACCEPTED, REJECTED = "accepted", "rejected"
HELD = "hold"
LIKELY = "likely_same"
AGAIN = timedelta(days=7)
"""After so long what was put off waits again."""
OPEN = (schema.review.c.result == HELD, schema.review.c.decided_at.is_(None))
"""What of it is to be decided."""
_v = schema.review.c
_PAIRS = Lookup(sa.union(*(
    sa.select(_v.id, _v.record_id, _v.other_id, _v.decision, _v.value).where(_v.kind == PAIR, asked(column))
    for column in (_v.record_id, _v.other_id)
)))  # fmt: skip


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


def keep_pairs(store: Store, of: Collection[int], likely: Mapping[tuple[int, int], float], now: datetime) -> None:
    """The pairs with these records that a person is to decide on, and how likely each is one person, in place of what
    was not decided for good of them."""
    v, known, stale = schema.review.c, set[tuple[int, int]](), set[int]()
    for id_, a, b, decision, value in _PAIRS(store, of):
        if decision in (None, LATER) and ((a, b) not in likely or value != f"{likely[a, b]:.4f}"):
            stale.add(id_)
        else:
            known.add((a, b))
    for part in chunks(sorted(stale)):
        store.connection.execute(sa.delete(schema.review).where(v.id.in_(part)))
    fresh = [pair for pair in likely if pair not in known]
    ids = store.new_ids(schema.review, len(fresh)) if fresh else ()
    records.insert(store, schema.review, [
        {"id": id_, "kind": PAIR, "record_id": a, "other_id": b, "result": HELD, "reason": LIKELY,
         "value": f"{likely[a, b]:.4f}", "found_at": now, "decision": None, "decided_at": None, "decided_by": None}
        for id_, (a, b) in zip(ids, fresh, strict=True)
    ])  # fmt: skip


def keep_apart(store: Store, pairs: Mapping[tuple[int, int], float | None], now: datetime) -> None:
    """Two records that a person told apart are to be decided again once they say something else, and are still likely
    one: pair → how likely, `None` where they are not. They stay apart meanwhile."""
    v, said = schema.review.c, matching.sayings(store, pairs)
    ids = sorted({a for a, _ in pairs})
    for part in chunks(ids):
        query = sa.select(v.id, v.record_id, v.other_id, v.evidence, v.again_at, v.value)
        rows = store.connection.execute(query.where(v.kind == PAIR, v.decision == DIFFERENT, v.record_id.in_(part)))
        for row in rows.all():
            pair = row.record_id, row.other_id
            if pair not in said:
                continue
            sure, other = pairs[pair], row.evidence not in (None, said[pair])
            values = {
                "evidence": row.evidence or said[pair],
                "again_at": (row.again_at or now) if other and sure is not None else None,
                "value": row.value if sure is None else f"{sure:.4f}",
            }
            store.connection.execute(sa.update(schema.review).where(v.id == row.id).values(values))


def open_pairs(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Which pairs wait."""
    v = schema.review.c
    put_off = sa.and_(v.decision == LATER, v.decided_at < now - AGAIN)
    return v.kind == PAIR, sa.or_(v.decided_at.is_(None), put_off, v.again_at.is_not(None))


def count_pairs(store: Store, now: datetime) -> int:
    """How many pairs wait."""
    query = sa.select(sa.func.count()).select_from(schema.review).where(*open_pairs(now))
    return store.connection.scalar(query) or 0


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


def decide(store: Store, ids: Collection[int], decision: str | None, by: str, now: datetime) -> None:
    """Keep a decision on these items of the review, or take back (`None`) the one there was."""
    v = schema.review.c
    at = None if decision is None else now
    for part in chunks(sorted(ids)):
        change = sa.update(schema.review).where(v.id.in_(part))
        fresh = {"decision": decision, "decided_at": at, "decided_by": by if decision else None, "again_at": None}
        store.connection.execute(change.values(**fresh, evidence=None))
        found = store.connection.execute(sa.select(v.id, v.kind, v.record_id, v.other_id).where(v.id.in_(part))).all()
        pairs = {row.id: (row.record_id, row.other_id) for row in found if row.kind == PAIR and decision == DIFFERENT}
        said = matching.sayings(store, [*pairs.values()])
        for id_, pair in pairs.items():
            change = sa.update(schema.review).where(v.id == id_)
            store.connection.execute(change.values(evidence=said[pair]))
        both = {id_ for row in found if row.kind == PAIR for id_ in (row.record_id, row.other_id)}
        matching.touch(store, both)
        records.mark(store, sorted(both.union(row.record_id for row in found)))


def items(db: sa.Connection, *, decided: bool = False) -> list[Mapping[str, Any]]:
    """What waits of lists, oldest first, and what was `decided` as well; with the records that it is about."""
    v, r, s = schema.review.c, schema.records.alias(), schema.sources.alias()
    o, t = schema.records.alias(), schema.sources.alias()
    whose = (s.c.connection, s.c.object, r.c.ext_id, r.c.facts)
    other = (t.c.connection.label("other_connection"), t.c.object.label("other_object"), o.c.ext_id.label("other_id"))
    query = sa.select(*(c for c in v if c.name != "other_id"), *whose, *other).select_from(schema.review)
    query = query.join(r, r.c.id == v.record_id).join(s, s.c.id == r.c.source_id)
    query = query.outerjoin(o, o.c.id == v.other_id).outerjoin(t, t.c.id == o.c.source_id).order_by(v.id)
    query = query.where(v.kind == LIST) if decided else query.where(v.kind == LIST, v.decided_at.is_(None))
    return [dict(row._mapping) for row in db.execute(query)]
