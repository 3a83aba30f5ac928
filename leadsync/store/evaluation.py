"""What evaluation reads (touched leads with all that is known of them) and keeps (results, writes)."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import orjson
import polars as pl
import sqlalchemy as sa

from leadsync.catalog import NOT_INTEREST, TRACKED
from leadsync.core.assign import Routed
from leadsync.core.consent import OPT_OUTS
from leadsync.core.facts import Facts
from leadsync.core.facts.mail_state import TELLS, Checked, asked_about
from leadsync.core.ladder import RETURNED
from leadsync.core.lists import Beside, Finding
from leadsync.core.merging import Merge
from leadsync.store import golden, keys, mail_domains, review, routing, schema, scores
from leadsync.store.column_types import from_microseconds
from leadsync.store.database import Store, among, chunks, plain_rows
from leadsync.store.golden import Golden
from leadsync.store.records import COMPANIES, Row, insert, mark
from leadsync.types import Value


class Member(NamedTuple):
    """A record of a lead, as evaluation needs it; `created_at` is in microseconds since 1970."""

    id: int
    lead_id: int
    source_id: int
    ext_id: str
    company_id: int | None
    fields: Mapping[str, Value] | None
    facts: Facts | None
    ours: Mapping[str, Sequence[Any]] | None
    refused: Mapping[str, Value] | None
    created_at: int | None
    gone_at: datetime | None


class Stored(NamedTuple):
    """A lead's result as the store keeps it; the parts of the score are `divided` in JSON."""

    lead_id: int
    words: Mapping[str, Value]
    divided: str
    rep: str | None
    due_at: datetime | None
    place: Mapping[str, Any] | None = None
    waits_for: str | None = None

    @property
    def parts(self) -> Sequence[Mapping[str, Any]]:
        """The parts of the score."""
        return orjson.loads(self.divided)  # type: ignore[no-any-return]


class Former(NamedTuple):
    """A result as it was read: of most leads nobody asks what it says, so that stays text until somebody does."""

    lead_id: int
    said: str
    divided: str
    rep: str | None
    due_at: datetime | None
    place: Mapping[str, Any] | None

    @property
    def words(self) -> Mapping[str, Value]:
        """What it says."""
        return orjson.loads(self.said)  # type: ignore[no-any-return]

    @property
    def parts(self) -> Sequence[Mapping[str, Any]]:
        """The parts of the score."""
        return orjson.loads(self.divided)  # type: ignore[no-any-return]


Result = Stored | Former


@dataclass(frozen=True, slots=True)
class Move:
    """A stage that a lead came to, why (see `core.ladder.WHY`), and the version of the gate."""

    before: str | None
    after: str | None
    why: str
    gate: str


ACTIVITY = pl.Schema(
    {"id": pl.Int64, "lead": pl.Int64, "kind": pl.String, "at": pl.Int64, "count": pl.Int64, "topic": pl.String,
     "record": pl.Int64, "source": pl.Int64, "ext_id": pl.String, "detail": pl.String}
)  # fmt: skip
"""What evaluation knows of an activity: `at` is in microseconds since 1970, `record` and `source` are ids, `ext_id` is
that of its row in the CRM."""


@dataclass(frozen=True)
class Material:
    """All that is known of some leads. `activities` have the columns of `ACTIVITY`.

    `near` are company records that share a key with a person's record, or with the company that it names; `addressed`:
    record → since when it has its e-mail address, where it had another one; `mail` is what the DNS says of their
    domains. `opted_out`: lead → when it did so last, in microseconds since 1970. `lists`: what is known besides of
    leads that are of a list. `outcomes`: lead → won, or else its latest outcome. `routed`: lead → the last decision on
    its owner; `accounts`: company's record → its source and the id of its owner there; `together`: company → the rep of
    its people. `changed`: record → when somebody else than leadsync has changed it last, in microseconds since 1970,
    where a rule asks for it. `unmerged`: two rows that their CRM refused to merge → what they held then.

    `golden` are of all leads or of none, and what they tell is not here besides.
    """

    members: Sequence[Member]
    companies: Mapping[int, Facts]
    activities: pl.DataFrame
    results: Mapping[int, Result]
    near: Mapping[int, Sequence[int]] = field(default_factory=dict)
    addressed: Mapping[int, datetime] = field(default_factory=dict)
    mail: Mapping[str, Checked] = field(default_factory=dict)
    opted_out: Mapping[int, int] = field(default_factory=dict)
    outcomes: Mapping[int, str] = field(default_factory=dict)
    lists: Mapping[int, Beside] = field(default_factory=dict)
    routed: Mapping[int, routing.Kept] = field(default_factory=dict)
    accounts: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    together: Mapping[int, str] = field(default_factory=dict)
    changed: Mapping[int, int] = field(default_factory=dict)
    unmerged: Mapping[tuple[int, int], Sequence[Mapping[str, Value]]] = field(default_factory=dict)
    golden: Mapping[int, Golden] = field(default_factory=dict)

    @cached_property
    def times(self) -> Counter[int]:
        """How many activities each record has."""
        return Counter(self.activities["record"])


