"""Runs cycles in processes of their own and kills them at their k-th step: `python killer.py`, one request per line.

A step is a transaction that was committed, or a call to a connector just before it is made or just after it was
answered. Processes are forked from this one, which has everything imported and no thread, so that each is quick.
"""

import json
import os
import signal
import sys
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import connectors.hubspot
import connectors.salesforce  # noqa: F401
from leadsync.cli.common import coordinator
from leadsync.config.load import load_config
from leadsync.store.database import Store
from leadsync.sync import planning


def cycle(folder: Path, kill_at: int | None, after: str | None = None) -> None:
    """One cycle; `steps` and `report` in the folder tell how it went. `after`: killed once this call is answered."""
    steps = count(1)

    def step() -> None:
        if next(steps) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    class Steps:
        """`Store.begin`, with a step after each commit."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __enter__(self) -> Any:
            return self._inner.__enter__()

        def __exit__(self, *error: Any) -> Any:
            result = self._inner.__exit__(*error)
            step()
            return result

    begin = Store.begin
    Store.begin = lambda self: Steps(begin(self))  # type: ignore[method-assign, assignment, return-value]

    def around(call: Any, name: str) -> Any:
        def wrapped(*given: Any, **named: Any) -> Any:
            step()
            answer = call(*given, **named)
            if name == after:
                os.kill(os.getpid(), signal.SIGKILL)
            step()
            return answer

        return wrapped

    config = load_config(folder / "leadsync.yaml")
    for connection in config.connections.values():
        for name in filter(partial(hasattr, connection.connector), ("write", "merge", "fetch", "changes", "backfill")):
            setattr(connection.connector, name, around(getattr(connection.connector, name), name))
    with coordinator(config, quiet=True) as found:
        found.allow()
        if after == "merge":
            found.read()
            found.merge_rows_of(planning.plan(found, whole=True).merging)
            report = found.decide()
        else:
            report = found.cycle()
    (folder / "report.json").write_text(json.dumps(report.body(), default=str))
    (folder / "steps").write_text(str(next(steps) - 1))


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if (child := os.fork()) == 0:
            cycle(Path(asked["folder"]), asked.get("kill_at"), asked.get("after"))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
