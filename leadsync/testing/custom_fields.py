"""The fields that an account has of its own after some years: forty on people and a few on companies.

Admins of four countries made them. Some tell leadsync something (budget, timeline, authority, need, consent, language,
industry, country), most are noise, and some are empty, double, or not what their names say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from leadsync.testing.people import Card, Company
from leadsync.testing.people_work import INDUSTRIES, TRADES

Content = str | int | bool | date | datetime | tuple[str, ...]
Maker = Callable[[Random, Card, date], Content | None]


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field: `stem` becomes its name in each CRM.

    `type` is one of text, long, number, bool, date, datetime, enum, multi, phone, url; `fill` how many rows of a
    hundred hold a value; `lasting` whether it also describes a contact, where a CRM keeps leads and contacts apart.
    Without `make` a value is one of the options, or some of them.
    """

    stem: str
    label: str
    type: str
    fill: int
    make: Maker | None = None
    options: tuple[str, ...] = ()
    lasting: bool = False


def made(seed: int, card: Card, today: date) -> dict[str, Content]:
    """The values of a person's fields, by stem. They follow from the seed, the card and the day."""
    rng = Random(f"custom {seed} {card.person}")
    return _filled(PEOPLE, rng, lambda field: field.make(rng, card, today) if field.make else _any(rng, field))


def made_of_company(seed: int, company: Company) -> dict[str, Content]:
    """The same of a company."""
    rng = Random(f"custom company {seed} {company.number}")
    return _filled(COMPANIES, rng, lambda field: _any(rng, field))


def _filled(
    fields: tuple[CustomField, ...], rng: Random, make: Callable[[CustomField], Content | None]
) -> dict[str, Content]:
    values = ((field.stem, make(field), rng.random() * 100 < field.fill) for field in fields)
    return {stem: value for stem, value, kept in values if kept and value is not None}


def _any(rng: Random, field: CustomField) -> Content:
    if field.type == "multi":
        chosen = rng.sample(field.options, rng.randint(1, min(3, len(field.options))))
        return tuple(sorted(chosen, key=field.options.index))
    return rng.choice(field.options)


def _one_of(*values: str) -> Maker:
    return lambda rng, card, today: rng.choice(values)


def _number(low: int, high: int) -> Maker:
    return lambda rng, card, today: rng.randint(low, high)


def _at_times(percent: int) -> Maker:
    return lambda rng, card, today: rng.random() * 100 < percent


def _budget(rng: Random, card: Card, today: date) -> str:
    """An amount as people type it: now and then in another currency, or in words."""
    whole = round((card.company.employees if card.company else 5) * rng.randrange(40, 400), -2) + 500
    spaced, dotted = f"{whole:,}".replace(",", " "), f"{whole:,}".replace(",", ".")
    persian = f"{whole:,}".replace(",", "٬").translate({48 + digit: 0x6F0 + digit for digit in range(10)})
    usual = (f"{spaced} EUR", f"{dotted},00 €", f"€{whole:,}", f"{whole} EUR", f"{spaced},00 EUR")
    return rng.choice({"fa_IR": (f"{persian} یورو", *usual), "pl_PL": (f"{spaced} PLN", "do ustalenia", *usual)}.get(
        card.locale, usual))  # fmt: skip


def _horizon(rng: Random, card: Card, today: date) -> str:
    return rng.choices(HORIZONS, (6, 3, 1, 1) if card.buyer else (1, 3, 4, 4))[0]


def _role(rng: Random, card: Card, today: date) -> str:
    return rng.choices(ROLES, (5, 3, 1, 1) if card.buyer else (1, 2, 6, 3))[0]


def _need(rng: Random, card: Card, today: date) -> str:
    return rng.choice(_NEEDS[card.locale])


def _country(rng: Random, card: Card, today: date) -> str:
    return rng.choice(_COUNTRIES[card.locale])


def _language(rng: Random, card: Card, today: date) -> str:
    return _LANGUAGES[card.locale] if rng.random() < 0.9 else "English"


def _branza(rng: Random, card: Card, today: date) -> str | None:
    return TRADES["pl_PL"][INDUSTRIES.index(card.company.industry)][0] if card.company else None


