"""Several records, one golden lead."""

from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.survive import golden

NAMES = ("email", "company", "employees", "country", "job_title")
FACTS = st.lists(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9).map(str)), max_size=4)


def test_the_most_trusted_record_that_knows_a_field_wins() -> None:
    assert golden([{"email": "a"}, {"email": "b", "country": "PL"}], []) == {"email": "a", "country": "PL"}


def test_a_persons_own_record_beats_their_company() -> None:
    found = golden([{"country": "PL"}], [{"country": "DE", "employees": 12.0}])
    assert found == {"country": "PL", "employees": 12.0}


def test_what_is_personal_is_never_taken_from_a_company() -> None:
    assert golden([{}], [{"email": "info@example.com", "phone": "1", "company": "Acme"}]) == {"company": "Acme"}


@given(FACTS, FACTS)
def test_every_value_was_said_by_the_first_who_said_any(
    records: list[dict[str, str]], companies: list[dict[str, str]]
) -> None:
    found = golden(records, companies)
    for name, value in found.items():
        said = [facts[name] for facts in (*records, *companies) if name in facts]
        assert said[0] == value
    assert {name for facts in records for name in facts} <= set(found)
