"""Connectors that are each broken in one way, to prove the checks: a check that lets its mutant pass proves nothing.

A mutant is a good connector of which a method or two are replaced. `MUTANTS` names what it does wrong, the checks that
have to notice, and how it is made.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice
from typing import Any

import pytest

import leadsync.connector as ls
from leadsync.testing.conformance import Account, ConnectorConformance
from leadsync.testing.driver import Driver

Break = Callable[[Any, Any], Any]
"""Breaks a connector of a driver in place; what it returns, if anything, is used in its place."""
READS = ("backfill", "changes")
TALKS = (*READS, "ids", "fetch", "describe", "write")


def escaped(check: str, break_: Break, driver: Callable[[], Driver]) -> bool:
    """Whether a broken connector passes a check, in all its cases. `driver` gives a fresh account."""
    method = getattr(ConnectorConformance, check)
    marks = [mark.args for mark in getattr(method, "pytestmark", ()) if mark.name == "parametrize"]
    cases = [{name: value} for name, values in marks for value in values] or [{}]
    for case in cases:
        try:
            with Account(_Broken(driver(), break_)) as account:
                method(ConnectorConformance(), account, **case)
        except (AssertionError, ls.LeadsyncError, pytest.fail.Exception):
            return False
    return True


class _Broken:
    """The driver, giving broken connectors."""

    def __init__(self, driver: Any, break_: Break) -> None:
        self._driver, self._break = driver, break_

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def connect(self, **settings: Any) -> Any:
        good = self._driver.connect(**settings)
        return self._break(good, self._driver) or good


def _instead(make: Callable[[Any, Any, Any], Any], *methods: str) -> Break:
    """`make(good method, connector, driver)` in place of each method."""

    def break_(conn: Any, driver: Any) -> None:
        for name in methods:
            setattr(conn, name, make(getattr(conn, name), conn, driver))

    return break_


def _pages(change: Callable[[Any, Sequence[Any]], Any], *methods: str) -> Break:
    """Each page goes through `change(page, arguments)`, which drops it by `None`."""

    def make(good: Any, *_: Any) -> Any:
        def pages(*args: Any) -> Iterator[Any]:
            for page in good(*args):
                changed = page if isinstance(page, ls.Failed) else change(page, args)
                if changed is not None:
                    yield changed

        return pages

    return _instead(make, *(methods or READS))


def _rows(change: Callable[[ls.Record], ls.Record]) -> Break:
    """Each record that is read goes through `change`."""

    def make(good: Any, *_: Any) -> Any:
        return lambda *args: {k: change(v) if isinstance(v, ls.Record) else v for k, v in good(*args).items()}

    def break_(conn: Any, driver: Any) -> None:
        _pages(lambda page, _: replace(page, records=[change(r) for r in page.records]))(conn, driver)
        _instead(make, "fetch")(conn, driver)

    return break_


def _results(change: Callable[[ls.WriteResult], ls.WriteResult], method: str = "write") -> Break:
    """Each result of a write goes through `change`."""
    return _instead(lambda good, *_: lambda *args: [change(r) for r in good(*args) or ()], method)


def _ops(change: Callable[[dict[str, ls.Value], Any], dict[str, ls.Value]]) -> Break:
    """The fields of each write go through `change(fields, driver)`."""
    return _instead(
        lambda good, _, driver: lambda ops: good([replace(op, fields=change(dict(op.fields), driver)) for op in ops]),
        "write",
    )


def _failing(change: Callable[..., Any], *methods: str) -> Break:
    """A failure of these methods goes through `change(error, again, conn, driver, arguments)`: its result instead."""

    def make(good: Any, conn: Any, driver: Any) -> Any:
        def call(*args: Any) -> Any:
            def again() -> Any:
                answer = good(*args)
                return list(answer) if isinstance(answer, Iterator) else answer

            try:
                return again()
            except ls.ConnectionFailed as error:
                return change(error, again, conn, driver, args)

        return call

    return _instead(make, *(methods or TALKS))


def _raises(error: BaseException) -> Any:
    raise error


def _for_ever(error: ls.ConnectionFailed, again: Any, *_: Any) -> Any:
    for _number in range(50) if isinstance(error, ls.AuthLost) else ():
        try:
            return again()
        except ls.AuthLost:
            continue
    raise error


def _sleeps(error: ls.ConnectionFailed, again: Any, _: Any, driver: Any, *__: Any) -> Any:
    driver.clock.sleep(getattr(error, "retry_after", None) or 0)
    return again()


def _dies(error: ls.ConnectionFailed, _: Any, conn: Any, *__: Any) -> Any:
    _instead(lambda *_: lambda *args: _raises(error), *TALKS)(conn, None)
    raise error


def _tells(error: ls.ConnectionFailed, _: Any, __: Any, driver: Any, *___: Any) -> Any:
    raise type(error)(f"{error} with {driver.secrets[0]}") from error


def _remembers(conn: Any, _: Any) -> None:
    """A backfill's rows are left out of changes; a census names all rows that it ever saw; links never change."""
    seen: dict[str, Any] = {}
    ids: dict[str, None] = {}
    _pages(lambda page, _: seen.update({r.id: r for r in page.records}) or page, "backfill")(conn, None)
    _pages(lambda page, _: replace(page, records=[r for r in page.records if r.id not in seen]), "changes")(conn, None)
    _pages(lambda page, _: ids.update(dict.fromkeys(page.ids)) or replace(page, ids=tuple(ids)), "ids")(conn, None)
    links: dict[str, Any] = {}
    good = conn.fetch
    conn.fetch = lambda *args: {
        k: replace(v, links=links.setdefault(k, v.links)) if isinstance(v, ls.Record) else v
        for k, v in good(*args).items()
    }


