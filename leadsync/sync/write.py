"""Writes on their way: sent in the CRM's batches, settled by answers, or by reading where no answer came."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from leadsync.connector import Clock
from leadsync.core.plan import same
from leadsync.store import outbox, records, schema
from leadsync.store.database import Store, chunks
from leadsync.store.evaluation import Member
from leadsync.store.outbox import Write
from leadsync.store.sources import Source
from leadsync.sync.bulk import Bulk
from leadsync.sync.messages import Fetched, Resolve, Send, Written
from leadsync.sync.pull import Pull
from leadsync.sync.report import ConnectionReport
from leadsync.sync.sending import as_page
from leadsync.sync.worker import Worker
from leadsync.types import Gone, Page, Record, WriteResult, WriteStatus

_IN_FLIGHT = 10_000
_RESOLVED = 1000  # rows read in one job
_lead = sa.func.coalesce(schema.records.c.lead_id, -schema.records.c.id)  # a company stands for itself


class Outgoing:
    """The writes of all connections between their intent and their settlement."""

    def __init__(
        self, store: Store, clock: Clock, sources: Mapping[int, Source], pulls: Mapping[str, Pull],
        workers: Mapping[str, Worker],
    ) -> None:  # fmt: skip
        self._store, self._clock = store, clock
        self._sources, self._pulls, self._workers = sources, pulls, workers
        self._unknown: dict[str, list[Write]] = defaultdict(list)  # connection → writes whose outcome has to be read
        self.bulk = Bulk(store, sources, workers)
        self.flying: dict[int, int] = {}  # write → its lead
        self.held: set[int] = set()  # leads that wait for the next cycle

    @property
    def full(self) -> bool:
        """Whether evaluation should wait for answers."""
        return self.bulk.full or len(self.flying) - len(self.bulk.mine) > _IN_FLIGHT

    @property
    def uncertain(self) -> bool:
        """Whether there are writes whose outcome has still to be read."""
        return any(self._unknown.values())

    def busy(self) -> set[int]:
        """Leads, and minus the ids of companies, of which it cannot be said yet what to write next; inside
        `begin()`."""
        ids = [write.record_id for writes in self._unknown.values() for write in writes]
        r, uncertain = schema.records.c, set[int]()
        for part in chunks(ids):
            uncertain.update(self._store.connection.scalars(sa.select(_lead).where(r.id.in_(part))))
        w = schema.writes.c  # a lead may have become another one meanwhile
        moved = sa.select(_lead).join(schema.writes, w.record_id == r.id)
        for part in chunks([*self.flying]):
            uncertain.update(self._store.connection.scalars(moved.where(w.id.in_(part))))
        return self.held | set(self.flying.values()) | uncertain

    def take_over(self, writes: Sequence[Write]) -> None:
        """Writes that a process left open which ended without an answer; inside `begin()`.

        Those of a connection or object that is not read any more cannot be looked up and are given up.
        """
        lost, jobs = [], defaultdict[tuple[str, str], list[Write]](list)
        for write in writes:
            source = self._sources[write.source_id]
            pull = self._pulls.get(source.connection)
            if pull is not None and pull.reads(source.object):
                if write.job is None:
                    self._unknown[source.connection].append(write)
                else:
                    jobs[source.connection, write.job].append(write)
            else:
                lost.append(write)
        outbox.drop(self._store, lost, self._clock.now())
        for (name, job), carried in jobs.items():
            self.bulk.follow(name, job, carried)
            self.flying.update({write.id: self._lead(write) for write in carried})

    def _lead(self, write: Write) -> int:
        found: int = self._store.connection.scalar(sa.select(_lead).where(schema.records.c.id == write.record_id)) or 0
        return found

    def postpone(self, members: Sequence[Member]) -> None:
        """Records of connections that cannot be written to now: their leads come up again in the next cycle; inside
        `begin()`."""
        self.held.update(member.lead_id for member in members)
        records.mark(self._store, [member.id for member in members])

    def send(self, writes: Sequence[Write], lead_of: Mapping[int, int], backlog: int | None = None) -> None:
        """Hand planned writes to their connections, as many per call as the CRM takes.

        `backlog`: how many more may follow at once; `None` where somebody waits for these.
        """
        self.flying.update(lead_of)
        by_connection: dict[str, list[Write]] = defaultdict(list)
        for write in writes:
            by_connection[self._sources[write.source_id].connection].append(write)
        for name, own in by_connection.items():
            enough = self.bulk.from_(name)
            if enough and backlog is not None and (backlog >= enough or self.bulk.holds(name)):
                self.bulk.hold(name, [write for write in own if not self._strict(name, write)])
                own = [write for write in own if self._strict(name, write)]  # bulk jobs know of no condition
            self._send(name, own)

    def _strict(self, name: str, write: Write) -> bool:
        mapping = self._workers[name].config.mapping
        return bool(mapping.strict(self._sources[write.source_id].object) & write.fields.keys())

    def release(self) -> None:
        """Nothing follows, or enough is held: what was held back for a bulk job goes out."""
        for name, writes in self.bulk.release().items():
            self._send(name, writes)

    def _send(self, name: str, writes: Sequence[Write]) -> None:
        worker, objects = self._workers[name], {source.id: source.object for source in self._sources.values()}
        size = worker.connector.capabilities.write_batch
        for start in range(0, len(writes), size):
            part = writes[start : start + size]
            with self._store.begin():
                outbox.sent(self._store, part, self._clock.now())
            worker.jobs.put(Send(part, objects))

    def resolve(self, name: str) -> None:
        """Have the rows read of all writes whose outcome is not known."""
        by_object: dict[str, list[Write]] = defaultdict(list)
        for write in self._unknown.get(name, ()):
            by_object[self._sources[write.source_id].object].append(write)
        for obj, writes in by_object.items():
            for start in range(0, len(writes), _RESOLVED):
                part = writes[start : start + _RESOLVED]
                self._workers[name].jobs.put(Resolve(obj, sorted({w.ext_id for w in part}), part))

    def written(self, message: Written, report: ConnectionReport) -> None:
        """Take in what came of writes that were sent."""
        now, by_id = self._clock.now(), {str(w.id): w for w in message.writes}
        answered = [(by_id.pop(result.key), result) for result in message.results if result.key in by_id]
        unanswered = list(by_id.values())
        with self._store.begin():
            outbox.settle(self._store, answered, message.at)
            if not message.sent:
                outbox.drop(self._store, unanswered, now)
        if message.sent:
            self._unknown[message.connection] += unanswered
        self.bulk.ended(message)
        waiting = [w for w, r in answered if r.status in (WriteStatus.RETRY, WriteStatus.CONFLICT)] + unanswered
        self.held |= {self.flying[w.id] for w in waiting if w.id in self.flying}
        for write, result in answered:
            report.written += result.status is WriteStatus.APPLIED
            report.rejected += result.status is WriteStatus.REJECTED
            if result.status is WriteStatus.GONE:
                self._gone(message.connection, write, result)
        report.error = message.error or report.error
        for write in message.writes:
            self.flying.pop(write.id, None)

    def _gone(self, connection: str, write: Write, result: WriteResult) -> None:
        page = Page(
            self._sources[write.source_id].object, (), self._clock.now(),
            gone=() if result.moved_to else (Gone(write.ext_id),), moved=(result.moved_to,) if result.moved_to else (),
        )  # fmt: skip
        self._pulls[connection].keep(page, self._clock.now(), {})

    def fetched(self, message: Fetched) -> None:
        """Settle writes whose outcome was unknown by what stands in the CRM now; what was not read stays unknown."""
        now, rows = self._clock.now(), message.rows
        if rows:
            self._pulls[message.connection].keep(as_page(message.object, rows, message.read_at), now, {})
        settled: list[tuple[Write, WriteResult]] = []
        dropped: list[Write] = []
        for write in message.writes:
            row = rows.get(write.ext_id)
            if isinstance(row, Record) and all(same(row.fields.get(f), pair[1]) for f, pair in write.fields.items()):
                settled.append((write, WriteResult(str(write.id), WriteStatus.APPLIED, row.modified_at)))
            elif row is not None:
                dropped.append(write)
        with self._store.begin():
            outbox.settle(self._store, settled, now)
            outbox.drop(self._store, dropped, now)
        known = {write.id for write in [*(w for w, _ in settled), *dropped]}
        self._unknown[message.connection] = [w for w in self._unknown[message.connection] if w.id not in known]
