"""The endpoints for rows of objects: list, get, create, change, archive, batches, search, merge."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from connectors.hubspot.sandbox.associations import target_of
from connectors.hubspot.sandbox.portal import NAMES, SINGULAR, Objects, Portal, Row, now_ms
from connectors.hubspot.sandbox.properties import iso
from connectors.hubspot.sandbox.refusals import (
    Refusal,
    bad_values,
    details,
    no_such_path,
    no_such_row,
    not_found,
    row_error,
)
from connectors.hubspot.sandbox.search import Search

Json = dict[str, Any]
Answer = tuple[int, Json | None]

_BATCH = 100


class RowEndpoints:
    """What happens behind `/crm/v3/objects/...`; each method answers with a status and a body."""

    def __init__(self, portal: Portal, lag_ms: int) -> None:
        self._portal, self._lag_ms = portal, lag_ms

    def objects(self, request: Request) -> Objects:
        """The object that the path names: by name, singular or type id. 404 for others."""
        name = NAMES.get(request.path_params["object"])
        if name is None:
            raise no_such_path()
        return self._portal.objects[name]

    def list_rows(self, request: Request, _: Json) -> Answer:
        """Live rows, or the archived ones, in the order of ids."""
        objects, asked, to = self.objects(request), _names(request, "properties"), _names(request, "associations")
        limit, after = _number(request, "limit", 10), _number(request, "after", 0)
        if not 1 <= limit <= _BATCH:
            raise Refusal(400, f"limit must be between 1 and {_BATCH}")
        if request.query_params.get("archived") == "true":
            rows = [row for id_, row in sorted(objects.archived.items()) if int(id_) >= after][: limit + 1]
        else:
            rows = objects.page(after, limit)
        results = [self._body(objects, row, asked) | self._associations(objects, row, to) for row in rows[:limit]]
        more = {"paging": {"next": {"after": rows[limit]["hs_object_id"]}}} if len(rows) > limit else {}
        return 200, {"results": results, **more}

    def get(self, request: Request, _: Json) -> Answer:
        """One row; a merged contact answers under its new id."""
        objects, id_ = self.objects(request), request.path_params["id"]
        if request.query_params.get("idProperty") == "email":
            id_ = objects.by_email.get(id_.lower(), "")
        row = objects.get(id_)
        if request.query_params.get("archived") == "true":
            row = objects.archived.get(id_)
        if row is None:
            raise no_such_row(objects.name, id_)
        body = self._body(objects, row, _names(request, "properties"))
        return 200, body | self._associations(objects, row, _names(request, "associations"))

    def create(self, request: Request, body: Json) -> Answer:
        """A new row."""
        objects = self.objects(request)
        values, wrong = objects.check(body.get("properties") or {})
        if wrong:
            raise bad_values(wrong)
        if clash := objects.conflict(values):
            raise Refusal(409, clash, "CONFLICT")
        row = self._create(objects, values, body)
        return 201, self._body(objects, row, list(values))

    def update(self, request: Request, body: Json) -> Answer:
        """Change one row."""
        objects, id_ = self.objects(request), request.path_params["id"]
        row = objects.get(id_)
        if row is None:
            raise no_such_row(objects.name, id_)
        values, wrong = objects.check(body.get("properties") or {})
        if wrong:
            raise bad_values(wrong)
        if clash := objects.conflict(values, row["hs_object_id"]):
            raise Refusal(409, clash, "CONFLICT")
        return 200, self._body(objects, objects.update(row, values), list(values))

    def archive(self, request: Request, _: Json) -> Answer:
        """To the bin."""
        self.objects(request).archive(request.path_params["id"])
        return 204, None

    def search(self, request: Request, body: Json) -> Answer:
        """Rows that match."""
        objects = self.objects(request)
        search = Search(self._portal, objects, body, self._lag_ms)
        total, rows = search.rows()
        end = search.offset + len(rows)
        more = {"paging": {"next": {"after": str(end)}}} if rows and end < total else {}
        asked = body.get("properties")
        return 200, {"total": total, "results": [self._body(objects, row, asked) for row in rows], **more}

    def batch_read(self, request: Request, body: Json) -> Answer:
        """Rows by id (or e-mail); 207 if some are not there."""
        objects, inputs = self.objects(request), _inputs(body)
        ids = [str(one.get("id")) for one in inputs]
        if body.get("idProperty") == "email":
            ids = [objects.by_email.get(id_.lower(), id_) for id_ in ids]
        found = [objects.live.rows[id_] for id_ in sorted(set(ids)) if id_ in objects.live.rows]
        missing = [id_ for id_ in ids if id_ not in objects.live.rows]
        errors = [not_found(objects.name, missing)] if missing else []
        return self._batch([self._body(objects, row, body.get("properties")) for row in found], errors)

    def batch_archive(self, request: Request, body: Json) -> Answer:
        """Many to the bin."""
        for one in _inputs(body):
            self.objects(request).archive(str(one.get("id")))
        return 204, None

    def batch_create(self, request: Request, body: Json) -> Answer:
        """Many new rows: all or, with trace ids, those that are good."""
        objects, inputs = self.objects(request), _inputs(body)
        good, errors = self._sift(objects, inputs)
        results = [
            self._body(objects, self._create(objects, values, one), list(values)) | _trace(one) for one, values in good
        ]
        return self._batch(results, errors, status=201)

    def batch_update(self, request: Request, body: Json) -> Answer:
        """Many rows: all or, with trace ids, those that are good; 207 too for ids that are not there."""
        objects, inputs = self.objects(request), _inputs(body)
        ids = [str(one.get("id")) for one in inputs]
        if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}) if len(set(ids)) < len(ids) else []:
            raise Refusal(
                400, f"Duplicate IDs found in batch input: {twice}. IDs must be unique", context={"ids": twice}
            )
        if any(one.get("idProperty") for one in inputs):
            raise Refusal(400, "Unable to perform update/upsert by non-unique 0-1 property")
        there = [one for one in inputs if str(one.get("id")) in objects.live.rows]
        missing = [id_ for id_ in ids if id_ not in objects.live.rows and id_ not in objects.merged_into]
        good, errors = self._sift(objects, there)
        results = [
            self._body(objects, objects.update(objects.live.rows[str(one["id"])], values), list(values)) | _trace(one)
            for one, values in good
        ]
        return self._batch(results, errors + ([not_found(objects.name, missing)] if missing else []))

    def merge(self, request: Request, body: Json) -> Answer:
        """Two contacts become one."""
        objects = self.objects(request)
        ids = [str(body.get("primaryObjectId")), str(body.get("objectIdToMerge"))]
        rows = [objects.get(id_) for id_ in ids]
        if objects.name != "contacts" or None in rows or rows[0] is rows[1]:
            raise Refusal(400, f"Cannot merge {ids[1]} into {ids[0]}")
        primary, other = (row["hs_object_id"] for row in rows if row)
        return 200, self._body(objects, self._portal.merge_contacts(primary, other), None)

    def _sift(self, objects: Objects, inputs: Sequence[Json]) -> tuple[list[tuple[Json, Row]], list[Json]]:
        """The inputs with good values, and the errors of the others. Without trace ids one bad row refuses them all."""
        traces = [str(one.get("objectWriteTraceId") or "") for one in inputs]
        traced = all(traces) and len(set(traces)) == len(traces)
        good, errors = [], []
        for one, trace in zip(inputs, traces, strict=True):
            values, wrong = objects.check(one.get("properties") or {})
            clash = objects.conflict(values, str(one.get("id") or ""))
            if not (wrong or clash):
                good.append((one, values))
            elif not traced:
                raise bad_values(wrong) if wrong else Refusal(409, clash, "CONFLICT")
            else:
                category, message = ("VALIDATION_ERROR", details(wrong)) if wrong else ("CONFLICT", clash)
                errors.append(row_error(category, message, {"objectWriteTraceId": [trace]}))
        return good, errors

    def _create(self, objects: Objects, values: Row, body: Json) -> Row:
        row = objects.create(values)
        for one in body.get("associations") or ():
            for kind in one.get("types") or ():
                to = target_of(objects.name, kind)
                to_id = str((one.get("to") or {}).get("id"))
                if to_id not in self._portal.objects[to].live.rows:
                    raise no_such_row(to, to_id)
                self._portal.associate(objects.name, row["hs_object_id"], to, to_id)
        return row

    def _body(self, objects: Objects, row: Row, asked: Sequence[str] | None) -> Json:
        always = (objects.created, objects.cursor, "hs_object_id")
        names = dict.fromkeys((*(asked or objects.defaults), *always))
        body: Json = {
            "id": row["hs_object_id"],
            "properties": {name: row.get(name) for name in names if name in objects.properties},
            "createdAt": row.get(objects.created),
            "updatedAt": row[objects.cursor],
            "archived": "_archived" in row,
        }
        return body | ({"archivedAt": row["_archived"]} if "_archived" in row else {})

    def _associations(self, objects: Objects, row: Row, to: Sequence[str]) -> Json:
        found = {}
        for name in to:
            target = NAMES.get(name)
            if target is None:
                raise Refusal(400, f"Cannot read associations to {name}")
            pair = objects.name, target
            kind = f"{SINGULAR[objects.name]}_to_{SINGULAR[target]}"
            results = []
            for to_id in self._portal.links.of(pair, row["hs_object_id"]):
                if self._portal.links.is_primary(pair, row["hs_object_id"], to_id):
                    results.append({"id": to_id, "type": kind})
                    results.append({"id": to_id, "type": f"{kind}_unlabeled"})
                else:
                    results.append({"id": to_id, "type": kind})
            if results:
                found[target] = {"results": results}
        return {"associations": found} if found else {}

    def _batch(self, results: Sequence[Json], errors: Sequence[Json], status: int = 200) -> Answer:
        at = iso(now_ms())
        body: Json = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
        if errors:
            return 207, body | {"numErrors": len(errors), "errors": errors}
        return status, body


def _inputs(body: Mapping[str, Any]) -> list[Json]:
    inputs = body.get("inputs") or []
    if not isinstance(inputs, list) or len(inputs) > _BATCH:
        raise Refusal(400, f"The maximum number of inputs in a batch is {_BATCH}")
    return inputs


def _trace(one: Json) -> Json:
    return {"objectWriteTraceId": one["objectWriteTraceId"]} if one.get("objectWriteTraceId") else {}


def _names(request: Request, key: str) -> list[str]:
    return [name for value in request.query_params.getlist(key) for name in value.split(",") if name]


def _number(request: Request, key: str, default: int) -> int:
    try:
        return int(request.query_params.get(key, default))
    except ValueError:
        raise Refusal(400, f"{key} must be a whole number") from None
