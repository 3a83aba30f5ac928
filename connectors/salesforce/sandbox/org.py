"""The sandbox's account: its rows, and the rules under which they may be created, changed and deleted."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.access import RIGHTS, Access
from connectors.salesforce.sandbox.errors import RowError
from connectors.salesforce.sandbox.rules import Rules
from connectors.salesforce.sandbox.schema import CLOSED, STAGES, Entity, Field, entities
from connectors.salesforce.sandbox.soql import wire
from connectors.salesforce.sandbox.values import checked
from leadsync.testing.table import Table

Row = dict[str, Any]
ORG_ID = ids.whole("00D5g0000000001")
_NEW: Mapping[str, Row] = {
    "Lead": {"Status": "New"},
    "Task": {"Status": "Not Started", "Priority": "Normal", "TaskSubtype": "Task"},
    "CampaignMember": {"Status": "Sent"},
    "User": {"IsActive": True, "UserType": "Standard"},
}


class How(NamedTuple):
    """What a request's headers say about its writes: whether assignment rules run, and duplicates may be saved."""

    assign: bool = False
    allow_save: bool = False


PLAIN = How()
"""Nothing said."""


class Org:
    """All rows by object. `now` is the account's clock; `lag` is how many seconds late a change can be found.

    Queries for ids, like reads by id, always show the truth.
    """

    def __init__(self, now: Callable[[], datetime], *, bare: bool, custom: bool = False, lag: float = 0.0) -> None:
        self.entities = entities(bare=bare, custom=custom)
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
        self.rules, self.access = Rules(self), Access(self)
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

    def new_field_id(self) -> str:
        """An id for a custom field."""
        self._made["CustomField"] += 1
        return ids.make("00N", self._made["CustomField"])

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
        self.rules.remember(name, row, table.rows.get(row["Id"]))
        if self.lag or row["Id"] in self._versions:
            old = table.rows.get(row["Id"])
            versions = self._versions.setdefault(row["Id"], [(None, old)] if old else [])
            versions.append((now + timedelta(seconds=self.lag), row))
        table.put(row["Id"], row["SystemModstamp"], row)
        if name in RIGHTS:
            self.access.refresh()

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

    def create(self, name: str, values: Mapping[str, Any], how: How = PLAIN, *, by: str = "") -> str:
        """A new row's id; `by` whom, if not the holder of the token. Raises `RowError`, `ApiError`."""
        entity = self.entities[name]
        clean = checked(self, entity, values, creating=True)
        absent = [f.name for f in entity.fields.values() if f.required and clean.get(f.name) is None]
        if absent:
            raise RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(absent)}]", absent)
        if how.assign and name == "Lead":
            clean["OwnerId"] = self.queue
        self.access.check(name, clean)
        row = self.complete(name, clean, wire(self.now()))
        self.rules.judge(name, row, None, how)
        self.put(name, row, by=by)
        return str(row["Id"])

    def check_update(self, name: str, id_: str, values: Mapping[str, Any], how: How = PLAIN) -> Row:
        """The row as the update would leave it. Raises as `create`."""
        entity, old = self.entities[name], self.alive(name, id_)
        clean = checked(self, entity, values, creating=False)
        if old.get("IsConverted"):
            raise RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        emptied = [n for n, v in clean.items() if v is None and entity.fields[n].required]
        if emptied:
            raise RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(emptied)}]", emptied)
        if how.assign and name == "Lead":
            clean["OwnerId"] = self.queue
        row = {**old, **clean}
        self.rules.judge(name, row, old, how)
        return row

    def delete(self, name: str, id_: str, *, by: str = "") -> None:
        """Put a row into the recycle bin. Raises `RowError`."""
        row = self.alive(name, id_)
        if name in RIGHTS:
            self.purge(name, id_)
            self.access.refresh()
            return
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
