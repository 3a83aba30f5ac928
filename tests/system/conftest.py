from collections.abc import Iterator
from pathlib import Path

import pytest
from doors import Folder, NewFolder, Sandbox, connection


@pytest.fixture(scope="module")
def hubspot() -> Iterator[Sandbox]:
    with Sandbox("hubspot", "--leads", "60") as crm:
        yield crm


@pytest.fixture(scope="module")
def salesforce() -> Iterator[Sandbox]:
    with Sandbox("salesforce", "--leads", "60") as crm:
        yield crm


@pytest.fixture
def folder(tmp_path: Path) -> NewFolder:
    """A folder that is connected: `folder(hubspot, salesforce, live=False)`."""

    def make(*crms: Sandbox, live: bool = True) -> Folder:
        return Folder(tmp_path, {crm.type: connection(crm, live=live) for crm in crms})

    return make
