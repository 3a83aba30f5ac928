"""What agreement is worth: weights in bits that add up, and the probability that they come to.

The weight of a level is log2(m/u): how often it is seen in pairs of one person, to how often in pairs of two. Where a
value is counted, u is the frequency of that very value among the records of others, times the level's `share`: of a
few records less than what is `usual` for such values everywhere, and without as many as are likely of the same person.
No weight exceeds its `cap`, from which `fall` is taken for every doubling of the records that share the value: a number
that forty people have says little of any two of them. `rise` is added for every doubling of the records there are: a
family or office has no more people for that, while a pair of any two is the less likely one person.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf, log2
from typing import Any, NamedTuple

from leadsync.core.match.evidence import FIELDS, LEVELS, OTHERS, PHONES, Levels, Terms, compare, counted
from leadsync.core.match.features import Features

Count = Callable[[int], int]
"""How many records have a term."""
_Rare = tuple[int, dict[int, float], int, int]  # a place among terms, bits by how many have it, field, level
_Plan = tuple[float, Sequence[_Rare], Sequence[int], float]


_KNOWN = 20_000
"""Records that what is usual counts for, beside those that there are."""
_LEAST = 0.1
_MAIL, _BIRTH_DATE = FIELDS.index("email"), FIELDS.index("birth_date")
_NEITHER, _GIVEN, _RELATIVE, _FAMILY, _INITIAL = map(
    LEVELS["name"].index, ("neither", "given", "relative", "family", "initial")
)
_TWO_KINDS, _CLOSE, _EXACT = map(LEVELS["email"].index, ("work and own", "close", "exact"))
_NEARLY = LEVELS["birth_date"].index("close")
_BELOW = 0.01  # bits below the automatic line
_FEWEST = 1000  # records that a pair is drawn from at the least: a short list is a part of a larger world


class Level(NamedTuple):
    """`m` and `u` are probabilities; `share` and `usual` stand for u where the value is counted.
    `cap`, `fall` and `rise` are in bits."""

    m: float
    u: float = 0.0
    share: float = 1.0
    usual: float = 0.0
    cap: float = 99.0
    fall: float = 0.0
    rise: float = 0.0


Line = tuple[str, str, float, int]
"""One line of the evidence: field, level, bits, and how many records have the value, 0 where it is not counted."""


class Part(NamedTuple):
    """One line of an explanation: of the evidence, with the two values that were compared."""

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
    """Weighs pairs among so many records by a model. It is made anew where records come or go. `own` are the places of
    other columns that tell people apart, like a customer's number."""

    def __init__(self, model: Model, count: Count, records: int, own: Collection[int] = ()) -> None:
        self.model, self.count, self.records, self.own = model, count, max(records, 2), own
        self.prior = log2(2 * model.pairs / max(records, _FEWEST))
        self._plans: dict[Levels, _Plan] = {}
        self._rare: dict[tuple[int, int], _Rare] = {}

    def weigh(self, levels: Levels, mine: Terms, theirs: Terms) -> float:
        """The total weight of a pair."""
        total, rare, *_ = self._plans.get(levels) or self._plan(levels)
        count = self.count
        for place, known, nth, level in rare:
            if place in PHONES:
                have = self._having(place, mine, theirs)
            else:
                one, two = count(mine[place]), count(theirs[place])
                have = one if one > two else two
            bits = known.get(have)
            if bits is None:
                bits = known[have] = self._bits(nth, level, have)
            total += bits
        return total

    def most(self, levels: Levels) -> float:
        """What no pair that agrees so outweighs, however rare its values are."""
        return (self._plans.get(levels) or self._plan(levels))[3]

    def beside(self, levels: Levels, mine: Terms, theirs: Terms) -> float:
        """What a pair says of two groups that another one joins: its weight; never, where names differ and nothing
        makes up for it; without the prior where no more is compared than mailboxes at two hosts, of which a person has
        several: such a pair knows nothing."""
        own = levels[_BIRTH_DATE] or any(levels[nth] for nth in self.own)
        if _NEITHER <= levels[0] <= _FAMILY and not own and not self.agrees(levels):
            return -inf
        silent = all(level <= _TWO_KINDS * (nth == _MAIL) for nth, level in enumerate(levels))
        return self.weigh(levels, mine, theirs) - (self.prior if silent else 0.0)

    def agrees(self, levels: Levels) -> bool:
        """Whether two records may join by themselves: their names agree; or, where these differ in a part or are not
        whole, the mailbox does; or something that no family or office shares: the day of birth, but for two known given
        names, which twins have; or another column that tells people apart."""
        name, mail = levels[0], levels[_MAIL]
        if name >= _INITIAL or (name in (_GIVEN, _FAMILY) and mail == _EXACT):
            return True
        if mail >= _CLOSE and not _NEITHER <= name <= _FAMILY:
            return True
        if levels[_BIRTH_DATE] >= _NEARLY and name != _RELATIVE:
            return True
        return any(counted(nth, levels[nth]) is not None for nth in self.own)

    def lowered(self, weight: float, levels: Levels) -> float:
        """What a pair of this weight comes to where records join: below the automatic line, though the more the more it
        weighs, as long as names do not agree."""
        line = self.model.automatic
        if weight < line or self.agrees(levels):
            return weight
        return line - _BELOW / (1 + weight - line)

    def likely(self, weight: float) -> bool:
        """Whether a pair that weighs so much where records join would join but for names or other records."""
        return weight >= self.model.automatic - _BELOW

    def places(self, levels: Levels) -> Sequence[int]:
        """Which terms of two records that agree so tell how rare that is."""
        return (self._plans.get(levels) or self._plan(levels))[2]

    def _having(self, place: int, mine: Terms, theirs: Terms) -> int:
        """How many records have what two have there: of several phones the one that both have, and fewest others."""
        if place in PHONES:
            both = {*mine[PHONES.start : OTHERS]}.intersection(theirs[PHONES.start : OTHERS]) - {0}
            return min(map(self.count, both), default=0)
        return max(self.count(mine[place]), self.count(theirs[place]))

    def _plan(self, levels: Levels) -> _Plan:
        """What all pairs weigh that agree so, what depends on the values on which they do, and by which terms."""
        total, rare = self.prior, list[_Rare]()
        for nth, level in enumerate(levels):
            place = counted(nth, level)
            if place is not None:
                rare.append(self._rare.setdefault((nth, level), (place, {}, nth, level)))
            elif level:
                total += self._bits(nth, level, 0)
        most = total + sum(self._bits(nth, level, 0) for *_, nth, level in rare)
        places = [at for place, *_ in rare for at in (PHONES if place in PHONES else (place,))]
        found = self._plans[levels] = total, rare, places, most
        return found

    def _bits(self, nth: int, level: int, have: int) -> float:
        one = self.model.levels(nth)[level]
        if counted(nth, level) is None:
            return min(log2(one.m / one.u), one.cap)
        have = max(have, 2)
        others = max(have - 1 - 2 * self.model.pairs, _LEAST) + _KNOWN * one.usual
        bits = log2(one.m / one.share * (self.records + _KNOWN) / others)
        grown = log2(max((self.records + _KNOWN) / (2 * _KNOWN), 1.0))
        return min(bits, one.cap + one.rise * grown - one.fall * log2(have / 2))

    def evidence(self, levels: Levels, mine: Terms, theirs: Terms) -> list[Line]:
        """What a pair's weight is made of, the prior first, and what lowers it last; the bits add up to it."""
        found: list[Line] = [("prior", f"of {self.records} records", self.prior, 0)]
        for nth, level in enumerate(levels):
            if level:
                at = counted(nth, level)
                have = 0 if at is None else max(self._having(at, mine, theirs), 1)
                found.append((field_name(nth), words(nth)[level], self._bits(nth, level, have), have))
        total = sum(bits for _, _, bits, _ in found)
        if (weight := self.lowered(total, levels)) < total:
            found.append(("name", "unsure", weight - total, 0))
        return found

    def explain(self, a: Features, b: Features, mine: Terms, theirs: Terms) -> list[Part]:
        """The parts of a pair's weight, the prior first; they add up to it."""
        levels = compare(a, b)
        told = iter([nth for nth, level in enumerate(levels) if level])
        return [
            Part(field, level, "", "", bits, records) if field == "prior" or level == "unsure"
            else Part(field, level, _shown(a, nth := next(told)), _shown(b, nth), bits, records)
            for field, level, bits, records in self.evidence(levels, mine, theirs)
        ]  # fmt: skip


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
