from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from core_frames import KNOWN, RESULT_TYPES, TODAY, activities_frame, gate, leads_frame, on
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from leadsync.core.ladder import STATE, Ladder, Placed, Recycle, Stage, checks, place, shares

TYPES = {**KNOWN, **RESULT_TYPES}
NOTHING = activities_frame([])
QUOTE, IDLE = gate("quote_request in 7d"), gate("no rep_activity in 30d")
LADDER = Ladder(
    (
        Stage("suspect"),
        Stage("IQL", {"contact": gate("email or phone")}),
        Stage("MQL", {"contact": gate("email or phone"), "fit": gate("fit >= 15")}, keep=gate("score >= 25")),
        Stage("SQL", {"ready": gate("score >= 70")}, either=QUOTE, keep=gate("score >= 50"),
              recycle=Recycle(IDLE, "MQL", 90), version="v7"),
        Stage("customer", when="won"),
    )
)  # fmt: skip


def state(**own: Any) -> pl.DataFrame:
    return pl.DataFrame([own], schema={**STATE, "told": pl.String, "outcome": pl.String})


def stand(happened: list[tuple[str, date]] | None = None, own: dict[str, Any] | None = None, **lead: Any) -> Placed:
    leads = leads_frame({"score": 0, "fit": 0, **lead}, types=TYPES)
    return place(LADDER, leads, activities_frame((1, *each) for each in happened or []), state(**own or {}))


def where(placed: Placed) -> str | None:
    return placed.states["stage"].item()


def moves(placed: Placed) -> list[tuple[str, str]]:
    return list(placed.moves.select("after", "why").iter_rows())


WORKED = [("rep_activity", TODAY)]
SQL = {"stage": "SQL", "since": on(40)}


def test_several_stages_are_passed_at_once_and_each_is_told() -> None:
    placed = stand(email="x", fit=20, score=80)
    assert moves(placed) == [("suspect", "gate"), ("IQL", "gate"), ("MQL", "gate"), ("SQL", "gate")]
    assert placed.moves.row(-1) == (1, TODAY, "MQL", "SQL", "gate", "v7")


def test_a_gate_stops_whoever_would_pass_the_next_one() -> None:
    assert where(stand(email="x", fit=14, score=100)) == "IQL"


def test_a_long_funnel_costs_what_it_has_of_stages() -> None:
    steps = [Stage(f"step {n}", {"ready": gate(f"score >= {n}")}, keep=gate(f"fit >= {n}")) for n in range(40)]
    leads = leads_frame({"score": 25, "fit": 30}, types=TYPES)
    placed = [place(Ladder(tuple(steps)), leads, NOTHING, state(**own)) for own in ({}, {"stage": "step 35"})]
    assert [where(each) for each in placed] == ["step 25", "step 35"]


@pytest.mark.concept(38)
def test_whoever_asks_for_a_quote_needs_no_other_gate() -> None:
    placed = stand([("quote_request", on(1))])
    assert moves(placed) == [("suspect", "gate"), ("IQL", "passed"), ("MQL", "passed"), ("SQL", "or")]


def test_whoever_returns_after_a_loss_is_recycled_and_climbs_anew() -> None:
    ends = (Stage("lost", when="lost"), Stage("again", when="recycled"))
    own = state(stage="lost", since=on(40), outcome="returned")
    leads = leads_frame({"score": 80, "fit": 20, "email": "x"}, types=TYPES)
    ways = [
        moves(place(Ladder((*LADDER.stages, *more)), leads, NOTHING, own)) for more in (ends, ends[:1])
    ]  # fmt: skip
    climbed = [("IQL", "gate"), ("MQL", "gate"), ("SQL", "gate")]
    assert ways == [[("again", "returned"), ("suspect", "gate"), *climbed], [("suspect", "returned"), *climbed]]


def test_the_stage_is_left_after_the_days_of_grace_and_not_earlier() -> None:
    first = stand(WORKED, SQL, email="x", fit=20, score=40)
    assert where(first) == "SQL"
    assert first.states.select("below", "due").row(0) == (TODAY, TODAY + timedelta(days=14))
    assert where(stand(WORKED, SQL | {"below": on(13)}, email="x", fit=20, score=40)) == "SQL"
    last = stand(WORKED, SQL | {"below": on(14)}, email="x", fit=20, score=40)
    assert moves(last) == [("MQL", "keep")]
    assert stand(WORKED, SQL | {"below": on(13)}, email="x", fit=20, score=50).states["below"].item() is None


