"""What follows from conditions, and which can never hold: told only where no lead can say otherwise."""

from datetime import date
from itertools import product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.catalog import NO_TO
from leadsync.core.condition_parser import parse
from leadsync.core.conditions import Combined, Condition, FieldTest
from leadsync.core.implied import clash, follows
from leadsync.core.truth import truths

FIELDS = {"country": "text", "employees": "number", "budget": "number", "score": "number"}
KINDS = ("call_in", "meeting", "visit")
SCORE = FieldTest("score", "number", "between", (0.0, 100.0))


def condition(text: str) -> Condition:
    return parse(text, fields=FIELDS, activities=KINDS)


NEVER = (
    "country = PL and country = DE",
    "country in [PL, DE] and country in [VN, IR]",
    "country = PL and country contains de",
    "country = PL and not country known",
    "employees > 10 and employees < 5",
    "employees > 10 and employees <= 10",
    "employees between 10 and 5",
    "employees in [1, 2] and employees > 2",
    "employees between 10 and 20 and not employees >= 10",
    "budget and not budget",
    "not (budget or country) and country = PL",
    "(country = PL or country = DE) and country = VN",
    "(country = PL or employees > 5) and not country = PL and not employees > 3",
    "(country = PL or budget) and (country = DE or budget < 5) and country = VN and budget > 7",
    "2 meeting in 30d and no meeting in 60d",
    "call_in about price and no call_in",
    "any of [meeting, visit] and no activity",
    "country contains pl and not country contains pl",
    "budget = none and budget",
    "budget < 5 and (budget = none or country = PL) and country = DE",
    "country contains [plo, apl] and not country contains [pl, de]",
    "employees and not employees > 50 and not employees <= 50",
    "not (employees > 50 or employees <= 50 or not employees)",
)  # fmt: skip
MAY = (
    "country = PL or country = DE",
    "employees > 10 and employees < 12",
    "employees >= 10 and employees <= 10",
    "not employees > 10 and not employees <= 10",  # nobody knows how many
    "country != PL and country != DE",
    "meeting in 30d and no meeting in 7d",
    "call_in and no call_in about price",
    "meeting since capture and no visit",
    "country matches 'p.*' and country = PL",
    "country contains p and country contains l",
    "budget = none and not budget > 5",
    "budget != none and not budget",
    "budget = none and not budget <= 5 and not budget > 5",
    "country contains p and not country contains pl",
    "employees and not employees > 50 and not employees < 50",
)


@pytest.mark.parametrize("text", NEVER)
def test_what_can_never_hold(text: str) -> None:
    assert clash([condition(text)]) is not None
    assert clash([], Combined("not", (Combined("not", (condition(text).root,)),))) is not None


@pytest.mark.parametrize("text", MAY)
def test_what_may_hold(text: str) -> None:
    assert clash([condition(text)]) is None


@pytest.mark.parametrize(
    "text",
    [
        "budget or not budget",
        "score >= 0",
        "not score > 100",
        "score < 101 or visit",
        "budget > 50 or budget <= 50 or not budget",
    ],
)
def test_what_always_holds(text: str) -> None:
    assert clash([], Combined("not", (condition(text).root,)), given=[SCORE]) is not None


@pytest.mark.parametrize(
    ("one", "other", "so"),
    [
        ("employees > 50", "employees > 10", True), ("employees > 10", "employees > 50", False),
        ("country = PL and visit", "country in [PL, DE]", True), ("country in [PL, DE]", "country = PL", False),
        ("employees between 5 and 9", "employees >= 5", True), ("employees >= 5", "employees > 5", False),
        ("3 meeting in 7d", "2 meeting in 30d", True), ("meeting in 30d", "meeting in 7d", False),
        ("visit", "any of [visit, meeting]", True), ("no visit", "no visit in 7d", True),
        ("call_in about price", "call_in about [price, demo]", True), ("country", "budget or country", True),
        ("meeting since capture", "meeting", True), ("meeting", "meeting since capture", False),
        ("visit within 3d of capture", "visit within 4d of capture", True),
        ("visit within 4d of capture", "visit within 3d of capture", False),
        ("visit within 3d of capture", "visit since capture", True),
        ("visit since capture", "visit within 9d of capture", False),
        ("country = PL and country = DE", "visit", False),
        ("country = PL and (visit or meeting)", "(country = PL and visit) or (country = PL and meeting)", True),
    ],
)  # fmt: skip
def test_what_holds_wherever_another_does(one: str, other: str, so: bool) -> None:
    assert follows(condition(one), condition(other)) is so


