"""What 10,000 people who change cost in requests, from the change until everything is at rest: prints it as JSON.

Everybody is edited and calls once. Leadsync reads that, writes what follows, meets its own writes again, and passes by
once more after the CRM's delay to find what came late. The clock is a virtual one, so the sandbox runs in here.
"""

import json
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
import yaml

from leadsync import registry
from leadsync.config.load import load_config
from leadsync.connector import SandboxOptions
from leadsync.service.garbage import collect_seldom
from leadsync.store.database import open_store
from leadsync.sync.cycle import Coordinator
from leadsync.testing.driver import ManualClock
from leadsync.testing.server import Running
from tests.bench.meter import Meter

PEOPLE = 10_000
TOKEN = "bench"


class Ticking(ManualClock):
    """Each look at it takes a millisecond, so that not all rows of a batch have one stamp."""

    def now(self) -> datetime:
        """The moment."""
        self.advance(0.001)
        return super().now()


class People:
    """They change and call, by the CRM's own interface."""

    def __init__(self, url: str, clock: ManualClock) -> None:
        self._url, self._clock, self._http = url, clock, requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer {TOKEN}"

    def work(self, type_: str) -> int:
        """All of them; how many."""
        return {"hubspot": self._hubspot, "salesforce": self._salesforce}[type_]()

    def _ask(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        answer = self._http.request(method, self._url + path, json=body, params=params, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def _hubspot(self) -> int:
        objects, after, count = "/crm/v3/objects", "0", 0
        kind = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}]
        while after:
            page = self._ask("GET", f"{objects}/contacts", limit="100", after=after)
            ids = [row["id"] for row in page["results"]]
            after = page.get("paging", {}).get("next", {}).get("after")
            edits = [{"id": id_, "properties": {"jobtitle": "Chief Executive"}} for id_ in ids]
            self._ask("POST", f"{objects}/contacts/batch/update", {"inputs": edits})
            at = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
            call = {"hs_timestamp": at, "hs_call_direction": "INBOUND", "hs_call_title": "Called"}
            calls = [{"properties": call, "associations": [{"to": {"id": id_}, "types": kind}]} for id_ in ids]
            self._ask("POST", f"{objects}/calls/batch/create", {"inputs": calls})
            count += len(ids)
        return count

    def _salesforce(self) -> int:
        data, count = "/services/data/v62.0", 0
        for obj in ("Lead", "Contact"):
            live = " WHERE IsConverted = false" if obj == "Lead" else ""
            for ids in _pages(self._all(f"{data}/query", f"SELECT Id FROM {obj}{live}"), 200):
                edits = [{"attributes": {"type": obj}, "id": id_, "Title": "Chief Executive"} for id_ in ids]
                self._ask("PATCH", f"{data}/composite/sobjects", {"allOrNone": False, "records": edits})
                call = {"attributes": {"type": "Task"}, "Subject": "Called", "TaskSubtype": "Call",
                        "CallType": "Inbound", "Status": "Completed"}  # fmt: skip
                calls = [call | {"WhoId": id_} for id_ in ids]
                self._ask("POST", f"{data}/composite/sobjects", {"allOrNone": False, "records": calls})
                count += len(ids)
        return count

    def _all(self, path: str, query: str) -> list[str]:
        page = self._ask("GET", path, q=query)
        ids = [row["Id"] for row in page["records"]]
        while not page["done"]:
            page = self._ask("GET", page["nextRecordsUrl"])
            ids += [row["Id"] for row in page["records"]]
        return ids


def _pages(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def main() -> None:
    """Measure the CRM that the first argument names, in the folder that the second one does."""
    collect_seldom()
    type_, folder = sys.argv[1], Path(sys.argv[2])
    clock = Ticking()
    options = SandboxOptions(token=TOKEN, today=clock.now().date(), leads=PEOPLE, rate_limit=False, now=clock.now)
    with Running(registry.connector(type_).sandbox(options)) as url:
        (folder / "token").write_text(TOKEN)
        connection = {"type": type_, "base_url": url, "token": {"file": str(folder / "token")}, "live": True}
        (folder / "leadsync.yaml").write_text(yaml.safe_dump({"connections": {type_: connection}}))
        config, stopping = load_config(folder / "leadsync.yaml"), threading.Event()
        store = open_store(config.store, config.folder)
        coordinator = Coordinator(config, store, clock, logging.getLogger("bench"), stopping)
        coordinator.open()
        coordinator.allow()
        print(json.dumps(measure(coordinator, clock, People(url, clock), type_)))
        coordinator.close()


def measure(coordinator: Coordinator, clock: ManualClock, people: People, type_: str) -> dict[str, int]:
    """Requests from the change to rest, without what an idle leadsync asks in as many cycles."""
    (worker,) = coordinator.connections.workers.values()
    meter, settle = Meter(worker.connector), worker.connector.capabilities.settle.total_seconds()
    pauses = (60, 2 * settle)

    def cycles() -> tuple[int, dict[str, int]]:
        before, written = meter.read(), 0
        for pause in (0, *pauses):
            clock.advance(pause)
            written += coordinator.cycle().connections[type_].written
        return written, {name: count - before[name] for name, count in meter.read().items()}

    cycles()
    cycles()
    _, idle = cycles()
    changed = people.work(type_)
    written, spent = cycles()
    return {"rows": changed, "written": written} | {name: count - idle[name] for name, count in spent.items()}


if __name__ == "__main__":
    main()
