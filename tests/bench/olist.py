"""Real marketing-qualified leads for the Salesforce sandbox: `python -m tests.bench.olist [SOURCE.csv] OUT.csv`.

Without SOURCE the file is taken from the folder that LEADSYNC_DATA names, or from `../shared/data`.
"""

import csv
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE = "olist_marketing_qualified_leads_dataset.csv"

SOURCES = {  # origin → Salesforce's own pick-list values
    "organic_search": "Web",
    "direct_traffic": "Web",
    "paid_search": "Advertisement",
    "display": "Advertisement",
    "social": "Advertisement",
    "other_publicities": "Advertisement",
    "email": "Other",
    "referral": "Partner Referral",
    "other": "Other",
    "unknown": "",
    "": "",
}
COLUMNS = ("LastName", "Company", "Status", "LeadSource", "Description", "CreatedDate", "LastModifiedDate")


def source_file() -> Path | None:
    """The file with the leads, where the environment has one."""
    path = Path(os.environ.get("LEADSYNC_DATA", ROOT.parent / "shared" / "data")) / FILE
    return path if path.is_file() else None


def lead(row: Mapping[str, str]) -> dict[str, str]:
    """One row as a Salesforce Lead. The file knows no names: the lead's key stands for them, whole, in LastName."""
    made = datetime.strptime(row["first_contact_date"], "%d-%m-%Y").strftime("%Y-%m-%dT00:00:00.000+0000")  # noqa: DTZ007
    values = (
        row["mql_id"],
        f"Seller {row['mql_id'][:8]}",
        "New",
        SOURCES[row["origin"]],
        f"Landing page {row['landing_page_id']}; came by {row['origin'].replace('_', ' ') or 'unknown'}",
        made,
        made,
    )
    return dict(zip(COLUMNS, values, strict=True))


def leads(source: Path) -> Iterator[dict[str, str]]:
    """Every row of the file."""
    with source.open(newline="", encoding="utf-8") as file:
        yield from map(lead, csv.DictReader(file))


def write(source: Path, out: Path) -> int:
    """Make the CSV; returns how many leads it holds."""
    count = 0
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in leads(source):
            writer.writerow(row)
            count += 1
    return count


def main(arguments: list[str]) -> int:
    """The command line."""
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 64
    source = Path(arguments[0]) if len(arguments) == 2 else source_file()
    if source is None or not source.is_file():
        print(f"no {FILE}: set LEADSYNC_DATA to the folder that holds it, or name the file", file=sys.stderr)
        return 65
    print(f"{write(source, Path(arguments[-1]))} leads written to {arguments[-1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
