"""Which likely pairs become one person, and which are held apart."""

import random
from itertools import combinations
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.core.match.clusters import LARGEST, MOST, clusters
from leadsync.core.match.pairs import Edge


def joined_up(edges: list[tuple[int, int, float]], otherwise: float, size: int = 8) -> list[set[int]]:
    known = {(a, b): weight for a, b, weight in edges}
    done = clusters(range(size), [Edge(*edge) for edge in edges], lambda a, b: known.get((a, b), otherwise), 4.0, -10.0)
    groups: dict[int, set[int]] = {}
    for n, cluster in done.items():
        groups.setdefault(cluster, set()).add(n)
    return sorted((group for group in groups.values() if len(group) > 1), key=min)


def test_a_chain_does_not_join_what_disagrees():
    chain = [(n, n + 1, 6.0) for n in range(7)]
    assert all(len(group) == 2 for group in joined_up(chain, -8.0))
    assert joined_up(chain, 1.0) == [set(range(8))]


def test_a_vetoed_pair_keeps_two_clusters_apart():
    edges = [(0, 1, 30.0), (2, 3, 30.0), (1, 2, 20.0), (0, 3, -11.0), (0, 2, 20.0), (1, 3, 20.0)]
    assert joined_up(edges, 0.0) == [{0, 1}, {2, 3}]


def test_who_may_be_one_of_two_joins_neither_unless_one_is_clearly_likelier():
    assert joined_up([(0, 1, 9.0), (1, 2, 5.0)], -inf, 3) == [{0, 1}]
    assert joined_up([(0, 1, 9.0), (1, 2, 5.1)], -inf, 3) == []
    assert joined_up([(0, 1, 9.0), (1, 2, 9.0)], -8.9, 3) == [{0, 1, 2}]


def test_a_cluster_beyond_the_usual_size_needs_every_pair_and_has_an_end():
    ring = [(a, b, 5.0) for a, b in combinations(range(LARGEST), 2)]
    assert joined_up([*ring, (0, LARGEST, 5.0)], 3.0, LARGEST + 1) == [set(range(LARGEST))]
    crowd = [(a, b, 5.0) for a, b in combinations(range(MOST + 20), 2)]
    assert max(map(len, joined_up(crowd, 0.0, MOST + 20))) <= MOST


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_the_order_of_edges(rng: random.Random):
    known = {pair: float(rng.choice((-12, -5, 0, 4, 4, 6, 9))) for pair in combinations(range(12), 2)}
    edges = [Edge(*pair, weight) for pair, weight in known.items()]
    first = clusters(range(12), edges, lambda a, b: known[a, b], 4.0, -10.0)
    rng.shuffle(edges)
    ids = rng.sample(range(12), 12)
    assert clusters(ids, edges, lambda a, b: known[a, b], 4.0, -10.0) == first
