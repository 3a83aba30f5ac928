"""Reading rows of HubSpot's objects: everything once, by id, and whom they belong to."""

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
    record,
    row,
    rows,
)
from connectors.hubspot.http import Http
from leadsync.connector import Clock, Gone, IdPage, Moved, NotFound, Page, Record, Rejected

T = TypeVar("T")
Links = dict[str, tuple[str, ...]]


class Reader:
    """Reads the objects that have properties (owners do not: see `owners`)."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self.http, self.clock = http, clock

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Every live row, in pages, by the list endpoint."""
        kind = api.KINDS[obj]
        query: dict[str, str | int] = {"limit": api.LIST_LIMIT, "properties": ",".join(asked(obj, fields))}
        if kind.links:
            query["associations"] = kind.links
        for read_at, found, following in self._list(obj, resume, query):
            check_known(obj, found, fields)
            links = self._listed_links(obj, found)
            records = [record(entry, fields, links[entry["id"]]) for entry in found]
            yield Page(obj, records, read_at, resume=following, moved=tuple(merges(found)))

    def ids(self, obj: str) -> Iterator[IdPage]:
        """Every live id."""
        for _, found, resume in self._list(obj, None, {"limit": api.LIST_LIMIT, "properties": "hs_object_id"}):
            yield IdPage(tuple(entry["id"] for entry in found), resume)

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        """The rows with these ids, or what became of them."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Row] = {}
        for batch in chunks(wanted, api.BATCH_LIMIT):
            body = {"inputs": [{"id": id_} for id_ in batch], "properties": asked(obj, fields)}
            answer = self.http.post(f"{api.OBJECTS}/{obj}/batch/read", body)
            found |= {entry["id"]: entry for entry in rows(answer)}
        truth: dict[str, Record | Moved | Gone] = {}
        for id_ in wanted:
            if id_ not in found:
                single = self._single(obj, id_, fields)
                if isinstance(single, dict):
                    found[id_] = single
                else:
                    truth[id_] = single
        here = [found[id_] for id_ in wanted if id_ in found]
        check_known(obj, here, fields)
        links = self.links(obj, here)
        return truth | {entry["id"]: record(entry, fields, links[entry["id"]]) for entry in here}

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

    def _single(self, obj: str, id_: str, fields: Sequence[str]) -> Row | Moved | Gone:
        try:
            entry = row(self.http.get(f"{api.OBJECTS}/{obj}/{quote(id_, '')}", properties=",".join(asked(obj, fields))))
        except NotFound:
            return Gone(id_)
        return entry if entry["id"] == id_ else Moved(id_, obj, entry["id"], "merged")

    def _listed_links(self, obj: str, found: Sequence[Row]) -> dict[str, Links]:
        """Links as the list endpoint gave them; those that it cut short are asked for."""
        to = api.KINDS[obj].links
        if not to:
            return self.links(obj, found)
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
