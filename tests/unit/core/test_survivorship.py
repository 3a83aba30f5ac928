"""Whose value survives where a field has a rule of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.facts.fact import Facts
from leadsync.core.survive import golden, survivors
from leadsync.core.survivorship import PICKS, About, Rule

RECORDS: list[Facts] = [
    {"job_title": "CEO", "employees": 12.0, "campaign": "fair", "name": "Ann Lee", "first_name": "Ann"},
    {"job_title": "Chief Executive", "employees": 90.0, "campaign": "web", "country": "PL"},
    {"job_title": "chief executive", "employees": 7.0, "campaign": "fair; mail", "name": "A. Lee", "first_name": "A."},
]
ABOUT = [About("hubspot", 2, 9, 1, 5), About("salesforce", 3, 3, 7, 4), About("hubspot", 1, 4, 2, 6)]


@pytest.mark.parametrize(
    ("field", "rule", "value"),
    [
        ("job_title", Rule("newest"), "Chief Executive"),
        ("job_title", Rule("oldest"), "chief executive"),
        ("job_title", Rule("changed"), "CEO"),
        ("job_title", Rule("active"), "Chief Executive"),
        ("job_title", Rule("fullest"), "chief executive"),
        ("job_title", Rule("longest"), "Chief Executive"),
        ("job_title", Rule("majority"), "Chief Executive"),
        ("employees", Rule("highest"), 90.0),
        ("employees", Rule("lowest"), 7.0),
        ("campaign", Rule("all"), "fair; web; mail"),
        ("campaign", Rule("values", ("Web", "fair")), "web"),
        ("job_title", Rule("connections", ("salesforce", "hubspot")), "Chief Executive"),
        ("country", Rule("newest"), "PL"),
        ("city", Rule("newest"), None),
    ],
)
def test_a_rule_says_whose_value_survives(field: str, rule: Rule, value: object) -> None:
    assert golden(RECORDS, [], {field: rule}, ABOUT).get(field) == value
    others = golden(RECORDS, [])
    assert {k: v for k, v in golden(RECORDS, [], {field: rule}, ABOUT).items() if k != field} == {
        k: v for k, v in others.items() if k != field
    }


def test_what_tells_of_a_field_comes_from_the_same_record() -> None:
    assert golden(RECORDS, [], {"name": Rule("oldest")}, ABOUT)["first_name"] == "A."


def test_a_rule_never_prefers_what_was_derived_to_what_was_said_nor_a_company_to_a_person() -> None:
    guessed: Facts = {"country": ["DE", 40, "email"]}
    assert golden([guessed, {"country": "PL"}], [], {"country": Rule("newest")}, ABOUT[:2])["country"] == "PL"
    derived: list[Facts] = [guessed, {"country": ["AT", 40, "phone"]}]
    found = survivors(derived, [{"country": "VN"}], {"country": Rule("newest")}, ABOUT[:2])
    assert found["country"].fact.value == "VN"


RULES = st.sampled_from([*(Rule(pick) for pick in PICKS), Rule("connections", ("crm",)), Rule("values", ("a", "b"))])
NUMBERS = st.none() | st.integers(0, 3)
KNOWN = st.fixed_dictionaries({}, optional={"city": st.sampled_from("abc"), "employees": st.floats(0, 9)})
ABOUTS = st.builds(About, st.sampled_from(["crm", "other"]), NUMBERS, NUMBERS, st.integers(0, 3), st.integers(0, 3))


@given(st.lists(st.tuples(KNOWN, ABOUTS), min_size=1, max_size=4), st.dictionaries(st.just("city"), RULES))
def test_whatever_rules_there_are_a_field_keeps_a_value_that_some_record_says(
    rows: list[tuple[Facts, About]], rules: dict[str, Rule]
) -> None:
    records, about = [facts for facts, _ in rows], [told for _, told in rows]
    found = golden(records, [], rules, about)
    assert found.keys() == golden(records, []).keys()
    for name, value in found.items():
        said = {facts[name] for facts in records if name in facts}
        assert value in said or set(str(value).split("; ")) <= said
