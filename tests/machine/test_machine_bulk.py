"""Many writes at once travel in a job of the CRM."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fake_crm import Clock, Connection, Crm, Open, config, held, rows

from leadsync.errors import Transient
from leadsync.store import schema
from leadsync.types import (
    Capabilities,
    WriteOp,
    WriteResult,
    WriteStatus,
)

MINUTES, HOURS, DAY = timedelta(minutes=6), timedelta(hours=1), timedelta(days=1, minutes=1)


@pytest.fixture
def crm(clock: Clock) -> Crm:
    found = Crm(clock)
    for country in ("PL", "VN", "DE", "PL"):
        found.add("Lead", {"Country": country, "Email": "a@example.com"})
    return found


# many writes at once


class Bulky(Connection):
    """A CRM with bulk jobs: a job takes two looks before it has results. `dies` is raised after that step."""

    capabilities = Capabilities(Connection.capabilities.objects, 3, timedelta(minutes=5), bulk_from=5)
    jobs: dict[str, Any] = {}  # noqa: RUF012
    dies = ""

    def bulk_open(self, obj: str, fields: Sequence[str]) -> str:
        self.jobs[name := f"job{len(self.jobs)}"] = None
        return name

    def bulk_send(self, job: str, writes: Sequence[WriteOp]) -> None:
        if self.dies == "before":
            raise Transient("the network broke before the upload")
        assert self.jobs[job] is None, "nothing is uploaded twice"
        self.jobs[job] = [3, list(super().write(writes))]
        if self.dies == "after":
            raise Transient("the network broke after the upload")

    def bulk_results(self, job: str, writes: Sequence[WriteOp]) -> Sequence[WriteResult] | None:
        if self.jobs[job] is None:
            return [WriteResult(op.key, WriteStatus.RETRY) for op in writes]
        self.jobs[job][0] -= 1
        return None if self.jobs[job][0] else list(reversed(self.jobs[job][1]))


@pytest.fixture
def many(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> Crm:
    monkeypatch.setattr("leadsync.sync.bulk._LOOK_EVERY", timedelta())
    for _ in range(8):
        crm.add("Lead", {"Country": "PL"})
    return crm


@pytest.mark.parametrize("dies", ["", "before", "after"])
def test_many_writes_at_once_travel_in_a_job(tmp_path: Path, many: Crm, clock: Clock, opened: Open, dies: str) -> None:
    Bulky.jobs.clear()

    def make(settings: object, **_: object) -> Connection:
        made = Bulky(many)
        made.dies = dies
        return made

    leadsync = opened(config(tmp_path, {"crm": make}))
    leadsync.cycle()
    assert len(Bulky.jobs) == 1
    made: Any = leadsync.connections.workers["crm"].connector
    made.dies = ""
    leadsync.cycle()
    assert held(many, "Score") == [10, 10, 0, 10] + [10] * 8
    assert len(many.writes) == 12, "each write was made once"
    assert many.needless == []
    many.edit("Lead", "L2", Country="PL")
    leadsync.cycle()
    assert held(many, "Score")[2] == 10
    assert len(Bulky.jobs) <= 2, "what has just happened does not wait for a job"


def test_a_job_that_was_open_when_the_process_died_is_asked_for_its_results(
    tmp_path: Path, many: Crm, clock: Clock, opened: Open
) -> None:
    Bulky.jobs.clear()
    found = config(tmp_path, {"crm": lambda settings, **_: Bulky(many)})
    leadsync = opened(found)
    leadsync.begin_cycle()
    leadsync.poll("crm", whole=True)
    while leadsync.connections.polling:
        leadsync.take_in(0.5)
    while not Bulky.jobs.get("job0"):
        leadsync.evaluate_some()
        leadsync.take_in(0.01)
    leadsync.stopping.set()
    leadsync.close()
    again = opened(found)
    again.cycle()
    assert held(many, "Score") == [10, 10, 0, 10] + [10] * 8
    assert len(many.writes) == 12
    assert [tuple(state) for state in rows(again, sa.select(schema.writes.c.state).distinct())] == [("applied",)]
