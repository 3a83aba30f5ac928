"""The command line: one small file per verb. What goes wrong is told in a sentence, with an exit code for scripts."""

import sys

from leadsync.cli.app import run
from leadsync.service.garbage import collect_seldom


def main() -> None:
    """The entry point of `leadsync`."""
    collect_seldom()
    sys.exit(run(sys.argv[1:]))
