"""`leadsync run`: the background service."""

from leadsync.cli.common import DEFAULT, ConfigOption, coordinator


def run(config: ConfigOption = DEFAULT) -> int:
    """Go on polling until stopped (SIGTERM or Ctrl-C; a second signal ends at once)."""
    from leadsync.config.load import load_config
    from leadsync.service.daemon import Daemon

    with coordinator(load_config(config), quiet=False) as found:
        Daemon(found, found.log).run()
    return 0
