"""Records out of scope and leads that are never touched, with a CRM in this process."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fake_crm import MAPPING, Clock, Crm, Open, config, held, maker, rows

from leadsync import catalog
from leadsync.config.document import Document
from leadsync.config.load import Config
from leadsync.config.routing import Routing
from leadsync.core.assign import RepRule
from leadsync.core.condition_parser import parse
from leadsync.core.conditions import Condition
from leadsync.core.mapping import CrmMapping, Kind
from leadsync.core.write_field import WriteField
from leadsync.store import runs, schema
from leadsync.sync import planning
from leadsync.sync.cycle import Coordinator
from leadsync.types import FieldSchema

FIELDS = {name: word.type for name, word in catalog.FIELDS.items()}


def cond(text: str) -> Condition:
    return parse(text, fields=FIELDS, activities=catalog.ACTIVITIES)


@pytest.fixture
def crm(clock: Clock) -> Crm:
    found = Crm(clock)
    for email in ("ann@a.example", "qa@test.example", "bob@b.example"):
        found.add("Lead", {"Email": email, "Country": "PL"})
    return found


def scoped(folder: Path, crm: Crm, scope: str) -> Config:
    lead = dataclasses.replace(MAPPING.reads["Lead"], scope=cond(scope))
    mapping = CrmMapping({**MAPPING.reads, "Lead": lead}, MAPPING.writes)
    return config(folder, {"crm": maker(crm)}, mapping=mapping)


def shunning(folder: Path, crm: Crm, never: str) -> Config:
    found = config(folder, {"crm": maker(crm)})
    said = {"leadsync": Document(folder / "leadsync.yaml", {"never": never})}
    return dataclasses.replace(found, never=cond(never), documents=said)


def temperatures(leadsync: Coordinator, clock: Clock) -> Mapping[str, int]:
    with leadsync.store.reading() as db:
        found: Mapping[str, int] = runs.summary(db, clock.now())["temperatures"]
        return found


def whys(leadsync: Coordinator) -> dict[str, int]:
    leadsync.read()
    body: dict[str, Any] = planning.plan(leadsync).body()
    leadsync.end_cycle()
    return {h["why"]: h["count"] for h in body["held_back"] if h["field"] == "Score"}


def test_a_row_out_of_scope_is_read_and_never_written_until_it_comes_back(
    tmp_path: Path, crm: Crm, opened: Open, clock: Clock
) -> None:
    leadsync = opened(scoped(tmp_path, crm, "not email contains test.example"))
    leadsync.cycle()
    assert held(crm, "Score") == [10, None, 10]
    assert temperatures(leadsync, clock) == {"cold": 2}
    assert whys(leadsync) == {"scope": 1}

    crm.edit("Lead", "L1", Email="qa@real.example")
    crm.edit("Lead", "L0", Email="ann@test.example", Country="DE")
    leadsync.cycle()
    assert held(crm, "Score") == [10, 10, 10]
    assert temperatures(leadsync, clock) == {"cold": 2}


def test_a_lead_that_is_left_alone_is_done_with(tmp_path: Path, crm: Crm, opened: Open, clock: Clock) -> None:
    leadsync = opened(scoped(tmp_path, crm, "email contains nobody"))
    leadsync.cycle()
    clock.pass_(timedelta(days=40))
    report = leadsync.cycle().connections["crm"]
    assert (report.evaluated, report.due, crm.writes) == (0, 0, [])
    assert not rows(leadsync, sa.select(schema.dirty))


def test_what_is_out_of_scope_says_nothing_of_its_lead(tmp_path: Path, crm: Crm, opened: Open) -> None:
    """A lead row that became a contact is no part of the lead's facts, and its own object alone has the scope."""
    to = crm.add("Contact", {"Email": "qa@test.example", "Title": "clerk"})
    leadsync = opened(scoped(tmp_path, crm, "not email contains test.example"))
    leadsync.cycle()
    crm.edit("Lead", "L1", Title="chief of all")
    crm.move("Lead", "L1", "Contact", to)
    leadsync.cycle()
    assert crm.rows["Contact"][to].fields["Score"] == 0  # neither the title nor the country of the lead row


