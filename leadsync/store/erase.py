"""Removing people for good, and knowing them again when they come back. All of it inside `Store.begin()`."""

import hmac
import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leadsync.store import left_out, matching, records, schema
from leadsync.store.database import Store, chunks
from leadsync.store.review import PAIR

_SALT = "tombstone_salt"
_UNSCRUBBED = "unscrubbed"
_SAID = ("message", "fix", "waiting_for")  # in the report of a cycle: what a CRM may have worded
_OWN = (
    schema.activities, schema.outcomes, schema.changes, schema.writes, schema.dirty, schema.membership, schema.keys,
    schema.review, schema.merges,
)  # fmt: skip
Hide = Callable[[str], str]


class Tombstones:
    """Digests of what was erased. Only the holder of the lease adds to them, so they are read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._salt = bytes.fromhex(store.get_meta(_SALT) or "")
        self._digests = frozenset(store.connection.scalars(sa.select(schema.tombstones.c.digest)))

    def __bool__(self) -> bool:
        """Whether anything was erased."""
        return bool(self._digests)

    def has(self, *words: str) -> bool:
        """Whether these words, in this order, were erased."""
        return bool(self._digests) and self._digest(words) in self._digests

    def add(self, found: Iterable[Sequence[str]], refused_at: datetime | None = None) -> None:
        """Know these from now on; `refused_at`: as rows that were not taken in."""
        if not self._salt:
            self._salt = secrets.token_bytes(32)
            self._store.set_meta(_SALT, self._salt.hex())
        fresh = {self._digest(words) for words in found} - self._digests
        records.insert(self._store, schema.tombstones, [{"digest": d, "refused_at": refused_at} for d in sorted(fresh)])
        self._digests |= fresh

    def _digest(self, words: Sequence[str]) -> str:
        return hmac.digest(self._salt, "\0".join(words).encode(errors="replace"), "sha256").hex()


def rows_of(store: Store, leads: Collection[int]) -> list[Any]:
    """The records of these leads: id, source, id in the CRM, fields."""
    r, found = schema.records.c, list[Any]()
    for part in chunks(sorted(leads)):
        query = sa.select(r.id, r.source_id, r.ext_id, r.lead_id, r.fields, r.facts).where(r.lead_id.in_(part))
        found += store.connection.execute(query.order_by(r.id))
    return found


def past_of(store: Store, record_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """What the fields of these records were and became, record by record."""
    c, found = schema.changes.c, defaultdict[int, list[dict[str, Any]]](list)
    for part in chunks(sorted(record_ids)):
        for row in store.connection.execute(sa.select(c.record_id, c.fields).where(c.record_id.in_(part))):
            found[row.record_id].append(row.fields)
    return found


def count(store: Store, record_ids: Collection[int], leads: Collection[int]) -> dict[str, int]:
    """How many rows of each kind `remove` would remove."""
    found = {"records": len(record_ids)}
    for table in (schema.activities, schema.outcomes, schema.changes, schema.writes):
        found[str(table.name)] = _count(store, table.c.record_id, record_ids)
    return found | {"results": _count(store, schema.results.c.lead_id, leads)}


def _count(store: Store, column: sa.Column[int], ids: Collection[int]) -> int:
    query = sa.select(sa.func.count()).select_from(column.table)
    return sum(store.connection.scalar(query.where(column.in_(part))) or 0 for part in chunks(sorted(ids)))


def remove(store: Store, record_ids: Collection[int]) -> None:
    """Delete these records with all that hangs on them, and the leads that they leave without a record.

    Other people's activity that was theirs, too, loses its text.
    """
    ids, r, m = sorted(record_ids), schema.records.c, schema.membership.c
    matching.forget(store, ids)
    left_out.forget(store, ids)
    _hush_shared(store, ids)
    _forget_twins(store, ids)
    leads = set[int]()
    for part in chunks(ids):
        leads.update(store.connection.scalars(sa.select(m.lead_id).where(m.record_id.in_(part))))
        leads.update(store.connection.scalars(sa.select(r.lead_id).where(r.id.in_(part), r.lead_id.is_not(None))))
        met = sa.select(r.source_id, r.ext_id).where(r.id.in_(part))
        census = sa.tuple_(schema.census.c.source_id, schema.census.c.ext_id)
        store.connection.execute(sa.delete(schema.census).where(census.in_(met)))
        store.connection.execute(sa.delete(schema.merges).where(schema.merges.c.other_id.in_(part)))
        for table in _OWN:
            store.connection.execute(sa.delete(table).where(table.c.record_id.in_(part)))
        store.connection.execute(sa.delete(schema.records).where(r.id.in_(part)))
    for part in chunks(sorted(leads)):
        held = sa.select(r.lead_id).where(r.lead_id.in_(part)).union(sa.select(m.lead_id).where(m.lead_id.in_(part)))
        empty = sorted({*part} - {*store.connection.scalars(held)})
        records.forget_results(store, empty)
        for table in (schema.golden, schema.scores):  # of theirs besides, who was one lead with them until now
            store.connection.execute(sa.delete(table).where(table.c.lead_id.in_(part)))
        records.mark(store, list(store.connection.scalars(sa.select(r.id).where(r.lead_id.in_(part)))))
        for table in (schema.transitions, schema.decisions):
            store.connection.execute(sa.delete(table).where(table.c.lead_id.in_(empty)))
        store.connection.execute(sa.delete(schema.leads).where(schema.leads.c.id.in_(empty)))
        store.connection.execute(sa.delete(schema.lead_aliases).where(schema.lead_aliases.c.into_id.in_(empty)))


def _forget_twins(store: Store, record_ids: Sequence[int]) -> None:
    """What waits because of one of these records is looked at again."""
    v, waiting = schema.review.c, set[int]()
    for part in chunks(record_ids):
        store.connection.execute(sa.delete(schema.review).where(v.other_id.in_(part), v.kind == PAIR))
        waiting.update(store.connection.scalars(sa.select(v.record_id).where(v.other_id.in_(part))))
        store.connection.execute(sa.update(schema.review).where(v.other_id.in_(part)).values(other_id=None))
    records.mark(store, sorted(waiting - {*record_ids}))


def _hush_shared(store: Store, record_ids: Sequence[int]) -> None:
    a, own, by_source = schema.activities.c, {*record_ids}, defaultdict[int, set[str]](set)
    for part in chunks(record_ids):
        for row in store.connection.execute(sa.select(a.source_id, a.ext_id).where(a.record_id.in_(part)).distinct()):
            by_source[row.source_id].add(row.ext_id)
    others: dict[int, int] = {}  # activity → whose it is
    for source, ext_ids in by_source.items():
        for part in chunks(sorted(ext_ids)):
            wordy = sa.or_(a.detail.is_not(None), a.topic.is_not(None))
            query = sa.select(a.id, a.record_id).where(a.source_id == source, a.ext_id.in_(part), wordy)
            others |= {row.id: row.record_id for row in store.connection.execute(query) if row.record_id not in own}
    for part in chunks(sorted(others)):
        change = sa.update(schema.activities).where(a.id.in_(part))
        store.connection.execute(change.values(detail=None, topic=None))
    r, g = schema.records.c, schema.golden.c
    for part in chunks(sorted({*others.values()})):  # evaluation makes them anew
        theirs = sa.select(r.lead_id).where(r.id.in_(part))
        store.connection.execute(sa.delete(schema.golden).where(g.lead_id.in_(theirs)))
    records.mark(store, others.values())


def hush(store: Store, hide: Hide) -> None:
    """Take what `hide` takes out of a text out of what CRMs have said: to other records' writes, and in reports."""
    w, u = schema.writes.c, schema.runs.c
    for row in store.connection.execute(sa.select(w.id, w.message).where(w.message.is_not(None))).all():
        if (message := hide(row.message)) != row.message:
            store.connection.execute(sa.update(schema.writes).where(w.id == row.id).values(message=message))
    for row in store.connection.execute(sa.select(u.id, u.report)).all():
        if (report := _hushed(row.report, hide)) != row.report:
            store.connection.execute(sa.update(schema.runs).where(u.id == row.id).values(report=report))


