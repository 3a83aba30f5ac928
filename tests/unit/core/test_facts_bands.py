"""How big a company is: what CRMs and people write for a range, and the band it lies in."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.facts.bands import REVENUES, SIZES, Span, read, revenue, size
from leadsync.testing.people import population


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("1", 1, 1), ("250", 250, 250), ("1 001", 1001, 1001), ("1,001", 1001, 1001), ("1.001", 1001, 1001),
        ("1\u00a0001", 1001, 1001), ("1'001", 1001, 1001), ("۲۵۰ نفر", 250, 250), ("250 osób", 250, 250),
        ("250 сотрудников", 250, 250), ("250 nhân viên", 250, 250), ("~250", 250, 250), ("ok. 250", 250, 250),
        ("51-200", 51, 200), ("51 – 200", 51, 200), ("1 001–5 000", 1001, 5000), ("1,001-5,000", 1001, 5000),
        ("51-200 employees", 51, 200), ("11—50 чел.", 11, 50), ("۵۱-۲۰۰", 51, 200), ("50 to 100", 50, 100),
        ("between 50 and 100", 50, 100), ("od 50 do 100", 50, 100), ("między 50 a 100", 50, 100),
        ("от 50 до 100", 50, 100),
        ("từ 50 đến 100 người", 50, 100), ("از ۵۰ تا ۱۰۰", 50, 100), ("بین ۵۰ و ۱۰۰ نفر", 50, 100),
        ("5001+", 5001, None), ("10 001+", 10_001, None), (">= 500", 500, None), ("<= 10", 0, 10),
        ("≥ 500", 500, None), (">500", 501, None),
        ("powyżej 250", 251, None), ("co najmniej 250", 250, None), ("250 i więcej", 250, None),
        ("over 250", 251, None),
        ("more than 250", 251, None), ("250 or more", 250, None), ("свыше 250 сотрудников", 251, None),
        ("не менее 250", 250, None), ("250 и более", 250, None), ("trên 250 người", 251, None),
        ("250 trở lên", 250, None),
        ("بیش از ۲۵۰ نفر", 251, None), ("۲۵۰ به بالا", 250, None),
        ("do 10", 0, 10), ("up to 10", 0, 10), ("poniżej 10", 0, 9), ("<10", 0, 9), ("не более 10", 0, 10),
        ("до 10", 0, 10),
        ("менее 10", 0, 9), ("dưới 10", 0, 9), ("tối đa 10", 0, 10), ("کمتر از ۱۰", 0, 9), ("حداکثر ۱۰", 0, 10),
        ("10k", 10_000, 10_000), ("1.5M", 1_500_000, 1_500_000), ("1,5 mln", 1_500_000, 1_500_000),
        ("10-50 mln", 10_000_000, 50_000_000), ("500 тыс - 1 млн", 500_000, 1_000_000),
        ("ponad 2 mld", 2_000_000_001, None),
        ("5 tỷ", 5e9, 5e9), ("۲ میلیارد", 2e9, 2e9), ("1 500 mln", 1.5e9, 1.5e9),
    ],
)  # fmt: skip
def test_numbers_and_ranges_of_them(text: str, low: float, high: float | None) -> None:
    assert read(text) == (low, high)


@pytest.mark.parametrize(
    "text",
    ["", "-", "n/a", "big", "k", "-5", "10 или 20", "5-2", "1.2.3", "Jan-10", "1e6", "10 000 20 000", "2.500 mln",
    "5 k k",
     "over 5 to 10", "1 2-3 4-5", "$5-10", "51-200 llamas", "²", "1" * 16, "5" * 100_000, "1-" * 50_000, " " * 100_000],
)  # fmt: skip
def test_what_is_neither(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "band"),
    [("0", ""), ("1", "1"), ("2", "2-10"), ("10", "2-10"), ("11-50", "11-50"), ("25-50", "11-50"), ("50-100", ""),
     ("51-200", "51-200"), ("200-201", ""), ("500", "201-1000"), ("1 001–5 000", "1001-5000"), ("over 5000", "5001+"),
     ("5000+", ""), ("do 10", "")],
)  # fmt: skip
def test_bands_of_size(text: str, band: str) -> None:
    span = read(text)
    assert span is not None
    assert size(span) == band


@pytest.mark.parametrize(
    ("text", "band"),
    [("500k", "under 1M"), ("do 1 mln", "under 1M"), ("1M", "1M-10M"), ("1-10 mln", "1M-10M"), ("10-50M", "10M-50M"),
     ("10-51M", ""), ("50 млн", "50M-250M"), ("300 mln", "250M-1B"), ("1B+", "1B+"), ("100 mln i więcej", "")],
)  # fmt: skip
def test_bands_of_revenue(text: str, band: str) -> None:
    span = read(text)
    assert span is not None
    assert revenue(span) == band


@pytest.mark.parametrize(
    ("span", "middle"), [((51, 200), 101), ((250, 250), 250), ((0, 10), None), ((5001, None), None), ((0, 0), 0)]
)
def test_the_likely_number_of_a_range(span: tuple[float, float | None], middle: float | None) -> None:
    assert Span(*span).middle == middle


@given(st.text(alphabet="0123456789 .,-–+<>kmdo tys.osób تا۵", max_size=30))
def test_any_text_may_be_asked(text: str) -> None:
    if span := read(text):
        assert span.high is None or span.low <= span.high
        assert size(span) in ("", *SIZES)
        assert revenue(span) in ("", *REVENUES)


def test_every_made_up_company_has_its_bands() -> None:
    for company in population(7, 2000, 0, date(2026, 1, 1)).companies:
        low, _, high = size(Span(company.employees, company.employees)).rstrip("+").partition("-")
        assert int(low) <= company.employees <= int(high or company.employees)
        assert revenue(Span(company.revenue, company.revenue))
