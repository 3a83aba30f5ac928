"""What the DNS says of the domains of mailboxes, and when it is to be asked again. All inside `Store.begin()`."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from leadsync.core.facts.mail_state import Answer, Checked, asked_about, checked
from leadsync.core.keys import key
from leadsync.store import keys, records, schema
from leadsync.store.database import Store, chunks

_D = schema.mail_domains.c


def answers(store: Store, domains: Iterable[str]) -> dict[str, Checked]:
    """What is known of those of these domains that were asked about."""
    query = sa.select(_D.domain, _D.answer, _D.since, _D.told_at, _D.due_at).where(_D.answer.is_not(None))
    return {
        row.domain: Checked(row.answer, row.since, row.told_at, row.due_at)
        for part in chunks(sorted(set(domains)))
        for row in store.connection.execute(query.where(_D.domain.in_(part)))
    }


def want(store: Store, domains: Iterable[str], now: datetime) -> bool:
    """Have those of these domains asked about of which nothing is known; whether there are any."""
    fresh = set(domains)
    for part in chunks(sorted(fresh)):
        fresh.difference_update(store.connection.scalars(sa.select(_D.domain).where(_D.domain.in_(part))))
    records.insert(store, schema.mail_domains, [{"domain": domain, "due_at": now} for domain in sorted(fresh)])
    return bool(fresh)


def of_marked(store: Store, after: int, limit: int) -> tuple[set[str], int]:
    """The domains to ask about of the records that wait to be evaluated, from the next marks on; the last of these."""
    d, r = schema.dirty.c, schema.records.c
    query = sa.select(d.seq, r.facts).join(schema.records, r.id == d.record_id).where(d.seq > after)
    rows = store.connection.execute(query.order_by(d.seq).limit(limit)).all()
    return {asked_about(row.facts) for row in rows if row.facts} - {""}, rows[-1].seq if rows else 0


def due(store: Store, now: datetime, limit: int) -> list[str]:
    """The domains to ask about now, the longest due first; those are forgotten in which nobody has a mailbox."""
    query = sa.select(_D.domain).where(_D.due_at <= now).order_by(_D.due_at, _D.domain).limit(limit)
    found = list(store.connection.scalars(query))
    while forget_unused(store, found):
        found = list(store.connection.scalars(query))
    return found


def next_due(store: Store) -> datetime | None:
    """When the next domain is to be asked about, if any."""
    return store.connection.scalar(sa.select(_D.due_at).order_by(_D.due_at).limit(1))


def keep(store: Store, found: Mapping[str, Answer], now: datetime) -> set[int]:
    """Keep these answers; the records of people with a mailbox where another one was given than before.

    A domain that was forgotten meanwhile stays so.
    """
    before, changed = answers(store, found), set[str]()
    for domain, answer in found.items():
        told = checked(before.get(domain), answer, now)
        change = sa.update(schema.mail_domains).where(_D.domain == domain).values(told._asdict())
        if store.connection.execute(change).rowcount and told[:1] != before.get(domain, ())[:1]:
            changed.add(domain)
    return set[int]().union(*_holders(store, changed).values())


def forget_unused(store: Store, domains: Iterable[str]) -> bool:
    """Forget those of these domains in which nobody has a mailbox; whether there were any."""
    wanted = set(domains)
    unused = sorted(wanted - _holders(store, wanted).keys())
    for part in chunks(unused):
        store.connection.execute(sa.delete(schema.mail_domains).where(_D.domain.in_(part)))
    return bool(unused)


def _holders(store: Store, domains: Iterable[str]) -> dict[str, list[int]]:
    """The records of the people with a mailbox in each of these domains that has any."""
    named = {key("mail_domain", domain): domain for domain in domains}
    return {named[hash_]: found for hash_, found in keys.holders(store.connection, named).items()}
