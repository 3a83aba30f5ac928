"""How well and how fast leads are matched: `python -m tests.bench.matching RECORDS SEED` prints one as JSON.

The leads are invented, with the truth beside them; the model and its automatic line are those that are shipped, made of
other seeds. A pair counts as found from the automatic line on.
"""

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator

from leadsync.config.matching import model, words
from leadsync.core.match.clusters import clusters
from leadsync.core.match.features import features
from leadsync.core.match.model import Scale
from leadsync.core.match.pairs import Entry, all_edges, beside, counts, entry, joined, joining, key_rows, weighed
from leadsync.service.garbage import collect_seldom
from tests.bench import matching_people as people

_STEP = 10  # bins in a bit
_FLOOR = -12.0


def measure(records: int, seed: int) -> dict[str, float]:
    """Precision and recall at the automatic line, the best that any line gives, and what it costs."""
    table, using, spent = words(), model(), 0.0
    entries: dict[int, Entry] = {}
    persons, locales = [], []
    for n, row in enumerate(people.entered(seed, records)):
        persons.append(int(row["person"]))
        locales.append(row["locale"])
        began = time.process_time()
        entries[n] = entry(features(row, table))
        spent += time.process_time() - began
    found: dict[str, float] = {"features_us": spent / records * 1e6}
    true = Counter[str]()
    sizes = Counter(persons)
    for person, locale in {p: loc for p, loc in zip(persons, locales, strict=True)}.items():
        true[locale] += sizes[person] * (sizes[person] - 1) // 2
    began = time.process_time()
    rows, scale = key_rows(entries), Scale(using, counts(entries).__getitem__, records)
    found["keys_s"], began = time.process_time() - began, time.process_time()
    all_edges(joined(rows, range(records // 10)), entries, scale, 0.0)
    found["tenth_s"] = time.process_time() - began + spent / 10 + found["keys_s"] / 10
    began = time.process_time()
    pairs = joined(rows)
    del rows
    found["candidates"] = 2 * len(pairs) / records
    found["join_s"], began = time.process_time() - began, time.process_time()
    bins: dict[tuple[int, bool], int] = Counter()
    edges = []
    for a, b in pairs.iter_rows():
        edge = weighed(a, b, entries, scale)
        same = persons[a] == persons[b]
        bins[int(max(edge.weight, _FLOOR) * _STEP // 1), same] += 1
        if edge.weight >= using.automatic:
            edges.append(edge)
    found["pair_us"] = (time.process_time() - began) / max(len(pairs), 1) * 1e6

    edges = [edge for edge in joining(edges, entries, scale) if edge.weight >= using.automatic]
    hits = Counter(locales[edge.left] if persons[edge.left] == persons[edge.right] else "false" for edge in edges)

    def weigh(a: int, b: int) -> float:
        return beside(a, b, entries, scale)

    found |= _at_line(hits, true) | _sweep(bins, true.total())
    found |= _of_clusters(clusters(range(records), edges, weigh, using.automatic, using.veto), persons, true.total())
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def _at_line(hits: Counter[str], true: Counter[str]) -> dict[str, float]:
    right = hits.total() - hits["false"]
    found = {"precision": right / max(hits.total(), 1), "recall": right / true.total()}
    return found | {f"recall {locale}": hits[locale] / max(true[locale], 1) for locale in people.LOCALES}


def _sweep(bins: dict[tuple[int, bool], int], true: int) -> dict[str, float]:
    """The best F1, and the recall at a precision of .95 and .99, over all lines."""
    best = at95 = at99 = 0.0
    right = wrong = 0
    for place in sorted({place for place, _ in bins}, reverse=True):
        right += bins.get((place, True), 0)
        wrong += bins.get((place, False), 0)
        precision, recall = right / (right + wrong), right / true
        best = max(best, 2 * precision * recall / (precision + recall) if right else 0.0)
        at95 = max(at95, recall if precision >= 0.95 else 0.0)
        at99 = max(at99, recall if precision >= 0.99 else 0.0)
    return {"best_f1": best, "recall_at_95": at95, "recall_at_99": at99}


def _of_clusters(of: dict[int, int], persons: list[int], true: int) -> dict[str, float]:
    def count(groups: Iterator[object]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(groups).values())

    right = count((of[n], person) for n, person in enumerate(persons))
    said = count(iter(of.values()))
    return {
        "cluster_precision": right / max(said, 1), "cluster_recall": right / true,
        "largest": max(Counter(of.values()).values()),
    }  # fmt: skip


if __name__ == "__main__":
    collect_seldom()
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
