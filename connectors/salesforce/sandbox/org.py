"""The sandbox's account: its rows, and the rules under which they may be created, changed and deleted."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.errors import RowError, bad_json
from connectors.salesforce.sandbox.schema import CLOSED, STAGES, Entity, Field, entities
from connectors.salesforce.sandbox.soql import wire
from leadsync.testing.table import Table

Row = dict[str, Any]
ORG_ID = ids.whole("00D5g0000000001")
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+\Z")
_NEW: Mapping[str, Row] = {
    "Lead": {"Status": "New"},
    "Task": {"Status": "Not Started", "Priority": "Normal", "TaskSubtype": "Task"},
    "CampaignMember": {"Status": "Sent"},
    "User": {"IsActive": True, "UserType": "Standard"},
}


class Org:
    """All rows by object. `now` is the account's clock; `lag` is how many seconds late a change can be found.

    Queries for ids, like reads by id, always show the truth.
    """

    def __init__(self, now: Callable[[], datetime], *, bare: bool, lag: float = 0.0) -> None:
        self.entities = entities(bare=bare)
        self.tables = {name: Table() for name in self.entities}
        self.now, self.lag = now, lag
        self.us = ""
        """The integration user: whoever holds the token."""
        self.queue = ""
        """Where assignment rules send leads."""
        self.locked: set[str] = set()
        """Rows that another transaction holds."""
        self.locked_once: set[str] = set()
        """Rows that it holds until somebody has asked for them."""
        self.purged: dict[str, tuple[str, str]] = {}
        """Rows that are gone for good: object and moment, by id."""
        self._kinds = {entity.prefix: name for name, entity in self.entities.items()}
        self._made: dict[str, int] = defaultdict(int)
        self._sorted: dict[str, list[str]] = {}
        self._versions: dict[str, list[tuple[datetime | None, Row]]] = {}

    # finding

    def entity(self, name: str) -> Entity | None:
        """The object of this name in any case."""
        return self.entities.get(name) or next(
            (e for e in self.entities.values() if e.name.lower() == name.lower()), None
        )

    def kind(self, id_: str) -> str:
        """The object that an id belongs to, "" for none."""
        return self._kinds.get(id_[:3], "")

    def row(self, id_: str | None) -> Row | None:
        """The row of any object, as queries see it."""
        return self.visible(self.kind(id_), id_) if id_ else None

    def visible(self, name: str, id_: str) -> Row | None:
        """The row as queries find it: with a lag, its newest version that has come through."""
        if id_ in self._versions:
            now = self.now()
            shown = [row for at, row in self._versions[id_] if at is None or at <= now]
            return shown[-1] if shown else None
        return self.tables[name].rows.get(id_) if name else None

    @property
    def late(self) -> bool:
        """Whether some rows may be found later than they changed."""
        return bool(self.lag or self._versions)

    def sorted_ids(self, name: str) -> list[str]:
        """All ids of an object in order; the length tells whether the last answer is still true."""
        found = self._sorted.get(name)
        if found is None or len(found) != len(self.tables[name]):
            found = self._sorted[name] = sorted(self.tables[name].rows)
        return found

    def attributes(self, name: str, id_: str) -> dict[str, str]:
        """What stands in front of every row of an answer."""
        return {"type": name, "url": f"/services/data/v62.0/sobjects/{name}/{id_}"}

    def add_formula(self, name: str, field: str, kind: str) -> None:
        """A field that Salesforce calculates: a change of it moves no stamp."""
        self.entities[name].add(Field(field, kind, field, createable=False, updateable=False, calculated=True))

    # storing

    def new_id(self, name: str) -> str:
        """An id that no row has."""
        while True:
            self._made[name] += 1
            id_ = ids.make(self.entities[name].prefix, self._made[name])
            if id_ not in self.tables[name].rows:
                return id_

    def complete(self, name: str, values: Row, created: str, modified: str | None = None, id_: str = "") -> Row:
        """A row with everything that Salesforce sets itself; `values` are trusted."""
        entity = self.entities[name]
        row: Row = {f.name: False for f in entity.fields.values() if f.kind == "boolean"}
        if "OwnerId" in entity.fields:
            row["OwnerId"] = self.us
        row |= _NEW.get(name, {})
        row |= {
            "Id": id_ or self.new_id(name), "CreatedDate": created, "CreatedById": self.us,
            "LastModifiedDate": modified or created, "LastModifiedById": self.us, "SystemModstamp": modified or created,
        }  # fmt: skip
        row |= values
        _derive(name, row)
        return row

    def load(self, name: str, rows: Sequence[Row]) -> None:
        """Store many new rows at once."""
        self.tables[name].load([(row["Id"], row["SystemModstamp"], row) for row in rows])

    def put(self, name: str, row: Row, *, by: str = "") -> None:
        """Store a new or changed row and stamp it now."""
        now = self.now()
        row["LastModifiedDate"] = row["SystemModstamp"] = wire(now)
        row["LastModifiedById"] = by or self.us
        _derive(name, row)
        table = self.tables[name]
        if self.lag or row["Id"] in self._versions:
            old = table.rows.get(row["Id"])
            versions = self._versions.setdefault(row["Id"], [(None, old)] if old else [])
            versions.append((now + timedelta(seconds=self.lag), row))
        table.put(row["Id"], row["SystemModstamp"], row)

    def commit_late(self, name: str, values: Row, at: datetime) -> str:
        """A new row that a long transaction made at that moment and has committed only now; its id."""
        row = self.complete(name, values, wire(at))
        self.tables[name].put(row["Id"], row["SystemModstamp"], row)
        return str(row["Id"])

    def purge(self, name: str, id_: str) -> None:
        """Take a row out of the recycle bin, too: no query shows it again. Raises KeyError."""
        self.tables[name].drop(id_)
        self._versions.pop(id_, None)
        self._sorted.pop(name, None)
        self.purged[id_] = name, wire(self.now())

    def change(self, id_: str, values: Row, *, by: str = "") -> Row:
        """Change a row without asking any rule."""
        name = self.kind(id_)
        row = {**self.tables[name].rows[id_], **values}
        self.put(name, row, by=by)
        return row

    # what clients do

    def create(self, name: str, values: Mapping[str, Any], *, assign: bool = False, by: str = "") -> str:
        """A new row's id; `by` whom, if not the holder of the token. Raises `RowError`, `ApiError`."""
        entity = self.entities[name]
        clean = self._checked(entity, values, creating=True)
        absent = [f.name for f in entity.fields.values() if f.required and clean.get(f.name) is None]
        if absent:
            raise RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(absent)}]", absent)
        if assign and name == "Lead":
            clean["OwnerId"] = self.queue
        row = self.complete(name, clean, wire(self.now()))
        self.put(name, row, by=by)
        return str(row["Id"])

    def check_update(self, name: str, id_: str, values: Mapping[str, Any], *, assign: bool = False) -> Row:
        """The row as the update would leave it. Raises as `create`."""
        entity, old = self.entities[name], self.alive(name, id_)
        clean = self._checked(entity, values, creating=False)
        if old.get("IsConverted"):
            raise RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        emptied = [n for n, v in clean.items() if v is None and entity.fields[n].required]
        if emptied:
            raise RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(emptied)}]", emptied)
        if assign and name == "Lead":
            clean["OwnerId"] = self.queue
        return {**old, **clean}

    def delete(self, name: str, id_: str, *, by: str = "") -> None:
        """Put a row into the recycle bin. Raises `RowError`."""
        row = self.alive(name, id_)
        if "IsDeleted" not in self.entities[name].fields:
            raise RowError("INSUFFICIENT_ACCESS_OR_READONLY", f"a {name} cannot be deleted", status=403)
        self.put(name, {**row, "IsDeleted": True}, by=by)

    def alive(self, name: str, id_: str) -> Row:
        """A row that is there and may be written. Raises `RowError`."""
        row = self.present(name, id_)
        if id_ in self.locked or id_ in self.locked_once:
            self.locked_once.discard(id_)
            message = f"unable to obtain exclusive access to this record or 1 records: {id_}"
            raise RowError("UNABLE_TO_LOCK_ROW", message)
        return row

    def present(self, name: str, id_: str) -> Row:
        """A row that is there. Raises `RowError`."""
        row = self.tables[name].rows.get(id_)
        if row is None:
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)
        if row.get("IsDeleted"):
            raise RowError("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return row

    # values

    def _checked(self, entity: Entity, values: Mapping[str, Any], *, creating: bool) -> Row:
        found: list[tuple[Field, Any]] = []
        closed = []
        for name, value in values.items():
            field = entity.find(name)
            if field is None:
                raise RowError("INVALID_FIELD", f"No such column '{name}' on sobject of type {entity.name}")
            if not (field.createable if creating else field.updateable):
                closed.append(field.name)
            found.append((field, _typed(field, value)))
        if closed:
            raise RowError(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings of this field"
                " and verify that it is read/write for your profile or permission set.",
                closed,
            )
        for field, value in found:
            if value is not None:
                self._judge(entity, field, value)
        return {
            field.name: ids.canonical(value) if field.kind == "reference" and value else value for field, value in found
        }

    def _judge(self, entity: Entity, field: Field, value: Any) -> None:
        name, label = [field.name], field.label
        if field.kind == "reference":
            self._judge_reference(entity, field, value)
        elif field.length and isinstance(value, str) and len(value) > field.length:
            message = f"{label}: data value too large: {value} (max length={field.length})"
            raise RowError("STRING_TOO_LONG", message, name)
        elif field.restricted and value not in field.values:
            message = f"{label}: bad value for restricted picklist field: {value}"
            raise RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, name)
        elif field.kind == "email" and not _EMAIL.match(value):
            raise RowError("INVALID_EMAIL_ADDRESS", f"{label}: invalid email address: {value}", name)

    def _judge_reference(self, entity: Entity, field: Field, value: str) -> None:
        id_ = ids.canonical(value)
        if id_ is None or self.kind(id_) not in field.refers:
            raise RowError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name])
        other = self.tables[self.kind(id_)].rows.get(id_)
        if other is None or other.get("IsDeleted"):
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
        if field.name == "OwnerId" and self.kind(id_) == "User" and not other["IsActive"]:
            message = f"operation performed with inactive user [{id_}] as owner of {entity.name.lower()}"
            raise RowError("INACTIVE_OWNER_OR_USER", message, [field.name])


