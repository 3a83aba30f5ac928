"""Records, the leads they belong to, and everything that hangs on them. All of it inside `Store.begin()`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leadsync.core.facts import Facts
from leadsync.store import schema
from leadsync.store.column_types import Json, Moment
from leadsync.store.database import Store, chunks
from leadsync.types import Value

Row = dict[str, Any]
COMPANIES = 2
"""In place of `late`: the mark of a company, which waits until no lead does."""
THEIR_COMPANIES = "company_records"
"""Of a stored result: the ids of the records of the lead's companies, where companies are scored."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds of a record. `fields` is None where it was only heard of."""

    id: int
    ext_id: str
    lead_id: int | None
    company_id: int | None
    fields: Mapping[str, Value] | None
    facts: Facts | None
    ours: Mapping[str, Sequence[Any]] | None  # as in the schema
    modified_at: datetime | None
    wrote_at: datetime | None
    wrote_stamp: datetime | None
    gone_at: datetime | None
    moved_to: int | None


_KNOWN = [schema.records.c[name] for name in Known.__dataclass_fields__]


def known(store: Store, source_id: int, ext_ids: Sequence[str]) -> dict[str, Known]:
    """The records of a source with these ids, by id in the CRM."""
    table, found = schema.records, {}
    for part in chunks(ext_ids):
        query = sa.select(*_KNOWN).where(table.c.source_id == source_id, table.c.ext_id.in_(part))
        found.update({row.ext_id: Known(*row) for row in store.connection.execute(query)})
    return found


def ensure(store: Store, source_id: int, ext_ids: Iterable[str]) -> dict[str, int]:
    """Ids of these records; one that was never seen becomes a stub that waits for its page."""
    wanted = list(dict.fromkeys(ext_ids))
    table, found = schema.records, dict[str, int]()
    for part in chunks(wanted):
        query = sa.select(table.c.ext_id, table.c.id).where(table.c.source_id == source_id, table.c.ext_id.in_(part))
        found.update({row.ext_id: row.id for row in store.connection.execute(query)})
    missing = [ext_id for ext_id in wanted if ext_id not in found]
    fresh = dict(zip(missing, store.new_ids(table, len(missing)), strict=True)) if missing else {}
    insert(store, table, [{"id": id_, "source_id": source_id, "ext_id": ext_id} for ext_id, id_ in fresh.items()])
    return found | fresh


def insert(store: Store, table: sa.Table, rows: Sequence[Row], over: str | None = None) -> None:
    """Add rows, all with the same keys; each takes the place of the one that has the same value in the column `over`,
    which costs less than to remove that first."""
    if rows:
        names = tuple(rows[0])
        places = ", ".join([store.placeholder] * len(names))
        sql = f"INSERT INTO {table.name} ({_quoted(names)}) VALUES ({places})"  # noqa: S608 - names of our own columns
        if over is not None:
            sets = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name != over)
            sql += f' ON CONFLICT ("{over}") DO UPDATE SET {sets}'
        _many(store, table, sql, names, rows)


def update(store: Store, rows: Sequence[Row]) -> None:
    """Change records by `id`; all rows with the same keys."""
    if rows:
        names = tuple(name for name in rows[0] if name != "id")
        values = ", ".join(f'"{name}" = {store.placeholder}' for name in names)
        sql = f"UPDATE records SET {values} WHERE id = {store.placeholder}"  # noqa: S608 - names of our own columns
        _many(store, schema.records, sql, (*names, "id"), rows)


