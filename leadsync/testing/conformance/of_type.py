"""What `leadsync conformance TYPE` runs: the suite upon the driver that the connector itself brings."""

from pathlib import Path

import pytest

from leadsync.connector import HasDriver
from leadsync.testing.conformance import ConnectorConformance
from leadsync.testing.driver import Driver

CONNECTOR = pytest.StashKey[type[HasDriver]]()


class TestConnector(ConnectorConformance):
    """The installed connector."""

    @pytest.fixture
    def driver(self, request: pytest.FixtureRequest, tmp_path: Path) -> Driver:
        """An account of its own, by the class that the verb found."""
        made: Driver = request.config.stash[CONNECTOR].driver(tmp_path)
        return made
