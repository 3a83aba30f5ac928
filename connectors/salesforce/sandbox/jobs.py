"""Bulk API 2.0: what query jobs and ingest jobs have in common, and query jobs."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.calls import Context, Reply
from connectors.salesforce.sandbox.errors import ApiError, missing
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.query import Row, Table, table
from connectors.salesforce.sandbox.soql import parse, wire

KEPT = timedelta(days=7)
DAY_JOBS = 10_000
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
# of objects that no job can be made for
_REFUSED = {"taskstatus", "taskpriority", "taskwhorelation", "eventwhorelation", "recentlyviewed", "leadstatus"}
_MOST_ROWS = 250_000


class Job:
    """One job: what Salesforce tells about it. It works on while it is looked at."""

    def __init__(self, info: dict[str, Any], path: tuple[str, ...]) -> None:
        self.info, self._path = info, list(path)

    @property
    def id(self) -> str:
        """Its id (750…)."""
        return str(self.info["id"])

    @property
    def state(self) -> str:
        """Open, UploadComplete, InProgress, JobComplete, Failed, Aborted."""
        return str(self.info["state"])

    def look(self) -> bool:
        """One look further; whether it came to its end with this one."""
        if self.state not in ("UploadComplete", "InProgress"):
            return False
        self.info["state"] = self._path.pop(0)
        return self.state == "JobComplete"


class Jobs:
    """The jobs of one kind. They are forgotten after seven days."""

    polls = ("InProgress", "JobComplete")
    """The states that a working job shows, look by look."""

    def __init__(self, org: Org, kind: str) -> None:
        self.org, self.kind = org, kind
        self._jobs: dict[str, Any] = {}
        self._made = 0

    def open(self, state: str, context: Context, more: dict[str, Any]) -> dict[str, Any]:
        """What every new job tells."""
        body = context.call.body
        ending, delimiter = str(body.get("lineEnding", "LF")), str(body.get("columnDelimiter", "COMMA"))
        if ending not in ENDINGS or delimiter not in DELIMITERS or body.get("contentType", "CSV") != "CSV":
            raise ApiError(400, "INVALIDJOB", "a job needs contentType CSV, a known lineEnding and columnDelimiter")
        self._made += 1
        now = wire(self.org.now())
        return {
            "id": ids.make("750", self._made + (0 if self.kind == "V2Query" else 1 << 32)), **more,
            "createdById": self.org.us, "createdDate": now, "systemModstamp": now, "state": state,
            "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(context.version),
            "jobType": self.kind, "lineEnding": ending, "columnDelimiter": delimiter,
        }  # fmt: skip

    def keep(self, job: Any) -> None:
        """Remember a new job."""
        self._jobs[job.id] = job

    def get(self, id_: str) -> Any:
        """The job. Raises `ApiError` 404."""
        self._forget()
        job = self._jobs.get(ids.canonical(id_) or "")
        if job is None:
            raise missing()
        return job

    def drop(self, id_: str) -> None:
        """Delete a job that does not work any more. Raises `ApiError`."""
        if (job := self.get(id_)).state in ("Open", "InProgress", "UploadComplete"):
            raise ApiError(400, "INVALIDJOBSTATE", f"a job that is {job.state} cannot be deleted; abort it first")
        del self._jobs[job.id]

    def all(self) -> dict[str, Any]:
        """Every job."""
        self._forget()
        return {"done": True, "nextRecordsUrl": None, "records": [job.info for job in self._jobs.values()]}

    def today(self) -> int:
        """How many were made within a day."""
        since = wire(self.org.now() - timedelta(days=1))
        return sum(job.info["createdDate"] > since for job in self._jobs.values())

    def _forget(self) -> None:
        limit = wire(self.org.now() - KEPT)
        self._jobs = {id_: job for id_, job in self._jobs.items() if job.info["createdDate"] > limit}


def described(body: Any, *needed: str) -> dict[str, Any]:
    """The body of a new job. Raises `ApiError`."""
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in needed):
        raise ApiError(400, "INVALIDJOB", f"a job is described by an object with {' and '.join(needed)}")
    return body


def allowed(obj: str) -> None:
    """Raises `ApiError` for an object that the Bulk API does not do."""
    if obj.lower() in _REFUSED:
        raise ApiError(400, "INVALIDENTITY", f"Entity '{obj}' is not supported by the Bulk API.")


class _QueryJob(Job):
    def __init__(self, info: dict[str, Any], path: tuple[str, ...], found: Table) -> None:
        super().__init__(info, path)
        self.found = found


class QueryJobs:
    """`jobs/query`."""

    def __init__(self, org: Org) -> None:
        self.jobs = Jobs(org, "V2Query")
        self.int_as_float = False
        """Whether integers look like `7.0`, as they do in some accounts."""

    def create(self, context: Context) -> Reply:
        """A new job, at work at once."""
        body = described(context.call.body, "operation", "query")
        if body["operation"] not in ("query", "queryAll"):
            raise ApiError(400, "INVALIDJOB", "operation must be query or queryAll")
        if self.jobs.today() >= DAY_JOBS:
            reached = f"Max bulk v2 query jobs ({DAY_JOBS}) per 24 hrs has been reached"
            raise ApiError(400, "EXCEEDEDQUOTA", reached)
        allowed(parse(body["query"]).source)
        found = table(self.jobs.org, body["query"], everything=body["operation"] == "queryAll")
        more = {"operation": body["operation"], "object": found.source}
        info = self.jobs.open("UploadComplete", context, more)
        self.jobs.keep(_QueryJob(info, self.jobs.polls, found))
        return Reply(200, dict(info))

    def all(self, _: Context) -> Reply:
        """Every job."""
        return Reply(200, self.jobs.all())

    def look(self, _: Context, job: str) -> Reply:
        """How far it is."""
        one: _QueryJob = self.jobs.get(job)
        if one.look():
            rows = len(one.found.rows)
            one.info |= {"numberRecordsProcessed": rows, "retries": 0, "totalProcessingTime": 100 + rows // 100}
        return Reply(200, dict(one.info))

    def change(self, context: Context, job: str) -> Reply:
        """Abort it."""
        one: _QueryJob = self.jobs.get(job)
        if described(context.call.body, "state")["state"] != "Aborted":
            raise ApiError(400, "INVALIDJOBSTATE", "a query job can only be set to Aborted")
        if one.state not in ("UploadComplete", "InProgress"):
            raise ApiError(400, "INVALIDJOBSTATE", f"a job that is {one.state} cannot be aborted")
        one.info["state"] = "Aborted"
        return Reply(200, dict(one.info))

    def delete(self, _: Context, job: str) -> Reply:
        """Forget it."""
        self.jobs.drop(job)
        return Reply(204, None)

    def results(self, context: Context, job: str) -> Reply:
        """A part of its rows, from `locator` on."""
        one: _QueryJob = self.jobs.get(job)
        if one.state != "JobComplete":
            raise ApiError(400, "INVALIDJOBSTATE", f"the job is {one.state}: there are no results")
        most, locator = context.given.get("maxRecords", ""), context.given.get("locator", "")
        try:
            start = int(locator, 36) if locator else 0
        except ValueError:
            raise ApiError(400, "INVALIDJOB", "invalid locator") from None
        if (most and not most.isdecimal()) or not 0 <= start <= len(one.found.rows):
            raise ApiError(400, "INVALIDJOB", "invalid maxRecords or locator")
        end = start + min(int(most or _MOST_ROWS) or _MOST_ROWS, _MOST_ROWS)
        rows = one.found.rows[start:end]
        following = _base36(end) if end < len(one.found.rows) else "null"
        headers = {"Sforce-NumberOfRecords": str(len(rows)), "Sforce-Locator": following}
        return Reply(200, self._text(one, rows), headers)

    def _text(self, job: _QueryJob, rows: list[Row]) -> bytes:
        cells = [(name, self._cell(kind), get) for name, kind, get in job.found.columns]
        lines = [[name for name, _, _ in cells], *([show(get(row)) for _, show, get in cells] for row in rows)]
        return written(lines, job)

    def _cell(self, kind: str) -> Callable[[Any], str]:
        if kind == "int" and self.int_as_float:
            return lambda value: "" if value is None else f"{float(value)}"
        if kind == "datetime":
            return lambda value: str(value or "").replace("+0000", "Z")
        if kind == "boolean":
            return lambda value: "" if value is None else str(value).lower()
        return lambda value: "" if value is None else str(value)


def written(lines: list[list[str]], job: Job) -> bytes:
    """A table in the manner that the job asks for; every cell in quotes, as Salesforce does."""
    out = io.StringIO(newline="")
    ending, delimiter = ENDINGS[job.info["lineEnding"]], DELIMITERS[job.info["columnDelimiter"]]
    csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(lines)
    return out.getvalue().encode()


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
    return text
