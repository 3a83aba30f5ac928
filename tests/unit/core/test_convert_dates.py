"""Dates and moments, of the Gregorian and the Jalali calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from leadsync.catalog import LANGUAGES
from leadsync.core.convert import CONVERTERS, NOWHERE, Home, Unreadable

WARSAW = Home("PL", "EUR", ZoneInfo("Europe/Warsaw"))
NEW_YORK = Home("US", "USD", ZoneInfo("America/New_York"))


def read(name: str, text: str, home: Home = WARSAW) -> str | None:
    try:
        return CONVERTERS[name].read(text, home, {})
    except Unreadable:
        return None


@pytest.mark.parametrize(
    "text",
    ["2026-11-20", "2026/11/20", "20261120", "20.11.2026", "20/11/2026", "20-11-2026", "11/20/2026", "20. 11. 2026",
     "20 Nov 2026", "20-Nov-2026", "Nov 20, 2026", "November 20th, 2026", "20 ноября 2026 г.", "20 listopada 2026 r.",
     "20 tháng 11, 2026", "ngày 20 tháng 11 năm 2026", "۲۰ نوامبر ۲۰۲۶", "۲۰۲۶/۱۱/۲۰", "20.11.2026 14:30",
     "1795132800000", "1795132800", "2026-11-19T23:30:00Z", "2026-11-20 00:30", "2026-11-20T00:30:00.000+0100"],
)  # fmt: skip
def test_dates(text: str) -> None:
    assert read("date", text) == "2026-11-20"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-02-30", "31.11.2026", "20.11.26", "13/13/2026", "2026", "20 foo 2026", "20.11.2026 25:00",
     "0001-01-01", "9999-12-31", "99999999999999", "20.11-2026"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert read("date", text) is None
    assert read("datetime", text) is None
    assert read("jalali", text) is None


def test_the_month_stands_first_where_it_does_at_home() -> None:
    assert read("date", "03/04/2026", WARSAW) == "2026-04-03"
    assert read("date", "03/04/2026", NEW_YORK) == "2026-03-04"
    assert read("date", "03.04.2026", NEW_YORK) == "2026-04-03"


def test_a_jalali_year_is_not_taken_for_a_year_of_long_ago() -> None:
    with pytest.raises(Unreadable, match="for the Jalali calendar write `as: jalali`"):
        CONVERTERS["date"].read("1403/05/12", WARSAW, {})


@pytest.mark.parametrize(
    ("text", "moment"),
    [("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"), ("2026-11-20T10:00:00", "2026-11-20T09:00:00Z"),
     ("20.11.2026 14:30", "2026-11-20T13:30:00Z"), ("20.07.2026, 14:30:05", "2026-07-20T12:30:05Z"),
     ("11/20/2026 2:30 PM", "2026-11-20T13:30:00Z"), ("11/20/2026 12:05 a.m.", "2026-11-19T23:05:00Z"),
     ("20 ноября 2026 г., 14:30", "2026-11-20T13:30:00Z"), ("2026-11-20 10:00 +03:30", "2026-11-20T06:30:00Z"),
     ("20.11.2026 14:30 UTC", "2026-11-20T14:30:00Z"), ("20.11.2026", "2026-11-19T23:00:00Z"),
     ("1795132800123", "2026-11-20T00:00:00.123000Z"), ("20.11.2026 13:00 pm", None)],
)  # fmt: skip
def test_moments(text: str, moment: str | None) -> None:
    assert read("datetime", text) == moment


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1800 < at.year < 2199))
def test_moments_survive(at: datetime) -> None:
    for shown in (at.isoformat(), at.astimezone(WARSAW.zone).isoformat()):
        told = read("datetime", shown)
        assert told is not None
        assert datetime.fromisoformat(told) == at


DAYS = st.dates(date(1800, 1, 1), date(2199, 12, 31))


@given(DAYS, st.sampled_from(LANGUAGES), st.sampled_from(["long", "medium"]))
def test_a_date_written_out_in_any_language_is_that_day(day: date, language: str, length: str) -> None:
    told = format_date(day, length, language)  # type: ignore[arg-type]
    assert read("date", told, Home("VN")) == day.isoformat(), told


NEW_YEARS = {  # the first of Farvardin, as calendars printed it; leap years are those before a 20 March after a 21st
    1354: date(1975, 3, 21), 1357: date(1978, 3, 21), 1358: date(1979, 3, 21), 1375: date(1996, 3, 20),
    1376: date(1997, 3, 21), 1380: date(2001, 3, 21), 1387: date(2008, 3, 20), 1388: date(2009, 3, 21),
    1391: date(2012, 3, 20), 1392: date(2013, 3, 21), 1395: date(2016, 3, 20), 1396: date(2017, 3, 21),
    1399: date(2020, 3, 20), 1400: date(2021, 3, 21), 1403: date(2024, 3, 20), 1404: date(2025, 3, 21),
    1405: date(2026, 3, 21), 1408: date(2029, 3, 20), 1409: date(2030, 3, 21),
}  # fmt: skip


@pytest.mark.parametrize(("year", "day"), NEW_YEARS.items())
def test_the_jalali_year_begins_when_it_did(year: int, day: date) -> None:
    assert read("jalali", f"{year}/01/01") == day.isoformat()
    leap = NEW_YEARS.get(year + 1)
    if leap is not None:
        last = 30 if (leap - day).days == 366 else 29
        assert read("jalali", f"{year}/12/{last}") == (leap - timedelta(days=1)).isoformat()
        assert read("jalali", f"{year}/12/{last + 1}") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [("1403/05/12", "2024-08-02"), ("1403-5-12", "2024-08-02"),
     ("۱۴۰۳/۰۵/۱۲", "2024-08-02"),
     ("١٤٠٣/٠٥/١٢", "2024-08-02"),
     ("12/05/1403", "2024-08-02"), ("14030512", "2024-08-02"), ("۱۲ مرداد ۱۴۰۳", "2024-08-02"),
     ("1403/05/12 14:30", "2024-08-02"), ("1403/06/31", "2024-09-21"), ("2026-11-20", "2026-11-20"),
     ("1403/07/31", None), ("1403/13/01", None), ("1403/00/01", None), ("1403/01/00", None), ("1199/01/01", None)],
)  # fmt: skip
def test_jalali_dates(text: str, day: str | None) -> None:
    assert read("jalali", text) == day


def test_jalali_days_follow_each_other() -> None:
    day = date(1921, 3, 21)
    for year in range(1300, 1500):
        for month in range(1, 13):
            for of_month in range(1, 32):
                told = read("jalali", f"{year}/{month}/{of_month}", NOWHERE)
                if told is not None:
                    assert told == day.isoformat()
                    day += timedelta(days=1)
    assert day == date(2121, 3, 21)
