"""A small CRM in this process that keeps the contract of a connector and misbehaves when told to."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from leadsync.config.classes import compile_classes
from leadsync.config.document import Document, load
from leadsync.config.facts import compile_facts
from leadsync.config.funnel import compile_funnel
from leadsync.config.load import Config, ConnectionConfig, shipped
from leadsync.config.scoring import compile_scoring
from leadsync.config.secrets import ConnectionSecrets
from leadsync.connector import ConnectionSettings, Failed
from leadsync.core.mapping import CrmMapping, Kind, ObjectMapping, ReadField, Test
from leadsync.core.write_field import WriteField
from leadsync.errors import ConnectionFailed, Rejected, Transient
from leadsync.store.database import open_store
from leadsync.sync.cycle import Coordinator
from leadsync.types import (
    Ask,
    Capabilities,
    Cursor,
    FieldSchema,
    Gone,
    IdPage,
    Moved,
    ObjectSchema,
    Page,
    Quota,
    Record,
    Role,
    Value,
    WriteOp,
    WriteResult,
    WriteStatus,
)  # fmt: skip

SETTLE = timedelta(minutes=5)
TICK = timedelta(milliseconds=1)
PLAIN = {"Lead": ("Email", "Country", "Title"), "Contact": ("Email", "Country", "Title"), "Call": ("When",)}
OURS = {"Lead": ("Score", "Heat", "Why"), "Contact": ("Score", "Heat", "Why")}
_WORDS = (ReadField("email", ("Email",)), ReadField("country", ("Country",)), ReadField("job_title", ("Title",)))
_WRITES = (WriteField("Score", "score"), WriteField("Heat", "temperature"), WriteField("Why", "reasons"))
MAPPING = CrmMapping(
    {
        "Lead": ObjectMapping("Lead", Role.LEAD, _WORDS),
        "Contact": ObjectMapping("Contact", Role.LEAD, _WORDS),
        "Call": ObjectMapping("Call", Role.ACTIVITY, at=("When",), kinds=(Kind("call_in", Test({})),)),
    },
    {"Lead": _WRITES, "Contact": _WRITES},
)
SCORING = """\
fit:
  cap: 40
  rules:
    market: {points: 20, when: "country in [PL, VN]"}
    chief: {points: 15, when: "job_title matches 'chief*'"}
engagement:
  cap: 60
  rules:
    call: {points: 25, per: call_in, half_life: 7d}
    silent: {points: -10, when: "no call_in in 10d"}
"""


Open = Callable[[Config], Coordinator]


class Clock:
    """Time that moves a little whenever it is looked at, and by days when the test says so."""

    def __init__(self) -> None:
        self._now, self._lock = datetime(2026, 3, 2, 6, tzinfo=UTC), threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self._now += TICK
            return self._now

    def sleep(self, seconds: float) -> None:
        self.pass_(timedelta(seconds=seconds))

    def pass_(self, span: timedelta) -> None:
        with self._lock:
            self._now += span


@dataclass
class Row:
    """A row with all its versions (stamp, fields), and how it left."""

    versions: list[tuple[datetime, dict[str, Value]]]
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left: Gone | Moved | None = None
    left_at: datetime | None = None

    @property
    def fields(self) -> dict[str, Value]:
        return self.versions[-1][1]


class Crm:
    """Rows by object and id. `faults` says what the next writes do, `lag` how late changes can be found."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.rows: dict[str, dict[str, Row]] = {"Lead": {}, "Contact": {}, "Call": {}}
        self.made: dict[str, int] = {}
        self.faults: list[str] = []
        self.poisoned: set[tuple[str, str]] = set()
        self.columns = {
            obj: {name: FieldSchema(name, "text") for name in (*PLAIN[obj], *OURS.get(obj, ()))} for obj in self.rows
        }
        self.unreadable: dict[str, ConnectionFailed] = {}  # object → why it cannot be read now
        self.quota = Quota(0)
        self.lag = timedelta()
        self.writes: list[WriteOp] = []
        self.needless: list[WriteOp] = []  # writes of a value that stood there already
        self.lock = threading.RLock()

    # what people do in it

    def add(self, obj: str, fields: Mapping[str, Value], **links: tuple[str, ...]) -> str:
        with self.lock:
            number = self.made.get(obj, 0)
            self.made[obj] = number + 1
            id_ = f"{'T' if obj == 'Call' else obj[0]}{number}"
            self.rows[obj][id_] = Row([(self.clock.now(), dict(fields))], dict(links))
            return id_

    def edit(self, obj: str, id_: str, **fields: Value) -> None:
        with self.lock:
            row = self.rows[obj][id_]
            row.versions.append((self.clock.now(), {**row.fields, **fields}))

    def delete(self, obj: str, id_: str) -> None:
        with self.lock:
            at = self.clock.now()
            self.rows[obj][id_].left, self.rows[obj][id_].left_at = Gone(id_, at), at

    def move(self, obj: str, id_: str, to: str, to_id: str) -> None:
        with self.lock:
            at, row = self.clock.now(), self.rows[obj][id_]
            row.left, row.left_at = Moved(id_, to, to_id, "merged" if obj == to else "converted", at), at
            for call in self.rows["Call"].values():  # its activity goes with it
                if id_ in call.links.get(obj, ()):
                    call.links = {to: (to_id,)}
                    call.versions.append((self.clock.now(), call.fields))

    def purge(self, obj: str, id_: str) -> None:
        """As if it had never been: only a census can tell."""
        with self.lock:
            del self.rows[obj][id_]

    def calculate(self, obj: str, id_: str, **fields: Value) -> None:
        """A value changes and the row's stamp does not."""
        with self.lock:
            at, values = self.rows[obj][id_].versions[-1]
            self.rows[obj][id_].versions[-1] = (at, {**values, **fields})

    def live(self, obj: str) -> list[str]:
        return [id_ for id_, row in self.rows[obj].items() if row.left is None]

    def held(self, ours: bool) -> dict[tuple[str, str], dict[str, Value]]:
        """The fields of all live people: those that leadsync writes, or all others."""
        return {
            (obj, id_): {k: v for k, v in self.rows[obj][id_].fields.items() if (k in OURS[obj]) is ours and v != ""}
            for obj in OURS
            for id_ in self.live(obj)
        }


