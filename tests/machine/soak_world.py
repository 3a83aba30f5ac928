"""People at work in the sandbox of a CRM, at random but reproducibly, and what the CRM truly holds in the end."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from leadsync.connector import FaultRule, Record, Role, Value
from leadsync.core.mapping import moment

Key = tuple[str, str]
"""Object and id."""
Row = Mapping[str, Any]

TITLES = ("CEO", "Head of Sales", "Sales Manager", "Clerk", "student", "")
COUNTRIES = ("PL", "VN", "DE", "")
SIZES = (10, 60, 900, 70_000)
CLOSED = ("won", "lost")


class World(ABC):
    """One account. `stamps` are fields that the CRM sets by itself, whoever writes."""

    name: str
    people: tuple[str, ...]
    stamps: frozenset[str]
    sometimes: Mapping[str, int]
    """What people do, by how often."""

    def __init__(self, driver: Any, rng: Random) -> None:
        self.driver, self.rng = driver, rng
        self.moved: dict[Key, Key] = {}
        self.counted: set[str] = set()
        """People of whom the CRM counted something: a first sight of that is not what a watcher saw."""
        self.faulty = False
        self.acted: dict[str, int] = {}

    # what people do

    def act(self) -> None:
        """One thing."""
        (what,) = self.rng.choices(list(self.sometimes), list(self.sometimes.values()))
        if getattr(self, what)() is not False:
            self.acted[what] = self.acted.get(what, 0) + 1

    def pick(self, *objects: str) -> Key | None:
        """Any row of these objects that is there."""
        found = [(obj, id_) for obj in objects for id_ in sorted(self.live(obj))]
        return self.rng.choice(found) if found else None

    def two(self, obj: str) -> tuple[str, str] | None:
        """Two rows of an object."""
        found = sorted(self.live(obj))
        if len(found) < 2:
            return None
        first, second = self.rng.sample(found, 2)
        return first, second

    def survivor(self, key: Key) -> Key:
        """Where a row lives on at last."""
        while key in self.moved:
            key = self.moved[key]
        return key

    # what goes wrong

    def storm(self) -> None:
        """Faults for the next requests."""
        choose = self.rng.choice
        self.driver.fault(*(
            FaultRule(call=choose(self.calls), fault=choose(self.faults), times=choose((1, 2, 5, 12)),
                      after=choose((0, 0, 1, 3)), every=choose((1, 1, 2, 3)))
            for _ in range(choose((1, 2)))
        ))  # fmt: skip
        self.faulty = True

    def calm(self) -> None:
        """No faults any more."""
        self.driver.fault()
        self.faulty = False

    def lock(self) -> None:
        """Somebody has opened a row that leadsync may want to write."""
        if found := self.pick(*self.people):
            self.driver.lock(*found)

    @abstractmethod
    def unlock(self) -> None:
        """And has closed it."""

    @abstractmethod
    def after_a_minute(self) -> None:
        """What was begun is ended."""

    def lag(self, seconds: float) -> None:
        """From now on what people change can be found only after so long."""
        self.driver.lag(seconds)

    calls: Sequence[str]
    faults: Sequence[str]

    # what is true

    @abstractmethod
    def rows(self, obj: str) -> Mapping[str, Row]:
        """All rows of an object as the sandbox keeps them: another one for every change."""

    @abstractmethod
    def live(self, obj: str) -> Mapping[str, Row]:
        """Those that leadsync should know."""

    @abstractmethod
    def value(self, obj: str, row: Row, name: str) -> Value:
        """A field of a row."""

    @abstractmethod
    def links(self, obj: str, id_: str) -> Mapping[str, tuple[str, ...]]:
        """Whom the row belongs to."""

    @abstractmethod
    def born(self, obj: str, row: Row) -> datetime | None:
        """When it was made."""

    @property
    @abstractmethod
    def refused(self) -> int:
        """Requests of leadsync that were over the CRM's own limits."""

    def record(self, obj: str, id_: str, fields: Sequence[str]) -> Record:
        """The row as a perfect connector would read it."""
        row = self.live(obj)[id_]
        return Record(
            id_, {name: self.value(obj, row, name) for name in fields}, self.born(obj, row), None, self.links(obj, id_)
        )

    def working(self, *, leadsync: bool) -> None:  # noqa: B027 - most CRMs do not care
        """Who uses the account now."""


class Watch:
    """Sees to it that leadsync changes nothing that is not its own, step by step."""

    def __init__(self, world: World, objects: Mapping[str, Role], owned: Mapping[str, Sequence[str]]) -> None:
        self._world, self._objects, self._owned = world, objects, owned
        self._before: dict[str, dict[str, Row]] = {}
        self.needless: list[tuple[str, str]] = []
        self.written = 0

    def begin(self) -> None:
        """Leadsync goes to work."""
        self._world.working(leadsync=True)
        self._before = {obj: dict(self._world.rows(obj)) for obj in self._objects if obj != "owners"}

    def end(self) -> None:
        """It has done; raises `AssertionError` if it touched what it should not."""
        self._world.working(leadsync=False)
        for obj, before in self._before.items():
            after = self._world.rows(obj)
            assert set(before) == set(after), f"{obj}: rows came or went while only leadsync was at work"
            for id_, row in before.items():
                if after[id_] is not row:
                    self._changed(obj, id_, row, after[id_])

    def _changed(self, obj: str, id_: str, before: Row, after: Row) -> None:
        names = {name for name in {*before, *after} - self._world.stamps if before.get(name) != after.get(name)}
        foreign = names - set(self._owned.get(obj, ()))
        assert not foreign, f"{obj} {id_}: leadsync changed {sorted(foreign)}, which it does not own"
        self.written += 1
        if not names:
            self.needless.append((obj, id_))


def when(text: Any) -> datetime | None:
    """A stamp."""
    return moment(text) if text else None


def later(clock: Any, rng: Random) -> timedelta:
    """How long until leadsync comes by again: mostly minutes, now and then hours or a day."""
    dice = rng.random()
    if dice < 0.02:
        return timedelta(hours=rng.randrange(24, 60))
    if dice < 0.1:
        return timedelta(minutes=rng.randrange(30, 600))
    return timedelta(seconds=rng.choice((60, 60, 60, 61, 90, 187, 300)))
