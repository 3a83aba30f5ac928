"""What the account's objects look like."""

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.salesforce.objects import kind
from connectors.salesforce.session import VERSION, Session
from leadsync.connector import ConnectionFailed, FieldSchema, ObjectSchema, Transient

TYPES = {
    "boolean": "bool", "int": "number", "long": "number", "double": "number", "currency": "number", "percent": "number",
    "date": "date", "datetime": "datetime", "picklist": "enum", "multipicklist": "multi", "id": "ref",
    "reference": "ref",
}  # fmt: skip
COMPOUND = ("address", "location")
_PER_CALL = 25


class Schemas:
    """Describes objects, and remembers the last type of every field for those who render or read values."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kinds: dict[str, dict[str, str]] = {}

    def describe(self, obj: str) -> ObjectSchema:
        """The object's fields, asked anew. Raises `NotFound` for an unknown object."""
        kind(obj)
        return self._read(obj, self._session.call("GET", f"sobjects/{obj}/describe", f"describing {obj}", row=obj))

    def describe_all(self, objects: Iterable[str]) -> dict[str, ObjectSchema | ConnectionFailed]:
        """Each object's fields, or why they cannot be read: up to 25 in one request."""
        left, found = list(objects), dict[str, ObjectSchema | ConnectionFailed]()
        while left:
            part, left = left[:_PER_CALL], left[_PER_CALL:]
            asked = [{"method": "GET", "url": f"v{VERSION}/sobjects/{obj}/describe"} for obj in part]
            body = self._session.call("POST", "composite/batch", "describing objects", body={"batchRequests": asked})
            results = body.get("results") if isinstance(body, dict) else None
            if not isinstance(results, list) or len(results) != len(part):
                raise Transient("Salesforce sent an answer of another shape while describing objects")
            found |= {obj: self._judged(obj, result) for obj, result in zip(part, results, strict=True)}
        return found

    def kinds(self, obj: str) -> Mapping[str, str]:
        """Salesforce's own type of every field, by name in small letters; asked for once."""
        if obj not in self._kinds:
            self.describe(obj)
        return self._kinds[obj]

    def _judged(self, obj: str, result: Any) -> ObjectSchema | ConnectionFailed:
        status = result.get("statusCode") if isinstance(result, dict) else None
        if status == 200:
            return self._read(obj, result.get("result"))
        content = result.get("result") if isinstance(result, dict) else None
        return self._session.refusal(status if isinstance(status, int) else 500, content, f"describing {obj}", obj)

    def _read(self, obj: str, found: Any) -> ObjectSchema:
        try:
            self._kinds[obj] = {field["name"].lower(): field["type"] for field in found["fields"]}
            fields = [_field(field) for field in found["fields"] if field["type"] not in COMPOUND]
        except (KeyError, TypeError, AttributeError):
            raise Transient(f"Salesforce sent an answer of another shape while describing {obj}") from None
        return ObjectSchema(obj, {field.name: field for field in fields}, any_case=True)


def _field(found: Mapping[str, Any]) -> FieldSchema:
    return FieldSchema(
        name=found["name"],
        type=TYPES.get(found["type"], "text"),
        label=found.get("label") or "",
        options=tuple(o["value"] for o in found.get("picklistValues") or () if o.get("active")),
        writable=bool(found.get("updateable")),
        calculated=bool(found.get("calculated")),
        length=found.get("length") or None,
        custom=bool(found.get("custom")),
    )
