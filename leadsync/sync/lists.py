"""Leads of lists in the loop: which they are, what else the store knows of them, and how they come out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import polars as pl
import sqlalchemy as sa

from leadsync.catalog import NOT_INTEREST
from leadsync.config.load import Config
from leadsync.core.convert.base import fold
from leadsync.core.facts.fact import Facts, value_of
from leadsync.core.facts.mail import MailWords
from leadsync.core.keys import key
from leadsync.core.lists import CUSTOMER, OK, Beside, Finding, findings, judge, old_on
from leadsync.store import evaluation, keys, merges, review, schema
from leadsync.store.database import Store, chunks
from leadsync.store.evaluation import Material, Member
from leadsync.store.sources import Source
from leadsync.sync import routes

MOST_HOLDERS = 50  # records that are looked at for one mailbox or number; more are a switchboard


class Judged(NamedTuple):
    """How the leads of lists come out: what waits, by lead; who is on probation; when that changes by time alone."""

    waits: Mapping[int, Finding]
    probation: frozenset[int]
    until: Mapping[int, date]


def listed(config: Config, sources: Mapping[int, Source], members: Iterable[Member]) -> dict[int, list[Member]]:
    """The leads of which every record that is there is of a list, with these records."""
    own = defaultdict[int, list[Member]](list)
    others = set[int]()
    for member in members:
        if member.gone_at is None and member.facts is not None:
            if config.lists.has(sources[member.source_id].connection, member.facts):
                own[member.lead_id].append(member)
            else:
                others.add(member.lead_id)
    return {lead: records for lead, records in own.items() if lead not in others}


def material(
    store: Store, config: Config, sources: Mapping[int, Source], leads: Sequence[int], *, golden: bool = False
) -> Material:
    """All that is known of these leads, by their `golden` records if so, and what is known besides of those that are of
    lists; inside `begin()`."""
    found = evaluation.from_golden(store, leads) if golden else None
    found = found or evaluation.material(store, leads, mail_check=config.mail_check is not None)
    found = routes.material(store, config, sources, found)
    if any(rule.pick == "changed" for rule in config.matching.survive.values()):
        found = replace(found, changed=evaluation.changed(store, found.members))
    if config.matching.merge:
        found = replace(found, unmerged=merges.refused(store, [member.id for member in found.members]))
    return beside_lists(store, config, sources, found)


def beside_lists(store: Store, config: Config, sources: Mapping[int, Source], found: Material) -> Material:
    """The same, with what is known besides of leads that are of lists."""
    of_lists = listed(config, sources, found.members)
    if not of_lists:
        return found
    decided = review.decided(store, sorted(of_lists))
    asked = {lead: [Sought.of(m.facts or {}, config.facts.tables.mail) for m in own] for lead, own in of_lists.items()}
    hashes = {hash_ for own in asked.values() for sought in own for hash_ in sought.keys}
    near = keys.holders(store.connection, hashes)
    rows, mail = holders(store.connection, near), config.facts.tables.mail

    def rank(connection: str, facts: Facts | None, id_: int) -> tuple[bool, bool, int]:
        """Of twins the first is no duplicate: one of no list, then one in a CRM, then the one that came first."""
        return config.lists.has(connection, facts or {}), connection in config.lists.connections, id_

    twins: dict[int, Any] = {}
    for lead, own in of_lists.items():
        first = min(rank(sources[m.source_id].connection, m.facts, m.id) for m in own)
        others = [
            (place, row)
            for sought in asked[lead]
            for row in (rows[id_] for hash_ in sought.keys for id_ in near.get(hash_, ()) if id_ in rows)
            if row.lead_id != lead and (place := rank(row.connection, row.facts, row.id)) < first
            and sought.same(Sought.of(row.facts or {}, mail))
        ]  # fmt: skip
        twins[lead] = min(others, default=(None, None))[1]
    bought = customers(store.connection, {*of_lists} | {row.lead_id for row in twins.values() if row is not None})
    beside = {}
    for lead, row in twins.items():
        twin = {"twin": row.id, "shown": shown(row)} if row is not None else {}
        customer = lead in bought or (row is not None and row.lead_id in bought)
        beside[lead] = replace(decided.get(lead, Beside()), customer=customer, **twin)
    return replace(found, lists=beside)


class Sought(NamedTuple):
    """What a person of a list is found by in other records: mailbox and number, and the name that tells two apart."""

    mailbox: str
    phone: str
    name: str
    keys: tuple[int, ...]

    @classmethod
    def of(cls, facts: Facts, mail: MailWords) -> "Sought":
        """By the facts of a record."""
        said = {name: str(value_of(facts[name])) for name in ("email", "phone", "last_name") if name in facts}
        box = mail.read(said.get("email", ""))
        mailbox, phone = box.key if box else "", said.get("phone", "")
        named = (("email", mailbox), ("phone", phone))
        return cls(mailbox, phone, fold(said.get("last_name", "")), tuple(key(*each) for each in named if each[1]))

    def same(self, other: "Sought") -> bool:
        """Whether the other is the same person: the same mailbox, or the same number and no other name."""
        if self.mailbox and self.mailbox == other.mailbox:
            return True
        return bool(self.phone) and self.phone == other.phone and (not self.name or other.name in ("", self.name))


def judged(config: Config, frame: pl.DataFrame, activities: pl.DataFrame, beside: Mapping[int, Beside]) -> Judged:
    """How the leads of lists among those of `frame` come out."""
    waits: dict[int, Finding] = {}
    until: dict[int, date] = {}
    probation = set[int]()
    active = {*activities.filter(~pl.col("kind").is_in(sorted(NOT_INTEREST)))["lead"]} if beside else set[int]()
    for row in frame.filter(pl.col("lead").is_in(list(beside))).iter_rows(named=True) if beside else ():
        lead, mail = row["lead"], config.facts.tables.mail
        found = findings(config.lists, mail, row, beside[lead], active=lead in active)
        decided = judge(list(found), beside[lead])
        if decided.result != OK:
            waits[lead] = decided
        elif config.lists.probation and lead not in active:
            probation.add(lead)
        if (day := old_on(config.lists, row)) and lead not in active:
            until[lead] = day
    return Judged(waits, frozenset(probation), until)


def holders(db: sa.Connection, near: Mapping[int, Sequence[int]]) -> dict[int, Any]:
    """The records of people that are there, of those found by a key that not too many have."""
    r, s = schema.records.c, schema.sources.c
    query = sa.select(r.id, r.lead_id, r.ext_id, r.facts, s.connection, s.object)
    query = query.join(schema.sources, s.id == r.source_id).where(r.gone_at.is_(None), r.lead_id.is_not(None))
    ids = sorted({id_ for found in near.values() for id_ in found[:MOST_HOLDERS]})
    return {row.id: row for part in chunks(ids) for row in db.execute(query.where(r.id.in_(part)))}


def shown(row: Any) -> str:
    """What a record is called."""
    return f"{row.connection}/{row.object}/{row.ext_id}"


def customers(db: sa.Connection, leads: Collection[int]) -> set[int]:
    """Those of these leads that have bought, or are of the class of customers."""
    return {lead for part in chunks(sorted(leads)) for lead in _customers_of(db, part)}


def _customers_of(db: sa.Connection, leads: Sequence[int]) -> Iterator[int]:
    r, o, t = schema.records.c, schema.outcomes.c, schema.results.c
    won = sa.select(r.lead_id).join(schema.outcomes, o.record_id == r.id)
    yield from db.scalars(won.where(r.lead_id.in_(leads), o.kind == "won", o.closed_at.is_(None)))
    for row in db.execute(sa.select(t.lead_id, t.words).where(t.lead_id.in_(leads))):
        if row.words.get("class") == CUSTOMER:
            yield row.lead_id
