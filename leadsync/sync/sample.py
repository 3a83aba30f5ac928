"""A taste of the accounts: who changed last and what they did of late, read into a store that is thrown away."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from leadsync.config.load import Config, ConnectionConfig
from leadsync.connector import Clock, Connector, Failed
from leadsync.types import Ask, Cursor, ObjectSchema, Page, Quota, Record, Role

_PATIENCE = timedelta(seconds=40)  # for all reading of a connection; people get up to half of it
_WINDOW = timedelta(minutes=10)  # the first one back from now; each further one is three times as long
_LONGEST = timedelta(days=3650)
_ACTIVITY = timedelta(days=28)
_ENOUGH = 4  # times as many rows as are wanted: a mass update can fill a window


def sampled(config: Config, count: int, folder: Path) -> Config:
    """The same installation with an empty store in `folder`, and of each object only `count` people."""
    connections = {name: _sampled(connection, count) for name, connection in config.connections.items()}
    return replace(config, folder=folder, store="sqlite:///sample.db", connections=connections)


def _sampled(connection: ConnectionConfig, count: int) -> ConnectionConfig:
    order, mapping = list(Role), connection.mapping
    reads = dict(sorted(mapping.reads.items(), key=lambda item: order.index(item[1].role)))  # people come first

    def connect(settings: Any, *, clock: Clock, **more: Any) -> Sample:
        return Sample(connection.connector(settings, clock=clock, **more), clock, count, reads)

    return replace(connection, connector=connect, mapping=replace(mapping, reads=reads))


class Sample:
    """A connector that can only be read, and holds few people: those who changed last."""

    def __init__(self, inner: Connector, clock: Clock, count: int, reads: Mapping[str, Any]) -> None:
        self._inner, self._clock, self._count = inner, clock, count
        self._roles = {obj: read.role for obj, read in reads.items()}
        self._ids: dict[str, set[str]] = defaultdict(set)  # object → the people, and their companies
        self._end: datetime | None = None
        self.capabilities = inner.capabilities
        self.since: datetime | None = None  # activity was read back to here, at the least

    def now(self) -> datetime:
        """The CRM's clock."""
        return self._inner.now()

    def user(self) -> str | None:
        """Who we are."""
        return self._inner.user()

    def quota(self) -> Quota:
        """What was used."""
        return self._inner.quota()

    def describe(self, obj: str) -> ObjectSchema:
        """The object's fields."""
        return self._inner.describe(obj)

    def close(self) -> None:
        """Let go."""
        self._inner.close()

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """What belongs to the sample, on one page; owners whole, outcomes not at all."""
        role, read_at = self._roles[obj], self._clock.now()
        self._end = self._end or read_at + _PATIENCE
        if role is Role.OWNER:
            yield from self._inner.backfill(obj, resume, fields)
        elif role is Role.LEAD:
            yield Page(obj, self._people(obj, fields), read_at)
        elif role is Role.COMPANY:
            ids = sorted(self._ids[obj])
            rows = self._inner.fetch(obj, ids, fields) if ids else {}
            yield Page(obj, [row for row in rows.values() if isinstance(row, Record)], read_at)
        else:
            yield Page(obj, self._activity(obj, fields) if role is Role.ACTIVITY else [], read_at)

    def _people(self, obj: str, fields: Sequence[str]) -> list[Record]:
        found: dict[str, Record] = {}
        for _, rows, whole in self._backwards(obj, fields, _LONGEST, self._clock.now() + _PATIENCE / 2):
            found |= {row.id: row for row in rows}
            if len(found) >= self._count * (1 if whole else _ENOUGH):
                break
        long_ago = self.now() - _LONGEST
        latest = sorted(found.values(), key=lambda row: row.modified_at or row.created_at or long_ago, reverse=True)
        people = latest[: self._count]
        self._ids[obj] = {row.id for row in people}
        for linked, ids in ((linked, ids) for row in people for linked, ids in row.links.items()):
            if self._roles.get(linked) is Role.COMPANY:
                self._ids[linked].update(ids)
        return people

    def _activity(self, obj: str, fields: Sequence[str]) -> list[Record]:
        assert self._end is not None
        left = [name for name, role in self._roles.items() if role is Role.ACTIVITY]
        share = (self._end - self._clock.now()) / len(left[left.index(obj) :])
        found: dict[str, Record] = {}
        reached = self.now()
        for since, rows, whole in self._backwards(obj, fields, _ACTIVITY, self._clock.now() + share):
            found |= {row.id: row for row in rows if any(self._ids[o] & set(ids) for o, ids in row.links.items())}
            reached = since if whole else reached
        self.since = max(self.since or reached, reached)
        return list(found.values())

    def _backwards(
        self, obj: str, fields: Sequence[str], back: timedelta, end: datetime
    ) -> Iterator[tuple[datetime, Sequence[Record], bool]]:
        """Windows of changes, the latest first: (since, rows of a page, whether the window is done with it)."""
        until, span = self.now(), _WINDOW
        first = until - back
        while until > first and self._clock.now() < end:
            since = max(until - span, first)
            for page in self._inner.changes([Ask(obj, tuple(fields), Cursor(since))], until):
                if isinstance(page, Failed):
                    raise page.error
                yield since, page.records, False
                if self._clock.now() >= end:
                    return
            yield since, (), True
            until, span = since, span * 3
