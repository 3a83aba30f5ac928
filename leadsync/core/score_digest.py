"""A number for all that follows from the points of a lead: as long as it is the same, other rules change nothing of it.

Told with the score are its parts and what people read of each, the segment, the day on which it changes by time alone,
and what is most worth asking for; with it go the scores from which on a lead is warm and hot, and engaged.
"""

from collections.abc import Mapping
from datetime import date
from hashlib import blake2b

import polars as pl

from leadsync.core.score import RESULTS
from leadsync.core.scoring import Scoring
from leadsync.core.segments import COLUMN, split


def score_digests(
    scoring: Scoring, leads: pl.DataFrame, parts: pl.DataFrame, divided: Mapping[int, str],
    due: Mapping[int, date | None],
) -> dict[int, int]:  # fmt: skip
    """By lead. `leads` have lead, day, the results, `COLUMN` and ask_for; `divided` are their `parts` as from
    `core.score.divided`; `due`: when the score changes next."""
    said = leads.select(pl.concat_str(pl.col(*RESULTS, COLUMN, "ask_for").cast(pl.String).fill_null(""), separator="|"))
    told = dict(zip(leads["lead"], said.to_series(), strict=True))
    found = {}
    for name, part in split(scoring, leads):
        own = scoring.of(name)
        head = f"{own.warm}|{own.hot}|{scoring.cuts.quadrant['engagement']}"
        labels = _labels(own, parts)
        for lead in part["lead"]:
            text = f"{head}|{told[lead]}|{due[lead]}|{divided.get(lead)}|{labels.get(lead)}"
            found[lead] = _number(text.encode(errors="replace"))
    return found


def _labels(scoring: Scoring, parts: pl.DataFrame) -> dict[int, int]:
    """By lead, for the labels of its parts."""
    both = ["group", "name"]
    rules = pl.DataFrame([key for key, _ in scoring.labels.items()], dict.fromkeys(both, pl.String), orient="row")
    rules = rules.with_columns(pl.col(name).cast(parts.schema[name], strict=False) for name in both)
    numbers = [_number("|".join(label.values()).encode(), 4) for label in scoring.labels.values()]
    told = parts.lazy().join(rules.lazy().with_columns(label=pl.Series(numbers, dtype=pl.Int64)), on=both)
    return dict(told.group_by("lead").agg(pl.col("label").sum()).collect().iter_rows())


def _number(told: bytes, size: int = 8) -> int:
    return int.from_bytes(blake2b(told, digest_size=size).digest(), "big", signed=True)
