"""Changes of the files that come while earlier ones are still being taken up, or that take back what one had said."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from adopt_world import FILES, Change, account, evaluated, installation, kinds, put
from fake_crm import Clock, Crm, Open, held, rows

from leadsync.store import again, records, runs, schema
from leadsync.store.evaluation import Decision, Material
from leadsync.sync import check_leads, rederive
from leadsync.sync.brake import BrakePulled
from leadsync.sync.cycle import Coordinator
from leadsync.sync.evaluate import Evaluator

ASKED = [put("write", "Lead", name, {"value": "stage", "policy": "if_empty"}) for name in ("Other", "When")]
OFF = put("live", False)  # so that nothing stands in a field but what the CRM's users wrote


@pytest.fixture
def crm(clock: Clock) -> Crm:
    found = account(clock)
    found.columns["Lead"]["When"] = found.columns["Call"]["When"]
    return found


def cycled(opened: Open, folder: Path, crms: Crm | Mapping[str, Crm], *changes: Change) -> None:
    """A process that lives for two cycles."""
    leadsync = opened(installation(folder, {"crm": crms} if isinstance(crms, Crm) else crms, *changes))
    leadsync.cycle()
    leadsync.cycle()
    leadsync.close()


def test_a_counter_that_is_added_later_is_dated_at_home(tmp_path: Path, crm: Crm, opened: Open) -> None:
    counter = put("read", "Lead", "counters", "Other", {"as": "chat", "at": "When"})
    for number in range(4):
        crm.edit("Lead", f"L{number}", Other=1, When="2026-02-01T23:30:00")
    home = put("leadsync", "home", "time_zone", "Asia/Tehran")
    cycled(opened, tmp_path, crm, home, *ASKED, OFF)
    leadsync = opened(installation(tmp_path, {"crm": crm}, home, *ASKED, OFF, counter))
    leadsync.cycle()
    when = sa.select(schema.activities.c.happened_at).where(schema.activities.c.kind == "chat").distinct()
    assert [at.isoformat() for (at,) in rows(leadsync, when)] == ["2026-02-01T20:00:00+00:00"]


def test_an_object_of_which_no_field_is_asked_counts_again_once_it_is_back(
    tmp_path: Path, crm: Crm, opened: Open
) -> None:
    bare: dict[str, Any] = {"role": "activity", "kinds": [{"as": "call_in"}]}
    scores = []
    for change in (put("read", "Call", bare), put("read", "Call", ...), put("read", "Call", bare)):
        cycled(opened, tmp_path, crm, change)
        scores.append(held(crm, "Score")[0])
    assert scores == [58, 33, 58]


def waiting(leadsync: Coordinator) -> int:
    [(count,)] = rows(leadsync, sa.select(sa.func.count()).select_from(schema.dirty))
    return int(count)


@pytest.mark.parametrize(
    ("edits", "count"),
    [
        ([put("scoring", FILES["scoring"].replace("20", str(points))) for points in (21, 22, 23)], 3),
        ([put("read", "Lead", "scope", f"country = {country}") for country in ("PL", "VN", "DE")], 4),
        ([put("read", "Lead", "country", field) for field in ("Title", "Seen", "Title")], 4),
    ],
)
def test_a_lead_waits_once_however_often_the_files_are_changed(
    tmp_path: Path, crm: Crm, opened: Open, edits: Sequence[Change], count: int
) -> None:
    cycled(opened, tmp_path, crm)
    for edit in edits:  # each time `leadsync plan` is asked
        plan = opened(installation(tmp_path, {"crm": crm}, edit))
        plan.rederive.run(plan.stopping)
        marks = waiting(plan)
        plan.close()
    assert marks == count


# while an earlier change is still under way


def walked(opened: Open, folder: Path, crm: Crm, slices: int, *changes: Change) -> None:
    """A process that comes so far with what it derives again, and then ends."""
    leadsync = opened(installation(folder, {"crm": crm}, *changes))
    for _ in range(slices):
        assert leadsync.rederive.step()
    leadsync.close()


CHATS = put("read", "Lead", "counters", "Other", {"as": "chat"})


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ([[]], [("call_in", 1), ("visit", 12)]),
        ([[], [CHATS]], [("call_in", 1), ("chat", 36), ("visit", 12)]),
    ],
)
def test_a_counter_that_comes_and_goes_is_counted_as_the_files_say_in_the_end(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch, then: list[list[Change]], told: list[Any]
) -> None:
    monkeypatch.setattr(rederive, "_AT_ONCE", 1)
    for number in range(4):
        crm.edit("Lead", f"L{number}", Other=9)
    cycled(opened, tmp_path, crm, *ASKED, OFF)
    walked(opened, tmp_path, crm, 6, *ASKED, OFF, CHATS)
    for changes in then[:-1]:
        walked(opened, tmp_path, crm, 1, *ASKED, OFF, *changes)
    leadsync = opened(installation(tmp_path, {"crm": crm}, *ASKED, OFF, *then[-1]))
    leadsync.cycle()
    assert kinds(leadsync) == told


def test_a_counter_that_goes_and_comes_is_counted_as_before(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rederive, "_AT_ONCE", 1)
    for number in range(4):
        crm.edit("Lead", f"L{number}", Other=9)
    cycled(opened, tmp_path, crm, *ASKED, OFF, CHATS)
    walked(opened, tmp_path, crm, 6, *ASKED, OFF)
    leadsync = opened(installation(tmp_path, {"crm": crm}, *ASKED, OFF, CHATS))
    leadsync.cycle()
    assert kinds(leadsync) == [("call_in", 1), ("chat", 36), ("visit", 12)]


def test_an_owner_field_that_is_changed_and_changed_back_leaves_no_owner_behind(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rederive, "_AT_ONCE", 1)
    changes = [*ASKED, put("write", "Lead", "Owner", {"value": "stage", "policy": "if_empty"}), OFF]
    for number in range(4):
        crm.edit("Lead", f"L{number}", Owner="U1", Other="U0")
    cycled(opened, tmp_path, crm, *changes)
    between = opened(installation(tmp_path, {"crm": crm}, *changes, put("read", "Lead", "owner", "Other")))
    crm.edit("Lead", "L3", Title="new")
    between.begin_cycle()
    between.poll("crm", whole=True)
    while not between.quiet:
        between.take_in(0.05)
    between.evaluate_some()  # what is new goes first
    assert given(between)[3] == "ann@x.example"
    between.close()
    back = opened(installation(tmp_path, {"crm": crm}, *changes))
    back.cycle()
    assert given(back)[:4] == ["bob@x.example"] * 4


def given(leadsync: Coordinator) -> list[str | None]:
    return [words["owner"] for (words,) in rows(leadsync, sa.select(schema.results.c.words).order_by("lead_id"))]


def test_deriving_again_goes_round_when_more_is_asked_of_it(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rederive, "_AT_ONCE", 1)
    cycled(opened, tmp_path, crm)
    leadsync = opened(installation(tmp_path, {"crm": crm}, put("read", "Lead", "country", "Title")))
    [(total,)] = rows(leadsync, sa.select(sa.func.max(schema.records.c.id)))
    for _ in range(total - 2):
        assert leadsync.rederive.step()
    with leadsync.store.begin():
        again.owners_changed(leadsync.store, "crm", [("U0", "ann@x.example")])
    steps = 0
    while leadsync.rederive.step():
        steps += 1
    assert steps == total
    r = schema.records.c
    marked = rows(leadsync, sa.select(r.ext_id).join(schema.dirty, schema.dirty.c.record_id == r.id))
    assert {"L0", "L1", "L2", "L3"} <= {ext_id for (ext_id,) in marked}, "L0 has the owner, the others another country"


def test_nothing_is_walked_over_where_only_the_scoring_has_changed(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rederive, "_AT_ONCE", 1)
    cycled(opened, tmp_path, crm)
    leadsync = opened(installation(tmp_path, {"crm": crm}, put("scoring", FILES["scoring"].replace("20", "21"))))
    assert leadsync.rederive.step()
    assert not leadsync.rederive.step()
    assert evaluated(leadsync) == 3


def test_what_waits_behind_a_walk_is_not_weighed_before_it_is_derived(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rederive, "_AT_ONCE", 1)
    for _ in range(60):
        crm.add("Lead", {"Country": "PL"})
    leadsync = opened(installation(tmp_path, {"crm": crm}))
    leadsync.allow()
    leadsync.cycle()
    leadsync.close()
    crm.writes.clear()

    following = opened(installation(tmp_path, {"crm": crm}, put("read", "Lead", "country", "Title")))
    while waiting(following) <= 60:  # so many as the brake would look ahead for
        assert following.rederive.step()
    weighed: list[int] = []
    evaluate = Evaluator.evaluate

    def counted(self: Evaluator, found: Material, counts: dict[str, int], now: datetime) -> Sequence[Decision]:
        weighed.append(len({member.lead_id for member in found.members}))
        return evaluate(self, found, counts, now)

    monkeypatch.setattr(Evaluator, "evaluate", counted)
    [(person,)] = rows(following, sa.select(schema.records.c.id).where(schema.records.c.ext_id == "L0"))
    with following.store.begin():
        records.mark(following.store, [person])
    following.evaluate_some()
    assert weighed == [1]
    assert not following.brake.pulled


# what a change says


def test_the_topic_of_a_counter_counts_for_what_was_counted_before(tmp_path: Path, crm: Crm, opened: Open) -> None:
    about = put("scoring", FILES["scoring"].replace("per: visit}", "per: visit, when: topic = price}"))
    cycled(opened, tmp_path, crm, about)
    assert held(crm, "Score")[0] == 52
    cycled(opened, tmp_path, crm, about, put("read", "Lead", "counters", "Seen", {"as": "visit", "topic": "price"}))
    assert held(crm, "Score")[0] == 58


# what is not read any more


@pytest.fixture
def other(crm: Crm, clock: Clock) -> Crm:
    """A second account, with one lead."""
    found = Crm(clock)
    found.rows |= {"Firm": {}, "User": {}}
    found.columns = crm.columns
    found.add("Lead", {"Country": "VN"})
    return found


def test_a_connection_taken_away_with_the_upgrade_of_an_old_store_counts_no_more(
    tmp_path: Path, crm: Crm, other: Crm, opened: Open
) -> None:
    both = {"crm": crm, "other": other}
    leadsync = opened(installation(tmp_path, both))
    leadsync.cycle()
    with leadsync.store.begin() as db:
        db.execute(sa.delete(schema.meta).where(schema.meta.c.key == "files"))
    leadsync.close()
    alone = opened(installation(tmp_path, both, put("names", ["other"])))
    alone.cycle()
    assert len(given(alone)) == 1


def test_rows_of_an_object_that_is_not_read_any_more_are_not_counted(
    tmp_path: Path, crm: Crm, other: Crm, clock: Clock, opened: Open
) -> None:
    """Neither by `status`, nor by `check`, nor by the brake."""
    for _ in range(600):
        crm.add("Contact", {"Country": "DE"})
    both = {"crm": crm, "other": other}
    cycled(opened, tmp_path, both, OFF)
    alone = installation(tmp_path, both, put("names", ["other"]))
    cycled(opened, tmp_path, both, put("names", ["other"]))
    leadsync = opened(alone)
    with leadsync.store.reading() as db:
        found = runs.summary(db, clock.now())
    assert (found["leads"], found["temperatures"]) == (1, {"cold": 1})
    assert check_leads.reach(alone, clock.now()).leads == 1
    leadsync.close()

    for _ in range(60):
        crm.add("Lead", {"Country": "PL"})
    without = [put(part, "Contact", ...) for part in ("read", "write")]
    crm.writes.clear()
    leadsync = opened(installation(tmp_path, both, *without))
    assert isinstance(leadsync.cycle().connections["crm"].error, BrakePulled), "64 of 64 records, not of 666"
