"""`kill -9` anywhere costs only time: nothing is lost, and nothing is written twice in effect."""

import json
import logging
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
import yaml
from fake_crm import Clock

from connectors.hubspot import HubSpotConnector
from connectors.salesforce import SalesforceConnector
from leadsync.config.load import load_config
from leadsync.connector import SandboxOptions
from leadsync.store import schema
from leadsync.store.database import open_store
from leadsync.testing.server import Running
from leadsync.types import Record

LEADS, POINTS = 12, 9
TODAY = datetime.now(UTC).date()
BEARER = {"Authorization": "Bearer demo"}
CRMS: Mapping[str, Any] = {"hubspot": HubSpotConnector, "salesforce": SalesforceConnector}


class Killer:
    """The process that forks cycles."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("killer.py"))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._read() == "ready"

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def cycle(self, folder: Path, kill_at: int | None = None, after: str | None = None) -> int:
        """One cycle in a process of its own; its exit code, -9 when it was killed."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"folder": str(folder), "kill_at": kill_at, "after": after}) + "\n")
        self._process.stdin.flush()
        return int(self._read())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    found = Killer()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSYNC_TEST_TOKEN", "demo")


def installation(folder: Path, stack: ExitStack) -> None:
    """Two fresh CRMs, the same every time, and a folder that connects them."""
    folder.mkdir()
    (folder / "token").write_text("demo")
    connections = {}
    for name, connector in CRMS.items():
        app = connector.sandbox(SandboxOptions("demo", TODAY, leads=LEADS, seed=7, rate_limit=False))
        url = stack.enter_context(Running(app))
        connections[name] = {"type": name, "base_url": url, "token": {"file": str(folder / "token")}, "live": True}
    (folder / "leadsync.yaml").write_text(yaml.safe_dump({"connections": connections}))


def in_the_crms(folder: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The fields that leadsync writes, as they stand in both CRMs."""
    found = {}
    for name, connection in load_config(folder / "leadsync.yaml").connections.items():
        log = logging.getLogger("test")
        connector = connection.connector(connection.settings, clock=Clock(), secrets=connection.secrets, log=log)
        for obj, fields in connection.mapping.writes.items():
            names = [w.field for w in fields]
            for page in connector.backfill(obj, None, names):
                found.update({(name, obj, r.id): dict(r.fields) for r in page.records if isinstance(r, Record)})
        connector.close()
    return found


def in_the_store(folder: Path) -> dict[str, Any]:
    """What the store knows, without what depends on the moment."""
    store = open_store("sqlite:///leadsync.db", folder, create=False)
    try:
        with store.begin() as db:
            names = {s.id: (s.connection, s.object, s.role) for s in db.execute(sa.select(schema.sources))}
            records = {r.id: (*names[r.source_id][:2], r.ext_id) for r in db.execute(sa.select(schema.records))}
            a, m, w = schema.activities, schema.membership, schema.writes
            people = sa.select(schema.records).where(schema.records.c.lead_id.is_not(None))
            members = sa.select(m).where(m.c.closed_at.is_(None))
            return {
                "sources": sorted(names.values()),
                "records": sorted(records.values()),
                "people": sorted(records[r.id] for r in db.execute(people)),
                "members": sorted(records[x.record_id] for x in db.execute(members)),
                "activities": sorted(
                    (*records[x.record_id], *names[x.source_id], x.ext_id, x.kind, x.happened_at, x.count)
                    for x in db.execute(sa.select(a).where(a.c.closed_at.is_(None)))
                ),
                "results": db.scalar(sa.select(sa.func.count()).select_from(schema.results)),
                "open": [x.id for x in db.execute(sa.select(w).where(w.c.state.in_(("planned", "sent"))))],
            }
    finally:
        store.close()


@pytest.mark.slow
def test_killed_anywhere_and_run_again_it_ends_the_same(tmp_path: Path, killer: Killer) -> None:
    with ExitStack() as stack:
        installation(tmp_path / "undisturbed", stack)
        assert killer.cycle(tmp_path / "undisturbed") == 0
        steps = int((tmp_path / "undisturbed" / "steps").read_text())
        crms, store = in_the_crms(tmp_path / "undisturbed"), in_the_store(tmp_path / "undisturbed")
    assert sum(any(fields.values()) for fields in crms.values()) > LEADS
    assert store["open"] == []
    assert store["people"] == store["members"]

    deaths = 0
    chosen = sorted(random.Random(11).sample(range(1, steps + 1), POINTS))
    for point in chosen:
        folder = tmp_path / f"killed-{point}"
        with ExitStack() as stack:
            installation(folder, stack)
            died = killer.cycle(folder, kill_at=point)
            assert died in (-9, 0), f"step {point}"  # threads differ from run to run: there may be fewer steps
            deaths += died == -9
            assert killer.cycle(folder, kill_at=point // 2) in (-9, 0)
            assert killer.cycle(folder) == 0, f"step {point}"
            assert in_the_crms(folder) == crms, f"step {point}"
            assert in_the_store(folder) == store, f"step {point}"
            assert killer.cycle(folder) == 0
            report = json.loads((folder / "report.json").read_text())["connections"]
            assert {name: c["written"] for name, c in report.items()} == dict.fromkeys(CRMS, 0), f"step {point}"
    assert deaths >= POINTS - 2


def test_killed_between_a_merge_and_its_record_the_next_cycle_finds_it_done(tmp_path: Path, killer: Killer) -> None:
    with ExitStack() as stack:
        app = HubSpotConnector.sandbox(SandboxOptions("demo", TODAY, leads=1, rate_limit=False))
        url = stack.enter_context(Running(app))
        ids = []
        for title, mail in (("Chief Executive", ""), ("CEO", "ann@smithson.example")):
            said = {
                "firstname": "Ann",
                "lastname": "Smithson",
                "phone": "+48601234567",
                "jobtitle": title,
                "email": mail,
            }
            answer = requests.post(
                f"{url}/crm/v3/objects/contacts", json={"properties": said}, headers=BEARER, timeout=9
            )
            ids.append(answer.json()["id"])
        connection = {"type": "hubspot", "base_url": url, "token": {"file": str(tmp_path / "token")}, "live": True}
        (tmp_path / "token").write_text("demo")
        (tmp_path / "leadsync.yaml").write_text(yaml.safe_dump({"connections": {"hubspot": connection}}))
        (tmp_path / "matching.yaml").write_text("merge: [hubspot]\nsurvive: {job_title: longest}\n")
        assert killer.cycle(tmp_path, after="merge") == -9
        assert killer.cycle(tmp_path) == 0
        assert json.loads((tmp_path / "report.json").read_text())["connections"]["hubspot"]["merged"] == 1
        rows = {key[2]: fields for key, fields in in_the_crms(tmp_path).items() if key[1] == "contacts"}
        assert len(rows) == 2
        [new] = rows.keys() - {str(min(map(int, rows)))}
        for id_ in ids:
            row = requests.get(
                f"{url}/crm/v3/objects/contacts/{id_}?properties=jobtitle", headers=BEARER, timeout=9
            ).json()
            assert (row["id"], row["properties"]["jobtitle"]) == (new, "Chief Executive")
        store = open_store("sqlite:///leadsync.db", tmp_path, create=False)
        with store.begin() as db:
            assert list(db.scalars(sa.select(schema.merges.c.state))) == ["applied"]
        store.close()
