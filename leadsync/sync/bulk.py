"""Writes in bulk: more of them at once than single calls are meant for travel in a job of the CRM.

The job's name is stored before anything is uploaded, so that whoever goes on after a crash asks the job what became of
its writes and never sends them twice.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from leadsync.connector import WritesInBulk
from leadsync.store import outbox
from leadsync.store.database import Store
from leadsync.store.outbox import Write
from leadsync.store.sources import Source
from leadsync.sync.messages import CarryBulk, OpenBulk, Opened, Written
from leadsync.sync.worker import Worker

MOST = 60_000  # writes in a job, and held in memory until there are so many
_LOOK_EVERY = timedelta(seconds=5)


class Bulk:
    """Holds writes until it is known how many there are, and follows the jobs that carry them."""

    def __init__(self, store: Store, sources: Mapping[int, Source], workers: Mapping[str, Worker]) -> None:
        self._store, self._sources, self._workers = store, sources, workers
        self._held: dict[str, list[Write]] = defaultdict(list)
        self._jobs: dict[tuple[str, str], Sequence[Write]] = {}
        self._look_at: datetime | None = None
        self.mine: set[int] = set()  # writes that are held, or travel in a job

    @property
    def full(self) -> bool:
        """Whether what is held should leave before more is planned."""
        return any(len(writes) >= MOST for writes in self._held.values())

    def from_(self, name: str) -> int | None:
        """How many writes of a connection are worth a job, if it has jobs at all."""
        connector = self._workers[name].connector
        return connector.capabilities.bulk_from if isinstance(connector, WritesInBulk) else None

    def holds(self, name: str) -> bool:
        """Whether writes of this connection are held already."""
        return bool(self._held.get(name))

    def hold(self, name: str, writes: Sequence[Write]) -> None:
        """Keep these until `release`: they are stored as planned."""
        self._held[name] += writes
        self.mine.update(write.id for write in writes)

    def release(self) -> dict[str, list[Write]]:
        """Open jobs for what is held, and give back what is not worth one."""
        few = {}
        for name, writes in self._held.items():
            if len(writes) <= (self.from_(name) or 0):
                few[name] = writes
                self.mine.difference_update(write.id for write in writes)
                continue
            by_object: dict[str, list[Write]] = defaultdict(list)
            for write in writes:
                by_object[self._sources[write.source_id].object].append(write)
            for obj, own in by_object.items():
                self._workers[name].jobs.put(OpenBulk(obj, own))
        self._held.clear()
        return few

    def opened(self, message: Opened, now: datetime) -> None:
        """A job is open: from here on it answers for its writes."""
        with self._store.begin():
            outbox.sent(self._store, message.writes, now, message.job)
        self.follow(message.connection, message.job, message.writes)
        self._workers[message.connection].jobs.put(self._carry(message.job, message.writes, send=True))

    def follow(self, name: str, job: str, writes: Sequence[Write]) -> None:
        """Ask this job for its results from now on."""
        self._jobs[name, job] = writes
        self.mine.update(write.id for write in writes)

    def ended(self, message: Written) -> None:
        """These writes are settled, or could not be sent."""
        self.mine.difference_update(write.id for write in message.writes)
        if message.job is not None:
            self._jobs.pop((message.connection, message.job), None)

    def look(self, now: datetime) -> None:
        """Ask the jobs, now and then, whether they are done."""
        if self._jobs and (self._look_at is None or now >= self._look_at):
            self._look_at = now + _LOOK_EVERY
            for (name, job), writes in self._jobs.items():
                if name in self._workers:
                    self._workers[name].jobs.put(self._carry(job, writes, send=False))

    def _carry(self, job: str, writes: Sequence[Write], *, send: bool) -> CarryBulk:
        return CarryBulk(job, writes, {source.id: source.object for source in self._sources.values()}, send)
