"""`leadsync run`: the background service."""

import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, Stop, coordinator
from leadsync.errors import LeadsyncError

if TYPE_CHECKING:
    from leadsync.config.load import Config
    from leadsync.service.reload import Watch


def run(
    config: ConfigOption = DEFAULT,
    allow: Annotated[
        bool, typer.Option("--allow", help="Write also what the brake on mass changes holds back by now.")
    ] = False,
) -> int:
    """Go on polling until stopped (SIGTERM or Ctrl-C; a second signal ends at once).

    Files that change are taken up when nothing is wrong with them; SIGHUP has them read at once.
    """
    asked = threading.Event()
    if hasattr(signal, "SIGHUP"):  # not everywhere
        signal.signal(signal.SIGHUP, lambda *_: asked.set())
    from leadsync.service.reload import Watch

    watch = Watch(config, asked)
    with Stop() as stop:
        wanted: Config | None = watch.config
        former: Config | None = None
        while wanted is not None and not stop.asked:
            try:
                wanted, former = _work(wanted, watch, stop, allow=allow), wanted
            except _NotOpened as failed:
                if former is None:
                    raise failed.error from None
                watch.refuse(failed.error, former)
                wanted, former = former, None
            allow = False
    return 0


class _NotOpened(Exception):
    """The files are right, and all the same it cannot be worked with them."""

    def __init__(self, error: LeadsyncError) -> None:
        super().__init__()
        self.error = error


def _work(config: "Config", watch: "Watch", stop: Stop, *, allow: bool) -> "Config | None":
    """Work with this configuration until there is another one, which is returned, or until stopped."""
    from leadsync.service.daemon import Daemon

    with ExitStack() as stack:
        try:
            found = stack.enter_context(coordinator(config, quiet=False, stop=stop))
        except LeadsyncError as error:
            raise _NotOpened(error) from None
        if allow:
            found.allow()
        other = Daemon(found, found.log, watch.look).run()
        if other is not None:
            found.store.hand_over()
        return other
