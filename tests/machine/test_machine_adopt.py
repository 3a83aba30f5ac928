"""What a change of the files touches is evaluated again, and nothing else; behind what has just happened; and a plan
shows exactly what the next cycle writes, whatever has changed."""

import copy
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from adopt_world import FILES, Change, Watched, account, changed, evaluated, installation, kinds, put
from fake_crm import SETTLE, Clock, Crm, Open, held, rows

from leadsync.config.load import Config
from leadsync.store import schema
from leadsync.sync import adopt, planning, rederive
from leadsync.sync.cycle import Coordinator
from leadsync.types import FieldSchema


@pytest.fixture
def crm(clock: Clock) -> Crm:
    return account(clock)


# what is touched


def reversed_keys(files: dict[str, Any]) -> None:
    files["read"] = {obj: dict(reversed(section.items())) for obj, section in reversed(files["read"].items())}


@pytest.mark.parametrize(
    ("change", "count"),
    [
        (reversed_keys, 0),
        (put("leadsync", "every", "5m"), 0),
        (put("leadsync", "brake", {"share": 50}), 0),
        (put("leadsync", "prefer", ["crm"]), 0),
        (put("scoring", FILES["scoring"].replace("20", "21")), 3),  # those of these countries
        (put("scoring", FILES["scoring"].replace("steel: {", "steel: {label: of steel, ")), 4),
        (put("scoring", FILES["scoring"] + "temperature: {hot: 71}\n"), 6),
        (put("funnel", "stages", 0, "name", "stranger"), 6),
        (put("routing", "reps", "bob", ...), 6),
        (put("leadsync", "home", "time_zone", "Asia/Tehran"), 6),
        (put("leadsync", "never", "country = AQ"), 6),
        (put("leadsync", "fields", {"renewal": "date"}), 6),
        (put("leadsync", "home", "country", "PL"), 0),
        (put("write", "Lead", "Heat", ...), 4),
        (put("write", "Contact", "Other", "reasons"), 2),
        (put("read", "Lead", "country", "Title"), 3),  # L0 was in PL already
        (put("read", "Contact", "country", "Title"), 1),
        (put("read", "Firm", "industry", "Field"), 4),  # the people of the steel firm
        (put("read", "Lead", "owner", "Other"), 4),  # a field that was not read: every row is another one
        (put("read", "Lead", "owner", "Title"), 4),
        (put("read", "Lead", "scope", "country = PL"), 4),
        (put("read", "Lead", "counters", "Seen", {"as": "page_view"}), 4),
        (put("read", "Lead", "outcomes", [{"as": "won", "when": {"Country": "VN"}}]), 1),
    ],
)
def test_a_change_of_the_files_touches_so_many_leads(
    tmp_path: Path, crm: Crm, opened: Open, change: Change, count: int
) -> None:
    leadsync = changed(tmp_path, crm, opened, change)
    assert evaluated(leadsync) == count
    assert evaluated(leadsync) == 0


