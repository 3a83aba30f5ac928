"""What the stored leads say of conditions, rules and stages: how many each holds for."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from leadsync import catalog
from leadsync.config.document import Loc
from leadsync.config.load import Config
from leadsync.core.classes import BUYER
from leadsync.core.conditions import Condition
from leadsync.core.score import RESULTS, Scores
from leadsync.core.segments import COLUMN, scored
from leadsync.core.sentence import sentence
from leadsync.core.truth import truths
from leadsync.store import evaluation, schema, sources
from leadsync.store.database import Store, open_to_read
from leadsync.store.evaluation import Material, Member
from leadsync.sync import routes
from leadsync.sync.check_conditions import MEANT, Placed, placed
from leadsync.sync.directory import directory
from leadsync.sync.evaluate import Evaluator
from leadsync.sync.stages import staged
from leadsync.types import Finding

MOST = 100_000  # leads that are looked at; of more, an even sample
TELLING = 100  # leads from which on "none" and "all" say something
_THERE = (schema.records.c.lead_id.is_not(None), *sources.THERE)
Fired = Mapping[tuple[str, str], tuple[int, int]]
"""Group and rule → how many leads have points by it, and how many they have together (hundredths)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many of `leads` each condition holds for. They are a sample where there are more: `of`."""

    holds: Sequence[tuple[Placed, int]]
    leads: int
    of: int
    heat: Mapping[tuple[str, str], int] = field(default_factory=dict)  # stage, temperature → leads
    scored: Mapping[str | None, int] = field(default_factory=dict)  # segment → leads
    fired: Mapping[str | None, Fired] = field(default_factory=dict)  # segment → what its rules come to
    rules: Mapping[str, int] = field(default_factory=dict)  # of routing → leads that it is the first to fit
    also: Mapping[Condition, int] = field(default_factory=dict)  # what else was asked about → leads

    @property
    def stages(self) -> Mapping[str, int]:
        """Leads by stage."""
        found = Counter[str]()
        for (stage, _), count in self.heat.items():
            found[stage] += count
        return found


def reach(config: Config, now: datetime, also: Sequence[Condition] = ()) -> Reach:
    """How many of the stored leads each condition, and each of `also`, holds for, by what is stored and the files.

    Those that test single activities are left out. Nothing is written. Raises `StateRefused` for a store that cannot be
    read as it is.
    """
    wanted = [each for each in placed(config) if each.condition.fields.isdisjoint(catalog.ATTRIBUTES)]
    with open_to_read(config.store, config.folder) as store:
        with store.begin():
            there = {source.id: source for source in sources.load(store)}
            total, step = _sample(store)
            people = directory(evaluation.owners(store), {})
        census = _Census(config, there, people, {})
        holds, leads, last = [0] * (len(wanted) + len(also)), 0, 0
        while True:
            with store.begin():
                part = _leads(store, last, step, routes.at_once(config))
                found = evaluation.material(store, part, mail_check=config.mail_check is not None)
                found = routes.material(store, config, there, found)
            if not part:
                return Reach(
                    list(zip(wanted, holds, strict=False)), leads, total, census.heat, census.scored, census.fired,
                    census.rules, dict(zip(also, holds[len(wanted) :], strict=True)),
                )  # fmt: skip
            holds = [a + b for a, b in zip(holds, census.count(found, wanted, also, now), strict=True)]
            leads, last = leads + len(part), part[-1]


def suspects(found: Reach) -> Iterator[Finding]:
    """The admin's own conditions that make no difference between the leads there are, and stages whose leads are not as
    warm as they are meant to be."""
    for stage, meant in MEANT.items():
        of = Counter({heat: count for (at, heat), count in found.heat.items() if at == stage})
        if of.total() >= TELLING and of[meant] * 2 < of.total():
            most, count = of.most_common(1)[0]
            told = f"{stage} is meant to be {meant}, and of {of.total()} leads there {count} are {most}"
            yield Finding("warning", told, "see whether the gates of the funnel and the bands of the temperature agree")
    for each, holds in found.holds:
        if each.shipped or found.leads < TELLING:
            continue
        place = each.document.place(each.loc)
        if not holds and each.loc[-1] != "never":
            told = f"{place}: {each.at} holds for none of {found.leads} leads"
            yield Finding("warning", told, "see whether it is meant so, and whether what it reads is filled in the CRM")
        elif holds == found.leads and ("rules" in each.loc or each.loc[-1] == "never"):
            told = f"{place}: {each.at} holds for all of {found.leads} leads"
            yield Finding("warning", told, "see whether it is meant so: it makes no difference between them")
        elif holds and each.loc[:1] == ("segments",) and len(each.loc) == 3 and not found.scored.get(each.name, 0):
            told = f"{place}: {each.at} holds for {holds} of {found.leads} leads, and earlier segments take them all"
            yield Finding("warning", told, "place it before them, or narrow their `when:`")


def body(config: Config, found: Reach) -> dict[str, Any]:
    """As JSON has it."""
    words = config.fields
    return {
        "leads": found.leads,
        "of": found.of,
        "stages": {stage.name: found.stages[stage.name] for stage in config.ladder.every},
        "conditions": [
            {"file": each.file, "at": each.at, "where": each.document.place(each.loc), "shipped": each.shipped,
             "condition": each.condition.text, "sentence": sentence(each.condition, "en", words), "holds": holds}
            for each, holds in found.holds
        ],
        **({"routing": _by_rule(config, found)} if config.routing else {}),
    }  # fmt: skip


def _by_rule(config: Config, found: Reach) -> dict[str, int]:
    """In the order of the file; "" is for those that no rule fits."""
    names = [rule.name for rule in config.routing.all_rules] if config.routing else []
    return {name: found.rules.get(name, 0) for name in [*names, ""]}


def _sample(store: Store) -> tuple[int, int]:
    """How many leads there are, and every which of them is looked at."""
    total = store.connection.scalar(sa.select(sa.func.count(sa.distinct(schema.records.c.lead_id))).where(*_THERE)) or 0
    return total, max(1, math.ceil(total / MOST))


def _leads(store: Store, last: int, step: int, many: int) -> list[int]:
    lead = schema.records.c.lead_id
    query = sa.select(lead).where(*_THERE, lead > last, lead % step == 0).distinct().order_by(lead).limit(many)
    return list(store.connection.scalars(query))


@dataclass
class _Census(Evaluator):
    """Counts instead of deciding. `heat`: leads by stage and temperature; `scored`: by segment; `fired`: what the
    rules of each segment come to; `rules`: leads by the first rule of routing that fits them."""

    heat: Counter[tuple[str, str]] = field(default_factory=Counter)
    scored: Counter[str | None] = field(default_factory=Counter)
    fired: dict[str | None, dict[tuple[str, str], tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    rules: Counter[str] = field(default_factory=Counter)

    def count(
        self, found: Material, wanted: Sequence[Placed], also: Sequence[Condition], now: datetime
    ) -> list[int]:  # fmt: skip
        """How many leads each condition holds for; a `scope`, how many have a record that it takes in."""
        members = defaultdict[int, list[Member]](list)
        inside = defaultdict[Loc, set[int]](set)
        for member, is_so in zip(found.members, self._inside(found.members), strict=True):
            if is_so:
                members[member.lead_id].append(member)
                source = self.sources[member.source_id]
                inside[f"mappings/{source.connection}.yaml", source.object].add(member.lead_id)
        conditions = [*(each.condition for each in wanted), *also]
        holds = [0] * len(conditions)
        if members:
            frame, activities, _ = self._known(members, found, now)
            scores = scored(self.config.scoring, frame, activities)
            self._rules(frame, scores)
            frame = frame.hstack(scores.totals.select(RESULTS))
            frame = frame.join(staged(self.frames, frame, activities, members, found).stages, on="lead")
            buyers = frame.filter(pl.col("class") == BUYER)
            self.heat.update(buyers.select("stage", "temperature").drop_nulls().rows())
            holds = list(truths(conditions, frame, activities).sum().row(0))
            if self.config.routing is not None:
                self.rules += self.router.first_rules(frame, activities, members, found, now)
        return [
            len(inside[each.file, each.loc[1]]) if each.loc[-1] == "scope" else held
            for each, held in zip(wanted, holds, strict=False)
        ] + holds[len(wanted) :]  # fmt: skip

    def _rules(self, frame: pl.DataFrame, scores: Scores) -> None:
        self.scored.update(frame[COLUMN])
        parts = scores.parts.filter(pl.col("what").cast(pl.String) == "rule").join(
            frame.select("lead", COLUMN), on="lead"
        )
        found = parts.group_by(COLUMN, pl.col("group", "name").cast(pl.String)).agg(pl.len(), pl.col("points").sum())
        for segment, group, name, leads, points in found.iter_rows():
            before = self.fired[segment].get((group, name), (0, 0))
            self.fired[segment][group, name] = (before[0] + leads, before[1] + points)