def test_who_is_kept_by_nothing_falls_as_far_as_the_gates_let_it() -> None:
    assert where(stand(WORKED, SQL | {"below": on(14)}, email="x", score=10)) == "IQL"
    assert where(stand(WORKED, SQL | {"below": on(14)}, score=10)) == "suspect"


@pytest.mark.concept(75)
def test_a_lead_that_nobody_works_on_sleeps_and_wakes_on_its_date() -> None:
    slept = stand(own=SQL, email="x", fit=20, score=80)
    wake = TODAY + timedelta(days=90)
    assert moves(slept) == [("MQL", "recycle")]
    assert slept.states.select("wake", "due").row(0) == (wake, wake)
    asleep = {"stage": "MQL", "since": on(1), "wake": TODAY + timedelta(days=1)}
    assert where(stand(own=asleep, email="x", fit=20, score=80)) == "MQL"
    assert moves(stand(own=asleep | {"wake": TODAY}, email="x", fit=20, score=80)) == [("SQL", "gate")]


def test_what_was_before_a_lead_came_does_not_recycle_it() -> None:
    fresh = stand(own=SQL | {"since": on(29)}, email="x", fit=20, score=80)
    assert where(fresh) == "SQL"
    assert fresh.states["due"].item() == TODAY + timedelta(days=1)


def test_a_stage_that_a_person_set_holds() -> None:
    placed = stand(own={"stage": "MQL", "since": on(9), "told": "SQL"})
    assert moves(placed) == [("SQL", "person")]
    until = TODAY + timedelta(days=30)
    assert placed.states.select("hold", "due").row(0) == (until, until)
    assert where(stand(own=SQL | {"hold": TODAY + timedelta(days=1), "below": on(20)})) == "SQL"
    over = stand(own=SQL | {"hold": TODAY}, score=10).states
    assert over.select("stage", "hold", "wake").row(0) == ("MQL", None, TODAY + timedelta(days=90))


def test_an_outcome_decides_while_it_stands() -> None:
    assert moves(stand(own=SQL | {"outcome": "won", "told": "IQL"})) == [("customer", "outcome")]
    assert moves(stand(own={"stage": "customer", "since": on(3)}, email="x")) == [("suspect", "gate"), ("IQL", "gate")]


@pytest.mark.concept(7)
def test_each_line_of_a_gate_is_told_apart() -> None:
    lines = {"contact": gate("email or phone"), "fit": gate("fit >= 15"), "consent": gate("consent = granted")}
    ladder = Ladder((Stage("MQL", lines, keep=gate("score >= 25")),))
    leads = leads_frame({"score": 30, "fit": 3, "phone": "1", "consent": "denied"}, types=TYPES)
    told = list(checks(ladder, leads, NOTHING).select("part", "holds").iter_rows())
    assert told == [("contact", True), ("fit", False), ("consent", False), ("keep", True)]


def test_a_lead_is_on_the_first_funnel_that_takes_it() -> None:
    partners = Ladder((Stage("met"),), name="partners", when=gate("email"))
    others = Ladder((Stage("heard of"),), name="callers", when=gate("phone"))
    ladder = replace(LADDER, others=(partners, others))
    leads = leads_frame({"email": "x", "phone": "1"}, {"phone": "1"}, {"email": ""}, {"email": "y"}, types=TYPES)
    found = {each.name: leads.filter(theirs)["lead"].to_list() for each, theirs in shares(ladder, leads, NOTHING)}
    assert found == {"partners": [1, 4], "callers": [2], "": [3]}
    shared = replace(ladder, others=(Ladder((Stage("SQL"), Stage("met")), name="partners", when=gate("email")),))
    assert [stage.name for stage in shared.every] == [*LADDER.names, "met"]
    assert shared.every[LADDER.names.index("SQL")] in LADDER.stages
    assert {"email", "phone"} <= {field for condition in ladder.conditions for field in condition.fields}


def test_whose_stage_its_funnel_does_not_have_begins_anew_and_is_told() -> None:
    assert moves(stand(own={"stage": "agreed", "since": on(3)}, email="x")) == [("suspect", "gate"), ("IQL", "gate")]
    gated = Ladder((Stage("high", {"ready": gate("score >= 70")}),))
    leads = leads_frame({"score": 0}, types=TYPES)
    placed = place(gated, leads, NOTHING, state(stage="agreed", since=on(3)))
    assert moves(placed) == [(None, "funnel")]
    again = place(gated, leads, NOTHING, state(**placed.states.select(*STATE).row(0, named=True)))
    assert again.moves.is_empty()


