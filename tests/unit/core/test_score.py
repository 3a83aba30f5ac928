from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from core_frames import (
    LEADS,
    TODAY,
    activities_frame,
    cond,
    gate,
    happened,
    leads_frame,
    on,
    rows,
    scoring,
    scorings,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from leadsync.core.conditions import Condition
from leadsync.core.next_change import next_change
from leadsync.core.score import Scores, score
from leadsync.core.scoring import AXES, Cuts, Group, Rule, Scoring, Table
from leadsync.core.truth import truths

Act = tuple[Any, ...]
HISTORIES = LEADS.flatmap(lambda leads: st.tuples(st.just(leads), happened(len(leads))))
TOTALS = ("score", "fit", "engagement", "temperature", "grade", "quadrant")
PARTS = ("name", "group", "what", "points", "on", "count")


def one_group(*rules: Rule, cap: int | None = None) -> Scoring:
    return scoring(Group("engagement", cap, rules))


def scored(how: Scoring, *acts: Any, **lead: Any) -> Scores:
    return score(how, leads_frame(lead), activities_frame((1, *act) for act in acts))


def total(scores: Scores) -> int:
    return int(scores.totals["score"].item())


def test_points_of_an_activity_halve_and_end_where_they_round_to_nothing() -> None:
    rule = Rule("demo", "engagement", 100, per="demo_request", half_life_days=1)
    assert rule.table.points == (100, 50, 25, 13, 6, 3, 2, 1)
    assert rule.table.after == 0


def test_negative_points_are_the_mirror_of_positive_ones() -> None:
    plus, minus = (Rule("r", "g", points, per="visit", half_life_days=3).table.points for points in (777, -777))
    assert [-points for points in minus] == list(plus)


def test_a_window_ends_a_rule_to_the_day() -> None:
    rule = Rule("visit", "engagement", 500, per="visit", window_days=7)
    assert [total(scored(one_group(rule), ("visit", on(age)))) for age in (0, 6, 7, 8)] == [5, 5, 0, 0]


def test_without_window_or_half_life_an_activity_counts_for_ever() -> None:
    rule = Rule("visit", "engagement", 500, per="visit")
    assert total(scored(one_group(rule), ("visit", on(9000)))) == 5


def test_a_window_also_ends_what_fades() -> None:
    rule = Rule("visit", "engagement", 800, per="visit", half_life_days=10, window_days=11)
    assert [total(scored(one_group(rule), ("visit", on(age)))) for age in (0, 10, 11)] == [8, 4, 0]


def test_each_activity_counts_by_its_own_age_and_as_often_as_it_happened() -> None:
    rule = Rule("visit", "engagement", 400, per="visit", half_life_days=5)
    assert total(scored(one_group(rule), ("visit", on(0)), ("visit", on(5), 3), ("meeting", on(0)))) == 4 + 3 * 2


def test_what_lies_ahead_does_not_count_yet() -> None:
    assert total(scored(one_group(Rule("visit", "engagement", 400, per="visit")), ("visit", on(-1)))) == 0


def test_a_per_activity_rule_counts_only_where_its_condition_holds() -> None:
    rule = Rule("visit", "engagement", 400, cond("country = PL"), "visit")
    found = [total(scored(one_group(rule), ("visit", on(1)), country=country)) for country in ("PL", "VN", None)]
    assert found == [4, 0, 0]


ASKED = [("inquiry", on(1), 1, "Price"), ("inquiry", on(2), 2, "delivery"), ("inquiry", on(3), 4, None),
         ("visit", on(1), 8, "price")]  # fmt: skip


@pytest.mark.parametrize(
    ("when", "here", "elsewhere"),
    [("topic = price", 1, 1), ("topic != price", 6, 6), ("topic", 3, 3), ("not topic", 4, 4),
     ("topic in [price, demo]", 1, 1), ("topic contains [ric, live]", 3, 3), ('topic matches "^d"', 2, 2),
     ("topic = price and country = PL", 1, 0), ("country = PL and not topic = price", 6, 0),
     ("topic = price or country = PL", 7, 1), ("not (topic = price or country = PL)", 0, 6),
     ("topic = price and visit in 2d", 1, 1), ("topic = price and no visit in 2d", 0, 0),
     ("2 inquiry and topic = delivery and not phone", 2, 2)],
)  # fmt: skip
def test_a_condition_on_attributes_says_which_activities_count(when: str, here: int, elsewhere: int) -> None:
    how = one_group(Rule("asked", "engagement", 100, cond(when, topic="text"), "inquiry"))
    leads = leads_frame({"country": "PL"}, {"country": "VN"}, {"country": "PL"})
    acts = activities_frame((lead, *act) for lead in (1, 2) for act in ASKED)
    assert score(how, leads, acts).totals["score"].to_list() == [here, elsewhere, 0]


def test_only_the_activities_that_count_are_told_and_fade() -> None:
    how = one_group(Rule("price", "engagement", 2000, cond("topic = price", topic="text"), "inquiry", 14, cap=2000))
    assert rows(scored(how, *ASKED).parts, PARTS)[0] == ("price", "engagement", "rule", 1903, on(1), 1)
    leads, acts = leads_frame({}), activities_frame((1, *act) for act in ASKED[:2])
    assert next_change(how, [], leads, acts)["due"].to_list() == brute_force(how, [], leads, acts, 30)
    assert next_change(how, [], leads, activities_frame([(1, *ASKED[1])]))["due"].item() is None


def test_caps_floor_ceiling_and_rounding_are_parts_of_their_own() -> None:
    how = scoring(
        Group("fit", 4000, (Rule("a", "fit", 3050, cond("email")), Rule("b", "fit", 2000, cond("email")))),
        Group("engagement", None, (Rule("v", "engagement", 3000, per="visit", cap=6525),)),
        Group("negative", 500, (Rule("n", "negative", -9000, cond("phone")),)),
    )
    visits = [("visit", on(age)) for age in (4, 2, 3)]
    both = scored(how, *visits, email="x", phone="1")
    assert rows(both.parts, PARTS) == [
        ("a", "fit", "rule", 3050, None, 0),
        ("b", "fit", "rule", 2000, None, 0),
        ("", "fit", "cap", -1050, None, 0),
        ("v", "engagement", "rule", 9000, on(2), 3),
        ("v", "engagement", "cap", -2475, None, 0),
        ("n", "negative", "rule", -9000, None, 0),
        ("", "negative", "cap", 8500, None, 0),
        ("", "", "ceiling", -25, None, 0),
    ]
    assert rows(both.totals, TOTALS) == [(100, 40, 65, "hot", "A1", "ready")]
    assert rows(scored(how, visits[0], email=" ").totals, TOTALS) == [(30, 0, 30, "cold", "D2", "interested")]
    assert rows(scored(how, phone="1").parts, PARTS)[-1] == ("", "", "floor", 500, None, 0)


def test_halves_are_rounded_away_from_zero() -> None:
    halves = [Rule("r", "engagement", points) for points in (50, 149, 150, -150)]
    assert [total(scored(one_group(rule))) for rule in halves] == [1, 1, 2, 0]
    assert [scored(one_group(rule)).totals["engagement"].item() for rule in halves] == [1, 1, 2, -2]


@pytest.mark.parametrize(("points", "temperature"), [(3400, "cold"), (3450, "warm"), (6949, "warm"), (6950, "hot")])
def test_temperature_is_a_band_of_the_score(points: int, temperature: str) -> None:
    assert scored(one_group(Rule("r", "engagement", points))).totals["temperature"].item() == temperature


def test_a_condition_lifts_to_hot() -> None:
    how = scoring(Group("fit", None, (Rule("r", "fit", 1000, cond("email")),)), hot_when="need and fit >= 10")
    found = [scored(how, email=email, need="x").totals["temperature"].item() for email in ("a", None)]
    assert found == ["hot", "cold"]


def test_nobody_to_score() -> None:
    scores = score(one_group(Rule("r", "engagement", 100, per="visit")), leads_frame(), activities_frame([]))
    assert scores.totals.is_empty()
    assert scores.parts.is_empty()


def test_no_rules_at_all() -> None:
    scores = score(Scoring((), 70, 35), leads_frame({}), activities_frame([(1, "visit", TODAY)]))
    assert rows(scores.totals, TOTALS) == [(0, 0, 0, "cold", "D4", "neither")]


def test_one_lead_as_of_several_days() -> None:
    rule = Rule("visit", "engagement", 800, per="visit", half_life_days=2)
    leads = leads_frame(*({"lead": 7, "day": TODAY + timedelta(days)} for days in (2, 0, -1)))
    assert score(one_group(rule), leads, activities_frame([(7, "visit", TODAY)])).totals["score"].to_list() == [4, 8, 0]


@given(scorings(), HISTORIES)
def test_a_total_is_the_sum_of_its_parts(how: Scoring, history: tuple[list[dict[str, Any]], list[Act]]) -> None:
    leads, acts = history
    scores = score(how, leads_frame(*leads), activities_frame(acts))
    sums = scores.parts.group_by("lead").agg(pl.col("points").sum())
    sums = dict(sums.rows())
    assert [sums.get(lead, 0) for lead in scores.totals["lead"]] == [s * 100 for s in scores.totals["score"]]
    assert all(0 <= whole <= 100 for whole in scores.totals["score"])
    assert 0 not in scores.parts["points"]


@given(scorings(), HISTORIES, st.randoms())
def test_the_order_of_events_does_not_matter(
    how: Scoring, history: tuple[list[dict[str, Any]], list[Act]], random: Any
) -> None:
    leads, acts = history
    shuffled = random.sample(acts, len(acts))
    one, other = (score(how, leads_frame(*leads), activities_frame(order)) for order in (acts, shuffled))
    assert_frame_equal(one.totals, other.totals)
    assert_frame_equal(one.parts, other.parts)


@settings(max_examples=30)
@given(scorings(), HISTORIES)
def test_a_lead_alone_is_scored_as_among_others(how: Scoring, history: tuple[list[dict[str, Any]], list[Act]]) -> None:
    frame, acts = leads_frame(*history[0]), activities_frame(history[1])
    together = score(how, frame, acts)
    due = next_change(how, [], frame, acts)
    for lead in range(1, frame.height + 1):
        alone = score(how, frame.filter(lead=lead), acts)
        assert_frame_equal(alone.totals, together.totals.filter(lead=lead))
        assert_frame_equal(alone.parts, together.parts.filter(lead=lead))
        assert_frame_equal(next_change(how, [], frame.filter(lead=lead), acts), due.filter(lead=lead))


def visible(how: Scoring, watched: list[Condition], leads: pl.DataFrame, acts: pl.DataFrame) -> list[tuple[Any, ...]]:
    totals = score(how, leads, acts).totals
    known = leads.hstack(totals.select(TOTALS))
    return totals.select("score", "temperature", "grade", "quadrant").hstack(truths(watched, known, acts)).rows()


def brute_force(
    how: Scoring, watched: list[Condition], leads: pl.DataFrame, acts: pl.DataFrame, days: int
) -> list[date | None]:
    """Every day of every lead is looked at, as rows of one frame."""
    ahead = pl.concat([leads.with_columns(pl.col("day") + timedelta(days=k)) for k in range(days)])
    seen, count = visible(how, watched, ahead, acts), leads.height
    return [
        next((ahead["day"][k] for k in range(i + count, len(seen), count) if seen[k] != seen[i]), None)
        for i in range(count)
    ]


WATCHED = ("visit in 4d", "score >= 20 and fit < 10", "no activity in 3d or temperature = warm", "engagement > -5",
           "score in [9, 20] or fit in [5, 12.5]")  # fmt: skip


@settings(max_examples=80)
@given(scorings(), st.lists(st.sampled_from(WATCHED), unique=True), HISTORIES, st.sampled_from((1, 50, 12_000)))
def test_the_next_change_is_the_first_day_that_brings_one(
    how: Scoring, watched: list[str], history: tuple[list[dict[str, Any]], list[Act]], at_once: int
) -> None:
    leads, acts, gates = leads_frame(*history[0]), activities_frame(history[1]), [gate(text) for text in watched]
    # a table of 60 points fades out within 9 * log2(12000) days, everything else sooner, and 4 days lie ahead
    expected = brute_force(how, gates, leads, acts, 9 * 14 + 5)
    with patch("leadsync.core.next_change._AT_ONCE", at_once):  # few leads and many are searched in other steps
        assert next_change(how, gates, leads, acts)["due"].to_list() == expected


def test_the_next_change_far_ahead() -> None:
    rule = Rule("visit", "engagement", 260, per="visit", half_life_days=4000)
    leads, acts = leads_frame({}), activities_frame([(1, "visit", on(3))])
    day = next_change(one_group(rule), [], leads, acts)["due"].item()
    around = leads_frame(*({"lead": 1, "day": day + timedelta(days=k)} for k in (-1, 0)))
    assert score(one_group(rule), around, acts).totals["score"].to_list() == [3, 2]


def test_what_time_cannot_move_has_no_next_change() -> None:
    how = one_group(Rule("email", "engagement", 500, cond("email")), Rule("visit", "engagement", 100, per="visit"))
    leads = leads_frame({"email": "x"}, {})
    assert next_change(how, [], leads, activities_frame([(1, "visit", on(3))]))["due"].to_list() == [None, None]
    assert next_change(how, [], leads_frame(), activities_frame([])).schema == {"lead": pl.Int64, "due": pl.Date}


def test_something_in_the_diary_is_a_change_on_its_day() -> None:
    how = one_group(Rule("meeting", "engagement", 500, per="meeting"))
    acts = activities_frame([(1, "meeting", on(-40)), (1, "visit", on(-3))])
    assert next_change(how, [], leads_frame({}), acts)["due"].to_list() == [on(-40)]


def test_a_change_on_the_very_next_day_that_is_the_last() -> None:
    how = one_group(Rule("visit", "engagement", 500, per="visit", window_days=7))
    acts = activities_frame([(1, "visit", on(6)), (2, "visit", on(7))])
    assert next_change(how, [], leads_frame({}, {}), acts)["due"].to_list() == [on(-1), None]


@pytest.mark.parametrize("at_once", [1, 12_000])
@pytest.mark.parametrize("day", [3, 9, 137])
def test_a_change_that_is_undone_before_the_next_day_that_would_be_asked_about(at_once: int, day: int) -> None:
    gives = Rule("gives", "engagement", 1000, per="visit", window_days=day + 1)
    takes = Rule("takes", "engagement", -1000, per="bounce", window_days=day)
    acts = activities_frame([(1, "visit", on(0)), (1, "bounce", on(0))])
    with patch("leadsync.core.next_change._AT_ONCE", at_once):
        assert next_change(one_group(gives, takes), [], leads_frame({}), acts)["due"].item() == on(-day)


@pytest.mark.parametrize("half_lives", [(6, 20), (20, 6), (30, 365)])
@pytest.mark.parametrize("points", [(900, -1000), (3000, -600)])
def test_what_fades_both_ways_far_ahead(half_lives: tuple[int, int], points: tuple[int, int]) -> None:
    rules = [
        Rule(per, "engagement", worth, per=per, half_life_days=half_life)
        for per, worth, half_life in zip(("visit", "bounce"), points, half_lives, strict=True)
    ]
    leads = leads_frame(*({"country": "PL"} for _ in range(12)))
    acts = activities_frame(
        act for lead in range(12) for act in ((lead + 1, "visit", on(lead * 7)), (lead + 1, "bounce", on(lead * 3)))
    )
    how, watched = one_group(*rules), [gate("engagement >= 2"), gate("no visit in 40d")]
    expected = brute_force(how, watched, leads, acts, 5000 if 365 in half_lives else 400)
    for at_once in (1, 12_000):
        with patch("leadsync.core.next_change._AT_ONCE", at_once):
            assert next_change(how, watched, leads, acts)["due"].to_list() == expected


def test_what_happens_years_ahead_is_foreseen_unless_nobody_can_have_meant_it() -> None:
    gives = Rule("visit", "engagement", 1000, per="visit", half_life_days=30)
    takes = Rule("bounce", "engagement", -1000, per="bounce", half_life_days=30)
    how, watched = one_group(gives, takes), [gate("meeting")]
    ahead = {1: ("visit", 900), 2: ("meeting", 1300), 3: ("visit", 10 * 366), 4: ("visit", 2_912_000)}
    acts = activities_frame(
        (lead, kind, on(ago)) for lead, (what, days) in ahead.items()
        for kind, ago in (("visit", 4000), ("bounce", 4000), (what, -days), (what, -days - 1))
    )  # fmt: skip
    due = next_change(how, watched, leads_frame(*({} for _ in ahead)), acts)["due"].to_list()
    assert due == [on(-900), on(-1300), None, None]


def test_leads_of_whom_much_is_known_are_searched_in_portions() -> None:
    rule = Rule("visit", "engagement", 100, per="visit", half_life_days=3)
    acts = activities_frame((lead, "visit", on(day)) for lead in range(1, 6) for day in range(lead, lead + 9))
    leads = leads_frame(*({} for _ in range(6)))
    how = one_group(rule)
    whole = next_change(how, [], leads, acts)
    with patch("leadsync.core.next_change._MOST", 10):
        assert_frame_equal(next_change(how, [], leads, acts), whole)
    assert whole["due"].null_count() == 1


def test_a_part_that_is_watched_moves_while_the_score_stays_at_the_floor() -> None:
    visit = Rule("visit", "engagement", 1000, per="visit", half_life_days=10)
    how = scoring(
        Group("engagement", None, (visit,)), Group("against", None, (Rule("never", "against", -9000, cond("email")),))
    )
    leads, acts = leads_frame({"email": "x"}), activities_frame([(1, "visit", on(0))])
    how = replace(how, cuts=Cuts(dict.fromkeys(AXES, (99, 98, 97)), dict.fromkeys(AXES, 99)))
    assert next_change(how, [], leads, acts)["due"].item() is None
    assert next_change(how, [gate("engagement > 5")], leads, acts)["due"].item() == on(-9)


def test_points_fade_evenly_and_end() -> None:
    rule = Rule("visit", "engagement", 1000, per="visit", fade_days=4)
    assert rule.table == Table((1000, 750, 500, 250), 0)
    assert Rule("visit", "engagement", -10, per="visit", fade_days=4).table.points == (-10, -8, -5, -3)
    assert Rule("visit", "engagement", 1000, per="visit", fade_days=4, window_days=2).table.points == (1000, 750)


def test_content_alone_counts_for_little_until_something_else_agrees() -> None:
    rule = Rule("visit", "engagement", 1000, per="visit")
    how = scoring(Group("engagement", None, (rule,), alone=1500, agrees=cond("phone or meeting")))
    alone, agreed = scored(how, ("visit", on(0), 4)), scored(how, ("visit", on(0), 4), phone="1")
    assert (total(alone), total(agreed)) == (15, 40)
    assert rows(alone.parts, PARTS)[-1] == ("", "engagement", "alone", -2500, None, 0)
    assert total(scored(how, ("visit", on(0), 4), ("meeting", on(9)))) == 40


def test_grade_and_quadrant_follow_from_fit_and_engagement() -> None:
    group = Group("fit", None, (Rule("r", "fit", 2500, cond("email")),))
    how = scoring(group, Group("engagement", None, (Rule("v", "engagement", 900, per="visit"),)))
    found = [scored(how, *acts, **lead).totals.select("grade", "quadrant").row(0) for acts, lead in (
        ((), {}), ((), {"email": "x"}), ((("visit", on(0), 3),), {}), ((("visit", on(0), 5),), {"email": "x"}),
    )]  # fmt: skip
    assert found == [("D4", "neither"), ("B4", "prospect"), ("D2", "interested"), ("B1", "ready")]


def test_what_lowers_to_cold_beats_what_lifts() -> None:
    how = replace(scoring(hot_when="need"), warm_when=gate("budget"), cold_when=gate("country = PL"))
    told = [scored(how, **lead).totals["temperature"].item() for lead in (
        {}, {"budget": 1.0}, {"need": "x", "budget": 1.0}, {"need": "x", "country": "PL"},
    )]  # fmt: skip
    assert told == ["cold", "warm", "hot", "cold"]
