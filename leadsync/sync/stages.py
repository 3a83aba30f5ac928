"""Where leads stand: what the store keeps of each, what a person has set in a CRM, and what follows from both."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from leadsync.config.load import Config
from leadsync.core.ladder import STATE, Ladder, place
from leadsync.core.mapping import text
from leadsync.core.plan import same
from leadsync.core.write_field import WriteField
from leadsync.store.evaluation import Material, Member, Move
from leadsync.sync.frames import Frames

Place = Mapping[str, str | Mapping[str, str] | None]


@dataclass(slots=True)
class Staged:
    """`stages`: one per row. By lead: what is kept of its stage, the stages that it came to, and on which day its own
    dates change something next."""

    stages: pl.Series
    places: dict[int, Place] = field(default_factory=dict)
    moves: dict[int, list[Move]] = field(default_factory=lambda: defaultdict(list))
    due: dict[int, date] = field(default_factory=dict)


def staged(
    frames: Frames, frame: pl.DataFrame, activities: pl.DataFrame, members: Mapping[int, Sequence[Member]],
    found: Material, early: Collection[int] = (),
) -> Staged:  # fmt: skip
    """The stages of the leads of `frame`; those that are `early` stay at the first one, whatever gates say."""
    ladder, before = frames.config.ladder, {}
    set_by: dict[int, Mapping[str, str]] = {}
    rows = []
    for lead in frame["lead"]:
        known = found.results[lead].place if lead in found.results else None
        before[lead] = known or {}
        set_by[lead] = _set_by_people(frames, members[lead])
        former = before[lead].get("people")
        told = _news(set_by[lead], former if isinstance(former, Mapping) else {})
        rows.append({**_read(before[lead]), "told": told, "outcome": found.outcomes.get(lead)})
    states = pl.DataFrame(rows, schema={**STATE, "told": pl.String, "outcome": pl.String})
    placed = place(ladder, frame, activities, states)
    waits = pl.col("lead").is_in(list(early)) & pl.col("stage").is_not_null()
    first = pl.lit(ladder.stages[0].name)
    made = Staged(placed.states.select(pl.when(waits).then(first).otherwise("stage").alias("stage")).to_series())
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
    return made


def _read(kept: Place) -> dict[str, str | date | None]:
    """A row of `STATE`."""
    found = {name: kept.get(name) for name in STATE}
    return {n: v if n == "stage" or v is None else date.fromisoformat(str(v)) for n, v in found.items()}  # type: ignore[misc]


def _news(now: Mapping[str, str], before: Mapping[str, str]) -> str | None:
    """The stage that a person has set since, in the CRM that is trusted most."""
    return next((stage for record, stage in now.items() if before.get(record) != stage), None)


def _set_by_people(frames: Frames, records: Sequence[Member]) -> dict[str, str]:
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
                if not same(shown, member.ours[write.field][0]) and (stage := _meant(write, shown, frames.config)):
                    found[str(member.id)] = stage
    return found


def _meant(write: WriteField, shown: object, config: Config) -> str | None:
    """The lowest stage that a CRM shows so."""
    ladder: Ladder = config.ladder
    words = write.map or {name: name for name in ladder.names}
    return next((name for name in ladder.names if name in words and text(words[name]) == text(shown)), None)  # type: ignore[arg-type]
