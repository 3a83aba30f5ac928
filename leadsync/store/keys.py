"""The index of what records are found by: people by mailbox, number and company; companies by domain and name.

All of it inside `Store.begin()`, but for what only reads.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from leadsync.store import records, schema
from leadsync.store.database import Store, chunks
from leadsync.store.lookup import Lookup, asked

PERSON, COMPANY = 0, 1
MOST = 60
"""Company records that a key may have to be of use."""

_own, _theirs = schema.keys.c, schema.keys.alias().c
_IS_COMPANYS = sa.exists().where(_theirs.hash == _own.hash, _theirs.of == COMPANY)
_SHARED = Lookup(sa.select(_own.record_id, _own.hash).where(asked(_own.record_id), _IS_COMPANYS))
_size = sa.func.count()
_COMPANIES = Lookup(
    sa.select(_own.hash, _size, sa.func.min(_own.record_id)).where(asked(_own.hash), _own.of == COMPANY)
    .group_by(_own.hash).having(_size <= MOST)
)  # fmt: skip
_EACH = Lookup(sa.select(_own.hash, _own.record_id).where(asked(_own.hash), _own.of == COMPANY))


def replace(store: Store, of: int, found: Mapping[int, Collection[int]], *, fresh: bool = False) -> None:
    """The keys of these records (record → hashes) as they are now. `fresh`: none of them had any."""
    k = schema.keys
    for part in () if fresh else chunks(sorted(found)):
        store.connection.execute(sa.delete(k).where(k.c.record_id.in_(part)))
    rows = [{"hash": hash_, "of": of, "record_id": id_} for id_, hashes in found.items() for hash_ in hashes]
    records.insert(store, k, rows)


def people_of(store: Store, company_ids: Collection[int]) -> set[int]:
    """The records of people who belong to these companies: linked to them, or found by a key of theirs."""
    found = set[int]()
    for part in chunks(sorted(company_ids)):
        found.update(store.connection.scalars(people(part)))
    return found


def people(companies: Collection[int] | sa.Select[tuple[int]]) -> sa.Select[tuple[int]]:
    """The query for it."""
    r, theirs, own = schema.records.c, schema.keys.alias(), schema.keys.alias()
    shared = sa.select(own.c.record_id).join(theirs, sa.and_(theirs.c.hash == own.c.hash, own.c.of == PERSON))
    linked = sa.select(r.id).where(r.company_id.in_(companies))
    return sa.select(linked.union(shared.where(theirs.c.record_id.in_(companies))).subquery().c[0])


def companies_near(store: Store, record_ids: Collection[int]) -> dict[int, list[int]]:
    """The company records that share a key with these records, record by record. What more than `MOST` companies have
    tells nothing of any, and would cost all of them for each person."""
    own, found = defaultdict[int, list[int]](list), defaultdict[int, set[int]](set)
    for part in chunks(sorted(record_ids)):
        for id_, hash_ in _SHARED(store, part):
            own[hash_].append(id_)
    for part in chunks(sorted(own)):
        rows = _COMPANIES(store, part)
        having = [(hash_, company) for hash_, many, company in rows if many == 1]
        having += _EACH(store, [hash_ for hash_, many, _ in rows if many > 1])
        for hash_, company in having:
            for id_ in own[hash_]:
                found[id_].add(company)
    return {id_: sorted(companies) for id_, companies in found.items()}


def holders(db: sa.Connection, hashes: Collection[int], of: int = PERSON) -> dict[int, list[int]]:
    """The records that have these keys, key by key."""
    k, found = schema.keys.c, defaultdict[int, list[int]](list)
    for part in chunks(sorted(hashes)):
        query = sa.select(k.hash, k.record_id).where(k.hash.in_(part), k.of == of).order_by(k.record_id)
        for hash_, id_ in db.execute(query):
            found[hash_].append(id_)
    return found
