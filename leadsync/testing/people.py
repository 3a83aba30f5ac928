"""Believable leads for sandboxes: five locales, companies, sales reps, months of activity, duplicates.

Everything follows from (seed, leads, side, today): the same arguments give the same world, to the byte.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random

from leadsync.testing.people_names import FEMALE, MALE, MIDDLE, NICKNAMES, SURNAMES, Name, feminine, latin
from leadsync.testing.people_stories import story
from leadsync.testing.people_work import (
    AREA_CODES,
    BUYER_TITLES,
    CITIES,
    COUNTRIES,
    FREE_MAIL,
    INDUSTRIES,
    LOCALES,
    LOOKER_TITLES,
    SOURCES,
    TITLES,
    company_name,
)
from leadsync.types import utc


@dataclass(frozen=True, slots=True)
class Company:
    """A company that people work for. `revenue` is in euros a year."""

    number: int
    name: str
    domain: str
    country: str  # ISO 3166 alpha-2
    city: str
    industry: str
    employees: int
    revenue: int


@dataclass(frozen=True, slots=True)
class Rep:
    """A sales rep, who reads `language` (two letters); an inactive one has left but may still own leads."""

    number: int
    first_name: str
    last_name: str
    email: str
    active: bool
    language: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing a lead did: `kind` is a word of the catalogue, `detail` a subject, page or form name."""

    kind: str
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A person as entered once into one CRM. Two cards of one person carry the same `person` number."""

    number: int
    person: int
    locale: str
    first_name: str
    last_name: str
    email: str
    phone: str
    job_title: str
    company: Company | None
    country: str
    city: str
    source: str
    buyer: bool  # planted: really wants to buy
    created_at: datetime
    modified_at: datetime
    rep: Rep | None
    story: tuple[Happening, ...]
    outcome: str  # "", "won", "lost"


@dataclass(frozen=True, slots=True)
class World:
    """What one CRM is seeded with."""

    companies: Sequence[Company]
    reps: Sequence[Rep]
    cards: Sequence[Card]


_BLOCK_PEOPLE, _BLOCK_COMPANIES = 60, 10  # people 0–59 work for companies 0–9, and so on
_SECOND_EVERY = 25
_MS = timedelta(milliseconds=1)

REPS = tuple(
    Rep(number, first, last, f"{first}.{last}@sales.example".lower(), number != 7, language)
    for number, (first, last, language) in enumerate(
        (
            ("Alice", "Marlow", "en"), ("Omar", "Tehrani", "fa"), ("Nina", "Orlova", "ru"), ("Jan", "Kowal", "pl"),
            ("Linh", "Pham", "vi"), ("Grace", "Holt", "en"), ("Peter", "Lindqvist", "en"), ("Victor", "Dale", "en"),
        )
    )
)  # fmt: skip


def population(seed: int, leads: int, side: int, today: date) -> World:
    """The world of one CRM: `side` 0 and 1 share the companies, the reps and about a fifth of the people.

    Exactly `leads` cards. About one card in twenty-five is a second card of a person who is there already (spelt in
    Latin letters, mistyped or with another mailbox). Mailboxes within one world are unique, and empty for some. No
    stamp lies after midnight (UTC) at the start of `today`.
    """
    midnight = utc(datetime.combine(today, time(), UTC))
    people = leads - leads // _SECOND_EVERY
    first = (people - leads // 5) * side
    blocks = -(-(2 * people) // _BLOCK_PEOPLE)
    companies = [_company(seed, number) for number in range(blocks * _BLOCK_COMPANIES)]
    persons = _persons(seed, companies, first)
    cards: list[Card] = []
    earlier: list[_Person] = []  # those who may get a second card
    for number in range(leads):
        rng = Random(f"card {seed} {side} {number}")
        second = number % _SECOND_EVERY == _SECOND_EVERY - 1
        if second:
            pick = rng.randrange(len(earlier))
            person, other = earlier[pick], cards[pick - len(earlier)].email
            earlier = []
        else:
            person, other = next(persons), ""
            earlier.append(person)
        cards.append(_card(rng, person, number, side, midnight, second=second, other_mailbox=other))
    return World(companies, REPS, cards)


@dataclass(frozen=True, slots=True)
class _Person:
    number: int
    locale: str
    first: Name
    last: Name
    company: Company | None
    post: int
    city: Name
    phone: tuple[str, ...]  # country code and groups of digits
    mailbox: str
    free_mailbox: str
    buyer: bool
    rep: Rep


def _company(seed: int, number: int) -> Company:
    """Companies take the locales in turn; the names of the first 34,560 all differ."""
    rng = Random(f"company {seed} {number}")
    locale, nth = LOCALES[number % len(LOCALES)], number // len(LOCALES)
    industry, nth = nth % len(INDUSTRIES), nth // len(INDUSTRIES)
    lap, nth = divmod(nth, 24 * 24)
    ending, stem = divmod((nth * 97 + industry * 13 + seed * 31) % (24 * 24), 24)  # 97 and 24 are coprime: no repeats
    name, host = company_name(locale, stem, ending, industry)
    employees = round(5 * 4000 ** rng.random())  # 5 … 20,000, most of them small
    return Company(
        number,
        f"{name} {lap + 1}" if lap else name,
        f"{host}{lap + 1 if lap else ''}.example",
        COUNTRIES[locale],
        rng.choice(CITIES[locale])[0],
        INDUSTRIES[industry],
        employees,
        employees * rng.randrange(40, 260) * 1000,
    )


def _persons(seed: int, companies: Sequence[Company], first: int) -> Iterator[_Person]:
    """People from `first` on. A namesake in one company gets a number in the mailbox, so every mailbox is one person's:
    to know them, a block is always made from its start."""
    number = first - first % _BLOCK_PEOPLE
    while True:
        if number % _BLOCK_PEOPLE == 0:
            taken: set[str] = set()
        person = _person(seed, companies, number, taken)
        taken.add(person.mailbox)
        if number >= first:
            yield person
        number += 1


def _person(seed: int, companies: Sequence[Company], number: int, taken: set[str]) -> _Person:
    rng = Random(f"person {seed} {number}")
    buyer = rng.random() < 0.25
    block = number // _BLOCK_PEOPLE * _BLOCK_COMPANIES
    company = companies[block + rng.randrange(_BLOCK_COMPANIES)]
    if buyer and not 50 <= company.employees <= 2000:  # a second draw: fitting sizes occur more among buyers
        company = companies[block + rng.randrange(_BLOCK_COMPANIES)]
    locale = LOCALES[company.number % len(LOCALES)]
    female = rng.random() < 0.45
    first = rng.choice((FEMALE if female else MALE)[locale])
    last = rng.choice(SURNAMES[locale])
    if female:
        last = feminine(locale, last)
    if locale == "vi_VN":
        middle = rng.choice(MIDDLE[female])
        first = (f"{middle[0]} {first[0]}", f"{middle[1]} {first[1]}")
    employed = rng.random() < (0.98 if buyer else 0.85)
    free = f"{_letters(first)}.{_letters(last)}{number}@{FREE_MAIL[number % len(FREE_MAIL)]}"
    return _Person(
        number,
        locale,
        first,
        last,
        company if employed else None,
        rng.choices(range(len(LOOKER_TITLES)), BUYER_TITLES if buyer else LOOKER_TITLES)[0],
        rng.choice(CITIES[locale]),
        _phone(rng, seed, number, locale),
        _work_mailbox(company, first, last, number, taken) if employed else free,
        free,
        buyer,
        REPS[rng.randrange(len(REPS))],
    )


@cache
def _letters(name: Name) -> str:
    return "".join(c for c in name[1].lower() if c.isascii() and c.isalpha())


def _work_mailbox(company: Company, first: Name, last: Name, number: int, taken: set[str]) -> str:
    given, family = _letters(first), _letters(last)
    user = (f"{given}.{family}", f"{given[0]}.{family}", f"{given}_{family}")[company.number // 5 % 3]
    mailbox = f"{user}@{company.domain}"
    return mailbox if mailbox not in taken else f"{user}{number % _BLOCK_PEOPLE}@{company.domain}"


def _phone(rng: Random, seed: int, number: int, locale: str) -> tuple[str, ...]:
    """A number of the person's own; American ones are of the range that is kept for fiction."""
    if locale == "en_US":
        return "1", AREA_CODES[number // 100 % len(AREA_CODES)], "555", f"01{number % 100:02}"
    own = f"{(number * 7919 + seed * 104729) % 10_000_000:07}"
    if locale == "fa_IR":
        return "98", f"91{rng.randrange(10)}", own[:3], own[3:]
    if locale == "ru_RU":
        return "7", f"9{rng.choice((0, 1, 2, 5, 6, 8))}{rng.randrange(10)}", own[:3], own[3:5], own[5:]
    if locale == "pl_PL":
        return "48", f"{rng.choice((50, 51, 60, 66, 69))}{own[0]}", own[1:4], own[4:]
    return "84", f"9{rng.choice((1, 6, 7, 8))}", own[:3], own[3:]


def _card(
    rng: Random, person: _Person, number: int, side: int, midnight: datetime, *, second: bool, other_mailbox: str
) -> Card:
    """How somebody entered the person: native or Latin letters, which mailbox, how the phone is spelt."""
    native = rng.random() < (0.1 if second else 0.5 if side else 0.8)
    first, last = (person.first[0], person.last[0]) if native else (person.first[1], person.last[1])
    title = TITLES[person.locale][person.post]
    if not native:
        title = TITLES["en_US"][person.post] if person.locale in ("fa_IR", "ru_RU") else latin(title)
    if person.locale == "fa_IR" and side and rng.random() < 0.3:  # typed on an Arabic keyboard
        first, last = (text.replace("ی", "ي").replace("ک", "ك") for text in (first, last))
    if second and rng.random() < 0.4:
        first, last = NICKNAMES.get(first, first), _mistyped(rng, last)
    email = rng.choices((person.mailbox, person.free_mailbox, ""), (86, 8, 6))[0]
    if second and email == other_mailbox:
        email = "" if other_mailbox == person.free_mailbox else person.free_mailbox
    phone = _spelt(person.phone, rng.randrange(3)) if not email or rng.random() < 0.65 else ""
    created, happened = story(rng, person.buyer, bool(email), midnight)
    events = tuple(Happening(kind, at, detail) for kind, at, detail in happened)
    last_change = max((events[-1].at if events else created) + rng.randrange(1_200_000) * _MS, created)
    outcome = rng.choices(("", "won", "lost"), (90, 7, 3) if person.buyer else (96, 0.5, 3.5))[0]
    return Card(
        number,
        person.number,
        person.locale,
        first,
        last,
        email,
        phone,
        title,
        person.company,
        COUNTRIES[person.locale],
        person.city[not native],
        rng.choice(SOURCES),
        person.buyer,
        created,
        min(last_change, midnight - _MS),
        person.rep if rng.random() < 0.5 else None,
        events,
        outcome,
    )


def _mistyped(rng: Random, name: str) -> str:
    """Two neighbouring letters changed places."""
    at = rng.randrange(1, max(2, len(name) - 1))
    return name[:at] + name[at : at + 2][::-1] + name[at + 2 :]


def _spelt(phone: tuple[str, ...], how: int) -> str:
    code, *groups = phone
    return f"+{code}" + ("".join(groups), " " + " ".join(groups), " " + "-".join(groups))[how]
