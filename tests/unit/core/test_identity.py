"""What a person's row is known by: every address and number, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.convert import Home
from leadsync.core.identity import identities
from leadsync.core.mapping import ObjectMapping, ReadField
from leadsync.types import Role

FIELDS = (ReadField("email", ("mail", "mails")), ReadField("phone", ("phone", "mobile")),
          ReadField("country", ("country",)))  # fmt: skip
HOME = Home(country="PL")


def known_by(home: Home = HOME, **fields: str) -> list[tuple[str, str]]:
    return sorted(identities(ObjectMapping("contacts", Role.LEAD, FIELDS, home=home), fields))


@pytest.mark.parametrize(
    ("told", "addresses"),
    [
        ("ann@firm.com", ["ann@firm.com"]),
        ("  ANN@Firm.COM\t", ["ann@firm.com"]),
        ("Ann Example <Ann@firm.com>", ["ann@firm.com"]),
        ("ann@firm.com; bob@firm.com,eve@firm.com", ["ann@firm.com", "bob@firm.com", "eve@firm.com"]),
        ("mailto:ann@firm.com", ["ann@firm.com"]),
        ("ann@firm", ["ann@firm"]),  # no address that works, and still the same in the next row
        ("ann at firm.com", []),
        ("a@b@c", []),
        ("", []),
    ],
)
def test_addresses(told: str, addresses: list[str]) -> None:
    assert known_by(mail=told) == known_by(mails=told) == [("email", address) for address in addresses]


@pytest.mark.parametrize(
    "told", ["+48 22 123 45 67", "0048 22 1234567", "22 123 45 67", "(22) 123-45-67", "+۴۸ ۲۲ ۱۲۳ ۴۵ ۶۷"]
)
def test_a_number_is_one_however_it_is_written(told: str) -> None:
    assert known_by(phone=told) == known_by(mobile=told) == [("phone", "+48221234567")]


def test_a_number_without_a_code_is_of_the_country_that_the_row_names() -> None:
    assert known_by(phone="24 3825 1234", country="VN") == [("phone", "+842438251234")]


def test_all_fields_count() -> None:
    assert known_by(mail="a@x.com", mails="b@x.com", phone="+48221234567;+48601002003", mobile="12") == [
        ("email", "a@x.com"), ("email", "b@x.com"), ("phone", "+48221234567"), ("phone", "+48601002003"),
    ]  # fmt: skip


@given(st.text(max_size=300), st.sampled_from([HOME, Home()]))
def test_any_text_will_do(told: str, home: Home) -> None:
    assert all(value for _, value in known_by(home, mail=told, phone=told, country=told))


def test_a_field_full_of_numbers_costs_no_more_than_its_beginning() -> None:
    assert len(known_by(phone="+48601002003, " * 100_000, mail="x" * 10**6 + "@x.com")) == 1
