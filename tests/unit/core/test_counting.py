"""What of the activity that CRMs tell counts."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.core.counting import SECOND, WHY, counted, judged

NOON = 1_795_262_400 * SECOND  # 21 November 2026
COLUMNS = (
    "id",
    "lead",
    "kind",
    "at",
    "count",
    "topic",
    "record",
    "source",
    "ext_id",
    "detail",
    "on",
    "origin",
    "day_only",
)
TEXTS = ("kind", "topic", "ext_id", "detail")


def act(kind: str, seconds: float, lead: int = 1, **more: Any) -> dict[str, Any]:
    return {"lead": lead, "kind": kind, "at": NOON + int(seconds * SECOND), "count": 1, "topic": None, "record": lead,
            "source": 1, "ext_id": None, "detail": None, "origin": 0, "day_only": False} | more  # fmt: skip


def frame(*acts: dict[str, Any]) -> pl.DataFrame:
    rows = [{"id": n, **row, "ext_id": row["ext_id"] or f"E{n}"} for n, row in enumerate(acts, 1)]
    rows = [row | {"on": (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row["at"])).date()} for row in rows]
    special = {"on": pl.Date, "day_only": pl.Boolean, **dict.fromkeys(TEXTS, pl.String)}
    types = {name: special.get(name, pl.Int64) for name in COLUMNS}
    return pl.DataFrame([{name: row[name] for name in COLUMNS} for row in rows], schema=types)


def told(*acts: dict[str, Any]) -> list[tuple[int, str | None]]:
    return [(counts, why) for counts, why in judged(frame(*acts)).select("counts", "why").iter_rows()]


def test_a_click_seconds_after_the_sending_is_a_gateway_and_one_minutes_later_is_not() -> None:
    acts = [act("email_sent", 0), act("email_open", 2), act("email_click", 10), act("email_click", 11)]
    assert told(*acts) == [(1, None), (0, "soon"), (0, "soon"), (1, None)]


def test_another_connection_and_another_lead_say_nothing_of_the_sending() -> None:
    acts = [act("email_sent", 0), act("email_click", 2, origin=1, source=2, record=8), act("email_click", 2, lead=2)]
    assert told(*acts) == [(1, None)] * 3


def test_what_a_counter_says_of_the_time_before_is_not_dated() -> None:
    before = act("email_click", 3, count=40, ext_id="7:hs_email_click:40:before")
    assert told(act("email_sent", 0), before) == [(1, None), (40, None)]
    assert told(act("email_sent", 0), act("email_click", 3, count=12, ext_id="7:hs_email_click:12"))[1] == (0, "soon")


@pytest.mark.parametrize(
    ("seconds", "machine"),
    [
        ((0, 0.2, 0.4, 0.9), True), ((0, 0.5, 1, 1.5), False), ((0, 2, 4, 6, 9), True), ((0, 3, 6, 9, 12), False),
        ((0, 1, 2), False),
    ],
)  # fmt: skip
def test_many_links_at_once(seconds: tuple[float, ...], machine: bool) -> None:
    clicks = [act("email_click", 3600 + at) for at in seconds]
    assert told(*clicks, act("email_click", 9000)) == [(0, "burst") if machine else (1, None)] * len(clicks) + [
        (1, None)
    ]


def test_what_only_has_a_day_is_not_at_once() -> None:
    mail = [act(kind, 0, day_only=True) for kind in ("email_sent", *["email_click"] * 5)]
    assert told(*mail) == [(1, None)] * 6


def test_of_a_day_one_open_counts() -> None:
    acts = [act("email_open", 0, count=5), act("email_open", 3600), act("email_open", 86_400), act("email_click", 70)]
    assert told(*acts) == [(1, "repeated"), (0, "repeated"), (1, None), (1, None)]


THERE = {"origin": 1, "source": 9, "record": 2}
HOUR = 3600


def why(*acts: dict[str, Any]) -> list[str | None]:
    return [reason for _, reason in told(*acts)]


def test_a_call_that_two_crms_tell_counts_once_and_two_calls_count_twice() -> None:
    acts = [act("call_in", 0), act("call_in", 0.4, **THERE), act("call_in", 60, **THERE), act("call_out", 0, **THERE)]
    assert told(*acts) == [(1, None), (0, "copied"), (1, None), (1, None)]
    twice = [act("call_in", 0), act("call_in", 0), *[act("call_in", 0, **THERE)] * 3]
    assert why(*twice) == [None, None, "copied", "copied", None]


def test_one_call_stands_for_one_of_the_other_crm_and_no_more() -> None:
    """Its second is that of the one, its subject that of the other."""
    acts = [act("call_in", 0, detail="Prices"), act("call_in", 0, detail="Demo", **THERE),
            act("call_in", 1800, detail="prices ", **THERE)]  # fmt: skip
    assert why(*acts) == [None, "copied", None]


def test_a_call_around_midnight_is_the_same_on_both_days() -> None:
    acts = [act("call_in", 12 * HOUR - 60, detail="Prices"), act("call_in", 12 * HOUR + 60, detail="Prices", **THERE)]
    assert why(*acts) == [None, "copied"]


@pytest.mark.parametrize(("hours", "same"), [(0.1, True), (2, True), (2.1, False), (5, False)])
def test_calls_of_one_day_with_one_subject_are_the_same_if_they_are_near(hours: float, same: bool) -> None:
    acts = [act("call_in", 0, detail="Call"), act("call_in", hours * HOUR, detail="Call", **THERE)]
    assert why(*acts) == [None, "copied" if same else None]


@pytest.mark.parametrize(
    "subject", ["RE: Offer", "Odp: Re[2]: offer ", "پاسخ: Offer", "Отв: offer", "TL: Offer", "Email: Odp.: Offer"]
)
def test_the_subject_of_an_answer_is_that_of_what_it_answers_in_another_crm_alone(subject: str) -> None:
    acts = [act("email_reply", 0, detail=subject), act("email_reply", 60, detail="Offer")]
    assert why(*acts) == [None, None]
    assert why(*acts[:1], act("email_reply", 60, detail="Offer", **THERE)) == [None, "copied"]
    assert why(*acts[:1], act("email_reply", 60, detail="Re Offer", **THERE)) == [None, None]


def test_of_several_that_are_near_as_many_are_the_same_as_can_be() -> None:
    mine = [act("call_in", at * HOUR, detail="Call") for at in (0, 2, 4)]
    theirs = [act("call_in", at * HOUR, detail="Call", **THERE) for at in (1.9, 4.1, 9)]
    assert why(*mine, *theirs) == [None, None, None, "copied", "copied", None]


def test_what_only_has_a_day_is_known_by_its_subject() -> None:
    day = {"detail": "price list", "day_only": True}
    acts = [act("call_in", -3 * HOUR, detail="Price list "), act("call_in", 0, **THERE, **day),
            act("call_in", 7, **THERE), act("call_in", 9)]  # fmt: skip
    assert why(*acts) == [None, "copied", None, None]
    later = act("call_in", 24 * HOUR, detail="price list", **THERE)
    assert why(act("call_in", 0, **day), later) == [None, None]
    both = [act("call_in", 0, **day), act("call_in", 0, detail="another", day_only=True, **THERE)]
    assert why(*both) == [None, None]


def test_three_crms_that_tell_of_one_call_make_it_one() -> None:
    last = {"origin": 2, "source": 12, "record": 3}
    acts = [act("call_in", 60, detail="Call"), act("call_in", 0, detail="Call", **THERE),
            act("call_in", 60.5, detail="Call", **last), act("call_in", 3 * HOUR, detail="Call", **last)]  # fmt: skip
    assert why(*acts) == [None, "copied", "copied", None]


def test_one_row_on_two_records_of_a_lead_counts_once() -> None:
    acts = [act("meeting", 0, ext_id="M1"), act("meeting", 0, ext_id="M1", record=5), act("meeting", 0, lead=2,
            ext_id="M1")]  # fmt: skip
    assert told(*acts) == [(1, None), (0, "twice"), (1, None)]


def test_nothing_at_all() -> None:
    assert counted(frame()).columns == list(COLUMNS)


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    kinds = st.sampled_from(("email_sent", "email_open", "email_click", "call_in"))
    acts = []
    for _ in range(draw(st.integers(0, 14))):
        lead, second = draw(st.integers(1, 3)), draw(st.booleans())
        more = {"origin": 1, "source": 2, "record": lead + 10} if second else {}
        acts.append(act(draw(kinds), draw(st.integers(0, 20)) / 2, lead, count=draw(st.integers(1, 3)), **more))
    return acts


@given(histories(), st.integers())
def test_alone_as_among_others_in_any_order_and_never_more_than_was_told(acts: list[dict[str, Any]], seed: int) -> None:
    whole = frame(*acts)
    found = judged(whole)
    assert found.filter(pl.col("counts") > pl.col("count")).is_empty()
    assert found.filter((pl.col("counts") < pl.col("count")) != pl.col("why").is_not_null()).is_empty()
    assert set(found["why"].drop_nulls()) <= set(WHY)
    assert judged(whole.sample(fraction=1, shuffle=True, seed=abs(seed) % 2**32)).sort("id").equals(found)
    for lead in (1, 2, 3):
        mine = pl.col("lead") == lead
        assert judged(whole.filter(mine)).equals(found.filter(mine))


Call = tuple[float, str | None, bool]
TIMES = st.sampled_from([0.0, 0.5, HOUR, 2.0 * HOUR, 2.5 * HOUR, 13.0 * HOUR])
CALLS = st.lists(
    st.tuples(TIMES, st.sampled_from(["Call", "call ", "Re: call", "Demo", "", None]), st.booleans()), max_size=9
)


def as_told(calls: list[Call], *, swapped: bool) -> list[dict[str, Any]]:
    """By two CRMs; what happened at noon only has its day."""
    return [
        act("call_in", at, detail=detail, day_only=not at, **(THERE if there is not swapped else {}))
        for at, detail, there in calls
    ]


@settings(max_examples=40)
@given(CALLS, st.randoms(use_true_random=False))
def test_whichever_crm_is_the_first_and_whatever_came_first_as_many_count(calls: list[Call], random: Random) -> None:
    count = sum(counts for counts, _ in told(*as_told(calls, swapped=False)))
    assert sum(counts for counts, _ in told(*as_told(calls, swapped=True))) == count
    random.shuffle(calls)
    assert sum(counts for counts, _ in told(*as_told(calls, swapped=False))) == count
    there = sum(there for *_, there in calls)
    assert max(there, len(calls) - there) <= count <= len(calls)
