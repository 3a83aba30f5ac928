"""Golden records as texts: what is known of each lead, and what of its activity counts; and back, in the columns that
core decides on."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
import polars.selectors as cs

from leadsync.catalog import NO_TO, Word
from leadsync.core import talk
from leadsync.store.golden import Golden
from leadsync.sync.frames import NOT_OF_FACTS

_FIRST = date(1970, 1, 1).toordinal()
_TYPES: Mapping[str, Any] = {"number": pl.Float64, "date": pl.Date, "bool": pl.Boolean}
_NOTHING = r'"[^"\\]*":null,?'
"""A word without a value; nothing within a text looks like it, since quotes have a backslash there."""
_EVENTS: Mapping[str, Any] = {
    "kind": pl.String, "on": pl.Date, "day_only": pl.Boolean, "at": pl.Int64, "count": pl.Int64, "topic": pl.String,
}  # fmt: skip


def records(
    words: Mapping[str, Word], leads: pl.DataFrame, activities: pl.DataFrame, digests: Mapping[int, int],
    due: Mapping[int, date | None], ended: Collection[int], known: Mapping[int, Golden],
) -> dict[int, Golden]:  # fmt: skip
    """Those of `leads`, which have their stage; frames otherwise as from `sync.frames`. `words` are the fields, `due`
    when scores change next, `ended` leads that keep theirs; `known`: the golden records that the frames are made of, if
    they are."""
    on = {lead: None if lead in ended else in_days(day) for lead, day in due.items()}
    if known:
        return {
            lead: known[lead]._replace(day=day, stage=stage, digest=digests[lead], due=on[lead], ended=lead in ended)
            for lead, day, stage in leads.select("lead", pl.col("day").to_physical(), "stage").iter_rows()
        }
    filled = [name for name in ("capture", *_types(words)) if leads[name].null_count() < leads.height]
    events = activities.sort("id").group_by("lead", maintain_order=True).agg(*_EVENTS)
    did = events.select("lead", did=_json(events, [*_EVENTS]))
    rows = leads.select("lead", pl.col("day").to_physical(), "stage", facts=_json(leads, filled))
    rows = rows.join(did, on="lead", how="left").with_columns(pl.col("did").fill_null("{}"))
    return {
        lead: Golden(lead, day, stage, facts, events, digests[lead], on[lead], lead in ended)
        for lead, day, stage, facts, events in rows.iter_rows()
    }


def in_days(day: date | None) -> int | None:
    """Since 1970."""
    return None if day is None else day.toordinal() - _FIRST


def _types(words: Mapping[str, Word]) -> dict[str, Any]:
    types = {name: _TYPES.get(word.type, pl.String) for name, word in words.items() if name not in NOT_OF_FACTS}
    return {**types, NO_TO: pl.String}


def _json(rows: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """These columns of each row, as far as it has them; days as numbers."""
    if not names:
        return pl.repeat("{}", rows.height, eager=True)
    days = rows.select(names).with_columns(
        cs.date().cast(pl.Int32), cs.by_dtype(pl.List(pl.Date)).cast(pl.List(pl.Int32))
    )
    told = days.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    return told.str.replace_all(_NOTHING, "").str.replace(",}$", "}")


def in_columns(
    rows: Sequence[Golden], words: Mapping[str, Word], day: date | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The leads and their activities as from `sync.frames`, as of a day, or else of those of the rows. What `core.talk`
    tells is not known of them."""
    leads, days, _, facts, did, *_ = zip(*rows, strict=True) if rows else ((),) * 5
    known = _decoded(facts, {"capture": pl.Date, **_types(words)})
    keys = pl.DataFrame({"lead": leads, "day": days}, {"lead": pl.Int64, "day": pl.Int32})
    frame = keys.with_columns(pl.col("day").cast(pl.Date) if day is None else pl.lit(day).alias("day")).hstack(known)
    events = _decoded(did, {name: pl.List(type_) for name, type_ in _EVENTS.items()})
    activities = keys.select("lead").hstack(events).explode(*_EVENTS).drop_nulls("kind").with_row_index("id")
    return frame.with_columns(**talk.none()), activities.with_columns(pl.col("id").cast(pl.Int64))


def _decoded(told: Sequence[str], types: Mapping[str, Any]) -> pl.DataFrame:
    """The columns of rows as `_json` wrote them, also of those that none of them has."""
    numbers: Mapping[Any, Any] = {pl.Date: pl.Int32, pl.List(pl.Date): pl.List(pl.Int32)}
    stored = pl.Struct({name: numbers.get(type_, type_) for name, type_ in types.items()})
    columns = pl.Series("told", told, dtype=pl.String).str.json_decode(stored).struct.unnest()
    return columns.with_columns(pl.col(name).cast(type_) for name, type_ in types.items() if type_ in numbers)
