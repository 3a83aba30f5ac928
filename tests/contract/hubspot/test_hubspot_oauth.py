"""Logged in by OAuth, too, the connector meets the clauses about trouble, secrets and quota."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.hubspot.driver import HubSpotDriver
from leadsync.testing.conformance import Account
from leadsync.testing.conformance.faults import Faults


class TestHubSpotByOAuth(Faults):
    @pytest.fixture
    def crm(self, tmp_path: Path) -> Iterator[Account]:
        with Account(HubSpotDriver(tmp_path, way="oauth")) as account:
            yield account
