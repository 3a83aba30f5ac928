"""What matching costs in a store, by the way that cycles go: `python -m tests.bench.matching_store RECORDS SEED`.

A store takes in so many invented leads and matches them; then 500 more come, of whom about half are somebody there;
after that 500 of all change at a time, then single ones, and a tenth of all. Times are without the commits, but for
those of the first load and of the tenth.
"""

import json
import logging
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

import sqlalchemy as sa

from leadsync.config.load import Config, load_config
from leadsync.core import facts
from leadsync.service.clock import SystemClock
from leadsync.service.garbage import collect_seldom
from leadsync.store import records, schema, sources
from leadsync.store.database import Store, open_store
from leadsync.store.sources import Source
from leadsync.sync.matching import Matcher
from leadsync.types import Role
from tests.bench import matching_people as people

NEW, ROUNDS, SINGLE = 500, 9, 99
_SAID = ("first_name", "last_name", "name", "email", "phone", "company", "domain", "country", "city")
_AT_ONCE = 20_000


def opened(folder: Path) -> tuple[Config, Store, Source]:
    """A store for the people of one connection."""
    (folder / "token").write_text("bench")
    connection = "{type: hubspot, token: {file: " + str(folder / "token") + "}}"
    (folder / "leadsync.yaml").write_text(f"connections: {{crm: {connection}}}\n")
    config = load_config(folder / "leadsync.yaml")
    store = open_store(config.store, config.folder)
    with store.begin():
        [source] = sources.prepare(store, "crm", [("contacts", Role.LEAD, ["email"])])
    return config, store, source


def add(config: Config, store: Store, source: Source, rows: Sequence[dict[str, str]]) -> list[int]:
    """These people have come, each a lead of their own so far, and are marked; their records."""
    now, found = SystemClock(threading.Event()).now(), list[int]()
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        with store.begin():
            ids = list(store.new_ids(schema.records, len(part)))
            known = [facts.derive({n: row[n] for n in _SAID if row.get(n)}, config.facts.tables) for row in part]
            leads = records.new_leads(store, ids, now)
            records.insert(store, schema.records, [
                {"id": id_, "source_id": source.id, "ext_id": str(id_), "lead_id": leads[id_], "fields": {},
                 "facts": own, "created_at": now, "known_at": now}
                for id_, own in zip(ids, known, strict=True)
            ])  # fmt: skip
            records.mark(store, ids)
        found += ids
    return found


def move(store: Store, record: int, nth: int) -> None:
    """Somebody lives elsewhere now."""
    r = schema.records.c
    said = store.connection.scalar(sa.select(r.facts).where(r.id == record))
    records.update(store, [{"id": record, "facts": {**said, "city": f"Town {nth}"}}])
    records.mark(store, [record])


def measure(number: int, seed: int) -> dict[str, float]:
    """Seconds of CPU of a first load per 1,000 records, and seconds of 500 records that come (those that passed, and of
    CPU); medians of CPU of 500 that change, in seconds, and of one, in milliseconds; seconds of a tenth of all that
    change; how many pairs are right at the automatic line, and how many are found."""
    stored, brought = people.cycle(seed, number, NEW)
    with tempfile.TemporaryDirectory() as folder:
        config, store, source = opened(Path(folder))
        matcher = Matcher(config, store, SystemClock(threading.Event()), {source.id: source})
        of = dict(zip(add(config, store, source, stored), (row["person"] for row in stored), strict=True))
        began = time.process_time()
        matcher.run(threading.Event())
        found = {"load_s": (time.process_time() - began) / number * 1000}
        fresh = add(config, store, source, brought)
        of |= dict(zip(fresh, (row["person"] for row in brought), strict=True))
        del stored, brought  # a million rows that no service holds: looking for garbage among them costs more each time
        found["wall_s"], found["cpu_s"] = _matched(store, matcher)
        found |= _rightly(store, of, fresh[0], config.matching.model.automatic)
        chosen = iter(Random(seed).sample(list(of), ROUNDS * NEW + SINGLE))
        for name, rounds, size in (("changed_s", ROUNDS, NEW), ("one_s", SINGLE, 1)):
            took = []
            for nth in range(rounds):
                with store.begin():
                    for record in islice(chosen, size):
                        move(store, record, nth)
                took.append(_matched(store, matcher)[1])
            found[name] = median(took)
        found["one_ms"] = found.pop("one_s") * 1e3
        with store.begin():
            for record in list(of)[: number // 10]:
                move(store, record, record)
        wall, began = time.perf_counter(), time.process_time()
        matcher.run(threading.Event())
        found |= {"tenth_wall_s": time.perf_counter() - wall, "tenth_s": time.process_time() - began}
        store.close()
    return found | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _matched(store: Store, matcher: Matcher) -> tuple[float, float]:
    """Match what has just happened; the seconds that passed, and those of CPU."""
    with store.begin():
        wall, began = time.perf_counter(), time.process_time()
        while matcher.step(late=False):
            pass
        return time.perf_counter() - wall, time.process_time() - began


def _rightly(store: Store, of: dict[int, str], first: int, line: float) -> dict[str, float]:
    """Precision and recall of the pairs with records from the `first` one on."""
    e, members = schema.match_edges.c, dict[str, list[int]]()
    query = sa.select(e.left_id, e.right_id).where(e.right_id >= first, e.weight >= line, e.asked == 0)
    with store.begin():
        said = store.connection.execute(query).all()
    for record, person in of.items():
        members.setdefault(person, []).append(record)
    right = sum(of[a] == of[b] for a, b in said)
    true = sum(b >= first for own in members.values() for i, _ in enumerate(own) for b in own[i + 1 :])
    return {"precision": right / max(len(said), 1), "recall": right / max(true, 1)}


if __name__ == "__main__":
    logging.disable()
    collect_seldom()
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
