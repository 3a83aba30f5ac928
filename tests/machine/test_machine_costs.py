"""What a cycle asks of the store, counted."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fake_crm import Clock, Crm, Open, config, maker

from leadsync.sync.messages import Waiting

PEOPLE = 200


def test_people_who_cannot_be_written_now_cost_no_transaction_each_and_are_written_later(
    tmp_path: Path, clock: Clock, opened: Open
) -> None:
    crm = Crm(clock)
    for _ in range(PEOPLE):
        crm.add("Lead", {"Country": "PL"})
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.allow()
    leadsync.read()
    leadsync.connections.workers["crm"].waiting = Waiting(clock.now() + timedelta(hours=1), "no calls are left")
    begun: list[sa.Connection] = []
    sa.event.listen(leadsync.store.engine, "begin", begun.append)
    for _ in range(2):
        begun.clear()
        leadsync.begin_cycle()
        leadsync.decide()
        assert len(begun) < 20
        assert crm.writes == []
    clock.pass_(timedelta(hours=2))
    leadsync.cycle()
    assert sorted(op.id for op in crm.writes) == sorted(crm.rows["Lead"])


def test_a_cycle_costs_what_changed_not_what_is_stored(tmp_path: Path, clock: Clock, opened: Open) -> None:
    def steps(many: int) -> int:
        crm, counted = Crm(clock), [0]
        for i in range(many):
            crm.add("Lead", {"Country": "PL", "Email": f"lead@example{i}.com"})
        (tmp_path / str(many)).mkdir()
        leadsync = opened(config(tmp_path / str(many), {"crm": maker(crm)}))
        leadsync.allow()
        for _ in range(3):
            leadsync.cycle()
            clock.pass_(timedelta(minutes=10))
        assert len(crm.writes) == many

        def count() -> None:
            counted[0] += 1

        raw: Any = leadsync.store.connection.connection.driver_connection
        raw.set_progress_handler(count, 1)
        crm.edit("Lead", "L3", Title="Chief")
        leadsync.cycle()
        raw.set_progress_handler(None, 0)
        assert len(crm.writes) == many + 1
        return counted[0]

    assert steps(400) < steps(100) * 1.2
