"""What is known of leads as texts, and back: nothing is another after that."""

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from leadsync.catalog import FIELDS, NO_TO, Word
from leadsync.core import talk
from leadsync.sync.frames import NOT_OF_FACTS
from leadsync.sync.golden import in_columns, records

DAY = date(2026, 3, 2)
WORDS = {**FIELDS, "renewal": Word("renewal", "date", {}), "beta": Word("beta", "bool", {})}
TYPES: dict[str, Any] = {"number": pl.Float64, "date": pl.Date, "bool": pl.Boolean}
KNOWN = {name: TYPES.get(word.type, pl.String) for name, word in WORDS.items() if name not in NOT_OF_FACTS}
KNOWN |= {NO_TO: pl.String, "capture": pl.Date, "stage": pl.String}
DAYS = st.integers(-40_000, 4_000).map(lambda days: DAY + timedelta(days=days))
TEXTS = st.text(max_size=6) | st.sampled_from(('"a":null', "\\", "{}", "\u2028\0", "بله 😀"))
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    pl.String: TEXTS, pl.Boolean: st.booleans(), pl.Date: DAYS,
    pl.Float64: st.floats(allow_nan=False, allow_infinity=False),
}  # fmt: skip
LEADS = st.lists(st.fixed_dictionaries({}, optional={name: st.none() | VALUES[type_] for name, type_ in KNOWN.items()}))
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 5),
        TEXTS,
        DAYS,
        st.booleans(),
        st.integers(-(2**60), 2**60),
        st.integers(1, 99),
        st.none() | TEXTS,
    )
)
DID = pl.Schema({"lead": pl.Int64, "kind": pl.String, "on": pl.Date, "day_only": pl.Boolean, "at": pl.Int64,
                 "count": pl.Int64, "topic": pl.String})  # fmt: skip


@given(LEADS, EVENTS)
def test_nothing_is_lost(leads: list[dict[str, Any]], events: list[tuple[Any, ...]]) -> None:
    columns = {name: [lead.get(name) for lead in leads] for name in KNOWN}
    frame = pl.DataFrame(columns, KNOWN).with_row_index("lead").with_columns(pl.col("lead").cast(pl.Int64), day=DAY)
    frame = frame.with_columns(**talk.none())
    did = [event for event in events if event[0] < len(leads)]
    activities = pl.DataFrame(did, DID, orient="row").with_row_index("id").with_columns(pl.col("id").cast(pl.Int64))
    due = dict(enumerate([None, DAY, date(1969, 12, 31), DAY, *[DAY] * len(leads)][: len(leads)]))
    found = records(WORDS, frame, activities, {lead: lead + 5 for lead in range(len(leads))}, due, {3}, {})
    assert [(each.digest, each.ended) for each in found.values()] == [
        (lead + 5, lead == 3) for lead in range(len(leads))
    ]
    assert [each.due for each in found.values()][:5] == [None, 20_514, -1, None, 20_514][: len(leads)]
    later = {lead: None if day else DAY for lead, day in due.items()}
    anew = records(WORDS, frame, activities, dict.fromkeys(found, 4), later, {2}, found)
    assert anew == {
        lead: each._replace(digest=4, due=None if lead == 2 or later[lead] is None else 20_514, ended=lead == 2)
        for lead, each in found.items()
    }
    known, happened = in_columns([found[lead] for lead in range(len(leads))], WORDS)
    assert_frame_equal(known, frame.drop("stage"), check_column_order=False, check_exact=True)
    assert [each.stage for each in found.values()] == frame["stage"].to_list()
    assert_frame_equal(
        happened.drop("id"), activities.sort("lead", "id").drop("id"), check_column_order=False, check_exact=True
    )


def test_words_that_nobody_asks_for_are_left_out() -> None:
    frame = pl.DataFrame({name: [None] for name in KNOWN}, KNOWN).with_columns(country=pl.lit("PL"), phone=pl.lit("1"))
    frame = frame.with_columns(lead=pl.lit(1, pl.Int64), day=DAY)
    found = records(WORDS, frame, pl.DataFrame(schema=DID).with_row_index("id"), {1: 5}, {1: None}, (), {})
    known, happened = in_columns([*found.values()], {"country": WORDS["country"], "city": WORDS["city"]})
    assert known.select("country", "city").rows() == [("PL", None)]
    assert "phone" not in known.columns
    assert happened.is_empty()
