"""Where leads stand: what the store keeps of each, what a person has set in a CRM, and what follows from both."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from leadsync.core.ladder import STATE, Ladder, place, shares
from leadsync.core.mapping import text
from leadsync.core.plan import same
from leadsync.core.write_field import WriteField
from leadsync.store.evaluation import Material, Member, Move
from leadsync.sync.frames import Frames

Place = Mapping[str, str | Mapping[str, str] | None]


@dataclass(slots=True)
class Staged:
    """`stages`: lead and stage, in the order of the leads. By lead: its funnel, what is kept of its stage, the stages
    that it came to, and on which day its own dates change something next."""

    stages: pl.DataFrame
    funnels: dict[int, Ladder] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    moves: dict[int, list[Move]] = field(default_factory=lambda: defaultdict(list))
    due: dict[int, date] = field(default_factory=dict)


def staged(
    frames: Frames, frame: pl.DataFrame, activities: pl.DataFrame, members: Mapping[int, Sequence[Member]],
    found: Material, early: Collection[int] = (),
) -> Staged:  # fmt: skip
    """The stages of the leads of `frame`; those that are `early` stay at the first one, whatever gates say."""
    made = Staged(frame.select("lead"))
    stages = [
        _staged(made, ladder, frames, frame.filter(theirs), activities, members, found, early)
        for ladder, theirs in shares(frames.config.ladder, frame, activities)
    ]
    made.stages = made.stages.join(pl.concat(stages), on="lead", how="left", maintain_order="left")
    return made


def _staged(
    made: Staged, ladder: Ladder, frames: Frames, frame: pl.DataFrame, activities: pl.DataFrame,
    members: Mapping[int, Sequence[Member]], found: Material, early: Collection[int],
) -> pl.DataFrame:  # fmt: skip
    """Lead and stage of those on one funnel; all else is added to `made`."""
    leads = frame["lead"].to_list()
    before = {lead: (known.place if (known := found.results.get(lead)) else None) or {} for lead in leads}
    set_by = dict(_set_by_people(frames, leads, members, ladder))
    told = {
        "told": [_news(set_by[lead], before[lead]) if lead in set_by else None for lead in leads],
        "outcome": [found.outcomes.get(lead) for lead in leads],
    }
    kept = {name: [own.get(name) for own in before.values()] for name in STATE}
    states = pl.DataFrame({**kept, **told}, dict.fromkeys((*kept, *told), pl.String))
    states = states.with_columns(pl.col(*STATE).exclude("stage").str.to_date("%Y-%m-%d"))
    placed = place(ladder, frame, activities, states)
    made.funnels |= dict.fromkeys(leads, ladder)
    for lead, due, *values in placed.states.select("lead", "due", pl.col(*STATE).cast(pl.String)).iter_rows():
        if lead in early:
            made.places[lead] = before[lead]
            continue
        own: Place = {name: value for name, value in zip(STATE, values, strict=True) if value is not None}
        made.places[lead] = {**own, "people": set_by[lead]} if lead in set_by else own
        if due is not None:
            made.due[lead] = due
    for lead, _, was, now, why, gate in placed.moves.iter_rows():
        if lead not in early:
            made.moves[lead].append(Move(was, now, why, gate))
    waits = pl.col("lead").is_in(list(early)) & pl.col("stage").is_not_null()
    return placed.states.select("lead", pl.when(waits).then(pl.lit(ladder.names[0])).otherwise("stage").alias("stage"))


def _news(now: Mapping[str, str], before: Place) -> str | None:
    """The stage that a person has set since, in the CRM that is trusted most."""
    former = before.get("people")
    known = former if isinstance(former, Mapping) else {}
    return next((stage for record, stage in now.items() if known.get(record) != stage), None)


def _set_by_people(
    frames: Frames, leads: Sequence[int], members: Mapping[int, Sequence[Member]], ladder: Ladder
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Leads of which some record shows another stage than leadsync wrote last: record → stage, most trusted first."""
    writes = {id_: [write for write in own if write.value == "stage"] for id_, own in frames.writes.items()}
    for lead in leads:
        found: dict[str, str] = {}
        for member in frames.by_trust(members[lead]):
            if member.gone_at is not None or member.fields is None or not member.ours:
                continue
            for write in writes[member.source_id]:
                if write.field in member.ours:
                    shown = member.fields.get(write.field)
                    if not same(shown, member.ours[write.field][0]) and (stage := _meant(write, shown, ladder)):
                        found[str(member.id)] = stage
        if found:
            yield lead, found


def _meant(write: WriteField, shown: object, ladder: Ladder) -> str | None:
    """The lowest stage that a CRM shows so."""
    words = write.map or {name: name for name in ladder.names}
    return next((name for name in ladder.names if name in words and text(words[name]) == text(shown)), None)  # type: ignore[arg-type]
