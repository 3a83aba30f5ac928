"""What is looked after besides the stream of changes: censuses, and the past that a CRM remembers."""

from collections.abc import Mapping, Sequence
from typing import Any

from leadsync.config.load import Config
from leadsync.connector import Clock
from leadsync.core.mapping import CrmMapping
from leadsync.store import sources, upkeep
from leadsync.store.database import Store
from leadsync.store.sources import Source
from leadsync.sync.messages import Remembered, Seen
from leadsync.types import Role

_AT_ONCE, _WHOLE = 500, 20_000  # records whose past is asked for in one round


class Upkeep:
    """Keeps what censuses and histories bring, and says what they still have to ask."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._upto: dict[int, int] = {}  # source → the youngest record that its census can speak of
        conditions = [*config.scoring.everything, *config.ladder.conditions]
        conditions += config.routing.conditions if config.routing else []
        self._words = frozenset[str]().union(*(condition.fields for condition in conditions))

    def seen(self, source: Source, message: Seen) -> list[str]:
        """A page of a census; the rows to read by id, because the store differs."""
        with self._store.begin():
            if message.first:
                self._upto[source.id] = upkeep.begin_census(self._store, source.id)
            odd = upkeep.seen(self._store, source.id, message.ids)
            if message.last:
                odd += upkeep.end_census(self._store, source.id, self._upto.pop(source.id, 0), self._clock.now())
        return odd

    def past_due(
        self, mapping: CrmMapping, found: Sequence[Source], *, whole: bool
    ) -> dict[str, tuple[Sequence[str], Sequence[tuple[int, str]]]]:
        """Object → (fields that scoring reads, records) whose past was not asked for yet; inside `begin()`."""
        due: dict[str, tuple[Sequence[str], Sequence[tuple[int, str]]]] = {}
        for source in found:
            if source.role in (Role.LEAD, Role.COMPANY) and source.backfilled_at is not None:
                state = self._state(source, self._read_by_scoring(mapping, source.object))
                if state["last"] >= state["upto"]:
                    continue
                count = _WHOLE if whole else _AT_ONCE
                rows = upkeep.without_history(self._store, source.id, state["last"], state["upto"], count)
                if rows:
                    due[source.object] = (state["fields"], rows)
                else:
                    sources.move(self._store, source.id, history={**state, "last": state["upto"]})
        return due

    def remembered(self, source: Source, message: Remembered) -> None:
        """Keep what the CRM remembers, and how far it was asked."""
        with self._store.begin():
            upkeep.keep_history(self._store, message.past, self._clock.now())
            current = next(s for s in sources.load(self._store, source.connection) if s.id == source.id)
            sources.move(self._store, source.id, history={**(current.history or {}), "last": message.last})

    def _state(self, source: Source, wanted: Sequence[str]) -> Mapping[str, Any]:
        """How far the past was asked for; begun anew for fields that scoring did not read before."""
        state: Mapping[str, Any] = source.history or {"had": [], "fields": [], "last": 0, "upto": 0}
        had = {*state["had"], *state["fields"]}
        if state["last"] < state["upto"] or had >= set(wanted):
            return state
        fresh = {"had": sorted(had), "fields": [f for f in wanted if f not in had], "last": 0,
                 "upto": upkeep.youngest(self._store, source.id)}  # fmt: skip
        sources.move(self._store, source.id, history=fresh)
        return fresh

    def _read_by_scoring(self, mapping: CrmMapping, obj: str) -> list[str]:
        read = (name for field in mapping.reads[obj].fields if field.name in self._words for name in field.sources)
        return sorted({name for name in read if "." not in name})
