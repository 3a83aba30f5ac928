"""Who belongs together: what ties records, and leads whose records change. All of it inside `Store.begin()`."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from leadsync.store import records, schema
from leadsync.store.database import Store, chunks
from leadsync.store.lookup import Lookup, asked
from leadsync.store.matching import Pair, edges_of
from leadsync.store.review import DIFFERENT, PAIR, SAME

_r, _b, _v, _m, _a = (
    table.c for table in (schema.records, schema.bonds, schema.review, schema.membership, schema.lead_aliases)
)
_LEADS_OF = Lookup(sa.select(_r.id, _r.lead_id).where(asked(_r.id), _r.lead_id.is_not(None)))
_OF_LEADS = Lookup(sa.select(_r.id).where(asked(_r.lead_id)))
_CALLED = Lookup(sa.select(_r.source_id, _r.ext_id, _r.id).where(asked(_r.id)))
_BONDS = Lookup(sa.union_all(*(
    sa.select(_b.record_id, _b.to_id).where(asked(column)) for column in (_b.record_id, _b.to_id)
)))  # fmt: skip
_DECIDED = Lookup(sa.union_all(*(
    sa.select(_v.record_id, _v.other_id, _v.decision).where(asked(column), _v.kind == PAIR)
    for column in (_v.record_id, _v.other_id)
)))  # fmt: skip
_FORMER = Lookup(
    sa.select(_m.record_id, _m.lead_id).join(schema.lead_aliases, _a.lead_id == _m.lead_id).where(asked(_m.record_id))
)


class Together(NamedTuple):
    """Records with the lead that each is now; the pairs that are one, whatever they say; the likely pairs that these
    records are in, with others as well; and those of which a person decided that they are two."""

    lead_of: dict[int, int]
    tied: set[Pair]
    edges: dict[Pair, float]
    apart: set[Pair]


def together(store: Store, ids: Collection[int], least: float) -> Together:
    """All records that may be of one lead with these: by pairs of at least so many bits, bonds, decisions, and the lead
    that they are now."""
    lead_of, tied, edges, told = dict[int, int](), set[Pair](), dict[Pair, float](), dict[Pair, str]()
    fresh = {*ids}
    while fresh:
        own, near = leads_of(store, fresh), edges_of(store, fresh)
        lead_of |= own
        edges |= near
        told |= decisions(store, fresh)
        tied |= bonds(store, fresh) | {pair for pair, so in told.items() if so == SAME}
        found = {id_ for pair in (*(pair for pair, bits in near.items() if bits >= least), *tied) for id_ in pair}
        found.update(id_ for (id_,) in _OF_LEADS(store, {*own.values()}))
        fresh = found - lead_of.keys() - fresh
    one = {pair: lead_of.keys() & {*pair} for pair in (*tied, *edges, *told)}  # not all records are of people
    return Together(
        lead_of,
        {pair for pair in tied if len(one[pair]) == 2},
        {pair: bits for pair, bits in edges.items() if one[pair]},
        {pair for pair, so in told.items() if so == DIFFERENT and one[pair]},
    )


def bonds(store: Store, ids: Collection[int]) -> set[Pair]:
    """The pairs with these records that are one by their CRM."""
    return {(a, b) for a, b in _BONDS(store, ids)}


def bound(store: Store, record: int) -> set[int]:
    """All records that are one with this one by their CRM, itself among them."""
    found, fresh = {record}, {record}
    while fresh:
        fresh = {id_ for pair in bonds(store, fresh) for id_ in pair} - found
        found |= fresh
    return found


def decisions(store: Store, ids: Collection[int]) -> dict[Pair, str]:
    """What a person decided of the pairs with these records."""
    return {(a, b): so for a, b, so in _DECIDED(store, ids)}


def in_stable_order(store: Store, ids: Collection[int]) -> list[int]:
    """The records, ordered by what they are called in their CRMs."""
    return [id_ for *_, id_ in sorted(_CALLED(store, ids))]


def leads_of(store: Store, ids: Collection[int]) -> dict[int, int]:
    """Record → lead."""
    return dict(_LEADS_OF(store, ids))


def former(store: Store, ids: Collection[int]) -> dict[int, set[int]]:
    """The ids of leads that these records once were, of those that no record is now."""
    found = defaultdict[int, set[int]](set)
    for id_, lead in _FORMER(store, ids):
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
    into, stay = dict[int, int](), {*now_ids}
    for (old, new), _ in sorted(ways.items(), key=lambda way: -len(way[1])):
        if old not in stay:
            into.setdefault(old, new)
    records.retire(store, [(*way, own) for way, own in ways.items() if into.get(way[0]) == way[1]], now)
    others = [(old, new, own) for (old, new), own in ways.items() if into.get(old) != new]
    records.tell(store, [
        ("moved", old, new, own) if new in before else ("split", new, old, own) for old, new, own in others
    ], now)  # fmt: skip
    for part in chunks(sorted({*now_ids} - before)):  # an id that comes back leads nowhere else
        store.connection.execute(sa.delete(a).where(a.c.lead_id.in_(part)))
    touched = {lead_of[record] for record in moved} | {*moved.values()}
    records.mark(store, (record for record, lead in now_of.items() if lead in touched), late=late)
    return len(moved)
