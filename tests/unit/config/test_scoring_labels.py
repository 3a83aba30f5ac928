"""What people read of a rule, as its file says it."""

from collections.abc import Callable

import pytest

from leadsync.config.load import Config
from leadsync.errors import Problem

Load = Callable[..., Config]
Refused = Callable[..., list[Problem]]
RULE = "fit: {{rules: {{a_rule: {{points: 5, when: email{}}}}}}}\n"


@pytest.mark.parametrize(
    ("label", "english", "polish", "russian"),
    [
        (", label: our market", "our market", "our market", "our market"),
        (", label: {en: our market, pl: nasz rynek}", "our market", "nasz rynek", "our market"),
        (", label: {pl: nasz rynek}", "a rule", "nasz rynek", "a rule"),
        ("", "a rule", "a rule", "a rule"),
        (", label: null", "a rule", "a rule", "a rule"),
    ],
)
def test_labels(configured: Load, label: str, english: str, polish: str, russian: str) -> None:
    told = configured(scoring=RULE.format(label)).scoring.labels["fit", "a_rule"]
    assert (told["en"], told["pl"], told["ru"]) == (english, polish, russian)


@pytest.mark.parametrize(
    ("label", "english", "polish"),
    [
        ("", "decision maker", "decydent"),
        (", label: {pl: szef}", "decides", "szef"),
        (", label: null", "decides", "decides"),
    ],
)
def test_a_rule_that_replaces_a_shipped_one_keeps_its_label(
    configured: Load, label: str, english: str, polish: str
) -> None:
    own = f"fit: {{rules: {{decides: {{points: 5, when: email{label}}}}}}}"
    found = configured(scoring=f"use: b2b\n{own}\nsegments: [{{name: a, when: phone, {own}}}]\n").scoring
    for scoring in (found, found.of("a")):
        told = scoring.labels["fit", "decides"]
        assert (told["en"], told["pl"]) == (english, polish)


@pytest.mark.parametrize(
    ("label", "what"),
    [
        ("{de: unser Markt}", "de: expected 'en', 'fa', 'ru', 'pl' or 'vi'"),
        ("[our market]", "label: expected a text, or one per language"),
        ('"\\u202e "', "label: there is nothing to read in this text"),
        ('{pl: ""}', "pl: there is nothing to read in this text"),
    ],
)
def test_what_is_no_label(refused: Refused, label: str, what: str) -> None:
    (problem,) = refused(scoring=RULE.format(f", label: {label}"))
    assert problem.what == what
    assert ":1:" in problem.where
