from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from salesforce_box import TOKEN, Box, FakeClock, Front

from connectors.salesforce.sandbox import build
from leadsync.connector import SandboxOptions
from leadsync.testing.server import Running


@pytest.fixture
def make_box() -> Iterator[Callable[..., Box]]:
    running: list[Running] = []

    def make(**options: Any) -> Box:
        clock = FakeClock()
        given = {"token": TOKEN, "today": date(2026, 3, 2), "leads": 0} | options
        app = build(SandboxOptions(**given, now=clock.theirs))
        front = Front(app)
        server = Running(front)
        url = server.__enter__()
        running.append(server)
        return Box(url, app.state.org, front, clock)

    yield make
    for server in running:
        server.__exit__()


@pytest.fixture
def box(make_box: Callable[..., Box]) -> Box:
    """An account without people."""
    return make_box()
