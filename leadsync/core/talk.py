"""What the activity of a lead says as a whole: what brought it, and how far it answers. In columns."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from leadsync.catalog import FIELDS

WORDS = ("magnet", "answer_share", "answer_hours")
"""The fields that it feeds."""
MAGNETS = (
    "coupon", "download", "event", "form_submit", "newsletter", "sample", "trial", "webinar",
)  # fmt: skip
"""What is given in return for contact data."""
OURS = ("call_out", "email_sent", "rep_activity")
ANSWERS = ("call_in", "chat", "email_reply", "message")
_HOUR = 3_600_000_000


def talk(activities: pl.DataFrame, today: date) -> pl.DataFrame:
    """`WORDS` per lead, of those that did anything until `today`; they have id, lead, kind, at, on, count, topic.

    The magnet is the topic, or else the kind, of the first one. An answer belongs to what we did last before it:
    `answer_share` is the percentage of what we did that was answered, `answer_hours` the median time that took.
    """
    rows = activities.filter(pl.col("on") <= today).sort("at", "id")
    of = {name: rows.filter(pl.col("kind").is_in(kinds)) for name, kinds in (("ours", OURS), ("theirs", ANSWERS))}
    magnets = (
        rows.filter(pl.col("kind").is_in(MAGNETS)).group_by("lead").agg(magnet=pl.coalesce("topic", "kind").first())
    )
    tried = of["ours"].group_by("lead").agg(tried=pl.col("count").sum())
    answers = of["theirs"].select("lead", "at").join_asof(
        of["ours"].select("lead", "at", "id", since="at"), on="at", by="lead", check_sortedness=False
    ).drop_nulls("id").group_by("lead", "id").agg((pl.col("at") - pl.col("since")).min())  # fmt: skip
    answered = answers.group_by("lead").agg(answered=pl.len(), answer_hours=(pl.col("at").median() / _HOUR).round(1))
    leads = rows.select(pl.col("lead").unique())
    for part in (magnets, tried, answered):
        leads = leads.join(part, on="lead", how="left")
    share = (100 * pl.col("answered").fill_null(0) / pl.col("tried")).round()
    return leads.select("lead", "magnet", answer_share=share, answer_hours="answer_hours")


def begins(leads: pl.DataFrame, activities: pl.DataFrame) -> dict[int, date]:
    """The first day after its own on which something that lies ahead begins to count, by lead."""
    ahead = activities.filter(pl.col("kind").is_in([*MAGNETS, *OURS, *ANSWERS]))
    ahead = ahead.join(leads.select("lead", "day"), on="lead").filter(pl.col("on") > pl.col("day"))
    return dict(ahead.group_by("lead").agg(pl.col("on").min()).iter_rows())


def none() -> Mapping[str, pl.Expr]:
    """The columns of `WORDS` where nobody asks for them."""
    types = {"text": pl.String, "number": pl.Float64}
    return {name: pl.lit(None, types[FIELDS[name].type]) for name in WORDS}