LEADS = range(1, 31)
MAY: dict[str, list[Any]] = {
    "score": [0, 24, 25, 49, 50, 69, 70, 100], "fit": [0, 15], "email": [None, "x"],
    "did": [None, None, "quote_request", "rep_activity"], "told": [*[None] * 6, "IQL", "SQL", "MQL"],
    "outcome": [*[None] * 8, "won"],
}  # fmt: skip


class Journey(RuleBasedStateMachine):
    """The days of many leads: points, requests, work, people and outcomes come and go; the promises are held."""

    def __init__(self) -> None:
        super().__init__()
        self.day = TODAY
        self.happened: list[tuple[int, str, date]] = []
        self.kept: dict[int, dict[str, Any]] = {lead: dict.fromkeys(STATE) for lead in LEADS}

    def ask(self, leads: pl.DataFrame, about: dict[int, dict[str, Any]], *, told: bool) -> Placed:
        own = [
            {**self.kept[n], "told": about[n]["told"] if told else None, "outcome": about[n]["outcome"]} for n in LEADS
        ]
        states = pl.DataFrame(own, schema={**STATE, "told": pl.String, "outcome": pl.String})
        return place(LADDER, leads, activities_frame(self.happened), states)

    @rule(days=st.sampled_from([0, 1, 5, 14, 31, 90]), chance=st.randoms(use_true_random=False))
    def live(self, days: int, chance: Random) -> None:
        self.day += timedelta(days=days)
        about = {lead: {name: chance.choice(values) for name, values in MAY.items()} for lead in LEADS}
        self.happened += [(lead, own["did"], self.day) for lead, own in about.items() if own["did"]]
        known = ({n: own[n] for n in ("score", "fit", "email")} | {"day": self.day} for own in about.values())
        leads = leads_frame(*known, types=TYPES)
        before, placed = self.kept, self.ask(leads, about, told=True)
        self.kept = {row.pop("lead"): row for row in placed.states.drop("due").iter_rows(named=True)}
        told = checks(LADDER, leads, activities_frame(self.happened))
        holds = {(lead, stage, part): so for lead, stage, part, so in told.iter_rows()}
        moved: dict[int, list[dict[str, Any]]] = {lead: [] for lead in LEADS}
        for row in placed.moves.iter_rows(named=True):
            moved[row["lead"]].append(row)
        for lead in LEADS:
            self.promises(lead, before[lead], moved[lead], about[lead], holds)
        assert self.ask(leads, about, told=False).moves.is_empty()  # running again changes nothing
        assert placed.states.filter(pl.col("due") <= self.day).is_empty()

    def promises(self, lead: int, was: dict[str, Any], moved: list[dict[str, Any]], own: dict[str, Any],
                 holds: dict[tuple[int, str, str], bool]) -> None:  # fmt: skip
        now, stage = self.kept[lead], was["stage"]
        assert [stage, *(row["after"] for row in moved)][:-1] == [row["before"] for row in moved]  # none is left out
        assert now["stage"] == (moved[-1]["after"] if moved else stage)
        for row in moved:  # no gate is passed unchecked
            parts = [so for (of, name, part), so in holds.items()
                     if of == lead and name == row["after"] and part not in ("or", "keep", "recycle")]  # fmt: skip
            assert row["why"] != "gate" or all(parts)
            assert row["why"] not in ("or", "passed") or holds[lead, "SQL", "or"]
        if own["outcome"]:
            assert now["stage"] == "customer"
        elif own["told"]:  # whoever sets it by hand has it so, for its time
            assert (now["stage"], now["hold"]) == (own["told"], self.day + timedelta(days=30))
        elif stage not in (None, "customer"):
            for until in (was["hold"], was["wake"]):
                assert until is None or until <= self.day or now["stage"] == stage
            if [row["why"] for row in moved] == ["keep"]:  # no flapping within the grace
                assert was["below"] is not None
                assert was["below"] + timedelta(days=14) <= self.day
                assert LADDER.names.index(now["stage"]) < LADDER.names.index(stage)


Journey.TestCase.settings = settings(max_examples=5, stateful_step_count=8, deadline=None)
TestJourney = Journey.TestCase


def test_many_leads_are_placed_as_each_alone() -> None:
    leads = leads_frame(*({"score": i % 101, "fit": i % 40, "email": "x"} for i in range(5000)), types=TYPES)
    kept = pl.DataFrame([{}] * 5000, schema={**STATE, "told": pl.String, "outcome": pl.String})
    at_once = place(LADDER, leads, activities_frame([]), kept).states["stage"].to_list()
    assert at_once[80 + 15] == where(stand(email="x", score=95, fit=15))
    assert set(at_once) == {"IQL", "MQL", "SQL"}
