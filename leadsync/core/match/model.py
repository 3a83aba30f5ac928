"""What agreement is worth: weights in bits that add up, and the probability that they come to.

The weight of a level is log2(m/u): how often it is seen in pairs of one person, to how often in pairs of two. Where a
value is counted, u is the frequency of that very value among the records of others, times the level's `share`: of a
few records less than what is `usual` for such values everywhere, and without as many as are likely of the same person.
No weight exceeds its `cap`, from which `fall` is taken for every doubling of the records that share the value: a number
that forty people have says little of any two of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any, NamedTuple

from leadsync.core.match.evidence import FIELDS, LEVELS, Levels, Terms, compare, counted
from leadsync.core.match.features import Features

Count = Callable[[int], int]
"""How many records have a term."""


_KNOWN = 20_000
"""Records that what is usual counts for, beside those that there are."""
_LEAST = 0.1
_OTHER = len(FIELDS)
_FEWEST = 1000  # records that a pair is drawn from at the least: a short list is a part of a larger world


class Level(NamedTuple):
    """`m` and `u` are probabilities; `share` and `usual` stand for u where the value is counted.
    `cap` and `fall` are in bits."""

    m: float
    u: float = 0.0
    share: float = 1.0
    usual: float = 0.0
    cap: float = 99.0
    fall: float = 0.0


class Part(NamedTuple):
    """One line of an explanation. `records` is how many have the value, 0 where it is not counted."""

    field: str
    level: str
    left: str
    right: str
    weight: float
    records: int


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """`pairs` is how many true pairs there are per record. Pairs from `automatic` bits on are one person, those below
    `veto` never are. `slope` and `offset` turn bits into calibrated ones."""

    fields: Mapping[str, Sequence[Level]]
    pairs: float
    automatic: float
    veto: float
    slope: float = 1.0
    offset: float = 0.0

    def probability(self, weight: float) -> float:
        """That a pair of this total weight is one person."""
        bits = max(min(self.slope * weight + self.offset, 60.0), -60.0)
        return float(1 / (1 + 2.0**-bits))

    def levels(self, nth: int) -> Sequence[Level]:
        """Those of the nth field. Other columns that were not trained are all alike."""
        return self.fields.get(field_name(nth)) or self.fields["other"]


class Scale:
    """Weighs pairs among so many records by a model. It is made anew where records come or go."""

    def __init__(self, model: Model, count: Count, records: int) -> None:
        self.model, self.count, self.records = model, count, max(records, 2)
        self.prior = log2(2 * model.pairs / max(records, _FEWEST))
        self._known: dict[tuple[int, int, int], float] = {}
        self._counted = [[counted(nth, level) for level in range(len(words(nth)))] for nth in range(_OTHER + 1)]

    def weigh(self, levels: Levels, mine: Terms, theirs: Terms) -> float:
        """The total weight of a pair."""
        total, known, counted_, count = self.prior, self._known, self._counted, self.count
        for nth, level in enumerate(levels):
            if level:
                at = counted_[nth if nth < _OTHER else _OTHER][level]
                if at is None:
                    have = 0
                elif nth < _OTHER:
                    one, two = count(mine[at]), count(theirs[at])
                    have = one if one > two else two
                else:
                    have = self.have(nth, level, mine, theirs)
                bits = known.get((nth, level, have))
                if bits is None:
                    bits = known[nth, level, have] = self._bits(nth, level, have)
                total += bits
        return total

    def have(self, nth: int, level: int, mine: Terms, theirs: Terms) -> int:
        """How many records have the value on which two agree; 0 where it is not counted."""
        at = self._counted[min(nth, _OTHER)][level]
        if at is None:
            return 0
        at += max(nth - _OTHER, 0)
        return max(self.count(mine[at]), self.count(theirs[at]), 1)

    def _bits(self, nth: int, level: int, have: int) -> float:
        one = self.model.levels(nth)[level]
        if counted(nth, level) is None:
            return min(log2(one.m / one.u), one.cap)
        have = max(have, 2)
        others = max(have - 1 - 2 * self.model.pairs, _LEAST) + _KNOWN * one.usual
        bits = log2(one.m / one.share * (self.records + _KNOWN) / others)
        return min(bits, one.cap - one.fall * log2(have / 2))

    def explain(self, a: Features, b: Features, mine: Terms, theirs: Terms) -> list[Part]:
        """The parts of a pair's weight, the prior first; they add up to it."""
        parts = [Part("prior", f"of {self.records} records", "", "", self.prior, 0)]
        for nth, level in enumerate(compare(a, b)):
            if level:
                name, have = field_name(nth), self.have(nth, level, mine, theirs)
                word = words(nth)[level]
                parts.append(Part(name, word, _shown(a, nth), _shown(b, nth), self._bits(nth, level, have), have))
        return parts


def words(nth: int) -> Sequence[str]:
    """What the levels of the nth field are called."""
    return LEVELS.get(field_name(nth), LEVELS["other"])


def field_name(nth: int) -> str:
    """The nth of `FIELDS`, or the name of an other column."""
    return FIELDS[nth] if nth < len(FIELDS) else f"other{nth - len(FIELDS) + 1}"


def _shown(of: Features, nth: int) -> str:
    name = FIELDS[nth] if nth < len(FIELDS) else ""
    if not name:
        return of.others[nth - len(FIELDS)]
    if name == "name":
        return " ".join(filter(None, (of.given or of.initial, of.middle, of.family)))
    if name == "phone":
        return " ".join(of.phones)
    return of.mail if name == "email" else of.company or of.domain if name == "company" else str(getattr(of, name))


def read(body: Mapping[str, Any]) -> Model:
    """A model as `written` gives it."""
    fields = {
        name: (Level(1.0, 1.0), *(Level(**levels[word]) for word in LEVELS.get(name, LEVELS["other"])[1:]))
        for name, levels in body["fields"].items()
    }
    return Model(fields, **{name: body[name] for name in ("pairs", "automatic", "veto", "slope", "offset")})


def written(model: Model) -> dict[str, Any]:
    """The model as plain values, which `read` takes."""
    fields = {
        name: {
            word: {
                key: round(told, 9) for key, told in level._asdict().items() if told != Level._field_defaults.get(key)
            }
            for word, level in zip(LEVELS.get(name, LEVELS["other"])[1:], levels[1:], strict=True)
        }
        for name, levels in model.fields.items()
    }
    own = {name: getattr(model, name) for name in ("pairs", "automatic", "veto", "slope", "offset")}
    return {"version": 1, **own, "fields": fields}
