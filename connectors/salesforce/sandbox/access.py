"""Who sees which field: field-level security, permission sets, and fields that are made while the account is in use."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.salesforce.sandbox.errors import ApiError, RowError
from connectors.salesforce.sandbox.schema import Field

if TYPE_CHECKING:
    from connectors.salesforce.sandbox.org import Org

RIGHTS = ("FieldPermissions", "PermissionSet", "PermissionSetAssignment")
_TYPES = {
    "Text": "string", "TextArea": "textarea", "LongTextArea": "textarea", "Html": "textarea", "Number": "double",
    "Currency": "currency", "Percent": "percent", "Checkbox": "boolean", "Date": "date", "DateTime": "datetime",
    "Picklist": "picklist", "MultiselectPicklist": "multipicklist", "Email": "email", "Phone": "phone", "Url": "url",
}  # fmt: skip
_LENGTHS = {"TextArea": 255, "Email": 80, "Phone": 40, "Url": 255, "Picklist": 255, "MultiselectPicklist": 4099}


class Access:
    """Field-level security as the holder of the token meets it: a hidden field is as if it did not exist."""

    def __init__(self, org: "Org") -> None:
        self._org = org
        self.customizes = True
        """Whether we have the right Customize Application."""
        self._hidden: dict[tuple[str, str], Field] = {}
        self._made: dict[tuple[str, str], tuple[str, Field]] = {}

    def hide(self, obj: str, name: str) -> None:
        """Hide a field, or delete it. Raises KeyError where there is none."""
        entity = self._org.entities[obj]
        self._hidden[obj, name] = entity.fields[name]
        entity.remove(name)

    def show(self, obj: str, name: str) -> None:
        """Show a hidden field again. Raises KeyError."""
        self._org.entities[obj].add(self._hidden.pop((obj, name)))

    def amend(self, obj: str, name: str, **changes: Any) -> None:
        """Change a field's definition, its pick list for example. Raises KeyError."""
        entity = self._org.entities[obj]
        entity.add(replace(entity.fields[name], **changes))

    def exists(self, obj: str, name: str) -> bool:
        """Whether there is such a field, seen or not."""
        known = {(o.lower(), n.lower()) for o, n in (*self._hidden, *self._made)}
        entity = self._org.entity(obj)
        return bool(entity and entity.find(name)) or (obj.lower(), name.lower()) in known

    def make(self, full_name: str, metadata: Mapping[str, Any]) -> str:
        """A new custom field that nobody sees yet; its id. Raises `ApiError`."""
        if not self.customizes:
            raise ApiError(403, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")
        obj, _, name = full_name.partition(".")
        entity = self._org.entity(obj)
        if entity is None or not name.endswith("__c"):
            raise ApiError(400, "INVALID_FULL_NAME", f"FullName: bad value: {full_name}", ["FullName"])
        if self.exists(entity.name, name):
            said = f"There is already a field named {name.removesuffix('__c')} on {entity.name}."
            raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", said, ["DeveloperName"])
        id_ = self._org.new_field_id()
        self._made[entity.name, name] = id_, _custom(name, metadata)
        return id_

    def made(self) -> dict[str, str]:
        """Id by full name of the fields made here."""
        return {f"{obj}.{name}": id_ for (obj, name), (id_, _) in self._made.items()}

    # rights are rows

    def check(self, name: str, values: Mapping[str, Any]) -> None:
        """Whether such a row of rights may be made. Raises `RowError`."""
        if name not in RIGHTS:
            return
        if not self.customizes:
            raise RowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", status=403)
        if name == "FieldPermissions":
            obj, _, field = str(values.get("Field")).partition(".")
            if obj != values.get("SobjectType") or not self.exists(obj, field):
                raise RowError("INVALID_FIELD", f"Field: {values.get('Field')} is not a field of the object", ["Field"])
            if values.get("PermissionsEdit") and not values.get("PermissionsRead"):
                raise RowError("FIELD_INTEGRITY_EXCEPTION", "Permission Edit depends on permission: Read")
        keys = {
            "FieldPermissions": ("ParentId", "Field"), "PermissionSet": ("Name",),
            "PermissionSetAssignment": ("AssigneeId", "PermissionSetId"),
        }[name]  # fmt: skip
        for row in self._org.tables[name].rows.values():
            if not row.get("IsDeleted") and all(row.get(key) == values.get(key) for key in keys):
                raise RowError("DUPLICATE_VALUE", f"duplicate value found: duplicates record with id: {row['Id']}")

    def refresh(self) -> None:
        """Let the fields made here be seen and edited as the rights now say."""
        ours = {
            row["PermissionSetId"]
            for row in self._rows("PermissionSetAssignment")
            if row["AssigneeId"] == self._org.us
        }  # fmt: skip
        rights = [row for row in self._rows("FieldPermissions") if row["ParentId"] in ours and row["PermissionsRead"]]
        for (obj, name), (_, field) in self._made.items():
            mine = [row for row in rights if row["Field"].lower() == f"{obj}.{name}".lower()]
            entity = self._org.entities[obj]
            if mine:
                edit = any(row["PermissionsEdit"] for row in mine)
                entity.add(replace(field, createable=edit, updateable=edit))
            elif name in entity.fields:
                entity.remove(name)

    def _rows(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self._org.tables[name].rows.values() if not row.get("IsDeleted")]


def _custom(name: str, metadata: Mapping[str, Any]) -> Field:
    """The field that the metadata describes. Raises `ApiError` for what is missing in it."""

    def need(key: str) -> Any:
        if metadata.get(key) is None:
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", f"Must specify '{key}' for a CustomField of this type")
        return metadata[key]

    kind, label = str(need("type")), str(need("label"))
    if kind not in _TYPES:
        raise ApiError(400, "INVALID_FIELD", f"bad value for type: {kind}", ["type"])
    if len(label) > 40:
        raise ApiError(400, "STRING_TOO_LONG", f"label: data value too large: {label} (max length=40)", ["label"])
    values: tuple[str, ...] = ()
    value_set = need("valueSet") if _TYPES[kind].endswith("picklist") else {}
    if value_set:
        values = tuple(str(value["fullName"]) for value in value_set["valueSetDefinition"]["value"])
    if kind in ("LongTextArea", "Html", "MultiselectPicklist"):
        need("visibleLines")
    if kind == "Checkbox":
        need("defaultValue")
    number = kind in ("Number", "Currency", "Percent")
    return Field(
        name, _TYPES[kind], label,
        length=int(need("length")) if kind in ("Text", "LongTextArea", "Html") else _LENGTHS.get(kind, 0),
        values=values, restricted=bool(value_set.get("restricted")), required=bool(metadata.get("required")),
        external=bool(metadata.get("externalId")), unique=bool(metadata.get("unique")),
        precision=int(need("precision")) if number else 0, scale=int(need("scale")) if number else 0,
        help=metadata.get("inlineHelpText"),
    )  # fmt: skip
