"""What several verbs share: where the configuration is, one coordinator from begin to end, signals."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from leadsync import registry
from leadsync.errors import LeadsyncError, UsageError, UserError

if TYPE_CHECKING:  # loaded on first use: a sandbox or a help page needs neither columns nor a database
    from rich.console import Console

    from leadsync.config.load import Config, ConnectionConfig
    from leadsync.connector import Connector
    from leadsync.sync.cycle import Coordinator

ConfigOption = Annotated[
    Path, typer.Option("--config", envvar="LEADSYNC_CONFIG", metavar="FILE", help="The configuration file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
DEFAULT = Path("leadsync.yaml")


def installed(type_: str) -> Any:
    """The connector class of a type named on the command line. Raises `UsageError` for one that is not installed."""
    try:
        return registry.connector(type_)
    except UserError as error:
        raise UsageError(error.problems) from None


class Stop:
    """What SIGTERM and SIGINT do while one is entered: the first asks to stop, a second one ends the process now."""

    def __init__(self) -> None:
        self.asked = False
        self.event = threading.Event()  # set for whatever works now

    def fresh(self) -> threading.Event:
        """The event for what is about to work: set once stopping is asked for."""
        self.event = threading.Event()
        if self.asked:
            self.event.set()
        return self.event

    def __enter__(self) -> "Stop":
        self._before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _: Any) -> None:
        if self.asked:
            os._exit(128 + number)
        self.asked = True
        self.event.set()


@contextmanager
def coordinator(config: "Config", *, quiet: bool, stop: Stop | None = None) -> Iterator["Coordinator"]:
    """A coordinator that is open, in a process that stops gracefully on SIGTERM and SIGINT."""
    from leadsync.service.clock import SystemClock
    from leadsync.service.logs import logger
    from leadsync.store.database import open_store
    from leadsync.sync.cycle import Coordinator

    with nullcontext(stop) if stop else Stop() as signals:
        stopping = signals.fresh()
        log = logger([c.secrets for c in config.connections.values()], quiet=quiet)
        store = open_store(config.store, config.folder)
        found = Coordinator(config, store, SystemClock(stopping), log, stopping)
        try:
            found.open()
            yield found
        finally:
            found.close()


@contextmanager
def opened(config: "Config", connection: "ConnectionConfig") -> Iterator["Connector"]:
    """A connector for a verb that asks one CRM by itself, without the store."""
    from leadsync.service.clock import SystemClock
    from leadsync.service.logs import logger

    log = logger([c.secrets for c in config.connections.values()], quiet=True)
    clock = SystemClock(threading.Event())
    found = connection.connector(connection.settings, clock=clock, secrets=connection.secrets, log=log)
    try:
        yield found
    except LeadsyncError as error:
        error.hide(connection.secrets.hide)
        raise
    finally:
        found.close()


def wide() -> "Console":
    """A console for tables: the terminal may wrap their lines, but nothing is cut off."""
    from rich.console import Console

    return Console(soft_wrap=True, highlight=False, width=240)


def print_json(body: Any) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(orjson.dumps(body, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()
