"""The endpoints for up to a hundred rows at once: read, create, change, upsert, archive."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from connectors.hubspot.sandbox.portal import Objects, Portal, Row
from connectors.hubspot.sandbox.properties import iso
from connectors.hubspot.sandbox.refusals import (
    Refusal,
    bad_values,
    locked,
    not_found,
    row_error,
)
from connectors.hubspot.sandbox.rows import RowEndpoints, body_of, not_unique

Json = dict[str, Any]
Answer = tuple[int, Json | None]

_BATCH, _BATCH_WITH_HISTORY = 100, 50


class BatchEndpoints:
    """What happens behind `/crm/v3/objects/.../batch/...`."""

    def __init__(self, portal: Portal, rows: RowEndpoints) -> None:
        self._portal, self._rows = portal, rows

    def read(self, request: Request, body: Json) -> Answer:
        """Rows by id, or by a property with unique values; 207 if some are not there."""
        objects, name, past = self._rows.objects(request), body.get("idProperty"), body.get("propertiesWithHistory")
        asked = [str(one.get("id")) for one in _inputs(body, _BATCH_WITH_HISTORY if past else _BATCH)]
        if name and not objects.is_unique(str(name)):
            raise not_unique(objects, str(name))
        ids = {id_: objects.holder(str(name), id_) if name else id_ for id_ in asked}
        if request.query_params.get("archived") == "true":
            held: Mapping[str, Row] = objects.archived
        else:
            held = objects.rows
        found = [held[id_] for id_ in sorted(set(ids.values())) if id_ in held]
        missing = [id_ for id_ in ids if ids[id_] not in held]
        errors = [not_found(objects.name, missing)] if missing else []
        results = [body_of(objects, row, body.get("properties"), past or ()) for row in found]
        return self._answer(results, errors)

    def archive(self, request: Request, body: Json) -> Answer:
        """Many to the bin."""
        for one in _inputs(body):
            self._portal.archive(self._rows.objects(request).name, str(one.get("id")))
        return 204, None

    def create(self, request: Request, body: Json) -> Answer:
        """Many new rows: all or, with trace ids, those that are good."""
        objects, inputs = self._rows.objects(request), _inputs(body)
        good, errors = self._sift(objects, inputs)
        results = []
        for one, values in good:
            row = self._rows.made(objects, values, one)
            results.append(body_of(objects, row, list(values)) | _trace(one))
        return self._answer(results, errors, status=201)

    def update(self, request: Request, body: Json) -> Answer:
        """Many rows: all or, with trace ids, those that are good; 207 too for ids that are not there."""
        objects, inputs = self._rows.objects(request), _inputs(body)
        _no_twins([str(one.get("id")) for one in inputs])
        ids = []
        for one in inputs:
            name, id_ = one.get("idProperty"), str(one.get("id"))
            if name and (name == "email" or not objects.is_unique(str(name))):
                raise not_unique(objects, str(name))
            ids.append(objects.holder(str(name), id_) if name else id_)
        there = [(one, id_) for one, id_ in zip(inputs, ids, strict=True) if id_ in objects.rows]
        missing = [
            str(one.get("id"))
            for one, id_ in zip(inputs, ids, strict=True)
            if id_ not in objects.rows and id_ not in objects.merged_into  # of a merged one nothing is said
        ]
        good, errors = self._sift(objects, [one | {"id": id_} for one, id_ in there])
        results = []
        for one, values in good:
            row = objects.update(one["id"], values)
            results.append(body_of(objects, row, list(values)) | _trace(one))
        return self._answer(results, errors + ([not_found(objects.name, missing)] if missing else []))

    def upsert(self, request: Request, body: Json) -> Answer:
        """Many rows by a property with unique values: changed where they are, made where they are not."""
        objects, inputs = self._rows.objects(request), _inputs(body)
        _no_twins([str(one.get("id")) for one in inputs])
        resolved = []
        for one in inputs:
            name = str(one.get("idProperty") or "")
            if not objects.is_unique(name):
                raise not_unique(objects, name)
            properties = {name: one.get("id")} | (one.get("properties") or {})
            resolved.append(one | {"id": objects.holder(name, str(one.get("id"))), "properties": properties})
        good, errors = self._sift(objects, resolved)
        results = []
        for one, values in good:
            new = one["id"] not in objects.rows
            row = self._rows.made(objects, values, one) if new else objects.update(one["id"], values)
            results.append(body_of(objects, row, list(values)) | {"new": new} | _trace(one))
        return self._answer(results, errors)

    def _sift(self, objects: Objects, inputs: Sequence[Json]) -> tuple[list[tuple[Json, Row]], list[Json]]:
        """The inputs that can be written, with their values, and the errors of the others.

        Without trace ids one bad row refuses them all.
        """
        traces = [str(one.get("objectWriteTraceId") or "") for one in inputs]
        traced = all(traces) and len(set(traces)) == len(traces)
        good, errors = [], []
        taken: set[tuple[str, str]] = set()
        for one, trace in zip(inputs, traces, strict=True):
            values, refusal = self._look(objects, one, taken)
            if refusal is None:
                good.append((one, values))
            elif traced:
                category = str(refusal.body.get("category"))
                errors.append(row_error(category, refusal.body["message"], {"objectWriteTraceId": [trace]}))
            else:
                raise refusal
        return good, errors

    def _look(self, objects: Objects, one: Json, taken: set[tuple[str, str]]) -> tuple[Row, Refusal | None]:
        id_ = str(one.get("id") or "")
        values, wrong = objects.check(one.get("properties") or {})
        if wrong:
            return values, bad_values(wrong)
        clash = objects.conflict(values, id_)
        for name, value in values.items():
            if objects.is_unique(name) and value:
                if (name, value) in taken:
                    clash = clash or f"Another row of this batch has the same {name}"
                taken.add((name, value))
        if clash:
            return values, Refusal(409, clash, "CONFLICT")
        lock = self._portal.locked(objects.name, id_)
        if lock is not None and lock.whole:
            raise locked(objects.name, id_)
        if lock is not None:
            return values, locked(objects.name, id_)
        try:
            if id_ not in objects.rows:
                self._rows.targets(objects, values, one)
        except Refusal as refusal:
            return values, refusal
        return values, None

    def _answer(self, results: Sequence[Json], errors: Sequence[Json], status: int = 200) -> Answer:
        at = iso(self._portal.clock())
        body: Json = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
        if errors:
            return 207, body | {"numErrors": len(errors), "errors": errors}
        return status, body


def _inputs(body: Mapping[str, Any], most: int = _BATCH) -> list[Json]:
    inputs = body.get("inputs") or []
    if not isinstance(inputs, list) or len(inputs) > most:
        raise Refusal(400, f"The maximum number of inputs in a batch is {most}")
    return inputs


def _no_twins(ids: Sequence[str]) -> None:
    if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}) if len(set(ids)) < len(ids) else []:
        message = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise Refusal(400, message, context={"ids": twice})


def _trace(one: Json) -> Json:
    return {"objectWriteTraceId": one["objectWriteTraceId"]} if one.get("objectWriteTraceId") else {}
