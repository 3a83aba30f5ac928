"""The first day on which a result changes by time alone, found by asking the one scorer about later days.

Between two days only ages grow: each table falls towards 0 and each activity test flips at most once, unless something
still lies in the future. So where all tables that still move pull a lead the same way, equal results at two days mean
equal results between them, and days can be skipped and halved. Where they pull both ways, or something lies ahead,
every day is looked at. What is returned was scored, and so was the day before it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

from leadsync.core.conditions import Condition
from leadsync.core.score import RESULTS, Scoring, work
from leadsync.core.truth import with_field_tests, with_result_tests

_DAYS_IN_ROW = 16  # how many days are asked about at once where none can be skipped


def next_change(
    scoring: Scoring, watched: Sequence[Condition], leads: pl.DataFrame, activities: pl.DataFrame
) -> pl.DataFrame:
    """lead, due:Date per row of `leads`: the first day after its own on which the score, the temperature or the truth
    of a watched condition differs, if nothing new comes in; null where none ever does.

    Watched conditions may read the results score, fit, engagement and temperature; other columns count as constant.
    Activities with a day still to come are taken to happen then. What no passing of time can move costs nothing.
    """
    rows = with_field_tests((*scoring.conditions, *watched), leads, but=RESULTS).with_row_index("index")
    searched = _searches(scoring, watched, rows, activities)
    rows, activities = _kept(rows, activities, searched)
    now = _results(scoring, watched, rows, activities)
    searched = searched.hstack(now.select(pl.all().name.prefix("was ")))
    due = [pl.DataFrame(schema={"index": pl.UInt32, "due": pl.Date})]
    while not searched.is_empty():
        asked = _asked(searched, rows)
        searched, found = _narrowed(searched, asked.hstack(_results(scoring, watched, asked, activities)))
        due.append(found)
        rows, activities = _kept(rows, activities, searched)
    every = leads.select("lead").with_row_index("index")
    return every.join(pl.concat(due), on="index", how="left", maintain_order="left").drop("index")


def _kept(rows: pl.DataFrame, activities: pl.DataFrame, searched: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is still needed to score the rows that are searched, which are sorted by index."""
    rows = rows.filter(pl.col("index").is_in(searched["index"].implode()))
    return rows, activities.join(rows, on="lead", how="semi")


def _searches(
    scoring: Scoring, watched: Sequence[Condition], rows: pl.DataFrame, activities: pl.DataFrame
) -> pl.DataFrame:
    """The rows that time can move, in order: index, lo, hi, step, bound, daily; all but `daily` in days ahead.

    Nothing differs up to `lo`, something differs at `hi` (null while unknown), nothing can move after `bound`; `step`
    is how far to look next; `daily` is whether no day may be skipped.
    """
    falls: dict[str, int] = defaultdict(int)  # kind → age in days up to which it takes points away, gives some back
    rises: dict[str, int] = defaultdict(int)
    flips: dict[str, int] = defaultdict(int)
    for rule in scoring.rules:
        if rule.per is not None:
            moves = falls if rule.points > 0 else rises
            moves[rule.per] = max(moves[rule.per], len(rule.table.points))
    for test in {test for condition in (*scoring.conditions, *watched) for test in condition.windows}:
        for kind in test.kinds:
            flips[kind] = max(flips[kind], test.days or 0)

    def left(ages: Mapping[str, int]) -> pl.Expr:
        return pl.col("from") + pl.col("kind").replace_strict(ages, default=0, return_dtype=pl.Int64)

    return (
        activities.lazy()
        .filter(pl.col("kind").is_in([*falls, *rises, *flips]))
        .join(rows.lazy().select("index", "lead", "day"), on="lead")
        .with_columns(pl.col("on").cast(pl.Int64).sub(pl.col("day").cast(pl.Int64)).alias("from"))
        .with_columns(falls=left(falls), rises=left(rises), flips=left(flips))
        .group_by("index")
        .agg(
            bound=pl.max_horizontal(pl.col("from", "falls", "rises", "flips").max()),
            daily=(pl.col("from") > 0).any() | ((pl.col("falls") > 0).any() & (pl.col("rises") > 0).any()),
        )
        .filter(pl.col("bound") > 0)
        .sort("index")
        .select("index", "bound", "daily", lo=pl.lit(0, pl.Int64), hi=pl.lit(None, pl.Int64), step=pl.lit(1, pl.Int64))
        .collect()
    )


