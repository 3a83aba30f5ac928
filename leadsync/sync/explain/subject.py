"""The lead that is explained: everything that the sections tell of, as of now or of an earlier moment."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import takewhile
from typing import Any

import polars as pl

from leadsync import catalog
from leadsync.config.load import Config
from leadsync.core.assign import Rotation
from leadsync.core.company_score import Person
from leadsync.core.counting import judged
from leadsync.core.facts import Fact, Facts
from leadsync.core.frames import column
from leadsync.core.mapping import text
from leadsync.core.score import RESULTS
from leadsync.core.survive import Survivor, everything, survivors
from leadsync.core.survivorship import Rule
from leadsync.errors import UsageError
from leadsync.store import keys, left_out, past, routing, staff
from leadsync.store.database import Store, open_to_read
from leadsync.store.evaluation import (
    Decision,
    Material,
    Member,
    Move,
    Result,
    Stored,
    addressed_since,
    opted_out,
    results,
)
from leadsync.store.left_out import LeftOut
from leadsync.store.past import Dated, Rows
from leadsync.store.sources import Source
from leadsync.sync import lists, routes
from leadsync.sync.evaluate import Evaluator, stored_evaluator
from leadsync.sync.explain.links import Link, links
from leadsync.sync.frames import NOT_OF_RECORDS
from leadsync.sync.planning import find
from leadsync.sync.rederive import derive


@dataclass(frozen=True)
class Subject:
    """A lead at `now`. `past`: that is a moment at which the store was asked about what was known then. `rows` and
    `companies` tell since when values hold; `companies` are the records by which companies are known, with id and
    source; `turns` is how those of the reps stand; `staff` are the people of its companies, and `offices` the records
    of these; `moves` are the stages it came to, and when; `links` tell why its records are one lead, in this
    `language`; `left_out` are rows of its activity that could not be read."""

    lead: int
    now: datetime
    past: bool
    evaluator: Evaluator
    found: Material
    rows: Rows
    companies: dict[int, tuple[int, str, dict[str, Dated]]]
    turns: Rotation
    staff: dict[int, list[Person]]
    offices: dict[int, Member]
    moves: Sequence[tuple[datetime, Move]] = ()
    links: Sequence[Link] = ()
    left_out: Sequence[LeftOut] = ()
    language: str = "en"

    @cached_property
    def members(self) -> list[Member]:
        """All its records, most trusted first."""
        return self.evaluator.frames.by_trust(m for m in self.found.members if m.lead_id == self.lead)

    @cached_property
    def decision(self) -> Decision:
        """What evaluating it at `now` comes to."""
        return self.decided(self.now)

    @property
    def result(self) -> Stored:
        """Its result."""
        return self.decision.result

    def decided(self, at: datetime) -> Decision:
        """What evaluating it then comes to, if nothing new comes in."""
        decisions = self.evaluator.evaluate(self.found, self.turns.copy(), at)
        return next(decision for decision in decisions if decision.result.lead_id == self.lead)

    @cached_property
    def inside(self) -> list[Member]:
        """Its records that are in scope, most trusted first."""
        return [member for member in self.members if self.decision.held.get(member.id) != "scope"]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """What is known of it and what follows, in one row."""
        words = self.result.words
        known = self.evaluator.frames.leads({self.lead: self.inside}, self.found, self.now, self.activities)
        said: dict[str, Any] = {name: words.get(name) for name in (*NOT_OF_RECORDS, *RESULTS)}
        types = {name: catalog.RESULTS[name].type if name in RESULTS else "text" for name in said}
        return known.with_columns(column(types[name], [value]).alias(name) for name, value in said.items())

    @cached_property
    def activities(self) -> pl.DataFrame:
        """Its activity that counts, as conditions ask about it."""
        return self.evaluator.frames.activities(self.found).filter(pl.col("lead") == self.lead)

    @cached_property
    def facts(self) -> list[tuple[str, Survivor, int, list[tuple[Fact, int]]]]:
        """The best fact of each field, and the record that says it; and what others say just as surely instead."""
        own, theirs = self.evaluator.frames.told(self.inside, self.found)
        people = [m for m in self.inside if m.facts is not None]
        people = [m for m in people if m.gone_at is None] or people
        of = {id(facts): company for company, facts in self.found.companies.items()}
        records = [*(m.id for m in people), *(of[id(facts)] for facts in theirs)]
        about = self.evaluator.frames.about(self.inside, self.found)
        found = survivors(own, theirs, self.rules, about)
        others: dict[str, list[tuple[Fact, int]]] = {name: [] for name in found}
        for place, name, fact in everything(own, theirs):
            best = found[name].fact
            if fact.confidence == best.confidence and text(fact.value).casefold() != text(best.value).casefold():
                others[name].append((fact, records[place]))
        return [(name, fact, records[fact.record], others[name]) for name, fact in found.items()]

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Which fields have a rule that says whose value survives."""
        return self.evaluator.config.matching.survive

    @cached_property
    def events(self) -> pl.DataFrame:
        """All its activity, as `core.counting` judges it."""
        return judged(self.evaluator.frames.events(self.found).filter(pl.col("lead") == self.lead))

    @property
    def today(self) -> date:
        """The day at home."""
        return self.now.astimezone(self.evaluator.config.zone).date()

    def day(self, at: datetime | None) -> str:
        """The day of a moment, at home."""
        return str(at.astimezone(self.evaluator.config.zone).date()) if at else ""

    def source(self, record: int) -> tuple[Source, str]:
        """Where a record stands, and its id there."""
        member = next((m for m in self.members if m.id == record), None)
        source, ext_id = (member.source_id, member.ext_id) if member else self.companies[record][:2]
        return self.evaluator.sources[source], ext_id

    def dated(self, record: int) -> dict[str, Dated]:
        """The values of a record by its CRM's fields."""
        return self.companies[record][2] if record in self.companies else self.rows.get(record, {})


