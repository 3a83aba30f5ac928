"""Writes: intended before the call, sent, and what came of them. All of it inside `Store.begin()`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from leadsync.store import records, schema
from leadsync.store.database import Store, chunks
from leadsync.types import Value, WriteResult, WriteStatus

OPEN = ("planned", "sent")


@dataclass(frozen=True, slots=True)
class Write:
    """A write that is not settled: fields → (before, after) of one record."""

    id: int
    record_id: int
    source_id: int
    ext_id: str
    fields: Mapping[str, Sequence[Value]]
    state: str
    job: str | None = None  # the bulk job that carries it


def unsettled(store: Store) -> list[Write]:
    """Writes that a process which died left open."""
    w, r = schema.writes, schema.records
    query = (
        sa.select(w.c.id, w.c.record_id, r.c.source_id, r.c.ext_id, w.c.fields, w.c.state, w.c.job)
        .join(r, r.c.id == w.c.record_id).where(w.c.state.in_(OPEN)).order_by(w.c.id)
    )  # fmt: skip
    return [Write(*row) for row in store.connection.execute(query)]


def sent(store: Store, writes: Sequence[Write], now: datetime, job: str | None = None) -> None:
    """About to be sent: from here on the outcome is unknown until a result, a reading or the `job` settles it."""
    for part in chunks([w.id for w in writes]):
        change = sa.update(schema.writes).where(schema.writes.c.id.in_(part))
        store.connection.execute(change.values(state="sent", sent_at=now, job=job))


def settle(store: Store, results: Sequence[tuple[Write, WriteResult]], now: datetime) -> None:
    """What the CRM answered. Only a confirmed write moves `ours` and what we know to stand in the CRM."""
    table = schema.writes
    change = (
        sa.update(table).where(table.c.id == sa.bindparam("write"))
        .values(state=sa.bindparam("new_state"), done_at=now, code=sa.bindparam("new_code"),
                message=sa.bindparam("new_message"))
    )  # fmt: skip
    if results:
        store.connection.execute(change, [
            {"write": w.id, "new_state": "dropped" if r.status is WriteStatus.RETRY else str(r.status),
             "new_code": r.code or None, "new_message": r.message or None}
            for w, r in results
        ])  # fmt: skip
    done = [(w, r) for w, r in results if r.status in (WriteStatus.APPLIED, WriteStatus.UNCHANGED)]
    _confirm(store, done, now)
    again = [w.record_id for w, r in results if r.status in (WriteStatus.RETRY, WriteStatus.CONFLICT)]
    again += _set_aside(store, [(w, r) for w, r in results if r.status is WriteStatus.REJECTED])
    records.mark(store, again)


def _set_aside(store: Store, rejected: Sequence[tuple[Write, WriteResult]]) -> list[int]:
    """Keep what was refused, so that it is not tried again; the records whose other fields can go without it."""
    table = schema.records
    held: dict[int, dict[str, Value]] = {}
    for part in chunks([w.record_id for w, _ in rejected]):
        query = sa.select(table.c.id, table.c.refused).where(table.c.id.in_(part))
        held.update({row.id: row.refused or {} for row in store.connection.execute(query)})
    rest = []
    for write, result in rejected:
        told = [name for name in result.fields if name in write.fields] or list(write.fields)
        refused = held[write.record_id] | {name: write.fields[name][1] for name in told}
        records.update(store, [{"id": write.record_id, "refused": refused}])
        if len(told) < len(write.fields):
            rest.append(write.record_id)
    return rest


def _confirm(store: Store, done: Sequence[tuple[Write, WriteResult]], now: datetime) -> None:
    table, held = schema.records, dict[int, Any]()
    for part in chunks([w.record_id for w, _ in done]):
        columns = (table.c.id, table.c.fields, table.c.ours, table.c.refused, table.c.wrote_stamp)
        query = sa.select(*columns).where(table.c.id.in_(part))
        held.update({row.id: row for row in store.connection.execute(query)})
    micros = int((now - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)
    records.update(store, [
        {
            "id": w.record_id,
            "fields": {**(held[w.record_id].fields or {}), **{name: pair[1] for name, pair in w.fields.items()}},
            "ours": _ours(held[w.record_id].ours or {}, w, micros),
            "wrote_at": now, "wrote_stamp": r.modified_at or held[w.record_id].wrote_stamp,
            "refused": {k: v for k, v in (held[w.record_id].refused or {}).items() if k not in w.fields} or None,
        }
        for w, r in done
    ])  # fmt: skip


def _ours(before: Mapping[str, Sequence[Any]], write: Write, micros: int) -> dict[str, Any]:
    """What is ours once a write is confirmed; writing the same value again does not change which one came before."""
    fresh: dict[str, Any] = {}
    for name, (_, value) in write.fields.items():
        was, _, *earlier = before.get(name, (None, 0))
        fresh[name] = [value, micros, (earlier[0] if earlier else None) if was == value else was]
    return {**before, **fresh}


def drop(store: Store, writes: Sequence[Write], now: datetime) -> None:
    """Give up on writes that were not sent, or were found not to have arrived; their leads are planned again."""
    for part in chunks([w.id for w in writes]):
        change = sa.update(schema.writes).where(schema.writes.c.id.in_(part))
        store.connection.execute(change.values(state="dropped", done_at=now))
    records.mark(store, [w.record_id for w in writes])


def forget_refusals(store: Store, source_ids: Collection[int]) -> None:
    """Try again what was refused of the rows of these sources: rules, mapping or account have changed."""
    table = schema.records
    refused = table.c.source_id.in_(source_ids) & table.c.refused.is_not(None)
    store.connection.execute(sa.update(table).where(refused).values(refused=None))
