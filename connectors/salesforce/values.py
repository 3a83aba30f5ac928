"""Values as Salesforce wants them, by its own type of the field."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from leadsync.connector import Value, WriteOp

_NUMBERS = ("int", "long", "double", "currency", "percent")


def rendered(op: WriteOp, kinds: Mapping[str, str]) -> dict[str, Any]:
    """The fields as JSON for Salesforce; `kinds` has its types by field name in small letters.

    Raises `Unfit` for a value that the field's type cannot hold: one such value would spoil a whole collection.
    """
    return {name: _value(name, value, kinds.get(name.lower(), "")) for name, value in op.fields.items()}


class Unfit(Exception):
    """A value does not fit the type of its field."""

    def __init__(self, field: str, wanted: str) -> None:
        super().__init__(f"{field} takes {wanted}")
        self.field = field


def _value(name: str, value: Value, kind: str) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        raise Unfit(name, "finite numbers only")
    if value is None or value == "":
        return None
    if kind in _NUMBERS:
        return _number(name, value, whole=kind in ("int", "long"))
    if kind == "boolean":
        return _truth(name, value)
    if kind in ("date", "datetime"):
        return _moment(name, value, whole=kind == "date")
    if kind and not isinstance(value, str):
        return _text(value)
    return value


def _text(value: bool | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if value == int(value) else str(value)


def _number(name: str, value: Value, *, whole: bool) -> Value:
    try:
        number = float(value) if isinstance(value, str) else value
        if isinstance(number, bool) or number is None or not math.isfinite(number):
            raise ValueError
        if whole and number != int(number):
            raise ValueError
    except ValueError:
        raise Unfit(name, "a whole number" if whole else "a number") from None
    return int(number) if whole else number


def _truth(name: str, value: Value) -> Value:
    found = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise Unfit(name, "true or false")
    return found


def _moment(name: str, value: Value, *, whole: bool) -> Value:
    try:
        at = datetime.fromisoformat(str(value))
        if whole:
            return date.isoformat(at.date())
        if at.tzinfo is None:
            raise ValueError
    except ValueError:
        raise Unfit(name, "a date such as 2026-01-31" if whole else "a time with its zone") from None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