def _hushed(body: Any, hide: Hide) -> Any:
    if isinstance(body, list):
        return [_hushed(part, hide) for part in body]
    if not isinstance(body, dict):
        return body
    return {k: hide(v) if k in _SAID and isinstance(v, str) else _hushed(v, hide) for k, v in body.items()}


def keep(store: Store, told: Sequence[dict[str, Any]], now: datetime) -> None:
    """That these records were erased: refs and names of fields. What is left of them in the file is to be scrubbed."""
    [id_] = store.new_ids(schema.erasures, 1)
    store.connection.execute(sa.insert(schema.erasures), {"id": id_, "erased_at": now, "records": list(told)})
    store.set_meta(_UNSCRUBBED, value=True)


def scrub(store: Store) -> bool:
    """Wipe what erasures have left in the file, outside of `begin()`; whether there was something to do."""
    with store.begin():
        if not store.get_meta(_UNSCRUBBED):
            return False
    store.scrub()
    with store.begin():
        store.set_meta(_UNSCRUBBED, value=False)
    return True


def summary(db: sa.Connection, most: int) -> dict[str, Any]:
    """The newest erasures, oldest first, and how many rows were not taken in because of one."""
    e, t = schema.erasures, schema.tombstones.c
    newest = db.execute(sa.select(e).order_by(e.c.id.desc()).limit(most)).all()
    return {
        "erasures": [{"erased_at": row.erased_at.isoformat(), "records": row.records} for row in reversed(newest)],
        "not_taken_in": db.scalar(sa.select(sa.func.count()).where(t.refused_at.is_not(None))),
    }
