"""The same leads told in each language, line by line as a sales rep reads them: see the files under `golden/`."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from core_frames import TODAY, scoring
from test_reasons import Row, balanced, limit, points, rule, scored

from leadsync.catalog import LANGUAGES
from leadsync.core.line import LONGEST, units
from leadsync.core.next_action import next_step
from leadsync.core.next_action import told as said
from leadsync.core.reasons import gist, reason_lines
from leadsync.core.score import UNSURE
from leadsync.core.scoring import Group, Rule

GOLDEN = Path(__file__).parent / "golden"
PRICE = {"en": "asked about price", "fa": "پرسش قیمت", "ru": "запрос цены", "pl": "zapytanie o cenę", "vi": "hỏi giá"}
DECIDES = {"en": "director", "fa": "مدیر ارشد", "ru": "директор", "pl": "dyrektor", "vi": "giám đốc"}
SILENT = {
    "en": "silent for 60 days", "fa": "۶۰ روز بدون فعالیت", "ru": "60 дней без активности",
    "pl": "60 dni bez aktywności", "vi": "60 ngày không tương tác",
}  # fmt: skip
LONG = {
    "en": "decides about the budget of all branches in the north and in the south",
    "fa": "دربارهٔ بودجهٔ همهٔ شعبه‌ها در شمال و جنوب تصمیم می‌گیرد و قرارداد امضا می‌کند",
    "ru": "решает, на что пойдёт бюджет всех филиалов на севере и на юге страны",
    "pl": "decyduje o budżecie wszystkich oddziałów na północy i na południu kraju",
    "vi": "quyết định ngân sách của tất cả chi nhánh ở miền Bắc và miền Nam",
}
LABELS = scoring(
    Group("g", None, (
        Rule("demo", "g", 1, per="demo_request"), Rule("price", "g", 1, per="inquiry", label=PRICE),
        Rule("decides", "g", 1, label=DECIDES), Rule("silent", "g", 1, label=SILENT),
        Rule("out", "g", 1, per="unsubscribe"), Rule("site", "g", 1, per="visit"), Rule("long", "g", 1, label=LONG),
        Rule("latin", "g", 1, label="CRM Expo 2026 (Hanoi)"), Rule("persian", "g", 1, label="نمایشگاه تهران"),
        *(Rule(f"small_{i}", "g", 1) for i in range(22)),
    ))
).labels  # fmt: skip
NOV = date(2026, 11, 20)
HOT = [rule("price", 2000, NOV), rule("demo", 2500, date(2026, 11, 3)), rule("decides", 1800)]


def small(count: int, worth: int) -> list[Row]:
    return [rule(f"small_{i}", worth) for i in range(count)]


LEADS: dict[str, tuple[int, str, list[Row]]] = {
    "nothing": (0, "cold", []),
    "one more": (68, "warm", [*HOT, *small(1, 500)]),
    "two more": (73, "hot", [*HOT, *small(2, 500)]),
    "five more": (88, "hot", [*HOT, *small(5, 500)]),
    "twelve more": (75, "hot", [*HOT, *small(12, 100)]),
    "twenty-one more": (84, "hot", [*HOT, *small(21, 100)]),
    "twenty-two more": (85, "hot", [*HOT, *small(22, 100)]),
    "rose, and what is next": (82, "hot", [*HOT, rule("silent", -600), *small(3, 833), limit("rounding", 1)]),
    "fell": (4, "cold", [rule("demo", 1900, date(2026, 6, 21)), rule("silent", -1500)]),
    "long ago": (15, "cold", [rule("site", 1000, date(2026, 1, 24)), rule("price", 500, date(2025, 3, 20))]),
    "limits": (40, "warm", [rule("demo", 3000, NOV), rule("decides", 1850), limit("cap", -850, group="g")]),
    "rounding": (3, "cold", [rule("site", 140), rule("decides", 140), limit("rounding", 20)]),
    "below nothing": (0, "cold", [rule("out", -2500, TODAY - timedelta(2)), limit("floor", 2500)]),
    "of the other direction": (45, "warm", [rule("latin", 2500, NOV), rule("persian", 2000)]),
    "more than has room": (
        99, "hot",
        [rule("long", 5000, NOV), rule("latin", 3000, NOV), rule("persian", 900, date(2025, 5, 5)), *small(10, 100)],
    ),
    "too little known": (8, UNSURE, [rule("site", 800, date(2026, 11, 1))]),
    "opted out": (5, "cold", [rule("price", 2000, NOV), rule("out", -1500, TODAY)]),
    "a meeting may be due": (38, "warm", [rule("price", 2000, NOV), rule("decides", 1800)]),
    "as high as can be": (
        100, "hot", [rule("demo", 6500, TODAY), rule("price", 4000, NOV), *small(2, 300), limit("ceiling", -1100)],
    ),
    "fell to the middle": (32, "warm", [rule("demo", 2500, date(2026, 8, 31)), rule("silent", -600), *small(4, 325)]),
}  # fmt: skip
BEFORE = {"rose, and what is next": 68, "fell": 10, "more than has room": 98, "opted out": 27, "as high as can be": 61,
          "fell to the middle": 71}  # fmt: skip
STAGE = {"rose, and what is next": 3, "fell": 2, "more than has room": None, "too little known": 0, "opted out": 3,
         "a meeting may be due": 3, "as high as can be": 2, "fell to the middle": 2}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_as_they_are_read(language: str) -> None:
    scores = scored(*((i, *lead) for i, lead in enumerate(LEADS.values())))
    number = {name: i for i, name in enumerate(LEADS)}
    warmth = {name: "cold" if lead[1] == UNSURE else lead[1] for name, lead in LEADS.items()}
    steps = {
        name: next_step(at, 4, warmth[name], "opted out" if name == "opted out" else "") for name, at in STAGE.items()
    }
    told = reason_lines(
        scores,
        LABELS,
        language,
        before={number[name]: score for name, score in BEFORE.items()},
        actions={number[name]: said(step, language) for name, step in steps.items()},
    )["reasons"].to_list()
    for line in told:
        score, items = points(line)
        assert sum(items) == score
        assert units(line) <= LONGEST
        assert balanced(line)
    assert len(told) == 20
    assert told == (GOLDEN / f"reasons.{language}.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_line_says_besides_points(language: str) -> None:
    """The temperature and the next step, whatever the points are."""
    action = said(next_step(0, 4, "hot"), language)

    def line(total: int, temperature: str, step: str, before: int | None = None) -> str:
        scores = scored((1, total, temperature, [rule("small_1", total * 50), *HOT]))
        was = {} if before is None else {1: before}
        return str(reason_lines(scores, LABELS, language, before=was, actions={1: step})["reasons"].item())

    found = gist(line(80, "hot", action))
    assert gist(line(76, "hot", action, before=90)) == gist(line(100, "hot", action, before=2)) == found
    assert (
        len({found, gist(line(80, "warm", action)), gist(line(80, "hot", f"{action} 2")), gist(line(80, "hot", ""))})
        == 4
    )
