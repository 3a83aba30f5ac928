"""The coordinator: owns the store, hands out jobs, evaluates what arrived. A cycle is one round of it."""

import logging
import queue
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from leadsync.config.load import Config
from leadsync.connector import Clock
from leadsync.core.merging import MERGED_INTO, Merge
from leadsync.store import again, agenda, evaluation, matching, outbox, runs, staff
from leadsync.store.database import Store
from leadsync.store.evaluation import Decision
from leadsync.store.outbox import Write
from leadsync.sync import lists, routes
from leadsync.sync.adopt import Adoption
from leadsync.sync.brake import Brake
from leadsync.sync.bulk import MOST
from leadsync.sync.companies import AT_ONCE, Fresh, decide, scores
from leadsync.sync.connections import Connections
from leadsync.sync.directory import directory
from leadsync.sync.evaluate import Evaluator
from leadsync.sync.mail_check import PATIENCE, MailCheck
from leadsync.sync.matching import Matcher
from leadsync.sync.merging import Merging
from leadsync.sync.messages import (
    Introduced,
    MailAnswers,
    Merged,
    Message,
    Opened,
    PageRead,
    Polled,
    Remembered,
    Seen,
    Written,
)  # fmt: skip
from leadsync.sync.rederive import Rederive
from leadsync.sync.report import ConnectionReport, CycleReport
from leadsync.sync.routes import at_once
from leadsync.sync.worker import Worker
from leadsync.sync.write import Outgoing
from leadsync.types import Role

STORED = 500  # leads whose results are stored in one transaction
_TAKEN = 16  # messages taken in between two evaluations, so that neither starves the other