def test_a_new_version_of_leadsync_evaluates_everything(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    leadsync = opened(installation(tmp_path, {"crm": crm}))
    leadsync.cycle()
    leadsync.close()
    monkeypatch.setattr(adopt, "__version__", "next")
    assert evaluated(opened(installation(tmp_path, {"crm": crm}))) == 6


def test_what_is_planned_and_shown_is_written_once_it_may_be(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = opened(installation(tmp_path, {"crm": crm}, put("live", False)))
    leadsync.cycle()
    leadsync.close()
    assert not crm.writes
    live = opened(installation(tmp_path, {"crm": crm}))
    live.cycle()
    assert len(crm.writes) == 6
    live.close()
    off = opened(installation(tmp_path, {"crm": crm}, put("live", False)))
    assert evaluated(off) == 0


# what is stored cannot tell


@pytest.mark.parametrize(
    ("section", "told", "score"),
    [
        ({"kinds": [{"as": "call_out", "when": {"Way": "out"}}, {"as": "call_in"}]}, [("call_out", 1)], 38),
        ({"kinds": [{"as": "call_in", "when": {"Way": "in"}}]}, [], 33),
    ],
)
def test_activity_that_means_something_else_is_read_again(
    tmp_path: Path, crm: Crm, opened: Open, section: Mapping[str, Any], told: list[Any], score: int
) -> None:
    change = put("read", "Call", FILES["read"]["Call"] | section)
    leadsync = changed(tmp_path, crm, opened, change)
    assert held(crm, "Score")[0] == 58
    leadsync.cycle()
    assert Watched.begun == ["Call"]
    assert [kind for kind in kinds(leadsync) if kind[0] != "visit"] == told
    assert held(crm, "Score")[0] == score
    assert evaluated(leadsync) == 0


def test_activity_at_another_time_is_moved(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    later = clock.now() + timedelta(days=1)
    for row in crm.rows["Call"]:
        crm.edit("Call", row, Way=later.isoformat())
    leadsync = changed(tmp_path, crm, opened, put("read", "Call", "at", "Way"))
    leadsync.cycle()
    a = schema.activities.c
    query = sa.select(a.happened_at).where(a.closed_at.is_(None), a.kind == "call_in")
    assert rows(leadsync, query) == [(later,)]


def test_reading_again_does_not_hold_up_what_is_new(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = changed(tmp_path, crm, opened, put("read", "Call", "kinds", 0, "as", "call_out"))
    with leadsync.store.begin():
        heads = {source.object: source.head for source in leadsync.connections.sources.values()}
    assert heads["Call"] is not None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put("read", "Lead", "counters", "Seen", "as", "page_view"), [("call_in", 1), ("page_view", 14)]),
        (put("read", "Lead", "counters", {}), [("call_in", 1)]),
        (put("read", "Lead", "counters", "Other", {"as": "chat"}), [("call_in", 1), ("chat", 9), ("visit", 14)]),
    ],
)
def test_counters_that_mean_something_else(
    tmp_path: Path, crm: Crm, opened: Open, change: Change, told: list[Any]
) -> None:
    first = opened(installation(tmp_path, {"crm": crm}, put("write", "Lead", "Other", "stage")))
    first.cycle()
    first.close()
    crm.edit("Lead", "L1", Seen=5, Other=9)
    leadsync = changed(tmp_path, crm, opened, change)
    leadsync.cycle()
    assert kinds(leadsync) == told


# what is not read any more


def lead_results(leadsync: Coordinator) -> int:
    [(count,)] = rows(leadsync, sa.select(sa.func.count()).select_from(schema.results))
    return int(count)


def test_a_connection_that_is_taken_away_counts_no_more_and_comes_back_whole(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    other = Crm(clock)
    other.rows |= {"Firm": {}, "User": {}}
    other.columns = crm.columns
    other.add("Lead", {"Country": "VN", "Title": "chief"})
    both = {"crm": crm, "other": other}
    leadsync = opened(installation(tmp_path, both))
    leadsync.cycle()
    assert held(crm, "Score") == [58, 6, 33, 6]
    assert lead_results(leadsync) == 7
    leadsync.close()
    crm.writes.clear()

    alone = opened(installation(tmp_path, both, put("names", ["other"])))
    report = alone.cycle().connections
    assert (list(report), lead_results(alone)) == (["other"], 1)
    assert not crm.writes
    alone.close()

    crm.edit("Lead", "L1", Country="PL")
    back = opened(installation(tmp_path, both))
    back.cycle()
    assert lead_results(back) == 7
    assert held(crm, "Score") == [58, 26, 33, 6]
    assert kinds(back) == [("call_in", 1), ("visit", 12)], "nothing is counted twice"


def test_a_connection_that_is_added_has_nothing_else_evaluated(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    other = Crm(clock)
    other.rows |= {"Firm": {}, "User": {}}
    other.columns = crm.columns
    other.add("Lead", {"Country": "VN"})
    changed(tmp_path, crm, opened).close()
    report = opened(installation(tmp_path, {"crm": crm, "other": other}, put("names", ["other", "crm"]))).cycle()
    assert {name: c.evaluated for name, c in report.connections.items()} == {"crm": 0, "other": 1}


def test_an_activity_object_that_is_not_read_any_more_counts_no_more(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = changed(tmp_path, crm, opened, put("read", "Call", ...))
    assert evaluated(leadsync) == 1
    assert held(crm, "Score")[0] == 33
    leadsync.close()
    again = opened(installation(tmp_path, {"crm": crm}))
    again.cycle()
    assert held(crm, "Score")[0] == 58


# behind what has just happened


def test_what_is_new_goes_first_and_a_process_that_dies_goes_on(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The country is read from elsewhere: three slices for ten records, of which a process does one and dies."""
    monkeypatch.setattr(rederive, "_AT_ONCE", 4)
    change = put("read", "Lead", "country", "Title")
    leadsync = changed(tmp_path, crm, opened, change)
    leadsync.evaluate_some()
    assert not crm.writes
    leadsync.store.close()  # as kill -9 leaves it
    leadsync.stopping.set()

    following = opened(installation(tmp_path, {"crm": crm}, change))
    crm.edit("Contact", "C1", Country="PL")
    following.begin_cycle()
    following.poll("crm", whole=False)
    while not following.quiet:
        following.take_in(0.05)
    following.evaluate_some()
    while not following.quiet:
        following.take_in(0.05)
    assert [op.id for op in crm.writes] == ["C1"], "one slice or less came before it"
    following.decide()
    assert {op.id for op in crm.writes} == {"C1", "L1", "L2", "L3"} - {"L2"}
    assert held(crm, "Score")[:4] == [58, 26, 33, 26]


# a plan and the cycle after it


def leaves(crm: Crm, files: dict[str, Any]) -> None:
    crm.edit("User", "U0", Active="no")


def joins(crm: Crm, files: dict[str, Any]) -> None:
    crm.edit("User", "U0", Active="yes")
    crm.add("User", {"Mail": "eve@x.example", "Active": "yes"})
    files["routing"] = {"reps": {"eve": {"email": "eve@x.example"}}}


def is_called_otherwise(crm: Crm, files: dict[str, Any]) -> None:
    crm.edit("User", "U1", Mail="robert@x.example")


def options(crm: Crm, files: dict[str, Any]) -> None:
    crm.columns["Lead"]["Heat"] = FieldSchema("Heat", "enum", options=("hot", "warm", "cold"))


def refused(crm: Crm, files: dict[str, Any]) -> None:
    crm.poisoned.clear()
    files["write"]["Contact"]["Score"] = {"value": "score", "least": 0}


def rules(crm: Crm, files: dict[str, Any]) -> None:
    files["scoring"] = files["scoring"].replace("20", "30")


def reading(crm: Crm, files: dict[str, Any]) -> None:
    files["read"]["Lead"]["country"] = "Title"
    files["read"]["Call"]["kinds"] = [{"as": "call_out"}]
    files["read"]["Firm"]["industry"] = "Field"


def goes_live(crm: Crm, files: dict[str, Any]) -> None:
    files["live"] = True


@pytest.mark.parametrize(
    "cause", [leaves, joins, is_called_otherwise, options, refused, rules, reading, goes_live], ids=lambda c: c.__name__
)
def test_a_cycle_writes_exactly_the_plan_whatever_has_changed(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open, cause: Callable[[Crm, dict[str, Any]], None]
) -> None:
    if cause is joins:
        crm.edit("User", "U0", Active="no")
    crm.poisoned.update({("Contact", "C0")} if cause is refused else ())
    if cause is options:
        crm.columns["Lead"]["Heat"] = FieldSchema("Heat", "enum", options=("hot",))
    before: list[Change] = [put("live", False)] if cause is goes_live else []
    leadsync = opened(installation(tmp_path, {"crm": crm}, *before))
    leadsync.cycle()
    leadsync.cycle()
    leadsync.close()
    crm.writes.clear()
    clock.pass_(timedelta(days=1, minutes=1))  # the account is looked at again

    files = copy.deepcopy(FILES)
    cause(crm, files)
    clock.pass_(2 * SETTLE)
    changes = [put(name, part) for name, part in files.items()]
    promised = planned(opened, installation(tmp_path, {"crm": crm}, *changes))
    assert promised
    assert not crm.writes
    leadsync = opened(installation(tmp_path, {"crm": crm}, *changes))
    leadsync.cycle()
    leadsync.close()
    done = {("crm", op.object, op.id): dict(op.fields) for op in crm.writes}
    assert done == promised
    assert planned(opened, installation(tmp_path, {"crm": crm}, *changes)) == {}


def planned(opened: Open, found: Config) -> dict[Any, dict[str, Any]]:
    """What `leadsync plan` shows, in a process of its own."""
    leadsync = opened(found)
    leadsync.read()
    made = planning.plan(leadsync, whole=True)
    leadsync.end_cycle()
    leadsync.close()
    return {key: {name: new for name, (_, new) in fields.items()} for key, fields in made.writes.items()}


def test_a_plan_does_not_release_the_brake(tmp_path: Path, crm: Crm, opened: Open) -> None:
    """The brake, which only a cycle releases."""
    for _ in range(60):
        crm.add("Lead", {"Country": "PL"})
    leadsync = opened(installation(tmp_path, {"crm": crm}))
    leadsync.allow()
    leadsync.cycle()
    leadsync.close()
    more = put("scoring", FILES["scoring"].replace("20", "30"))
    held_back = opened(installation(tmp_path, {"crm": crm}, more))
    assert held_back.cycle().connections["crm"].error.code == "brake"  # type: ignore[union-attr]
    held_back.close()

    planned(opened, installation(tmp_path, {"crm": crm}))
    back = opened(installation(tmp_path, {"crm": crm}))
    assert list(back.brake.pulled) == ["crm"]
    report = back.cycle().connections["crm"]
    assert report.error is None
    assert not back.brake.pulled


def test_a_plan_tries_nothing_again_that_was_refused(tmp_path: Path, crm: Crm, opened: Open) -> None:
    crm.poisoned.add(("Lead", "L0"))
    leadsync = opened(installation(tmp_path, {"crm": crm}))
    leadsync.cycle()
    leadsync.close()
    other = installation(tmp_path, {"crm": crm}, put("funnel", "stages", 0, "name", "stranger"))
    assert ("crm", "Lead", "L0") in planned(opened, other)
    leadsync = opened(other)
    r = schema.records.c
    assert rows(leadsync, sa.select(r.ext_id).where(r.refused.is_not(None))) == [("L0",)]
    assert leadsync.cycle().connections["crm"].rejected == 1
