"""What changed files and owners touch: marks for it, and what is still to be derived again. All inside `begin()`."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from leadsync.store import records, schema
from leadsync.store.database import Store, chunks
from leadsync.store.sources import Source
from leadsync.types import Role

_KEY = "again"


@dataclass(slots=True)
class Todo:
    """What a walk over the stored records still has to do; it has come past record `last` and ends at `upto`.

    Of these sources the `facts` or `outcomes` are derived again; `owner` and `counters` name sources with what their
    mapping said before. `users` (connection → ids) and `emails` are owners who are not who they were. `all`: in the end
    every lead is evaluated.
    """

    last: int = 0
    upto: int = 0
    facts: list[int] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=list)
    owner: dict[str, str | None] = field(default_factory=dict)
    counters: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)
    emails: list[str] = field(default_factory=list)
    all: bool = False

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return self == Todo(self.last, self.upto)


def load(store: Store) -> Todo | None:
    """What is still to be done, if anything."""
    raw = store.get_meta(_KEY)
    return Todo(**raw) if raw else None


def keep(store: Store, todo: Todo | None) -> None:
    """How far it has come; `None` when it is done."""
    store.set_meta(_KEY, asdict(todo) if todo else None)


def demand(store: Store, more: Todo) -> None:
    """Have this done as well, from the first record to the youngest there is now."""
    youngest = store.connection.scalar(sa.select(sa.func.max(schema.records.c.id)))
    if more.empty or youngest is None:
        return
    todo = load(store) or Todo()
    users = {
        name: sorted({*todo.users.get(name, ()), *more.users.get(name, ())}) for name in todo.users.keys() | more.users
    }
    keep(store, Todo(
        0, youngest,
        sorted({*todo.facts, *more.facts}), sorted({*todo.outcomes, *more.outcomes}),
        more.owner | todo.owner, {**more.counters, **todo.counters},  # as it was when leads were evaluated last
        users, sorted({*todo.emails, *more.emails}), todo.all or more.all,
    ))  # fmt: skip


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
        found = sa.select(r.id).where(r.company_id.in_(companies))
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
    for part in chunks(sorted(leads)):
        store.connection.execute(sa.delete(schema.results).where(schema.results.c.lead_id.in_(part)))
    for part in chunks([seq for lead in leads for seq in marks.get(lead, ())]):
        store.connection.execute(sa.delete(schema.dirty).where(schema.dirty.c.seq.in_(part)))
