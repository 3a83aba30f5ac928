"""Deriving again what follows from stored rows: facts, outcomes, counted activity. In slices, behind what is new."""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from leadsync.config.load import Config
from leadsync.connector import Clock
from leadsync.core import facts, mapping
from leadsync.core.facts import Facts
from leadsync.core.keys import keys as keys_of
from leadsync.store import again, agenda, keys, matching, records, schema
from leadsync.store.again import Todo
from leadsync.store.database import Store, chunks
from leadsync.store.records import Row
from leadsync.store.sources import Source
from leadsync.sync.pull import activity_row, outcome_row
from leadsync.sync.rescore import Rescore
from leadsync.types import Record, Role, Value

_AT_ONCE = 2000  # records of one transaction


class Rederive:
    """Walks over the stored records, as far as `again` demands it; where it has come to is kept with what it did."""

    def __init__(self, config: Config, store: Store, clock: Clock, sources: Mapping[int, Source]) -> None:
        self._config, self._store, self._clock, self._sources = config, store, clock, sources
        self._rescore = Rescore(config, store, sources)

    def run(self, stopping: threading.Event) -> None:
        """All that is demanded, unless the process is asked to stop."""
        while not stopping.is_set() and self.step():
            pass

    def step(self) -> bool:
        """One slice; whether there was one."""
        self._store.keep_lease(self._clock.now())
        with self._store.begin():
            todo = again.load(self._store)
            if todo is None:
                return False
            touched = self._slice(todo) if todo.last < todo.upto else set()
            if not todo.all:
                again.mark_evaluated(self._store, touched)
            if (ended := todo.past(_AT_ONCE)) and todo.walks:
                matching.rewind(self._store)
            if ended and todo.all:
                self._mark_all(facts=todo.walks)
            elif ended and todo.scores and (scored := self._rescore.slice(todo.scored, self._clock.now())) is not None:
                todo, ended = Todo(scores=True, scored=scored), False
            again.keep(self._store, None if ended else todo)
        return True

    def _mark_all(self, *, facts: bool) -> None:
        """Every lead is evaluated again. Where no `facts` are others, matching has nothing to compare for that."""
        matched = not facts and matching.is_past(self._store)
        agenda.mark_all(self._store)
        if matched:
            matching.go_past(self._store)

    def _slice(self, todo: Todo) -> set[int]:
        """Derive again what the next records say; the people whose leads this touches."""
        r, wanted = schema.records.c, self._wanted(todo)
        columns = (r.id, r.source_id, r.ext_id, r.lead_id, r.fields, r.facts, r.created_at, r.modified_at)
        rows = self._store.connection.execute(
            sa.select(*columns).where(
                r.id > todo.last, r.id <= todo.last + _AT_ONCE, r.fields.is_not(None),
                (r.source_id + 0).in_(wanted),  # no index of it: the ids are few enough
            )
        ).all()  # fmt: skip
        touched = self._facts([row for row in rows if row.source_id in todo.facts])
        by_source: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            by_source[row.source_id].append(row)
        for id_, own in by_source.items():
            read = self._read(self._sources[id_])
            if read is None:
                continue
            if id_ in todo.outcomes:
                touched.update(self._outcomes(id_, read, own))
            if (before := todo.counters.get(str(id_))) is not None:
                touched.update(self._counted(id_, read, before, own))
            if str(id_) in todo.owner:
                found = {r.id for r in own for was in todo.owner[str(id_)] if _held(r, was) != _held(r, read.owner)}
                touched |= keys.people_of(self._store, sorted(found)) if read.role is Role.COMPANY else found
            users = todo.users.get(self._sources[id_].connection, ())
            touched.update(row.id for row in own if users and _held(row, read.owner) in users)
        return touched | self._theirs(todo, rows)

    def _wanted(self, todo: Todo) -> set[int]:
        found = {*todo.facts, *todo.outcomes, *map(int, todo.owner), *map(int, todo.counters)}
        if todo.users or todo.emails:
            found.update(source.id for source in self._sources.values() if source.role is Role.LEAD)
        return found

    def _read(self, source: Source) -> mapping.ObjectMapping | None:
        connection = self._config.connections.get(source.connection)
        return connection.mapping.reads.get(source.object) if connection else None

    def _facts(self, rows: Sequence[Any]) -> set[int]:
        fresh: dict[int, Facts] = {}
        touched: dict[Role, set[int]] = {Role.LEAD: set(), Role.COMPANY: set()}
        found: dict[Role, dict[int, frozenset[int]]] = {Role.LEAD: {}, Role.COMPANY: {}}
        for row in rows:
            role = self._sources[row.source_id].role
            derived = derive(self._config, self._sources[row.source_id], row.ext_id, row.fields)
            if derived is not None:
                found[role][row.id] = keys_of(derived, self._config.facts.tables)
                if derived != row.facts:
                    fresh[row.id] = derived
                    touched[role].add(row.id)
        records.update(self._store, [{"id": id_, "facts": facts} for id_, facts in fresh.items()])
        companies = sorted(touched[Role.COMPANY])
        people = touched[Role.LEAD] | keys.people_of(self._store, companies)  # by what they were found by
        keys.replace(self._store, keys.PERSON, found[Role.LEAD])
        keys.replace(self._store, keys.COMPANY, found[Role.COMPANY])
        return people | keys.people_of(self._store, companies)

    def _outcomes(self, source: int, read: mapping.ObjectMapping, rows: Sequence[Any]) -> list[int]:
        told = [
            outcome_row(row.id, row.ext_id, ended) for row in rows if (ended := mapping.outcome(read, _record(row)))
        ]
        ext_ids = [row.ext_id for row in rows]
        return records.replace_events(self._store, schema.outcomes, source, ext_ids, told, self._clock.now())

    def _counted(
        self, source: int, read: mapping.ObjectMapping, before: Sequence[str], rows: Sequence[Any]
    ) -> list[int]:
        """A counter that means another activity now means it for all that was counted; one that is new is counted as at
        first sight; one that is not read any more has counted nothing."""
        held = self._held_events(source, [row.id for row in rows])
        told: list[Row] = []
        stale: list[str] = []
        for row in rows:
            stale += [event["ext_id"] for event in held[row.id] if event["ext_id"].startswith(f"{row.ext_id}:")]
        for row, counter in ((row, counter) for row in rows for counter in read.counters):
            old = [event for event in held[row.id] if event["ext_id"].startswith(f"{row.ext_id}:{counter.field}:")]
            if old or counter.field in before:
                told += [event | {"kind": counter.kind, "topic": counter.topic or None} for event in old]
            else:
                found = mapping.counted(replace(read, counters=(counter,)), None, _record(row))
                told += [activity_row(row.id, f"{row.ext_id}:{h.key}", h) for h in found]
        return records.replace_events(self._store, schema.activities, source, stale, told, self._clock.now())

    def _held_events(self, source: int, record_ids: Sequence[int]) -> dict[int, list[Row]]:
        table, found = schema.activities, defaultdict[int, list[Row]](list)
        names = [c for c in table.c if c.name not in ("id", "source_id", "known_at", "closed_at")]
        query = sa.select(*names).where(
            table.c.record_id.in_(record_ids), table.c.source_id == source, table.c.closed_at.is_(None)
        )
        for row in self._store.connection.execute(query):
            found[row.record_id].append(dict(row._mapping))
        return found

    def _theirs(self, todo: Todo, rows: Sequence[Any]) -> set[int]:
        """People whose lead is given to one of these e-mails; where one is a rep's, also those given to nobody."""
        table, of = schema.results.c, {row.lead_id: row.id for row in rows if row.lead_id is not None}
        reps = {rep.email for rep in self._config.routing.reps} if self._config.routing else set[str]()
        emails: set[Value] = {*todo.emails, *([None] if reps & {*todo.emails} else [])}
        touched: set[int] = set()
        for part in chunks(sorted(of)) if emails else ():
            found = self._store.connection.execute(sa.select(table.lead_id, table.words).where(table.lead_id.in_(part)))
            touched.update(of[lead] for lead, words in found if words.get("owner") in emails)
        return touched


def _record(row: Any) -> Record:
    return Record(row.ext_id, row.fields, row.created_at, row.modified_at)


def _held(row: Any, field: str | None) -> str:
    return mapping.text(row.fields.get(field)) if field else ""


def derive(config: Config, source: Source, ext_id: str, fields: Mapping[str, Value]) -> Facts | None:
    """The facts of a person's or company's row, or None for a row that the configuration does not read as one."""
    connection = config.connections.get(source.connection)
    read = connection.mapping.reads.get(source.object) if connection else None
    if read is None or read.role not in (Role.LEAD, Role.COMPANY):
        return None
    return facts.derive(mapping.values(read, Record(ext_id, fields)), config.facts.tables)
