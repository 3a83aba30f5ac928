"""What a record says and what follows from it: a value that cannot be used is left out, and nothing raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.catalog import BANT, FIELDS, OF_LEADS
from leadsync.config.facts import usual_tables
from leadsync.core import facts
from leadsync.core.facts import FOLLOWS, Facts, known
from leadsync.core.facts.fact import NO, Value
from leadsync.core.keys import keys, own_companies
from leadsync.core.survive import golden

RECORD = st.dictionaries(st.sampled_from(sorted(FIELDS.keys() - OF_LEADS)), st.text())


def derive(said: dict[str, str]) -> Facts:
    return facts.derive(said, usual_tables())


def follows(said: dict[str, str], *words: str) -> list[object]:
    """The values of these words."""
    found = derive(said)
    return [known(found[word]).value if word in found else None for word in words]


@pytest.mark.parametrize(
    ("given_", "kept"),
    [("Ala@Example.COM", "ala@example.com"), ("ala", None), ("a@b@c", None), ("a b@c", None), ("", None)],
)
def test_emails(given_: str, kept: str | None) -> None:
    assert derive({"email": given_}).get("email") == kept


@pytest.mark.parametrize(
    ("given_", "kept"),
    [("example.com", "example.com"), ("https://www.Example.com/pl/", "example.com"), ("shop.example.pl", "example.pl"),
     ("facebook.com/firma", None), ("localhost", None), ("10.0.0.1", None)],
)  # fmt: skip
def test_a_web_address_is_the_domain_that_somebody_registered(given_: str, kept: str | None) -> None:
    assert derive({"domain": given_}).get("domain") == kept


@pytest.mark.parametrize(
    ("word", "given_", "number"),
    [("employees", "120", 120), ("revenue", "1e6", 1_000_000), ("employees", "N/A", None), ("timeline", "3", 3),
     ("timeline", "soon", None), ("budget", "5000.5", 5000.5), ("budget", "0", NO),
     ("budget", "-1", NO), ("timeline", "0", 0), ("timeline", "-2", NO), ("timeline", "No date", NO),
     ("budget", "no budget", NO), ("budget", "Brak", NO), ("budget", "нет", NO), ("budget", "بودجه نداریم", NO),
     ("budget", "chưa có ngân sách", NO), ("budget", "kein", NO),
     ("budget", "unknown", None), ("employees", "no", None)],
)  # fmt: skip
def test_numbers_are_numbers_or_nothing(word: str, given_: str, number: Value | None) -> None:
    assert derive({word: given_}).get(word) == number


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("no", NO),
        ("Nie", NO),
        (" - ", None),
        ("خیر", NO),
        ("yes", "yes"),
        ("no idea", "no idea"),
        ("None", NO),
        ("N/A", None),
        ("tbd", None),
        ("Brak danych", None),
        ("Brak", NO),
        ("не нужно", NO),
        ("Nie ma potrzeby", NO),
        ("не указано", None),
        ("ندارد", NO),
        ("Không có nhu cầu", NO),
        ("owner", "owner"),
        ("none of the others helped", "none of the others helped"),
    ],
)
@pytest.mark.parametrize("word", ["need", "authority"])
def test_an_answer_that_says_no_is_none(word: str, given_: str, kept: Value | None) -> None:
    assert derive({word: given_}).get(word) == kept


def test_what_follows_says_from_what_and_how_sure_it_is() -> None:
    found = derive({"phone": "+48601234567", "source": "polecenie klienta", "employees": "51-200"})
    assert known(found["phone"]) == ("+48601234567", 100, "")
    assert known(found["country"]) == ("PL", 80, "phone")
    assert known(found["time_zone"]) == ("Europe/Warsaw", 80, "phone")
    assert known(found["channel"]) == ("referral", 80, "source")
    assert known(found["employees_band"]) == ("51-200", 80, "employees")
    assert known(found["employees"]) == (101, 40, "employees")  # of a range the likely middle is a guess
    assert known(derive({"email": "a@firma.pl"})["country"]) == ("PL", 40, "domain")


@pytest.mark.parametrize(
    ("said", "word", "value"),
    [
        ({"email": "jan@firma.com.pl"}, "domain", "firma.com.pl"), ({"email": "jan@gmail.com"}, "domain", None),
        ({"email": "jan@gmail.com"}, "mailbox", "free"), ({"email": "jan@gmial.com"}, "mailbox", "misspelt"),
        ({"email": "info@firma.pl"}, "mailbox", "role"), ({"email": "a@mailinator.com"}, "mailbox", "disposable"),
        ({"job_title": "Dyrektor sprzedaży"}, "seniority", "director"),
        ({"job_title": "مدیرعامل"}, "seniority", "c_level"),
        ({"job_title": "Начальник отдела закупок"}, "department", "procurement"),
        ({"name": "Nguyễn Văn An", "country": "VN"}, "first_name", "An"),
        ({"last_name": "Ivan Petrov"}, "name", "Ivan Petrov"), ({"first_name": "Ann", "last_name": "."}, "name", "Ann"),
        ({"first_name": "-", "last_name": "."}, "name", None),
        ({"first_name": "An", "last_name": "Nguyễn Văn", "country": "VN"}, "name", "Nguyễn Văn An"),
        ({"need": "Сколько стоит доставка?"}, "intent", "delivery, price"), ({"name": "علی رضایی"}, "language", "fa"),
        ({"phone": "+989121234567"}, "phone_line", "mobile"), ({"handle": "@ivan"}, "handle", "@ivan"),
        ({"country": "PL"}, "time_zone", "Europe/Warsaw"), ({"source": "zakup bazy"}, "initiative", "third_party"),
    ],
)  # fmt: skip
def test_what_follows_from_what_is_said(said: dict[str, str], word: str, value: str | None) -> None:
    assert follows(said, word) == [value]


def test_what_is_said_stays_whatever_follows() -> None:
    said = {
        "phone": "+48601234567",
        "country": "DE",
        "job_title": "CEO",
        "seniority": "junior",
        "time_zone": "Asia/Tokyo",
    }
    assert follows(said, "country", "seniority", "time_zone") == ["DE", "junior", "Asia/Tokyo"]


def test_of_several_records_the_best_fact_counts() -> None:
    phone, form = derive({"phone": "+48601234567"}), derive({"country": "DE"})
    assert golden([phone, form], [])["country"] == "DE"  # what a CRM says beats what follows
    assert golden([derive({"email": "a@firma.de"}), phone], [])["country"] == "PL"  # and that what is guessed


@given(RECORD)
def test_facts_have_the_types_of_their_words_and_follow_from_others(values: dict[str, str]) -> None:
    found = derive(values)
    for name, raw in found.items():
        fact = known(raw)
        denied = fact.value == NO and name in BANT
        assert denied or isinstance(fact.value, float if FIELDS[name].type == "number" else str)
        assert name in values or fact.confidence < 100
        assert not fact.how or fact.how in found or fact.how in values
        assert name in values or fact.how in FOLLOWS.get(name, (name,))
    assert derive(values) == found
    assert keys(found, usual_tables()) == keys(dict(reversed(found.items())), usual_tables())


HOSTILE = ("a" * 10_000, "\u202e\u2066" * 5_000, "=cmd|' /C calc'!A0", "+48601234567 " * 100_000, "\x00\x1b[2J" * 2_000,
           "Иван " * 20_000, "ا\u200c" * 20_000, "-- " * 50_000, "(" * 20_000, "@" * 20_000, "a." * 20_000)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_values_break_nothing(text: str) -> None:
    found = derive(dict.fromkeys(sorted(FIELDS.keys() - OF_LEADS), text))
    keys(found, usual_tables())


@pytest.mark.parametrize(
    ("person", "companies", "own"),
    [
        ({"email": "a@firma.pl"}, {1: {"domain": "www.firma.pl"}, 2: {"domain": "inna.pl"}}, [1]),
        ({"company": "Firma sp. z o.o."}, {1: {"company": "FIRMA"}}, [1]),
        ({"company": "Firma", "email": "a@firma.pl"}, {1: {"company": "Firma", "domain": "firma.de"}}, []),
        ({"company": "Firma", "country": "PL"}, {1: {"company": "Firma", "country": "VN"}}, []),
        ({"company": "Firma"}, {1: {"company": "Firma", "domain": "a.pl"}, 2: {"company": "Firma", "domain": "b.pl"}},
         []),
        ({"company": "Firma"}, {1: {"company": "Firma", "domain": "a.pl"}, 2: {"company": "Firma"}}, [1, 2]),
        ({"email": "a@gmail.com", "company": "Gmail"}, {1: {"domain": "firma.pl"}}, []),
        ({"company": "ООО «Ромашка Сервис»"}, {1: {"company": "Servis Romashka"}}, [1]),
        ({"company": "شرکت ترابری زاگرس"}, {1: {"company": "Tarabari Zagros Co."}}, [1]),
        ({"company": "Công ty TNHH Thành Sơn"}, {1: {"company": "Thanh Son Ltd"}}, [1]),
        ({"company": "Grommet Budownictwo sp. z o.o."}, {1: {"company": "Grommet Budovnictwo"}}, [1]),
        ({"company": "Acme Polska"}, {1: {"company": "Acme Deutschland GmbH"}, 2: {"company": "Acme"}}, []),
        ({"company": "Sato"}, {1: {"company": "Seto"}}, []),
        ({"company": "Studio 54 Berlin"}, {1: {"company": "Studio 55 Berlin"}}, []),
    ],
)  # fmt: skip
def test_whose_company_it_is(person: dict[str, str], companies: dict[int, dict[str, str]], own: list[int]) -> None:
    told, held = derive(person), {id_: derive(said) for id_, said in companies.items()}
    near = {id_: facts for id_, facts in held.items() if keys(told, usual_tables()) & keys(facts, usual_tables())}
    assert own_companies(golden([told], []), near, usual_tables().forms) == own


def test_a_shared_mail_domain_is_no_key_of_a_company() -> None:
    one, other = ({"email": f"{name}@gmail.com"} for name in ("a", "b"))
    assert not keys(derive(one), usual_tables()) & keys(derive(other), usual_tables())


def test_keys_are_equal_for_two_spellings() -> None:
    one = {"email": "Jan.Kowalski+x@googlemail.com", "company": "Zażółć Sp. z o.o."}
    other = {"email": "jankowalski@gmail.com", "company": "ZAZOLC"}
    assert len(keys(derive(one), usual_tables()) & keys(derive(other), usual_tables())) == 2
