"""Opening a store: made when missing, brought up to date, or refused with a sentence and without a change."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from store_kit import Kit, record

from leadsync.errors import LeadsyncError, StateRefused, UserError
from leadsync.store import schema
from leadsync.store.database import Store, open_store

URL = "sqlite:///leadsync.db"
STATES = Path(__file__).parent / "states"


def test_the_migrated_schema_is_the_one_the_code_uses(kit: Kit) -> None:
    with kit.store.begin() as db:
        assert compare_metadata(MigrationContext.configure(db), schema.metadata) == []


def test_a_store_is_only_made_when_asked(opened: Callable[..., Store], tmp_path: Path) -> None:
    with pytest.raises(StateRefused, match="there is no store") as told:
        opened(create=False)
    assert "leadsync sync" in told.value.fix
    assert list(tmp_path.iterdir()) == []


def test_opening_twice_changes_nothing(opened: Callable[..., Store]) -> None:
    kit = Kit(opened())
    kit.keep("Lead", record("L1"))
    kit.store.close()
    again = Kit(opened(create=False))
    assert again.record("Lead", "L1").fields == {}


def test_a_newer_schema_is_refused(kit: Kit, url: str, tmp_path: Path) -> None:
    with kit.store.begin() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    kit.store.close()

    with pytest.raises(StateRefused, match=r"newer leadsync .*9999") as told:
        open_store(url, tmp_path)
    assert "install that version" in told.value.fix


@pytest.mark.parametrize("name", sorted(path.name for path in STATES.glob("*.sqlite")))
def test_states_of_every_version_open_and_keep_their_rows(tmp_path: Path, name: str) -> None:
    shutil.copy(STATES / name, tmp_path / "leadsync.db")
    kit = Kit(open_store(URL, tmp_path, create=False), "hubspot")
    try:
        assert kit.record("Lead", "L1").fields["Email"] == "ala@example.com"
        assert kit.lead("Lead", "L1") == kit.lead("Contact", "C1")
        assert kit.told(schema.activities) == [("C1", "T1", "call_in"), ("L1", "L1:Opens:5", "email_open"),
                                               ("L1", "L1:Opens:5:before", "email_open")]  # fmt: skip
        assert [w.state for w in kit.rows(schema.writes)] == ["applied", "sent"]
        assert [r.words["score"] for r in kit.rows(schema.results)] == [73]
        assert kit.sources["Lead"].head is not None
        with kit.store.begin() as db:
            assert compare_metadata(MigrationContext.configure(db), schema.metadata) == []
    finally:
        kit.store.close()


def test_golden_records_of_leads_that_are_gone_go_with_the_version_that_has_none_of_them(tmp_path: Path) -> None:
    shutil.copy(STATES / "0013.sqlite", tmp_path / "leadsync.db")
    db = sqlite3.connect(tmp_path / "leadsync.db")
    [(there,)] = db.execute("SELECT DISTINCT lead_id FROM records WHERE lead_id IS NOT NULL")
    gone = "INSERT INTO records (id, source_id, ext_id, lead_id, gone_at)"
    db.execute(f"{gone} SELECT 90, source_id, 'L9', 91, 5 FROM records WHERE id = 1")
    for lead in (there, 91):
        db.execute("INSERT INTO golden VALUES (?, 20000, NULL, '{}', '{}', 7, 0)", (lead,))
    db.commit()
    db.close()
    kit = Kit(open_store(URL, tmp_path, create=False), "hubspot")
    assert [(row.lead_id, row.due) for row in kit.rows(schema.golden)] == [(there, None)]
    kit.store.close()


# refusals: nothing on disk changes


def _made(folder: Path) -> bytes:
    kit = Kit(open_store(URL, folder))
    kit.keep("Lead", *(record(f"L{i}", Email=f"{i}@example.com", Note="x" * 500) for i in range(300)))
    kit.store.close()
    return (folder / "leadsync.db").read_bytes()


def _torn(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def _scribbled(whole: bytes) -> bytes:
    middle = len(whole) // 2 // 4096 * 4096
    return whole[:middle] + b"\xa5" * 8192 + whole[middle + 8192 :]


def _zeroed(whole: bytes) -> bytes:
    return bytes(len(whole))


def _emptied(_: bytes) -> bytes:
    return b""


def _another_program(_: bytes) -> bytes:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE users (id INTEGER)")
    found = db.serialize()
    db.close()
    return found


def _no_database(_: bytes) -> bytes:
    return b"id,email\n1,a@example.com\n" * 100


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_torn, "is damaged"), (_scribbled, "is damaged"), (_zeroed, "is damaged"), (_emptied, "is empty"),
        (_another_program, "not made by leadsync"), (_no_database, "not made by leadsync"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_whole_store_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[bytes], bytes], told: str
) -> None:
    path = tmp_path / "leadsync.db"
    bad = make(_made(tmp_path))
    path.write_bytes(bad)

    with pytest.raises(StateRefused, match=told) as error:
        open_store(URL, tmp_path)
    assert "Restore it from a backup, or move it away" in error.value.fix
    assert path.read_bytes() == bad
    assert [p.name for p in tmp_path.iterdir()] == ["leadsync.db"]


def test_a_folder_in_the_place_of_the_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leadsync.db").mkdir()
    with pytest.raises(StateRefused, match="cannot be read"):
        open_store(URL, tmp_path)


def test_a_store_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateRefused, match="cannot be made"):
        open_store("sqlite:///file/leadsync.db", tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("leadsync.db", "not a URL"),
        ("", "not a URL"),
        ("mysql://localhost/x", "mysql"),
        ("postgresql://h:port/x", "not a URL"),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_the_users_error(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(UserError, match=told) as error:
        open_store(url, tmp_path)
    assert "sqlite:///leadsync.db" in error.value.problems[0].fix
    assert list(tmp_path.iterdir()) == []


def test_a_postgresql_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StateRefused, match="no answer from the store") as error:
        open_store("postgresql://leadsync:hush@127.0.0.1:1/leadsync", tmp_path)
    assert "hush" not in str(error.value)
    assert error.value.fix


def test_a_postgresql_database_that_is_missing_is_named(tmp_path: Path, postgres: Callable[[], str]) -> None:
    url = sa.make_url(postgres()).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(StateRefused, match="no_such_database"):
        open_store(url, tmp_path)


@pytest.mark.parametrize(
    "table", ["meta (id integer)", "meta (key text, value text)", "leads (id integer)", "alembic_version (v text)"]
)
def test_a_postgresql_database_of_something_else_is_refused_and_left_alone(
    tmp_path: Path, postgres: Callable[[], str], table: str
) -> None:
    url = postgres()
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.begin() as db:
        db.execute(sa.text(f"CREATE TABLE {table}"))
    with pytest.raises(StateRefused, match="tables of something else"):
        open_store(url, tmp_path)
    with engine.connect() as db:
        assert sa.inspect(db).get_table_names() == [table.split()[0]]


# a store that is lost while it is in use


def test_damage_found_in_the_middle_of_work_is_refused(tmp_path: Path) -> None:
    _made(tmp_path)
    kit = Kit(open_store(URL, tmp_path))
    try:
        path = tmp_path / "leadsync.db"
        path.write_bytes(_scribbled(path.read_bytes()))
        with pytest.raises(StateRefused, match="damaged"):
            kit.rows(schema.records)
    finally:
        kit.store.close()


def test_reading_does_not_wait_for_the_writer(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    with kit.store.begin() as writer:
        writer.execute(sa.delete(schema.records))
        with kit.store.reading() as db:
            assert db.scalar(sa.select(sa.func.count()).select_from(schema.records)) == 1


def test_what_goes_wrong_in_the_database_is_an_error_of_ours(kit: Kit) -> None:
    with pytest.raises(LeadsyncError), kit.store.begin():
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
