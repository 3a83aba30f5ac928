"""Points. Every contribution is an integer in hundredths of a point; a total is the integer sum of its parts, always.

A rule per activity is a table of points by age in whole days, rounded once. What caps, floor, ceiling and rounding take
or give are parts of their own. There is one scorer, in columns: a single lead is a frame of one row.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, count
from typing import Any

import polars as pl

from leadsync.catalog import ACTIVITIES, LANGUAGES
from leadsync.core.conditions import Condition
from leadsync.core.truth import counting, happenings, spread, with_activity_tests, with_field_tests, with_result_tests

UNSURE = "unsure"
"""Told in place of a temperature where too little is known to tell one."""
RESULTS = ("score", "fit", "engagement", "temperature", "grade", "quadrant")
TEMPERATURES = ("hot", "warm", "cold")
GRADES = tuple(f"{letter}{digit}" for letter in "ABCD" for digit in "1234")
QUADRANTS = ("ready", "prospect", "interested", "neither")
"""By fit and engagement: both, fit alone, engagement alone, none."""
AXES = ("fit", "engagement")
Labels = Mapping[tuple[str, str], Mapping[str, str]]
"""(group, rule) → language → text."""
_HIGHEST = 10_000
_COUNTED = ("rule", "row", "on", "age", "count")
_HITS = {"row": pl.UInt32, "points": pl.Int64, "on": pl.Date, "count": pl.Int64}


@dataclass(frozen=True, slots=True)
class Rule:
    """`points` (hundredths) where `when` holds: once, or per activity of one kind, each by its own age. Per activity
    `when` may test attributes as well: then it says which of them count.

    Per activity, points halve every `half_life_days` and end where they round to 0, or fall evenly to 0 over
    `fade_days`; or they end at `window_days` of age.
    `cap` (hundredths) bounds what the rule gives or takes in all. `label` is what people read: a text for all, or one
    per language.
    """

    name: str
    group: str
    points: int
    when: Condition | None = None
    per: str | None = None
    half_life_days: int | None = None
    fade_days: int | None = None
    window_days: int | None = None
    cap: int | None = None
    label: str | Mapping[str, str] = ""

    @property
    def table(self) -> "Table":
        """Points of one activity by its age."""
        return _table(self.points, self.half_life_days, self.fade_days, self.window_days)


@dataclass(frozen=True, slots=True)
class Table:
    """Points (hundredths) by age in days from 0 on, then `after` for ever."""

    points: tuple[int, ...]
    after: int


@dataclass(frozen=True, slots=True)
class Group:
    """Rules whose sum is kept within ±`cap` (hundredths), and gives no more than `alone` until `agrees` holds.

    `axis` is the result that it counts towards besides the score, one of `AXES`: "" where it is that of its own name,
    if there is one."""

    name: str
    cap: int | None
    rules: tuple[Rule, ...]
    alone: int | None = None
    agrees: Condition | None = None
    axis: str = ""


@dataclass(frozen=True, slots=True)
class Cuts:
    """The lowest fit and engagement (whole points) of the grades A, B, C and 1, 2, 3, and of what counts as such for
    the quadrant."""

    grade: Mapping[str, tuple[int, int, int]]
    quadrant: Mapping[str, int]

    def level(self, axis: str) -> pl.Expr:
        """How many of these an axis has reached: grade and quadrant follow from it, and it moves as the axis does."""
        return pl.sum_horizontal((pl.col(axis) >= cut).cast(pl.Int64) for cut in sorted({*self._all(axis)}))

    def _all(self, axis: str) -> tuple[int, ...]:
        return (*self.grade[axis], self.quadrant[axis])


CUTS = Cuts({"fit": (30, 20, 10), "engagement": (40, 20, 8)}, {"fit": 20, "engagement": 20})


@dataclass(frozen=True, slots=True)
class Segment:
    """Leads for which `when` holds, which reads fields and activity, have a scoring of their own, without segments."""

    name: str
    when: Condition
    scoring: "Scoring"


@dataclass(frozen=True, slots=True)
class Scoring:
    """How leads are scored. `hot` and `warm` are the lowest scores (whole points) that are; `hot_when` and `warm_when`
    lift to that, `cold_when` lowers to cold whatever else holds.

    Conditions of rules read fields and activity, those of the temperature may also read score, fit and engagement. A
    name is used once within its group. `version` tells which text of the files this is. A lead of one of the
    `segments`, the first that fits, is scored by that one's instead: see `segments`.
    """

    groups: tuple[Group, ...]
    hot: int
    warm: int
    hot_when: Condition | None = None
    version: str = ""
    warm_when: Condition | None = None
    cold_when: Condition | None = None
    cuts: Cuts = CUTS
    segments: tuple[Segment, ...] = ()

    def of(self, segment: object) -> "Scoring":
        """That of the segment of this name; itself where there is none."""
        return next((each.scoring for each in self.segments if each.name == segment), self)

    def leaving(self, segment: object) -> tuple[Condition, ...]:
        """The conditions of which one changes whenever a lead of this segment comes to be of another one."""
        names = [each.name for each in self.segments]
        last = names.index(segment) + 1 if segment in names else len(names)
        return tuple(each.when for each in self.segments[:last])

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order of the files."""
        return tuple(rule for group in self.groups for rule in group.rules)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions."""
        agrees = (group.agrees for group in self.groups)
        found = (*(rule.when for rule in self.rules), *agrees, *self.lifts)
        return tuple(condition for condition in found if condition is not None)

    @property
    def everything(self) -> tuple[Condition, ...]:
        """All conditions, with those of the segments."""
        return (*self.conditions, *(c for each in self.segments for c in (each.when, *each.scoring.conditions)))

    @property
    def lifts(self) -> tuple[Condition, ...]:
        """The conditions of the temperature."""
        return tuple(filter(None, (self.hot_when, self.warm_when, self.cold_when)))

    @property
    def labels(self) -> Labels:
        """What people read of each rule. Where it has no label in a language that is what its activity is called there,
        else its English label, else any, else its name."""
        return {(rule.group, rule.name): _labels(rule) for rule in self.rules}


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
        (rule.when.expr().cast(pl.Int64) * rule.points if rule.when is not None else pl.lit(rule.points, pl.Int64))
        if rule.per is None
        else given[i]
        for i, rule in enumerate(scoring.rules)
    ]
    named = (each.alias(str(i)) for i, each in enumerate(points))
    return Worked(_with_results(scoring, rows.with_columns(named)), hits)


def _labels(rule: Rule) -> Mapping[str, str]:
    own = dict.fromkeys(LANGUAGES, rule.label) if isinstance(rule.label, str) else rule.label
    activity = ACTIVITIES[rule.per].labels if rule.per else {}
    other = own.get("en") or next(filter(None, own.values()), "") or rule.name.replace("_", " ")
    return {language: own.get(language) or activity.get(language) or other for language in LANGUAGES}


@cache
def _table(points: int, half_life: int | None, fade: int | None, window: int | None) -> Table:
    if fade is not None:
        ages = range(fade if window is None else min(fade, window))
        even = (math.floor(abs(points) * (fade - age) / fade + 0.5) for age in ages)
        return Table(tuple(value if points > 0 else -value for value in even), 0)
    if half_life is None:
        return Table((), points) if window is None else Table((points,) * window, 0)
    rounded: list[int] = []
    for age in count() if window is None else range(window):
        value = math.floor(abs(points) * 0.5 ** (age / half_life) + 0.5)
        if value == 0:
            break
        rounded.append(value if points > 0 else -value)
    return Table(tuple(rounded), 0)


def _hits(
    scoring: Scoring, rows: pl.DataFrame, happened: pl.DataFrame, held: tuple[pl.Series, pl.Series] | None
) -> pl.DataFrame:
    """key, points, on (latest), count: what each rule gives for activities that still count.

    All rules at once: their tables stand one after the other, each looked up from where it begins.
    """
    tables = [rule.table for rule in scoring.rules]
    by_age = [points for table in tables for points in (*table.points, table.after)]
    last = [len(table.points) for table in tables]
    begins = [0, *accumulate(each + 1 for each in last)][: len(last)]
    whole = {i: rule.per for i, rule in enumerate(scoring.rules) if rule.per is not None and rule.when is None}
    kinds: dict[str, Any] = {"rule": pl.Int64, "kind": happened.schema["kind"]}
    simple = pl.DataFrame({"rule": list(whole), "kind": list(whole.values())}, kinds)
    found = [happened.join(simple, on="kind").select(_COUNTED)]
    for i, rule in enumerate(scoring.rules):
        if rule.per is not None and rule.when is not None:
            own = counting(rule.when, rows, happened.filter(pl.col("kind") == rule.per))
            found.append(own.with_columns(rule=pl.lit(i, pl.Int64)).select(_COUNTED))
    each = pl.concat(found)

    def of(numbers: Sequence[int]) -> pl.Series:
        return pl.Series(numbers, dtype=pl.Int64).gather(each["rule"])

    age = each["age"].cast(pl.Int64)
    if held is not None:
        gives, takes = (back.gather(each["row"]) for back in held)
        age -= takes.zip_with(of([rule.points < 0 for rule in scoring.rules]) == 1, gives)
    oldest = of(last)
    points = pl.Series(by_age, dtype=pl.Int64).gather(of(begins) + age.zip_with(age < oldest, oldest))
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
    return bounded if group.agrees is None else pl.when(group.agrees.expr()).then(value).otherwise(bounded)


def _with_results(scoring: Scoring, rows: pl.DataFrame) -> pl.DataFrame:
    groups = [(group, _agreed(group, _within(_before_cap(rules), group.cap))) for group, rules in _numbered(scoring)]
    rows = rows.with_columns(
        _sum(value for _, value in groups).alias("sum"),
        *(_whole(_sum(v for g, v in groups if (g.axis or g.name) == axis)).alias(axis) for axis in AXES),
    ).with_columns(score=_whole(pl.col("sum").clip(0, _HIGHEST)))
    rows = with_result_tests(scoring.lifts, rows, RESULTS)
    score, never = pl.col("score"), pl.lit(False)
    hot, warm, cold = (
        never if condition is None else condition.expr()
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
    rows = worked.rows.with_row_index("row")
    row = (pl.col("key") % rows.height).cast(pl.UInt32)
    placed = worked.hits.select(row.alias("row"), "points", "on", "count", rule=pl.col("key") // rows.height)
    hits = {rule: own.drop("rule") for (rule,), own in placed.partition_by("rule", as_dict=True).items()}
    names: list[tuple[str, str, str]] = []
    frames: list[pl.DataFrame] = []

    def add(name: str, group: str, what: str, points: pl.Expr | None, hits: pl.DataFrame | None = None) -> None:
        if points is not None:
            frame = rows.select("row", points.alias("points")) if hits is None else hits
            frames.append(frame.filter(pl.col("points") != 0).with_columns(part=pl.lit(len(names), pl.UInt32)))
        names.append((name, group, what))

    for group, rules in _numbered(scoring):
        for i, rule in rules:
            points = pl.col(str(i)) if rule.per is None or i in hits else None  # of many rules most give nothing
            add(rule.name, group.name, "rule", points, hits.get(i))
            taken = None if points is None or rule.cap is None else _within(points, rule.cap) - points
            add(rule.name, group.name, "cap", taken)
        total = _before_cap(rules)
        add("", group.name, "cap", (within := _within(total, group.cap)) - total)
        add("", group.name, "alone", _agreed(group, within) - within)
    total = pl.col("sum")
    add("", "", "floor", total.clip(lower_bound=0) - total)
    add("", "", "ceiling", total.clip(upper_bound=_HIGHEST) - total)
    add("", "", "rounding", pl.col("score") * 100 - total.clip(0, _HIGHEST))

    nothing = pl.DataFrame(schema=_HITS)
    long = pl.concat([nothing.with_columns(part=pl.lit(0, pl.UInt32)), *frames], how="diagonal").sort("row", "part")
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
