"""Rows of one person become one in HubSpot, where the files say so, and Salesforce's are suggested to its users."""

from pathlib import Path
from typing import Any

from doors import Folder, Sandbox, connection

SURVIVE = {"job_title": "longest"}
NAMES = ("firstname", "lastname", "jobtitle", "phone", "leadsync_score", "leadsync_duplicates")


def twins(hubspot: Sandbox, **more: str) -> list[str]:
    """Two rows of one person: the first has a telephone, the second more to say."""
    ann = {"firstname": "Ann", "lastname": "Smithson", "phone": "+48601234567"}
    said = (
        {"jobtitle": "CEO", "email": "ann.smithson@acme.example", **more},
        {"jobtitle": "Chief Executive Officer", "city": "Warsaw", "country": "Poland", "company": "Acme", **more},
    )
    return [hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": {**ann, **each}})["id"] for each in said]


def made(path: Path, *crms: Sandbox) -> Folder:
    folder = Folder(path, {crm.type: connection(crm) for crm in crms})
    folder.file("matching.yaml", {"merge": [*folder.connections], "survive": SURVIVE})
    return folder


def merged(folder: Folder) -> dict[str, Any]:
    """What came of the merges of a plan that somebody has looked at."""
    assert folder.run("plan", "--out", "plan.json").code == 2
    done = folder.run("sync", "--apply", "plan.json", "--json")
    assert done.code in (0, 2, 69), done.out + done.err
    found: dict[str, Any] = done.json["cycles"][0]["connections"]["hubspot"]
    return found


def test_a_plan_tells_a_merge_whole_and_it_is_carried_out_by_that_alone(tmp_path: Path) -> None:
    with Sandbox("hubspot", "--leads", "2") as hubspot:
        folder = made(tmp_path, hubspot)
        folder.sync()
        first, second = twins(hubspot)
        plan = folder.run("plan", "--json")
        assert plan.code == 2, plan.err
        [merge] = plan.json["merges"]
        assert (merge["id"], merge["into"], merge["calls"], merge["undo"]) == (first, second, 3, False)
        assert (merge["fields"], merge["lost"]) == ({}, {"jobtitle": "CEO"})
        assert f"{second} stays and takes in {first}" in folder.run("plan").out
        folder.settle()
        assert len(hubspot.contacts("email")) == 4
        assert merged(folder)["merged"] == 1
        row = hubspot.contact(second, *NAMES, "email", "city")
        assert row == hubspot.contact(first, *NAMES, "email", "city")
        assert (row["jobtitle"], row["email"], row["city"]) == (
            "Chief Executive Officer", "ann.smithson@acme.example", "Warsaw",
        )  # fmt: skip
        folder.settle()
        assert (row := hubspot.contact(second, *NAMES))["leadsync_score"]
        assert not row["leadsync_duplicates"]
        [told] = folder.run("explain", "ann.smithson@acme.example", "--json").json["leads"]
        assert [each["state"] for each in told["records"]].count("there") == 1
        refused = folder.run("undo", f"hubspot/contacts/{first}", f"hubspot/contacts/{second}")
        assert refused.code == 64
        assert "no CRM undoes that" in refused.err
        assert f"hubspot/contacts/{first} held" in refused.err
        assert folder.run("plan", "--json").json["merges"] == []


def test_chosen_values_are_written_to_what_the_two_became(tmp_path: Path) -> None:
    with Sandbox("hubspot", "--leads", "2") as hubspot:
        folder = made(tmp_path, hubspot)
        first, second = twins(hubspot, hs_language="pl")
        hubspot.edit(second, jobtitle="Boss")
        folder.file("matching.yaml", {"merge": ["hubspot"], "survive": {"job_title": "oldest"}})
        merged(folder)
        row = hubspot.contact(second, *NAMES)
        assert row["jobtitle"] == "CEO"
        assert hubspot.contact(first, "jobtitle")["jobtitle"] == "CEO"


def test_nothing_is_merged_without_a_plan_and_what_could_be_is_shown(tmp_path: Path) -> None:
    with Sandbox("hubspot", "--leads", "2") as hubspot:
        folder = made(tmp_path, hubspot)
        folder.sync()
        twins(hubspot)
        for allowed in ((), ("--allow",)):
            done = folder.run("sync", *allowed, "--json").json
            assert done["cycles"][0]["connections"]["hubspot"]["merged"] == 0
            assert len(hubspot.contacts("email")) == 4
            if not allowed:
                assert "(merged into)" in {name for sample in done["samples"] for name in sample["fields"]}
        folder.live(False)
        assert merged(folder)["merged"] == 0
        folder.live(True)
        assert merged(folder)["merged"] == 1


def test_a_merge_that_hubspot_refuses_is_not_tried_again(tmp_path: Path) -> None:
    with Sandbox("hubspot", "--leads", "2", *faults(tmp_path, "fault: 400, times: 0")) as hubspot:
        folder = made(tmp_path, hubspot)
        twins(hubspot)
        assert [merged(folder)["rejected"], folder.sync()["hubspot"]["rejected"]] == [1, 0]
        assert folder.run("plan", "--json").json["merges"] == []
        assert len(hubspot.contacts("email")) == 4


def test_salesforce_users_are_told_which_row_stays_and_what_it_is_to_say(tmp_path: Path) -> None:
    with Sandbox("salesforce", "--leads", "2") as salesforce:
        ann = {
            "FirstName": "Ann",
            "LastName": "Smithson",
            "Email": "ann.smithson@acme.example",
            "Phone": "+48601234567",
        }
        first = salesforce.create("Lead", **ann, Title="CEO", City="Warsaw", Company="Acme")
        second = salesforce.create("Lead", **ann, Title="Chief Executive Officer", Company="Acme")
        folder = made(tmp_path, salesforce)
        folder.sync()
        rows = salesforce.query(f"SELECT Leadsync_Duplicates__c FROM Lead WHERE Id IN ('{first}', '{second}')")
        told = {row["Leadsync_Duplicates__c"] for row in rows}
        assert told == {
            f"salesforce Lead {first}, salesforce Lead {second}; "
            f"salesforce Lead {first} ← {second}: Title = Chief Executive Officer"
        }
        assert folder.run("plan", "--json").json["merges"] == []


def faults(path: Path, *rules: str) -> tuple[str, str]:
    told = (f"{{call: 'POST /crm/*/contacts*/merge', {rule}}}" for rule in rules)
    (path / "faults.yaml").write_text(f"[{', '.join(told)}]")
    return "--faults", str(path / "faults.yaml")


def test_what_came_of_a_merge_without_an_answer_is_found_out(tmp_path: Path) -> None:
    rules = faults(tmp_path, "fault: cut", "fault: lost")
    with Sandbox("hubspot", "--leads", "2", *rules) as hubspot:
        folder = made(tmp_path, hubspot)
        twins(hubspot)
        told = [merged(folder), folder.sync()["hubspot"], merged(folder), folder.sync()["hubspot"]]
        assert [each["merged"] for each in told] == [0, 0, 0, 1]
        assert len(hubspot.contacts("email")) == 3
