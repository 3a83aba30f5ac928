"""Leads, activities and scorings for tests of the core, as short as they can be written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from leadsync.catalog import ACTIVITIES, FIELDS, RESULTS
from leadsync.core.condition_parser import parse
from leadsync.core.conditions import Condition
from leadsync.core.score import RESULTS as SCORED
from leadsync.core.scoring import AXES, Cuts, Group, Rule, Scoring

TODAY = date(2026, 11, 21)
TYPES = {"text": pl.String, "number": pl.Float64, "bool": pl.Boolean, "date": pl.Date}
KNOWN = {name: word.type for name, word in FIELDS.items()}
RESULT_TYPES = {name: RESULTS[name].type for name in SCORED}
KINDS = ("visit", "meeting", "bounce")


def on(days_ago: int) -> date:
    return TODAY - timedelta(days=days_ago)


def cond(text: str, **more: str) -> Condition:
    return parse(text, fields={**KNOWN, **more}, activities=ACTIVITIES)


def gate(text: str) -> Condition:
    return cond(text, **RESULT_TYPES)


def leads_frame(*leads: Mapping[str, Any], types: Mapping[str, str] = KNOWN) -> pl.DataFrame:
    """Leads are numbered from 1 on and looked at today unless they say otherwise."""
    schema = {"lead": pl.Int64, "day": pl.Date, "capture": pl.Date, **{n: TYPES[t] for n, t in types.items()}}
    rows = [{"lead": i, "day": TODAY, "capture": None, **lead} for i, lead in enumerate(leads, 1)]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def activities_frame(rows: Iterable[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows of lead, kind, on[, count[, topic]]."""
    full = [(i, *row, *(1, None)[len(row) - 3 :]) for i, row in enumerate(rows)]
    schema = {
        "id": pl.Int64, "lead": pl.Int64, "kind": pl.String, "on": pl.Date, "count": pl.Int64, "topic": pl.String,
    }  # fmt: skip
    return pl.DataFrame(full, schema=schema, orient="row")


def scoring(*groups: Group, hot: int = 70, warm: int = 35, hot_when: str | None = None) -> Scoring:
    return Scoring(groups, hot, warm, None if hot_when is None else gate(hot_when), "test")


WHENS = (
    "country = PL", "not phone", "employees between 10 and 20", "no activity in 9d", "2 visit in 12d",
    "any of [meeting, bounce] in 5d", "visit since capture and not meeting in 3d", "country = PL or bounce",
    "2 visit about price in 6d", "no meeting about [delivery, price] since capture",
    "2 visit within 3d of capture",
)  # fmt: skip
WHICH = (
    "topic = price", "topic = price and country = PL", "not topic or phone", "topic and no visit in 3d",
    "not (topic contains pri or bounce in 5d)",
)  # fmt: skip


NO_FADING = st.just((None, None))
ALONE = st.just((None, None)) | st.tuples(st.integers(1, 4000), st.sampled_from([cond(when) for when in WHENS]))


@st.composite
def rules(draw: st.DrawFn, name: str, group: str) -> Rule:
    per = draw(st.sampled_from((None, *KINDS)))
    timed = per is not None
    return Rule(
        name,
        group,
        draw(st.integers(-6000, 6000).filter(bool)),
        draw(st.none() | st.sampled_from([cond(when, topic="text") for when in (*WHENS, *(WHICH if timed else ()))])),
        per,
        *draw(st.sampled_from(((None, None), (3, None), (9, None), (None, 1), (None, 8))) if timed else NO_FADING),
        draw(st.none() | st.integers(1, 25)) if timed else None,
        draw(st.none() | st.integers(0, 7000)),
    )


@st.composite
def scorings(draw: st.DrawFn) -> Scoring:
    names = ("fit", "engagement", "more")[: draw(st.integers(1, 3))]
    groups = [
        Group(
            name,
            draw(st.none() | st.integers(0, 7000)),
            tuple(draw(rules(f"r{i}", name)) for i in range(draw(st.integers(0, 4)))),
            *draw(ALONE),
            axis=draw(st.sampled_from(("", *AXES))),
        )
        for name in names
    ]
    lifts = (None, "country = PL and visit in 6d", "engagement >= 20 and phone", "fit < 3 or no visit in 8d")
    found = scoring(*groups, hot=60, warm=30, hot_when=draw(st.sampled_from(lifts)))
    warm, cold = (when and gate(when) for when in draw(st.tuples(*[st.sampled_from(lifts)] * 2)))
    cuts = draw(st.tuples(*[st.integers(0, 60)] * 3).map(lambda three: tuple(sorted(three, reverse=True))))
    return replace(
        found, warm_when=warm, cold_when=cold, cuts=Cuts(dict.fromkeys(AXES, cuts), {"fit": 9, "engagement": 31})
    )


LEADS = st.lists(
    st.fixed_dictionaries(
        {
            "capture": st.none() | st.integers(-3, 30).map(on),
            "country": st.sampled_from((None, "PL", " pl", "VN", "")),
            "phone": st.sampled_from((None, "1")),
            "employees": st.sampled_from((None, 9.0, 10.0, 20.0, 21.0)),
        }
    ),
    min_size=1,
    max_size=4,
)


def happened(leads: int, *, ahead: int = 4, most: int = 8) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Activities of that many leads, some of them of days to come."""
    one = st.tuples(
        st.integers(1, leads), st.sampled_from(KINDS), st.integers(-ahead, 35).map(on), st.sampled_from((1, 1, 2, 7)),
        st.sampled_from((None, "price", " Price", "delivery", "")),
    )  # fmt: skip
    return st.lists(one, max_size=most)


def rows(frame: pl.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return frame.select(columns).rows()
