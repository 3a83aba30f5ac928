"""What a lead is to the company: a buyer, or an applicant, a supplier, one of its own … Only buyers are sold to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.core.conditions import ActivityTest, Combined, Condition, FieldTest, Node
from leadsync.core.convert import found_by
from leadsync.core.line import LONGEST, cleaned, cut
from leadsync.core.sentence import sentence
from leadsync.core.truth import happenings, with_activity_tests, with_field_tests

BUYER = "buyer"
"""The class of a lead that no other one fits."""

_SIGNS = sorted(catalog.ACTIVITIES.keys() - catalog.NOT_INTEREST)
_SHOWN = 40  # characters of what a pattern has found


@dataclass(frozen=True, slots=True)
class LeadClass:
    """A class, and which leads are of it.

    The condition may test attributes of activities: it then asks whether anything that the lead did is like that.
    """

    name: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes, in the order in which they are tried. `labels` are what people read for them: class → language →
    text. `version` tells which text of the file this is."""

    classes: tuple[LeadClass, ...]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    version: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All that a lead can be."""
        return tuple(dict.fromkeys((*(each.name for each in self.classes), BUYER)))

    @property
    def watched(self) -> tuple[Condition, ...]:
        """Conditions of which one changes by time whenever a class does."""
        tests = dict.fromkeys(test for each in self.classes for test in each.when.windows)
        return tuple(Condition("", test) for test in tests)

    def line(self, name: str, evidence: str | None, language: str) -> str:
        """The class and what makes it so, as one line of a CRM."""
        own = self.labels.get(name, {})
        told = cleaned(own.get(language) or own.get("en") or name)
        return cut(f"{told}: {evidence}" if evidence else told, LONGEST)


def classify(
    classes: Classes,
    leads: pl.DataFrame,
    activities: pl.DataFrame,
    *,
    language: str = "en",
    fields: Mapping[str, Word] = catalog.FIELDS,
) -> pl.DataFrame:
    """lead, day, class, evidence per row of `leads`: the first class that fits and what makes it fit, as a sentence in
    one of `catalog.LANGUAGES`; a lead that none fits is a buyer, and there is no evidence (null).

    The frames are described in `truth`. `fields` are those that conditions may read, with their labels.
    """
    conditions = [each.when for each in classes.classes]
    holds = _tests(conditions, leads, activities)
    place = pl.lit(None, pl.Int64)
    for nth, condition in reversed(list(enumerate(conditions))):
        place = pl.when(condition.truth).then(pl.lit(nth, pl.Int64)).otherwise(place)
    places = holds.with_columns(place=place)["place"]
    fields_read = {name for condition in conditions for name in condition.fields} & set(leads.columns)
    read = leads.select("lead", *sorted(fields_read))
    told: list[str | None] = [None] * leads.height
    for row in places.is_not_null().arg_true():
        when, values = conditions[places[row]], read.row(row, named=True)
        what = _evidence(when.root, holds.row(row, named=True), values)
        told[row] = sentence(replace(when, root=what), language, fields)
    names = [BUYER if nth is None else classes.classes[nth].name for nth in places]
    found = {"class": pl.Series(names, dtype=pl.String), "evidence": pl.Series(told, dtype=pl.String)}
    return leads.select("lead", "day").with_columns(**found)


def _tests(conditions: Sequence[Condition], leads: pl.DataFrame, activities: pl.DataFrame) -> pl.DataFrame:
    """The truth of every single test, as a column of its name."""
    rows = with_field_tests(conditions, leads)
    leaves = dict.fromkeys(test for condition in conditions for test in condition.tests)
    of_activities = [t for t in leaves if isinstance(t, FieldTest) and t.field in catalog.ATTRIBUTES]
    happened = happenings(conditions, rows, activities, kinds=_SIGNS if of_activities else ())
    signs = happened.filter(pl.col("kind").cast(pl.String).is_in(_SIGNS))
    known = with_activity_tests(conditions, rows, happened).with_row_index("row")
    return known.with_columns(
        pl.col("row").is_in(signs.filter(pl.col(test.column))["row"].implode()).alias(test.column)
        for test in of_activities
    )


def _evidence(node: Node, holds: Mapping[str, bool], values: Mapping[str, Any]) -> Node:
    """What makes a condition hold that does: the parts of it that hold, with the very value that was found; what does
    not stand in the way is left out beside what speaks for it."""
    if isinstance(node, FieldTest):
        return _found(node, values.get(node.field))
    if not isinstance(node, Combined) or node.op == "not":
        return node
    parts = [_evidence(part, holds, values) for part in node.parts if _true(part, holds)]
    parts = [part for part in parts if not _negative(part)] or parts
    flat = tuple(dict.fromkeys(each for part in parts for each in _joined(part)))
    return flat[0] if len(flat) == 1 else Combined("and", flat)


def _true(node: Node, holds: Mapping[str, bool]) -> bool:
    if not isinstance(node, Combined):
        return holds[node.column]
    parts = (_true(part, holds) for part in node.parts)
    return not next(parts) if node.op == "not" else all(parts) if node.op == "and" else any(parts)


def _negative(node: Node) -> bool:
    return node.op == "not" if isinstance(node, Combined) else isinstance(node, ActivityTest) and not node.least


def _joined(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Combined) and node.op == "and" else (node,)


def _found(test: FieldTest, value: Any) -> FieldTest:
    """The test with no more than what it has found."""
    if not isinstance(value, str) or not test.values:
        return test
    if test.op == "matches":
        shown = cut(cleaned(found_by(f"(?i)({test.values[0]})", value)), _SHOWN)
        return replace(test, op="contains", values=(shown,)) if shown else test
    text = value.strip().lower()
    fits = [str(each) for each in test.values if (each == text if test.op == "in" else str(each) in text)]
    return replace(test, values=(max(fits, key=len),)) if test.op in ("in", "contains") and fits else test
