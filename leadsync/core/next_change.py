"""The first day on which a result changes by time alone, found by asking the one scorer about few later days.

Until something new happens to a lead time does two things. Each activity test flips at most once, on a day that is
known. And points fade: each table falls towards 0, so what a lead has on a day lies between what it had if only what
gives points had grown older, and if only what takes them had. As long as both come to the same, and no test flips,
nothing changes. So days are skipped up to the first one on which something may; on that one the lead is scored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from leadsync.catalog import ATTRIBUTES
from leadsync.core.conditions import Condition, FieldTest
from leadsync.core.score import RESULTS, Worked, aged, later, work
from leadsync.core.scoring import AXES, Scoring
from leadsync.core.truth import with_field_tests, with_result_tests

_AT_ONCE = 4_000  # so many days are looked at at little more than what a round costs anyway
_FEW, _MANY = 5, 64  # how many days of each lead: of many leads, and of few
_PER_DAY = 10  # so many activities cost as much as a day
_MOST = 250_000  # activities of the leads that are searched together: what is asked takes memory by them
_FURTHEST = 3_653  # days: what lies ten years ahead is a date that nobody meant


def next_change(
    scoring: Scoring,
    watched: Sequence[Condition],
    leads: pl.DataFrame,
    activities: pl.DataFrame,
    worked: Worked | None = None,
) -> pl.DataFrame:
    """lead, due:Date per row of `leads`: the first day after its own on which the score, the temperature, the grade,
    the quadrant or the truth of a watched condition differs, if nothing new comes in; null where none ever does.

    Watched conditions may read the results of scoring; other columns count as constant.
    Activities with a day still to come are taken to happen then, unless that is ten years away. `worked` is what these
    leads were scored with, if it is at hand.
    """
    parts = _portions(leads, activities)
    if len(parts) == 1:
        return _searched(scoring, watched, leads, activities, worked)
    return pl.concat(_searched(scoring, watched, *part) for part in parts)


def _portions(leads: pl.DataFrame, activities: pl.DataFrame) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """The leads with their activities, in their order, by what is searched together."""
    if activities.height <= _MOST:
        return [(leads, activities)]
    many = leads.join(activities.group_by("lead").len(), on="lead", how="left", maintain_order="left")["len"]
    portion = many.fill_null(0).cum_sum() // _MOST
    parts = leads.with_columns(portion=portion).partition_by("portion", maintain_order=True, include_key=False)
    return [(part, activities.join(part, on="lead", how="semi")) for part in parts]


def _searched(
    scoring: Scoring,
    watched: Sequence[Condition],
    leads: pl.DataFrame,
    activities: pl.DataFrame,
    worked: Worked | None = None,
) -> pl.DataFrame:
    rows = with_field_tests((*scoring.conditions, *watched), leads, but=RESULTS).with_row_index("index")
    arrivals = _arrivals(scoring, watched, rows, activities)
    worked = worked or work(scoring, rows, activities, watched)
    more = [name for name in rows.columns if name not in worked.rows]
    worked = replace(worked, rows=worked.rows.hstack(rows.select(more)))
    rows = rows.hstack(_seen(watched, worked.rows))
    due = [pl.DataFrame(schema={"index": pl.UInt32, "due": pl.Date})]
    while not rows.is_empty():
        flips, again = _flips(scoring, watched, worked, arrivals), []
        while True:
            changed = _differ(_seen(watched, worked.rows), rows)
            due.append(rows.filter(changed).select("index", due="day"))
            ahead, new = _ahead(scoring, watched, worked, rows, flips, ~changed)
            rows = rows.with_columns(pl.col("day") + pl.duration(days=pl.lit(ahead)))
            again.append(rows.filter(new))
            of = (ahead.is_not_null() & ~new).arg_true()
            if of.is_empty():
                break
            rows = rows[of]
            worked = later(scoring, worked, rows, ahead.gather(of), of)
        rows = pl.concat(again)
        activities = activities.join(rows, on="lead", how="semi")
        worked = work(scoring, rows, activities, watched) if not rows.is_empty() else worked
    every = leads.select("lead").with_row_index("index")
    return every.join(pl.concat(due), on="index", how="left", maintain_order="left").drop("index")


def _differ(one: pl.DataFrame, other: pl.DataFrame) -> pl.Series:
    """Which rows do."""
    return one.select(pl.any_horizontal(pl.col(name) != other[name] for name in one.columns)).to_series()


def _arrivals(
    scoring: Scoring, watched: Sequence[Condition], rows: pl.DataFrame, activities: pl.DataFrame
) -> pl.DataFrame:
    """index, on, new: the activities that lie ahead, of kinds that something hangs on."""
    kinds = {rule.per for rule in scoring.rules} - {None}
    kinds |= {kind for each in (*scoring.conditions, *watched) for test in each.windows for kind in test.kinds}
    ahead = pl.col("on").to_physical() - pl.col("day").to_physical()
    return (
        activities.lazy()
        .filter((pl.col("on") > pl.lit(rows["day"].min(), pl.Date)) & pl.col("kind").is_in(kinds))
        .join(rows.lazy().select("index", "lead", "day"), on="lead")
        .filter(ahead.is_between(1, _FURTHEST))
        .select("index", pl.col("on").to_physical(), new=True)
        .collect()
    )


def _seen(watched: Sequence[Condition], rows: pl.DataFrame) -> pl.DataFrame:
    """The results that matter."""
    results = (pl.col(name).alias(f"seen {name}") for name in ("score", "temperature", "grade", "quadrant"))
    truths = (condition.truth.alias(f"seen {i}") for i, condition in enumerate(watched))
    return with_result_tests(watched, rows, RESULTS).select(*results, *truths)


def _flips(scoring: Scoring, watched: Sequence[Condition], worked: Worked, arrivals: pl.DataFrame) -> pl.DataFrame:
    """index, on, new: the days on which an activity test flips that something hangs on, and the arrivals. `new`: from
    then on other activities count."""
    timed = {test: f"flips {i}" for i, test in enumerate(worked.until) if test.days is not None}
    choosing = {test for when in scoring.whens if when is not None for test in when.windows}
    needed = {test: pl.lit(test in choosing) for test in timed}
    turned = worked.rows.with_columns(~pl.col(test.column) for test in timed)
    for condition in dict.fromkeys((*scoring.conditions, *watched)):
        tests = [test for test in condition.windows if test.days is not None]
        alone = len(tests) == 1 and condition.fields.isdisjoint({*RESULTS, *ATTRIBUTES})  # the rest of it stays
        for test in tests:
            needed[test] |= condition.truth != pl.lit(turned.select(condition.truth).to_series()) if alone else True
    today = pl.col("day").to_physical()
    days = {test: pl.lit(worked.until[test]) for test in timed}
    days = {test: pl.when(needed[test] & (day > today)).then(day) for test, day in days.items()}
    on = worked.rows.select("index", *(day.alias(timed[test]) for test, day in days.items()))
    found = on.unpivot(index="index", variable_name="of", value_name="on").drop_nulls("on")
    new = pl.col("of").is_in([timed[test] for test in timed if test in choosing])
    return pl.concat([arrivals, found.select("index", pl.col("on").cast(pl.Int32), new=new)])


def _ahead(
    scoring: Scoring, watched: Sequence[Condition], worked: Worked, rows: pl.DataFrame, flips: pl.DataFrame,
    wanted: pl.Series,
) -> tuple[pl.Series, pl.Series]:  # fmt: skip
    """In how many days the results may be others; null where they never are, or where it is not `wanted`. And whether
    other activities count from then on."""
    days = pl.col("on") - pl.col("day").to_physical()
    nearest = (
        flips.join(rows.select("index", "day"), on="index")
        .select("index", "new", days=days)
        .filter(pl.col("days") > 0)
        .group_by("index")
        .agg(pl.col("days").min(), new=pl.col("days").filter("new").min())
    )
    event = rows.select("index").join(nearest, on="index", how="left", maintain_order="left")
    ahead = event["days"].cast(pl.Int64).zip_with(wanted, pl.Series([None], dtype=pl.Int64))
    fading = (
        worked.counted.lazy()
        .select("row", "left", gives=scoring.tables["gives"].gather(worked.counted["rule"]))
        .filter(pl.col("left") > 0)
        .group_by("row")
        .agg(pl.col("left").max(), pl.col("gives").any(), takes=(~pl.col("gives")).any())
        .filter(pl.lit(wanted).gather("row"))
        .select("row", "gives", "takes", lo=pl.lit(0, pl.Int64),
                hi=pl.min_horizontal("left", pl.lit(ahead).gather("row") - 1))
        .filter(pl.col("hi") > 0)
        .collect()
    )  # fmt: skip
    for row, faded in _faded(scoring, watched, worked, fading):
        ahead = ahead.scatter(row, faded)
    return ahead, (ahead == event["new"]).fill_null(False)


def _faded(
    scoring: Scoring, watched: Sequence[Condition], worked: Worked, spans: pl.DataFrame
) -> Iterator[tuple[pl.Series, pl.Series]]:
    """Of which rows in how many days, up to `hi`, what fades may come to something else; only where it does.

    Looked at are a few days between `lo`, on which it does not, and `hi`: first the next ones, then ever fewer.
    """
    level = _level(scoring, watched)
    now = worked.rows.select(level)
    while not spans.is_empty():
        worked = replace(worked, counted=worked.counted.join(spans, on="row", how="semi"))
        many = min(max(_AT_ONCE // (spans.height + worked.counted.height // _PER_DAY), _FEW), _MANY)
        asked = _asked(spans, many)
        then = aged(scoring, worked, asked).select(level)
        asked = asked.with_columns(moved=_differ(then, now[asked["row"]]))
        spans = (
            asked.lazy()
            .filter("moved")
            .group_by("row")
            .agg(pl.col("lo", "hi").min(), gives=(pl.col("gives") > 0).any(), takes=(pl.col("takes") > 0).any())
            .collect()
        )
        sure = pl.col("hi") - pl.col("lo") == 1
        found = spans.filter(sure)
        yield found["row"], found["hi"]
        spans = spans.filter(~sure)


def _level(scoring: Scoring, watched: Sequence[Condition]) -> list[pl.Expr]:
    """What results follow from besides activity tests, moving as score, fit and engagement do."""
    tests = {test for condition in (*scoring.lifts, *watched) for test in condition.tests}
    found = [pl.col("score")]
    for axis in AXES:
        asked = [test.values for test in tests if isinstance(test, FieldTest) and test.field == axis]
        steps = {*scoring.cuts.every(axis), *(value for values in asked for value in values)}
        passed = ((pl.col(axis) >= step).cast(pl.Int64) + (pl.col(axis) > step) for step in steps)
        found.append(pl.sum_horizontal(passed).alias(axis))
    return found


def _asked(spans: pl.DataFrame, many: int) -> pl.DataFrame:
    """row, lo, hi, and by how many days what gives, or what takes, is older on the day `hi`; the day before it that is
    asked about is `lo`."""
    lo, width, j = pl.col("lo"), pl.col("hi") - pl.col("lo"), pl.col("j")

    def day(j: pl.Expr) -> pl.Expr:
        return lo + pl.max_horizontal(j, ((width + 1) ** ((j - 1) / (many - 1))).cast(pl.Int64)).clip(upper_bound=width)

    asked = (
        spans.lazy()
        .with_columns(j=pl.int_ranges(1, pl.lit(many + 1)))
        .explode("j")
        .select("row", "gives", "takes", lo=day(j - 1), hi=day(j))
        .filter(pl.col("lo") < pl.col("hi"))
    )
    none = pl.lit(0, pl.Int64)
    gives = asked.filter("gives").with_columns(gives="hi", takes=none)
    takes = asked.filter("takes").with_columns(gives=none, takes="hi")
    return pl.concat([gives, takes]).collect()
