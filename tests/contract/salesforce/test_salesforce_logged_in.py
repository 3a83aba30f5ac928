"""Logged in as an app, by secret or key, the connector meets the clauses about trouble, secrets and quota, too."""

import pytest

from connectors.salesforce.driver import SalesforceDriver
from leadsync.testing.conformance.faults import Faults


class TestByClientCredentials(Faults):
    @pytest.fixture
    def driver(self) -> SalesforceDriver:
        return SalesforceDriver(way="client_credentials")


class TestByKey(Faults):
    @pytest.fixture
    def driver(self) -> SalesforceDriver:
        return SalesforceDriver(way="jwt")
