"""What several verbs share: where the configuration is, one coordinator from begin to end, signals."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from leadsync.config.load import FILE, Config
from leadsync.service.clock import SystemClock
from leadsync.service.logs import logger
from leadsync.store.database import open_store
from leadsync.sync.cycle import Coordinator

ConfigOption = Annotated[
    Path, typer.Option("--config", envvar="LEADSYNC_CONFIG", metavar="FILE", help="The configuration file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
DEFAULT = Path(FILE)


@contextmanager
def coordinator(config: Config, *, quiet: bool) -> Iterator[Coordinator]:
    """A coordinator that is open, in a process that stops gracefully on SIGTERM and SIGINT."""
    stopping = threading.Event()
    with _signals(stopping):
        log = logger([c.secrets for c in config.connections.values()], quiet=quiet)
        store = open_store(config.store, config.folder)
        found = Coordinator(config, store, SystemClock(stopping), log, stopping)
        try:
            found.open()
            yield found
        finally:
            found.close()


@contextmanager
def _signals(stopping: threading.Event) -> Iterator[None]:
    """The first signal asks to stop, a second one ends the process now."""

    def stop(number: int, _: Any) -> None:
        if stopping.is_set():
            os._exit(128 + number)
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_json(body: Any) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(orjson.dumps(body, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()
