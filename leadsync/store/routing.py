"""Whose leads are: every decision with its proof, how the turns stand, who waits. All inside `begin()`."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leadsync.core.assign import Rotation, Routed
from leadsync.store import schema
from leadsync.store.database import Store, among, chunks
from leadsync.store.records import insert


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision as it is stored; `rep` is the name that the file had for the owner, `proof` that of `core.assign`."""

    lead_id: int
    at: datetime
    owner: str | None
    rep: str | None
    why: str
    rule: str
    proof: Mapping[str, Any] = field(default_factory=dict)


_KEPT = tuple(Kept.__dataclass_fields__)


def turns(store: Store, limited: Collection[str]) -> Rotation:
    """How the turns stand; open leads are counted only of those reps who have a limit."""
    t, r = schema.turns.c, schema.results.c
    owed = {row.rep: row.owed for row in store.connection.execute(sa.select(t.rep, t.owed))}
    query = sa.select(r.rep, sa.func.count()).where(r.rep.in_(sorted(limited))).group_by(r.rep)
    return Rotation(owed, {rep: count for rep, count in store.connection.execute(query)} if limited else {})


def latest(store: Store, leads: Collection[int], at: datetime | None = None) -> dict[int, Kept]:
    """The last decision on each of these leads, `at` that moment or before."""
    d, found = schema.decisions.c, dict[int, Kept]()
    for part in chunks(sorted(leads)):
        of = (
            sa.select(sa.func.max(d.id))
            .where(d.lead_id.in_(among(part)), *([d.at <= at] if at else ()))
            .group_by(d.lead_id)
        )
        query = sa.select(*(d[name] for name in _KEPT)).where(d.id.in_(of))
        found |= {row.lead_id: Kept(*row) for row in store.connection.execute(query)}
    return found


def together(store: Store, companies: Collection[int]) -> dict[int, str]:
    """The rep whom people of each of these companies went to last."""
    d, found = schema.decisions.c, dict[int, str]()
    for part in chunks(sorted(companies)):
        last = sa.select(sa.func.max(d.id)).where(d.company.in_(among(part)), d.rep.is_not(None)).group_by(d.company)
        query = sa.select(d.company, d.rep).where(d.id.in_(last))
        found |= {row.company: row.rep for row in store.connection.execute(query)}
    return found


def owners_of(store: Store, companies: Collection[int], fields: Mapping[int, str]) -> dict[int, tuple[int, str]]:
    """Company's record → its source and the id of who owns it there. `fields`: source → the field that says so."""
    r, found = schema.records.c, dict[int, tuple[int, str]]()
    for part in chunks(sorted(companies) if fields else []):
        query = sa.select(r.id, r.source_id, r.fields).where(r.id.in_(among(part)), r.source_id.in_(list(fields)))
        for id_, source, row in store.connection.execute(query):
            if owner := (row or {}).get(fields[source]):
                found[id_] = (source, str(owner))
    return found


def keep(store: Store, routed: Sequence[Routed], now: datetime) -> None:
    """Keep decisions, and what they change in the turns."""
    ids = store.new_ids(schema.decisions, len(routed)) if routed else ()
    insert(store, schema.decisions, [
        {"id": id_, "lead_id": r.lead, "at": now, "owner": r.owner, "rep": r.rep, "why": r.why, "rule": r.rule,
         "company": r.company, "proof": r.proof}
        for id_, r in zip(ids, routed, strict=True)
    ])  # fmt: skip
    shares = Counter[str]()
    for r in routed:
        shares.update(r.shares)
    t = schema.turns
    there = set(store.connection.scalars(sa.select(t.c.rep).where(t.c.rep.in_(list(shares))))) if shares else set()
    insert(store, t, [{"rep": rep, "owed": owed} for rep, owed in shares.items() if rep not in there])
    for rep in there:
        store.connection.execute(sa.update(t).where(t.c.rep == rep).values(owed=t.c.owed + shares[rep]))


def waiting(store: Store, rule: str, most: int) -> list[int]:
    """The best leads that wait for this rule, no more than `most`."""
    r = schema.results.c
    query = sa.select(r.lead_id).where(r.waits_for == rule).order_by(r.waits.desc(), r.lead_id).limit(most)
    return list(store.connection.scalars(query))
