"""`leadsync check`: what it finds in files, accounts, the store and the disk, and that it changes nothing."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from doors import Done, Folder, NewFolder, Sandbox
from toy_crm import FIELDS, MAPPING, plug_in

ACCOUNT = {"objects": {"people": FIELDS, "firms": {"name": {}}, "extras": {"moment": {"type": "datetime"}}}}


class Bench:
    """A folder with one or two connections to toys."""

    def __init__(self, path: Path) -> None:
        (path / "site").mkdir()
        (path / "here").mkdir()
        self.site = plug_in(path / "site")
        self.path = path / "here"
        toy = {"type": "toy", "account": str(self.path / "toy.json")}
        self.folder = Folder(self.path, {"toy": toy})
        self.folder.file("mappings/toy.yaml", MAPPING)
        self.account()

    def account(self, **more: Any) -> None:
        self.folder.file("toy.json", json.dumps(ACCOUNT | more))

    def fields(self, obj: str, **instead: Any) -> None:
        """The account has these fields otherwise, or lacks them (`None`)."""
        found = {name: field for name, field in (ACCOUNT["objects"][obj] | instead).items() if field is not None}
        self.account(objects=ACCOUNT["objects"] | {obj: found})

    def run(self, *arguments: str, **env: str | None) -> Done:
        return self.folder.run(*arguments, PYTHONPATH=self.site, **env)

    def check(self, code: int, *arguments: str, **env: str | None) -> list[dict[str, str]]:
        """What is not ok."""
        done = self.run("check", "--json", *arguments, **env)
        assert done.code == code, done.out + done.err
        found = done.json["findings"]
        for level in ("error", "warning"):
            assert done.json[f"{level}s"] == sum(f["level"] == level for f in found)
        assert all(f["fix"] for f in found if f["level"] != "ok" and f["group"] != "files"), found
        return [f for f in found if f["level"] != "ok"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def everything(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_an_account_and_files_in_order(bench: Bench):
    before = everything(bench.path)
    done = bench.run("check")
    assert done.code == 0, done.out
    assert done.out.endswith("errors: 0, warnings: 0, requests made: 4; nothing was written\n")
    assert [line for line in done.out.splitlines() if not line.startswith(" ")][:-1] == ["files", "toy", "installation"]
    assert "{'people': ['points', 'heat', 'why', 'step']}" in done.out  # what is written is told to the connector
    assert "all 8 mapped fields of 3 objects fit the account" in done.out
    assert everything(bench.path) == before


@pytest.mark.parametrize(
    ("change", "place", "said", "fix"),
    [
        ({"mail": None}, "4:5", "people.mail: there is no such field", "correct the mapping"),
        ({"points": None}, "15:5", "people.points: there is no such field", "`leadsync install toy` creates it"),
        ({"points": {"type": "bool"}}, "15:5", "is of type bool, which does not take score", "type number"),
        ({"why": {"writable": False}}, "17:5", "cannot be written", "the right to edit it"),
        ({"points": {"type": "number", "calculated": True}}, "15:5", "the CRM calculates it", "another field"),
        ({"heat": {"type": "enum", "options": ["cold", "hot"]}}, "16:5", "has no option 'warm'", "cold, hot"),
        ({"step": {"type": "enum", "options": ["warm lead"]}}, "18:5", "has no option 'hot lead'", "`map:`"),
    ],
)
def test_a_mapped_field_that_does_not_fit(bench: Bench, change: dict[str, Any], place: str, said: str, fix: str):
    bench.fields("people", **change)
    (found,) = bench.check(65)
    assert (found["group"], found["level"]) == ("toy", "error")
    assert found["what"].startswith(f"mappings/toy.yaml:{place}: people.")
    assert said in found["what"]
    assert fix in found["fix"]


def test_an_optional_object_may_be_missing_and_another_may_not(bench: Bench):
    bench.account(objects={k: v for k, v in ACCOUNT["objects"].items() if k != "extras"})
    assert bench.check(0) == []
    bench.account(forbidden=["extras"])
    assert bench.check(0) == []
    bench.account(forbidden=["firms"])
    (found,) = bench.check(69)
    assert (found["what"], found["fix"]) == ("the toy token lacks the scope firms", "give it firms")


def test_a_finding_of_the_connector_is_told_once_and_decides_the_code(bench: Bench):
    bench.account(findings=[["warning", "the clocks differ by 90 seconds", "NTP"]])
    assert [f["what"] for f in bench.check(0)] == ["the clocks differ by 90 seconds"]
    bench.account(
        findings=[["error", "firms: the toy token lacks the scope firms", "give it firms"]], forbidden=["firms"]
    )
    assert [f["fix"] for f in bench.check(69)] == ["give it firms"]
    bench.account(down=True)
    assert [f["what"] for f in bench.check(69)] == ["cannot reach the toy"]


def test_one_connection_that_fails_hides_nothing_of_the_others(bench: Bench):
    toy = bench.folder.connections["toy"]
    bench.folder.connections = {
        "first": toy | {"token": {"env": "NOT_SET"}, "mapping": "mappings/toy.yaml"},
        "toy": toy,
    }
    bench.folder.write()
    bench.fields("people", wish=None)
    first, second = bench.check(69, NOT_SET=None)
    assert first["group"] == "first"
    assert "NOT_SET is not set" in first["what"]
    assert (second["group"], second["what"].split(": ")[1]) == ("toy", "people.wish")


def test_the_shares_of_the_quota(bench: Bench):
    bench.folder.connections["toy"]["quota"] = {"account": 40, "own": 10}
    bench.folder.write()
    bench.account(quota=[399, 1000])
    assert bench.check(0) == []
    bench.account(quota=[400, 1000])
    (found,) = bench.check(0)
    assert found["level"] == "warning"
    for told in ("400 of 1000", "at most 10 %", "40 %"):
        assert told in found["what"]


def test_offline_asks_nobody_and_tells_every_problem_of_the_files(bench: Bench):
    bench.account(down=True)
    assert bench.check(0, "--offline") == []
    bench.folder.file("mappings/toy.yaml", MAPPING.replace("need: wish", "nead: wish").replace("reasons", "urgency"))
    bench.folder.file("funnel.yaml", "stages: [{name: A, gate: {x: 'score >'}}]")
    for arguments in ((), ("--offline",)):
        found = bench.check(65, *arguments)
        assert {f["group"] for f in found} == {"files"}
        places = [m[0] for m in (re.match(r"\S+?:\d+:\d+", f["what"]) for f in found) if m]
        assert [p.rsplit(":", 1)[0] for p in places] == ["mappings/toy.yaml:5", "mappings/toy.yaml:17", "funnel.yaml:1"]


def test_of_many_findings_of_a_kind_the_first_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {"here": {"type": "files", "folder": "here"}})
    rules = "".join(f"    r{chr(97 + n % 26)}{n // 26}: {{points: 12, when: email}}\n" for n in range(90))
    folder.file("scoring.yaml", f"use: b2b\nown:\n  cap: 9\n  rules:\n{rules}")
    shown = folder.run("check", "--offline").out
    assert shown.count("its group gives and takes at most 9") == 20
    assert "and 70 more like these" in shown
    assert "warnings: 90" in shown
    folder.file("scoring.yaml", f"use: b2b\nown:\n  rules:\n{rules.replace('12', 'x')}")
    shown = folder.run("check", "--offline").out
    assert (shown.count("points: expected a number"), "errors: 90" in shown) == (20, True)


def test_no_configuration(tmp_path: Path):
    folder = Folder(tmp_path, {})
    (tmp_path / "leadsync.yaml").unlink()
    done = folder.run("check")
    assert done.code == 65
    assert "leadsync init" in done.out


def test_a_store_that_is_refused_and_one_of_an_earlier_version(bench: Bench):
    store = bench.path / "leadsync.db"
    store.write_bytes(b"something else" * 100)
    store.chmod(0o600)
    (found,) = bench.check(78)
    assert found["group"] == "installation"
    assert "was not made by leadsync" in found["what"]
    assert store.read_bytes() == b"something else" * 100

    shutil.copy(Path(__file__).parents[1] / "contract" / "store" / "states" / "0001.sqlite", store)
    store.chmod(0o600)
    before = store.read_bytes()
    (found,) = bench.check(0)
    assert found["level"] == "warning"
    assert "earlier version" in found["what"]
    assert store.read_bytes() == before


def test_a_store_that_is_nowhere(bench: Bench):
    bench.folder.more["store"] = "sqlite:///nowhere/leadsync.db"
    bench.folder.write()
    found = bench.check(78)
    assert "there is no folder" in found[0]["what"]
    bench.folder.more["store"] = "mysql://x"
    bench.folder.write()
    (found,) = bench.check(65)
    assert "mysql" in found["what"]


def test_what_others_can_open(bench: Bench):
    kept = bench.path / ".toy.secrets.json"
    kept.write_text("{}")
    kept.chmod(0o640)
    (found,) = bench.check(0)
    assert found["level"] == "warning"
    assert found["fix"] == f"chmod 600 {kept}"


def test_against_the_sandboxes(folder: NewFolder, hubspot: Sandbox, salesforce: Sandbox):
    here = folder(hubspot, salesforce)
    before = hubspot.calls(), salesforce.calls()
    done = here.run("check", "--json")
    assert done.code == 0, done.out
    assert done.json["errors"] == 0
    of_quota = [f["group"] for f in done.json["findings"] if re.search(r"requests .*\b(day|today)\b", f["what"])]
    assert sorted(of_quota) == ["hubspot", "salesforce"]
    asked = {"hubspot": hubspot.calls() - before[0], "salesforce": salesforce.calls() - before[1]}
    print(asked, done.json["calls"])
    assert max(asked.values()) <= 24  # every object looked at twice, and a few more
    assert not (here.path / "leadsync.db").exists()

    here.sync()
    stored = (here.path / "leadsync.db").read_bytes()
    done = here.run("check")
    assert done.code == 0, done.out
    assert re.search(r"the store .*leadsync\.db is current and holds \d+ leads", done.out)
    assert (here.path / "leadsync.db").read_bytes() == stored

    # how many leads each condition holds for
    here.file(
        "scoring.yaml", "use: b2b\nown: {rules: {x: {points: 1, when: email}, y: {points: 1, when: not email}}}\n"
    )
    here.file("mappings/hubspot.yaml", "use: hubspot\nread: {contacts: {scope: email contains a}}\n")
    done = here.run("check", "--json")
    assert done.code == 0, done.out
    found = done.json["conditions"]
    held = {each["at"]: each["holds"] for each in found["conditions"]}
    assert found["leads"] == found["of"] > 100
    assert 0 < held["own.rules.x.when"] < found["leads"]
    assert held["own.rules.y.when"] > 0
    assert 0 < held["read.contacts.scope"] < 60
    (own,) = [each for each in found["conditions"] if each["at"] == "own.rules.y.when"]
    assert (own["sentence"], own["shipped"]) == ("e-mail is not known", False)
    assert own["where"].startswith("scoring.yaml:2:")
    assert (here.path / "leadsync.db").read_bytes() == stored
    shown = here.run("check").out
    assert f"scoring.yaml: how many of {found['leads']} leads each condition holds for\n" in shown
    assert f"{held['own.rules.y.when']}  own.rules.y.when: e-mail is not known\n" in shown

    # a mapping and a token that are wrong, side by side
    (here.path / "mappings/hubspot.yaml").unlink()
    here.file("mappings/salesforce.yaml", "use: salesforce\nread:\n  Lead:\n    need: Nead__c\n")
    done = here.run("check", HUBSPOT_TOKEN="another")
    assert done.code == 69
    assert "hubspot\n  error " in done.out
    assert "mappings/salesforce.yaml:4:5: Lead.Nead__c: there is no such field in Lead" in done.out


def test_what_the_files_come_to(bench: Bench):
    done = bench.run("check", "--effective")
    assert done.code == 0, done.err
    assert done.out.startswith("# leadsync.yaml: leadsync.yaml\n")
    assert done.out.count("\n---\n# ") == 7
    assert "\n    points: {value: score, policy: always, least: 5.0}\n" in done.out
    shown = bench.run("check", "--effective", "--json").json["files"]
    assert [file["file"] for file in shown] == [
        "leadsync.yaml", "mappings/toy.yaml", "facts.yaml", "classes.yaml", "lists.yaml", "matching.yaml",
        "scoring.yaml", "funnel.yaml",
    ]  # fmt: skip
    assert shown[6]["sources"] == ["scoring/b2b (shipped)"]
    assert shown[6]["content"]["temperature"]["hot"] == 70
    bench.folder.file("funnel.yaml", "stages: x")
    done = bench.run("check", "--effective")
    assert done.code == 65
    assert "funnel.yaml:1:" in done.err


def test_words_that_nothing_feeds_and_bands_that_nothing_reaches(bench: Bench):
    bench.folder.file(
        "scoring.yaml",
        """\
