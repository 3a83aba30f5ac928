"""What the checks share: an account, a connector to it, and bounds, so that a connector which loops fails."""

import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

import pytest

import leadsync.connector as ls
from leadsync.testing.driver import ABILITIES, Driver

T = TypeVar("T")

ODD = ("سارا احمدی‌نژاد", "Nguyễn Thị Ánh 🎯", 'O\'Brien & <Söhne>, "50 %" \\ #1;', "Łódź")
LONGEST = 120  # seconds of a check
MOST_CALLS = 12
"""Requests of one operation while nothing works."""


class Account:
    """An account, empty at first, with a connector to it. Used as a context: a check that hangs is ended."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.clock, self.people = driver, driver.clock, driver.people
        self.conn = driver.connect()
        self.fields = tuple(filter(None, (*self.people.text, self.people.number)))
        self.settle = self.conn.capabilities.settle + timedelta(minutes=1)
        self.start = self.clock.now()
        self.clock.advance(60)

    def __enter__(self) -> "Account":
        def ended(*_: object) -> None:
            raise AssertionError(f"the check took more than {LONGEST} seconds: does the connector loop?")

        with suppress(ValueError, AttributeError):  # not in the main thread, or not on this system
            signal.signal(signal.SIGALRM, ended)
            signal.alarm(LONGEST)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError, AttributeError):
            signal.alarm(0)
        self.conn.close()
        self.driver.close()

    def can(self, ability: str) -> bool:
        """Whether the CRM knows of such a thing."""
        assert ability in ABILITIES
        return ability not in self.driver.cannot

    def needs(self, *abilities: str) -> None:
        """Skip the check where the CRM lacks one of these, with the driver's reason."""
        for ability in abilities:
            if not self.can(ability):
                pytest.skip(self.driver.cannot[ability])

    def wait(self) -> None:
        """Until everything has settled."""
        self.clock.advance(self.settle.total_seconds())

    def add(self, count: int = 1, values: Mapping[str, ls.Value] | None = None) -> list[str]:
        """New people of one stamp, told apart by their first text."""
        subject = self.people
        rows = [{**subject.fresh, subject.text[0]: f"row {number}", **(values or {})} for number in range(count)]
        return self.driver.add(subject.object, rows)

    def edit(self, id_: str, values: Mapping[str, ls.Value] | None = None) -> None:
        """A person edits: the second text unless `values` say otherwise."""
        self.driver.edit(self.people.object, id_, values or {self.people.text[1]: "edited"})

    def row(self, id_: str) -> Mapping[str, ls.Value]:
        """What the CRM truly holds of a person."""
        found = self.driver.row(self.people.object, id_)
        assert found is not None, f"the CRM lost {id_}"
        return found

    def asks(self, since: ls.Cursor | datetime | None = None) -> list[ls.Ask]:
        """Of every subject."""
        subjects = filter(None, (self.people, self.driver.activity))
        return [ls.Ask(s.object, s.text, self._cursor(since)) for s in subjects]

    def changes(
        self, since: ls.Cursor | datetime | None = None, until: datetime | None = None, asks: Sequence[ls.Ask] = ()
    ) -> list[ls.Page]:
        """All pages of changes of people (or of `asks`); raises what failed."""
        asks = asks or [ls.Ask(self.people.object, self.fields, self._cursor(since))]
        pages = self.bounded(self.conn.changes(asks, until or self.clock.now()))
        for page in pages:
            if isinstance(page, ls.Failed):
                raise page.error
        return [page for page in pages if isinstance(page, ls.Page)]

    def _cursor(self, since: ls.Cursor | datetime | None) -> ls.Cursor:
        return since if isinstance(since, ls.Cursor) else ls.Cursor(since or self.start)

    def backfill(self, resume: str | None = None, conn: ls.Connector | None = None) -> list[ls.Page]:
        """All pages of a backfill of people."""
        return self.bounded((conn or self.conn).backfill(self.people.object, resume, self.fields))

    def census(self) -> list[str]:
        """The ids that `ids` gives."""
        return [id_ for page in self.bounded(self.conn.ids(self.people.object)) for id_ in page.ids]

    def bounded(self, pages: Iterable[T]) -> list[T]:
        """All of them; fails when there is no end."""
        most = self.people.many + 50
        found = list(islice(pages, most + 1))
        assert len(found) <= most, f"more than {most} pages: it never ends"
        return found

    def op(self, id_: str, fields: Mapping[str, ls.Value] | None = None, key: str = "") -> ls.WriteOp:
        """A write of one person: the first of our fields unless `fields` say otherwise."""
        return ls.WriteOp(key or f"key {id_}", self.people.object, id_, fields or {self.people.ours[0]: f"for {id_}"})

    def write(self, *ops: ls.WriteOp) -> dict[str, ls.WriteResult]:
        """Results by key: one of each write."""
        results = self.conn.write(ops)
        assert sorted(r.key for r in results) == sorted(op.key for op in ops), "one result per write, by its key"
        return {result.key: result for result in results}

    def holds(self, op: ls.WriteOp) -> bool:
        """Whether the CRM truly holds what was written."""
        row = self.row(op.id)
        return all(same(row.get(name), value) for name, value in op.fields.items())

    def spent(self) -> int:
        """Requests so far, as the account and the connector count them."""
        return max(self.driver.calls(), self.conn.quota().calls)

    def everything(self) -> dict[str, Any]:
        """Every operation that talks to the CRM, by name, ready to be called. Adds two people."""
        obj, text = self.people.object, self.people.text
        one, two = self.add(2)
        calls = {
            "changes": self.changes,
            "backfill": self.backfill,
            "ids": self.census,
            "fetch": lambda: self.conn.fetch(obj, [one, "no such row"], text),
            "describe": lambda: self.conn.describe(obj),
        }
        return calls | ({"write": lambda: self.write(self.op(one), self.op(two))} if self.can("write") else {})


class Checks:
    """What the parts of the suite have in common: each can also be inherited alone."""

    @pytest.fixture
    def driver(self) -> Driver:
        """A fresh account for each check. Override it; the suite closes what it gives."""
        raise NotImplementedError("give the suite a driver: override the fixture `driver`")

    @pytest.fixture
    def crm(self, driver: Driver) -> Iterator[Account]:
        """The account with a connector to it."""
        with Account(driver) as account:
            yield account


def attempt(call: Any) -> tuple[Any, ls.ConnectionFailed | None]:
    """What it gives, or how it failed; whatever else is raised breaks the contract."""
    try:
        return call(), None
    except ls.ConnectionFailed as error:
        return None, error
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} is none of the errors of the contract: {error}") from error


def found(pages: Iterable[ls.Page]) -> dict[str, ls.Record]:
    """The rows of these pages, as last given."""
    return {record.id: record for page in pages for record in page.records}


def same(one: ls.Value, other: ls.Value) -> bool:
    """Equal by meaning: empty is nothing, 73 is 73.0."""
    return _meaning(one) == _meaning(other)


def _meaning(value: ls.Value) -> str | float:
    text = "" if value is None else str(value).strip().lower() if isinstance(value, bool) else str(value).strip()
    try:
        return float(text)
    except ValueError:
        return text
