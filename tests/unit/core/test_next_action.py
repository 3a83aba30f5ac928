from itertools import product

import pytest

from leadsync.catalog import LANGUAGES
from leadsync.core.line import cleaned
from leadsync.core.next_action import next_action
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
    assert next_action(stage, 4, temperature) == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_tells_all_of_them_apart(language: str) -> None:
    told = {next_action(stage, 3, how, language) for stage, how in product(range(3), TEMPERATURES)}
    assert len(told) == 9
    assert all(cleaned(text) == text and not text.endswith(".") for text in told)
