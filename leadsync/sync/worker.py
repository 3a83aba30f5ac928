"""One thread per connection: all talk with its CRM, and nothing else. Pages and results go to the coordinator."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadsync.connector import Clock, Connector, Failed
from leadsync.errors import ConnectionFailed, LeadsyncError
from leadsync.store.outbox import Write
from leadsync.store.sources import Source
from leadsync.types import Ask, Gone, Moved, Page, Record, WriteOp, WriteResult

BACKFILL_TURN = 10.0  # seconds of backfill between two looks at what has just changed
_FAST_SLACK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Introduced:
    """What planning has to know of the account: our own user, and the options of the fields that are written."""

    connection: str
    user: str | None
    options: Mapping[str, Mapping[str, tuple[str, ...]]]  # object → field → options


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page, and the columns of its source to set with it; `late` when it is one of the backfill."""

    connection: str
    page: Page
    cursor: Mapping[str, object]
    late: bool = False


@dataclass(frozen=True, slots=True)
class Polled:
    """A round of reading is over. `more`: the backfill goes on in the next one."""

    connection: str
    error: LeadsyncError | None
    more: bool
    waiting_until: datetime | None


@dataclass(frozen=True, slots=True)
class Written:
    """What came of some writes. With an error the writes that are not among the results have an unknown outcome,
    unless nothing was `sent` at all."""

    connection: str
    writes: Sequence[Write]
    results: Sequence[WriteResult]
    error: LeadsyncError | None = None
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Fetched:
    """Rows read by id, to settle writes whose outcome is unknown."""

    connection: str
    writes: Sequence[Write]
    object: str
    rows: Mapping[str, Record | Moved | Gone]
    read_at: datetime


Message = Introduced | PageRead | Polled | Written | Fetched


@dataclass(frozen=True, slots=True)
class Poll:
    """Read what is new, then a turn of the backfill (all of it when `whole`)."""

    sources: Sequence[Source]
    whole: bool


@dataclass(frozen=True, slots=True)
class Send:
    """Carry out these writes (of one call's size) of one object each."""

    writes: Sequence[Write]
    objects: Mapping[int, str]  # source → object


@dataclass(frozen=True, slots=True)
class Resolve:
    """Read the rows of these writes of one object."""

    writes: Sequence[Write]
    object: str


Job = Poll | Send | Resolve | None