def _linh_vuc(rng: Random, card: Card, today: date) -> str | None:
    return TRADES["vi_VN"][INDUSTRIES.index(card.company.industry)][0] if card.company else None


def _employees(rng: Random, card: Card, today: date) -> int | None:
    return card.company.employees if card.company else None


def _phone(rng: Random, card: Card, today: date) -> str | None:
    return card.phone or None


def _prefix(rng: Random, card: Card, today: date) -> str:
    return {"en_US": "+1", "fa_IR": "+98", "ru_RU": "+7", "pl_PL": "+48", "vi_VN": "+84"}[card.locale]


def _handle(rng: Random, card: Card, today: date) -> str | None:
    return f"@{card.email.partition('@')[0].replace('.', '_')}" if card.email else None


def _profile(rng: Random, card: Card, today: date) -> str | None:
    return f"https://people.example/in/{card.email.partition('@')[0]}" if card.email else None


def _second_site(rng: Random, card: Card, today: date) -> str | None:
    return f"https://www.{card.company.domain}/{card.country.lower()}/" if card.company else None


def _jalali(first: int, last: int) -> Maker:
    """A day of the Jalali calendar in a year so far from this one, with either digits."""

    def make(rng: Random, card: Card, today: date) -> str:
        year = today.year - 621 + rng.randint(first, last)
        text = f"{year}/{rng.randint(1, 12):02}/{rng.randint(1, 29):02}"
        return text.translate({48 + digit: 0x6F0 + digit for digit in range(10)}) if rng.random() < 0.4 else text

    return make


def _imported(rng: Random, card: Card, today: date) -> datetime:
    return card.created_at.replace(minute=0, second=0, microsecond=0)


def _batch(rng: Random, card: Card, today: date) -> str:
    return f"IMP-{card.created_at:%Y%m}-{rng.randint(1, 3)}"


def _webinar(rng: Random, card: Card, today: date) -> datetime:
    return (card.created_at - timedelta(days=rng.randint(1, 300))).replace(minute=0, second=0, microsecond=0)


def _agreed(rng: Random, card: Card, today: date) -> date:
    return card.created_at.date()


HORIZONS = ("0-3 m", "3-12 m", "12+ m", "unknown")
ROLES = ("Decision maker", "Influencer", "User", "Gatekeeper")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "en_US": ("Replace the old ERP before the audit", "Fewer spreadsheets", "One view of all orders"),
    "fa_IR": ("یکپارچه‌سازی فروش و انبار", "گزارش روزانه برای مدیر", "جایگزین نرم‌افزار قدیمی"),
    "ru_RU": ("Замена старой CRM", "Учёт заявок в одном месте", "Меньше ручной работы"),
    "pl_PL": ("Wymiana systemu przed końcem roku", "Mniej pracy w Excelu", "Integracja z magazynem"),
    "vi_VN": ("Quản lý đơn hàng tập trung", "Thay phần mềm cũ", "Báo cáo hằng ngày"),
}
_COUNTRIES = {
    "en_US": ("USA", "United States", "Stany Zjednoczone"), "fa_IR": ("Iran", "ایران"), "ru_RU": ("Россия", "Rosja"),
    "pl_PL": ("Polska", "Poland", "polska "), "vi_VN": ("Việt Nam", "Vietnam", "Wietnam"),
}  # fmt: skip
_LANGUAGES = {"en_US": "English", "fa_IR": "فارسی", "ru_RU": "Русский", "pl_PL": "Polski", "vi_VN": "Tiếng Việt"}

