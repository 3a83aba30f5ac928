"""Imports go one way: what a folder may know of the others, held over the whole tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BASE = {"types", "errors", "catalog"}
MIDDLE = BASE | {"core", "connector", "redact"}
BEFORE_SYNC = MIDDLE | {"registry", "store", "enrich", "config"}
MAY_IMPORT: dict[str, set[str]] = {  # part of leadsync → the other parts it may know
    "types": set(),
    "errors": {"types"},
    "catalog": {"types", "errors"},
    "core": BASE,
    "redact": set(),
    "connector": {"types", "errors", "redact"},
    "registry": {"types", "errors", "connector"},
    "store": MIDDLE,
    "enrich": MIDDLE,
    "config": MIDDLE | {"registry"},
    "testing": MIDDLE | {"registry"},
    "sync": BEFORE_SYNC,
    "service": BEFORE_SYNC | {"sync", "testing"},
    "cli": BEFORE_SYNC | {"sync", "testing", "service"},
    "__main__": {"cli"},
}
FOR_CONNECTORS = {"connector", "testing"}
OUTSIDE_WORLD = {  # modules through which the core could do IO, read the clock, log or run in parallel
    "asyncio", "concurrent", "getpass", "glob", "http", "importlib", "io", "logging", "multiprocessing", "os",
    "pathlib", "platform", "random", "requests", "secrets", "select", "shutil", "signal", "socket", "sqlalchemy",
    "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "urllib3", "uuid", "yaml",
}  # fmt: skip
READS_THE_WORLD = {"now", "today", "utcnow"}
DOES_IO = {"open", "print", "input"}


def imported(tree: ast.AST, module: str, *, package: bool) -> Iterator[str]:
    """Full names of what a module imports: those inside functions and under TYPE_CHECKING, and relative ones, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                parents = parents[: len(parents) - node.level + package]
                base = ".".join([*parents, base] if base else parents)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def violations(root: Path) -> list[str]:
    """Every import in `leadsync/` and `connectors/` below `root` that goes the wrong way."""
    found = []
    for path in sorted([*root.glob("leadsync/**/*.py"), *root.glob("connectors/**/*.py")]):
        parts = path.relative_to(root).with_suffix("").parts
        package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if package else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [
            f"{module} imports {name}"
            for name in imported(tree, module, package=package)
            if not allowed(module.split("."), name.split("."))
        ]
        if module.startswith("leadsync.core"):
            found += [f"{module} calls {call}()" for call in impure_calls(tree)]
    return found


def allowed(module: list[str], name: list[str]) -> bool:
    top, other = module[0], name[0]
    if top == "connectors":
        return other != "leadsync" or (len(name) > 1 and name[1] in FOR_CONNECTORS)
    part = module[1] if len(module) > 1 else ""
    if other == "connectors":
        return False
    if other != "leadsync":
        return part != "core" or other not in OUTSIDE_WORLD
    if name[1:] == ["__version__"]:
        return True
    return bool(part) and len(name) > 1 and (name[1] == part or name[1] in MAY_IMPORT.get(part, ()))


def impure_calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in DOES_IO:
                yield node.func.id
            elif isinstance(node.func, ast.Attribute) and node.func.attr in READS_THE_WORLD:
                yield node.func.attr


def test_imports_go_one_way():
    assert violations(ROOT) == []


def test_every_part_has_its_rule():
    parts = {path.stem for path in (ROOT / "leadsync").iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert parts - {"__init__", "__pycache__"} <= set(MAY_IMPORT)


def test_one_connector_does_not_know_another():
    rooms = {path.name for path in (ROOT / "connectors").iterdir() if (path / "__init__.py").exists()}
    for room in rooms:
        for path in (ROOT / "connectors" / room).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            package = parts[-1] == "__init__"
            module = ".".join(parts[:-1] if package else parts)
            for name in imported(ast.parse(path.read_text(encoding="utf-8")), module, package=package):
                assert not name.startswith(tuple(f"connectors.{other}" for other in rooms - {room})), (
                    f"{module}: {name}"
                )


@pytest.mark.parametrize(
    ("path", "line", "said"),
    [
        (
            "leadsync/core/score.py",
            "from leadsync.store import Store",
            "leadsync.core.score imports leadsync.store.Store",
        ),
        ("leadsync/core/score.py", "import sqlite3", "leadsync.core.score imports sqlite3"),
        (
            "leadsync/core/score.py",
            "from datetime import datetime\nx = datetime.now()",
            "leadsync.core.score calls now()",
        ),
        ("leadsync/core/score.py", "def f():\n    import os.path", "leadsync.core.score imports os.path"),
        ("leadsync/core/score.py", "print(1)", "leadsync.core.score calls print()"),
        ("leadsync/types.py", "from leadsync import catalog", "leadsync.types imports leadsync.catalog"),
        ("leadsync/connector.py", "import leadsync.core", "leadsync.connector imports leadsync.core"),
        ("leadsync/store/a.py", "from ..config import b", "leadsync.store.a imports leadsync.config.b"),
        ("leadsync/store/__init__.py", "from ..config import b", "leadsync.store imports leadsync.config.b"),
        ("leadsync/sync/a.py", "import leadsync.cli", "leadsync.sync.a imports leadsync.cli"),
        ("leadsync/cli/a.py", "import connectors.hubspot", "leadsync.cli.a imports connectors.hubspot"),
        ("connectors/x/a.py", "from leadsync.types import Ref", "connectors.x.a imports leadsync.types.Ref"),
        ("connectors/x/a.py", "import leadsync", "connectors.x.a imports leadsync"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, path: str, line: str, said: str):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(line)
    assert violations(tmp_path) == [said]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("leadsync/core/score.py", "from leadsync.types import Ref\nimport polars\nfrom . import stage"),
        ("leadsync/sync/__init__.py", "from .pull import page\nfrom leadsync.store import Store"),
        ("leadsync/cli/__init__.py", "from leadsync import __version__"),
        ("connectors/x/__init__.py", "from .connector import X\nfrom leadsync.connector import Ref"),
        ("connectors/x/sandbox/a.py", "from ..connector import X\nfrom leadsync.testing.people import population"),
    ],
)
def test_a_rightful_import_is_not(tmp_path: Path, path: str, line: str):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(line)
    assert violations(tmp_path) == []
