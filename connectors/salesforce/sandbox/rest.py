"""The data routes, `/services/data/vNN.0/…`, free of any HTTP server, so that composite calls pass through too."""

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from connectors.salesforce.sandbox import bundles, ids, replication
from connectors.salesforce.sandbox.calls import Call, Context, Reply
from connectors.salesforce.sandbox.errors import ApiError, RowError, bad_json, missing
from connectors.salesforce.sandbox.ingest import IngestJobs
from connectors.salesforce.sandbox.jobs import DAY_JOBS, QueryJobs
from connectors.salesforce.sandbox.org import ORG_ID, Org, Row
from connectors.salesforce.sandbox.query import Found, run
from connectors.salesforce.sandbox.schema import Entity, describe, summary
from connectors.salesforce.sandbox.soql import wire
from connectors.salesforce.sandbox.tooling import Tooling
from connectors.salesforce.sandbox.upsert import Several, upsert
from leadsync.testing.server import Calls

VERSIONS = range(41, 69)
DAY_LIMIT = 100_000
_PATH = re.compile(r"/services/data/v(\d+)(?:\.0)?(?:/(.*))?\Z", re.DOTALL)
_CURSORS = 200


Handler = Callable[..., Reply]


class Day:
    """API calls within the last 24 hours, to the minute."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._minutes: dict[datetime, int] = {}

    def add(self, calls: int) -> None:
        """So many more, now."""
        minute = self._now().replace(second=0, microsecond=0)
        self._minutes[minute] = self._minutes.get(minute, 0) + calls

    @property
    def used(self) -> int:
        """How many count."""
        since = self._now() - timedelta(days=1)
        while self._minutes and (first := next(iter(self._minutes))) <= since:
            del self._minutes[first]
        return sum(self._minutes.values())


class Api:
    """All data routes of one account, and the count of calls."""

    def __init__(self, org: Org, *, limited: bool) -> None:
        self.org, self.calls = org, Calls()
        self.day, self._limited, self._next = Day(org.now), limited, 0
        self.most_rows = 2000
        """Rows on a page of a query, whatever is asked for: wide rows make short pages."""
        self._cursors: OrderedDict[str, tuple[Found, int]] = OrderedDict()
        self.tooling = Tooling(org)
        self.queries, self.ingests = QueryJobs(org), IngestJobs(org)
        self._routes = [(_pattern(path), path, handlers) for path, handlers in self._table()]

    def _table(self) -> list[tuple[str, dict[str, Handler]]]:
        return [
            ("", {"GET": self.resources}),
            ("limits", {"GET": self.limits}),
            ("query", {"GET": self.query}),
            ("queryAll", {"GET": self.query_all}),
            ("query/{locator}", {"GET": self.more}),
            ("queryAll/{locator}", {"GET": self.more}),
            ("sobjects", {"GET": self.objects}),
            ("sobjects/{obj}", {"GET": self.object, "POST": self.create}),
            ("sobjects/{obj}/describe", {"GET": self.describe}),
            ("sobjects/{obj}/updated", {"GET": self.listed(replication.updated)}),
            ("sobjects/{obj}/deleted", {"GET": self.listed(replication.deleted)}),
            ("sobjects/{obj}/{id_}", {"GET": self.read, "PATCH": self.update, "DELETE": self.delete}),
            ("sobjects/{obj}/{key}/{value}", {"PATCH": self.upsert}),
            ("jobs/query", {"GET": self.queries.all, "POST": self.queries.create}),
            ("jobs/query/{job}", _job_routes(self.queries)),
            ("jobs/query/{job}/results", {"GET": self.queries.results}),
            ("jobs/ingest", {"GET": self.ingests.all, "POST": self.ingests.create}),
            ("jobs/ingest/{job}", _job_routes(self.ingests)),
            ("jobs/ingest/{job}/batches", {"PUT": self.ingests.upload}),
            ("jobs/ingest/{job}/{table}", {"GET": self.ingests.results}),
            ("tooling/sobjects/CustomField", {"POST": self.tooling.create}),
            ("tooling/sobjects/CustomField/{id_}", {"GET": self.tooling.read}),
            ("composite", {"POST": self.bundle(bundles.composite)}),
            ("composite/batch", {"POST": self.bundle(bundles.batch)}),
            (
                "composite/sobjects",
                {
                    "POST": self.bundle(bundles.create),
                    "PATCH": self.bundle(bundles.update),
                    "DELETE": self.bundle(bundles.delete),
                },
            ),
            ("composite/sobjects/{obj}/{key}", {"PATCH": self.bundle(bundles.upsert_all)}),
            ("composite/sobjects/{obj}", {"GET": self.bundle(bundles.retrieve), "POST": self.bundle(bundles.retrieve)}),
        ]

    def bundle(self, function: Handler) -> Handler:
        """A route that lives in `bundles`."""
        return lambda context, **names: function(self, context, **names)

    def listed(self, function: Handler) -> Handler:
        """A route that lives in `replication`."""
        return lambda context, obj: function(self.org, context, self.entity(obj))

    def handle(self, call: Call, *, counts: bool = True) -> Reply:
        """Answer a call. A part of a composite call does not count by itself."""
        try:
            path, context = self._parsed(call)
            template, handler, names = self._route(call.method, path)
            if counts and template != "composite/batch":  # there each part counts, the whole does not
                self.count(f"{call.method} {template}")
            reply = handler(context, **names)
        except ApiError as error:
            reply = Reply(error.status, error.body())
        except RowError as error:
            reply = Reply(error.status, ApiError(error.status, error.code, error.message, error.fields).body())
        usage = f"api-usage={self.day.used}/{DAY_LIMIT}; api-bursts=1/750"
        return reply._replace(headers={**reply.headers, "Sforce-Limit-Info": usage})

    def count(self, endpoint: str) -> None:
        """One more API call, counted as Salesforce does. Raises `ApiError` at the day's limit."""
        if self._limited and self.day.used >= DAY_LIMIT:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.day.add(1)
        self.calls.count(endpoint)

    def _parsed(self, call: Call) -> tuple[str, Context]:
        parts = urlsplit(call.url)
        found = _PATH.match(parts.path)
        if not found or int(found[1]) not in VERSIONS:
            raise missing()
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        return (found[2] or "").strip("/"), Context(call, given, f"{found[1]}.0")

    def _route(self, method: str, path: str) -> tuple[str, Handler, dict[str, str]]:
        for pattern, template, handlers in self._routes:
            if found := pattern.match(path):
                if method not in handlers:
                    allowed = ", ".join(handlers)
                    message = f"HTTP Method '{method}' not allowed. Allowed are {allowed}"
                    raise ApiError(405, "METHOD_NOT_ALLOWED", message)
                return template, handlers[method], {name: unquote(text) for name, text in found.groupdict().items()}
        raise missing()

    # about the account

    def resources(self, context: Context) -> Reply:
        """What this version offers, and who asks."""
        names = ("sobjects", "query", "queryAll", "composite", "limits", "jobs", "tooling")
        identity = f"{context.call.base}/id/{ORG_ID}/{self.org.us}"
        return Reply(200, {"identity": identity} | {name: f"{context.root}/{name}" for name in names})

    def limits(self, _: Context) -> Reply:
        """The day's calls."""
        left = {"Max": DAY_LIMIT, "Remaining": max(0, DAY_LIMIT - self.day.used)}
        jobs = {"Max": DAY_JOBS, "Remaining": DAY_JOBS - self.queries.jobs.today()}
        return Reply(200, {"DailyApiRequests": left, "DailyBulkV2QueryJobs": jobs})

    def objects(self, _: Context) -> Reply:
        """Every object in short."""
        found = [summary(entity) for entity in self.org.entities.values()]
        return Reply(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": found})

    def entity(self, obj: str) -> Entity:
        """The object, in any case. Raises `ApiError` 404."""
        found = self.org.entity(obj)
        if found is None:
            raise missing()
        return found

    def object(self, _: Context, obj: str) -> Reply:
        """One object in short."""
        return Reply(200, {"objectDescribe": summary(self.entity(obj)), "recentItems": []})

    def describe(self, _: Context, obj: str) -> Reply:
        """One object with its fields."""
        return Reply(200, describe(self.entity(obj)))

    # queries

    def query(self, context: Context) -> Reply:
        """First page, without deleted and archived rows."""
        return self._first(context, everything=False)

    def query_all(self, context: Context) -> Reply:
        """First page, with deleted and archived rows."""
        return self._first(context, everything=True)

    def _first(self, context: Context, *, everything: bool) -> Reply:
        text = context.given.get("q")
        if not text:
            raise ApiError(400, "MALFORMED_QUERY", "unexpected end of query")
        found = run(self.org, text, everything=everything)
        if found.only_count:
            return Reply(200, {"totalSize": len(found.rows), "done": True, "records": []})
        options = re.search(r"batchSize=(\d+)", context.call.headers.get("sforce-query-options", ""))
        batch = min(self.most_rows, max(200, int(options[1])) if options else 2000)
        self._next += 1
        return self._page(context, f"01g5g{self._next:013}", found, 0, batch)

    def more(self, context: Context, locator: str) -> Reply:
        """A further page."""
        name, _, start = locator.rpartition("-")
        if name not in self._cursors or not start.isdecimal():
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        found, batch = self._cursors[name]
        return self._page(context, name, found, int(start), batch)

    def _page(self, context: Context, name: str, found: Found, start: int, batch: int) -> Reply:
        end, total = start + batch, len(found.rows)
        body: dict[str, Any] = {"totalSize": total, "done": end >= total}
        if end < total:
            self._cursors[name] = found, batch
            body["nextRecordsUrl"] = f"{context.root}/query/{name}-{end}"
            if len(self._cursors) > _CURSORS:
                self._cursors.popitem(last=False)
        body["records"] = [found.show(row) for row in found.rows[start:end]]
        return Reply(200, body)

    # single rows

    def id_of(self, entity: Entity, text: str) -> str:
        """The row's id in full. Raises `RowError`."""
        found = ids.canonical(text)
        if found is None or self.org.kind(found) != entity.name:
            raise RowError("MALFORMED_ID", f"{entity.name} ID: id value of incorrect type: {text}", ["Id"])
        return found

    def _existing(self, obj: str, id_: str) -> tuple[Entity, str]:
        entity = self.entity(obj)
        try:
            found = self.id_of(entity, id_)
        except RowError:
            raise missing() from None
        if found not in self.org.tables[entity.name].rows:
            raise missing("Provided external ID field does not exist or is not accessible: Id")
        return entity, found

    def read(self, context: Context, obj: str, id_: str) -> Reply:
        """One row, with all fields or those of `fields`."""
        entity, id_ = self._existing(obj, id_)
        self.org.present(entity.name, id_)
        wanted = [name for name in context.given.get("fields", "").split(",") if name] or list(entity.fields)
        found = run(self.org, f"SELECT {','.join(wanted)} FROM {entity.name} WHERE Id = '{id_}'", everything=True)  # noqa: S608
        if not found.rows:
            raise missing()
        return Reply(200, found.show(found.rows[0]))

    def create(self, context: Context, obj: str) -> Reply:
        """A new row."""
        values = fields_of(context.call.body)
        id_ = self.org.create(self.entity(obj).name, values, context.how)
        return Reply(201, {"id": id_, "success": True, "errors": []})

    def update(self, context: Context, obj: str, id_: str) -> Reply:
        """Change a row, on condition that nobody did since, where the header says so."""
        entity, id_ = self._existing(obj, id_)
        if since := context.call.headers.get("if-unmodified-since"):
            self._unmodified(self.org.present(entity.name, id_), since)
        values = fields_of(context.call.body)
        self.org.put(entity.name, self.org.check_update(entity.name, id_, values, context.how))
        return Reply(204, None)

    def upsert(self, context: Context, obj: str, key: str, value: str) -> Reply:
        """A row by its external id, made where there is none."""
        entity, only = self.entity(obj), context.given.get("updateOnly", "").lower() == "true"
        try:
            found = upsert(self.org, entity, key, value, fields_of(context.call.body), context.how, only=only)
        except Several as several:
            return Reply(300, [f"{context.root}/sobjects/{entity.name}/{id_}" for id_ in several.ids])
        id_, created = found
        return Reply(201 if created else 200, {"id": id_, "success": True, "errors": [], "created": created})

    def _unmodified(self, row: Row, since: str) -> None:
        try:
            limit = wire(parsedate_to_datetime(since))
        except ValueError:
            raise ApiError(400, "INVALID_HEADER", "If-Unmodified-Since is not a date") from None
        if row["LastModifiedDate"] > limit:
            raise ApiError(412, "PRECONDITION_FAILED", "The record has been modified since the given time")

    def delete(self, _: Context, obj: str, id_: str) -> Reply:
        """Put a row into the recycle bin."""
        entity, id_ = self._existing(obj, id_)
        self.org.delete(entity.name, id_)
        return Reply(204, None)


def _job_routes(jobs: QueryJobs | IngestJobs) -> dict[str, Handler]:
    return {"GET": jobs.look, "PATCH": jobs.change, "DELETE": jobs.delete}


def fields_of(body: Any) -> dict[str, Any]:
    """The fields of a row's JSON. Raises `ApiError`."""
    if not isinstance(body, dict):
        raise bad_json("The HTTP entity body is required, and must be an object")
    if any(name.lower() == "id" for name in body):
        raise ApiError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", ["Id"])
    return {name: value for name, value in body.items() if name != "attributes"}


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + r"\Z")
