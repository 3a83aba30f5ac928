"""One measurement, in a process of its own: prints its figures as JSON."""

import json
import logging
import resource
import sys
import threading
import time
from pathlib import Path

from leadsync.config.load import load_config
from leadsync.service.clock import SystemClock
from leadsync.service.garbage import collect_seldom
from leadsync.store.database import open_store
from leadsync.sync.cycle import Coordinator
from tests.bench.meter import Meter


def cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak() -> float:
    """Peak memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pull(coordinator: Coordinator) -> int:
    """Read and keep everything; evaluate nothing."""
    coordinator.begin_cycle()
    (name,) = coordinator.connections.workers
    coordinator.poll(name, whole=True)
    while coordinator.connections.polling:
        coordinator.take_in(0.5)
    return coordinator.report.connections[name].pulled


def cycle(coordinator: Coordinator) -> int:
    """One whole cycle; the rows written, or read where none were."""
    (report,) = coordinator.cycle().connections.values()
    if report.error:
        raise SystemExit(str(report.error))
    return report.written or report.pulled


def main() -> None:
    """Measure what the arguments name."""
    collect_seldom()
    name, path = sys.argv[1], Path(sys.argv[2])
    stopping = threading.Event()
    config = load_config(path)
    store = open_store(config.store, config.folder)
    coordinator = Coordinator(config, store, SystemClock(stopping), logging.getLogger("bench"), stopping)
    coordinator.open()
    coordinator.allow()
    (worker,) = coordinator.connections.workers.values()
    if name.startswith("idle"):
        for pause in (2.5, 32):  # stamps of whole seconds, then an index that may be half a minute behind:
            cycle(coordinator)
            time.sleep(pause)  # after that nothing of our own writes is met again
        cycle(coordinator)
    if name.startswith("write"):
        pull(coordinator)
    meter = Meter(worker.connector)
    calls, before, ready, began = meter.read(), cpu(), peak(), time.monotonic()
    if name == "pull":
        rows = pull(coordinator)
    elif name.startswith("write"):
        while coordinator.evaluate_some():
            pass
        before, began = cpu(), time.monotonic()
        while not coordinator.quiet:
            coordinator.take_in(0.5)
        (report,) = coordinator.report.connections.values()
        rows = report.written
    else:
        rows = cycle(coordinator)
    figures = {
        "cpu": cpu() - before,
        "wall": time.monotonic() - began,
        "peak_mb": peak() - ready,
        "rows": rows,
        **{name: count - calls[name] for name, count in meter.read().items()},
    }
    coordinator.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
