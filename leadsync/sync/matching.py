"""Which records are one lead, kept up in the store: what changed is compared, and the leads that this touches follow.

What leads are depends on what is stored, and not on the order in which it came: on features, bonds and decisions, and
on how often values occur. Weights know these frequencies by the octave, and as the most they were since all was weighed
last; that is done anew, slice by slice, when the store has grown by an octave or the rules have changed.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf
from typing import Any

from leadsync.config.load import Config
from leadsync.connector import Clock
from leadsync.core.match.evidence import Levels, compare, counted
from leadsync.core.match.features import NOTHING, features
from leadsync.core.match.keys import cap, keys
from leadsync.core.match.links import FEWEST, digest, kept_ids, names_agree, rounded, row, tied
from leadsync.core.match.model import Part, Scale
from leadsync.core.match.pairs import Edge, Entry, entry
from leadsync.store import leads, matching, review
from leadsync.store.database import Store
from leadsync.store.matching import ALL, Pair, Weighed
from leadsync.store.sources import Source

_BELOW = 0.01  # bits below the automatic line
AT_ONCE = 2000  # records of one transaction
_NOTHING = entry(NOTHING)


class Matcher:
    """Matches what was touched, in transactions of the caller.

    What is kept of its progress: the marks it has come past (`fresh`, `late`), the rules (`version`) and the number of
    records (`records`) that all is weighed by, and the record that weighing it anew has come to (`walk`): `all`, or by
    other rules, which makes other digests.
    """

    def __init__(self, config: Config, store: Store, clock: Clock, sources: Mapping[int, Source]) -> None:
        self._config, self._store, self._clock, self._sources = config, store, clock, sources
        self._rules = config.matching

    def run(self, stopping: threading.Event) -> None:
        """All that waits, unless the process is asked to stop."""
        while not stopping.is_set():
            self._store.keep_lease(self._clock.now())
            with self._store.begin():
                if not self.step():
                    return

    def step(self, *, late: bool = True) -> bool:
        """Match some of what waits, and, if `late` is asked for, of what waits behind that; whether there was any.

        Inside `begin()`.
        """
        state = matching.state(self._store)
        if not state and self._rules.off:
            return False
        if state.get("version") != self._rules.version:
            size = rounded(max(matching.people(self._store), FEWEST))
            state |= {"version": self._rules.version, "records": size, "walk": 0, "all": False}
            matching.count_anew(self._store)
        for name, behind in (("fresh", False), ("late", True))[: 1 + late]:
            if marks := matching.marked(self._store, state.get(name, 0), AT_ONCE, late=behind):
                self._match({record for _, record in marks}, state["records"], late=behind)
                matching.keep_state(self._store, state | {name: marks[-1][0]})
                return True
        return late and self._walk(state)

    def _walk(self, state: dict[str, Any]) -> bool:
        """Weigh some records anew, where all are to be."""
        size = rounded(max(matching.size(self._store), FEWEST))
        if state["walk"] is None and size > state["records"]:
            state |= {"records": size, "walk": 0, "all": True}
            matching.count_anew(self._store)
        if state["walk"] is None:
            return False
        ids = matching.after(self._store, state["walk"], AT_ONCE)
        self._match(ids, state["records"], again=state["all"], late=True)
        matching.keep_state(self._store, state | {"walk": ids[-1] if ids else None})
        return True

    def _match(self, ids: Collection[int], records: int, *, again: bool = False, late: bool) -> None:
        """Compare those of these records that say something else than before, or all of them `again`; settle who is
        one lead with whom."""
        store, said = self._store, self._said(ids)
        held = matching.digests(store, said)
        told = {id_: digest(texts, self._rules.version) for id_, texts in said.items()}
        changed = [id_ for id_ in said if held.get(id_) != told[id_]]
        old = matching.entries(store, said if again else changed)
        new = old | {id_: entry(features(said[id_], self._rules.words)) for id_ in changed}
        touched = {id_ for id_ in changed if held.get(id_, 0) is None}
        looked = {id_ for id_ in new if id_ not in touched or new[id_] != old.get(id_)}
        matching.put(store, {id_: (told[id_], new[id_]) for id_ in changed})
        if looked:
            touched |= _Comparison(store, self._config, records, new).run(looked, old)
        if touched:
            self._settle(touched, records, late=late)

    def _said(self, ids: Collection[int]) -> dict[int, dict[str, str]]:
        """What these records say that is compared; nothing of those that are not matched."""
        found = {}
        for each in matching.rows(self._store, ids):
            source, facts = self._sources[each.source_id], each.facts or {}
            connection = self._config.connections.get(source.connection)
            read = connection is not None and source.object in connection.mapping.reads and not self._rules.off
            listed = self._config.lists.has(source.connection, facts)
            found[each.id] = row(facts, each.company) if read and not listed else {}
        return found

    def _settle(self, touched: Collection[int], records: int, *, late: bool) -> None:
        """Work out anew who is one lead among all that may be with these records."""
        store, model, now = self._store, self._rules.model, self._clock.now()
        lead_of, bonds = leads.together(store, touched, model.automatic)
        edges, apart = matching.edges_of(store, lead_of), leads.decided(store, lead_of, review.DIFFERENT)
        inside = [Edge(*pair, weight) for pair, weight in edges.items() if lead_of.keys() >= {*pair}]
        comparison = _Comparison(store, self._config, records, {})
        done = tied(
            leads.in_stable_order(store, lead_of), inside, bonds,
            [pair for pair in apart if lead_of.keys() >= {*pair}], comparison.weigher(edges), model,
        )  # fmt: skip
        comparison.keep_asked()
        ids = kept_ids(done.leads, lead_of, {})
        if None in ids:
            alone = {record for own, id_ in zip(done.leads, ids, strict=True) if id_ is None for record in own}
            ids = kept_ids(done.leads, lead_of, leads.former(store, alone))
        leads.settle(store, done.leads, ids, lead_of, now, late=late)
        outside = [Edge(*pair, weight) for pair, weight in edges.items() if not lead_of.keys() >= {*pair}]
        self._ask(lead_of, [*done.held, *outside], apart)
        weights = {pair: edges.get(pair, -inf) for pair in apart}
        sure = {pair: self._sure(weight) for pair, weight in weights.items()}
        review.keep_apart(store, sure, now)

    def _sure(self, weight: float) -> float | None:
        """How likely a pair is one person, where that is for a person to decide."""
        return self._rules.model.probability(weight) if weight >= self._rules.review else None

    def _ask(self, settled: Collection[int], likely: Iterable[Edge], apart: Collection[Pair]) -> None:
        """Have a person decide on pairs of two leads that are likely one, of two leads on the likeliest pair."""
        likely = list(likely)
        ids = {id_ for edge in likely for id_ in edge[:2]} | {id_ for pair in apart for id_ in pair}
        lead = leads.leads_of(self._store, ids)
        both = [frozenset((lead.get(a, 0), lead.get(b, 0))) for a, b in apart]
        best: dict[frozenset[int], Edge] = {}
        for edge in likely:
            pair = frozenset((lead[edge.left], lead[edge.right]))
            if edge.weight >= self._rules.review and len(pair) == 2 and pair not in both:
                best[pair] = max(best.get(pair, edge), edge, key=lambda each: each.weight)
        wanted = {edge[:2]: self._rules.model.probability(edge.weight) for edge in best.values()}
        review.keep_pairs(self._store, settled, wanted, self._clock.now())


class _Comparison:
    """Compares records with those that they share a key with, in one transaction."""

    def __init__(self, store: Store, config: Config, records: int, entries: Mapping[int, Entry]) -> None:
        self._store, self._entries, self._counts = store, dict(entries), {0: 0}
        self._asked: dict[Pair, Weighed] = {}
        self._keys: dict[int, set[int]] = {}
        self._model = config.matching.model
        self._floor = min(config.matching.review, self._model.automatic)
        self._scale = Scale(self._model, self._counts.__getitem__, records)

    def run(self, looked: set[int], old: Mapping[int, Entry]) -> set[int]:
        """Look these records up by what they are now; before they were as `old` says. The records that pairs of theirs
        have changed with."""
        again, terms = self._index(looked, old)
        looked |= again
        before = matching.edges_of(self._store, looked, asked=True)
        depending = matching.depending(self._store, terms)
        keyed = {pair for pair, weight in depending.items() if weight > -inf and pair not in before}
        found = self._weighed(self._candidates(looked) | keyed)
        before |= depending
        fresh = [each for pair, each in found.items() if before.get(pair) != each.edge.weight]
        gone = before.keys() - found.keys()
        matching.change_edges(self._store, gone, fresh)
        return {id_ for pair in (*gone, *(each.edge[:2] for each in fresh)) for id_ in pair}

    def _index(self, looked: Collection[int], old: Mapping[int, Entry]) -> tuple[set[int], set[int]]:
        """Index records by what they are now. Those that share a key with one of them which is of use now and was not,
        or was and is not; and the terms of which weights know another number now."""
        lost, won, more = list[Pair](), list[Pair](), Counter[int]()
        for id_ in looked:
            was, now = old.get(id_, _NOTHING), self._entries[id_]
            if was != now:
                before, after = {*keys(was.features)}, {*keys(now.features)}
                self._keys[id_] = after
                lost += ((key, id_) for key in before - after)
                won += ((key, id_) for key in after - before)
                more.update(filter(None, now.terms))
                more.subtract(filter(None, was.terms))
                more[ALL] += (now != _NOTHING) - (was != _NOTHING)
        matching.change_keys(self._store, lost, won)
        by = Counter(key for key, _ in won)
        by.subtract(key for key, _ in lost)
        sizes = matching.key_sizes(self._store, by)
        crossed = [
            key for key, n in by.items() if (sizes.get(key, 0) <= cap(key)) != (sizes.get(key, 0) - n <= cap(key))
        ]
        sharing = {id_ for ids in matching.having(self._store, crossed).values() for id_ in ids}
        return sharing, matching.count(self._store, more) - {ALL}

    def _candidates(self, looked: Collection[int]) -> set[Pair]:
        """The pairs that these records are to be compared in."""
        self._load(looked)
        own = {
            id_: self._keys.get(id_) or {*keys(self._entries[id_].features)} for id_ in looked if id_ in self._entries
        }
        sizes = matching.key_sizes(self._store, {key for mine in own.values() for key in mine})
        having = matching.having(self._store, {key for key, n in sizes.items() if 1 < n <= cap(key)})
        return {
            (id_, other) if id_ < other else (other, id_)
            for id_, mine in own.items() for key in mine for other in having.get(key, ()) if other != id_
        }  # fmt: skip

    def _weighed(self, pairs: Collection[Pair]) -> dict[Pair, Weighed]:
        """Those of these pairs that are likely."""
        self._load({id_ for pair in pairs for id_ in pair})
        compared: dict[Pair, tuple[Levels, set[int]]] = {}
        for a, b in pairs:
            compared[a, b] = self._terms(self._entries[a], self._entries[b])
        self._know(set[int]().union(*(terms for _, terms in compared.values())))
        found: dict[Pair, Weighed] = {}
        for (a, b), (levels, terms) in compared.items():
            if self._scale.weigh(levels, self._entries[a].terms, self._entries[b].terms) >= self._floor:
                found[a, b] = self._parts(a, b, levels, terms)
        return found

    def _terms(self, one: Entry, two: Entry) -> tuple[Levels, set[int]]:
        """How two records agree, and the terms that say how much that tells."""
        levels = compare(one.features, two.features)
        at = [place for nth, level in enumerate(levels) if level and (place := counted(nth, level)) is not None]
        return levels, {of.terms[place] for of in (one, two) for place in at}

    def _parts(self, a: int, b: int, levels: Levels, terms: set[int]) -> Weighed:
        one, two = self._entries[a], self._entries[b]
        weight = self._scale.weigh(levels, one.terms, two.terms)
        parts = self._scale.explain(one.features, two.features, one.terms, two.terms)
        if weight >= self._model.automatic and not names_agree(levels):
            parts.append(Part("name", "unsure", "", "", self._model.automatic - _BELOW - weight, 0))
            weight = self._model.automatic - _BELOW
        return Weighed(Edge(a, b, weight), parts, terms - {0}, self._model.probability(weight))

    def weigher(self, known: Mapping[Pair, float]) -> Callable[[int, int], float]:
        """What weighs any two records; pairs that are not `known` can be kept by `keep_asked`."""

        def weigh(a: int, b: int) -> float:
            pair = (a, b) if a < b else (b, a)
            if pair in known:
                return known[pair]
            if pair not in self._asked:
                if not self._asked:
                    self._load({id_ for both in known for id_ in both})
                self._load(pair)
                one, two = (self._entries.setdefault(id_, _NOTHING) for id_ in pair)
                levels, terms = self._terms(one, two)
                self._know(terms)
                self._asked[pair] = self._parts(*pair, levels, terms)
            return self._asked[pair].edge.weight

        return weigh

    def keep_asked(self) -> None:
        """Keep the unlikely pairs that leads depend on, so that these are looked at when such a pair changes."""
        matching.change_edges(self._store, (), [*self._asked.values()], asked=True)

    def _load(self, ids: Collection[int]) -> None:
        if missing := {*ids} - self._entries.keys():
            self._entries |= matching.entries(self._store, missing)

    def _know(self, terms: Collection[int]) -> None:
        if missing := {*terms} - self._counts.keys():
            self._counts |= matching.counts(self._store, missing)
