"""`leadsync conformance`: what it prints, and when it cannot run. (That it runs: test_conformance_outside.)"""

import json
import sys
from pathlib import Path

import pytest

from leadsync import registry
from leadsync.cli.app import run
from leadsync.testing.conformance import ConnectorConformance


def test_json_names_every_check_with_its_clause(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    assert run(["conformance", "files", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    names = {f"test_{check['check'].partition('[')[0].replace(' ', '_')}" for check in told["checks"]}
    assert names == {name for name in dir(ConnectorConformance) if name.startswith("test_")}
    assert all(check["clause"].endswith(".") for check in told["checks"])
    assert all(check["why"] for check in told["checks"] if check["state"] != "passed")
    assert (told["type"], told["failed"], told["passed"] + told["not applicable"]) == ("files", 0, len(told["checks"]))


def test_a_connector_without_a_driver(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(registry, "connector", lambda type_: Path)
    assert run(["conformance", "mycrm"]) == 64
    assert "has no driver" in capsys.readouterr().err


def test_a_driver_that_does_not_come_up(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    class Broken:
        @classmethod
        def driver(cls, folder: Path) -> object:
            raise OSError("no port is free")

    monkeypatch.setattr(registry, "connector", lambda type_: Broken)
    assert run(["conformance", "mycrm"]) == 1
    assert "since is inclusive: OSError: no port is free" in capsys.readouterr().out


def test_without_pytest_it_says_what_to_install(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pytest", None)
    assert run(["conformance", "files"]) == 65
    assert "leadsync[conformance]" in capsys.readouterr().err
