"""How well the ready-made scorings tell planted buyers from planted lookers, per locale: the share of pairs of a buyer
and a looker in which the buyer has the higher score (half of a pair where both have the same)."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from leadsync.catalog import FIELDS
from leadsync.config.facts import usual_tables
from leadsync.config.load import shipped, shipped_names
from leadsync.config.scoring import compile_scoring
from leadsync.core.facts import derive
from leadsync.core.frames import column
from leadsync.core.score import score
from leadsync.core.survive import golden
from leadsync.testing.people import Card, population
from tests.bench.facts import said

COUNT, TODAY = 20_000, date(2026, 11, 20)


def frames(cards: Sequence[Card]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the scorer is given of these people; they are numbered as their cards."""
    tables = usual_tables()
    facts = [golden([derive(said(card), tables)], ()) for card in cards]
    for known, card in zip(facts, cards, strict=True):
        known |= {"employees": card.company.employees} if card.company else {}
    of = {name: column(word.type, [known.get(name) for known in facts]) for name, word in FIELDS.items()}
    leads = pl.DataFrame(
        {
            "lead": [card.number for card in cards],
            "day": [TODAY] * len(cards),
            "capture": [card.created_at.date() for card in cards],
            **of,
        }
    )
    told = [
        (card.number, each.kind, each.at.date(), 1, tables.intents.topic(each.detail))
        for card in cards for each in card.story
    ]  # fmt: skip
    schema = {"lead": pl.Int64, "kind": pl.String, "on": pl.Date, "count": pl.Int64, "topic": pl.String}
    return leads, pl.DataFrame(told, schema, orient="row")


def ranked(names: Sequence[str], count: int) -> dict[str, dict[str, float]]:
    """model → locale → share."""
    cards = population(11, count, 0, TODAY + timedelta(1)).cards
    leads, activities = frames(cards)
    planted = pl.DataFrame({"locale": [card.locale for card in cards], "buyer": [card.buyer for card in cards]})
    found: dict[str, dict[str, float]] = {}
    for name in names:
        scoring = compile_scoring(shipped("scoring", name, Path("scoring.yaml")))
        scored = planted.with_columns(score(scoring, leads, activities).totals["score"])
        found[name] = {str(key[0]): _share(own) for key, own in scored.partition_by("locale", as_dict=True).items()}
    return found


def _share(scored: pl.DataFrame) -> float:
    rank = pl.col("score").rank("average")
    ranks = scored.select("buyer", rank=rank).filter("buyer")["rank"]
    buyers, lookers = ranks.len(), scored.height - ranks.len()
    return float(ranks.sum() - buyers * (buyers + 1) / 2) / (buyers * lookers)


def main() -> None:
    """Print as JSON."""
    found = ranked(shipped_names("scoring"), COUNT)
    print(json.dumps({f"{name} {locale}": share for name, own in found.items() for locale, share in own.items()}))


if __name__ == "__main__":
    main()
