"""The score read aloud in one line of a CRM: the three strongest reasons and one item that carries all the rest.

Whole points that always add up to the score. Dates of events, not ages, so that the line does not change by itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NamedTuple

import polars as pl

from leadsync.core.score import Scores

LONGEST = 255
_STRONGEST = 3
_DATED_DAYS = 300  # a date further back than this is told with its year
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Part(NamedTuple):
    """One row of the parts of a score."""

    name: str
    group: str
    what: str
    points: int
    on: date | None


@dataclass(frozen=True, slots=True)
class _Language:
    """How one language puts it."""

    temperatures: Mapping[str, str]
    date: Callable[[date, bool], str]
    more: Callable[[int], str]
    limits: str
    rounding: str


def _english_date(day: date, year: bool) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")


_LANGUAGES: Mapping[str, _Language] = {
    "en": _Language(
        {"hot": "hot", "warm": "warm", "cold": "cold"}, _english_date, "and {} more".format, "limits", "rounding"
    ),
}


def reasons(
    score: int,
    temperature: str,
    parts: Iterable[Part],
    day: date,
    labels: Mapping[tuple[str, str], str],
    language: str = "en",
) -> str:
    """The line for one lead as of `day`, at most 255 characters. `labels` as in `Scoring.labels`.

    A rule is told with what its own cap took. "and N more" counts the other rules and carries, like "limits", what
    caps, floor, ceiling and rounding did.
    """
    words = _LANGUAGES[language]
    parts = list(parts)
    rules: dict[tuple[str, str], tuple[int, date | None]] = {}
    for part in parts:
        if part.name and part.group:
            points, on = rules.get((part.group, part.name), (0, None))
            rules[part.group, part.name] = (points + part.points, on or part.on)
    whole = {key: _whole(points) for key, (points, _) in rules.items()}
    shown = sorted((key for key in whole if whole[key]), key=lambda key: -abs(rules[key][0]))[:_STRONGEST]
    rest = score - sum(whole[key] for key in shown)
    tail = []
    if len(rules) > len(shown):
        tail = [f"{words.more(len(rules) - len(shown))} {_signed(rest)}"]
    elif rest:
        limited = any(not part.name or not part.group for part in parts if part.what != "rounding")
        tail = [f"{words.limits if limited else words.rounding} {_signed(rest)}"]
    ends = []
    for key in shown:
        on = rules[key][1]
        dated = f" ({words.date(on, (day - on).days > _DATED_DAYS)})" if on else ""
        ends.append(f" {_signed(whole[key])}{dated}")
    head = f"{score} {words.temperatures[temperature]}"
    return _joined(head, [labels[key] for key in shown], ends, tail)


def reason_lines(scores: Scores, labels: Mapping[tuple[str, str], str], language: str = "en") -> pl.DataFrame:
    """lead, day, reasons per row of `scores.totals`, in its order."""
    columns = scores.parts.select("lead", "day", "name", "group", "what", "points", "on").iter_rows()
    parts = {key: [Part(*row[2:]) for row in rows] for key, rows in groupby(columns, key=lambda row: row[:2])}
    totals = scores.totals.select("lead", "day", "score", "temperature")
    lines = [
        reasons(score, temperature, parts.get((lead, day), ()), day, labels, language)
        for lead, day, score, temperature in totals.iter_rows()
    ]
    return totals.select("lead", "day", pl.Series("reasons", lines, dtype=pl.String))


def _whole(hundredths: int) -> int:
    """Whole points, halves away from zero, as the score is rounded."""
    points = (abs(hundredths) + 50) // 100
    return points if hundredths > 0 else -points


def _signed(points: int) -> str:
    return f"+{points}" if points > 0 else f"−{-points}" if points else "±0"


def _joined(head: str, labels: Sequence[str], ends: Sequence[str], tail: Sequence[str]) -> str:
    """One line; where it would be too long every label gets an equal share of the room."""
    line = " · ".join([head, *(label + end for label, end in zip(labels, ends, strict=True)), *tail])
    if len(line) <= LONGEST:
        return line
    share = (LONGEST - (len(line) - sum(map(len, labels)))) // len(labels)
    short = [label if len(label) <= share else label[: share - 1].rstrip() + "…" for label in labels]
    return _joined(head, short, ends, tail)
