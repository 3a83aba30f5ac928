"""Leads that are scored by rules of their own: each by those of the first segment that fits, else by the file's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from leadsync.core.conditions import Condition
from leadsync.core.next_change import next_change
from leadsync.core.score import Scores, Worked, score
from leadsync.core.scoring import Scoring
from leadsync.core.truth import truths

COLUMN = "scored_as"
"""Of frames of leads: the name of the segment, null where none fits."""
_KEY = ("lead", "day")
_WORDS = ("name", "group", "what")  # of parts; each scoring has a type of its own for them


def segment_of(scoring: Scoring, leads: pl.DataFrame, activities: pl.DataFrame) -> pl.Series:
    """The name of the first segment that fits, per row; null where none does."""
    if not scoring.segments:
        return pl.Series(COLUMN, [None] * leads.height, dtype=pl.String)
    holds = truths([each.when for each in scoring.segments], leads, activities)
    names = [pl.when(str(i)).then(pl.lit(each.name)) for i, each in enumerate(scoring.segments)]
    return holds.select(pl.coalesce(*names).alias(COLUMN))[COLUMN]


def split(scoring: Scoring, leads: pl.DataFrame) -> Iterator[tuple[str | None, pl.DataFrame]]:
    """The leads of each segment that has any, in their order; `leads` have `COLUMN`."""
    if not scoring.segments or leads.is_empty():
        yield None, leads
        return
    parts = leads.partition_by(COLUMN, as_dict=True, maintain_order=True)
    yield from ((name, part) for (name,), part in parts.items())


def together(leads: pl.DataFrame, parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """What was found of the leads of each segment (lead, day and more), in rows as in `leads`."""
    found = [*parts]
    if len(found) == 1:
        return found[0]
    return leads.select(_KEY).join(pl.concat(found), on=_KEY, how="left", maintain_order="left")


def scored(
    scoring: Scoring, leads: pl.DataFrame, activities: pl.DataFrame, watched: Sequence[Condition] | None = None
) -> Scores:
    """Every lead scored by the rules of its segment; otherwise as `score`. `watched`: what `next_changes` will ask."""
    found = {}
    for name, part in split(scoring, leads):
        also = () if watched is None else (*watched, *scoring.leaving(name))
        found[name] = score(scoring.of(name), part, activities, also)
    if len(found) == 1:
        ((name, each),) = found.items()
        return Scores(each.totals, each.parts, {name: each.worked[None]})
    parts = [each.parts.with_columns(pl.col(_WORDS).cast(pl.String)) for each in found.values()]
    totals = together(leads, (each.totals for each in found.values()))
    return Scores(totals, pl.concat(parts), {name: each.worked[None] for name, each in found.items()})


def next_changes(
    scoring: Scoring,
    watched: Sequence[Condition],
    leads: pl.DataFrame,
    activities: pl.DataFrame,
    worked: Mapping[str | None, Worked] | None = None,
) -> dict[int, date | None]:
    """Lead → the day on which its result changes next, as from `next_change`, or its segment does. `worked` as from
    `scored`."""
    found: dict[int, date | None] = {}
    for name, part in split(scoring, leads):
        conditions = [*watched, *scoring.leaving(name)]
        rows = next_change(scoring.of(name), conditions, part, activities, (worked or {}).get(name))
        found.update(rows.iter_rows())
    return found
