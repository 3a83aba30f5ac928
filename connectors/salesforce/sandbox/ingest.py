"""Bulk API 2.0 ingest jobs: a table is uploaded once, carried out row by row, and judged in three tables."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.calls import Context, Reply
from connectors.salesforce.sandbox.errors import ApiError, RowError, missing
from connectors.salesforce.sandbox.jobs import DELIMITERS, Job, Jobs, allowed, described, written
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.schema import Entity, Field
from connectors.salesforce.sandbox.upsert import Several, upsert

_MOST_BYTES = 150_000_000
_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_CLEAR = "#N/A"


class _IngestJob(Job):
    def __init__(self, info: dict[str, Any], path: tuple[str, ...], entity: Entity, key: str) -> None:
        super().__init__(info, path)
        self.entity, self.key = entity, key
        self.lines: list[list[str]] | None = None
        self.good: list[list[str]] = []
        self.bad: list[list[str]] = []


class IngestJobs:
    """`jobs/ingest`."""

    def __init__(self, org: Org) -> None:
        self.org, self.jobs = org, Jobs(org, "V2Ingest")

    def create(self, context: Context) -> Reply:
        """A new job, open for its table."""
        body = described(context.call.body, "object", "operation")
        allowed(body["object"])
        entity = self.org.entity(body["object"])
        if entity is None:
            raise ApiError(400, "INVALIDENTITY", f"Unable to find object: {body['object']}")
        operation, key = body["operation"], body.get("externalIdFieldName") or ""
        if operation not in _OPERATIONS:
            raise ApiError(400, "INVALIDJOB", f"operation must be one of {', '.join(_OPERATIONS)}")
        found = entity.find(key)
        if operation == "upsert" and not (found and (found.external or found.name == "Id")):
            raise ApiError(400, "INVALIDJOB", f"InvalidExternalIdField : {key or 'no externalIdFieldName'}")
        info = self.jobs.open("Open", context, {"operation": operation, "object": entity.name})
        if found and operation == "upsert":
            info["externalIdFieldName"] = found.name
        info["contentUrl"] = f"services/data/v{context.version}/jobs/ingest/{info['id']}/batches"
        self.jobs.keep(_IngestJob(info, self.jobs.polls, entity, found.name if found else ""))
        return Reply(200, dict(info))

    def all(self, _: Context) -> Reply:
        """Every job."""
        return Reply(200, self.jobs.all())

    def upload(self, context: Context, job: str) -> Reply:
        """The table: once."""
        one: _IngestJob = self.jobs.get(job)
        raw = context.call.body
        if not isinstance(raw, bytes):
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "the table must come as text/csv")
        if one.state != "Open" or one.lines is not None:
            raise ApiError(400, "INVALIDJOBSTATE", "Found multiple contents for job: please 'Close' / 'Abort' it")
        if len(raw) * 4 // 3 > _MOST_BYTES:
            raise ApiError(400, "EXCEEDEDMAXSIZE", "the table is larger than 100 MB")
        delimiter = DELIMITERS[one.info["columnDelimiter"]]
        try:
            one.lines = list(csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=delimiter, strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise ApiError(400, "INVALIDBATCH", f"the table is not CSV in UTF-8: {error}") from None
        return Reply(201, None)

    def look(self, _: Context, job: str) -> Reply:
        """How far it is."""
        one: _IngestJob = self.jobs.get(job)
        if one.look():
            self._carry_out(one)
        return Reply(200, dict(one.info))

    def change(self, context: Context, job: str) -> Reply:
        """Close it for uploads, or abort it."""
        one: _IngestJob = self.jobs.get(job)
        wanted = described(context.call.body, "state")["state"]
        fits = {"UploadComplete": ("Open",), "Aborted": ("Open", "UploadComplete", "InProgress")}
        if one.state not in fits.get(wanted, ()):
            raise ApiError(400, "INVALIDJOBSTATE", f"a job that is {one.state} cannot become {wanted}")
        one.info["state"] = wanted
        return Reply(200, dict(one.info))

    def delete(self, _: Context, job: str) -> Reply:
        """Forget it."""
        self.jobs.drop(job)
        return Reply(204, None)

    def results(self, _: Context, job: str, table: str) -> Reply:
        """What became of the rows: a table of each fate."""
        one: _IngestJob = self.jobs.get(job)
        header, *rows = one.lines or [[]]
        if table.lower() == "successfulresults":
            lines = [["sf__Id", "sf__Created", *header], *one.good]
        elif table.lower() == "failedresults":
            lines = [["sf__Id", "sf__Error", *header], *one.bad]
        elif table.lower() == "unprocessedrecords":
            lines = [header, *(rows if one.state in ("Aborted", "Failed") else [])]
        else:
            raise missing()
        return Reply(200, written(lines, one))

    # the work

    def _carry_out(self, job: _IngestJob) -> None:
        header, *rows = job.lines or [[]]
        try:
            fields = self._columns(job, header)
        except RowError as error:
            job.info |= {"state": "Failed", "errorMessage": f"{error.code} : {error.message}"}
            return
        for row in filter(None, rows):
            id_ = next((text for field, text in zip(fields, row, strict=False) if field.name == "Id"), "")
            try:
                made, created = self._row(job, fields, row, id_)
                job.good.append([made, str(created).lower(), *row])
            except RowError as error:
                named = f":{','.join(error.fields)} --" if error.fields else ":--"
                job.bad.append([id_, f"{error.code}:{error.message}{named}", *row])
        done = len(job.good) + len(job.bad)
        job.info |= {
            "numberRecordsProcessed": done, "numberRecordsFailed": len(job.bad), "retries": 0,
            "totalProcessingTime": 50 + done // 10, "apiActiveProcessingTime": done // 10,
        }  # fmt: skip

    def _columns(self, job: _IngestJob, header: list[str]) -> list[Field]:
        if not header:
            raise RowError("InvalidBatch", "The 'content' of the job is empty")
        found = []
        for name in header:
            field = job.entity.find(name)
            if field is None:
                raise RowError("InvalidBatch", f"Field name not found : {name}")
            found.append(field)
        names = [field.name for field in found]
        if len(set(names)) < len(names):
            raise RowError("InvalidBatch", "Duplicate column in the header")
        needed = {"insert": "", "upsert": job.key}.get(job.info["operation"], "Id")
        if needed and needed not in names:
            raise RowError("InvalidBatch", f"Field name missing : {needed}")
        return found

    def _row(self, job: _IngestJob, fields: list[Field], row: list[str], id_: str) -> tuple[str, bool]:
        """The row's id, and whether it is new. Empty cells leave alone. Raises `RowError`."""
        if len(row) != len(fields):
            raise RowError("INVALID_DATA", f"{len(row)} cells where the header has {len(fields)}")
        name, operation = job.entity.name, job.info["operation"]
        values = {f.name: _value(f, text, i) for i, (f, text) in enumerate(zip(fields, row, strict=True)) if text}
        try:
            if operation == "insert":
                return self.org.create(name, values), True
            if operation == "upsert":
                return upsert(self.org, job.entity, job.key, str(values.pop(job.key, "")), values)
            found = ids.canonical(id_)
            if found is None or self.org.kind(found) != name:
                raise RowError("MALFORMED_ID", f"{name} ID: id value of incorrect type: {id_}", ["Id"])
            if operation == "update":
                changes: Mapping[str, Any] = {key: value for key, value in values.items() if key != "Id"}
                self.org.put(name, self.org.check_update(name, found, changes))
            else:
                self.org.delete(name, found)
                if operation == "hardDelete":
                    self.org.purge(name, found)
            return found, False
        except Several as several:
            raise RowError("DUPLICATE_EXTERNAL_ID", f"{job.key}: more than one record found: {several.ids}") from None
        except ApiError as error:
            raise RowError(error.code, error.message, error.fields) from None


def _value(field: Field, text: str, column: int) -> Any:
    if text == _CLEAR:
        return None
    kind = {"boolean": "boolean", "int": "int"}.get(field.kind, "double" if field.numeric else "")
    try:
        if kind == "boolean":
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if kind:
            return int(text) if kind == "int" else float(text)
    except (ValueError, KeyError):
        said = f"Failed to deserialize field at col {column}. Due to, '{text}' is not a valid value for the type"
        raise RowError("INVALID_FIELD", f"{said} xsd:{kind}", [field.name]) from None
    return text