class Connection:
    """A connector to such a CRM."""

    capabilities = Capabilities(
        {"Lead": Role.LEAD, "Contact": Role.LEAD, "Call": Role.ACTIVITY}, write_batch=3, settle=SETTLE
    )

    def __init__(self, crm: Crm) -> None:
        self.crm, self.calls = crm, 0

    def now(self) -> datetime:
        return self.crm.clock.now()

    def user(self) -> str | None:
        return None

    def quota(self) -> Quota:
        return replace(self.crm.quota, calls=self.calls)

    def describe(self, obj: str) -> ObjectSchema:
        self.calls += 1
        return ObjectSchema(obj, dict(self.crm.columns[obj]))

    def ids(self, obj: str) -> Iterator[IdPage]:
        self.calls += 1
        live = self.crm.live(obj)
        for start in range(0, len(live) or 1, 3):
            yield IdPage(tuple(live[start : start + 3]), str(start) if start + 3 < len(live) else None)

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        with self.crm.lock:
            live = self.crm.live(obj)
        start = int(resume or 0)
        while True:
            self.calls += 1
            read_at = self.crm.clock.now()
            with self.crm.lock:
                part = live[start : start + 3]
                found = [self._record(i, self.crm.rows[obj][i], fields) for i in part if not self.crm.rows[obj][i].left]
            start += 3
            yield Page(obj, found, read_at, resume=str(start) if start < len(live) else None)
            if start >= len(live):
                return

    def changes(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page | Failed]:
        for ask in asks:
            self.calls += 1
            if failure := self._failure(ask):
                yield Failed(ask.object, failure)
                continue
            read_at = self.crm.clock.now()
            seen = min(until, read_at - self.crm.lag)  # a change of every other row is found only after the lag
            records, gone, moved, last = [], [], [], ask.since
            with self.crm.lock:
                for id_, row in self.crm.rows[ask.object].items():
                    left_at = row.left_at
                    if left_at is not None and left_at <= seen:
                        if left_at >= ask.since.at:
                            (gone if isinstance(row.left, Gone) else moved).append(row.left)  # type: ignore[arg-type]
                            last = max(last, Cursor(left_at, id_))
                        continue
                    late = seen if int(id_[1:]) % 2 else read_at  # one row is found late, its neighbour at once
                    known = [v for v in row.versions if v[0] <= min(until, late)]
                    if known and known[-1][0] >= ask.since.at:
                        records.append(self._record(id_, Row(known, row.links), ask.fields))
                        last = max(last, Cursor(known[-1][0], id_))
            records.sort(key=lambda r: (r.modified_at, r.id))
            yield Page(ask.object, records, read_at, cursor=last, gone=gone, moved=moved)  # type: ignore[arg-type]

    def _failure(self, ask: Ask) -> ConnectionFailed | None:
        unknown = [name for name in ask.fields if name not in self.crm.columns[ask.object]]
        if unknown:
            return Rejected(f"{ask.object} has no field {', '.join(unknown)}", code="unknown_field")
        return self.crm.unreadable.get(ask.object)

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        self.calls += 1
        with self.crm.lock:
            rows = self.crm.rows[obj]
            return {
                id_: Gone(id_) if id_ not in rows else rows[id_].left or self._record(id_, rows[id_], fields)
                for id_ in ids
            }

    def write(self, writes: Sequence[WriteOp]) -> Sequence[WriteResult]:
        self.calls += 1
        with self.crm.lock:
            fault = self.crm.faults.pop(0) if self.crm.faults else ""
            if fault == "before":
                raise Transient("the answer did not come")
            kept = writes[: len(writes) // 2] if fault == "half" else writes
            results = [self._write(op, fault) for op in kept]
            if fault in ("after", "half"):
                raise Transient("the answer did not come")
            if fault == "silent":  # the CRM answers for some rows only
                return results[::2]
            return list(reversed(results))

    def _write(self, op: WriteOp, fault: str) -> WriteResult:
        row = self.crm.rows[op.object][op.id]
        if row.left is not None:
            return WriteResult(op.key, WriteStatus.GONE, moved_to=row.left if isinstance(row.left, Moved) else None)
        if (op.object, op.id) in self.crm.poisoned:
            return WriteResult(op.key, WriteStatus.REJECTED, code="BAD", message="a rule of this CRM")
        if fault in ("retry", "conflict") and int(op.id[1:]) % 2:
            return WriteResult(op.key, WriteStatus(fault))
        self.crm.writes.append(op)
        if any(row.fields.get(name) == value for name, value in op.fields.items()):
            self.crm.needless.append(op)
        self.crm.edit(op.object, op.id, **op.fields)
        return WriteResult(op.key, WriteStatus.APPLIED, row.versions[-1][0])

    def close(self) -> None:
        pass

    @staticmethod
    def _record(id_: str, row: Row, fields: Sequence[str]) -> Record:
        known = {name: row.fields.get(name) for name in fields}
        return Record(id_, known, row.versions[0][0], row.versions[-1][0], row.links)


def config(folder: Path, crms: Mapping[str, Any], *, live: bool = True, mapping: CrmMapping = MAPPING) -> Config:
    """An installation of these connections (name → what makes a connector)."""
    ladder = compile_funnel(shipped("funnel", "default", folder))
    settings = ConnectionSettings(type="fake", live=live)
    connections = {
        name: ConnectionConfig(
            name, make, settings, ConnectionSecrets(name, settings, folder / f".{name}.json", ""), mapping, ""
        )
        for name, make in crms.items()
    }
    document = rules(folder, SCORING)
    scoring = compile_scoring(document)
    facts = compile_facts(Document(folder / "facts.yaml", {}))
    classes = compile_classes(shipped("classes", "default", folder))
    return Config(
        folder, "sqlite:///leadsync.db", timedelta(seconds=1), ZoneInfo("UTC"), connections, tuple(connections),
        facts, classes, scoring, ladder, None, repr((scoring, mapping)), documents={"scoring": document},
    )  # fmt: skip


def rules(folder: Path, text: str) -> Document:
    """A file of scoring rules."""
    (folder / "scoring.yaml").write_text(text)
    return load(folder / "scoring.yaml")


def scored_by(found: Config, text: str) -> Config:
    """The same installation with these rules."""
    document = rules(found.folder, text)
    return replace(
        found,
        version=text,
        scoring=compile_scoring(document, ready=shipped),
        documents={**found.documents, "scoring": document},
    )


def maker(crm: Crm) -> Any:
    """What opens a connection to this CRM."""

    def make(settings: object, **_: object) -> Connection:
        return Connection(crm)

    return make


def coordinator(found: Config, clock: Clock) -> Coordinator:
    """A coordinator that is open on the store of this installation."""
    store = open_store(found.store, found.folder)
    opened = Coordinator(found, store, clock, logging.getLogger("test"), threading.Event())
    opened.open()
    return opened


def held(crm: Crm, field: str) -> list[Value]:
    """What the people in it hold in a field, in the order in which they were added."""
    return [row.fields.get(field) for row in crm.rows["Lead"].values()]


def problems(leadsync: Coordinator) -> list[tuple[str, str]]:
    """After a cycle: (object, field) of what does not fit."""
    return [(p["object"], p["field"]) for p in leadsync.cycle().connections["crm"].problems]


def rows(leadsync: Coordinator, query: Any) -> list[Any]:
    """What a query over the store finds."""
    with leadsync.store.reading() as db:
        return list(db.execute(query))
