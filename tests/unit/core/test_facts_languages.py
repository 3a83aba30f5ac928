"""The language of a lead: by the letters and words that they write, by their name, by where they are."""

from datetime import date
from unicodedata import normalize
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.facts.fact import DERIVED, GUESSED, Fact
from leadsync.core.facts.languages import language, time_zone
from leadsync.testing.people import Card, population


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hello, we are looking for a quote for 200 seats", "en"),
        ("Please call us, we need the price list", "en"),
        ("Proszę o ofertę dla 200 osób", "pl"),
        ("Dzien dobry, prosze o cene dla 20 osob", "pl"),
        ("Chciałbym umówić demo", "pl"),
        ("Здравствуйте, пришлите прайс", "ru"),
        ("Подскажите цену", "ru"),
        ("Доброго дня, надішліть ціну", "uk"),
        ("Колькі гэта каштуе? Нам патрэбны ўлік", "be"),
        ("سلام، قیمت این محصول چقدر است؟", "fa"),
        ("لطفا پیش‌فاکتور بفرستید", "fa"),
        ("السلام عليكم، أريد معرفة الأسعار والخدمة", "ar"),
        ("Tôi muốn hỏi giá phần mềm", "vi"),
        ("Toi muon hoi gia san pham cua cong ty", "vi"),
        ("Guten Tag, bitte senden Sie mir ein Angebot für die Firma", "de"),
        ("Bonjour, je voudrais une offre pour nous, merci", "fr"),
        ("Hola, necesito el precio para los productos, gracias", "es"),
        ("見積もりをお願いします", "ja"),
        ("가격을 알려주세요", "ko"),
        ("Καλημέρα", "el"),
        ("Kérem az árlistát, köszönjük, sürgős: őszi, tűzhely", "hu"),
        ("Prosím pošlete nabídku, děkuji", "cs"),
    ],
)
def test_the_language_of_what_a_lead_writes(text: str, told: str) -> None:
    assert language({"need": text}, {}, {}) == Fact(told, DERIVED, "need")
    assert language({"need": text}, {"last_name": "Smith"}, {"country": "US"}) == Fact(told, DERIVED, "need")


@pytest.mark.parametrize(
    "text", ["", "CRM", "SAP ERP", "Demo", "ok, la", "12345", "!!!", "سلام", "مرحبا", "café", "请报价", "Ә ң"]
)
def test_what_could_be_several_languages_is_none(text: str) -> None:
    assert language({"need": text}, {"last_name": text}, {}) is None


@pytest.mark.parametrize(
    ("name", "country", "told"),
    [
        ("Łukasz Zając", "PL", Fact("pl", DERIVED, "name")),
        ("Łukasz Zając", "", Fact("pl", DERIVED, "name")),
        ("Łukasz Zając", "GB", Fact("en", GUESSED, "country")),
        ("Jan Kowalski", "PL", Fact("pl", GUESSED, "country")),
        ("Jan Kowalski", "", None),
        ("Nguyễn Văn An", "", Fact("vi", DERIVED, "name")),
        ("Nguyễn Văn An", "US", Fact("en", GUESSED, "country")),
        ("Nguyen Van An", "VN", Fact("vi", GUESSED, "country")),
        ("Иван Петров", "", Fact("ru", DERIVED, "name")),
        ("Иван Петров", "DE", Fact("ru", DERIVED, "name")),
        ("Іван Шевченко", "", Fact("uk", DERIVED, "name")),
        ("Иван Петров", "BG", Fact("bg", GUESSED, "name")),
        ("Алексей Рыбин", "UA", Fact("ru", DERIVED, "name")),
        ("رضا کریمی", "", Fact("fa", DERIVED, "name")),
        ("پریسا گودرزی", "AE", Fact("fa", DERIVED, "name")),
        ("حسن احمد", "IR", Fact("fa", DERIVED, "name")),
        ("حسن احمد", "EG", Fact("ar", GUESSED, "name")),
        ("حسن احمد", "", None),
        ("فاطمة الزهراء", "", Fact("ar", DERIVED, "name")),
        ("Jürgen Groß", "AT", Fact("de", DERIVED, "name")),
        ("Ann Smith", "CH", None),
    ],
)
def test_the_language_of_a_name(name: str, country: str, told: Fact | None) -> None:
    for spelt in (name, normalize("NFD", name), f"\u202b{name}\u200f"):
        assert language({}, {"name": spelt}, {"country": country} if country else {}) == told


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("PL", "pl"), ("pl", "pl"), ("RU", "ru"), ("BY", "ru"), ("IR", "fa"), ("VN", "vi"), ("US", "en"), ("GB", "en"),
        ("DE", "de"), ("AT", "de"), ("BR", "pt"), ("MX", "es"), ("UA", "uk"), ("NO", "no"), ("TW", "zh"),
        ("ann@firma.pl", "pl"), ("www.firma.com.vn", "vi"), ("firma.ir", "fa"), ("firma.ru", "ru"), ("a.co.uk", "en"),
        ("пример.рф", "ru"), ("firma.xn--p1ai", "ru"), ("firma.de", "de"),
        ("CH", ""), ("BE", ""), ("CA", ""), ("IN", ""), ("KZ", ""), ("XX", ""), ("", ""), ("Poland", ""),
        ("firma.com", ""), ("firma.io", ""), ("firma.co", ""), ("firma.tv", ""), ("firma.ai", ""), ("a.ch", ""),
    ],
)  # fmt: skip
def test_the_language_of_a_place_is_a_guess(place: str, told: str) -> None:
    assert language({}, {}, {"email": place}) == (Fact(told, GUESSED, "email") if told else None)


