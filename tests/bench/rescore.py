"""What evaluation costs in a store of a million leads, all of it included but the writes to the CRM: reading what is
known from the store, deciding, and storing what was decided.

People of a sandbox are read and evaluated once; the store then holds them a hundred times over, each as somebody else.
"""

import json
import logging
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from pathlib import Path

import sqlalchemy as sa

from leadsync.config.load import load_config
from leadsync.service.clock import SystemClock
from leadsync.service.garbage import collect_seldom
from leadsync.store import schema
from leadsync.store.database import Store, open_store
from leadsync.store.records import insert, mark
from leadsync.sync.cycle import Coordinator
from tests.bench.__main__ import installation, sandbox
from tests.bench.child import cpu, peak

LEADS, READ, CHANGED = 1_000_000, 10_000, 500
_APART = 1_000_000  # more than any id of what is read
_GROWN = ("leads", "records", "keys", "membership", "changes", "activities", "results", "match_records", "golden")


SOME = "use: b2b\nfit: {rules: {polish: {points: 2, when: country = PL}}}\n"
OTHERWISE = "use: b2b\nfit: {rules: {anywhere: {points: 3, when: country known or not country known}}}\n"
"""Scoring files by which some have another score than by the ready-made one, and everybody."""


def grow(path: Path, leads: int) -> None:
    """Have everybody in the store as often as it takes for so many leads, under ids and keys of their own."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=OFF")
    db.execute("PRAGMA synchronous=OFF")
    [(once,)] = db.execute("SELECT count(*) FROM results")
    copies = ceil(leads / once)
    db.execute("CREATE TEMP TABLE copies (n INTEGER PRIMARY KEY)")
    db.executemany("INSERT INTO copies VALUES (?)", [(n,) for n in range(1, copies)])
    for name in _GROWN:
        columns = [column.name for column in schema.metadata.tables[name].columns]
        moved = {own: f"{own} + n * {_APART}" for own in columns if own.endswith("id")}
        moved |= {"source_id": "source_id", "ext_id": "ext_id || '-' || n", "hash": "hash + n"}
        told = ", ".join(moved.get(own, f'"{own}"') for own in columns)
        names = ", ".join(f'"{own}"' for own in columns)
        db.execute(f"INSERT INTO {name} ({names}) SELECT {told} FROM copies CROSS JOIN {name}")
    db.commit()
    db.close()


def spent(coordinator: Coordinator) -> tuple[float, float]:
    """Evaluate all that waits: seconds that passed, and of CPU."""
    used, began = cpu(), time.monotonic()
    while coordinator.evaluate_some():
        pass
    return time.monotonic() - began, cpu() - used


def call_in(store: Store, leads: Sequence[int], now: datetime) -> None:
    """These people have just called."""
    r, table = schema.records.c, schema.activities
    rows = store.connection.execute(sa.select(r.id, r.source_id).where(r.lead_id.in_(leads)))
    of = {row.id: row.source_id for row in rows}
    what = {"kind": "call_in", "happened_at": now, "known_at": now, "count": 1}
    ids = store.new_ids(table, len(of))
    insert(store, table, [{"id": i, "record_id": one, "source_id": source, "ext_id": f"call {i}"} | what
                          for i, (one, source) in zip(ids, of.items(), strict=True)])  # fmt: skip
    mark(store, of)


def opened(path: Path) -> Coordinator:
    """What runs the installation whose file this is."""
    config, stopping = load_config(path), threading.Event()
    store = open_store(config.store, config.folder)
    coordinator = Coordinator(config, store, SystemClock(stopping), logging.getLogger("bench"), stopping)
    coordinator.open()
    coordinator.allow()
    return coordinator


def main() -> None:
    """Measure in the folder that the first argument names, with as many leads as the second one says."""
    collect_seldom()
    folder, leads = Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else LEADS
    found: dict[str, float] = {}
    with sandbox("hubspot", READ) as url:
        path = installation(folder, "hubspot", url)
        for _ in range(2):  # the second one meets what the first one wrote
            coordinator = opened(path)
            coordinator.cycle()
            coordinator.close()
        grow(folder / "leadsync.db", leads)
        path.write_text(path.read_text("utf-8").replace("live: true", "live: false"), "utf-8")
        coordinator = opened(path)
        for pause in (2.5, 32):  # after which nothing of our own writes is met again
            coordinator.cycle()
            time.sleep(pause)
        coordinator.cycle()
        before, report = cpu(), coordinator.cycle()
        found["idle"] = cpu() - before
        (found["touched"],) = (c.evaluated + c.due for c in report.connections.values())
    store, now = coordinator.store, coordinator.clock.now()
    with store.begin():
        every = list(store.connection.scalars(sa.select(schema.results.c.lead_id)))
        call_in(store, every[:: len(every) // CHANGED][:CHANGED], now)
    found["changed"], found["changed_cpu"] = spent(coordinator)
    with store.begin():
        a = schema.activities
        found["leads"], found["activities"] = len(every), store.connection.scalar(sa.select(sa.func.count(a.c.id))) or 0
    coordinator.close()
    for name, rules in (("some", SOME), ("all", OTHERWISE)):
        (folder / "scoring.yaml").write_text(rules, "utf-8")
        coordinator = opened(path)
        used, began = cpu(), time.monotonic()
        coordinator.rederive.run(coordinator.stopping)
        found[f"{name}_scored"], found[f"{name}_scored_cpu"] = time.monotonic() - began, cpu() - used
        found[f"{name}_mb"] = peak()
        with coordinator.store.begin():
            d = schema.dirty
            found[name] = coordinator.store.connection.scalar(sa.select(sa.func.count()).select_from(d)) or 0
        found[f"{name}_followed"], found[f"{name}_followed_cpu"] = spent(coordinator)
        coordinator.close()
    print(json.dumps(found | {"peak_mb": peak()}))


if __name__ == "__main__":
    main()
