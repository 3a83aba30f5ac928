"""E-mail addresses, phone numbers, countries. What passes without asking a library is what the library would say."""

import email_validator
import phonenumbers
import pytest
from babel import Locale
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from leadsync.catalog import LANGUAGES
from leadsync.core.convert import CONVERTERS, NOWHERE, Home, Unreadable

POLAND = Home("PL")
STYLES = [
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
]
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def read(name: str, text: str, home: Home = NOWHERE, **row: str) -> str | None:
    try:
        return CONVERTERS[name].read(text, home, row)
    except Unreadable:
        return None


@pytest.mark.parametrize(
    ("text", "address"),
    [("ann@example.com", "ann@example.com"), ("Ann.B+x@Example.COM", "ann.b+x@example.com"),
     ("a@żółć.pl", "a@żółć.pl"),
     ("سلام@example.com", "سلام@example.com"),
     ("ann@b", None), ("ann", None), ("a b@example.com", None), ("a@b@c.pl", None),
     ("a@b..pl", None), (".a@b.pl", None), ("a@nobody.test", None), ("a@x.invalid", None), ("", None),
     ("a@" + "b" * 64 + ".pl", None), ("a@" + "b." * 150 + "pl", None)],
)  # fmt: skip
def test_emails(text: str, address: str | None) -> None:
    assert read("email", text) == address


LABEL = st.text("abcxyz0189-", min_size=1, max_size=6)
ADDRESS = st.builds(
    "{}@{}.{}".format,
    st.text("abz09._+-'%A", min_size=1, max_size=9),
    st.lists(LABEL, min_size=1, max_size=3).map(".".join),
    st.one_of(LABEL, st.sampled_from(["com", "pl", "test", "local", "arpa", "onion", "xn--p1ai", "c0m"])),
)


@given(ADDRESS)
@example("a@xn--p1ai.com")
@example("a@ab--c.com")
@example("a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".com")
@example("a@" + ".".join(["b" * 60] * 4) + ".bbbbbbbb.com")
def test_an_email_is_what_the_library_says(text: str) -> None:
    try:
        told = email_validator.validate_email(text.lower(), check_deliverability=False).normalized.lower()
    except email_validator.EmailNotValidError:
        told = None
    assert read("email", text) == told


@pytest.mark.parametrize(
    ("text", "home", "number"),
    [("+48 22 123-45-67", NOWHERE, "+48221234567"), ("0048 22 123 45 67", NOWHERE, "+48221234567"),
     ("22 123 45 67", POLAND, "+48221234567"), ("(22) 123 45 67 ext. 5", POLAND, "+48221234567"),
     ("8 912 345-67-89", Home("RU"), "+79123456789"), ("0912 345 67 89", Home("IR"), "+989123456789"),
     ("۰۹۱۲۳۴۵۶۷۸۹", Home("IR"), "+989123456789"), ("091 234 56 78", Home("VN"), "+84912345678"),
     ("+44 20 7946 0958", POLAND, "+442079460958"), ("\u202a+48 22 123 45 67\u202c", NOWHERE, "+48221234567"),
     ("22 123 45 67", NOWHERE, "221234567"), ("12", POLAND, None), ("ask Ann", POLAND, None), ("", POLAND, None),
     ("+999 123 456 789", POLAND, None), ("9" * 300, POLAND, None)],
)  # fmt: skip
def test_phones(text: str, home: Home, number: str | None) -> None:
    assert read("phone", text, home) == number


def test_the_country_of_the_row_comes_before_that_of_the_home() -> None:
    assert read("phone", "0912 345 67 89", POLAND, country="IR") == "+989123456789"
    assert read("phone", "0912 345 67 89", POLAND, country="Иран") == "+989123456789"
    assert read("phone", "22 123 45 67", POLAND, country="nowhere") == "+48221234567"


def test_a_number_of_no_country_keeps_its_digits_and_a_scrap_says_what_it_lacks() -> None:
    assert read("phone", "22 123-45-67", NOWHERE) == "221234567"
    with pytest.raises(Unreadable, match="of which country"):
        CONVERTERS["phone"].read("12345", NOWHERE, {})


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str]:
    """A number that is nearly right, in some spelling, and the country it is read in."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from([phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE]))
    number = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
    style = draw(st.sampled_from(STYLES))
    text = phonenumbers.format_number(number, style)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from([*"0123456789", "", " ", "-"])) + text[at + draw(st.integers(0, 1)) :]
    return text.strip(), draw(st.sampled_from([region, region, "PL", "US"]))


@settings(max_examples=500)
@given(spelled())
def test_a_phone_is_what_the_library_says(case: tuple[str, str]) -> None:
    text, region = case
    assume(not text.startswith("+0"))  # no country's code begins so
    told = None
    try:
        number = phonenumbers.parse(f"+{text[2:]}" if text.startswith("00") else text, region)
        if phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE:
            told = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    assert read("phone", text, Home(region)) == told


NAMES = [
    ("PL", ["PL", "pl", "POL", "Poland", "لهستان", "Польша", "Polska", "Ba Lan", " poland "]),
    ("GB", ["UK", "U.K.", "Great Britain", "England", "Великобритания", "انگلیس", "Wielka Brytania", "Anh"]),
    ("US", ["USA", "U.S.A.", "the United States", "United States of America", "США", "آمریکا", "Mỹ"]),
    ("IR", ["Iran, Islamic Republic of", "Iran (Islamic Republic of)", "ایران", "ايران", "Иран"]),
    ("KR", ["Korea, Republic of", "Korea (Republic of)", "South Korea", "Южная Корея"]),
    ("KP", ["Korea, Democratic People's Republic of"]),
    ("VN", ["Viet Nam", "Việt Nam", "viet nam", "Вьетнам", "ویتنام"]),
    ("DE", ["Germany", "Германия", "Niemcy", "آلمان", "Đức", "Deutschland"]),
    ("CI", ["Côte d'Ivoire", "Cote d’Ivoire", "Ivory Coast"]),
    ("MY", ["MY", "my", "Malaysia"]),
    ("NO", ["NO", "Norway", "Норвегия"]),
    (None, ["nowhere", "EU", "European Union", "World", "ZZ", "", "12"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "name"), [(code, name) for code, names in NAMES for name in names])
def test_countries(code: str | None, name: str) -> None:
    assert read("country", name) == code


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_country_is_known_by_its_name(language: str) -> None:
    names = {c: n for c, n in Locale(language).territories.items() if read("country", c) == c}
    assert len(names) > 245
    assert {code: read("country", name) for code, name in names.items()} == {code: code for code in names}
