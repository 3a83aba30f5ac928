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
    """`WORDS` per lead, of those that did anything until `today`; their columns are those of `Frames`.

    The magnet is the topic, or else the kind, of the first one. An answer belongs to what we did last before it:
    `answer_share` is the percentage of what we did that was answered, `answer_hours` the median time that took. Of what
    only has a day, ours came first on that day and answers last, and how long an answer of the same day took is open.
    """
    is_ours, is_theirs = (pl.col("kind").is_in(kinds) for kinds in (OURS, ANSWERS))
    place = (is_theirs.cast(pl.Int8) - is_ours.cast(pl.Int8)) * pl.col("day_only")
    rows = activities.filter(pl.col("on") <= today).sort("on", place, "at", "id").with_row_index("turn")
    magnets = (
        rows.filter(pl.col("kind").is_in(MAGNETS)).group_by("lead").agg(magnet=pl.coalesce("topic", "kind").first())
    )
    ours, theirs = rows.filter(is_ours), rows.filter(is_theirs)
    tried = ours.group_by("lead").agg(tried=pl.col("count").sum())
    told = ("lead", "turn", "at", "on", "day_only")
    pairs = theirs.select(told).join_asof(ours.select(*told, "id"), on="turn", by="lead", check_sortedness=False)
    timed = (pl.col("on") != pl.col("on_right")) | ~(pl.col("day_only") | pl.col("day_only_right"))
    took = pl.when(timed).then(pl.col("at") - pl.col("at_right"))
    answers = pairs.drop_nulls("id").group_by("lead", "id").agg(took=took.first())
    hours = (pl.col("took").median() / _HOUR).round(1)
    answered = answers.group_by("lead").agg(answered=pl.len(), answer_hours=hours)
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