def subjects(config: Config, wanted: str, now: datetime, as_of: datetime | None = None) -> list[Subject]:
    """The leads that are meant, as they stand, or stood. Never waits for a leadsync that runs, nor holds it up.

    Raises `UsageError` for nobody, or for a moment of which the store knows nothing; `StateRefused` for a store that
    cannot be read as it is.
    """
    if as_of is not None and as_of > now:
        raise UsageError("--as-of lies in the future", fix="leave it out: `explain` tells what changes next, and when")
    with open_to_read(config.store, config.folder) as store:
        leads = find(store, wanted)
        if not leads:
            told = f"no stored lead has the e-mail, id or URL {wanted!r}"
            fix = "write it as its CRM shows it; whoever is new in a CRM is known after the next `leadsync sync`"
            raise UsageError(told, fix=fix)
        with store.begin():
            return list(_subjects(store, config, leads, now, as_of))


def subjects_of(config: Config, leads: Sequence[int], now: datetime) -> list[Subject]:
    """These leads as they stand. Raises `StateRefused` for a store that cannot be read as it is."""
    with open_to_read(config.store, config.folder) as store, store.begin():
        return list(_subjects(store, config, leads, now, None))


def _subjects(
    store: Store, config: Config, leads: Sequence[int], now: datetime, as_of: datetime | None
) -> Iterator[Subject]:
    at, since = as_of or now, past.since(store, leads)
    if as_of is not None:
        if since is None or as_of < since:
            known = f"only since {since.astimezone(config.zone):%F %T}" if since else "by no record"
            raise UsageError(
                f"what was known then is not kept: leadsync knows this lead {known}", fix="ask for a later moment"
            )
        leads = past.leads_at(store, leads, as_of)
        config = replace(config, routing=None)  # what was decided then is kept
    evaluator = stored_evaluator(store, config)
    if as_of is None:
        found = lists.material(store, config, evaluator.sources, leads)
        rows = past.rows_at(store, [m.id for m in found.members], at)
        companies = past.companies_at(store, found.companies, at)
    else:
        found, rows, companies = _then(store, evaluator, leads, as_of)
    turns = routes.turns(store, config)
    moves = past.moves_at(store, leads, at)
    if as_of is not None:
        found = replace(found, **_stood(config, moves, _kept(store, config, moves, now)))
        found = lists.beside_lists(store, config, evaluator.sources, found)
    near = found.companies.keys() if as_of is None else ()
    people = staff.stored(store, near)
    unread = defaultdict[int, list[LeftOut]](list)
    lead_of = {member.id: member.lead_id for member in found.members}
    for row in left_out.rows(store.connection) if as_of is None else ():
        for lead in {lead_of[record] for record in row.records if record in lead_of}:
            unread[lead].append(row)
    offices = {record.id: record for record in staff.records(store, near)}
    for lead in leads:
        own = [member.id for member in found.members if member.lead_id == lead]
        told = moves.get(lead, ()), links(store, own) if as_of is None else (), unread.get(lead, ())
        yield Subject(lead, at, as_of is not None, evaluator, found, rows, companies, turns, people, offices, *told)


