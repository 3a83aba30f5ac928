"""The driver of the conformance suite: how the suite reaches into the account of the CRM under test.

A connector's author writes one, usually upon a sandbox. Whatever a CRM has no notion of stands in `cannot`.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from leadsync.connector import Connector, FaultRule, Value

ABILITIES = (
    "write", "lock", "delete", "purge", "merge", "convert", "lag", "late_commit", "fault", "skew", "history", "install",
    "bulk",
)  # fmt: skip


class ManualClock:
    """Time that stands still until it is moved; sleeping moves it."""

    def __init__(self, at: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)) -> None:
        self._at, self._lock = at, threading.Lock()
        self.slept = 0.0

    def now(self) -> datetime:
        """The moment."""
        with self._lock:
            return self._at

    def sleep(self, seconds: float) -> None:
        """Move on, at once."""
        with self._lock:
            self.slept += seconds
            self._at += timedelta(seconds=seconds)

    def advance(self, seconds: float) -> None:
        """Move on without anybody having slept."""
        with self._lock:
            self._at += timedelta(seconds=seconds)


@dataclass
class HeldSecrets:
    """Secrets that are held in memory."""

    known: dict[str, str]

    def get(self, name: str) -> str:
        """The secret."""
        return self.known[name]

    def replace(self, name: str, value: str) -> None:
        """Another one from now on."""
        self.known[name] = value


@dataclass(frozen=True, slots=True)
class Subject:
    """An object that the suite works with.

    `text` are two plain text fields that people edit, `number` one of numbers, `ours` fields that leadsync may write
    (the first of text), `read_only` one that nobody may; `fresh` are the least values a new row needs. `links` is the
    object of the people that a row belongs to, for activities: see `Driver.add`. `many` is more rows than a page of
    reading has, `new_field` a name for a text field that the account does not have yet, to be installed.
    """

    object: str
    text: tuple[str, str]
    number: str | None = None
    ours: tuple[str, ...] = ()
    read_only: str | None = None
    fresh: Mapping[str, Value] = field(default_factory=dict)
    links: str = ""
    many: int = 250
    new_field: str = "leadsync_conformance"


class Driver(Protocol):
    """One account, empty at first, with a clock that it shares with the connectors it makes."""

    clock: ManualClock
    cannot: Mapping[str, str]
    """Abilities (of `ABILITIES`) that the CRM lacks, each with the reason that the report shows."""
    people: Subject
    activity: Subject | None
    secrets: Sequence[str]
    """Every secret that the connectors are given: none may show anywhere."""

    def connect(self, **settings: Any) -> Connector:
        """A fresh connector, with `settings` over those of the account. Its log goes to the logger `conformance`."""
        ...

    def add(self, obj: str, rows: Sequence[Mapping[str, Value]], links: Sequence[str] = ()) -> list[str]:
        """Make rows, all of one stamp (the clock's moment), belonging to the people `links`; their ids."""
        ...

    def edit(self, obj: str, id_: str, fields: Mapping[str, Value]) -> None:
        """As a person would, at the clock's moment."""
        ...

    def row(self, obj: str, id_: str) -> Mapping[str, Value] | None:
        """What the CRM truly holds, `owner` included where the object has one; `None` for a row that is not there."""
        ...

    def delete(self, obj: str, id_: str) -> None:
        """As a person would: it may be restored."""
        ...

    def purge(self, obj: str, id_: str) -> None:
        """Beyond restoring: nothing but a census tells."""
        ...

    def merge(self, obj: str, kept: str, lost: str) -> str:
        """Merge two rows; the id under which both live on."""
        ...

    def convert(self, obj: str, id_: str) -> tuple[str, str]:
        """Convert a lead; object and id of the person it became."""
        ...

    def skew(self, seconds: float) -> None:
        """From now on the CRM's clock is so far ahead of `clock`."""
        ...

    def lag(self, seconds: float) -> None:
        """From now on a change can be found only after so long."""
        ...

    def commit_late(self, obj: str, fields: Mapping[str, Value], seconds: float) -> str:
        """A row that appears now with a stamp so many seconds old; its id."""
        ...

    def fault(self, *rules: FaultRule) -> None:
        """From now on these faults, in place of those before."""
        ...

    def lock(self, obj: str, id_: str) -> None:
        """The next write of this row finds it locked (once)."""
        ...

    def calls(self) -> int:
        """Requests that the account has answered so far, logins included."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
