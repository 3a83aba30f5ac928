"""What is known of leads, in the columns that core decides on: facts of all their records, and what they did."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property, lru_cache
from math import inf
from zoneinfo import ZoneInfo

import polars as pl

from leadsync.catalog import NO_TO
from leadsync.config.load import Config
from leadsync.core import talk
from leadsync.core.consent import with_consent
from leadsync.core.counting import counted
from leadsync.core.facts.fact import Facts, Value
from leadsync.core.facts.mail_state import TELLS, MailState, Met, latest, mail_state, met
from leadsync.core.frames import column
from leadsync.core.keys import own_companies
from leadsync.core.survive import golden
from leadsync.core.survivorship import About
from leadsync.core.write_field import WriteField
from leadsync.store.column_types import from_microseconds
from leadsync.store.evaluation import Material, Member
from leadsync.store.sources import Source

NOT_OF_RECORDS = ("class", "scored_as")  # worked out of the frame itself
NOT_OF_FACTS = {*NOT_OF_RECORDS, *talk.WORDS}


@dataclass(frozen=True)
class Frames:
    """Builds the frames that are described in `core.truth`, from what the store holds; what `core.talk` tells only
    where it `talks`."""

    config: Config
    sources: Mapping[int, Source]
    talks: bool = False

    @cached_property
    def writes(self) -> Mapping[int, Sequence[WriteField]]:
        """What is written to the records of each source."""
        return {
            id_: own.mapping.writes.get(source.object, ()) if own else ()
            for id_, source in self.sources.items() for own in (self.config.connections.get(source.connection),)
        }  # fmt: skip

    def leads(
        self, members: Mapping[int, Sequence[Member]], found: Material, now: datetime, activities: pl.DataFrame
    ) -> pl.DataFrame:
        """A row per lead, in ascending order; `members` are its records in scope, `activities` what counts."""
        leads, today = sorted(members), self.today(now)
        mail = self.met(found, activities)
        types = {name: word.type for name, word in self.config.fields.items() if name not in NOT_OF_FACTS}
        types[NO_TO] = "text"
        columns = defaultdict[str, list[Value | None]](lambda: [None] * len(leads))
        for place, lead in enumerate(leads):
            for name, value in self.facts(members[lead], found, mail).items():
                columns[name][place] = value
        created = ([m.created_at for m in members[lead] if m.created_at is not None] for lead in leads)
        frame = pl.DataFrame(
            {
                "lead": pl.Series(leads, dtype=pl.Int64),
                "day": pl.Series([today] * len(leads), dtype=pl.Date),
                "capture": pl.Series([min(each, default=None) for each in created], dtype=pl.Int64),
                **{name: column(type_, columns[name]) for name, type_ in types.items()},
            }
        ).with_columns(self._home("capture").dt.date())
        if self.talks:
            return frame.join(talk.talk(activities, today), on="lead", how="left", maintain_order="left")
        return frame.with_columns(**talk.none())

    def facts(self, records: Sequence[Member], found: Material, mail: Mapping[int, Met]) -> dict[str, Value]:
        """What is known of the lead that these records are; `mail` as from `met`."""
        own, companies = self.told(records, found)
        known = golden(own, companies, self.config.matching.survive, self.about(records, found))
        state = self.mailbox(known, own, records, found, mail)
        known.pop("mail_state", None)
        known.pop("mail_since", None)
        if state is not None:
            known["mail_state"] = state.state
            if state.at is not None:
                known["mail_since"] = _day(state.at, self.config.zone)
        at = found.opted_out.get(records[0].lead_id) if records else None
        opted_out = datetime.fromtimestamp(at / 1e6, self.config.zone).date() if at is not None else None
        facts = with_consent(known, own, opted_out)
        answered = {*facts, *str(facts.get(NO_TO, "")).split()} if NO_TO in facts else facts
        facts["completeness"] = float(sum(map(answered.__contains__, self.config.facts.complete)))
        return facts

    def met(self, found: Material, activities: pl.DataFrame) -> Mapping[int, Met]:
        """By record what happened to mail to its address. A click counts where it is among `activities`: what a mail
        gateway looks into nobody has read."""
        told = defaultdict[int, list[tuple[str, datetime]]](list)
        counts = (pl.col("kind") != "email_click") | pl.col("id").is_in(activities["id"].implode())
        tells = found.activities.filter(pl.col("kind").is_in([*TELLS]) & counts)
        for record, kind, when in tells.select("record", "kind", "at").iter_rows():
            at = from_microseconds(when)
            if at >= found.addressed.get(record, at):
                told[record].append((kind, at))
        return {record: met(each) for record, each in told.items()}

    def mailbox(
        self, facts: Mapping[str, Value], own: Sequence[Facts], records: Sequence[Member], found: Material,
        mail: Mapping[int, Met],
    ) -> MailState | None:  # fmt: skip
        """Whether mail to the lead's address arrives, by what the records with this address know of it."""
        if "mailbox" not in facts:
            return None
        email, said, said_at = str(facts["email"]), "", None
        if "mail_state" in facts:
            theirs = next((each for each in own if each.get("email") == email and "mail_state" in each), {})
            said, said_at = str(theirs.get("mail_state", "")), self._end_of(str(theirs.get("mail_since", "")))
        seen = [mail[m.id] for m in records if m.id in mail and m.facts and m.facts.get("email") == email]
        domain = found.mail.get(email.rpartition("@")[2]) if self.config.mail_check else None
        return mail_state(str(facts["mailbox"]), latest(seen), said, said_at, domain)

    def _end_of(self, day: str) -> datetime | None:
        """The last moment of a day at home, as a fact has it."""
        try:
            return datetime.combine(date.fromisoformat(day), time.max, self.config.zone)
        except ValueError:
            return None

    def told(self, records: Sequence[Member], found: Material) -> tuple[list[Facts], list[Facts]]:
        """What each record says, most trusted first, and what the records of its company say."""
        alive, own = self._alive(records)
        return own, [*self._companies(alive, own, found).values()]

    def about(self, records: Sequence[Member], found: Material) -> list[About]:
        """What rules of survivorship ask of those records that `told` tells of, in its order; nothing without rules."""
        if len(records) < 2 or not self.config.matching.survive:
            return []
        alive, _ = self._alive(records)
        times, changed = found.times, found.changed
        return [
            About(self.connection(m), m.created_at, changed.get(m.id, m.created_at), times[m.id], len(m.facts or {}))
            for m in alive
        ]

    def companies(self, records: Sequence[Member], found: Material) -> list[int]:
        """The records of the company whose people these are, those that the CRMs link first."""
        return [*self._companies(*self._alive(records), found)]

    def _alive(self, records: Sequence[Member]) -> tuple[list[Member], list[Facts]]:
        trusted = self.by_trust(records)
        alive = [m for m in trusted if m.facts is not None and m.gone_at is None]
        alive = alive or [m for m in trusted if m.facts is not None]
        return alive, [m.facts for m in alive if m.facts is not None]

    def _companies(self, alive: Sequence[Member], own: Sequence[Facts], found: Material) -> dict[int, Facts]:
        """The company's records with their facts: those that the CRMs link, then those of the same domain or name."""
        there = found.companies
        linked = {id_: there[id_] for m in alive if (id_ := m.company_id) is not None and id_ in there}
        near = {
            company: there[company]
            for id_ in (*[m.id for m in alive], *linked)
            for company in found.near.get(id_, ()) if company in there and company not in linked
        }  # fmt: skip
        if not near:
            return linked
        theirs = own_companies(golden(own, [*linked.values()]), near, self.config.facts.tables.forms)
        return linked | {company: near[company] for company in theirs}

    def by_trust(self, records: Iterable[Member]) -> list[Member]:
        """Records of the connection that is preferred first, then the oldest; whichever came first into the store."""
        found = list(records)
        if len(found) < 2:
            return found
        rank = {name: place for place, name in enumerate(self.config.prefer)}

        def place(m: Member) -> tuple[int, float, int, str]:
            created = inf if m.created_at is None else m.created_at
            return rank.get(self.connection(m), len(rank)), created, m.source_id, m.ext_id

        return sorted(found, key=place)

    def connection(self, member: Member) -> str:
        """Whose record it is."""
        return self.sources[member.source_id].connection

    def activities(self, found: Material) -> pl.DataFrame:
        """A row per activity that counts: id, lead, kind, on (the day at home), day_only, at, count, topic."""
        return counted(self.events(found)).select("id", "lead", "kind", "on", "day_only", "at", "count", "topic")

    def events(self, found: Material) -> pl.DataFrame:
        """All that CRMs tell, as `core.counting` wants it."""
        places = {name: place for place, name in enumerate(dict.fromkeys(s.connection for s in self.sources.values()))}
        origin = {id_: places[source.connection] for id_, source in self.sources.items()}
        home = self._home("at")
        return found.activities.with_columns(
            on=home.dt.date(), day_only=home.dt.time() == time(12),  # which is how a day without a time is read
            origin=pl.col("source").replace_strict(origin, default=None, return_dtype=pl.Int64),
        )  # fmt: skip

    def _home(self, name: str) -> pl.Expr:
        """Moments in microseconds since 1970, as clocks at home show them."""
        return pl.from_epoch(name, "us").dt.replace_time_zone("UTC").dt.convert_time_zone(self.config.zone.key)

    def today(self, now: datetime) -> date:
        """The day that it is at home."""
        return now.astimezone(self.config.zone).date()

    def midnight(self, day: date | None) -> datetime | None:
        """When a day begins at home."""
        return _begin(day, self.config.zone) if day else None


@lru_cache(maxsize=4096)
def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


@lru_cache(maxsize=4096)
def _day(at: datetime, zone: ZoneInfo) -> str:
    """The day of a moment at home, as a fact has it."""
    return at.astimezone(zone).date().isoformat()
