"""The command line as a new user meets it: first files, help, exit codes, the background service."""

import json
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml
from doors import TOKENS, Background, Folder, NewFolder, Sandbox, connection, leadsync


def test_without_a_verb_the_help_is_shown(tmp_path: Path):
    done = leadsync(cwd=tmp_path)
    assert done.code == 0
    for verb in ("demo", "init", "sync", "run", "status"):
        assert f"\n  {verb} " in done.out
    assert "sandbox" not in done.out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("snyc", "No such command 'snyc'"),
        ("sync --bogus", "No such option: --bogus"),
        ("demo --leads many", "Invalid value for '--leads'"),
        ("sandbox hubspot", "Missing option '--token'"),
        ("sandbox hubspt --token t", "did you mean hubspot?"),
        ("init hubspt", "did you mean hubspot?"),
    ],
)
def test_a_wrong_command_line_is_64(line: str, told: str, tmp_path: Path):
    done = leadsync(*line.split(), cwd=tmp_path)
    assert done.code == 64
    assert told in done.err
    assert "fix: " in done.err
    assert not done.out
    assert not list(tmp_path.iterdir())


def test_a_verb_in_an_empty_folder_says_how_to_begin(tmp_path: Path):
    done = leadsync("sync", cwd=tmp_path)
    assert done.code == 65
    assert "leadsync.yaml: there is no configuration here" in done.err
    assert "leadsync init" in done.err


def test_init_writes_files_that_load(tmp_path: Path, hubspot: Sandbox, salesforce: Sandbox):
    done = leadsync("init", cwd=tmp_path)
    assert done.code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["leadsync.yaml"]
    assert "written leadsync.yaml" in done.out
    written = yaml.safe_load((tmp_path / "leadsync.yaml").read_text())
    assert not any(c["live"] for c in written["connections"].values())

    again = leadsync("init", cwd=tmp_path)
    assert again.code == 65
    assert "is here already" in again.err
    assert yaml.safe_load((tmp_path / "leadsync.yaml").read_text()) == written

    written["connections"]["hubspot"]["base_url"] = hubspot.url
    written["connections"]["salesforce"]["base_url"] = salesforce.url
    folder = Folder(tmp_path, written["connections"])
    early = folder.run("status")
    assert early.code == 78
    assert "there is no store" in early.err
    assert "leadsync sync" in early.err

    # the salesforce example logs in with client credentials, for which the sandbox takes any pair
    found = folder.sync(SF_ID="any", SF_SECRET="pair")
    assert all(c["evaluated"] and not c["written"] and not c["error"] for c in found.values())


def test_another_place_for_the_configuration(tmp_path: Path, hubspot: Sandbox):
    (tmp_path / "state").mkdir()
    folder = Folder(tmp_path / "state", {"crm": connection(hubspot, live=False)})
    done = leadsync("sync", "--once", "--json", "--config", "state/leadsync.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    assert (folder.path / "leadsync.db").is_file()
    shown = leadsync("status", cwd=tmp_path, LEADSYNC_CONFIG="state/leadsync.yaml")
    assert shown.code == 0
    assert "crm" in shown.out


def test_a_store_that_is_none_is_refused_and_kept(tmp_path: Path, hubspot: Sandbox):
    folder = Folder(tmp_path, {"crm": connection(hubspot)})
    (tmp_path / "leadsync.db").write_bytes(b"something else\n" * 100)
    for verb in ("sync", "run", "status"):
        done = folder.run(verb)
        assert done.code == 78
        assert "leadsync.db" in done.err
        assert "move it away" in done.err
    assert (tmp_path / "leadsync.db").read_bytes() == b"something else\n" * 100


def written(cycle: dict[str, Any]) -> int:
    return sum(connection["written"] for connection in cycle["connections"].values())


@pytest.mark.slow
def test_run_polls_logs_and_stops(folder: NewFolder, hubspot: Sandbox, salesforce: Sandbox):
    here = folder(hubspot, salesforce)
    here.more["every"] = "1s"
    here.write()
    with Background("run", "--allow", cwd=here.path) as service:
        logged: list[dict[str, Any]] = []
        while not (any(written(line) for line in logged) and not any(written(line) for line in logged[-3:])):
            logged += (json.loads(line) for line in service.lines(1))
        settled = len(logged)

        busy = here.run("sync")
        assert busy.code == 75
        assert "another leadsync" in busy.err
        assert "pid" in busy.err

        spoilt = min(hubspot.contacts())
        hubspot.edit(spoilt, leadsync_score="999")
        logged += [json.loads(line) for line in service.lines(9)]
        code, rest = service.stop(signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in rest
    assert [line["event"] for line in logged] == ["cycle.done"] * (settled + 9)
    assert set(logged[0]["connections"]) == {"hubspot", "salesforce"}
    assert not [token for token in TOKENS.values() if token in json.dumps(logged) + rest]
    assert sum(line["connections"]["hubspot"]["written"] for line in logged[settled:]) == 1
    assert float(hubspot.contact(spoilt, "leadsync_score")["leadsync_score"]) <= 100
    for name in ("hubspot", "salesforce"):
        assert sum(line["connections"][name]["rejected"] for line in logged) == 0
        last = logged[-1]["connections"][name]
        assert (last["pulled"], last["written"], last["error"]) == (0, 0, None)

    shown = here.run("status", "--json")
    assert shown.code == 0
    assert len(shown.json["cycles"]) == 10
    starts = [cycle["started_at"] for cycle in shown.json["cycles"]]
    assert starts == sorted(starts)
    assert shown.json["cycles"][-1]["connections"]["hubspot"]["error"] is None
    assert not shown.json["open_writes"]
    assert not shown.json["running"]

    text = here.run("status").out
    assert "running: no" in text
    assert text.count("hubspot") == 10
    assert " ok" in text
    with sqlite3.connect(here.path / "leadsync.db") as db:
        assert db.execute("select count(*) from lease").fetchone() == (0,)
    db.close()


def test_ctrl_c_is_a_graceful_stop(folder: NewFolder, hubspot: Sandbox):
    with Background("run", "--allow", cwd=folder(hubspot).path) as service:
        service.lines(1)
        code, rest = service.stop(signal.SIGINT)
    assert (code, rest) == (0, "")