def _results(
    scoring: Scoring, watched: Sequence[Condition], rows: pl.DataFrame, activities: pl.DataFrame
) -> pl.DataFrame:
    """`seen …`: the results that matter; `state …`: all that they follow from and that time moves one way only."""
    conditions = (*scoring.conditions, *watched)
    tests = dict.fromkeys(test.column for condition in conditions for test in condition.windows)
    read = {"score", *(name for condition in conditions for name in condition.fields)} & {"score", "fit", "engagement"}
    worked = with_result_tests(watched, work(scoring, rows, activities, watched).rows, RESULTS)
    return worked.select(
        *(pl.col(column).alias(f"state {i}") for i, column in enumerate(tests)),
        *(pl.col(name).alias(f"state {name}") for name in sorted(read)),
        *(pl.col(name).alias(f"seen {name}") for name in ("score", "temperature")),
        *(condition.expr().alias(f"seen {i}") for i, condition in enumerate(watched)),
    )


def _asked(searched: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows to score next, some days `ahead` of their own: all, or quarters up to `hi`, or ever further steps."""
    lo, hi, step, j = (pl.col(name) for name in ("lo", "hi", "step", "j"))
    ahead = pl.when(pl.col("daily")).then(lo + j).when(hi.is_null()).then(lo + step * 2 ** (j - 1))
    return (
        searched.with_columns(j=pl.int_ranges(1, pl.when("daily").then(_DAYS_IN_ROW).otherwise(4) + 1))
        .explode("j")
        .with_columns(ahead=ahead.otherwise(lo + ((hi - lo) * j + 3) // 4).clip(upper_bound=pl.col("bound")))
        .unique(["index", "ahead"])
        .sort("index", "ahead")
        .join(rows, on="index", maintain_order="left")
        .with_columns(pl.col("day") + pl.duration(days="ahead"))
    )


def _narrowed(searched: pl.DataFrame, asked: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is still searched, closer in, and (index, due) of what was found."""
    columns = [name for name in searched.columns if name.startswith("was ")]

    def differs(prefix: str) -> pl.Expr:
        return pl.any_horizontal(
            pl.col(c) != pl.col(c.removeprefix("was ")) for c in columns if c.startswith(f"was {prefix}")
        )

    ahead = pl.col("ahead")
    asked = asked.with_columns(changed=differs("state"), matters=differs("seen"))
    first = ahead.filter("changed").min()
    nearest = asked.group_by("index").agg(first=first, quiet=ahead.filter(first.is_null() | (ahead < first)).max())
    searched = (
        searched.join(nearest, on="index", maintain_order="left")
        .with_columns(lo=pl.coalesce("quiet", "lo"), hi=pl.col("first"), step=pl.col("step") * 16)
        .drop("first", "quiet")
    )
    landed = asked.join(
        searched.filter(pl.col("hi") - pl.col("lo") == 1).select("index", ahead="hi"), on=["index", "ahead"], how="semi"
    )
    found = landed.filter("matters").select("index", due="day")
    # where only what lies behind the results moved, search on from there
    moved = landed.filter(~pl.col("matters")).select(
        "index", "bound", "daily", lo=ahead, hi=pl.lit(None, pl.Int64), step=pl.lit(1, pl.Int64),
        **{name: pl.col(name.removeprefix("was ")) for name in columns},
    )  # fmt: skip
    searched = pl.concat([searched.join(landed, on="index", how="anti"), moved.select(searched.columns)])
    return searched.filter(pl.col("hi").is_not_null() | (pl.col("lo") < pl.col("bound"))).sort("index"), found
