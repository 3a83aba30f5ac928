"""Rows of one lead become one in their CRM, where `matching.yaml` says so: proposed with every decision, sent one by
one, settled by answers, or by reading where no answer came."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from leadsync.connector import Clock, MergesRecords
from leadsync.core.line import cut
from leadsync.core.mapping import text
from leadsync.core.merging import Merge, Row, merges
from leadsync.core.survivorship import About
from leadsync.errors import NotFound, Rejected
from leadsync.store import merges as store_merges
from leadsync.store import schema
from leadsync.store.database import Store
from leadsync.store.evaluation import Material, Member
from leadsync.store.merges import APPLIED, DROPPED, REJECTED, Kept
from leadsync.store.sources import Source
from leadsync.sync import accounts
from leadsync.sync.messages import CarryMerge, Merged, PageRead
from leadsync.sync.report import ConnectionReport
from leadsync.sync.sending import as_page
from leadsync.types import Moved, Page, Record, Role, WriteOp, WriteStatus

if TYPE_CHECKING:
    from leadsync.sync.evaluate import Evaluator
    from leadsync.sync.worker import Worker

_VALUE = 60  # characters of a value that a suggestion tells


def proposals(evaluator: "Evaluator", records: Sequence[Member], found: Material) -> Iterator[tuple[Source, Merge]]:
    """What would make one of the rows that a lead has in one object, where that is wanted."""
    config = evaluator.config
    for source, rows in _groups(evaluator, records):
        mapping = config.connections[source.connection].mapping.reads[source.object]
        known = evaluator.accounts.get(source.connection)
        fixed = known.fixed.get(source.object, ()) if known else ()
        about = evaluator.frames.about(rows, found) or [About()] * len(rows)
        said = [Row(m.id, m.fields or {}, m.facts or {}, each) for m, each in zip(rows, about, strict=True)]
        of = {row.id: row for row in said}
        for merge in merges(said, mapping, config.matching.survive, fixed):
            refused = found.unmerged.get((merge.kept, merge.other))
            names = [*mapping.source_fields()]
            if refused is None or not _stand([of[merge.kept].fields, of[merge.other].fields], refused, names):
                yield source, merge


def _groups(evaluator: "Evaluator", records: Sequence[Member]) -> Iterator[tuple[Source, list[Member]]]:
    wanted, groups = evaluator.config.matching.merge, defaultdict[int, list[Member]](list)
    if wanted and len(records) > 1:
        for member in evaluator.frames.by_trust(m for m in records if m.gone_at is None and m.facts is not None):
            source = evaluator.sources[member.source_id]
            if source.connection in wanted and source.role is Role.LEAD:
                groups[source.id].append(member)
    for id_, rows in groups.items():
        source = evaluator.sources[id_]
        if len(rows) > 1 and source.object in evaluator.config.connections[source.connection].mapping.reads:
            yield source, rows


def suggestion(source: Source, merge: Merge, of: Mapping[int, Member]) -> str:
    """What a person is to do where the CRM's programs cannot merge: which row stays, and what it is to say."""
    values = ", ".join(f"{name} = {cut(text(after), _VALUE)}" for name, (_, after) in sorted(merge.fields.items()))
    told = f"{source.connection} {source.object} {of[merge.kept].ext_id} ← {of[merge.other].ext_id}"
    return f"{told}: {values}" if values else told


def _stand(
    rows: Sequence[Mapping[str, object]], before: Sequence[Mapping[str, object]], names: Collection[str]
) -> bool:
    """Whether these rows still hold what they held."""
    return all(text(row.get(n)) == text(was.get(n)) for row, was in zip(rows, before, strict=True) for n in names)  # type: ignore[arg-type]


