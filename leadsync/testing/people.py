"""Believable leads for sandboxes: five locales, companies, sales reps, months of activity, duplicates.

Everything follows from (seed, leads, side, today): the same arguments give the same world, to the byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


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
    """A sales rep; an inactive one has left but may still own leads."""

    number: int
    first_name: str
    last_name: str
    email: str
    active: bool


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


def population(seed: int, leads: int, side: int, today: date) -> World:
    """The world of one CRM: `side` 0 and 1 share the companies, the reps and about a fifth of the people.

    About one card in twenty-five is a second card of a person who is there already (spelt in Latin letters, mistyped
    or with another mailbox). No stamp lies after midnight (UTC) of `today`.
    """
    raise NotImplementedError
