"""The command line: one small file per verb. What goes wrong is told in a sentence, with an exit code for scripts."""

import sys

from leadsync.cli.app import run


def main() -> None:
    """The entry point of `leadsync`."""
    sys.exit(run(sys.argv[1:]))
