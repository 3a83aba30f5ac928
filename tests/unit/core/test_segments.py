"""Leads of segments are scored by rules of their own, and time is watched that can move them to another one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
from core_frames import LEADS, activities_frame, cond, gate, happened, leads_frame, on, scoring, scorings
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from leadsync.core.score import RESULTS, score
from leadsync.core.scoring import Group, Rule, Scoring, Segment
from leadsync.core.segments import COLUMN, next_changes, scored, segment_of

Act = tuple[Any, ...]
HISTORIES = LEADS.flatmap(lambda leads: st.tuples(st.just(leads), happened(len(leads))))
WHENS = ("country = PL", "phone and visit in 6d", "no activity in 9d", "meeting", "employees > 9 and not bounce in 4d")


@st.composite
def segmented(draw: st.DrawFn) -> Scoring:
    whens = draw(st.lists(st.sampled_from(WHENS), min_size=1, max_size=3))
    own = (Segment(f"s{i}", cond(when), draw(scorings())) for i, when in enumerate(whens))
    return replace(draw(scorings()), segments=tuple(own))


def placed(how: Scoring, leads: pl.DataFrame, acts: pl.DataFrame) -> pl.DataFrame:
    return leads.with_columns(segment_of(how, leads, acts))


@settings(max_examples=15)
@given(segmented(), HISTORIES)
def test_each_lead_is_scored_by_the_first_segment_that_fits(how: Scoring, history: tuple[list[Any], list[Act]]) -> None:
    acts = activities_frame(history[1])
    leads = placed(how, leads_frame(*history[0]), acts)
    found = scored(how, leads, acts)
    assert found.totals["lead"].to_list() == leads["lead"].to_list()
    for lead, segment in leads.select("lead", COLUMN).iter_rows():
        alone = leads.filter(lead=lead)
        fits = [each.name for each in how.segments if score(only(each), alone, acts).totals["score"].item()]
        assert segment == (fits[0] if fits else None)
        expected = score(how.of(segment), alone, acts)
        assert_frame_equal(found.totals.filter(lead=lead), expected.totals)
        told = found.of([lead]).parts.with_columns(pl.col("name", "group", "what").cast(pl.String))
        assert_frame_equal(told, expected.parts.with_columns(pl.col("name", "group", "what").cast(pl.String)))


def only(segment: Segment) -> Scoring:
    """A point for whoever the segment is for."""
    return scoring(Group("g", None, (Rule("r", "g", 100, segment.when),)))


def seen(how: Scoring, leads: pl.DataFrame, acts: pl.DataFrame) -> list[tuple[Any, ...]]:
    known = placed(how, leads, acts)
    told = (name for name in RESULTS if name not in ("fit", "engagement"))
    return known.select(COLUMN).hstack(scored(how, known, acts).totals.select(told)).rows()


@settings(max_examples=15)
@given(segmented(), HISTORIES)
def test_the_next_change_is_the_first_day_that_brings_another_result_or_segment(
    how: Scoring, history: tuple[list[Any], list[Act]]
) -> None:
    acts = activities_frame(history[1])
    leads = placed(how, leads_frame(*history[0]), acts)
    days = range(9 * 14 + 5)  # then all that fades has faded
    ahead = pl.concat([leads.with_columns(pl.col("day") + timedelta(days=k)) for k in days])
    told, many = seen(how, ahead, acts), leads.height
    expected = {
        lead: next((ahead["day"][k] for k in range(i + many, len(told), many) if told[k] != told[i]), None)
        for i, lead in enumerate(leads["lead"])
    }
    assert next_changes(how, [], leads, acts) == expected
    watched = [gate("visit in 20d or score >= 0")]  # that never changes
    worked = scored(how, leads, acts, watched).worked
    assert next_changes(how, watched, leads, acts, worked) == expected


def test_a_lead_that_time_takes_out_of_its_segment_changes_on_that_day() -> None:
    segments = tuple(Segment(f"s{days}", cond(f"visit in {days}d"), scoring()) for days in (6, 9))
    acts = activities_frame((lead, "visit", on(lead)) for lead in (1, 7, 10))
    how = replace(scoring(), segments=segments)
    leads = placed(how, leads_frame(*({"lead": lead} for lead in (1, 7, 10))), acts)
    assert next_changes(how, [], leads, acts) == {1: on(-5), 7: on(-2), 10: None}


def test_nobody_costs_nothing() -> None:
    how = replace(scoring(), segments=(Segment("s", cond("phone"), scoring()),))
    none = leads_frame().clear()
    assert scored(how, placed(how, none, activities_frame([])), activities_frame([])).totals.is_empty()
