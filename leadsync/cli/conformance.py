"""`leadsync conformance`: whether a connector keeps the contract."""

import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadsync.cli.common import JsonOption, installed, print_json
from leadsync.connector import HasDriver
from leadsync.errors import LeadsyncError, UsageError, UserError

if TYPE_CHECKING:  # an extra: only this verb needs it
    import pytest

_STATES = {"passed": "passed", "failed": "failed", "skipped": "not applicable"}


@dataclass(frozen=True, slots=True)
class Checked:
    """A check: the clause of the contract, how it went, and why where it did not pass."""

    check: str
    clause: str
    state: str
    why: str = ""


def conformance(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="files, hubspot, or another installed type.")],
    json: JsonOption = False,
) -> int:
    """Put a connector through every clause of the contract, upon an account that its driver makes."""
    connector = installed(type_)
    if not isinstance(connector, HasDriver):
        raise UsageError(
            f"the connector {type_!r} has no driver", fix="give its class a `driver`: see docs/connectors.md"
        )
    checked = _run(connector)
    counts = Counter(one.state for one in checked)
    told = {state: counts[state] for state in _STATES.values()}
    if json:
        print_json({"type": type_, **told, "checks": [asdict(one) for one in checked]})
    else:
        for one in checked:
            why = f": {one.why}" if one.why else ""
            print(f"{one.state:16}{one.check}{why}" + (f" ({one.clause})" if one.state == "failed" else ""))
        print(f"\n{type_}: " + ", ".join(f"{count} {state}" for state, count in told.items()))
    return 1 if counts["failed"] else 0


def _run(connector: Any) -> list[Checked]:
    try:
        import pytest

        from leadsync.testing.conformance import of_type
    except ImportError:
        told = "the checks are written for pytest, which is not installed"
        raise UserError(told, fix="pip install 'leadsync[conformance]'") from None
    gathered = _Gathered()

    class Plugin:
        """Hands the connector in and the results out."""

        def pytest_configure(self, config: pytest.Config) -> None:
            config.stash[of_type.CONNECTOR] = connector

        def pytest_itemcollected(self, item: pytest.Item) -> None:
            gathered.clauses[item.nodeid] = str(getattr(item, "function", item).__doc__)

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            gathered.add(report)

    quiet = ["--disable-plugin-autoload", "-p", "no:terminal", "-p", "no:cacheprovider", "-c", os.devnull]
    code = pytest.main([*quiet, str(of_type.__file__)], plugins=[Plugin()])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or not gathered.checked:
        raise LeadsyncError(f"the checks could not be run: pytest ended with {code!r}")
    return gathered.checked


@dataclass
class _Gathered:
    clauses: dict[str, str] = field(default_factory=dict)
    checked: list[Checked] = field(default_factory=list)

    def add(self, report: "pytest.TestReport") -> None:
        """A check is over when it was called, or could not be."""
        if report.when != "call" and report.passed:
            return
        name = report.nodeid.rpartition("::test_")[2].replace("_", " ")
        why = ""
        if report.skipped and isinstance(report.longrepr, tuple):
            why = report.longrepr[2].removeprefix("Skipped: ")
        elif report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            why = str(crash.message if crash else report.longrepr).removeprefix("AssertionError: ").split("\n")[0]
        self.checked.append(Checked(name, self.clauses[report.nodeid], _STATES[report.outcome], why))
