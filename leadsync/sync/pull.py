"""A page that was read becomes rows of the store, in one transaction with its cursor."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from leadsync.core import facts as core_facts
from leadsync.core import mapping as core
from leadsync.core.facts.tables import Tables
from leadsync.core.keys import keys as keys_of
from leadsync.store import again, keys, left_out, records, schema, sources
from leadsync.store.database import Store
from leadsync.store.records import Known, Row
from leadsync.store.sources import Source
from leadsync.sync.refusal import Refusal
from leadsync.types import Cursor, Page, Record, Role, Value


@dataclass(slots=True)
class Kept:
    """What a page brought: new or changed leads, new activities."""

    pulled: int = 0
    activities: int = 0


class Pull:
    """Keeps the pages of one connection; `tables` are what facts are derived by."""

    def __init__(self, store: Store, mapping: core.CrmMapping, tables: Tables, found: Sequence[Source]) -> None:
        self._store, self._mapping, self._tables = store, mapping, tables
        self._by_object = {source.object: source for source in found}
        self._late = False
        self._refusal = Refusal(store, self._by_object, tables.mail)

    def reads(self, obj: str) -> bool:
        """Whether this object is read."""
        return obj in self._by_object

    def source(self, obj: str) -> Source:
        """Where reading this object has come to, as it was when it was opened."""
        return self._by_object[obj]

    def keep(self, page: Page, now: datetime, cursor: Mapping[str, Any], *, late: bool = False) -> Kept:
        """Store the page and move the cursor, all or nothing. `cursor` are the columns of the source to set.

        What a `late` page (one of the backfill) touches is evaluated after what has just happened.
        """
        self._late = late
        source, mapping, kept = self._by_object[page.object], self._mapping.reads[page.object], Kept()
        with self._store.begin():
            page, unlinked = self._refusal.sift(page, source, mapping, now)
            if source.role in (Role.LEAD, Role.COMPANY):
                self._rows(source, mapping, page, now, kept)
            elif source.role is Role.OWNER:
                self._owners(source, mapping, page)
            else:
                self._events(source, mapping, page, unlinked, now, kept)
            if cursor:
                sources.move(self._store, source.id, **cursor)
        return kept

    # people and companies

    def _rows(self, source: Source, mapping: core.ObjectMapping, page: Page, now: datetime, kept: Kept) -> None:
        known = records.known(self._store, source.id, [r.id for r in page.records])
        companies = self._linked(page.records, Role.COMPANY)
        changed: dict[str, tuple[Record, Known | None]] = {}
        for read in page.records:
            old = known.get(read.id)
            record = _current(old, read, page.read_at)
            if record is not None and not _unchanged(old, record, companies.get(read.id)):
                changed[read.id] = (record, old)
        ids = self._ids(known, changed)
        lead_of: dict[int, int] = {}
        if source.role is Role.LEAD:
            alone = [ids[ext_id] for ext_id, (_, old) in changed.items() if old is None or old.lead_id is None]
            lead_of = records.new_leads(self._store, alone, now)
        new, old_rows = [], []
        for record, old in changed.values():
            row = self._row(ids[record.id], mapping, record, old, companies.get(record.id), now)
            row["lead_id"] = lead_of.get(row["id"]) or (old.lead_id if old else None)
            if old is None:
                new.append(row | {"source_id": source.id, "ext_id": record.id})
            else:
                old_rows.append(row)
        records.insert(self._store, schema.records, new)
        records.update(self._store, old_rows)
        records.insert(self._store, schema.changes, self._deltas(ids, changed.values(), now))
        if source.role is Role.LEAD:
            kept.activities += self._counted(source, mapping, ids, changed.values(), now)
            self._ended(source, mapping, ids, [record for record, _ in changed.values()], now)
            for ext_id, person in self._linked(page.records, Role.LEAD).items():
                records.follow(self._store, ids[ext_id] if ext_id in ids else known[ext_id].id, person, now)
            kept.pulled += len(changed)
        self._touch(source, list(ids.values()))
        self._index(source, [*new, *old_rows], fresh=not old_rows)
        self._leave(source, page, now)

    def _index(self, source: Source, rows: Sequence[Row], *, fresh: bool) -> None:
        """What these rows are found by from now on; whoever is of these companies by it is touched as well."""
        of = keys.PERSON if source.role is Role.LEAD else keys.COMPANY
        keys.replace(self._store, of, {row["id"]: keys_of(row["facts"], self._tables) for row in rows}, fresh=fresh)
        if source.role is Role.COMPANY:
            self._touch(source, [row["id"] for row in rows])

    def _ids(self, known: Mapping[str, Known], changed: Iterable[str]) -> dict[str, int]:
        missing = [ext_id for ext_id in changed if ext_id not in known]
        fresh = dict(zip(missing, self._store.new_ids(schema.records, len(missing)), strict=True)) if missing else {}
        return {ext_id: fresh[ext_id] if ext_id in fresh else known[ext_id].id for ext_id in changed}

    def _row(
        self, id_: int, mapping: core.ObjectMapping, record: Record, old: Known | None, company: int | None,
        now: datetime,
    ) -> Row:  # fmt: skip
        return {
            "id": id_,
            "fields": record.fields,
            "facts": core_facts.derive(core.values(mapping, record), self._tables),
            "company_id": company,
            "created_at": record.created_at,
            "modified_at": record.modified_at,
            "known_at": now,
            "gone_at": old.gone_at if old is not None and old.moved_to is not None else None,
        }

    def _deltas(self, ids: Mapping[str, int], changed: Any, now: datetime) -> list[Row]:
        rows = []
        for record, old in changed:
            delta = record.fields
            if old is not None and (before := old.fields) is not None:
                delta = {k: v for k, v in delta.items() if k not in before or not _equal(before[k], v)}
            if delta:
                # what a backfill finds has been so since nobody knows when: it is known from now on
                at = now if old is None and self._late else record.modified_at or now
                rows.append({"record_id": ids[record.id], "known_at": now, "fields": delta, "happened_at": at})
        new = self._store.new_ids(schema.changes, len(rows)) if rows else ()
        return [row | {"id": id_} for id_, row in zip(new, rows, strict=True)]

    def _counted(
        self, source: Source, mapping: core.ObjectMapping, ids: Mapping[str, int], changed: Any, now: datetime
    ) -> int:
        rows = [
            {"record_id": ids[record.id], "ext_id": f"{record.id}:{h.key}", "kind": h.kind, "happened_at": h.at,
             "count": h.times, "detail": h.detail or None, "topic": h.topic or None}
            for record, old in changed
            for h in map(self._with_topic, core.counted(mapping, old.fields if old else None, record))
        ]  # fmt: skip
        records.add_events(self._store, schema.activities, source.id, rows, now)
        return len(rows)

    def _ended(
        self,
        source: Source,
        mapping: core.ObjectMapping,
        ids: Mapping[str, int],
        found: Sequence[Record],
        now: datetime,
    ) -> None:
        if mapping.outcomes:
            rows = [outcome_row(ids[r.id], r.id, ended) for r in found if (ended := core.outcome(mapping, r))]
            told = [record.id for record in found]
            records.replace_events(self._store, schema.outcomes, source.id, told, rows, now)

    def _leave(self, source: Source, page: Page, now: datetime) -> None:
        """Deleted rows, and rows that live on in another."""
        leaving = records.known(self._store, source.id, [g.id for g in page.gone] + [m.id for m in page.moved])
        gone = [leaving[g.id] for g in page.gone if g.id in leaving and leaving[g.id].gone_at is None]
        when = {g.id: g.at for g in page.gone}
        records.update(self._store, [{"id": k.id, "gone_at": when[k.ext_id] or now} for k in gone])
        self._touch(source, [k.id for k in gone])
        for move in page.moved:
            old, target = leaving.get(move.id), self._by_object.get(move.to_object)
            if old is None or old.moved_to is not None:
                continue
            if target is None:  # an object that is not read: it is gone from what leadsync sees
                records.update(self._store, [{"id": old.id, "gone_at": move.at or now}])
                self._touch(source, [old.id])
                continue
            survivor = records.ensure(self._store, target.id, [move.to_id])[move.to_id]
            records.update(self._store, [{"id": old.id, "gone_at": move.at or now, "moved_to": survivor}])
            if source.role is Role.LEAD:
                if move.kind == "merged":  # the survivor's own counters hold what these counted
                    records.close_counted(self._store, source.id, old.id, now)
                records.unite(self._store, old.id, survivor, now)
            else:
                self._touch(source, [old.id])
                records.hand_on(self._store, old.id, survivor)

    def _touch(self, source: Source, ids: Sequence[int]) -> None:
        """Mark the people that these records are, or the people of these companies."""
        people = ids if source.role is Role.LEAD else keys.people_of(self._store, ids)
        records.mark(self._store, sorted(people), late=self._late)

    # activities and outcomes

    def _events(
        self, source: Source, mapping: core.ObjectMapping, page: Page, unlinked: Collection[str], now: datetime,
        kept: Kept,
    ) -> None:  # fmt: skip
        """What these rows tell; the text of those `unlinked` from an erased person is not kept."""
        people: dict[tuple[str, str], int] = {}
        for obj, ids in _links(page.records).items():
            linked = self._by_object.get(obj)
            if linked is not None and linked.role is Role.LEAD:
                found = records.ensure(self._store, linked.id, sorted(ids))
                people.update({(obj, ext_id): id_ for ext_id, id_ in found.items()})
        table = schema.activities if source.role is Role.ACTIVITY else schema.outcomes
        rows, unread = [], dict[str, tuple[str, list[int]]]()
        for record in page.records:
            whose = [people[obj, id_] for obj, ids in record.links.items() for id_ in ids if (obj, id_) in people]
            if source.role is Role.ACTIVITY:
                told = core.activity(mapping, record)
                told = told and self._with_topic(told)
                if told and record.id in unlinked:
                    told = told._replace(detail="", topic="")
                read = [activity_row(person, record.id, told) for person in whose] if told else []
            else:
                ended = core.outcome(mapping, record)
                read = [outcome_row(person, record.id, ended) for person in whose] if ended else []
            rows += read
            whole = bool(read) and source.role is Role.ACTIVITY
            if not whole and record.id not in unlinked and (why := core.untold(mapping, record)):
                unread[record.id] = why, whose
        told_ids = [r.id for r in page.records] + [g.id for g in page.gone] + [m.id for m in page.moved]
        touched = records.replace_events(self._store, table, source.id, told_ids, rows, now)
        left_out.note(self._store, source.id, told_ids, unread)
        records.mark(self._store, touched, late=self._late)
        if source.role is Role.ACTIVITY:
            kept.activities += len(touched)

    def _with_topic(self, told: core.Happened) -> core.Happened:
        """What happened, with the topic that its text tells where the mapping tells none."""
        known = told.topic or not told.detail
        return told if known else told._replace(topic=self._tables.intents.topic(told.detail))

    def _linked(self, found: Sequence[Record], role: Role) -> dict[str, int]:
        """Record → the first record of that role it is linked to (made as a stub where it is not known yet)."""
        linked: dict[str, int] = {}
        for obj, ids in _links(found).items():
            source = self._by_object.get(obj)
            if source is not None and source.role is role:
                known = records.ensure(self._store, source.id, sorted(ids))
                linked.update({r.id: known[r.links[obj][0]] for r in found if r.links.get(obj)})
        return linked

    def _owners(self, source: Source, mapping: core.ObjectMapping, page: Page) -> None:
        rows = [owner_row(mapping, record) for record in page.records]
        nobody = {"name": "", "email": "", "kind": "person", "active": False, "language": None}
        rows += [nobody | {"ext_id": g.id} for g in page.gone]
        changed = records.save_owners(self._store, source.id, rows)
        again.owners_changed(self._store, source.connection, changed)


def _current(old: Known | None, record: Record, read_at: datetime) -> Record | None:
    """The row as it stands, or None where the store knows a later state of it.

    A page that was read before one of our writes was confirmed cannot take back the fields of that write, and neither
    can a row whose stamp is older than the write's.
    """
    if old is None or old.fields is None:
        return record
    if record.modified_at and old.modified_at and record.modified_at < old.modified_at:
        return None
    if not old.ours or not old.wrote_at:
        return record
    read = int(read_at.timestamp() * 1e6)
    last = int(old.wrote_at.timestamp() * 1e6) - 1
    stale = bool(old.wrote_stamp and record.modified_at and record.modified_at < old.wrote_stamp)
    newer = {
        name: old.fields.get(name)
        for name, (_, confirmed, *_) in old.ours.items()
        if name in record.fields and (read <= confirmed or (stale and confirmed >= last))
    }
    return replace(record, fields={**record.fields, **newer}) if newer else record


def _unchanged(old: Known | None, record: Record, company: int | None) -> bool:
    if old is None or old.fields is None or company != old.company_id or (old.gone_at and old.moved_to is None):
        return False
    before, fields = old.fields, record.fields
    return before == fields or (
        before.keys() == fields.keys() and all(_equal(before[name], value) for name, value in fields.items())
    )


def _equal(before: Value, after: Value) -> bool:
    """Stricter than planning's `same`: +48 123 and 0048 123, were they numbers, would be one."""
    return before == after or core.text(before) == core.text(after)


