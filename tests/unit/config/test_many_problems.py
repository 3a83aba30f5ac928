"""Files with thousands of mistakes: each is told, and finding them takes no more than so much work for each."""

from collections.abc import Callable

import pytest

from leadsync.config.document import Document
from leadsync.config.load import Config
from leadsync.errors import Problem, UserError

MANY = 5000
Refused = Callable[..., list[Problem]]


def test_each_of_thousands_of_unknown_keys_is_told_and_looked_up_a_few_times(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    place = Document.place

    def counted(self: Document, loc: tuple[str, ...]) -> str:
        asked.append(loc)
        return place(self, loc)

    monkeypatch.setattr(Document, "place", counted)
    told = refused(scoring="fit:\n  rules:\n    a:\n      points: 1\n      wen: email\n" + keys(6))
    assert [p.what for p in told] == ["unknown key 'wen'", *(f"unknown key 'k{i}'" for i in range(MANY))]
    assert told[0].fix == "write `      when: email`"
    assert told[-1].where == f"scoring.yaml:{5 + MANY}:7"
    assert len(asked) < 20 * MANY


def test_after_a_hundred_problems_nobody_guesses_what_was_meant(refused: Refused) -> None:
    rules = "".join(f"    r{i}: {{points: 1, wen: email}}\n" for i in range(200))
    told = [p for p in refused(scoring="fit:\n  rules:\n" + rules) if p.what == "unknown key 'wen'"]
    assert len(told) == 200
    assert "when: email" in told[0].fix
    assert "when: email" not in told[-1].fix
    assert "the keys here are" in told[-1].fix


def test_fields_that_are_written_two_ways_are_told_at_the_second(refused: Refused) -> None:
    told = refused(mappings__hubspot="use: hubspot\nwrite:\n  contacts:\n    One: score\n    one: score\n")
    assert [(p.where, p.what) for p in told] == [
        ("mappings/hubspot.yaml:5:5", "one is written two ways, also as One"),
    ]


def test_the_fix_for_a_field_that_goes_with_none_names_some_of_many(refused: Refused) -> None:
    fields = "".join(f"    f{i}: score\n" for i in range(300))
    told = refused(mappings__hubspot=f"use: hubspot\nwrite:\n  contacts:\n{fields}    x: {{value: fit, with: nope}}\n")
    (problem,) = told
    assert problem.fix.count(",") < 50


def test_the_message_tells_the_first_fifty_problems_and_how_many_more_there_are(
    configured: Callable[..., Config],
) -> None:
    with pytest.raises(UserError) as error:
        configured(scoring="fit:\n  rules:\n    a:\n      points: 1\n      when: email\n" + keys(6))
    lines = [line for line in error.value.message.split("\n") if "    fix: " not in line]
    assert len(lines) == 51
    assert "'k49'" in lines[49]
    assert lines[50] == f"and {MANY - 50} more"
    assert len(error.value.problems) == MANY


def test_fifty_problems_are_told_whole() -> None:
    message = UserError([Problem(f"p{i}") for i in range(50)]).message
    assert message == "\n".join(f"p{i}" for i in range(50))


def keys(indent: int) -> str:
    return "".join(f"{' ' * indent}k{i}: 1\n" for i in range(MANY))
