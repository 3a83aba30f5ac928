"""When somebody works: hours of the week in a time zone, and days off. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AHEAD = 400  # days in which somebody who comes back at all does so
_DAY, _LAST_YEAR = 24 * 60, 2999
_PART = re.compile(r"\s*([A-Za-z]+)(?:\s*-\s*([A-Za-z]+))?\s+(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)\s*", re.ASCII)
_ZONE = re.compile(r"^(.*\d)\s+([A-Za-z][\w+-]*(?:/[\w+-]+)*)\s*$", re.ASCII)


class Span(NamedTuple):
    """Working time of a day: `day` 0 is Monday, `start` and `end` are minutes since midnight."""

    day: int
    start: int
    end: int


class Days(NamedTuple):
    """Days off, the last included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """When somebody works. Without `spans` always, but for days `off`, which are days of `zone`."""

    spans: tuple[Span, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    off: tuple[Days, ...] = ()

    def off_until(self, at: datetime) -> date | None:
        """The last day of the time off that this moment lies in, if it does; times off that touch are one."""
        day, until = at.astimezone(self.zone).date(), None
        for days in sorted(self.off):
            if days.first <= day <= days.last:
                until, day = days.last, days.last + timedelta(days=1)
        return until

    def works(self, at: datetime) -> bool:
        """Whether this moment is working time."""
        here = at.astimezone(self.zone)
        minute = here.hour * 60 + here.minute
        on = any(span.day == here.weekday() and span.start <= minute < span.end for span in self.spans)
        return (on or not self.spans) and self.off_until(at) is None

    def begins(self, at: datetime) -> datetime | None:
        """When work begins next after this moment, in UTC; None if it never does."""
        today = at.astimezone(self.zone).date()
        day, last = today, today + timedelta(days=_AHEAD)
        while day <= last:
            if until := next((days.last for days in self.off if days.first <= day <= days.last), None):
                day = until + timedelta(days=1)
                continue
            starts = [span.start for span in self.spans if span.day == day.weekday()] if self.spans else [0]
            for start in sorted(starts):
                local = datetime(day.year, day.month, day.day, start // 60, start % 60, tzinfo=self.zone)
                if (found := local.astimezone(UTC)) > at:
                    return found
            day += timedelta(days=1)
        return None


def read_hours(text: str, home: ZoneInfo) -> tuple[tuple[Span, ...], ZoneInfo]:
    """`Mon-Fri 08:00-17:00 Asia/Ho_Chi_Minh`: the times, several after commas, and the zone; without one it is `home`.

    Raises ValueError with a sentence that says what to write.
    """
    zone = home
    if (named := _ZONE.match(text)) is not None:
        text, zone = named[1], read_zone(named[2])
    found: list[Span] = []
    for part in text.split(","):
        if (said := _PART.fullmatch(part)) is None:
            raise ValueError(f"{part.strip()[:60]!r} are no hours; write such as `Mon-Fri 09:00-17:00 Europe/Warsaw`")
        first, last = _day(said[1]), _day(said[2] or said[1])
        start, end = int(said[3]) * 60 + int(said[4]), int(said[5]) * 60 + int(said[6])
        if end > _DAY or int(said[4]) > 59 or int(said[6]) > 59 or start >= end:
            told = f"{part.strip()!r}: a day ends after it begins and at 24:00 at the latest"
            raise ValueError(f"{told}; write the time after midnight as one of the next day")
        found += (Span((first + n) % 7, start, end) for n in range((last - first) % 7 + 1))
    return tuple(sorted(found)), zone


def _day(name: str) -> int:
    if name.title() not in DAYS:
        raise ValueError(f"{name!r} is no day of the week; write one of {', '.join(DAYS)}")
    return DAYS.index(name.title())


def read_zone(name: str) -> ZoneInfo:
    """A time zone by its name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # of a folder of zones, too
        raise ValueError(f"{name[:60]!r} is not a time zone; write one such as Europe/Warsaw") from None


def read_days(text: str) -> Days:
    """`2026-12-25`, or `2026-12-01 to 2026-12-14`. Raises ValueError with a sentence that says what to write."""
    first, _, last = (part.strip() for part in text.partition(" to "))
    try:
        days = Days(date.fromisoformat(first), date.fromisoformat(last or first))
        if days.last.year > _LAST_YEAR:
            raise ValueError
    except ValueError:
        told = f"{text.strip()[:60]!r} are no days; write `2026-12-25`, or `2026-12-01 to 2026-12-14`"
        raise ValueError(told) from None
    if days.last < days.first:
        raise ValueError(f"{text.strip()!r} ends before it begins; write the earlier day first")
    return days


def soonest(times: Iterable[datetime | None]) -> datetime | None:
    """The first of these moments, if there is one."""
    return min((at for at in times if at is not None), default=None)
