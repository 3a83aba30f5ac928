"""The coordinator: owns the store, hands out jobs, evaluates what arrived. A cycle is one round of it."""

import hashlib
import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from leadsync import __version__
from leadsync.config.load import Config, ConnectionConfig
from leadsync.connector import Clock
from leadsync.core.plan import same
from leadsync.errors import LeadsyncError
from leadsync.store import evaluation, outbox, runs, schema, sources
from leadsync.store.database import Store
from leadsync.store.evaluation import Decision
from leadsync.store.outbox import Write
from leadsync.sync.evaluate import Evaluator, directory
from leadsync.sync.pull import Pull
from leadsync.sync.remap import remap
from leadsync.sync.report import ConnectionReport, CycleReport, Sample
from leadsync.sync.worker import Fetched, Introduced, Message, PageRead, Poll, Polled, Resolve, Send, Worker, Written
from leadsync.types import Gone, Moved, Page, Record, Role, WriteResult, WriteStatus

BATCH = 5000  # leads evaluated at once; they are stored in transactions of at most STORED
STORED = 500
_IN_FLIGHT = 10_000  # writes; above this evaluation waits for results
_TAKEN = 16  # messages taken in between two evaluations, so that neither starves the other
_SAMPLES = 10
_INTRODUCED_FOR = timedelta(days=1)


