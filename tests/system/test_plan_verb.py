"""`leadsync plan` and `sync --apply` against both CRMs: what is shown is what is written, and nothing else ever is."""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from doors import Folder, Sandbox, connection

from leadsync.store.database import open_store

OURS = {
    "hubspot": ("leadsync_score", "leadsync_temperature", "leadsync_reasons", "leadsync_duplicates",
                "lifecyclestage", "hubspot_owner_id"),
    "salesforce": ("Leadsync_Score__c", "Leadsync_Temperature__c", "Leadsync_Reasons__c", "Leadsync_Duplicates__c",
                   "OwnerId"),
}  # fmt: skip
Values = dict[tuple[str, str, str], dict[str, str]]


@pytest.fixture(scope="module")
def crms(hubspot: Sandbox, salesforce: Sandbox) -> tuple[Sandbox, Sandbox]:
    """Both CRMs; nothing may ever be written to them."""
    return hubspot, salesforce


def held(hubspot: Sandbox, salesforce: Sandbox) -> Values:
    """All people of both CRMs with the fields that leadsync may write, as text."""
    found = {("hubspot", "contacts", id_): row for id_, row in hubspot.contacts(*OURS["hubspot"]).items()}
    for obj, live in (("Lead", " WHERE IsConverted = false"), ("Contact", "")):
        for row in salesforce.query(f"SELECT Id, {', '.join(OURS['salesforce'])} FROM {obj}{live}"):
            found["salesforce", obj, row["Id"]] = row
    return {key: {n: told(row.get(n)) for n in OURS[key[0]]} for key, row in found.items()}


def told(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else value or ""


def moved(before: Values, after: Values) -> Values:
    """The fields that differ, as they are now."""
    found = {key: {n: v for n, v in row.items() if v != before[key][n]} for key, row in after.items()}
    return {key: row for key, row in found.items() if row}


def promised(file: Path) -> Values:
    body = json.loads(file.read_text())
    return {
        (w["connection"], w["object"], w["id"]): {n: told(pair[1]) for n, pair in w["fields"].items()}
        for w in body["writes"]
    }


def reps(folder: Folder, hubspot: Sandbox, salesforce: Sandbox) -> None:
    there = {row["email"] for row in hubspot.ask("GET", "/crm/v3/owners", limit="500")["results"]}
    users = salesforce.query("SELECT Email FROM User WHERE IsActive = true")
    emails = sorted(there & {row["Email"] for row in users})[:2]
    folder.file("routing.yaml", {"reps": {f"rep{i}": {"email": email} for i, email in enumerate(emails)}})


def test_sync_writes_exactly_the_plan_and_the_next_plan_is_empty(tmp_path: Path) -> None:
    with Sandbox("hubspot", "--leads", "40") as hubspot, Sandbox("salesforce", "--leads", "40") as salesforce:
        assert_plan_and_sync_agree(tmp_path, hubspot, salesforce)


def assert_plan_and_sync_agree(tmp_path: Path, hubspot: Sandbox, salesforce: Sandbox) -> None:
    crms = hubspot, salesforce
    folder = Folder(tmp_path, {crm.type: connection(crm, live=False) for crm in crms})
    reps(folder, hubspot, salesforce)
    before = held(*crms)

    shown = folder.run("plan", "--out", "plan.json")
    assert shown.code == 2, shown.out + shown.err
    assert "live: false" in shown.out
    assert "leadsync_score" in shown.out
    plan = promised(tmp_path / "plan.json")
    assert {key[:2] for key in plan} == {("hubspot", "contacts"), ("salesforce", "Lead"), ("salesforce", "Contact")}
    assert any("OwnerId" in fields for fields in plan.values())
    assert folder.run("sync").code == 0  # shown only, as `live: false` has it: the plan outlives it
    assert promised(tmp_path / "plan.json") == plan
    assert held(*crms) == before

    folder.live(True)
    body = folder.run("plan", "--json").json
    assert {name: c["records"] for name, c in body["connections"].items()} == {
        name: sum(key[0] == name for key in plan) for name in ("hubspot", "salesforce")
    }
    done = folder.run("sync", "--apply", "plan.json")
    assert done.code == 0, done.out + done.err
    assert moved(before, held(*crms)) == plan

    time.sleep(1.1)
    empty = folder.run("plan", "--json")
    assert (empty.code, empty.json["fields"]) == (0, [])


def test_a_plan_that_holds_no_more_is_refused_whole(tmp_path: Path, crms: tuple[Sandbox, Sandbox]) -> None:
    folder = Folder(tmp_path, {crm.type: connection(crm) for crm in crms})
    assert folder.run("plan", "--out", "plan.json").code == 2
    plan = promised(tmp_path / "plan.json")
    changed = min(id_ for name, _, id_ in plan if name == "hubspot")
    crms[0].edit(changed, jobtitle="chief executive officer", email="new@chief.example", phone="+48 22 555 0101")
    before = held(*crms)
    done = folder.run("sync", "--apply", "plan.json")
    assert done.code == 3, done.out + done.err
    assert f"hubspot contacts {changed} leadsync_score: planned — → " in done.err
    assert "leadsync plan --out" in done.err
    assert held(*crms) == before

    (tmp_path / "broken.json").write_text("{}")
    assert folder.run("plan", "--out", "no/such/folder.json").code == 65
    assert folder.run("sync", "--apply", "broken.json").code == 65
    assert folder.run("sync", "--apply", "missing.json").code == 65
    assert held(*crms) == before

    folder.file("scoring.yaml", {"use": "b2b", "temperature": {"hot": 90, "warm": 80}})
    assert folder.run("plan", "--out", "plan.json").code == 2
    folder.file("scoring.yaml", {"use": "b2b", "temperature": {"hot": 2, "warm": 1}})
    told = folder.run("sync", "--apply", "plan.json")
    assert told.code == 3
    assert "the configuration has changed since" in told.err


def test_one_lead_is_told_field_by_field(tmp_path: Path, crms: tuple[Sandbox, Sandbox]) -> None:
    hubspot, _ = crms
    folder = Folder(tmp_path, {crm.type: connection(crm, live=False) for crm in crms})
    new = {
        "email": "Ann@Told.example",
        "phone": "+48 22 555 0101",
        "lifecyclestage": "opportunity",
        "country": "Atlantis",
    }
    id_ = hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": new})["id"]
    time.sleep(1.1)
    said = folder.run("plan", "--lead", "ann@told.example")
    assert said.code == 2
    (whole,) = folder.run("plan", "--lead", id_, "--json").json["leads"]
    (by_url,) = folder.run("plan", "--lead", f"https://app.hubspot.com/contacts/7/record/0-1/{id_}/", "--json").json[
        "leads"
    ]
    assert by_url["lead"] == whole["lead"]
    (record,) = whole["records"]
    assert record["fields"]["phone"] == new["phone"]
    assert whole["facts"]["email"] == "ann@told.example"
    assert record["unread"] == {"country": "country: 'Atlantis' is no country"}
    assert "  nothing of country: country: 'Atlantis' is no country" in said.out
    assert sum(part["points"] for part in whole["parts"]) == whole["result"]["score"] * 100
    why = {w["field"]: w["why"] for w in record["writes"]}
    assert why["leadsync_score"] == ""
    assert why["hubspot_owner_id"] == "no_value"
    assert f"leadsync_score would be set to {whole['result']['score']}" in said.out
    assert "lifecyclestage stays opportunity" in said.out
    assert "ann@told.example" in said.out

    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "leadsync.yaml").write_text((tmp_path / "leadsync.yaml").read_text())
    asked = hubspot.calls()
    assert folder.run("plan", "--against", ".").code == 0
    folder.file("new/scoring.yaml", {"use": "b2b", "temperature": {"hot": 2, "warm": 1}})
    tried = folder.run("plan", "--against", "new")
    assert tried.code == 2
    assert "temperature" in tried.out.splitlines()[0]
    assert hubspot.calls() == asked
    assert folder.run("plan", "--against", "nowhere").code == 65

    assert folder.run("plan", "--lead", "nobody@nowhere.example").code == 64
    assert folder.run("plan", "--lead", id_, "--out", "x.json").code == 64


