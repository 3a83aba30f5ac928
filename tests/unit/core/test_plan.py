"""The difference between what a CRM holds and what it should hold."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.mapping import WriteField
from leadsync.core.plan import Account, Planned, plan, same
from leadsync.types import Value

REPS = {"rep@example.com": "7"}
ACCOUNT = Account(
    {"stage": ("Lead", "mql", "SQL", "customer"), "plain": ()}, ("frozen",), REPS.get,
    lambda owner: owner in ("queue", "ourselves"),
)  # fmt: skip
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-100, 100), st.floats(allow_nan=False), st.text(max_size=5))


def planned(write: WriteField, before: Value, results: Mapping[str, Value]) -> dict[str, Any] | None:
    found = plan([write], {write.field: before}, {}, results, ACCOUNT)
    return dict(found.fields) if found else None


@pytest.mark.parametrize(
    ("a", "b"), [(73, 73.0), (73, "73"), ("73.0", 73), (None, ""), (" a ", "a"), (True, "true"), ("0.50", 0.5)]
)
def test_the_same_to_a_crm(a: Value, b: Value) -> None:
    assert same(a, b)
    assert same(b, a)


@pytest.mark.parametrize(("a", "b"), [(73, 74), ("a", "A"), (0, None), (0, ""), (False, None), ("73a", 73), ("nan", 1)])
def test_not_the_same_to_a_crm(a: Value, b: Value) -> None:
    assert not same(a, b)


@given(VALUES, VALUES)
def test_same_is_symmetric_and_every_value_is_itself(a: Value, b: Value) -> None:
    assert same(a, b) == same(b, a)
    assert same(a, a)


@given(VALUES, VALUES)
def test_our_own_echo_is_never_planned_again(before: Value, after: Value) -> None:
    write = WriteField("score", "score")
    if (first := planned(write, before, {"score": after})) is not None:
        assert planned(write, first["score"][1], {"score": after}) is None


def test_only_what_differs_is_written_with_what_stood_there() -> None:
    writes = [WriteField("a", "score"), WriteField("b", "temperature")]
    found = plan(writes, {"a": "5", "b": "cold"}, {}, {"score": 5, "temperature": "hot"}, ACCOUNT)
    assert found == Planned({"b": ("cold", "hot")})


@pytest.mark.parametrize("results", [{}, {"score": None}])
def test_a_word_without_a_value_leaves_the_field_alone(results: dict[str, Value]) -> None:
    assert planned(WriteField("score", "score"), 5, results) is None


def test_a_map_translates_and_what_it_does_not_know_is_left_alone() -> None:
    write = WriteField("rating", "temperature", map={"hot": "Hot"})
    assert planned(write, "Cold", {"temperature": "hot"}) == {"rating": ("Cold", "Hot")}
    assert planned(write, "Cold", {"temperature": "warm"}) is None


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [("lead", "SQL", True), ("SQL", "Lead", False), ("MQL", "MQL", False), ("", "Lead", True), (None, "Lead", True),
     ("evangelist", "SQL", False), ("lead", "unheard of", False)],
)  # fmt: skip
def test_forward_only(before: Value, after: str, written: bool) -> None:
    found = planned(WriteField("stage", "stage", "forward_only"), before, {"stage": after})
    assert found == ({"stage": (before, after)} if written else None)


def test_forward_only_waits_until_the_options_are_known_and_means_nothing_in_a_plain_field() -> None:
    assert planned(WriteField("unheard", "stage", "forward_only"), "a", {"stage": "b"}) is None
    assert planned(WriteField("plain", "stage", "forward_only"), "a", {"stage": "b"}) == {"plain": ("a", "b")}


@pytest.mark.parametrize(
    ("before", "written"), [(None, True), ("", True), ("queue", True), ("ourselves", True), ("9", False)]
)
def test_an_owner_is_given_only_to_what_nobody_owns(before: Value, written: bool) -> None:
    write = WriteField("owner", "owner", "if_unowned")
    found = planned(write, before, {"owner": "rep@example.com"})
    assert found == ({"owner": (before, "7")} if written else None)
    assert planned(write, before, {"owner": "left@example.com"}) is None


def test_what_was_refused_is_not_tried_again_until_it_is_another_value() -> None:
    write, refused = WriteField("score", "score"), {"score": 5}
    assert plan([write], {}, refused, {"score": 5.0}, ACCOUNT) is None
    assert plan([write], {}, refused, {"score": 6}, ACCOUNT) == Planned({"score": (None, 6)})
