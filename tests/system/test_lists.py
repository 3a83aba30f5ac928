"""A list that somebody bought: what waits and why, what a person decides, what is written, and a file judged alone."""

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from doors import Background, Folder, Sandbox, connection

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.lists import caught, planted, sync

NOW = datetime.now(UTC)
PROPERTIES = ("origin", "consent_text", "checked", "funnel_stage")
KNOWN, BOUGHT, TWIN, REFUSED, OLD, DENIED = "101", "102", "103", "104", "105", "106"
PEOPLE = {
    KNOWN: {"email": "ann.lee@gmail.com", "origin": "web form"},
    BOUGHT: {"email": "bea@firm.example", "origin": "purchased list"},
    TWIN: {"email": "annlee+shop@gmail.com", "origin": "kupiona baza"},
    REFUSED: {"email": "dan@firm.example", "origin": "purchased list", "consent_text": "nie"},
    OLD: {"email": "eva@firm.example", "origin": "purchased list", "checked": f"{NOW - timedelta(days=400):%Y-%m-%d}"},
    DENIED: {"email": "flo@firm.example", "origin": "web form", "consent_text": "opted out"},
}
MAPPING = {
    "use": "hubspot",
    "read": {"contacts": {"source": "origin", "consent": {"from": "consent_text", "as": "consent"},
                          "verified_at": {"from": "checked", "as": "date"}}},
    "write": {"contacts": {"funnel_stage": "stage"}},
}  # fmt: skip
STAGES = [{"name": "suspect"}, {"name": "MQL", "gate": {"ready": "score >= 10"}}]
WRITTEN = ("leadsync_score", "funnel_stage", "hubspot_owner_id")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Folder]]:
    """Six people in a HubSpot account, four of them from a list, and two lines of a folder; synced once."""
    path = tmp_path_factory.mktemp("lists")
    (path / "fair").mkdir()
    with (path / "fair" / "leads.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ("id", "email", "last_name"),
                ("1", "Bea@Firm.example", "Bea"),
                ("2", "gil@else.example", "Gil"),
                ("3", "hal@els.example", "Hal"),
            ]
        )
    with (path / "fair" / "activities.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "lead", "kind", "at"), ("a1", "3", "unsubscribe", NOW.isoformat())])
    with (path / "people.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ("Id", "email", "jobtitle", "createdate"))
        writer.writeheader()
        stamp = (NOW - timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        writer.writerows(
            {"Id": id_, "email": each["email"], "jobtitle": "Director", "createdate": stamp}
            for id_, each in PEOPLE.items()
        )
    with Sandbox("hubspot", "--load", str(path / "people.csv")) as crm:
        for name in PROPERTIES:
            kind = {"name": name, "label": name, "groupName": "contactinformation", "type": "string"}
            crm.ask("POST", "/crm/v3/properties/contacts", kind | {"fieldType": "text"})
        for id_, each in PEOPLE.items():
            crm.edit(id_, **{name: value for name, value in each.items() if name in PROPERTIES})
        owner = crm.ask("GET", "/crm/v3/owners", limit="100")["results"][0]["email"]
        folder = Folder(path, {"hubspot": connection(crm), "fair": {"type": "files", "folder": "fair"}},
                        {"every": "1s"})  # fmt: skip
        rules = {"decides": {"points": 30, "when": "job_title contains [director]"}}
        folder.file("scoring.yaml", {"fit": {"rules": rules}})
        folder.file("funnel.yaml", {"stages": STAGES})
        folder.file("routing.yaml", {"reps": {"rep": {"email": owner}}})
        folder.file("mappings/hubspot.yaml", MAPPING)
        folder.sync()
        yield crm, folder


def written(crm: Sandbox, id_: str) -> tuple[str | None, str | None, bool]:
    """The score and the stage that the CRM shows, and whether anybody owns the lead."""
    row = crm.contact(id_, *WRITTEN)
    return row["leadsync_score"], row["funnel_stage"], bool(row["hubspot_owner_id"])


def waiting(folder: Folder, *options: str) -> dict[str, tuple[str, str, str]]:
    done = folder.run("review", "--json", *options)
    return {item["record"]: (item["result"], item["reason"], item["value"]) for item in done.json["items"]}


def number(folder: Folder, id_: str) -> str:
    items = folder.run("review", "--json").json["items"]
    return next(str(item["id"]) for item in items if item["record"] == f"hubspot/contacts/{id_}")


@pytest.mark.concept(60)
@pytest.mark.concept(61)
@pytest.mark.concept(63)
@pytest.mark.concept(68)
def test_leads_of_lists_wait_with_their_reason_until_a_person_decides_beside_a_running_leadsync(
    scene: tuple[Sandbox, Folder],
) -> None:
    crm, folder = scene
    day = PEOPLE[OLD]["checked"]
    assert waiting(folder) == {
        f"hubspot/contacts/{TWIN}": ("hold", "duplicate", f"hubspot/contacts/{KNOWN}"),
        f"hubspot/contacts/{REFUSED}": ("refuse", "opted_out", ""),
        f"hubspot/contacts/{OLD}": ("hold", "old", day),
        "fair/leads/1": ("hold", "duplicate", f"hubspot/contacts/{BOUGHT}"),
        "fair/leads/3": ("refuse", "opted_out", ""),
    }
    assert written(crm, KNOWN) == ("30", "MQL", True)
    for held in (TWIN, REFUSED, OLD):
        assert written(crm, held) == (None, None, False)
    told = folder.run("plan", "--lead", OLD, "--json").json["leads"][0]
    assert told["result"]["waits"] == f"the data are of {day}"
    assert {write["why"] for write in told["records"][0]["writes"]} == {"list"}
    [twin] = folder.run("explain", TWIN, "--json").json["leads"]
    assert twin["list"] == [
        {"what": "waits", "because": "is there already"},
        {"what": "is there already", "because": f"hubspot/contacts/{KNOWN}"},
    ]
    [then] = folder.run("explain", TWIN, "--as-of", datetime.now(UTC).isoformat(), "--json").json["leads"]
    assert [then[name] for name in ("list", "result", "stage")] == [twin[name] for name in ("list", "result", "stage")]

    refused = folder.run("review", "accept", number(folder, REFUSED))
    assert (refused.code, "refused by the rules (opted_out)" in refused.err) == (64, True)
    wrong = folder.run("review", "same", number(folder, REFUSED))
    assert (wrong.code, "is a lead of a list" in wrong.err, "`accept` or `reject`" in wrong.err) == (64, True, True)
    with Background("run", "--allow", cwd=folder.path) as service:
        service.lines(1)
        done = folder.run("review", "accept", number(folder, OLD), "--json")
        assert (done.code, done.json["decided"], done.json["waiting"]) == (2, 1, 2)
        assert folder.run("review", "reject", "--reason", "duplicate").code == 0
        while written(crm, OLD)[0] is None:
            service.lines(1)
    assert written(crm, OLD) == ("30", "suspect", False)
    assert written(crm, TWIN) == (None, None, False)
    decided = {item["record"]: item for item in folder.run("review", "--all", "--json").json["items"]}
    twin = decided[f"hubspot/contacts/{TWIN}"]
    assert (twin["decision"], bool(twin["decided_by"]), twin["decided_at"] > twin["found_at"]) == (
        "rejected",
        True,
        True,
    )
    said = folder.run("review", "--language", "pl").out
    assert "nie chce kontaktu (opted_out)" in said
    assert "to be decided: 0, refused by the rules: 2" in said


@pytest.mark.concept(65)
def test_a_denied_consent_stops_stage_and_owner_and_nothing_else(scene: tuple[Sandbox, Folder]) -> None:
    crm, folder = scene
    assert written(crm, DENIED) == ("30", None, False)
    told = folder.run("plan", "--lead", DENIED, "--json").json["leads"][0]
    why = {write["value"]: write["why"] for write in told["records"][0]["writes"]}
    assert (why["stage"], why["owner"]) == ("consent", "no_value")
    assert (told["facts"]["consent"], told["facts"]["consent_phone"]) == ("denied", "denied")
    [lead] = folder.run("explain", DENIED, "--json").json["leads"]
    assert [(row["to"], row["is"], row["said by"]) for row in lead["consent"]] == [
        ("any contact", "denied", f"hubspot contacts {DENIED}: denied"),
        ("email", "denied", ""), ("phone", "denied", ""),
    ]  # fmt: skip


@pytest.mark.concept(64)
def test_a_lead_of_a_list_that_gets_in_touch_itself_goes_on(scene: tuple[Sandbox, Folder]) -> None:
    crm, folder = scene
    assert written(crm, BOUGHT) == ("30", "suspect", False)
    stamp = NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    crm.log("calls", BOUGHT, hs_timestamp=stamp, hs_call_direction="INBOUND", hs_call_status="COMPLETED")
    folder.sync()
    assert written(crm, BOUGHT) == ("30", "MQL", True)


def test_whoever_is_suppressed_later_waits_from_then_on(scene: tuple[Sandbox, Folder]) -> None:
    _, folder = scene
    (folder.path / "no.txt").write_text("else.example\n", "utf-8")
    folder.file("lists.yaml", {"use": "default", "suppress": {"domains": "no.txt"}})
    folder.sync()
    assert waiting(folder)["fair/leads/2"] == ("refuse", "suppressed_domain", "else.example")
    (folder.path / "no.txt").write_text("# nobody\n", "utf-8")
    folder.sync()
    assert "fair/leads/2" not in waiting(folder)


@pytest.mark.concept(62)
def test_every_planted_row_of_a_bought_list_is_caught_by_its_reason(tmp_path: Path) -> None:
    truth = planted(tmp_path, 400)
    sync(tmp_path)
    folder = Folder(tmp_path, {"crm": {"type": "files", "folder": "crm"}})
    before = (tmp_path / "leadsync.db").read_bytes()
    done = folder.run("check", "--list", "list.csv", "--json")
    assert done.code == 0
    found = caught({row["id"]: row["reason"] for row in done.json}, truth)
    held, clean = found.pop("clean rows that are held")
    assert found
    assert not {kind: of for kind, of in found.items() if of[0] < of[1]}
    assert held <= clean * 0.005
    assert (tmp_path / "leadsync.db").read_bytes() == before
    plain = list(csv.DictReader(folder.run("check", "--list", "list.csv").out.splitlines()))
    assert plain == [{name: row[name] for name in ("id", "result", "reason")} for row in done.json]
