"""Reading rows of HubSpot's objects: everything once, by id, the deleted ones, and whom they belong to."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

from connectors.hubspot import api
from connectors.hubspot.answers import (
    Row,
    after,
    check_known,
    company,
    entries,
    merges,
    moment,
    record,
    row,
    rows,
    understood,
)
from connectors.hubspot.http import Http
from leadsync.connector import Clock, Gone, IdPage, Moved, NotFound, Page, Record, Rejected, Transient

T = TypeVar("T")
Links = dict[str, tuple[str, ...]]


class Reader:
    """Reads the objects that have properties (owners do not: see `owners`)."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self.http, self.clock = http, clock

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Every live row, in pages, by the list endpoint."""
        kind, names = api.KINDS[obj], ",".join(asked(obj, fields))
        wide = len(names) > api.QUERY_LENGTH  # more than an address holds: listed by id, and read by id
        query: dict[str, str | int] = {"limit": api.LIST_LIMIT, "properties": "hs_object_id" if wide else names}
        if kind.links:
            query["associations"] = kind.links
        for read_at, found, following in self._list(obj, resume, query):
            links = self._listed_links(obj, found)
            if wide:
                found = list(self._batch(obj, [entry["id"] for entry in found], fields).values())
            check_known(obj, found, fields)
            if not kind.links:
                links = self.links(obj, found)
            records = [record(entry, fields, links[entry["id"]]) for entry in found]
            yield Page(obj, records, read_at, resume=following, moved=tuple(merges(found)))

    def deleted(self, obj: str, since: datetime) -> Iterator[Page]:
        """The rows in the bin that were put there since then. The list can be neither sorted nor filtered by time."""
        query: dict[str, str | int] = {"limit": api.LIST_LIMIT, "archived": "true", "properties": "hs_object_id"}
        for read_at, found, _ in self._list(obj, None, query):
            times = ((entry["id"], moment(entry.get("archivedAt"))) for entry in found)
            yield Page(obj, (), read_at, gone=tuple(Gone(id_, at) for id_, at in times if at is None or at >= since))

    def ids(self, obj: str) -> Iterator[IdPage]:
        """Every live id."""
        for _, found, resume in self._list(obj, None, {"limit": api.LIST_LIMIT, "properties": "hs_object_id"}):
            yield IdPage(tuple(entry["id"] for entry in found), resume)

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        """The rows with these ids, or what became of them."""
        wanted = list(dict.fromkeys(ids))
        found = self._batch(obj, wanted, fields)
        lost = {id_: self._lost(obj, id_) for id_ in wanted if id_ not in found}
        if alive := [id_ for id_, fate in lost.items() if fate is None]:
            found |= self._batch(obj, alive, fields)
        here = [found[id_] for id_ in wanted if id_ in found]
        check_known(obj, here, fields)
        links = self.links(obj, here)
        truth: dict[str, Record | Moved | Gone] = {id_: fate for id_, fate in lost.items() if fate is not None}
        truth |= {entry["id"]: record(entry, fields, links[entry["id"]]) for entry in here}
        if len(truth) < len(wanted):
            raise Transient(f"HubSpot both has and has not some {obj} that were asked for by id", code="bad_shape")
        return truth

    def links(self, obj: str, found: Sequence[Row]) -> dict[str, Links]:
        """Whom the rows belong to, by id."""
        to = api.KINDS[obj].links
        if not to:
            return {entry["id"]: company(entry) if obj == "contacts" else {} for entry in found}
        known = self._associated(obj, to, [entry["id"] for entry in found])
        return {id_: {to: ids} for id_, ids in known.items()}

    def _list(
        self, obj: str, resume: str | None, query: Mapping[str, str | int]
    ) -> Iterator[tuple[datetime, list[Row], str | None]]:
        while True:
            read_at = self.clock.now()
            answer = self.http.get(f"{api.OBJECTS}/{obj}", **query, **({"after": resume} if resume else {}))
            following = after(answer)
            if following is not None and following == resume:
                raise Rejected(f"HubSpot names the same next page of {obj} again and again", code="loop")
            yield read_at, rows(answer), following
            if following is None:
                return
            resume = following

    def _batch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Row]:
        """These rows by id, as far as they are there under that id, in the order of the ids."""
        found: dict[str, Row] = {}
        for batch in chunks(ids, api.BATCH_LIMIT):
            body = {"inputs": [{"id": id_} for id_ in batch], "properties": asked(obj, fields)}
            read = {entry["id"]: entry for entry in rows(self.http.post(f"{api.OBJECTS}/{obj}/batch/read", body))}
            found |= {id_: read[id_] for id_ in batch if id_ in read}
        return found

    def _lost(self, obj: str, id_: str) -> Moved | Gone | None:
        """What became of a row that a batch did not find; `None` if it is there after all."""
        try:
            entry = row(self.http.get(f"{api.OBJECTS}/{obj}/{quote(id_, '')}", properties="hs_object_id"))
        except NotFound:
            return Gone(id_)
        return None if entry["id"] == id_ else Moved(id_, obj, entry["id"], "merged")

    @understood()
    def _listed_links(self, obj: str, found: Sequence[Row]) -> dict[str, Links]:
        """Links as the list endpoint gave them; those that it cut short are asked for."""
        to = api.KINDS[obj].links
        if not to:
            return {}
        known: dict[str, tuple[str, ...]] = {}
        cut = []
        for entry in found:
            given = (entry.get("associations") or {}).get(to) or {"results": []}
            if after(given) is not None:
                cut.append(entry["id"])
            else:
                known[entry["id"]] = tuple(dict.fromkeys(str(one["id"]) for one in entries(given)))
        known |= self._associated(obj, to, cut)
        return {id_: {to: ids} for id_, ids in known.items()}

    @understood()
    def _associated(self, obj: str, to: str, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Ids of `to` that each row is associated with; paged per row."""
        found: dict[str, dict[str, None]] = {id_: {} for id_ in ids}
        inputs = [{"id": id_} for id_ in ids]
        while inputs:
            following = []
            for batch in chunks(inputs, api.ASSOCIATIONS_LIMIT):
                answer = self.http.post(f"{api.ASSOCIATIONS}/{obj}/{to}/batch/read", {"inputs": batch})
                for entry in entries(answer):
                    id_ = str((entry.get("from") or {}).get("id"))
                    if id_ not in found:
                        continue
                    before = len(found[id_])
                    found[id_] |= {str(one.get("toObjectId")): None for one in entry.get("to") or ()}
                    token = after(entry)
                    if token is not None and len(found[id_]) == before:
                        raise Rejected(f"HubSpot pages the associations of {obj} {id_} without end", code="loop")
                    if token is not None:
                        following.append({"id": id_, "after": token})
            inputs = following
        return {id_: tuple(targets) for id_, targets in found.items()}


def asked(obj: str, fields: Sequence[str]) -> list[str]:
    """The properties to ask for: the wanted ones and those that we live on."""
    return list(dict.fromkeys((*fields, *api.KINDS[obj].always)))


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
