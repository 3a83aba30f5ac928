"""Some hundred cycles against the sandboxes, while people work in them and everything fails that can fail: in the end
the store equals the CRMs, the CRMs show what a fresh leadsync would say, and nothing else was touched."""

import logging
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from soak_hubspot import HubSpotWorld
from soak_salesforce import SalesforceWorld
from soak_truth import differences, unwritten
from soak_world import Watch, World, later

from leadsync.config.load import Config, load_config
from leadsync.store import evaluation, schema
from leadsync.store.database import open_store
from leadsync.sync.cycle import Coordinator
from leadsync.sync.report import ConnectionReport

pytestmark = pytest.mark.slow
KINDS: dict[str, Callable[[random.Random], World]] = {"hubspot": HubSpotWorld, "salesforce": SalesforceWorld}
MINUTE = timedelta(minutes=1)
SCORING = """\
fit:
  cap: 40
  rules:
    decides: {points: 20, when: "job_title contains [CEO, Head]"}
    market: {points: 10, when: "country in [PL, VN]"}
    size: {points: 10, when: employees between 50 and 5000}
engagement:
  cap: 60
  rules:
    met: {points: 18, per: meeting, half_life: 45d, cap: 36}
    called: {points: 12, per: call_in, half_life: 21d, cap: 24}
    reply: {points: 12, per: email_reply, half_life: 21d, cap: 24}
    seen: {points: 2, per: visit, half_life: 14d, cap: 10}
    tended: {points: 1, per: rep_activity, half_life: 7d, cap: 5}
    learned: {points: 8, per: webinar, half_life: 30d, cap: 16}
    silent: {points: -15, when: activity and no activity in 20d}
"""


def config(folder: Path, worlds: Sequence[World], wrap: Callable[[Any], Any], *, live: bool) -> Config:
    """The shipped mappings, with connections that lead to these accounts."""
    listed = {w.name: {"type": w.name, "live": live, "token": {"env": "T"}, "base_url": "https://h"} for w in worlds}
    folder.mkdir(exist_ok=True)
    (folder / "leadsync.yaml").write_text(yaml.safe_dump({"connections": listed}))
    (folder / "scoring.yaml").write_text(SCORING)
    found = load_config(folder / "leadsync.yaml")
    connections = {
        w.name: replace(found.connections[w.name], connector=lambda *_, w=w, **__: wrap(w.driver.connect()))
        for w in worlds
    }
    return replace(found, connections=connections)


