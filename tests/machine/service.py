"""`leadsync run` as a process of its own, whose log is read line by line."""

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from leadsync.connector import SandboxOptions

LEADSYNC = [sys.executable, "-m", "leadsync"]
STOPS_WITHIN = 10  # seconds: promised
PATIENCE = 60  # seconds that a machine under load may take for a step; nothing waits that long when all is well


def sandbox(connector: Any) -> Any:
    return connector.sandbox(SandboxOptions("demo", datetime.now(UTC).date(), leads=10, seed=7, rate_limit=False))


def configure(folder: Path, **urls: str) -> None:
    (folder / "token").write_text("demo")
    connections = {
        name: {"type": name, "base_url": url, "token": {"file": str(folder / "token")}, "live": True}
        for name, url in urls.items()
    }
    (folder / "leadsync.yaml").write_text(yaml.safe_dump({"connections": connections, "every": "1s"}))


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("LEADSYNC_")}


class Service:
    """A `leadsync run` whose log is read line by line."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [*LEADSYNC, "run"], cwd=folder, env=environment(), stderr=subprocess.PIPE, start_new_session=True
        )
        self._rest = b""

    def until(self, wanted: Any) -> dict[str, Any]:
        """The first line of log that is `wanted`."""
        assert self.process.stderr is not None
        said = []
        while select.select([self.process.stderr], [], [], PATIENCE)[0]:
            chunk = os.read(self.process.stderr.fileno(), 65536)
            if not chunk:
                break
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                said.append(json.loads(line))
                if wanted(said[-1]):
                    found: dict[str, Any] = said[-1]
                    return found
        raise AssertionError(f"the service said only: {said}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPS_WITHIN)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()


def run(folder: Path, stack: ExitStack) -> Service:
    service = Service(folder)
    stack.callback(service.close)
    return service


def cycle(name: str, **wanted: Any) -> Any:
    """Whether a line of log is a cycle in which this connection failed, or wrote something."""

    def fits(line: dict[str, Any]) -> bool:
        told = line.get("connections", {}).get(name)
        if line.get("event") != "cycle.done" or told is None:
            return False
        return bool(told["error"]) if wanted.get("fails") else told["written"] > 0 and not told["error"]

    return fits
