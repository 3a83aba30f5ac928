"""The objects we read: what is selected besides the fields asked for, and what a row means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.failures import understood
from leadsync.connector import Gone, Moved, NotFound, Record, Rejected, Role, Value

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """An object: its role, the columns that its links and fate are read from, and which rows count."""

    role: Role
    columns: tuple[str, ...] = ()
    deletes: bool = True
    where: str = ""

    @property
    def streams(self) -> bool:
        """Read by its stamp on every poll. The others change rarely: they are asked first whether anything did."""
        return self.role in (Role.LEAD, Role.ACTIVITY)


CONVERSION = ("MasterRecordId", "IsConverted", "ConvertedContactId", "ConvertedDate")
ROLES = "(SELECT ContactId, IsPrimary, IsDeleted FROM OpportunityContactRoles)"
KINDS: Mapping[str, Kind] = {
    "Lead": Kind(Role.LEAD, CONVERSION),
    "Contact": Kind(Role.LEAD, ("MasterRecordId", "AccountId")),
    "Account": Kind(Role.COMPANY, ("MasterRecordId",)),
    "User": Kind(Role.OWNER, deletes=False),
    "Group": Kind(Role.OWNER, deletes=False, where="Type = 'Queue'"),
    "Task": Kind(Role.ACTIVITY, ("WhoId",)),
    "Event": Kind(Role.ACTIVITY, ("WhoId",)),
    "CampaignMember": Kind(Role.ACTIVITY, ("LeadId", "ContactId")),
    "Opportunity": Kind(Role.OUTCOME, (ROLES,)),
}
COLUMNS_ROOM = 6000
"""Bytes of an address for columns: it may have 16,384 with all headers, and half of it is left for ids."""
PREFIXES = {"00Q": "Lead", "003": "Contact"}


def kind(obj: str) -> Kind:
    """What is known of the object. Raises `NotFound` for one that this connector does not read."""
    try:
        return KINDS[obj]
    except KeyError:
        raise NotFound(
            f"the Salesforce connector does not know the object {obj!r}", fix="use one of " + ", ".join(KINDS)
        ) from None


def columns(obj: str, fields: Sequence[str]) -> list[str]:
    """The fields, after everything that `fate` and `record` need. Raises `Rejected` for what cannot be a field."""
    known = kind(obj)
    deleted = ("IsDeleted",) if known.deletes else ()
    asked = [soql.path(obj, name) for name in fields]
    return soql.distinct(["Id", "CreatedDate", "SystemModstamp", *deleted, *known.columns, *asked])


def selects(obj: str, fields: Sequence[str]) -> list[str]:
    """`SELECT … FROM obj`: one, or where the fields are too many for one address, further ones that share the id."""
    first, *more = soql.fitting(columns(obj, fields), COLUMNS_ROOM)
    heads = [first, *(["Id", "SystemModstamp", *part] for part in more)]
    return [f"SELECT {', '.join(head)} FROM {obj}" for head in heads]  # noqa: S608


def live(obj: str) -> str:
    """The condition that a row counts and is not deleted; may be empty."""
    known = kind(obj)
    return " AND ".join(filter(None, ("IsDeleted = false" if known.deletes else "", known.where)))


def when(text: Any) -> datetime | None:
    """A datetime or date as Salesforce writes it, in UTC; `None` for anything else."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def stamp(row: Row) -> datetime:
    """When the row last changed."""
    at = when(row.get("SystemModstamp"))
    if at is None:
        raise Rejected("Salesforce sent a row without SystemModstamp")
    return at


@understood("reading rows")
def fate(obj: str, row: Row) -> Moved | Gone | None:
    """What became of a row that is not there any more; `None` for a live one."""
    if not row.get("IsDeleted"):
        return None
    if master := row.get("MasterRecordId"):
        return Moved(row["Id"], obj, master, "merged", stamp(row))
    return Gone(row["Id"], stamp(row))


@understood("reading rows")
def conversion(row: Row) -> Moved | None:
    """The contact that a lead was converted to. The date has no time of day, so it is never put before the lead."""
    contact = row.get("ConvertedContactId")
    if not row.get("IsConverted") or not contact:
        return None
    at, created = when(row.get("ConvertedDate")), when(row.get("CreatedDate"))
    return Moved(row["Id"], "Contact", contact, "converted", max(at, created) if at and created else at)


@understood("reading rows")
def record(obj: str, row: Row, fields: Sequence[str]) -> Record:
    """A live row, with exactly these fields."""
    return Record(
        id=row["Id"],
        fields={name: _value(obj, row, name) for name in fields},
        created_at=when(row.get("CreatedDate")),
        modified_at=when(row.get("SystemModstamp")),
        links=_links(obj, row),
    )


def _value(obj: str, row: Row, name: str) -> Value:
    found: Any = row
    for part in name.split("."):
        if found is None:
            return None
        if part not in found:
            part = next((key for key in found if key.lower() == part.lower()), part)
        found = found.get(part)
    if isinstance(found, dict | list):
        raise Rejected(f"{obj}.{name} is not a single value", fix="name one of its parts instead", code="unknown_field")
    return found  # type: ignore[no-any-return]


def _links(obj: str, row: Row) -> dict[str, tuple[str, ...]]:
    if obj == "Contact":
        return {"Account": (row["AccountId"],)} if row.get("AccountId") else {}
    if obj in ("Task", "Event"):
        who = row.get("WhoId") or ""
        return {PREFIXES[who[:3]]: (who,)} if who[:3] in PREFIXES else {}
    if obj == "CampaignMember":
        # after a conversion the member names both; the person lives on as the contact
        if row.get("ContactId"):
            return {"Contact": (row["ContactId"],)}
        return {"Lead": (row["LeadId"],)} if row.get("LeadId") else {}
    if obj == "Opportunity":
        roles = [r for r in (row.get("OpportunityContactRoles") or {}).get("records", ()) if not r.get("IsDeleted")]
        roles.sort(key=lambda r: not r.get("IsPrimary"))
        return {"Contact": tuple(dict.fromkeys(r["ContactId"] for r in roles))} if roles else {}
    return {}