fit:
  rules:
    known: {points: 20, when: "need and industry = trade"}
    fed: {points: 10, when: "company and (visit or any of [chat, visit])"}
doing:
  cap: 30
  rules: {chats: {points: 5, per: chat}, seen: {points: 5, per: visit, when: "no meeting in 30d"}}
temperature: {hot: 70, warm: 61}
""",
    )
    found = bench.check(0, "--offline")
    assert [f["what"].split(",")[0] for f in found] == [
        "scoring.yaml:3:41: no mapping feeds industry",
        "scoring.yaml:7:82: no mapping feeds meeting",
        "scoring.yaml:7:30: no mapping feeds chat",
        "the shipped funnel/default.yaml: nobody passes 'ready' of the gate of SQL: score is at most 60",
        "scoring.yaml:8:15: hot begins at 70",
        "scoring.yaml:8:24: warm begins at 61",
        "scoring.yaml:1:1: the best grade begins at 40",
        "scoring.yaml:1:1: the quadrant's engagement begins at 20",
        "scoring.yaml:8:15: MQL is meant to be warm",
    ]
    assert "`read: people:` of mappings/toy.yaml" in found[0]["fix"]
    assert "`kinds:` or `counters:` of mappings/toy.yaml" in found[1]["fix"]
    bench.folder.file("scoring.yaml", "use: b2b\ntemperature: {hot: 50, warm: 50}")
    one, other = bench.check(0, "--offline")
    assert "no lead is ever warm" in one["what"]
    assert "MQL is meant to be warm, and begins at a score of 35, which is cold" in other["what"]
