"""The contract of a connector as checks. A connector's author inherits them in a test module of their own:

    class TestMyCrm(ConnectorConformance):
        @pytest.fixture
        def driver(self, tmp_path): return MyCrmDriver(tmp_path)

`leadsync conformance TYPE` runs the same checks without a module. Needs pytest (`leadsync[conformance]`).
"""

import pytest

pytest.register_assert_rewrite(
    *(f"{__name__}.{part}" for part in ("account", "reading", "leaving", "writing", "faults"))
)

from leadsync.testing.conformance.account import Account  # noqa: E402 - pytest has to know of them first
from leadsync.testing.conformance.faults import Faults  # noqa: E402
from leadsync.testing.conformance.leaving import Leaving  # noqa: E402
from leadsync.testing.conformance.reading import Reading  # noqa: E402
from leadsync.testing.conformance.writing import Writing  # noqa: E402

__all__ = ["Account", "ConnectorConformance"]


class ConnectorConformance(Faults, Writing, Leaving, Reading):  # pytest runs the last one first
    """Every clause of the contract is a check. What the CRM has no notion of (`Driver.cannot`) is skipped by name."""
