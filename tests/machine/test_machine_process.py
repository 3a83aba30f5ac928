"""`leadsync run` as a process: stopped by SIGTERM, alone on its store, and patient with a CRM that is down."""

import asyncio
import select
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from service import LEADSYNC, PATIENCE, configure, cycle, environment, run, sandbox

from connectors.hubspot import HubSpotConnector
from connectors.salesforce import SalesforceConnector
from leadsync.testing.server import Running


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.slow
def test_one_is_down_the_other_goes_on_and_a_second_process_is_turned_away(tmp_path: Path, stack: ExitStack) -> None:
    port = free_port()
    configure(
        tmp_path,
        hubspot=stack.enter_context(Running(sandbox(HubSpotConnector))),
        salesforce=f"http://127.0.0.1:{port}",
    )
    service = run(tmp_path, stack)
    service.until(cycle("hubspot"))
    service.until(cycle("salesforce", fails=True))

    done = subprocess.run(
        [*LEADSYNC, "sync"], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 75
    assert f"{socket.gethostname()} pid {service.process.pid}" in done.stderr

    stack.enter_context(Running(sandbox(SalesforceConnector), port))
    service.until(cycle("salesforce"))
    assert service.stop() == 0


@pytest.mark.slow
def test_sigterm_ends_it_also_while_a_call_hangs(tmp_path: Path, stack: ExitStack) -> None:
    asked = asyncio.Event()

    async def hanging(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        while (await receive())["type"] != "http.disconnect":
            pass

    configure(tmp_path, hubspot=stack.enter_context(Running(hanging)))
    service = run(tmp_path, stack)
    for _ in range(PATIENCE * 20):
        if asked.is_set():
            break
        select.select([], [], [], 0.05)
    assert asked.is_set()
    assert service.stop() == 0
