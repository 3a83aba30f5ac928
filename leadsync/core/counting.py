"""Honest counting: what of the activity that CRMs tell somebody really did, and did once. In columns.

Nothing is lost: each row says how often it `counts`, and `why` it counts less than its CRM says. An activity is only
judged by others of the same lead, so a lead comes out alike alone and among a million. What no rule can tell from the
data that CRMs keep: a mail programme that loads pictures hours later, and a gateway that takes its time. A click
without an open is no sign of a machine, for many people have no pictures loaded.
"""

from collections.abc import Mapping

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
_BURSTS = ((4, SECOND), (5, 10 * SECOND))  # so many clicks within so long
_BY_MACHINES = ("email_open", "email_click")
_KEY = ("lead", "origin")


def judged(activities: pl.DataFrame) -> pl.DataFrame:
    """The rows of `activities`, with `counts` and `why` (of `WHY`, or null).

    They have id, lead, kind, at (microseconds since 1970), on (the day at home), count, record, source, origin (a
    number per connection), ext_id, detail. A row whose `ext_id` ends on ":before" sums up the time before leadsync.
    """
    rows = activities.with_columns(counts="count", why=pl.lit(None, pl.String))
    rows = _without(rows, _twice(rows), "twice")
    rows = _without(rows, _copied(rows), "copied")
    mail = rows.filter(pl.col("kind").is_in([*_BY_MACHINES, "email_sent"]) & pl.col("why").is_null())
    if mail.is_empty():
        return rows
    dated = mail.filter(~pl.col("ext_id").str.ends_with(":before"))
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


def _alike(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The rows that share all these values with another one, in order of `id`; and perhaps a few more."""
    key = pl.lit(0, pl.UInt64)
    for seed, column in enumerate(columns):
        key ^= pl.col(column).hash(seed)
    return rows.filter(key.is_duplicated()).sort("id")


def _twice(rows: pl.DataFrame) -> pl.Series:
    """One row of a CRM, a call with two people say, of whom it turned out that they are one: CRMs hold duplicates."""
    rows = _alike(rows, "lead", "source", "ext_id")
    return rows.filter(~pl.struct("lead", "source", "ext_id", "kind").is_first_distinct())["id"]


def _copied(rows: pl.DataFrame) -> pl.Series:
    """What two CRMs tell, where one is kept in step with the other: the copy has the very second of the original, or,
    where it only has a day, its subject. As often as one CRM tells it, it counts; what the others tell as often does
    not."""
    rows = _alike(rows.filter((pl.col("count") == 1) & pl.col("why").is_null()), "lead", "kind", "on")
    if rows["origin"].n_unique() < 2:
        return rows["id"].clear()
    subject = pl.col("detail").str.strip_chars().str.to_lowercase()
    second = ("lead", "kind", (pl.col("at") // SECOND).alias("second"))
    same_day = ("lead", "kind", "on", subject.alias("subject"))
    told = rows.sort("origin", "id")
    copies = _later_of(told, second) + _later_of(told.filter(subject.str.len_chars() > 0), same_day)
    return pl.Series(sorted(set(copies)), dtype=pl.Int64)


def _later_of(told: pl.DataFrame, alike: tuple[str | pl.Expr, ...]) -> list[int]:
    """The ids of what an earlier connection tells just as often."""
    numbered = told.select("id", "origin", *alike)
    names = [name for name in numbered.columns if name not in ("id", "origin")]
    numbered = numbered.with_columns(nth=pl.col("id").cum_count().over("origin", *names))
    return numbered.filter(~pl.struct("nth", *names).is_first_distinct())["id"].to_list()


def _soon(mail: pl.DataFrame) -> pl.Series:
    """Opens and clicks within 10 seconds of the sending. Those who audit logs of mailings hold 5 seconds from the
    delivery on to be quicker than anybody is; CRMs tell the sending, and the delivery comes some seconds later."""
    sent = mail.filter(pl.col("kind") == "email_sent").select(*_KEY, "at", sent="at").sort("at")
    met = mail.filter(pl.col("kind") != "email_sent").select("id", *_KEY, "at").sort("at")
    found = met.join_asof(sent, on="at", by=list(_KEY), tolerance=_SOON, check_sortedness=False)
    return found.filter(pl.col("sent").is_not_null())["id"]


def _burst(mail: pl.DataFrame) -> pl.Series:
    """Many clicks at once: 4 within a second or 5 within 10, from where on makers of mailing software call it a
    machine. A counter that rose by many between two looks is none: it does not tell when."""
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
