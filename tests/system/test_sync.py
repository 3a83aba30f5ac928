"""`leadsync sync` against both CRMs: what it plans, what it writes, what it asks, and what it leaves alone."""

import re
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from doors import Folder, NewFolder, Sandbox, connection

POLLED = 10  # a request for each of HubSpot's mapped objects, and in a new process one for owners who left
SCORED = ("leadsync_score", "leadsync_temperature", "leadsync_reasons")
OWNED = (
    "SELECT Id, OwnerId, SystemModstamp, Leadsync_Score__c, Leadsync_Duplicates__c FROM Lead WHERE IsConverted = false"
)


@pytest.fixture(scope="module")
def clerks(hubspot: Sandbox, salesforce: Sandbox) -> tuple[str, str]:
    """A contact and a Lead whose scores are far from both ends."""
    person = {"email": "clerk@new.example", "phone": "+48 22 555 0101", "company": "New Ltd"}
    contact = hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": {**person, "jobtitle": "clerk"}})["id"]
    other = {"Email": "agent@other.example", "Phone": "+48 22 555 0202", "Company": "Other Ltd"}
    return contact, salesforce.create("Lead", LastName="Agent", Title="clerk", **other)


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory, hubspot: Sandbox, salesforce: Sandbox, clerks: tuple[str, str]
) -> Folder:
    """A folder that is live, and has written all it has to."""
    time.sleep(1.1)  # Salesforce's stamps are whole seconds: it shows a change from the next one on
    folder = Folder(tmp_path_factory.mktemp("kept"), {crm.type: connection(crm) for crm in (hubspot, salesforce)})
    folder.settle()
    return folder


def scores(hubspot: Sandbox, salesforce: Sandbox, clerks: tuple[str, str]) -> tuple[int, int]:
    contact = hubspot.contact(clerks[0], "leadsync_score")
    (lead,) = salesforce.query(f"SELECT Leadsync_Score__c FROM Lead WHERE Id = '{clerks[1]}'")
    return int(contact["leadsync_score"]), int(lead["Leadsync_Score__c"])


def stamps(hubspot: Sandbox, salesforce: Sandbox) -> dict[str, str]:
    """When each lead last changed."""
    found = {id_: row["stamp"] for id_, row in hubspot.contacts().items()}
    for obj in ("Lead", "Contact"):
        found |= {row["Id"]: row["SystemModstamp"] for row in salesforce.query(f"SELECT Id, SystemModstamp FROM {obj}")}
    return found


def assert_told_truly(score: object, temperature: object, reasons: object) -> None:
    """The three results of one lead fit each other: the reasons name both and add up."""
    points = int(float(str(score)))
    assert 0 <= points <= 100
    assert temperature in ("hot", "warm", "cold")
    head, *lines = str(reasons).split(". Next: ")[0].split(" · ")
    assert head.startswith(f"{points} ")
    assert head.endswith((f" {temperature}", " not enough data")), reasons
    told = [re.search(r" ([+−±])(\d+)(?: \(|$)", line) for line in lines]
    assert all(told), reasons
    assert sum(int(part[2]) * (-1 if part[1] == "−" else 1) for part in told if part) == points, reasons
    assert len(lines) <= 4


def test_nothing_is_written_until_live_and_then_every_lead(tmp_path: Path):
    with Sandbox("hubspot", "--leads", "40") as hubspot, Sandbox("salesforce", "--leads", "40") as salesforce:
        folder = Folder(tmp_path, {crm.type: connection(crm, live=False) for crm in (hubspot, salesforce)})
        before = stamps(hubspot, salesforce)
        shown = folder.run("sync")
        assert shown.code == 0
        assert "live: false" in shown.out
        assert re.search(r"hubspot contacts \d+  leadsync_score: — → \d+", shown.out)
        assert re.search(r"salesforce Lead \w+  Leadsync_Score__c: — → \d+", shown.out)
        again = folder.sync()
        assert [c["written"] + c["rejected"] for c in again.values()] == [0, 0]
        assert stamps(hubspot, salesforce) == before

        folder.live(True)
        first = folder.sync()
        contacts = hubspot.contacts(*SCORED, "leadsync_duplicates")
        assert first["hubspot"]["written"] == len(contacts) == 40
        # one lead may be several records, which all name the same ones
        people_there = {row["leadsync_duplicates"] or id_ for id_, row in contacts.items()}
        assert first["hubspot"]["evaluated"] == len(people_there)
        people = [
            row
            for obj, live in (("Lead", " WHERE IsConverted = false"), ("Contact", ""))
            for row in salesforce.query(
                f"SELECT Leadsync_Score__c, Leadsync_Temperature__c, Leadsync_Reasons__c FROM {obj}{live}"
            )
        ]
        assert first["salesforce"]["written"] == len(people) >= first["salesforce"]["evaluated"] > 0
        assert [c["rejected"] for c in first.values()] == [0, 0]
        for row in contacts.values():
            assert_told_truly(*(row[name] for name in SCORED))
        for row in people:
            assert_told_truly(*(row[f"Leadsync_{n}__c"] for n in ("Score", "Temperature", "Reasons")))

        time.sleep(1.1)
        echo = folder.sync()
        assert [c["written"] for c in echo.values()] == [0, 0]
        asked = hubspot.calls(), salesforce.calls()
        idle = folder.sync()
        used = hubspot.calls() - asked[0], salesforce.calls() - asked[1]
        assert used[0] <= POLLED
        assert used[1] == 1
        assert (idle["hubspot"]["api_calls"], idle["salesforce"]["api_calls"]) == used
        for c in idle.values():
            assert [c[word] for word in ("pulled", "activities", "evaluated", "written", "error")] == [0, 0, 0, 0, None]


