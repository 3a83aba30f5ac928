"""Whose leads are: what CRMs and the store know of it, and what routing makes of that."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from leadsync.config.load import Config
from leadsync.config.routing import Routing
from leadsync.core.assign import Asked, RepRule, Rotation, Routed, RouteRule, Team, limited
from leadsync.core.classes import BUYER
from leadsync.core.conditions import Condition
from leadsync.core.facts.fact import value_of
from leadsync.core.keys import key
from leadsync.core.lists import CUSTOMER
from leadsync.core.mapping import ObjectMapping, text
from leadsync.core.plan import same
from leadsync.core.truth import truths
from leadsync.store import routing as kept
from leadsync.store.database import Store
from leadsync.store.evaluation import Material, Member
from leadsync.store.routing import Kept
from leadsync.store.sources import Source
from leadsync.sync.directory import Directory
from leadsync.sync.frames import Frames
from leadsync.types import Role

BATCH = 5000  # leads evaluated at once
_RULES = 100  # by more rules that are fewer leads, for memory's sake


class Whose(NamedTuple):
    """Whose a lead is: the owner's e-mail. `rep`: whose open lead it is, `waits`: the rule whose reps it waits for.

    `decided` is what the store does not know yet; `again`: when somebody may take it.
    """

    owner: str | None
    rep: str | None = None
    waits: str | None = None
    again: datetime | None = None
    decided: Routed | None = None


def material(store: Store, config: Config, sources: Mapping[int, Source], found: Material) -> Material:
    """The same with what routing asks of the store; inside `begin()`."""
    if config.routing is None:
        return found
    leads = sorted({member.lead_id for member in found.members})
    own = [m.facts for m in found.members if m.facts is not None] if config.routing.together else []
    keys = {company_key(config, *(_said(facts, word) for word in ("domain", "company"))) for facts in own}
    theirs = found.companies.values() if config.routing.together else ()
    keys |= {company_key(config, *(_said(facts, word) for word in ("domain", "company"))) for facts in theirs}
    accounts: dict[int, tuple[int, str]] = {}
    if config.routing.by_account:
        owned = {id_: read.owner for id_, read in _companies_read(config, sources) if read.owner}
        accounts = kept.owners_of(store, found.companies, owned)
    return replace(found, routed=kept.latest(store, leads), accounts=accounts,
                   together=kept.together(store, keys - {None}))  # type: ignore[arg-type] # fmt: skip


def at_once(config: Config) -> int:
    """How many leads to evaluate at once."""
    scorings = (config.scoring, *(segment.scoring for segment in config.scoring.segments))
    return max(1, BATCH * _RULES // max(_RULES, *(len(scoring.rules) for scoring in scorings)))


def _companies_read(config: Config, sources: Mapping[int, Source]) -> Iterable[tuple[int, ObjectMapping]]:
    for id_, source in sources.items():
        connection = config.connections.get(source.connection)
        read = connection.mapping.reads.get(source.object) if connection else None
        if read is not None and read.role is Role.COMPANY:
            yield id_, read


def _said(facts: Mapping[str, object], word: str) -> str | None:
    return str(value_of(facts[word])) if word in facts else None  # type: ignore[arg-type]


def company_key(config: Config, domain: str | None, name: str | None) -> int | None:
    """What tells the company of a lead: its web domain, or else its name."""
    if domain:
        return key("domain", domain)
    same_name = config.facts.tables.forms.identity(name or "")
    return key("company", same_name) if same_name else None


def turns(store: Store, config: Config) -> Rotation:
    """How the turns stand in the store; inside `begin()`."""
    routing = config.routing
    return kept.turns(store, limited(routing.reps, routing.buyers)) if routing else Rotation()


def release(found: Material, turns: Rotation) -> None:
    """The leads that are about to be decided on count for nobody until they are."""
    for stored in found.results.values():
        if stored.rep:
            turns.load[stored.rep] = turns.load.get(stored.rep, 0) - 1


def called(store: Store, config: Config, freed: Collection[str] | None) -> list[int]:
    """The leads that wait and can come to reps who have had one less (None: to any), best first; inside `begin()`."""
    routing = config.routing
    if routing is None:
        return []
    names = limited(routing.reps, routing.buyers)
    names = names if freed is None else names & {*freed}
    if not names:
        return []
    load, reps = kept.turns(store, names).load, {rep.name: rep for rep in routing.reps}
    rules = {rule.name: (tuple(names & {*rule.to}), rule.top) for rule in routing.buyers}
    if routing.catch_all in names:
        rules = {name: ((*own, routing.catch_all), top) for name, (own, top) in {"": ((), None), **rules}.items()}
    found: dict[int, None] = {}
    for rule, (own, top) in rules.items():
        most = [min(m for m in (reps[name].capacity, top, BATCH) if m is not None) for name in own]
        room = sum(max(0, limit - load.get(name, 0)) for name, limit in zip(own, most, strict=True))
        found |= dict.fromkeys(kept.waiting(store, rule, min(room, BATCH)) if room else ())
    return list(found)


@dataclass(frozen=True)
class Router:
    """Says whose leads are."""

    frames: Frames
    directory: Directory

    @property
    def _routing(self) -> Routing | None:
        return self.frames.config.routing

    @cached_property
    def _users(self) -> Mapping[str, Collection[str]]:
        """By e-mail: the CRMs in which somebody has an active user."""
        found = defaultdict[str, set[str]](set)
        for connection, email in self.directory.id:
            found[email].add(connection)
        return found

    @cached_property
    def _owned(self) -> Mapping[int, tuple[str, str | None]]:
        """By source: its connection, and the field that holds the owner, if one does."""
        found = {}
        for id_, source in self.frames.sources.items():
            connection = self.frames.config.connections.get(source.connection)
            read = connection.mapping.reads.get(source.object) if connection else None
            found[id_] = source.connection, read.owner if read else None
        return found

    @cached_property
    def _partners(self) -> Collection[str]:
        return {rep.email for rep in self.reps if rep.partner}

    @property
    def reps(self) -> Sequence[RepRule]:
        """Those of the file."""
        return self._routing.reps if self._routing else ()

    def owner(self, records: Sequence[Member]) -> str | None:
        """Who owns a lead by its CRMs. What people have set counts for more than what leadsync has written."""
        ours = None
        for _, email, by_us in self.owners(records):
            if not by_us:
                return email
            ours = ours or email
        return ours

    def owners(self, records: Sequence[Member]) -> Iterator[tuple[Member, str, bool]]:
        """The records that somebody owns, by trust: whose each is, and whether leadsync wrote that."""
        for member in self.frames.by_trust(records):
            connection, field = self._owned[member.source_id]
            if field and member.gone_at is None and member.fields is not None:
                ext_id = text(member.fields.get(field)) or None
                if email := self.directory.owner(connection, ext_id):
                    wrote = (member.ours or {}).get(field)
                    yield member, email, wrote is not None and same(ext_id, wrote[0])

    def whose(
        self, frame: pl.DataFrame, activities: pl.DataFrame, members: Mapping[int, Sequence[Member]], found: Material,
        turns: Rotation, now: datetime, *, barred: Collection[int] = (), at: Mapping[int, datetime] | None = None,
    ) -> dict[int, Whose]:  # fmt: skip
        """Whose each lead of `frame` is. Nobody new gets those that are `barred`. `turns` is brought up to date.

        `at` says when leads were asked about, where that is not now.
        """
        made = {lead: Whose(self.owner(members[lead])) for lead in frame["lead"]}
        routing = self._routing
        if routing is None:
            return made
        given = {lead: e for lead in made if (e := self._given(found.routed.get(lead))) and lead not in barred}
        made |= {lead: Whose(made[lead].owner or email) for lead, email in given.items()}
        when = {lead: (at or {}).get(lead, now) for lead in made}
        left = {lead for lead in made if lead not in barred}
        for kind, rules, asked in self._asked(frame, activities, members, found, given, when, left):
            for company in {lead.company for lead in asked} & found.together.keys():
                turns.together.setdefault(company, found.together[company])  # type: ignore[arg-type,index]
            caught = routing.catch_all if kind == "buyer" else None
            team = Team(routing.reps, rules, self._users, caught, routing.together)
            for routed in team.assign(asked, turns):
                made[routed.lead] = _whose(routed, found, open_=kind == "buyer")
        return made

    def first_rules(
        self, frame: pl.DataFrame, activities: pl.DataFrame, members: Mapping[int, Sequence[Member]], found: Material,
        now: datetime,
    ) -> Counter[str]:  # fmt: skip
        """How many leads each rule is the first to fit, whoever owns them; "" is none of them."""
        counted = Counter[str]()
        leads = set(frame["lead"])
        for _, rules, asked in self._asked(frame, activities, members, found, {}, dict.fromkeys(leads, now), leads):
            for lead in asked:
                fit = (r.name for r, fits in zip(rules, lead.fits, strict=True) if fits and (r.to or lead.account))
                counted[next(fit, "")] += 1
        return counted

    def _asked(
        self, frame: pl.DataFrame, activities: pl.DataFrame, members: Mapping[int, Sequence[Member]], found: Material,
        given: Mapping[int, str], at: Mapping[int, datetime], leads: Collection[int],
    ) -> Iterator[tuple[str, Sequence[RouteRule], list[Asked]]]:  # fmt: skip
        """Those of these leads that should have an owner, by the rules that they go by."""
        routing = self._routing
        assert routing is not None
        kinds = self._kinds(frame, found)
        for kind, rules in (("buyer", routing.buyers), ("customer", routing.customers), ("other", routing.others)):
            when = routing.when if kind == "buyer" else None
            if kind not in kinds or not rules:
                continue
            wanted, *fits = _truths([when, *(rule.when for rule in rules)], frame, activities)
            asked = [
                self._as_asked(row, [column[n] for column in fits], members, found, given, at[row[0]])
                for n, row in enumerate(frame.select("lead", "score", "domain", "company").iter_rows())
                if kinds[n] == kind and wanted[n] and row[0] in leads
            ]
            yield kind, rules, asked

    def _kinds(self, frame: pl.DataFrame, found: Material) -> list[str]:
        """Which rules each lead goes by: buyer, customer, other, or none once it is lost."""
        kinds = []
        for lead, class_ in frame.select("lead", "class").iter_rows():
            outcome = found.outcomes.get(lead)
            known_as = "customer" if class_ == CUSTOMER or outcome == "won" else "buyer" if class_ == BUYER else "other"
            kinds.append("" if known_as == "buyer" and outcome == "lost" else known_as)
        return kinds

    def _given(self, last: Kept | None) -> str | None:
        """Whom a lead was given to by leadsync, if they are still there."""
        there = last is not None and (last.owner in self._users or last.owner in self._partners)
        return last.owner if last is not None and there and last.why != "kept" else None

    def _as_asked(
        self, row: tuple[Any, ...], fits: Sequence[bool], members: Mapping[int, Sequence[Member]], found: Material,
        given: Mapping[int, str], at: datetime,
    ) -> Asked:  # fmt: skip
        """A lead as `core.assign` wants it; its `row` is lead, score, domain and company."""
        (lead, score, domain, company), config = row, self.frames.config
        last = found.routed.get(lead)
        live = [m for m in members[lead] if m.gone_at is None and m.fields is not None]
        account = None
        if found.accounts:
            owned = (found.accounts[c] for c in self.frames.companies(members[lead], found) if c in found.accounts)
            emails = (self.directory.owner(self.frames.sources[source].connection, id_) for source, id_ in owned)
            account = next((email for email in emails if email), None)
        there = last is None or last.owner in self._users or last.owner in self._partners
        left = None if there or last is None else last.owner
        return Asked(
            lead, at, fits, score, self.owner(members[lead]), given.get(lead), account,
            company_key(config, domain, company) if config.routing and config.routing.together else None,
            frozenset(self.frames.connection(m) for m in live), left,
        )  # fmt: skip


def _truths(
    conditions: Sequence[Condition | None], frame: pl.DataFrame, activities: pl.DataFrame
) -> list[Sequence[bool]]:
    """Whether each condition holds for each lead; none is one that always does."""
    columns = iter(truths([c for c in conditions if c is not None], frame, activities).get_columns())
    return [[True] * frame.height if c is None else next(columns).to_list() for c in conditions]


def _whose(routed: Routed, found: Material, *, open_: bool) -> Whose:
    """What follows of a decision, which is new where the last one was another."""
    last = found.routed.get(routed.lead)
    new = last is None or last.owner != routed.owner or (routed.owner is None and last.why != routed.why)
    waits = routed.rule if routed.owner is None and open_ else None
    return Whose(routed.owner, routed.rep if open_ else None, waits, routed.again, routed if new else None)
