"""A number that is the same exactly where the same follows from a score."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
from core_frames import LEADS, activities_frame, happened, leads_frame, on, scorings
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.core.score import RESULTS, Scores, divided
from leadsync.core.score_digest import score_digests
from leadsync.core.scoring import Group, Rule, Scoring
from leadsync.core.segments import COLUMN, scored

DUE = on(3)
HISTORIES = LEADS.flatmap(lambda leads: st.tuples(st.just(leads), happened(len(leads))))
SAME = {
    name: label for name, label in (("en", "same"), ("fa", "همان"), ("ru", "то же"), ("pl", "to samo"), ("vi", "vậy"))
}


def digests(how: Scoring, leads: pl.DataFrame, acts: pl.DataFrame, *, ask: str | None = None) -> dict[int, int]:
    known = leads.with_columns(pl.lit(None, pl.String).alias(COLUMN))
    found = scored(how, known, acts)
    known = known.hstack(found.totals.select(RESULTS)).with_columns(ask_for=pl.lit(ask, pl.String))
    return score_digests(how, known, known, found.parts, divided(found))


def told(how: Scoring, leads: pl.DataFrame, acts: pl.DataFrame) -> dict[int, Any]:
    """What follows: by lead its results, its parts with what they are called, and the bounds."""
    known = leads.with_columns(pl.lit(None, pl.String).alias(COLUMN))
    found = scored(how, known, acts)
    said = {row[0]: row[1:] for row in found.totals.select("lead", *RESULTS).iter_rows()}
    return {
        lead: (said[lead], _parts(how, found, lead), how.warm, how.hot, how.cuts.quadrant["engagement"])
        for lead in said
    }


def _parts(how: Scoring, found: Scores, lead: int) -> list[Any]:
    return [
        (part, tuple(sorted(how.labels.get((part[1], part[0]), {}).items())))
        for part in found.parts.filter(lead=lead).select("name", "group", "what", "points", "on", "count").rows()
    ]


@settings(max_examples=25)
@given(scorings(), st.none() | scorings(), HISTORIES, st.integers(0, 3))
def test_it_is_the_same_where_the_same_follows_and_nowhere_else(
    one: Scoring, other: Scoring | None, history: tuple[list[Any], list[Any]], edit: int
) -> None:
    two = other or _edited(one, edit)
    leads, acts = leads_frame(*history[0]), activities_frame(history[1])
    first, second = digests(one, leads, acts), digests(two, leads, acts)
    said, then = told(one, leads, acts), told(two, leads, acts)
    assert {lead: first[lead] == second[lead] for lead in first} == {lead: said[lead] == then[lead] for lead in said}


def _edited(how: Scoring, edit: int) -> Scoring:
    """Another bound, another label of the first rule, a rule more that never holds, or nothing else."""
    if edit == 0:
        return replace(how, hot=how.hot + 1)
    if edit == 1 and how.groups[0].rules:
        first, *rest = how.groups[0].rules
        return replace(how, groups=(replace(how.groups[0], rules=(replace(first, label=SAME), *rest)), *how.groups[1:]))
    if edit == 2:
        return replace(how, groups=(*how.groups, Group("none", None, (Rule("none", "none", 100, per="webinar"),))))
    return replace(how)


def test_it_is_the_same_alone_and_among_others_and_tells_what_to_ask_for() -> None:
    how = Scoring((Group("fit", None, (Rule("r", "fit", 700, per="visit", fade_days=9),)),), 60, 30)
    leads = leads_frame(*({"country": "PL", "phone": None, "employees": None, "capture": None},) * 3)
    acts = activities_frame([(n, "visit", DUE - timedelta(days=n), 1, None) for n in leads["lead"]])
    every = digests(how, leads, acts)
    assert len({*every.values()}) == 3
    assert every == {lead: digests(how, leads.filter(lead=lead), acts)[lead] for lead in leads["lead"]}
    assert every.items().isdisjoint(digests(how, leads, acts, ask="phone").items())
