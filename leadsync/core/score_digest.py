"""A number for all that follows from the points of a lead: as long as it is the same, other rules change nothing of it.

Told with the score are its parts and what people read of each, the segment, and what is most worth asking for; with it
go the scores from which on a lead is warm and hot, and engaged. The day on which it changes by time alone is no part of
it: to find that costs twice what the score does, and only of leads whose number is the same anybody has to know.
"""

from collections.abc import Mapping
from hashlib import blake2b

import polars as pl

from leadsync.core.score import RESULTS
from leadsync.core.scoring import Scoring
from leadsync.core.segments import COLUMN, split


def score_digests(
    scoring: Scoring, live: pl.DataFrame, leads: pl.DataFrame, parts: pl.DataFrame, divided: Mapping[int, str]
) -> dict[int, int]:
    """By lead. `leads` have lead, day and `COLUMN`; `divided` are their `parts` as from `core.score.divided`. `live`
    are the same leads with the results, `COLUMN` and ask_for as they were before those that came to an outcome were
    given back what they keep: funnels and rules of routing go by these."""
    said = live.select(pl.concat_str(pl.col(*RESULTS, COLUMN, "ask_for").cast(pl.String).fill_null(""), separator="|"))
    told = dict(zip(live["lead"], said.to_series(), strict=True))
    found = {}
    for name, part in split(scoring, leads):
        own = scoring.of(name)
        head = f"{own.warm}|{own.hot}|{scoring.cuts.quadrant['engagement']}"
        labels = _labels(own, parts if part.height == leads.height else parts.join(part, on="lead", how="semi"))
        for lead in part["lead"]:
            text = f"{head}|{told[lead]}|{divided.get(lead)}|{labels.get(lead)}"
            found[lead] = _number(text)
    return found


def _labels(scoring: Scoring, parts: pl.DataFrame) -> dict[int, str]:
    """By lead, what is said of which rule, in the order in which people read of those that weigh the same."""
    both, first = ["group", "name"], dict[tuple[str, ...], int]()
    rules = pl.DataFrame([key for key, _ in scoring.labels.items()], dict.fromkeys(both, pl.String), orient="row")
    rules = rules.with_columns(pl.col(name).cast(parts.schema[name], strict=False) for name in both)
    nth = [first.setdefault((*label.values(),), number) for number, label in enumerate(scoring.labels.values())]
    said = [str(_number(repr((key, *label.values())), 4)) for key, label in scoring.labels.items()]
    rules = rules.with_columns(pl.Series("nth", nth, dtype=pl.UInt32), pl.Series("said", said, dtype=pl.String))
    told = parts.lazy().join(rules.lazy(), on=both).sort("lead", "nth", "said")
    return dict(told.group_by("lead", maintain_order=True).agg(pl.col("said").str.join(",")).collect().iter_rows())


def _number(told: str, size: int = 8) -> int:
    return int.from_bytes(blake2b(told.encode(), digest_size=size).digest(), "big", signed=True)
