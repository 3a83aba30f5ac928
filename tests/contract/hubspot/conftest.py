from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hubspot_account import TODAY, TOKEN, Account, Script, Scripting, Start

from connectors.hubspot import HubSpotConnector
from leadsync.connector import SandboxOptions
from leadsync.testing.server import Running


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts sandboxes: `start(leads=20)`, `start(csv="email\\n...")`, `start(script=…)`."""
    with ExitStack() as stack:

        def starter(*, csv: str | None = None, script: Script | None = None, **options: Any) -> Account:
            if csv is not None:
                options["load"] = tmp_path / "leads.csv"
                options["load"].write_text(csv, encoding="utf-8")
            wanted = {"leads": 20, "rate_limit": False} | options
            app = HubSpotConnector.sandbox(SandboxOptions(token=TOKEN, today=TODAY, **wanted))
            return Account(stack.enter_context(Running(Scripting(app, script) if script else app)))

        yield starter


@pytest.fixture
def account(start: Start) -> Account:
    return start()
