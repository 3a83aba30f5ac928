"""Planning with a CRM in this process: it keeps nothing, foresees what the cycle does, and what it cannot write."""

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fake_crm import MAPPING, Clock, Crm, Open, config, maker

from leadsync.config.routing import Routing
from leadsync.config.settings import BrakeShares
from leadsync.core.assign import RepRule
from leadsync.core.mapping import CrmMapping, ReadField
from leadsync.core.write_field import WriteField
from leadsync.errors import PlanOutdated, Transient
from leadsync.store import schema
from leadsync.sync import planning, routes
from leadsync.sync.against import compare
from leadsync.sync.cycle import Coordinator
from leadsync.types import FieldSchema

KEPT = (schema.results, schema.writes, schema.dirty, schema.membership, schema.leads, schema.records, schema.activities)


@pytest.fixture
def crm(clock: Clock) -> Crm:
    found = Crm(clock)
    for country in ("PL", "PL", "DE"):
        found.add("Lead", {"Country": country, "Note": "x"})
    return found


def tables(leadsync: Coordinator) -> dict[str, list[Any]]:
    with leadsync.store.begin() as db:
        return {table.name: list(db.execute(sa.select(table))) for table in KEPT}


def kept_plan(leadsync: Coordinator, folder: Path) -> Path:
    leadsync.read()
    file = folder / "plan.json"
    file.write_bytes(planning.plan(leadsync, whole=True).file())
    leadsync.end_cycle()
    return file


def test_planning_keeps_nothing_and_foresees_the_cycle(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.read()
    before = tables(leadsync)
    made = planning.plan(leadsync, whole=True)
    assert tables(leadsync) == before
    assert before["dirty"]
    assert not crm.writes

    leadsync.decide()
    done = {("crm", op.object, op.id): dict(op.fields) for op in crm.writes}
    assert {key: {n: new for n, (_, new) in fields.items()} for key, fields in made.writes.items()} == done
    assert made.stages["none"] == [3, 0]
    leadsync.read()
    assert planning.plan(leadsync).fields == {}


def test_what_is_counted(tmp_path: Path, crm: Crm, opened: Open) -> None:
    """Country is worth 20 points, silence takes 10."""
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.cycle()
    crm.edit("Lead", "L0", Country="DE")
    crm.edit("Lead", "L1", Score="")
    crm.edit("Lead", "L2", Country="VN")
    leadsync.read()
    body = planning.plan(leadsync).body()
    (score,) = [f for f in body["fields"] if f["field"] == "Score"]
    assert (score["set"], score["changed"], score["cleared"]) == (1, 2, 0)
    assert {(e["id"], e["before"], e["after"]) for e in score["examples"]} == {
        ("L0", 10, 0), ("L1", "", 10), ("L2", 0, 10)
    }  # fmt: skip
    assert [(m["before"], m["after"], m["records"][0]["id"]) for m in body["movers"]] == [
        (10, 0, "L0"), (0, 10, "L2")
    ]  # fmt: skip
    assert body["connections"] == {"crm": {"live": True, "records": 3}}
    assert body["leads"] == 3


def test_why_a_field_is_left_is_counted(tmp_path: Path, crm: Crm, opened: Open) -> None:
    once = dataclasses.replace(MAPPING.writes["Lead"][0], policy="if_empty")
    riding = dataclasses.replace(MAPPING.writes["Lead"][2], rides_with="Score")
    mapping = CrmMapping(MAPPING.reads, {"Lead": (once, WriteField("Heat", "owner"), riding)})
    crm.edit("Lead", "L0", Score="77")
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}, mapping=mapping))
    leadsync.read()
    held = {(h["field"], h["why"]): h["count"] for h in planning.plan(leadsync).body()["held_back"]}
    assert held == {("Score", "if_empty"): 1, ("Heat", "no_value"): 3, ("Why", "rides"): 1}


def test_a_connection_that_is_not_live_counts_just_the_same(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}, live=False))
    leadsync.cycle()
    leadsync.read()
    assert planning.plan(leadsync).records == {"crm": 3}
    assert not crm.writes


def test_a_plan_is_its_own_permission_at_the_brake(tmp_path: Path, crm: Crm, opened: Open) -> None:
    for _ in range(60):
        crm.add("Lead", {"Country": "PL"})
    found = dataclasses.replace(config(tmp_path, {"crm": maker(crm)}), brake=BrakeShares(share=20))
    leadsync = opened(found)
    held = leadsync.cycle().connections["crm"]
    assert (held.written, held.error.code if held.error else "") == (0, "brake")
    file = kept_plan(leadsync, tmp_path)
    assert planning.apply(leadsync, file).connections["crm"].written == 63
    leadsync.read()
    assert planning.plan(leadsync).fields == {}