class Merging:
    """The merges of all connections between their intent and their settlement."""

    def __init__(
        self, store: Store, clock: Clock, sources: Mapping[int, Source], workers: "Mapping[str, Worker]"
    ) -> None:
        self._store, self._clock, self._sources, self._workers = store, clock, sources, workers
        self._unknown: list[Kept] = []
        self.flying: dict[int, Kept] = {}
        self._resumed: set[int] = set()  # of these: what came of them is only read

    def take_over(self) -> None:
        """Merges that a process left open which ended without an answer; inside `begin()`."""
        self._unknown += store_merges.unsettled(self._store)

    def busy(self) -> set[int]:
        """The leads whose rows are being merged; inside `begin()`."""
        ids = {id_ for each in (*self._unknown, *self.flying.values()) for id_ in (each.record_id, each.other_id)}
        return self._leads(ids)

    def _leads(self, ids: Collection[int]) -> set[int]:
        r = schema.records.c
        return set(self._store.connection.scalars(sa.select(r.lead_id).where(r.id.in_(ids)))) if ids else set()

    def intend(self, merge: Merge, of: Mapping[int, Member]) -> Kept:
        """About to be sent; inside `begin()`."""
        both, now = (of[merge.kept], of[merge.other]), self._clock.now()
        kept, other = both
        before = [member.fields or {} for member in both]
        return store_merges.intend(self._store, merge, kept.source_id, (kept.ext_id, other.ext_id), before, now)

    def send(self, found: Sequence[Kept], *, resume: bool = False) -> None:
        """Hand merges to their connections, or what came of them to be read."""
        for merge in found:
            source = self._sources[merge.source_id]
            self.flying[merge.id] = merge
            (self._resumed.add if resume else self._resumed.discard)(merge.id)
            self._workers[source.connection].jobs.put(CarryMerge(source.object, merge, resume))

    def resolve(self, name: str) -> None:
        """Have it read what came of merges of this connection of which that is not known."""
        own = [merge for merge in self._unknown if self._sources[merge.source_id].connection == name]
        self._unknown = [merge for merge in self._unknown if merge not in own]
        self.send(own, resume=True)

    def merged(self, message: Merged, report: ConnectionReport) -> set[int]:
        """Take in what came of a merge. The leads that wait for the next cycle."""
        merge = self.flying.pop(message.merge.id)
        report.error = message.error or report.error
        report.merged += message.state == APPLIED
        report.rejected += message.state == REJECTED
        with self._store.begin():
            if message.state is None:
                self._unknown.append(merge)
            else:
                store_merges.settle(self._store, merge, message.state, message.code, self._clock.now())
            over = message.state == APPLIED or (message.state == DROPPED and merge.id in self._resumed)
            return set() if over and not message.error else self._leads([merge.record_id, merge.other_id])


def carry_out(worker: "Worker", job: CarryMerge) -> None:
    """Merge two rows that stand as they did, give what they became its values, and tell; or, to `resume`, find out
    whether that was done and do the rest. What was sent and not answered has no state."""
    connector, obj, (kept, other) = worker.connector, job.object, job.merge.ext_ids
    state: str | None = None if job.resume else DROPPED
    code: str | None = None

    def work() -> None:
        nonlocal state, code
        assert isinstance(connector, MergesRecords)
        worker.afford()
        asked = accounts.asked(worker.config, worker.account).get(obj, ())
        read_at, rows = worker.clock.now(), connector.fetch(obj, [kept, other], asked)
        to = _became(rows, kept, other) if job.resume else None
        if to is None:
            said = [row.fields for row in (rows[kept], rows[other]) if isinstance(row, Record)]
            if job.resume or len(said) < 2 or not _stand(said, job.merge.before, _looked_at(worker, obj)):
                worker.emit(PageRead(worker.name, as_page(obj, rows, read_at), {}))
                state = DROPPED
                return
            state = None
            try:
                to = connector.merge(obj, kept, other).to_id
            except (Rejected, NotFound) as error:
                worker.log.warning("%s: %s and %s are not merged: %s", worker.name, kept, other, error.message)
                state, code = REJECTED, error.code
                return
        if job.merge.fields:
            values = {name: pair[1] for name, pair in job.merge.fields.items()}
            [result] = connector.write([WriteOp(str(job.merge.id), obj, to, values)])
            if result.status is WriteStatus.RETRY:
                return
            code = result.code or None
        read_at, rows = worker.clock.now(), connector.fetch(obj, [to], asked)
        page, left = as_page(obj, rows, read_at), [id_ for id_ in (kept, other) if id_ != to]
        moved = [*page.moved, *(Moved(id_, obj, to, "merged") for id_ in left)]
        worker.emit(PageRead(worker.name, Page(obj, page.records, read_at, gone=page.gone, moved=moved), {}))
        state = APPLIED

    error = None if worker.waits() else worker.guarded(work)
    worker.emit(Merged(worker.name, job.merge, state, code, error))


def _became(rows: Mapping[str, object], kept: str, other: str) -> str | None:
    """The row that both are now."""
    left, stays = rows[other], rows[kept]
    if not isinstance(left, Moved):
        return None
    where = stays.to_id if isinstance(stays, Moved) else kept
    return left.to_id if left.to_id == where else None


def _looked_at(worker: "Worker", obj: str) -> list[str]:
    """The fields that must not have changed since the merge was planned."""
    fixed = worker.account.fixed.get(obj, ()) if worker.account else ()
    return [name for name in worker.config.mapping.reads[obj].source_fields() if name not in fixed]
