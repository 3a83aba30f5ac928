"""The people of companies as their stored results have them, and the companies whose people were evaluated.

Companies that something touched wait behind all leads, in the marks of `LATE`. All of it inside `Store.begin()`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from leadsync.core.classes import BUYER
from leadsync.core.company_score import Person
from leadsync.store import keys, schema, scores
from leadsync.store.database import Store, chunks, plain_rows
from leadsync.store.evaluation import Member, members_of
from leadsync.store.records import COMPANIES as LATE
from leadsync.store.records import companies_of


def person_of(lead: int, words: Mapping[str, Any]) -> Person | None:
    """A buyer as its company's score counts it; nobody else counts."""
    return Person(lead, words["fit"], words["engagement"]) if words.get("class") == BUYER else None


def stored(store: Store, companies: Collection[int]) -> dict[int, list[Person]]:
    """Company → its people: all whose results say that they are of these companies, with what they come to."""
    found, r, t = defaultdict[int, list[Person]](list), schema.records.c, schema.results
    near, leads = sorted(keys.people_of(store, companies)), set[int]()
    for part in chunks(near):
        leads.update(store.connection.scalars(sa.select(r.lead_id).where(r.id.in_(part), r.lead_id.is_not(None))))
    come_to = {lead: orjson.loads(each.words) for lead, each in scores.of(store, leads).items()}
    for part in chunks(sorted(leads)):
        query = sa.select(t.c.lead_id, t.c.words).where(t.c.lead_id.in_(part))
        for lead, said in store.connection.execute(query):
            words = said | come_to.get(lead, {})
            person = person_of(lead, words)
            for company in companies_of(words) if person else ():
                found[company] += [person] if person else []
    return found


def waiting(store: Store, busy: Collection[int], limit: int) -> dict[int, list[int]]:
    """Company → its marks, the longest waiting first, at most so many marks; those in `busy` keep theirs."""
    d, found = schema.dirty.c, defaultdict[int, list[int]](list)
    for seq, id_ in store.connection.execute(
        sa.select(d.seq, d.record_id).where(d.late == LATE).order_by(d.seq).limit(limit + len(busy))
    ):
        if id_ not in busy:
            found[id_].append(seq)
    return found


def records(store: Store, companies: Collection[int]) -> list[Member]:
    """The rows of these companies. Each stands for itself where leads do: its lead is minus its id."""
    r, found = schema.records.c, list[Member]()
    columns = [r[name] for name in Member._fields]
    for part in chunks(sorted(companies)):
        rows = plain_rows(store.connection, sa.select(*columns).where(r.id.in_(part)))
        found += (member._replace(lead_id=-member.id) for member in members_of(rows))
    return found


def done(store: Store, marks: Sequence[int]) -> None:
    """Clear these marks."""
    for part in chunks(marks):
        store.connection.execute(sa.delete(schema.dirty).where(schema.dirty.c.seq.in_(part)))
