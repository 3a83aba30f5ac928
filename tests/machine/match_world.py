"""A store, the pages that come into it, and who is one lead by then."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fake_crm import config

from leadsync.config.matching import Matching
from leadsync.core.mapping import CrmMapping, ObjectMapping, ReadField
from leadsync.store import matching, review, schema, sources
from leadsync.store.database import open_store
from leadsync.sync import pairs
from leadsync.sync.matching import Matcher
from leadsync.sync.pull import Pull
from leadsync.types import Gone, Moved, Page, Record, Role

WORDS = {"email": "Email", "phone": "Phone", "first_name": "First", "last_name": "Last", "company": "Company"}
_READ = tuple(ReadField(word, (field,)) for word, field in WORDS.items())
OBJECTS = ("Lead", "Contact")
MAPPING = CrmMapping({obj: ObjectMapping(obj, Role.LEAD, _READ) for obj in OBJECTS}, {})
Leads = set[frozenset[str]]


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 6, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


class World:
    """Records are named like `Lead/1`."""

    def __init__(self, folder: Path, **rules: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.clock, self.store = Clock(), open_store("sqlite:///leadsync.db", folder)
        with self.store.begin():
            wanted = [(obj, read.role, MAPPING.asked(obj)) for obj, read in MAPPING.reads.items()]
            self.sources = {s.object: s for s in sources.prepare(self.store, "crm", wanted)}
        found = config(folder, {"crm": None}, mapping=MAPPING)
        self.config = replace(found, matching=Matching(off=False, version="1", **rules))
        self.pull = Pull(self.store, MAPPING, self.config.facts.tables, list(self.sources.values()))
        self.matcher = Matcher(self.config, self.store, self.clock, {s.id: s for s in self.sources.values()})

    def say(self, rows: Mapping[str, Mapping[str, str]], *, late: bool = False) -> None:
        """Rows as they are now: `Lead/1` → word → value."""
        pages = defaultdict[str, list[Record]](list)
        now = self.clock.now()
        for name, said in rows.items():
            obj, id_ = name.split("/")
            fields = {field: said.get(word, "") for word, field in WORDS.items()}
            pages[obj].append(Record(id_, fields, now, now))
        for obj, found in pages.items():
            self.pull.keep(Page(obj, found, now), now, {}, late=late)

    def delete(self, name: str) -> None:
        obj, id_ = name.split("/")
        now = self.clock.now()
        self.pull.keep(Page(obj, [], now, gone=[Gone(id_, now)]), now, {})

    def merge(self, name: str, into: str) -> None:
        """The CRM makes one row of two."""
        (obj, id_), (other, other_id) = name.split("/"), into.split("/")
        now = self.clock.now()
        self.pull.keep(Page(obj, [], now, moved=[Moved(id_, other, other_id, "merged", now)]), now, {})

    def match(self) -> Leads:
        self.matcher.run(threading.Event())
        return self.leads()

    def weigh_anew(self, **rules: Any) -> None:
        """As if the rules had changed: to these, if any are named."""
        own = self.config.matching
        self.config = replace(self.config, matching=replace(own, version=f"{own.version}+", **rules))
        self.matcher = Matcher(self.config, self.store, self.clock, {s.id: s for s in self.sources.values()})

    def leads(self) -> Leads:
        """Who is one lead."""
        found = defaultdict[int, set[str]](set)
        for name, lead in self.lead_of().items():
            found[lead].add(name)
        return {frozenset(names) for names in found.values()}

    def lead_of(self) -> dict[str, int]:
        objects = {source.id: obj for obj, source in self.sources.items()}
        return {f"{objects[r.source_id]}/{r.ext_id}": r.lead_id for r in self.rows(schema.records) if r.lead_id}

    def id(self, name: str) -> int:
        obj, id_ = name.split("/")
        r = schema.records
        [row] = self.rows(r, r.c.source_id == self.sources[obj].id, r.c.ext_id == id_)
        return int(row.id)

    def marked(self) -> set[str]:
        """Records of leads that wait to be evaluated."""
        marked = {row.record_id for row in self.rows(schema.dirty)}
        return {name for name in self.lead_of() if self.id(name) in marked}

    def settle(self) -> None:
        """All that waits is evaluated."""
        with self.store.begin() as db:
            db.execute(sa.delete(schema.dirty))

    def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        with self.store.begin() as db:
            return list(db.execute(sa.select(table).where(*where).order_by(*table.primary_key.columns)))

    def pairs(self) -> list[dict[str, Any]]:
        """What waits in the review."""
        with self.store.begin():
            return pairs.waiting(self.store, self.clock.now())

    def decide(self, id_: int, decision: str) -> None:
        with self.store.begin():
            review.decide(self.store, [id_], decision, "ann", self.clock.now())

    def undo(self, ids: list[int]) -> None:
        with self.store.begin():
            pairs.take_back(self.store, ids, "ann", self.clock.now())

    def take_apart(self, *names: str) -> None:
        with self.store.begin():
            pairs.take_apart(self.store, names, "ann", self.clock.now())

    def capped(self) -> list[tuple[str, int]]:
        with self.store.begin():
            return matching.capped(self.store, 3)

    def edges(self) -> dict[tuple[str, str], float]:
        """Likely pairs with their bits."""
        names = {self.id(name): name for name in self.lead_of()}
        e = schema.match_edges
        return {
            (min(pair), max(pair)): round(r.weight, 6)
            for r in self.rows(e)
            if (pair := (names[r.left_id], names[r.right_id])) and not r.asked
        }
