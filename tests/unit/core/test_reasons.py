import re
from datetime import date
from typing import Any

import pytest
from core_frames import LEADS, TODAY, activities_frame, cond, happened, leads_frame, on, scoring, scorings
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.reasons import LONGEST, Part, reason_lines, reasons
from leadsync.core.score import Group, Rule, score

NOV = date(2026, 11, 20)
NAMES = {"a": "demo booked", "b": "director", "c": "no activity", "d": "x", "e": "y", "f": "z"}
LABELS = {("g", name): label for name, label in NAMES.items()}


def rule(name: str, points: int, day: date | None = None) -> Part:
    return Part(name, "g", "rule", points, day)


def limit(what: str, points: int, *, name: str = "", group: str = "") -> Part:
    return Part(name, group, what, points, None)


@pytest.mark.parametrize(
    ("total", "parts", "line"),
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
            "40 hot · demo booked +30 · director +19 · limits −9",
        ),
        (0, [rule("c", -1500), limit("floor", 1500)], "0 hot · no activity −15 · limits +15"),
        (20, [rule("a", 7500, NOV), limit("cap", -5500, name="a", group="g")], "20 hot · demo booked +20 (20 Nov)"),
        (25, [rule("a", 2500), rule("b", 20), rule("c", -20)], "25 hot · demo booked +25 · and 2 more ±0"),
        (5, [rule("a", 500, date(2026, 1, 26))], "5 hot · demo booked +5 (26 Jan)"),
        (5, [rule("a", 500, date(2025, 3, 1))], "5 hot · demo booked +5 (1 Mar 2025)"),
    ],
)  # fmt: skip
def test_lines(total: int, parts: list[Part], line: str) -> None:
    assert reasons(total, "hot", parts, TODAY, LABELS) == line


def test_a_line_fits_into_the_field() -> None:
    labels = {("g", "a"): "short", ("g", "b"): "очень длинное название " * 9, ("g", "c"): "very long name " * 20}
    line = reasons(60, "warm", [rule("a", 3000, NOV), rule("b", 2000, NOV), rule("c", 1000, NOV)], TODAY, labels)
    assert len(line) <= LONGEST
    assert line.startswith("60 warm · short +30 (20 Nov) · очень длинное название")
    assert re.search(r"very… \+10 \(20 Nov\)$", line)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        reasons(0, "cold", [], TODAY, {}, "xx")


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


@given(scorings(), LEADS.flatmap(lambda leads: st.tuples(st.just(leads), happened(len(leads)))))
def test_what_is_printed_adds_up(how: Any, history: tuple[list[dict[str, Any]], list[Any]]) -> None:
    scores = score(how, leads_frame(*history[0]), activities_frame(history[1]))
    for _, _, line in reason_lines(scores, how.labels).iter_rows():
        head, *items = line.split(" · ")
        points = [re.search(r"([+−±])(\d+)(?: \(\d+ [A-Z][a-z]{2}\))?$", item) for item in items]
        assert len(items) <= 4
        assert int(head.split()[0]) == sum(int(f"{'-' if p[1] == '−' else '+'}{p[2]}") for p in points if p)
        assert None not in points