def test_a_connection_that_is_down_leaves_no_plan_file(tmp_path: Path, crms: tuple[Sandbox, Sandbox]) -> None:
    folder = Folder(tmp_path, {crm.type: connection(crm) for crm in crms})
    assert folder.run("plan", "--out", "plan.json").code == 2
    before = held(*crms)
    folder.base_url("http://127.0.0.1:9", "salesforce")
    assert folder.run("plan", "--out", "second.json").code == 69
    assert not (tmp_path / "second.json").exists()
    assert folder.run("sync", "--apply", "plan.json").code == 69
    assert held(*crms) == before


def test_a_plan_waits_for_nobody_who_works_on_the_store(tmp_path: Path, crms: tuple[Sandbox, Sandbox]) -> None:
    folder = Folder(tmp_path, {"hubspot": connection(crms[0])})
    store = open_store("sqlite:///leadsync.db", tmp_path)
    store.take_lease(datetime.now(UTC))
    for verb in (["plan"], ["plan", "--lead", "x@y.example"], ["sync", "--apply", "plan.json"]):
        done = folder.run(*verb)
        assert done.code == 75
        assert f"pid {os.getpid()}" in done.err
    assert folder.run("plan", "--sample", "3").code == 2  # has a store of its own
    store.close()


def test_a_sample_is_the_people_who_changed_last_and_leaves_no_store(
    tmp_path: Path, crms: tuple[Sandbox, Sandbox]
) -> None:
    hubspot, salesforce = crms
    new = {"email": "eve@sampled.example", "phone": "+48 22 555 0102", "jobtitle": "manager"}
    id_ = hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": new})["id"]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    hubspot.log("calls", id_, hs_timestamp=now, hs_call_direction="INBOUND", hs_call_status="COMPLETED")
    lead = salesforce.create("Lead", LastName="Eve", Company="Sampled", Email=new["email"])
    time.sleep(1.1)
    folder = Folder(tmp_path, {crm.type: connection(crm) for crm in crms})
    done = folder.run("plan", "--sample", "1", "--json")
    assert done.code == 2
    assert {p.name for p in tmp_path.iterdir()} == {"leadsync.yaml"}
    body = done.json
    assert body["leads"] == 2  # a contact here and a Lead there who are one person, and a Contact there
    (score,) = [f["examples"] for f in body["fields"] if f["field"] == "leadsync_score"]
    (whole,) = folder.run("plan", "--lead", id_, "--json").json["leads"]
    assert [(e["id"], e["after"]) for e in score] == [(id_, whole["result"]["score"])]
    assert any(part["name"] == "called" for part in whole["parts"]), whole["parts"]
    assert {e["id"] for f in body["fields"] if f["object"] == "Lead" for e in f["examples"]} == {lead}
    assert "activity since" in folder.run("plan", "--sample", "5").out
