"""Files that are changed while `leadsync run` works: taken up when right, refused with their place when not."""

import os
import signal
import subprocess
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from service import LEADSYNC, PATIENCE, configure, cycle, environment, run, sandbox

from connectors.hubspot import HubSpotConnector
from leadsync.config.load import Config, load_config
from leadsync.service.reload import Watch
from leadsync.store import schema
from leadsync.store.database import open_store
from leadsync.testing.server import Running

SCORING = "engagement:\n  cap: 100\n  rules:\n    visit: {points: %s, per: visit}\n"


def event(name: str) -> Any:
    return lambda line: line.get("event") == name


@pytest.mark.slow
def test_a_changed_file_is_taken_up_and_a_broken_one_is_not(tmp_path: Path, stack: ExitStack) -> None:
    configure(tmp_path, hubspot=stack.enter_context(Running(sandbox(HubSpotConnector))))
    service = run(tmp_path, stack)
    service.until(cycle("hubspot"))

    (tmp_path / "scoring.yaml").write_text(SCORING % "many")
    service.process.send_signal(signal.SIGHUP)
    refused = service.until(event("configuration.refused"))
    assert f"{tmp_path / 'scoring.yaml'}:4:" in refused["message"] or "scoring.yaml:4:" in refused["message"]
    assert "former" in refused["message"]

    status = subprocess.run(
        [*LEADSYNC, "status", "--running"], cwd=tmp_path, env=environment(), capture_output=True, text=True,
        timeout=PATIENCE,
    )  # fmt: skip
    assert status.returncode == 0, status.stderr  # a container's health does not hang on a typing error
    assert "leadsync check --offline" in status.stderr

    (tmp_path / "scoring.yaml").write_text(SCORING % "9.5")
    assert "scoring.yaml" in service.until(event("configuration.changed"))["message"]  # without a signal
    service.until(cycle("hubspot"))  # other points: something is written
    assert service.stop() == 0


class Ticks:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(tmp_path: Path) -> tuple[Watch, Ticks, Path]:
    (tmp_path / "leadsync.yaml").write_text(
        "connections:\n  hubspot: {type: hubspot, token: {env: THE_TOKEN}}\nevery: 60s\n"
    )
    ticks = Ticks()
    return Watch(tmp_path / "leadsync.yaml", threading.Event(), ticks), ticks, tmp_path


def later(ticks: Ticks) -> None:
    ticks.now += 5


def test_a_change_counts_once_it_has_come_to_rest(watch: tuple[Watch, Ticks, Path]) -> None:
    found, ticks, folder = watch
    assert found.look() is None
    (folder / "scoring.yaml").write_text(SCORING % "7")
    later(ticks)
    assert found.look() is None, "it may still be half saved"
    later(ticks)
    changed = found.look()
    assert changed is not None
    assert changed.documents["scoring"].data["engagement"]["rules"]["visit"]["points"] == 7
    later(ticks)
    assert found.look() is None


def test_asking_reads_at_once(watch: tuple[Watch, Ticks, Path]) -> None:
    found, _, folder = watch
    (folder / "mappings").mkdir()
    (folder / "mappings" / "hubspot.yaml").write_text("use: hubspot\nread:\n  contacts: {campaign: utm_campaign}\n")
    assert found.look() is None
    found.asked.set()
    assert found.look() is not None


def test_comments_and_order_change_nothing(watch: tuple[Watch, Ticks, Path], caplog: pytest.LogCaptureFixture) -> None:
    found, _, folder = watch
    (folder / "leadsync.yaml").write_text(
        "# a comment\nevery: 60s\nconnections:\n  hubspot:\n    type: hubspot\n    token: {env: THE_TOKEN}\n"
    )
    found.asked.set()
    with caplog.at_level("INFO"):
        assert found.look() is None
    assert "say the same as" in caplog.text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("connections: {hubspot: {type: hubspot, token: {env: T}}}\nevry: 5s\n", "unknown key 'evry'"),
        ("store: sqlite:///other.db\nconnections: {hubspot: {type: hubspot, token: {env: T}}}\n", "another store"),
        ("connections:\n\t- x\n", "not YAML"),
    ],
)
def test_what_cannot_be_taken_up_is_told_once(
    watch: tuple[Watch, Ticks, Path], caplog: pytest.LogCaptureFixture, body: str, told: str
) -> None:
    found, ticks, folder = watch
    before = found.config
    (folder / "leadsync.yaml").write_text(body)
    for _ in range(5):
        later(ticks)
        assert found.look() is None
    assert found.config is before
    assert caplog.text.count("not taken up") == 1
    assert told in caplog.text


def test_a_file_that_vanishes_is_a_change(watch: tuple[Watch, Ticks, Path]) -> None:
    found, _, folder = watch
    (folder / "scoring.yaml").write_text(SCORING % "7")
    found.asked.set()
    assert found.look() is not None
    os.remove(folder / "scoring.yaml")
    found.asked.set()
    assert found.look() is not None


def test_what_is_saved_while_the_files_are_read_is_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, ticks = tmp_path / "leadsync.yaml", Ticks()
    path.write_text("connections:\n  hubspot: {type: hubspot, token: {env: THE_TOKEN}}\nevery: 60s\n")

    def saved_meanwhile(which: Path) -> Config:
        found = load_config(which)
        (tmp_path / "scoring.yaml").write_text(SCORING % "7")
        return found

    monkeypatch.setattr("leadsync.service.reload.load_config", saved_meanwhile)
    watch = Watch(path, threading.Event(), ticks)
    later(ticks)
    assert watch.look() is None
    later(ticks)
    changed = watch.look()
    assert changed is not None
    assert changed.documents["scoring"].data["engagement"]["rules"]["visit"]["points"] == 7


def test_files_that_are_right_again_are_told(
    watch: tuple[Watch, Ticks, Path], caplog: pytest.LogCaptureFixture
) -> None:
    found, _, folder = watch
    before = (folder / "leadsync.yaml").read_text()
    with caplog.at_level("INFO"):
        for text in ("evry: 5s\n", before):
            (folder / "leadsync.yaml").write_text(text)
            found.asked.set()
            assert found.look() is None
    assert [record.data["event"] for record in caplog.records] == [  # type: ignore[attr-defined]
        "configuration.refused",
        "configuration.unchanged",
    ]


def test_nobody_can_take_the_store_between_two_configurations(tmp_path: Path) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for hand_over, left in ((True, 1), (False, 0)):
        store = open_store("sqlite:///leadsync.db", tmp_path)
        store.take_lease(now)
        if hand_over:
            store.hand_over()
        store.close()
        again = open_store("sqlite:///leadsync.db", tmp_path)
        with again.reading() as db:
            assert len(db.execute(sa.select(schema.lease)).all()) == left
        again.close()


@pytest.mark.slow
def test_a_hangup_while_it_starts_does_not_end_it(tmp_path: Path, stack: ExitStack) -> None:
    configure(tmp_path, hubspot=stack.enter_context(Running(sandbox(HubSpotConnector))))
    service = run(tmp_path, stack)
    while not caught(service.process.pid, signal.SIGHUP):
        assert service.process.poll() is None
    service.process.send_signal(signal.SIGHUP)
    service.until(cycle("hubspot"))
    assert service.stop() == 0


def caught(pid: int, number: int) -> bool:
    """Whether a process handles a signal already."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    mask = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return bool(mask >> (number - 1) & 1)
