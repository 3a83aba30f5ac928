"""What changed files and owners touch: marks for it, and what is still to be derived again. All inside `begin()`."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa

from leadsync.store import keys, records, schema, scores
from leadsync.store.database import Store, chunks
from leadsync.store.sources import Source
from leadsync.types import Role

_KEY = "again"


@dataclass(slots=True)
class Todo:
    """What a walk over the stored records still has to do.

    It has come past record `last` and goes on up to `upto`; then it goes from the first record up to `round`, where
    more was asked of it when it had come so far.

    Of these sources the `facts` or `outcomes` are derived again. `owner` and `counters` name sources with the fields
    that their mapping had: an owner's were so at one time or other, since the walk began; counters were there all the
    time. `users` (connection → ids) and `emails` are owners who are not who they were. `all`: in the end every lead is
    evaluated; `scores`: or else every lead is scored, as all up to lead `scored` were.
    """

    last: int = 0
    upto: int = 0
    round: int = 0
    facts: list[int] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=list)
    owner: dict[str, list[str | None]] = field(default_factory=dict)
    counters: dict[str, list[str]] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)
    emails: list[str] = field(default_factory=list)
    all: bool = False
    scores: bool = False
    scored: int = 0

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return not self.walks and not self.all and not self.scores

    @property
    def walks(self) -> bool:
        """Whether records have to be looked at."""
        return bool(self.facts or self.outcomes or self.owner or self.counters or self.users or self.emails)

    def past(self, count: int) -> bool:
        """Go past so many records; whether that was the last of them."""
        self.last += count
        if self.last >= self.upto:
            self.last, self.upto, self.round = 0, self.round, 0
        return not self.upto


def load(store: Store) -> Todo | None:
    """What is still to be done, if anything."""
    raw = store.get_meta(_KEY)
    return Todo(**raw) if raw else None


def keep(store: Store, todo: Todo | None) -> None:
    """How far it has come; `None` when it is done."""
    store.set_meta(_KEY, asdict(todo) if todo else None)


def demand(store: Store, more: Todo) -> None:
    """Have this done as well, for all records that there are now: where a walk is under way, it goes round."""
    youngest = store.connection.scalar(sa.select(sa.func.max(schema.records.c.id)))
    if more.empty or youngest is None:
        return
    todo = load(store) or Todo()
    if more.walks:
        todo.upto, todo.round = youngest, todo.last
    todo.facts = sorted({*todo.facts, *more.facts})
    todo.outcomes = sorted({*todo.outcomes, *more.outcomes})
    for source, owners in more.owner.items():
        todo.owner[source] = [*dict.fromkeys([*todo.owner.get(source, ()), *owners])]
    for source, counters in more.counters.items():
        todo.counters[source] = [name for name in counters if name in todo.counters.get(source, counters)]
    for connection, ids in more.users.items():
        todo.users[connection] = sorted({*todo.users.get(connection, ()), *ids})
    todo.emails = sorted({*todo.emails, *more.emails})
    todo.all = todo.all or more.all
    if more.scores:
        todo.scores, todo.scored = True, 0
        scores.forget_all(store)
    keep(store, todo)


def owners_changed(store: Store, connection: str, owners: Iterable[tuple[str, str]]) -> None:
    """These owners (id, e-mail: as they were, and as they are) are not who they were."""
    found = list(owners)
    demand(store, Todo(
        users={connection: sorted({id_ for id_, _ in found})} if found else {},
        emails=sorted({email for _, email in found if email}),
    ))  # fmt: skip


def owners_of(store: Store, source: Source) -> None:
    """All owners that this source told of come or go."""
    o = schema.owners.c
    query = sa.select(o.ext_id, o.email).where(o.source_id == source.id)
    owners_changed(store, source.connection, [(row.ext_id, row.email) for row in store.connection.execute(query)])


def mark_source(store: Store, source: Source) -> None:
    """Mark the people who are this source's rows, or to whom its rows belong, behind what has just happened."""
    r = schema.records.c
    if source.role is Role.LEAD:
        found = sa.select(r.id).where(r.source_id == source.id, r.lead_id.is_not(None))
    elif source.role is Role.COMPANY:
        companies = sa.select(r.id).where(r.source_id == source.id)
        found = keys.people(companies)
    else:
        a = schema.activities.c
        found = sa.select(a.record_id).where(a.source_id == source.id, a.closed_at.is_(None))
    records.mark_late(store, found)


def mark_evaluated(store: Store, record_ids: Collection[int]) -> None:
    """Mark those of these records whose leads have a result, behind what has just happened; all others wait already."""
    r, t = schema.records.c, schema.results.c
    for part in chunks(sorted(record_ids)):
        found = sa.select(r.id).join(schema.results, t.lead_id == r.lead_id).where(r.id.in_(part))
        records.mark_late(store, found)


def mark_leads(store: Store, leads: Collection[int]) -> None:
    """Mark these leads, as if something had just happened to them."""
    r = schema.records.c
    for part in chunks(sorted(leads)):
        query = sa.select(sa.func.min(r.id)).where(r.lead_id.in_(part)).group_by(r.lead_id)
        records.mark(store, list(store.connection.scalars(query)))


def read_again(store: Store, source: Source) -> None:
    """Have an object read from the start; what changes meanwhile goes on being read."""
    change = sa.update(schema.sources).where(schema.sources.c.id == source.id)
    store.connection.execute(change.values(backfill_token=None, backfilled_at=None))


def retire(store: Store, source: Source) -> None:
    """An object is not read any more: its rows and what they tell count for nothing until it is. They stay stored."""
    mark_source(store, source)
    if source.role is Role.OWNER:
        owners_of(store, source)
    change = sa.update(schema.sources).where(schema.sources.c.id == source.id)
    store.connection.execute(change.values(fields=None))


def forget(store: Store, leads: Collection[int], marks: Mapping[int, Collection[int]]) -> None:
    """Leads of which no record is read any more: they have no result. Their `marks` (lead → marks) are cleared."""
    records.forget_results(store, leads)
    for part in chunks([seq for lead in leads for seq in marks.get(lead, ())]):
        store.connection.execute(sa.delete(schema.dirty).where(schema.dirty.c.seq.in_(part)))
