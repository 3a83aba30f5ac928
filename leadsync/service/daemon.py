"""The loop of `leadsync run`: every connection on its own clock, one line of log per cycle."""

import logging
import random
import time
from collections.abc import Callable
from typing import Any

from leadsync.config.load import Config
from leadsync.sync.cycle import Coordinator
from leadsync.sync.report import CycleReport, problem_sentence, sentence

_STEP = 0.5  # seconds; how long the loop sleeps at most
_TURN = 2.0  # seconds; how long pages may go on arriving before what they brought is evaluated


class Daemon:
    """Polls at the configured interval, with jitter, until it is asked to stop or `changed` gives other files."""

    def __init__(
        self, coordinator: Coordinator, log: logging.Logger, changed: Callable[[], Config | None] = lambda: None
    ) -> None:
        self._coordinator, self._log, self._changed = coordinator, log, changed
        self._every = coordinator.config.every.total_seconds()
        self._jitter = random.Random("leadsync")  # noqa: S311 - spreads polls, hides nothing
        self._next = dict.fromkeys(coordinator.config.connections, 0.0)
        self._told: dict[str, str] = {}
        self._problems: dict[str, dict[tuple[str, str], str]] = {}  # by object and field

    def run(self) -> Config | None:
        """Work until the coordinator's `stopping` is set, or until there is another configuration: this one."""
        coordinator, since, evaluated, pending = self._coordinator, 0.0, 0.0, False
        coordinator.begin_cycle()
        while not coordinator.stopping.is_set():
            if (other := self._changed()) is not None:
                if since:
                    self._tell(coordinator.end_cycle())
                return other
            polled = self._poll()
            coordinator.mail.look()
            if polled and not since:
                since = time.monotonic()
            pending = coordinator.take_in(0.0 if pending else _STEP) or polled or pending
            if pending and (coordinator.inbox.empty() or time.monotonic() - evaluated > _TURN):
                pending, evaluated = coordinator.evaluate_some(), time.monotonic()
            settled = coordinator.quiet and not pending
            if settled and since and not coordinator.waits:  # what was allowed is what waited when it was allowed
                coordinator.brake.allowed = False
            if since and (settled or time.monotonic() - since > self._every):
                self._tell(coordinator.end_cycle())
                coordinator.begin_cycle()
                since = 0.0 if settled else time.monotonic()
        return None

    def _poll(self) -> bool:
        coordinator, now, polled = self._coordinator, time.monotonic(), False
        connections = coordinator.connections
        for name in [name for name in connections.failed if now >= self._next[name]]:
            coordinator.reconnect(name)
            if name in connections.failed:
                self._next[name] = now + self._every
        for name in connections.workers:
            due = now >= self._next[name] or name in connections.backfilling
            if due and name not in connections.polling:
                if now >= self._next[name]:
                    self._next[name] = now + self._every * self._jitter.uniform(0.95, 1.05)
                coordinator.poll(name, whole=False)
                polled = True
        return polled

    def _tell(self, report: CycleReport) -> None:
        self._log.info("%s", line(report), extra={"data": {"event": "cycle.done", **report.body()}})
        if report.unplaced:
            data = {"event": "routing.unplaced", "routed": dict(report.routed)}
            self._log.warning("routing: %s", report.unplaced, extra={"data": data})
        for name, connection in report.connections.items():
            now = sentence(name, connection.error) if connection.error else ""
            if now and self._told.get(name) != now:
                self._log.error("%s", now, extra={"data": _event("connection.unavailable", name)})
            elif not now and self._told.get(name):
                self._log.info("%s is back", name, extra={"data": _event("connection.recovered", name)})
            self._told[name] = now
            problems = {(p["object"], p["field"]): problem_sentence(name, p) for p in connection.problems}
            before = self._problems.get(name, {})
            for key in sorted(problems.keys() - before.keys()):
                self._log.warning("%s", problems[key], extra={"data": _event("mapping.unfit", name)})
            for key in sorted(before.keys() - problems.keys()) if not connection.error else ():
                mended = before[key].partition("; fix: ")[0]
                self._log.info("mended: %s", mended, extra={"data": _event("mapping.mended", name)})
            if problems or not connection.error:
                self._problems[name] = problems


def line(report: CycleReport) -> str:
    """The cycle in one line."""
    told = []
    for name, c in report.connections.items():
        numbers = {"pulled": c.pulled, "activities": c.activities, "scored": c.evaluated + c.due, "written": c.written,
                   "merged": c.merged, "planned": c.planned, "rejected": c.rejected}  # fmt: skip
        shown = ", ".join(f"{count} {word}" for word, count in numbers.items() if count) or "nothing new"
        waits = f", waiting until {c.waiting.until:%H:%M:%S} UTC: {c.waiting.reason}" if c.waiting else ""
        told.append(f"{name}: {'failed, ' if c.error else ''}{shown}, {c.api_calls} calls{waits}")
    return f"cycle {report.seconds:.1f} s · " + " · ".join(told)


def _event(event: str, connection: str) -> dict[str, Any]:
    return {"event": event, "connection": connection}
