"""Conditions evaluated in columns: set-based, for any number of leads at once.

`leads` frames have lead:Int64, day:Date (as of when), capture:Date (or null) and a column per field; (lead, day) is
their key. `activities` frames have lead:Int64, kind:String, on:Date (the calendar day at home), count:Int64, and a
column per attribute that is tested.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from leadsync.catalog import ATTRIBUTES
from leadsync.core.conditions import ActivityTest, Condition, FieldTest

KEY = ("lead", "day", "capture")
NEVER = 2**31 - 1
"""A day that does not come."""
EVENT = "event"
"""A column of activities that is handed on by `happenings`, for whoever wants to know which ones count."""


def truths(conditions: Sequence[Condition], leads: pl.DataFrame, activities: pl.DataFrame) -> pl.DataFrame:
    """One Boolean column per condition, named "0", "1", … in their order; rows as in `leads`, never null."""
    rows = with_field_tests(conditions, leads)
    known = with_activity_tests(conditions, rows, happenings(conditions, rows, activities))
    return known.select(condition.truth.alias(str(i)) for i, condition in enumerate(conditions))


def with_field_tests(
    conditions: Iterable[Condition], leads: pl.DataFrame, *, but: Collection[str] = ()
) -> pl.DataFrame:
    """The key columns of `leads`, and the truth of every test on a field that is not one of `but`.

    Tests on attributes are about activities: see `happenings`.
    """
    tests = [test for test in _field_tests(conditions) if test.field not in but and test.field not in ATTRIBUTES]
    # lazily, so that what tests on the same field have in common is worked out once
    return leads.lazy().select(*KEY, *(test.truth.alias(test.column) for test in tests)).collect()


def with_result_tests(conditions: Iterable[Condition], rows: pl.DataFrame, results: Collection[str]) -> pl.DataFrame:
    """`rows`, which have these `results`, and the truth of every test on one of them."""
    tests = [test for test in _field_tests(conditions) if test.field in results]
    return rows.with_columns(test.truth.alias(test.column) for test in tests)


def _field_tests(conditions: Iterable[Condition]) -> Iterable[FieldTest]:
    return dict.fromkeys(test for c in conditions for test in c.tests if isinstance(test, FieldTest))


def with_activity_tests(conditions: Iterable[Condition], rows: pl.DataFrame, happened: pl.DataFrame) -> pl.DataFrame:
    """`rows` and the truth of every activity test; `happened` as from `happenings` of the same rows."""
    return with_truths(rows, enough_until(conditions, rows, happened))


def with_truths(rows: pl.DataFrame, until: Mapping[ActivityTest, pl.Series]) -> pl.DataFrame:
    """`rows` and the truth of every activity test as of their day."""
    today, captured = rows["day"].to_physical(), rows["capture"].is_not_null()
    return rows.hstack([_truth(test, day > today, captured).alias(test.column) for test, day in until.items()])


def _truth(test: ActivityTest, enough: pl.Series, captured: pl.Series) -> pl.Series:
    truth = enough if test.least else ~enough
    return truth & captured if test.since_capture else truth


def enough_until(
    conditions: Iterable[Condition], rows: pl.DataFrame, happened: pl.DataFrame
) -> dict[ActivityTest, pl.Series]:
    """By activity test, per row: the first day on which too little of what it counts is young enough, or `NEVER`, if
    nothing new happens; 0 where that is so already. For a test that something did not happen one is too much."""
    tests = list(dict.fromkeys(test for condition in conditions for test in condition.windows))
    if not tests:
        return {}
    asked = [
        (i, kind, test.least, test.days, test.since_capture, test.within, topic)
        for i, test in enumerate(tests) for kind in test.kinds for topic in test.topics or (None,)
    ]  # fmt: skip
    schema: dict[str, Any] = {"test": pl.Int64, "kind": happened.schema["kind"], "least": pl.Int64, "days": pl.Int32,
                              "since": pl.Boolean, "within": pl.Int32, "about": pl.String}  # fmt: skip
    counts = (pl.col("age") < pl.col("days")).fill_null(True) & (pl.col("captured") | ~pl.col("since"))
    if any(test.within for test in tests):
        counts &= (pl.col("after") < pl.col("within")).fill_null(True)
    if any(test.topics for test in tests):
        counts &= pl.col("about").is_null() | (pl.col("about") == pl.col("topic")).fill_null(False)
    found = (
        happened.lazy()
        .join(pl.LazyFrame(asked, schema, orient="row"), on="kind")
        .filter(counts)
        .with_columns(
            key=pl.col("test") * rows.height + pl.col("row"),
            until=(pl.col("on").cast(pl.Int32) + pl.col("days")).fill_null(NEVER),
        )
    )
    if any(test.least > 1 for test in tests):  # the one that makes it enough, from the latest one on
        so_far = pl.col("count").cum_sum().over("key", order_by="age")
        found = found.filter(so_far >= pl.col("least"))
    each = found.group_by("key").agg(pl.col("until").max()).collect()
    return dict(zip(tests, spread(each, len(tests), rows.height, "until"), strict=True))


def happenings(
    conditions: Iterable[Condition], rows: pl.DataFrame, activities: pl.DataFrame, *, kinds: Iterable[str] = ()
) -> pl.DataFrame:
    """What happened to each row's lead up to its day: row (its index), kind, on, age (whole days), count, captured.

    `captured` is whether it was on the day of capture or later; a column per test on an attribute holds its truth, and
    `topic`, or `after` (days after capture), is there where it is asked for. Only kinds that the conditions test, and
    `kinds`.
    """
    conditions = tuple(conditions)
    tests = [test for test in _field_tests(conditions) if test.field in ATTRIBUTES]
    windows = [test for condition in conditions for test in condition.windows]
    wanted = sorted({*kinds, *(kind for test in windows for kind in test.kinds)})
    more = [pl.col("topic").str.strip_chars().str.to_lowercase()] if any(test.topics for test in windows) else []
    if any(test.within for test in windows):
        more.append((pl.col("on").cast(pl.Int32) - pl.col("capture").cast(pl.Int32)).alias("after"))
    keys = rows.select(KEY).with_row_index("row")
    return (
        activities.lazy()
        .with_columns(pl.col("kind").cast(pl.Enum(wanted), strict=False))
        .drop_nulls("kind")
        .with_columns(test.truth.alias(test.column) for test in tests)
        .join(keys.lazy(), on="lead")
        .filter(pl.col("on") <= pl.col("day"))
        .select(
            "row",
            "kind",
            "on",
            "count",
            *(name for name in (EVENT,) if name in activities.columns),
            *(test.column for test in tests),
            *more,
            age=pl.col("day").cast(pl.Int32) - pl.col("on").cast(pl.Int32),
            captured=(pl.col("on") >= pl.col("capture")).fill_null(False),
        )
        .collect()
    )


def counting(when: Condition, rows: pl.DataFrame, happened: pl.LazyFrame) -> pl.LazyFrame:
    """Those of `happened` for which the condition holds: what it says of a lead, and of each single activity."""
    of_leads = {test.column: rows[test.column] for test in when.tests if test.column in rows}
    told = (pl.lit(truth).gather("row").alias(column) for column, truth in of_leads.items())
    return happened.with_columns(told).filter(when.truth)


def spread(found: pl.DataFrame, many: int, rows: int, value: str) -> list[pl.Series]:
    """As many columns of `rows` values: `value` of `found` at its `key` (column times rows, and row), 0 elsewhere."""
    every = pl.zeros(many * rows, found.schema[value], eager=True).scatter(found["key"], found[value])
    return [every.slice(i * rows, rows) for i in range(many)]
