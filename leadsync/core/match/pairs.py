"""Which records are compared, two ways over the same keys: look-ups for few, joins for many; both give the same edges.

The state is plain: records by id with features and terms, key rows (key, id), and how many records have each term. A
store may keep it as tables; `Book` keeps it in memory.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import polars as pl

from leadsync.core.match.evidence import FIELDS, OTHERS, Terms, compare, terms
from leadsync.core.match.features import Features
from leadsync.core.match.keys import CAPS, cap, keys
from leadsync.core.match.model import Model, Scale

_LIMIT = (pl.col("key") % 4).replace_strict(dict(enumerate(CAPS)), return_dtype=pl.UInt32)
_SHARED = 3  # records that share a value
_AT_ONCE = 50_000  # records whose keys are in lists at a time


class Edge(NamedTuple):
    """Two records, the one with the smaller id first, and the bits that say they are one person."""

    left: int
    right: int
    weight: float


class Entry(NamedTuple):
    """A record as matching keeps it; a store keeps its keys beside the rest, which costs less than making them, and
    the number of what it says of `PERSON`: as long as that stays, the features that follow are not made anew."""

    features: Features
    terms: Terms
    keys: tuple[int, ...] | None = None
    person: int = 0

    def found_by(self) -> Collection[int]:
        """Its keys."""
        return keys(self.features) if self.keys is None else self.keys


def entry(of: Features, like: Entry | None = None) -> Entry:
    """The features with the terms that follow from them; `like` is one with the same name and mailbox."""
    return Entry(of, terms(of, like and like.terms))


@dataclass(slots=True)
class Book:
    """Records by id, ids by key, and how often each term occurs."""

    entries: dict[int, Entry] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)

    def put(self, id_: int, of: Entry) -> None:
        """Add a record, or replace what is kept of it."""
        self.take(id_)
        self.entries[id_] = of
        self.counts.update(filter(None, of.terms))
        for key in keys(of.features):
            self.members.setdefault(key, set()).add(id_)

    def take(self, id_: int) -> None:
        """Forget a record, as if it had never been there."""
        if (old := self.entries.pop(id_, None)) is None:
            return
        self.counts.subtract(filter(None, old.terms))
        for key in keys(old.features):
            self.members[key].discard(id_)
            if not self.members[key]:
                del self.members[key]

    def scale(self, model: Model) -> Scale:
        """To weigh pairs by, as long as nothing is put or taken."""
        return Scale(model, self.counts.__getitem__, len(self.entries))

    def edges(self, id_: int, scale: Scale, floor: float) -> Iterator[Edge]:
        """The edges of a record that weigh at least so much."""
        mine = self.entries[id_]
        for other in sorted(candidates(id_, keys(mine.features), lambda key: self.members.get(key, ()))):
            edge = weighed(id_, other, self.entries, scale)
            if edge.weight >= floor:
                yield edge


def candidates(id_: int, of: Iterable[int], members: Callable[[int], Iterable[int]]) -> set[int]:
    """Who shares a key with a record; keys that more records have than their cap are skipped."""
    found: set[int] = set()
    for key in of:
        having = list(members(key))
        if len(having) <= cap(key):
            found.update(having)
    found.discard(id_)
    return found


def weighed(a: int, b: int, entries: Mapping[int, Entry], scale: Scale) -> Edge:
    """The edge between two records."""
    left, right = (a, b) if a < b else (b, a)
    one, two = entries[left], entries[right]
    return Edge(left, right, scale.weigh(compare(one.features, two.features), one.terms, two.terms))


def beside(a: int, b: int, entries: Mapping[int, Entry], scale: Scale) -> float:
    """What a pair says of two groups that another one joins."""
    one, two = entries[a], entries[b]
    return scale.beside(compare(one.features, two.features), one.terms, two.terms)


def joining(edges: Iterable[Edge], entries: Mapping[int, Entry], scale: Scale) -> list[Edge]:
    """The edges as they weigh where records join."""
    found = []
    for left, right, weight in edges:
        if weight >= scale.model.automatic:  # nothing lowers the others
            weight = scale.lowered(weight, compare(entries[left].features, entries[right].features))
        found.append(Edge(left, right, weight))
    return found


def key_rows(entries: Mapping[int, Entry]) -> pl.DataFrame:
    """Every key of every record: columns `key` and `id`."""
    parts, rows = [_frame([], [])], iter(entries.items())
    while some := list(islice(rows, _AT_ONCE)):
        of = [(id_, list(keys(entry.features))) for id_, entry in some]
        parts.append(_frame([key for _, own in of for key in own], [id_ for id_, own in of for _ in own]))
    return pl.concat(parts)


def _frame(own: list[int], ids: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"key": own, "id": ids}, {"key": pl.Int64, "id": pl.Int64})


def joined(rows: pl.DataFrame, changed: Sequence[int] | None = None) -> pl.DataFrame:
    """The candidates among key rows, each pair once: columns `left` and `right`. With `changed`, those of these."""
    usable = rows.lazy().filter(pl.len().over("key") > 1, pl.len().over("key") <= _LIMIT)
    mine = usable if changed is None else usable.filter(pl.col("id").is_in(list(changed)))
    both = mine.join(usable, on="key", suffix="_other").filter(
        pl.col("id") < pl.col("id_other") if changed is None else pl.col("id") != pl.col("id_other")
    )
    pair = both.select(
        pl.min_horizontal("id", "id_other").alias("left"), pl.max_horizontal("id", "id_other").alias("right")
    )
    return pair.unique().sort("left", "right").collect()


def all_edges(pairs: pl.DataFrame, entries: Mapping[int, Entry], scale: Scale, floor: float) -> list[Edge]:
    """The edges among candidates that weigh at least so much."""
    found, weigh, most = [], scale.weigh, scale.most
    for a, b in pairs.iter_rows():
        (mine, terms_, *_), (other, their_terms, *_) = entries[a], entries[b]
        levels = compare(mine, other)
        if most(levels) >= floor and (weight := weigh(levels, terms_, their_terms)) >= floor:
            found.append(Edge(a, b, weight))
    return found


def counts(entries: Mapping[int, Entry]) -> Counter[int]:
    """How many records have each term."""
    found = Counter(term for of in entries.values() for term in of.terms)
    del found[0]
    return found


def identifying(entries: Mapping[int, Entry]) -> list[int]:
    """The places of other columns that tell people apart: those whose values few records share, on average."""
    width = max((len(of.features.others) for of in entries.values()), default=0)
    told = [Counter(filter(None, (of.terms[OTHERS + nth] for of in entries.values()))) for nth in range(width)]
    return [len(FIELDS) + nth for nth, each in enumerate(told) if 0 < each.total() <= _SHARED * len(each)]


def over(rows: pl.DataFrame) -> pl.DataFrame:
    """Keys that very many records have, too many to be of use: columns `key`, `records` and `id` of one of these."""
    return (
        rows.group_by("key").agg(pl.len().alias("records"), pl.col("id").min())
        .filter(pl.col("records") > pl.max_horizontal(_LIMIT, CAPS[0])).sort("records", "key", descending=True)
    )  # fmt: skip
