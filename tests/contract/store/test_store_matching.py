"""What matching keeps is read back as it was, by ids of any size."""

from collections import Counter
from math import inf

import sqlalchemy as sa
from store_kit import Kit, record

from leadsync.core.match.evidence import OTHERS
from leadsync.core.match.features import Features
from leadsync.core.match.keys import keys
from leadsync.core.match.pairs import Edge, Entry
from leadsync.store import leads, matching, schema
from leadsync.store.matching import Weighed
from leadsync.store.records import bind

LARGE = 2**62 + 1
SILENT = (0,) * (OTHERS - 3)
ANN = Entry(Features("ann", "", "lee", "n", "l", classes=("anne",), phones=("2025550142",)), (LARGE, 0, 7, *SILENT))
BOB = Entry(Features("bob"), (0, LARGE, 7, *SILENT), (5, LARGE), LARGE)
LIKELY = Weighed(Edge(1, 2, 12.5), [("name", "exact", 12.5, 3)], {LARGE, 7}, 0.99)
ASKED = Weighed(Edge(2, 3, -4.0), [], {7}, 0.01)


def test_records_and_keys(kit: Kit) -> None:
    with kit.store.begin():
        matching.put(kit.store, {1: (LARGE, ANN), 2: (None, BOB)})
        matching.change_keys(kit.store, [], [(LARGE, 1), (LARGE, 2), (5, 2)])
        kept = matching.kept(kit.store, [1, 2, 3])
        assert {id_: (of.digest, of.entry()) for id_, of in kept.items()} == {1: (LARGE, ANN), 2: (None, BOB)}
        assert matching.having(kit.store, [LARGE, 5, 6], 9) == {LARGE: [1, 2], 5: [2], 6: []}
        assert len(matching.having(kit.store, [LARGE], 1)[LARGE]) == 1
        assert matching.kept(kit.store, []) == {}
        earlier = {"record_id": 4, "digest": 1, "body": [*ANN.features[:-1], ANN.terms[:-2]]}
        kit.store.connection.execute(sa.insert(schema.match_records), earlier)
        assert matching.entries(kit.store, [4]) == {4: ANN}
        assert matching.rekey(kit.store, 3, 9) == 4
        again = matching.entries(kit.store, [4])[4]
        assert matching.having(kit.store, again.found_by(), 9) == {key: [4] for key in keys(ANN.features)}


def test_how_often_values_occur(kit: Kit) -> None:
    with kit.store.begin():
        assert matching.count(kit.store, Counter({LARGE: 3, 7: 1})) == {LARGE}
        assert matching.count(kit.store, Counter({7: -1})) == set()
        assert matching.counts(kit.store, [LARGE, 7, 8]) == {LARGE: 3, 7: 0, 8: 0}


def test_likely_pairs_and_what_they_depend_on(kit: Kit) -> None:
    with kit.store.begin():
        matching.change_edges(kit.store, (), [LIKELY])
        matching.change_edges(kit.store, (), [ASKED], asked=True)
        assert matching.edges_of(kit.store, [2]) == {(1, 2): 12.5}
        assert matching.edges_of(kit.store, [2], asked=True) == {(1, 2): 12.5, (2, 3): -inf}
        assert matching.depending(kit.store, {LARGE}) == {(1, 2): 12.5}
        assert matching.depending(kit.store, {7, LARGE}).keys() == {(1, 2), (2, 3)}
        matching.change_edges(kit.store, [(1, 2)], [])
        assert matching.depending(kit.store, {LARGE}) == {}


def test_who_may_belong_together(kit: Kit) -> None:
    kit.keep("Lead", *(record(name) for name in "abc"))
    of = {row.ext_id: (row.id, row.lead_id) for row in kit.rows(schema.records)}
    (a, first), (b, second), (c, third) = (of[name] for name in "abc")
    with kit.store.begin():
        bind(kit.store, a, b)
        matching.change_edges(kit.store, (), [LIKELY._replace(edge=Edge(b, c, 9.0))])
        edges = {(b, c): 9.0}
        assert leads.together(kit.store, [a], 8.0) == ({a: first, b: second, c: third}, {(a, b)}, edges, set())
        assert leads.together(kit.store, [a], 10.0) == ({a: first, b: second}, {(a, b)}, edges, set())
        assert leads.in_stable_order(kit.store, {c, b, a}) == [a, b, c]