@dataclass(slots=True)
class Decision:
    """What evaluation decided on a lead: its result, and the writes that follow (record, fields → before, after).

    `held` are the records that leadsync keeps away from, with the reason. `waits` is what a person is to decide on, by
    a record of the lead. `moves` are the stages that it came to, `routed` is whose it became. `companies` are the
    records of companies that are to be scored anew because of it. `merges` are to be carried out in the CRMs. `golden`
    is what it rests on.

    A decision on a company has minus the id of its record in place of the lead; of its result nothing is kept.
    """

    result: Stored
    writes: list[tuple[int, Mapping[str, tuple[Value, Value]]]] = field(default_factory=list)
    held: Mapping[int, str] = field(default_factory=dict)
    waits: tuple[int, Finding] | None = None
    moves: Sequence[Move] = ()
    companies: Collection[int] = ()
    routed: Routed | None = None
    merges: Sequence[Merge] = ()
    golden: Golden | None = None


def material(store: Store, leads: Sequence[int], *, mail_check: bool = True) -> Material:
    """All that is known of these leads: nothing of objects that are not read any more; of mail domains what the DNS
    says, where they are checked."""
    members, near, companies = _records(store, leads)
    happened = in_columns(_events(store, leads))
    addressed = addressed_since(store, members, happened)
    domains = {asked_about(m.facts) for m in members if m.facts} - {""} if mail_check else ()
    mail = mail_domains.answers(store, domains)
    ended = outcomes(store, leads, happened)
    out = opted_out(happened)
    return Material(members, companies, happened, results(store, leads), near, addressed, mail, out, ended)


def from_golden(store: Store, leads: Sequence[int]) -> Material | None:
    """The same by their golden records, for who knows that these are not out of date; nothing where one has none."""
    own = golden.of(store, leads)
    if own.keys() != {*leads}:
        return None
    members, near, companies = _records(store, leads)
    happened = in_columns(())
    ended = {
        lead: RETURNED if kind == "lost" and not own[lead].ended else kind
        for lead, kind in outcomes(store, leads, happened).items()
    }
    return Material(members, companies, happened, results(store, leads), near, outcomes=ended, golden=own)


def _records(store: Store, leads: Sequence[int]) -> tuple[list[Member], Mapping[int, Sequence[int]], dict[int, Facts]]:
    """The records of these leads, in order; and `near` and `companies` of `Material`."""
    db, records, members = store.connection, schema.records, list[Member]()
    columns = [records.c[name] for name in Member._fields]
    read = records.c.source_id.not_in(_unread(store))
    for part in chunks(leads):
        query = sa.select(*columns).where(records.c.lead_id.in_(among(part)), read)
        members += members_of(plain_rows(db, query))
    members.sort(key=lambda m: (m.lead_id, m.source_id, m.id))
    linked = {m.company_id for m in members if m.company_id is not None}
    near = keys.companies_near(store, {m.id for m in members} | linked)
    found: dict[int, Facts] = {}
    for part in chunks(sorted(linked.union(*near.values()))):
        query = sa.select(records.c.id, records.c.facts).where(
            records.c.id.in_(among(part)), records.c.facts.is_not(None), records.c.gone_at.is_(None), read
        )
        found.update((id_, orjson.loads(told)) for id_, told in plain_rows(db, query))
    return members, near, found


def _events(store: Store, leads: Sequence[int]) -> list[Sequence[Any]]:
    """Rows of `ACTIVITY`."""
    records, a, unread, found = schema.records, schema.activities.c, _unread(store), list[Sequence[Any]]()
    query = sa.select(*events_of(records.c.lead_id)).join(records, records.c.id == a.record_id)
    query = query.where(a.closed_at.is_(None), records.c.source_id.not_in(unread), a.source_id.not_in(unread))
    for part in chunks(leads):
        found += plain_rows(store.connection, query.where(records.c.lead_id.in_(among(part))))
    return found


