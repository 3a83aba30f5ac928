"""The files connector meets every clause of the contract, and what an admin expects of it besides."""

import logging
import os
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.files import FilesConnector
from connectors.files.driver import FilesDriver
from leadsync.config.load import load_config
from leadsync.connector import Ask, Cursor, Failed, NotFound, Page, Record, Rejected, Transient
from leadsync.testing.conformance import ConnectorConformance
from leadsync.testing.driver import Driver


class TestFiles(ConnectorConformance):
    @pytest.fixture
    def driver(self, tmp_path: Path) -> Driver:
        return FilesConnector.driver(tmp_path)


@pytest.fixture
def account(tmp_path: Path) -> FilesDriver:
    return FilesDriver(tmp_path)


def put(account: FilesDriver, folder: Path, data: bytes, *, age: float = 0) -> None:
    path, at = folder / "leads.csv", account.clock.now().timestamp() - age
    path.write_bytes(data)
    os.utime(path, (at, at))


def names(account: FilesDriver) -> dict[str, object]:
    pages = account.connect().backfill("leads", None, ["first_name"])
    return {record.id: record.fields["first_name"] for page in pages for record in page.records}


@pytest.mark.parametrize(
    "data",
    [
        "id,first_name\n7,Żak\n",
        "\ufeffID;First_Name\r\n7;Żak\r\n",
        'id , first_name\n"7"," Żak "\n\n',
        "first_name,id,shoe_size\nŻak,7\n",
    ],
)
def test_files_as_people_make_them(account: FilesDriver, tmp_path: Path, data: str):
    put(account, tmp_path, data.encode())
    assert names(account) == {"7": "Żak"}


def test_a_bad_row_is_told_with_its_line_and_the_others_are_read(
    account: FilesDriver, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    put(account, tmp_path, b'id,first_name\n1,"a\nb"\n,nobody\n1,again\n2,b,too much\n3,c\n')
    with caplog.at_level(logging.WARNING):
        assert names(account) == {"1": "a\nb", "3": "c"}
    told = ["leads.csv:4: no id", "leads.csv:5: this id was there before", "leads.csv:6: 3 cells, but 2 columns"]
    assert [record.getMessage() for record in caplog.records] == [f"{line}; the row is left out" for line in told]
    findings = account.connect().check({})
    assert [finding.what for finding in findings if finding.level == "warning"] == told


def test_rows_of_leads_that_are_not_there_are_told(account: FilesDriver, tmp_path: Path) -> None:
    put(account, tmp_path, b"id,first_name\n1,a\n")
    (tmp_path / "activities.csv").write_text("id,lead,kind\na,1,visit\nb,7,visit\nc,,visit\nd,8,visit\n")
    told = [finding.what for finding in account.connect().check({}) if finding.level == "warning"]
    assert told == ["activities.csv: 2 rows are of leads that leads.csv does not have, such as that with the id b"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"id,first_name\n1,a\n2,\xafak\n", "leads.csv:3: this is not UTF-8"),
        (b"name\nAda\n", "leads.csv:1: the first line must name the columns"),
        (b"id,city,city\n", "leads.csv:1: the first line must name the columns"),
        (b"", "leads.csv:1: the first line must name the columns"),
        (b'id,first_name\n1,"a\n2,b\n', "leads.csv:3: unexpected end of data"),
    ],
)
def test_a_file_that_cannot_be_read_names_the_line(account: FilesDriver, tmp_path: Path, data: bytes, told: str):
    put(account, tmp_path, data)
    with pytest.raises(Rejected, match=told):
        names(account)
    (failed,) = account.connect().changes([Ask("leads", (), Cursor(account.clock.now()))], account.clock.now())
    assert isinstance(failed, Failed)
    assert any(finding.level == "error" and told in finding.what for finding in account.connect().check({}))


def test_a_file_is_given_anew_when_its_content_changed_and_only_then(account: FilesDriver, tmp_path: Path):
    conn, cursor = account.connect(), Cursor(account.clock.now() - timedelta(days=1))

    def read() -> list[str]:
        nonlocal cursor
        (page,) = conn.changes([Ask("leads", ("first_name",), cursor)], account.clock.now())
        assert isinstance(page, Page)
        assert page.cursor is not None
        cursor = page.cursor
        return [str(record.fields["first_name"]) for record in page.records]

    put(account, tmp_path, b"id,first_name\n1,a\n")
    assert (read(), read()) == (["a"], [])
    account.clock.advance(60)
    put(account, tmp_path, b"id,first_name\n1,a\n")  # only its time
    assert read() == []
    put(account, tmp_path, b"id,first_name\n1,b\n", age=86400)  # an older file in its place
    assert (read(), read()) == (["b"], [])


def test_a_missing_file_is_no_empty_one(account: FilesDriver, tmp_path: Path):
    account.add("leads", [{}])
    (tmp_path / "leads.csv").unlink()
    with pytest.raises(NotFound, match=r"leads\.csv"):
        list(account.connect().ids("leads"))
    with pytest.raises(Transient, match="cannot be read"):
        list(account.connect(folder=tmp_path / "away").ids("leads"))
    assert any(finding.level == "error" for finding in account.connect().check({}))


def test_files_beside_the_configuration_are_read_with_the_shipped_mapping(tmp_path: Path):
    (tmp_path / "leadsync.yaml").write_text("connections:\n  fair: {type: files, folder: csv}\n")
    (tmp_path / "csv").mkdir()
    account = FilesDriver(tmp_path / "csv")
    (lead,) = account.add("leads", [{"first_name": "Ada"}])
    connection = load_config(tmp_path / "leadsync.yaml").connections["fair"]
    conn = connection.connector(connection.settings, clock=account.clock, secrets=None, log=logging.getLogger("test"))
    for obj in connection.mapping.reads:
        assert set(connection.mapping.asked(obj)) <= set(conn.describe(obj).fields)
    found = conn.fetch("leads", [lead], connection.mapping.asked("leads"))[lead]
    assert isinstance(found, Record)
    assert found.fields["first_name"] == "Ada"
