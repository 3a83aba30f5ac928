import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from core_frames import LEADS, TODAY, activities_frame, cond, happened, leads_frame, on, scoring, scorings
from hypothesis import given
from hypothesis import strategies as st

from leadsync.catalog import LANGUAGES
from leadsync.core.line import LONGEST, units
from leadsync.core.reasons import reason_lines
from leadsync.core.score import Scores, score
from leadsync.core.scoring import Group, Rule

NOV = date(2026, 11, 20)
NAMES = {"a": "demo booked", "b": "director", "c": "no activity", "d": "x", "e": "y", "f": "z",
         "again": "demo booked", "twice": "x"}  # fmt: skip

Row = tuple[str, str, str, int, date | None]


def rule(name: str, points: int, day: date | None = None) -> Row:
    return name, "g", "rule", points, day


def limit(what: str, points: int, *, name: str = "", group: str = "") -> Row:
    return name, group, what, points, None


def scored(*leads: tuple[int, int, str, list[Row]]) -> Scores:
    """Lead, score, temperature and parts of each."""
    rows = [row for *_, rows in leads for row in rows]
    names, groups = (list(dict.fromkeys(words)) or [""] for words in ((r[0] for r in rows), (r[1] for r in rows)))
    totals: dict[str, Any] = {"lead": pl.Int64, "day": pl.Date, "score": pl.Int64, "temperature": pl.String}
    parts: dict[str, Any] = {
        "lead": pl.Int64, "day": pl.Date, "name": pl.Enum(names), "group": pl.Enum(groups),
        "what": pl.Enum(["rule", "cap", "floor", "ceiling", "rounding"]), "points": pl.Int64, "on": pl.Date,
    }  # fmt: skip
    return Scores(
        pl.DataFrame([(lead, TODAY, total, how) for lead, total, how, _ in leads], totals, orient="row"),
        pl.DataFrame([(lead, TODAY, *row) for lead, *_, rows in leads for row in rows], parts, orient="row"),
    )


def everywhere(names: Mapping[str, str]) -> dict[tuple[str, str], dict[str, str]]:
    return {("g", name): dict.fromkeys(LANGUAGES, label) for name, label in names.items()}


LABELS = everywhere(NAMES)


def line(
    total: int, parts: list[Row], labels: Any = LABELS, how: str = "hot", language: str = "en", **more: Any
) -> str:
    each = {name: {1: value} for name, value in more.items() if value is not None}
    return str(reason_lines(scored((1, total, how, parts)), labels, language, **each)["reasons"][0])


def points(text: str) -> tuple[int, list[int]]:
    """The score of a line, and the points of its items."""
    plain = re.sub("[\u2066-\u2069]", "", text).translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹−", "0123456789-"))
    head, *items = plain.split(" · ")
    found = [re.search(r" ([+±-]\d+)(?: \([^()]+\))?(?:\. [^.]+: .+)?$", item) for item in items]
    assert None not in found, text
    return int(head.split()[0]), [int(f[1].replace("±", "")) for f in found if f]


