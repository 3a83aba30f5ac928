"""Pairs to clusters that do not chain: a strong pair joins two clusters only where the others do not object.

The strongest pairs go first. Two clusters become one if they are on average more likely one person than not, and no
pair of them lies below the veto line; beyond `LARGEST` records every pair must reach the automatic line by itself. A
record that is about as likely one of two people, who are not the same, joins neither. The result depends on the edges
alone, not on the order in which they came.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from math import inf

from leadsync.core.match.pairs import Edge

LARGEST = 10
"""Records of one person from which on nothing joins them that does not agree with each of them."""
CLEAR = 4.0
"""Bits that a pair must be ahead of one with somebody else."""
MOST = 100
"""Records that no cluster exceeds: whoever has more is no person."""


def clusters(
    ids: Iterable[int], edges: Iterable[Edge], weigh: Callable[[int, int], float], line: float, veto: float
) -> dict[int, int]:
    """The cluster of each id: the smallest id in it. `weigh` gives the weight of a pair that is not among the edges on
    or above the line, infinitely little where its two cannot be one."""
    of = {id_: id_ for id_ in ids}
    members: dict[int, list[int]] = {}
    strong = sorted((edge for edge in edges if edge.weight >= line), key=lambda e: (-e.weight, e.left, e.right))
    known = {edge[:2]: edge.weight for edge in strong}

    def weight(a: int, b: int) -> float:
        pair = (a, b) if a < b else (b, a)
        if (found := known.get(pair)) is None:
            found = known[pair] = weigh(*pair)
        return found

    near = defaultdict[int, list[tuple[int, float]]](list)
    for a, b, bits in strong:
        near[a].append((b, bits))
        near[b].append((a, bits))
    refused: set[tuple[int, int, int, int]] = set()
    for edge in strong:
        one, two = sorted((of[edge.left], of[edge.right]))
        if one == two or _torn(edge, near, weight):
            continue
        left, right = members.get(one, [one]), members.get(two, [two])
        both = one, len(left), two, len(right)
        if both in refused or not _agree(left, right, weight, line, veto):
            refused.add(both)
            continue
        for id_ in right:
            of[id_] = one
        members[one] = left + right
        members.pop(two, None)
    return of


def _torn(edge: Edge, near: Mapping[int, list[tuple[int, float]]], weight: Callable[[int, int], float]) -> bool:
    """Whether one of the two is about as likely somebody whom the other one cannot be."""
    return any(
        bits > edge.weight - CLEAR and rival != other and weight(rival, other) == -inf
        for one, other in ((edge.left, edge.right), (edge.right, edge.left)) for rival, bits in near[one]
    )  # fmt: skip


def _agree(
    left: list[int], right: list[int], weight: Callable[[int, int], float], line: float, veto: float
) -> bool:  # fmt: skip
    size = len(left) + len(right)
    if size > MOST:
        return False
    total, least = 0.0, line if size > LARGEST else veto
    for a in left:
        for b in right:
            if (bits := weight(a, b)) < least:
                return False
            total += bits
    return total >= 0
