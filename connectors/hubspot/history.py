"""What properties held before, as HubSpot remembers it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.hubspot import api
from connectors.hubspot.answers import moment, rows, understood
from connectors.hubspot.http import Http
from connectors.hubspot.reading import chunks
from leadsync.connector import Past

_NOISE = frozenset({"lastmodifieddate", "hs_lastmodifieddate", "hs_object_id"})


def history(http: Http, obj: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Sequence[Past]]:
    """The former and present values of these fields, oldest first, of the rows that are still there."""
    wanted = [name for name in dict.fromkeys(fields) if name not in _NOISE]
    found: dict[str, Sequence[Past]] = {}
    for batch in chunks(list(dict.fromkeys(ids)) if wanted else [], api.HISTORY_LIMIT):
        body = {"inputs": [{"id": id_} for id_ in batch], "properties": [], "propertiesWithHistory": wanted}
        for entry in rows(http.post(f"{api.OBJECTS}/{obj}/batch/read", body)):
            with understood():
                past = sorted(_past(entry.get("propertiesWithHistory") or {}, wanted), key=lambda one: one.at)
            if past:
                found[entry["id"]] = past
    return found


def _past(told: Mapping[str, Any], wanted: Sequence[str]) -> Iterator[Past]:
    for name in wanted:
        for item in reversed(told.get(name) or ()):  # newest first: of equal times the last word stays last
            at = moment(item.get("timestamp"))
            if at is not None:
                yield Past(name, item.get("value") or None, at)
