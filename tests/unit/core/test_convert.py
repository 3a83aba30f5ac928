"""Converters: what each reads, what it refuses with which words, and that nothing makes it fail."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.convert import CONVERTERS, NOWHERE, Home, Unreadable, found_by, months, wrong_pattern

WARSAW = Home("PL", "EUR", ZoneInfo("Europe/Warsaw"))
NEW_YORK = Home("US", "USD", ZoneInfo("America/New_York"))
HOMES = [NOWHERE, WARSAW, NEW_YORK, Home("IR", "IRR", ZoneInfo("Asia/Tehran")), Home("CH", "CHF"), Home("AQ")]
TYPED = sorted(name for name, converter in CONVERTERS.items() if converter.feeds != "any")


def read(name: str, text: str, home: Home = WARSAW, **row: str) -> str | None:
    """What the converter gives, or None for a refusal."""
    try:
        return months(text, home, row) if name == "months" else CONVERTERS[name].read(text, home, row)
    except Unreadable:
        return None


def why(name: str, text: str, home: Home = WARSAW, **row: str) -> str:
    with pytest.raises(Unreadable) as error:
        CONVERTERS[name].read(text, home, row)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [("1234.5", "1234.5"), ("1 234,56", "1234.56"), ("1\u00a0234,56", "1234.56"), ("1,234.56", "1234.56"),
     ("1.234.567,8", "1234567.8"), ("1'234.5", "1234.5"), ("12,34,567", "1234567"), ("1.234", "1234"),
     ("1,234", "1.234"),
     ("0,125", "0.125"), ("12,5", "12.5"), ("۱۲۳٫۵", "123.5"), ("۱٬۲۳۴٬۵۶۷", "1234567"), ("١٢٣", "123"), ("−5", "-5"),
     ("+12", "12"), ("007", "7"), ("1 2", None), ("1,2,3", None), ("1.2.3", None), ("1,234.567,8", None), ("N/A", None),
     ("12 pcs", None), ("1e6", None), ("½", None), ("nan", None), ("³", None), ("", None)],
)  # fmt: skip
def test_numbers(text: str, told: str | None) -> None:
    assert read("number", text) == told


@pytest.mark.parametrize(
    ("home", "dot", "comma"),
    [(NOWHERE, "1.234", "1234"), (NEW_YORK, "1.234", "1234"), (WARSAW, "1234", "1.234"), (Home("VN"), "1234", "1.234"),
     (Home("CH"), "1.234", "1234"), (Home("IR"), "1.234", "1234"), (Home("AQ"), "1.234", "1234")],
)  # fmt: skip
def test_one_sign_before_three_digits_is_read_as_at_home(home: Home, dot: str, comma: str) -> None:
    assert (read("number", "1.234", home), read("number", "1,234", home)) == (dot, comma)


def grouped(number: float, group: str, decimal: str) -> str:
    return f"{number:,.2f}".replace(",", "G").replace(".", decimal).replace("G", group)


@given(
    st.decimals(-(10**12), 10**12, places=2),
    st.sampled_from([",.", ".,", " ,", "\u202f,", "'.", "٬٫", " ."]),
    st.sampled_from(HOMES),
)
def test_amounts_of_any_style_are_the_same_number_everywhere(number: Any, signs: str, home: Home) -> None:
    text = grouped(number, *signs)
    for spelled in (text, text.translate({ord("0") + i: 0x06F0 + i for i in range(10)})):
        assert float(read("number", spelled, home) or "nan") == float(number)


@pytest.mark.parametrize(
    ("text", "home", "amount"),
    [("€ 5 000,50", WARSAW, "5000.50"), ("5000 EUR", WARSAW, "5000"), ("-€5", WARSAW, "-5"), ("€-5", WARSAW, "-5"),
     ("5.000,-", WARSAW, "5000"), ("12.345 euro", WARSAW, "12345"), ("5000", WARSAW, "5000"),
     ("$5,000", NEW_YORK, "5000"),
     ("€22,900", WARSAW, "22900"), ("22.900", NEW_YORK, "22900"), ("€22,90", WARSAW, "22.90"),
     ("0,125 €", WARSAW, "0.125"),
     ("$5 CAD", Home("CA", "CAD"), "5"), ("$5", Home("CA", "CAD"), "5"), ("5 zł", Home("PL", "PLN"), "5"),
     ("5 000 руб.", Home("RU", "RUB"), "5000"), ("۵٬۰۰۰ ریال", Home("IR", "IRR"), "5000"),
     ("5.000 ₫", Home("VN", "VND"), "5000"),
     ("$5,000", NOWHERE, "5000"), ("5k", WARSAW, None), ("5 apples", WARSAW, None), ("€5 PLN", WARSAW, None),
     ("€", WARSAW, None)],
)  # fmt: skip
def test_money(text: str, home: Home, amount: str | None) -> None:
    assert read("money", text, home) == amount


def test_another_currency_is_no_amount_that_can_be_compared() -> None:
    assert why("money", "$5,000") == "is in USD, and amounts are in EUR"
    assert why("money", "5 PLN") == "is in PLN, and amounts are in EUR"


@pytest.mark.parametrize(
    ("text", "code"),
    [("$5,000", "USD"), ("5 000 zł", "PLN"), ("EUR", "EUR"), ("eur 5", "EUR"), ("5", None), ("5 foo", None),
     ("€5 USD", None)],
)  # fmt: skip
def test_the_currency_of_an_amount(text: str, code: str | None) -> None:
    assert read("currency", text) == code


@pytest.mark.parametrize(
    ("text", "told"), [("45 %", "45"), ("45", "45"), ("12,5%", "12.5"), ("٪۴۵", "45"), ("%", None), ("half", None)]
)
def test_percents(text: str, told: str | None) -> None:
    assert read("percent", text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [("3", "3"), ("3 months", "3"), ("1 month", "1"), ("0-3 m", "3"), ("3–6 months", "6"), ("6 months to 1 year", "12"),
     ("quarter", "3"), ("2 quarters", "6"), ("1.5 years", "18"), ("2 weeks", "0.46"), ("up to 3 months", "3"),
     ("< 3", "3"),
     ("asap", "0"), ("3 месяца", "3"), ("до 2 лет", "24"), ("квартал", "3"), ("3 miesiące", "3"),
     ("w ciągu 1 roku", "12"),
     ("۳ ماه", "3"), ("تا ۶ ماه", "6"), ("3 tháng", "3"), ("quý", "3"), ("1 năm", "12"),
     ("3+ months", None), ("> 3 months", None), ("more than 3 months", None), ("-3", "-3"), ("soon", None),
     ("3 apples", None)],
)  # fmt: skip
def test_spans_of_time_are_months(text: str, told: str | None) -> None:
    assert read("months", text) == told


@pytest.mark.parametrize(
    ("text", "answer"),
    [("Yes", "yes"), ("TRUE", "yes"), ("1", "yes"), ("да", "yes"), ("Tak", "yes"), ("بله", "yes"), ("có", "yes"),
     ("on", "yes"),
     ("no", "no"), ("False", "no"), ("0", "no"), ("Нет", "no"), ("nie", "no"), ("خیر", "no"), ("Không", "no"),
     ("maybe", None), ("", None), ("yes and no", None)],
)  # fmt: skip
def test_answers(text: str, answer: str | None) -> None:
    assert read("yes_no", text) == answer


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [("lower", "ŁÓDŹ", "łódź"), ("upper", "łódź", "ŁÓDŹ"), ("digits", "۱۲ و ٣", "12 و 3"), ("trim", "x", "x"),
     ("title", "anna o'neil", "Anna O'Neil"), ("title", "ANNA-MARIA", "Anna-Maria"),
     ("title", "women's day", "Women's Day"),
     ("title", "nguye\u0302\u0303n", "Nguyễn"), ("title", "سلام", "سلام"),
     ("html", "<p>Hi <b>y</b>ou</p>a&amp;b", "Hi you a&b"),
     ("html", "a<br>b<script>x < 1</script>", "a b"), ("html", "R&D <3", "R&D <3"),
     ("html", "a<!-- <b>x</b> -->b", "ab"), ("html", "<STYLE>p {}</STYLE>a", "a"), ("html", "a --> b", "a --> b"),
     ("html", "<p></p>", "")],
)  # fmt: skip
def test_text(name: str, text: str, told: str) -> None:
    assert read(name, text) == told


@pytest.mark.parametrize("broken", ["<" * 99_000, "<!--" * 30_000, "<a " * 30_000, "&" * 99_000, "<script>" * 9_000])
def test_a_broken_page_is_text_all_the_same(broken: str) -> None:
    assert isinstance(read("html", broken), str)


def test_a_pattern_finds_its_one_group_in_linear_time() -> None:
    assert found_by(r"source=([^&]+)", "?source=fair&x=1") == "fair"
    assert found_by(r"(\d+)", "none") == ""
    assert found_by("^((?:a+)+)$", "a" * 100_000 + "!") == ""


@pytest.mark.parametrize("pattern", ["(a", "a", "(a)(b)", "(?=a)(b)", r"(a)\1", "(a{1000}){1000}"])
def test_a_pattern_that_cannot_be_used_is_told(pattern: str) -> None:
    assert wrong_pattern(pattern)


ANY = st.one_of(
    st.text(),
    st.text(alphabet="0123456789+-.,:/ ()TZ٫٬۱۲%€$"),
    st.from_regex(r"[\w .+-]{0,12}@[\w.-]{0,12}", fullmatch=True),
    st.from_regex(r"\d{1,4}[-/. ]\w{1,9}[-/. ]\d{1,4}( \d{1,2}:\d\d)?", fullmatch=True),
    st.datetimes().map(str),
    st.integers(-(10**20), 10**20).map(str),
)


@given(
    st.sampled_from([*CONVERTERS, "months"]),
    ANY,
    st.sampled_from(HOMES),
    st.dictionaries(st.just("country"), st.text()),
)
def test_no_text_is_too_odd(name: str, text: str, home: Home, row: dict[str, str]) -> None:
    told = read(name, text, home, **row)
    assert told is None or told == read(name, text, home, **row)


@given(st.sampled_from(sorted({*TYPED, "months"} - {"currency"})), ANY, st.sampled_from([NOWHERE, NEW_YORK]))
def test_what_was_read_reads_back_as_meant(name: str, text: str, home: Home) -> None:
    told = read(name, text, home)
    assert told is None or read(name, told, home) == told
