from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from leadsync.core.company_score import CompanyScoring, company_scores

HOW = CompanyScoring(engaged=20, per_person=5, most=15)
SCHEMA = {"company": pl.String, "lead": pl.Int64, "fit": pl.Int64, "engagement": pl.Int64}
PEOPLE = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 99), st.integers(-40, 40), st.integers(-10, 60)),
    max_size=12,
    unique_by=lambda one: one[1],
)


def found(*people: Any) -> list[tuple[Any, ...]]:
    return company_scores(HOW, pl.DataFrame(people, SCHEMA, orient="row")).rows()


def test_the_three_most_engaged_and_how_many_there_are() -> None:
    people = [("a", 1, 10, 30), ("a", 2, 24, 50), ("a", 3, 0, 20), ("a", 4, 0, 19), ("a", 5, 0, 0)]
    assert found(*people) == [("a", 24 + 33 + 3 * 5, 24, 33, 3, 2)]


def test_one_person_is_a_company_and_nobody_takes_from_another() -> None:
    assert found(("a", 1, -30, -10), ("b", 2, 5, 20)) == [("a", 0, 0, 0, 0, 1), ("b", 30, 5, 20, 1, 2)]


def test_people_beyond_the_most_and_points_beyond_a_hundred_do_not_count() -> None:
    four = [("a", lead, 40, 60) for lead in (4, 2, 3, 1)]
    assert found(*four) == [("a", 100, 40, 60, 4, 1)]
    assert [row[1] for row in found(*((c, lead, 0, 20) for c, lead in zip("aaaa", (1, 2, 3, 4), strict=True)))] == [35]


def test_no_company() -> None:
    assert found() == []


@given(PEOPLE, st.randoms())
def test_order_and_other_companies_do_not_matter(people: list[Any], random: Any) -> None:
    frame = pl.DataFrame(people, SCHEMA, orient="row")
    together = company_scores(HOW, frame)
    mixed = pl.DataFrame(random.sample(people, len(people)), SCHEMA, orient="row")
    assert_frame_equal(company_scores(HOW, mixed), together)
    for company in frame["company"].unique():
        assert_frame_equal(company_scores(HOW, frame.filter(company=company)), together.filter(company=company))
