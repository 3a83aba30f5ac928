"""`leadsync run`: the background service."""

from typing import Annotated

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, coordinator


def run(
    config: ConfigOption = DEFAULT,
    allow: Annotated[
        bool, typer.Option("--allow", help="Write also what the brake on mass changes holds back by now.")
    ] = False,
) -> int:
    """Go on polling until stopped (SIGTERM or Ctrl-C; a second signal ends at once)."""
    from leadsync.config.load import load_config
    from leadsync.service.daemon import Daemon

    with coordinator(load_config(config), quiet=False) as found:
        if allow:
            found.allow()
        Daemon(found, found.log).run()
    return 0