def _unread(store: Store) -> list[int]:
    """The sources whose objects are not read any more."""
    return list(store.connection.scalars(sa.select(schema.sources.c.id).where(schema.sources.c.fields.is_(None))))


def results(store: Store, leads: Sequence[int]) -> dict[int, Result]:
    """What is stored of these leads."""
    t, found = schema.results.c, dict[int, Result]()
    for part in chunks(leads):
        query = sa.select(t.lead_id, t.words, t.parts, t.rep, t.due_at, t.place).where(t.lead_id.in_(among(part)))
        for lead, said, divided, rep, at, place in plain_rows(store.connection, query):
            found[lead] = Former(lead, said, divided, rep, at and from_microseconds(at), _read(place))
    return found


def members_of(rows: Sequence[Any]) -> Iterator[Member]:
    """The members that are read so, from plain rows of their columns."""
    for id_, lead, source, ext, company, fields, facts, ours, refused, created, gone in rows:
        yield Member(
            id_, lead, source, ext, company, _read(fields), _read(facts), _read(ours), _read(refused),
            created, None if gone is None else from_microseconds(gone),
        )  # fmt: skip


def _read(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def changed(store: Store, members: Sequence[Member]) -> dict[int, int]:
    """When somebody else than leadsync has changed these records last, in microseconds since 1970; only of those that
    were changed since they were read first, and of leads with several."""
    c, several = schema.changes.c, Counter(m.lead_id for m in members)
    ids, found = [m.id for m in members if several[m.lead_id] > 1], dict[int, int]()
    for part in chunks(ids):
        last = sa.func.max(sa.type_coerce(c.happened_at, sa.BigInteger))
        query = sa.select(c.record_id, last).where(c.record_id.in_(among(part))).group_by(c.record_id)
        found.update({id_: at for id_, at in store.connection.execute(query.having(sa.func.count() > 1))})
    return found


def outcomes(
    store: Store, leads: Sequence[int], activities: pl.DataFrame, until: datetime | None = None
) -> dict[int, str]:  # fmt: skip
    """Of leads that came to an outcome, `until` a moment: won, or else the latest one. One that was lost, and was
    active itself more than a day later, has returned."""
    o, r, found, lost = schema.outcomes.c, schema.records.c, dict[int, str](), dict[int, int]()
    for part in chunks(leads):
        query = sa.select(r.lead_id, o.kind, o.happened_at).join(schema.outcomes, o.record_id == r.id)
        query = query.where(r.lead_id.in_(among(part)), o.closed_at.is_(None)).order_by(o.happened_at, o.id)
        query = query if until is None else query.where(sa.or_(o.happened_at.is_(None), o.happened_at <= until))
        for row in store.connection.execute(query):
            found[row.lead_id] = "won" if found.get(row.lead_id) == "won" else row.kind
            if row.kind == "lost" and row.happened_at is not None:
                lost[row.lead_id] = int((row.happened_at + timedelta(days=1)).timestamp() * 1e6)
    own = pl.col("lead").is_in([*lost]) & ~pl.col("kind").is_in([*NOT_INTEREST, *TRACKED])
    for lead, at in activities.filter(own).select("lead", "at").iter_rows():
        if found[lead] == "lost" and at > lost[lead]:
            found[lead] = RETURNED
    return found


def opted_out(activities: pl.DataFrame) -> dict[int, int]:
    """When leads opted out last, in microseconds since 1970."""
    found = activities.filter(pl.col("kind").is_in([*OPT_OUTS])).group_by("lead").agg(pl.col("at").max())
    return dict(found.iter_rows())


def addressed_since(
    store: Store, members: Sequence[Member], activities: pl.DataFrame, until: datetime | None = None
) -> dict[int, datetime]:
    """Since when those of these records have their e-mail address that had another one before, by what was known
    `until` then; only of those of whose mail something is told."""
    c, found, seen = schema.changes.c, dict[int, datetime](), set[int]()
    mailed = {*activities.filter(pl.col("kind").is_in([*TELLS]))["record"]}
    own = (m for m in members if m.id in mailed and m.facts and "email" in m.facts)
    address = {m.id: str(m.facts["email"]) for m in own if m.facts}
    then = () if until is None else (c.known_at <= until,)
    for part in chunks(sorted(address)):
        changed = sa.select(c.record_id).where(c.record_id.in_(among(part)), *then).group_by(c.record_id)
        changed = changed.having(sa.func.count() > 1)
        query = sa.select(c.record_id, c.happened_at, c.fields).where(c.record_id.in_(changed), *then)
        for id_, when, fields in plain_rows(store.connection, query.order_by(c.id)):
            if id_ in seen:  # the first change is all that was known at first
                told = {value.strip().lower() for value in _read(fields).values() if isinstance(value, str)}
                if address[id_] in told:
                    at = from_microseconds(when)
                    found[id_] = max(at, found.get(id_, at))
            seen.add(id_)
    return found


def events_of(lead: sa.ColumnElement[int]) -> tuple[sa.ColumnElement[Any], ...]:
    """The columns of `ACTIVITY`, given that of the lead."""
    a = schema.activities.c
    when = sa.type_coerce(a.happened_at, sa.BigInteger)
    return (a.id, lead, a.kind, when, a.count, a.topic, a.record_id, a.source_id, a.ext_id, a.detail)


def in_columns(rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """Rows of `ACTIVITY`."""
    return pl.DataFrame(dict(zip(ACTIVITY, zip(*rows, strict=True), strict=False)), ACTIVITY)


def owner_names(store: Store) -> list[tuple[str, str, str]]:
    """(connection, id, name) of all owners."""
    o, s = schema.owners, schema.sources
    query = sa.select(s.c.connection, o.c.ext_id, o.c.name).join(s, s.c.id == o.c.source_id).order_by(o.c.id)
    return [(row.connection, row.ext_id, row.name) for row in store.connection.execute(query)]


def owners(store: Store) -> list[tuple[str, str, str, str, bool, str | None]]:
    """(connection, id, e-mail, kind, active, language) of all owners in the CRMs that are read."""
    o, s = schema.owners, schema.sources
    columns = (s.c.connection, o.c.ext_id, o.c.email, o.c.kind, o.c.active, o.c.language)
    query = sa.select(*columns).join(s, s.c.id == o.c.source_id).where(s.c.fields.is_not(None)).order_by(o.c.id)
    return [tuple(row) for row in store.connection.execute(query)]


def save(store: Store, decisions: Sequence[Decision], cleared: Sequence[int], now: datetime) -> list[tuple[int, Row]]:
    """Keep results and intended writes, and clear the marks that were read: one transaction's worth.

    Returns the writes as (record, row).
    """
    leads = [decision.result.lead_id for decision in decisions]
    insert(store, schema.results, [
        {"lead_id": d.result.lead_id, "evaluated_at": now, "words": d.result.words,
         "parts": orjson.Fragment(d.result.divided), "temperature": d.result.words.get("temperature"),
         "stage": d.result.words.get("stage"), "rep": d.result.rep, "due_at": d.result.due_at,
         "place": d.result.place, "waits_for": d.result.waits_for,
         "waits": None if d.result.waits_for is None else d.result.words.get("score")}
        for d in decisions if d.result.lead_id > 0
    ], over="lead_id")  # fmt: skip
    golden.keep(store, {d.result.lead_id: d.golden for d in decisions if d.result.lead_id > 0})
    scores.forget(store, leads)
    routing.keep(store, [d.routed for d in decisions if d.routed is not None], now)
    moves = [(d.result.lead_id, move) for d in decisions for move in d.moves]
    ids = store.new_ids(schema.transitions, len(moves)) if moves else ()
    insert(store, schema.transitions, [
        {"id": id_, "lead_id": lead, "at": now, "before": m.before, "after": m.after, "why": m.why, "gate": m.gate}
        for id_, (lead, m) in zip(ids, moves, strict=True)
    ])  # fmt: skip
    mark(store, sorted({company for d in decisions for company in d.companies}), late=COMPANIES)
    planned = [(record, fields, d.result) for d in decisions for record, fields in d.writes]
    ids = store.new_ids(schema.writes, len(planned)) if planned else ()
    rows: list[Row] = [
        {"id": id_, "record_id": record, "fields": fields, "reason": str(result.words.get("reasons") or ""),
         "state": "planned", "planned_at": now}
        for id_, (record, fields, result) in zip(ids, planned, strict=True)
    ]  # fmt: skip
    insert(store, schema.writes, rows)
    review.keep(store, leads, (d.waits for d in decisions if d.waits is not None), now)
    for part in chunks(cleared):
        store.connection.execute(sa.delete(schema.dirty).where(schema.dirty.c.seq.in_(among(part))))
    return [(row["record_id"], row) for row in rows]
