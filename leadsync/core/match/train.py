"""Weights without labels: expectation and maximisation over distinct levels, as Fellegi and Sunter's model is trained.

Each pass looks at pairs that agree on one field and learns what the others do in true pairs; so a field is never judged
by the pairs that it chose. Only values that two or three records share are looked at: of an office's number EM would
learn that people of one name are as likely to be different ones. What a list has little of stays as it was.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import log2

from leadsync.core.match.evidence import FIELDS, LEVELS, Levels, compare, counted
from leadsync.core.match.model import Count, Level, Model, Scale, field_name
from leadsync.core.match.pairs import Entry

_ROUNDS, _FEWEST, _FEW = 60, 30, 3
_PRIOR = 20.0  # pairs that the old model counts for
_SHIFTS = 40
_MOST_PAIRS = 400_000
_RARER = 8  # times that a level is at most rarer than the old model says
Vectors = Mapping[Levels, float]


def train(pairs: Sequence[tuple[int, int]], entries: Mapping[int, Entry], count: Count, base: Model) -> Model:
    """A model of the records, from their candidate pairs and how many have each term."""
    step = max(1, len(pairs) // _MOST_PAIRS)
    seen = [(_levels(entries[a], entries[b]), entries[a], entries[b]) for a, b in pairs[::step]]
    width = len(FIELDS) + max((len(of.features.others) for of in entries.values()), default=0)
    start = [list(base.levels(nth)) for nth in range(width)]
    found = _with_u(start, entries)
    gathered = [Counter[int]() for _ in range(width)]
    for nth in range(width):
        if counted(nth, len(found[nth]) - 1) is None:
            continue
        vectors = Counter(levels for levels, a, b in seen if _shares(nth, levels, a, b, count))
        if vectors.total() >= _FEWEST:
            for other, learned in enumerate(_pass(nth, vectors, found)):
                gathered[other].update(learned)
    for nth, learned in enumerate(gathered):
        found[nth] = _with_m(found[nth], learned)
    for nth, twin, of in _TWINS:
        found[nth][twin] = found[nth][twin]._replace(m=found[nth][of].m)
    fields = {field_name(nth): levels for nth, levels in enumerate(found)} | {"other": base.fields["other"]}
    model = replace(base, fields=fields)
    scale = Scale(model, count, len(entries))
    told = [scale.weigh(levels, a.terms, b.terms) - scale.prior for levels, a, b in seen]
    return replace(model, pairs=_share(told, model, count, len(entries), step))


_TWINS = [
    (FIELDS.index(name), LEVELS[name].index(twin), LEVELS[name].index(of))
    for name, twin, of in (("name", "across", "exact"), ("name", "whole", "exact"), ("phone", "line", "exact"))
]
"""Levels of a field that differ from another one only in how their rarity is counted: they are trained as one."""


def _levels(a: Entry, b: Entry) -> Levels:
    """As compared, with twins as one."""
    found = list(compare(a.features, b.features))
    for nth, twin, of in _TWINS:
        if found[nth] == twin:
            found[nth] = of
    return tuple(found)


def drift(before: Model, after: Model) -> Iterator[tuple[str, str, float, float]]:
    """What training changed: field, level, and the bits before and after, leaving frequencies out."""
    for name, levels in after.fields.items():
        old = before.fields.get(name) or before.fields["other"]
        for nth, word in enumerate(LEVELS.get(name, LEVELS["other"])):
            if nth and (told := (_plain(old[nth]), _plain(levels[nth])))[0] != told[1]:
                yield name, word, *told


def _plain(level: Level) -> float:
    return round(log2(level.m / (level.u or level.share)), 2)


def _shares(nth: int, levels: Levels, a: Entry, b: Entry, count: Count) -> bool:
    """Whether two records agree on the field as only few do."""
    term = counted(nth, levels[nth])
    exact = len(LEVELS.get(field_name(nth), LEVELS["other"])) - 1
    if term is None or (levels[nth] < exact - (nth == 0)):
        return False
    return 2 <= count(a.terms[term]) <= _FEW and 2 <= count(b.terms[term]) <= _FEW


def _with_u(fields: Sequence[Sequence[Level]], entries: Mapping[int, Entry]) -> list[list[Level]]:
    """The levels with u as it is in pairs of any two records."""
    seen = [Counter[int]() for _ in fields]
    for levels in _any_two(list(entries.values())):
        for nth, level in enumerate(levels):
            seen[nth][level] += 1
    found = []
    for nth, known in enumerate(fields):
        total = sum(seen[nth][at] for at in range(1, len(known))) + _PRIOR
        found.append(
            [
                level._replace(u=max((seen[nth][at] + _PRIOR * level.u) / total, level.u / _RARER))
                if at and counted(nth, at) is None
                else level
                for at, level in enumerate(known)
            ]
        )
    return found


def _any_two(entries: Sequence[Entry]) -> Iterator[Levels]:
    """Levels of pairs that lie far apart, a few for each record."""
    size = len(entries)
    shifts = sorted({size * nth // (_SHIFTS + 1) for nth in range(1, _SHIFTS + 1)} - {0})
    step = max(1, size * len(shifts) // _MOST_PAIRS)
    for shift in shifts:
        for at in range(0, size, step):
            yield compare(entries[at].features, entries[(at + shift) % size].features)


def _pass(blocked: int, vectors: Vectors, fields: Sequence[Sequence[Level]]) -> list[Counter[int]]:
    """How often each level of the other fields is expected in true pairs among these."""
    m = [[level.m for level in levels] for levels in fields]
    share, total = 0.5, sum(vectors.values())
    expected = [Counter[int]() for _ in fields]
    for _ in range(_ROUNDS):
        expected = [Counter[int]() for _ in fields]
        same = 0.0
        for levels, times in vectors.items():
            odds = share / (1 - share)
            for nth, level in enumerate(levels):
                if level and nth != blocked:
                    odds *= m[nth][level] / _u(fields[nth][level])
            p = times * odds / (1 + odds)
            same += p
            for nth, level in enumerate(levels):
                if level and nth != blocked:
                    expected[nth][level] += p  # type: ignore[assignment]
        m = [[level.m for level in _with_m(levels, expected[nth])] for nth, levels in enumerate(fields)]
        before, share = share, min(max(same / total, 0.001), 0.999)
        if abs(before - share) < 1e-6:
            break
    return expected


_RARE = 1e-4


def _u(level: Level) -> float:
    """How often two people agree so; on a counted value as on one that is rare, but not unique."""
    return level.u or level.share * _RARE


def _with_m(levels: Sequence[Level], seen: Mapping[int, float]) -> list[Level]:
    total = sum(seen.values()) + _PRIOR
    return [
        level._replace(m=(seen.get(at, 0) + _PRIOR * level.m) / total) if at else level
        for at, level in enumerate(levels)
    ]


def _share(told: Sequence[float], model: Model, count: Count, records: int, step: int) -> float:
    """How many true pairs there are per record, by what the weights without the prior come to."""
    pairs = model.pairs
    for _ in range(_ROUNDS):
        prior = Scale(replace(model, pairs=pairs), count, records).prior
        expected = step * sum(model.probability(weight + prior) for weight in told)
        before, pairs = pairs, min(max(expected / max(records, 1), 0.01), 10.0)
        if abs(before - pairs) < 1e-4:
            break
    return pairs
