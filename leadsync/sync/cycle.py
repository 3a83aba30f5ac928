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

from leadsync import __version__
from leadsync.config.load import Config, ConnectionConfig
from leadsync.connector import Clock
from leadsync.errors import LeadsyncError
from leadsync.store import evaluation, outbox, runs, sources
from leadsync.store.database import Store
from leadsync.store.evaluation import Decision
from leadsync.store.outbox import Write
from leadsync.sync.evaluate import Evaluator, directory
from leadsync.sync.pull import Pull
from leadsync.sync.remap import remap
from leadsync.sync.report import ConnectionReport, CycleReport, Sample
from leadsync.sync.worker import Introduced, Message, PageRead, Poll, Polled, Worker, Written
from leadsync.sync.write import Outgoing
from leadsync.types import Role

BATCH = 5000  # leads evaluated at once; they are stored in transactions of at most STORED
STORED = 500
_TAKEN = 16  # messages taken in between two evaluations, so that neither starves the other
_SAMPLES = 5  # of each connection
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
        self._outgoing = Outgoing(store, clock, self._sources, self._pulls, self.workers)
        self._calls: dict[str, int] = {}
        self._owners_changed = True
        self._evaluator: Evaluator | None = None
        self._arrived = False
        self.report = self._new_report()
        self._started: float | None = None  # when the first poll of the cycle was asked for

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
            self._sources.update({s.id: s for s in sources.load(self.store)})
            self._outgoing.take_over(outbox.unsettled(self.store))
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
        fields = {obj: connection.mapping.asked(obj) for obj in connection.mapping.reads}
        worker = Worker(name, connector, self.clock, self.log, self.inbox, fields, self.stopping)
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
            if not self.evaluate_some() and not self._outgoing.flying:
                break
            self.take_in(0.5 if self._outgoing.full else 0.05 if self._outgoing.flying else 0.0)
        return self.end_cycle()

    def begin_cycle(self) -> None:
        """Start counting anew."""
        self._outgoing.held.clear()
        self.report, self._started = self._new_report(), None
        for name, error in self.failed.items():
            self.report.connections[name].error = error

    def end_cycle(self) -> CycleReport:
        """The report, kept in the store and logged as one line."""
        report = self.report
        report.seconds = time.monotonic() - self._started if self._started is not None else 0.0
        for name, worker in self.workers.items():
            calls = worker.connector.quota().calls
            report.connections[name].api_calls = calls - self._calls.get(name, 0)
            self._calls[name] = calls
        with self.store.begin():
            runs.keep(self.store, report.started_at, report.body())
        return report

    def poll(self, name: str, *, whole: bool) -> None:
        """Ask a connection for what is new, after what is not known of our own writes."""
        worker, connection = self.workers[name], self.config.connections[name]
        self._outgoing.resolve(name)
        written = _written_fields(connection)
        if not self._introduced(name, written):
            worker.introduce = written
        with self.store.begin():
            found = [s for s in sources.load(self.store, name) if s.object in connection.mapping.reads]
        if self._started is None:
            self._started, self.report.started_at = time.monotonic(), self.clock.now()
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
        return not self.polling and not self._outgoing.flying and self.inbox.empty()

    # what arrives

    def handle(self, message: Message) -> None:
        """Take in one message of a worker."""
        report, now = self.report.connections[message.connection], self.clock.now()
        if isinstance(message, PageRead):
            kept = self._pulls[message.connection].keep(message.page, now, message.cursor, late=message.late)
            report.pulled += kept.pulled
            report.activities += kept.activities
            self._owners_changed |= self._role(message.connection, message.page.object) is Role.OWNER
        elif isinstance(message, Polled):
            self.polling.discard(message.connection)
            (self.backfilling.add if message.more else self.backfilling.discard)(message.connection)
            report.waiting_until = message.waiting_until
            report.error = message.error or report.error
        elif isinstance(message, Introduced):
            written = _written_fields(self.config.connections[message.connection])
            account = {"user": message.user, "options": message.options, "at": now.timestamp(), "for": _digest(written)}
            self._accounts[message.connection], self._owners_changed = account, True
            with self.store.begin():
                self.store.set_meta(f"account:{message.connection}", account)
        elif isinstance(message, Written):
            self._outgoing.written(message, report)
        else:
            self._outgoing.fetched(message)

    def _role(self, connection: str, obj: str) -> Role:
        return self.config.connections[connection].mapping.reads[obj].role

    # what is decided

    def evaluate_some(self) -> bool:
        """Evaluate one batch of leads that were touched or are due; whether there were any."""
        if self._outgoing.full:
            return False
        now, store = self.clock.now(), self.store
        with store.begin():
            busy = self._outgoing.busy()
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
        writes: list[Write] = []
        for start in range(0, len(decisions), STORED):
            part = decisions[start : start + STORED]
            cleared = [seq for d in part for seq in marks.seqs.get(d.result.lead_id, ())]
            writes += self._keep(part, cleared, of)
        self._outgoing.send(writes, {write.id: of[write.record_id].lead_id for write in writes})
        return True

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
            if source.connection in self.workers:
                return True
            self._outgoing.postpone(member)
            return False
        self.report.connections[source.connection].planned += 1
        if self.report.connections[source.connection].planned <= _SAMPLES:
            self.report.samples.append(Sample(source.connection, source.object, member.ext_id, dict(fields)))
        return False

    def _new_report(self) -> CycleReport:
        return CycleReport(self.clock.now(), {name: ConnectionReport() for name in self.config.connections})


def _written_fields(connection: ConnectionConfig) -> dict[str, tuple[str, ...]]:
    return {obj: tuple(w.field for w in writes) for obj, writes in connection.mapping.writes.items()}


def _digest(data: Any) -> str:
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
