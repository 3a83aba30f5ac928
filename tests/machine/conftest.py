from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from fake_crm import Clock, Open, coordinator

from leadsync.config.load import Config
from leadsync.sync.cycle import Coordinator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(clock: Clock) -> Iterator[Open]:
    """Opens coordinators, and closes them in the end."""
    with ExitStack() as stack:

        def open_(found: Config) -> Coordinator:
            made = coordinator(found, clock)
            stack.callback(made.close)
            return made

        yield open_


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closed at the end of the test."""
    with ExitStack() as found:
        yield found
