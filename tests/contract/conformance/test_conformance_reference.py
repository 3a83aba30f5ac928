"""The suite itself: a connector that is right passes all of it, and a broken one fails the check it breaks."""

import pytest
from reference import ReferenceDriver

from leadsync.testing.conformance import ConnectorConformance


class TestReference(ConnectorConformance):
    @pytest.fixture
    def driver(self) -> ReferenceDriver:
        return ReferenceDriver()
