"""A CRM in memory with a connector and a driver: small, and in accord with every clause of the contract."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from leadsync.connector import (
    Ask,
    AuthLost,
    Capabilities,
    ConnectionFailed,
    ConnectionSettings,
    Connector,
    Cursor,
    Failed,
    FaultRule,
    FieldSchema,
    Finding,
    Gone,
    IdPage,
    Moved,
    NotFound,
    ObjectSchema,
    Page,
    Past,
    Quota,
    Record,
    Rejected,
    Role,
    Step,
    Transient,
    Value,
    WantedField,
    WriteOp,
    WriteResult,
    WriteStatus,
    retrying,
)
from leadsync.testing.driver import ManualClock, Subject
from leadsync.testing.faults import Faults
from leadsync.testing.server import as_json

T = TypeVar("T")

URL = "http://127.0.0.1:1"
SECRET = "canary-in-memory"
PAGE = 4
FIELDS = {
    "people": (
        FieldSchema("name", "text"), FieldSchema("city", "text"), FieldSchema("age", "number"),
        FieldSchema("score", "number"), FieldSchema("note", "text"), FieldSchema("day", "date"),
        FieldSchema("grade", "enum", options=("A", "B")), FieldSchema("made_by", "text", writable=False),
        FieldSchema("owner", "ref"),
    ),
    "members": (FieldSchema("name", "text"),),
    "calls": (FieldSchema("title", "text"), FieldSchema("body", "text")),
}  # fmt: skip


@dataclass
class Row:
    """A row of the CRM; `left` says how it ended. Until it is `visible` it is found where it was `before`."""

    id: str
    fields: dict[str, Value]
    at: datetime
    visible: datetime
    links: tuple[str, ...] = ()
    left: Gone | Moved | None = None
    past: list[Past] = field(default_factory=list)
    before: datetime | None = None


@dataclass
class Crm:
    """The account. Every operation is a request."""

    clock: ManualClock
    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {obj: {} for obj in FIELDS})
    schema: dict[str, dict[str, FieldSchema]] = field(
        default_factory=lambda: {obj: {f.name: f for f in fields} for obj, fields in FIELDS.items()}
    )
    jobs: dict[str, list[WriteResult]] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    faults: Faults = field(default_factory=lambda: Faults((), lambda rule: as_json({})))
    calls: int = 0
    ahead: float = 0
    lag: float = 0

    def place(self, row: Row) -> Cursor | None:
        """Where a row is found now, if anywhere."""
        at = row.at if row.visible <= self.clock.now() else row.before
        return Cursor(at, row.id) if at else None

    def live(self, obj: str) -> list[Row]:
        return [row for row in self.rows[obj].values() if row.left is None]


class ReferenceSettings(ConnectionSettings):
    crm: Any = None


class ReferenceConnector:
    """Talks to such a CRM."""

    Settings: ClassVar[type[ConnectionSettings]] = ReferenceSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        {"people": Role.LEAD, "members": Role.LEAD, "calls": Role.ACTIVITY}, write_batch=7,
        settle=timedelta(minutes=5), bulk_from=100, conditional=True, merges=frozenset({"people"}),
    )  # fmt: skip

    def __init__(self, settings: ReferenceSettings, *, clock: ManualClock, secrets: Any, log: logging.Logger) -> None:
        self.crm: Crm = settings.crm
        self.url, self.clock, self.log, self.sent = settings.base_url, clock, log, 0

    # requests

    def request(self, doing: str, work: Callable[[], T]) -> T:
        """One request, sent again while that may help."""

        def once() -> T:
            if self.url != URL:
                raise Transient(f"nobody listens at {self.url}", fix="check `base_url`")
            self.sent += 1
            self.crm.calls += 1
            self.log.debug("asking for %s", doing)
            rule = self.crm.faults.strikes(f"POST /{doing}")
            if rule and rule.fault == "slow":
                time.sleep(rule.seconds)
            if rule is None or rule.fault == "slow":
                return work()
            if rule.fault == "lost":
                work()
            raise self.failure(rule)

        return retrying(once, self.clock, attempts=3)

    @staticmethod
    def failure(rule: FaultRule) -> ConnectionFailed:
        if rule.fault == "401":
            return AuthLost("the token is not accepted", fix="make another token")
        if rule.fault in ("429", "503", "cut", "lost"):
            return Transient(f"later ({rule.fault})", retry_after=rule.seconds or None, fix="wait")
        return Rejected(f"not understood ({rule.fault})")

    def known(self, obj: str, fields: Sequence[str] = ()) -> dict[str, FieldSchema]:
        if obj not in self.crm.schema:
            raise NotFound(f"there is no object {obj}")
        if unknown := [name for name in fields if name not in self.crm.schema[obj]]:
            raise Rejected(f"{obj} has no field {', '.join(unknown)}")
        return self.crm.schema[obj]

    def record(self, row: Row, fields: Sequence[str]) -> Record:
        links = {"people": row.links} if row.links else {}
        return Record(row.id, {name: row.fields.get(name) for name in fields}, row.at, row.at, links)

    # the contract

    def check(self, written: Mapping[str, Sequence[str]]) -> list[Finding]:
        try:
            self.request("check", lambda: None)
        except ConnectionFailed as error:
            return [Finding("error", error.message, error.fix)]
        return [Finding("ok", "it answers")]

    def now(self) -> datetime:
        return self.clock.now() + timedelta(seconds=self.crm.ahead)

    def user(self) -> str | None:
        return None

    def quota(self) -> Quota:
        return Quota(self.sent)

    def describe(self, obj: str) -> ObjectSchema:
        return self.request("describe", lambda: ObjectSchema(obj, dict(self.known(obj))))

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        for rows, following in self.pages(obj, resume, fields):
            yield Page(obj, [self.record(row, fields) for row in rows], self.clock.now(), resume=following)

    def ids(self, obj: str) -> Iterator[IdPage]:
        for rows, following in self.pages(obj, None, ()):
            yield IdPage(tuple(row.id for row in rows), following)

    def pages(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[tuple[list[Row], str | None]]:
        def ask(after: str) -> list[Row]:
            self.known(obj, fields)
            return [row for row in self.crm.live(obj) if row.id > after][: PAGE + 1]

        following: str | None = resume or ""
        while following is not None:
            after = following
            rows = self.request(f"list/{obj}", lambda: ask(after))  # noqa: B023 - called at once
            following = rows[PAGE - 1].id if len(rows) > PAGE else None
            yield rows[:PAGE], following

    def changes(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page | Failed]:
        for ask in asks:
            cursor: Cursor | None = ask.since
            while cursor is not None:
                here = cursor
                try:
                    rows = self.request(f"changes/{ask.object}", lambda: self.changed(ask, here, until))  # noqa: B023
                except Rejected as error:
                    yield Failed(ask.object, error)
                    break
                page = rows[:PAGE]
                cursor = page[-1][0] if page else cursor
                yield Page(
                    ask.object, [self.record(r, ask.fields) for _, r in page if not r.left], self.clock.now(), cursor,
                    gone=[r.left for _, r in page if isinstance(r.left, Gone)],
                    moved=[r.left for _, r in page if isinstance(r.left, Moved)],
                )  # fmt: skip
                if len(rows) <= PAGE:
                    break

    def changed(self, ask: Ask, since: Cursor, until: datetime) -> list[tuple[Cursor, Row]]:
        self.known(ask.object, ask.fields)
        rows = [
            (place, row)
            for row in self.crm.rows[ask.object].values()
            if (place := self.crm.place(row)) and since <= place and max(place.at, row.at) <= until
        ]
        rows = [one for one in rows if one[0] != since or since == ask.since]
        return sorted(rows, key=lambda one: one[0])[: PAGE + 1]

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        def ask() -> dict[str, Record | Moved | Gone]:
            self.known(obj, fields)
            rows = self.crm.rows[obj]
            return {i: rows[i].left or self.record(rows[i], fields) if i in rows else Gone(i) for i in ids}

        return self.request(f"read/{obj}", ask)

    def write(self, writes: Sequence[WriteOp]) -> Sequence[WriteResult]:
        if not writes:
            return []
        return self.request("write", lambda: [self.written(op) for op in reversed(writes)])

    def written(self, op: WriteOp) -> WriteResult:
        row, schema = self.crm.rows[op.object].get(op.id), self.crm.schema[op.object]
        if row is None or row.left:
            moved = row.left if row and isinstance(row.left, Moved) else None
            return WriteResult(op.key, WriteStatus.GONE, moved_to=moved)
        wrong = tuple(name for name in op.fields if name not in schema or not schema[name].writable)
        if wrong:
            return WriteResult(op.key, WriteStatus.REJECTED, message="no such field to write", fields=wrong)
        if op.unmodified_since is not None and row.at > op.unmodified_since:
            return WriteResult(op.key, WriteStatus.CONFLICT)
        if op.id in self.crm.locked:
            self.crm.locked.discard(op.id)
            return WriteResult(op.key, WriteStatus.RETRY, message="locked")
        self.edit(row, op.fields)
        return WriteResult(op.key, WriteStatus.APPLIED, row.at)

    def edit(self, row: Row, fields: Mapping[str, Value]) -> None:
        row.fields |= fields
        row.at = row.visible = self.clock.now()

    def close(self) -> None:
        self.log.debug("closed")

    # abilities

    def history(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Sequence[Past]]:
        rows = self.crm.rows[obj]
        return self.request("history", lambda: {i: [p for p in rows[i].past if p.field in fields] for i in ids})

    def merge(self, obj: str, kept: str, other: str) -> Moved:
        def work() -> Moved:
            left = self.crm.rows[obj][other].left = Moved(other, obj, kept, "merged", self.clock.now())
            return left

        return self.request("merge", work)

    def install(self, wanted: Sequence[WantedField], *, dry_run: bool) -> list[Step]:
        steps = []
        for want in wanted:
            there = want.name in self.known(want.object)
            if not there and not dry_run:
                self.known(want.object)[want.name] = FieldSchema(want.name, want.type)
            steps.append(Step(want.name, "there" if there else "missing" if dry_run else "created"))
        return steps

    def bulk_open(self, obj: str, fields: Sequence[str]) -> str:
        return f"job {len(self.crm.jobs)} of {obj}"

    def bulk_send(self, job: str, writes: Sequence[WriteOp]) -> None:
        self.crm.jobs[job] = [self.written(op) for op in writes]

    def bulk_results(self, job: str, writes: Sequence[WriteOp]) -> Sequence[WriteResult] | None:
        return self.crm.jobs.get(job) or [WriteResult(op.key, WriteStatus.RETRY) for op in writes]

    @classmethod
    def driver(cls, folder: Path) -> "ReferenceDriver":
        return ReferenceDriver()


class ReferenceDriver:
    """Reaches into the CRM."""

    cannot: Mapping[str, str] = {}
    secrets = (SECRET,)
    people = Subject(
        "people", ("name", "city"), "age", ours=("note", "score", "day", "grade"), read_only="made_by",
        fresh={"owner": "7"}, many=11,
    )  # fmt: skip
    activity = Subject("calls", ("title", "body"), fresh={"title": "a call"}, links="people")

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.crm = Crm(self.clock)

    def connect(self, **settings: Any) -> Connector:
        given = ReferenceSettings(**{"type": "reference", "base_url": URL, "crm": self.crm} | settings)
        return ReferenceConnector(given, clock=self.clock, secrets=None, log=logging.getLogger("conformance"))

    def add(self, obj: str, rows: Sequence[Mapping[str, Value]], links: Sequence[str] = ()) -> list[str]:
        now, first = self.clock.now(), len(self.crm.rows[obj])
        for number, fields in enumerate(rows, first):
            past = [Past(name, value, now) for name, value in fields.items()]
            id_ = f"{obj}{number:04}"
            self.crm.rows[obj][id_] = Row(id_, dict(fields), now, self._visible(), tuple(links), past=past)
        return list(self.crm.rows[obj])[first:]

    def _visible(self) -> datetime:
        return self.clock.now() + timedelta(seconds=self.crm.lag)

    def edit(self, obj: str, id_: str, fields: Mapping[str, Value]) -> None:
        row = self.crm.rows[obj][id_]
        row.fields |= fields
        place = self.crm.place(row)
        row.before, row.at, row.visible = place and place.at, self.clock.now(), self._visible()
        row.past += [Past(name, value, row.at) for name, value in fields.items()]

    def row(self, obj: str, id_: str) -> Mapping[str, Value] | None:
        row = self.crm.rows[obj].get(id_)
        return dict(row.fields) if row and not row.left else None

    def _leave(self, obj: str, id_: str, left: Gone | Moved) -> None:
        self.edit(obj, id_, {})
        self.crm.rows[obj][id_].left = left

    def delete(self, obj: str, id_: str) -> None:
        self._leave(obj, id_, Gone(id_, self.clock.now()))

    def purge(self, obj: str, id_: str) -> None:
        del self.crm.rows[obj][id_]

    def merge(self, obj: str, kept: str, lost: str) -> str:
        self._leave(obj, lost, Moved(lost, obj, kept, "merged", self.clock.now()))
        self.edit(obj, kept, {})
        for row in self.crm.rows["calls"].values():
            row.links = tuple(kept if id_ == lost else id_ for id_ in row.links)
        return kept

    def convert(self, obj: str, id_: str) -> tuple[str, str]:
        (became,) = self.add("members", [{"name": "a member"}])
        self._leave(obj, id_, Moved(id_, "members", became, "converted", self.clock.now()))
        return "members", became

    def skew(self, seconds: float) -> None:
        self.crm.ahead = seconds

    def lag(self, seconds: float) -> None:
        self.crm.lag = seconds

    def commit_late(self, obj: str, fields: Mapping[str, Value], seconds: float) -> str:
        (id_,) = self.add(obj, [fields])
        row = self.crm.rows[obj][id_]
        row.at = row.at - timedelta(seconds=seconds)
        return id_

    def fault(self, *rules: FaultRule) -> None:
        self.crm.faults.set(rules)

    def lock(self, obj: str, id_: str) -> None:
        self.crm.locked.add(id_)

    def calls(self) -> int:
        return self.crm.calls

    def close(self) -> None:
        pass