PEOPLE = (
    CustomField("annual_budget__eur", "Annual budget (EUR)", "text", 45, _budget),
    CustomField("budget", "Budget?", "enum", 22, options=("yes", "no", "TBC")),  # not an amount
    CustomField("purchase_horizon", "Purchase horizon", "enum", 55, _horizon, HORIZONS),
    CustomField("decision_role", "Decision role", "enum", 50, _role, ROLES, lasting=True),
    CustomField("main_need", "Main need / Główna potrzeba", "text", 40, _need),
    CustomField("next_step", "Следующий шаг", "text", 18, _one_of("позвонить", "КП", "ждём ответа", "call", "???")),
    CustomField("newsletter_consent", "Zgoda na newsletter", "text", 60, _one_of("tak", "Tak", "TAK", "nie", "n/d"),
                lasting=True),
    CustomField("rodo_zgoda", "Zgoda RODO", "bool", 75, _at_times(80), lasting=True),
    CustomField("data_zgody", "Data zgody", "date", 60, _agreed, lasting=True),
    CustomField("do_not_call", "Do not call", "bool", 15, _at_times(60), lasting=True),
    CustomField("kraj", "Kraj", "text", 70, _country, lasting=True),
    CustomField("country_code", "Country code", "text", 60, _prefix),  # of telephones
    CustomField("preferred_language", "Preferred language", "enum", 65, _language, tuple(_LANGUAGES.values()),
                lasting=True),
    CustomField("branza", "Branża", "enum", 50, _branza, tuple(name for name, _ in TRADES["pl_PL"])),
    CustomField("linh_vuc", "Lĩnh vực", "text", 12, _linh_vuc),
    CustomField("liczba_pracownikow", "Liczba pracowników", "number", 55, _employees),
    CustomField("employees", "Employees (this site only)", "number", 10, _number(1, 40)),
    CustomField("contract_ends", "تاریخ پایان قرارداد", "text", 20, _jalali(0, 2), lasting=True),
    CustomField("tarikh_tavallod", "تاریخ تولد", "text", 3, _jalali(-60, -22), lasting=True),
    CustomField("lead_score_old", "Lead score (old, do not use)", "number", 90, _number(0, 100)),
    CustomField("segment", "Сегмент", "enum", 80, options=("A", "B", "C", "D"), lasting=True),
    CustomField("istochnik", "Источник", "enum", 70, options=("Сайт", "Выставка", "Звонок", "Рекомендация", "Другое")),
    CustomField("trade_fair_2024", "Targi 2024", "bool", 30, _at_times(50)),
    CustomField("trade_fair_2025", "Targi 2025", "enum", 25, options=("zaproszony", "był", "nie był")),
    CustomField("interests", "Zainteresowania", "multi", 40,
                options=("CRM", "ERP", "Magazyn", "Szkolenia", "Serwis + gwarancja")),
    CustomField("products_owned", "Products owned", "multi", 25, options=("Basic", "Pro", "Enterprise", "Other"),
                lasting=True),
    CustomField("zalo", "Số điện thoại Zalo", "phone", 18, _phone, lasting=True),
    CustomField("telegram", "Telegram", "text", 25, _handle, lasting=True),
    CustomField("linkedin", "LinkedIn", "url", 35, _profile, lasting=True),
    CustomField("website_2", "Second website", "url", 4, _second_site),
    CustomField("kommentariy", "Комментарий менеджера", "long", 30, _one_of(
        "Звонили, просил перезвонить\nв понедельник.", "не беспокоить до января", "Rozmowa OK → wysłać ofertę 👍")),
    CustomField("last_webinar", "Hội thảo gần nhất", "datetime", 15, _webinar),
    CustomField("imported_at", "Imported at", "datetime", 85, _imported),
    CustomField("import_batch", "Import batch", "text", 85, _batch),
    CustomField("nr_klienta", "Nr klienta", "text", 15, lambda rng, card, today: f"K{card.person:06}", lasting=True),
    CustomField("discount", "Rabat %", "number", 8, _number(1, 30)),
    CustomField("region_sprzedazy", "Region sprzedaży", "enum", 30, options=("Północ", "Południe", "Wschód", "Zachód")),
    CustomField("favourite_colour", "Favourite colour", "text", 2, _one_of("blue", "zielony", "сірий")),
    CustomField("test_pole_2", "test pole 2", "text", 0, _one_of("test")),
    CustomField("zz_old_status", "zz OLD status - nie używać", "enum", 0, options=("new", "in progress", "dead")),
)  # fmt: skip
COMPANIES = (
    CustomField("account_tier", "Account tier", "enum", 40, options=("Gold", "Silver", "Bronze")),
    CustomField("erp_system", "System ERP", "enum", 20, options=("SAP", "1C", "Comarch", "Excel", "own")),
    CustomField("payment_terms", "Warunki płatności", "enum", 60, options=("przedpłata", "14 dni", "30 dni")),
)
