"""A property: its definition, and what HubSpot accepts as its values."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s.,;]+")
_LONGEST = 65_536
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its definition as the properties API tells it."""

    name: str
    type: str
    field_type: str
    group: str
    label: str = ""
    options: tuple[tuple[str, str], ...] = ()  # (value, label)
    read_only: bool = False
    calculated: bool = False
    refers_to: str = ""
    custom: bool = False
    description: str = ""
    unique: bool = False

    def body(self) -> dict[str, Any]:
        """The definition in HubSpot's shape."""
        options = [
            {"label": label, "value": value, "displayOrder": order, "hidden": False, "description": ""}
            for order, (value, label) in enumerate(self.options)
        ]
        fixed = self.type != "enumeration" or (self.read_only and not self.custom)
        meta = {
            "archivable": self.custom, "readOnlyDefinition": not self.custom, "readOnlyOptions": fixed,
            "readOnlyValue": self.read_only or self.calculated,
        }  # fmt: skip
        body: dict[str, Any] = {
            "name": self.name, "label": self.label or self.name, "type": self.type, "fieldType": self.field_type,
            "description": self.description, "groupName": self.group, "options": options, "displayOrder": -1,
            "calculated": self.calculated, "externalOptions": bool(self.refers_to), "hasUniqueValue": self.unique,
            "hidden": False, "hubspotDefined": not self.custom, "formField": not meta["readOnlyValue"],
            "archived": False, "modificationMetadata": meta,
        }  # fmt: skip
        return body | ({"referencedObjectType": self.refers_to} if self.refers_to else {})


class Invalid(Exception):
    """A value that HubSpot refuses, with its code for that."""

    def __init__(self, name: str, code: str, message: str) -> None:
        super().__init__(message)
        self.name, self.code, self.message = name, code, message


def checked(prop: Property, value: object) -> str:
    """The value as HubSpot keeps it, always text; `""` clears. Raises `Invalid`."""
    if prop.read_only or prop.calculated:
        raise Invalid(prop.name, "READ_ONLY_VALUE", f'"{prop.name}" is a read only property; its value cannot be set.')
    if isinstance(value, bool):
        value = str(value).lower()
    text = "" if value is None else str(value)
    if not text:
        return ""
    if prop.type == "string":
        if prop.name == "email":
            return _email(prop, text)
        if len(text) > _LONGEST:
            raise Invalid(prop.name, "PROPERTY_VALUE_TOO_LONG", f"{prop.name} holds more than {_LONGEST} characters")
        return text
    if text != text.strip() or not text.isprintable():
        raise Invalid(prop.name, "INVALID_WHITESPACE", f'{text!r} for "{prop.name}" begins or ends with white space')
    return _typed(prop, text)


def _typed(prop: Property, text: str) -> str:
    if prop.type == "number":
        if not _PLAIN_NUMBER.fullmatch(text):
            raise Invalid(prop.name, "INVALID_INTEGER", f"{text} was not a valid number.")
    elif prop.type in ("date", "datetime"):
        return _date(prop, text)
    elif prop.type == "bool":
        if text not in ("true", "false"):
            raise Invalid(prop.name, "INVALID_BOOLEAN", f"{text} was not one of true, false.")
    elif prop.options:
        allowed = [value for value, _ in prop.options]
        chosen = text.split(";") if prop.field_type == "checkbox" else [text]
        if wrong := [one for one in chosen if one not in allowed]:
            raise Invalid(prop.name, "INVALID_OPTION", f"{wrong[0]} was not one of the allowed options: {allowed}")
    return text


def _email(prop: Property, text: str) -> str:
    text = text.strip().lower()
    if not _EMAIL.fullmatch(text):
        raise Invalid(prop.name, "INVALID_EMAIL", f"Email address {text} is invalid")
    return text


def _date(prop: Property, text: str) -> str:
    try:
        at = instant(text)
    except ValueError:
        raise Invalid(prop.name, "INVALID_DATE", f"{text} was not a valid {prop.type}.") from None
    if prop.type == "datetime":
        return iso(at)
    if at % 86_400_000:
        raise Invalid(prop.name, "INVALID_DATE", f"{at} is not at midnight UTC.")
    return iso(at)[:10]


def instant(text: str) -> int:
    """Milliseconds since 1970 of an ISO time or of milliseconds as text. Raises ValueError."""
    if text.lstrip("-").isdigit():
        return int(text)
    at = datetime.fromisoformat(text)
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def iso(ms: int) -> str:
    """The time in HubSpot's writing."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + "Z"