def test_a_day_that_passes_may_make_a_plan_untrue(tmp_path: Path, crm: Crm, opened: Open, clock: Clock) -> None:
    crm.add("Call", {"When": clock.now().isoformat()}, Lead=("L0",))
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    file = kept_plan(leadsync, tmp_path)
    clock.pass_(timedelta(days=7))
    with pytest.raises(PlanOutdated, match=r"crm Lead L0 Score: planned — → \d+, now — → \d+"):
        planning.apply(leadsync, file)
    assert not crm.writes


def test_nothing_is_written_while_a_connection_cannot_be_read(
    tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    file = kept_plan(leadsync, tmp_path)
    monkeypatch.setattr(leadsync.connections.workers["crm"].connector, "changes", _silent)
    with pytest.raises(Transient, match="no answer"):
        planning.apply(leadsync, file)
    assert not crm.writes


def _silent(*_: object) -> Any:
    raise Transient("no answer")


def test_whose_turn_it_is_is_foreseen(tmp_path: Path, crm: Crm, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BATCH", 3)
    people = tuple(RepRule(name, f"{name}@x.example", weight) for name, weight in (("ann", 1), ("bob", 2), ("eve", 1)))
    reads = {**MAPPING.reads, "Lead": dataclasses.replace(MAPPING.reads["Lead"], owner="Heat")}
    mapping = CrmMapping(reads, {"Lead": (WriteField("Heat", "owner", "if_unowned"),)})
    found = config(tmp_path, {"crm": maker(crm)}, mapping=mapping)
    leadsync = opened(dataclasses.replace(found, routing=Routing(None, people)))
    with leadsync.store.begin() as db:
        rows = [{"id": i, "source_id": 1, "ext_id": f"U{i}", "name": rep.name, "email": rep.email, "kind": "person",
                 "active": True} for i, rep in enumerate(people)]  # fmt: skip
        db.execute(sa.insert(schema.owners), rows)
    for _ in range(8):
        crm.add("Lead", {"Country": "PL"})
    leadsync.read()
    for number in (9, 4, 1):  # what is touched first has its turn first
        crm.edit("Lead", f"L{number}", Title="chief")
    leadsync.read()
    made = planning.plan(leadsync, whole=True)
    leadsync.decide()
    given = {id_: row.fields["Heat"] for id_, row in crm.rows["Lead"].items()}
    assert {key[2]: fields["Heat"][1] for key, fields in made.writes.items()} == given
    assert {rep: gained for rep, (gained, _) in made.reps.items()} == {
        "ann@x.example": 3, "bob@x.example": 5, "eve@x.example": 3
    }  # fmt: skip


def test_other_files_are_tried_on_the_stored_leads(tmp_path: Path, crm: Crm, opened: Open) -> None:
    """The country is read from the job title: two leads leave the market, one enters it."""
    crm.edit("Lead", "L2", Title="PL", Phone="1")
    ours = config(tmp_path, {"crm": maker(crm)})
    leadsync = opened(ours)
    leadsync.cycle()
    before, crm.columns["Lead"] = tables(leadsync), {**crm.columns["Lead"], "Phone": FieldSchema("Phone", "text")}
    words = (ReadField("country", ("Title",)), ReadField("phone", ("Phone",)))
    reads = {**MAPPING.reads, "Lead": dataclasses.replace(MAPPING.reads["Lead"], fields=words)}
    connection = dataclasses.replace(ours.connections["crm"], mapping=CrmMapping(reads, MAPPING.writes))
    made = compare(leadsync, dataclasses.replace(ours, connections={"crm": connection}))

    assert made.results == {"score": 3}
    assert made.unread == [("crm", "Lead", "Phone")]
    assert made.now.records == {"crm": 0}
    assert made.then.records == {"crm": 3}
    assert {(m[2], m[3], m[4][0][2]) for m in made.then.movers} == {(10, 0, "L0"), (10, 0, "L1"), (0, 10, "L2")}
    assert tables(leadsync) == before
    same = compare(leadsync, ours)
    assert (dict(same.results), dict(same.then.fields)) == ({}, {})
