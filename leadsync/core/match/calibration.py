"""How far the automatic line can be trusted: a sample of likely pairs for a person to judge, and what the answers say
of all pairs. Pure.

The sample is stratified by weight, since nearly all doubt is near the line, and drawn by a seed and the names of the
records alone: the same pairs, the same sample. The interval is Wilson's, with as many answers as a plain sample would
need to be as sure as this one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappush, heappushpop
from math import inf, sqrt
from typing import NamedTuple

from leadsync.core.match.keys import once

STEPS = (-3.0, -1.5, 0.0, 2.0, 5.0, 10.0, inf)
"""Where strata begin, in bits from the automatic line; pairs below all of them are none that anybody should look at."""
LINE = STEPS.index(0.0)
DRAWN = 200  # pairs of a sample
_Z = 1.96  # an interval of 95 %


class Pair(NamedTuple):
    """A likely pair, by the names of its records."""

    left: str
    right: str
    weight: float


class Stratum(NamedTuple):
    """So many `pairs` there are from `low` to `high` bits, of which so many were judged to be one person, or two."""

    low: float
    high: float
    pairs: int
    same: int = 0
    different: int = 0


class Precision(NamedTuple):
    """The share of pairs that are one person, and the interval of 95 % that it lies in."""

    share: float
    low: float
    high: float


def stratum(weight: float, line: float) -> int | None:
    """The place of a weight among `STEPS`; `None` below all of them."""
    return next((nth for nth in range(len(STEPS) - 2, -1, -1) if weight >= line + STEPS[nth]), None)


def draw(
    pairs: Iterable[Pair], line: float, seed: int, most: int = DRAWN
) -> tuple[Counter[int], dict[int, list[Pair]]]:
    """How many pairs each stratum has, and those drawn of it: of each as many, as far as there are enough."""
    sizes, heaps = Counter[int](), defaultdict[int, list[tuple[int, Pair]]](list)
    for pair in pairs:
        nth = stratum(pair.weight, line)
        if nth is not None:
            sizes[nth] += 1
            entry = (-once(f"sample {seed}", f"{pair.left}\x1f{pair.right}"), pair)
            (heappush if len(heaps[nth]) < most else heappushpop)(heaps[nth], entry)
    found, left = dict[int, list[Pair]](), most
    for waiting, (nth, size) in zip(range(len(sizes), 0, -1), sorted(sizes.items(), key=_smallest), strict=True):
        wanted = min(size, left // waiting)
        left -= wanted
        found[nth] = [pair for _, pair in sorted(heaps[nth], reverse=True)[:wanted]]
    return sizes, dict(sorted(found.items()))


def _smallest(each: tuple[int, int]) -> tuple[int, int]:
    return each[1], each[0]


def judged(sizes: Mapping[int, int], answers: Iterable[tuple[int, bool]], line: float) -> list[Stratum]:
    """The strata with what was answered of them (place, whether it is one person), the lightest first."""
    told = Counter(answers)
    return [
        Stratum(line + STEPS[nth], line + STEPS[nth + 1], size, told[nth, True], told[nth, False])
        for nth, size in sorted(sizes.items())
    ]


def precision(strata: Sequence[Stratum]) -> Precision | None:
    """Of all pairs in these strata; `None` where of one nothing was answered, or where there are no pairs."""
    total = sum(each.pairs for each in strata)
    if not total or any(each.pairs and not each.same + each.different for each in strata):
        return None
    share = likely = spread = 0.0
    for each in strata:
        if n := each.same + each.different:
            part, smooth = each.pairs / total, (each.same + 0.5) / (n + 1)
            share += part * each.same / n
            likely += part * smooth
            spread += part**2 * smooth * (1 - smooth) / n * (1 - n / each.pairs)
    if spread <= 0:  # all of them were judged
        return Precision(share, share, share)
    plain = likely * (1 - likely) / spread
    middle = (share + _Z**2 / (2 * plain)) / (1 + _Z**2 / plain)
    reach = _Z / (1 + _Z**2 / plain) * sqrt(share * (1 - share) / plain + _Z**2 / (4 * plain**2))
    return Precision(share, max(0.0, middle - reach), min(1.0, middle + reach))
