"""Changes of the files that come while earlier ones are still being taken up, or that take back what one had said."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fake_crm import Clock, Crm, Open, held, rows
from test_machine_adopt import FILES, Change, account, installation, put

from leadsync.store import schema
from leadsync.sync.cycle import Coordinator

ASKED = [put("write", "Lead", name, {"value": "stage", "policy": "if_empty"}) for name in ("Other", "When")]
OFF = put("live", False)  # so that nothing stands in a field but what the CRM's users wrote


@pytest.fixture
def crm(clock: Clock) -> Crm:
    found = account(clock)
    found.columns["Lead"]["When"] = found.columns["Call"]["When"]
    return found


def cycled(opened: Open, folder: Path, crm: Crm, *changes: Change) -> Coordinator:
    """A process that lives for two cycles."""
    leadsync = opened(installation(folder, {"crm": crm}, *changes))
    leadsync.cycle()
    leadsync.cycle()
    leadsync.close()
    return leadsync


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
        ([put("scoring", FILES["scoring"].replace("20", str(points))) for points in (21, 22, 23)], 6),
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
