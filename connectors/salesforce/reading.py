"""Reading rows: the first load, the census, rows by id."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.salesforce import failures, soql
from connectors.salesforce.bulk import BULK_FROM, BulkQueries, Job, JobLost
from connectors.salesforce.objects import Row, conversion, fate, kind, live, record, selects
from connectors.salesforce.schemas import Schemas
from connectors.salesforce.session import Answer, Session, Sub, query_url, shaped
from leadsync.connector import Clock, Gone, IdPage, Moved, Page, Record, Rejected, Transient

PAGE = 2000
LEAST_PAGE = 125
QUERIES_PER_CALL = 5
IDS_PER_QUERY = 300
"""An id takes 27 bytes of an address that may have 16,384."""
_READINGS = 4


class Reader:
    """Reads through one session; keeps nothing between calls."""

    def __init__(self, session: Session, schemas: Schemas, clock: Clock, log: logging.Logger) -> None:
        self._session, self._clock, self._log = session, clock, log
        self._bulk = BulkQueries(session, schemas, clock, log)

    # all rows

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Every live row: by ascending id, `resume` being the last one read; many rows as a bulk job."""
        job = Job.parse(resume)
        if job is None:
            for page in self._by_id(obj, resume, fields):
                yield page
                if resume is None and page.resume and (job := self._job(obj, fields, page.resume)):
                    break
                resume = page.resume
            else:
                return
            yield Page(obj, (), job.at, resume=job.token())  # it has a name before it is waited for
        try:
            yield from self._bulk.pages(obj, job, fields)
        except JobLost as lost:
            self._log.warning("the bulk job of %s is lost, it is read without one: %s", obj, lost)
            yield from self._by_id(obj, job.after, fields)

    def _job(self, obj: str, fields: Sequence[str], after: str) -> Job | None:
        """A bulk job for the rows after the first page, if they are many and can be had so."""
        if not self._bulk.can(obj, fields):
            return None
        query = f"SELECT COUNT() FROM {obj}{_where(live(obj))}"  # noqa: S608
        try:
            count = int(self._session.query(query, f"counting {obj}", obj).get("totalSize") or 0)
        except Transient as error:
            if error.code != failures.SLOW_QUERY:
                raise
            count = BULK_FROM + 1  # too many to count in time
        return self._bulk.open(obj, fields, after) if count > BULK_FROM else None

    def _by_id(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        for rows, read_at, last in self._live(obj, selects(obj, fields)[0], resume):
            whole = self.complete(obj, rows, fields)
            moved = [to for row in whole if (to := conversion(row))]
            gone = [end for row in whole if isinstance(end := fate(obj, row), Gone)]
            records = [record(obj, row, fields) for row in whole if not row.get("IsDeleted")]
            yield Page(obj, records, read_at, resume=last, gone=gone, moved=moved)

    def ids(self, obj: str) -> Iterator[IdPage]:
        """The ids of every live row."""
        for rows, _, last in self._live(obj, f"SELECT Id FROM {obj}", None):  # noqa: S608
            yield IdPage(tuple(row["Id"] for row in rows), last)

    def _live(self, obj: str, head: str, resume: str | None) -> Iterator[tuple[Sequence[Row], datetime, str | None]]:
        size = PAGE
        while True:
            after = f"Id > {soql.quoted_ids([resume])[1:-1]}" if resume else ""
            read_at = self._clock.now()
            query = f"{head}{_where(live(obj), after)} ORDER BY Id LIMIT {size}"
            try:
                body = self._session.query(query, f"reading {obj}", obj)
            except Transient as error:
                if error.code != failures.SLOW_QUERY or size <= LEAST_PAGE:
                    raise
                size //= 2
                continue
            rows = identified(body["records"], obj)
            # a page of wide rows may be shorter than asked for: `done` tells, and the last id leads on
            last = rows[-1]["Id"] if rows and (len(rows) == size or not body.get("done")) else None
            if last is not None and last == resume:
                raise Rejected(f"Salesforce gives the same page of {obj} again")
            resume = last
            yield rows, read_at, resume
            if resume is None:
                return

    # rows by id

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        """These rows as they are now, keyed by the id that was asked for; a converted lead is still a record."""
        rows = self.rows(obj, ids, fields)
        found: dict[str, Record | Moved | Gone] = {}
        for id_ in ids:
            row = rows.get(id_[:15])
            if row is None:
                found[id_] = Gone(id_)
            else:
                end = fate(obj, row)
                found[id_] = replace(end, id=id_) if end else replace(record(obj, row, fields), id=id_)
        return found

    def rows(self, obj: str, ids: Iterable[str], fields: Sequence[str] = ()) -> dict[str, Row]:
        """The rows of these ids, deleted ones too, by the first fifteen characters of the id."""
        found = list(self._those(obj, selects(obj, fields)[0], ids))
        return {row["Id"][:15]: row for row in self.complete(obj, found, fields)}

    def complete(self, obj: str, rows: Sequence[Row], fields: Sequence[str]) -> Sequence[Row]:
        """The rows with those columns, too, that did not fit into one address; a row that changed between two of the
        readings is read again, and one that vanished is a deleted one."""
        first, *more = selects(obj, fields)
        if not more or not rows:
            return rows
        whole: dict[str, dict[str, Any]] = {row["Id"]: dict(row) for row in rows}
        waiting = list(whole)
        for _ in range(_READINGS):
            changed: dict[str, None] = {}
            for head in more:
                parts = {row["Id"]: row for row in self._those(obj, head, waiting)}
                for id_ in waiting:
                    part = parts.get(id_)
                    if part is None or part.get("SystemModstamp") != whole[id_].get("SystemModstamp"):
                        changed[id_] = None
                    else:
                        whole[id_].update(part)
            if not changed:
                return list(whole.values())
            again = {row["Id"]: row for row in self._those(obj, first, changed)}
            whole |= {id_: dict(again[id_]) if id_ in again else whole[id_] | {"IsDeleted": True} for id_ in changed}
            waiting = [id_ for id_ in changed if id_ in again]
        raise Transient(f"rows of {obj} change faster than their many fields can be read", retry_after=30)

    def _those(self, obj: str, head: str, ids: Iterable[str]) -> Iterator[Row]:
        wanted = sorted({id_[:15] for id_ in ids if soql.is_id(id_)})
        parts = soql.chunks(wanted, IDS_PER_QUERY)
        queries = [f"{head}{_where(f'Id IN {soql.quoted_ids(part)}', kind(obj).where)}" for part in parts]
        return self.run(queries, f"reading {obj} by id", obj)

    def run(self, queries: Sequence[str], doing: str, obj: str) -> Iterator[Row]:
        """All rows of these queries, five queries or pages in a call."""
        waiting = deque(query_url(query) for query in queries)
        while waiting:
            urls = [waiting.popleft() for _ in range(min(QUERIES_PER_CALL, len(waiting)))]
            answers = self._session.composite([Sub(url, doing, obj) for url in urls], doing)
            for url, answer in zip(urls, answers, strict=True):
                body = page_of(answer, obj)
                yield from body["records"]
                if following := next_url(body, url, obj):
                    waiting.append(following)


def page_of(answer: Answer, obj: str) -> Mapping[str, Any]:
    """A page of a query. Raises what stood in its place."""
    if answer.error:
        raise answer.error
    body = shaped(answer.body, "records", f"reading {obj}")
    identified(body["records"], obj)
    return body


def identified(rows: Sequence[Row], obj: str) -> Sequence[Row]:
    """The rows, if each has an id. Raises `Transient` otherwise."""
    if not all(isinstance(row.get("Id"), str) and soql.is_id(row["Id"]) for row in rows):
        raise Transient(f"Salesforce sent a row without an id while reading {obj}", code="bad_shape")
    return rows


def next_url(body: Mapping[str, Any], url: str, obj: str) -> str | None:
    """Where the page after this one (of `url`) is. Raises `Rejected` when it is this one again."""
    following = body.get("nextRecordsUrl")
    if body.get("done", True) or not following:
        return None
    if following == url:
        raise Rejected(f"Salesforce gives the same page of {obj} again")
    return str(following)


def _where(*conditions: str) -> str:
    joined = " AND ".join(filter(None, conditions))
    return f" WHERE {joined}" if joined else ""
