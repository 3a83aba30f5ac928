"""`leadsync init CONNECTION`: what it proposes for accounts that have grown, and that it keeps nothing of them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from doors import VARIABLES, Folder, Sandbox, connection
from toy_crm import FIELDS, MAPPING, plug_in

HOME = {"home": {"country": "PL", "currency": "EUR", "time_zone": "Europe/Warsaw"}}
MOST_CALLS = 60  # of any account: at most 13 windows and 4 pages per object of people, and a few for the rest
SURE = {
    "hubspot": {
        "contacts": {
            "budget": "annual_budget__eur", "timeline": "purchase_horizon", "authority": "decision_role",
            "need": "main_need", "consent": "rodo_zgoda", "language": "preferred_language",
            "handle": "telegram", "consent_at": "data_zgody",
        },
    },
    "salesforce": {
        "Lead": {
            "budget": "Annual_Budget_Eur__c", "timeline": "Purchase_Horizon__c", "authority": "Decision_Role__c",
            "need": "Main_Need__c", "consent": "Rodo_Zgoda__c", "language": "Preferred_Language__c",
            "handle": "Telegram__c", "consent_at": "Data_Zgody__c",
        },
        "Contact": {
            "authority": "Decision_Role__c", "consent": "Rodo_Zgoda__c", "language": "Preferred_Language__c",
            "handle": "Telegram__c", "consent_at": "Data_Zgody__c",
        },
    },
}  # fmt: skip


def uncommented(text: str) -> tuple[str, dict[str, str]]:
    """The file with every entry that was left for a person, and the fields to declare for them."""
    declared = dict(re.findall(r"# fields: \{(\w+): (\w+)\}", text))
    return re.sub(r"^    # ", "    ", text, flags=re.MULTILINE), declared


def live(text: str, obj: str) -> dict[str, str]:
    """Word → the rest of its line, of an object's live entries."""
    (section,) = re.findall(rf"^  {obj}:\n((?:    .*\n)*)", text.split("\nwrite:")[0], re.MULTILINE)
    return dict(re.findall(r"^    (\w+): (.*)$", section, re.MULTILINE))


@pytest.fixture(scope="module", params=["hubspot", "salesforce"])
def crm(request: pytest.FixtureRequest) -> Any:
    with Sandbox(request.param, "--leads", "300", "--custom") as crm:
        yield crm


def test_a_grown_account_gets_a_mapping_that_fits(tmp_path: Path, crm: Sandbox):
    here = Folder(tmp_path, {crm.type: connection(crm, live=False)}, dict(HOME))
    before = crm.calls()
    done = here.run("init", crm.type)
    calls = crm.calls() - before
    assert done.code == 0, done.err
    assert f"{calls} requests made" in done.out
    assert 0 < calls <= MOST_CALLS
    file = tmp_path / "mappings" / f"{crm.type}.yaml"
    text = file.read_text("utf-8")
    for obj, words in SURE[crm.type].items():
        found = live(text, obj)
        assert {word: source for word, source in words.items() if source not in found.get(word, "")} == {}
        assert set(found) == {"role", *words}
        assert all("filled" in found[word] for word in words)
    for arguments in (("--offline",), ()):
        assert here.run("check", *arguments).code == 0
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or path.name in ("leadsync.yaml", file.name), path

    whole, declared = uncommented(text)
    assert len(declared) >= 25
    file.write_text(whole, "utf-8")
    here.more["fields"] = declared
    here.write()
    for arguments in (("--offline",), ()):
        after = here.run("check", *arguments)
        assert after.code == 0, after.out


def test_nothing_personal_stands_in_it(tmp_path: Path, crm: Sandbox):
    here = Folder(tmp_path, {crm.type: connection(crm, live=False)})
    assert here.run("init", crm.type).code == 0
    text = (tmp_path / "mappings" / f"{crm.type}.yaml").read_text("utf-8")
    if crm.type == "hubspot":
        names = ("email", "phone", "lastname", "zalo", "telegram", "linkedin", "nr_klienta", "tarikh_tavallod")
        held = [row[name] for row in crm.contacts(*names).values() for name in names]
    else:
        names = ("Email", "Phone", "LastName", "Zalo__c", "Telegram__c", "Linkedin__c", "Nr_Klienta__c")
        held = [row[name] for row in crm.query(f"SELECT {', '.join(names)} FROM Lead") for name in names]
    shown = re.findall(r"e\.g\. (.*)$", text, re.MULTILINE)
    assert len(shown) > 15
    assert len([value for value in held if value]) > 300
    told = {part.strip() for examples in shown for part in examples.split(",")}
    assert not told & {value for value in held if value}
    assert "@" not in "".join(shown)


def test_a_mapping_that_is_there_stays_and_what_it_feeds_is_no_news(tmp_path: Path, crm: Sandbox):
    here = Folder(tmp_path, {crm.type: connection(crm, live=False)}, dict(HOME))
    obj, words = next(iter(SURE[crm.type].items()))
    mine = f"use: {crm.type}\nread:\n  {obj}:\n    need: {words['need']}\n"
    here.file(f"mappings/{crm.type}.yaml", mine)
    for again in (False, True):
        done = here.run("init", crm.type)
        assert done.code == 0, done.err
        assert ("in place of the former one" in done.out) is again
        assert "kept" in done.out
    assert (tmp_path / "mappings" / f"{crm.type}.yaml").read_text() == mine
    text = (tmp_path / "mappings" / f"{crm.type}.proposed.yaml").read_text("utf-8")
    assert set(live(text, obj)) == {"role", *words} - {"need"}
    assert f"from: {words['need']}" not in text
    assert f": {words['need']} " not in text
    assert "write:" not in text
    assert here.run("check", "--offline").code == 0


