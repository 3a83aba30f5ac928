"""Points. Every contribution is an integer in hundredths of a point; a total is the integer sum of its parts, always.

A rule per activity is a table of points by age in whole days, rounded once. What caps, floor, ceiling and rounding take
or give are parts of their own. There is one scorer, in columns: a single lead is a frame of one row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from leadsync.core.conditions import ActivityTest, Condition
from leadsync.core.scoring import AXES, Cuts, Group, Rule, Scoring
from leadsync.core.truth import (
    counting,
    enough_until,
    happenings,
    spread,
    with_field_tests,
    with_result_tests,
    with_truths,
)

UNSURE = "unsure"
"""Told in place of a temperature where too little is known to tell one."""
RESULTS = ("score", "fit", "engagement", "temperature", "grade", "quadrant")
TEMPERATURES = ("hot", "warm", "cold")
GRADES = tuple(f"{letter}{digit}" for letter in "ABCD" for digit in "1234")
QUADRANTS = ("ready", "prospect", "interested", "neither")
"""By fit and engagement: both, fit alone, engagement alone, none."""
_HIGHEST = 10_000
_COUNTED = ("rule", "row", "on", "age", "count", "ages", "ends")


@dataclass(frozen=True, slots=True)
class Worked:
    """`rows` have key, truth of tests, results and `sum`. `until` tells when activity tests flip: see `enough_until`.

    `counted` are the activities that give points: rule (its number), row, on, count, its place `at` in the tables, and
    for how many days it has points `left` to lose. `hits` are what they give by rule: key (the rule's number times the
    rows, and the row), points, kept (of these, within the rule's cap), on (the latest), count.
    """

    rows: pl.DataFrame
    until: Mapping[ActivityTest, pl.Series]
    counted: pl.DataFrame
    hits: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Scores:
    """`totals`: lead, day, score, fit, engagement (whole points), temperature, grade, quadrant; rows as the leads were
    given.

    `parts`: lead, day, name, group, what (rule, cap, alone, floor, ceiling, rounding), points (hundredths, never 0), on
    (the latest activity), count (of activities); per lead in the order of the files. A cap without a name is its
    group's. `worked` is how they came about, by segment.
    """

    totals: pl.DataFrame
    parts: pl.DataFrame
    worked: Mapping[str | None, Worked] = field(default_factory=dict)

    def of(self, leads: Sequence[int]) -> "Scores":
        """Those of some leads, which are among them."""
        if len(leads) == self.totals.height:
            return self
        theirs = pl.col("lead").is_in(leads)
        return Scores(self.totals.filter(theirs), self.parts.filter(theirs))

    def unsure(self, thin: pl.Series) -> "Scores":
        """The same, as it is told: a cold lead of which too little is known (`thin`, per row) has no temperature."""
        told = pl.when(thin & (pl.col("temperature") == "cold")).then(pl.lit(UNSURE)).otherwise("temperature")
        return Scores(self.totals.with_columns(temperature=told), self.parts)


def score(scoring: Scoring, leads: pl.DataFrame, activities: pl.DataFrame, also: Sequence[Condition] = ()) -> Scores:
    """Score every row of `leads` as of its day; `also` as in `work`. The frames are described in `truth`."""
    worked = work(scoring, with_field_tests(scoring.conditions, leads, but=RESULTS), activities, also)
    return Scores(worked.rows.select("lead", "day", *RESULTS), _parts(scoring, worked), {None: worked})


def work(scoring: Scoring, rows: pl.DataFrame, activities: pl.DataFrame, also: Sequence[Condition] = ()) -> Worked:
    """Score `rows` (as from `with_field_tests`); also work out the activity tests of the conditions `also`."""
    conditions = (*scoring.conditions, *also)
    happened = happenings(conditions, rows, activities, kinds=(r.per for r in scoring.rules if r.per is not None))
    until = enough_until(conditions, rows, happened)
    rows = with_truths(rows, until)
    return _worked(scoring, rows, until, _counted(scoring, rows, happened))


def later(scoring: Scoring, worked: Worked, rows: pl.DataFrame, days: pl.Series, of: pl.Series) -> Worked:
    """Score some rows again, so many days later. Nothing new may have happened to them since, and nothing that a rule
    per activity asks of a lead may have changed. `rows` are those that were given, with their new day."""
    until = {test: day.gather(of) for test, day in worked.until.items()}
    older = pl.min_horizontal("left", "days")
    counted = (
        worked.counted.lazy()
        .join(pl.LazyFrame({"row": of, "days": days}).with_row_index("new"), on="row")
        .select("rule", "on", "count", row="new", at=pl.col("at") + older, left=pl.col("left") - older)
        .collect()
    )
    return _worked(scoring, with_truths(rows, until), until, counted)


def divided(scores: Scores) -> dict[int, str]:
    """The parts of each lead that has any, as JSON."""
    words = pl.col("name", "group", "what").cast(pl.String)
    told = pl.struct(words, "points", pl.col("on").cast(pl.String).fill_null(""), "count").struct.json_encode()
    by_lead = scores.parts.select("lead", told=told).group_by("lead", maintain_order=True)
    return dict(by_lead.agg(pl.format("[{}]", pl.col("told").str.join(","))).iter_rows())


def _worked(
    scoring: Scoring, rows: pl.DataFrame, until: Mapping[ActivityTest, pl.Series], counted: pl.DataFrame
) -> Worked:
    hits = _hits(scoring, counted.lazy(), rows.height, pl.col("on").max(), pl.col("count").sum())
    once = (_sum(_once(rule, rule.kept) for rule in group.rules if rule.per is None) for group in scoring.groups)
    rows = rows.with_columns(each.alias(f"once {nth}") for nth, each in enumerate(once))
    rows = rows.hstack(_sums(scoring, rows, hits))
    return Worked(_with_results(scoring, rows), until, counted, hits)


def aged(scoring: Scoring, worked: Worked, asked: pl.DataFrame) -> pl.DataFrame:
    """score, fit, engagement of some rows if the activities that give points, and those that take them, were so many
    days older and all else were as it is. `asked`: row, gives, takes."""
    gives = scoring.tables["gives"].gather(worked.counted["rule"])
    older = pl.when("of").then("gives").otherwise("takes")
    each = (
        worked.counted.lazy()
        .select("rule", "row", "count", "at", "left", of=gives)
        .join(asked.lazy().select("row", "gives", "takes").with_row_index("ask"), on="row")
        .with_columns(pl.col("at") + pl.min_horizontal("left", older), row="ask")
    )
    return _sums(scoring, worked.rows, _hits(scoring, each, asked.height), asked["row"])


def _counted(scoring: Scoring, rows: pl.DataFrame, happened: pl.DataFrame) -> pl.DataFrame:
    """rule, row, on, count, at, left: what each rule counts, as long as it gives points."""
    of_rules = scoring.tables.lazy().drop_nulls("per").with_columns(kind=pl.col("per").cast(happened.schema["kind"]))
    found = []
    for nth, when in enumerate(scoring.whens):
        each = happened.lazy().join(of_rules.filter(pl.col("when") == nth), on="kind")
        found.append((each if when is None else counting(when, rows, each)).select(_COUNTED))
    left = (pl.col("ages") - pl.col("age")).clip(0)
    return (
        pl.concat(found)
        .with_columns(left=left, at=pl.col("ends") - left)
        .filter(pl.lit(scoring.by_age).gather("at") != 0)
        .drop("age", "ages", "ends")
        .collect()
    )


def _hits(scoring: Scoring, each: pl.LazyFrame, rows: int, *more: pl.Expr) -> pl.DataFrame:
    """key, points, kept and more of what each rule gives."""
    points, key = pl.lit(scoring.by_age).gather("at") * pl.col("count"), pl.col("rule") * rows + pl.col("row")
    hits = each.with_columns(points=points, key=key).group_by("key").agg(pl.col("points").sum(), *more).collect()
    cap = scoring.tables["cap"].gather(hits["key"] // max(rows, 1))
    return hits.with_columns(kept=pl.max_horizontal(pl.min_horizontal("points", cap), -cap))


def _once(rule: Rule, points: int) -> pl.Expr:
    """So many points where a rule that is not about activities holds."""
    return pl.lit(points, pl.Int64) if rule.when is None else rule.when.truth.cast(pl.Int64) * points


def _within(value: pl.Expr, cap: int | None) -> pl.Expr:
    return value if cap is None else value.clip(-cap, cap)


def _sum(values: Iterable[pl.Expr]) -> pl.Expr:
    return pl.sum_horizontal(pl.lit(0, pl.Int64), *values)


def _whole(hundredths: pl.Expr) -> pl.Expr:
    """Whole points, halves away from zero."""
    return hundredths.sign() * ((hundredths.abs() + 50) // 100)


def _agreed(group: Group, value: pl.Expr) -> pl.Expr:
    """The sum of a group within its cap, bounded where nothing else agrees."""
    if group.alone is None:
        return value
    bounded = value.clip(upper_bound=group.alone)
    return bounded if group.agrees is None else pl.when(group.agrees.truth).then(value).otherwise(bounded)


def _sums(scoring: Scoring, rows: pl.DataFrame, hits: pl.DataFrame, of: pl.Series | None = None) -> pl.DataFrame:
    """By group what its rules give `before` and with`in` its cap; their sum, score, fit, engagement. `of` rows, if not
    of all, so that hits are about these."""
    groups = list(enumerate(scoring.groups))
    tests = {test.column for group in scoring.groups if group.agrees for test in group.agrees.tests}
    needed = rows.select("lead", *(f"once {nth}" for nth, _ in groups), *sorted(tests))
    needed = needed if of is None else needed[of]
    many = max(needed.height, 1)
    key = scoring.tables["group"].gather(hits["key"] // many) * many + hits["key"] % many
    given = spread(hits.group_by(key.alias("key")).agg(pl.col("kept").sum()), len(groups), needed.height, "kept")
    agreed = [(group.axis or group.name, _agreed(group, pl.col(f"in {nth}"))) for nth, group in groups]
    return (
        needed.with_columns((pl.col(f"once {nth}") + given[nth]).alias(f"before {nth}") for nth, _ in groups)
        .with_columns(_within(pl.col(f"before {nth}"), group.cap).alias(f"in {nth}") for nth, group in groups)
        .with_columns(
            _sum(value for _, value in agreed).alias("sum"),
            *(_whole(_sum(value for own, value in agreed if own == axis)).alias(axis) for axis in AXES),
        )
        .with_columns(score=_whole(pl.col("sum").clip(0, _HIGHEST)))
        .drop(needed.columns)
    )


def _with_results(scoring: Scoring, rows: pl.DataFrame) -> pl.DataFrame:
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
    rows, hits, many = worked.rows, worked.hits, max(worked.rows.height, 1)
    names: list[tuple[str, str, str]] = []
    of_rule: list[int] = []
    asked: dict[str, pl.Expr] = {}

    def add(name: str, group: str, what: str, points: pl.Expr | None) -> None:
        if points is not None:
            asked[str(len(names))] = points
        names.append((name, group, what))

    for nth, group in enumerate(scoring.groups):
        for rule in group.rules:
            of_rule.append(len(names))
            over = rule.kept - rule.points
            add(rule.name, group.name, "rule", _once(rule, rule.points) if rule.per is None else None)
            add(rule.name, group.name, "cap", _once(rule, over) if rule.per is None and over else None)
        before, within = pl.col(f"before {nth}"), pl.col(f"in {nth}")
        add("", group.name, "cap", None if group.cap is None else within - before)
        add("", group.name, "alone", None if group.alone is None else _agreed(group, within) - within)
    total = pl.col("sum")
    add("", "", "floor", total.clip(lower_bound=0) - total)
    add("", "", "ceiling", total.clip(upper_bound=_HIGHEST) - total)
    add("", "", "rounding", pl.col("score") * 100 - total.clip(0, _HIGHEST))

    number = pl.Series(of_rule, dtype=pl.UInt32).gather(hits["key"] // many)
    given = hits.lazy().with_columns(row=(pl.col("key") % many).cast(pl.UInt32), part=number)
    capped = given.select("row", pl.col("part") + 1, points=pl.col("kept") - pl.col("points"))
    once = (
        rows.lazy()
        .select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), **asked)
        .unpivot(index="row", variable_name="part", value_name="points")
        .with_columns(pl.col("part").cast(pl.UInt32))
    )
    long = (
        pl.concat([given.select("row", "part", "points", "on", "count"), capped, once], how="diagonal")
        .filter(pl.col("points") != 0)
        .sort("row", "part")
        .collect()
    )
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
