"""What a cycle will decide: leads are evaluated in its order, and nothing of it is kept or sent."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from leadsync.connector import Clock
from leadsync.core.facts.fact import Value
from leadsync.core.merging import Merge
from leadsync.core.plan import Verdict
from leadsync.store import schema
from leadsync.store.database import Store, chunks
from leadsync.store.evaluation import Decision, Material, Member, Result, Stored
from leadsync.store.sources import THERE
from leadsync.sync import lists, routes
from leadsync.sync.evaluate import Evaluator
from leadsync.sync.routes import at_once

Key = tuple[str, str, str]  # connection, object, id
Known = Callable[[Material], Material]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A lead as evaluating it now would leave it. `before` is its stored result; `records` are its rows that are there,
    each with the verdicts on all of its written fields; `merges` would make some of them one."""

    before: Result | None
    after: Stored
    facts: Mapping[str, Value]
    records: Sequence[tuple[Key, Member, Sequence[Verdict]]]
    merges: Sequence[Merge] = ()


def foresee(
    store: Store, evaluator: Evaluator, clock: Clock, now: datetime, *, busy: Collection[int] = (),
    wanted: Collection[int] | None = None, known: Known = lambda found: found,
) -> Iterator[Foreseen]:  # fmt: skip
    """Every lead but those in `busy`, or only those `wanted`, in the order in which a cycle would evaluate them.

    Whose turn it is depends on all that come before, so with routing all are evaluated, whoever is wanted. `known`
    may put something else in place of what is stored.
    """
    some = wanted is not None and evaluator.config.routing is None
    with store.begin():
        many = at_once(evaluator.config)
        order = [sorted(wanted)] if some and wanted is not None else in_order(store, now, many, everybody=True)
    idle = [[lead for lead in leads if lead not in busy] for leads in order]
    for found, decisions in ahead(store, evaluator, clock, now, idle, known):
        members = defaultdict[int, list[Member]](list)
        for member in found.members:
            members[member.lead_id].append(member)
        mail = evaluator.frames.met(found, evaluator.frames.activities(found)) if wanted is not None else {}
        for decision in decisions:
            after = decision.result
            if wanted is None or after.lead_id in wanted:
                own = members[after.lead_id]
                inside = [m for m in own if decision.held.get(m.id) != "scope"]
                facts = evaluator.frames.facts(inside, found, mail) if wanted is not None else {}
                judged = list(_judged(evaluator, own, decision, now))
                yield Foreseen(found.results.get(after.lead_id), after, facts, judged, decision.merges)


def ahead(
    store: Store, evaluator: Evaluator, clock: Clock, now: datetime, order: Sequence[Sequence[int]],
    known: Known = lambda found: found,
) -> Iterator[tuple[Material, Sequence[Decision]]]:  # fmt: skip
    """The decisions on these leads, and what they rest on, by what is evaluated together."""
    with store.begin():
        turns = routes.turns(store, evaluator.config)
    for part in (part for leads in order for part in chunks(leads, at_once(evaluator.config))):
        store.keep_lease(clock.now())
        with store.begin():
            found = lists.material(store, evaluator.config, evaluator.sources, part)
        found = known(found)
        yield found, evaluator.evaluate(found, turns, now)


def in_order(
    store: Store, now: datetime, many: int, *, late: bool = True, everybody: bool = False
) -> list[list[int]]:  # fmt: skip
    """The leads that a cycle would evaluate, by what it would evaluate together, so many at most; then all others if
    `everybody` is asked for. Not `late`: only those that something has just touched. Inside `begin()`."""
    d, r, t = schema.dirty.c, schema.records.c, schema.results.c
    marks = sa.select(r.lead_id).join(schema.dirty, d.record_id == r.id).where(r.lead_id.is_not(None))
    queries = [marks.where(d.late == 0).order_by(d.seq)]
    if late:
        queries.append(marks.where(d.late == 1).order_by(d.seq))
        queries.append(sa.select(t.lead_id).where(t.due_at <= now).order_by(t.due_at))
    if everybody:
        there = sa.select(r.lead_id).where(r.lead_id.is_not(None), *THERE)
        queries.append(there.group_by(r.lead_id).order_by(sa.func.min(r.id)))
    seen, order = set[int](), list[list[int]]()
    for query in queries:
        marked = iter(store.connection.scalars(query).all())
        while part := list(islice((lead for lead in marked if lead not in seen), many)):
            order.append(list(dict.fromkeys(part)))  # with a lead all its marks go
            seen.update(part)
    return order


def _judged(
    evaluator: Evaluator, members: Sequence[Member], decision: Decision, now: datetime
) -> Iterator[tuple[Key, Member, Sequence[Verdict]]]:
    for member in members:
        if member.gone_at is None and member.fields is not None:
            source = evaluator.sources[member.source_id]
            key = (source.connection, source.object, member.ext_id)
            why = decision.held.get(member.id)
            yield key, member, evaluator.verdicts(member, decision.result.words, now, why)
