"""Whether a store holds what its CRMs hold, and the CRMs what leadsync should have written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from soak_world import Key, World

from leadsync.core import mapping as core
from leadsync.core.mapping import CrmMapping
from leadsync.core.plan import Account, Seen, planned, same, verdicts
from leadsync.store import schema
from leadsync.store.database import Store
from leadsync.types import Record, Role

Event = tuple[str, str, str, str]
"""Object and id of an activity, what it was, when."""


@dataclass
class Kept:
    """What the store has of one connection: people and companies, activities and outcomes by lead, results; `ended`
    are the leads that came to an outcome."""

    records: dict[Key, Any]
    by_id: dict[int, Any]
    events: dict[int, Counter[Event]]
    counted: Counter[tuple[int, str]]
    words: dict[int, Mapping[str, Any]]
    ended: set[int]


def kept(store: Store, connection: str) -> Kept:
    """Read it."""
    s = schema.sources.c
    with store.reading() as db:
        mine = sa.select(s.id, s.object).where(s.connection == connection)
        objects = {row.id: row.object for row in db.execute(mine)}
        rows = [row for row in db.execute(sa.select(schema.records)) if row.source_id in objects]
        by_id = {row.id: row for row in rows}
        events: dict[int, Counter[Event]] = {}
        counted: Counter[tuple[int, str]] = Counter()
        ended = set[int]()
        for table in (schema.activities, schema.outcomes):
            for row in db.execute(sa.select(table).where(table.c.closed_at.is_(None))).mappings():
                person = by_id.get(row["record_id"])
                if person is None:
                    continue
                obj, lead = objects[row["source_id"]], person.lead_id
                if table is schema.outcomes:
                    ended.add(lead)
                if row["source_id"] == person.source_id:  # told by the person's own row
                    counted[lead, row["kind"]] += row.get("count", 1)
                else:
                    event = (obj, row["ext_id"], row["kind"], str(row["happened_at"]))
                    events.setdefault(lead, Counter())[event] += 1
        results = {row.lead_id: row.words for row in db.execute(sa.select(schema.results))}
    return Kept({(objects[row.source_id], row.ext_id): row for row in rows}, by_id, events, counted, results, ended)


def differences(world: World, mapping: CrmMapping, store: Store) -> list[str]:
    """Whatever the store has otherwise than the CRM, in words."""
    return list(_differences(world, mapping, kept(store, world.name)))


def _differences(world: World, mapping: CrmMapping, found: Kept) -> Iterator[str]:
    for obj, reads in mapping.reads.items():
        if reads.role in (Role.LEAD, Role.COMPANY):
            yield from _rows(world, mapping, found, obj)
    for old in world.moved:
        yield from _moved(world, found, old)
    yield from _events(world, mapping, found)


def _rows(world: World, mapping: CrmMapping, found: Kept, obj: str) -> Iterator[str]:
    asked = mapping.asked(obj)
    live = {id_: world.record(obj, id_, asked) for id_ in world.live(obj)}
    held = {id_: row for (o, id_), row in found.records.items() if o == obj and row.gone_at is None and row.fields}
    yield from (f"{obj} {id_}: the CRM has it, the store does not" for id_ in sorted(live.keys() - held.keys()))
    yield from (f"{obj} {id_}: the store has it, the CRM does not" for id_ in sorted(held.keys() - live.keys()))
    for id_ in sorted(live.keys() & held.keys()):
        for name in asked:
            crm, ours = live[id_].fields[name], held[id_].fields.get(name)
            if not same(crm, ours):
                yield f"{obj} {id_}.{name}: {crm!r} in the CRM, {ours!r} in the store"
        if obj in world.people:
            yield from _company(world, mapping, found, live[id_], held[id_])


def _company(world: World, mapping: CrmMapping, found: Kept, crm: Record, ours: Any) -> Iterator[str]:
    company = found.by_id.get(ours.company_id)
    held = company.ext_id if company is not None and company.gone_at is None else None
    companies = {obj for obj, reads in mapping.reads.items() if reads.role is Role.COMPANY}
    linked = [id_ for obj in companies for id_ in crm.links.get(obj, ()) if id_ in world.live(obj)]
    there = next(iter(linked), None)
    if there != held:
        yield f"{crm.id} works for {there} in the CRM, for {held} in the store"


def _moved(world: World, found: Kept, old: Key) -> Iterator[str]:
    row, to = found.records.get(old), world.survivor(old)
    if row is None or to[1] not in world.live(to[0]):
        return
    if row.moved_to is None:
        yield f"{old} lives on as {to}, of which the store knows nothing"
    elif to in found.records and row.lead_id not in (None, found.records[to].lead_id):
        yield f"{old} and {to} are one person, and yet two leads"


def _events(world: World, mapping: CrmMapping, found: Kept) -> Iterator[str]:
    wanted: dict[int, Counter[Event]] = {}
    people = {(obj, id_) for obj in world.people for id_ in world.live(obj)}
    lead_of = {key: row.lead_id for key, row in found.records.items()}
    for obj, reads in mapping.reads.items():
        if reads.role not in (Role.ACTIVITY, Role.OUTCOME):
            continue
        for id_ in world.live(obj):
            record = world.record(obj, id_, tuple(reads.source_fields()))
            told = core.activity(reads, record) if reads.role is Role.ACTIVITY else core.outcome(reads, record)
            for key in [(o, i) for o, ids in record.links.items() for i in ids if told and (o, i) in people]:
                assert told is not None
                wanted.setdefault(lead_of.get(key, -1), Counter())[obj, id_, told.kind, str(told.at)] += 1
    for key in sorted(people):
        lead = lead_of.get(key, -1)
        crm, ours = wanted.get(lead, Counter()), found.events.get(lead, Counter())
        yield from (f"{key}: the store lacks {event} (× {n})" for event, n in (crm - ours).items())
        yield from (f"{key}: the store has {event} (× {n}) too many" for event, n in (ours - crm).items())
    yield from _counters(world, mapping, found, {key: lead_of.get(key, -1) for key in people})


def _counters(world: World, mapping: CrmMapping, found: Kept, lead_of: Mapping[Key, int]) -> Iterator[str]:
    wanted: Counter[tuple[int, str]] = Counter()
    for (obj, id_), lead in lead_of.items():
        for counter in mapping.reads[obj].counters:
            number = core.number(world.value(obj, world.live(obj)[id_], counter.field)) or 0
            wanted[lead, counter.kind] += int(number)
    for (lead, kind), crm in wanted.items():
        if crm != found.counted[lead, kind]:
            yield f"lead {lead}: {crm} × {kind} in the CRM, {found.counted[lead, kind]} in the store"


def unwritten(world: World, mapping: CrmMapping, bands: Sequence[float], own: Store, fresh: Store) -> list[str]:
    """What a leadsync that has never seen the CRM before would still write to it.

    Of a person whom HubSpot counted something for only what the store itself says can be asked: a first sight dates
    the past of a counter otherwise than who watched it. Likewise of a lead that came to an outcome: it keeps the score
    that it had then.
    """
    wrong = []
    ours, theirs = kept(own, world.name), kept(fresh, world.name)
    account = Account({}, (), lambda email: None, lambda owner: False, bands)
    for obj in world.people:
        writes = [write for write in mapping.writes[obj] if write.policy == "always"]
        for id_ in world.live(obj):
            ended = ours.records[obj, id_].lead_id in ours.ended
            said = ours if ended or id_ in world.counted else theirs
            words = said.words.get(said.records[obj, id_].lead_id)
            row = world.record(obj, id_, [write.field for write in writes])
            left = planned(verdicts(writes, Seen(row.fields), words, account)) if words else "no result"
            if left:
                wrong.append(f"{obj} {id_} was not brought up to date: {left}")
    return wrong
