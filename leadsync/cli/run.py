"""`leadsync run`: the background service."""

import signal
from collections.abc import Callable
from typing import Annotated

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, Stop, coordinator


def run(
    config: ConfigOption = DEFAULT,
    allow: Annotated[
        bool, typer.Option("--allow", help="Write also what the brake on mass changes holds back by now.")
    ] = False,
) -> int:
    """Go on polling until stopped (SIGTERM or Ctrl-C; a second signal ends at once).

    Files that change are taken up when nothing is wrong with them; SIGHUP has them read at once.
    """
    from leadsync.config.load import Config, load_config
    from leadsync.service.daemon import Daemon
    from leadsync.service.reload import Watch

    wanted: Config | None = load_config(config)
    with Stop() as stop:
        while wanted is not None and not stop.asked:
            with coordinator(wanted, quiet=False, stop=stop) as found:
                watch = Watch(config, wanted, found.log)
                _on_hangup(watch.asked.set)
                if allow:
                    found.allow()
                    allow = False
                wanted = Daemon(found, found.log, watch.look).run()
    return 0


def _on_hangup(work: Callable[[], None]) -> None:
    if hasattr(signal, "SIGHUP"):  # not everywhere
        signal.signal(signal.SIGHUP, lambda *_: work())
