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
from zlib import crc32

import pytest
import sqlalchemy as sa
import yaml
from soak_hubspot import HubSpotWorld
from soak_salesforce import SalesforceWorld
from soak_truth import differences, unwritten
from soak_world import Watch, World, later

from connectors.hubspot import api
from connectors.salesforce import reading
from leadsync.config.load import Config, load_config
from leadsync.core.mapping import CrmMapping
from leadsync.store import agenda, schema
from leadsync.store.database import open_store
from leadsync.sync.cycle import Coordinator
from leadsync.sync.report import ConnectionReport
from leadsync.types import Page, WriteOp, WriteResult, WriteStatus

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
    # whoever was the same as a row that was merged away stays with it: a fresh leadsync knows nothing of that
    (folder / "matching.yaml").write_text("link: off")
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
            mapping = self.mapping(world)
            roles = {obj: reads.role for obj, reads in mapping.reads.items()}
            owned = {obj: [w.field for w in writes] for obj, writes in mapping.writes.items()}
            self.watches.append(Watch(world, roles, owned))

    def open(self) -> None:
        store = open_store(self.config.store, self.config.folder)
        self.leadsync = Coordinator(self.config, store, self.clock, logging.getLogger("soak"), threading.Event())
        self.leadsync.open()
        self.leadsync.allow()
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
        store, found = self.leadsync.store, self.apart()
        with store.reading() as db:
            under_way = sa.select(sa.func.count()).where(schema.writes.c.state.in_(("planned", "sent")))
            found += [f"{count} writes have no end" for count in db.scalars(under_way) if count]
        fresh = self._fresh()
        try:
            for world in self.worlds:
                bands = self.config.scoring.warm, self.config.scoring.hot
                found += unwritten(world, self.mapping(world), bands, store, fresh.store)
        finally:
            fresh.close()
        found += [f"{where}: written although nothing changed" for where in self.needless]
        # a connector knows a limit of searches from the start, but not on loopback: it learns of it by one refusal
        found += [f"{w.name}: {w.refused} above its limits" for w in self.worlds if w.refused > self.opened]
        return found + self._restless()

    def apart(self) -> list[str]:
        """What the store has otherwise than the CRMs."""
        return [told for w in self.worlds for told in differences(w, self.mapping(w), self.leadsync.store)]

    def mapping(self, world: World) -> CrmMapping:
        """How an account is read and written."""
        return self.config.connections[world.name].mapping

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
                agenda.mark_all(self.leadsync.store)
            reports = self.cycle()
        found = []
        for name, report in reports.items():
            found += [f"{name}: {report.error}"] if report.error else []
            found += [f"{name}: {problem['message']}" for problem in report.problems]
            found += [f"{name}: {report.written} writes of what stands there already"] if report.written else []
        return found


@pytest.fixture
def soak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Soak]]:
    """Pages are small, so that few people fill several."""
    for name, rows in {"SEARCH_LIMIT": 7, "LIST_LIMIT": 9, "ASSOCIATIONS_LIMIT": 5}.items():
        monkeypatch.setattr(api, name, rows)
    monkeypatch.setattr(reading, "PAGE", 9)
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
    [(["hubspot"], 1, 110), (["salesforce"], 2, 130), (["hubspot", "salesforce"], 3, 60)],
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


# the judge is judged


class Wrapped:
    """A connector that does one thing wrong."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Forgetful(Wrapped):
    """It leaves out rows that changed, now and then."""

    def changes(self, asks: Any, until: Any) -> Iterator[Any]:
        for page in self._inner.changes(asks, until):
            assert isinstance(page, Page)
            yield replace(page, records=[r for r in page.records if crc32(r.id.encode()) % 3])


class Lying(Wrapped):
    """It says that it wrote what it did not."""

    def write(self, writes: Sequence[WriteOp]) -> list[WriteResult]:
        told = [WriteResult(op.key, WriteStatus.APPLIED, self.now()) for op in writes]
        kept = [op for op in writes if crc32(op.id.encode()) % 3]
        return [*self._inner.write(kept), *(r for r, op in zip(told, writes, strict=True) if op not in kept)]


class Stale(Wrapped):
    """It never shows the score that stands in the CRM."""

    def changes(self, asks: Any, until: Any) -> Iterator[Any]:
        for page in self._inner.changes(asks, until):
            assert isinstance(page, Page)
            old = {"leadsync_score": "-1"} if page.object == "contacts" else {}
            yield replace(page, records=[replace(r, fields={**r.fields, **old}) for r in page.records])


class Meddling(Wrapped):
    """It writes a field that is not leadsync's."""

    def write(self, writes: Sequence[WriteOp]) -> Any:
        return self._inner.write([replace(op, fields={**op.fields, "city": "Gdynia"}) for op in writes])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(Forgetful, "in the store"), (Lying, "in the store"), (Stale, "although nothing changed")],
)
def test_a_connector_that_goes_wrong_now_and_then_is_found_out(
    soak: Callable[..., Soak], wrong: Callable[[Any], Any], said: str
) -> None:
    found = soak(["hubspot"], 5, wrong)
    found.run(25)
    assert any(said in told for told in found.wrong())


def test_a_field_that_is_not_ours_is_watched(soak: Callable[..., Soak]) -> None:
    found = soak(["hubspot"], 6, Meddling)
    with pytest.raises(AssertionError, match=r"leadsync changed \['city'\]"):
        found.run(5)


def test_each_difference_is_seen(soak: Callable[..., Soak]) -> None:
    found = soak(["hubspot"], 4)
    found.run(20)
    assert found.wrong() == []
    (world,) = found.worlds
    assert isinstance(world, HubSpotWorld)
    contacts = world.portal.objects["contacts"]
    first, second, third, fourth, *_ = sorted(contacts.rows)
    contacts.calculate(first, {"jobtitle": "of another kind"})
    contacts.calculate(second, {"leadsync_score": "99"})
    world.portal.forget("contacts", third)
    (missed,) = world.driver.add("contacts", [{"lastname": "Missed"}])
    (call,) = world.driver.add("calls", [{"hs_timestamp": "2026-03-02T12:00:00Z", "hs_call_direction": "INBOUND"}])
    world.portal.associate("calls", call, "contacts", fourth)
    told = "\n".join(found.apart())
    assert f"contacts {first}.jobtitle: 'of another kind' in the CRM" in told
    assert f"contacts {second}.leadsync_score: '99' in the CRM" in told
    assert f"contacts {third}: the store has it, the CRM does not" in told
    assert f"contacts {missed}: the CRM has it, the store does not" in told
    assert f"('contacts', '{fourth}'): the store lacks ('calls', '{call}', 'call_in'" in told
