"""The last days once more, by the files as they are now: which stages leads would have come to, and who would have got
them. Reads the store only, and asks no CRM.

Days are gone through one after the other. What is known of a lead on a day is what its CRMs say had happened until
then; a value whose change nobody knows the time of counts from the beginning. Leads that came within these days are
taken as owned by nobody, users of the CRMs as they are now.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

import polars as pl

from leadsync.config.load import Config
from leadsync.core.assign import TOGETHER, Rotation
from leadsync.store import evaluation, past
from leadsync.store.database import Store, chunks, open_to_read
from leadsync.store.evaluation import Decision, Material, Member, Stored
from leadsync.store.routing import Kept
from leadsync.sync import lists
from leadsync.sync.evaluate import Evaluator, stored_evaluator
from leadsync.sync.rederive import derive
from leadsync.sync.routes import at_once
from leadsync.types import Value


@dataclass(frozen=True, slots=True)
class Given:
    """Whom a lead would have been given to, by which rule and why, and whose it is in truth (by e-mail)."""

    at: datetime
    lead: int
    record: str
    stage: str | None
    score: Value
    owner: str | None
    rep: str | None
    rule: str
    why: str
    is_of: str | None


@dataclass(slots=True)
class Replay:
    """`entered`: how often each stage was come to; `stand`: how many leads stand there in the end."""

    since: datetime
    until: datetime
    leads: int = 0
    entered: Counter[str] = field(default_factory=Counter)
    stand: Counter[str] = field(default_factory=Counter)
    given: list[Given] = field(default_factory=list)

    def body(self, config: Config) -> dict[str, Any]:
        """As JSON has it."""
        rules = [rule.name for rule in config.routing.all_rules] if config.routing else []
        reps = [rep.name for rep in config.routing.reps] if config.routing else []
        by_rep: dict[str, Counter[str]] = {name: Counter() for name in reps}
        for each in self.given:
            if each.owner is not None and each.why != "kept":
                by_rep.setdefault(each.rep or each.owner, Counter())[each.rule] += 1
        return {
            "since": self.since.isoformat(), "until": self.until.isoformat(), "leads": self.leads,
            "stages": {
                stage.name: {"entered": self.entered[stage.name], "stand": self.stand[stage.name]}
                for stage in config.ladder.every
            },
            "reps": {name: {"leads": c.total(), "rules": {r: c[r] for r in [*rules, TOGETHER, "catch_all"] if c[r]}}
                     for name, c in by_rep.items()},
            "why": dict(Counter(each.why for each in self.given)),
            "decisions": [
                {"at": each.at.isoformat(), "lead": each.lead, "record": each.record, "stage": each.stage,
                 "score": each.score, "owner": each.owner, "rep": each.rep, "rule": each.rule, "why": each.why,
                 "is_of": each.is_of}
                for each in self.given
            ],
        }  # fmt: skip


def replay(config: Config, span: timedelta, now: datetime) -> Replay:
    """The time since `span` before now. Raises `StateRefused` for a store that cannot be read as it is."""
    with open_to_read(config.store, config.folder) as store:
        with store.begin():
            evaluator = stored_evaluator(store, config)
        played = _Player(store, evaluator, Replay(now - span, now))
        played.play()
        return played.made


class _Player:
    """Goes through the days, and keeps what a store would have kept meanwhile."""

    def __init__(self, store: Store, evaluator: Evaluator, made: Replay) -> None:
        self.store, self.evaluator, self.made = store, evaluator, made
        self.turns = Rotation()
        self.results: dict[int, Stored] = {}
        self.routed: dict[int, Kept] = {}
        self.fresh: set[int] = set()  # leads that came within these days

    def play(self) -> None:
        zone, made = self.evaluator.config.zone, self.made
        with self.store.begin():
            touched = past.touched(self.store, made.since, made.until)
            self.fresh = past.came(self.store, touched, made.since)
        made.leads = len(touched)
        before, many = sorted(touched.keys() - self.fresh), at_once(self.evaluator.config)
        for part in chunks(before, many):  # how they stood when these days began
            self._evaluate(part, made.since, {}, counted=False)
        self.turns.owed.clear()
        days = defaultdict[Any, dict[int, datetime]](dict)
        for lead, moments in touched.items():
            for at in moments:
                days[at.astimezone(zone).date()][lead] = at
        day = made.since.astimezone(zone).date()
        while day <= made.until.astimezone(zone).date():
            end = min(datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1), made.until)
            asked = {lead: r.due_at for lead, r in self.results.items() if r.due_at is not None and r.due_at <= end}
            asked = {**asked, **days[day]}
            for part in chunks(sorted(asked), many):
                self._evaluate(part, end, asked, counted=True)
            day += timedelta(days=1)
        made.given.sort(key=lambda each: (each.at, each.lead))
        made.stand.update(str(r.words["stage"]) for r in self.results.values() if r.words.get("stage"))

    def _evaluate(self, leads: Sequence[int], now: datetime, at: Mapping[int, datetime], *, counted: bool) -> None:
        with self.store.begin():
            found = lists.material(self.store, self.evaluator.config, self.evaluator.sources, leads)
            today = {lead: result.words.get("owner") for lead, result in found.results.items()}
            then = self._then(found, now)
        for decision in self.evaluator.evaluate(then, self.turns, now, at):
            lead = decision.result.lead_id
            self.results[lead] = decision.result
            routed = decision.routed
            if routed is not None:
                moment = at.get(lead, now)
                self.routed[lead] = Kept(lead, moment, routed.owner, routed.rep, routed.why, routed.rule)
            if counted:
                self._count(decision, then, at.get(lead, now), today.get(lead))

    def _count(self, decision: Decision, found: Material, at: datetime, is_of: Value) -> None:
        self.made.entered.update(move.after for move in decision.moves if move.after)
        routed, words = decision.routed, decision.result.words
        if routed is None:
            return
        member = next(m for m in found.members if m.lead_id == routed.lead)
        source = self.evaluator.sources[member.source_id]
        record = f"{source.connection} {source.object} {member.ext_id}"
        stage = None if words.get("stage") is None else str(words["stage"])
        self.made.given.append(Given(at, routed.lead, record, stage, words.get("score"), routed.owner, routed.rep,
                                     routed.rule, routed.why, None if is_of is None else str(is_of)))  # fmt: skip

    def _then(self, found: Material, now: datetime) -> Material:
        """What was known of these leads then; inside `begin()`."""
        until = int(now.timestamp() * 1e6)
        there = [m for m in found.members if m.created_at is None or m.created_at <= until]
        values = past.values_at(self.store, [m.id for m in there] + list(found.companies), now)
        members = list(self._members(there, values, now))
        held = self.evaluator.sources
        companies = {
            id_: derive(self.evaluator.config, held[source], ext_id, values.get(id_, {})) or {}
            for id_, (source, ext_id) in past.places(self.store, found.companies).items()
        }
        events = found.activities.filter(pl.col("at") <= until)
        leads = {m.lead_id for m in members}
        return replace(
            found, members=members, companies=companies, activities=events, together={},
            opted_out=evaluation.opted_out(events),
            results={lead: r for lead, r in self.results.items() if lead in leads},
            routed={lead: r for lead, r in self.routed.items() if lead in leads},
            outcomes=evaluation.outcomes(self.store, sorted(leads), events, now),
        )  # fmt: skip

    def _members(
        self, members: Collection[Member], values: Mapping[int, Mapping[str, Value]], now: datetime
    ) -> Iterator[Member]:
        config, held = self.evaluator.config, self.evaluator.sources
        for member in members:
            if member.fields is None:
                continue
            source = held[member.source_id]
            fields = {**values.get(member.id, member.fields)}
            connection = config.connections.get(source.connection)
            read = connection.mapping.reads.get(source.object) if connection else None
            if member.lead_id in self.fresh and read is not None and read.owner:
                fields.pop(read.owner, None)
            facts = derive(config, source, member.ext_id, fields)
            gone = member.gone_at if member.gone_at is not None and member.gone_at <= now else None
            yield member._replace(fields=fields, facts=facts, ours=None, refused=None, gone_at=gone)
