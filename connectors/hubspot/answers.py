"""Taking HubSpot's answers apart: rows, times, the next page. A shape that nobody promised raises `Transient`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from connectors.hubspot.api import COMPANY_ID, MERGED_IDS
from leadsync.connector import Moved, Record, Rejected, Transient, Value, utc

Row = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@contextmanager
def understood() -> Iterator[None]:
    """Around code or a function that takes an answer apart: what is missing, or of another type, is `Transient`."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise _unknown_shape() from error


def rows(answer: Mapping[str, Any]) -> list[Row]:
    """The rows of an answer, each with an id and properties."""
    found = answer.get("results")
    if not isinstance(found, list):
        raise _unknown_shape()
    return [row(entry) for entry in found]


def row(entry: Any) -> Row:
    """One row, checked."""
    properties = entry.get("properties") if isinstance(entry, dict) else None
    if not isinstance(properties, dict) or not isinstance(entry.get("id"), str):
        raise _unknown_shape()
    if any(isinstance(value, dict | list) for value in properties.values()):
        raise _unknown_shape()
    return cast(Row, entry)


def entries(answer: Mapping[str, Any]) -> list[Row]:
    """The results of an answer that are not rows of an object: owners, properties, associations."""
    found = answer.get("results")
    if isinstance(found, list) and all(isinstance(entry, dict) for entry in found):
        return found
    raise _unknown_shape()


def after(answer: Mapping[str, Any]) -> str | None:
    """The token of the next page, if there is one."""
    for key in ("paging", "next"):
        answer = answer.get(key) or {}
        if not isinstance(answer, dict):
            raise _unknown_shape()
    token = answer.get("after")
    return None if token is None else str(token)


def moment(text: object) -> datetime | None:
    """A time as HubSpot writes it: ISO 8601, or milliseconds since 1970."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return from_ms(int(text)) if text.isdigit() else utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def to_ms(at: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (at - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """The time that many milliseconds after 1970 began."""
    return _EPOCH + ms * _MS


def stamp(entry: Row, cursor: str) -> int:
    """When the row last changed, in milliseconds, by its cursor property."""
    at = moment(entry["properties"].get(cursor)) or moment(entry.get("updatedAt"))
    if at is None:
        raise _unknown_shape()
    return to_ms(at)


def record(entry: Row, fields: Sequence[str], links: Mapping[str, tuple[str, ...]]) -> Record:
    """A row as leadsync's record, with exactly the fields that were asked for."""
    values: dict[str, Value] = entry["properties"]
    return Record(
        entry["id"],
        {name: values.get(name) for name in fields},
        moment(entry.get("createdAt")),
        moment(entry.get("updatedAt")),
        links,
    )


def company(entry: Row) -> dict[str, tuple[str, ...]]:
    """The primary company that a contact carries by itself."""
    id_ = entry["properties"].get(COMPANY_ID)
    return {"companies": (str(id_),) if id_ else ()}


def merges(found: Sequence[Row]) -> Iterator[Moved]:
    """The contacts that live on in these."""
    for entry in found:
        for id_ in str(entry["properties"].get(MERGED_IDS) or "").split(";"):
            if id_ and id_ != entry["id"]:
                yield Moved(id_, "contacts", entry["id"], "merged")


def check_known(obj: str, found: Sequence[Row], fields: Sequence[str]) -> None:
    """HubSpot leaves out properties that it does not know and says nothing; we say it."""
    if not found:
        return
    missing = [name for name in fields if name not in found[0]["properties"]]
    if missing:
        raise unknown_fields(obj, missing)


def unknown_fields(obj: str, names: Sequence[str]) -> Rejected:
    """The error for fields that an object does not have."""
    return Rejected(
        f"HubSpot's {obj} have no field {', '.join(map(repr, names))} that this token may see",
        code="unknown_field",
        fix=f"correct the names in the mapping of {obj}, or create the properties in HubSpot",
    )


def _unknown_shape() -> Transient:
    return Transient("HubSpot answered in a shape that leadsync does not know", code="bad_shape")
