"""What is to be evaluated next: the leads that something touched, by their marks, and those that are due by time alone.

All of it inside `Store.begin()`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

import sqlalchemy as sa

from leadsync.store import schema, scores
from leadsync.store.database import Store, among, chunks
from leadsync.store.records import COMPANIES, mark_late
from leadsync.types import Role


@dataclass(frozen=True, slots=True)
class Marks:
    """Touched leads, and the marks that evaluating them will clear."""

    leads: tuple[int, ...]
    seqs: Mapping[int, tuple[int, ...]]  # lead → its marks
    late: bool = False  # none of them is of what has just happened
    points: bool = False  # all of them are of other points alone


def touched(store: Store, busy: Collection[int], limit: int, *, late: bool = True, past: float = inf) -> Marks:
    """The leads that something touched, so many at most, oldest mark first, `late` ones last; leads in `busy` keep
    their marks.

    With them all marks of these leads, those that stand further back too; `late` ones up to the one that is `past`.
    """
    leads, idle, all_late = dict[int, None](), list[int](), True
    for seq, lead, behind in _marks(store, limit, late):
        if len(leads) == limit:
            break  # a connection that is down may keep many leads busy; it holds up no others
        if lead is None:
            idle.append(seq)  # only heard of so far: its own page will mark it
        elif lead not in busy:
            leads[lead] = None
            all_late &= bool(behind)
    table = schema.dirty
    companies = sa.select(schema.sources.c.id).where(schema.sources.c.role == Role.COMPANY)
    theirs = sa.select(schema.records.c.id).where(schema.records.c.source_id.in_(companies))
    for part in chunks(idle):
        own = table.c.seq.in_(part)
        store.connection.execute(sa.update(table).where(own, table.c.record_id.in_(theirs)).values(late=COMPANIES))
        store.connection.execute(sa.delete(table).where(own, table.c.late < COMPANIES))
    seqs, points = _every_mark(store, list(leads), past)
    return Marks(tuple(leads), seqs, all_late, points)


def _marks(store: Store, many: int, late: bool) -> Iterator[tuple[int, int | None, int]]:
    """Mark, lead and whether it is `late`, in order, read so many at a time. What is late is asked for by itself: of
    both together a database would look at every mark before it knows the first ones."""
    d, r = schema.dirty.c, schema.records.c
    query = sa.select(d.seq, r.lead_id).join(schema.records, r.id == d.record_id).order_by(d.seq).limit(many)
    for behind in (0, 1) if late else (0,):
        rows, last = None, 0
        while rows is None or len(rows) == many:
            rows = store.connection.execute(query.where(d.late == behind, d.seq > last)).all()
            for last, lead in rows:
                yield last, lead, behind


def _every_mark(store: Store, leads: Sequence[int], past: float) -> tuple[dict[int, tuple[int, ...]], bool]:
    """Lead → its marks, and whether all are of other points alone."""
    d, r, found, points = schema.dirty.c, schema.records.c, defaultdict[int, list[int]](list), True
    query = sa.select(d.seq, r.lead_id, d.points).join(schema.records, r.id == d.record_id)
    query = query.where(d.late < COMPANIES)
    query = query if past == inf else query.where(sa.or_(d.late == 0, d.seq <= int(past)))
    for part in chunks(leads):
        for seq, lead, of_points in store.connection.execute(query.where(r.lead_id.in_(among(part)))).all():
            found[lead].append(seq)
            points &= of_points == 1
    return {lead: tuple(marks) for lead, marks in found.items()}, points


def backlog(store: Store, most: int, now: datetime | None = None, *, late: bool = True) -> int:
    """How many marks wait, `late` ones or not, and how many leads are due at `now` if it is given, each counted no
    further than `most`."""
    marks = sa.select(schema.dirty.c.seq).where(schema.dirty.c.late < COMPANIES)
    waiting = [marks if late else marks.where(schema.dirty.c.late == 0)]
    if now is not None:
        waiting.append(sa.select(schema.results.c.lead_id).where(schema.results.c.due_at <= now))
    counts = [sa.select(sa.func.count()).select_from(query.limit(most).subquery()) for query in waiting]
    return sum(store.connection.scalar(count) or 0 for count in counts)


def due(store: Store, now: datetime, busy: Collection[int], limit: int) -> tuple[int, ...]:
    """The leads whose result changes by time alone, the longest due first."""
    table = schema.results
    query = sa.select(table.c.lead_id).where(table.c.due_at <= now).order_by(table.c.due_at)
    found = store.connection.scalars(query.limit(limit + len(busy)))
    return tuple(lead for lead in found if lead not in busy)[:limit]


def mark_all(store: Store) -> None:
    """Mark every live person's record: the rules have changed. Golden records were made by others, with fields of other
    types perhaps; and so was what leads come to."""
    r = schema.records.c
    mark_late(store, sa.select(r.id).where(r.lead_id.is_not(None), r.gone_at.is_(None)))
    store.connection.execute(sa.delete(schema.golden))
    scores.forget_all(store)