def balanced(text: str) -> bool:
    """Every isolate that is opened is closed, in order."""
    depth = 0
    for c in text:
        depth += (c in "\u2066\u2067\u2068") - (c == "\u2069")
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.parametrize(
    ("total", "parts", "told"),
    [
        (0, [], "0 hot"),
        (
            40,
            [rule("a", 2500, NOV), rule("b", 1800), rule("c", -600), rule("d", 100), rule("e", 100), rule("f", 110),
             limit("rounding", -10)],
            "40 hot · demo booked +25 (20 Nov) · director +18 · no activity −6 · and 3 more +3",
        ),
        (43, [rule("b", 1800), rule("a", 2500, NOV)], "43 hot · demo booked +25 (20 Nov) · director +18"),
        (2, [rule("a", 120), rule("b", 120), limit("rounding", -40)], "2 hot · demo booked +1 · director +1"),
        (3, [rule("a", 140), rule("b", 140), limit("rounding", 20)],
         "3 hot · demo booked +1 · director +1 · rounding +1"),
        (
            40,
            [rule("a", 3000), rule("b", 1850), limit("cap", -850, group="g")],
            "40 hot · demo booked +30 · director +19 · score limits −9",
        ),
        (0, [rule("c", -1500), limit("floor", 1500)], "0 hot · no activity −15 · score limits +15"),
        (20, [rule("a", 7500, NOV), limit("cap", -5500, name="a", group="g")], "20 hot · demo booked +20 (20 Nov)"),
        (25, [rule("a", 2500), rule("b", 20), rule("c", -20)], "25 hot · demo booked +25 · and 2 more ±0"),
        (5, [rule("a", 500, date(2026, 1, 26))], "5 hot · demo booked +5 (26 Jan)"),
        (5, [rule("a", 500, date(2025, 3, 1))], "5 hot · demo booked +5 (1 Mar 2025)"),
        (9, [rule("c", 300), rule("b", 300), rule("a", 300)], "9 hot · demo booked +3 · director +3 · no activity +3"),
        (
            45,
            [rule("a", 1500, date(2026, 11, 3)), rule("again", 1040, NOV), limit("cap", -40, name="again", group="g"),
             rule("b", 1800), rule("d", 150), rule("twice", -20), limit("rounding", 70)],
            "45 hot · demo booked +25 (20 Nov) · director +18 · x +1 · rounding +1",
        ),
    ],
)  # fmt: skip
def test_lines(total: int, parts: list[Row], told: str) -> None:
    assert line(total, parts) == told


@pytest.mark.parametrize(
    ("before", "told"), [(26, "40 ▲14 hot"), (46, "40 ▼6 hot"), (40, "40 hot"), (None, "40 hot"), (0, "40 ▲40 hot")]
)
def test_what_changed(before: int | None, told: str) -> None:
    assert line(40, [rule("a", 4000)], before=before) == f"{told} · demo booked +40"


@pytest.mark.parametrize(
    ("action", "told"),
    [("call today", ". Next: call today."), ("call today!", ". Next: call today!"), (None, ""), (" \u202e\n", ""),
     ("call\ntoday", ". Next: call today.")],
)  # fmt: skip
def test_what_to_do_next(action: str | None, told: str) -> None:
    assert line(40, [rule("a", 4000)], actions=action) == f"40 hot · demo booked +40{told}"


def test_each_lead_in_its_language() -> None:
    scores = scored(*((lead, 40, "warm", [rule("a", 3900), rule("b", 100)]) for lead in (7, 3, 5)))
    told = reason_lines(scores, LABELS, "pl", languages={3: "vi", 5: "en"}, before={5: 39})
    assert told.rows() == [
        (7, TODAY, "40 ciepły · demo booked +39 · director +1"),
        (3, TODAY, "40 ấm · demo booked +39 · director +1"),
        (5, TODAY, "40 ▲1 warm · demo booked +39 · director +1"),
    ]


def test_labels_are_told_in_the_language_of_the_line() -> None:
    how = scoring(
        Group("g", None, (
            Rule("demo", "g", 3000, per="demo_request"),
            Rule("our_market", "g", 1000, label={"en": "our market", "pl": "nasz rynek"}),
            Rule("big", "g", 500, label="large"),
            Rule("small_firm", "g", 400),
        )),
    )  # fmt: skip
    said = {language: [how.labels["g", rule.name][language] for rule in how.rules] for language in LANGUAGES}
    assert said == {
        "en": ["demo request", "our market", "large", "small firm"],
        "fa": ["درخواست دمو", "our market", "large", "small firm"],
        "ru": ["запрос демонстрации", "our market", "large", "small firm"],
        "pl": ["prośba o demo", "nasz rynek", "large", "small firm"],
        "vi": ["đặt lịch demo", "our market", "large", "small firm"],
    }


def test_a_line_fits_into_the_field() -> None:
    labels = everywhere({"a": "short", "b": "очень длинное название " * 9, "c": "very long name " * 20})
    told = line(60, [rule("a", 3000, NOV), rule("b", 2000, NOV), rule("c", 1000, NOV)], labels, "warm")
    assert LONGEST - 3 < units(told) <= LONGEST
    assert told.startswith("60 warm · short +30 (20 Nov) · очень длинное название")
    assert re.search(r"very l… \+10 \(20 Nov\)$", told)


