"""How well and how fast leads are matched: `python -m tests.bench.matching RECORDS SEED` prints one as JSON.

The leads are invented, with the truth beside them; the model and its automatic line are those that are shipped, made of
other seeds. A pair counts as found from the automatic line on. With `cycle` as a third word the records lie in a store
of key, frequency and record tables, and a cycle brings 500 more.
"""

import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import orjson

from leadsync.config.matching import model, words
from leadsync.core.match.clusters import clusters
from leadsync.core.match.features import Features, features
from leadsync.core.match.keys import cap, keys
from leadsync.core.match.model import Scale
from leadsync.core.match.pairs import Entry, all_edges, candidates, counts, entry, joined, key_rows, weighed
from tests.bench import matching_people as people

_STEP = 10  # bins in a bit
_FLOOR = -12.0


def measure(records: int, seed: int) -> dict[str, float]:
    """Precision and recall at the automatic line, the best that any line gives, and what it costs."""
    table, using, spent = words(), model(), 0.0
    entries: dict[int, Entry] = {}
    persons, locales = [], []
    for n, row in enumerate(people.leads(seed, records)):
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
    hits = Counter[str]()
    edges = []
    for a, b in pairs.iter_rows():
        edge = weighed(a, b, entries, scale)
        same = persons[a] == persons[b]
        bins[int(max(edge.weight, _FLOOR) * _STEP // 1), same] += 1
        if edge.weight >= using.automatic:
            hits[locales[a] if same else "false"] += 1
            edges.append(edge)
    found["pair_us"] = (time.process_time() - began) / max(len(pairs), 1) * 1e6

    def weigh(a: int, b: int) -> float:
        return weighed(a, b, entries, scale).weight

    found |= _at_line(hits, true) | _sweep(bins, true.total())
    found |= _of_clusters(clusters(range(records), edges, weigh, using.automatic, using.veto).of, persons, true.total())
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


# ---- a cycle against a store


def cycle(records: int, seed: int, new: int = 500) -> dict[str, float]:
    """What a cycle of so many new records costs, without its commit, and how well it finds who they are."""
    stored, brought = people.cycle(seed, records, new)
    persons = [int(row["person"]) for row in (*stored, *brought)]
    table, using = words(), model()
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(Path(folder) / "match.db") as store:
        store.executescript(
            "pragma cache_size = -262144; pragma mmap_size = 2000000000;"
            "create table key (hash integer, id integer, primary key (hash, id)) without rowid;"
            "create table term (hash integer primary key, n integer);"
            "create table rec (id integer primary key, body blob)"
        )
        _add(store, ((n, entry(features(row, table))) for n, row in enumerate(stored)))
        store.commit()
        del stored
        _against(store, brought[:20], persons, records)  # what is loaded on first use
        store.rollback()
        wall, began = time.perf_counter(), time.process_time()
        seen, edges = _against(store, brought, persons, records)
        found = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - began, "candidates": seen / new}
        store.rollback()
        took = []
        for row in brought[:50]:
            began = time.perf_counter()
            _against(store, [row], persons, records)
            took.append(time.perf_counter() - began)
            store.rollback()
        found["one_ms"] = sorted(took)[25] * 1e3
    members = Counter(persons)
    true = sum(members[p] - 1 for p in persons[records:]) - sum(
        n * (n - 1) // 2 for n in Counter(persons[records:]).values()
    )
    bins = Counter((int(max(weight, _FLOOR) * _STEP // 1), same) for weight, same in edges)
    hits = Counter(same for weight, same in edges if weight >= using.automatic)
    right = hits[True]
    return found | _sweep(bins, true) | {"precision": right / max(hits.total(), 1), "recall": right / true}


def _add(store: sqlite3.Connection, rows: Iterator[tuple[int, Entry]]) -> None:
    for id_, of in rows:
        store.execute("insert into rec values (?, ?)", (id_, orjson.dumps((tuple(of.features), of.terms))))
        store.executemany("insert into key values (?, ?)", [(key, id_) for key in keys(of.features)])
        store.executemany(
            "insert into term values (?, 1) on conflict do update set n = n + 1", [(term,) for term in of.terms if term]
        )


def _against(
    store: sqlite3.Connection, rows: list[dict[str, str]], persons: list[int], records: int
) -> tuple[int, list[tuple[float, bool]]]:
    """Adds the rows; how many candidates they had, and the weight of each with whether it is true."""
    table = words()
    fresh = {records + n: entry(features(row, table)) for n, row in enumerate(rows)}
    _add(store, iter(fresh.items()))

    def members(key: int) -> list[int]:
        asked = store.execute("select id from key where hash = ? limit ?", (key, cap(key) + 1))
        return [id_ for (id_,) in asked]

    @cache
    def count(term: int) -> int:
        found = store.execute("select n from term where hash = ?", (term,)).fetchone()
        return int(found[0]) if found else 0

    @cache
    def stored(id_: int) -> Entry:
        (body,) = store.execute("select body from rec where id = ?", (id_,)).fetchone()
        of, terms = orjson.loads(body)
        return Entry(Features(*of), terms)

    scale, seen, edges = Scale(model(), count, records), 0, []
    for id_, of in fresh.items():
        for other in candidates(id_, keys(of.features), members):
            seen += 1
            edge = weighed(id_, other, {id_: of, other: stored(other)}, scale)
            edges.append((edge.weight, persons[id_] == persons[other]))
    return seen, edges


if __name__ == "__main__":
    work = cycle if sys.argv[3:] == ["cycle"] else measure
    print(json.dumps(work(int(sys.argv[1]), int(sys.argv[2]))))
