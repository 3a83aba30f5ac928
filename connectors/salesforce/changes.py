"""What changed, of all objects together: one composite call while nothing did."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

from connectors.salesforce import failures, soql
from connectors.salesforce.objects import KINDS, conversion, fate, kind, record, selects, stamp, when
from connectors.salesforce.reading import QUERIES_PER_CALL, Reader, next_url, page_of
from connectors.salesforce.session import DATA, Answer, Session, Sub, query_url, shaped
from leadsync.connector import (
    Ask,
    AuthLost,
    Clock,
    ConnectionFailed,
    Cursor,
    Failed,
    Gone,
    Moved,
    Page,
    Record,
    Rejected,
    Transient,
    utc,
)

PROBED_PER_CALL = 10
"""Each object that is probed takes two requests, and a composite call holds 25."""
OPEN_SECONDS = timedelta(seconds=2)
"""Stamps have the grain of a second: rows of the current one may still come, before or after those already read."""
SETTLE = timedelta(minutes=10)
"""How late a row of a long transaction may appear behind rows that are already read."""
PROBE_REACH = timedelta(days=14)
"""`/deleted` looks back fifteen days, `/updated` thirty."""
HALVINGS = 6
"""How often a window is halved that Salesforce cannot read in time."""
_MINUTE = timedelta(minutes=1)
_UNPROBED = ("invalid_replication_date", "exceeded_id_limit")
"""A probe cannot tell: too long ago for the account, or too many."""


@dataclass(frozen=True, slots=True)
class _Query:
    """A query under way for what changed between `since` and `end`: `url` is its next page.

    No cursor passes `cap`. If it `closes`, the last page's cursor is `cap`; otherwise it is that of its last row.
    A window that was halved has `halvings`, and the rest of `[since, until]` follows it.
    """

    ask: Ask
    since: Cursor
    end: datetime
    until: datetime
    cap: datetime
    url: str
    closes: bool = False
    halvings: int = 0


class _Probed(NamedTuple):
    """Up to when an object's changes are known, whether there are any, and what was deleted when."""

    covered: datetime
    changed: bool
    deleted: dict[str, datetime | None]


class Changes:
    """Reads through one session; keeps nothing between calls."""

    def __init__(self, session: Session, reader: Reader, clock: Clock) -> None:
        self._session, self._reader, self._clock = session, reader, clock

    def read(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page | Failed]:
        """See the contract. Up to five queries and the probes of ten objects share a call; what concerns the whole
        account is raised last."""
        until = utc(until).replace(microsecond=0)
        queries: deque[_Query] = deque()
        probes: deque[Ask] = deque()
        lost: ConnectionFailed | None = None
        for ask in asks:
            try:
                _sort(ask, until, queries, probes)
            except ConnectionFailed as error:
                yield Failed(ask.object, error)
        while queries or probes:
            now = [queries.popleft() for _ in range(min(QUERIES_PER_CALL, len(queries)))]
            asked = [probes.popleft() for _ in range(min(PROBED_PER_CALL, len(probes)))]
            read_at = self._clock.now()
            subs = [Sub(query.url, f"reading {query.ask.object}", query.ask.object) for query in now]
            subs += [sub for ask in asked for sub in _probe(ask, until)]
            answers = iter(self._session.composite(subs, "reading changes"))
            work: list[tuple[str, Iterator[Page | _Query]]] = []
            work += [(query.ask.object, self._answered(query, next(answers), read_at)) for query in now]
            work += [(ask.object, self._probed(ask, next(answers), next(answers), until, read_at)) for ask in asked]
            for obj, found in work:
                try:
                    for one in found:
                        if isinstance(one, _Query):
                            queries.append(one)
                        else:
                            yield one
                except ConnectionFailed as error:
                    if _concerns_all(error):
                        lost = lost or error
                    else:
                        yield Failed(obj, error)
        if lost:
            raise lost

    def _answered(self, query: _Query, answer: Answer, read_at: datetime) -> Iterator[Page | _Query]:
        """The page, and the query for what comes after it."""
        obj, ask = query.ask.object, query.ask
        if isinstance(answer.error, Transient) and answer.error.code == failures.SLOW_QUERY:
            yield _halved(query, answer.error)
            return
        body = page_of(answer, obj)
        rows, url = body["records"], next_url(body, query.url, obj)
        cursor, cap = query.since, Cursor(min(query.cap, query.end))
        if not url and (query.closes or query.end < query.until):
            cursor = cap
        elif rows:
            cursor = min(Cursor(stamp(rows[-1]), rows[-1]["Id"]), cap)
        live: list[Record] = []
        gone: list[Gone] = []
        moved: list[Moved] = []
        for row in self._reader.complete(obj, rows, ask.fields):
            end = fate(obj, row)
            if end is None:
                live.append(record(obj, row, ask.fields))
                end = conversion(row)
            if isinstance(end, Gone):
                gone.append(end)
            elif end:
                moved.append(end)
        cursor = max(query.since, cursor)
        yield Page(obj, live, read_at, cursor=cursor, gone=gone, moved=moved)
        if url:
            yield replace(query, url=url, since=cursor)
        elif query.end < query.until:
            yield _window(query, Cursor(query.end), query.end + 2 * (query.end - query.since.at))

    def _probed(
        self, ask: Ask, updated: Answer, deleted: Answer, until: datetime, read_at: datetime
    ) -> Iterator[Page | _Query]:
        """What was deleted, and the query for what changed."""
        try:
            probed = _judged(ask, updated, deleted, until)
        except Rejected as error:
            if error.code not in _UNPROBED:
                raise
            yield _query(ask, until, until - SETTLE, closes=True)
            return
        if probed.deleted:
            gone, moved = self._departed(ask.object, probed.deleted)
            yield Page(ask.object, (), read_at, cursor=ask.since, gone=gone, moved=moved)
        if probed.changed:
            yield _query(ask, until, probed.covered, closes=True)
        else:
            yield Page(ask.object, (), read_at, cursor=max(ask.since, Cursor(probed.covered)))

    def _departed(self, obj: str, deleted: dict[str, datetime | None]) -> tuple[list[Gone], list[Moved]]:
        """What became of the rows that were deleted: a merged one names the row that it lives on in."""
        rows = self._reader.rows(obj, deleted) if kind(obj).deletes else {}
        gone, moved = [], []
        for id_, at in deleted.items():
            row = rows.get(id_[:15])
            end = fate(obj, row) if row else Gone(id_, at)
            if isinstance(end, Gone):
                gone.append(end)
            elif end:
                moved.append(end)
        return gone, moved