class Coordinator:
    """Everything that a process does with a store and its connections. One thread uses it."""

    def __init__(
        self, config: Config, store: Store, clock: Clock, log: logging.Logger, stopping: threading.Event
    ) -> None:
        self.config, self.store, self.clock, self.log, self.stopping = config, store, clock, log, stopping
        self.inbox: queue.Queue[Message] = queue.Queue(maxsize=8)
        self.workers: dict[str, Worker] = {}
        self.failed: dict[str, LeadsyncError] = {}
        self.polling: set[str] = set()
        self.backfilling: set[str] = set()
        self._pulls: dict[str, Pull] = {}
        self._sources: dict[int, sources.Source] = {}
        self._accounts: dict[str, dict[str, Any]] = {}
        self._flying: dict[int, int] = {}  # write → its lead
        self._held: set[int] = set()  # leads that wait for the next cycle
        self._unknown: dict[str, list[Write]] = defaultdict(list)  # writes whose outcome has to be read
        self._calls: dict[str, int] = {}
        self._owners_changed = True
        self._evaluator: Evaluator | None = None
        self._arrived = False
        self.report = self._new_report()
        self._started = time.monotonic()

    # beginning and end

    def open(self) -> None:
        """Take the lease, bring the store in line with the configuration, open the connections."""
        self.store.take_lease(self.clock.now())
        with self.store.begin():
            for name, connection in self.config.connections.items():
                mapping = connection.mapping
                wanted = [(obj, read.role, mapping.asked(obj)) for obj, read in mapping.reads.items()]
                found = sources.prepare(self.store, name, wanted)
                self._pulls[name] = Pull(self.store, mapping, found)
                self._accounts[name] = self.store.get_meta(f"account:{name}") or {}
            self._sources = {s.id: s for s in sources.load(self.store)}
            for write in outbox.unsettled(self.store):
                self._unknown[self._sources[write.source_id].connection].append(write)
        self._adopt()
        for name, connection in self.config.connections.items():
            self._connect(name, connection)

    def _adopt(self) -> None:
        """Rules or mappings that changed apply to every lead from now on."""
        version = f"{__version__} {self.config.version}"
        with self.store.begin():
            before = self.store.get_meta("rules")
        if before == version:
            return
        if before is not None:
            self.log.info("the configuration has changed: every lead is evaluated again")
            remap(self.store, self.config, self._sources, self.clock)
        with self.store.begin():
            outbox.forget_refusals(self.store)
            evaluation.mark_all(self.store)
            self.store.set_meta("rules", version)

    def _connect(self, name: str, connection: ConnectionConfig) -> None:
        try:
            connector = connection.connector(
                connection.settings, clock=self.clock, secrets=connection.secrets, log=self.log
            )
        except LeadsyncError as error:
            self.failed[name] = error
            return
        mapping = connection.mapping
        fields = {obj: mapping.asked(obj) for obj in mapping.reads}
        written = {obj: tuple(w.field for w in writes) for obj, writes in mapping.writes.items()}
        worker = Worker(
            name, connector, self.clock, self.log, self.inbox, fields,
            None if self._introduced(name, written) else written, self.stopping,
        )  # fmt: skip
        self.workers[name] = worker
        worker.start()

    def reconnect(self, name: str) -> None:
        """Try again a connection that could not be opened."""
        del self.failed[name]
        self._connect(name, self.config.connections[name])
        if name in self.failed:
            self.report.connections[name].error = self.failed[name]

    def _introduced(self, name: str, written: Mapping[str, Sequence[str]]) -> bool:
        known = self._accounts[name]
        return known.get("for") == _digest(written) and self.clock.now().timestamp() - known.get("at", 0) < (
            _INTRODUCED_FOR.total_seconds()
        )

    def close(self, patience: float = 8.0) -> None:
        """Let calls in the air end, for `patience` seconds together; then let go of everything."""
        self.stopping.set()
        end, working = time.monotonic() + patience, list(self.workers.values())
        while working and time.monotonic() < end:
            working = [worker for worker in working if not worker.stop(0.05)]
            self._keep_what_came()
        self._keep_what_came()
        self.store.close()

    def _keep_what_came(self) -> None:
        """Answers that are here are kept also while stopping: what is known need not be read again."""
        while not self.inbox.empty():
            message = self.inbox.get_nowait()
            if isinstance(message, Written | PageRead):
                self.handle(message)

    # one cycle

    def cycle(self) -> CycleReport:
        """Read all that is new, evaluate, write, wait for the answers."""
        self.begin_cycle()
        for name in self.workers:
            self.poll(name, whole=True)
        while self.polling and not self.stopping.is_set():
            self._next(0.5)
        while not self.stopping.is_set():
            if not self.evaluate_some() and not self._flying:
                break
            self.take_in(0.5 if len(self._flying) > _IN_FLIGHT else 0.05 if self._flying else 0.0)
        return self.end_cycle()

    def begin_cycle(self) -> None:
        """Start counting anew."""
        self._held.clear()
        self.report, self._started = self._new_report(), time.monotonic()
        for name, error in self.failed.items():
            self.report.connections[name].error = error

    def end_cycle(self) -> CycleReport:
        """The report, kept in the store and logged as one line."""
        report = self.report
        report.seconds = time.monotonic() - self._started
        for name, worker in self.workers.items():
            calls = worker.connector.quota().calls
            report.connections[name].api_calls = calls - self._calls.get(name, 0)
            self._calls[name] = calls
        with self.store.begin():
            runs.keep(self.store, report.started_at, report.body())
        return report

    def poll(self, name: str, *, whole: bool) -> None:
        """Ask a connection for what is new, after what is not known of our own writes."""
        worker = self.workers[name]
        by_object: dict[str, list[Write]] = defaultdict(list)
        for write in self._unknown.pop(name, ()):
            by_object[self._sources[write.source_id].object].append(write)
        for obj, writes in by_object.items():
            for start in range(0, len(writes), 1000):
                worker.jobs.put(Resolve(writes[start : start + 1000], obj))
        with self.store.begin():
            mapped = self.config.connections[name].mapping.reads
            found = [source for source in sources.load(self.store, name) if source.object in mapped]
        self.polling.add(name)
        worker.jobs.put(Poll(found, whole))

    def _next(self, patience: float) -> None:
        self.store.keep_lease(self.clock.now())
        try:
            self.handle(self.inbox.get(timeout=patience) if patience else self.inbox.get_nowait())
            self._arrived = True
        except queue.Empty:
            return

    def take_in(self, patience: float) -> bool:
        """Take in what has arrived, waiting at most `patience` seconds for the first; whether there was anything."""
        self._next(patience)
        for _ in range(_TAKEN):
            if self.inbox.empty():
                break
            self._next(0.0)
        arrived, self._arrived = self._arrived, False
        return arrived

    @property
    def quiet(self) -> bool:
        """Whether nothing is on its way."""
        return not self.polling and not self._flying and self.inbox.empty()

    # what arrives

    def handle(self, message: Message) -> None:
        """Take in one message of a worker."""
        report, now = self.report.connections[message.connection], self.clock.now()
        if isinstance(message, PageRead):
            kept = self._pulls[message.connection].keep(message.page, now, message.cursor)
            report.pulled += kept.pulled
            report.activities += kept.activities
            self._owners_changed |= self._role(message.connection, message.page.object) is Role.OWNER
        elif isinstance(message, Polled):
            self.polling.discard(message.connection)
            (self.backfilling.add if message.more else self.backfilling.discard)(message.connection)
            report.waiting_until = message.waiting_until
            report.error = message.error or report.error
        elif isinstance(message, Introduced):
            written = self.config.connections[message.connection].mapping.writes
            account = {
                "user": message.user, "options": message.options, "at": now.timestamp(),
                "for": _digest({obj: [w.field for w in writes] for obj, writes in written.items()}),
            }  # fmt: skip
            self._accounts[message.connection], self._owners_changed = account, True
            with self.store.begin():
                self.store.set_meta(f"account:{message.connection}", account)
        elif isinstance(message, Written):
            self._written(message, report)
        else:
            self._fetched(message, report)

    def _role(self, connection: str, obj: str) -> Role:
        return self.config.connections[connection].mapping.reads[obj].role

    def _written(self, message: Written, report: ConnectionReport) -> None:
        now, by_id = self.clock.now(), {str(w.id): w for w in message.writes}
        answered = [(by_id.pop(result.key), result) for result in message.results if result.key in by_id]
        with self.store.begin():
            outbox.settle(self.store, answered, now)
            if not message.sent:
                outbox.drop(self.store, list(by_id.values()), now)
        if message.sent:
            self._unknown[message.connection] += by_id.values()
        self._held |= {self._flying[w.id] for w in by_id.values() if w.id in self._flying}
        for write, result in answered:
            report.written += result.status is WriteStatus.APPLIED
            report.rejected += result.status is WriteStatus.REJECTED
            if result.status is WriteStatus.RETRY:
                self._held.add(self._flying[write.id])
            elif result.status is WriteStatus.GONE:
                self._gone(message.connection, write, result)
        if message.error is not None:
            report.error = message.error
        for write in message.writes:
            self._flying.pop(write.id, None)

    def _gone(self, connection: str, write: Write, result: WriteResult) -> None:
        page = Page(
            self._sources[write.source_id].object, (), self.clock.now(),
            gone=() if result.moved_to else (Gone(write.ext_id),), moved=(result.moved_to,) if result.moved_to else (),
        )  # fmt: skip
        self._pulls[connection].keep(page, self.clock.now(), {})

    def _fetched(self, message: Fetched, report: ConnectionReport) -> None:
        """Settle writes whose outcome was unknown by what stands in the CRM now."""
        now, pull = self.clock.now(), self._pulls[message.connection]
        rows = message.rows
        found = [row for row in rows.values() if isinstance(row, Record)]
        gone = [row for row in rows.values() if isinstance(row, Gone)]
        moved = [row for row in rows.values() if isinstance(row, Moved)]
        pull.keep(Page(message.object, found, message.read_at, gone=gone, moved=moved), now, {})
        settled: list[tuple[Write, WriteResult]] = []
        dropped: list[Write] = []
        for write in message.writes:
            row = rows.get(write.ext_id)
            if row is None:
                self._unknown[message.connection].append(write)
            elif isinstance(row, Record) and all(same(row.fields.get(f), pair[1]) for f, pair in write.fields.items()):
                settled.append((write, WriteResult(str(write.id), WriteStatus.APPLIED, row.modified_at)))
            else:
                dropped.append(write)
        with self.store.begin():
            outbox.settle(self.store, settled, now)
            outbox.drop(self.store, dropped, now)

    # what is decided

    def evaluate_some(self) -> bool:
        """Evaluate one batch of leads that were touched or are due; whether there were any."""
        if len(self._flying) > _IN_FLIGHT:
            return False
        now, store = self.clock.now(), self.store
        busy = self._held | set(self._flying.values()) | self._uncertain()
        with store.begin():
            marks = evaluation.touched(store, busy, BATCH)
            due = () if marks.leads else evaluation.due(store, now, busy, BATCH)
            leads = marks.leads or due
            if not leads:
                return False
            found = evaluation.material(store, leads)
            counts = evaluation.rep_counts(store) if self.config.routing else {}
        evaluator = self._fresh_evaluator()
        decisions = evaluator.evaluate(found, counts, now)
        self._count(evaluator, found.members, "due" if due else "evaluated")
        of = {member.id: member for member in found.members}
        outgoing: dict[str, list[Write]] = defaultdict(list)
        for start in range(0, len(decisions), STORED):
            part = decisions[start : start + STORED]
            cleared = [seq for d in part for seq in marks.seqs.get(d.result.lead_id, ())]
            for write in self._keep(part, cleared, of):
                outgoing[self._sources[write.source_id].connection].append(write)
                self._flying[write.id] = of[write.record_id].lead_id
        for name, writes in outgoing.items():
            self._send(name, writes)
        return True

    def _uncertain(self) -> set[int]:
        """Leads with a write whose outcome is not known: what to write next cannot be said yet."""
        ids = [write.record_id for writes in self._unknown.values() for write in writes]
        if not ids:
            return set()
        with self.store.begin() as db:
            return set(db.scalars(sa.select(schema.records.c.lead_id).where(schema.records.c.id.in_(ids))))

    def _fresh_evaluator(self) -> Evaluator:
        if self._evaluator is None or self._owners_changed:
            with self.store.begin():
                rows = evaluation.owners(self.store)
            users = {name: account.get("user") for name, account in self._accounts.items()}
            options = {
                (name, obj): fields
                for name, account in self._accounts.items()
                for obj, fields in (account.get("options") or {}).items()
            }
            self._evaluator = Evaluator(self.config, self._sources, directory(rows, users), options)
            self._owners_changed = False
        return self._evaluator

    def _count(self, evaluator: Evaluator, members: Sequence[evaluation.Member], what: str) -> None:
        seen: dict[str, set[int]] = defaultdict(set)
        for member in members:
            if member.gone_at is None and member.fields is not None:
                seen[self._sources[member.source_id].connection].add(member.lead_id)
        for name, leads in seen.items():
            if name in self.report.connections:
                report = self.report.connections[name]
                setattr(report, what, getattr(report, what) + len(leads))

    def _keep(
        self, decisions: Sequence[Decision], cleared: Sequence[int], of: Mapping[int, evaluation.Member]
    ) -> list[Write]:
        """Keep the decisions and what they intend to write: one transaction."""
        for decision in decisions:
            decision.writes = [w for w in decision.writes if self._may_write(of[w[0]], w[1])]
        with self.store.begin():
            planned = evaluation.save(self.store, decisions, cleared, self.clock.now())
        return [
            Write(row["id"], record, of[record].source_id, of[record].ext_id, row["fields"], "planned")
            for record, row in planned
        ]

    def _may_write(self, member: evaluation.Member, fields: Mapping[str, Any]) -> bool:
        source = self._sources[member.source_id]
        if self.config.connections[source.connection].live:
            return source.connection in self.workers
        self.report.connections[source.connection].planned += 1
        if len(self.report.samples) < _SAMPLES:
            self.report.samples.append(Sample(source.connection, source.object, member.ext_id, dict(fields)))
        return False

    def _send(self, name: str, writes: Sequence[Write]) -> None:
        worker, size = self.workers[name], self.workers[name].connector.capabilities.write_batch
        objects = {source.id: source.object for source in self._sources.values()}
        for start in range(0, len(writes), size):
            part = writes[start : start + size]
            with self.store.begin():
                outbox.sent(self.store, part, self.clock.now())
            worker.jobs.put(Send(part, objects))

    def _new_report(self) -> CycleReport:
        return CycleReport(self.clock.now(), {name: ConnectionReport() for name in self.config.connections})


def _digest(data: Any) -> str:
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
