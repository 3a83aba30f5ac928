"""What a phone number says: the same as the library says, only sooner."""

from datetime import date

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadsync.core.convert import CONVERTERS, NOWHERE
from leadsync.core.facts.phones import phone
from leadsync.testing.people import population


@pytest.mark.parametrize(
    ("number", "country", "kind", "zone"),
    [("+12125550123", "US", "either", ""), ("+14165550123", "CA", "either", ""), ("+18005551234", "", "toll_free", ""),
     ("+18765551234", "JM", "mobile", "America/Jamaica"),
     ("+48221234567", "PL", "fixed", "Europe/Warsaw"), ("+48501234567", "PL", "mobile", "Europe/Warsaw"),
     ("+48800123456", "PL", "toll_free", ""), ("+48700123456", "PL", "premium", ""), ("+48391234567", "PL", "voip", ""),
     ("+79161234567", "RU", "mobile", ""), ("+74951234567", "RU", "fixed", "Europe/Moscow"),
     ("+73432123456", "RU", "fixed", "Asia/Yekaterinburg"), ("+74012123456", "RU", "fixed", ""),
     ("+77012345678", "KZ", "mobile", ""), ("+77272123456", "KZ", "fixed", "Asia/Almaty"),
     ("+78001234567", "", "toll_free", ""),
     ("+989121234567", "IR", "mobile", "Asia/Tehran"), ("+982122334455", "IR", "fixed", "Asia/Tehran"),
     ("+84912345678", "VN", "mobile", "Asia/Ho_Chi_Minh"), ("+842838123456", "VN", "fixed", "Asia/Ho_Chi_Minh"),
     ("+442071234567", "GB", "fixed", "Europe/London"), ("+447400123456", "GB", "mobile", "Europe/London"),
     ("+390612345678", "IT", "fixed", "Europe/Rome"), ("+919876543210", "IN", "mobile", "Asia/Kolkata"),
     ("+34612345678", "ES", "mobile", ""), ("+551131234567", "BR", "fixed", "America/Sao_Paulo"),
     ("+61291234567", "AU", "fixed", "Australia/Sydney"), ("+61412345678", "AU", "mobile", "")],
)  # fmt: skip
def test_what_numbers_say(number: str, country: str, kind: str, zone: str) -> None:
    assert phone(number) == (country, kind, zone)


@pytest.mark.parametrize(
    "number",
    ["", "+", "501234567", "48501234567", "+48 501 234 567", "+48000000000", "+4850123", "+485012345678",
     "+999123456789",
     "+80012345678", "+٤٨٥٠١٢٣٤٥٦٧", "+48501234567\n", "+1" * 100_000, "+" + "1" * 100_000, "+48501234567," * 100_000],
)  # fmt: skip
def test_what_is_no_number_says_nothing(number: str) -> None:
    assert phone(number) == ("", "", "")


LIBRARY = phonenumbers.PhoneNumberType
KINDS = {
    LIBRARY.FIXED_LINE: "fixed", LIBRARY.MOBILE: "mobile", LIBRARY.FIXED_LINE_OR_MOBILE: "either",
    LIBRARY.PREMIUM_RATE: "premium", LIBRARY.TOLL_FREE: "toll_free", LIBRARY.SHARED_COST: "shared_cost",
    LIBRARY.VOIP: "voip", LIBRARY.PERSONAL_NUMBER: "personal", LIBRARY.PAGER: "pager", LIBRARY.UAN: "company",
    LIBRARY.VOICEMAIL: "voicemail", LIBRARY.UNKNOWN: "",
}  # fmt: skip
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KNOWN = [
    phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for region in REGIONS
    for kind in KINDS
    if (number := phonenumbers.example_number_for_type(region, kind))
]


def changed(number: str, at: int, digit: str) -> str:
    """The number with another digit at this place, from its end."""
    place = len(number) - 1 - at
    return number[:place] + digit + number[place + 1 :]


@settings(max_examples=500)
@given(st.builds(changed, st.sampled_from(KNOWN), st.integers(0, 8), st.sampled_from("0123456789")))
@example("+441481256789")
@example("+390612345678")
def test_kind_and_country_are_what_the_library_says(number: str) -> None:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return
    if phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) != number:
        return  # what the converter `phone` never gives
    found = phone(number)
    assert found.kind == KINDS[phonenumbers.number_type(parsed)]
    assert found.country in ("", phonenumbers.region_code_for_number(parsed))
    assert found.country or found.kind not in ("fixed", "mobile", "either")


def test_made_up_people_in_five_locales() -> None:
    cards = [card for card in population(7, 2000, 0, date(2026, 1, 1)).cards if card.phone]
    zones = {"IR": "Asia/Tehran", "PL": "Europe/Warsaw", "VN": "Asia/Ho_Chi_Minh"}
    for card in cards:
        found = phone(CONVERTERS["phone"].read(card.phone, NOWHERE, {}))
        assert found == (card.country, "either" if card.country == "US" else "mobile", zones.get(card.country, ""))
    assert len({card.locale for card in cards}) == 5


@given(st.text())
def test_any_text_may_be_asked(text: str) -> None:
    phone(text)
    phone(f"+{text}")