def _many(store: Store, table: sa.Table, sql: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    """Run a statement for many rows, past SQLAlchemy's own handling of parameters: a page is half as dear that way."""
    columns = []
    for name in names:
        kind = table.c[name].type
        plain = kind.plain if isinstance(kind, Moment | Json) else None
        columns.append([row[name] for row in rows] if plain is None else [plain(row[name]) for row in rows])
    store.run(sql, list(zip(*columns, strict=True)), many=True)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def new_leads(store: Store, record_ids: Sequence[int], now: datetime) -> dict[int, int]:
    """A lead of its own for each of these records (record → lead)."""
    if not record_ids:
        return {}
    made = dict(zip(record_ids, store.new_ids(schema.leads, len(record_ids)), strict=True))
    insert(store, schema.leads, [{"id": lead, "known_at": now} for lead in made.values()])
    join(store, made, now)
    return made


def join(store: Store, lead_of: Mapping[int, int], now: datetime) -> None:
    """Open memberships (record → lead); the caller sets `lead_id` on the records."""
    ids = store.new_ids(schema.membership, len(lead_of))
    rows = [
        {"id": i, "record_id": r, "lead_id": lead, "known_at": now}
        for i, (r, lead) in zip(ids, lead_of.items(), strict=True)
    ]
    insert(store, schema.membership, rows)


def unite(store: Store, record_id: int, survivor_id: int, now: datetime) -> None:
    """Two records are one person: everything of the younger of their leads moves to the older one."""
    table, members = schema.records, schema.membership
    query = sa.select(table.c.id, table.c.lead_id).where(table.c.id.in_([record_id, survivor_id]))
    leads = sorted({row.lead_id for row in store.connection.execute(query) if row.lead_id is not None})
    lead = leads[0] if leads else new_leads(store, [survivor_id], now)[survivor_id]
    moving = [record_id, survivor_id]
    bind(store, record_id, survivor_id)
    if len(leads) == 2:
        others = store.connection.scalars(sa.select(table.c.id).where(table.c.lead_id == leads[1])).all()
        moving += others
        retire(store, [(leads[1], lead, others)], now)
    query = sa.select(table.c.id).where(
        table.c.id.in_(moving), sa.or_(table.c.lead_id.is_(None), table.c.lead_id != lead)
    )
    changed = list(store.connection.scalars(query))
    close = sa.update(members).where(members.c.record_id.in_(changed), members.c.closed_at.is_(None))
    store.connection.execute(close.values(closed_at=now))
    opened = set(store.connection.scalars(sa.select(members.c.record_id).where(
        members.c.record_id.in_(changed), members.c.lead_id == lead, members.c.closed_at.is_(None))))  # fmt: skip
    join(store, {r: lead for r in changed if r not in opened}, now)
    update(store, [{"id": r, "lead_id": lead} for r in changed])
    mark(store, moving)


def follow(store: Store, record_id: int, person_id: int, now: datetime) -> None:
    """The first record belongs to the lead of the second one, whatever lead it belonged to; nothing else moves."""
    table, members = schema.records, schema.membership
    query = sa.select(table.c.id, table.c.lead_id).where(table.c.id.in_([record_id, person_id]))
    lead_of = {row.id: row.lead_id for row in store.connection.execute(query)}
    if lead_of[person_id] is None:
        lead_of[person_id] = new_leads(store, [person_id], now)[person_id]
        update(store, [{"id": person_id, "lead_id": lead_of[person_id]}])
    bind(store, record_id, person_id)
    if (former := lead_of[record_id]) != lead_of[person_id]:
        close = sa.update(members).where(members.c.record_id == record_id, members.c.closed_at.is_(None))
        store.connection.execute(close.values(closed_at=now))
        join(store, {record_id: lead_of[person_id]}, now)
        update(store, [{"id": record_id, "lead_id": lead_of[person_id]}])
        if former is not None and not store.connection.scalar(
            sa.select(sa.func.count()).select_from(table).where(table.c.lead_id == former)
        ):
            retire(store, [(former, lead_of[person_id], [record_id])], now)
        mark(store, [record_id, person_id])


def bind(store: Store, record_id: int, to_id: int) -> None:
    """The CRM holds two records to be one: whatever they say, they stay together."""
    b, m = schema.bonds, schema.match_records
    before = store.connection.scalar(sa.select(b.c.to_id).where(b.c.record_id == record_id))
    if before == to_id or record_id == to_id:
        return
    store.connection.execute(sa.delete(b).where(b.c.record_id == record_id))
    insert(store, b, [{"record_id": record_id, "to_id": to_id}])
    ids = [id_ for id_ in (record_id, to_id, before) if id_ is not None]
    store.connection.execute(sa.update(m).where(m.c.record_id.in_(ids)).values(digest=None))
    mark(store, ids)


def retire(store: Store, gone: Sequence[tuple[int, int, Sequence[int]]], now: datetime) -> None:
    """Leads have no records any more: the id of each leads to the one that these have moved to, which stays."""
    aliases, mark = schema.lead_aliases, store.placeholder
    forget_results(store, [lead for lead, *_ in gone])
    if gone:
        sql = f"UPDATE lead_aliases SET into_id = {mark} WHERE into_id = {mark}"  # noqa: S608
        store.run(sql, [(into, lead) for lead, into, _ in gone], many=True)
    for part in chunks(sorted({lead for both in gone for lead in both[:2]})):
        store.connection.execute(sa.delete(aliases).where(aliases.c.lead_id.in_(part)))
    insert(store, aliases, [{"lead_id": lead, "into_id": into} for lead, into, _ in gone])
    tell(store, [("merged", *each) for each in gone], now)


def tell(store: Store, events: Sequence[tuple[str, int, int, Sequence[int]]], now: datetime) -> None:
    """Log what became of leads: `merged` into the other, `split` off it or `moved` to it, with these records."""
    ids = store.new_ids(schema.lead_events, len(events)) if events else ()
    insert(store, schema.lead_events, [
        {"id": id_, "at": now, "what": what, "lead_id": lead, "other_id": other, "records": sorted(moved)}
        for id_, (what, lead, other, moved) in zip(ids, events, strict=True)
    ])  # fmt: skip


def hand_on(store: Store, company_id: int, survivor_id: int) -> None:
    """Two companies are one: the people of the first belong to the survivor."""
    table = schema.records
    store.connection.execute(sa.update(table).where(table.c.company_id == company_id).values(company_id=survivor_id))


def mark(store: Store, record_ids: Iterable[int], *, late: int = False) -> None:
    """Mark records as touched: their leads are evaluated again, `late` ones after all others, `COMPANIES` last."""
    insert(store, schema.dirty, [{"record_id": id_, "late": int(late)} for id_ in dict.fromkeys(record_ids)])


def companies_of(words: Mapping[str, Any]) -> list[int]:
    """The records of the companies of a lead with these words."""
    return [int(id_) for id_ in str(words.get(THEIR_COMPANIES) or "").split()]


def forget_results(store: Store, leads: Iterable[int]) -> None:
    """These leads have no result any more; their companies are scored anew."""
    t = schema.results.c
    for part in chunks(sorted(leads)):
        words = store.connection.scalars(sa.select(t.words).where(t.lead_id.in_(part)))
        companies = {company for each in words for company in companies_of(each)}
        store.connection.execute(sa.delete(schema.results).where(t.lead_id.in_(part)))
        for of_it in (schema.golden, schema.scores):
            store.connection.execute(sa.delete(of_it).where(of_it.c.lead_id.in_(part)))
        mark(store, sorted(companies), late=COMPANIES)


def mark_late(store: Store, found: sa.Select[tuple[int]]) -> None:
    """Mark the records that a query finds, behind what has just happened; those that wait there already, no second
    time."""
    d = schema.dirty.c
    waiting = sa.select(d.record_id).where(d.late == 1, d.points.is_(None))
    fresh = sa.except_(found, waiting).subquery()
    marks = sa.select(fresh.c[0], sa.literal(1)).order_by(fresh.c[0])
    store.connection.execute(sa.insert(schema.dirty).from_select(["record_id", "late"], marks))


def replace_events(
    store: Store, table: sa.Table, source_id: int, ext_ids: Sequence[str], rows: Sequence[Row], now: datetime
) -> list[int]:
    """What these rows of a CRM tell now (`rows`: activities or outcomes) in place of what they told before.

    What is told again as before stays; what is no longer told is closed, never overwritten; what is new is added.
    Returns the records that were touched.
    """
    before: dict[tuple[Any, ...], tuple[int, int]] = {}
    names = [c.name for c in table.columns if c.name not in ("id", "known_at", "closed_at", "source_id")]
    for part in chunks(ext_ids):
        query = sa.select(table.c.id, *(table.c[n] for n in names)).where(
            table.c.source_id == source_id, table.c.ext_id.in_(part), table.c.closed_at.is_(None)
        )
        before.update({tuple(row[1:]): (row.id, row.record_id) for row in store.connection.execute(query)})
    now_told = {tuple(row.get(name) for name in names): row for row in rows}
    ended = [before[key] for key in before if key not in now_told]
    fresh = [row for key, row in now_told.items() if key not in before]
    for part in chunks([id_ for id_, _ in ended]):
        store.connection.execute(sa.update(table).where(table.c.id.in_(part)).values(closed_at=now))
    add_events(store, table, source_id, fresh, now)
    return [record for _, record in ended] + [row["record_id"] for row in fresh]


def add_events(store: Store, table: sa.Table, source_id: int, rows: Sequence[Row], now: datetime) -> None:
    """Add activities or outcomes."""
    ids = store.new_ids(table, len(rows)) if rows else ()
    own = ({"id": id_, "source_id": source_id, "known_at": now} for id_ in ids)
    insert(store, table, [row | more for row, more in zip(rows, own, strict=True)])


def close_counted(store: Store, source_id: int, record_id: int, now: datetime) -> None:
    """Close the activity that was counted on a person's own row."""
    table = schema.activities
    counted = sa.update(table).where(
        table.c.record_id == record_id, table.c.source_id == source_id, table.c.closed_at.is_(None)
    )
    store.connection.execute(counted.values(closed_at=now))


def save_owners(store: Store, source_id: int, rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Owners as they are now (ext_id, name, email, kind, active, language).

    Returns those that were not so before, as they were and as they are now: (id, e-mail).
    """
    table = schema.owners
    ext_ids = [row["ext_id"] for row in rows]
    query = sa.select(table).where(table.c.source_id == source_id, table.c.ext_id.in_(ext_ids))
    old = {row.ext_id: row for row in store.connection.execute(query)}
    changed = [
        r for r in rows if r["ext_id"] not in old or any(getattr(old[r["ext_id"]], k) != v for k, v in r.items())
    ]
    if not changed:
        return []
    gone = [row["ext_id"] for row in changed]
    store.connection.execute(sa.delete(table).where(table.c.source_id == source_id, table.c.ext_id.in_(gone)))
    ids = store.new_ids(table, len(changed))
    insert(store, table, [row | {"id": id_, "source_id": source_id} for id_, row in zip(ids, changed, strict=True)])
    were = [(ext_id, old[ext_id].email) for ext_id in gone if ext_id in old]
    return were + [(row["ext_id"], row["email"]) for row in changed]
