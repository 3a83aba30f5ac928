"""The Salesforce connector against its sandbox meets every clause of the contract."""

from pathlib import Path

import pytest

from connectors.salesforce import SalesforceConnector
from leadsync.testing.conformance import ConnectorConformance
from leadsync.testing.driver import Driver


class TestSalesforce(ConnectorConformance):
    @pytest.fixture
    def driver(self, tmp_path: Path) -> Driver:
        return SalesforceConnector.driver(tmp_path)
