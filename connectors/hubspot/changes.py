"""What changed in an object, oldest first, by search: paged by key, never by offset over a moving sort.

Each request starts at the last row's own stamp and drops what was seen at that stamp, so that neither a row that moves
while we page nor the 10,000 rows a search may reach loses anything. Where more rows than a page share one millisecond
(HubSpot's own bulk jobs do that), that instant is drained by id.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.hubspot import api
from connectors.hubspot.answers import Row, after, check_known, from_ms, merges, record, rows, stamp, to_ms
from connectors.hubspot.reading import Links, Reader, asked
from leadsync.connector import Ask, Cursor, Page, Rejected, Transient

_MOST_NAMED = 50  # ids in a cursor
_FIRST_MS = 1000  # HubSpot answers 500 to a search from the very beginning of 1970


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the next request starts: at `ms`, or, draining that instant, after the row `id`. `seen` holds (id, stamp)
    of rows that were already given and will come again."""

    ms: int
    id: int | None = None
    seen: frozenset[tuple[str, int]] = field(default_factory=frozenset)


class Changes:
    """Reads what changed, object by object."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, ask: Ask, until: datetime) -> Iterator[Page]:
        """Pages of the rows of one object that changed from `ask.since` up to `until`.

        A cursor names the rows of its own moment whose links are known; they are left out when they come again, so
        that a round without news costs one request. One that belonged to nobody is not named: its link may follow.
        """
        clock, obj, cursor_property = self._reader.clock, ask.object, api.KINDS[ask.object].cursor
        first, last = max(_FIRST_MS, to_ms(ask.since.at)), to_ms(until)
        cursor = ask.since
        if cursor.at > until:
            yield Page(obj, (), clock.now(), cursor=cursor)
            return
        named = frozenset((id_, first) for id_ in cursor.id.split(",") if id_)
        place: _Place | None = _Place(first, seen=named)
        while place is not None:
            read_at = clock.now()
            answer = self._reader.http.search(f"{api.OBJECTS}/{obj}/search", _query(ask, place, last))
            found = [(entry, stamp(entry, cursor_property)) for entry in rows(answer)]
            following = _next(obj, place, found, last, more=after(answer) is not None)
            fresh = [(entry, ms) for entry, ms in found if ms <= last and (entry["id"], ms) not in place.seen]
            entries = [entry for entry, _ in fresh]
            check_known(obj, entries, ask.fields)
            links = self._reader.links(obj, entries)
            if found:
                at = _covered(place, found, following, last)
                cursor = max(cursor, Cursor(from_ms(at), _named(cursor, at, fresh, links)))
            records = [record(entry, ask.fields, links[entry["id"]]) for entry in entries]
            yield Page(obj, records, read_at, cursor=cursor, moved=tuple(merges(entries)))
            place = following


def _named(cursor: Cursor, at: int, fresh: list[tuple[Row, int]], links: Mapping[str, Links]) -> str:
    """The ids that a cursor at `at` names, besides those that it names already."""
    ids = [id_ for id_ in cursor.id.split(",") if id_] if to_ms(cursor.at) == at else []
    ids += [entry["id"] for entry, ms in fresh if ms == at and any(links[entry["id"]].values())]
    return ",".join(ids[:_MOST_NAMED])


def _query(ask: Ask, place: _Place, last: int) -> dict[str, object]:
    cursor = api.KINDS[ask.object].cursor
    if place.id is None:
        sort = cursor
        filters = [
            {"propertyName": cursor, "operator": "GTE", "value": str(place.ms)},
            {"propertyName": cursor, "operator": "LTE", "value": str(last)},
        ]
    else:
        sort = "hs_object_id"
        filters = [
            {"propertyName": cursor, "operator": "EQ", "value": str(place.ms)},
            {"propertyName": sort, "operator": "GT", "value": str(place.id)},
        ]
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
        "properties": [*asked(ask.object, ask.fields), cursor],
        "limit": api.SEARCH_LIMIT,
        "after": 0,
    }


def _next(obj: str, place: _Place, found: list[tuple[Row, int]], last: int, *, more: bool) -> _Place | None:
    """Where to go on. Raises `Rejected` for an answer that would lead in a circle."""
    if place.id is not None:
        return _next_in_instant(obj, place, found, last, more=more)
    if not more:
        return None
    # the search's index runs behind the values it returns: rows that are newer than asked say nothing about the order
    kept = [ms for _, ms in found if ms <= last]
    if found and not kept:
        raise Transient(f"HubSpot's search index of {obj} is behind", retry_after=5.0, code="index_behind")
    if not kept or kept[-1] < place.ms:
        raise _loop(obj)
    at = kept[-1]
    seen = frozenset((entry["id"], ms) for entry, ms in found if ms >= at)
    if at == place.ms or kept[0] == at:
        return _Place(at, 0, seen)
    return _Place(at, None, seen)


def _next_in_instant(obj: str, place: _Place, found: list[tuple[Row, int]], last: int, *, more: bool) -> _Place | None:
    if not more:
        return _Place(place.ms + 1) if place.ms < last else None
    highest = int(found[-1][0]["id"]) if found else 0
    if highest <= (place.id or 0):
        raise _loop(obj)
    return _Place(place.ms, highest, place.seen)


def _covered(place: _Place, found: list[tuple[Row, int]], following: _Place | None, last: int) -> int:
    """Up to which stamp everything has now been given."""
    if following is not None:
        return following.ms
    kept = [ms for _, ms in found if ms <= last]
    return max(kept[-1] if kept and place.id is None else place.ms, place.ms)


def _loop(obj: str) -> Rejected:
    return Rejected(f"HubSpot's search for changed {obj} leads in a circle", code="loop")
