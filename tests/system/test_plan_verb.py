"""`leadsync plan` and `sync --apply` against both CRMs: what is shown is what is written, and nothing else ever is."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doors import TOKENS, Folder, NewFolder, Sandbox, connection

OURS = {
    "hubspot": ("leadsync_score", "leadsync_temperature", "leadsync_reasons", "lifecyclestage", "hubspot_owner_id"),
    "salesforce": ("Leadsync_Score__c", "Leadsync_Temperature__c", "Leadsync_Reasons__c", "OwnerId"),
}
Values = dict[tuple[str, str, str], dict[str, str]]


@pytest.fixture
def crms() -> Iterator[tuple[Sandbox, Sandbox]]:
    with Sandbox("hubspot", "--leads", "40") as hubspot, Sandbox("salesforce", "--leads", "40") as salesforce:
        yield hubspot, salesforce


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


def test_sync_writes_exactly_the_plan_and_the_next_plan_is_empty(tmp_path: Path, crms: tuple[Sandbox, Sandbox]):
    hubspot, salesforce = crms
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
