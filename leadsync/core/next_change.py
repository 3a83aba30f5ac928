"""The first day on which a result changes by time alone, found by asking the one scorer about later days.

As days pass each table falls towards 0, and each activity test flips at most once, and with it what hangs on it. So
where only tables that give points still move, or only tables that take them, equal results at two days mean equal
results between them. Where both move, the scorer is asked twice: with what gives points held back by the days between,
and with what takes them held back. The results between lie between those two. So days can be skipped, and halved until
the very day is found, from one day on which something that lies ahead happens to the next one. Only of few leads where
both move every day is looked at.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from leadsync.catalog import ATTRIBUTES
from leadsync.core.conditions import Condition
from leadsync.core.score import RESULTS, work
from leadsync.core.scoring import AXES, Scoring
from leadsync.core.truth import with_field_tests, with_result_tests

_SKIPPING = 4  # how many days are asked about at once where days can be skipped, by many leads
_IN_ROW = 16  # and by few leads, since a round then costs more than what it asks
_AT_ONCE = 12_000  # so much is asked at little more than what a round costs anyway
_PER_LEAD = 100  # so many rules, or activities, cost as much as asking about a lead
_PER_DAY = 4  # so many activities cost as much as asking about a lead, where it is asked about every day
_MOST = 250_000  # activities of the leads that are searched together: what is asked takes memory by them
_FURTHEST = 3_653  # days: what lies ten years ahead is a date that nobody meant


def next_change(
    scoring: Scoring, watched: Sequence[Condition], leads: pl.DataFrame, activities: pl.DataFrame
) -> pl.DataFrame:
    """lead, due:Date per row of `leads`: the first day after its own on which the score, the temperature, the grade,
    the quadrant or the truth of a watched condition differs, if nothing new comes in; null where none ever does.

    Watched conditions may read the results of scoring; other columns count as constant.
    Activities with a day still to come are taken to happen then, unless that is ten years away. What no passing of
    time can move costs nothing.
    """
    parts = _portions(leads, activities)
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
    scoring: Scoring, watched: Sequence[Condition], leads: pl.DataFrame, activities: pl.DataFrame
) -> pl.DataFrame:
    rows = with_field_tests((*scoring.conditions, *watched), leads, but=RESULTS).with_row_index("index")
    searched, arrivals = _searches(scoring, watched, rows, activities)
    rows, activities = _kept(rows, activities, searched)
    due, first = [pl.DataFrame(schema={"index": pl.UInt32, "due": pl.Date})], True
    while not searched.is_empty():
        by_rules = searched.height * (1 + len(scoring.rules) // _PER_LEAD)
        skipping = min(max(_AT_ONCE // (by_rules + activities.height // _PER_LEAD), _SKIPPING), _IN_ROW)
        daily = _AT_ONCE // (by_rules + activities.height // _PER_DAY)
        asked = _asked(searched, rows, arrivals, skipping, daily, 0 if first else 1)
        held = asked["gives held"], asked["takes held"]
        results = _results(scoring, watched, asked, activities, held)
        asked = asked.hstack(results)
        if first:
            now = asked.filter(pl.col("ahead") == 0).select(results.columns)
            searched = searched.hstack(now.select(pl.all().name.prefix("was ")))
            asked, first = asked.filter(pl.col("ahead") > 0), False
        searched, found = _narrowed(searched, asked, skipping)
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
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that time can move, in order: index, gives, takes, bound, lo, hi, step, all in days ahead; and index,
    arrival: the days ahead on which something happens to them.

    Activities still lose what they give up to `gives`, and what they take up to `takes`; nothing moves after `bound`.
    Nothing differs up to `lo`; whether it does up to `hi` is open (null: not asked yet); `step` is how far to look
    next.
    """
    gives: dict[str, int] = defaultdict(int)  # kind → longest table of a rule that gives points, in days
    takes: dict[str, int] = defaultdict(int)
    flips: dict[str, int] = defaultdict(int)  # kind → longest window of an activity test
    for rule in scoring.rules:
        if rule.per is not None:
            moves = gives if rule.points > 0 else takes
            moves[rule.per] = max(moves[rule.per], len(rule.table.points))
    for test in {test for condition in (*scoring.conditions, *watched) for test in condition.windows}:
        for kind in test.kinds:
            flips[kind] = max(flips[kind], test.days or 0)
    arrival = pl.col("arrival")

    def last(days: Mapping[str, int]) -> pl.Expr:
        return (arrival + pl.col("kind").replace_strict(days, default=0, return_dtype=pl.Int64)).max()

    known = (
        activities.lazy()
        .filter(pl.col("kind").is_in([*gives, *takes, *flips]))
        .join(rows.lazy().select("index", "lead", "day"), on="lead")
        .select("index", "kind", arrival=pl.col("on").cast(pl.Int64) - pl.col("day").cast(pl.Int64))
        .filter(arrival <= _FURTHEST)
        .collect()
    )
    searched = (
        known.lazy()
        .group_by("index")
        .agg(arrival.max(), gives=last(gives), takes=last(takes), flips=last(flips))
        .with_columns(bound=pl.max_horizontal("arrival", "gives", "takes", "flips"))
        .filter(pl.col("bound") > 0)
        .sort("index")
        .select("index", "gives", "takes", "bound", lo=pl.lit(0, pl.Int64), hi=pl.lit(None, pl.Int64),
                step=pl.lit(1, pl.Int64))
        .collect()
    )  # fmt: skip
    return searched, known.filter(arrival > 0).select("index", "arrival").unique()


