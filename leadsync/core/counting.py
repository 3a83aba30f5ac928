"""Honest counting: what of the activity that CRMs tell somebody really did, and did once. In columns.

Nothing is lost: each row says how often it `counts`, and `why` it counts less than its CRM says. An activity is only
judged by others of the same lead, so a lead comes out alike alone and among a million. What no rule can tell from the
data that CRMs keep: a mail programme that loads pictures hours later, and a gateway that takes its time. A click
without an open is no sign of a machine, for many people have no pictures loaded.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

import polars as pl

WHY: Mapping[str, str] = {
    "internal": "it was done by one of our own, or as a test",
    "twice": "the same row of the CRM stands on two records of this lead",
    "copied": "another CRM tells of the same",
    "soon": "nobody is that quick: it came within 10 seconds of the sending, as mail gateways do",
    "burst": "nobody clicks that many links at once: a mail gateway looks into all of them",
    "repeated": "it was opened more than once that day",
}
"""Why an activity counts less than its CRM says, or not at all."""
SECOND = 1_000_000
_SOON = 10 * SECOND
_STEP = 2 * 3600 * SECOND  # by so much what CRMs in step tell of the same may differ: begin or end, and when it came
_BURSTS = ((4, SECOND), (5, 10 * SECOND))  # so many clicks within so long
_ANSWERED = (
    r"^(?:[\s\u{200e}\u{200f}]*(?:e-?mail|re|fwd?|aw|wg|odp\.?|pd|отв|ответ|пер|пересл|پاسخ|ارجاع|tl|trả lời|"
    r"chuyển tiếp)(?:\s*\[\d+\])?\s*[:：])+"
)
"""What mail programs put before the subject of what is answered or passed on."""
_BY_MACHINES = ("email_open", "email_click")
_KEY = ("lead", "origin")


def judged(activities: pl.DataFrame) -> pl.DataFrame:
    """The rows of `activities`, with `counts` and `why` (of `WHY`, or null).

    They have id, lead, kind, at (microseconds since 1970), on (the day at home), day_only (of what is told without a
    time of day), count, record, source, origin (a number per connection), ext_id, detail. A row whose `ext_id` ends on
    ":before" sums up the time before leadsync.
    """
    rows = activities.with_columns(counts="count", why=pl.lit(None, pl.String))
    rows = _without(rows, _twice(rows), "twice")
    rows = _without(rows, _copied(rows), "copied")
    mail = rows.filter(pl.col("kind").is_in([*_BY_MACHINES, "email_sent"]) & pl.col("why").is_null())
    if mail.is_empty():
        return rows
    dated = mail.filter(~pl.col("ext_id").str.ends_with(":before") & ~pl.col("day_only"))
    rows = _without(rows, _soon(dated), "soon")
    rows = _without(rows, _burst(dated), "burst")
    return _once_a_day(rows)


def counted(activities: pl.DataFrame) -> pl.DataFrame:
    """What counts of `activities`, with `count` as often as it does."""
    rows = judged(activities).filter(pl.col("counts") > 0)
    return rows.with_columns(count="counts").drop("counts", "why")


def _without(rows: pl.DataFrame, ids: pl.Series, why: str) -> pl.DataFrame:
    if ids.is_empty():
        return rows
    out = pl.col("id").is_in(ids.implode()) & pl.col("why").is_null()
    return rows.with_columns(
        counts=pl.when(out).then(0).otherwise("counts"), why=pl.when(out).then(pl.lit(why)).otherwise("why")
    )


def _alike(rows: pl.DataFrame, *ways: Sequence[str | pl.Expr]) -> pl.DataFrame:
    """The rows that share with another one all values of one of these ways, and perhaps a few more."""
    found = pl.lit(False)
    for columns in ways:
        key = pl.lit(0, pl.UInt64)
        for seed, column in enumerate(columns):
            key ^= (pl.col(column) if isinstance(column, str) else column).hash(seed)
        found |= key.is_duplicated()
    return rows.filter(found)


def _twice(rows: pl.DataFrame) -> pl.Series:
    """One row of a CRM, a call with two people say, of whom it turned out that they are one: CRMs hold duplicates."""
    rows = _alike(rows, ("lead", "source", "ext_id")).sort("id")
    return rows.filter(~pl.struct("lead", "source", "ext_id", "kind").is_first_distinct())["id"]


def _copied(rows: pl.DataFrame) -> pl.Series:
    """What two CRMs tell, where one is kept in step with the other. A row stands for one of another CRM at most: as
    often as one of them tells it, it counts."""
    if rows["origin"].n_unique() < 2:
        return rows["id"].clear()
    origin = pl.col("origin")
    rows = rows.filter((pl.col("count") == 1) & pl.col("why").is_null())
    rows = rows.filter(origin.min().over("lead") < origin.max().over("lead"))
    at, subject = pl.col("at"), pl.col("detail").str.to_lowercase().str.replace(_ANSWERED, "").str.strip_chars()
    told = rows.select(
        "id", "origin", "lead", "kind", "at", "on", "day_only", "source", "ext_id",
        second=at // SECOND, subject=pl.when(subject != "").then(subject),
    )  # fmt: skip
    near = (at // (2 * _STEP), (at + _STEP) // (2 * _STEP))  # what is a step apart shares one of these
    about = (("second",), *(("subject", when) for when in (pl.col("on"), *near)))
    told = _alike(told, *(("lead", "kind", *each) for each in about))
    told = told.sort("origin", "at", "subject", "source", "ext_id", "id")
    copies, first = [told["id"].clear()], told.clear()
    for theirs in told.partition_by("origin"):
        found = _same(first, theirs)
        copies.append(found)
        kept = [first, theirs.filter(~pl.col("id").is_in(found.implode()))]
        first = pl.concat(kept).sort("at", maintain_order=True)
    return pl.concat(copies)


_Paired = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
"""Of rows of two CRMs, both in order of time, those that are the same, one to one: id, copy."""


def _sharing(keys: Sequence[str], rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return rows.join(others, on=keys, how="semi", nulls_equal=True, maintain_order="left")


def _in_turn(*by: str) -> _Paired:
    """The first of the one is the first of the other, and so on, of all that has these in common."""
    keys = ["lead", "kind", *by]

    def paired(first: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
        nth = pl.int_range(pl.len()).over(keys)
        copies = _sharing(keys, theirs, first).select(*keys, copy="id", nth=nth)
        mine = _sharing(keys, first, copies).select("id", *keys, nth=nth)
        return mine.join(copies, on=[*keys, "nth"], nulls_equal=True).select("id", "copy")

    return paired


def _near(first: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """What is about the same, not too far from each other: as many pairs as there can be."""
    keys = ["lead", "kind", "subject"]
    sides = (
        _sharing(keys, first, theirs).with_columns(copy=False),
        _sharing(keys, theirs, first).with_columns(copy=True),
    )
    both = pl.concat(sides).sort(*keys, "at", maintain_order=True)
    pairs, waiting, last = list[tuple[int, int]](), deque[tuple[int, int, bool]](), None
    for *key, at, id_, copy in both.select(*keys, "at", "id", "copy").iter_rows():
        while waiting and (key != last or at - waiting[0][0] > _STEP):
            waiting.popleft()
        if waiting and waiting[0][2] is not copy:
            other = waiting.popleft()[1]
            pairs.append((other, id_) if copy else (id_, other))
        else:
            waiting.append((at, id_, copy))
        last = key
    return pl.DataFrame(pairs, {"id": pl.Int64, "copy": pl.Int64}, orient="row")


_DAY = pl.col("day_only")
_NAMED = pl.col("subject").is_not_null()
_WAYS: tuple[tuple[pl.Expr, pl.Expr, _Paired], ...] = (
    (pl.lit(True), pl.lit(True), _in_turn("second", "day_only", "subject")),
    (~_DAY, ~_DAY, _in_turn("second")),
    (~_DAY & _NAMED, ~_DAY & _NAMED, _near),
    (_DAY & _NAMED, ~_DAY & _NAMED, _in_turn("on", "subject")),
    (~_DAY & _NAMED, _DAY & _NAMED, _in_turn("on", "subject")),
)
"""How what two CRMs tell is known to be the same, the surest first: which rows of each are asked, and how."""


def _same(first: pl.DataFrame, theirs: pl.DataFrame) -> pl.Series:
    """The ids of `theirs` that stand for one of the `first`."""
    found = [theirs["id"].clear()]
    for mine, others, paired in _WAYS:
        sides = first.filter(mine), theirs.filter(others)
        if any(side.is_empty() for side in sides):
            continue
        pairs = paired(*sides)
        first = first.filter(~pl.col("id").is_in(pairs["id"].implode()))
        theirs = theirs.filter(~pl.col("id").is_in(pairs["copy"].implode()))
        found.append(pairs["copy"])
    return pl.concat(found)


def _soon(mail: pl.DataFrame) -> pl.Series:
    """Opens and clicks within 10 seconds of the sending. Those who audit logs of mailings hold 5 seconds from the
    delivery on to be quicker than anybody is; CRMs tell the sending, and the delivery comes some seconds later."""
    sent = mail.filter(pl.col("kind") == "email_sent").select(*_KEY, "at", sent="at").sort("at")
    met = mail.filter(pl.col("kind") != "email_sent").select("id", *_KEY, "at").sort("at")
    found = met.join_asof(sent, on="at", by=list(_KEY), tolerance=_SOON, check_sortedness=False)
    return found.filter(pl.col("sent").is_not_null())["id"]


def _burst(mail: pl.DataFrame) -> pl.Series:
    """Many clicks at once: 4 within a second or 5 within 10, from where on makers of mailing software call it a
    machine. A counter that rose by many between two looks is none: it dates the last click alone, and the look before
    is no bound for the others, since searches find changes late and looks lie further apart than 10 seconds."""
    clicks = mail.filter((pl.col("kind") == "email_click") & (pl.col("count") == 1)).sort(*_KEY, "at", "id")
    burst = pl.lit(False)
    for many, span in _BURSTS:
        last = pl.all_horizontal(pl.col(name).shift(1 - many) == pl.col(name) for name in _KEY)
        begins = (last & (pl.col("at").shift(1 - many) - pl.col("at") <= span)).fill_null(False)
        burst |= pl.any_horizontal(begins.shift(n, fill_value=False) for n in range(many))
    return clicks.filter(burst)["id"]


def _once_a_day(rows: pl.DataFrame) -> pl.DataFrame:
    """Of the opens of a day one counts: the same message is opened again and again, by previews and when it is passed
    on, and no CRM's counter says which message it was."""
    opens = rows.filter((pl.col("kind") == "email_open") & (pl.col("counts") > 0)).sort("at", "id")
    first = opens.filter(pl.struct("lead", "on").is_first_distinct())["id"]
    again = opens.filter(~pl.col("id").is_in(first.implode()) | (pl.col("counts") > 1))["id"]
    if again.is_empty():
        return rows
    which = pl.col("id").is_in(again.implode())
    once = pl.col("id").is_in(first.implode()).cast(pl.Int64)
    return rows.with_columns(
        counts=pl.when(which).then(once).otherwise("counts"),
        why=pl.when(which).then(pl.lit("repeated")).otherwise("why"),
    )
