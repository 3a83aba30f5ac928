"""`leadsync erase` against real sandboxes: no byte of the person is left, nothing brings it back, the CRMs keep it."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from doors import Background, Folder, NewFolder, Sandbox, connection

MAIL, PHONE = "canary.mail@erased-firm.com", "+48 601 234 567"
NAMES = ["Canaryname", "قناری‌زاده", "Канарейкина", "Hoàng-Yến-Ạ", "Kanarkówna-Żółć"]
NOTES = [f"Chirping about {name} & 17 pumps" for name in NAMES]
CANARIES = [MAIL, "canary.mail", PHONE, PHONE.replace(" ", ""), "601234567", *NAMES, *NOTES]
NOW = datetime.now(UTC)


def found_in(data: bytes) -> list[str]:
    """The canaries that stand there as they are, as JSON or a URL would have them, in any case."""
    folded = data.decode("utf-8", "replace").casefold()
    escaped = {canary: json.dumps(canary)[1:-1].casefold() for canary in CANARIES}
    return [c for c, e in escaped.items() if c.casefold() in folded or e in folded or e.replace("\\", "\\\\") in folded]


class Scene:
    """One person in two CRMs and a folder of files, with everything that leadsync reads of people."""

    def __init__(self, path: Path, hubspot: Sandbox, salesforce: Sandbox) -> None:
        self.hubspot, self.salesforce = hubspot, salesforce
        (path / "files").mkdir()
        self.folder = Folder(path, {crm.type: connection(crm) for crm in (hubspot, salesforce)})
        self.folder.connections["list"] = {"type": "files", "folder": "files"}
        self.folder.write()
        self.said = b""
        self.contact = self.person(NAMES[0], NAMES[1])
        self.other = hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": {"email": "kept@elsewhere.com"}})[
            "id"
        ]
        self.call([self.contact], NOTES[0])
        self.call([self.contact, self.other], NOTES[1])
        self.lead = self.sf_lead(Email=MAIL.upper(), LastName=NAMES[2], Phone=PHONE)
        salesforce.create("Task", WhoId=self.lead, Subject=NOTES[2], Status="Completed", CallType="Inbound")
        self.file(("7", MAIL.title(), NAMES[4]), ("8", "kept@list.com", "Kept"))

    def person(self, first: str, last: str) -> str:
        properties = {"email": MAIL, "firstname": first, "lastname": last, "phone": PHONE, "jobtitle": NOTES[3],
                      "company": "Firm of " + NAMES[0]}  # fmt: skip
        return str(self.hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": properties})["id"])

    def sf_lead(self, **values: str) -> str:
        return self.salesforce.create("Lead", Company="Firm", **values)

    def call(self, contacts: list[str], title: str) -> None:
        properties = {"hs_timestamp": NOW.isoformat(), "hs_call_direction": "INBOUND", "hs_call_title": title}
        made = self.hubspot.ask("POST", "/crm/v3/objects/calls", {"properties": properties})["id"]
        for contact in contacts:
            self.hubspot.ask("PUT", f"/crm/v4/objects/calls/{made}/associations/default/contacts/{contact}")

    def file(self, *rows: tuple[str, str, str]) -> None:
        with (self.folder.path / "files" / "leads.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("id", "email", "last_name"), *rows])
        with (self.folder.path / "files" / "activities.csv").open("w", encoding="utf-8", newline="") as file:
            lines = [
                (f"a{id_}", id_, "visit", (NOW - timedelta(days=1)).isoformat(), NOTES[4]) for id_, _, _ in rows[:1]
            ]
            csv.writer(file).writerows([("id", "lead", "kind", "at", "detail"), *lines])

    def run(self, *arguments: str, code: int) -> str:
        done = self.folder.run(*arguments)
        assert done.code == code, done.out + done.err
        self.said += (done.out + done.err).encode()
        return done.out

    def bytes(self) -> bytes:
        """Every file in the folder but those of the admin."""
        files = [
            path for path in self.folder.path.rglob("*") if path.is_file() and path.suffix not in (".csv", ".yaml")
        ]
        return b"".join(path.read_bytes() for path in files)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Sandbox("hubspot", "--leads", "20") as hubspot, Sandbox("salesforce", "--leads", "20") as salesforce:
        yield Scene(tmp_path, hubspot, salesforce)


@pytest.mark.concept(66)
@pytest.mark.slow
def test_a_person_of_three_connections_is_erased_and_does_not_come_back(scene: Scene) -> None:
    scene.run("sync", "--allow", "--json", code=0)
    scene.hubspot.edit(scene.contact, lastname=NAMES[3], jobtitle="director " + NOTES[2])
    scene.run("sync", "--allow", "--json", code=0)
    assert {*found_in(scene.bytes())} >= {MAIL, PHONE, *NAMES, *NOTES}
    leads = json.loads(scene.run("status", "--json", code=0))["leads"]
    scene.said = b""

    shown = scene.run("erase", MAIL, code=2)
    assert f"hubspot/contacts/{scene.contact}: company, email, firstname" in shown
    assert f"salesforce/Lead/{scene.lead}: " in shown
    assert "list/leads/7: email, last_name" in shown
    assert "3 records, 4 activities" in shown
    assert "delete them there" in shown
    assert "add --yes" in shown
    assert found_in(scene.bytes())

    body = json.loads(scene.run("erase", MAIL, "--yes", "--json", code=0))
    assert body["erased"]
    refs = {("hubspot", "contacts", scene.contact), ("salesforce", "Lead", scene.lead), ("list", "leads", "7")}
    assert {(r["connection"], r["object"], r["id"]) for r in body["records"]} == refs
    assert found_in(scene.bytes()) == []
    assert scene.hubspot.contact(scene.contact, "email")["email"] == MAIL
    assert json.loads(scene.run("status", "--json", code=0))["leads"] == leads - 3

    scene.hubspot.edit(scene.contact, jobtitle="owner " + NOTES[0])
    scene.salesforce.change("Lead", scene.lead, Title=NOTES[2])
    scene.call([scene.contact, scene.other], NOTES[3])
    scene.call([scene.contact], NOTES[3])
    again = scene.sf_lead(Email=MAIL, LastName=NAMES[1])
    scene.salesforce.create("Task", WhoId=again, Subject=NOTES[1], Status="Completed", CallType="Inbound")
    scene.file(("9", f" {MAIL.upper()}", NAMES[2]), ("10", "fresh@list.com", "Fresh"))
    for changed in (False, True):
        if changed:  # a field that is new is read for every row from the start
            scene.folder.file(
                "mappings/hubspot.yaml", {"use": "hubspot", "read": {"contacts": {"language": "hs_language"}}}
            )
        scene.run("sync", "--allow", "--json", code=0)
        assert found_in(scene.bytes()) == []
        status = json.loads(scene.run("status", "--json", code=0))
        assert (status["leads"], status["not_taken_in"]) == (leads - 3 + 1, 4)
        [erasure] = status["erasures"]
        assert erasure["records"] == body["records"]
    assert "4 rows were not taken in" in scene.run("status", code=0)
    assert found_in(scene.said) == []

    listed = f"id,email,phone\na,{MAIL.replace('@', '+x@')},\nb,,{PHONE}\nc,else@firm.com,\n"
    (scene.folder.path / "list.csv").write_text(listed, "utf-8")
    judged = scene.folder.run("check", "--list", "list.csv").out.splitlines()
    assert judged == ["id,result,reason", "a,refuse,erased", "b,refuse,erased", "c,ok,"]

    gone = scene.folder.run("erase", MAIL)
    assert gone.code == 64
    assert "no lead has this e-mail, id or URL" in gone.err


def test_while_another_leadsync_runs_nobody_is_erased(folder: NewFolder, hubspot: Sandbox) -> None:
    here = folder(hubspot)
    with Background("run", "--allow", cwd=here.path) as service:
        service.lines(1)
        done = here.run("erase", "anybody@example.com", "--yes")
    assert done.code == 75
    assert "another leadsync" in done.err
    assert "stop it first" in done.err


def test_without_a_store_there_is_nobody(folder: NewFolder, hubspot: Sandbox) -> None:
    done = folder(hubspot).run("erase", "anybody@example.com")
    assert done.code == 78
    assert "there is no store" in done.err
