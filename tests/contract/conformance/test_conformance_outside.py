"""An outsider follows docs/connectors.md: a package of its own is found by leadsync and passes the same suite."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from leadsync.testing.conformance import ConnectorConformance

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
FILES = ROOT / "connectors" / "files"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
(PYPROJECT,) = (text for kind, text in BLOCKS if kind == "toml")
(TEST,) = (text for kind, text in BLOCKS if text.startswith("# test_"))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The folder of the package `mycsv`, as installed: the page's own files and a copy of the example."""
    inner = tmp_path / "mycsv"
    inner.mkdir()
    for path in FILES.glob("*.py"):
        (inner / path.name).write_text(path.read_text(encoding="utf-8").replace("connectors.files", "mycsv"), "utf-8")
    (tmp_path / "test_mycsv.py").write_text(TEST, "utf-8")
    project = tomllib.loads(PYPROJECT)["project"]
    metadata = tmp_path / f"{project['name']}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    points = [
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in found.items())
        for group, found in project["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(points))
    return tmp_path


def ran(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=package, env=environment, text=True, capture_output=True, timeout=120)


def test_the_suite_runs_from_another_package(package: Path):
    done = ran(package, "pytest", "-p", "no:cacheprovider", "test_mycsv.py")
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d passed, \d\d skipped", done.stdout)


def test_the_verb_finds_a_connector_of_another_package(package: Path):
    done = ran(package, "leadsync", "conformance", "mycsv")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^mycsv: \d\d passed, 0 failed, \d\d not applicable$", done.stdout, re.MULTILINE)


def test_a_connector_that_breaks_a_clause_fails_there_too(package: Path):
    path = package / "mycsv" / "connector.py"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("file.at < since.at", "file.at <= since.at"), "utf-8")
    assert path.read_text(encoding="utf-8") != good
    done = ran(package, "pytest", "-p", "no:cacheprovider", "test_mycsv.py")
    assert done.returncode == 1
    assert "test_since_is_inclusive" in done.stdout
    told = ran(package, "leadsync", "conformance", "mycsv")
    assert told.returncode == 1
    assert re.search(r"^failed +since is inclusive: .*\(`since` is inclusive\.\)$", told.stdout, re.MULTILINE)


def test_it_imports_nothing_but_the_contract_and_the_kit(package: Path):
    for path in [*package.glob("mycsv/*.py"), package / "test_mycsv.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith("leadsync") or name.startswith(("leadsync.connector", "leadsync.testing"))


@pytest.mark.parametrize("block", [text for kind, text in BLOCKS if kind == "python" and text != TEST])
def test_the_code_on_the_page_is_that_of_the_example(block: str):
    assert any(block in path.read_text(encoding="utf-8") for path in FILES.glob("*.py"))


def test_the_mapping_on_the_page_is_the_shipped_one():
    (block,) = (text for kind, text in BLOCKS if kind == "yaml")
    assert block in (ROOT / "mappings" / "files.yaml").read_text(encoding="utf-8")


def test_the_page_lists_every_clause():
    checks = [getattr(ConnectorConformance, name) for name in dir(ConnectorConformance) if name.startswith("test_")]
    clauses = set(re.findall(r"^- (.*)$", PAGE.split("\n## The contract")[1], re.MULTILINE))
    assert clauses == {check.__doc__ for check in checks}


def test_the_example_is_as_short_as_the_page_says():
    (lines,) = re.findall(r"a connector of (\d+)\s+lines", PAGE)
    assert len((FILES / "connector.py").read_text(encoding="utf-8").splitlines()) <= int(lines)