@dataclass
class Worker:
    """Runs jobs of one connection. `fields` are what to ask of each object."""

    name: str
    connector: Connector
    clock: Clock
    log: logging.Logger
    out: "queue.Queue[Message]"
    fields: Mapping[str, tuple[str, ...]]
    stopping: threading.Event
    introduce: Mapping[str, tuple[str, ...]] | None = None  # set when the account has to be described
    waiting_until: datetime | None = None
    jobs: "queue.Queue[Job]" = field(default_factory=lambda: queue.Queue())

    def __post_init__(self) -> None:
        self._ahead = timedelta()  # how far the CRM's clock is ahead of ours
        self._silent = False  # a message was dropped while stopping: none may overtake it, for its rows' sake
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
                self._send(job)
            else:
                self._resolve(job)
        self.connector.close()

    def _emit(self, message: Message) -> None:
        while not self._silent:
            try:
                return self.out.put(message, timeout=0.5)
            except queue.Full:  # the coordinator is busy: hold back, unless it has stopped listening
                self._silent = self.stopping.is_set()

    def _guarded(self, work: Callable[[], None]) -> LeadsyncError | None:
        """Do it; what goes wrong is an error to report, never the end of the thread."""
        try:
            work()
        except LeadsyncError as error:
            retry_after = getattr(error, "retry_after", None)
            if retry_after is not None:
                self.waiting_until = self.clock.now() + timedelta(seconds=retry_after)
            return error
        except Exception as error:
            self.log.exception("%s: an unexpected failure", self.name)
            return ConnectionFailed(
                f"leadsync failed while talking to {self.name}: {type(error).__name__}", code="internal",
                fix="please report this with the log",
            )  # fmt: skip
        return None

    def _waits(self) -> bool:
        if self.waiting_until is not None and self.clock.now() >= self.waiting_until:
            self.waiting_until = None
        return self.waiting_until is not None

    # reading

    def _poll(self, job: Poll) -> None:
        more, error = False, None
        if not self._waits():

            def work() -> None:
                nonlocal more
                self._introduce()
                self._changes(job.sources)
                more = self._backfill(job.sources, job.whole)

            error = self._guarded(work)
        self._emit(Polled(self.name, error, more, self.waiting_until))

    def _introduce(self) -> None:
        if self.introduce is not None:
            options = {
                obj: {name: found.options for name in names if (found := self.connector.describe(obj).fields.get(name))}
                for obj, names in self.introduce.items()
            }
            self._emit(Introduced(self.name, self.connector.user(), options))
            self.introduce = None

    def _changes(self, sources: Sequence[Source]) -> None:
        """The fast pass from the head of each stream; when it is time the delayed pass, which finds what came late."""
        until = self.clock.now() + self._ahead + _FAST_SLACK
        heads = [Ask(s.object, self.fields[s.object], s.head) for s in sources if s.head is not None]
        if heads:
            for page in self.connector.changes(heads, until):
                if isinstance(page, Failed):
                    raise page.error
                cursor = {"head_at": page.cursor.at, "head_id": page.cursor.id} if page.cursor else {}
                self._emit(PageRead(self.name, page, cursor))
            self._ahead = self.connector.now() - self.clock.now()
        settle = self.connector.capabilities.settle
        settled = self.clock.now() + self._ahead - settle
        late = [s for s in sources if s.settled is not None and settled - s.settled.at >= settle]
        if late:
            asks = [Ask(s.object, self.fields[s.object], s.settled) for s in late if s.settled is not None]
            for page in self.connector.changes(asks, settled):
                if isinstance(page, Failed):
                    raise page.error
                self._emit(PageRead(self.name, page, {}))
            for source in late:
                done = Page(source.object, (), self.clock.now())
                self._emit(PageRead(self.name, done, {"settled_at": settled, "settled_id": ""}))

    def _backfill(self, sources: Sequence[Source], whole: bool) -> bool:
        """Read what was there before; whether there is more."""
        end = time.monotonic() + BACKFILL_TURN
        for source in sources:
            if source.backfilled_at is not None:
                continue
            fresh = source.head is None
            start = self.clock.now() + self._ahead - _FAST_SLACK
            settled = start - self.connector.capabilities.settle
            begin = {"head_at": start, "head_id": "", "settled_at": settled, "settled_id": ""} if fresh else {}
            for page in self.connector.backfill(source.object, source.backfill_token, self.fields[source.object]):
                done = {"backfilled_at": self.clock.now()} if page.resume is None else {}
                self._emit(PageRead(self.name, page, begin | {"backfill_token": page.resume} | done, late=True))
                begin = {}
                if page.resume is not None and not whole and time.monotonic() > end:
                    return True
                if self.stopping.is_set():
                    return True
        return False

    # writing

    def _send(self, job: Send) -> None:
        results: Sequence[WriteResult] = ()

        def work() -> None:
            nonlocal results
            ops = [
                WriteOp(
                    str(w.id), job.objects[w.source_id], w.ext_id, {name: pair[1] for name, pair in w.fields.items()}
                )
                for w in job.writes
            ]
            results = self.connector.write(ops)

        if self._waits():
            self._emit(Written(self.name, job.writes, (), None, sent=False))
        else:
            error = self._guarded(work)
            self._emit(Written(self.name, job.writes, results, error))

    def _resolve(self, job: Resolve) -> None:
        rows: Mapping[str, Record | Moved | Gone] = {}
        read_at = self.clock.now()

        def work() -> None:
            nonlocal rows
            ids = sorted({w.ext_id for w in job.writes})
            rows = self.connector.fetch(job.object, ids, self.fields[job.object])

        if self._waits() or self._guarded(work) is not None:
            rows = {}
        self._emit(Fetched(self.name, job.writes, job.object, rows, read_at))
