"""Where leads stand: what the store keeps of each, what a person has set in a CRM, and what follows from both."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
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
    before: dict[int, Place] = {}
    set_by: dict[int, Mapping[str, str]] = {}
    rows = []
    for lead in frame["lead"]:
        known = found.results[lead].place if lead in found.results else None
        before[lead] = known or {}
        set_by[lead] = _set_by_people(frames, members[lead], ladder)
        former = before[lead].get("people")
        told = _news(set_by[lead], former if isinstance(former, Mapping) else {})
        rows.append({**_read(before[lead]), "told": told, "outcome": found.outcomes.get(lead)})
        made.funnels[lead] = ladder
    states = pl.DataFrame(rows, schema={**STATE, "told": pl.String, "outcome": pl.String})
    placed = place(ladder, frame, activities, states)
    for row in placed.states.iter_rows(named=True):
        lead = row["lead"]
        if lead in early:
            made.places[lead] = before[lead]
            continue
        kept: dict[str, str | Mapping[str, str] | None] = {n: text(str(row[n])) for n in STATE if row[n] is not None}
        made.places[lead] = kept | ({"people": set_by[lead]} if set_by[lead] else {})
        if row["due"] is not None:
            made.due[lead] = row["due"]
    for lead, _, was, now, why, gate in placed.moves.iter_rows():
        if lead not in early:
            made.moves[lead].append(Move(was, now, why, gate))
    waits = pl.col("lead").is_in(list(early)) & pl.col("stage").is_not_null()
    return placed.states.select("lead", pl.when(waits).then(pl.lit(ladder.names[0])).otherwise("stage").alias("stage"))


def _read(kept: Place) -> dict[str, str | date | None]:
    """A row of `STATE`."""
    found = {name: kept.get(name) for name in STATE}
    return {n: v if n == "stage" or v is None else date.fromisoformat(str(v)) for n, v in found.items()}  # type: ignore[misc]


def _news(now: Mapping[str, str], before: Mapping[str, str]) -> str | None:
    """The stage that a person has set since, in the CRM that is trusted most."""
    return next((stage for record, stage in now.items() if before.get(record) != stage), None)


def _set_by_people(frames: Frames, records: Sequence[Member], ladder: Ladder) -> dict[str, str]:
    """record → the stage that it shows where that is not what leadsync wrote last; most trusted first."""
    found: dict[str, str] = {}
    for member in frames.by_trust(records):
        source = frames.sources[member.source_id]
        connection = frames.config.connections.get(source.connection)
        writes = connection.mapping.writes.get(source.object, ()) if connection else ()
        if member.gone_at is not None or member.fields is None or not member.ours:
            continue
        for write in writes:
            if write.value == "stage" and write.field in member.ours:
                shown = member.fields.get(write.field)
                if not same(shown, member.ours[write.field][0]) and (stage := _meant(write, shown, ladder)):
                    found[str(member.id)] = stage
    return found


def _meant(write: WriteField, shown: object, ladder: Ladder) -> str | None:
    """The lowest stage that a CRM shows so."""
    words = write.map or {name: name for name in ladder.names}
    return next((name for name in ladder.names if name in words and text(words[name]) == text(shown)), None)  # type: ignore[arg-type]