def _concerns_all(error: ConnectionFailed) -> bool:
    if isinstance(error, Transient):
        return error.code != failures.SLOW_QUERY
    return isinstance(error, AuthLost) and error.code != failures.FORBIDDEN


def _sort(ask: Ask, until: datetime, queries: deque[_Query], probes: deque[Ask]) -> None:
    if kind(ask.object).streams:
        queries.append(_query(ask, until, until - OPEN_SECONDS))
    elif utc(ask.since.at) < until - PROBE_REACH:
        queries.append(_query(ask, until, until - SETTLE, closes=True))
    else:
        selects(ask.object, ask.fields)  # a wrong name is told now, not on the day that something changes
        probes.append(ask)


def _query(ask: Ask, until: datetime, cap: datetime, *, closes: bool = False) -> _Query:
    return _Query(ask, ask.since, until, until, cap, _url(ask, ask.since, until), closes)


def _window(query: _Query, since: Cursor, end: datetime) -> _Query:
    end = min(end, query.until)
    return replace(query, since=since, end=end, url=_url(query.ask, since, end))


def _halved(query: _Query, error: Transient) -> _Query:
    """Half of the window. Raises for a window that was halved often enough.

    The first half closes with its own end, since all in it has then been read.
    """
    width = (query.end - utc(query.since.at)) / 2
    if query.halvings >= HALVINGS or width < _MINUTE:
        raise error
    end = (utc(query.since.at) + width).replace(microsecond=0)
    return replace(_window(query, query.since, end), halvings=query.halvings + 1)


def _url(ask: Ask, begin: Cursor, end: datetime) -> str:
    since = soql.moment(begin.at)
    if begin.id:
        tied = f"SystemModstamp = {since} AND Id >= {soql.quoted_ids([begin.id])[1:-1]}"
        after = f"(({tied}) OR SystemModstamp > {since})"
    else:
        after = f"SystemModstamp >= {since}"
    where = f" AND {KINDS[ask.object].where}" if KINDS[ask.object].where else ""
    last = f"SystemModstamp <= {soql.moment(end)}{where} ORDER BY SystemModstamp, Id"
    return query_url(f"{selects(ask.object, ask.fields)[0]} WHERE {after} AND {last}")


def _probe(ask: Ask, until: datetime) -> tuple[Sub, Sub]:
    """Asks what was updated and what deleted. Seconds are cut off, and it wants a minute between start and end."""
    obj = ask.object
    start = min(utc(ask.since.at), until - _MINUTE).replace(second=0, microsecond=0)
    window = f"start={quote(soql.moment(start), safe='')}&end={quote(soql.moment(until), safe='')}"
    path = f"{DATA}sobjects/{obj}"
    return (
        Sub(f"{path}/updated/?{window}", f"asking for changes of {obj}", obj),
        Sub(f"{path}/deleted/?{window}", f"asking for deletions of {obj}", obj),
    )


def _judged(ask: Ask, updated: Answer, deleted: Answer, until: datetime) -> _Probed:
    if updated.error:
        raise updated.error
    obj = ask.object
    ids = shaped(updated.body, "ids", f"asking for changes of {obj}", str)["ids"]
    covered = [_covered(updated.body, obj), until]
    gone: dict[str, datetime | None] = {}
    if deleted.error is None:
        listed = shaped(deleted.body, "deletedRecords", f"asking for deletions of {obj}")["deletedRecords"]
        found = {str(row.get("id")): when(row.get("deletedDate")) for row in listed}
        gone = {id_: at for id_, at in found.items() if at is None or at >= ask.since.at.replace(microsecond=0)}
        covered.append(_covered(deleted.body, obj))
    elif _concerns_all(deleted.error) or deleted.error.code in _UNPROBED:
        raise deleted.error
    # an object whose deletions cannot be asked for is still read: a census finds them
    return _Probed(min(covered), bool(ids), gone)


def _covered(body: Any, obj: str) -> datetime:
    covered = when(body.get("latestDateCovered"))
    if covered is None:
        raise Transient(f"Salesforce did not say up to when it knows the changes of {obj}")
    return covered
