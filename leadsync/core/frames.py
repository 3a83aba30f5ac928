"""Facts in columns, as conditions compare them."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from leadsync.catalog import NO_TO, Word
from leadsync.core.conditions import Condition
from leadsync.core.facts import Facts
from leadsync.core.survive import golden
from leadsync.core.truth import with_field_tests


def column(type_: str, facts: Sequence[str | float | None]) -> pl.Series:
    """A field's values, by its type. Answers and dates are facts in words, as their converters write."""
    if type_ == "number":
        return pl.Series(facts, dtype=pl.Float64, strict=False)
    told = pl.Series(facts, dtype=pl.String, strict=False)
    if type_ == "date":
        return told.str.to_date("%Y-%m-%d", strict=False)
    return told == "yes" if type_ == "bool" else told


def fulfilled(condition: Condition, rows: Sequence[Facts], words: Mapping[str, Word]) -> list[bool]:
    """Which rows fulfil a condition on fields, by what each of them says alone. `words`: the fields that there are."""
    known = [golden([facts], ()) for facts in rows]
    types = {name: words[name].type for name in sorted(condition.fields)} | {NO_TO: "text"}
    frame = {name: column(type_, [facts.get(name) for facts in known]) for name, type_ in types.items()}
    keys = {"lead": range(len(rows)), "day": [date.min] * len(rows), "capture": [None] * len(rows)}
    tests = with_field_tests([condition], pl.DataFrame(keys | frame))
    return tests.select(condition.truth).to_series().to_list()