def test_a_short_action_stays_whole_where_labels_are_long() -> None:
    labels = everywhere({name: f"{name} very long name of a rule " * 5 for name in "abc"})
    told = line(60, [rule("a", 3000, NOV), rule("b", 2000, NOV), rule("c", 1000)], labels, actions="call today")
    assert told.endswith(". Next: call today.")
    assert points(told) == (60, [30, 20, 10])
    assert LONGEST - 4 < units(told) <= LONGEST


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        line(0, [], language="xx")


def test_lines_of_many_leads_in_their_order() -> None:
    how = scoring(
        Group("fit", None, (Rule("mail_known", "fit", 1200, cond("email")),)),
        Group("engagement", None, (Rule("v", "engagement", 3000, per="visit", label="site visit"),)),
    )
    leads = leads_frame({"lead": 9, "email": "x"}, {"lead": 3}, {"lead": 5, "email": "x"})
    scores = score(how, leads, activities_frame([(5, "visit", on(2)), (5, "visit", on(1))]))
    lines = reason_lines(scores, how.labels).rows()
    assert lines == [
        (9, TODAY, "12 cold · mail known +12"),
        (3, TODAY, "0 cold"),
        (5, TODAY, "72 hot · site visit +60 (20 Nov) · mail known +12"),
    ]


def test_no_leads_no_lines() -> None:
    assert reason_lines(scored(), LABELS).rows() == []


HOSTILE = st.text(
    st.sampled_from(
        "ab Z9+−()é\u0301ی\u200cکх"
        "\U0001f469\U0001f3fd\u200d\U0001f4bb\U0001f1f5\U0001f1f1"  # signs of several characters
        "\n\r\t\0\x1b\u202e\u2066\u2067\u2068\u2069\u200f\ufeff\ud800"  # what must not stand in a line
    ),
    max_size=120,
)
PARTS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(-4000, 9000).filter(bool), st.none() | st.integers(0, 700)),
    unique_by=lambda part: part[0],
)


@given(
    PARTS, st.sampled_from(LANGUAGES), st.fixed_dictionaries(dict.fromkeys("abcdef", HOSTILE)),
    st.none() | st.integers(0, 100), st.none() | HOSTILE, st.randoms(),
)  # fmt: skip
def test_whatever_admins_write(
    parts: list[tuple[str, int, int | None]], language: str, texts: dict[str, str], before: int | None,
    action: str | None, chance: Any,
) -> None:  # fmt: skip
    rows = [rule(name, worth, None if ago is None else TODAY - timedelta(ago)) for name, worth, ago in parts]
    total = sum(worth for _, worth, _ in parts)
    whole = (min(max(total, 0), 10_000) + 50) // 100
    rows += [limit("rounding", whole * 100 - total)] if whole * 100 != total else []
    told = line(whole, rows, everywhere(texts), language=language, before=before, actions=action)
    assert units(told) <= LONGEST
    assert balanced(told)
    assert not re.search("[\\x00-\\x1f\\u202a-\\u202e\\u200f\\ufeff\\ud800-\\udfff]", told)
    told.encode()
    assert sum(points(told)[1], start=-points(told)[0]) == 0
    chance.shuffle(rows)
    assert line(whole, rows, everywhere(texts), language=language, before=before, actions=action) == told


@given(
    scorings(), LEADS.flatmap(lambda leads: st.tuples(st.just(leads), happened(len(leads)))), st.sampled_from(LANGUAGES)
)
def test_what_is_printed_adds_up(how: Any, history: tuple[list[dict[str, Any]], list[Any]], language: str) -> None:
    scores = score(how, leads_frame(*history[0]), activities_frame(history[1]))
    lines = reason_lines(scores, how.labels, language)["reasons"].to_list()
    for told, total in zip(lines, scores.totals["score"], strict=True):
        head, items = points(told)
        assert head == total
        assert sum(items) == (total if items else 0)
        assert len(items) <= 4
    alone = Scores(scores.totals[-1:], scores.parts)
    assert reason_lines(alone, how.labels, language)["reasons"].to_list() == lines[-1:]
