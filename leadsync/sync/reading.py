"""A round of reading one connection: what changed, what was deleted, what was there before, what is looked after."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leadsync.connector import Clock, Connector, HasHistory, ListsDeleted
from leadsync.errors import AuthLost, ConnectionFailed, LeadsyncError, NotFound, Rejected
from leadsync.store.sources import Source
from leadsync.sync.messages import PageRead, Poll, Remembered, Seen
from leadsync.types import Ask, Page, Role

BACKFILL_TURN = 10.0  # seconds of backfill between two looks at what has just changed
SWEEP_TURN = 10  # pages of a census between two looks
_FAST_SLACK = timedelta(seconds=1)
_DELETED_EVERY = timedelta(minutes=10)
_DELETED_OVERLAP = timedelta(minutes=5)
_SWEPT_EVERY = timedelta(days=1)
_REMEMBERED = 500  # records whose past is kept at once
_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)

Emit = Callable[[PageRead | Seen | Remembered], None]


@dataclass
class Reading:
    """Reads for one connection. `emit` hands on what was read and raises when the day's requests are used up.

    `troubles` gathers objects that could not be read, while the others could.
    """

    name: str
    connector: Connector
    clock: Clock
    emit: Emit
    stopping: Callable[[], bool]

    def __post_init__(self) -> None:
        self.fields: Mapping[str, tuple[str, ...]] = {}
        self.calculated: Sequence[str] = ()
        self.troubles: dict[str, LeadsyncError] = {}
        self._ahead = timedelta()  # how far the CRM's clock is ahead of ours
        self._sweeps: dict[str, Iterator[tuple[Sequence[str], Page | None, bool]]] = {}

    def round(self, job: Poll) -> bool:
        """All that is due; whether the backfill goes on in the next round."""
        self._changes(job.sources)
        self._deleted(job.sources)
        if self._backfill(job.sources, job.whole):
            return True
        self._history(job)
        self._sweep(job.sources, job.whole)
        return False

    def _each(self, obj: str, work: Callable[[], None]) -> None:
        """Do something with one object; what concerns it alone does not stop the others."""
        try:
            work()
        except ConnectionFailed as error:
            if not of_object(error):
                raise
            self.troubles[obj] = error

    # what changed

    def _changes(self, sources: Sequence[Source]) -> None:
        """The fast pass from the head of each stream; when it is time the delayed pass, which finds what came late."""
        until = self.clock.now() + self._ahead + _FAST_SLACK
        heads = [Ask(s.object, self.fields[s.object], s.head) for s in sources if s.head is not None]
        if heads:
            for page in self._pages(heads, until):
                cursor = {"head_at": page.cursor.at, "head_id": page.cursor.id} if page.cursor else {}
                self.emit(PageRead(self.name, page, cursor))
            self._ahead = self.connector.now() - self.clock.now()
        settle = self.connector.capabilities.settle
        settled = self.clock.now() + self._ahead - settle
        late = [s for s in sources if s.settled is not None and settled - s.settled.at >= settle]
        if late:
            asks = [Ask(s.object, self.fields[s.object], s.settled) for s in late if s.settled is not None]
            for page in self._pages(asks, settled):
                self.emit(PageRead(self.name, page, {}))
            for source in late:
                if source.object not in self.troubles:
                    self._mark(source, settled_at=settled, settled_id="")

    def _pages(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page]:
        for page in self.connector.changes(asks, until):
            if isinstance(page, Page):
                yield page
            else:
                self.troubles[page.object] = page.error

    def _mark(self, source: Source, **columns: object) -> None:
        self.emit(PageRead(self.name, Page(source.object, (), self.clock.now()), columns))

    def _deleted(self, sources: Sequence[Source]) -> None:
        """Deleted rows, where the stream does not tell of them."""
        connector, start = self.connector, self.clock.now() + self._ahead
        if not isinstance(connector, ListsDeleted):
            return
        for source in sources:
            last, since = source.deleted_at or source.backfilled_at, source.deleted_at or _LONG_AGO
            if last is None or source.role is Role.OWNER or start - last < _DELETED_EVERY:
                continue

            def read(
                source: Source = source, since: datetime = since - _DELETED_OVERLAP, listed: ListsDeleted = connector
            ) -> None:
                for page in listed.deleted(source.object, since):
                    self.emit(PageRead(self.name, page, {}))
                self._mark(source, deleted_at=start)

            self._each(source.object, read)

    # what was there before

    def _backfill(self, sources: Sequence[Source], whole: bool) -> bool:
        """Read what was there before; whether there is more."""
        end = time.monotonic() + BACKFILL_TURN
        more = False
        for source in sources:
            if source.backfilled_at is None and not more:

                def read(source: Source = source) -> None:
                    nonlocal more
                    more = self._backfill_one(source, None if whole else end)

                self._each(source.object, read)
        return more

    def _backfill_one(self, source: Source, end: float | None) -> bool:
        begin: dict[str, object] = {}
        if source.head is None:  # changes are read from before the first page on, by the CRM's own clock
            self._ahead = self.connector.now() - self.clock.now()
            start = self.clock.now() + self._ahead - _FAST_SLACK
            settled = start - self.connector.capabilities.settle
            begin = {"head_at": start, "head_id": "", "settled_at": settled, "settled_id": ""}
        for page in self.connector.backfill(source.object, source.backfill_token, self.fields[source.object]):
            done = {"backfilled_at": self.clock.now()} if page.resume is None else {}
            self.emit(PageRead(self.name, page, begin | {"backfill_token": page.resume} | done, late=True))
            begin = {}
            if page.resume is not None and ((end is not None and time.monotonic() > end) or self.stopping()):
                return True
        return False

    # what is looked after

    def _history(self, job: Poll) -> None:
        connector = self.connector
        if not isinstance(connector, HasHistory):
            return
        for obj, (fields, rows) in job.history.items():

            def read(
                obj: str = obj, fields: Sequence[str] = fields, rows: Sequence[tuple[int, str]] = rows,
                remembers: HasHistory = connector,
            ) -> None:  # fmt: skip
                for start in range(0, len(rows), _REMEMBERED):
                    part = rows[start : start + _REMEMBERED]
                    past = remembers.history(obj, [ext_id for _, ext_id in part], fields)
                    found = {id_: past[ext_id] for id_, ext_id in part if past.get(ext_id)}
                    self.emit(Remembered(self.name, obj, found, part[-1][0]))

            self._each(obj, read)

    def _sweep(self, sources: Sequence[Source], whole: bool) -> None:
        """Once a day every row is met: what is gone for good is found, and fields that the CRM calculates without
        touching the row are read again."""
        for source in sources:
            last = source.swept_at or source.backfilled_at
            if source.role not in (Role.LEAD, Role.COMPANY) or last is None:
                continue
            if source.object not in self._sweeps and self.clock.now() - last < _SWEPT_EVERY:
                continue

            def read(source: Source = source) -> None:
                self._sweep_on(source, None if whole else SWEEP_TURN)

            self._each(source.object, read)

    def _sweep_on(self, source: Source, turns: int | None) -> None:
        first = source.object not in self._sweeps
        pages = self._sweeps.pop(source.object, None) or self._census(source.object)
        while turns is None or turns > 0:
            ids, page, more = next(pages, ((), None, False))
            if page is not None:
                self.emit(PageRead(self.name, page, {}, late=True))
            self.emit(Seen(self.name, source.object, ids, first, not more))
            if not more or self.stopping():
                return
            first, turns = False, turns and turns - 1
        self._sweeps[source.object] = pages

    def _census(self, obj: str) -> Iterator[tuple[Sequence[str], Page | None, bool]]:
        """All rows: their ids, the rows themselves where they are worth reading again, whether there are more."""
        if obj in self.calculated:
            for page in self.connector.backfill(obj, None, self.fields[obj]):
                told = [record.id for record in page.records] + [moved.id for moved in page.moved]
                yield told, page, page.resume is not None
        else:
            for found in self.connector.ids(obj):
                yield found.ids, None, found.resume is not None


def of_object(error: LeadsyncError) -> bool:
    """Whether an error concerns one object only: a field or right that is missing, not the whole account."""
    return isinstance(error, Rejected | NotFound) or (isinstance(error, AuthLost) and error.code == "scope")
