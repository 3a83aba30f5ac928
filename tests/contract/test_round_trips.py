"""Round trips: what leadsync writes reads back as meant, in both CRMs, and what people typed stays what it means."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.hubspot.driver import HubSpotDriver
from connectors.hubspot.sandbox.definitions import definitions
from connectors.salesforce.driver import SalesforceDriver
from connectors.salesforce.sandbox.schema import custom_name, entities
from leadsync.connector import Ask, Cursor, Page, Record, Value, WriteOp, WriteStatus
from leadsync.core.convert import CONVERTERS, Home
from leadsync.core.convert.dates import solar
from leadsync.core.mapping import text
from leadsync.core.plan import Account, Seen, planned, same, verdicts
from leadsync.core.write_field import WriteField
from leadsync.testing.custom_fields import PEOPLE

LENGTH = 255
MANY = 100  # HubSpot's batch; Salesforce takes 200 in a collection
STEMS = {field.type: field.stem for field in reversed(PEOPLE)} | {"long": "kommentariy", "text": "main_need"}
OPTIONS = {field.type: field.options for field in reversed(PEOPLE) if field.options}
WARSAW = Home("PL", "EUR", ZoneInfo("Europe/Warsaw"))


@dataclass
class Crm:
    """An account that has fields of its own, and as many people as are written at once."""

    driver: Any
    connector: Any
    object: str
    fields: Mapping[str, str]  # by type
    ids: Sequence[str]
    owners: Sequence[str]

    def field(self, kind: str) -> str:
        return self.fields[kind]

    def write(self, kind: str, values: Sequence[Value]) -> None:
        """Write one value to each person; all of them are taken."""
        ops = [
            WriteOp(str(n), self.object, id_, {self.field(kind): value})
            for n, (id_, value) in enumerate(zip(self.ids, values, strict=False))
        ]
        self.driver.clock.advance(1)
        results = self.connector.write(ops)
        refused = [(op.fields, r.message) for op, r in zip(ops, sorted(results, key=lambda r: int(r.key)), strict=True)
                   if r.status not in (WriteStatus.APPLIED, WriteStatus.UNCHANGED)]  # fmt: skip
        assert refused == []

    def read(self, kind: str, count: int) -> list[Value]:
        """What stands there, by id; the stream of changes says the same."""
        name, ids = self.field(kind), self.ids[:count]
        found = self.connector.fetch(self.object, ids, [name])
        told = [found[id_] for id_ in ids]
        assert all(isinstance(row, Record) for row in told)
        since = self.driver.clock.now() - timedelta(milliseconds=500)
        self.driver.clock.advance(1)
        pages = list(self.connector.changes([Ask(self.object, (name,), Cursor(since))], self.driver.clock.now()))
        assert all(isinstance(page, Page) for page in pages)
        streamed = {row.id: row.fields[name] for page in pages for row in page.records}
        assert {row.id: row.fields[name] for row in told} == {id_: streamed[id_] for id_ in ids}
        return [row.fields[name] for row in told]

    def clear(self, kind: str) -> None:
        self.write(kind, [None] * len(self.ids))


def hubspot() -> Crm:
    driver = HubSpotDriver()
    for prop in definitions(bare=False, custom=True)["contacts"].values():
        driver.sandbox.portal.objects["contacts"].define(prop)
    ids = driver.add("contacts", [dict(driver.people.fresh)] * MANY)
    fields = {**STEMS, "money": "annualrevenue", "owner": "hubspot_owner_id"}
    owners = [owner["id"] for owner in driver.sandbox.portal.owners]
    return Crm(driver, driver.connect(), "contacts", fields, ids, owners)


def salesforce() -> Crm:
    driver = SalesforceDriver()
    for field in entities(bare=False, custom=True)["Lead"].fields.values():
        driver.org.entities["Lead"].add(field)
    ids = driver.add("Lead", [dict(driver.people.fresh)] * MANY)
    fields = {kind: custom_name(stem) for kind, stem in STEMS.items()}
    fields |= {"money": "AnnualRevenue", "owner": "OwnerId"}
    users = driver.org.tables["User"].rows.values()
    owners = [row["Id"] for row in users if row["IsActive"]] + [driver.org.queue]
    return Crm(driver, driver.connect(), "Lead", fields, ids, owners)


@pytest.fixture(scope="module", params=[hubspot, salesforce], ids=["hubspot", "salesforce"])
def crm(request: pytest.FixtureRequest) -> Iterator[Crm]:
    made = request.param()
    yield made
    made.connector.close()
    made.driver.close()


ACCOUNT = Account({}, (), lambda email: email, lambda owner: False)


def to_write(write: WriteField, holds: Value, wanted: Value) -> Value:
    """What leadsync would write to a field that holds this; `...` stands for nothing."""
    found = planned(verdicts([write], Seen({write.field: holds}), {write.value: wanted}, ACCOUNT))
    return ... if found is None else found.fields[write.field][1]  # type: ignore[return-value]


def settles(crm: Crm, kind: str, values: Sequence[Value], write: WriteField) -> None:
    """Values that leadsync wants there are written, and a second plan is empty."""
    crm.clear(kind)
    wanted = [value for value in values if to_write(write, None, value) is not ...]
    sent = [to_write(write, None, value) for value in wanted]
    crm.write(kind, sent)
    read = crm.read(kind, len(sent))
    assert [pair for pair in zip(sent, read, strict=True) if not same(*pair)] == []
    assert [value for value, held in zip(wanted, read, strict=True) if to_write(write, held, value) is not ...] == []


PIECES = (
    "\u2067سلام\u2069", "نرم\u200cافزار", "שלום", "Łódź", "e\u0301", "é", "ﬁ", "İ", "ß", "Việt Nam", "Ва́ня", "日本語",
    "👍", "👩\u200d👩\u200d👧\u200d👦", "🇵🇱", "1️⃣", "👋🏽", '"', "'", "''", "\\", "\\n", "/", ";", ",", "\n",
    "\r\n", "\t", " ", "  ", "\u00a0", "\u200b", "\ufeff", "\u2060", "\u200f", "\u202b", "\u202c", "<b>", "&amp;",
    "&", "%", "%2F", "{}", "null", "#N/A", "N/A", "0", "73.0", "true", "=1+1", "…", "\u0301",
)  # fmt: skip
ANY = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
TEXT = ANY | st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.builds(
    lambda piece, times: piece * times, st.sampled_from(PIECES), st.integers(1, 300)
)  # fmt: skip
slow = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@given(st.lists(TEXT, min_size=1, max_size=MANY))
@example(list(PIECES))
@example([f"a{piece}b" for piece in PIECES])
@example([f"{piece}x" for piece in PIECES])
@example([f"x{piece}" for piece in PIECES])
@example([piece * LENGTH for piece in PIECES])
@example([unicodedata.normalize(form, "Żółć Phượng سِلام ﬁ") for form in ("NFC", "NFD", "NFKC", "NFKD")])
@slow
def test_texts(crm: Crm, values: Sequence[str]) -> None:
    for kind, length in (("text", LENGTH), ("long", 2000)):
        settles(crm, kind, values, WriteField(crm.field(kind), "reasons", length=length))


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_no_sign_of_a_text_is_lost_or_changed(crm: Crm, form: str) -> None:
    inner = [unicodedata.normalize(form, f"a{piece}b") for piece in PIECES]
    crm.write("text", inner)
    assert crm.read("text", len(inner)) == inner


NUMBERS = (
    0, -0.0, 1, -1, 73, 73.0, 0.1, -0.25, 1e-7, 1.5e-6, 99.99, 1234567.89, 1e14, -1e14, 123456789012345,
    2**53, 0.30000000000000004,
)  # fmt: skip


@given(st.lists(st.integers(-(10**14), 10**14) | st.decimals(-(10**9), 10**9, places=2).map(float), max_size=MANY))
@example(list(NUMBERS))
@example([str(number) for number in (0, 73, 73.5, -4)])
@slow
def test_numbers(crm: Crm, values: Sequence[float]) -> None:
    settles(crm, "money", values, WriteField(crm.field("money"), "score"))


@pytest.mark.parametrize("kind", ["enum", "multi"])
def test_every_option(crm: Crm, kind: str) -> None:
    chosen = [*OPTIONS[kind], *([";".join(OPTIONS["multi"][:2])] if kind == "multi" else [])]
    settles(crm, kind, chosen, WriteField(crm.field(kind), "stage", map={one: one for one in chosen}))


def test_answers_days_and_owners(crm: Crm) -> None:
    settles(crm, "bool", [True, False], WriteField(crm.field("bool"), "reasons"))
    days = [date(1970, 1, 1), date(2024, 2, 29), date(1899, 12, 31), date(2199, 1, 1)]
    settles(crm, "date", [day.isoformat() for day in days], WriteField(crm.field("date"), "reasons"))
    crm.write("owner", crm.owners)
    assert all(same(a, b) for a, b in zip(crm.owners, crm.read("owner", len(crm.owners)), strict=True))


def test_what_was_written_can_be_cleared(crm: Crm) -> None:
    for kind, value in {"text": "x", "money": 5, "enum": OPTIONS["enum"][0], "date": "2026-03-02"}.items():
        crm.write(kind, [value])
        for empty in (None, ""):
            crm.write(kind, [empty])
            assert text(crm.read(kind, 1)[0]) == ""


def test_texts_survive_a_bulk_job() -> None:
    crm = salesforce()
    try:
        name = crm.field("text")
        values = [f"a{piece}b" for piece in PIECES] + ["\u2067سلام\u2069", '"x"', "x,y", "1;2"]
        ops = [WriteOp(id_, "Lead", id_, {name: v}) for id_, v in zip(crm.ids, values, strict=False)]
        job = crm.connector.bulk_open("Lead", [name])
        crm.connector.bulk_send(job, ops)
        while (results := crm.connector.bulk_results(job, ops)) is None:
            crm.driver.clock.advance(10)
        assert {result.status for result in results} == {WriteStatus.APPLIED}
        rows = crm.connector.fetch("Lead", [op.id for op in ops], [name])
        assert [rows[op.id].fields[name] for op in ops] == [op.fields[name] for op in ops]
    finally:
        crm.connector.close()
        crm.driver.close()


# what people typed


def fa(told: str) -> str:
    return told.translate({48 + digit: 0x6F0 + digit for digit in range(10)})


TYPED: Mapping[str, Sequence[str]] = {
    "trim": ("Anna", " Łódź\t", "‏سلام"),
    "lower": ("ABC", "ŻÓŁĆ", "Straße", "ИВАН"),
    "upper": ("abc", "żółć", "straße", "ﬁ", "иван"),
    "title": ("anna maria", "o'neil", "jean-luc", "NGUYỄN VĂN A", "иван петров"),
    "digits": ("۱۲۳", "٤٥٦", "１２３", "room ۵"),
    "html": ("<p>Hello&nbsp;<b>you</b></p>", "5 &lt; 6", "x<br>y", "AT&amp;T", "سلام <i>دنیا</i>"),
    "email": ("Ann@Example.COM", " ann+tag@example.org ", "jan@żółć.pl", "o.k@sub.example.net"),
    "phone": ("+48 22 123 45 67", "0048221234567", "(22) 123-45-67", "+۹۸ ۹۱۲ ۳۴۵ ۶۷۸۹", "+1 212 555 0101"),
    "country": ("Poland", "Polska", "ایران", "Россия", "Việt Nam", "USA", "uk", "no", "PL"),
    "currency": ("12 000 EUR", "€5", "500 zł", "100 руб.", "۵۰۰ ریال", "$ 5"),
    "number": ("1 234,56", "1.234,56", "1,234.56", "۱۲۳٫۵", "-5", "007", "1'234'567"),
    "money": ("12 000 EUR", "€ 12.000,50", "12000", "45,00 €"),
    "percent": ("45 %", "45%", "۴۵٪", "12,5 %"),
    "consent": ("yes", "zgoda", "отказ", "رضایت دارد", "không", "opted out", "granted", "denied"),
    "yes_no": ("yes", "Tak", "NIE", "да", "нет", "بله", "خیر", "có", "không", "1", "0", "true"),
    "date": ("2026-11-20", "20.11.2026", "11/20/2026", "20 Nov 2026", "20 listopada 2026", "1763596800"),
    "datetime": ("2026-11-20T10:00:00Z", "20.11.2026 10:30", "2026-11-20T10:00:00+03:30", "1763632800000"),
    "jalali": ("1405/03/21", "۱۴۰۵/۱۲/۲۹", "21 خرداد 1405", "1403-12-30", "2026-06-11"),
}  # fmt: skip


def kept(name: str, found: str) -> tuple[str, Value]:
    """The type of field that holds what a converter gave, and the value for it."""
    feeds = CONVERTERS[name].feeds
    if feeds == "bool":
        return "bool", found == "yes"
    if feeds == "number":
        return "money", float(found)
    return ("datetime" if name == "datetime" else "date" if feeds == "date" else "long"), found


def reads_as(name: str, found: str, again: str) -> bool:
    """Whether both mean the same: numbers by value, all else as it is spelt."""
    return Decimal(found) == Decimal(again) if CONVERTERS[name].feeds == "number" else found == again


@pytest.mark.parametrize("name", sorted(CONVERTERS))
def test_what_people_typed_means_the_same_after_it_was_written(crm: Crm, name: str) -> None:
    check(crm, name, TYPED[name])


def check(crm: Crm, name: str, typed: Sequence[str], means: Sequence[str] | None = None) -> None:
    """People type it into a text field; it is read, written to a field of its type, and read again."""

    def read(values: Sequence[Value]) -> list[str]:
        return [CONVERTERS[name].read(text(value), WARSAW, {}) for value in values]

    crm.write("long", typed)
    found = read(crm.read("long", len(typed)))
    assert means is None or all(reads_as(name, *pair) for pair in zip(found, means, strict=True))
    values = [kept(name, one) for one in found]
    crm.write(values[0][0], [value for _, value in values])
    again = read(crm.read(values[0][0], len(values)))
    assert [(a, b) for a, b in zip(found, again, strict=True) if not reads_as(name, a, b)] == []
    assert read(found) == found


def sample(values: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    return lambda test: slow(given(st.lists(values, min_size=1, max_size=MANY))(test))


def spelt(amount: Decimal, how: int) -> str:
    """An amount as it is written in Poland, England, Switzerland, Iran, and by programs."""
    whole = f"{amount:,.2f}"
    polish = whole.replace(",", "\u00a0").replace(".", ",")
    return (polish, whole, whole.replace(",", "’"), fa(whole.replace(",", "٬").replace(".", "٫")), str(amount))[how]


@sample(st.tuples(st.decimals(-(10**12), 10**12, places=2), st.integers(0, 4)))
def test_amounts_in_any_spelling(crm: Crm, values: Sequence[tuple[Decimal, int]]) -> None:
    typed, means = [spelt(*one) for one in values], [str(amount) for amount, _ in values]
    check(crm, "number", typed, means)
    check(crm, "money", [f"{told} EUR" for told in typed], means)


def day_spelt(day: date, how: int) -> str:
    forms = (
        "{0}-{1:02}-{2:02}",
        "{2}.{1}.{0}",
        "{2:02}/{1:02}/{0}" if day.day > 12 else "{0}/{1}/{2}",
        "{0}{1:02}{2:02}",
    )
    told = forms[how % 4].format(day.year, day.month, day.day)
    return fa(told) if how > 3 else told


@sample(st.tuples(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.integers(0, 7)))
def test_days_in_any_spelling(crm: Crm, values: Sequence[tuple[date, int]]) -> None:
    check(crm, "date", [day_spelt(*one) for one in values], [day.isoformat() for day, _ in values])


@sample(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_days_of_the_jalali_calendar(crm: Crm, values: Sequence[date]) -> None:
    typed = [fa("{2} {1} {0}".format(*solar(day))) for day in values]
    check(crm, "jalali", typed, [day.isoformat() for day in values])


@sample(st.integers(0, 7_000_000_000))
def test_moments_in_any_zone(crm: Crm, seconds: Sequence[int]) -> None:
    values = [datetime.fromtimestamp(one, UTC) for one in seconds]
    typed = [
        at.astimezone(ZoneInfo(zone)).isoformat()
        for at, zone in zip(values, ["Asia/Tehran", "UTC"] * MANY, strict=False)
    ]
    check(crm, "datetime", typed, [at.isoformat().replace("+00:00", "Z") for at in values])
