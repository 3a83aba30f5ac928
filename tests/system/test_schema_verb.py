"""`leadsync schema`: what it prints and writes, alone, beside a configuration, and with an account's own fields."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from doors import Folder, leadsync
from jsonschema import Draft202012Validator
from toy_crm import MAPPING, plug_in

KINDS = ["leadsync", "mapping", "facts", "classes", "lists", "matching", "scoring", "funnel", "routing"]
ACCOUNT = {
    "objects": {
        "people": {
            "mail": {"label": "E-Mail-Adresse"},
            "wish": {"type": "enum", "options": ["soon", "later"]},
            "sum": {"type": "number", "calculated": True},
            "heat": {"type": "enum", "options": ["Hot", "Warm"]},
        },
        "firms": {"name": {}},
    }
}


def errors(schema: Any, text: str) -> list[str]:
    Draft202012Validator.check_schema(schema)
    return [error.json_path for error in Draft202012Validator(schema).iter_errors(yaml.safe_load(text))]


@pytest.fixture
def here(tmp_path: Path) -> Folder:
    (tmp_path / "toy.json").write_text(json.dumps(ACCOUNT))
    toy = {"type": "toy", "account": str(tmp_path / "toy.json")}
    folder = Folder(tmp_path, {"toy": toy}, {"fields": {"renewal": "date"}})
    folder.file("mappings/toy.yaml", MAPPING)
    (tmp_path / "site").mkdir()
    plug_in(tmp_path / "site")
    return folder


def test_without_a_configuration(tmp_path: Path):
    done = leadsync("schema", cwd=tmp_path)
    assert done.code == 0, done.err
    assert list(done.json) == KINDS
    one = leadsync("schema", "scoring", cwd=tmp_path)
    assert one.json == done.json["scoring"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("schema maping", "leadsync, mapping"),
        ("schema mapping --connection toy", "leave"),
        ("schema --connection x", "there is no"),
    ],
)
def test_a_wrong_line(here: Folder, line: str, said: str):
    done = here.run(*line.split(), PYTHONPATH=str(here.path / "site"))
    assert done.code == 64
    assert said in done.err


def test_it_knows_what_the_folder_declares(here: Folder):
    found = here.run("schema", PYTHONPATH=str(here.path / "site")).json
    assert errors(found["mapping"], "use: hubspot\nread: {contacts: {renewal: contract_ends}}") == []
    assert errors(found["mapping"], "use: hubspot\nread: {contacts: {renewed: contract_ends}}")
    assert errors(found["leadsync"], "connections: {toy: {type: toy, account: x}}\nprefer: [toy]") == []
    assert errors(found["leadsync"], "connections: {toy: {type: toy, account: x}}\nprefer: [tyo]")
    assert errors(found["leadsync"], "connections: {toy: {type: toy, acount: x}}")


def test_it_writes_files_and_says_what_goes_at_the_top(here: Folder):
    done = here.run("schema", "--out", "schemas", PYTHONPATH=str(here.path / "site"))
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    for kind in KINDS:
        assert json.loads((here.path / "schemas" / f"{kind}.schema.json").read_text())["type"] == "object"
        file = "mappings/CONNECTION.yaml" if kind == "mapping" else f"{kind}.yaml"
        target = lines[lines.index(file) + 1].removeprefix("# yaml-language-server: $schema=")
        assert (here.path / Path(file).parent / target).resolve().is_file()


def test_with_the_fields_of_an_account(here: Folder):
    done = here.run("schema", "--connection", "toy", "--out", ".", PYTHONPATH=str(here.path / "site"))
    assert done.code == 0, done.err
    assert "\nmappings/toy.yaml\n# yaml-language-server: $schema=../mapping-toy.schema.json" in done.out
    found = json.loads((here.path / "mapping-toy.schema.json").read_text())
    assert errors(found, MAPPING) == []  # also what `install` has yet to create
    source = found["$defs"]["people.Source"]["anyOf"][0]
    assert source["enumDescriptions"][source["enum"].index("mail")] == "E-Mail-Adresse (text)"
    for wrong in (
        "read: {people: {role: lead, email: male}}",
        "read: {people: {role: lead, email: {from: [mail, male]}}}",
        "read: {firms: {role: lead}}",
        "read: {person: {role: lead}}",
        "read: {extras: {role: activity, email: x}}",
        "write: {people: {sum: score}}",
        "write: {people: {heat: {value: temperature, map: {hot: Hat}}}}",
        "write: {firms: {name: score}}",
        "write: {people: {fresh: company_score}}",
    ):
        assert errors(found, wrong), wrong
    for right in (
        "read: {people: {role: lead, email: other.mail, need: {from: [wish, mail]}}}",
        "read: {extras: {role: activity, at: anything}}",
        "write: {people: {heat: {value: temperature, map: {hot: Hot, cold: null}}}}",
        "write: {people: {heat: null, fresh: score}}",
        "write: {firms: {name: company_score}}",
    ):
        assert errors(found, right) == [], right


def test_an_account_that_cannot_be_asked(here: Folder):
    here.file("toy.json", json.dumps(ACCOUNT | {"down": True}))
    done = here.run("schema", "--connection", "toy", PYTHONPATH=str(here.path / "site"))
    assert done.code == 69
    assert "cannot reach the toy" in done.err