def test_a_condition_made_to_be_slow_is_not_told_of() -> None:
    never, deep = "no visit and visit", "visit"
    for _ in range(14):
        deep = f"({never} or ({deep})) and ({never} or employees > 5) and ({never} or budget)"
    assert clash([condition(deep)]) is None
    assert clash([condition(" and ".join(f"employees > {n}" for n in range(499)) + " and employees < 0")]) is None
    many = " and ".join(f"not employees > {n}" for n in range(70))
    assert clash([condition(f"{many} and ({' or '.join(['employees'] * 70)}) and not employees <= 0")]) is None


TESTS = st.sampled_from(
    ("country = a", "country in [a, b]", "country contains [b]", "country", "employees > 5", "employees >= 5",
     "employees < 5", "employees <= 3", "country contains ab",
     "employees", "employees between 3 and 7", "employees = 5", "employees in [3, 7]", "visit",
     "2 visit in 7d", "no visit in 30d", "any of [visit, meeting] in 7d", "no meeting", "visit since capture",
     "visit within 5d of capture", "2 visit within 20d of capture",
     "meeting about price", "budget = none", "budget", "budget > 7", "budget < 9")
)  # fmt: skip
TEXTS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from((" and ", " or ")), inner).map(lambda each: f"({''.join(each)})"),
    ),
    max_leaves=7,
)
DAY = date(2026, 11, 28)
DID = ((), (("visit", 2, 2, None),), (("visit", 20, 1, None),), (("meeting", 2, 1, "price"), ("visit", 20, 3, None)),
       (("meeting", 40, 1, "demo"),))  # fmt: skip
MONEY = ((None, None), (8.0, None), (None, "budget"))
LEADS = list(product((None, "a", "b", "ab"), (None, 1.0, 3.0, 5.0, 6.0, 9.0), MONEY, (None, 30, 5), range(len(DID))))
FRAME = pl.DataFrame(
    {
        "lead": range(len(LEADS)), "day": [DAY] * len(LEADS), "country": [c for c, *_ in LEADS],
        "capture": [None if ago is None else date.fromordinal(DAY.toordinal() - ago) for *_, ago, _ in LEADS],
        "employees": pl.Series([number for _, number, *_ in LEADS], dtype=pl.Float64),
        "budget": pl.Series([money for _, _, (money, _), *_ in LEADS], dtype=pl.Float64),
        NO_TO: [no for _, _, (_, no), *_ in LEADS],
    }
)  # fmt: skip
ACTIVITIES = pl.DataFrame(
    [
        (lead, kind, date.fromordinal(DAY.toordinal() - ago), count, topic)
        for lead, (*_, did) in enumerate(LEADS) for kind, ago, count, topic in DID[did]
    ],
    schema={"lead": pl.Int64, "kind": pl.String, "on": pl.Date, "count": pl.Int64, "topic": pl.String}, orient="row",
)  # fmt: skip


@given(TEXTS, TEXTS)
def test_no_lead_says_otherwise(one: str, other: str) -> None:
    left, right = condition(one), condition(other)
    found = truths([left, right], FRAME, ACTIVITIES)
    if clash([left, right]) is not None:
        assert not (found["0"] & found["1"]).any()
    if follows(left, right):
        assert (~found["0"] | found["1"]).all()