def _results(
    scoring: Scoring,
    watched: Sequence[Condition],
    rows: pl.DataFrame,
    activities: pl.DataFrame,
    held: tuple[pl.Series, pl.Series],
) -> pl.DataFrame:
    """`seen …`: the results that matter; `state …`: all that they follow from and that time moves one way only."""
    conditions = (*scoring.conditions, *watched)
    flips = dict.fromkeys(flip for condition in conditions for flip in _flips(condition))
    read = {"score", *(name for condition in conditions for name in condition.fields)} & {"score", *AXES}
    worked = with_result_tests(watched, work(scoring, rows, activities, watched, held).rows, RESULTS)
    return worked.select(
        *(flip.truth.alias(f"state {i}") for i, flip in enumerate(flips)),
        *(pl.col(name).alias(f"state {name}") for name in sorted(read)),
        *(scoring.cuts.level(axis).alias(f"state level {axis}") for axis in AXES),
        *(pl.col(name).alias(f"seen {name}") for name in ("score", "temperature", "grade", "quadrant")),
        *(condition.truth.alias(f"seen {i}") for i, condition in enumerate(watched)),
    )


def _flips(condition: Condition) -> Iterable[Condition]:
    """What time turns over at most once each, if nothing new comes in, and with it the condition: itself if it can."""
    timed = [test for test in condition.windows if test.days is not None]
    if len(timed) == 1 and condition.fields.isdisjoint(ATTRIBUTES):
        return [condition]
    return [Condition("", test) for test in timed]


def _asked(
    searched: pl.DataFrame, rows: pl.DataFrame, arrivals: pl.DataFrame, skipping: int, in_row: int, since: int
) -> pl.DataFrame:
    """The rows to score next, some days `ahead` of their own: all, or equal parts up to `hi`, or ever further steps;
    up to the day before something happens, and from there one day. `since` 0: with them their own day."""
    lo, hi, j, ahead, arrival = (pl.col(name) for name in ("lo", "hi", "j", "ahead", "arrival"))
    both = (lo < pl.col("gives")) & (lo < pl.col("takes"))
    daily = both & pl.lit(in_row > _IN_ROW)
    both_move = both & ~daily & (ahead - lo > 1)
    within = lo + ((hi - lo) * j + skipping - 1) // skipping
    further = pl.when(daily | (j == 0)).then(lo + j).when(hi.is_null()).then(lo + pl.col("step") * 2 ** (j - 1))
    known = arrivals.join(searched, on="index").filter(arrival > lo)
    nearest = known.group_by("index").agg(stop=pl.max_horizontal(lo + 1, arrival - 1).min())
    return (
        searched.lazy()
        .select("index", "gives", "takes", "bound", "lo", "hi", "step")
        .join(nearest.lazy(), on="index", how="left", maintain_order="left")
        .with_columns(j=pl.int_ranges(since, pl.when(daily).then(in_row).otherwise(skipping) + 1))
        .explode("j")
        .with_columns(ahead=further.otherwise(within).clip(upper_bound=pl.min_horizontal("bound", "stop")))
        .filter((pl.col("index") != pl.col("index").shift(1, fill_value=0)) | (ahead != ahead.shift(1, fill_value=-1)))
        .with_columns(between=pl.when(both_move).then(ahead - lo).otherwise(0))
        .with_columns(side=pl.int_ranges(0, pl.when(pl.col("between") > 0).then(2).otherwise(1)))
        .explode("side")
        .with_columns(
            (pl.col("between") * (pl.col("side") == side)).alias(name)
            for side, name in enumerate(("gives held", "takes held"))
        )
        .join(rows.lazy(), on="index", maintain_order="left")
        .with_columns(pl.col("day") + pl.duration(days="ahead"))
        .collect()
    )


def _narrowed(searched: pl.DataFrame, asked: pl.DataFrame, skipping: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is still searched, closer in, and (index, due) of what was found."""
    columns = [name for name in searched.columns if name.startswith("was ")]

    def differs(prefix: str) -> pl.Expr:
        return pl.any_horizontal(
            pl.col(c) != pl.col(c.removeprefix("was ")) for c in columns if c.startswith(f"was {prefix}")
        )

    ahead = pl.col("ahead")
    asked = asked.join(searched.select("index", *columns), on="index", maintain_order="left")
    asked = asked.with_columns(matters=differs("seen")).with_columns(changed=differs("state") | pl.col("matters"))
    asked = asked.with_columns(first=pl.when("changed").then(ahead).min().over("index"))
    quiet = pl.when(pl.col("first").is_null() | (ahead < pl.col("first"))).then(ahead)
    nearest = asked.lazy().with_columns(quiet=quiet).group_by("index").agg(pl.col("first", "quiet").max()).collect()
    further = pl.col("hi").is_null() & pl.col("first").is_null()
    searched = (
        searched.join(nearest, on="index", maintain_order="left")
        .with_columns(
            lo=pl.coalesce("quiet", "lo"),
            hi=pl.col("first"),
            step=pl.when(further).then((pl.col("step") * 2**skipping).clip(upper_bound=2**20)).otherwise(1),
        )
        .drop("first", "quiet")
    )
    next_day = searched.filter(pl.col("hi") - pl.col("lo") == 1).select("index", ahead="hi")
    landed = asked.filter(pl.col("between") == 0).join(next_day, on=["index", "ahead"], how="semi")
    found = landed.filter("matters").select("index", due="day")
    # where only what lies behind the results moved, search on from there
    moved = landed.filter(~pl.col("matters")).with_columns(
        lo=ahead, hi=pl.lit(None, pl.Int64), step=pl.lit(1, pl.Int64),
        **{name: pl.col(name.removeprefix("was ")) for name in columns},
    )  # fmt: skip
    searched = pl.concat([searched.join(landed, on="index", how="anti"), moved.select(searched.columns)])
    return searched.filter(pl.col("hi").is_not_null() | (pl.col("lo") < pl.col("bound"))).sort("index"), found
