"""Single stories of a coordinator with a CRM in this process: what a dead, changed or slow part must not break."""

import logging
import queue
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fake_crm import MAPPING, SCORING, SETTLE, Clock, Connection, Crm, Open, config, coordinator, maker, scored_by

from leadsync.core.mapping import CrmMapping
from leadsync.errors import AuthLost, Transient
from leadsync.store import schema
from leadsync.sync.budget import Budget
from leadsync.sync.cycle import Coordinator
from leadsync.sync.messages import PageRead
from leadsync.sync.worker import Worker
from leadsync.types import Page


@pytest.fixture
def crm(clock: Clock) -> Crm:
    found = Crm(clock)
    for country in ("PL", "PL", "DE"):
        found.add("Lead", {"Country": country, "Note": "x"})
    return found


def scores(crm: Crm) -> list[Any]:
    return [row.fields.get("Score") for row in crm.rows["Lead"].values()]


def open_writes(leadsync: Coordinator) -> int:
    w = schema.writes
    with leadsync.store.begin() as db:
        return db.scalar(sa.select(sa.func.count()).where(w.c.state.in_(("planned", "sent")))) or 0


def test_a_cycle_scores_and_an_idle_one_writes_nothing(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    first = leadsync.cycle().connections["crm"]
    second = leadsync.cycle().connections["crm"]

    assert scores(crm) == [10, 10, 0]
    assert (first.pulled, first.evaluated, first.written) == (3, 3, 3)
    assert (second.evaluated, second.written) == (0, 0)


def test_a_lead_edited_by_hand_is_evaluated_alone(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.cycle()
    leadsync.cycle()
    crm.edit("Lead", "L2", Country="VN")
    report = leadsync.cycle().connections["crm"]

    assert (report.evaluated, report.written) == (1, 1)
    assert scores(crm) == [10, 10, 10]


def test_time_alone_moves_a_score_and_a_united_lead_is_never_due(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    for lead in ("L0", "L1"):
        crm.add("Call", {"When": clock.now().isoformat()}, Lead=(lead,))
    leadsync.cycle()
    crm.move("Lead", "L1", "Lead", "L0")
    leadsync.cycle()
    clock.pass_(timedelta(days=7))
    report = leadsync.cycle().connections["crm"]  # would never end if the empty lead stayed due

    assert report.due >= 1
    assert leadsync.cycle().connections["crm"].due == 0


def test_a_refused_write_is_not_tried_again_until_its_value_changes(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    crm.poisoned.add(("Lead", "L0"))
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    assert leadsync.cycle().connections["crm"].rejected == 1
    crm.edit("Lead", "L0", Note="y")
    assert leadsync.cycle().connections["crm"].rejected == 0
    crm.edit("Lead", "L0", Country="DE")
    assert leadsync.cycle().connections["crm"].rejected == 1
    crm.poisoned.clear()
    crm.edit("Lead", "L0", Country="PL")
    assert leadsync.cycle().connections["crm"].written == 1
    assert scores(crm) == [10, 10, 0]


@pytest.mark.parametrize("fault", ["retry", "conflict", "before", "after", "half", "silent"])
def test_what_was_not_answered_is_settled_by_the_next_cycle(tmp_path: Path, crm: Crm, opened: Open, fault: str) -> None:
    crm.faults = [fault]
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.cycle()
    leadsync.cycle()

    assert scores(crm) == [10, 10, 0]
    assert crm.needless == []
    assert open_writes(leadsync) == 0


def test_an_open_write_to_an_object_that_is_not_mapped_any_more_is_given_up(
    tmp_path: Path, crm: Crm, opened: Open
) -> None:
    crm.faults = ["before"]
    first = opened(config(tmp_path, {"crm": maker(crm)}))
    first.cycle()
    assert open_writes(first) == 3
    first.close()

    contacts = CrmMapping(
        {name: read for name, read in MAPPING.reads.items() if name != "Lead"},
        {"Contact": MAPPING.writes["Contact"]},
    )
    crm.add("Contact", {"Country": "PL"})
    second = opened(config(tmp_path, {"crm": maker(crm)}, mapping=contacts))
    report = second.cycle().connections["crm"]
    assert (report.error, report.written) == (None, 1)
    assert open_writes(second) == 0


def test_an_open_write_of_a_connection_that_is_gone_is_given_up(tmp_path: Path, crm: Crm, opened: Open) -> None:
    crm.faults = ["before"]
    first = opened(config(tmp_path, {"old": maker(crm)}))
    first.cycle()
    assert open_writes(first) == 3
    first.close()

    second = opened(config(tmp_path, {"new": maker(crm)}))
    second.cycle()
    assert open_writes(second) == 0
    assert scores(crm) == [10, 10, 0]


def test_a_connection_that_cannot_be_opened_misses_nothing(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    first = opened(config(tmp_path, {"crm": maker(crm)}))
    crm.add("Call", {"When": clock.now().isoformat()}, Lead=("L0",))
    first.cycle()
    before = scores(crm)
    first.close()

    def without_a_secret(*_: object, **__: object) -> Connection:
        raise AuthLost("no token")

    clock.pass_(timedelta(days=7))
    second = opened(config(tmp_path, {"crm": without_a_secret}))
    assert second.cycle().connections["crm"].error is not None
    assert second.cycle().connections["crm"].error is not None
    assert scores(crm) == before
    second.close()

    opened(config(tmp_path, {"crm": maker(crm)})).cycle()
    assert scores(crm) != before


def test_a_connection_that_is_down_holds_up_no_other(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    dead = Crm(clock)
    dead.add("Lead", {"Country": "PL"})
    up = threading.Event()

    class Dead(Connection):
        def changes(self, *given: Any) -> Iterator[Page]:
            if not up.is_set():
                raise Transient("no answer")
            return super().changes(*given)

        def backfill(self, *given: Any) -> Iterator[Page]:
            if not up.is_set():
                raise Transient("no answer")
            return super().backfill(*given)

    leadsync = opened(config(tmp_path, {"dead": lambda *_, **__: Dead(dead), "crm": maker(crm)}))
    report = leadsync.cycle().connections
    assert (report["dead"].error is not None, report["crm"].error, report["crm"].written) == (True, None, 3)
    up.set()
    report = leadsync.cycle().connections
    assert (report["dead"].error, report["dead"].written) == (None, 1)


def test_an_edit_between_a_write_and_its_confirmation_is_not_taken_for_ours(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    """The rep's edit is younger than the write and older than the moment at which its answer is stored."""

    class Quick(Connection):
        def write(self, writes: Any) -> Any:
            results = super().write(writes)
            for op in writes:
                crm.edit(op.object, op.id, Score=99)
            return results

    found = config(tmp_path, {"crm": lambda *_, **__: Quick(crm)})
    leadsync = opened(found)
    leadsync.cycle()
    leadsync.close()
    assert scores(crm) == [99, 99, 99]

    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    for _ in range(3):
        clock.pass_(2 * SETTLE)
        leadsync.cycle()
    assert scores(crm) == [10, 10, 0]


def test_a_connection_that_is_not_live_is_only_shown(tmp_path: Path, crm: Crm, opened: Open) -> None:
    before = crm.held(ours=True)
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}, live=False))
    report = leadsync.cycle()

    assert crm.held(ours=True) == before
    assert (report.connections["crm"].planned, report.connections["crm"].written) == (3, 0)
    assert {sample.id for sample in report.samples} == {"L0", "L1", "L2"}


def test_changed_rules_apply_to_every_lead(tmp_path: Path, crm: Crm, opened: Open) -> None:
    found = config(tmp_path, {"crm": maker(crm)})
    opened(found).cycle()
    opened_again = opened(scored_by(found, SCORING[SCORING.index("engagement") :]))
    opened_again.cycle()
    assert scores(crm) == [0, 0, 0]


def test_a_page_that_was_not_taken_in_is_never_overtaken(tmp_path: Path) -> None:
    """While stopping, a page may be dropped; one after it, whose cursor covers both, must then be dropped too."""
    stopping, out = threading.Event(), queue.Queue[Any](maxsize=1)
    clock = Clock()
    crm = Crm(clock)
    connection = config(tmp_path, {"crm": crm}).connections["crm"]
    worker = Worker(connection, Connection(crm), clock, logging.getLogger("test"), out, stopping, Budget({}), {})
    stopping.set()
    out.put("in the way")
    page = Page("Lead", (), clock.now())
    worker.emit(PageRead("crm", page, {"head_at": 1}))
    out.get()
    worker.emit(PageRead("crm", page, {"head_at": 2}))
    assert out.empty()


def test_stopping_does_not_wait_for_a_call_that_hangs(tmp_path: Path, crm: Crm, clock: Clock) -> None:
    hanging, released = threading.Event(), threading.Event()

    class Slow(Connection):
        def write(self, writes: Any) -> Any:
            hanging.set()
            released.wait(60)
            return super().write(writes)

    leadsync = coordinator(config(tmp_path, {"crm": lambda *_, **__: Slow(crm)}), clock)
    working = threading.Thread(target=leadsync.cycle)
    working.start()
    assert hanging.wait(20)
    leadsync.stopping.set()
    working.join(20)
    assert not working.is_alive()
    leadsync.close(patience=0.2)
    released.set()

    again = coordinator(config(tmp_path, {"crm": maker(crm)}), clock)
    again.cycle()
    assert scores(crm) == [10, 10, 0]
    again.close()
