"""A small CRM's worth of mapping, and short ways to keep pages in a store and to look at what it holds."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from leadsync.config.facts import usual_tables
from leadsync.core.mapping import Counter, CrmMapping, Kind, ObjectMapping, OutcomeRule, ReadField, Test
from leadsync.store import agenda, evaluation, outbox, schema, sources
from leadsync.store.database import Store
from leadsync.store.evaluation import Decision, Stored
from leadsync.store.outbox import Write
from leadsync.sync.pull import Kept, Pull
from leadsync.types import Gone, Moved, Page, Record, Role, Value, WriteResult, WriteStatus

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def _words(**sources_: str) -> tuple[ReadField, ...]:
    return tuple(ReadField(word, (source,)) for word, source in sources_.items())


MAPPING = CrmMapping(
    {
        "Lead": ObjectMapping(
            "Lead", Role.LEAD, _words(email="Email", first_name="FirstName"), owner="OwnerId",
            counters=(Counter("Opens", "email_open", at="LastOpen", topic="news"),),
            outcomes=(OutcomeRule("converted", Test({"Converted": frozenset({"true"})}), at="ConvertedOn"),),
        ),
        "Contact": ObjectMapping("Contact", Role.LEAD, _words(email="Email")),
        "Account": ObjectMapping("Account", Role.COMPANY, _words(company="Name", employees="Employees")),
        "User": ObjectMapping(
            "User", Role.OWNER, _words(email="Email", name="Name", active="Active", kind="Kind", language="Language")
        ),
        "Task": ObjectMapping(
            "Task", Role.ACTIVITY, _words(topic="Topic"), at=("When",), detail=("Subject",),
            kinds=(Kind("call_in", Test({"Type": frozenset({"in"})})), Kind("call_out", Test({}))),
        ),
        "Deal": ObjectMapping(
            "Deal", Role.OUTCOME,
            outcomes=(OutcomeRule("won", Test({"Won": frozenset({"true"})}), at="Closed", amount="Amount"),),
        ),
    },
    {},
)  # fmt: skip


def record(
    id_: str, *, at: datetime | None = NOW - HOUR, links: Mapping[str, tuple[str, ...]] | None = None, **fields: Value
) -> Record:
    """A row of the CRM, changed at `at`."""
    return Record(id_, fields, NOW - 30 * DAY, at, links or {})


class Kit:
    """One connection's pages, and a look into the tables."""

    def __init__(self, store: Store, connection: str = "crm") -> None:
        self.store, self.connection = store, connection
        with store.begin():
            wanted = [(obj, read.role, MAPPING.asked(obj)) for obj, read in MAPPING.reads.items()]
            self.sources = {s.object: s for s in sources.prepare(store, connection, wanted)}
        self.pull = Pull(store, MAPPING, usual_tables(), list(self.sources.values()))

    def keep(
        self, obj: str, *found: Record, now: datetime = NOW, read_at: datetime | None = None,
        gone: tuple[Gone, ...] = (), moved: tuple[Moved, ...] = (), **cursor: Any,
    ) -> Kept:  # fmt: skip
        """A page of `obj` that was read at `read_at` (default: `now`) arrives."""
        return self.pull.keep(Page(obj, found, read_at or now, gone=gone, moved=moved), now, cursor)

    def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        """Rows of a table, in the order they were added."""
        with self.store.begin() as db:
            return list(db.execute(sa.select(table).where(*where).order_by(*table.primary_key.columns)))

    def record(self, obj: str, ext_id: str) -> Any:
        """One record's row."""
        t = schema.records
        [row] = self.rows(t, t.c.source_id == self.sources[obj].id, t.c.ext_id == ext_id)
        return row

    def lead(self, obj: str, ext_id: str) -> int:
        """The lead that a record belongs to."""
        found = self.record(obj, ext_id).lead_id
        assert isinstance(found, int)
        return found

    def told(self, table: sa.Table) -> list[tuple[Any, ...]]:
        """Activities or outcomes that hold now: (whose, row of the CRM, kind)."""
        names = {r.id: r.ext_id for r in self.rows(schema.records)}
        return sorted((names[e.record_id], e.ext_id, e.kind) for e in self.rows(table, table.c.closed_at.is_(None)))

    def marked(self) -> set[int]:
        """The leads that wait to be evaluated."""
        with self.store.begin():
            return set(agenda.touched(self.store, (), 1000).leads)

    def clear(self) -> None:
        """Forget all marks, as an evaluation does."""
        with self.store.begin():
            marks = agenda.touched(self.store, (), 1000)
            evaluation.save(self.store, [], [seq for seqs in marks.seqs.values() for seq in seqs], NOW)

    def result(self, lead: int, *, due: datetime | None = None, rep: str | None = None, **words: Value) -> Stored:
        """A result of a lead."""
        return Stored(lead, {"score": 1, "temperature": "cold", "stage": "MQL"} | words, "[]", rep, due)

    def plan(self, obj: str, ext_id: str, now: datetime = NOW, **fields: tuple[Value, Value]) -> Write:
        """An intended write to a record."""
        row = self.record(obj, ext_id)
        decision = Decision(self.result(row.lead_id), [(row.id, fields)])
        with self.store.begin():
            [(_, saved)] = evaluation.save(self.store, [decision], [], now)
        return Write(saved["id"], row.id, row.source_id, ext_id, saved["fields"], "planned")

    def settle(
        self, write: Write, status: WriteStatus, *, now: datetime = NOW, stamp: datetime | None = None, code: str = ""
    ) -> None:
        """The CRM's answer to a write that was sent."""
        with self.store.begin():
            outbox.sent(self.store, [write], now)
            outbox.settle(self.store, [(write, WriteResult(str(write.id), status, stamp, code))], now)

    def state(self, write: Write) -> str:
        """What became of a write."""
        [row] = self.rows(schema.writes, schema.writes.c.id == write.id)
        return str(row.state)
