from pathlib import Path
from typing import Any

import polars as pl
import pytest
from core_frames import activities_frame, leads_frame, on

from leadsync.catalog import ACTIVITIES, LANGUAGES
from leadsync.config.facts import usual_tables
from leadsync.config.load import shipped
from leadsync.config.scoring import compile_scoring
from leadsync.core.facts import derive, known
from leadsync.core.score import Scores, score

POSTS = {  # what the same post is called, and which rule it should meet
    None: (
        ["Office Assistant", "Assistant to the Director", "Engineer", "International Analyst", "Product Owner"],
        ["دستیار اداری", "کارشناس خرید", "помощник директора", "специалист по закупкам", "asystent biura"],
        ["specjalista ds. zakupów", "Trợ lý giám đốc", "Chuyên viên mua hàng", None, " "],
    ),
    "manages": (
        ["Project Manager", "Office manager", "مدیر فروش", "سرپرست انبار", "менеджер по продажам"],
        ["начальник ИТ-отдела", "kierownik sprzedaży", "Trưởng phòng marketing", "Quản lý dự án"],
    ),
    "decides": (
        ["CEO", "Head of Purchasing", "Managing Director", "Vice President, Sales", "VP of Sales", "Owner", "CTO"],
        [
            "Chief Technology Officer",
            "General manager",
            "مدیرعامل",
            "مدیر عامل",
            "معاون فروش",
            "رئیس خرید",
            "مدیر مالی",
        ],
        ["Генеральный директор", "заместитель директора по продажам", "начальник отдела закупок", "Руководитель"],
        ["dyrektor finansowy", "prezes zarządu", "wiceprezes ds. sprzedaży", "szef działu zakupów", "Właściciel"],
        ["Tổng giám đốc", "Phó giám đốc kinh doanh", "Giám Đốc", "Chủ tịch HĐQT"],
    ),
    "beginner": (["Intern", "Student", "کارآموز", "стажёр", "stażysta", "Thực tập sinh", "sinh viên"],),
}


B2B = compile_scoring(shipped("scoring", "b2b", Path("scoring.yaml")))


def known_of(**said: Any) -> dict[str, Any]:
    """What is known of somebody: what they say, and what follows from it."""
    texts = {name: value for name, value in said.items() if isinstance(value, str)}
    return {name: known(fact).value for name, fact in derive(texts, usual_tables()).items()} | said


def scored(*kinds: str, **lead: Any) -> Scores:
    return score(B2B, leads_frame(known_of(**lead)), activities_frame((1, kind, on(1)) for kind in kinds))


@pytest.mark.parametrize("expected", POSTS)
def test_posts_are_told_apart_in_every_language(expected: str | None) -> None:
    titles = [title for line in POSTS[expected] for title in line]
    parts = score(B2B, leads_frame(*(known_of(job_title=title) for title in titles)), activities_frame([])).parts
    found = parts.filter(pl.col("what") == "rule").group_by("lead").agg(pl.col("name").cast(pl.String)).rows()
    met = dict(found)
    assert {title: met.get(lead, []) for lead, title in enumerate(titles, 1)} == {
        title: [expected] if expected else [] for title in titles
    }


def test_each_rule_is_about_an_activity_that_can_be_fed() -> None:
    assert {rule.per for rule in B2B.rules if rule.per} <= set(ACTIVITIES)


def test_who_wants_to_buy_is_hot_and_who_just_looks_is_cold() -> None:
    fit = {"job_title": "Director", "email": "a@b.example", "phone": "1", "company": "B", "employees": 200.0}
    buyer = scored("demo_request", "meeting", "email_reply", "visit", **fit)
    looker = scored("email_open", "visit", "page_view", email="a@b.example")
    assert buyer.totals["temperature"].item() == "hot"
    assert looker.totals["temperature"].item() == "cold"
    assert scored(**fit).totals["temperature"].item() == "warm"


def test_need_budget_and_date_are_hot_whatever_the_points() -> None:
    bant = {"need": "a CRM", "budget": 5000.0, "timeline": 3.0}
    assert scored(**bant).totals["temperature"].item() == "hot"
    assert scored(**bant | {"timeline": 4.0}).totals["temperature"].item() == "warm"
    assert scored(need="a CRM").totals["temperature"].item() == "cold"


def test_silence_counts_against_those_only_who_once_spoke() -> None:
    acts = activities_frame([(1, "visit", on(60)), (2, "visit", on(59))])
    parts = score(B2B, leads_frame({}, {}, {}), acts).parts
    assert parts.filter(pl.col("name") == "silent")["lead"].to_list() == [1]


def test_every_rule_has_its_label_in_every_language() -> None:
    labels = B2B.labels
    assert {key: set(said) & set(LANGUAGES) for key, said in labels.items()} == {key: set(LANGUAGES) for key in labels}