def _links(found: Sequence[Record]) -> dict[str, set[str]]:
    linked: dict[str, set[str]] = {}
    for record in found:
        for obj, ids in record.links.items():
            linked.setdefault(obj, set()).update(ids)
    return linked


def activity_row(person: int, ext_id: str, told: core.Happened) -> Row:
    """A row of activities, but for what the store adds."""
    return {"record_id": person, "ext_id": ext_id, "kind": told.kind, "happened_at": told.at, "count": told.times,
            "detail": told.detail or None, "topic": told.topic or None}  # fmt: skip


def owner_row(mapping: core.ObjectMapping, record: Record) -> Row:
    """A row of owners, but for what the store adds."""
    words = core.values(mapping, record)
    name = words.get("name") or f"{words.get('first_name', '')} {words.get('last_name', '')}".strip()
    active = words.get("active", "true").lower() in ("true", "yes", "1")
    return {"ext_id": record.id, "name": name, "email": words.get("email", "").lower(), "active": active,
            "kind": words.get("kind", "person").lower(), "language": words.get("language")}  # fmt: skip


def outcome_row(person: int, ext_id: str, ended: core.Ended) -> Row:
    """A row of outcomes, but for what the store adds."""
    return {"record_id": person, "ext_id": ext_id, "kind": ended.kind, "happened_at": ended.at, "amount": ended.amount}


def columns(which: str, cursor: Cursor) -> dict[str, Any]:
    """The cursor columns of a pass: `head` (fast) or `settled` (delayed)."""
    return {f"{which}_at": cursor.at, f"{which}_id": cursor.id}
