"""What properties held before: kept for every change, made up from the row itself for what never changed."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from connectors.hubspot.sandbox.properties import iso

Row = Mapping[str, str]

# properties that a row has from a moment of its own on, rather than from when it was made
SINCE = {
    "hs_analytics_num_visits": "hs_analytics_last_visit_timestamp",
    "hs_analytics_num_page_views": "hs_analytics_last_timestamp",
    "hs_email_open": "hs_email_last_open_date", "hs_email_click": "hs_email_last_click_date",
    "num_conversion_events": "recent_conversion_date", "recent_conversion_event_name": "recent_conversion_date",
    "num_notes": "notes_last_updated", "num_contacted_notes": "notes_last_contacted",
}  # fmt: skip


class Version(NamedTuple):
    """A value from a moment on; `source` says who set it, in HubSpot's words."""

    value: str
    at: str
    source: str

    def body(self) -> dict[str, Any]:
        """As `propertiesWithHistory` has it."""
        ids = {"sourceId": "1"} if self.source == "INTEGRATION" else {}
        return {"value": self.value, "timestamp": self.at, "sourceType": self.source, **ids}


class History:
    """The former values of the rows of one object, oldest first, for the properties that have changed."""

    def __init__(self, created: str) -> None:
        self._created = created
        self._of: dict[str, dict[str, list[Version]]] = {}

    def note(self, before: Row, name: str, value: str, at: int, source: str) -> None:
        """A property of this row is to change. The same value again is no change."""
        versions = self._of.setdefault(before["hs_object_id"], {}).setdefault(name, [])
        if not versions and before.get(name):
            versions.append(self._first(before, name))
        if value != (versions[-1].value if versions else ""):
            versions.append(Version(value, iso(at), source))

    def load(self, id_: str, name: str, values: Iterable[tuple[str, int]], source: str) -> None:
        """The past of one property of a seeded row: (value, from when on), oldest first."""
        self._of.setdefault(id_, {})[name] = [Version(value, iso(at), source) for value, at in values]

    def of(self, row: Row, name: str) -> list[dict[str, Any]]:
        """All versions of a property, newest first."""
        versions = self._of.get(row["hs_object_id"], {}).get(name)
        if versions is None:
            versions = [self._first(row, name)] if row.get(name) else []
        return [version.body() for version in reversed(versions)]

    def move(self, old: str, new: str) -> None:
        """A row lives on under another id."""
        self._of[new] = self._of.pop(old, {}) | self._of.get(new, {})

    def forget(self, id_: str) -> None:
        """Nothing remains."""
        self._of.pop(id_, None)

    def _first(self, row: Row, name: str) -> Version:
        return Version(row[name], row.get(SINCE.get(name, ""), row[self._created]), "INTEGRATION")
