"""What brought a lead, and how far it answers."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from leadsync.core.talk import WORDS, begins, talk

HOUR, NOON = 3_600_000_000, 12
DAY = date(1970, 1, 1)


def told(*acts: tuple[Any, ...]) -> dict[str, Any]:
    """Of one lead; an act is hour, kind, and perhaps topic and count. At the hour 12 only the day is known."""
    whole = [(*act, *(None, 1)[len(act) - 2 :]) for act in acts]
    rows = [(n, 1, kind, at * HOUR, topic, count) for n, (at, kind, topic, count) in enumerate(whole)]
    names = ("id", "lead", "kind", "at", "topic", "count")
    types = {name: pl.String if name in ("kind", "topic") else pl.Int64 for name in names}
    hours = pl.col("at") // HOUR
    did = pl.DataFrame(rows, types, orient="row")
    did = did.with_columns(on=pl.lit(DAY) + pl.duration(hours=hours), day_only=hours % 24 == NOON)
    found = talk(did, DAY)
    first = min((at for at, *_ in acts if at >= 24), default=None)
    ahead = begins(pl.DataFrame({"lead": [1], "day": [DAY]}), did)
    assert ahead == ({} if first is None else {1: DAY + timedelta(first // 24)})
    assert [str(found.schema[name]) for name in WORDS] == ["String", "Float64", "Float64"]
    return {name: row[name] for row in found.iter_rows(named=True) for name in WORDS if row[name] is not None}


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([], {}),
        ([(5, "download", "e-book"), (3, "visit"), (4, "coupon")], {"magnet": "coupon"}),
        ([(5, "download", "e-book"), (9, "coupon")], {"magnet": "e-book"}),
        ([(1, "call_in"), (2, "email_reply")], {}),  # which answers nothing of ours
        ([(1, "call_out"), (2, "visit")], {"answer_share": 0}),
        ([(1, "call_out"), (2, "call_in"), (5, "message")], {"answer_share": 100, "answer_hours": 1}),
        ([(0, "email_sent", None, 3), (1, "rep_activity"), (4, "message")], {"answer_share": 25, "answer_hours": 3}),
        ([(0, "call_out"), (2, "call_in"), (3, "call_out"), (9, "chat")], {"answer_share": 100, "answer_hours": 4}),
        ([(0, "call_out"), (2, "call_in"), (50, "email_sent"), (30, "webinar")],
         {"answer_share": 100, "answer_hours": 2}),
        ([(4, "email_reply"), (0, "rep_activity")], {"answer_share": 100, "answer_hours": 4}),
        ([(15, "email_sent"), (NOON, "email_reply")], {"answer_share": 100}),  # later that day, nobody knows when
        ([(NOON, "call_out"), (9, "call_in")], {"answer_share": 100}),
        ([(NOON, "email_reply"), (NOON, "email_sent")], {"answer_share": 100}),
        ([(NOON - 24, "email_sent"), (9, "chat")], {"answer_share": 100, "answer_hours": 21}),
        ([(NOON - 24, "email_reply"), (NOON, "email_sent")], {"answer_share": 0}),
        ([(NOON, "email_sent"), (NOON, "email_reply"), (14, "chat"), (-9, "call_out"), (-5, "call_in")],
         {"answer_share": 100, "answer_hours": 4}),
    ],
)  # fmt: skip
def test_what_activity_tells_as_a_whole(acts: list[tuple[Any, ...]], expected: dict[str, Any]) -> None:
    assert told(*acts) == expected
