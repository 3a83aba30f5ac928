"""Several records, one golden lead."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadsync.catalog import NO_TO
from leadsync.core.facts import Fact, Facts, kept, known
from leadsync.core.facts.fact import NO
from leadsync.core.survive import golden, survivors
from leadsync.core.survivorship import Rule

NAMES = ("email", "company", "employees", "country", "job_title")
FACTS = st.lists(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9).map(str)), max_size=4)


def test_the_most_trusted_record_that_knows_a_field_wins() -> None:
    assert golden([{"email": "a"}, {"email": "b", "country": "PL"}], []) == {"email": "a", "country": "PL"}


def test_a_no_beats_a_yes_that_is_trusted_less_and_a_yes_such_a_no() -> None:
    for rules in ({}, {"need": Rule("majority")}):
        assert golden([{"need": NO}, {"need": "a press", "name": "Ann"}], [], rules) == {"name": "Ann", NO_TO: "need"}
        assert golden([{"need": "a press"}, {"need": NO}], [], rules) == {"need": "a press"}
    assert golden([{"need": NO, "budget": NO}], [])[NO_TO] == "budget need"


def test_a_wish_follows_from_the_need_that_survives_and_from_no_other() -> None:
    demo: Facts = {"need": "a demo, please", "intent": ["demo", 80, "need"]}
    quote: Facts = {"need": "a quote", "intent": ["quote", 80, "need"]}
    for records in ([{"need": NO}, demo], [{"need": "a press"}, demo], [{"need": "a press"}, quote, demo]):
        assert "intent" not in golden(records, [])
        assert "intent" not in survivors(records, [])
    assert golden([quote, demo], [])["intent"] == "quote"
    assert golden([{}, demo, quote], []) == {"need": "a demo, please", "intent": "demo"}
    assert golden([quote, demo], [], {"need": Rule("values", ("a demo, please",))})["intent"] == "demo"
    assert golden([{"need": "a press"}, demo], [], {"need": Rule("all")})["intent"] == "demo"


def test_who_says_no_adds_nothing_to_what_all_say() -> None:
    found = survivors([{"need": NO}, {"need": "a press"}, {"need": "ink"}], [], {"need": Rule("all")})["need"]
    assert (found.fact.value, found.record) == ("a press; ink", 1)


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


def test_what_a_crm_says_beats_what_was_derived_and_that_what_was_guessed() -> None:
    guessed: Facts = {"country": ["IR", 40, "language"]}
    derived: Facts = {"country": ["PL", 80, "phone"]}
    assert golden([guessed, derived], []) == {"country": "PL"}
    assert golden([guessed, derived, {"country": "VN"}], []) == {"country": "VN"}
    found = survivors([guessed, derived], [{"country": "VN"}])["country"]
    assert (found.fact, found.record) == (Fact("VN"), 2)
    assert survivors([guessed, derived], [])["country"] == (Fact("PL", 80, "phone"), 1)


def test_a_fact_is_kept_as_it_is_known() -> None:
    assert [known(kept(fact)) for fact in (Fact("PL"), Fact(50.0), Fact("PL", 80, "phone"))] == [
        Fact("PL"), Fact(50.0), Fact("PL", 80, "phone"),
    ]  # fmt: skip


KEPT = st.one_of(
    st.integers(0, 9).map(str),
    st.tuples(st.integers(0, 9).map(str), st.sampled_from([40, 80]), st.just("phone")).map(list),
)
MIXED = st.lists(st.dictionaries(st.sampled_from(NAMES), KEPT), max_size=4)


@given(MIXED, MIXED)
def test_both_ways_to_the_golden_lead_agree(records: list[Any], companies: list[Any]) -> None:
    found = survivors(records, companies)
    assert golden(records, companies) == {name: survivor.fact.value for name, survivor in found.items()}
    assert list(golden(records, companies)) == list(found)
