"""Reading: changes of all objects together, the first load, the census, rows by id."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.salesforce import soql
from connectors.salesforce.objects import KINDS, Row, conversion, fate, kind, record, select, stamp, when
from connectors.salesforce.session import DATA, Session, Sub, query_url, shaped
from leadsync.connector import (
    Ask,
    Clock,
    ConnectionFailed,
    Cursor,
    Gone,
    IdPage,
    Moved,
    Page,
    Record,
    Rejected,
    Transient,
    utc,
)

PAGE = 2000
QUERIES_PER_CALL = 5
PROBES_PER_CALL = 20
IDS_PER_QUERY = 300
"""An id takes 27 bytes of an address that may have 16,384."""
OPEN_SECONDS = timedelta(seconds=2)
"""Stamps have the grain of a second: rows of the current one may still come, before or after those already read."""
SETTLE = timedelta(minutes=10)
"""How late a row of a long transaction may appear behind rows that are already read."""
PROBE_REACH = timedelta(days=29)
"""`/updated` looks back thirty days."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Query:
    """A query under way: `url` is its next page. No cursor passes `cap`; if it `closes`, the last page's is `cap`."""

    ask: Ask
    url: str
    cap: datetime
    closes: bool = False


class Reader:
    """Reads through one session; keeps nothing between calls."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session, self._clock = session, clock

    def changes(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page]:
        """See the contract. Up to five queries and twenty probes share a call; an object that fails is raised last."""
        until = utc(until).replace(microsecond=0)
        queries, probes = _sorted(asks, until)
        failed: ConnectionFailed | None = None
        while queries or probes:
            now = [queries.popleft() for _ in range(min(QUERIES_PER_CALL, len(queries)))]
            asked = [probes.popleft() for _ in range(min(PROBES_PER_CALL, len(probes)))]
            read_at = self._clock.now()
            subs = [Sub(query.url, f"reading {query.ask.object}", query.ask.object) for query in now]
            subs += [Sub(_probe_url(ask, until), f"asking for changes of {ask.object}", ask.object) for ask in asked]
            answers = self._session.composite(subs, "reading changes")
            for query, answer in zip(now, answers, strict=False):
                try:
                    page, following = _page(query, _body(answer.body, answer.error, query.ask.object), read_at)
                except ConnectionFailed as error:
                    failed = failed or error
                    continue
                if following:
                    queries.append(following)
                yield page
            for ask, answer in zip(asked, answers[len(now) :], strict=True):
                try:
                    covered, changed = _covered(ask, answer.body, answer.error, until)
                except ConnectionFailed as error:
                    failed = failed or error
                    continue
                if changed:
                    queries.append(_Query(ask, query_url(_changed_rows(ask, until)), covered, closes=True))
                else:
                    yield Page(ask.object, (), read_at, max(ask.since, Cursor(covered)))
        if failed:
            raise failed

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Every live row by ascending id; `resume` is the last id that was read."""
        for rows, read_at, last in self._live(obj, select(obj, fields), resume):
            moved = [to for row in rows if (to := conversion(row))]
            yield Page(obj, [record(obj, row, fields) for row in rows], read_at, resume=last, moved=moved)

    def ids(self, obj: str) -> Iterator[IdPage]:
        """The ids of every live row."""
        for rows, _, last in self._live(obj, f"SELECT Id FROM {obj}", None):  # noqa: S608
            yield IdPage(tuple(row["Id"] for row in rows), last)

    def _live(self, obj: str, head: str, resume: str | None) -> Iterator[tuple[Sequence[Row], datetime, str | None]]:
        known = kind(obj)
        while True:
            after = f"Id > {soql.quoted_ids([resume])[1:-1]}" if resume else ""
            where = " AND ".join(filter(None, ("IsDeleted = false" if known.deletes else "", known.where, after)))
            read_at = self._clock.now()
            query = f"{head}{' WHERE ' if where else ''}{where} ORDER BY Id LIMIT {PAGE}"
            body = self._session.query(query, f"reading {obj}", obj)
            rows = body["records"]
            # a page of wide rows may be shorter than asked for: `done` tells, and the last id leads on
            resume = rows[-1]["Id"] if rows and (len(rows) == PAGE or not body.get("done")) else None
            yield rows, read_at, resume
            if resume is None:
                return

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

    def rows(self, obj: str, ids: Sequence[str], fields: Sequence[str] = ()) -> dict[str, Row]:
        """The rows of these ids, deleted ones too, by the first fifteen characters of the id."""
        head, where = select(obj, fields), kind(obj).where
        wanted = sorted({id_[:15] for id_ in ids if soql.is_id(id_)})
        found: dict[str, Row] = {}
        for call in soql.chunks(list(soql.chunks(wanted, IDS_PER_QUERY)), QUERIES_PER_CALL):
            subs = [
                Sub(
                    query_url(f"{head} WHERE Id IN {soql.quoted_ids(part)}{' AND ' if where else ''}{where}"),
                    f"reading {obj} by id",
                    obj,
                )
                for part in call
            ]
            while subs:
                bodies = [_body(a.body, a.error, obj) for a in self._session.composite(subs, f"reading {obj} by id")]
                found.update((row["Id"][:15], row) for body in bodies for row in body["records"])
                subs = [Sub(url, f"reading {obj} by id", obj) for body in bodies if (url := _next_url(body))]
        return found


