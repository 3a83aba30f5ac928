"""Pairs to clusters that do not chain: a strong pair joins two clusters only where the others do not object.

The strongest pairs go first. Two clusters become one if they are on average more likely one person than not, and no
pair of them lies below the veto line; beyond `LARGEST` records every pair must reach the automatic line by itself. The
result depends on the edges alone, not on the order in which they came.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from leadsync.core.match.pairs import Edge

LARGEST = 10
"""Records of one person from which on nothing joins them that does not agree with each of them."""
MOST = 100
"""Records that no cluster exceeds: whoever has more is no person."""


class Clusters(NamedTuple):
    """`of` gives each record its cluster: the smallest id in it. `held` are the pairs on or above the automatic line
    that did not join their clusters: they are for somebody to look at."""

    of: dict[int, int]
    held: list[Edge]


def clusters(
    ids: Iterable[int], edges: Iterable[Edge], weigh: Callable[[int, int], float], line: float, veto: float
) -> Clusters:
    """The clusters of all ids. `weigh` gives the weight of a pair that is not among the edges."""
    of = {id_: id_ for id_ in ids}
    members: dict[int, list[int]] = {}
    strong = sorted((edge for edge in edges if edge.weight >= line), key=lambda e: (-e.weight, e.left, e.right))
    known = {edge[:2]: edge.weight for edge in strong}
    held = []
    refused: set[tuple[int, int, int, int]] = set()
    for edge in strong:
        one, two = sorted((of[edge.left], of[edge.right]))
        if one == two:
            continue
        left, right = members.get(one, [one]), members.get(two, [two])
        both = one, len(left), two, len(right)
        if both in refused or not _agree(left, right, known, weigh, line, veto):
            refused.add(both)
            held.append(edge)
            continue
        for id_ in right:
            of[id_] = one
        members[one] = left + right
        members.pop(two, None)
    return Clusters(of, [edge for edge in held if of[edge.left] != of[edge.right]])


def _agree(
    left: list[int],
    right: list[int],
    known: dict[tuple[int, int], float],
    weigh: Callable[[int, int], float],
    line: float,
    veto: float,
) -> bool:
    size = len(left) + len(right)
    if size > MOST:
        return False
    total, least = 0.0, line if size > LARGEST else veto
    for a in left:
        for b in right:
            pair = (a, b) if a < b else (b, a)
            if (weight := known.get(pair)) is None:
                weight = known[pair] = weigh(*pair)
            if weight < least:
                return False
            total += weight
    return total >= 0
