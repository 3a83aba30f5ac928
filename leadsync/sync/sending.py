"""How one connection writes: in the CRM's batches or in bulk jobs, after a look at what people edit, too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from leadsync.connector import WritesInBulk
from leadsync.core.plan import same
from leadsync.store.outbox import Write
from leadsync.sync import accounts
from leadsync.sync.messages import CarryBulk, OpenBulk, Opened, PageRead, Send, Written
from leadsync.types import Gone, Moved, Page, Record, WriteOp, WriteResult, WriteStatus

if TYPE_CHECKING:
    from leadsync.sync.worker import Worker


class Sending:
    """The writing half of a connection's thread."""

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker

    def send(self, job: Send) -> None:
        """Write, and tell what came of it."""
        worker, sent = self._worker, False
        done: dict[str, WriteResult] = {}
        stamps: dict[str, datetime] = {}

        def work() -> None:
            nonlocal sent
            worker.afford()
            for obj, writes in _by_object(job).items():
                done.update(self._conflicts(obj, writes, stamps))
            ops = [_op(w, job.objects, stamps) for w in job.writes if str(w.id) not in done]
            sent = True
            if ops:
                done.update({result.key: result for result in worker.connector.write(ops)})

        error = None if worker.waits() else worker.guarded(work)
        worker.emit(Written(worker.name, job.writes, list(done.values()), worker.clock.now(), error, sent))

    def open_bulk(self, job: OpenBulk) -> None:
        """Open a job for writes of one object that nobody has made obsolete meanwhile."""
        worker, opened = self._worker, ""
        stale: dict[str, WriteResult] = {}

        def work() -> None:
            nonlocal opened
            assert isinstance(worker.connector, WritesInBulk)
            worker.afford()
            stale.update(self._conflicts(job.object, job.writes, {}))
            names = {name for w in job.writes if str(w.id) not in stale for name in w.fields}
            opened = worker.connector.bulk_open(job.object, sorted(names))

        error = None if worker.waits() else worker.guarded(work)
        left = [w for w in job.writes if not opened or str(w.id) in stale]
        if left:
            worker.emit(Written(worker.name, left, list(stale.values()), worker.clock.now(), error, sent=False))
        if opened:
            worker.emit(Opened(worker.name, opened, [w for w in job.writes if str(w.id) not in stale]))

    def carry_bulk(self, job: CarryBulk) -> None:
        """Upload, and ask for results. While the job works, or does not answer, nothing is said: it is asked again."""
        worker, ops = self._worker, [_op(write, job.objects, {}) for write in job.writes]
        results: Sequence[WriteResult] | None = None

        def work() -> None:
            nonlocal results
            assert isinstance(worker.connector, WritesInBulk)
            if job.send:
                worker.connector.bulk_send(job.job, ops)
            results = worker.connector.bulk_results(job.job, ops)

        error = None if worker.waits() else worker.guarded(work)
        if error is not None:
            worker.log.warning("%s: the bulk job %s does not answer: %s", worker.name, job.job, error.message)
        if results is not None:
            worker.emit(Written(worker.name, job.writes, results, worker.clock.now(), job=job.job))

    def _conflicts(self, obj: str, writes: Sequence[Write], stamps: dict[str, datetime]) -> dict[str, WriteResult]:
        """Writes of fields that people edit, too, and have edited since we looked: these are planned anew.

        `stamps` gets when the rows of strict writes were changed last, by the key of the write.
        """
        worker = self._worker
        fields = {w.field for w in worker.config.mapping.writes.get(obj, ()) if w.shared}
        strict = worker.config.mapping.strict(obj)
        shared = [w for w in writes if fields & w.fields.keys()]
        if not shared:
            return {}
        read_at, asked = worker.clock.now(), accounts.asked(worker.config, worker.account).get(obj, ())
        rows = worker.connector.fetch(obj, [w.ext_id for w in shared], asked)
        stale = [w for w in shared if _differs(rows[w.ext_id], w, fields)]
        for write in shared:
            row = rows[write.ext_id]
            if isinstance(row, Record) and row.modified_at is not None and strict & write.fields.keys():
                stamps[str(write.id)] = row.modified_at
        changed = {w.ext_id: rows[w.ext_id] for w in stale}
        if changed:
            worker.emit(PageRead(worker.name, as_page(obj, changed, read_at), {}))
        return {str(w.id): WriteResult(str(w.id), WriteStatus.CONFLICT) for w in stale}


def as_page(obj: str, rows: Mapping[str, Record | Moved | Gone], read_at: datetime) -> Page:
    """Rows that were read by id, as a page."""
    found = [row for row in rows.values() if isinstance(row, Record)]
    gone = [row for row in rows.values() if isinstance(row, Gone)]
    moved = [row for row in rows.values() if isinstance(row, Moved)]
    return Page(obj, found, read_at, gone=gone, moved=moved)


def _by_object(job: Send) -> dict[str, list[Write]]:
    found: dict[str, list[Write]] = {}
    for write in job.writes:
        found.setdefault(job.objects[write.source_id], []).append(write)
    return found


def _differs(row: Record | Moved | Gone, write: Write, fields: set[str]) -> bool:
    return not isinstance(row, Record) or any(
        name in row.fields and not same(row.fields[name], write.fields[name][0])
        for name in fields & write.fields.keys()
    )


def _op(write: Write, objects: Mapping[int, str], stamps: Mapping[str, datetime]) -> WriteOp:
    key, fields = str(write.id), {name: pair[1] for name, pair in write.fields.items()}
    return WriteOp(key, objects[write.source_id], write.ext_id, fields, stamps.get(key))
