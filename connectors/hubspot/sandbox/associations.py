"""The endpoints of the associations API, version 4."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request

from connectors.hubspot.sandbox.portal import NAMES, SINGULAR, Portal
from connectors.hubspot.sandbox.properties import iso
from connectors.hubspot.sandbox.refusals import Refusal, no_such_path, no_such_row, not_found

Json = dict[str, Any]
Answer = tuple[int, Json | None]
Pair = tuple[str, str]

_PAGE = 500
_MOST_READ, _MOST_CREATED, _MOST_ARCHIVED = 1000, 2000, 100

# the id of the plain association, then that of the primary one
TYPE_IDS: Mapping[Pair, tuple[int, int | None]] = {
    ("contacts", "companies"): (279, 1), ("companies", "contacts"): (280, 2),
    ("contacts", "deals"): (4, None), ("deals", "contacts"): (3, None),
    ("deals", "companies"): (341, 5), ("companies", "deals"): (342, 6),
    ("contacts", "calls"): (193, None), ("calls", "contacts"): (194, None),
    ("contacts", "emails"): (197, None), ("emails", "contacts"): (198, None),
    ("contacts", "meetings"): (199, None), ("meetings", "contacts"): (200, None),
    ("contacts", "notes"): (201, None), ("notes", "contacts"): (202, None),
    ("contacts", "tasks"): (203, None), ("tasks", "contacts"): (204, None),
    ("leads", "contacts"): (608, 578), ("contacts", "leads"): (609, 579),
    ("leads", "companies"): (610, 580), ("companies", "leads"): (611, 581),
    ("leads", "calls"): (596, None), ("calls", "leads"): (597, None),
    ("leads", "emails"): (598, None), ("emails", "leads"): (599, None),
    ("leads", "meetings"): (600, None), ("meetings", "leads"): (601, None),
    ("leads", "notes"): (854, None), ("notes", "leads"): (855, None),
    ("leads", "tasks"): (646, None), ("tasks", "leads"): (647, None),
}  # fmt: skip


class AssociationEndpoints:
    """What happens behind `/crm/v4/associations/...` and `/crm/v4/objects/.../associations/...`."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def batch_read(self, request: Request, body: Any) -> Answer:
        """Links of many rows, paged per row; rows without links are absent."""
        pair = _pair(request)
        results, missing = [], []
        for one in _inputs(body, _MOST_READ):
            id_ = str(one.get("id"))
            if id_ not in self._portal.objects[pair[0]].rows:
                missing.append(id_)
            page = self._page(pair, id_, int(one.get("after") or 0), _PAGE)
            if page["results"]:
                paging = {"paging": page["paging"]} if "paging" in page else {}
                results.append({"from": {"id": id_}, "to": page["results"], **paging})
        return self._batch(results, [not_found(pair[0], missing)] if missing else [])

    def read(self, request: Request, _: Any) -> Answer:
        """Links of one row."""
        pair, id_ = _pair(request), request.path_params["id"]
        self._there(pair[0], id_)
        after, limit = (int(request.query_params.get(key, default)) for key, default in (("after", 0), ("limit", 500)))
        if not 1 <= limit <= _PAGE:
            raise Refusal(400, f"limit must be between 1 and {_PAGE}")
        return 200, self._page(pair, id_, after, limit)

    def create(self, request: Request, body: Any) -> Answer:
        """Link two rows, with the types that the body lists or, without a body, the default one."""
        pair, id_, to_id = _pair(request), request.path_params["id"], request.path_params["to_id"]
        self._link(pair, id_, to_id, body if isinstance(body, list) else [])
        return 201, {"fromObjectTypeId": pair[0], "fromObjectId": id_, "toObjectTypeId": pair[1], "toObjectId": to_id}

    def batch_create(self, request: Request, body: Any) -> Answer:
        """Link many."""
        pair, results = _pair(request), []
        for one in _inputs(body, _MOST_CREATED):
            id_, to_id = str((one.get("from") or {}).get("id")), str((one.get("to") or {}).get("id"))
            self._link(pair, id_, to_id, one.get("types") or [])
            results.append({"fromObjectId": int(id_), "toObjectId": int(to_id), "labels": []})
        return self._batch(results, [], status=201)

    def archive(self, request: Request, _: Any) -> Answer:
        """Unlink two rows; nothing happens where there is no link."""
        pair, id_, to_id = _pair(request), request.path_params["id"], request.path_params["to_id"]
        self._portal.dissociate(pair[0], id_, pair[1], to_id)
        return 204, None

    def batch_archive(self, request: Request, body: Any) -> Answer:
        """Unlink many: each input names a row and a list of those that it is unlinked from."""
        pair = _pair(request)
        for one in _inputs(body, _MOST_ARCHIVED):
            for to in one.get("to") or ():
                self._portal.dissociate(pair[0], str((one.get("from") or {}).get("id")), pair[1], str(to.get("id")))
        return 204, None

    def _link(self, pair: Pair, id_: str, to_id: str, types: Sequence[Json]) -> None:
        self._there(pair[0], id_)
        self._there(pair[1], to_id)
        if any(target_of(pair[0], one)[0] != pair[1] for one in types):
            raise Refusal(400, f"One of the association types does not lead from {pair[0]} to {pair[1]}")
        primary = any(one.get("associationTypeId") == TYPE_IDS[pair][1] for one in types)
        self._portal.associate(pair[0], id_, pair[1], to_id, primary=primary)

    def _there(self, obj: str, id_: str) -> None:
        if id_ not in self._portal.objects[obj].rows:
            raise no_such_row(obj, id_)

    def _page(self, pair: Pair, id_: str, after: int, limit: int) -> Json:
        targets = self._portal.links.of(pair, id_)
        results = [
            {"toObjectId": int(to_id), "associationTypes": list(self._types(pair, id_, to_id))}
            for to_id in targets[after : after + limit]
        ]
        end = after + limit
        return {"results": results} | ({"paging": {"next": {"after": str(end)}}} if end < len(targets) else {})

    def _batch(self, results: Sequence[Json], errors: Sequence[Json], status: int = 200) -> Answer:
        at = iso(self._portal.clock())
        body: Json = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
        return (207, body | {"numErrors": len(errors), "errors": errors}) if errors else (status, body)

    def _types(self, pair: Pair, id_: str, to_id: str) -> Iterator[Json]:
        plain, primary = TYPE_IDS[pair]
        if self._portal.links.is_primary(pair, id_, to_id):
            yield {"category": "HUBSPOT_DEFINED", "typeId": primary, "label": "Primary"}
        yield {"category": "HUBSPOT_DEFINED", "typeId": plain, "label": None}


