"""Which records of a store are one lead: what is compared of each, who belongs together, and who keeps which id. Pure.

Records that their CRM holds to be one, and those that a person said are the same, are one from the start: their
strongest pair speaks for them. The others join as in clusters.py.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from leadsync.core.facts.fact import SAID, Facts, confidence_of, value_of
from leadsync.core.match.clusters import clusters
from leadsync.core.match.features import COLUMNS
from leadsync.core.match.keys import once
from leadsync.core.match.model import Model
from leadsync.core.match.pairs import Edge

_HINTS = ("country",)  # what helps to read the rest, be it derived
_OF_COMPANIES = ("company", "domain")
FEWEST = 1024
"""Records of a store that is smaller count as so many."""


def row(facts: Facts, company: Facts | None) -> dict[str, str]:
    """What of a record is compared: what its CRM says, not what was derived from that; of the company's record, where
    its own says nothing of it."""
    found: dict[str, str] = {}
    for own, names in ((facts, COLUMNS), (company or {}, _OF_COMPANIES)):
        for name in names:
            raw = own.get(name)
            if raw is None or name in found or (confidence_of(raw) != SAID and name not in _HINTS):
                continue
            found[name] = str(value_of(raw))
    return found


def digest(of: Mapping[str, str], version: str) -> int:
    """The number of such a row: as long as it stays, nothing has to be compared again."""
    return once("row", "\x1f".join((version, *(f"{name}\x1f{value}" for name, value in of.items()))))


def rounded(count: int) -> int:
    """A count as weights know it: the middle of its octave. So few pairs weigh otherwise for one record more."""
    return count if count < 4 else 3 << (count - 1).bit_length() - 2


class Tied(NamedTuple):
    """`leads` are the records of each, the first first; `held` are likely pairs that are not one lead, of two leads the
    likeliest."""

    leads: list[list[int]]
    held: list[Edge]


def tied(
    records: Sequence[int], edges: Collection[Edge], bonds: Iterable[tuple[int, int]],
    apart: Collection[tuple[int, int]], weigh: Callable[[int, int], float], model: Model,
) -> Tied:  # fmt: skip
    """The leads that these records are, given all edges among them.

    `records` come in an order that does not depend on when they arrived. `bonds` are pairs that are one, `apart` pairs
    that a person told apart.
    """
    of = {id_: n for n, id_ in enumerate(records)}
    root = list(range(len(records)))
    for a, b in bonds:
        _join(root, of[a], of[b])
    atoms = defaultdict[int, list[int]](list)
    for n in range(len(records)):
        atoms[_top(root, n)].append(n)
    told_apart = {_pair(_top(root, of[a]), _top(root, of[b])) for a, b in apart}
    best: dict[tuple[int, int], Edge] = {}
    for edge in edges:
        pair = _pair(_top(root, of[edge.left]), _top(root, of[edge.right]))
        if pair[0] != pair[1] and pair not in told_apart and (pair not in best or best[pair].weight < edge.weight):
            best[pair] = edge

    def weight(a: int, b: int) -> float:
        if _pair(a, b) in told_apart:
            return -inf
        return max(weigh(records[one], records[two]) for one in atoms[a] for two in atoms[b])

    lifted = [Edge(*pair, edge.weight) for pair, edge in best.items()]
    done = clusters(atoms, lifted, weight, model.automatic, model.veto)
    leads = defaultdict[int, list[int]](list)
    for n in range(len(records)):
        leads[done[_top(root, n)]].append(records[n])
    held: dict[tuple[int, int], Edge] = {}
    for pair, edge in best.items():
        both = _pair(*(done[atom] for atom in pair))
        if both[0] != both[1] and (both not in held or held[both].weight < edge.weight):
            held[both] = edge
    return Tied(list(leads.values()), list(held.values()))


def _pair(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


def _top(root: list[int], n: int) -> int:
    while root[n] != n:
        root[n] = root[root[n]]
        n = root[n]
    return n


def _join(root: list[int], a: int, b: int) -> None:
    one, two = sorted((_top(root, a), _top(root, b)))
    root[two] = one


def kept_ids(
    leads: Sequence[Sequence[int]], lead_of: Mapping[int, int], former: Mapping[int, Iterable[int]]
) -> list[int | None]:
    """The id of each of these leads; `None` for one that needs a new one.

    An id stays with the most of its records; of several ids a lead has that of the most of its records, of equals the
    oldest. What splits off gets back an id that one of its records had before (`former`) and nobody has now.
    """
    shares = Counter((n, lead_of[record]) for n, records in enumerate(leads) for record in records)
    found: list[int | None] = [None] * len(leads)
    taken = set[int]()
    for (n, lead), _ in sorted(shares.items(), key=lambda each: (-each[1], each[0][1], leads[each[0][0]][0])):
        if found[n] is None and lead not in taken:
            found[n] = lead
            taken.add(lead)
    taken |= set(lead_of.values())
    for n, records in enumerate(leads):
        if found[n] is None:
            free = {lead for record in records for lead in former.get(record, ())} - taken
            found[n] = min(free, default=None)
            taken |= free and {min(free)}
    return found
