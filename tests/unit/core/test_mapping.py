"""What a CRM's row says in leadsync's words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core import mapping as core
from leadsync.core.convert import Home
from leadsync.types import Record, Role, Value

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text(alphabet="0123456789-:TZ+. "),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-W01-1", "1e999", "--5"]),
)  # fmt: skip


@given(VALUES)
def test_no_value_is_too_odd(value: Value) -> None:
    told, number, moment = core.text(value), core.number(value), core.moment(value)

    assert told == told.strip()
    assert "\0" not in told
    told.encode()
    assert number is None or abs(number) < 1e15
    assert moment is None or moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, ""), ("", ""), ("  a b ", "a b"), (True, "true"), (False, "false"), (73, "73"), (73.0, "73"), (7.5, "7.5"),
     (-0.0, "0"), ("73.0", "73.0"), ("a\0b", "ab"), ("\ud83d!", "?!"), ("سلام", "سلام")],
)  # fmt: skip
def test_values_as_text(value: Value, told: str) -> None:
    assert core.text(value) == told


@pytest.mark.parametrize(
    ("value", "number"),
    [("12", 12), (" 12.5 ", 12.5), (0, 0), (True, None), ("N/A", None), ("nan", None), ("inf", None), (10**400, None),
     (None, None), ("1e15", None)],
)  # fmt: skip
def test_values_as_numbers(value: Value, number: float | None) -> None:
    assert core.number(value) == number


@pytest.mark.parametrize(
    "value",
    ["2026-03-02T12:00:00Z", "2026-03-02T12:00:00.000+0000", "2026-03-02T13:30:00+01:30", "2026-03-02", "1772452800000",
     1772452800000, "2026-03-02T12:00:00"],
)  # fmt: skip
def test_values_as_moments(value: Value) -> None:
    assert core.moment(value) == NOON


AUCKLAND = Home("NZ", "NZD", ZoneInfo("Pacific/Auckland"))  # 13 hours ahead in March


@pytest.mark.parametrize(
    ("value", "hour"),
    [("2026-03-02", 12), ("2.3.2026", 12), ("2 Mar 2026", 12), ("20260302", 12), ("2026-03-02T01:00:00", 1),
     ("2026-03-02 01:00", 1), ("02.03.2026 01:00", 1), ("2026-03-01T12:00:00Z", 1), ("1772366400000", 1),
     (1772366400000, 1), ("1772366400", 1)],
)  # fmt: skip
def test_a_moment_that_does_not_say_its_zone_is_one_at_home(value: Value, hour: int) -> None:
    assert core.moment(value, AUCKLAND) == datetime(2026, 3, 2, hour, tzinfo=AUCKLAND.zone)


@pytest.mark.parametrize("value", ["soon", "31.2.2026", "2026-02-31", "123", "17723664000000000", "²²²²²²²²²²²²", "-5"])
def test_what_is_no_moment(value: str) -> None:
    assert core.moment(value) is None


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])))
def test_moments_survive_iso(value: datetime) -> None:
    try:
        wanted = value.astimezone(UTC)
    except OverflowError:
        wanted = None
    assert core.moment(value.isoformat()) == wanted


PEOPLE = core.ObjectMapping(
    "contacts", Role.LEAD,
    (core.ReadField("phone", ("phone", "mobile")), core.ReadField("timeline", ("horizon",), {"soon": "1 month"})),
    counters=(core.Counter("opens", "email_open", "last", "first", "what"), core.Counter("bounces", "bounce")),
)  # fmt: skip


def row(at: datetime | None = NOON, created: datetime | None = NOON - 30 * DAY, **fields: Value) -> Record:
    return Record("1", fields, created, at)


def test_the_first_source_that_is_not_empty_feeds_a_word() -> None:
    assert core.values(PEOPLE, row(phone=" ", mobile="+48 1")) == {"phone": "+48 1"}
    assert core.values(PEOPLE, row(phone="1", mobile="2")) == {"phone": "1"}
    assert core.values(PEOPLE, row()) == {}


@pytest.mark.parametrize(("value", "word"), [("Soon", "1 month"), ("later", "later")])
def test_a_picklist_is_translated_without_case_and_what_it_does_not_know_is_kept(value: str, word: str) -> None:
    assert core.values(PEOPLE, row(horizon=value)) == {"timeline": word}


def test_the_first_sight_of_a_counter_is_history() -> None:
    last, first = NOON - DAY, NOON - 20 * DAY
    seen = row(opens="5", last=last.isoformat(), first=first.isoformat(), what="June news", bounces=2)

    assert core.counted(PEOPLE, None, seen) == [
        core.Happened("opens:5", "email_open", last, 1, "June news"),
        core.Happened("opens:5:before", "email_open", first, 4),
        core.Happened("bounces:2:before", "bounce", NOON - 30 * DAY, 2),
    ]


def test_a_counter_that_is_mapped_later_is_history_too() -> None:
    found = core.counted(PEOPLE, {"bounces": 0}, row(opens=3, bounces=1))
    assert found == [
        core.Happened("opens:3:before", "email_open", NOON - 30 * DAY, 3),
        core.Happened("bounces:1", "bounce", NOON, 1),
    ]


def test_a_counter_that_nothing_dates_tells_nothing_the_first_time() -> None:
    assert core.counted(PEOPLE, None, row(created=None, at=None, opens=3)) == []


COUNTS = st.one_of(st.none(), st.integers(0, 50), st.just("N/A"), st.just(""))


@given(st.lists(COUNTS, min_size=1, max_size=8))
def test_counters_add_up(counts: list[Value]) -> None:
    """However a counter goes, what is told adds up to its rises, the first sight included."""
    before: dict[str, Value] | None = None
    told = rises = high = 0
    for count in counts:
        found = core.counted(PEOPLE, before, row(opens=count, last=NOON.isoformat()))
        told += sum(h.times for h in found)
        now = int(core.number(count) or 0)
        rises += max(0, now - high)
        high, before = now, {"opens": count}
    assert told == rises


CALLS = core.ObjectMapping(
    "calls", Role.ACTIVITY, at=("ended", "started"), detail=("title",),
    kinds=(
        core.Kind("call_in", core.Test({"direction": frozenset({"in"})})),
        core.Kind("meeting", core.Test({"direction": frozenset({""})}), at=("booked",)),
    ),
)  # fmt: skip


def test_an_activity_has_the_first_kind_that_fits_and_the_first_moment_known() -> None:
    told = core.activity(CALLS, row(direction="IN", ended="", started=NOON.isoformat(), title="x" * 500))
    assert told == core.Happened("", "call_in", NOON, 1, "x" * 200)
    booked = core.activity(CALLS, row(started="2020-01-01", booked=NOON.isoformat()))
    assert booked == core.Happened("", "meeting", NOON)


def test_an_activity_of_no_kind_or_no_moment_is_none() -> None:
    assert core.activity(CALLS, row(direction="out", ended=NOON.isoformat())) is None
    assert core.activity(CALLS, row(direction="in", created=None, ended="soon")) is None
    assert core.activity(CALLS, row(direction="in", ended="soon")) == core.Happened("", "call_in", NOON - 30 * DAY)


OWN_KINDS = tuple(core.Kind(kind, core.Test({"kind": frozenset({kind})})) for kind in ("visit", "webinar"))


@pytest.mark.parametrize(
    ("kinds", "fields", "why"),
    [
        (OWN_KINDS, {"kind": "Webinr"}, "kind: 'Webinr' is no kind that the mapping reads; did you mean webinar?"),
        (OWN_KINDS, {"kind": ""}, "kind: it is empty, and says of which kind"),
        (OWN_KINDS, {"kind": "visit", "ended": NOON.isoformat()}, ""),
        (OWN_KINDS, {"kind": "visit", "ended": "soon"}, "ended: 'soon' is no moment"),
        (OWN_KINDS, {"kind": "visit"}, "no moment is told in ended, started"),
        (CALLS.kinds, {"direction": "out"}, ""), (CALLS.kinds, {"booked": "soon"}, "booked: 'soon' is no moment"),
    ],
)  # fmt: skip
def test_why_an_activity_tells_of_nothing(kinds: tuple[core.Kind, ...], fields: dict[str, Value], why: str) -> None:
    assert core.untold(replace(CALLS, kinds=kinds), row(created=None, **fields)) == why


def test_all_times_of_a_row_are_read_at_home() -> None:
    one = core.moment("2.3.2026", AUCKLAND)
    calls, people, deals = (replace(mapping, home=AUCKLAND) for mapping in (CALLS, PEOPLE, DEALS))
    told = core.activity(calls, row(direction="in", ended="soon", started="2.3.2026"))
    assert told is not None
    assert told.at == one
    found = core.counted(people, None, row(opens=2, last="2.3.2026", first="2.3.2026"))
    assert [h.at for h in found] == [one, one]
    ended = core.outcome(deals, row(stage="closed won", closed="2.3.2026"))
    assert ended is not None
    assert ended.at == one


def test_what_an_activity_was_about_is_told_by_its_kind_or_else_read() -> None:
    kinds = (core.Kind("form_submit", core.Test({"form": frozenset({"quote"})}), topic="price"), *CALLS.kinds)
    calls = replace(CALLS, kinds=kinds, fields=(core.ReadField("topic", ("about", "title"), {"cost": "price"}),))

    def topic(**fields: Value) -> str:
        told = core.activity(calls, row(**fields))
        assert told is not None
        return told.topic

    assert topic(form="Quote", direction="in", about="delivery") == "price"
    assert topic(direction="in", about="Cost", title="delivery") == "price"
    assert topic(direction="in", title="x" * 500) == "x" * 200
    assert topic(direction="in") == ""


def test_a_counter_says_what_all_of_its_activity_is_about() -> None:
    people = replace(PEOPLE, counters=(core.Counter("views", "page_view", "last", topic="price"),))
    history = core.counted(people, None, row(views=3, last=NOON.isoformat()))
    assert [(h.times, h.topic) for h in history] == [(1, "price"), (2, "price")]
    assert [h.topic for h in core.counted(people, {"views": 3}, row(views=4))] == ["price"]


DEALS = core.ObjectMapping(
    "deals", Role.OUTCOME,
    outcomes=(
        core.OutcomeRule("won", core.Test({"stage": frozenset({"closed won"})}), "closed", "amount"),
        core.OutcomeRule("lost", core.Test({"stage": frozenset({"closed lost"})})),
    ),
)  # fmt: skip


def test_outcomes() -> None:
    assert core.outcome(DEALS, row(stage="open")) is None
    won = core.outcome(DEALS, row(stage="Closed Won", closed="2026-03-02", amount="12.5"))
    assert won == core.Ended("won", NOON, 12.5)
    assert core.outcome(DEALS, row(stage="Closed Lost", amount="12.5")) == core.Ended("lost", NOON, None)


def test_asked_is_all_that_is_read_or_written_once_and_in_order() -> None:
    found = core.CrmMapping({"contacts": PEOPLE}, {"contacts": (core.WriteField("score", "score"),) * 2})
    assert found.asked("contacts") == (
        "phone",
        "mobile",
        "horizon",
        "opens",
        "last",
        "first",
        "what",
        "bounces",
        "score",
    )
