from itertools import product

import pytest

from leadsync.catalog import LANGUAGES
from leadsync.core.line import cleaned
from leadsync.core.next_action import ASKED, next_step
from leadsync.core.next_action import told as said
from leadsync.core.score import TEMPERATURES


@pytest.mark.parametrize(
    ("stage", "temperature", "told"),
    [
        (3, "hot", "call today"), (2, "warm", "write, ask about need and budget"),
        (1, "cold", "leave to marketing, no call yet"),
        (0, "cold", "leave to marketing, no call yet"), (None, "hot", "check the contact details, then call"),
    ],
)  # fmt: skip
def test_what_is_next(stage: int | None, temperature: str, told: str) -> None:
    assert said(next_step(stage, 4, temperature)) == told
    assert said(next_step(stage, 4, temperature, opted_out=True)) == "do not contact, opted out"
    assert said(next_step(stage, 4, temperature, True, customer=True)) == "do not contact, opted out"


def test_what_is_answered_is_not_asked_for() -> None:
    assert said(next_step(2, 4, "hot", ask=["budget"])) == "call today, ask about budget"
    assert said(next_step(2, 4, "warm", ask=["need"])) == "write, ask about need"
    assert said(next_step(2, 4, "warm", ask=[])) == "write"
    assert next_step(3, 4, "warm", ask=[]) == next_step(3, 4, "warm")


def test_whoever_refuses_calls_is_written_to_where_others_are_called() -> None:
    for stage in (None, 0, 2, 3):
        assert said(next_step(stage, 4, "hot", no_calls=True)) == "write, do not call"
        assert next_step(stage, 4, "warm", no_calls=True) == next_step(stage, 4, "warm")
    assert said(next_step(3, 4, "hot", opted_out=True, no_calls=True)) == "do not contact, opted out"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_tells_all_of_them_apart(language: str) -> None:
    told = {said(next_step(stage, 3, how), language) for stage, how in product(range(3), TEMPERATURES)}
    told.add(said(next_step(None, 3, "cold", opted_out=True), language))
    told |= {said(next_step(2, 3, how, customer=True), language) for how in TEMPERATURES}
    told.add(said(next_step(2, 3, "hot", no_calls=True), language))
    told |= {said(next_step(1, 3, how, ask=[what]), language) for how in ("hot", "warm") for what in ASKED}
    assert len(told) == 16
    assert all(cleaned(text) == text and not text.endswith(".") for text in told)
