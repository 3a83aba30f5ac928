from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.company_score import CompanyScore, Person, company_score

PEOPLE = st.lists(st.tuples(st.integers(-40, 60), st.integers(-60, 100)), max_size=8).map(
    lambda rows: [Person(lead, *points) for lead, points in enumerate(rows, 1)]
)


def test_fit_the_three_most_engaged_and_how_many_are() -> None:
    people = [Person(1, 30, 60), Person(2, 10, 19), Person(3, 0, 20), Person(4, 5, 5)]
    assert company_score(people, 20) == CompanyScore(73, 30, 33, 10, 2, (1, 3, 2))


def test_many_who_are_engaged_count_up_to_four() -> None:
    counted = [company_score([Person(lead, 0, 20) for lead in range(count)], 20) for count in (4, 5)]
    assert [(found.breadth, found.engaged) for found in counted] == [(20, 4), (20, 5)]


def test_nobody_makes_no_score() -> None:
    assert company_score([], 20) == CompanyScore(0, 0, 0, 0, 0, ())


def test_whoever_takes_no_interest_is_none_of_the_most_engaged() -> None:
    assert company_score([Person(1, -9, 0), Person(2, -3, -30)], 20) == CompanyScore(0, 0, 0, 0, 0, ())


@given(PEOPLE, st.randoms())
def test_the_order_of_people_does_not_matter_and_the_parts_add_up(people: list[Person], random: object) -> None:
    found = company_score(people, 20)
    random.shuffle(people)  # type: ignore[attr-defined]
    assert company_score(people, 20) == found
    assert found.score == min(100, found.fit + found.interest + found.breadth)


@given(PEOPLE, st.integers(-40, 60), st.integers(-60, 100))
def test_another_colleague_never_lowers_it(people: list[Person], fit: int, engagement: int) -> None:
    more = [*people, Person(99, fit, engagement)]
    assert company_score(more, 20).score >= company_score(people, 20).score
