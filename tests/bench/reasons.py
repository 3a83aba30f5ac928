"""What the line with the reasons costs, per lead: 200,000 leads with five parts each, in a process of its own."""

import json
import random
import time
from datetime import date, timedelta

import polars as pl

from leadsync.core.reasons import reason_lines
from leadsync.core.score import Scores
from leadsync.core.scoring import Group, Rule, Scoring

LEADS, RULES = 200_000, 40
TODAY = date(2026, 11, 21)


def scored() -> Scores:
    """Leads as a scorer leaves them; every other rule is about an activity of the last year."""
    chance = random.Random(7)
    parts, totals = [], []
    for lead in range(LEADS):
        total = 0
        for rule in sorted(chance.sample(range(RULES), 5)):
            points = chance.randrange(50, 3000) * chance.choice((1, 1, 1, -1))
            on = TODAY - timedelta(chance.randrange(365)) if rule % 2 else None
            total += points
            parts.append((lead, TODAY, f"rule {rule}", "group", "rule", points, on))
        whole = (min(max(total, 0), 10_000) + 50) // 100
        if total != whole * 100:
            parts.append((lead, TODAY, "", "", "rounding", whole * 100 - total, None))
        totals.append((lead, TODAY, whole, ("hot", "warm", "cold")[lead % 3]))
    words = {"name": [f"rule {i}" for i in range(RULES)], "group": ["group"], "what": ["rule", "rounding"]}
    enums = {name: pl.Enum(list(dict.fromkeys([*each, ""]))) for name, each in words.items()}
    key = {"lead": pl.Int64, "day": pl.Date}
    return Scores(
        pl.DataFrame(totals, {**key, "score": pl.Int64, "temperature": pl.String}, orient="row"),
        pl.DataFrame(parts, {**key, **enums, "points": pl.Int64, "on": pl.Date}, orient="row"),
    )


def main() -> None:
    """CPU microseconds per lead and language; the first telling is for what is loaded on first use."""
    scores = scored()
    rules = tuple(Rule(f"rule {i}", "group", 1, label=f"label of rule {i}") for i in range(RULES))
    labels = Scoring((Group("group", None, rules),), 70, 35).labels
    reason_lines(scores, labels)
    found = {}
    for language in ("en", "fa"):
        before = time.process_time()
        reason_lines(scores, labels, language)
        found[language] = (time.process_time() - before) / LEADS * 1e6
    print(json.dumps(found))


if __name__ == "__main__":
    main()
