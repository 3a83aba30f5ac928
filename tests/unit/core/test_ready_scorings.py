"""The ready-made scorings: what they are made of, and that they rank as planted."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from core_frames import activities_frame, leads_frame, on

from leadsync.catalog import LANGUAGES
from leadsync.config.load import shipped, shipped_names
from leadsync.config.scoring import compile_scoring
from leadsync.core.score import Scores, score
from leadsync.core.scoring import AXES, Scoring
from tests.bench.ranking import ranked

NAMES = ("b2b", "b2c", "events", "referral")
SIGNS = {"fit", "need", "readiness", "contact", "engagement", "behaviour", "feedback", "progress"}
each_scoring = pytest.mark.parametrize("name", NAMES)


@cache
def ready(name: str) -> Scoring:
    return compile_scoring(shipped("scoring", name, Path("scoring.yaml")))


def scored(name: str, *acts: Any, **lead: Any) -> Scores:
    return score(ready(name), leads_frame(lead), activities_frame((1, *act) for act in acts))


def told(scores: Scores, result: str) -> Any:
    return scores.totals[result].item()


def test_these_there_are() -> None:
    assert set(shipped_names("scoring")) == set(NAMES)


@each_scoring
def test_each_sign_of_a_buyer_is_a_group_with_a_cap_and_is_told_in_every_language(name: str) -> None:
    how = ready(name)
    assert {group.name for group in how.groups} == SIGNS | {"negative"}
    assert all(group.cap and group.rules for group in how.groups)
    assert {group.axis or group.name for group in how.groups} & {*AXES} == {*AXES}
    for rule, labels in how.labels.items():
        assert all(labels[language] for language in LANGUAGES), rule
    for rule in how.rules:
        assert rule.per is not None or {*rule.label} == {*LANGUAGES}, rule.name


@each_scoring
def test_urgent_need_with_budget_and_date_is_hot_and_a_part_of_it_warm(name: str) -> None:
    bant = {"need": "a CRM", "budget": 5000.0, "timeline": 3.0}
    assert told(scored(name, **bant), "temperature") == "hot"
    assert told(scored(name, **bant | {"timeline": 9.0}), "temperature") == "warm"
    for left_out in bant:
        assert told(scored(name, **bant | {left_out: None}), "temperature") == "warm", left_out
        assert told(scored(name, **{left_out: bant[left_out]}), "temperature") == "cold", left_out
    assert told(scored(name, ("trial", on(1))), "temperature") == "warm"


@each_scoring
def test_browsing_counts_little_until_something_agrees(name: str) -> None:
    browsing = [(kind, on(0), 20) for kind in ("visit", "page_view", "email_click")]
    alone, agreed = scored(name, *browsing), scored(name, *browsing, ("call_in", on(300)))
    little, full = (s.parts.filter(group="behaviour")["points"].sum() for s in (alone, agreed))
    assert told(alone, "score") == told(alone, "engagement") <= 10
    assert full > little
    assert "alone" in alone.parts["what"].to_list()
    assert "alone" not in agreed.parts["what"].to_list()


@each_scoring
@pytest.mark.concept(36)
@pytest.mark.parametrize("kind", ["form_submit", "call_in", "email_reply", "chat", "message"])
def test_a_question_about_price_or_delivery_is_readiness_by_whatever_way_it_comes(name: str, kind: str) -> None:
    asked = {topic: scored(name, (kind, on(0), 1, topic)) for topic in ("price", "quote", "delivery", "support")}
    given = {topic: s.parts.filter(group="readiness")["points"].sum() for topic, s in asked.items()}
    assert given == {"price": 1000, "quote": 1000, "delivery": 600, "support": 0}


@each_scoring
def test_several_steps_count_while_the_lead_is_active(name: str) -> None:
    steps = [("download", on(80)), ("call_in", on(70))]
    now, then = scored(name, *steps, ("visit", on(1))), scored(name, *steps)
    assert "further" in now.parts["name"].to_list()
    assert "further" not in then.parts["name"].to_list()


def test_what_differs_counts_differently() -> None:
    met = {name: told(scored(name, ("event", on(1))), "score") for name in NAMES}
    assert met["events"] > met["b2b"]
    sent = {name: told(scored(name, channel="referral"), "score") for name in NAMES}
    assert sent["referral"] > sent["b2b"]
    basket = {name: told(scored(name, ("cart_abandoned", on(1))), "score") for name in NAMES}
    assert basket["b2c"] > basket["b2b"]


def test_planted_buyers_rank_above_planted_lookers_in_every_locale() -> None:
    for name, shares in ranked(NAMES, 2_000).items():
        assert len(shares) == 5
        assert min(shares.values()) >= 0.95, (name, shares)
        assert max(shares.values()) - min(shares.values()) <= 0.03, (name, shares)