def test_a_lead_edited_by_hand_is_evaluated_alone(
    kept: Folder, clerks: tuple[str, str], hubspot: Sandbox, salesforce: Sandbox
):
    before, quiet = scores(hubspot, salesforce, clerks), stamps(hubspot, salesforce)
    hubspot.edit(clerks[0], jobtitle="manager")
    salesforce.change("Lead", clerks[1], Title="manager")
    time.sleep(1.1)
    found = kept.sync()
    for c in found.values():
        assert [c[word] for word in ("pulled", "evaluated", "written", "rejected")] == [1, 1, 1, 0]
    assert scores(hubspot, salesforce, clerks) == (before[0] + 10, before[1] + 10)
    moved = {id_ for id_, stamp in stamps(hubspot, salesforce).items() if stamp != quiet[id_]}
    assert moved == set(clerks)
    assert [c["written"] for c in kept.sync().values()] == [0, 0]


def test_activity_moves_the_score_although_the_lead_did_not_change(
    kept: Folder, clerks: tuple[str, str], hubspot: Sandbox, salesforce: Sandbox
):
    before, quiet = scores(hubspot, salesforce, clerks), stamps(hubspot, salesforce)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    hubspot.log("calls", clerks[0], hs_timestamp=now, hs_call_direction="INBOUND", hs_call_status="COMPLETED")
    salesforce.create(
        "Task", WhoId=clerks[1], Subject="Called us", Status="Completed", TaskSubtype="Call", CallType="Inbound",
        ActivityDate=now[:10],
    )  # fmt: skip
    assert stamps(hubspot, salesforce) == quiet
    time.sleep(1.1)
    found = kept.sync()
    for c in found.values():
        assert [c[word] for word in ("pulled", "activities", "evaluated", "written")] == [0, 1, 1, 1]
    after = scores(hubspot, salesforce, clerks)
    assert after == (before[0] + 12, before[1] + 12)

    hubspot.log("emails", clerks[0], hs_timestamp=now, hs_email_direction="INCOMING_EMAIL", hs_email_status="SENT")
    found = kept.sync()
    assert found["hubspot"]["activities"] == 1
    assert scores(hubspot, salesforce, clerks) == (after[0] + 12, after[1])


def owner_emails(hubspot: Sandbox) -> tuple[dict[str, str], set[str]]:
    """HubSpot's owners: id → e-mail of those who are there, and the ids of those who left."""
    there = hubspot.ask("GET", "/crm/v3/owners", limit="500")["results"]
    left = hubspot.ask("GET", "/crm/v3/owners", limit="500", archived="true")["results"]
    return {row["id"]: row["email"] for row in there}, {row["id"] for row in left}


