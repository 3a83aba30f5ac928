"""What other files would make of the leads that are stored: compared lead by lead, with nothing kept."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from leadsync.config.load import Config
from leadsync.core.facts import Facts
from leadsync.store import schema
from leadsync.store.evaluation import Material
from leadsync.sync.cycle import Coordinator
from leadsync.sync.evaluate import Evaluator
from leadsync.sync.foresee import foresee
from leadsync.sync.planning import Plan, stands
from leadsync.sync.rederive import derive

_COMPARED = ("score", "temperature", "stage", "owner")


@dataclass(slots=True)
class Comparison:
    """The plan with the files as they are (`now`) and with the others (`then`, counted from what `now` comes to).

    `results`: how many leads get another score, stage …. `unread`: fields (connection, object, field) that only the
    other files read, and that are not stored yet: they count as empty.
    """

    now: Plan
    then: Plan
    results: Counter[str] = field(default_factory=Counter)
    unread: list[tuple[str, str, str]] = field(default_factory=list)

    def body(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "results": {word: self.results[word] for word in _COMPARED},
            "unread": [list(key) for key in self.unread],
            "now": self.now.body(),
            "then": self.then.body(),
        }


def compare(found: Coordinator, other: Config) -> Comparison:
    """Evaluate all stored leads with both configurations. The CRMs are not asked.

    It is not whole when the process is asked to stop.
    """
    found.rederive.run(found.stopping)
    store, clock, now = found.store, found.clock, found.clock.now()
    ours = found.evaluator()
    theirs = Evaluator(other, ours.sources, ours.directory, ours.accounts)
    made = Comparison(Plan(found.config, ours.directory), Plan(other, ours.directory), unread=_unread(theirs))
    with store.begin():
        busy = found.busy()
    pairs = zip(
        foresee(store, ours, clock, now, busy=busy),
        foresee(store, theirs, clock, now, busy=busy, known=lambda material: _derived(material, theirs, found)),
        strict=True,
    )
    for one, two in pairs:
        if found.stopping.is_set():
            break
        made.now.add(one)
        made.then.add(two, stands(one, ours.directory))
        made.results.update(w for w in _COMPARED if one.after.words.get(w) != two.after.words.get(w))
    return made


def _derived(found: Material, evaluator: Evaluator, coordinator: Coordinator) -> Material:
    """The same leads with facts as the evaluator's configuration reads them from the stored rows."""
    sources, config, r = evaluator.sources, evaluator.config, schema.records.c
    members = [
        m if m.fields is None else m._replace(facts=derive(config, sources[m.source_id], m.ext_id, m.fields))
        for m in found.members
    ]
    with coordinator.store.begin() as db:
        rows = db.execute(sa.select(r.id, r.source_id, r.ext_id, r.fields).where(r.id.in_(found.companies))).all()
    companies: dict[int, Facts] = {
        row.id: derive(config, sources[row.source_id], row.ext_id, row.fields) or {} for row in rows
    }
    return replace(found, members=members, companies=companies)


def _unread(evaluator: Evaluator) -> list[tuple[str, str, str]]:
    stored = {(s.connection, s.object): s.fields for s in evaluator.sources.values()}
    return [
        (name, obj, asked)
        for name, connection in evaluator.config.connections.items()
        for obj in connection.mapping.reads
        for asked in connection.mapping.asked(obj)
        if asked not in (stored.get((name, obj)) or ())
    ]