def test_a_row_that_is_gone_keeps_no_lead_whose_live_row_is_out_of_scope(
    tmp_path: Path, crm: Crm, opened: Open, clock: Clock
) -> None:
    to = crm.add("Contact", {"Email": "ann@test.example"})
    contact = dataclasses.replace(MAPPING.reads["Contact"], scope=cond("not email contains test.example"))
    mapping = CrmMapping({**MAPPING.reads, "Contact": contact}, MAPPING.writes)
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}, mapping=mapping))
    leadsync.cycle()
    assert temperatures(leadsync, clock) == {"cold": 3}
    crm.move("Lead", "L0", "Contact", to)
    leadsync.cycle()
    assert temperatures(leadsync, clock) == {"cold": 2}
    crm.edit("Contact", to, Email="ann@a.example")
    leadsync.cycle()
    assert temperatures(leadsync, clock) == {"cold": 3}


def test_a_lead_that_is_never_touched_loses_its_result_and_its_place(
    tmp_path: Path, crm: Crm, opened: Open, clock: Clock
) -> None:
    reads = {**MAPPING.reads, "Lead": dataclasses.replace(MAPPING.reads["Lead"], owner="Heat")}
    mapping = CrmMapping(reads, {"Lead": (WriteField("Heat", "owner", "if_unowned"),)})
    eve, zoe = (RepRule(name, f"{name}@x.example") for name in ("eve", "zoe"))
    found = config(tmp_path, {"crm": maker(crm)}, mapping=mapping)
    never = cond("job_title = tester")
    leadsync = opened(dataclasses.replace(found, routing=Routing(None, (eve, zoe)), never=never))
    with leadsync.store.begin() as db:
        users = [{"id": i, "source_id": 1, "ext_id": rep.name, "name": rep.name, "email": rep.email, "kind": "person",
                  "active": True} for i, rep in enumerate((eve, zoe))]  # fmt: skip
        db.execute(sa.insert(schema.owners), users)
    leadsync.cycle()
    assert held(crm, "Heat") == ["eve", "zoe", "eve"]

    crm.edit("Lead", "L0", Title="Tester", Heat="")
    crm.add("Lead", {"Email": "new@a.example"})
    leadsync.cycle()
    assert held(crm, "Heat") == ["", "zoe", "eve", "eve"]  # the new one is of the company of one of hers
    assert temperatures(leadsync, clock) == {"cold": 3}
    crm.edit("Lead", "L0", Title="chief")
    leadsync.cycle()
    assert held(crm, "Heat") == ["eve", "zoe", "eve", "eve"]


def test_what_never_means_may_begin_and_end_by_time_alone(tmp_path: Path, crm: Crm, opened: Open, clock: Clock) -> None:
    crm.add("Call", {"When": clock.now().isoformat()}, Lead=("L1",))
    leadsync = opened(shunning(tmp_path, crm, "call_in in 5d or email contains ann and no call_in in 400d"))
    leadsync.cycle()
    assert held(crm, "Score") == [None, None, 10]
    clock.pass_(timedelta(days=4))
    assert leadsync.cycle().connections["crm"].due == 0
    clock.pass_(timedelta(days=1))
    assert leadsync.cycle().connections["crm"].due == 1
    assert held(crm, "Score") == [None, 35, 10]  # the market, and what the call is still worth


def test_never_ends_on_the_day_on_which_what_lies_ahead_brings_a_magnet(
    tmp_path: Path, crm: Crm, opened: Open, clock: Clock
) -> None:
    crm.add("Call", {"When": (clock.now() + timedelta(days=3)).isoformat()}, Lead=("L1",))
    shy = shunning(tmp_path, crm, "not magnet")
    call = dataclasses.replace(MAPPING.reads["Call"], kinds=(Kind("coupon", MAPPING.reads["Call"].kinds[0].when),))
    mapping = CrmMapping({**MAPPING.reads, "Call": call}, MAPPING.writes)
    connection = dataclasses.replace(shy.connections["crm"], mapping=mapping)
    leadsync = opened(dataclasses.replace(shy, connections={"crm": connection}))
    leadsync.cycle()
    assert held(crm, "Score") == [None] * 3
    clock.pass_(timedelta(days=3))
    leadsync.cycle()
    assert held(crm, "Score") == [None, 10, None]


