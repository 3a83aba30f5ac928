"""The connections of a process: their workers, accounts and objects, and what became of their last polls."""

import logging
import queue
import threading
from collections.abc import Mapping
from dataclasses import asdict

from leadsync.config.load import Config
from leadsync.connector import Clock, HasHistory
from leadsync.errors import LeadsyncError
from leadsync.store import left_out, sources
from leadsync.store.database import Store
from leadsync.sync import accounts
from leadsync.sync.accounts import Account
from leadsync.sync.budget import Budget
from leadsync.sync.messages import Introduced, Message, Poll, Polled, Remembered, Resolve, Seen, Written
from leadsync.sync.pull import Pull
from leadsync.sync.report import ConnectionReport
from leadsync.sync.routes import BATCH
from leadsync.sync.upkeep import Upkeep
from leadsync.sync.worker import Worker
from leadsync.types import WriteStatus


class Connections:
    """Opens each connection, asks it for what is new when told to, and knows how it stands. The coordinator's thread
    uses it."""

    def __init__(
        self, config: Config, store: Store, clock: Clock, log: logging.Logger, inbox: "queue.Queue[Message]",
        stopping: threading.Event,
    ) -> None:  # fmt: skip
        self._config, self._store, self._clock, self._log = config, store, clock, log
        self._inbox, self._stopping = inbox, stopping
        self.workers: dict[str, Worker] = {}
        self.failed: dict[str, LeadsyncError] = {}
        self.polling: set[str] = set()
        self.backfilling: set[str] = set()
        self.pulls: dict[str, Pull] = {}
        self.sources: dict[int, sources.Source] = {}
        self._accounts: dict[str, Account | None] = {}
        self._last: dict[str, Polled] = {}  # what the last poll of each connection came to
        self._asked: set[str] = set()  # connections that were polled in this cycle
        self._look: set[str] = set()  # those to be looked at with the next poll
        self._troubled: set[str] = set()  # connections of which an object could not be read
        self._refused: set[str] = set()  # those that refused a write since they were looked at: they may have changed
        self._upkeep = Upkeep(config, store, clock)
        self._budget = Budget({})
        self._calls: dict[str, int] = {}

    def load(self) -> None:
        """What the store knows of accounts and objects, in line with the mappings; inside `begin()`."""
        self._budget = Budget(self._store.get_meta("calls") or {})
        for name in self._config.connections:
            self._accounts[name] = accounts.stored(self._store.get_meta(f"account:{name}"))
            self._prepare(name)
        self.sources.update({s.id: s for s in sources.load(self._store)})

    def _prepare(self, name: str) -> None:
        """The sources as mapping and account want them; inside `begin()`."""
        mapping = self._config.connections[name].mapping
        asked, reads = self._wanted(name), mapping.reads
        found = sources.prepare(self._store, name, [(obj, reads[obj].role, fields) for obj, fields in asked.items()])
        self.sources.update({source.id: source for source in found})
        self.pulls[name] = Pull(self._store, mapping, self._config.facts.tables, found)

    def _wanted(self, name: str) -> Mapping[str, tuple[str, ...]]:
        return accounts.asked(self._config.connections[name], self._accounts[name])

    def connect(self, name: str) -> None:
        """Open a connection, or try it again; one that cannot be opened is `failed`."""
        self.failed.pop(name, None)
        connection = self._config.connections[name]
        try:
            connector = connection.connector(
                connection.settings, clock=self._clock, secrets=connection.secrets, log=self._log
            )
        except LeadsyncError as error:
            self.failed[name] = error
            return
        worker = Worker(
            connection, connector, self._clock, self._log, self._inbox, self._stopping, self._budget,
            accounts.few_words(self._config), self._accounts[name],
        )  # fmt: skip
        self._budget.reopened(name)
        self.workers[name] = worker
        worker.start()

    @property
    def known_accounts(self) -> dict[str, Account]:
        """The accounts that were looked at."""
        return {name: account for name, account in self._accounts.items() if account is not None}

    def writable(self, name: str) -> bool:
        """Whether a connection can be written to now."""
        worker = self.workers.get(name)
        return worker is not None and not worker.waits()

    # asking

    def begin_cycle(self) -> None:
        """None was polled yet."""
        self._asked.clear()

    def poll(self, name: str, *, whole: bool) -> None:
        """Ask for what is new: all of it, or one round."""
        worker, connection = self.workers[name], self._config.connections[name]
        troubled = name in self._troubled | self._refused
        account = self._accounts[name]
        introduce = accounts.due(account, connection, troubled, self._clock.now()) or name in self._look
        introduce |= whole and account is not None and not account.whole  # somebody may just have mended it
        self._look.discard(name)
        asked = self._wanted(name)
        with self._store.begin():
            found = [s for s in sources.load(self._store, name) if s.object in asked]
            past = {}
            if isinstance(worker.connector, HasHistory):
                past = self._upkeep.past_due(connection.mapping, found, whole=whole)
        self.polling.add(name)
        worker.jobs.put(Poll(found, whole, introduce, past))

    # what they answer

    def polled(self, message: Polled, report: ConnectionReport) -> None:
        """A round of reading is over."""
        name = message.connection
        self.polling.discard(name)
        (self.backfilling.add if message.more else self.backfilling.discard)(name)
        if message.troubles and name not in self._troubled:
            self._look.add(name)
        (self._troubled.add if message.troubles else self._troubled.discard)(name)
        self._last[name] = message
        self._asked.add(name)
        self._stands(report, message)

    def introduced(self, message: Introduced) -> Account | None:
        """The account is known anew: what was known before; inside `begin()`."""
        name = message.connection
        before, self._accounts[name] = self._accounts[name], message.account
        self._refused.discard(name)
        self._store.set_meta(f"account:{name}", asdict(message.account))
        self._prepare(name)
        return before

    def written(self, message: Written) -> None:
        """What was refused says whether the account has to be looked at again."""
        if message.error is not None and message.error.code == "unknown_field":
            self._look.add(message.connection)
        if any(result.status is WriteStatus.REJECTED for result in message.results):
            self._refused.add(message.connection)

    def seen(self, message: Seen) -> None:
        """A page of a census: rows of which the store differs are read by id, in the end those that made no sense."""
        name, pull = message.connection, self.pulls[message.connection]
        asked = {message.object: self._upkeep.seen(pull.source(message.object), message)}
        if message.last:
            with self._store.begin() as db:
                asked |= {obj: ids for obj, ids in left_out.by_object(db, name).items() if pull.reads(obj)}
        for obj, odd in asked.items():
            for start in range(0, len(odd), BATCH):
                self.workers[name].jobs.put(Resolve(obj, odd[start : start + BATCH]))

    def remembered(self, message: Remembered) -> None:
        """What a CRM knows of the past."""
        self._upkeep.remembered(self.pulls[message.connection].source(message.object), message)

    # telling

    def tell(self, reports: Mapping[str, ConnectionReport]) -> None:
        """How each stands at the end of a cycle, and what it has cost."""
        for name, worker in self.workers.items():
            quota, told = worker.connector.quota(), reports[name]
            told.api_calls, told.quota = quota.calls - self._calls.get(name, 0), quota
            if name not in self._asked and name in self._last:  # it stands as it stood when it was asked last
                self._stands(told, self._last[name])
            self._calls[name] = quota.calls
            account = self._accounts[name]
            told.problems = [*(account.problems if account else ()), *told.problems]

    def _stands(self, report: ConnectionReport, last: Polled) -> None:
        report.problems = [accounts.problem(obj, error) for obj, error in last.troubles.items()]
        report.error = report.error or last.error
        if last.waiting is not None and last.waiting.until > self._clock.now():
            report.waiting = report.waiting or last.waiting

    def keep_calls(self) -> None:
        """Keep how much of the day's requests is used up; inside `begin()`."""
        self._store.set_meta("calls", self._budget.body())
