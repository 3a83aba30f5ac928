"""What the Dockerfile does to install leadsync, done in an empty folder; and what then works and is there."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return [(word, rest) for word, rest in lines]


def build_stage() -> Iterator[tuple[str, str]]:
    """The instructions of the first stage."""
    for word, rest in instructions()[1:]:
        if word == "FROM":
            return
        yield word, rest


def context() -> list[str]:
    """The names that `.dockerignore` lets into the image's context; it refuses all others."""
    first, *rest = (ROOT / ".dockerignore").read_text().split()
    assert first == "*"
    return [line[1:] for line in rest if line.startswith("!")]


def copy(names: list[str], to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, to / name)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder after the build stage: `/src` and `/opt` of the image lie below it."""
    root = tmp_path_factory.mktemp("image")
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for word, rest in build_stage():
        if word == "COPY":
            copy(context() if rest == ". ." else rest.removesuffix(" ./").split(), root / "src")
        elif word == "RUN":
            command = re.sub(r"(?<=\s)/opt\b|^/opt\b", str(root / "opt"), rest.replace(" --compile-bytecode", ""))
            done = subprocess.run(
                ["/bin/sh", "-ec", command],
                cwd=root / "src",
                env=env,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        else:
            assert (word, rest) == ("WORKDIR", "/src") or word == "ENV", f"this test does not know {word} {rest}"
    return root


@pytest.mark.slow
def test_the_command_runs_from_the_wheel(installed: Path, tmp_path: Path):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    answers = [
        subprocess.run(
            [installed / "opt/leadsync/bin/leadsync", option], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        for option in ("--version", "--help")
    ]
    assert version in answers[0].stdout
    assert "sync" in answers[1].stdout
    assert not [a.stderr for a in answers if a.stderr]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_wheel_holds_packages_and_data_and_nothing_else(installed: Path):
    (wheel,) = (installed / "opt/wheel").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"leadsync", "connectors", "mappings"}
    for folder in ("leadsync", "connectors", "mappings"):
        wanted = {
            str(path.relative_to(ROOT))
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert wanted <= set(names)
    assert [name for name in names if re.fullmatch(r"mappings/.*\.yaml", name)]


@pytest.mark.slow
def test_everything_installed_fits_together(installed: Path):
    python, uv = installed / "opt/leadsync/bin/python", installed / "opt/build/bin/uv"
    subprocess.run([uv, "pip", "check", "--python", python], capture_output=True, check=True)
    found = (
        "from importlib.metadata import entry_points\n"
        "print(*sorted(point.load().__name__ for point in entry_points(group='leadsync.connectors')))"
    )
    done = subprocess.run([python, "-c", found], cwd=installed, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["FilesConnector", "HubSpotConnector", "SalesforceConnector"]


def test_the_dockerfile_is_clean():
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_runs_as_nobody_special_and_keeps_its_state():
    after = dict(instructions())  # the last one of each kind: the final stage's
    assert after["USER"] == "10001"
    assert after["VOLUME"] == after["WORKDIR"] == "/state"
    assert after["ENTRYPOINT"] == '["leadsync"]'
    assert after["CMD"] == '["run"]'
    assert "status" in after["HEALTHCHECK"]


@pytest.mark.parametrize("part", ["requirements.lock", "requirements-build.lock"])
def test_what_runs_is_pinned_as_what_is_developed_with(part: str):
    everything = dict(PIN.findall((ROOT / "requirements-dev.lock").read_text()))
    pins = dict(PIN.findall((ROOT / part).read_text()))
    assert pins
    assert {name: everything.get(name) for name in pins} == pins


def test_every_direct_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = {
        "requirements.lock": [
            *project["project"]["dependencies"],
            *project["project"]["optional-dependencies"]["postgres"],
        ],
        "requirements-build.lock": groups["build"],
        "requirements-dev.lock": [x for x in groups["dev"] if isinstance(x, str)],
    }
    for lock, requirements in asked.items():
        pins = {name for name, _ in PIN.findall((ROOT / lock).read_text())}
        names = {re.match(r"[A-Za-z0-9._-]+", line).group().lower() for line in requirements}  # type: ignore[union-attr]
        assert names <= pins, lock
