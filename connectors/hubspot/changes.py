"""What changed in an object, oldest first, by search: paged by key, never by offset over a moving sort.

The search finds and orders rows by an index that runs behind, but shows them as they are now: the stamp of a row that
was just edited says nothing about the place that has been reached. So the next request starts at the latest stamp of
the page that is old enough for the index to have it, and drops what was seen from there on. Neither a row that moves
while we page nor the 10,000 rows that a search may reach loses anything.

Where a page has no such stamp the rest of the stretch is drained by id, which no edit changes. So is a millisecond that
more rows than a page share (HubSpot's own bulk jobs do that).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.hubspot import api
from connectors.hubspot.answers import Row, after, check_known, from_ms, merges, record, rows, stamp, to_ms, understood
from connectors.hubspot.reading import Links, Reader, asked
from leadsync.connector import Ask, Cursor, Page, Rejected

_MOST_NAMED = 50  # ids in a cursor
_FIRST_MS = 1000  # HubSpot answers 500 to a search from the very beginning of 1970
_SETTLE_MS = api.SETTLE // timedelta(milliseconds=1)
_USUAL_LAG_MS = 15_000


@dataclass(frozen=True, slots=True)
class _Place:
    """The stretch that is read, from `ms` to `last`: in the order of its stamps, or by id, from the row after `id` on.
    `seen` holds (id, stamp) of rows that were already given and will come again; `top` is the latest stamp so far."""

    ms: int
    last: int
    id: int | None = None
    seen: frozenset[tuple[str, int]] = field(default_factory=frozenset)
    top: int = 0


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
        place: _Place | None = _Place(first, last, seen=named)
        while place is not None:
            read_at = clock.now()
            answer = self._reader.http.search(f"{api.OBJECTS}/{obj}/search", _query(ask, place))
            now = to_ms(read_at + (self._reader.http.skew or timedelta(0)))
            found = [(entry, stamp(entry, cursor_property)) for entry in rows(answer)]
            fresh = [(entry, ms) for entry, ms in found if ms <= last and (entry["id"], ms) not in place.seen]
            place = replace(place, top=max([place.top, *(ms for _, ms in fresh)]))
            following = _next(obj, place, found, last, now, more=after(answer) is not None)
            entries = [entry for entry, _ in fresh]
            check_known(obj, entries, ask.fields)
            links = self._reader.links(obj, entries)
            if found or place.id is not None:
                at = following.ms if following else _covered(place, found, last, now)
                cursor = max(cursor, Cursor(from_ms(at), _named(cursor, at, fresh, links)))
            records = [record(entry, ask.fields, links[entry["id"]]) for entry in entries]
            yield Page(obj, records, read_at, cursor=cursor, moved=tuple(merges(entries)))
            place = following


def _named(cursor: Cursor, at: int, fresh: list[tuple[Row, int]], links: Mapping[str, Links]) -> str:
    """The ids that a cursor at `at` names, besides those that it names already."""
    ids = [id_ for id_ in cursor.id.split(",") if id_] if to_ms(cursor.at) == at else []
    ids += [entry["id"] for entry, ms in fresh if ms == at and any(links[entry["id"]].values())]
    return ",".join(ids[:_MOST_NAMED])


def _query(ask: Ask, place: _Place) -> dict[str, object]:
    cursor = api.KINDS[ask.object].cursor
    sort = cursor
    filters = [
        {"propertyName": cursor, "operator": "GTE", "value": str(place.ms)},
        {"propertyName": cursor, "operator": "LTE", "value": str(place.last)},
    ]
    if place.id is not None:
        sort = "hs_object_id"
        filters.append({"propertyName": sort, "operator": "GT", "value": str(place.id)})
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
        "properties": [*asked(ask.object, ask.fields), cursor],
        "limit": api.SEARCH_LIMIT,
        "after": 0,
    }


def _next(obj: str, place: _Place, found: list[tuple[Row, int]], last: int, now: int, *, more: bool) -> _Place | None:
    """Where to go on. Raises `Rejected` for an answer that would lead in a circle."""
    if place.id is not None:
        return _next_by_id(obj, place, found, last, more=more)
    if not more:
        return None
    if not found or all(ms < place.ms for _, ms in found):
        raise _loop(obj)
    settled = [ms for _, ms in found if ms <= min(last, now - _SETTLE_MS)]
    if not settled:
        return replace(place, id=0, seen=place.seen | {(entry["id"], ms) for entry, ms in found})
    at = max(settled)
    seen = frozenset((entry["id"], ms) for entry, ms in found if ms >= at)
    if at == place.ms or settled[0] == at:
        return _Place(at, at, 0, seen)
    return _Place(at, last, None, seen)


def _next_by_id(obj: str, place: _Place, found: list[tuple[Row, int]], last: int, *, more: bool) -> _Place | None:
    if not more:
        return _Place(place.last + 1, last) if place.last < last else None
    with understood():
        highest = int(found[-1][0]["id"]) if found else 0
    if highest <= (place.id or 0):
        raise _loop(obj)
    return replace(place, id=highest)


def _covered(place: _Place, found: list[tuple[Row, int]], last: int, now: int) -> int:
    """Up to which stamp everything that can be found has been given, at the end."""
    if place.id is not None:  # in this order nothing tells how far the index has come
        return max(place.ms, min(place.top, now - _USUAL_LAG_MS))
    kept = [ms for _, ms in found if ms <= last]
    return max([place.ms, *kept[-1:]])


def _loop(obj: str) -> Rejected:
    return Rejected(f"HubSpot's search for changed {obj} leads in a circle", code="loop")
