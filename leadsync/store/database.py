"""Opening a store: make it, bring it up to date, or refuse with the way out. One process at a time may write."""

import os
import socket
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from leadsync.errors import Busy, Problem, StateRefused, UserError
from leadsync.store import schema
from leadsync.store.column_types import Json

_APPLICATION = 0x4C454144  # "LEAD": tells our SQLite files from others
_CHECKED_WHOLE = 256 * 2**20  # bytes; a larger file is checked page by page, as it is read
_RECOVER = (
    "nothing was changed. Restore it from a backup, or move it away and run again: leads and activity are then read"
    " anew from the CRMs, and only the history that leadsync kept is lost"
)
_PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "cache_size=-32000", "secure_delete=ON")
_MIGRATIONS = Path(__file__).parent / "migrations"
LEASE = timedelta(seconds=60)


class Store:
    """A store that is open. Everything is written inside `begin()`, by the one thread that owns this object."""

    def __init__(self, engine: sa.Engine, shown: str) -> None:
        self.engine, self.shown = engine, shown
        self._connection: sa.Connection | None = None
        self._ids: dict[str, int] = {}
        self._lease: tuple[str, datetime] | None = None

    @property
    def placeholder(self) -> str:
        """How the driver marks a parameter."""
        return "?" if self.engine.dialect.paramstyle == "qmark" else "%s"

    @property
    def connection(self) -> sa.Connection:
        """The one connection of this object, opened on first use."""
        if self._connection is None:
            self._connection = self.engine.connect()
        return self._connection

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction: all of it or nothing. Raises `StateRefused` when the database is damaged or lost."""
        try:
            with _told(self.shown), self.connection.begin():
                yield self.connection
        except BaseException:
            self._ids.clear()
            raise

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view, on a connection of its own that never waits for the writer nor holds it up."""
        with _told(self.shown), self.engine.execution_options(reading=True).connect() as db, db.begin():
            yield db

    def run(self, sql: str, parameters: Any = (), *, many: bool = False) -> list[Any]:
        """The rows of a statement as the driver gives them, past SQLAlchemy, whose own work costs more than looking one
        up; of `many` parameters no rows. Inside `begin()`."""
        dialect, raw = self.engine.dialect, self.connection.connection
        errors, cursor = dialect.loaded_dbapi, raw.cursor()
        try:
            (cursor.executemany if many else cursor.execute)(sql, parameters)
            return [] if many or cursor.description is None else list(cursor.fetchall())
        except errors.Error as error:
            if dialect.is_disconnect(error, raw, cursor):
                self.connection.invalidate(error)
            raise sa.exc.DBAPIError.instance(sql, None, error, errors.Error) from error
        finally:
            cursor.close()

    def new_ids(self, table: sa.Table, count: int) -> range:
        """Fresh ids for a table. Only the holder of the lease hands out ids, so they can be counted here."""
        if table.name not in self._ids:
            self._ids[table.name] = self.connection.scalar(sa.select(sa.func.max(table.c.id))) or 0
        first = self._ids[table.name] + 1
        self._ids[table.name] += count
        return range(first, first + count)

    def get_meta(self, key: str) -> Any:
        """A small value of the store's own, or None."""
        found = self.run(f'SELECT value FROM meta WHERE "key" = {self.placeholder}', (key,))  # noqa: S608
        return orjson.loads(found[0][0] or "null") if found else None

    def set_meta(self, key: str, value: Any) -> None:
        """Keep a small value."""
        mark = self.placeholder
        sql = (
            f'INSERT INTO meta ("key", value) VALUES ({mark}, {mark}) '  # noqa: S608 - placeholders
            'ON CONFLICT ("key") DO UPDATE SET value = excluded.value'
        )
        self.run(sql, (key, Json.plain(value)))

    def take_lease(self, now: datetime) -> None:
        """Become the one that writes. Raises `Busy` that says who else is; a holder that died here is none."""
        me = f"{socket.gethostname()} pid {os.getpid()}"
        with self.begin() as db:
            if db.dialect.name == "postgresql":  # there may be no row yet that a second process would wait for
                db.exec_driver_sql("LOCK TABLE lease IN EXCLUSIVE MODE")
            held = db.execute(sa.select(schema.lease)).one_or_none()
            if held and held.holder != me and held.expires_at > now and not _dead(held.holder):
                raise Busy(
                    f"another leadsync ({held.holder}) has been working on this store since {held.taken_at:%F %T} UTC",
                    fix="stop it first; after a crash on another machine wait a minute and try again",
                )
            db.execute(sa.delete(schema.lease))
            db.execute(sa.insert(schema.lease), {"id": 1, "holder": me, "taken_at": now, "expires_at": now + LEASE})
        self._lease = (me, now)

    def keep_lease(self, now: datetime) -> None:
        """Renew the lease when a third of it is over. Raises `Busy` when it was lost."""
        if self._lease is None or now - self._lease[1] < LEASE / 3:
            return
        me = self._lease[0]
        with self.begin() as db:
            change = sa.update(schema.lease).where(schema.lease.c.holder == me).values(expires_at=now + LEASE)
            if db.execute(change).rowcount != 1:
                raise Busy("another leadsync took over this store", fix="only one may run on a store")
        self._lease = (me, now)

    def scrub(self) -> None:
        """Leave no byte of what was deleted in SQLite's file and log; PostgreSQL has a vacuum of its own.

        Writes the whole file anew, for pages that were split keep copies of rows, `secure_delete` or not. Raises `Busy`
        while another process reads it, and `StateRefused` where the disk has no room for it.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with _told(self.shown), self.engine.connect() as db:
            raw: Any = db.connection.driver_connection
            try:
                raw.execute("VACUUM")
                (held, *_) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.DatabaseError as error:
                raise sa.exc.OperationalError("VACUUM", None, error) from None
        if held:
            told = f"another program reads {self.shown}: what was removed still stands in its log"
            raise Busy(told, fix="end that program, then do the same once more")

    def hand_over(self) -> None:
        """Closing keeps the lease: this process opens the store again at once."""
        self._lease = None

    def close(self) -> None:
        """Give back the lease and the file."""
        if self._lease and self._connection is not None:
            with self.begin() as db:
                db.execute(sa.delete(schema.lease).where(schema.lease.c.holder == self._lease[0]))
            self._lease = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.dispose()


def open_store(url: str, folder: Path, *, create: bool = True, migrate: bool = True) -> Store:
    """Open the store at `url` (a relative SQLite path starts at `folder`), made and migrated as needed.

    Raises `UserError` for a URL that is none, `StateRefused` for a store that is corrupt, foreign or newer, or, with
    `create` off, not there yet (code `no_store`), or, with `migrate` off, of an earlier version (code `old_store`).
    """
    path = sqlite_path(url, folder)
    return _open_postgres(_parsed(url), create, migrate) if path is None else _open_sqlite(path, create, migrate)


@contextmanager
def open_to_read(url: str, folder: Path) -> Iterator[Store]:
    """The store that is there, to look at: its transactions wait for nobody and hold up nobody. Raises as `open_store`
    does."""
    opened = open_store(url, folder, create=False, migrate=False)
    opened.close()
    store = Store(opened.engine.execution_options(reading=True), opened.shown)
    try:
        yield store
    finally:
        store.close()


def sqlite_path(url: str, folder: Path) -> Path | None:
    """The file of a store in SQLite, `None` for any other store. Raises `UserError` for a URL that is none."""
    parsed = _parsed(url)
    return folder / (parsed.database or "leadsync.db") if parsed.get_backend_name() == "sqlite" else None


def _parsed(url: str) -> sa.URL:
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise UserError([Problem(f"store: {url!r} is not a URL", fix="write sqlite:///leadsync.db")]) from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        fix = "write sqlite:///leadsync.db or postgresql://user@host/database"
        raise UserError([Problem(f"store: leadsync cannot keep its state in {parsed.drivername}", fix=fix)])
    return parsed


def _open_sqlite(path: Path, create: bool, migrate: bool) -> Store:
    if not path.exists():
        if not create:
            raise StateRefused(f"there is no store at {path} yet", fix="run `leadsync sync` first", code="no_store")
        _make_sqlite(path)
    header = _header(path)
    if not header.startswith(b"SQLite format 3\0") or int.from_bytes(header[68:72], "big") != _APPLICATION:
        what = "is empty" if not header else "is damaged, or was not made by leadsync"
        raise StateRefused(f"the store {path} {what}", fix=_RECOVER)
    store = Store(_sqlite_engine(path), str(path))
    try:
        if path.stat().st_size <= _CHECKED_WHOLE:
            with store.reading() as db:
                told = db.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if told != "ok":
                raise refused(str(path), str(told))
        _migrate(store, allowed=migrate)
    except BaseException:
        store.close()
        raise
    return store


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(100)
    except OSError as error:
        raise StateRefused(
            f"the store {path} cannot be read: {error.strerror}", fix="let leadsync read it, or mend `store:`"
        ) from None


def _sqlite_engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.NullPool)

    @sa.event.listens_for(engine, "connect")
    def _settings(raw: Any, _: Any) -> None:
        raw.isolation_level = None
        try:
            for pragma in _PRAGMAS:
                raw.execute(f"PRAGMA {pragma}")
        except Exception as error:
            raise refused(str(path), error) from None

    @sa.event.listens_for(engine, "begin")
    def _begin(db: sa.Connection) -> None:
        db.exec_driver_sql("BEGIN IMMEDIATE" if not db.get_execution_options().get("reading") else "BEGIN")

    return engine


def _make_sqlite(path: Path) -> None:
    """Made beside and moved into place, so that a half-made store never stands where a whole one is expected."""
    fresh = path.with_name(path.name + f".new{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        store = Store(_sqlite_engine(fresh), str(path))
        with store.begin() as db:
            db.exec_driver_sql(f"PRAGMA application_id={_APPLICATION}")
        _migrate(store)
        store.close()
        fresh.chmod(0o600)
        fresh.rename(path)
    except (OSError, StateRefused) as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        told = error.strerror if isinstance(error, OSError) else error
        raise StateRefused(f"the store cannot be made at {path}: {told}", fix="choose a folder you may write") from None


def _open_postgres(url: sa.URL, create: bool, migrate: bool) -> Store:
    shown = url.render_as_string(hide_password=True)
    try:
        store = Store(sa.create_engine(url, poolclass=sa.NullPool), shown)
        with store.engine.connect() as db:
            found = sa.inspect(db)
            tables = set(found.get_table_names())
            ours = "meta" in tables and {c["name"] for c in found.get_columns("meta")} == {"key", "value"}
    except ModuleNotFoundError:
        raise UserError("a PostgreSQL store needs the extra: pip install 'leadsync[postgres]'") from None
    except sa.exc.OperationalError as error:
        told = str(error.orig).strip().splitlines()[0]
        raise StateRefused(
            f"no answer from the store {shown}: {told}", fix="start PostgreSQL or mend `store:`"
        ) from None
    with store.begin():
        made_by = store.get_meta("made_by") if ours else None
    if made_by != "leadsync":
        if tables & {*schema.metadata.tables, "alembic_version"}:
            store.close()
            raise StateRefused(
                f"the database {shown} holds tables of something else", fix="give leadsync a database of its own"
            )
        if not create:
            store.close()
            raise StateRefused(f"there is no store in {shown} yet", fix="run `leadsync sync` first", code="no_store")
    try:
        _migrate(store, allowed=migrate)
    except BaseException:
        store.close()
        raise
    return store


def _migrate(store: Store, *, allowed: bool = True) -> None:
    known = sorted(path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    with store.reading() as db:  # who only reads waits for nobody
        if _version(db) == known[-1]:
            return
    with store.begin() as db:
        current = _version(db)
        if current == known[-1]:
            return
        if current not in (None, *known):
            raise StateRefused(
                f"{store.shown} was written by a newer leadsync (schema {current})",
                fix="install that version again, or restore a backup from before the upgrade",
            )
        if not allowed:
            fix = "back it up; the next `leadsync sync` or `leadsync run` brings it up to date"
            raise StateRefused(f"{store.shown} is of an earlier version", fix=fix, code="old_store")
        from alembic import command  # loaded only when there is something to migrate
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = db
        command.upgrade(config, "head")
        if current is None:
            store.set_meta("made_by", "leadsync")


def _version(db: sa.Connection) -> str | None:
    """Of which version the tables are; None where there are none."""
    made = sa.inspect(db).has_table("alembic_version")
    return db.scalar(sa.text("SELECT version_num FROM alembic_version")) if made else None


def refused(shown: str, error: object) -> StateRefused:
    """The refusal of a damaged store, with the way out."""
    told = str(getattr(error, "orig", error)).strip().splitlines()[0]
    return StateRefused(f"the store {shown} is damaged: {told}", fix=_RECOVER)


@contextmanager
def _told(shown: str) -> Iterator[None]:
    """A database that is damaged or lost, as an error of ours; any other error of it is a fault in leadsync."""
    try:
        yield
    except sa.exc.DatabaseError as error:
        if _damaged(error):
            raise refused(shown, error) from None
        if isinstance(error, sa.exc.OperationalError):
            told = str(error.orig).strip().splitlines()[0]
            fix = "see that its disk has room and that nothing else holds it, then start again"
            raise StateRefused(f"the store {shown} cannot be used: {told}", fix=fix) from None
        raise


def _damaged(error: sa.exc.DatabaseError) -> bool:
    return any(word in str(error.orig) for word in ("malformed", "not a database", "disk I/O", "corrupt"))


def _dead(holder: str) -> bool:
    host, _, pid = holder.rpartition(" pid ")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False


def plain_rows(db: sa.Connection, query: sa.Select[Any]) -> list[Any]:
    """The rows of a query as the driver gives them, moments in microseconds and JSON as text: for very many of them,
    since what SQLAlchemy makes of a row costs more than reading it."""
    cursor = db.execute(query).cursor
    return list(cursor.fetchall()) if cursor is not None else []


class _Ids(sa.types.UserDefinedType[str]):
    """Numbers as they stand in a statement."""

    cache_ok = True

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[str], str]:
        return lambda told: told


def among(ids: Iterable[int]) -> Any:
    """What `in_` takes in place of many ids: they stand in the statement, for many parameters are dear."""
    told = ",".join(str(int(each)) for each in ids)
    return sa.bindparam(None, [told] if told else [], _Ids(), expanding=True, literal_execute=True, unique=True)


def chunks(ids: Sequence[Any], size: int = 5000) -> Iterator[Sequence[Any]]:
    """The ids in pieces that a statement can hold."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
