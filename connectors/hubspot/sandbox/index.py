"""The search index of one object: its rows in the order of change and of ids, as far as the index has heard of them.

A lagging index finds a row by what it held some time ago, while the answer shows what it holds now; a new row it does
not find at all.
"""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, str]

END = 1 << 60  # later than any stamp, higher than any id


@dataclass(slots=True)
class Window:
    """The stamps and ids between which all matches of a search lie, ends included; `exact` when all there match."""

    low: int = 0
    high: int = END
    first: int = 0
    last: int = END
    exact: bool = True


class Index:
    """`rows` and `ids` (sorted) are those of the object itself, `lag` its present lag in milliseconds."""

    def __init__(
        self, rows: Mapping[str, Row], ids: Sequence[int], clock: Callable[[], int], lag: Callable[[], int]
    ) -> None:
        self._rows, self._ids, self._clock, self._lag = rows, ids, clock, lag
        self._order: list[tuple[int, int]] = []
        self._stamps: dict[int, int] = {}
        self._old: dict[int, Row] = {}  # what the index still holds of rows that have changed since
        self._coming: deque[tuple[int, int, int, Row]] = deque()

    def load(self, stamps: Iterable[tuple[int, int]]) -> None:
        """Many new rows (id, stamp) at once."""
        self._stamps.update(stamps)
        self._order = sorted((stamp, id_) for id_, stamp in self._stamps.items())

    def changed(self, id_: int, stamp: int, before: Row | None, after: Row) -> None:
        """A row was made or changed: the index will hear of it after its lag."""
        if not self._lag() and not self._coming:
            self._place(id_, stamp)
            return
        if before is not None and id_ in self._stamps:
            self._old.setdefault(id_, before)
        self._coming.append((self._clock(), id_, stamp, after))

    def removed(self, id_: int) -> None:
        """A row is gone: that shows at once."""
        self._old.pop(id_, None)
        if id_ in self._stamps:
            del self._order[bisect_left(self._order, (self._stamps.pop(id_), id_))]

    def refresh(self) -> None:
        """Hear of what is older than the lag."""
        heard = self._clock() - self._lag()
        while self._coming and self._coming[0][0] <= heard:
            _, id_, stamp, version = self._coming.popleft()
            live = self._rows.get(str(id_))
            if live is None:
                continue
            self._place(id_, stamp)
            if version is live:
                self._old.pop(id_, None)
            else:
                self._old[id_] = version

    def row(self, id_: int) -> Row:
        """The row as the index knows it."""
        return self._old.get(id_) or self._rows[str(id_)]

    def page(self, window: Window, offset: int, limit: int, *, by_id: bool) -> tuple[int, Sequence[int]]:
        """How many rows lie in the window, and the ids of one page of them, in the order of ids or of change."""
        order, end = self._order, offset + limit
        if window.low == window.high:  # of one instant: here both orders are the same
            start = bisect_left(order, (window.low, window.first))
            stop = bisect_right(order, (window.low, window.last))
        elif by_id and window.low <= 0 and window.high >= END and len(self._ids) == len(order):
            start, stop = bisect_left(self._ids, window.first), bisect_right(self._ids, window.last)
            return max(0, stop - start), self._ids[start + offset : min(stop, start + end)]
        elif not by_id and window.first <= 0 and window.last >= END:
            start, stop = self._span(window)
        else:
            ids = self.ids(window, by_id=by_id)
            return len(ids), ids[offset:end]
        return max(0, stop - start), [id_ for _, id_ in order[start + offset : min(stop, start + end)]]

    def ids(self, window: Window, *, by_id: bool) -> list[int]:
        """The ids of all rows in the window, in the order of ids or of change."""
        start, stop = self._span(window)
        if by_id:
            first, last = bisect_left(self._ids, window.first), bisect_right(self._ids, window.last)
            if last - first <= stop - start:
                stamps, low, high = self._stamps, window.low, window.high
                return [id_ for id_ in self._ids[first:last] if low <= stamps.get(id_, -1) <= high]
        found = [id_ for _, id_ in self._order[start:stop] if window.first <= id_ <= window.last]
        return sorted(found) if by_id else found

    def _span(self, window: Window) -> tuple[int, int]:
        return bisect_left(self._order, (window.low, 0)), bisect_left(self._order, (window.high + 1, 0))

    def _place(self, id_: int, stamp: int) -> None:
        before = self._stamps.get(id_)
        if before == stamp:
            return
        if before is not None:
            del self._order[bisect_left(self._order, (before, id_))]
        self._stamps[id_] = stamp
        insort(self._order, (stamp, id_))