def _forward(good: Any, *_: Any) -> Any:
    """Never looks back behind where it once read to."""
    been: list[Any] = []

    def changes(asks: Sequence[Any], until: Any) -> Any:
        asks = [replace(ask, since=max([ask.since, *been])) for ask in asks]
        been.append(ls.Cursor(until))
        return good(asks, until)

    return changes


def _skips_the_rest(good: Any, *_: Any) -> Any:
    """Goes on behind the stamp of a page's last row."""

    def changes(*args: Any) -> Iterator[Any]:
        border = None
        for page in good(*args):
            kept = [r for r in page.records if border is None or r.modified_at != border]
            border = page.records[-1].modified_at if page.records else border
            yield replace(page, records=kept)

    return changes


def _trusts_edits(good: Any, *_: Any) -> Any:
    """Goes on at the stamp that a page's last row has by now."""

    def changes(*args: Any) -> Iterator[Any]:
        border = None
        for page in good(*args):
            kept = [r for r in page.records if border is None or r.modified_at >= border]
            border = page.records[-1].modified_at if page.records else border
            yield replace(page, records=kept)

    return changes


def _impatient(good: Any, *_: Any) -> Any:
    def changes(*args: Any) -> Any:
        begin, pages = time.monotonic(), list(good(*args))
        return pages if time.monotonic() - begin < 0.05 else _raises(ls.Transient("that took too long"))

    return changes


def _unknown_is_empty(good: Any, conn: Any, _: Any) -> Any:
    def changes(asks: Sequence[Any], until: Any) -> Any:
        known = {ask.object: conn.describe(ask.object).fields for ask in asks}
        return good([replace(a, fields=tuple(f for f in a.fields if f in known[a.object])) for a in asks], until)

    return changes


def _hides_deletions(conn: Any, driver: Any) -> None:
    methods = ("changes", "deleted") if isinstance(conn, ls.ListsDeleted) else ("changes",)
    _pages(lambda page, _: replace(page, gone=()), *methods)(conn, driver)


def _mixed(good: Any, *_: Any) -> Any:
    def write(ops: Any) -> Any:
        results = good(ops)
        return [replace(result, key=results[number - 1].key) for number, result in enumerate(results)]

    return write


def _closes_once(good: Any, *_: Any) -> Any:
    left = [good]
    return lambda: left.pop()() if left else _raises(AssertionError("closed already"))


def _ascii(fields: Any) -> dict[str, ls.Value]:
    return {k: v.encode("ascii", "ignore").decode() if isinstance(v, str) else v for k, v in fields.items()}


def _logged(good: Any, _: Any, driver: Any) -> Any:
    def changes(*args: Any) -> Any:
        logging.getLogger("some.library").debug("with %s", driver.secrets[0])
        return good(*args)

    return changes


