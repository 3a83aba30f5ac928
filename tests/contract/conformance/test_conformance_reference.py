"""The suite itself: a connector that is right passes all of it, and a broken one fails the check it breaks."""

import pytest
from reference import ReferenceDriver

from leadsync.testing.conformance import ConnectorConformance
from leadsync.testing.conformance.mutants import MUTANTS, escaped


class TestReference(ConnectorConformance):
    @pytest.fixture
    def driver(self) -> ReferenceDriver:
        return ReferenceDriver()


CHECKS = {name for name in dir(ConnectorConformance) if name.startswith("test_")}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant: str):
    check, break_ = MUTANTS[mutant]
    assert not escaped(f"test_{check}", break_, ReferenceDriver), f"a connector that {mutant} passes {check}"


def test_every_check_has_a_mutant():
    assert {f"test_{check}" for check, _ in MUTANTS.values()} == CHECKS


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_every_check_says_its_clause(check: str):
    clause = getattr(ConnectorConformance, check).__doc__
    assert str(clause).endswith(".")