def test_an_owner_is_given_only_to_what_nobody_owns(tmp_path: Path):
    with Sandbox("hubspot", "--leads", "60") as hubspot, Sandbox("salesforce", "--leads", "60") as salesforce:
        there, left = owner_emails(hubspot)
        users = {row["Id"]: row for row in salesforce.query("SELECT Id, Email, IsActive FROM User")}
        us = salesforce.ask("GET", "/services/oauth2/userinfo")["user_id"]
        emails = sorted(set(there.values()) & {u["Email"] for u in users.values() if u["IsActive"]})[:2]
        folder = Folder(tmp_path, {crm.type: connection(crm) for crm in (hubspot, salesforce)})
        folder.file("routing.yaml", {"reps": {f"rep{i}": {"email": email} for i, email in enumerate(emails)}})

        contacts = {id_: row["hubspot_owner_id"] or "" for id_, row in hubspot.contacts("hubspot_owner_id").items()}
        leads = {row["Id"]: row["OwnerId"] for row in salesforce.query(OWNED)}
        nobody = {id_ for id_, owner in contacts.items() if owner not in there}
        idle = {id_ for id_, o in leads.items() if o not in users or o == us or not users[o]["IsActive"]}
        kinds = {"queue": 0, "us": 0, "left": 0} | Counter(
            "us" if leads[id_] == us else "left" if leads[id_] in users else "queue" for id_ in idle
        )
        assert all(kinds.values()), kinds
        assert {"", *left} & {contacts[id_] for id_ in nobody} > {""}, "nobody in the sandbox has left"
        assert set(contacts) - nobody
        assert set(leads) - idle

        folder.settle()
        after = {id_: row["hubspot_owner_id"] for id_, row in hubspot.contacts("hubspot_owner_id").items()}
        assert {id_: after[id_] for id_ in contacts if id_ not in nobody} == {
            id_: owner for id_, owner in contacts.items() if id_ not in nobody
        }
        owned = {row["Id"]: row["OwnerId"] for row in salesforce.query(OWNED)}
        assert {id_: owned[id_] for id_ in leads if id_ not in idle} == {
            id_: owner for id_, owner in leads.items() if id_ not in idle
        }
        both = hubspot.contacts("leadsync_duplicates")  # whoever is owned in the other CRM is so here
        more = {"associations": "contacts", "properties": "hs_is_closed"}
        deals = hubspot.ask("GET", "/crm/v3/objects/deals", limit="100", **more)["results"]
        ended = {  # those who were lost go to nobody, nor do customers without rules of their own
            c["id"]
            for deal in deals if deal["properties"]["hs_is_closed"] == "true"
            for c in deal.get("associations", {}).get("contacts", {}).get("results", ())
        }  # fmt: skip
        nobody = {id_ for id_ in nobody - ended if not both[id_]["leadsync_duplicates"]}
        idle -= {row["Id"] for row in salesforce.query(OWNED) if row["Leadsync_Duplicates__c"]}
        given = Counter(there[after[id_]] for id_ in nobody) + Counter(users[owned[id_]]["Email"] for id_ in idle)
        assert set(given) == set(emails)

        # who takes a lead by hand keeps it
        taken, other = min(nobody), next(id_ for id_, email in there.items() if email not in emails)
        hubspot.edit(taken, hubspot_owner_id=other)
        folder.settle()
        assert hubspot.contact(taken, "hubspot_owner_id")["hubspot_owner_id"] == other


def test_a_changed_rule_concerns_every_lead(folder: NewFolder, hubspot: Sandbox, salesforce: Sandbox):
    here = folder(hubspot, salesforce, live=False)
    first = here.sync()
    here.sync()  # asks, once, what the CRMs remember of the past
    asked = hubspot.calls(), salesforce.calls()
    rules: dict[str, Any] = {"use": "b2b", "fit": {"rules": {"reachable": {"points": 1, "when": "email or phone"}}}}
    here.file("scoring.yaml", rules)
    found = here.sync()
    for name, c in found.items():
        assert c["evaluated"] == first[name]["evaluated"] > 0
        assert c["pulled"] == 0
    # the CRMs are not read again for it, nor described
    assert hubspot.calls() - asked[0] <= POLLED
    assert salesforce.calls() - asked[1] <= 1


def test_a_field_that_is_added_is_read_from_every_lead(kept: Folder, clerks: tuple[str, str], hubspot: Sandbox):
    hubspot.edit(clerks[0], annualrevenue="50000")
    assert kept.sync()["hubspot"]["pulled"] == 0  # nothing that is mapped has changed
    before = int(hubspot.contact(clerks[0], "leadsync_score")["leadsync_score"])
    kept.file("mappings/hubspot.yaml", "use: hubspot\nread:\n  contacts:\n    budget: annualrevenue\n")
    found = kept.sync()
    assert found["hubspot"]["pulled"] == len(hubspot.contacts())
    assert int(hubspot.contact(clerks[0], "leadsync_score")["leadsync_score"]) == before + 7


def test_a_merge_in_the_crm_counts_nobodys_visits_twice(tmp_path: Path) -> None:
    people = "Id,email,hs_analytics_num_visits\n101,a@x.example,2\n102,b@x.example,3\n"
    (tmp_path / "people.csv").write_text(people)
    with Sandbox("hubspot", "--load", str(tmp_path / "people.csv")) as crm:
        folder = Folder(tmp_path, {"hubspot": connection(crm)})
        folder.file("scoring.yaml", {"engagement": {"rules": {"visits": {"points": 5, "per": "visit"}}}})
        folder.sync()
        assert crm.contact("102", "leadsync_score")["leadsync_score"] == "15"
        pair = {"primaryObjectId": "101", "objectIdToMerge": "102"}
        merged = crm.ask("POST", "/crm/v3/objects/contacts/merge", pair)["id"]
        folder.settle()
        row = crm.contact(merged, "leadsync_score", "hs_analytics_num_visits")
        assert row["leadsync_score"] == str(5 * int(row["hs_analytics_num_visits"]))
        assert folder.run("status", "--json").json["leads"] == 1
