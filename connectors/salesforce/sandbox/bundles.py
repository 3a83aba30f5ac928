"""Many rows, or many requests, in one call: sObject collections, composite, composite batch."""

import re
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.calls import Context, Reply
from connectors.salesforce.sandbox.errors import ApiError, RowError, bad_json, missing
from connectors.salesforce.sandbox.org import Row
from connectors.salesforce.sandbox.query import run
from connectors.salesforce.sandbox.upsert import Several, upsert

if TYPE_CHECKING:
    from connectors.salesforce.sandbox.rest import Api

_ROWS, _RUNS, _PARTS, _HEAVY_PARTS, _RETRIEVED = 200, 10, 25, 5, 2000
_HEAVY = re.compile(r"/services/data/v[\d.]+/(query|composite/sobjects)", re.IGNORECASE)
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])+)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def _records(context: Context) -> list[dict[str, Any]]:
    body = context.call.body
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise bad_json("The HTTP entity body must be an object with a list of records")
    if not records or len(records) > _ROWS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"between 1 and {_ROWS} records are allowed, not {len(records)}")
    types = [(record.get("attributes") or {}).get("type") for record in records]
    if not all(isinstance(kind, str) for kind in types):
        raise ApiError(400, "INVALID_INPUT", "every record needs attributes with a type")
    if sum(1 for _ in groupby(types)) > _RUNS:
        raise ApiError(400, "INVALID_INPUT", f"records of one type must stand together, in at most {_RUNS} groups")
    return records


def update(api: "Api", context: Context) -> Reply:
    """PATCH composite/sobjects: a result for every row, whatever became of the others."""
    records, strict = _records(context), _strict(context.call.body.get("allOrNone"))
    checked: list[tuple[str, Row] | RowError] = []
    results: list[dict[str, Any]] = []
    seen: set[str] = set()
    for record in records:
        id_ = str(record.get("id") or record.get("Id") or "")
        try:
            name, row = _checked(api, context, record, id_)
            if row["Id"] in seen:
                raise RowError("DUPLICATE_VALUE", "the record is in the request twice", ["Id"])
            seen.add(row["Id"])
            checked.append((name, row))
            if not strict:
                api.org.put(name, row)
            results.append({"id": row["Id"], "success": True, "errors": []})
        except RowError as error:
            checked.append(error)
            results.append(error.result(id_ or None))
    if strict:
        if any(isinstance(one, RowError) for one in checked):
            return Reply(200, [_undone(one, result) for one, result in zip(checked, results, strict=True)])
        for one in checked:
            if not isinstance(one, RowError):
                api.org.put(*one)
    return Reply(200, results)


def _checked(api: "Api", context: Context, record: Mapping[str, Any], id_: str) -> tuple[str, Row]:
    entity = _entity(api, record)
    values = {name: value for name, value in record.items() if name.lower() not in ("id", "attributes")}
    if not id_:
        raise RowError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    name = entity.name
    return name, api.org.check_update(name, api.id_of(entity, id_), values, context.how)


def _entity(api: "Api", record: Mapping[str, Any]) -> Any:
    entity = api.org.entity(record["attributes"]["type"])
    if entity is None:
        raise RowError("INVALID_TYPE", f"sObject type '{record['attributes']['type']}' is not supported.")
    return entity


def _undone(one: object, result: dict[str, Any]) -> dict[str, Any]:
    if isinstance(one, RowError):
        return result
    reason = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return RowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", reason).result(result["id"])


def _strict(value: Any) -> bool:
    return value is True or value == "true"


def create(api: "Api", context: Context) -> Reply:
    """POST composite/sobjects."""
    records = _records(context)
    if _strict(context.call.body.get("allOrNone")):
        raise ApiError(400, "NOT_IMPLEMENTED", "this sandbox creates rows one by one: allOrNone must be false")
    results = []
    for record in records:
        try:
            values = {name: value for name, value in record.items() if name != "attributes"}
            id_ = api.org.create(_entity(api, record).name, values, context.how)
            results.append({"id": id_, "success": True, "errors": []})
        except RowError as error:
            results.append(error.result())
    return Reply(200, results)


