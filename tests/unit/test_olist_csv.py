"""The script that makes a sandbox's CSV of real leads."""

import csv
from datetime import date
from pathlib import Path

import pytest

from connectors.salesforce import SalesforceConnector
from leadsync.connector import SandboxOptions
from tests.bench import olist

ROW = "mql_id,first_contact_date,landing_page_id,origin\n0f2a,01-02-2018,beef,paid_search\n0f2b,31-12-2017,cafe,\n"


def test_rows_become_salesforce_leads(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(ROW)
    assert olist.main([str(source), str(out)]) == 0
    assert capsys.readouterr().out.startswith("2 leads")
    first, second = csv.DictReader(out.read_text().splitlines())
    assert first["CreatedDate"] == "2018-02-01T00:00:00.000+0000"
    assert (first["LastName"], first["LeadSource"]) == ("0f2a", "Advertisement")
    assert (second["LeadSource"], second["CreatedDate"]) == ("", "2017-12-31T00:00:00.000+0000")


def test_the_sandbox_takes_the_file(tmp_path: Path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(ROW)
    olist.write(source, out)
    assert SalesforceConnector.sandbox(SandboxOptions("token", date(2026, 11, 20), load=out))


def test_a_missing_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert olist.main([str(tmp_path / "none.csv"), str(tmp_path / "out.csv")]) == 65
    assert "LEADSYNC_DATA" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.skipif(olist.source_file() is None, reason="LEADSYNC_DATA names no folder with the Olist files")
def test_all_of_the_real_leads_are_kept(tmp_path: Path):
    source = olist.source_file()
    assert source is not None
    assert olist.write(source, tmp_path / "out.csv") == 8000
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert len({row["LastName"] for row in rows}) == 8000
