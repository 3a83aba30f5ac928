"""Points. Every contribution is an integer in hundredths of a point; a total is the integer sum of its parts, always.

A rule per activity is a table of points by age in whole days, rounded once. What caps, floor, ceiling and rounding take
or give are parts of their own. There is one scorer, in columns: a single lead is a frame of one row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from leadsync.core.conditions import Condition
from leadsync.core.scoring import AXES, Cuts, Group, Rule, Scoring
from leadsync.core.truth import counting, happenings, spread, with_activity_tests, with_field_tests, with_result_tests

UNSURE = "unsure"
"""Told in place of a temperature where too little is known to tell one."""
RESULTS = ("score", "fit", "engagement", "temperature", "grade", "quadrant")
TEMPERATURES = ("hot", "warm", "cold")
GRADES = tuple(f"{letter}{digit}" for letter in "ABCD" for digit in "1234")
QUADRANTS = ("ready", "prospect", "interested", "neither")
"""By fit and engagement: both, fit alone, engagement alone, none."""
_HIGHEST = 10_000
_COUNTED = ("rule", "row", "on", "age", "count")


@dataclass(frozen=True, slots=True)
class Scores:
    """`totals`: lead, day, score, fit, engagement (whole points), temperature, grade, quadrant; rows as the leads were
    given.

    `parts`: lead, day, name, group, what (rule, cap, alone, floor, ceiling, rounding), points (hundredths, never 0), on
    (the latest activity), count (of activities); per lead in the order of the files. A cap without a name is its
    group's.
    """

    totals: pl.DataFrame
    parts: pl.DataFrame

    def of(self, leads: Sequence[int]) -> "Scores":
        """Those of some leads."""
        theirs = pl.col("lead").is_in(leads)
        return Scores(self.totals.filter(theirs), self.parts.filter(theirs))

    def unsure(self, thin: pl.Series) -> "Scores":
        """The same, as it is told: a cold lead of which too little is known (`thin`, per row) has no temperature."""
        told = pl.when(thin & (pl.col("temperature") == "cold")).then(pl.lit(UNSURE)).otherwise("temperature")
        return Scores(self.totals.with_columns(temperature=told), self.parts)


def score(scoring: Scoring, leads: pl.DataFrame, activities: pl.DataFrame) -> Scores:
    """Score every row of `leads` as of its day. The frames are described in `truth`."""
    worked = work(scoring, with_field_tests(scoring.conditions, leads, but=RESULTS), activities)
    return Scores(worked.rows.select("lead", "day", *RESULTS), _parts(scoring, worked))


@dataclass(frozen=True, slots=True)
class Worked:
    """`rows` have key, truth of tests, results, `sum`, and each rule's points before caps in a column of its number.

    `hits` have what per-activity rules gave: key (the rule's number times the rows, and the row), points, on, count.
    """

    rows: pl.DataFrame
    hits: pl.DataFrame


def work(
    scoring: Scoring,
    rows: pl.DataFrame,
    activities: pl.DataFrame,
    also: Sequence[Condition] = (),
    held: tuple[pl.Series, pl.Series] | None = None,
) -> Worked:
    """Score `rows` (as from `with_field_tests`); also work out the activity tests of the conditions `also`.

    `held` are days per row by which activities count as younger than they are where they give points, and where they
    take points: what a score cannot fall below or rise above within those days.
    """
    conditions = (*scoring.conditions, *also)
    happened = happenings(conditions, rows, activities, kinds=(r.per for r in scoring.rules if r.per is not None))
    rows = with_activity_tests(conditions, rows, happened)
    hits = _hits(scoring, rows, happened, held)
    given = spread(hits, len(scoring.rules), rows.height, "points")
    points = [
        (rule.when.truth.cast(pl.Int64) * rule.points if rule.when is not None else pl.lit(rule.points, pl.Int64))
        if rule.per is None
        else given[i]
        for i, rule in enumerate(scoring.rules)
    ]
    named = (each.alias(str(i)) for i, each in enumerate(points))
    return Worked(_with_results(scoring, rows.with_columns(named)), hits)


def _hits(
    scoring: Scoring, rows: pl.DataFrame, happened: pl.DataFrame, held: tuple[pl.Series, pl.Series] | None
) -> pl.DataFrame:
    """key, points, on (latest), count: what each rule gives for activities that still count.

    All rules at once: their tables stand one after the other, each looked up from where it begins.
    """
    by_age, begins, ages = scoring.by_age
    whole = {i: rule.per for i, rule in enumerate(scoring.rules) if rule.per is not None and rule.when is None}
    kinds: dict[str, Any] = {"rule": pl.Int64, "kind": happened.schema["kind"]}
    simple = pl.DataFrame({"rule": list(whole), "kind": list(whole.values())}, kinds)
    found = [happened.join(simple, on="kind").select(_COUNTED)]
    for i, rule in enumerate(scoring.rules):
        if rule.per is not None and rule.when is not None:
            own = counting(rule.when, rows, happened.filter(pl.col("kind") == rule.per))
            found.append(own.with_columns(rule=pl.lit(i, pl.Int64)).select(_COUNTED))
    each = pl.concat(found)
    rules, age = each["rule"], each["age"].cast(pl.Int64)
    if held is not None:
        gives, takes = (back.gather(each["row"]) for back in held)
        age -= takes.zip_with(
            pl.Series([rule.points < 0 for rule in scoring.rules], dtype=pl.Boolean).gather(rules), gives
        )
    oldest = ages.gather(rules)
    points = by_age.gather(begins.gather(rules) + age.zip_with(age < oldest, oldest))
    return (
        each.lazy()
        .select("on", "count", points=points * each["count"], key=pl.col("rule") * rows.height + pl.col("row"))
        .filter(pl.col("points") != 0)
        .group_by("key")
        .agg(pl.col("points").sum(), pl.col("on").max(), pl.col("count").sum())
        .collect()
    )


def _within(value: pl.Expr, cap: int | None) -> pl.Expr:
    return value if cap is None else value.clip(-cap, cap)


def _sum(values: Iterable[pl.Expr]) -> pl.Expr:
    return pl.sum_horizontal(pl.lit(0, pl.Int64), *values)


def _whole(hundredths: pl.Expr) -> pl.Expr:
    """Whole points, halves away from zero."""
    return hundredths.sign() * ((hundredths.abs() + 50) // 100)


def _numbered(scoring: Scoring) -> Iterator[tuple[Group, list[tuple[int, Rule]]]]:
    """Each group with its rules and their numbers."""
    first = 0
    for group in scoring.groups:
        yield group, list(enumerate(group.rules, first))
        first += len(group.rules)


def _before_cap(rules: Iterable[tuple[int, Rule]]) -> pl.Expr:
    """The sum of a group's rules within their caps."""
    return _sum(_within(pl.col(str(i)), rule.cap) for i, rule in rules)


def _agreed(group: Group, value: pl.Expr) -> pl.Expr:
    """The sum of a group within its cap, bounded where nothing else agrees."""
    if group.alone is None:
        return value
    bounded = value.clip(upper_bound=group.alone)
    return bounded if group.agrees is None else pl.when(group.agrees.truth).then(value).otherwise(bounded)


def _with_results(scoring: Scoring, rows: pl.DataFrame) -> pl.DataFrame:
    sums = [(f"in {nth}", group, rules) for nth, (group, rules) in enumerate(_numbered(scoring))]
    rows = rows.with_columns(_within(_before_cap(rules), group.cap).alias(name) for name, group, rules in sums)
    groups = [(group.axis or group.name, _agreed(group, pl.col(name))) for name, group, _ in sums]
    rows = rows.with_columns(
        _sum(value for _, value in groups).alias("sum"),
        *(_whole(_sum(value for own, value in groups if own == axis)).alias(axis) for axis in AXES),
    ).with_columns(score=_whole(pl.col("sum").clip(0, _HIGHEST)))
    rows = with_result_tests(scoring.lifts, rows, RESULTS)
    score, never = pl.col("score"), pl.lit(False)
    hot, warm, cold = (
        never if condition is None else condition.truth
        for condition in (scoring.hot_when, scoring.warm_when, scoring.cold_when)
    )
    temperature = (
        pl.when(cold).then(pl.lit("cold"))
        .when((score >= scoring.hot) | hot).then(pl.lit("hot"))
        .when((score >= scoring.warm) | warm).then(pl.lit("warm"))
        .otherwise(pl.lit("cold"))
    )  # fmt: skip
    return rows.with_columns(temperature=temperature, grade=_grade(scoring.cuts), quadrant=_quadrant(scoring.cuts))


def _grade(cuts: Cuts) -> pl.Expr:
    def place(axis: str, signs: str) -> pl.Expr:
        best, good, fair = cuts.grade[axis]
        points = pl.col(axis)
        return (
            pl.when(points >= best).then(pl.lit(signs[0])).when(points >= good).then(pl.lit(signs[1]))
            .when(points >= fair).then(pl.lit(signs[2])).otherwise(pl.lit(signs[3]))
        )  # fmt: skip

    return pl.concat_str(place("fit", "ABCD"), place("engagement", "1234"))


def _quadrant(cuts: Cuts) -> pl.Expr:
    fits, acts = (pl.col(axis) >= cuts.quadrant[axis] for axis in AXES)
    ready, prospect, interested, neither = map(pl.lit, QUADRANTS)
    return (
        pl.when(fits & acts).then(ready).when(fits).then(prospect).when(acts).then(interested).otherwise(neither)
    )  # fmt: skip


def _parts(scoring: Scoring, worked: Worked) -> pl.DataFrame:
    rows, many = worked.rows, max(worked.rows.height, 1)
    given = {*(worked.hits["key"] // many)}  # of many rules most give nothing
    names: list[tuple[str, str, str]] = []
    of_rule: list[int] = []
    asked: dict[str, pl.Expr] = {}

    def add(name: str, group: str, what: str, points: pl.Expr | None) -> None:
        if points is not None:
            asked[str(len(names))] = points
        names.append((name, group, what))

    for nth, (group, rules) in enumerate(_numbered(scoring)):
        for i, rule in rules:
            of_rule.append(len(names))
            points, moves = pl.col(str(i)), rule.per is None or i in given
            add(rule.name, group.name, "rule", points if rule.per is None else None)
            add(
                rule.name,
                group.name,
                "cap",
                _within(points, rule.cap) - points if moves and rule.cap is not None else None,
            )
        within = pl.col(f"in {nth}")
        add("", group.name, "cap", None if group.cap is None else within - _before_cap(rules))
        add("", group.name, "alone", None if group.alone is None else _agreed(group, within) - within)
    total = pl.col("sum")
    add("", "", "floor", total.clip(lower_bound=0) - total)
    add("", "", "ceiling", total.clip(upper_bound=_HIGHEST) - total)
    add("", "", "rounding", pl.col("score") * 100 - total.clip(0, _HIGHEST))

    number = pl.Series(of_rule, dtype=pl.UInt32).gather(worked.hits["key"] // many)
    hits = worked.hits.select("points", "on", "count", row=(pl.col("key") % many).cast(pl.UInt32), part=number)
    once = (
        rows.lazy()
        .select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), **asked)
        .unpivot(index="row", variable_name="part", value_name="points")
        .filter(pl.col("points") != 0)
        .with_columns(pl.col("part").cast(pl.UInt32))
    )
    long = pl.concat([hits.lazy(), once], how="diagonal").sort("row", "part").collect()
    columns = zip(("name", "group", "what"), zip(*names, strict=True), strict=True)
    words = [pl.Series(name, of, dtype=pl.Enum(list(dict.fromkeys(of)))) for name, of in columns]
    return pl.concat(
        [
            rows.select("lead", "day")[long["row"]],
            pl.DataFrame(words)[long["part"]],
            long.select("points", "on", pl.col("count").fill_null(0)),
        ],
        how="horizontal",
    )
