"""What reading costs, per field and record: a mapping of everyday fields on 20,000 records, in a process of its own."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from leadsync.config.load import load_config
from leadsync.core.convert import Unreadable
from leadsync.core.mapping import ObjectMapping, ReadField, read_value, values, values_with_reasons
from leadsync.testing.people import Card, population
from leadsync.types import Record, Value

MAIN = """\
connections: {hubspot: {type: hubspot, token: {env: X}}}
home: {country: PL, currency: EUR, time_zone: Europe/Warsaw}
fields: {renewal: date, partner: bool}
"""
MAPPING = """\
use: hubspot
read:
  contacts:
    employees: {from: staff, as: number}
    budget: {from: budget, as: money}
    timeline: {from: horizon, map: {soon: 3 months}}
    renewal: contract_ends
    partner: partner
    need: {from: notes, as: html}
    consent: {from: consent, as: yes_no}
"""
COUNTRIES = {"PL": "Polska", "IR": "ایران", "RU": "Россия", "VN": "Việt Nam", "US": "USA"}


def rows(cards: list[Card]) -> Iterator[dict[str, Value]]:
    """As CRMs hold what people type: two phones of three in the form of their own country."""
    for i, card in enumerate(cards):
        phone = card.phone if i % 3 == 0 else card.phone.replace("+48", "").replace("+98", "0").replace("+7", "8")
        yield {
            "email": card.email, "phone": phone, "mobilephone": None, "firstname": card.first_name,
            "lastname": card.last_name, "company": card.company.name if card.company else "", "city": card.city,
            "jobtitle": card.job_title, "hs_analytics_source": card.source,
            "country": COUNTRIES[card.country] if i % 2 else card.country, "staff": f"{i % 9 + 1} {i % 1000:03}",
            "budget": f"{i % 90 + 1}.000,00 €" if i % 4 == 0 else "", "horizon": ("3 months", "soon", "6", "")[i % 4],
            "contract_ends": f"2026-{i % 12 + 1:02}-15" if i % 3 else "15.03.2026", "partner": i % 2 == 0,
            "notes": "<p>wants a <b>demo</b></p>" if i % 5 == 0 else "wants a demo",
            "consent": ("true", "да", "")[i % 3],
        }  # fmt: skip


def cost(mapping: ObjectMapping, records: list[Record]) -> float:
    """CPU microseconds per field and record."""
    before = time.process_time()
    for record in records:
        values_with_reasons(mapping, record)
    return (time.process_time() - before) / len(records) / len(mapping.fields) * 1e6


def cost_of_one(field: ReadField, records: list[Record], known: list[dict[str, str]]) -> float:
    """CPU microseconds per value; `known` is what the rows say otherwise."""
    given = [(value, row) for record, row in zip(records, known, strict=True) if (value := record.fields[field.name])]
    before = time.process_time()
    for value, row in given:
        with suppress(Unreadable):
            read_value(field, value, row)
    return (time.process_time() - before) / len(given) * 1e6


def main() -> None:
    """Measure in the folder of the argument; the first thousand records are for what is loaded on first use."""
    folder = Path(sys.argv[1])
    (folder / "mappings").mkdir()
    (folder / "leadsync.yaml").write_text(MAIN, encoding="utf-8")
    (folder / "mappings" / "hubspot.yaml").write_text(MAPPING, encoding="utf-8")
    mapping = load_config(folder / "leadsync.yaml").connections["hubspot"].mapping.reads["contacts"]
    cards = list(population(7, 21_000, 0, date(2026, 11, 20)).cards)
    records = [Record(str(i), row, datetime(2026, 1, 1, tzinfo=UTC)) for i, row in enumerate(rows(cards))]
    cost(mapping, records[:1000])
    found = {"mapping": cost(mapping, records[1000:])}
    known = [values(mapping, record) for record in records[1000:]]
    for field in mapping.fields:
        if field.name in ("phone", "email"):
            found[field.name] = cost_of_one(field, records[1000:], known)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