@dataclass
class Soak:
    """A leadsync, the accounts that it works for, and their people."""

    folder: Path
    seed: int
    worlds: list[World]
    rng: random.Random
    wrap: Callable[[Any], Any] = lambda connector: connector
    watches: list[Watch] = field(default_factory=list)
    needless: list[tuple[str, str]] = field(default_factory=list)
    opened: int = 0

    def __post_init__(self) -> None:
        self.clock = self.worlds[0].driver.clock
        for world in self.worlds:
            world.driver.clock = self.clock
        self.config = config(self.folder, self.worlds, self.wrap, live=True)
        self.open()
        for world in self.worlds:
            mapping = self.config.connections[world.name].mapping
            roles = {obj: reads.role for obj, reads in mapping.reads.items()}
            owned = {obj: [w.field for w in writes] for obj, writes in mapping.writes.items()}
            self.watches.append(Watch(world, roles, owned))

    def open(self) -> None:
        store = open_store(self.config.store, self.config.folder)
        self.leadsync = Coordinator(self.config, store, self.clock, logging.getLogger("soak"), threading.Event())
        self.leadsync.open()
        self.opened += 1

    def close(self) -> None:
        self.leadsync.close()
        for world in self.worlds:
            world.driver.close()

    def run(self, cycles: int) -> None:
        """People work, things fail, leadsync comes by; then everything comes to rest."""
        for _ in range(cycles):
            for world in self.worlds:
                self._people(world)
            self.cycle()
            self.clock.advance(later(self.clock, self.rng).total_seconds())
            for world in self.worlds:
                world.after_a_minute()
            if self.rng.random() < 0.03:
                self.leadsync.close()
                self.open()
        for world in self.worlds:
            world.calm()
            world.lag(0)
        self.settle()

    def _people(self, world: World) -> None:
        for _ in range(self.rng.choice((0, 0, 1, 1, 2, 4))):
            world.act()
        dice = self.rng.random()
        if dice < 0.2:
            world.storm()
        elif dice < 0.6:
            world.calm()
        if self.rng.random() < 0.08:
            world.lag(self.rng.choice((0, 5, 30, 250)))
        if self.rng.random() < 0.1:
            world.lock()

    def settle(self) -> None:
        """Hours pass, the bin is looked into, a census is held."""
        for pause in (*[11 * MINUTE] * 4, timedelta(hours=25), *[11 * MINUTE] * 4):
            self.clock.advance(pause.total_seconds())
            self.cycle()

    def cycle(self) -> Mapping[str, ConnectionReport]:
        """Leadsync comes by, watched."""
        for watch in self.watches:
            watch.begin()
        report = self.leadsync.cycle()
        for world, watch in zip(self.worlds, self.watches, strict=True):
            watch.end()
            world.unlock()
            if not world.faulty:
                self.needless += watch.needless
            watch.needless.clear()
        return report.connections

    # what must be so in the end

    def wrong(self) -> list[str]:
        """All that is not as it should be."""
        mappings = {w.name: self.config.connections[w.name].mapping for w in self.worlds}
        store = self.leadsync.store
        found = [told for w in self.worlds for told in differences(w, mappings[w.name], store)]
        with store.reading() as db:
            under_way = sa.select(sa.func.count()).where(schema.writes.c.state.in_(("planned", "sent")))
            found += [f"{count} writes have no end" for count in db.scalars(under_way) if count]
        fresh = self._fresh()
        try:
            found += [told for w in self.worlds for told in unwritten(w, mappings[w.name], store, fresh.store)]
        finally:
            fresh.close()
        found += [f"{where}: written although nothing changed" for where in self.needless]
        # a connector knows a limit of searches from the start, but not on loopback: it learns of it by one refusal
        found += [f"{w.name}: {w.refused} above its limits" for w in self.worlds if w.refused > self.opened]
        return found + self._restless()

    def _fresh(self) -> Coordinator:
        """A leadsync that has never seen these accounts, and writes nothing."""
        settings = config(self.folder.parent / "fresh", self.worlds, self.wrap, live=False)
        store = open_store(settings.store, settings.folder)
        fresh = Coordinator(settings, store, self.clock, logging.getLogger("soak"), threading.Event())
        fresh.open()
        fresh.cycle()
        return fresh

    def _restless(self) -> list[str]:
        """What a second evaluation of everything still finds to write; the first one may tell of parts that faded."""
        for _ in range(2):
            with self.leadsync.store.begin():
                evaluation.mark_all(self.leadsync.store)
            reports = self.cycle()
        found = []
        for name, report in reports.items():
            found += [f"{name}: {report.error}"] if report.error else []
            found += [f"{name}: {problem['message']}" for problem in report.problems]
            found += [f"{name}: {report.written} writes of what stands there already"] if report.written else []
        return found


@pytest.fixture
def soak(tmp_path: Path) -> Iterator[Callable[..., Soak]]:
    with ExitStack() as stack:

        def begin(names: Sequence[str], seed: int, wrap: Callable[[Any], Any] = lambda connector: connector) -> Soak:
            random.seed(seed)  # that of the waits between retries
            rng = random.Random(seed)
            made = Soak(tmp_path / "own", seed, [KINDS[name](rng) for name in names], rng, wrap)
            stack.callback(made.close)
            return made

        yield begin


@pytest.mark.parametrize(
    ("names", "seed", "cycles"),
    [(["hubspot"], 1, 150), (["salesforce"], 2, 180), (["hubspot", "salesforce"], 3, 60)],
    ids=["hubspot", "salesforce", "both"],
)
def test_the_store_equals_the_crm_after_hundreds_of_cycles(
    soak: Callable[..., Soak], names: list[str], seed: int, cycles: int
) -> None:
    seed = int(os.environ.get("LEADSYNC_SOAK", seed))
    found = soak(names, seed)
    found.run(cycles)
    wrong = found.wrong()
    assert not wrong, f"seed {seed}, {cycles} cycles:\n" + "\n".join(wrong)
    for world, watch in zip(found.worlds, found.watches, strict=True):
        assert len(world.acted) >= len(world.sometimes) - 2, "people did nearly everything"
        assert watch.written > cycles / 4
