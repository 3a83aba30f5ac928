"""Whether a value fits its field, and how it is stored."""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.errors import ApiError, RowError, bad_json
from connectors.salesforce.sandbox.schema import Entity, Field
from connectors.salesforce.sandbox.soql import wire

if TYPE_CHECKING:
    from connectors.salesforce.sandbox.org import Org, Row

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+\Z")


def checked(org: "Org", entity: Entity, values: Mapping[str, Any], *, creating: bool) -> "Row":
    """The values as they are stored, by the fields' own names.

    Raises `RowError`, or `ApiError` for a value of another type.
    """
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
            _judge(org, entity, field, value)
    return {
        field.name: ids.canonical(value) if field.kind == "reference" and value else value for field, value in found
    }


def _judge(org: "Org", entity: Entity, field: Field, value: Any) -> None:
    name, label = [field.name], field.label
    if field.kind == "reference":
        _judge_reference(org, entity, field, value)
    elif field.length and isinstance(value, str) and len(value) > field.length:
        message = f"{label}: data value too large: {value} (max length={field.length})"
        raise RowError("STRING_TOO_LONG", message, name)
    elif field.restricted and not set(value.split(";") if field.kind == "multipicklist" else [value]) <= {
        *field.values
    }:
        message = f"{label}: bad value for restricted picklist field: {value}"
        raise RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, name)
    elif field.kind == "email" and not _EMAIL.match(value):
        raise RowError("INVALID_EMAIL_ADDRESS", f"{label}: invalid email address: {value}", name)
    elif field.precision and abs(value) >= 10 ** (field.precision - field.scale):
        raise RowError("NUMBER_OUTSIDE_VALID_RANGE", f"{label}: value outside of valid range on numeric field", name)


def _judge_reference(org: "Org", entity: Entity, field: Field, value: str) -> None:
    id_ = ids.canonical(value)
    if id_ is None or org.kind(id_) not in field.refers:
        raise RowError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name])
    other = org.tables[org.kind(id_)].rows.get(id_)
    if other is None or other.get("IsDeleted"):
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
    if field.name == "OwnerId" and org.kind(id_) == "User" and not other["IsActive"]:
        message = f"operation performed with inactive user [{id_}] as owner of {entity.name.lower()}"
        raise RowError("INACTIVE_OWNER_OR_USER", message, [field.name])


def _typed(field: Field, value: Any) -> Any:
    """The value as it is stored. Raises `ApiError`: JSON of another type spoils the whole request."""
    if value is None:
        return False if field.kind == "boolean" else None
    if field.kind == "boolean":
        fits = isinstance(value, bool)
    elif field.numeric:
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


def _misfit(field: Field, value: Any) -> ApiError:
    kind = {str: "VALUE_STRING", bool: "VALUE_TRUE" if value else "VALUE_FALSE", int: "VALUE_NUMBER_INT",
            float: "VALUE_NUMBER_FLOAT"}.get(type(value), "START_OBJECT")  # fmt: skip
    return bad_json(f"Cannot deserialize instance of {field.kind} from {kind} value {value} or request may be missing a"
                    " required field at [line:1, column:1]")  # fmt: skip