def _kept(
    store: Store, config: Config, moves: Mapping[int, Sequence[tuple[datetime, Move]]], now: datetime
) -> dict[int, Result]:
    """What leads that had come to an outcome keep: what is stored of those that still stand there, else what was known
    just before."""
    stands, stored, found = past.moves_at(store, list(moves), now), results(store, list(moves)), dict[int, Result]()
    for lead, own in moves.items():
        ends = [at for at, _ in takewhile(lambda each: each[1].why == "outcome", reversed(own))]
        if ends and lead in stored and stands[lead] == own:
            found[lead] = stored[lead]
        elif ends and (known := past.since(store, [lead])) is not None and known < ends[-1]:
            before = _subjects(store, config, [lead], now, ends[-1] - timedelta(microseconds=1))
            found |= {each.lead: each.result for each in before if each.lead == lead}
    return found


def _stood(
    config: Config, moves: Mapping[int, Sequence[tuple[datetime, Move]]], kept: Mapping[int, Result]
) -> dict[str, Any]:
    """The stages that leads stood on by where they came to last, and the outcomes that put them there, with the scores
    that these had `kept`."""
    every, last = {stage.name: stage for stage in config.ladder.every}, {lead: own[-1] for lead, own in moves.items()}
    stood, ended = {}, {}
    for lead, (at, move) in last.items():
        day, after, before = (
            at.astimezone(config.zone).date(),
            every.get(move.after or ""),
            every.get(move.before or ""),
        )
        place = {"stage": move.after, "since": str(day)}
        if move.why == "person":
            place["hold"] = str(day + timedelta(days=config.ladder.hold_days))
        elif move.why == "recycle" and before and before.recycle:
            place["wake"] = str(day + timedelta(days=before.recycle.wake_days))
        elif move.why == "outcome" and after:
            ended[lead] = after.when
        scored = kept.get(lead)
        words, divided = (scored.words, scored.divided) if scored else ({}, "[]")
        stood[lead] = Stored(lead, words, divided, None, None, {key: value for key, value in place.items() if value})
    return {"results": stood, "outcomes": ended}


def _then(
    store: Store, evaluator: Evaluator, leads: Collection[int], at: datetime
) -> tuple[Material, Rows, dict[int, tuple[int, str, dict[str, Dated]]]]:
    """What was known of leads, read by the rules of today."""
    known = past.known_at(store, leads, at)

    def facts(source: int, ext_id: str, values: dict[str, Dated]) -> Facts | None:
        fields = {name: dated.value for name, dated in values.items()}
        return derive(evaluator.config, evaluator.sources[source], ext_id, fields)

    members = [
        member if member.id not in known.rows else
        member._replace(facts=facts(member.source_id, member.ext_id, known.rows[member.id]))
        for member in known.members
    ]  # fmt: skip
    linked = {m.company_id for m in members if m.company_id is not None}
    near = keys.companies_near(store, {m.id for m in members} | linked)
    companies = past.companies_at(store, linked.union(*near.values()), at)
    said = {id_: facts(*row) or {} for id_, row in companies.items()}
    events = known.activities
    found = Material(members, said, events, {}, near, addressed_since(store, members, events, at),
                     opted_out=opted_out(events), routed=routing.latest(store, leads, at))  # fmt: skip
    return found, known.rows, companies
