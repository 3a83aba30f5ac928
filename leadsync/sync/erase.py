"""Erasing a person: all records of their leads go from the store, and are known when they come back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from leadsync.config.load import Config
from leadsync.core.facts import value_of
from leadsync.core.identity import Identity, identities, with_mailboxes
from leadsync.core.keys import key
from leadsync.core.mapping import ObjectMapping, text
from leadsync.errors import UsageError
from leadsync.redact import concealed
from leadsync.store import erase, keys, mail_domains, schema, sources
from leadsync.store.database import Store, chunks
from leadsync.store.erase import Tombstones
from leadsync.store.sources import Source
from leadsync.sync.planning import find
from leadsync.types import Ref

_NAMES = ("name", "first_name", "last_name", "handle")
_FORMS = (str, str.lower, str.upper, str.title)


@dataclass(slots=True)
class Person:
    """Who would be erased: `rows` by record, what they are known by, and who `shares` a number with them and stays."""

    leads: set[int] = field(default_factory=set)
    rows: dict[int, Ref] = field(default_factory=dict)
    fields: dict[int, set[str]] = field(default_factory=dict)  # names of those that hold, or held, something
    known_by: set[Identity] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    shares: dict[Ref, set[Identity]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """As JSON has it: nothing of the person but refs and names of fields."""
        told = [ref._asdict() | {"fields": sorted(self.fields[record])} for record, ref in self.rows.items()]
        return {"records": told, "counts": self.counts, "same_phone": [ref._asdict() for ref in self.shares]}

    def kept(self) -> list[dict[str, Any]]:
        """The records as they are kept: an id that names the person is empty."""
        telling = {value.lstrip("+") for _, value in self.known_by}
        named = {ref.id for ref in self.rows.values() if any(value in ref.id.lower() for value in telling)}
        return [told | {"id": "" if told["id"] in named else told["id"]} for told in self.body()["records"]]

    def hide(self, told: str) -> str:
        """A text without the person's addresses, numbers and names."""
        return concealed(told, {form(word) for word in self.names if len(word) > 1 for form in _FORMS})


class Eraser:
    """Finds people in a store whose lease is held, and erases them."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store, self._mail = config, store, config.facts.tables.mail
        with store.begin():
            self._sources = {source.id: source for source in sources.load(store)}

    def person(self, wanted: str) -> Person:
        """Whom an e-mail, a URL, an id, or CONNECTION/OBJECT/ID means, with all leads that have an e-mail of theirs,
        in any spelling of the mailbox.

        Raises `UsageError` where nobody has it, or an id is that of several people.
        """
        fresh, found = self._meant(wanted), Person()
        while fresh:
            with self._store.begin():
                self._add(found, fresh)
            fresh = self._same({i.value for i in found.known_by if i.kind == "email"}) - found.leads
        with self._store.begin():
            found.counts = erase.count(self._store, found.rows, found.leads)
            self._share(found)
        return found

    def _same(self, emails: Collection[str]) -> set[int]:
        """The leads that have one of these addresses, or another spelling of its mailbox."""
        boxes = {box.key for box in map(self._mail.read, emails) if box}
        found = set[int]().union(*(find(self._store, email) for email in emails))
        with self._store.begin() as db:
            near = keys.holders(db, {key("email", box) for box in boxes})
            r, ids = schema.records.c, sorted({id_ for held in near.values() for id_ in held})
            for part in chunks(ids):
                for row in db.execute(sa.select(r.lead_id, r.facts).where(r.id.in_(part), r.lead_id.is_not(None))):
                    box = self._mail.read(str(value_of(row.facts["email"]))) if "email" in (row.facts or {}) else None
                    found |= {row.lead_id} if box and box.key in boxes else set()
        return found

    def _meant(self, wanted: str) -> set[int]:
        leads = set(find(self._store, wanted))
        if not leads:
            raise UsageError("no lead has this e-mail, id or URL", fix="write it as its CRM shows it")
        if len(leads) == 1 or ("@" in wanted and "/" not in wanted):
            return leads
        with self._store.begin():
            refs = {self._ref(row): row.lead_id for row in erase.rows_of(self._store, leads)}
        parts = wanted.split("?")[0].split("/")
        same = {ref: lead for ref, lead in refs.items() if ref.id in parts}
        exact = {lead for ref, lead in same.items() if "/".join(ref) == wanted}
        if not exact:
            raise UsageError("several people have this id", fix="write one of " + ", ".join(map("/".join, same)))
        return exact

    def _ref(self, row: Any) -> Ref:
        source = self._sources[row.source_id]
        return Ref(source.connection, source.object, row.ext_id)

    def _mapping(self, source: Source) -> ObjectMapping:
        connection = self._config.connections.get(source.connection)
        read = connection.mapping.reads.get(source.object) if connection else None
        return read or ObjectMapping(source.object, source.role)

    def _add(self, found: Person, leads: Collection[int]) -> None:
        rows = erase.rows_of(self._store, leads)
        past = erase.past_of(self._store, [row.id for row in rows])
        found.leads.update(leads)
        for row in rows:
            mapping, now = self._mapping(self._sources[row.source_id]), row.fields or {}
            states = [now, *({**now, **before} for before in past.get(row.id, ()))]
            found.rows[row.id] = self._ref(row)
            found.fields[row.id] = {name for state in states for name, value in state.items() if text(value)}
            facts = {name: str(value_of(kept)) for name, kept in (row.facts or {}).items()}
            found.known_by.update(Identity(kind, facts[kind]) for kind in ("email", "phone") if kind in facts)
            found.known_by.update(*(identities(mapping, state) for state in states))
            telling = {s for f in mapping.fields if f.name in (*_NAMES, "email", "phone") for s in f.sources}
            found.names.update(text(state.get(name)) for state in states for name in telling)
            found.names.update(facts[name] for name in _NAMES if name in facts)
        found.names.update(value for _, value in found.known_by)
        found.names.discard("")

    def _share(self, found: Person) -> None:
        """Who else in the store has a number of the person's: an office or a family."""
        r = schema.records.c
        for identity in sorted(i for i in found.known_by if i.kind == "phone"):
            needle = orjson.dumps({"phone": identity.value}).decode()[1:-1]
            held = sa.type_coerce(r.facts, sa.Text).contains(needle, autoescape=True)
            query = sa.select(r.id, r.source_id, r.ext_id).where(r.lead_id.is_not(None), r.gone_at.is_(None), held)
            for row in self._store.connection.execute(query):
                if row.id not in found.rows:
                    found.shares.setdefault(self._ref(row), set()).add(identity)

    def erase(self, found: Person, now: datetime) -> None:
        """Remove them, and have their rows refused from now on: one transaction; `erase.scrub` comes after it.

        A number that somebody shares who stays is not refused.
        """
        shared = set[Identity]().union(*found.shares.values())
        with self._store.begin():
            erase.remove(self._store, found.rows)
            erase.hush(self._store, found.hide)
            emails = [identity.value for identity in found.known_by if identity.kind == "email"]
            mail_domains.forget_unused(self._store, {email.rpartition("@")[2] for email in emails})
            graves = Tombstones(self._store)
            graves.add(("ref", *ref) for ref in found.rows.values())
            graves.add(with_mailboxes(found.known_by - shared, self._mail))
            erase.keep(self._store, found.kept(), now)