def upsert_all(api: "Api", context: Context, obj: str, key: str) -> Reply:
    """PATCH composite/sobjects/X/Key__c: rows by their external id."""
    entity, records = api.entity(obj), _records(context)
    if _strict(context.call.body.get("allOrNone")):
        raise ApiError(400, "NOT_IMPLEMENTED", "this sandbox writes these rows one by one: allOrNone must be false")
    results = []
    for record in records:
        values = {name: value for name, value in record.items() if name.lower() not in ("attributes", key.lower())}
        given = next((value for name, value in record.items() if name.lower() == key.lower()), None)
        try:
            if _entity(api, record) is not entity:
                raise RowError("INVALID_TYPE", f"every record must be a {entity.name}")
            id_, created = upsert(api.org, entity, key, str(given or ""), values, context.how)
            results.append({"id": id_, "success": True, "errors": [], "created": created})
        except RowError as error:
            results.append(error.result())
        except Several as several:
            message = f"{key}: more than one record found for external id field: {several.ids}"
            results.append(RowError("DUPLICATE_EXTERNAL_ID", message, [key]).result())
    return Reply(200, results)


def delete(api: "Api", context: Context) -> Reply:
    """DELETE composite/sobjects?ids=…"""
    wanted = [text for text in context.given.get("ids", "").split(",") if text]
    if not wanted or len(wanted) > _ROWS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"between 1 and {_ROWS} ids are allowed")
    if _strict(context.given.get("allOrNone")):
        raise ApiError(400, "NOT_IMPLEMENTED", "this sandbox deletes rows one by one: allOrNone must be false")
    results = []
    for text in wanted:
        id_ = ids.canonical(text)
        try:
            if id_ is None or not api.org.kind(id_):
                raise RowError("MALFORMED_ID", f"malformed id {text}", ["Id"])
            api.org.delete(api.org.kind(id_), id_)
            results.append({"id": id_, "success": True, "errors": []})
        except RowError as error:
            results.append(error.result(text))
    return Reply(200, results)


def retrieve(api: "Api", context: Context, obj: str) -> Reply:
    """GET or POST composite/sobjects/X: rows by id, null for one that is not there."""
    entity = api.entity(obj)
    if context.call.method == "GET":
        wanted, fields = (context.given.get(name, "").split(",") for name in ("ids", "fields"))
    else:
        body = context.call.body if isinstance(context.call.body, dict) else {}
        wanted, fields = body.get("ids") or [], body.get("fields") or []
    if not wanted or not fields or len(wanted) > _RETRIEVED:
        raise ApiError(400, "INVALID_INPUT", f"ids (at most {_RETRIEVED}) and fields are needed")
    names = list(dict.fromkeys(["Id", *(name for name in fields if name.lower() != "id")]))
    known = [id_ for text in wanted if (id_ := ids.canonical(text))]
    if not known:
        return Reply(200, [None] * len(wanted))
    listed = ",".join(f"'{id_}'" for id_ in known)
    found = run(api.org, f"SELECT {','.join(names)} FROM {entity.name} WHERE Id IN ({listed})", everything=False)  # noqa: S608
    rows = {row["Id"]: found.show(row) for row in found.rows}
    return Reply(200, [rows.get(ids.canonical(text) or "") for text in wanted])


