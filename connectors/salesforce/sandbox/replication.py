"""`/updated` and `/deleted`: ids of what changed within a window."""

from datetime import datetime, timedelta
from typing import TypeVar

from connectors.salesforce.sandbox.calls import Context, Reply
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.org import Org, Row
from connectors.salesforce.sandbox.schema import Entity
from connectors.salesforce.sandbox.soql import wire

_T = TypeVar("_T")
_UPDATED_REACH, _DELETED_REACH = timedelta(days=30), timedelta(days=15)
_MOST_IDS = 600_000


def updated(org: Org, context: Context, entity: Entity) -> Reply:
    """Ids of the live rows that changed."""
    start, end = _window(org, context, _UPDATED_REACH)
    rows = [row for row in _changed(org, entity.name, start, end) if not row.get("IsDeleted")]
    return Reply(200, {"ids": _few([row["Id"] for row in rows]), "latestDateCovered": wire(end)})


def deleted(org: Org, context: Context, entity: Entity) -> Reply:
    """Ids of the rows that were deleted, those that nobody can restore among them."""
    start, end = _window(org, context, _DELETED_REACH)
    rows = [row for row in _changed(org, entity.name, start, end) if row.get("IsDeleted")]
    found = [(row["SystemModstamp"], row["Id"]) for row in rows]
    purged = ((at, id_) for id_, (name, at) in org.purged.items() if name == entity.name)
    found += [(at, id_) for at, id_ in purged if wire(start) <= at <= wire(end)]
    listed = [{"id": id_, "deletedDate": at} for at, id_ in _few(sorted(found))]
    earliest = wire(org.now() - _DELETED_REACH)
    return Reply(200, {"deletedRecords": listed, "earliestDateAvailable": earliest, "latestDateCovered": wire(end)})


def _few(found: list[_T]) -> list[_T]:
    if len(found) > _MOST_IDS:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"more than {_MOST_IDS} ids: ask for a shorter time")
    return found


def _changed(org: Org, name: str, start: datetime, end: datetime) -> list[Row]:
    first, last, table = wire(start), wire(end), org.tables[name]
    rows = [org.visible(name, id_) for stamp, id_ in table.since(first) if org.late or stamp <= last]
    return [row for row in rows if row and first <= row["SystemModstamp"] <= last]


def _window(org: Org, context: Context, reach: timedelta) -> tuple[datetime, datetime]:
    """Start and end, cut to the minute; the end is held back behind what cannot be seen yet."""
    try:
        start, end = (datetime.fromisoformat(context.given[name]) for name in ("start", "end"))
        start, end = (at.replace(second=0, microsecond=0) for at in (start, end))
        apart = end - start >= timedelta(minutes=1)
    except (KeyError, ValueError, TypeError):
        raise ApiError(400, "INVALID_REPLICATION_DATE", "start and end must be dates with time and zone") from None
    now = org.now()
    if not apart:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate")
    if start < now - reach:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"startDate cannot be more than {reach.days} days ago")
    known = (now - timedelta(seconds=org.lag)).replace(second=0, microsecond=0)
    return start, max(start, min(end, known))
