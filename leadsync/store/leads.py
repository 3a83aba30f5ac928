"""Who belongs together: what ties records, and leads whose records change. All of it inside `Store.begin()`."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from leadsync.store import records, schema
from leadsync.store.database import Store, chunks
from leadsync.store.matching import Pair, edges_of
from leadsync.store.review import PAIR, SAME


def together(store: Store, ids: Collection[int], least: float) -> tuple[dict[int, int], set[Pair]]:
    """All records that may be of one lead with these: by pairs of at least so many bits, bonds, decisions, and the lead
    that they are now. Record → lead; and the pairs that are one, whatever they say."""
    r = schema.records.c
    lead_of, tied = dict[int, int](), set[Pair]()
    fresh = {*ids}
    while fresh:
        found, leads = set[int](), set[int]()
        for part in chunks(sorted(fresh)):
            for id_, lead in store.connection.execute(sa.select(r.id, r.lead_id).where(r.id.in_(part))):
                if lead is not None:
                    lead_of[id_] = lead
                    leads.add(lead)
        tied |= bonds(store, fresh) | decided(store, fresh, SAME)
        found.update(*edges_of(store, fresh, least), *tied)
        for part in chunks(sorted(leads)):
            found.update(store.connection.scalars(sa.select(r.id).where(r.lead_id.in_(part))))
        fresh = found - lead_of.keys() - fresh
    return lead_of, {pair for pair in tied if pair[0] in lead_of and pair[1] in lead_of}


def bonds(store: Store, ids: Collection[int]) -> set[Pair]:
    """The pairs with these records that are one by their CRM."""
    b, found = schema.bonds.c, set[Pair]()
    for part in chunks(sorted(ids)):
        for column in (b.record_id, b.to_id):
            query = sa.select(b.record_id, b.to_id).where(column.in_(part))
            found.update((x, y) for x, y in store.connection.execute(query))
    return found


def decided(store: Store, ids: Collection[int], decision: str) -> set[Pair]:
    """The pairs with these records of which a person decided so."""
    v, found = schema.review.c, set[Pair]()
    for part in chunks(sorted(ids)):
        query = sa.select(v.record_id, v.other_id).where(v.kind == PAIR, v.decision == decision)
        for column in (v.record_id, v.other_id):
            found.update((a, b) for a, b in store.connection.execute(query.where(column.in_(part))))
    return found


def in_stable_order(store: Store, ids: Collection[int]) -> list[int]:
    """The records, ordered by what they are called in their CRMs."""
    r, found = schema.records.c, list[tuple[int, str, int]]()
    for part in chunks(sorted(ids)):
        query = sa.select(r.source_id, r.ext_id, r.id).where(r.id.in_(part))
        found += (tuple(row) for row in store.connection.execute(query))
    return [id_ for *_, id_ in sorted(found)]


def leads_of(store: Store, ids: Collection[int]) -> dict[int, int]:
    """Record → lead."""
    r, found = schema.records.c, dict[int, int]()
    for part in chunks(sorted(ids)):
        query = sa.select(r.id, r.lead_id).where(r.id.in_(part), r.lead_id.is_not(None))
        found.update({id_: lead for id_, lead in store.connection.execute(query)})
    return found


def former(store: Store, ids: Collection[int]) -> dict[int, set[int]]:
    """The ids of leads that these records once were, of those that no record is now."""
    m, a, found = schema.membership.c, schema.lead_aliases.c, defaultdict[int, set[int]](set)
    query = sa.select(m.record_id, m.lead_id).join(schema.lead_aliases, a.lead_id == m.lead_id)
    for part in chunks(sorted(ids)):
        for id_, lead in store.connection.execute(query.where(m.record_id.in_(part))):
            found[id_].add(lead)
    return found


def settle(
    store: Store, leads: Sequence[Sequence[int]], ids: Sequence[int | None], lead_of: Mapping[int, int], now: datetime,
    *, late: bool,
) -> int:  # fmt: skip
    """These records are these leads from now on (`None`: a new one); before they were as `lead_of` says.

    A lead without records leads on to where the most of its own went. All leads that this touches are marked. Returns
    how many records moved.
    """
    fresh = iter(store.new_ids(schema.leads, sum(lead is None for lead in ids)))
    now_ids = [next(fresh) if lead is None else lead for lead in ids]
    made = [new for new, lead in zip(now_ids, ids, strict=True) if lead is None]
    records.insert(store, schema.leads, [{"id": lead, "known_at": now} for lead in made])
    now_of = {record: lead for lead, own in zip(now_ids, leads, strict=True) for record in own}
    moved = {record: lead for record, lead in now_of.items() if lead_of[record] != lead}
    m, a = schema.membership, schema.lead_aliases
    for part in chunks(sorted(moved)):
        close = sa.update(m).where(m.c.record_id.in_(part), m.c.closed_at.is_(None))
        store.connection.execute(close.values(closed_at=now))
    if moved:
        records.join(store, moved, now)
        records.update(store, [{"id": record, "lead_id": lead} for record, lead in sorted(moved.items())])
    before = {*lead_of.values()}
    ways = defaultdict[tuple[int, int], list[int]](list)
    for record, lead in sorted(moved.items()):
        ways[lead_of[record], lead].append(record)
    into: dict[int, int] = {}
    for (old, new), _ in sorted(ways.items(), key=lambda way: -len(way[1])):
        if old not in now_of.values():
            into.setdefault(old, new)
    for (old, new), own in ways.items():
        if into.get(old) == new:
            records.retire(store, old, new, own, now)
        else:
            records.tell(
                store, "moved" if new in before else "split", *((old, new) if new in before else (new, old)), own, now
            )
    for part in chunks(sorted({*now_ids} - before)):  # an id that comes back leads nowhere else
        store.connection.execute(sa.delete(a).where(a.c.lead_id.in_(part)))
    touched = {lead_of[record] for record in moved} | {*moved.values()}
    records.mark(store, (record for record, lead in now_of.items() if lead in touched), late=late)
    return len(moved)
