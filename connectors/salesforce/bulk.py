"""The first load of many rows, as a query job of Bulk API 2.0: few calls, whatever the number of rows."""

import csv
import io
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.failures import understood
from connectors.salesforce.objects import Row, columns, conversion, live, record
from connectors.salesforce.schemas import COMPOUND, Schemas
from connectors.salesforce.session import Session
from leadsync.connector import Clock, ConnectionFailed, NotFound, Page, Rejected, Transient, Value

BULK_FROM = 50_000
"""From so many rows on a job is worth its waiting."""
ROWS_PER_CALL = 10_000
"""Rows held in memory at a time."""
PAGE = 2000
WAITS = (1.0, 2.0, 3.0, 4.0)
"""Seconds between looks at a job, before the connection is left to other work."""
LATER = 15.0
_NEVER = (*COMPOUND, "base64")


class JobLost(Exception):
    """The job came to nothing: what it was for is read in another way."""


@dataclass(frozen=True, slots=True)
class Job:
    """A query job and how far it has been read: `skip` rows of the part that begins at `locator`.

    It holds the rows that come after the id `after`, as they were at `at` or later.
    """

    id: str
    at: datetime
    after: str
    locator: str = ""
    skip: int = 0

    def token(self) -> str:
        """All of it as text."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()})

    @classmethod
    def parse(cls, token: str | None) -> "Job | None":
        """The job that the text is of, `None` for text that is of none."""
        if not token or not token.startswith("{"):
            return None
        given = json.loads(token)
        return cls(**given | {"at": datetime.fromisoformat(given["at"])})


class BulkQueries:
    """Opens, awaits and reads query jobs."""

    def __init__(self, session: Session, schemas: Schemas, clock: Clock, log: logging.Logger) -> None:
        self._session, self._schemas, self._clock, self._log = session, schemas, clock, log

    def can(self, obj: str, fields: Sequence[str]) -> bool:
        """Whether a job can do these columns: no sub-query, nothing of another object, nothing compound."""
        kinds = self._schemas.kinds(obj)
        names = columns(obj, fields)
        return all(soql.is_name(name) and kinds.get(name.lower()) not in _NEVER for name in names)

    def open(self, obj: str, fields: Sequence[str], after: str) -> Job | None:
        """A job for every live row after this id; `None` where the account allows none."""
        where = " AND ".join(filter(None, (live(obj), f"Id > {soql.quoted_ids([after])[1:-1]}")))
        # no ORDER BY, no LIMIT: they would keep Salesforce from splitting the work
        query = f"SELECT {', '.join(columns(obj, fields))} FROM {obj} WHERE {where}"  # noqa: S608
        at = self._clock.now()
        try:
            body = {"operation": "queryAll", "query": query}
            made = self._session.call("POST", "jobs/query", f"opening a bulk job for {obj}", body=body, row=obj)
            return Job(made["id"], at, after)
        except Transient:
            raise
        except ConnectionFailed as error:
            self._log.warning("%s is read without Bulk API: %s", obj, error.message)
        except (KeyError, TypeError):
            self._log.warning("%s is read without Bulk API: the answer names no job", obj)
        return None

    def pages(self, obj: str, job: Job, fields: Sequence[str]) -> Iterator[Page]:
        """The job's rows from where the last page ended, once it is done.

        Raises `Transient` while it works (then go on with the same token later), `JobLost` if it came to nothing.
        """
        if not job.locator and not job.skip:
            self._await(obj, job)
        kinds = self._schemas.kinds(obj)
        part: Job | None = job
        while part is not None:
            rows, following = self._part(obj, part)
            skipped, read = part.skip, part.skip
            for some in soql.chunks(rows[skipped:], PAGE):
                read += len(some)
                after = replace(part, skip=read) if read < len(rows) else following
                yield _page(obj, [_typed(row, kinds) for row in some], fields, job.at, after)
            if read == skipped:
                yield Page(obj, (), job.at, resume=following.token() if following else None)
            part = following

    def _await(self, obj: str, job: Job) -> None:
        doing = f"waiting for the bulk job of {obj}"
        for wait in (*WAITS, None):
            try:
                found = self._session.call("GET", f"jobs/query/{job.id}", doing, row=obj)
            except (NotFound, Rejected) as error:
                raise JobLost(f"Salesforce does not know the job any more ({error.message})") from None
            state = found.get("state") if isinstance(found, dict) else None
            if state == "JobComplete":
                return
            if state in ("Failed", "Aborted"):
                said = self._session.hide(str(found.get("errorMessage") or "no reason given"))
                raise JobLost(f"the job ended as {state}: {said}"[:300])
            if wait is not None:
                self._clock.sleep(wait)
        raise Transient(f"Salesforce still works on the bulk job of {obj}", retry_after=LATER, code="bulk_job")

    def _part(self, obj: str, job: Job) -> tuple[list[dict[str, str]], Job | None]:
        """Some rows, and what comes after them."""
        doing = f"reading the bulk job of {obj}"
        asked = {"maxRecords": str(ROWS_PER_CALL)} | ({"locator": job.locator} if job.locator else {})
        try:
            table, headers = self._session.table(f"jobs/query/{job.id}/results", doing, params=asked)
        except (NotFound, Rejected) as error:
            raise JobLost(f"its rows cannot be had any more ({error.message})") from None
        rows, locator = rows_of(table), headers.get("Sforce-Locator")
        said = headers.get("Sforce-NumberOfRecords", "")
        if not locator or (said.isdecimal() and int(said) != len(rows)):
            raise Transient(f"Salesforce sent a part of a table while {doing}")
        if locator == job.locator:
            raise Rejected(f"Salesforce gives the same rows of {obj} again")
        # the end is the word null, not the absence of anything
        return rows, None if locator == "null" else replace(job, locator=locator, skip=0)


def rows_of(table: bytes) -> list[dict[str, str]]:
    """A CSV table of a bulk job, without the NUL bytes that some hold."""
    return list(csv.DictReader(io.StringIO(table.decode(errors="replace").replace("\0", ""), newline="")))


def _page(obj: str, rows: Sequence[Row], fields: Sequence[str], at: datetime, after: Job | None) -> Page:
    moved = [to for row in rows if (to := conversion(row))]
    records = [record(obj, row, fields) for row in rows]
    return Page(obj, records, at, resume=after.token() if after else None, moved=moved)


@understood("reading a bulk job")
def _typed(row: Mapping[str, str], kinds: Mapping[str, str]) -> dict[str, Any]:
    return {name: _value(text, kinds.get(name.lower(), "")) for name, text in row.items()}


def _value(text: str | None, kind: str) -> Value:
    """As the REST API would have given it: a table knows only text, empty is nothing, and integers look like 7.0."""
    if not text:
        return None
    if kind == "boolean":
        return text.lower() == "true"
    if kind in ("int", "long"):
        return int(float(text))
    if kind in ("double", "currency", "percent"):
        return float(text)
    if kind == "datetime" and text.endswith("Z"):
        return text[:-1] + "+0000"
    return text
