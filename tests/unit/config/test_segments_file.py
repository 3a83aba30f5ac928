"""`segments:` of scoring.yaml: whose rules are those of the file, of a ready-made one, or their own."""

from collections.abc import Callable

import pytest

from leadsync.config.load import Config
from leadsync.core.scoring import CUTS
from leadsync.errors import Problem

Load = Callable[..., Config]
Refused = Callable[..., list[Problem]]
FILE = """\
fit:
  cap: 40
  rules:
    known: {points: 10, when: email}
    large: {points: 20, when: employees > 500}
temperature: {hot: 80, warm: 40}
segments:
  - name: shops
    when: industry = retail
    fit: {rules: {large: {points: 5, when: employees > 20}, near: {points: 3, when: country = PL}}}
    temperature: {hot: 60}
  - {name: people, when: not company, use: b2c}
"""


def test_a_segment_adds_to_the_file_or_replaces_by_name(configured: Load) -> None:
    found = configured(scoring=FILE).scoring
    shops = found.of("shops")
    assert [(rule.name, rule.points) for rule in shops.rules] == [("known", 1000), ("large", 500), ("near", 300)]
    assert (shops.groups[0].cap, shops.hot, shops.warm) == (4000, 60, 40)
    assert [rule.name for rule in found.rules] == ["known", "large"]
    assert (found.hot, found.of(None), found.of("nobody")) == (80, found, found)
    assert [each.name for each in found.segments] == ["shops", "people"]


def test_a_segment_that_uses_a_ready_made_file_has_none_of_the_file(configured: Load) -> None:
    people = configured(scoring=FILE).scoring.of("people")
    assert people.rules == configured(scoring="use: b2c\n").scoring.rules


def test_null_takes_a_rule_or_a_group_away(configured: Load, refused: Refused) -> None:
    own = "segments: [{name: a, when: email, fit: null, negative: {rules: {silent: null}}}]\n"
    found = configured(scoring=f"use: b2b\nneed: null\nfit: {{rules: {{decides: null}}}}\n{own}").scoring
    names = {(rule.group, rule.name) for rule in found.rules}
    assert ("fit", "manages") in names > {("negative", "silent")}
    assert ("fit", "decides") not in names
    assert "need" not in [group.name for group in found.groups]
    assert {(rule.group, rule.name) for rule in found.of("a").rules} == {
        (group, name) for group, name in names if group != "fit" and name != "silent"
    }
    usual = configured(scoring="use: b2b\ntemperature: null\ngrade: null\nquadrant: null\n").scoring
    assert (usual.hot, usual.warm, usual.hot_when, usual.cuts) == (70, 35, None, CUTS)
    (problem,) = refused(scoring="use: b2b\nown: {rules: {a: null}}\n")  # there is nothing to take away
    assert problem.what == "a: expected keys with values"


def test_the_segment_is_a_word_of_conditions(configured: Load) -> None:
    funnel = "stages: [{name: A}, {name: B, gate: {who: scored_as = shops}}]\n"
    assert configured(scoring=FILE, funnel=funnel).ladder.conditions[0].fields == {"scored_as"}


@pytest.mark.parametrize(
    ("segment", "what", "where", "fix"),
    [
        ("{when: email}", "the key 'name' is missing", "2:5", "add `name: …`"),
        ("{name: a}", "the key 'when' is missing", "2:5", "add `when: …`"),
        ("{name: a, when: emial}", "unknown word 'emial'", "2:21", "write `  - {name: a, when: email}`"),
        ("{name: a, when: scored_as = b}", "'scored_as' is a field and cannot be used here", "2:21", None),
        ("{name: a, when: email, use: b2x}", "no ready-made scoring file is called 'b2x'", "2:28", None),
        (
            "{name: a, when: email, fit: {rules: {x: {points: 1}}}}",
            "x: every lead would get these points",
            "2:42",
            None,
        ),
        ("{name: a, when: email, fit: {rules: {x: {points: 1, when: emial}}}}", "unknown word 'emial'", "2:63", None),
        ("{name: a, when: email, temperature: {hot: 1, warm: 2}}", "warm (2) begins above hot (1)", "2:50", None),
        ("{name: a, when: email, segments: []}", "segments: expected keys with values", "2:28", None),
        ("{name: a, when: email}\n  - {name: a, when: phone}", "the segment 'a' stands here twice", "3:6", None),
    ],
)
def test_what_is_wrong_with_a_segment(refused: Refused, segment: str, what: str, where: str, fix: str | None) -> None:
    problem, *more = refused(scoring=f"segments:\n  - {segment}\n")
    assert not more
    assert problem.what.startswith(what)
    assert problem.where == f"scoring.yaml:{where}"
    assert fix is None or problem.fix == fix


def test_a_mistake_of_the_file_is_told_once(refused: Refused) -> None:
    (problem,) = refused(scoring=FILE.replace("when: email}", "when: emial}"))
    assert problem.where == "scoring.yaml:4:31"


def test_rules_are_counted_again_for_each_segment(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadsync.config.scoring._MOST_IN_ALL", 5)
    rules = "fit: {rules: {a: {points: 1, when: email}, b: {points: 1, when: phone}}}\n"
    (problem,) = refused(scoring=f"{rules}segments: [{{name: a, when: email}}, {{name: b, when: phone}}]\n")
    assert problem.what == "more than 5 rules, counted again for each segment"
