"""How big a company is: bands of size and revenue, and what CRMs write where they know only a range."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import inf, nextafter
from typing import NamedTuple

from leadsync.core.convert.base import fold, plain

SIZES = ("1", "2-10", "11-50", "51-200", "201-1000", "1001-5000", "5001+")
"""Bands of the number of employees."""
_SIZES_FROM = (1, 2, 11, 51, 201, 1001, 5001)
REVENUES = ("under 1M", "1M-10M", "10M-50M", "50M-250M", "250M-1B", "1B+")
"""Bands of the yearly revenue, in the home currency; a limit belongs to the band that it begins."""
_REVENUES_FROM = (0, 1e6, 1e7, 5e7, 2.5e8, 1e9)

_LONGEST = 80
_TOKEN = re.compile(
    r"(?P<number>\d{1,15}(?:[ .,'’٬٫]\d{1,15}){0,5})|(?P<mark>[<>]=|[<>≤≥+–—-])"
    r"|(?P<words>[^\W\d_]+(?: [^\W\d_]+)*)|[\s.,:;()~≈=]+"
)
_THOUSANDS = re.compile(r"\d{1,3}([ .,'’٬])\d{3}(?:\1\d{3})*", re.ASCII)
_EITHER = re.compile(r"\d{1,3}[.,]\d{3}", re.ASCII)  # before a word such as million nobody knows what the sign means
_DECIMAL = re.compile(r"\d+(?:[.,٫](?:\d{1,2}|\d{4,}))?", re.ASCII)
_MARKS = {
    "<": "under",
    "<=": "to",
    "≤": "to",
    ">": "over",
    ">=": "from",
    "≥": "from",
    "+": "from",
    "-": "and",
    "–": "and",
    "—": "and",
}
_PHRASES = {
    "to": "to, up to, max, maximum, not more than, at most, do, maksymalnie, nie więcej niż, co najwyżej, до, "
    "не более, не более чем, đến, tới, tối đa, تا, حداکثر",
    "from": "from, min, minimum, at least, not less than, and more, or more, and up, plus, od, co najmniej, minimum, "
    "i więcej, lub więcej, от, не менее, не менее чем, и более, и больше, từ, ít nhất, tối thiểu, trở lên, از, حداقل, "
    "به بالا, و بیشتر",
    "over": "over, above, more than, greater than, powyżej, ponad, więcej niż, свыше, более, более чем, больше, trên, "
    "hơn, nhiều hơn, بیش از, بیشتر از, بالای",
    "under": "under, below, less than, fewer than, poniżej, mniej niż, менее, менее чем, меньше, dưới, ít hơn, "
    "کمتر از, زیر",
    "and": "and, i, a, и, và, و",
    "": "employee, employees, people, persons, staff, workers, between, about, approx, circa, ca, osób, osoby, osoba, "
    "pracowników, pracownika, pracownik, zatrudnionych, pomiędzy, między, około, ok, сотрудников, сотрудника, "
    "сотрудник, человек, чел, работников, между, около, примерно, người, nhân viên, khoảng, نفر, کارمند, کارکنان, "
    "بین, حدود",
    "k": "k, thousand, tys, tysięcy, tysiące, тыс, тысяч, тысячи, nghìn, ngàn, هزار",
    "m": "m, mln, million, millions, milion, miliony, milionów, млн, миллион, миллиона, миллионов, triệu, میلیون",
    "b": "b, bn, mld, billion, billions, miliard, miliardy, miliardów, млрд, миллиард, миллиарда, миллиардов, tỷ, "
    "میلیارد",
}
_WORDS = {fold(phrase): meaning for meaning, phrases in _PHRASES.items() for phrase in phrases.split(", ")}
_TIMES = {"k": 1e3, "m": 1e6, "b": 1e9}
_LONGEST_PHRASE = 3
_POINT = str.maketrans(",٫", "..")


class Span(NamedTuple):
    """A number of which only limits may be known, both within; `high` is None where there is none."""

    low: float
    high: float | None

    @property
    def middle(self) -> float | None:
        """The number, or a likely one of a range with two ends: as many times the lower as the upper is of it."""
        if self.high is None or self.low == self.high:
            return self.high
        return float(round((self.low * self.high) ** 0.5)) if self.low else None


def size(span: Span) -> str:
    """The one band of `SIZES` that this number of employees lies in; empty where it may be several."""
    return _band(span, _SIZES_FROM, SIZES)


def revenue(span: Span) -> str:
    """The one band of `REVENUES` that this yearly revenue lies in; empty where it may be several."""
    if span.high is not None and span.high > span.low:
        span = Span(span.low, nextafter(span.high, 0))  # 10M-50M ends where the next band begins
    return _band(span, _REVENUES_FROM, REVENUES)


def _band(span: Span, limits: Sequence[float], names: Sequence[str]) -> str:
    low, high = (bisect_right(limits, end) for end in (span.low, inf if span.high is None else span.high))
    return names[low - 1] if low == high and low else ""


def read(text: str) -> Span | None:
    """`51-200`, `1 001–5 000`, `powyżej 250`, `10-50 млн`; None for what is no number and no range of them."""
    return _read(text) if len(text) <= _LONGEST else None


def is_range(text: str) -> bool:
    """Whether it has two ends, or one is open."""
    return (span := read(text)) is not None and span.low != span.high


@lru_cache(maxsize=4096)
def _read(text: str) -> Span | None:
    told = plain(text).casefold()
    numbers: list[tuple[float, float]] = []  # with what it is to be taken times
    meanings: list[str] = []
    at, last = 0, ""
    while at < len(told):
        found = _TOKEN.match(told, at)
        if found is None:
            return None
        at = found.end()
        if found["number"]:
            last = found["number"]
            if (number := _number(last)) is None:
                return None
            numbers.append((number, 0))
        elif found["mark"]:
            meanings.append(_MARKS[found["mark"]])
        elif found["words"]:
            for meaning in _meanings(fold(found["words"]).split()):
                if meaning is None:
                    return None
                if meaning not in _TIMES:
                    meanings += [meaning] if meaning else []
                elif not numbers or numbers[-1][1] or _EITHER.fullmatch(last):
                    return None
                else:
                    numbers[-1] = numbers[-1][0], _TIMES[meaning]
    return _span(numbers, meanings)


def _number(told: str) -> float | None:
    if _THOUSANDS.fullmatch(told):
        return float("".join(filter(str.isdecimal, told)))
    return float(told.translate(_POINT)) if _DECIMAL.fullmatch(told) else None


def _meanings(words: Sequence[str]) -> Iterator[str | None]:
    """What the words mean, the longest phrases first; None for one that means nothing here."""
    at = 0
    while at < len(words):
        counts = range(min(_LONGEST_PHRASE, len(words) - at), 0, -1)
        count = next((n for n in counts if " ".join(words[at : at + n]) in _WORDS), 0)
        yield _WORDS[" ".join(words[at : at + count])] if count else None
        at += count or 1


def _span(numbers: Sequence[tuple[float, float]], meanings: Sequence[str]) -> Span | None:
    if len(numbers) == 2 and meanings in (["and"], ["to"], ["from", "to"]):
        (low, times), (high, all_times) = numbers
        low, high = low * (times or all_times or 1), high * (all_times or 1)
        return Span(low, high) if low <= high else None
    if len(numbers) != 1 or len(meanings) > 1:
        return None
    number = numbers[0][0] * (numbers[0][1] or 1)
    match meanings:
        case []:
            return Span(number, number)
        case ["to"]:
            return Span(0, number)
        case ["under"]:
            return Span(0, max(number - 1, 0))
        case ["from"]:
            return Span(number, None)
        case ["over"]:
            return Span(number + 1, None)
    return None
