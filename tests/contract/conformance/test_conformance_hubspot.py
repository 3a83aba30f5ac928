"""The HubSpot connector against its sandbox meets every clause of the contract."""

from pathlib import Path

import pytest

from connectors.hubspot import HubSpotConnector
from leadsync.testing.conformance import ConnectorConformance
from leadsync.testing.driver import Driver


class TestHubSpot(ConnectorConformance):
    @pytest.fixture
    def driver(self, tmp_path: Path) -> Driver:
        return HubSpotConnector.driver(tmp_path)
