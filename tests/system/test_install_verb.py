"""`leadsync install`: shown first, done once, looked at afterwards; what it cannot do, it tells a person how to."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from doors import Done, Folder, Sandbox, connection
from toy_crm import MAPPING, plug_in

BARE = {"mail": {}, "wish": {}, "step": {"type": "enum", "options": ["warm lead", "hot lead"]}}


class Bench:
    """A folder that is connected to a toy which lacks what leadsync writes."""

    def __init__(self, path: Path, type_: str = "toy") -> None:
        (path / "site").mkdir()
        (path / "here").mkdir()
        self.site, self.path = plug_in(path / "site"), path / "here"
        self.folder = Folder(self.path, {"crm": {"type": type_, "account": str(self.path / "toy.json")}})
        self.folder.file("mappings/crm.yaml", MAPPING)
        self.account(BARE)

    def account(self, people: dict[str, Any], **more: Any) -> None:
        self.folder.file("toy.json", json.dumps({"objects": {"people": people}} | more))

    def people(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.path / "toy.json").read_text())["objects"]["people"]
        return found

    def install(self, code: int, *arguments: str) -> dict[str, list[str]]:
        """What is said of each step, by its state."""
        done = self.run("install", "crm", "--json", *arguments)
        assert done.code == code, done.out + done.err
        assert done.json["applied"] is ("--apply" in arguments)
        states: dict[str, list[str]] = {}
        for step in done.json["steps"]:
            states.setdefault(step["state"], []).append(step["what"])
        return states

    def run(self, *arguments: str) -> Done:
        return self.folder.run(*arguments, PYTHONPATH=self.site)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_it_is_shown_then_done_and_then_there(bench: Bench):
    names = ["people.points", "people.heat", "people.why"]  # not `step`, which people have and edit
    assert bench.install(2) == {"missing": names, "by_hand": ["put them on the page"]}
    assert bench.people() == BARE
    shown = bench.run("install", "crm")
    assert shown.code == 2
    assert shown.out.endswith("Nothing was changed. To create what is missing: leadsync install crm --apply\n")

    assert bench.install(0, "--apply") == {"created": names, "by_hand": ["put them on the page"]}
    made = {name: field for name, field in bench.people().items() if name not in BARE}
    assert made == {
        "points": {"type": "number", "label": "Leadsync score", "options": []},
        "heat": {"type": "enum", "label": "Leadsync temperature", "options": ["cold", "warm", "hot"]},
        "why": {"type": "text", "label": "Leadsync reasons", "options": []},
    }
    for again in ((), ("--apply",)):
        assert bench.install(0, *again) == {"there": names, "by_hand": ["put them on the page"]}
    shown = bench.run("install", "crm")
    assert "Settings > Page > drag them there" in shown.out
    assert "--apply" not in shown.out
    assert not list(bench.path.glob("*.zip"))


def test_a_field_that_people_edit_is_made_only_where_there_is_none(bench: Bench):
    bench.account({name: field for name, field in BARE.items() if name != "step"})
    assert "people.step" in bench.install(2)["missing"]
    bench.install(0, "--apply")
    assert bench.people()["step"]["options"] == ["warm lead", "hot lead"]


def test_what_is_there_and_wrong(bench: Bench):
    bench.account(BARE | {"points": {"type": "bool"}, "step": {"type": "enum", "options": ["hot lead"]}})
    for arguments in ((), ("--apply",)):
        wrong = bench.install(1, *arguments)["wrong"]
        assert wrong == ["people.points is no number", "people.step: has no option 'warm lead'"]
    assert bench.people()["points"] == {"type": "bool"}


def test_a_login_that_may_not_create_gets_a_package(bench: Bench):
    bench.account(BARE, stubborn=True)
    bench.install(2)
    assert not list(bench.path.glob("*.zip"))
    done = bench.run("install", "crm", "--apply")
    assert done.code == 1
    package = bench.path / "crm-fields.zip"
    assert f"What is missing is in {package}" in done.out
    assert [field["name"] for field in json.loads(package.read_text())] == ["points", "heat", "why"]


def test_a_connector_that_creates_no_fields(tmp_path: Path):
    bench = Bench(tmp_path, "toy_reader")
    done = bench.run("install", "crm")
    assert done.code == 1
    for told in ("cannot create fields in crm", "people.points: number, 'Leadsync score'", "people.heat: enum"):
        assert told in done.err
    bench.folder.file("mappings/crm.yaml", MAPPING.split("write:")[0])
    done = bench.run("install", "crm")
    assert (done.code, done.err) == (0, "")
    assert "nothing that is written to this connection has to be installed" in done.out


def test_a_connection_that_is_not_there(bench: Bench):
    done = bench.run("install", "hubspot")
    assert done.code == 64
    assert "there are crm" in done.err


@pytest.mark.parametrize("type_", ["hubspot", "salesforce"])
def test_what_it_makes_is_what_the_sandboxes_have_and_what_sync_needs(tmp_path: Path, type_: str):
    with Sandbox(type_, "--leads", "20", "--bare") as bare, Sandbox(type_, "--leads", "1") as full:
        here = Folder(tmp_path, {"crm": connection(bare)})
        before = here.run("check")
        assert before.code == 65
        assert "leadsync install" in before.out
        assert here.run("install", "crm").code == 2
        done = here.run("install", "crm", "--apply")
        assert done.code == 0, done.out
        assert here.run("install", "crm").code == 0
        after = here.run("check")
        assert after.code == 0, after.out
        assert ours(bare) == ours(full)
        assert here.sync()["crm"]["written"] > 0
        found = bare.contacts("leadsync_score", "leadsync_reasons").values() if type_ == "hubspot" else ()
        assert all(row["leadsync_score"] and row["leadsync_reasons"] for row in found)


def ours(crm: Sandbox) -> dict[str, Any]:
    """Type and options of leadsync's own fields."""
    if crm.type == "hubspot":
        found = crm.ask("GET", "/crm/v3/properties/contacts")["results"]
        return {
            field["name"]: (field["type"], field["label"], [(o["value"], o["label"]) for o in field["options"]])
            for field in found
            if field["name"].startswith("leadsync_")
        }
    fields = crm.ask("GET", "/services/data/v62.0/sobjects/Lead/describe")["fields"]
    return {
        field["name"]: (
            field["type"].replace("textarea", "string"),
            [option["value"] for option in field["picklistValues"]],
        )
        for field in fields
        if re.match("leadsync_", field["name"], re.IGNORECASE)
    }
