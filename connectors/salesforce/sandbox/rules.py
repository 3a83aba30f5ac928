"""What an account may demand of its rows: validation rules, duplicate rules, unique fields; and what it remembers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from connectors.salesforce.sandbox.errors import RowError
from connectors.salesforce.sandbox.query import condition

if TYPE_CHECKING:
    from connectors.salesforce.sandbox.org import How, Org, Row

TRACKED: Mapping[str, tuple[str, ...]] = {
    "Lead": ("OwnerId", "Status", "Rating", "LeadSource", "Title"),
    "Contact": ("OwnerId", "AccountId", "Title"),
    "Account": ("OwnerId", "Industry"),
    "Opportunity": ("OwnerId", "StageName", "Amount", "CloseDate"),
}
"""Fields whose changes are remembered, unless an account tracks others."""
HISTORIES: Mapping[str, tuple[str, str]] = {
    "Lead": ("LeadHistory", "LeadId"),
    "Contact": ("ContactHistory", "ContactId"),
    "Account": ("AccountHistory", "AccountId"),
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}


class Validation(NamedTuple):
    """A row of the object that meets the condition is refused."""

    obj: str
    when: str
    message: str
    field: str = ""


class Duplicates(NamedTuple):
    """Two rows of the object with the same value are an alert, or not allowed at all."""

    obj: str
    field: str
    blocks: bool = False


class Rules:
    """The rules of one account."""

    def __init__(self, org: "Org") -> None:
        self._org = org
        self.validations: list[Validation] = []
        self.duplicates: list[Duplicates] = []
        self.tracked = {name: set(fields) for name, fields in TRACKED.items()}

    def judge(self, name: str, row: "Row", old: "Row | None", how: "How") -> None:
        """Any edit validates the whole record; duplicates are looked for where the field changed. `RowError`."""
        for rule in self.validations:
            if rule.obj == name and condition(self._org, name, rule.when)(row):
                fields = [rule.field] if rule.field else []
                raise RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)
        for field in self._org.entities[name].fields.values():
            if field.unique and (other := self._twin(name, field.name, row, old)):
                message = f"duplicate value found: {field.name} duplicates value on record with id: {other}"
                raise RowError("DUPLICATE_VALUE", message, [field.name])
        for duplicate in self.duplicates:
            if duplicate.obj != name or (how.allow_save and not duplicate.blocks):
                continue
            if self._twin(name, duplicate.field, row, old):
                raise RowError("DUPLICATES_DETECTED", "Use one of these records?")

    def _twin(self, name: str, field: str, row: "Row", old: "Row | None") -> str:
        """Another live row with the value that this one is given now."""
        value = row.get(field)
        if value is None or (old and old.get(field) == value):
            return ""
        others = self._org.tables[name].rows.values()
        same = (r for r in others if r.get(field) == value and not r.get("IsDeleted") and r["Id"] != row.get("Id"))
        return str(next(same, {"Id": ""})["Id"])

    def remember(self, name: str, row: "Row", old: "Row | None") -> None:
        """Write down what changed in tracked fields; a change of owner twice, by ids and by names."""
        if name not in HISTORIES or not self.tracked.get(name):
            return
        if old is None:
            self._note(name, row, "created", None, None)
            return
        for field in sorted(self.tracked[name]):
            before, after = old.get(field), row.get(field)
            if before == after:
                continue
            if field == "OwnerId":
                self._note(name, row, "Owner", before, after)
                before, after = self._name(before), self._name(after)
            reference = field.endswith("Id")
            self._note(name, row, field.removesuffix("Id") if reference else field, before, after)
        if row.get("IsConverted") and not old.get("IsConverted"):
            self._note(name, row, "leadConverted", None, None)

    def _name(self, id_: object) -> object:
        row = self._org.row(str(id_)) if id_ else None
        return row and row.get("Name")

    def _note(self, name: str, row: "Row", field: str, old: object, new: object) -> None:
        history, reference = HISTORIES[name]
        values = {reference: row["Id"], "Field": field, "OldValue": old, "NewValue": new}
        entry = self._org.complete(history, values, row["SystemModstamp"])
        entry["CreatedById"] = row["LastModifiedById"]
        self._org.load(history, [entry])