_ASKS_MORE = _instead(
    lambda good, conn, driver: lambda *a: conn.describe(driver.people.object) and good(*a), "changes", "write"
)
_NO_MOVES = _pages(lambda page, _: replace(page, moved=()), "changes")
_ALL_IS_WELL = _results(lambda r: replace(r, status=ls.WriteStatus.APPLIED))
_TRANSIENT_IS_DONE = _failing(
    lambda e, a, c, d, args: [ls.WriteResult(o.key, ls.WriteStatus.APPLIED) for o in args[0]], "write"
)

MUTANTS: dict[str, tuple[str, Break]] = {
    # reading
    "drops the last row of a page": ("backfill_is_complete", _pages(lambda p, _: replace(p, records=p.records[:-1]))),
    "begins the backfill anew": ("backfill_resumes", _instead(
        lambda good, *_: lambda obj, _, fields: good(obj, None, fields), "backfill")),
    "gives no row a second time": ("edits_during_backfill", _remembers),
    "ends the census after a page": ("backfill_is_complete", _instead(
        lambda good, *_: lambda obj: islice(good(obj), 1), "ids")),
    "reads after since": ("since_is_inclusive", _pages(
        lambda p, a: replace(p, records=[r for r in p.records if r.modified_at != a[0][0].since.at]), "changes")),
    "skips the rest of a stamp": ("equal_stamps", _instead(_skips_the_rest, "changes")),
    "moves the cursor to until": ("cursors_cover", _pages(lambda p, a: replace(p, cursor=ls.Cursor(a[1])), "changes")),
    "moves the cursor past until": ("until", _pages(
        lambda p, a: replace(p, cursor=ls.Cursor(a[1] + timedelta(seconds=1))), "changes")),
    "ignores until": ("until", _instead(
        lambda good, *_: lambda asks, until: good(asks, until + timedelta(days=1)), "changes")),
    "gives no empty page": ("empty_pages", _pages(lambda p, _: p if p.records else None)),
    "moves the cursor back": ("empty_pages", _pages(
        lambda p, _: replace(p, cursor=ls.Cursor(p.cursor.at - timedelta(hours=1))), "changes")),
    "gives one page for ever": ("pages_move_on", _instead(
        lambda good, *_: lambda *a: (page for _ in count() for page in islice(good(*a), 1)), "changes")),
    "gives the newest first": ("oldest_first", _pages(lambda p, _: replace(p, records=p.records[::-1]))),
    "asks twice": ("an_idle_round", _ASKS_MORE),
    "gives a field too many": ("exactly_the_fields_asked_for", _rows(
        lambda r: replace(r, fields={**r.fields, "x": ""}))),
    "reads ASCII": ("values_arrive_whole", _rows(lambda r: replace(r, fields=_ascii(r.fields)))),
    "takes unknown fields for empty": ("an_unknown_field", _instead(_unknown_is_empty, "changes")),
    "ends at the first bad object": ("an_unknown_field", _instead(lambda good, *_: lambda *a: (
        _raises(p.error) if isinstance(p, ls.Failed) else p for p in good(*a)), "changes")),
    "knows one object only": ("every_object", _instead(
        lambda good, _, driver: lambda obj, *a: good(driver.people.object, *a), "describe")),
    "takes all for writable": ("describe", _instead(lambda good, *_: lambda obj: replace(
        good(obj), fields={n: replace(f, writable=True) for n, f in good(obj).fields.items()}), "describe")),
    "describes what is not there": ("describe", _failing(
        lambda e, a, c, d, args: ls.ObjectSchema(args[0], {}), "describe")),
    "forgets whom a row belongs to": ("activities_name_their_people", _rows(lambda r: replace(r, links={}))),
    "answers for rows that are there": ("fetch_answers_for_every_id", _instead(
        lambda good, *_: lambda *a: {k: v for k, v in good(*a).items() if isinstance(v, ls.Record)}, "fetch")),
    # rows that leave, or come late
    "hides deletions": ("deletes", _hides_deletions),
    "counts former rows": ("purges", _remembers),
    "takes a merge for a deletion": ("merges", _pages(
        lambda p, _: replace(p, moved=(), gone=[ls.Gone(m.id) for m in p.moved]), "changes")),
    "keeps the other row": ("merging", _instead(
        lambda good, *_: lambda obj, kept, other: good(obj, other, kept), "merge")),
    "remembers links": ("links_follow_a_merge", _remembers),
    "hides conversions": ("conversions", _NO_MOVES),
    "does not say where a row went": ("writes_to_rows_that_left", _results(lambda r: replace(r, moved_to=None))),
    "never looks back": ("lag", _instead(_forward, "changes")),
    "takes an edit for its place": ("edits_under_lag", _instead(_trusts_edits, "changes")),
    "never looks back for commits": ("late_commits", _instead(_forward, "changes")),
    "tells the newest past first": ("history", _instead(
        lambda good, *_: lambda *a: {k: v[::-1] for k, v in good(*a).items()}, "history")),
    # writing
    "asks for nothing": ("no_writes_no_request", _ASKS_MORE),
    "answers by position": ("writes", _instead(
        lambda good, *_: lambda ops: [replace(r, key=str(n)) for n, r in enumerate(good(ops))], "write")),
    "calls all well": ("a_half_failed_batch", _ALL_IS_WELL),
    "mixes keys up": ("a_half_failed_batch", _instead(_mixed, "write")),
    "touches another field": ("writes", _ops(lambda f, driver: f | {driver.people.text[1]: "touched"})),
    "sends nothing empty": ("none_clears", _ops(lambda f, _: {k: v for k, v in f.items() if v})),
    "writes ASCII": ("values_are_written_whole", _ops(lambda f, _: _ascii(f))),
    "calls refusals well": ("read_only_fields", _ALL_IS_WELL),
    "knows no condition": ("conditional_writes", _instead(
        lambda good, *_: lambda ops: good([replace(op, unmodified_since=None) for op in ops]), "write")),
    "refuses locked rows": ("locked_rows", _results(
        lambda r: replace(r, status=ls.WriteStatus.REJECTED) if r.status is ls.WriteStatus.RETRY else r)),
    "sends half of a batch": ("a_full_batch", _instead(lambda good, *_: lambda ops: [
        *good(ops[::2]), *(ls.WriteResult(op.key, ls.WriteStatus.APPLIED) for op in ops[1::2])], "write")),
    "calls unsent jobs done": ("bulk", _results(lambda r: replace(r, status=ls.WriteStatus.APPLIED), "bulk_results")),
    "installs in a dry run": ("install", _instead(
        lambda good, *_: lambda wanted, dry_run: good(wanted, dry_run=False), "install")),
    # what goes wrong, and manners
    "raises what it likes": ("errors", _failing(lambda e, *_: _raises(KeyError("results")))),
    "stays down": ("recovery", _failing(_dies)),
    "is impatient": ("a_slow_answer", _instead(_impatient, "changes")),
    "logs in for ever": ("no_login_loop", _failing(_for_ever)),
    "sleeps long": ("long_waits_are_raised", _failing(_sleeps)),
    "does not wait": ("short_waits_are_kept", lambda _, driver: setattr(driver.clock, "sleep", lambda seconds: None)),
    "takes lost writes for done": ("lost_answers_to_writes", _TRANSIENT_IS_DONE),
    "logs a secret": ("no_secret_shows", _instead(_logged, "changes")),
    "tells a secret": ("no_secret_shows", _failing(_tells)),
    "ignores base_url": ("base_url", lambda conn, driver: driver.connect()),
    "asks at once": ("making_and_closing", lambda conn, driver: conn.describe(driver.people.object) and None),
    "counts nothing": ("quota", _instead(lambda *_: lambda: ls.Quota(0), "quota")),
    "finds fault": ("check", _instead(lambda *_: lambda written: [ls.Finding("error", "who knows")], "check")),
    "finds nothing": ("check_never_raises", _instead(lambda *_: lambda written: [ls.Finding("ok", "fine")], "check")),
    "trusts its own clock": ("now_and_user", _instead(lambda good, conn, driver: driver.clock.now, "now")),
    "has no name": ("now_and_user", _instead(lambda *_: lambda: "", "user")),
    "closes once": ("making_and_closing", _instead(_closes_once, "close")),
}  # fmt: skip
