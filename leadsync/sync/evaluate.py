"""Touched leads in, decisions out: survive, score, stage, assign, plan. Decides with core and stores nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from typing import Any, TypeVar

import polars as pl

from leadsync.config.load import Config
from leadsync.core import next_action
from leadsync.core.assign import Rotation
from leadsync.core.classes import BUYER, classify
from leadsync.core.conditions import Condition
from leadsync.core.convert.consent import DENIED
from leadsync.core.frames import fulfilled
from leadsync.core.ladder import RETURNED
from leadsync.core.lists import told
from leadsync.core.mapping import ObjectMapping
from leadsync.core.merging import Merge
from leadsync.core.next_change import next_change
from leadsync.core.plan import Account, Seen, Verdict, fates, left_alone, planned, verdicts
from leadsync.core.reasons import reason_lines
from leadsync.core.score import GRADES, QUADRANTS, RESULTS, divided
from leadsync.core.score_digest import score_digests
from leadsync.core.scoring import Scoring
from leadsync.core.segments import COLUMN, next_changes, scored, segment_of, split, together
from leadsync.core.talk import WORDS, begins
from leadsync.core.truth import truths
from leadsync.core.write_field import WriteField
from leadsync.store import evaluation, sources
from leadsync.store.database import Store
from leadsync.store.evaluation import Decision, Material, Member, Stored
from leadsync.store.records import THEIR_COMPANIES, companies_of
from leadsync.store.sources import Source
from leadsync.sync import accounts, golden, merging
from leadsync.sync.check_conditions import conditions
from leadsync.sync.directory import Directory, directory
from leadsync.sync.frames import Frames
from leadsync.sync.lists import Judged, judged
from leadsync.sync.routes import Router, Whose, release
from leadsync.sync.stages import Place, staged
from leadsync.sync.telling import Telling, kept, named, with_kept
from leadsync.types import Role, Value

_T = TypeVar("_T", date, datetime)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass
class Evaluator:
    """Evaluates leads as of `now`. `accounts` are those that leadsync has looked at, by connection."""

    config: Config
    sources: Mapping[int, Source]
    directory: Directory
    accounts: Mapping[str, accounts.Account]

    @cached_property
    def frames(self) -> Frames:
        """What is known, in columns."""
        files = self.config
        parts = (files.never, files.scoring, files.ladder, files.routing, files.facts.enough, files.classes)
        mappings = (connection.mapping for connection in files.connections.values())
        used = {write.value for mapping in mappings for own in mapping.writes.values() for write in own}
        used.update(word for condition in conditions(parts) for word in condition.fields)
        return Frames(self.config, self.sources, talks=not used.isdisjoint(WORDS))

    @cached_property
    def _known_accounts(self) -> dict[tuple[int, Value], Account]:
        return {}

    @cached_property
    def router(self) -> Router:
        """What says whose leads are."""
        return Router(self.frames, self.directory)

    @cached_property
    def telling(self) -> Telling:
        """What tells of leads."""
        return Telling(self.frames, self.directory, self.router.reps)

    @cached_property
    def _always(self) -> Sequence[Condition]:
        return [*filter(None, (self.config.never,)), *self.config.classes.watched]

    @cached_property
    def watched(self) -> Sequence[Condition]:
        """What else hangs on a buyer's fields, activity and score."""
        gates = [*self.config.ladder.conditions, self.config.facts.enough]
        return [*self._always, *gates, *(self.config.routing.conditions if self.config.routing else ())]

    @cached_property
    def _no_scoring(self) -> Scoring:
        return replace(self.config.scoring, groups=(), hot_when=None, warm_when=None, cold_when=None, segments=())

    @cached_property
    def companies_scored(self) -> bool:
        """Whether a mapping writes anything to companies."""
        return any(
            mapping.reads[obj].role is Role.COMPANY
            for mapping in (connection.mapping for connection in self.config.connections.values())
            for obj in mapping.writes
        )

    @property
    def golden_tell(self) -> bool:
        """Whether decisions rest on nothing of activity that golden records do not tell."""
        return not self.frames.talks and not self.config.matching.survive

    def evaluate(
        self, found: Material, turns: Rotation, now: datetime, at: Mapping[int, datetime] | None = None
    ) -> list[Decision]:
        """Decisions on the leads of `found`, in ascending order. `turns` is brought up to date.

        `at`: when each lead was asked about, where that is not now.
        """
        release(found, turns)
        whose = partial(self.router.whose, found=found, turns=turns, now=now, at=at)
        members: dict[int, list[Member]] = defaultdict(list)
        held: dict[int, dict[int, str]] = defaultdict(dict)  # lead → record → why nothing is written to it
        for member, inside in zip(found.members, self._inside(found.members), strict=True):
            if inside:
                members[member.lead_id].append(member)
            else:
                held[member.lead_id][member.id] = "scope"
        frame, activities, evidence = self._known(members, found, now)
        avoided = self._avoided(frame, activities)
        for lead in avoided:
            held[lead] |= dict.fromkeys((member.id for member in members.pop(lead)), "never")
        decisions = []
        for lead in held.keys() - members.keys():
            decisions.append(Decision(Stored(lead, {}, "[]", None, avoided.get(lead))))
        kept = frame.filter(pl.col("lead").is_in(list(members)))
        lists = judged(self.config, kept, activities, found.lists)
        buyers, others = (kept.filter((pl.col("class") == BUYER) == is_one) for is_one in (True, False))
        if not buyers.is_empty():
            decisions += self._decided(members, buyers, activities, found, whose, now, lists)
        if not others.is_empty():
            decisions += self._set_aside(members, others, activities, evidence, whose, now, lists, found)
        for decision in decisions:
            lead = decision.result.lead_id
            self._note_companies(decision, members.get(lead, ()), found)
            decision.held = held.get(lead, {})
            if finding := lists.waits.get(lead):
                decision.held = {member.id: "list" for member in members[lead]} | decision.held
                if finding.reason != "rejected":  # which a person has decided already
                    decision.waits = (min(member.id for member in members[lead]), finding)
        return sorted(decisions, key=lambda decision: decision.result.lead_id)

    def _note_companies(self, decision: Decision, members: Sequence[Member], found: Material) -> None:
        """Which companies the lead speaks for, where they are scored, and which are to be scored anew."""
        if not self.companies_scored:
            return
        before = found.results.get(decision.result.lead_id)
        there = [member for member in members if member.gone_at is None]
        own = self.frames.companies(there, found) if decision.result.words else []
        if own:
            words = {**decision.result.words, THEIR_COMPANIES: " ".join(map(str, own))}
            decision.result = decision.result._replace(words=words)
        decision.companies = {*own, *(companies_of(before.words) if before else ())}

    def _known(
        self, members: Mapping[int, Sequence[Member]], found: Material, now: datetime
    ) -> tuple[pl.DataFrame, pl.DataFrame, dict[int, str]]:
        """What is known of leads with their class and segment, what they did, and what makes who is no buyer be so."""
        if found.golden:
            rows = [found.golden[lead] for lead in sorted(members)]
            frame, activities = golden.in_columns(rows, self.config.fields, self.frames.today(now))
        else:
            activities = self.frames.activities(found)
            frame = self.frames.leads(members, found, now, activities)
        classes = classify(self.config.classes, frame, activities, fields=self.config.fields)
        evidence = classes.select("lead", "evidence").drop_nulls()
        frame = frame.with_columns(classes["class"])
        frame = frame.with_columns(segment_of(self.config.scoring, frame, activities))
        return frame, activities, dict(evidence.iter_rows())

    def _decided(
        self, members: Mapping[int, Sequence[Member]], frame: pl.DataFrame, activities: pl.DataFrame, found: Material,
        whose: Callable[..., dict[int, Whose]], now: datetime, lists: Judged,
    ) -> Iterator[Decision]:  # fmt: skip
        """Decisions on buyers, the leads of `frame`; `members` are their records in scope."""
        scoring = self.config.scoring
        watched = self.watched
        scores = scored(scoring, frame, activities, watched)
        frame = frame.hstack(scores.totals.select(RESULTS))
        early = {*lists.waits, *lists.probation}
        standing = staged(self.frames, frame, activities, members, found, early)
        frame = frame.with_columns(standing.stages["stage"])
        enough = truths([self.config.facts.enough], frame, activities)["0"]
        frame = frame.with_columns(enough.alias("enough"), self.telling.ask_for(frame))
        due = next_changes(scoring, watched, frame, activities, scores.worked)
        at_end = {lead for lead, outcome in found.outcomes.items() if outcome != RETURNED}
        ended = frame.filter(pl.col("lead").is_in(list(at_end)))
        if not ended.is_empty():
            due |= dict(next_change(self._no_scoring, self._always, ended, activities).iter_rows())
        ahead = begins(frame, activities) if self.frames.talks else {}
        barred = {*early, *frame.filter(pl.col("consent") == DENIED)["lead"]}
        routed = whose(frame, activities, members, barred=barred)
        owners = {lead: each.owner for lead, each in routed.items()}
        steps, past = self.telling.steps(frame, standing.funnels), kept(found.results, frame, at_end)
        live, (frame, scores) = frame, with_kept(frame, scores, past)
        shown, parts = scores.unsure(~frame["enough"]), divided(scores)
        digests = score_digests(scoring, live, frame, scores.parts, parts)
        known = golden.records(self.config.fields, frame, activities, digests, due, at_end, found.golden)
        before = self.telling.before(members, frame)

        def lines(languages: Mapping[int, str]) -> pl.DataFrame:
            actions = {lead: next_action.told(steps[lead], language) for lead, language in languages.items()}
            every = len(languages) == frame.height
            wanted = frame if every else frame.filter(pl.col("lead").is_in(list(languages)))
            more: Any = {"languages": languages, "before": before, "actions": actions}
            told = (
                reason_lines(shown.of(part["lead"].to_list()), named(past, scoring.of(name).labels), **more)
                for name, part in split(scoring, wanted)
            )
            return together(wanted, told)

        reasons = dict(lines(dict.fromkeys(steps, "en")).select("lead", "reasons").iter_rows())
        words = self.telling.words(frame, owners, reasons, steps, standing.funnels)
        translated = self.telling.translated(words, frame, owners, lines, steps)
        for lead, said in words.items():
            said.update(translated.get(lead, {}))
            on = _first(due[lead], ahead.get(lead), standing.due.get(lead), lists.until.get(lead))
            decision = self._decision(lead, said, parts.get(lead, "[]"), routed[lead], on, members[lead], now, lists,
                                      found, standing.places[lead])  # fmt: skip
            decision.moves = standing.moves.get(lead, ())
            if any(member.gone_at is None for member in members[lead]):  # nobody evaluates the others for other points
                decision.golden = known[lead]
            yield decision

    def _set_aside(
        self, members: Mapping[int, Sequence[Member]], frame: pl.DataFrame, activities: pl.DataFrame,
        evidence: Mapping[int, str], whose: Callable[..., dict[int, Whose]], now: datetime, lists: Judged,
        material: Material,
    ) -> Iterator[Decision]:  # fmt: skip
        """Decisions on leads that are no buyers: they get no points and no stage, go by routing rules of their own, and
        are told as what they are."""
        classes, fields = self.config.classes, self.config.fields
        frame = frame.with_columns(
            *(pl.lit(0).alias(name) for name in ("score", "fit", "engagement")), temperature=pl.lit("cold"),
            enough=True, grade=pl.lit(GRADES[-1]), quadrant=pl.lit(QUADRANTS[-1]),
            stage=pl.lit(None, pl.String), ask_for=pl.lit(None, pl.String), **{COLUMN: pl.lit(None, pl.String)},
        )  # fmt: skip
        barred = {*lists.waits, *frame.filter(pl.col("consent") == DENIED)["lead"]}
        routed = whose(frame, activities, members, barred=barred)
        owners = {lead: each.owner for lead, each in routed.items()}
        named = dict(frame.select("lead", "class").iter_rows())

        def lines(languages: Mapping[int, str]) -> pl.DataFrame:
            by_lead: dict[int, str] = {}
            for language in set(languages.values()):
                theirs = frame.filter(
                    pl.col("lead").is_in([lead for lead, own in languages.items() if own == language])
                )
                found = classify(classes, theirs, activities, language=language, fields=fields)
                for lead, why in found.select("lead", "evidence").iter_rows():
                    by_lead[lead] = classes.line(named[lead], why, language)
            return pl.DataFrame({"lead": list(languages), "reasons": [by_lead[lead] for lead in languages]})

        reasons = {lead: classes.line(name, evidence[lead], "en") for lead, name in named.items()}
        words = self.telling.words(frame, owners, reasons, {}, {})
        translated = self.telling.translated(words, frame, owners, lines, {})
        due = dict(next_change(self._no_scoring, self._always, frame, activities).iter_rows())
        ahead = begins(frame, activities) if self.frames.talks else {}
        for lead, said in words.items():
            more = {"evidence": evidence[lead], **translated.get(lead, {})}
            on = _first(due[lead], ahead.get(lead), lists.until.get(lead))
            yield self._decision(lead, said | more, "[]", routed[lead], on, members[lead], now, lists, material)

    def _decision(
        self, lead: int, words: dict[str, Value], parts: str, whose: Whose,
        on: date | None, records: Sequence[Member], now: datetime, lists: Judged, found: Material,
        place: Place | None = None,
    ) -> Decision:  # fmt: skip
        """What follows from what is said of a lead. `on`: the day on which that changes next."""
        finding = lists.waits.get(lead)
        several = finding is None and len(records) > 1
        wanted_merges = list(merging.proposals(self, records, found)) if several else []
        words["duplicates"] = self._duplicates(records, wanted_merges) if len(records) > 1 else ""
        if finding is not None:
            about = finding.value if finding.other is None else ""  # of others nothing is kept here
            words["waits"] = told(finding.reason, about, self.config.classes.labels)
        due, written = _first(self.frames.midnight(on), whose.again), []
        for record in () if finding is not None else records:
            asked = self._asked(record, words, now)
            wanted = planned(fates(*asked)) if asked is not None else None
            if wanted is not None and wanted.fields:
                written.append((record.id, wanted.fields))
            if wanted is not None and wanted.again_us is not None:
                due = _first(due, _EPOCH + wanted.again_us * _MICROSECOND)
        stored = Stored(lead, words, parts, whose.rep, due, place, whose.waits)
        merges = [merge for source, merge in wanted_merges if self._can(source)]
        return Decision(stored, written, routed=whose.decided, merges=merges)

    def _can(self, source: Source) -> bool:
        """Whether its CRM merges rows of this object."""
        return source.object in self.config.connections[source.connection].merges

    def _duplicates(self, records: Sequence[Member], wanted: Sequence[tuple[Source, Merge]]) -> str:
        """The rows that are there of one lead, where they are several, and how a person would make them one."""
        of = {member.id: member for member in records}
        by_hand = (merging.suggestion(source, merge, of) for source, merge in wanted if not self._can(source))
        there = [m for m in records if m.gone_at is None and m.fields is not None]
        named = (f"{self.frames.connection(m)} {self.sources[m.source_id].object} {m.ext_id}" for m in there)
        return "; ".join((", ".join(sorted(named)), *by_hand)) if len(there) > 1 else ""

    # whom leadsync looks after

    def _inside(self, members: Sequence[Member]) -> list[bool]:
        """Whether each of these records is in the scope of its object; none of a lead whose live rows all are not."""
        inside = [True] * len(members)
        for source in {member.source_id for member in members}:
            mapping = self._mapping(source)
            if mapping is not None and mapping.scope is not None:
                places = [place for place, member in enumerate(members) if member.source_id == source]
                facts = [members[place].facts or {} for place in places]
                for place, holds in zip(places, fulfilled(mapping.scope, facts, self.config.fields), strict=True):
                    inside[place] = holds
        if all(inside):
            return inside
        live = [(member.lead_id, holds) for member, holds in zip(members, inside, strict=True) if not member.gone_at]
        left = {lead for lead, _ in live} - {lead for lead, holds in live if holds}
        return [holds and member.lead_id not in left for member, holds in zip(members, inside, strict=True)]

    def _avoided(self, frame: pl.DataFrame, activities: pl.DataFrame) -> dict[int, datetime | None]:
        """The leads for which `never` holds, and when it may end by time alone."""
        never = self.config.never
        if never is None or frame.is_empty():
            return {}
        frame = frame.filter(truths([never], frame, activities)["0"])
        due = next_change(self._no_scoring, [never], frame, activities)
        ahead = begins(frame, activities) if self.frames.talks else {}
        return {lead: self.frames.midnight(_first(day, ahead.get(lead))) for lead, day in due.iter_rows()}

    def _mapping(self, id_: int) -> ObjectMapping | None:
        """How records of this source are read."""
        source = self.sources[id_]
        connection = self.config.connections.get(source.connection)
        return connection.mapping.reads.get(source.object) if connection else None

    # what follows for the CRMs

    def verdicts(
        self, member: Member, words: Mapping[str, Value], now: datetime, why: str | None = None
    ) -> list[Verdict]:
        """What becomes of every field that is written to this record; none of one that is not there.

        `why`: what keeps leadsync from the whole record, if anything.
        """
        asked = self._asked(member, words, now)
        if asked is None:
            return []
        return verdicts(*asked) if why is None else left_alone(*asked[:2], why)

    def _asked(
        self, member: Member, words: Mapping[str, Value], now: datetime
    ) -> tuple[Sequence[WriteField], Seen, Mapping[str, Value], Account, int] | None:
        """What `fates` wants to know of a record; nothing of one that is not there."""
        if member.gone_at is not None or member.fields is None:
            return None
        seen = Seen(member.fields, member.ours or {}, member.refused or {})
        account = self._account(member.source_id, words.get(COLUMN))
        return self.frames.writes[member.source_id], seen, words, account, (now - _EPOCH) // _MICROSECOND

    def _account(self, source_id: int, segment: Value) -> Account:
        if (found := self._known_accounts.get((source_id, segment))) is not None:
            return found
        source, directory = self.sources[source_id], self.directory
        name, known = source.connection, self.accounts.get(source.connection)
        scoring = self.config.scoring.of(segment)
        found = self._known_accounts[source_id, segment] = Account(
            known.options.get(source.object, {}) if known else {},
            known.blocked.get(source.object, ()) if known else (),
            lambda email: directory.id.get((name, email)),
            lambda owner: directory.unowned(name, owner),
            (scoring.warm, scoring.hot),
            known.lengths.get(source.object, {}) if known else {},
        )
        return found


def stored_evaluator(store: Store, config: Config) -> Evaluator:
    """What decides, with sources, accounts and owners as the store has them; inside `begin()`."""
    there = {source.id: source for source in sources.load(store)}
    looked = {name: accounts.stored(store.get_meta(f"account:{name}")) for name in config.connections}
    known = {name: account for name, account in looked.items() if account is not None}
    people = directory(evaluation.owners(store), {name: account.user for name, account in known.items()})
    return Evaluator(config, there, people, known)


def _first(*times: _T | None) -> _T | None:
    return min([time for time in times if time is not None], default=None)
