"""A CSV file as people make them: commas or semicolons, a byte-order mark or none, a bad row here and there."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from leadsync.connector import Rejected

_LEAD = (
    "email phone handle name first_name last_name company domain job_title seniority department country city language "
    "time_zone industry source campaign referrer consent consent_email consent_phone consent_at consent_proof "
    "verified_at authority need mail_state mail_since"
)
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "leads": dict.fromkeys(_LEAD.split(), "text")
    | dict.fromkeys(("employees", "revenue", "budget", "timeline"), "number"),
    "activities": dict.fromkeys(("lead", "kind", "at", "detail", "topic"), "text"),
    "outcomes": dict.fromkeys(("lead", "kind", "at"), "text") | {"amount": "number"},
}
"""The columns that a file may leave out; it may have others. Only `id` is needed."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file as it was at `at`: its rows by id, and what is wrong with those that had to be left out."""

    at: datetime
    digest: str
    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]
    problems: Sequence[str]


def table(name: str, data: bytes, at: datetime) -> Table:
    """The file. Raises `Rejected`, with file and line, for one that cannot be read at all."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Rejected(f"{name}:{line}: this is not UTF-8", fix="save the file as `CSV UTF-8`") from None
    head = text.partition("\n")[0]
    delimiter = ";" if ";" in head and "," not in head else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return _read(name, lines, at, sha256(data).hexdigest()[:16])
    except csv.Error as error:
        raise Rejected(f"{name}:{lines.line_num}: {error}", fix="mend the quotes there, or further up") from None


UNDER_LEAD = "write an id of leads.csv under `lead`; these rows count for nobody"


def of_others(name: str, file: Table, people: Mapping[str, Any]) -> list[str]:
    """What is wrong with rows of leads that are not there."""
    lost = [id_ for id_, row in file.rows.items() if row.get("lead") and row["lead"] not in people]
    told = f"{name}.csv: {len(lost)} rows are of leads that leads.csv does not have, such as that with the id"
    return [f"{told} {lost[0]}"] if lost and name != "leads" else []


def _read(name: str, lines: Any, at: datetime, digest: str) -> Table:
    columns = tuple(column.strip().lower() for column in next(lines, []))
    if "id" not in columns or len(set(columns)) < len(columns):
        told = f"{name}:1: the first line must name the columns, one of them `id`, none of them twice"
        raise Rejected(told, fix="mend the first line")
    rows: dict[str, Mapping[str, str]] = {}
    problems = []
    for cells in filter(None, lines):
        row = dict(zip(columns, map(str.strip, cells), strict=False))
        where = f"{name}:{lines.line_num}"
        if len(cells) > len(columns):
            problems.append(f"{where}: {len(cells)} cells, but {len(columns)} columns")
        elif not row.get("id") or row["id"] in rows:
            problems.append(f"{where}: {'this id was there before' if row.get('id') else 'no id'}")
        else:
            rows[row["id"]] = row
    return Table(at, digest, columns, rows, problems)
