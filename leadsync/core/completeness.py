"""How much is known of a lead, and what is most worth asking for."""

from collections.abc import Sequence

import polars as pl

from leadsync.catalog import BANT
from leadsync.core.conditions import FieldTest
from leadsync.core.scoring import Scoring


def worth_asking(complete: Sequence[str], scoring: Scoring) -> tuple[str, ...]:
    """The fields, those first on which most points hang: the sum of what rules give or take that read the field."""

    def stake(name: str) -> int:
        return sum(abs(rule.points) for rule in scoring.rules if rule.when is not None and name in rule.when.fields)

    return tuple(sorted(complete, key=stake, reverse=True))


def unanswered(name: str) -> pl.Expr:
    """Whether a field is neither known nor answered with no."""
    unknown = pl.col(name).is_null()
    return unknown & ~FieldTest(name, "text", "none").truth if name in BANT else unknown


def ask_for(ranked: Sequence[str], leads: pl.DataFrame) -> pl.Series:
    """The first of these fields that is neither known nor answered with no, per row; null where none is left."""
    unknown = [pl.when(unanswered(name)).then(pl.lit(name)) for name in ranked]
    return leads.select(pl.coalesce(*unknown).alias("ask_for"))["ask_for"]
