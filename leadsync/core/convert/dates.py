"""Dates and moments in the forms that CRMs and people use, of the Gregorian and the Jalali calendar; all give ISO."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache

from leadsync.catalog import LANGUAGES
from leadsync.core.convert.base import Home, Unreadable, fold, plain, spoken_in

_ISO_DAY = re.compile(r"(?:19|20)\d\d-(?:0\d|1[0-2])-(?:[01]\d|2[0-8])", re.ASCII)  # every such day exists
_EPOCH = re.compile(r"\d{9,10}|\d{12,13}", re.ASCII)
_TIME = re.compile(
    r"(?:[t,]\s*|\s+(?:г\.?,?\s+)?)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s?([ap]\.?m\.?)?\s?(z|utc|gmt|[-+]\d\d:?\d\d)?",
    re.ASCII,
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})(\d\d)(\d\d)", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4})(?:\s?(?:г|года|r|roku)\.?)?", re.ASCII)
_DAY_NAMED = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]([^\d\s.,/-]+)\.?[,\s-]\s?(\d{4})(?:\s?(?:г|года|r|roku)\.?)?"
)
_NAMED_DAY = re.compile(r"([^\d\s.,/-]+)\.?\s(\d{1,2})(?:st|nd|rd|th)?,?\s(\d{4})")
_VIETNAMESE = re.compile(r"(?:ngày )?(\d{1,2}) (?:tháng|thg) (\d{1,2})(?:,| năm) (\d{4})")
_SOLAR = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند"
_SOLAR_MONTHS = {fold(name): month for month, name in enumerate(_SOLAR.split(), 1)}
_FIRST_YEAR, _LAST_YEAR = 1800, 2199  # years beyond them are mistakes, or of another calendar


def read_date(text: str, home: Home, _: Mapping[str, str]) -> str:
    """The day; of a moment with a zone, the day at home."""
    return text if _ISO_DAY.fullmatch(text) else _day(text, home).isoformat()


def read_datetime(text: str, home: Home, _: Mapping[str, str]) -> str:
    """The moment in UTC. Where no zone stands it is the time at home, where no time stands the day begins."""
    found = moment_or_day(text, home)
    if not isinstance(found, datetime):
        found = datetime.combine(found, time(), home.zone)
    return found.astimezone(UTC).isoformat().replace("+00:00", "Z")


def jalali(text: str, home: Home, _: Mapping[str, str]) -> str:
    """The day of a date whose year may be one of the Jalali calendar (1200 to 1500)."""
    day, _time = _parted(text)
    parts = _numbers(day, home, _SOLAR_MONTHS)
    if parts is None or not 1200 <= parts[0] <= 1500:
        return _day(text, home).isoformat()
    year, month, day_ = parts
    try:
        return _solar(year, month, day_).isoformat()
    except ValueError:
        raise Unreadable("is no day of the Jalali calendar") from None


def _day(text: str, home: Home) -> date:
    found = moment_or_day(text, home)
    return found.astimezone(home.zone).date() if isinstance(found, datetime) else found


def moment_or_day(text: str, home: Home) -> datetime | date:
    """The moment, or the day where no time of it stands. Raises `Unreadable`."""
    try:
        found = _known(text, home)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise Unreadable("is no date that can be read")
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        solar = "; for the Jalali calendar write `as: jalali`" if 1200 <= found.year <= 1500 else ""
        raise Unreadable(f"would be in the year {found.year}{solar}")
    return found


def _known(text: str, home: Home) -> datetime | date | None:
    if _EPOCH.fullmatch(text):
        at = datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), UTC)
        return at.date() if at.time() == time() else at  # CRMs keep days as midnights in UTC
    if text[:4].isdecimal() and text[4:5] == "-" and "T" in text:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=home.zone)
    day, clock = _parted(text)
    parts = _numbers(day, home, _months())
    if parts is None:
        return None
    if clock is None:
        return date(*parts)
    hour, minute, second, half, zone = clock.groups()
    hours = int(hour) if not half else int(hour) % 12 + 12 * (half[0] == "p") if 1 <= int(hour) <= 12 else 99
    at = datetime.combine(date(*parts), time(hours, int(minute), int(second or 0)), home.zone)
    if zone:
        shown = at.replace(tzinfo=None).isoformat() + ("Z" if zone[0] not in "+-" else zone)
        at = datetime.fromisoformat(shown)
    return at


def _parted(text: str) -> tuple[str, re.Match[str] | None]:
    """The date and the time of day of a text, spelled plainly."""
    told = " ".join(plain(text[:60]).casefold().split())
    clock = next((m for m in _TIME.finditer(told) if m.end() == len(told)), None)
    return (told[: clock.start()].rstrip(" ,") if clock else told), clock


def _numbers(day: str, home: Home, names: Mapping[str, int]) -> tuple[int, int, int] | None:
    """Year, month and day of a date, whatever stands first."""
    if found := _YEAR_FIRST.fullmatch(day):
        year, _sign, month, date_, *packed = found.groups()
        return (int(year), int(month), int(date_)) if year else tuple(map(int, packed))  # type: ignore[return-value]
    if found := _VIETNAMESE.fullmatch(day):
        return int(found[3]), int(found[2]), int(found[1])
    if found := _YEAR_LAST.fullmatch(day):
        a, b = int(found[1]), int(found[3])
        month_first = found[2] != "." and (b > 12 or (a <= 12 and _month_first(home.country)))
        return (int(found[4]), a, b) if month_first else (int(found[4]), b, a)
    if found := _DAY_NAMED.fullmatch(day):
        date_, name, year = found.groups()
    elif found := _NAMED_DAY.fullmatch(day):
        name, date_, year = found.groups()
    else:
        return None
    known = names.get(fold(name))
    return None if known is None else (int(year), known, int(date_))


def _solar(year: int, month: int, day: int) -> date:
    """A day of the Jalali calendar: 8 leap years in a cycle of 33, as it holds from 1178 to 1633."""
    first = 31 * (month - 1) if month < 8 else 30 * (month - 1) + 6  # days of the year before this month
    found = _new_year(year) + first + day - 1
    if not 1 <= month <= 12 or not 1 <= day <= (31 if month < 7 else 30) or found >= _new_year(year + 1):
        raise ValueError("no such day")
    return date.fromordinal(found)


def solar(day: date) -> tuple[int, str, int]:
    """A day as the Jalali calendar has it: year, name of the month, day."""
    year = day.year - 621 - (day.toordinal() < _new_year(day.year - 621))
    nth = day.toordinal() - _new_year(year)
    month, of_month = divmod(nth, 31) if nth < 186 else divmod(nth - 6, 30)
    return year, _SOLAR.split()[month], of_month + 1


def _new_year(year: int) -> int:
    """The ordinal of the first of Farvardin."""
    cycles, of_cycle = divmod(year + 1595, 33)
    return 365 * (year + 1595) + 8 * cycles + (of_cycle + 3) // 4 - 356032


@cache
def _months() -> Mapping[str, int]:
    """The names of months in five languages, whole and short, as `fold` spells them."""
    from babel import Locale

    found: dict[str, int] = {}
    for language in LANGUAGES:
        for use in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in Locale(language).months[use][width].items():
                    found.setdefault(fold(name), month)
    return found


@cache
def _month_first(country: str) -> bool:
    return bool(country) and spoken_in(country).date_formats["short"].pattern.startswith("M")
