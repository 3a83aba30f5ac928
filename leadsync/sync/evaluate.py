"""Touched leads in, decisions out: survive, score, stage, assign, plan. Decides with core and stores nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from leadsync.catalog import LANGUAGES
from leadsync.config.load import Config
from leadsync.core.assign import Candidate, RepRule, assign
from leadsync.core.frames import column, fulfilled
from leadsync.core.mapping import ObjectMapping, text
from leadsync.core.next_change import next_change
from leadsync.core.plan import Account, Planned, Seen, Verdict, left_alone, planned, verdicts
from leadsync.core.reasons import reason_lines
from leadsync.core.score import Scores, score
from leadsync.core.stage import stages
from leadsync.core.survive import golden
from leadsync.core.translate import translations
from leadsync.core.truth import truths
from leadsync.store.evaluation import Decision, Material, Member, Stored
from leadsync.store.sources import Source
from leadsync.sync import accounts
from leadsync.types import Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RESULTS = ("score", "fit", "engagement", "temperature")


@dataclass(slots=True)
class Directory:
    """Who owns leads: the users of each connection, and our own one there."""

    users: dict[str, str] = field(default_factory=dict)  # connection → id of our own user
    email: dict[tuple[str, str], str] = field(default_factory=dict)  # (connection, id) → e-mail of an active person
    id: dict[tuple[str, str], str] = field(default_factory=dict)  # (connection, e-mail) → id of an active person
    nobody: set[tuple[str, str]] = field(default_factory=set)  # (connection, id): queues, people who left
    language: dict[str, str] = field(default_factory=dict)  # e-mail → one of `LANGUAGES`, where a CRM tells it

    def owner(self, connection: str, ext_id: str | None) -> str | None:
        """The e-mail of the person who owns, or None for nobody."""
        if ext_id is None or ext_id == self.users.get(connection):
            return None
        return self.email.get((connection, ext_id))

    def unowned(self, connection: str, ext_id: str) -> bool:
        """Whether this owner counts as nobody: a queue, someone who left, our own user."""
        return ext_id == self.users.get(connection) or (connection, ext_id) in self.nobody


@dataclass(slots=True)
class Evaluator:
    """Evaluates leads as of `now`. `accounts` are those that leadsync has looked at, by connection."""

    config: Config
    sources: Mapping[int, Source]
    directory: Directory
    accounts: Mapping[str, accounts.Account]

    def evaluate(self, found: Material, counts: dict[str, int], now: datetime) -> list[Decision]:
        """Decisions on the leads of `found`, in ascending order. `counts` (leads per rep) is brought up to date."""
        members: dict[int, list[Member]] = defaultdict(list)
        held: dict[int, dict[int, str]] = defaultdict(dict)  # lead → record → why nothing is written to it
        for member, inside in zip(found.members, self._inside(found.members), strict=True):
            if inside:
                members[member.lead_id].append(member)
            else:
                held[member.lead_id][member.id] = "scope"
        frame, activities = self._frame(members, found, now), self._activities(found)
        avoided = self._avoided(frame, activities)
        for lead in avoided:
            held[lead] |= dict.fromkeys((member.id for member in members.pop(lead)), "never")
        decisions = []
        for lead in held.keys() - members.keys():
            former = found.results.get(lead)
            if former is not None and former.rep is not None:
                counts[former.rep] = counts.get(former.rep, 0) - 1
            decisions.append(Decision(Stored(lead, {}, [], None, avoided.get(lead))))
        if members:
            kept = frame.filter(pl.col("lead").is_in(list(members)))
            decisions += self._decided(members, kept, activities, found, counts, now)
        for decision in decisions:
            decision.held = held.get(decision.result.lead_id, {})
        return sorted(decisions, key=lambda decision: decision.result.lead_id)

    def _decided(
        self, members: Mapping[int, Sequence[Member]], frame: pl.DataFrame, activities: pl.DataFrame, found: Material,
        counts: dict[str, int], now: datetime,
    ) -> Iterator[Decision]:  # fmt: skip
        """Decisions on the leads of `frame`; `members` are their records in scope."""
        scores = score(self.config.scoring, frame, activities)
        frame = frame.hstack(scores.totals.select(_RESULTS))
        frame = frame.hstack(stages(self.config.ladder, frame, activities).select("stage"))
        lines = reason_lines(scores, self.config.scoring.labels)["reasons"]
        watched = [*self.config.ladder.conditions, *filter(None, (self._when, self.config.never))]
        due = next_change(self.config.scoring, watched, frame, activities)["due"]
        owners = {lead: self._owner(records) for lead, records in members.items()}
        reps = self._assign(frame, activities, found, owners, counts)
        parts = _parts(scores)
        emails = {rep.name: rep.email for rep in self._reps}
        owners = {lead: email or emails.get(reps.get(lead) or "") for lead, email in owners.items()}
        known = self.directory.language | {rep.email: rep.language for rep in self._reps if rep.language}
        languages = {lead: known.get(email or "", "en") for lead, email in owners.items()}
        writes = [w for c in self.config.connections.values() for own in c.mapping.writes.values() for w in own]
        told = translations(writes, scores, self.config.scoring.labels, languages)
        fields = sorted({write.value for write in writes} & self.config.fields.keys())
        for row, line, on in zip(
            frame.select("lead", *_RESULTS, "stage", *fields).iter_rows(named=True), lines, due, strict=True
        ):
            lead = row.pop("lead")
            rep = reps.get(lead)
            words: dict[str, Value] = {n: _plain(v) for n, v in row.items() if v is not None or n not in fields}
            words |= {"owner": owners[lead], "reasons": line, **told.get(lead, {})}
            wanted = list(self._writes(members[lead], words, now))
            again = [_EPOCH + timedelta(microseconds=p.again_us) for _, p in wanted if p.again_us is not None]
            dates = [at for at in (self._midnight(on), *again) if at is not None]
            stored = Stored(lead, words, parts.get(lead, []), rep, min(dates, default=None))
            yield Decision(stored, [(record, p.fields) for record, p in wanted if p.fields])

    # whom leadsync looks after

    def _inside(self, members: Sequence[Member]) -> list[bool]:
        """Whether each of these records is in the scope of its object; none of a lead whose live rows all are not."""
        inside, of = [True] * len(members), defaultdict[int, list[int]](list)
        for place, member in enumerate(members):
            of[member.source_id].append(place)
        for places in of.values():
            mapping = self._mapping(members[places[0]])
            if mapping is not None and mapping.scope is not None:
                facts = [members[place].facts or {} for place in places]
                for place, holds in zip(places, fulfilled(mapping.scope, facts, self.config.fields), strict=True):
                    inside[place] = holds
        live = [(member.lead_id, holds) for member, holds in zip(members, inside, strict=True) if not member.gone_at]
        left = {lead for lead, _ in live} - {lead for lead, holds in live if holds}
        return [holds and member.lead_id not in left for member, holds in zip(members, inside, strict=True)]

    def _avoided(self, frame: pl.DataFrame, activities: pl.DataFrame) -> dict[int, datetime | None]:
        """The leads for which `never` holds, and when it may end by time alone."""
        never = self.config.never
        if never is None or frame.is_empty():
            return {}
        frame = frame.filter(truths([never], frame, activities)["0"])
        nothing = replace(self.config.scoring, groups=(), hot_when=None)
        due = next_change(nothing, [never], frame, activities)
        return {lead: self._midnight(day) for lead, day in due.iter_rows()}

    # what is known, in columns

    def _frame(self, members: Mapping[int, Sequence[Member]], found: Material, now: datetime) -> pl.DataFrame:
        leads, today = sorted(members), now.astimezone(self.config.zone).date()
        known = [self.facts(members[lead], found) for lead in leads]
        captured = [min((m.created_at for m in members[lead] if m.created_at), default=None) for lead in leads]
        return pl.DataFrame(
            {
                "lead": pl.Series(leads, dtype=pl.Int64),
                "day": pl.Series([today] * len(leads), dtype=pl.Date),
                "capture": pl.Series([c and c.astimezone(self.config.zone).date() for c in captured], dtype=pl.Date),
                **{
                    name: column(word.type, [facts.get(name) for facts in known])
                    for name, word in self.config.fields.items()
                },
            }
        )

    def facts(self, records: Sequence[Member], found: Material) -> dict[str, str | float]:
        """What is known of the lead that these records are."""
        trusted = [m for m in self._by_trust(records) if m.facts is not None]
        alive = [m for m in trusted if m.gone_at is None] or trusted
        companies = [found.companies[m.company_id] for m in alive if m.company_id and m.company_id in found.companies]
        return golden([m.facts for m in alive if m.facts is not None], companies)

    def _by_trust(self, records: Iterable[Member]) -> list[Member]:
        rank = {name: place for place, name in enumerate(self.config.prefer)}
        return sorted(records, key=lambda m: (rank.get(self._connection(m), len(rank)), m.id))

    def _activities(self, found: Material) -> pl.DataFrame:
        frame = pl.DataFrame(
            found.activities,
            schema={"id": pl.Int64, "lead": pl.Int64, "kind": pl.String, "at": pl.Int64, "count": pl.Int64,
                    "topic": pl.String},
            orient="row",
        )  # fmt: skip
        on = pl.from_epoch("at", "us").dt.replace_time_zone("UTC").dt.convert_time_zone(self.config.zone.key).dt.date()
        return frame.select("id", "lead", "kind", on.alias("on"), "count", "topic")

    def _connection(self, member: Member) -> str:
        return self.sources[member.source_id].connection

    def _midnight(self, day: date | None) -> datetime | None:
        return datetime.combine(day, time(), self.config.zone).astimezone(UTC) if day else None

    # whose it is

    def _owner(self, records: Sequence[Member]) -> str | None:
        for member in self._by_trust(records):
            mapping = self._mapping(member)
            if member.gone_at is None and member.fields is not None and mapping is not None and mapping.owner:
                ext_id = text(member.fields.get(mapping.owner)) or None
                if email := self.directory.owner(self._connection(member), ext_id):
                    return email
        return None

    def _mapping(self, member: Member) -> ObjectMapping | None:
        """How a record is read."""
        source = self.sources[member.source_id]
        connection = self.config.connections.get(source.connection)
        return connection.mapping.reads.get(source.object) if connection else None

    @property
    def _reps(self) -> Sequence[RepRule]:
        return self.config.routing.reps if self.config.routing else ()

    @property
    def _when(self) -> Any:
        return self.config.routing.when if self.config.routing else None

    def _assign(
        self, frame: pl.DataFrame, activities: pl.DataFrame, found: Material, owners: Mapping[int, str | None],
        counts: dict[str, int],
    ) -> dict[int, str | None]:  # fmt: skip
        """The rep of each lead that routing is asked about; whoever it chose before, it keeps."""
        routing = self.config.routing
        if routing is None:
            return {}
        wanting = set(frame["lead"])
        if routing.when is not None:
            wanting = set(frame.filter(truths([routing.when], frame, activities)["0"])["lead"])
        before = {lead: found.results[lead].rep for lead in owners if lead in found.results and found.results[lead].rep}
        asked = [Candidate(lead, before.get(lead)) for lead in sorted(wanting | set(before)) if owners[lead] is None]
        chosen: dict[int, str | None] = {lead: rep for lead, rep in before.items() if owners[lead] is not None}
        known = {email for _, email in self.directory.id}
        reps = [replace(rep, active=rep.email in known) for rep in routing.reps]
        for decision in assign(asked, reps, counts):
            chosen[decision.lead] = decision.rep
            if decision.rep is not None and before.get(decision.lead) != decision.rep:
                counts[decision.rep] = counts.get(decision.rep, 0) + 1
        return chosen

    # what follows for the CRMs

    def _writes(
        self, records: Sequence[Member], words: Mapping[str, Value], now: datetime
    ) -> Iterable[tuple[int, Planned]]:
        for member in records:
            found = planned(self.verdicts(member, words, now))
            if found is not None:
                yield member.id, found

    def verdicts(
        self, member: Member, words: Mapping[str, Value], now: datetime, why: str | None = None
    ) -> list[Verdict]:
        """What becomes of every field that is written to this record; none of one that is not there.

        `why`: what keeps leadsync from the whole record, if anything.
        """
        source = self.sources[member.source_id]
        connection = self.config.connections.get(source.connection)
        if connection is None or member.gone_at is not None or member.fields is None:
            return []
        writes = connection.mapping.writes.get(source.object, ())
        seen = Seen(member.fields, member.ours or {}, member.refused or {})
        if why is not None:
            return left_alone(writes, seen, why)
        now_us = (now - _EPOCH) // timedelta(microseconds=1)
        return verdicts(writes, seen, words, self._account(source), now_us)

    def _account(self, source: Source) -> Account:
        name, directory, known = source.connection, self.directory, self.accounts.get(source.connection)
        return Account(
            known.options.get(source.object, {}) if known else {},
            known.blocked.get(source.object, ()) if known else (),
            lambda email: directory.id.get((name, email)),
            lambda owner: directory.unowned(name, owner),
            (self.config.scoring.warm, self.config.scoring.hot),
            known.lengths.get(source.object, {}) if known else {},
        )


def _plain(value: Any) -> Value:
    return value.isoformat() if isinstance(value, date) else value


def _parts(scores: Scores) -> dict[int, list[dict[str, Any]]]:
    parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for lead, _, name, group, what, points, on, count in scores.parts.iter_rows():
        parts[lead].append(
            {"name": name, "group": group, "what": what, "points": points, "on": text(on and str(on)), "count": count}
        )
    return parts


def directory(
    rows: Iterable[tuple[str, str, str, str, bool, str | None]], users: Mapping[str, str | None]
) -> Directory:
    """The directory of owner rows (connection, id, e-mail, kind, active, language) and our own users."""
    found = Directory({name: user for name, user in users.items() if user})
    for connection, ext_id, email, kind, active, language in rows:
        if kind != "person" or not active:
            found.nobody.add((connection, ext_id))
        elif email:
            if (spoken := (language or "")[:2].lower()) in LANGUAGES:
                found.language.setdefault(email, spoken)
            found.email[connection, ext_id] = email
            found.id.setdefault((connection, email), ext_id)
    return found
