"""What leads come to by other rules of scoring than those they were evaluated by last. It goes once they are evaluated;
their results stay as they were told until then. All of it inside `Store.begin()`."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from leadsync.store import schema
from leadsync.store.database import Store, among, chunks
from leadsync.store.records import insert


class Scored(NamedTuple):
    """What a lead comes to: words as JSON, the temperature among them; parts as from `core.score.divided`."""

    lead_id: int
    temperature: str
    words: str
    parts: str


def keep(store: Store, found: Sequence[Scored]) -> None:
    """Each in the place of the one before."""
    insert(store, schema.scores, [each._asdict() for each in found], over="lead_id")


def of(store: Store, leads: Collection[int]) -> dict[int, Scored]:
    """Those of these leads that come to something else."""
    s, found = schema.scores.c, dict[int, Scored]()
    for part in chunks([*leads]):
        query = sa.select(*(s[name] for name in Scored._fields)).where(s.lead_id.in_(among(part)))
        found.update((row.lead_id, Scored(*row)) for row in store.connection.execute(query))
    return found


def forget(store: Store, leads: Collection[int]) -> None:
    """These leads have been evaluated."""
    for part in chunks([*leads]):
        store.connection.execute(sa.delete(schema.scores).where(schema.scores.c.lead_id.in_(among(part))))


def forget_all(store: Store) -> None:
    """The files are others again."""
    store.connection.execute(sa.delete(schema.scores))
