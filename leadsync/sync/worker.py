"""One thread per connection: all talk with its CRM, and nothing else. Pages and results go to the coordinator."""

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from leadsync.config.load import ConnectionConfig
from leadsync.connector import Clock, Connector
from leadsync.errors import ConnectionFailed, LeadsyncError, NotFound
from leadsync.sync import accounts
from leadsync.sync.accounts import Account
from leadsync.sync.budget import Budget
from leadsync.sync.merging import carry_out
from leadsync.sync.messages import (
    CarryBulk,
    CarryMerge,
    Fetched,
    Introduced,
    Job,
    Message,
    OpenBulk,
    Poll,
    Polled,
    Resolve,
    Send,
    Waiting,
    hushed,
)
from leadsync.sync.reading import Reading, of_object
from leadsync.sync.sending import Sending
from leadsync.types import Gone, Moved, ObjectSchema, Record


@dataclass
class Worker:
    """Runs the jobs of one connection. `values`: what a result of few words can be."""

    config: ConnectionConfig
    connector: Connector
    clock: Clock
    log: logging.Logger
    out: "queue.Queue[Message]"
    stopping: threading.Event
    budget: Budget
    values: Mapping[str, Sequence[str]]
    account: Account | None = None
    waiting: Waiting | None = None
    jobs: "queue.Queue[Job]" = field(default_factory=lambda: queue.Queue())

    def __post_init__(self) -> None:
        self.name = self.config.name
        self._silent = False  # a message was dropped while stopping: none may overtake it, for its rows' sake
        self._reading = Reading(self.name, self.connector, self.clock, self._took_in, self.stopping.is_set)
        self._sending = Sending(self)
        self._thread = threading.Thread(target=self._run, name=f"leadsync-{self.name}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self, patience: float) -> bool:
        """Ask to end after the call that is in the air; whether it has ended after `patience` seconds."""
        self.jobs.put(None)
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self.jobs.get()) is not None and not self.stopping.is_set():
            if isinstance(job, Poll):
                self._poll(job)
            elif isinstance(job, Send):
                self._sending.send(job)
            elif isinstance(job, OpenBulk):
                self._sending.open_bulk(job)
            elif isinstance(job, CarryBulk):
                self._sending.carry_bulk(job)
            elif isinstance(job, CarryMerge):
                carry_out(self, job)
            else:
                self._resolve(job)
        self.connector.close()

    def emit(self, message: Message) -> None:
        """Tell the coordinator; wait while it has too much to take in."""
        message = hushed(message, self.config.secrets.hide)
        while not self._silent:
            try:
                return self.out.put(message, timeout=0.5)
            except queue.Full:  # the coordinator is busy: hold back, unless it has stopped listening
                self._silent = self.stopping.is_set()

    def _took_in(self, message: Message) -> None:
        self.emit(message)
        self.afford()

    def afford(self) -> None:
        """Count what was sent. Raises `Transient` when the day's requests are used up."""
        quota, shares, now = self.connector.quota(), self.config.settings.quota, self.clock.now()
        self.budget.spend(self.name, quota, now)
        self.budget.check(self.name, quota, own=shares.own, account=shares.account, now=now)

    def guarded(self, work: Callable[[], None]) -> LeadsyncError | None:
        """Do it; what goes wrong is an error to report, never the end of the thread."""
        try:
            work()
        except LeadsyncError as error:
            error.hide(self.config.secrets.hide)
            retry_after = getattr(error, "retry_after", None)
            if retry_after is not None:
                self.waiting = Waiting(self.clock.now() + timedelta(seconds=retry_after), error.message)
            return error
        except Exception as error:
            self.log.exception("%s: an unexpected failure", self.name)
            return ConnectionFailed(
                f"leadsync failed while talking to {self.name}: {type(error).__name__}", code="internal",
                fix="please report this with the log",
            )  # fmt: skip
        finally:
            self.budget.spend(self.name, self.connector.quota(), self.clock.now())
        return None

    def waits(self) -> bool:
        """Whether nothing may be sent now."""
        if self.waiting is not None and self.clock.now() >= self.waiting.until:
            self.waiting = None
        return self.waiting is not None

    # reading

    def _poll(self, job: Poll) -> None:
        more, error = False, None
        self._reading.troubles.clear()
        if not self.waits():

            def work() -> None:
                nonlocal more
                if job.introduce or self.account is None:
                    self._introduce()
                more = self._reading.round(self._fitting(job))

            error = self.guarded(work)
        self.emit(Polled(self.name, error, dict(self._reading.troubles), more, self.waiting))

    def _introduce(self) -> None:
        """Look at the account: who we are, what its objects look like, what of the mapping fits them."""
        schemas: dict[str, ObjectSchema] = {}
        absent, undescribed = [], []
        for obj in self.config.mapping.reads:
            try:
                schemas[obj] = self.connector.describe(obj)
            except ConnectionFailed as error:
                optional = obj in self.connector.capabilities.optional
                if not of_object(error):
                    raise
                if optional:
                    absent.append(obj)
                else:
                    undescribed.append(obj)
                    self._reading.troubles[obj] = error
        user, now = self.connector.user(), self.clock.now()
        self.account = accounts.judge(self.config, self.values, schemas, absent, undescribed, user, now)
        self.emit(Introduced(self.name, self.account))

    def _fitting(self, job: Poll) -> Poll:
        """The job without what the account lacks; an object that has got a field back is read from the start."""
        fields = accounts.asked(self.config, self.account)
        self._reading.fields = fields
        self._reading.calculated = self.account.calculated if self.account else ()
        sources = [s.fresh(fields[s.object]) for s in job.sources if s.object in fields]
        return Poll(sources, job.whole, job.introduce, {k: v for k, v in job.history.items() if k in fields})

    # rows by id

    def _resolve(self, job: Resolve) -> None:
        rows: Mapping[str, Record | Moved | Gone] = {}
        read_at, error = self.clock.now(), None

        def work() -> None:
            nonlocal rows
            asked = accounts.asked(self.config, self.account).get(job.object)
            if asked is None:
                raise NotFound(f"{self.name} has no {job.object} any more")
            rows = self.connector.fetch(job.object, job.ids, asked)

        if not self.waits():
            error = self.guarded(work)
        self.emit(Fetched(self.name, job.writes, job.object, rows, read_at, error))