def test_a_scored_lead_is_left_alone_from_the_day_on_which_never_begins(
    tmp_path: Path, crm: Crm, opened: Open, clock: Clock
) -> None:
    crm.add("Call", {"When": clock.now().isoformat()}, Lead=("L1",))
    leadsync = opened(shunning(tmp_path, crm, "no call_in in 5d and country = PL"))
    leadsync.cycle()
    score = held(crm, "Score")[1]
    assert held(crm, "Score") == [None, score, None]
    clock.pass_(timedelta(days=6))
    crm.writes.clear()
    leadsync.cycle()
    assert (held(crm, "Score")[1], crm.writes) == (score, [])
    assert temperatures(leadsync, clock) == {}


def test_one_lead_is_told_why_nothing_is_written(tmp_path: Path, crm: Crm, opened: Open, clock: Clock) -> None:
    leadsync = opened(shunning(tmp_path, crm, "email in [qa@test.example]"))
    leadsync.cycle()
    assert whys(leadsync) == {"never": 1}
    (lead,) = planning.foresee(
        leadsync.store, leadsync.evaluator(), clock, clock.now(), wanted=planning.find(leadsync.store, "L1")
    )
    body = planning.lead_body(lead, leadsync.config)
    assert body["result"] == {}
    assert [w["why"] for r in body["records"] for w in r["writes"]] == ["never"] * 3
    assert "`never:`" in body["records"][0]["writes"][0]["means"]


def test_a_change_of_the_files_takes_leads_away_and_brings_them_back(
    tmp_path: Path, crm: Crm, opened: Open, clock: Clock
) -> None:
    for never, scored in (("email contains nobody", 3), ("country = PL", 0), ("email contains nobody", 3)):
        leadsync = opened(shunning(tmp_path, crm, never))
        leadsync.cycle()
        assert sum(temperatures(leadsync, clock).values()) == scored
        leadsync.close()


@pytest.mark.parametrize(("in_files", "in_crm"), [("pl", None), ("", "pl_PL"), ("pl", "ru")])
def test_facts_and_owners_languages_are_written(
    tmp_path: Path, crm: Crm, opened: Open, in_files: str, in_crm: str | None
) -> None:
    """A normalised field goes back where it is empty; the line and the temperature speak the owner's language."""
    lead = dataclasses.replace(MAPPING.reads["Lead"], owner="Owner")
    writes = (
        WriteField("Land", "country", "if_empty"), WriteField("Score", "score", format="{} pts", least=5),
        WriteField("Heat", "temperature", language="owner"), WriteField("Why", "reasons", language="fa"),
    )  # fmt: skip
    for name in ("Owner", "Land"):
        crm.columns["Lead"][name] = FieldSchema(name, "text")
    crm.edit("Lead", "L1", Land="Polska")
    crm.edit("Lead", "L2", Owner="eve")
    found = config(tmp_path, {"crm": maker(crm)}, mapping=CrmMapping({**MAPPING.reads, "Lead": lead}, {"Lead": writes}))
    eve = RepRule("eve", "eve@x.example", language=in_files)
    leadsync = opened(dataclasses.replace(found, routing=Routing(cond("country = DE"), (eve,))))
    with leadsync.store.begin() as db:
        row = {"id": 1, "source_id": 1, "ext_id": "eve", "name": "", "email": eve.email, "kind": "person",
               "active": True, "language": in_crm}  # fmt: skip
        db.execute(sa.insert(schema.owners), [row])
    leadsync.cycle()
    assert held(crm, "Land") == ["PL", "Polska", "PL"]
    assert held(crm, "Score") == ["10 pts"] * 3
    assert held(crm, "Heat") == ["cold", "cold", "zimny"]
    assert all("سرد" in str(line) for line in held(crm, "Why"))
    crm.writes.clear()
    leadsync.cycle()
    leadsync.read()
    assert planning.plan(leadsync).fields == {}
    assert not crm.writes
