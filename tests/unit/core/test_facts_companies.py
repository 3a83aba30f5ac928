"""Companies' names without their legal forms, in five languages and their neighbours'."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mappings
from leadsync.config import document
from leadsync.core.convert.base import fold
from leadsync.core.facts.companies import legal_forms
from leadsync.testing.people import population

SHIPPED = document.load(Path(mappings.__file__).parent / "facts" / "companies.yaml").data["legal_forms"]
FORMS = legal_forms(SHIPPED["before"], SHIPPED["after"])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Bałtyk Sp. z o.o.", "Bałtyk"), ("Bałtyk sp. z o. o.", "Bałtyk"), ("Bałtyk Sp.zo.o.", "Bałtyk"),
        ("BAŁTYK SPZOO", "BAŁTYK"), ("Bałtyk Sp. z o.o. sp.k.", "Bałtyk"), ("Bałtyk S.A.", "Bałtyk"),
        ("Orlen SA", "Orlen"),
        ("Kowalski i Synowie Sp. J.", "Kowalski i Synowie"),
        ("Bałtyk spółka z ograniczoną odpowiedzialnością", "Bałtyk"),
        ("Spółka z o.o. Bałtyk", "Bałtyk"), ("„Bałtyk” S.A. w likwidacji", "Bałtyk"), ("Nowak s.c.", "Nowak"),
        ("Bałtyk (Polska) Sp. z o.o.", "Bałtyk (Polska)"), ("Bałtyk (sp. z o.o.)", "Bałtyk"),
        ("Kraków SC", "Kraków SC"),
        ("Acme, Inc.", "Acme"), ("Acme Ltd", "Acme"), ("Acme Co., Ltd.", "Acme"), ("Acme L.L.C.", "Acme"),
        ("Acme PLC", "Acme"), ("Acme Pty Ltd", "Acme"), ("Acme Corporation", "Acme"), ("Yahoo! Inc.", "Yahoo!"),
        ("J. Smith & Sons Limited", "J. Smith & Sons"), ("Müller GmbH & Co. KG", "Müller"), ("Müller AG", "Müller"),
        ("Booking.com B.V.", "Booking.com"), ("Rossi S.r.l.", "Rossi"), ("Rossi S.p.A.", "Rossi"),
        ("Dupont SARL", "Dupont"), ("Novák s.r.o.", "Novák"), ("Horvat d.o.o.", "Horvat"), ("Volvo AB", "Volvo"),
        ("ООО «Вектор»", "Вектор"), ('ЗАО "Вектор"', "Вектор"), ("Вектор, ООО", "Вектор"), ("ПАО Сбербанк", "Сбербанк"),
        ('ООО "Торговый дом "Вектор"', 'Торговый дом "Вектор"'), ("ООО «Вектор» (Москва)", "«Вектор» (Москва)"),
        ("ИП Иванов Иван Иванович", "Иванов Иван Иванович"), ("ТОО «Астана»", "Астана"), ("OOO Vektor", "Vektor"),
        ("Общество с ограниченной ответственностью «Ромашка»", "Ромашка"), ("LLC Vektor", "Vektor"),
        ("شرکت نوین گستر", "نوین گستر"), ("شرکت نوین گستر (سهامی خاص)", "نوین گستر"), ("شركت نوین", "نوین"),
        ("شرکت سهامی عام نوین", "نوین"), ("شرکت با مسئولیت محدود نوین", "نوین"), ("نوین (با مسئولیت محدود)", "نوین"),
        ("شرکت نرم‌افزار پارس", "نرم‌افزار پارس"), ("شرکت مسئوليت محدود نوین", "نوین"),
        ("Công ty TNHH An Phát", "An Phát"), ("CÔNG TY CỔ PHẦN FPT", "FPT"), ("Công ty TNHH MTV An Phát", "An Phát"),
        ("Công ty Trách nhiệm hữu hạn Một thành viên An Phát", "An Phát"), ("CTCP An Phát", "An Phát"),
        ("Cty. CP An Phát", "An Phát"), ("DNTN An Phát", "An Phát"), ("An Phát JSC", "An Phát"),
        ("Cong ty Co phan An Phat", "An Phat"), ("An Phat Co., Ltd", "An Phat"),
        ("Income Ltd", "Income"), ("Incom", "Incom"), ("Prince Inc", "Prince"), ("Limited Edition", "Limited Edition"),
        ("Wellness Spa", "Wellness Spa"), ("Too Good To Go", "Too Good To Go"), ("Fast.co", "Fast.co"),
        ("Co-op", "Co-op"),
        ("A. O. Smith", "A. O. Smith"), ("Biuro AS", "Biuro AS"), ("IP Telecom", "IP Telecom"),
        ("ООО-Сервис", "ООО-Сервис"),
        ("Smith&Co", "Smith&Co"),
        ("  Acme\t \n  Group ", "Acme Group"), ('"Acme"', "Acme"), ("Acme\u202e\x00 Inc", "Acme"),
    ],
)  # fmt: skip
def test_what_is_shown(name: str, shown: str) -> None:
    assert FORMS.shown(name) == shown


@pytest.mark.parametrize(
    "name",
    ["Sp. z o.o.", "S.A.", "Ltd", "GmbH & Co. KG", "ООО", "شرکت", "شرکت سهامی خاص", "Công ty", "Công ty Cổ phần",
    "Ltd. Inc.",
     "Sp. z o.o. sp. k.", "", "-", "?!"],
)  # fmt: skip
def test_a_name_that_is_only_a_form_stays(name: str) -> None:
    assert (FORMS.shown(name), FORMS.identity(name)) == (name, fold(name))


@pytest.mark.parametrize(
    "names",
    [
        ("Bałtyk Sp. z o.o.", "BALTYK SPZOO", "„Bałtyk” sp.z o.o.", "baltyk", "Spółka z o.o. Bałtyk"),
        ("ООО «Берёзка»", "Березка", "БЕРЕЗКА ООО"),
        ("شرکت نوین‌کار", "شركت نوين‌كار", "نوین‌کار (سهامی خاص)"),
        ("Công ty TNHH Đại Phát", "CONG TY TNHH DAI PHAT", "Đại Phát Co., Ltd"),
        ("Johnson & Johnson, Inc.", "johnson johnson"), ("Müller GmbH", "Muller"), ("Acme\u00a0 Inc", "ACME"),
    ],
)  # fmt: skip
def test_spellings_of_one_company(names: tuple[str, ...]) -> None:
    assert len({FORMS.identity(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Poland", "Acme"),
        ("Bałtyk 2 Sp. z o.o.", "Bałtyk Sp. z o.o."),
        ("Prince", "Pr"),
        ("Wellness Spa", "Wellness"),
    ],
)
def test_other_companies(one: str, other: str) -> None:
    assert FORMS.identity(one) != FORMS.identity(other)


PIECES = st.one_of(
    st.sampled_from(sorted(FORMS.before | FORMS.after)),
    st.sampled_from("\"'«»„”()&.,-_＂ \u200c\u0301"),
    st.text(max_size=5),
)
NAMES = st.builds(lambda glue, pieces: glue.join(pieces), st.sampled_from(["", " "]), st.lists(PIECES, max_size=9))


@settings(max_examples=400)
@given(NAMES)
@example("ﷺ" * 200)
@example("شرکت تعاونی تولیدی ئ")
@example("™ Ltd")
def test_any_name_may_be_asked_and_settles(name: str) -> None:
    identity, shown = FORMS.identity(name), FORMS.shown(name)
    assert FORMS.identity(identity) == identity == fold(identity)
    assert FORMS.shown(shown) == shown


@pytest.mark.parametrize("sign", ["a", "a ", "ltd ", "(", '"', "\u0301", "\u202e", "ﷺ", "\x00"])
def test_of_a_long_name_only_the_beginning_is_read(sign: str) -> None:
    name = sign * 100_000
    assert len(FORMS.identity(name)) <= 200
    assert (FORMS.identity(name), FORMS.shown(name)) == (FORMS.identity(name[:200]), FORMS.shown(name[:200]))


def test_an_installations_own_forms() -> None:
    forms = legal_forms(["F.H.U."], ["", "Genossenschaft"])
    assert [forms.shown(name) for name in ("F.H.U. Jan", "FHU Jan", "Acme Genossenschaft", "Acme Inc")] == [
        "Jan", "FHU Jan", "Acme", "Acme Inc",
    ]  # fmt: skip


def test_made_up_companies_in_five_locales() -> None:
    frames = {"US": ("", ", Inc."), "IR": ("شرکت ", ""), "RU": ("ООО «", "»"), "PL": ("", " sp. z o.o."),
              "VN": ("Công ty TNHH ", "")}  # fmt: skip
    companies = population(7, 2000, 0, date(2026, 1, 1)).companies
    for company in companies:
        before, after = frames[company.country]
        core = company.name.removeprefix(before).removesuffix(after)
        assert core != company.name
        assert (FORMS.shown(company.name), FORMS.identity(company.name)) == (core, fold(core))
    assert len({FORMS.identity(company.name) for company in companies}) == len({company.name for company in companies})