def test_it_tells_machines_the_same(tmp_path: Path, crm: Sandbox):
    here = Folder(tmp_path, {crm.type: connection(crm, live=False)}, dict(HOME))
    done = here.run("init", crm.type, "--json")
    (found,) = done.json["proposals"]
    assert found["connection"] == crm.type
    assert found["kept"] is None
    assert Path(found["file"]).is_file()
    first = found["objects"][0]
    assert first["object"] == next(iter(SURE[crm.type]))
    assert first["custom"] >= 40
    assert first["rows"] == 200
    assert first["proposed"] == 8
    assert first["left"] >= 30


def test_a_field_of_ones_own_that_is_declared_is_fed(tmp_path: Path, crm: Sandbox):
    declared = {"fields": {"segment": "text", "do_not_call": "bool"}}
    here = Folder(tmp_path, {crm.type: connection(crm, live=False)}, {**HOME, **declared})
    done = here.run("init", crm.type)
    assert done.code == 0, done.err
    obj, words = next(iter(SURE[crm.type].items()))
    found = live((tmp_path / "mappings" / f"{crm.type}.yaml").read_text("utf-8"), obj)
    assert set(found) == {"role", *words, *declared["fields"]}
    assert here.run("check").code == 0


def test_columns_of_files_that_no_mapping_names(tmp_path: Path):
    (tmp_path / "data").mkdir()
    rows = "\n".join(f"{n},p{n}@example.com,{n} 000 zł,tak,{n % 2},gold" for n in range(1, 9))
    head = "id,email,Budżet projektu,Zgoda marketingowa,Czy klient: stary?,Poziom\n"
    (tmp_path / "data/leads.csv").write_text(head + rows + "\n", "utf-8")
    home = {"home": {"currency": "PLN"}}
    here = Folder(tmp_path, {"lists": {"type": "files", "folder": "data"}}, home)
    done = here.run("init", "lists")
    assert done.code == 0, done.err
    text = (tmp_path / "mappings/lists.yaml").read_text("utf-8")
    assert "\nuse: files\n" in text
    found = live(text, "leads")
    assert found["budget"].startswith("{from: [budget, budżet projektu], as: money}")
    assert found["consent"].startswith("{from: [consent, zgoda marketingowa], map: {tak: granted}}")
    assert '# czy_klient_stary: "czy klient: stary?"  # fields: {czy_klient_stary: bool}' in text
    assert "# poziom: poziom  # fields: {poziom: text}; text, filled 100 %\n" in text
    assert here.run("check").code == 0


def test_first_files_then_the_mapping(tmp_path: Path, crm: Sandbox):
    here = Folder(tmp_path, {})
    (tmp_path / "leadsync.yaml").unlink()
    first = here.run("init", crm.type)
    assert first.code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["leadsync.yaml"]
    assert "leadsync init CONNECTION" in first.out
    written = (tmp_path / "leadsync.yaml").read_text()
    assert f"  {crm.type}:" in written


def test_what_can_go_wrong(tmp_path: Path):
    here = Folder(tmp_path, {"crm": {"type": "hubspot", "token": {"env": VARIABLES["hubspot"]}}})
    here.base_url("http://127.0.0.1:9", "crm")
    unknown = here.run("init", "hubspot")
    assert unknown.code == 64
    assert "there are crm" in unknown.err
    away = here.run("init", "crm")
    assert away.code == 69
    assert not (tmp_path / "mappings").exists()
    bare = here.run("init")
    assert bare.code == 65
    assert "leadsync init CONNECTION" in bare.err
    here.file("mappings/crm.yaml", "use: hubspot\nraed: {}\n")
    broken = here.run("init", "crm")
    assert broken.code == 65
    assert "mappings/crm.yaml:2:1" in broken.err


def test_an_object_that_the_login_may_not_see_is_told(tmp_path: Path):
    (tmp_path / "site").mkdir()
    (tmp_path / "here").mkdir()
    site, account = plug_in(tmp_path / "site"), tmp_path / "here/toy.json"
    here = Folder(tmp_path / "here", {"crm": {"type": "toy", "account": str(account)}})
    here.file("mappings/crm.yaml", MAPPING)
    account.write_text(json.dumps({"objects": {"people": FIELDS, "firms": {}}, "forbidden": ["people"]}))
    assert here.run("init", "crm", PYTHONPATH=site).code == 69


def test_nothing_is_put_in_force_that_nobody_has_looked_over(tmp_path: Path, crm: Sandbox):
    here = Folder(tmp_path, {crm.type: connection(crm, live=True)}, dict(HOME))
    done = here.run("init", crm.type)
    assert done.code == 0, done.err
    assert "is live: look it over" in done.out
    assert [path.name for path in (tmp_path / "mappings").iterdir()] == [f"{crm.type}.proposed.yaml"]
    (tmp_path / "mappings" / f"{crm.type}.proposed.yaml").rename(tmp_path / "mappings" / f"{crm.type}.yaml")
    assert here.run("check").code == 0
