"""8,000 real marketing-qualified leads go through the Salesforce sandbox."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from doors import Folder, Sandbox, connection

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LEADSYNC_DATA", ROOT.parent / "shared" / "data"))
FILE = DATA / "olist_marketing_qualified_leads_dataset.csv"
ALL = "SELECT Id, LastName, Leadsync_Score__c, Leadsync_Temperature__c, Leadsync_Reasons__c FROM Lead"


@pytest.mark.slow
@pytest.mark.skipif(not FILE.is_file(), reason=f"no {FILE.name}: set LEADSYNC_DATA to the folder that holds it")
def test_every_real_lead_is_pulled_scored_written_and_read_back(tmp_path: Path):
    sheet = tmp_path / "leads.csv"
    subprocess.run([sys.executable, "-m", "tests.bench.olist", str(FILE), str(sheet)], cwd=ROOT, check=True)
    with FILE.open() as file:
        count = sum(1 for _ in file) - 1
    assert count == 8000
    with Sandbox("salesforce", "--load", str(sheet)) as salesforce:
        here = Folder(tmp_path, {"salesforce": connection(salesforce)})
        found = here.sync()["salesforce"]
        assert {found[word] for word in ("pulled", "evaluated", "written")} == {count}
        assert (found["rejected"], found["due"], found["error"]) == (0, 0, None)

        rows = salesforce.query(ALL)
        assert len({row["LastName"] for row in rows}) == count
        scored = Counter(row["Leadsync_Temperature__c"] for row in rows if row["Leadsync_Score__c"] is not None)
        assert scored.total() == count
        assert set(scored) <= {"hot", "warm", "cold"}
        assert all(
            row["Leadsync_Reasons__c"].startswith(
                f"{row['Leadsync_Score__c']:.0f} not enough data"
            )  # no name, no mailbox
            for row in rows
        )
        assert here.run("status", "--json").json["leads"] == count
        assert here.sync()["salesforce"]["written"] == 0