def test_the_first_place_that_tells_counts() -> None:
    assert language({}, {}, {"country": "CH", "phone": "PL", "email": "a@b.ru"}) == Fact("pl", GUESSED, "phone")


LANGUAGES = {"en_US": "en", "fa_IR": "fa", "ru_RU": "ru", "pl_PL": "pl", "vi_VN": "vi"}


@pytest.mark.parametrize("known", ["all", "name"])
def test_the_languages_of_five_locales(known: str) -> None:
    def fact(card: Card) -> Fact | None:
        places = {"country": card.country, "email": card.email} if known == "all" else {}
        return language({}, {"last_name": card.last_name, "first_name": card.first_name}, places)

    cards = population(7, 2000, 0, date(2026, 11, 20)).cards
    found = [(card, told) for card in cards if (told := fact(card))]
    wrong = [(card.first_name, card.last_name, told) for card, told in found if told.value != LANGUAGES[card.locale]]
    assert wrong == []
    assert len(found) >= (len(cards) if known == "all" else 0.5 * len(cards))
    native = [told for card, told in found if card.locale in ("fa_IR", "ru_RU") and not card.last_name.isascii()]
    assert {told.confidence for told in native} == {DERIVED}


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("PL", "Europe/Warsaw"), ("IR", "Asia/Tehran"), ("VN", "Asia/Ho_Chi_Minh"), ("DE", "Europe/Berlin"),
        ("UA", "Europe/Kyiv"), ("IN", "Asia/Kolkata"), ("GB", "Europe/London"), ("CN", "Asia/Shanghai"),
        ("RU", ""), ("US", ""), ("AU", ""), ("BR", ""), ("ES", ""), ("XX", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_time_zone_of_a_country_that_has_one(country: str, zone: str) -> None:
    assert time_zone(country) == zone
    if zone:
        ZoneInfo(zone)


@given(st.text(max_size=900), st.text(max_size=200), st.text(max_size=100))
def test_anything_may_be_written(text: str, name: str, place: str) -> None:
    found = language({"need": text}, {"name": name}, {"country": place})
    assert found is None or len(str(found.value)) == 2
    assert time_zone(place) == "" or "/" in time_zone(place)


@pytest.mark.parametrize("letters", ["ab ", "і", "ы і ", "ệ", "گ", "\u202e\x00", "."])
def test_a_long_text_is_cut_first(letters: str) -> None:
    long, short = letters * 100_000, (letters * 600)[:600]
    assert language({"need": long}, {"name": long}, {}) == language({"need": short}, {"name": short}, {})
    assert language({}, {}, {"email": long}) is None