def composite(api: "Api", context: Context) -> Reply:
    """POST composite: requests that may use one another's answers; one API call, whatever is in it."""
    body = context.call.body
    parts = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise bad_json("compositeRequest must be a list of requests")
    if len(parts) > _PARTS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"at most {_PARTS} subrequests are allowed")
    if sum(bool(_HEAVY.match(str(part.get("url")))) for part in parts) > _HEAVY_PARTS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"at most {_HEAVY_PARTS} queries and collections are allowed")
    names = [part.get("referenceId") for part in parts]
    if len(set(names)) < len(names) or not all(isinstance(name, str) and name for name in names):
        raise ApiError(400, "INVALID_INPUT", "every subrequest needs a referenceId of its own")
    if _strict(body.get("allOrNone")):
        raise ApiError(400, "NOT_IMPLEMENTED", "this sandbox does not roll back: allOrNone must be false")
    known: dict[str, tuple[int, Any]] = {}
    answers = []
    for part in parts:
        status, found = _part(api, context, part, known)
        known[part["referenceId"]] = status, found
        answers.append({"body": found, "httpHeaders": {}, "httpStatusCode": status, "referenceId": part["referenceId"]})
    return Reply(200, {"compositeResponse": answers})


def _part(
    api: "Api", context: Context, part: Mapping[str, Any], known: Mapping[str, tuple[int, Any]]
) -> tuple[int, Any]:
    try:
        url = _filled(str(part.get("url") or ""), known, encode=True)
        body = _filled_body(part.get("body"), known)
    except ApiError as error:
        return error.status, error.body()
    # headers of the outer request do not count: whether they would in Salesforce is not proven
    headers = {name.lower(): str(value) for name, value in (part.get("httpHeaders") or {}).items()}
    call = context.call._replace(method=str(part.get("method") or "").upper(), url=url, headers=headers, body=body)
    if re.match(r"/services/data/v[\d.]+/composite/?(batch/?)?(\?|$)", url):
        return 400, ApiError(400, "INVALID_INPUT", "a composite request cannot hold another one").body()
    reply = api.handle(call, counts=False)
    return reply.status, reply.body


def _filled(text: str, known: Mapping[str, tuple[int, Any]], *, encode: bool) -> str:
    def one(found: re.Match[str]) -> str:
        value = str(_referenced(found, known))
        return quote(value, safe="") if encode else value

    return _REFERENCE.sub(one, text)


def _filled_body(body: Any, known: Mapping[str, tuple[int, Any]]) -> Any:
    if isinstance(body, str):
        whole = _REFERENCE.fullmatch(body)
        return _referenced(whole, known) if whole else _filled(body, known, encode=False)
    if isinstance(body, list):
        return [_filled_body(item, known) for item in body]
    if isinstance(body, dict):
        return {name: _filled_body(item, known) for name, item in body.items()}
    return body


def _referenced(found: re.Match[str], known: Mapping[str, tuple[int, Any]]) -> Any:
    status, value = known.get(found[1], (0, None))
    if status == 0:
        raise ApiError(400, "INVALID_INPUT", f"Invalid reference specified. No value for {found[1]} found")
    if status >= 300:
        raise ApiError(400, "PROCESSING_HALTED", "Operation skipped, because it depends on one that failed")
    try:
        for name, index in _STEP.findall(found[2]):
            value = value[int(index)] if index else value[name]
    except (KeyError, IndexError, TypeError):
        message = f"Invalid reference specified. No value for {found[1]}{found[2]} found"
        raise ApiError(400, "INVALID_INPUT", message) from None
    return value


def batch(api: "Api", context: Context) -> Reply:
    """POST composite/batch: independent requests, each an API call of its own."""
    body = context.call.body
    parts = body.get("batchRequests") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise bad_json("batchRequests must be a list of requests")
    if len(parts) > _PARTS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"at most {_PARTS} subrequests are allowed")
    results = []
    for part in parts:
        url = str(part.get("url") or "").removeprefix("/services/data/").lstrip("/")
        if re.match(r"v[\d.]+/composite", url):
            raise missing()
        call = context.call._replace(
            method=str(part.get("method") or "").upper(), url=f"/services/data/{url}", body=part.get("richInput")
        )
        reply = api.handle(call)
        results.append({"statusCode": reply.status, "result": reply.body})
    return Reply(200, {"hasErrors": any(r["statusCode"] >= 300 for r in results), "results": results})