class Coordinator:
    """Everything that a process does with a store and its connections. One thread uses it."""

    def __init__(
        self, config: Config, store: Store, clock: Clock, log: logging.Logger, stopping: threading.Event
    ) -> None:
        self.config, self.store, self.clock, self.log, self.stopping = config, store, clock, log, stopping
        self.inbox: queue.Queue[Message] = queue.Queue(maxsize=8)
        self.connections = Connections(config, store, clock, log, self.inbox, stopping)
        sources, pulls, workers = self.connections.sources, self.connections.pulls, self.connections.workers
        self._approved = frozenset[int]()  # leads whose rows are merged
        self.brake = Brake(config, store, clock, sources)
        self.adoption = Adoption(config, store, log, sources, self.brake)
        self.rederive = Rederive(config, store, clock, sources)
        self.matcher = Matcher(config, store, clock, sources)
        self.mail = MailCheck(config, store, clock, log, self.inbox, stopping)
        self._outgoing = Outgoing(store, clock, sources, pulls, workers)
        self._merging = Merging(store, clock, sources, workers)
        self._owners_changed = True
        self._freed: set[str] | None = None  # reps who have had a lead less; None: nobody has looked yet
        self._evaluator: Evaluator | None = None
        self._arrived = False
        self.report = self._new_report()
        self._started: float | None = None  # when the first poll of the cycle was asked for

    # beginning and end

    def open(self) -> None:
        """Take the lease, bring the store in line with the configuration, open the connections."""
        self.store.take_lease(self.clock.now())
        with self.store.begin():
            self.connections.load()
            self._outgoing.take_over(outbox.unsettled(self.store))
            self._merging.take_over()
            self.brake.load()
            self.adoption.take_up()
        self.mail.open()
        for name in self.config.connections:
            self.connections.connect(name)

    def reconnect(self, name: str) -> None:
        """Try again a connection that could not be opened."""
        self.connections.connect(name)
        if name in self.connections.failed:
            self.report.connections[name].error = self.connections.failed[name]

    def close(self, patience: float = 8.0) -> None:
        """Let calls in the air end, for `patience` seconds together; then let go of everything."""
        self.stopping.set()
        end = time.monotonic() + patience
        working: list[Worker | MailCheck] = [*self.connections.workers.values(), self.mail]
        while working and time.monotonic() < end:
            working = [worker for worker in working if not worker.stop(0.05)]
            self._keep_what_came()
        self._keep_what_came()
        self.store.close()

    def _keep_what_came(self) -> None:
        """Answers that are here are kept also while stopping: what is known need not be read again."""
        while not self.inbox.empty():
            message = self.inbox.get_nowait()
            if isinstance(message, Written | Merged | PageRead | Introduced | MailAnswers):
                self.handle(message)

    def allow(self) -> None:
        """Somebody has looked at it: what the brake holds back is written, and so is all that follows."""
        self.brake.allowed = True
        with self.store.begin():
            self.brake.release()

    def merge_rows_of(self, leads: Collection[int]) -> None:
        """Somebody has looked at what becomes of the rows of these leads: they are merged as long as this process
        lives. Without that no rows are, since no CRM undoes it."""
        self._approved = frozenset(leads)
        with self.store.begin():
            again.mark_leads(self.store, self._approved)

    # one cycle

    def cycle(self) -> CycleReport:
        """Read all that is new, evaluate, write, wait for the answers."""
        self.read()
        return self.decide()

    def read(self) -> None:
        """The first half of a cycle: read all that is new, derive again what it has to, ask about mail domains. Nothing
        is evaluated."""
        self.mail.listening = True
        self.begin_cycle()
        for name in self.connections.workers:
            self.poll(name, whole=True)
        while self.connections.polling and not self.stopping.is_set():
            self._next(0.5)
        self.rederive.run(self.stopping)
        self.matcher.run(self.stopping)
        self.mail.want_marked()
        end = time.monotonic() + PATIENCE
        while self.mail.look() and time.monotonic() < end and not self.stopping.is_set():
            self._next(0.5)
        self.mail.listening = False

    def decide(self) -> CycleReport:
        """The second half: evaluate, write, wait for the answers."""
        while not self.stopping.is_set():
            if not self.evaluate_some() and not self._flying:
                break
            self.take_in(0.5 if self._outgoing.full else 0.05 if self._flying else 0.0)
        return self.end_cycle()

    def begin_cycle(self) -> None:
        """Start counting anew."""
        self._outgoing.held.clear()
        self.connections.begin_cycle()
        self.report, self._started = self._new_report(), None
        for name, error in self.connections.failed.items():
            self.report.connections[name].error = error

    def end_cycle(self) -> CycleReport:
        """The report, kept in the store and logged as one line."""
        report = self.report
        report.seconds = time.monotonic() - self._started if self._started is not None else 0.0
        self.connections.tell(report.connections)
        for name in self.connections.workers.keys() & self.brake.pulled.keys():
            told = report.connections[name]
            told.error = told.error or self.brake.pulled[name].error()
        with self.store.begin():
            runs.keep(self.store, report.started_at, report.body())
            self.connections.keep_calls()
        return report

    def poll(self, name: str, *, whole: bool) -> None:
        """Ask a connection for what is new, after what is not known of our own writes."""
        self._outgoing.resolve(name)
        self._merging.resolve(name)
        if self._started is None:
            self._started, self.report.started_at = time.monotonic(), self.clock.now()
        self.connections.poll(name, whole=whole)

    def _next(self, patience: float) -> None:
        self.store.keep_lease(self.clock.now())
        try:
            self.handle(self.inbox.get(timeout=patience) if patience else self.inbox.get_nowait())
            self._arrived = True
        except queue.Empty:
            return

    def take_in(self, patience: float) -> bool:
        """Take in what has arrived, waiting at most `patience` seconds for the first; whether there was anything."""
        self._outgoing.bulk.look(self.clock.now())
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
        return not self.connections.polling and not self._flying and self.inbox.empty()

    @property
    def _flying(self) -> bool:
        return bool(self._outgoing.flying or self._merging.flying)

    @property
    def waits(self) -> bool:
        """Whether something is left that could not be written yet."""
        waiting = any(worker.waits() for worker in self.connections.workers.values())
        return bool(self._outgoing.held or self._outgoing.uncertain or waiting)

    def busy(self) -> set[int]:
        """Leads of which it cannot be said yet what to write next; inside `begin()`."""
        return self._outgoing.busy() | self._merging.busy()

    # what arrives

    def handle(self, message: Message) -> None:
        """Take in one message of a worker."""
        if isinstance(message, MailAnswers):
            return self.mail.answered(message)
        report, now = self.report.connections[message.connection], self.clock.now()
        if isinstance(message, PageRead):
            pull = self.connections.pulls[message.connection]
            kept = pull.keep(message.page, now, message.cursor, late=message.late)
            report.pulled += kept.pulled
            report.activities += kept.activities
            self._owners_changed |= pull.source(message.page.object).role is Role.OWNER
        elif isinstance(message, Polled):
            self.connections.polled(message, report)
        elif isinstance(message, Introduced):
            # what an object that has changed refused is tried again, what fits now is written: mended fields come back
            with self.store.begin():
                before = self.connections.introduced(message)
                if before is not None:
                    self.adoption.account_changed(message.connection, before, message.account)
            self._owners_changed = True
        elif isinstance(message, Written):
            self._outgoing.written(message, report)
            self.connections.written(message)
        elif isinstance(message, Merged):
            self._outgoing.held |= self._merging.merged(message, report)
        elif isinstance(message, Opened):
            self._outgoing.bulk.opened(message, now)
        elif isinstance(message, Seen):
            self.connections.seen(message)
        elif isinstance(message, Remembered):
            self.connections.remembered(message)
        else:
            self._outgoing.fetched(message)
            report.error = message.error or report.error

    # what is decided

    def evaluate_some(self) -> bool:
        """Evaluate one batch of leads that were touched or are due; whether there were any."""
        if self._outgoing.full:
            self._outgoing.release()
            return False
        self.adoption.settle()
        now, store = self.clock.now(), self.store
        with store.begin():
            busy, companies = self.busy(), dict[int, list[int]]()
            todo = again.load(store) is not None  # what is derived again comes before what waits for it
            if self.matcher.step(late=False):
                return True
            many, past = at_once(self.config), 0 if todo else matching.past(store)
            marks = agenda.touched(store, busy, many, late=False, past=past)
            if not marks.leads and not todo:
                if self.matcher.step():
                    return True
                marks = agenda.touched(store, busy, many)
            due = () if marks.leads or todo else agenda.due(store, now, busy, many)
            leads = marks.leads or due
            if not leads and not todo:
                companies = staff.waiting(store, {-id_ for id_ in busy if id_ < 0}, AT_ONCE)
            if not leads and not todo and not companies:
                self._outgoing.release()
                self.brake.drained()
                freed, self._freed = self._freed, set()
                waiting = [lead for lead in routes.called(store, self.config, freed) if lead not in busy]
                again.mark_leads(store, waiting)
                return bool(waiting)
        if companies:
            self._score(companies)
            return True
        if not leads:
            self.brake.drained()  # what this touches is weighed as a whole
            return self.rederive.step()
        if not self.brake.look_ahead(self.evaluator(), late=not todo, fresh=bool(marks.leads) and not marks.late):
            self._evaluate(leads, marks, now)
        return True

    def _evaluate(self, leads: Sequence[int], marks: agenda.Marks, now: datetime) -> None:
        """Evaluate these leads, keep what was decided, and send what is to be written. Without `marks` they are due."""
        store, evaluator, due = self.store, self.evaluator(), not marks.leads
        with store.begin():
            following = agenda.backlog(store, MOST) if marks.late and not due else None
            golden = marks.points and not due and evaluator.golden_tell
            found = lists.material(store, self.config, self.connections.sources, leads, golden=golden)
            self.mail.want(found.members)
            turns = routes.turns(store, self.config)
        decisions = evaluator.evaluate(found, turns, now)
        self.report.count(found.members, self.connections.sources, "due" if due else "evaluated")
        if self._freed is not None:
            now_with = {decision.result.lead_id: decision.result.rep for decision in decisions}
            self._freed.update(s.rep for s in found.results.values() if s.rep and now_with.get(s.lead_id) != s.rep)
        self.report.route(decisions)
        of = {member.id: member for member in found.members}
        with store.begin():
            self.brake.judge(self.brake.weigh(decisions, found.members, evaluator), sent=True)
        writes: list[Write] = []
        for start in range(0, len(decisions), STORED):
            part = decisions[start : start + STORED]
            cleared = [seq for d in part for seq in marks.seqs.get(d.result.lead_id, ())]
            writes += self._keep(part, cleared, of)
        if lost := {*leads} - {decision.result.lead_id for decision in decisions}:
            with store.begin():
                again.forget(store, lost, marks.seqs)
        self._outgoing.send(writes, {write.id: of[write.record_id].lead_id for write in writes}, following)

    def _score(self, marks: Mapping[int, Sequence[int]]) -> None:
        """Score these companies anew, each with its marks, and plan what to write to them."""
        with self.store.begin():
            found = scores(self.config, self.store, marks.keys(), Fresh())
            of = {record.id: record for record in staff.records(self.store, marks.keys())}
        evaluator = self.evaluator()
        decisions = decide(evaluator, list(of.values()), found, self.clock.now())
        with self.store.begin():
            self.brake.judge(self.brake.weigh(decisions, list(of.values()), evaluator), sent=True)
        writes = self._keep(decisions, [seq for seqs in marks.values() for seq in seqs], of)
        self._outgoing.send(writes, {write.id: of[write.record_id].lead_id for write in writes})

    def evaluator(self) -> Evaluator:
        """What decides, with the accounts and owners as they are known now."""
        if self._evaluator is None or self._owners_changed:
            with self.store.begin():
                rows = evaluation.owners(self.store)
            known = self.connections.known_accounts
            users = {name: account.user for name, account in known.items()}
            self._evaluator = Evaluator(self.config, self.connections.sources, directory(rows, users), known)
            self._owners_changed = False
        return self._evaluator

    def _keep(
        self, decisions: Sequence[Decision], cleared: Sequence[int], of: Mapping[int, evaluation.Member]
    ) -> list[Write]:
        """Keep the decisions and what they intend to write: one transaction."""
        waiting: list[evaluation.Member] = []
        merging = self._merges(decisions, of)
        leaving = {id_ for merge in merging for id_ in (merge.kept, merge.other)}
        for decision in decisions:
            wanted = [write for write in decision.writes if write[0] not in leaving]
            decision.writes = []
            for record, fields in wanted:
                source = self.connections.sources[of[record].source_id]
                if not self.config.connections[source.connection].live or source.connection in self.brake.pulled:
                    self.report.show(source, of[record].ext_id, fields)
                elif self.connections.writable(source.connection):
                    decision.writes.append((record, fields))
                else:
                    waiting.append(of[record])
        with self.store.begin():
            planned = evaluation.save(self.store, decisions, cleared, self.clock.now())
            self._outgoing.postpone(waiting)
            intended = [self._merging.intend(merge, of) for merge in merging]
        self._merging.send(intended)
        return [
            Write(row["id"], record, of[record].source_id, of[record].ext_id, row["fields"], "planned")
            for record, row in planned
        ]

    def _merges(self, decisions: Sequence[Decision], of: Mapping[int, evaluation.Member]) -> list[Merge]:
        """The merges that can be sent now: of each lead's rows in an object two at a time."""
        found: dict[tuple[int, int], Merge] = {}
        for decision in decisions:
            for merge in decision.merges:
                source, other = self.connections.sources[of[merge.kept].source_id], of[merge.other]
                approved = self.config.connections[source.connection].live and decision.result.lead_id in self._approved
                if not approved or source.connection in self.brake.pulled:
                    self.report.show(source, other.ext_id, {MERGED_INTO: (None, of[merge.kept].ext_id)})
                elif self.connections.writable(source.connection):
                    found.setdefault((decision.result.lead_id, source.id), merge)
        return [*found.values()]

    def _new_report(self) -> CycleReport:
        return CycleReport(self.clock.now(), {name: ConnectionReport() for name in self.config.connections})
