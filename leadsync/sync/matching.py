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
from leadsync.core.match.evidence import Levels, compare
from leadsync.core.match.features import EDITION, NOTHING, PERSON, features
from leadsync.core.match.keys import CAPS, cap
from leadsync.core.match.links import FEWEST, digest, kept_ids, rounded, row, tied
from leadsync.core.match.model import Scale
from leadsync.core.match.pairs import Edge, Entry, entry
from leadsync.store import leads, matching, review
from leadsync.store.database import Store
from leadsync.store.matching import ALL, Pair, Weighed
from leadsync.store.sources import Source

AT_ONCE = 2000  # records of one transaction
MANY = 10_000
"""Where more records wait, all that are not known yet are indexed before the first is compared."""
_NOTHING = entry(NOTHING)


class Matcher:
    """Matches what was touched, in transactions of the caller.

    What is kept of its progress: the marks it has come past (`fresh`, `late`), the rules (`version`) and the number of
    records (`records`) that all is weighed by, and the record that weighing it anew has come to (`walk`): `all`, or
    only what says something else; after a change of the rules it is decided anew of all who is one lead (`settle`).
    `keyed` is how far the keys of all records have been made anew, where another `edition` makes others.
    Where very many wait, `ahead` is of which marks (`fresh` or `late`) the records that are not known yet are indexed
    before they are compared, how far that has come, and how far it goes.
    """

    def __init__(self, config: Config, store: Store, clock: Clock, sources: Mapping[int, Source]) -> None:
        self._config, self._store, self._clock, self._sources = config, store, clock, sources
        self._rules = config.matching
        self._scale = Scale(self._rules.model, int, 0)

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
            other = "version" in state
            state |= {"version": self._rules.version, "records": size, "walk": 0, "all": other, "settle": other}
            matching.count_anew(self._store)
        if state.setdefault("edition", None if "fresh" in state or "late" in state else EDITION) != EDITION:
            matching.forget_keys(self._store)
            state |= {"edition": EDITION, "keyed": 0}
        if (keyed := state.get("keyed")) is not None:
            matching.keep_state(self._store, state | {"keyed": matching.rekey(self._store, keyed, AT_ONCE)})
            return True
        for name, behind in (("fresh", False), ("late", True))[: 1 + late]:
            if marks := matching.marked(self._store, state.get(name, 0), AT_ONCE, late=behind):
                if self._index_ahead(state, name, len(marks), behind):
                    return True
                many = bool(state.get("ahead")) and state["ahead"][0] == name
                self._match({record for _, record in marks}, state["records"], many=many, late=behind)
                if many and marks[-1][0] >= state["ahead"][2]:
                    state["ahead"] = None
                matching.keep_state(self._store, state | {name: marks[-1][0]})
                return True
        return late and self._walk(state)

    def _index_ahead(self, state: dict[str, Any], name: str, waiting: int, behind: bool) -> bool:
        """Index some of what waits, if very much does: compared then, everything is weighed once, by what is known in
        the end, and keys are of use or not from the start. Whether there was any."""
        store = self._store
        if not state.get("ahead") and waiting == AT_ONCE:
            start = state.get(name, 0)
            if len(matching.marked(store, start, MANY + 1, late=behind)) > MANY:
                state["ahead"] = [name, start, matching.last_mark(store, late=behind)]
        if not state.get("ahead") or state["ahead"][0] != name:
            return False
        _, start, end = state["ahead"]
        marks = [mark for mark in matching.marked(store, start, AT_ONCE, late=behind) if mark[0] <= end]
        if not marks:
            return False
        self._index({record for _, record in marks}, state["records"])
        matching.keep_state(store, state | {"ahead": [name, marks[-1][0], end]})
        return True

    def _walk(self, state: dict[str, Any]) -> bool:
        """Weigh some records anew, where all are to be."""
        size = rounded(max(matching.size(self._store), FEWEST))
        if state["walk"] is None and size > state["records"]:
            state |= {"records": size, "walk": 0, "all": True, "settle": False}
            matching.count_anew(self._store)
        if state["walk"] is None:
            return False
        ids = matching.after(self._store, state["walk"], AT_ONCE)
        self._match(ids, state["records"], again=state["all"], settle=state.get("settle", False), late=True)
        matching.keep_state(self._store, state | {"walk": ids[-1] if ids else None})
        return True

    def _match(
        self, ids: Collection[int], records: int, *, again: bool = False, settle: bool = False, many: bool = False,
        late: bool,
    ) -> None:  # fmt: skip
        """Compare those of these records that say something else than before, or all of them `again`; settle who is
        one lead with whom: of those whose likenesses changed, or of all. Of `many` some may be indexed already, and so
        may some of those that they are like."""
        store = self._store
        kept = matching.kept(store, ids)
        ahead = {id_ for id_, of in kept.items() if many and of.ahead}  # who says something else is marked again
        said = self._said({*ids} - ahead)
        told = self._digests(said)
        changed = [id_ for id_ in said if id_ not in kept or kept[id_].digest != told[id_]]
        old = {id_: kept[id_].entry() for id_ in (said if again else [*changed, *ahead]) if id_ in kept}
        new = old | self._read(said, changed, old)
        matching.put(store, {id_: (told[id_], new[id_]) for id_ in changed})
        matching.compared(store, ahead)
        touched = {*said} if settle else {id_ for id_ in changed if id_ in kept and kept[id_].digest is None}
        comparison = self._comparison(records, new)
        if new:
            touched |= comparison.run({*new}, old, changed={*changed, *ahead}, many=many)
        if touched:
            self._settle(touched, comparison, late=late)

    def _index(self, ids: Collection[int], records: int) -> None:
        """Index those of these records that are not known yet, and leave it to later to compare them."""
        said = self._said({*ids} - matching.kept(self._store, ids).keys())
        told, new = self._digests(said), self._read(said, said, {})
        matching.put(self._store, {id_: (~told[id_], of) for id_, of in new.items()})
        comparison = self._comparison(records, new)
        if touched := comparison.run(set(), {}, indexed=new.keys()):
            self._settle(touched, comparison, late=True)

    def _comparison(self, records: int, entries: Mapping[int, Entry]) -> "_Comparison":
        if self._scale.records != records:
            self._scale = Scale(self._rules.model, int, records)
        return _Comparison(self._store, self._scale, min(self._rules.review, self._rules.model.automatic), entries)

    def _digests(self, said: Mapping[int, Mapping[str, str]]) -> dict[int, int]:
        return {id_: digest(texts, self._rules.version) for id_, texts in said.items()}

    def _read(
        self, said: Mapping[int, Mapping[str, str]], ids: Iterable[int], old: Mapping[int, Entry]
    ) -> dict[int, Entry]:  # fmt: skip
        """What is compared of these records, which were as `old` says: most say the same of a person as before."""
        found, rules = dict[int, Entry](), self._rules
        for id_ in ids:
            own, like = said[id_], old.get(id_)
            person = digest({name: own[name] for name in PERSON if name in own}, rules.version)
            if like and like.person != person:
                like = None
            of = entry(features(own, rules.words, like=like and like.features), like)
            found[id_] = of._replace(keys=tuple(of.found_by()), person=person)
        return found

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

    def _settle(self, touched: Collection[int], comparison: "_Comparison", *, late: bool) -> None:
        """Work out anew who is one lead among all that may be with these records."""
        store, model, now = self._store, self._rules.model, self._clock.now()
        lead_of, bonds, edges, apart = leads.together(store, touched, model.automatic)
        inside = [Edge(*pair, weight) for pair, weight in edges.items() if lead_of.keys() >= {*pair}]
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

    def __init__(self, store: Store, scale: Scale, floor: float, entries: Mapping[int, Entry]) -> None:
        self._store, self._entries, self._counts = store, dict(entries), {0: 0}
        self._asked: dict[Pair, Weighed] = {}
        self._having: dict[int, list[int]] = {}
        self._ahead = set[int]()
        self._scale, self._model, self._floor = scale, scale.model, floor
        scale.count = self._counts.__getitem__

    def run(
        self, looked: set[int], old: Mapping[int, Entry], *, indexed: Collection[int] = (),
        changed: Collection[int] = frozenset(), many: bool = False,
    ) -> set[int]:  # fmt: skip
        """Look these records up by what they are now, and index them and those to be `indexed`; before they were as
        `old` says, and `changed` say something else than then. Of `many` others may be indexed already that are looked
        up later. The records that pairs have changed with."""
        store = self._store
        again, terms = self._index(looked, indexed, old)
        self._load(again)
        looked |= again - self._ahead.union(indexed)
        before = matching.edges_of(store, looked, asked=True)
        pairs = self._candidates(looked)
        if many:
            self._load({id_ for pair in (*pairs, *before) for id_ in pair})
            later = self._ahead - looked
            pairs = {pair for pair in pairs if later.isdisjoint(pair)}
            before = {pair: weight for pair, weight in before.items() if later.isdisjoint(pair)}
        depending = matching.depending(store, terms)
        pairs |= {pair for pair, weight in depending.items() if weight > -inf and pair not in before}
        found = self._weighed(pairs)
        before |= depending
        fresh = [
            each for pair, each in found.items()
            if before.get(pair) != each.edge.weight or pair[0] in changed or pair[1] in changed
        ]  # fmt: skip
        gone = before.keys() - found.keys() | {pair for each in fresh if (pair := each.edge[:2]) in before}
        matching.change_edges(store, gone, fresh)
        return {id_ for pair in (*gone, *(each.edge[:2] for each in fresh)) for id_ in pair}

    def _index(
        self, looked: Collection[int], indexed: Collection[int], old: Mapping[int, Entry]
    ) -> tuple[set[int], set[int]]:
        """Index records by what they are now. Those that share a key with one of them which is of use now and was not,
        or was and is not; and the terms of which weights know another number now."""
        lost, won, more, records = list[Pair](), list[Pair](), Counter[int](), 0
        for id_ in (*looked, *indexed):
            was, now = old.get(id_, _NOTHING), self._entries[id_]
            if was.features != now.features:
                before, after = ({*of.found_by()} for of in (was, now))
                lost += [(key, id_) for key in before - after]
                won += [(key, id_) for key in after - before]
                before, after = {*was.terms}, {*now.terms}
                more.update(after - before)
                more.subtract(before - after)
                records += (now.features != NOTHING) - (was.features != NOTHING)
        more[ALL] = records  # and not how many say nothing of something
        matching.change_keys(self._store, lost, won)
        by = Counter([key for key, _ in won])
        by.subtract([key for key, _ in lost])
        wanted = by.keys() | {key for id_ in looked for key in self._entries[id_].found_by()}
        self._having = matching.having(self._store, wanted, max(CAPS) + 1 + max((0, *by.values())))
        crossed = [key for key, n in by.items() if self._is_useful(key) != self._is_useful(key, n)]
        sharing = {id_ for key in crossed for id_ in self._having[key]}
        return sharing, matching.count(self._store, more) - {ALL}

    def _is_useful(self, key: int, fewer: int = 0) -> bool:
        return len(self._having[key]) - fewer <= cap(key)

    def _candidates(self, looked: Collection[int]) -> set[Pair]:
        """The pairs that these records are to be compared in: all with whom they share a key that not too many have."""
        self._load(looked)
        own = {id_: self._entries[id_].found_by() for id_ in looked if id_ in self._entries}
        wanted = {key for mine in own.values() for key in mine}
        self._having |= matching.having(self._store, wanted - self._having.keys(), max(CAPS) + 1)
        shared = {key: self._having[key] for key in wanted if self._is_useful(key)}
        return {
            (id_, other) if id_ < other else (other, id_)
            for id_, mine in own.items() for key in mine for other in shared.get(key, ()) if other != id_
        }  # fmt: skip

    def _weighed(self, pairs: Collection[Pair]) -> dict[Pair, Weighed]:
        """Those of these pairs that are likely."""
        self._load({id_ for pair in pairs for id_ in pair})
        entries, places, terms = self._entries, self._scale.places, set[int]()
        compared, most = dict[Pair, Levels](), self._scale.most
        for pair in pairs:
            one, two = entries[pair[0]], entries[pair[1]]
            levels = compare(one.features, two.features)
            if most(levels) < self._floor:
                continue
            compared[pair] = levels
            for place in places(levels):
                terms.add(one.terms[place])
                terms.add(two.terms[place])
        self._know(terms)
        weigh, found = self._scale.weigh, dict[Pair, Weighed]()
        for (a, b), levels in compared.items():
            weight = weigh(levels, entries[a].terms, entries[b].terms)
            if weight >= self._floor:
                found[a, b] = self._told(Edge(a, b, weight), levels)
        return found

    def _terms(self, one: Entry, two: Entry, levels: Levels) -> set[int]:
        """What says how much it tells that two records agree so."""
        return {of.terms[place] for place in self._scale.places(levels) for of in (one, two)} - {0}

    def _told(self, edge: Edge, levels: Levels) -> Weighed:
        """A pair with its evidence. Names that do not agree keep it below the automatic line."""
        one, two = self._entries[edge.left], self._entries[edge.right]
        lines = self._scale.evidence(levels, one.terms, two.terms)
        edge = edge._replace(weight=self._scale.lowered(edge.weight, levels))
        return Weighed(edge, lines, self._terms(one, two, levels), self._model.probability(edge.weight))

    def weigher(self, known: Mapping[Pair, float]) -> Callable[[int, int], float]:
        """What any two records say of two leads that others join; pairs that are not `known` can be kept by
        `keep_asked`."""

        found = dict[Pair, float]()

        def weigh(a: int, b: int) -> float:
            pair = (a, b) if a < b else (b, a)
            if pair not in found:
                if not found:
                    self._load({id_ for both in known for id_ in both})
                self._load(pair)
                one, two = (self._entries.setdefault(id_, _NOTHING) for id_ in pair)
                levels = compare(one.features, two.features)
                self._know(self._terms(one, two, levels))
                found[pair] = self._scale.beside(levels, one.terms, two.terms)
                if pair not in known:
                    weight = self._scale.weigh(levels, one.terms, two.terms)
                    self._asked[pair] = self._told(Edge(*pair, weight), levels)
            return found[pair]

        return weigh

    def keep_asked(self) -> None:
        """Keep the unlikely pairs that leads depend on, so that these are looked at when such a pair changes."""
        matching.change_edges(self._store, self._asked.keys(), [*self._asked.values()], asked=True)

    def _load(self, ids: Collection[int]) -> None:
        if missing := {*ids} - self._entries.keys():
            kept = matching.kept(self._store, missing)
            self._entries |= {id_: of.entry() for id_, of in kept.items()}
            self._ahead |= {id_ for id_, of in kept.items() if of.ahead}

    def _know(self, terms: Collection[int]) -> None:
        if missing := {*terms} - self._counts.keys():
            self._counts.update(matching.counts(self._store, missing))
