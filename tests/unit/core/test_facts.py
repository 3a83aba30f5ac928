"""Cleaning what a record says: a value that cannot be used is left out, and nothing raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.catalog import FIELDS
from leadsync.core.facts import derive


@pytest.mark.parametrize(
    ("given_", "kept"),
    [("Ala@Example.COM", "ala@example.com"), ("ala", None), ("a@b@c", None), ("a b@c", None), ("", None)],
)
def test_emails(given_: str, kept: str | None) -> None:
    assert derive({"email": given_}) == ({"email": kept} if kept else {})


@pytest.mark.parametrize(
    "given_", ["example.com", "https://www.Example.com/pl/", "http://example.com", "WWW.example.com"]
)
def test_domains(given_: str) -> None:
    assert derive({"domain": given_}) == {"domain": "example.com"}


@pytest.mark.parametrize(
    ("word", "given_", "number"),
    [("employees", "120", 120), ("revenue", "1e6", 1_000_000), ("employees", "N/A", None), ("timeline", "3", 3),
     ("timeline", "soon", None), ("budget", "5000.5", 5000.5)],
)  # fmt: skip
def test_numbers_are_numbers_or_nothing(word: str, given_: str, number: float | None) -> None:
    assert derive({word: given_}) == ({} if number is None else {word: number})


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text()))
def test_facts_have_the_types_of_their_words_and_settle(values: dict[str, str]) -> None:
    facts = derive(values)
    assert set(facts) <= set(values)
    assert all(isinstance(value, float if FIELDS[name].type == "number" else str) for name, value in facts.items())
