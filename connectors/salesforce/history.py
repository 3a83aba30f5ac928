"""What fields held before, from Salesforce's field history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.failures import understood
from connectors.salesforce.objects import Row, kind, when
from connectors.salesforce.reading import IDS_PER_QUERY, Reader
from leadsync.connector import Clock, NotFound, Past, Rejected

TABLES: Mapping[str, tuple[str, str]] = {
    "Lead": ("LeadHistory", "LeadId"),
    "Contact": ("ContactHistory", "ContactId"),
    "Account": ("AccountHistory", "AccountId"),
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}
"""By object: where its history is kept, and the field there that names the row."""
KEPT = timedelta(days=547)
"""Salesforce forgets after eighteen months: what the first entry calls old then held from an unknown time on."""
_OWNERS = ("005", "00G")


def history(reader: Reader, clock: Clock, obj: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, list[Past]]:
    """By id as asked for, oldest first: the values of those fields that Salesforce tracks and that ever changed."""
    kind(obj)
    wanted = {_tracked(name).lower(): name for name in fields if soql.is_name(name)}
    asked = {id_[:15]: id_ for id_ in ids if soql.is_id(id_)}
    if obj not in TABLES or not wanted or not asked:
        return {}
    try:
        entries = list(_entries(reader, obj, sorted(asked), [_tracked(name) for name in wanted.values()]))
    except (NotFound, Rejected):
        return {}  # the account keeps no history of this object
    own: dict[str, list[Row]] = defaultdict(list)
    for row in entries:
        own[str(row.get(TABLES[obj][1]))[:15]].append(row)
    rows = reader.rows(obj, own)
    oldest = clock.now() - KEPT
    found: dict[str, list[Past]] = {}
    for short in own.keys() & asked.keys():
        created = when(rows[short].get("CreatedDate")) if short in rows else None
        with understood(f"reading the history of {obj}"):
            past = _pasts(own[short], wanted, created if created and created >= oldest else None)
        if past:
            found[asked[short]] = past
    return found


def _tracked(name: str) -> str:
    """History calls a reference by its relationship: the owner's field is Owner."""
    return "Owner" if name.lower() == "ownerid" else name


def _entries(reader: Reader, obj: str, ids: Sequence[str], names: Iterable[str]) -> Iterable[Row]:
    table, key = TABLES[obj]
    listed = ",".join(f"'{name}'" for name in names)
    queries = [
        f"SELECT Id, {key}, Field, OldValue, NewValue, CreatedDate FROM {table}"  # noqa: S608
        f" WHERE {key} IN {soql.quoted_ids(part)} AND Field IN ({listed})"
        for part in soql.chunks(ids, IDS_PER_QUERY)
    ]
    return reader.run(queries, f"reading the history of {obj}", table)


def _pasts(entries: Iterable[Row], wanted: Mapping[str, str], created: datetime | None) -> list[Past]:
    past: list[Past] = []
    known: set[str] = set()
    for row in sorted(entries, key=lambda row: (row["CreatedDate"], row["Id"])):
        name, at = wanted.get(str(row["Field"]).lower()), when(row["CreatedDate"])
        if name is None or at is None or _names_only(row):
            continue
        if name not in known and created:
            past.append(Past(name, row["OldValue"], created))
        known.add(name)
        past.append(Past(name, row["NewValue"], at))
    return sorted(past, key=lambda one: one.at)


def _names_only(row: Row) -> bool:
    """A change of owner leaves two rows: one with ids, one with the names of the same people."""
    return row["Field"] == "Owner" and not all(_is_owner(row[side]) for side in ("OldValue", "NewValue"))


def _is_owner(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value[:3] in _OWNERS and soql.is_id(value))
