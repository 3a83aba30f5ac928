"""Upsert: a row found by a field that is an external id, changed or made."""

from collections.abc import Mapping
from typing import Any

from connectors.salesforce.sandbox.errors import ApiError, RowError
from connectors.salesforce.sandbox.org import PLAIN, How, Org
from connectors.salesforce.sandbox.schema import Entity


class Several(Exception):
    """The external id names several rows."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__("several rows")
        self.ids = ids


def upsert(
    org: Org,
    entity: Entity,
    key: str,
    value: str,
    values: Mapping[str, Any],
    how: How = PLAIN,
    *,
    only: bool = False,
) -> tuple[str, bool]:
    """The row's id, and whether it is new; with `only` none is made.

    Raises `RowError`, `ApiError`, and `Several` where the value is not unique.
    """
    field = entity.find(key)
    if field is None or not (field.external or field.name == "Id"):
        raise ApiError(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + key)
    if any(name.lower() == field.name.lower() for name in values):
        raise RowError("INVALID_FIELD", f"The {field.name} field should not be specified in the sobject data.", [key])
    if not value:
        raise RowError("MISSING_ARGUMENT", f"{field.name} not specified", [field.name])
    rows = org.tables[entity.name].rows.values()
    found = [row["Id"] for row in rows if not row.get("IsDeleted") and _same(row.get(field.name), value)]
    if len(found) > 1:
        raise Several(found)
    if found:
        org.put(entity.name, org.check_update(entity.name, found[0], values, how))
        return str(found[0]), False
    if only or field.name == "Id":
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    given = float(value) if field.numeric else value
    return org.create(entity.name, {**values, field.name: given}, how), True


def _same(held: Any, value: str) -> bool:
    if isinstance(held, float):
        try:
            return held == float(value)
        except ValueError:
            return False
    return isinstance(held, str) and held.lower() == value.lower()
