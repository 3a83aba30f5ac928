"""One person in two CRMs, in several scripts: one lead, with one score on all its rows, whoever knows what of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from doors import Folder, Sandbox, connection

PEOPLE = {  # in HubSpot: given, family, e-mail, phone; in Salesforce: the same of the same person
    "ru": (("Сергей", "Кузнецов", "kuz@zavod.example", ""), ("Sergey", "Kuznetsov", "Kuz@zavod.example", "")),
    "fa": (("محمد", "کریمی", "", "+98 912 123 4567"), ("محمد", "كريمي", "", "۰۰۹۸۹۱۲۱۲۳۴۵۶۷")),
    "pl": (("Łukasz", "Żółkiewski", "", "+48 601 100 200"), ("Lukasz", "Zolkiewski", "", "0048601100200")),
    "vi": (("Nguyễn", "Thị Hương", "", "+84 91 234 5678"), ("Nguyen", "Thi Huong", "", "+84912345678")),
    "en": (("Robert", "Harrison", "bob@mill.example", ""), ("Bob", "Harrison", "BOB+fair@mill.example", "")),
}  # fmt: skip
SCORING = {"engagement": {"rules": {"called": {"points": 30, "per": "call_in", "label": "called us"}}}}
World = tuple[Sandbox, Sandbox, Folder, dict[str, tuple[str, str]]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both CRMs after a cycle, and the ids of each person in them. Each called us in one of the two."""
    path = tmp_path_factory.mktemp("twice")
    with Sandbox("hubspot", "--leads", "6") as hubspot, Sandbox("salesforce", "--leads", "6") as salesforce:
        ids = {}
        for name, ((first, last, email, phone), (given, family, mail, number)) in PEOPLE.items():
            properties = {"firstname": first, "lastname": last, "email": email, "phone": phone}
            made = hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": properties})["id"]
            values = {"FirstName": given, "LastName": family, "Email": mail, "Phone": number, "Company": "—"}
            ids[name] = made, salesforce.create("Lead", **{k: v for k, v in values.items() if v})
            at = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            hubspot.log("calls", made, hs_timestamp=at, hs_call_direction="INBOUND", hs_call_status="COMPLETED")
        folder = Folder(path, {crm.type: connection(crm) for crm in (hubspot, salesforce)})
        folder.file("scoring.yaml", SCORING)
        folder.sync()
        yield hubspot, salesforce, folder, ids


@pytest.mark.concept(85)
@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_in_two_crms_has_one_score_on_both_rows_whatever_the_script(world: World, name: str) -> None:
    hubspot, salesforce, folder, ids = world
    contact, lead = ids[name]
    here = hubspot.contact(contact, "leadsync_score", "leadsync_duplicates")
    (there,) = salesforce.query(f"SELECT Leadsync_Score__c, Leadsync_Duplicates__c FROM Lead WHERE Id = '{lead}'")
    assert (here["leadsync_score"], there["Leadsync_Score__c"]) == ("30", 30)
    assert (
        here["leadsync_duplicates"]
        == there["Leadsync_Duplicates__c"]
        == f"hubspot contacts {contact}, salesforce Lead {lead}"
    )
    (told,) = folder.run("explain", lead, "--json").json["leads"]
    assert {row["id"] for row in told["records"]} == {contact, lead}
    *parts, total = [row for row in told["one_lead"] if row["bits"]]
    assert sum(float(row["bits"]) for row in parts) == pytest.approx(float(total["bits"]))
    assert float(total["bits"]) >= 3


def test_nobody_else_has_duplicates_and_what_was_linked_can_be_taken_apart(tmp_path: Path) -> None:
    with Sandbox("hubspot", "--leads", "2") as hubspot, Sandbox("salesforce", "--leads", "2") as salesforce:
        said = {"firstname": "Ann", "lastname": "Smith", "email": "ann.smith@acme.example", "phone": "+48601234567",
                "jobtitle": "CEO"}  # fmt: skip
        contact = hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": said})["id"]
        named_too = {"FirstName": "Ann", "LastName": "Smith", "Email": "ann.smith@acme.example", "Company": "—"}
        lead = salesforce.create("Lead", **named_too, Title="Managing Director")
        folder = Folder(tmp_path, {crm.type: connection(crm) for crm in (hubspot, salesforce)})
        folder.file("matching.yaml", {"survive": {"job_title": "longest"}})
        folder.sync()

        def titles() -> set[tuple[str, str, str]]:
            told = folder.run("explain", "ann.smith@acme.example", "--json").json["leads"]
            return {(f["value"], f["record"], f["how"]) for each in told for f in each["facts"]
                    if f["fact"] == "job_title"}  # fmt: skip

        here, there = f"hubspot contacts {contact}", f"salesforce Lead {lead}"
        assert titles() == {("Managing Director", there, "said, by the rule longest")}

        def named() -> list[str]:
            rows = hubspot.contacts("leadsync_duplicates")
            return [id_ for id_, row in rows.items() if row["leadsync_duplicates"]]

        assert contact in named()
        both = (f"hubspot/contacts/{contact}", f"salesforce/Lead/{lead}")
        done = folder.run("undo", *both)
        assert (done.code, done.err) == (0, "")
        folder.sync()
        assert contact not in named()
        assert titles() == {("CEO", here, "said"), ("Managing Director", there, "said")}
        [decided] = [each for each in folder.run("review", "--all", "--json").json["items"] if each["decision"]]
        assert decided["id"] < 0  # nothing had asked for this decision
        assert folder.run("undo", str(decided["id"])).code == 0
        folder.sync()
        assert contact in named()
        assert folder.run("match", "--calibrate", "--json").json["drawn"] >= 1
        asked = (folder.path / "calibration.csv").read_text("utf-8")
        assert f"hubspot/contacts/{contact}" in asked
        answered = asked.replace("\n,hubspot", "\nsame,hubspot").replace("\n,salesforce", "\nsame,salesforce")
        (folder.path / "calibration.csv").write_text(answered, "utf-8")
        assert folder.run("match", "--calibrate", "--json").json["precision"]["share"] == 1
        for wrong in ((*both, "x"), ("hubspot/contacts/0", both[1]), ("77",)):
            assert folder.run("undo", *wrong).code == 64
