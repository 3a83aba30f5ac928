"""Files that have changed are taken up: what they touch, and no more, is derived, read or evaluated again."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from leadsync import __version__, catalog
from leadsync.config.load import Config, ConnectionConfig
from leadsync.core.mapping import ObjectMapping
from leadsync.store import again, outbox, upkeep
from leadsync.store.again import Todo
from leadsync.store.database import Store
from leadsync.store.evaluation import Material
from leadsync.store.sources import Source
from leadsync.sync.accounts import Account
from leadsync.sync.brake import Brake
from leadsync.types import Role

_RULES = (
    "leadsync",
    "facts",
    "classes",
    "lists",
    "survive",
    "funnel",
    "routing",
    "hours",
    "never",
    "fields",
    "zone",
    "mail_check",
    "bands",
)  # what every result depends on, besides the rest of scoring
_READING = ("leadsync", "tables", "home", "fields")  # and every fact
_APART = ("owner", "counters", "outcomes", "scope")  # of a section: what is no fact
_FILES, _PENDING = "files", "forgive"  # in the store
Parts = Mapping[str, Any]


class Adoption:
    """What the files say, part by part, against what they said when they were taken up last.

    A plan takes them up as well. What they let go (what CRMs refused before, the brake) is held until a cycle goes to
    work, and a plan only reckons with it.
    """

    def __init__(
        self, config: Config, store: Store, log: logging.Logger, sources: Mapping[int, Source], brake: Brake
    ) -> None:
        self._config, self._store, self._log, self._sources, self._brake = config, store, log, sources, brake
        self._forgiven: set[int] | None = None  # sources whose refusals count no more

    def take_up(self) -> None:
        """Find out what has changed, and mark what it touches; inside `begin()`, once the sources are prepared."""
        before, now = self._store.get_meta(_FILES) or {}, parts(self._config)
        if before != now:
            touched = _Touched(self._config, self._store, before, now)
            for source in self._sources.values():
                touched.compare(source)
            touched.keep()
            if before:
                self._log.info("what the changed files touch is evaluated again")
            held = {*(self._store.get_meta(_PENDING) or ()), *touched.forgiven}
            self._store.set_meta(_PENDING, sorted(held))
            self._store.set_meta(_FILES, now)
        held = self._store.get_meta(_PENDING)
        self._forgiven = None if held is None else set(held)

    def settle(self) -> None:
        """A cycle goes to work: what was refused is tried again, what the brake holds back is weighed anew."""
        if self._forgiven is not None:
            with self._store.begin():
                if self._forgiven:
                    outbox.forget_refusals(self._store, self._forgiven)
                self._brake.release()
                self._store.set_meta(_PENDING, None)
            self._forgiven = None

    def account_changed(self, name: str, before: Account, account: Account) -> None:
        """What an account refused of objects that are not what they were is tried again, and what fits now is written:
        so a field or option comes back that was mended; inside `begin()`."""
        own = [source for source in self._sources.values() if source.connection == name]
        changed = [source for source in own if before.shape(source.object) != account.shape(source.object)]
        if changed:
            outbox.forget_refusals(self._store, [source.id for source in changed])
        for source in changed:
            again.mark_source(self._store, source)

    def forgiven(self, found: Material) -> Material:
        """The same leads without the refusals that count no more."""
        if not self._forgiven:
            return found
        members = [m._replace(refused=None) if m.source_id in self._forgiven else m for m in found.members]
        return replace(found, members=members)


class _Touched:
    """What differs between two states of the files, source by source."""

    def __init__(self, config: Config, store: Store, before: Parts, now: Parts) -> None:
        self._config, self._store, self._before, self._now = config, store, before, now
        self._todo = Todo(all=self._differ(*_RULES) or self._other_order(), scores=self._differ("scoring"))
        self._derive = self._differ(*_READING)
        self._marked: dict[int, Source] = {}
        self.forgiven: set[int] = set()

    def _differ(self, *names: str) -> bool:
        return any(self._before.get(name) != self._now[name] for name in names)

    def _other_order(self) -> bool:
        """Whether of two connections that were there before another one is preferred now."""
        was, now = self._before.get("prefer", []), self._now["prefer"]
        return [name for name in was if name in now] != [name for name in now if name in was]

    def keep(self) -> None:
        """Mark and demand what was found."""
        again.demand(self._store, self._todo)
        for source in () if self._todo.all else self._marked.values():
            again.mark_source(self._store, source)

    def compare(self, source: Source) -> None:
        """What the changes mean for an object."""
        was, now = _said(self._before, source), _said(self._now, source)
        if now is None:
            if source.fields is not None:
                again.retire(self._store, source)
            return
        if self._todo.all:
            self.forgiven.add(source.id)
        if was is None:
            self._came(source)
        else:
            self._read_otherwise(source, was["read"], now["read"])
            if was["write"] != now["write"]:
                self.forgiven.add(source.id)
                self._marked[source.id] = source
            if now["live"] and not was["live"] and source.role is Role.LEAD:
                self._marked[source.id] = source
        if self._derive or (was is not None and was["read"].get("facts") != now["read"].get("facts")):
            self._facts(source)

    def _came(self, source: Source) -> None:
        """An object that is new, or was not read for some time."""
        self._marked[source.id] = source
        self._facts(source)
        if source.role is Role.OWNER:
            again.owners_of(self._store, source)

    def _facts(self, source: Source) -> None:
        if source.role in (Role.LEAD, Role.COMPANY) and upkeep.youngest(self._store, source.id):
            self._todo.facts.append(source.id)

    def _read_otherwise(self, source: Source, was: Parts, now: Parts) -> None:
        key = str(source.id)
        if was.get("row") != now.get("row"):  # nothing is stored that could tell what its rows are now
            again.read_again(self._store, source)
        if was.get("owner") != now.get("owner"):
            self._todo.owner[key] = [was.get("owner")]
        if was.get("counters") != now.get("counters"):
            self._todo.counters[key] = list(was.get("counters") or ())
        if was.get("outcomes") != now.get("outcomes"):
            self._todo.outcomes.append(source.id)
        if was.get("scope") != now.get("scope"):
            self._marked[source.id] = source


def parts(config: Config) -> dict[str, Any]:
    """What the files say, as far as results depend on it; formatting, order of keys and comments do not count."""
    said = {name: document.data for name, document in config.documents.items()}
    main = said.get("leadsync", {})
    home = main.get("home") or {}
    return {
        "leadsync": __version__,
        **{name: _digest(said.get(name)) for name in ("facts", "classes", "scoring", "funnel", "routing")},
        "tables": _digest({k: v for k, v in said.get("facts", {}).items() if k not in ("complete", "enough")}),
        **{name: _digest(main.get(name)) for name in ("never", "brake")},
        "home": _digest({k: v for k, v in home.items() if k != "hours"}),
        "hours": home.get("hours"),
        "lists": config.lists.version,
        "bands": [config.scoring.warm, config.scoring.hot],  # whoever is no buyer is planned by them, too
        "survive": _digest(said["matching"]) if config.matching.survive or config.matching.merge else None,
        "zone": config.zone.key,
        "mail_check": None if config.mail_check is None else True,
        "fields": {name: word.type for name, word in config.fields.items() if name not in catalog.FIELDS},
        "prefer": list(config.prefer),
        "connections": {name: _connection(connection) for name, connection in config.connections.items()},
    }


def _connection(connection: ConnectionConfig) -> dict[str, dict[str, Any]]:
    data = connection.written.data if connection.written else {}
    read, write = data.get("read") or {}, data.get("write") or {}
    return {
        obj: {
            "live": connection.live,
            "read": _section(mapped, read.get(obj) or {}),
            "write": _digest(write.get(obj)),
        }
        for obj, mapped in connection.mapping.reads.items()
    }


def _section(mapped: ObjectMapping, section: Mapping[str, Any]) -> dict[str, Any]:
    if mapped.role not in (Role.LEAD, Role.COMPANY):
        return {"row": _digest(section)}
    return {
        "facts": _digest({name: value for name, value in section.items() if name not in _APART}),
        "owner": mapped.owner,
        "counters": {counter.field: [counter.kind, counter.topic] for counter in mapped.counters},
        "outcomes": _digest(section.get("outcomes")),
        "scope": _digest(section.get("scope")),
    }


def _said(found: Parts, source: Source) -> Parts | None:
    objects: Mapping[str, Parts] = found.get("connections", {}).get(source.connection, {})
    return objects.get(source.object)


def _digest(said: Any) -> str:
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
