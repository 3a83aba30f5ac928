from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from core_frames import KNOWN, RESULT_TYPES, TODAY, activities_frame, gate, leads_frame, on
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from leadsync.core.ladder import STATE, Ladder, Placed, Recycle, Stage, checks, place

TYPES = {**KNOWN, **RESULT_TYPES}
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


@pytest.mark.concept(38)
def test_whoever_asks_for_a_quote_needs_no_other_gate() -> None:
    placed = stand([("quote_request", on(1))])
    assert moves(placed) == [("suspect", "gate"), ("IQL", "passed"), ("MQL", "passed"), ("SQL", "or")]


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


@pytest.mark.concept(53)
def test_an_outcome_decides_while_it_stands() -> None:
    assert moves(stand(own=SQL | {"outcome": "won", "told": "IQL"})) == [("customer", "outcome")]
    assert moves(stand(own={"stage": "customer", "since": on(3)}, email="x")) == [("suspect", "gate"), ("IQL", "gate")]


@pytest.mark.concept(7)
def test_each_line_of_a_gate_is_told_apart() -> None:
    leads = leads_frame({"score": 30, "fit": 3, "phone": "1"}, types=TYPES)
    told = checks(LADDER, leads, activities_frame([])).filter(pl.col("stage") == "MQL")
    assert list(told.select("part", "holds").iter_rows()) == [("contact", True), ("fit", False), ("keep", True)]


class Journey(RuleBasedStateMachine):
    """A lead's days: points, requests, work, people and outcomes come and go; after each day the promises are held."""

    def __init__(self) -> None:
        super().__init__()
        self.day = TODAY
        self.lead: dict[str, Any] = {"score": 0, "fit": 0, "email": None}
        self.happened: list[tuple[int, str, date]] = []
        self.kept: dict[str, Any] = dict.fromkeys(STATE)
        self.outcome: str | None = None

    def ask(self, told: str | None = None) -> Placed:
        leads = leads_frame({**self.lead, "day": self.day}, types=TYPES)
        own = state(**self.kept, told=told, outcome=self.outcome)
        return place(LADDER, leads, activities_frame(self.happened), own)

    @rule(days=st.sampled_from([0, 1, 5, 14, 31, 90]), score=st.sampled_from([0, 24, 25, 49, 50, 69, 70, 100]),
          fit=st.sampled_from([0, 15]), email=st.sampled_from([None, "x"]),
          did=st.sampled_from(["", "", "quote_request", "rep_activity"]),
          told=st.sampled_from([None, None, None, "IQL", "SQL", "MQL"]),
          outcome=st.sampled_from([None, None, None, "won"]))  # fmt: skip
    def live(self, days: int, score: int, fit: int, email: str | None, did: str, told: str | None,
             outcome: str | None) -> None:  # fmt: skip
        self.day += timedelta(days=days)
        self.lead, self.outcome = {"score": score, "fit": fit, "email": email}, outcome
        if did:
            self.happened.append((1, did, self.day))
        before, placed = self.kept, self.ask(told)
        self.kept = placed.states.select(*STATE).row(0, named=True)
        now, was, names = self.kept["stage"], before["stage"], LADDER.names
        why = [row["why"] for row in placed.moves.iter_rows(named=True)]
        leads = leads_frame({**self.lead, "day": self.day}, types=TYPES)
        parts = checks(LADDER, leads, activities_frame(self.happened)).select("stage", "part", "holds").rows()
        shut = {stage for stage, part, holds in parts if part not in ("or", "keep", "recycle") and not holds}
        asks = any(holds for stage, part, holds in parts if part == "or")
        for row in placed.moves.iter_rows(named=True):  # no gate is passed unchecked
            assert row["why"] != "gate" or row["after"] not in shut
            assert row["why"] not in ("or", "passed") or asks
        chain = [was, *placed.moves["after"].to_list()]
        assert placed.moves["before"].to_list() == chain[:-1]
        assert chain[-1] == now
        if was and was != "customer" and not outcome and told is None:
            if before["hold"] and before["hold"] > self.day:
                assert now == was
            if before["wake"] and before["wake"] > self.day:
                assert now == was
            if "keep" in why:
                assert before["below"] is not None
                assert before["below"] + timedelta(days=14) <= self.day
                assert names.index(now) < names.index(was)
        again = self.ask()  # what a person did is news once
        assert again.moves.is_empty()  # running again changes nothing
        assert again.states.equals(placed.states)
        due = placed.states["due"].item()
        assert due is None or due > self.day


Journey.TestCase.settings = settings(max_examples=8, stateful_step_count=10, deadline=None)
TestJourney = Journey.TestCase


def test_many_leads_are_placed_as_each_alone() -> None:
    leads = leads_frame(*({"score": i % 101, "fit": i % 40, "email": "x"} for i in range(5000)), types=TYPES)
    kept = pl.DataFrame([{}] * 5000, schema={**STATE, "told": pl.String, "outcome": pl.String})
    at_once = place(LADDER, leads, activities_frame([]), kept).states["stage"].to_list()
    assert at_once[80 + 15] == where(stand(email="x", score=95, fit=15))
    assert set(at_once) == {"IQL", "MQL", "SQL"}