def _sorted(asks: Sequence[Ask], until: datetime) -> tuple[deque[_Query], deque[Ask]]:
    queries: deque[_Query] = deque()
    probes: deque[Ask] = deque()
    for ask in asks:
        if kind(ask.object).streams:
            queries.append(_Query(ask, query_url(_changed_rows(ask, until)), until - OPEN_SECONDS))
        elif utc(ask.since.at) < until - PROBE_REACH:
            queries.append(_Query(ask, query_url(_changed_rows(ask, until)), until - SETTLE, closes=True))
        else:
            select(ask.object, ask.fields)  # a wrong name is told now, not on the day that something changes
            probes.append(ask)
    return queries, probes


def _changed_rows(ask: Ask, until: datetime) -> str:
    since = soql.moment(ask.since.at)
    if ask.since.id:
        tied = f"SystemModstamp = {since} AND Id >= {soql.quoted_ids([ask.since.id])[1:-1]}"
        after = f"(({tied}) OR SystemModstamp > {since})"
    else:
        after = f"SystemModstamp >= {since}"
    where = f" AND {KINDS[ask.object].where}" if KINDS[ask.object].where else ""
    end = f"SystemModstamp <= {soql.moment(until)}{where} ORDER BY SystemModstamp, Id"
    return f"{select(ask.object, ask.fields)} WHERE {after} AND {end}"


def _probe_url(ask: Ask, until: datetime) -> str:
    """`/updated` cuts seconds off and wants at least a minute between start and end."""
    start = min(utc(ask.since.at), until - _MINUTE).replace(second=0, microsecond=0)
    window = f"start={quote(soql.moment(start), safe='')}&end={quote(soql.moment(until), safe='')}"
    return f"{DATA}sobjects/{ask.object}/updated/?{window}"


def _body(body: Any, error: ConnectionFailed | None, obj: str) -> Mapping[str, Any]:
    if error:
        raise error
    return shaped(body, "records", f"reading {obj}")


def _covered(ask: Ask, body: Any, error: ConnectionFailed | None, until: datetime) -> tuple[datetime, bool]:
    """Up to when an object's changes are known, and whether there are any."""
    if error:
        raise error
    ids = shaped(body, "ids", f"asking for changes of {ask.object}")["ids"]
    covered = when(body.get("latestDateCovered"))
    if covered is None:
        raise Transient(f"Salesforce did not say up to when it knows the changes of {ask.object}")
    return min(covered, until), bool(ids)


def _page(query: _Query, body: Mapping[str, Any], read_at: datetime) -> tuple[Page, _Query | None]:
    obj, since, rows = query.ask.object, query.ask.since, body["records"]
    url = _next_url(body)
    if url == query.url:
        raise Rejected(f"Salesforce gives the same page of {obj} again")
    cursor = since
    if query.closes and not url:
        cursor = Cursor(query.cap)
    elif rows:
        cursor = min(Cursor(stamp(rows[-1]), rows[-1]["Id"]), Cursor(query.cap))
    gone: list[Gone] = []
    moved = [to for row in rows if (to := conversion(row)) and not row.get("IsDeleted")]
    live = []
    for row in rows:
        end = fate(obj, row)
        if end is None:
            live.append(record(obj, row, query.ask.fields))
        elif isinstance(end, Gone):
            gone.append(end)
        else:
            moved.append(end)
    page = Page(obj, live, read_at, cursor=max(since, cursor), gone=gone, moved=moved)
    return page, replace(query, url=url) if url else None


def _next_url(body: Mapping[str, Any]) -> str | None:
    url = body.get("nextRecordsUrl")
    if body.get("done", True) or not url:
        return None
    return str(url)
