"""Working hours and days off."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from leadsync.core.hours import Calendar, Days, Span, read_days, read_hours

WARSAW, HOME = ZoneInfo("Europe/Warsaw"), ZoneInfo("UTC")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=WARSAW)  # the 2nd is a Monday, clocks change on the 29th


@pytest.mark.parametrize(
    ("text", "spans", "zone"),
    [
        ("Mon-Fri 09:00-17:00", [(n, 540, 1020) for n in range(5)], "UTC"),
        ("Sat-Wed 8:00-16:30 Asia/Tehran", [(n, 480, 990) for n in (0, 1, 2, 5, 6)], "Asia/Tehran"),
        ("mon 09:00-12:00, mon 13:00-24:00 Europe/Warsaw", [(0, 540, 720), (0, 780, 1440)], "Europe/Warsaw"),
        ("Tue 00:00-06:00 UTC", [(1, 0, 360)], "UTC"),
    ],
)
def test_hours_are_read(text: str, spans: list[tuple[int, int, int]], zone: str) -> None:
    assert read_hours(text, HOME) == (tuple(Span(*span) for span in spans), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("9-17", "are no hours; write such as `Mon-Fri 09:00-17:00 Europe/Warsaw`"),
        ("Mon-Fri 09:00-17:00 Europe/Warszawa", "'Europe/Warszawa' is not a time zone"),
        ("Mon-Fri 17:00-09:00", "write the time after midnight as one of the next day"),
        ("Mon-Fri 09:00-25:00", "at 24:00 at the latest"),
        ("Mon-Fri 09:61-17:00", "ends after it begins"),
        ("Mo-Fr 09:00-17:00", "'Mo' is no day of the week; write one of Mon, Tue"),
        ("", "are no hours"),
    ],
)
def test_what_cannot_be_hours_is_told_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as error:
        read_hours(text, HOME)
    assert told in str(error.value)


def test_days_are_read() -> None:
    assert read_days("2026-12-25") == Days(date(2026, 12, 25), date(2026, 12, 25))
    assert read_days(" 2026-12-01 to 2026-12-14 ") == Days(date(2026, 12, 1), date(2026, 12, 14))
    for wrong, told in (("1 Dec", "are no days"), ("2026-02-30", "are no days"), ("9999-01-01", "are no days"),
                        ("2026-12-14 to 2026-12-01", "ends before it begins")):  # fmt: skip
        with pytest.raises(ValueError, match=told):
            read_days(wrong)


def test_work_is_where_and_when_the_clock_there_says_so() -> None:
    office = Calendar(*read_hours("Mon-Fri 09:00-17:00 Europe/Warsaw", HOME))
    assert [office.works(at(2, hour)) for hour in (8, 9, 16, 17)] == [False, True, True, False]
    assert not office.works(at(7, 12))
    assert office.works(datetime(2026, 3, 27, 8, 30, tzinfo=UTC))
    assert office.works(datetime(2026, 3, 30, 7, 30, tzinfo=UTC))  # an hour earlier, since the clocks have changed
    assert office.begins(at(6, 17)) == at(9, 9)
    assert office.begins(at(9, 8)) == at(9, 9)
    assert office.begins(at(9, 9)) == at(10, 9)
    assert Calendar().works(at(7, 3))


def test_nobody_works_on_days_off_and_those_that_touch_are_one() -> None:
    off = (read_days("2026-03-10 to 2026-03-11"), read_days("2026-03-09"), read_days("2026-03-12"))
    office = Calendar(*read_hours("Mon-Fri 09:00-17:00 Europe/Warsaw", HOME), off)
    assert office.off_until(at(8, 12)) is None
    assert office.off_until(at(9, 12)) == date(2026, 3, 12)
    assert not office.works(at(9, 12))
    assert office.begins(at(8, 12)) == at(13, 9)
    assert Calendar((), WARSAW, off).begins(at(8, 12)) is not None
    assert Calendar((), WARSAW, (read_days("2026-03-01 to 2999-12-31"),)).begins(at(8, 12)) is None
