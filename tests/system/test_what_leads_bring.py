"""What a lead brings, what follows from it, and who is kept away from sales, seen in the CRM."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from doors import Folder, Sandbox, connection

APPLICANT, BUYER, THIN, WALK_IN, COLLEAGUE = "101", "102", "103", "104", "105"
COLUMNS = ("Id", "email", "firstname", "lastname", "jobtitle", "phone", "company", "country", "createdate")
PEOPLE: dict[str, dict[str, str]] = {
    APPLICANT: {"email": "eve@mail.example", "firstname": "Eve", "jobtitle": "Job seeker"},
    BUYER: {"email": "Jan.Kowalski@Firma.EXAMPLE", "firstname": "Jan", "lastname": "Kowalski",
            "jobtitle": "Dyrektor zakupów", "phone": "601 234 567", "company": "Firma sp. z o.o.", "country": "Polska"},
    THIN: {"email": "x17@mail.example"},
    WALK_IN: {"phone": "+48 601 234 568"},
    COLLEAGUE: {"email": "ann@ours.example", "firstname": "Ann"},
}  # fmt: skip
PROPERTIES = {"class_of_lead": "string", "known_items": "number", "to_ask": "string", "how_sure": "string",
              "channel_of_lead": "string", "first_step": "string", "came_from": "string"}  # fmt: skip
MAPPING = {
    "use": "hubspot",
    "read": {"contacts": {"source": "came_from"}},
    "write": {
        "contacts": {
            "class_of_lead": {"value": "class", "policy": "always"}, "to_ask": "ask_for", "how_sure": "data",
            "known_items": {"value": "completeness", "policy": "always"}, "channel_of_lead": "channel",
            "first_step": "initiative",
        }
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Folder]]:
    with synced(tmp_path_factory.mktemp("scene")) as found:
        yield found


@contextmanager
def synced(path: Path) -> Iterator[tuple[Sandbox, Folder]]:
    """Five people in a HubSpot account, synced once; everybody who may have an owner gets the one rep."""
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    with (path / "people.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows({"Id": id_, "createdate": created} | values for id_, values in PEOPLE.items())
    with Sandbox("hubspot", "--load", str(path / "people.csv")) as crm:
        for name, type_ in PROPERTIES.items():
            kind = {"name": name, "label": name, "groupName": "contactinformation", "type": type_}
            field = {"fieldType": "text" if type_ == "string" else "number"}
            crm.ask("POST", "/crm/v3/properties/contacts", kind | field)
        crm.edit(BUYER, came_from="polecenie klienta")
        firm = {"name": "FIRMA", "domain": "www.firma.example", "numberofemployees": "120"}
        crm.ask("POST", "/crm/v3/objects/companies", {"properties": firm})  # which nobody has linked
        crm.log(
            "calls", THIN, hs_timestamp=created, hs_call_direction="INBOUND", hs_call_title="How much is the press?"
        )
        owner = crm.ask("GET", "/crm/v3/owners", limit="100")["results"][0]["email"]
        folder = Folder(path, {"hubspot": connection(crm)}, {"home": {"country": "PL"}})
        folder.file("mappings/hubspot.yaml", MAPPING)
        folder.file("classes.yaml", {"use": "default", "own": ["ours.example"]})
        folder.file("facts.yaml", {"complete": ["name", "email", "company", "job_title", "phone", "country"]})
        folder.file("routing.yaml", {"reps": {"rep": {"email": owner}}})
        report = folder.sync()["hubspot"]
        assert (report["error"], report["evaluated"], report["written"]) == (None, 5, 5)
        yield crm, folder


def seen(crm: Sandbox, id_: str) -> dict[str, str]:
    return crm.contact(id_, "leadsync_score", "leadsync_temperature", "leadsync_reasons", "lifecyclestage",
                       "hubspot_owner_id", *PROPERTIES)  # fmt: skip


def facts(folder: Folder, lead: str) -> dict[str, object]:
    found: dict[str, object] = folder.run("plan", "--lead", lead, "--json").json["leads"][0]["facts"]
    return found


@pytest.mark.concept(48)
def test_an_applicant_is_told_as_one_and_kept_away_from_sales(scene: tuple[Sandbox, Folder]) -> None:
    row = seen(scene[0], APPLICANT)
    assert (row["class_of_lead"], row["leadsync_score"], row["leadsync_temperature"]) == ("applicant", "0", "cold")
    assert row["leadsync_reasons"].startswith("job applicant: ")
    assert not row["hubspot_owner_id"]
    assert seen(scene[0], COLLEAGUE)["class_of_lead"] == "internal"
    buyer = seen(scene[0], BUYER)
    assert buyer["class_of_lead"] == "buyer"
    assert buyer["hubspot_owner_id"]
    assert int(buyer["leadsync_score"]) > 0


@pytest.mark.concept(49)
def test_too_little_data_is_said_and_no_low_score(scene: tuple[Sandbox, Folder]) -> None:
    thin, buyer = seen(scene[0], THIN), seen(scene[0], BUYER)
    assert (thin["how_sure"], buyer["how_sure"]) == ("not enough", "enough")
    assert "not enough data" in thin["leadsync_reasons"]
    assert "not enough data" not in buyer["leadsync_reasons"]


@pytest.mark.concept(50, 51)
def test_the_six_items_are_counted_and_the_one_worth_asking_for_is_named(scene: tuple[Sandbox, Folder]) -> None:
    buyer, thin = seen(scene[0], BUYER), seen(scene[0], THIN)
    assert (buyer["known_items"], thin["known_items"]) == ("6", "1")
    assert not buyer["to_ask"]
    assert thin["to_ask"] == "company"  # on which most points of the shipped rules hang


@pytest.mark.concept(52)
def test_data_are_normalised_before_they_are_scored(scene: tuple[Sandbox, Folder]) -> None:
    found = facts(scene[1], "jan.kowalski@firma.example")
    assert {"email": "jan.kowalski@firma.example", "phone": "+48601234567", "country": "PL", "name": "Jan Kowalski",
            "seniority": "director", "department": "procurement", "mailbox": "work", "phone_line": "mobile",
            "time_zone": "Europe/Warsaw", "language": "pl"}.items() <= found.items()  # fmt: skip


def test_a_company_that_nobody_linked_is_known_by_its_domain(scene: tuple[Sandbox, Folder]) -> None:
    found = facts(scene[1], "jan.kowalski@firma.example")
    assert (found["domain"], found["employees"]) == ("firma.example", 120)


@pytest.mark.concept(57, 64)
def test_free_text_becomes_a_channel_and_tells_who_started(scene: tuple[Sandbox, Folder]) -> None:
    row = seen(scene[0], BUYER)
    assert (row["channel_of_lead"], row["first_step"]) == ("referral", "third_party")


def test_a_phone_alone_is_enough_to_be_a_lead(scene: tuple[Sandbox, Folder]) -> None:
    row = seen(scene[0], WALK_IN)
    assert (row["class_of_lead"], row["known_items"]) == ("buyer", "2")  # the country follows from the number


def test_changed_tables_and_classes_are_taken_up(tmp_path: Path) -> None:
    with synced(tmp_path) as (crm, folder):
        folder.file("classes.yaml", {"use": "default"})
        folder.file("facts.yaml", {"sources": {"event": ["polecenie klienta"]}})
        crm.edit(BUYER, channel_of_lead="")
        folder.sync()
        assert (seen(crm, COLLEAGUE)["class_of_lead"], seen(crm, BUYER)["channel_of_lead"]) == ("buyer", "event")
