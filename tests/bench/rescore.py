"""What deciding costs: leads with five activities each, by the shipped rules. In a process of its own, with no store.

Activities are spread over a year, most of them recent, as kinds come in life: much is seen, little is asked for.
"""

import json
import random
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from leadsync.catalog import FIELDS
from leadsync.config.load import shipped
from leadsync.config.scoring import compile_scoring
from leadsync.core.next_change import next_change
from leadsync.core.reasons import reason_lines
from leadsync.core.score import score
from tests.bench.child import cpu, peak

LEADS, AT_ONCE = 1_000_000, 50_000
TODAY = date(2026, 11, 21)
KINDS = {
    "page_view": 30, "email_open": 20, "visit": 15, "email_click": 8, "email_sent": 8, "download": 4, "form_submit": 4,
    "email_reply": 2, "call_in": 2, "meeting": 2, "webinar": 1, "demo_request": 1, "inquiry": 1, "newsletter": 1,
    "unsubscribe": 1,
}  # fmt: skip
TYPES = {"text": pl.String, "number": pl.Float64, "bool": pl.Boolean, "date": pl.Date}
SENIORITIES = (None, None, "specialist", "specialist", "senior", "manager", "director", "c_level", "intern")


def people(first: int, count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Leads and their activities; the same number, the same lead."""
    chance = random.Random(first)
    days = [TODAY - timedelta(n) for n in range(366)]
    leads = pl.int_range(first, first + count, eager=True)
    known = {
        "seniority": chance.choices(SENIORITIES, k=count),
        "employees": chance.choices((None, 8.0, 120.0, 9e3), k=count),
        "email": ["a@b.example"] * count, "phone": chance.choices((None, "+48123456789"), k=count),
        "company": chance.choices((None, "B"), k=count), "need": chance.choices((None,) * 9 + ("a CRM",), k=count),
        "budget": chance.choices((None,) * 9 + (5000.0,), k=count),
        "timeline": chance.choices((None,) * 9 + (3.0,), k=count),
    }  # fmt: skip
    columns = {
        name: pl.Series(known.get(name, [None] * count), dtype=TYPES[word.type]) for name, word in FIELDS.items()
    }
    frame = pl.DataFrame({"lead": leads, **columns}).with_columns(
        day=pl.lit(TODAY), capture=pl.Series(chance.choices(days, k=count))
    )
    many = 5 * count
    activities = pl.DataFrame(
        {
            "lead": [first + chance.randrange(count) for _ in range(many)],
            "kind": chance.choices(list(KINDS), KINDS.values(), k=many),
            "on": [days[int(365 * chance.random() ** 2)] for _ in range(many)],
            "count": pl.repeat(1, many, dtype=pl.Int64, eager=True),
            "topic": pl.repeat(None, many, dtype=pl.String, eager=True),
        }
    )
    return frame, activities


def main() -> None:
    """CPU seconds of each step, and the memory that all of it takes."""
    scoring = compile_scoring(shipped("scoring", "b2b", Path("scoring.yaml")))
    count = int(sys.argv[2]) if sys.argv[2:] else LEADS
    spent = dict.fromkeys(("score", "next change", "reasons"), 0.0)
    for first in range(1, count, AT_ONCE):
        leads, activities = people(first, min(AT_ONCE, count))
        began = cpu()
        scores = score(scoring, leads, activities)
        scored = cpu()
        next_change(scoring, (), leads, activities)
        stepped = cpu()
        reason_lines(scores, scoring.labels)
        for name, took in zip(spent, (scored - began, stepped - scored, cpu() - stepped), strict=True):
            spent[name] += took
    began = cpu()
    few = leads.head(500)
    score(scoring, few, activities)
    next_change(scoring, (), few, activities)
    print(json.dumps(spent | {"few": cpu() - began, "peak_mb": peak()}))


if __name__ == "__main__":
    main()