def _typed(field: Field, value: Any) -> Any:
    """The value as it is stored. Raises `ApiError`: JSON of another type spoils the whole request."""
    if value is None:
        return False if field.kind == "boolean" else None
    if field.kind == "boolean":
        fits = isinstance(value, bool)
    elif field.kind in ("double", "currency", "percent", "int"):
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        fits = fits and (field.kind != "int" or value == int(value))
    else:
        fits = isinstance(value, str)
    if not fits:
        raise _misfit(field, value)
    if field.kind in ("double", "currency", "percent"):
        return float(value)
    if field.kind == "int":
        return int(value)
    if isinstance(value, str):
        return _text(field, value.strip())
    return value


def _text(field: Field, text: str) -> str | None:
    if not text:
        return None
    try:
        if field.kind == "datetime":
            return wire(datetime.fromisoformat(text))
        if field.kind == "date":
            return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise _misfit(field, text) from None
    return text


def _misfit(field: Field, value: Any) -> Exception:
    kind = {str: "VALUE_STRING", bool: "VALUE_TRUE" if value else "VALUE_FALSE", int: "VALUE_NUMBER_INT",
            float: "VALUE_NUMBER_FLOAT"}.get(type(value), "START_OBJECT")  # fmt: skip
    return bad_json(f"Cannot deserialize instance of {field.kind} from {kind} value {value} or request may be missing a"
                    " required field at [line:1, column:1]")  # fmt: skip


def _derive(name: str, row: Row) -> None:
    """What follows from other fields."""
    if name in ("Lead", "Contact", "User"):
        row["Name"] = " ".join(filter(None, (row.get("FirstName"), row.get("LastName"))))
    elif name == "Opportunity":
        row["IsClosed"], row["IsWon"] = STAGES.get(row.get("StageName") or "", (False, False))
    elif name == "Task":
        row["IsClosed"] = row.get("Status") in CLOSED
    elif name == "CampaignMember":
        row["HasResponded"] = row.get("Status") in ("Responded", "Registered", "Attended")
        row["LeadOrContactId"] = row.get("ContactId") or row.get("LeadId")
        if row["HasResponded"] and not row.get("FirstRespondedDate"):
            row["FirstRespondedDate"] = row["SystemModstamp"][:10]
