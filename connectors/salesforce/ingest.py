"""Writing very many rows: one job of Bulk API 2.0, one upload, results matched by id."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.bulk import rows_of
from connectors.salesforce.failures import Refusal
from connectors.salesforce.objects import kind
from connectors.salesforce.reading import Reader
from connectors.salesforce.schemas import Schemas
from connectors.salesforce.session import Session
from connectors.salesforce.writing import Judged, hushed, judged, sendable
from leadsync.connector import NotFound, Rejected, Transient, WriteOp, WriteResult, WriteStatus

MOST_BYTES = 100_000_000
"""Of one upload. Rows beyond are in nobody's results, and so are sent again later."""
CLEARED = "#N/A"
"""An empty cell would leave the value alone."""
_ENDED = ("JobComplete", "Failed", "Aborted")


class Ingest:
    """Opens, fills and judges jobs that update rows."""

    def __init__(self, session: Session, schemas: Schemas, reader: Reader) -> None:
        self._session, self._schemas, self._reader = session, schemas, reader

    def open(self, obj: str, fields: Sequence[str]) -> str:
        """A new job. Assignment rules do not run: a job that names none has none."""
        kind(obj)
        if wrong := [name for name in fields if not soql.is_name(name)]:
            raise Rejected(f"{obj} has no field {wrong[0]!r} that can be written", code="unknown_field")
        body = {"object": obj, "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
        doing = f"opening a bulk job for {obj}"
        made = self._session.call("POST", "jobs/ingest", doing, body=body, row=obj, repeat=False)
        job = made.get("id") if isinstance(made, dict) else None
        if not isinstance(job, str):
            raise Transient(f"Salesforce named no job while {doing}")
        return job

    def send(self, job: str, writes: Sequence[WriteOp]) -> None:
        """Upload, once, and have it carried out."""
        good, _ = sendable(self._schemas, writes)
        if good:
            self._session.upload(f"jobs/ingest/{job}/batches", _table(good), "sending a bulk job")
            done = {"state": "UploadComplete"}
            self._session.call("PATCH", f"jobs/ingest/{job}", "closing a bulk job", body=done, repeat=False)

    def results(self, job: str, writes: Sequence[WriteOp]) -> list[WriteResult] | None:
        """One result per write, `None` while the job works; what nothing is known of is to be sent again."""
        try:
            found = self._session.call("GET", f"jobs/ingest/{job}", "asking for a bulk job")
        except NotFound:
            return [_again(op, "Salesforce does not know the job any more") for op in writes]
        state = found.get("state") if isinstance(found, dict) else None
        good, results = sendable(self._schemas, writes)
        if state == "Open":
            self._give_up(job)
            results |= {op.key: _again(op, "the job was never sent") for op, _ in good}
        elif state not in _ENDED:
            return None
        else:
            said = str(found.get("errorMessage") or "the job ended without this row")[:300]
            results |= {op.key: _again(op, said) for op, _ in good}
            results |= {r.key: r for r in judged(self._reader, self._answers(job, found, [op for op, _ in good]))}
        return hushed(self._session, [results[op.key] for op in writes])

    def _give_up(self, job: str) -> None:
        with suppress(NotFound, Rejected):  # gone already; nothing was uploaded, so nothing can happen
            self._session.call("PATCH", f"jobs/ingest/{job}", "giving up a bulk job", body={"state": "Aborted"})

    def _answers(self, job: str, found: Mapping[str, Any], writes: Sequence[WriteOp]) -> list[Judged]:
        """What became of the rows that the job says anything of."""
        by_id = {op.id[:15]: op for op in writes}
        failed = self._refused(job, "failedResults", by_id) if found.get("numberRecordsFailed", 1) else []
        if found["state"] == "JobComplete" and found.get("numberRecordsProcessed") == len(by_id):
            refused = {op.key for op, _ in failed}
            return [*failed, *((op, None) for op in writes if op.key not in refused)]  # the rest succeeded
        done = [(by_id[id_], None) for id_ in self._ids(job, "successfulResults") if id_ in by_id]
        return [*failed, *done]

    def _refused(self, job: str, name: str, by_id: Mapping[str, WriteOp]) -> list[Judged]:
        rows = rows_of(self._results(job, name))
        return [(by_id[id_], _refusal(row.get("sf__Error") or "")) for row in rows if (id_ := _id(row)) in by_id]

    def _ids(self, job: str, name: str) -> list[str]:
        return [_id(row) for row in rows_of(self._results(job, name))]

    def _results(self, job: str, name: str) -> bytes:
        return self._session.table(f"jobs/ingest/{job}/{name}", "reading the results of a bulk job")[0]


def _id(row: Mapping[str, str]) -> str:
    """A row that failed may have no sf__Id; what was sent is echoed."""
    return (row.get("sf__Id") or row.get("Id") or "")[:15]


def _again(op: WriteOp, why: str) -> WriteResult:
    return WriteResult(op.key, WriteStatus.RETRY, code="bulk_job", message=why)


def _refusal(text: str) -> Refusal:
    """`CODE:message:FIELDS --`; the message may hold colons of its own."""
    code, _, rest = text.partition(":")
    message, _, named = rest.rpartition(":")
    fields = tuple(name for part in named.removesuffix("--").split(",") if soql.is_name(name := part.strip()))
    return Refusal(code.strip() or "UNKNOWN", (message if message else rest).strip(), fields)


def _table(rows: Iterable[tuple[WriteOp, Mapping[str, Any]]]) -> bytes:
    """As many of the rows as fit into one upload."""
    rows = list(rows)
    names = list(dict.fromkeys(name for _, fields in rows for name in fields))
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["Id", *names])
    table = bytearray(lines.getvalue().encode())
    for op, fields in rows:
        lines.seek(0)
        lines.truncate()
        writer.writerow([op.id, *(_cell(fields[name]) if name in fields else "" for name in names)])
        line = lines.getvalue().encode()
        if len(table) + len(line) > MOST_BYTES:
            break
        table += line
    return bytes(table)


def _cell(value: Any) -> str:
    if value is None:
        return CLEARED
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