def links_of(portal: Portal, pair: Pair, id_: str) -> Json:
    """Links of one row as the list of rows shows them, cut short where they are many."""
    kind = f"{SINGULAR[pair[0]]}_to_{SINGULAR[pair[1]]}"
    targets = portal.links.of(pair, id_)
    results = []
    for to_id in targets[:_PAGE]:
        results.append({"id": to_id, "type": kind})
        if portal.links.is_primary(pair, id_, to_id):
            results.append({"id": to_id, "type": f"{kind}_unlabeled"})
    more = {"paging": {"next": {"after": targets[_PAGE]}}} if len(targets) > _PAGE else {}
    return {"results": results, **more} if results else {}


def target_of(obj: str, kind: Mapping[str, Any]) -> tuple[str, bool]:
    """Which object an association type leads to from this one, and whether it is the primary one. 400 if unknown."""
    for (start, to), (plain, primary) in TYPE_IDS.items():
        if start == obj and kind.get("associationTypeId") in (plain, primary):
            return to, kind["associationTypeId"] == primary
    raise Refusal(400, f"{kind.get('associationTypeId')} is not an association type of {obj}")


def _pair(request: Request) -> Pair:
    pair = NAMES.get(request.path_params["object"], ""), NAMES.get(request.path_params["to"], "")
    if pair not in TYPE_IDS:
        raise no_such_path()
    return pair


def _inputs(body: Any, most: int) -> list[Json]:
    inputs = (body.get("inputs") if isinstance(body, dict) else None) or []
    if len(inputs) > most:
        raise Refusal(400, f"The maximum number of inputs in a batch is {most}")
    return list(inputs)
