"""What follows from what leads bring, against what the makers of the leads know; and what it costs.

Given is only what a form asks for: a name in one field, a mailbox, a phone, a job title, a company with its size and
revenue, a source.
The truth is that of the generator: which of sixteen posts somebody has, where they live, what their mailbox is.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from math import inf

from leadsync.config.facts import usual_tables
from leadsync.core.convert.base import fold
from leadsync.core.facts import Facts, derive, known
from leadsync.core.keys import keys
from leadsync.testing.people import Card, population
from leadsync.testing.people_names import latin
from leadsync.testing.people_work import COUNTRIES, FREE_MAIL, LOCALES, SOURCES, TITLES

COUNT = 100_000
POSTS = (  # seniority and department of the sixteen posts, as a person reads them; "" is open
    ("", ""), ("intern", ""), ("specialist", ""), ("specialist", "procurement"), ("specialist", "engineering"),
    ("specialist", ""), ("manager", ""), ("manager", "marketing"), ("manager", "sales"), ("manager", "it"),
    ("head", "procurement"), ("director", "operations"), ("director", "finance"), ("vp", "sales"), ("c_level", "it"),
    ("c_level", "management"),
)  # fmt: skip
ALSO = {  # where another language draws the line: a trưởng phòng is a manager, a technical director an engineer
    "head": ("manager",), "it": ("engineering",),
}  # fmt: skip
CHANNELS = dict(zip(SOURCES, (
    "advert", "event", "referral", "event", "seo", "paid_search", "social", "bought_list", "email_campaign",
    "landing_page", "partner", "walk_in",
), strict=True))  # fmt: skip
SIZES = (
    (1, "1"),
    (10, "2-10"),
    (50, "11-50"),
    (200, "51-200"),
    (1000, "201-1000"),
    (5000, "1001-5000"),
    (inf, "5001+"),
)
REVENUES = ((1e6, "under 1M"), (1e7, "1M-10M"), (5e7, "10M-50M"), (2.5e8, "50M-250M"), (1e9, "250M-1B"), (inf, "1B+"))
ZONES = {"fa_IR": "Asia/Tehran", "pl_PL": "Europe/Warsaw", "vi_VN": "Asia/Ho_Chi_Minh"}  # the others have several
SPOKEN = {"en_US": "en", "fa_IR": "fa", "ru_RU": "ru", "pl_PL": "pl", "vi_VN": "vi"}


def said(card: Card) -> dict[str, str]:
    """What a form holds; the parts of a Vietnamese name stand in their own order."""
    turned = card.locale == "vi_VN"
    name = f"{card.last_name} {card.first_name}" if turned else f"{card.first_name} {card.last_name}"
    phone = "".join(sign for sign in card.phone if sign in "+0123456789")
    values = {"name": name, "email": card.email, "phone": phone, "job_title": card.job_title, "source": card.source}
    if firm := card.company:
        values |= {"company": firm.name, "employees": f"{firm.employees}", "revenue": f"{firm.revenue}"}
    return {word: value for word, value in values.items() if value}


def truth(card: Card) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What each word may say."""
    post = _posts().get(card.job_title)
    given, middle = card.first_name.split()[-1], card.first_name.split()[:-1]
    yield "first_name", (card.first_name, given, *middle)
    yield "last_name", (card.last_name, *((f"{card.last_name} {' '.join(middle)}",) if middle else ()))
    yield "country", (COUNTRIES[card.locale],)
    yield "language", (SPOKEN[card.locale],)
    if card.email:
        free = card.email.rpartition("@")[2] in FREE_MAIL
        yield "mailbox", ("free",) if free else ("work",)
        if not free and card.company:
            yield "domain", (card.company.domain,)
    if card.phone:
        yield "phone_line", ("mobile", "either") if card.locale != "en_US" else ("either",)
    if post is not None:
        seniority, department = POSTS[post]
        if seniority:
            yield "seniority", (seniority, *ALSO.get(seniority, ()))
        if department:
            yield "department", (department, *ALSO.get(department, ()))
    if card.locale in ZONES:
        yield "time_zone", (ZONES[card.locale],)
    if firm := card.company:
        yield "employees_band", (next(band for most, band in SIZES if firm.employees <= most),)
        yield "revenue_band", (next(band for below, band in REVENUES if firm.revenue < below),)
    yield "channel", (CHANNELS[card.source],)


@cache
def _posts() -> dict[str, int]:
    """The post of each title, with its marks and without."""
    return {form: n for titles in TITLES.values() for n, title in enumerate(titles) for form in (title, latin(title))}


def judged(cards: list[Card]) -> dict[str, dict[str, Counter[str]]]:
    """word → locale → how often it was right, wrong, open."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for card in cards:
        facts: Facts = derive(said(card), usual_tables())
        for word, may in truth(card):
            told = str(known(facts[word]).value) if word in facts else ""
            verdict = "open" if not told else "right" if fold(told) in map(fold, may) else "wrong"
            found.setdefault(word, {}).setdefault(card.locale, Counter())[verdict] += 1
    return found


def main() -> None:
    """Print as JSON: CPU seconds; per word and locale, in percent, how often it is told and how often wrong."""
    cards = list(population(11, COUNT, 0, date(2026, 11, 20)).cards)
    given = [said(card) for card in cards]
    derive(given[0], usual_tables())
    before = time.process_time()
    for each in given:
        keys(derive(each, usual_tables()), usual_tables())
    cost = time.process_time() - before
    table = {
        word: {
            locale: [100 * (c["right"] + c["wrong"]) / c.total(), 100 * c["wrong"] / max(1, c["right"] + c["wrong"])]
            for locale in LOCALES if (c := of.get(locale))
        }
        for word, of in judged(cards).items()
    }  # fmt: skip
    print(json.dumps({"cpu": cost, "table": table}))


if __name__ == "__main__":
    main()
