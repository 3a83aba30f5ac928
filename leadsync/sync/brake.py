"""The brake on mass changes: when leadsync would change much of an account at once, it stops and asks first."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from leadsync.config.load import Config
from leadsync.connector import Clock
from leadsync.core.mapping import text
from leadsync.errors import ConnectionFailed
from leadsync.store import again, agenda, schema
from leadsync.store.database import Store
from leadsync.store.evaluation import Decision, Material, Member
from leadsync.store.sources import THERE, Source
from leadsync.sync.directory import Directory
from leadsync.sync.evaluate import Evaluator
from leadsync.sync.foresee import ahead, in_order
from leadsync.sync.routes import at_once
from leadsync.types import Role, Value

FEW = 50  # records; fewer changes are never many
_LITTLE = 10  # a tenth of what can be too much is little
_SPAN = timedelta(hours=1)  # what is written within it counts together


class BrakePulled(ConnectionFailed):
    """Nothing is written to this connection until somebody allows it."""

    code = "brake"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Pulled:
    """Why: so many of so many records would change within an hour, so many of them lose their owner or a value."""

    records: int
    of: int
    replaced: int

    def error(self) -> BrakePulled:
        """As it is told."""
        told = f"the brake is pulled: leadsync would change {self.records} of {self.of} records at once"
        told += f" ({self.replaced} of them would lose an owner or a value); nothing is written until it is allowed"
        fix = "look at it with `leadsync plan`; then `leadsync sync --allow`, or change the files back"
        return BrakePulled(told, fix=fix)


@dataclass(slots=True)
class _Look:
    """What is still to be weighed, and what the rest has come to: connection → record → whether it loses something."""

    parts: Iterator[tuple[Material, Sequence[Decision]]]
    late: bool
    weight: dict[str, dict[int, bool]] = field(default_factory=lambda: defaultdict(dict))


class Brake:
    """Counts what is about to be written to each live connection, and holds it back where it is too much."""

    def __init__(self, config: Config, store: Store, clock: Clock, sources: Mapping[int, Source]) -> None:
        self._config, self._store, self._clock, self._sources = config, store, clock, sources
        self.allowed = False
        self.pulled: dict[str, Pulled] = {}
        self._recent: dict[str, dict[int, tuple[datetime, bool]]] = {}  # connection → record → (when, replaced)
        self._records: dict[str, tuple[datetime, int]] = {}
        self._looked = False  # whether what is waiting was weighed as a whole
        self._looking: _Look | None = None

    def load(self) -> None:
        """What an earlier process held back; inside `begin()`."""
        kept: Mapping[str, Any] = self._store.get_meta("brake") or {}
        self.pulled = {name: Pulled(**raw) for name, raw in kept.items() if name in self._config.connections}

    def release(self) -> None:
        """Somebody has allowed it, or changed the files: what was held back is evaluated again; inside `begin()`."""
        for source in self._sources.values():
            if source.connection in self.pulled and source.role is Role.LEAD:
                again.mark_source(self._store, source)
        self.pulled.clear()
        self._store.set_meta("brake", {})

    def look_ahead(self, evaluator: Evaluator, *, late: bool, fresh: bool) -> bool:
        """Weigh some of all that is waiting, once, before the first of it is written: where it is much, the brake is
        pulled with nothing written yet. Whether there is more to be weighed first.

        Not `late`: only what has just happened; of the rest it is not known yet what it comes to. What is about to be
        written is `fresh` where it has just happened: as long as it is little, that is held up by nothing.
        """
        live = [name for name, c in self._config.connections.items() if c.live and name not in self.pulled]
        if self._looked or self.allowed or not live:
            return False
        now = self._clock.now()
        with self._store.begin():
            most = min(map(self._most, live))  # the least number of changes that can be too many
            few = max(FEW, most // _LITTLE)
            if fresh and agenda.backlog(self._store, few + 1, late=False) <= few:
                return False
            if self._looking is None:
                if agenda.backlog(self._store, most + 1, now if late else None, late=late) <= most:
                    return False
                order = in_order(self._store, now, at_once(self._config), late=late)
                self._looking = _Look(ahead(self._store, evaluator, self._clock, now, order), late)
        look = self._looking
        if (part := next(look.parts, None)) is not None:
            found, decisions = part
            for name, more in self.weigh(decisions, found.members, evaluator).items():
                look.weight[name] |= more
            return True
        self._looking, self._looked = None, look.late
        with self._store.begin():
            self.judge(look.weight, sent=False)
        return False

    def drained(self) -> None:
        """Nothing waits any more: what comes next is weighed as a whole again."""
        self._looked, self._looking = False, None

    def weigh(
        self, decisions: Sequence[Decision], members: Sequence[Member], evaluator: Evaluator
    ) -> dict[str, dict[int, bool]]:
        """What these decisions change: live connection → record → whether it loses an owner or a value."""
        found: dict[str, dict[int, bool]] = {}
        of, people = {member.id: member for member in members}, evaluator.directory
        for record, fields in (write for decision in decisions for write in decision.writes):
            source = self._sources[of[record].source_id]
            if self._config.connections[source.connection].live:
                found.setdefault(source.connection, {})[record] = self._loses(source, fields, people)
        return found

    def _loses(self, source: Source, fields: Mapping[str, tuple[Value, Value]], people: Directory) -> bool:
        writes = self._config.connections[source.connection].mapping.writes[source.object]
        owners = {write.field for write in writes if write.value == "owner"}
        return any(
            text(before) and (not text(after) or (name in owners and people.had(source.connection, text(before))))
            for name, (before, after) in fields.items()
        )

    def judge(self, weight: Mapping[str, Mapping[int, bool]], *, sent: bool) -> None:
        """Pull the brake where this is too much, together with what was written of late; inside `begin()`.

        A record counts once, however often its write has to be tried. `sent`: it is written now unless the brake is
        pulled, and counts from here on.
        """
        now = self._clock.now()
        for name, records in weight.items():
            if self.allowed or name in self.pulled:
                continue
            recent = {r: entry for r, entry in self._recent.get(name, {}).items() if entry[0] > now - _SPAN}
            together = recent | {record: (now, loses) for record, loses in records.items()}
            replaced = sum(loses for _, loses in together.values())
            many = len(together) > self._most(name) and len(together) > self._most(name, anew=True)
            if many or replaced > self._config.brake.replaced:
                self.pulled[name] = Pulled(len(together), self._count(name), replaced)
                self._store.set_meta("brake", {key: asdict(value) for key, value in self.pulled.items()})
            elif sent:
                self._recent[name] = together

    def _most(self, name: str, *, anew: bool = False) -> int:
        return max(FEW, int(self._config.brake.share / 100 * self._count(name, anew=anew)))

    def _count(self, name: str, *, anew: bool = False) -> int:
        """Live people of a connection, and its companies where they are written, counted now and then, and `anew`
        before the brake is pulled for their sake."""
        now = self._clock.now()
        at, count = self._records.get(name, (None, 0))
        if at is None or anew or now - at > _SPAN:
            r = schema.records.c
            written = self._config.connections[name].mapping.writes
            own = [s.id for s in self._sources.values() if s.connection == name
                   and (s.role is Role.LEAD or s.object in written)]  # fmt: skip
            query = sa.select(sa.func.count()).where(r.source_id.in_(own), *THERE)
            count = self._store.connection.scalar(query) or 0
            self._records[name] = (now, count)
        return count
