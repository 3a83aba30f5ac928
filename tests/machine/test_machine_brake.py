"""The brake on mass changes: what it holds back, how it is told, what lets it go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_crm import MAPPING, SCORING, Clock, Crm, Open, config, maker, scored_by

from leadsync.config.settings import BrakeShares
from leadsync.core.mapping import CrmMapping
from leadsync.core.write_field import WriteField
from leadsync.store import sources
from leadsync.store.evaluation import Decision, Material, Member, Stored
from leadsync.sync import routes
from leadsync.sync.cycle import Coordinator
from leadsync.sync.evaluate import Evaluator

PEOPLE = 300


@pytest.fixture
def crm(clock: Clock) -> Crm:
    found = Crm(clock)
    for _ in range(PEOPLE):
        found.add("Lead", {"Country": "PL"})
    return found


def error(leadsync: Coordinator) -> Any:
    return leadsync.cycle().connections["crm"].error


def test_a_first_load_is_held_back_whole_until_it_is_allowed(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    report = leadsync.cycle()
    told = report.connections["crm"].error
    assert told is not None
    assert (told.code, report.exit_code) == ("brake", 2)
    assert f"{PEOPLE} of {PEOPLE} records" in told.message
    assert "--allow" in told.fix
    assert report.samples
    assert crm.writes == []
    assert error(leadsync).code == "brake", "it stays pulled"
    leadsync.close()

    again = opened(config(tmp_path, {"crm": maker(crm)}))
    assert error(again).code == "brake", "also over a restart"
    again.allow()
    assert error(again) is None
    assert len(crm.writes) == PEOPLE
    assert error(again) is None


def test_everyday_changes_pass(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.allow()
    leadsync.cycle()
    leadsync.brake.allowed = False
    crm.writes.clear()
    for number in range(50):
        crm.edit("Lead", f"L{number}", Country="DE")
    assert error(leadsync) is None
    assert len(crm.writes) == 50


def test_many_small_changes_within_an_hour_are_a_mass_change(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.allow()
    leadsync.cycle()
    leadsync.brake.allowed = False
    crm.writes.clear()
    found = []
    for number in range(100):
        crm.edit("Lead", f"L{number}", Country="DE")
        if number % 10 == 9:
            found.append(error(leadsync))
    assert found[0] is None
    assert found[-1].code == "brake"
    assert len(crm.writes) <= 60, "20 % of 300"


def test_what_is_spread_over_hours_is_not(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.allow()
    leadsync.cycle()
    leadsync.brake.allowed = False
    for number in range(100):
        crm.edit("Lead", f"L{number}", Country="DE")
        if number % 25 == 24:
            assert error(leadsync) is None
            clock.pass_(timedelta(hours=1))


def test_a_changed_rule_that_moves_everybody_is_held_back_and_changing_it_back_lets_go(
    tmp_path: Path, crm: Crm, opened: Open
) -> None:
    found = config(tmp_path, {"crm": maker(crm)})
    leadsync = opened(found)
    leadsync.allow()
    leadsync.cycle()
    leadsync.close()
    crm.writes.clear()
    other = scored_by(found, SCORING[SCORING.index("engagement") :])
    changed = opened(other)
    assert error(changed).code == "brake"
    changed.close()
    back = opened(found)
    assert error(back) is None
    assert crm.writes == []


def test_what_has_just_happened_is_not_held_up_by_weighing_all_that_waits(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "BATCH", 20)
    found = config(tmp_path, {"crm": maker(crm)})
    leadsync = opened(found)
    leadsync.allow()
    leadsync.cycle()
    leadsync.close()
    crm.writes.clear()
    changed = opened(scored_by(found, SCORING[SCORING.index("engagement") :]))
    crm.edit("Lead", "L0", Country="DE")
    changed.read()
    evaluated: list[int] = []
    evaluate = Evaluator.evaluate

    def noted(self: Evaluator, found: Material, *rest: Any) -> Sequence[Decision]:
        evaluated.append(len(found.members))
        return evaluate(self, found, *rest)

    monkeypatch.setattr(Evaluator, "evaluate", noted)
    while not evaluated:
        assert changed.evaluate_some()
    assert evaluated == [1]
    changed.decide()
    assert changed.brake.pulled["crm"].records == PEOPLE
    assert len(crm.writes) == 1


def test_the_share_is_the_admins(tmp_path: Path, crm: Crm, opened: Open) -> None:
    found = replace(config(tmp_path, {"crm": maker(crm)}), brake=BrakeShares(share=100))
    assert error(opened(found)) is None
    assert len(crm.writes) == PEOPLE


def test_a_connection_that_is_not_live_has_no_brake(tmp_path: Path, crm: Crm, opened: Open) -> None:
    assert error(opened(config(tmp_path, {"crm": maker(crm)}, live=False))) is None


@pytest.mark.parametrize(
    ("before", "after", "loses"),
    [("7", "8", 1), ("7", None, 1), (None, "8", 0), ("", "8", 0), ("queue", "8", 0), ("left", "8", 1), ("7", "", 1)],
)
def test_an_owner_who_is_replaced_is_counted_and_one_who_was_nobody_is_not(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open, before: str | None, after: str | None, loses: int
) -> None:
    mapping = CrmMapping(MAPPING.reads, {"Lead": (WriteField("Owner", "owner", "always"),)})
    found = config(tmp_path, {"crm": maker(crm)}, mapping=mapping)
    leadsync = opened(found)
    with leadsync.store.begin():
        (source,) = [s for s in sources.load(leadsync.store) if s.object == "Lead"]
    member = Member(1, 1, source.id, "L0", None, {}, {}, None, None, None, None)
    evaluator = leadsync.evaluator()
    evaluator.directory.queues.add(("crm", "queue"))
    evaluator.directory.left["crm", "left"] = "ann@acme.example"
    decision = Decision(Stored(1, {}, "[]", None, None), [(1, {"Owner": (before, after)})])
    weighed = leadsync.brake.weigh([decision], [member], evaluator)
    assert weighed == {"crm": {1: bool(loses)}}


def test_a_record_that_is_tried_again_and_again_counts_once(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.allow()
    leadsync.cycle()
    leadsync.brake.allowed = False
    for number in range(40):
        crm.edit("Lead", f"L{number}", Country="DE")
    for _ in range(8):
        crm.faults[:] = ["before"] * 40
        found = error(leadsync)
        assert found is None or found.code != "brake", found
    crm.faults.clear()
    leadsync.cycle()
    assert error(leadsync) is None


def test_what_a_first_load_has_brought_meanwhile_counts(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    """The records were counted when there were few of them."""
    few = Crm(clock)
    few.add("Lead", {"Country": "PL"})
    leadsync = opened(config(tmp_path, {"crm": maker(few)}))
    leadsync.cycle()
    for _ in range(PEOPLE):
        few.add("Lead", {"Country": "PL"})
    leadsync.allow()
    leadsync.cycle()
    leadsync.brake.allowed = False
    for number in range(55):
        few.edit("Lead", f"L{number}", Country="DE")
    assert error(leadsync) is None


def test_stopping_is_not_held_up_by_weighing_what_waits_and_nothing_is_judged_or_sent(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "BATCH", 20)
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.read()
    weighed: list[int] = []
    evaluate = Evaluator.evaluate

    def stopped_at_the_third(self: Evaluator, found: Material, *rest: Any) -> Sequence[Decision]:
        weighed.append(len(found.members))
        if len(weighed) == 3:
            leadsync.stopping.set()
        return evaluate(self, found, *rest)

    monkeypatch.setattr(Evaluator, "evaluate", stopped_at_the_third)
    leadsync.decide()
    assert weighed == [20, 20, 20]
    assert leadsync.brake.pulled == {}
    assert crm.writes == []
    leadsync.close()
    assert error(opened(config(tmp_path, {"crm": maker(crm)}))).code == "brake", "it waits to be weighed whole"


def test_a_mass_change_by_time_alone_is_held_back_whole(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "BATCH", 20)
    for number in range(PEOPLE):
        crm.add("Call", {"When": clock.now().isoformat()}, Lead=(f"L{number}",))
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.allow()
    leadsync.cycle()
    leadsync.brake.allowed = False
    crm.writes.clear()
    clock.pass_(timedelta(days=8))
    found = error(leadsync)
    assert (found.code, crm.writes) == ("brake", [])
    assert f"{PEOPLE} of {PEOPLE} records" in found.message
