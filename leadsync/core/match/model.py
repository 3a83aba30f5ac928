"""What agreement is worth: weights in bits that add up, and the probability that they come to.

The weight of a level is log2(m/u): how often it is seen in pairs of one person, to how often in pairs of two. Where a
value is counted, u is the frequency of that very value among the records of others, times the level's `share`: of a
few records less than what is `usual` for such values everywhere, and without as many as are likely of the same person.
No weight exceeds its `cap`, from which `fall` is taken for every doubling of the records that share the value: a number
that forty people have says little of any two of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from typing import Any, NamedTuple

from leadsync.core.match.evidence import FIELDS, LEVELS, OTHERS, TERMS, Levels, Terms, compare, counted
from leadsync.core.match.features import Features

Count = Callable[[int], int]
"""How many records have a term."""


_KNOWN = 20_000
"""Records that what is usual counts for, beside those that there are."""
_LEAST = 0.1


class Level(NamedTuple):
    """`m` and `u` are probabilities; `share` and `usual` stand in place of u where the value is counted. `cap` and `fall` are in bits."""

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
    _bits: dict[tuple[int, int], tuple[Level, float, int | None]] = field(default_factory=dict, repr=False)

    def prior(self, records: int) -> float:
        """The bits with which a pair of two out of so many records begins."""
        return log2(2 * self.pairs / max(records, 2))

    def probability(self, weight: float) -> float:
        """That a pair of this total weight is one person."""
        bits = max(min(self.slope * weight + self.offset, 60.0), -60.0)
        return 1 / (1 + 2.0**-bits)

    def level(self, nth: int, level: int) -> tuple[Level, float, int | None]:
        """A level of the nth field, what it is worth without counting, and which term is counted."""
        found = self._bits.get((nth, level))
        if found is None:
            name = FIELDS[nth] if nth < len(FIELDS) else f"other{nth - len(FIELDS) + 1}"
            one = (self.fields.get(name) or self.fields["other"])[level]
            at = counted(nth, level)
            plain = log2(one.m / (one.u if at is None else one.share))
            found = self._bits[nth, level] = one, min(plain, one.cap) if at is None else plain, at
        return found

    def bits(self, nth: int, level: int, mine: Terms, theirs: Terms, count: Count, records: int) -> tuple[float, int]:
        """The weight of a field's level, and how many records have the value where it is counted."""
        one, plain, at = self._bits.get((nth, level)) or self.level(nth, level)
        if at is None:
            return plain, 0
        have = max(count(mine[at]), count(theirs[at]), 2)
        others = max(have - 1 - 2 * self.pairs, _LEAST) + _KNOWN * one.usual
        weight, most = plain + log2((records + _KNOWN) / others), one.cap - one.fall * log2(have / 2)
        return (weight if weight < most else most), have

    def weigh(self, levels: Levels, mine: Terms, theirs: Terms, count: Count, records: int) -> float:
        """The total weight of a pair."""
        total = self.prior(records)
        for nth, level in enumerate(levels):
            if level:
                total += self.bits(nth, level, mine, theirs, count, records)[0]
        return total

    def explain(self, a: Features, b: Features, mine: Terms, theirs: Terms, count: Count, records: int) -> list[Part]:
        """The parts of a pair's weight, the prior first; they add up to it."""
        parts = [Part("prior", f"of {records} records", "", "", self.prior(records), 0)]
        for nth, level in enumerate(compare(a, b)):
            if level:
                name = FIELDS[nth] if nth < len(FIELDS) else f"other{nth - len(FIELDS) + 1}"
                word = LEVELS.get(name, LEVELS["other"])[level]
                weight, have = self.bits(nth, level, mine, theirs, count, records)
                parts.append(Part(name, word, _shown(a, nth), _shown(b, nth), weight, have))
        return parts


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
            word: {key: round(told, 9) for key, told in level._asdict().items() if told != Level._field_defaults.get(key)}
            for word, level in zip(LEVELS.get(name, LEVELS["other"])[1:], levels[1:], strict=True)
        }
        for name, levels in model.fields.items()
    }
    own = {name: getattr(model, name) for name in ("pairs", "automatic", "veto", "slope", "offset")}
    return {"version": 1, **own, "fields": fields}


__all__ = ["OTHERS", "TERMS", "Count", "Level", "Model", "Part", "read", "written"]
