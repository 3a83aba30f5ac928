from itertools import product

import pytest

from leadsync.catalog import LANGUAGES
from leadsync.core.line import cleaned
from leadsync.core.next_action import ASKED, NONE, OPEN, REFUSED, Way, next_step
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
    assert said(next_step(stage, 4, temperature, "opted out")) == "do not contact, opted out"
    assert said(next_step(stage, 4, temperature, "lost")) == "nothing, it is marked as lost"
    assert said(next_step(stage, 4, temperature, "recycled")) == "leave to marketing, no call yet"


def test_what_is_answered_is_not_asked_for() -> None:
    assert said(next_step(2, 4, "hot", ask=["budget"])) == "call today, ask about budget"
    assert said(next_step(2, 4, "warm", ask=["need"])) == "write, ask about need"
    assert said(next_step(2, 4, "warm", ask=[])) == "write"
    assert next_step(3, 4, "warm", ask=[]) == next_step(3, 4, "warm")


@pytest.mark.parametrize(
    ("call", "write", "hot", "warm", "cold"),
    [
        (REFUSED, OPEN, "write, do not call", "", ""),
        (NONE, OPEN, "write today, ask for the phone number", "", ""),
        (OPEN, REFUSED, "call, send no e-mails", "call, send no e-mails", "send no e-mails, no call yet"),
        (NONE, REFUSED, *["do not contact, opted out"] * 3),
        (OPEN, NONE, "", "call, ask about need and budget", ""),
        (NONE, NONE, "find out how to reach them", "find out how to reach them", ""),
        (REFUSED, NONE, "find out how to reach them", "find out how to reach them", ""),
    ],
)
def test_nobody_is_called_or_written_to_where_that_is_no_way(
    call: Way, write: Way, hot: str, warm: str, cold: str
) -> None:
    for temperature, told in (("hot", hot), ("warm", warm), ("cold", cold)):
        expected = told or said(next_step(2, 4, temperature))
        assert said(next_step(2, 4, temperature, call=call, write=write)) == expected
        assert said(next_step(2, 4, temperature, "opted out", call=call, write=write)) == "do not contact, opted out"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_tells_all_of_them_apart(language: str) -> None:
    told = {said(next_step(stage, 3, how), language) for stage, how in product(range(3), TEMPERATURES)}
    told |= {
        said(next_step(2, 3, how, what), language) for how in TEMPERATURES for what in ("opted out", "customer", "lost")
    }
    ways = [(call, write) for call in (OPEN, REFUSED, NONE) for write in (OPEN, REFUSED, NONE)]
    told |= {said(next_step(1, 3, how, call=call, write=write, ask=()), language)
             for how in TEMPERATURES for call, write in ways}  # fmt: skip
    told |= {said(next_step(1, 3, how, ask=[what]), language) for how in ("hot", "warm") for what in ASKED}
    assert len(told) == 23
    assert all(cleaned(text) == text and not text.endswith(".") for text in told)
