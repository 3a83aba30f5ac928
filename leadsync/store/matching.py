"""What matching keeps: features, keys, counts and likely pairs. All of it inside `Store.begin()`."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from leadsync.core.facts import Facts
from leadsync.core.match.evidence import OTHERS
from leadsync.core.match.features import NOTHING, Features
from leadsync.core.match.keys import CAPS, cap, described, keys, once
from leadsync.core.match.links import rounded
from leadsync.core.match.model import Line
from leadsync.core.match.pairs import Edge, Entry
from leadsync.store import schema
from leadsync.store.column_types import Json
from leadsync.store.database import Store, chunks
from leadsync.store.lookup import Gathered, Lookup, asked, each, id_of

_KEY = "matching"
ALL = 0  # the term of which every record is one
_TUPLES = [Features._fields.index(name) for name in ("classes", "phones", "others")]
Pair = tuple[int, int]

_r, _c, _m, _k = (
    table.c for table in (schema.records, schema.records.alias(), schema.match_records, schema.match_keys)
)
_e, _t, _et = schema.match_edges.c, schema.match_terms.c, schema.match_edge_terms.c
_EDGE = sa.select(_e.left_id, _e.right_id, _e.weight, _e.asked)
_ROWS = Lookup(
    sa.select(_r.id, _r.source_id, _r.facts, _c.facts).select_from(schema.records)
    .outerjoin(_c.id.table, _c.id == _r.company_id).where(asked(_r.id), _r.lead_id.is_not(None))
)  # fmt: skip
_KEPT = Lookup(sa.select(_m.record_id, _m.digest, _m.body).where(asked(_m.record_id)))
_each = each()
_most = sa.bindparam("most", type_=sa.Integer)
_few = sa.select(_k.record_id).where(_k.key == id_of(_each)).limit(_most).correlate(_each).subquery()
_HAVING = Lookup(sa.select(id_of(_each), sa.select(Gathered(_few.c.record_id)).scalar_subquery()))
_COUNTS = Lookup(sa.select(_t.term, _t.n, _t.most).where(asked(_t.term)))
_EDGES = Lookup(sa.union_all(*(_EDGE.where(asked(column)) for column in (_e.left_id, _e.right_id))))
_d = schema.dirty.c
_DEPENDING = Lookup(
    _EDGE.join(schema.match_edge_terms, sa.and_(_et.left_id == _e.left_id, _et.right_id == _e.right_id))
    .where(asked(_et.term))
)  # fmt: skip


def state(store: Store) -> dict[str, Any]:
    """How far it has come: see sync/matching.py."""
    return store.get_meta(_KEY) or {}


def keep_state(store: Store, found: Mapping[str, Any]) -> None:
    """Keep it."""
    store.set_meta(_KEY, dict(found))


def rewind(store: Store) -> None:
    """Facts were derived again, perhaps of records that are marked already: their marks are gone through once more."""
    if found := state(store):
        keep_state(store, found | {"fresh": 0, "late": 0})


def is_past(store: Store) -> bool:
    """Whether it has come past all marks behind what has just happened."""
    return not marked(store, state(store).get("late", 0), 1, late=True)


def past(store: Store) -> float:
    """The last mark behind what has just happened that it has come past; without it, all of them."""
    return state(store).get("late", 0) if state(store) else inf


def go_past(store: Store) -> None:
    """Come past all of these marks: what they are made for is nothing to compare."""
    if found := state(store):
        keep_state(store, found | {"late": last_mark(store, late=True)})


class Row(NamedTuple):
    """What a record says; `company` is what the record of its company says."""

    id: int
    source_id: int
    facts: Facts | None
    company: Facts | None


def last_mark(store: Store, *, late: bool) -> int:
    """The sequence of the last mark."""
    return store.connection.scalar(sa.select(sa.func.max(_d.seq)).where(_d.late == int(late))) or 0


def marked(store: Store, after: int, most: int, *, late: bool) -> list[tuple[int, int]]:
    """The next marks (sequence, record)."""
    mark = store.placeholder
    sql = f"SELECT seq, record_id FROM dirty WHERE late = {mark} AND seq > {mark} ORDER BY seq LIMIT {mark}"  # noqa: S608
    return store.run(sql, (int(late), after, most))


def after(store: Store, record_id: int, most: int) -> list[int]:
    """The next records of people by id."""
    r = schema.records.c
    query = sa.select(r.id).where(r.id > record_id, r.lead_id.is_not(None)).order_by(r.id).limit(most)
    return list(store.connection.scalars(query))


def people(store: Store) -> int:
    """How many records of people there are."""
    query = sa.select(sa.func.count()).select_from(schema.records).where(schema.records.c.lead_id.is_not(None))
    return store.connection.scalar(query) or 0


def rows(store: Store, ids: Collection[int]) -> list[Row]:
    """What these records of people say."""
    return [
        Row(id_, source, own and orjson.loads(own), company and orjson.loads(company))
        for id_, source, own, company in _ROWS(store, ids)
    ]


class Kept(NamedTuple):
    """What was compared of a record: as a number, of one that is indexed ahead the complement of it; and in full."""

    digest: int | None
    body: str

    @property
    def ahead(self) -> bool:
        """Whether the record is indexed and has not been compared yet."""
        return self.digest is not None and self.digest < 0

    def entry(self) -> Entry:
        """The body read."""
        found_by, *values = orjson.loads(self.body)
        person = values.pop() if isinstance(values[-1], int) else 0
        terms = values.pop()
        if isinstance(found_by, str):  # as it was kept before
            found_by, values = None, [found_by, *values]
        for place in _TUPLES:
            values[place] = tuple(values[place])
        values += NOTHING[len(values) :]
        terms += [0] * (OTHERS - len(terms))
        return Entry(Features._make(values), tuple(terms), None if found_by is None else tuple(found_by), person)


def kept(store: Store, ids: Collection[int]) -> dict[int, Kept]:
    """What was compared of these records."""
    return {id_: Kept(digest, body) for id_, digest, body in _KEPT(store, ids)}


def compared(store: Store, ids: Collection[int]) -> None:
    """These records were indexed ahead, and are compared now."""
    m = schema.match_records
    for part in chunks(sorted(ids)):
        store.connection.execute(sa.update(m).where(m.c.record_id.in_(part)).values(digest=-1 - m.c.digest))


def entries(store: Store, ids: Collection[int]) -> dict[int, Entry]:
    """What was compared of these records, read."""
    return {id_: of.entry() for id_, of in kept(store, ids).items()}


def sayings(store: Store, pairs: Collection[Pair]) -> dict[Pair, str]:
    """A name for what was compared of each of these pairs of records: the same, the same name."""
    said = entries(store, {id_ for pair in pairs for id_ in pair})
    told = {id_: repr(of.features) for id_, of in said.items()}
    return {(a, b): str(once("pair", f"{told.get(a)}\x1f{told.get(b)}")) for a, b in pairs}


def put(store: Store, found: Mapping[int, tuple[int | None, Entry]], gone: Collection[int] = ()) -> None:
    """Keep what was compared of these records, with its digest; forget it of those that are `gone`."""
    mark, plain = store.placeholder, Json.plain
    _many(store, f"DELETE FROM match_records WHERE record_id = {mark}", [(id_,) for id_ in gone])  # noqa: S608
    _many(
        store,
        f"INSERT INTO match_records (record_id, digest, body) VALUES ({mark}, {mark}, {mark}) "  # noqa: S608
        "ON CONFLICT (record_id) DO UPDATE SET digest = excluded.digest, body = excluded.body",
        [(id_, told, plain([of.keys, *of.features, of.terms, of.person])) for id_, (told, of) in found.items()],
    )


def touch(store: Store, ids: Collection[int]) -> None:
    """What speaks for the leads of these records has changed, though not what they say."""
    m = schema.match_records
    for part in chunks(sorted(ids)):
        store.connection.execute(sa.update(m).where(m.c.record_id.in_(part)).values(digest=None))


def change_keys(store: Store, lost: Iterable[Pair], won: Iterable[Pair]) -> None:
    """Take keys from records, and give them some (key, record)."""
    mark = store.placeholder
    _many(store, f"DELETE FROM match_keys WHERE key = {mark} AND record_id = {mark}", list(lost))  # noqa: S608
    _add(store, schema.match_keys, list(won))


def forget_keys(store: Store) -> None:
    """Forget the keys of all records: they are made otherwise now."""
    store.connection.execute(sa.delete(schema.match_keys))


def rekey(store: Store, record_id: int, most: int) -> int | None:
    """Give keys to the next records that are kept; the last of them, or `None` after the last of all."""
    m = schema.match_records.c
    ids = list(store.connection.scalars(
        sa.select(m.record_id).where(m.record_id > record_id).order_by(m.record_id).limit(most)
    ))  # fmt: skip
    found = {id_: (of.digest, of.entry()) for id_, of in kept(store, ids).items()}
    found = {id_: (told, of._replace(keys=tuple(keys(of.features)))) for id_, (told, of) in found.items()}
    put(store, found)
    change_keys(store, (), [(key, id_) for id_, (_, of) in found.items() for key in of.found_by()])
    return ids[-1] if ids else None


def having(store: Store, wanted: Collection[int], most: int) -> dict[int, list[int]]:
    """The records that have these keys, so many of each at the most."""
    return {key: orjson.loads(told or "[]") for key, told in _HAVING(store, wanted, most=most)}


def count(store: Store, more: Mapping[int, int]) -> set[int]:
    """Count so many more records for each term; those of which weights now know another number."""
    changed = {term: by for term, by in more.items() if by}
    before = {term: (n, most) for term, n, most in _COUNTS(store, changed)}
    now = {term: before.get(term, (0, 0))[0] + by for term, by in changed.items()}
    top = {term: max(n, before.get(term, (0, 0))[1]) for term, n in now.items()}
    mark = store.placeholder
    _many(
        store,
        f"INSERT INTO match_terms (term, n, most) VALUES ({mark}, {mark}, {mark}) "  # noqa: S608
        "ON CONFLICT (term) DO UPDATE SET n = excluded.n, most = excluded.most",
        [(term, n, top[term]) for term, n in now.items() if n > 0],
    )
    _many(store, f"DELETE FROM match_terms WHERE term = {mark}", [(term,) for term, n in now.items() if n <= 0])  # noqa: S608
    return {term for term in now if max(rounded(top[term]), 2) != max(rounded(before.get(term, (0, 0))[1]), 2)}


def counts(store: Store, terms: Collection[int]) -> dict[int, int]:
    """How many records have each term, as weights know it."""
    return dict.fromkeys(terms, 0) | {term: rounded(most) for term, _, most in _COUNTS(store, terms)}


def size(store: Store) -> int:
    """How many records are matched."""
    t = schema.match_terms.c
    return store.connection.scalar(sa.select(t.n).where(t.term == ALL)) or 0


def count_anew(store: Store) -> None:
    """From here on weights know how many records there are now, not how many there once were."""
    store.connection.execute(sa.update(schema.match_terms).values(most=schema.match_terms.c.n))


class Weighed(NamedTuple):
    """A likely pair: its evidence, the terms that this depends on, and what it comes to."""

    edge: Edge
    evidence: Sequence[Line]
    terms: Collection[int]
    probability: float


def edges_of(store: Store, ids: Collection[int], *, asked: bool = False) -> dict[Pair, float]:
    """The likely pairs that these records are in; as well those that were only `asked` about, which count as infinitely
    unlikely."""
    return {(a, b): -inf if only else weight for a, b, weight, only in _EDGES(store, ids) if asked or not only}


def depending(store: Store, terms: Collection[int]) -> dict[Pair, float]:
    """The pairs whose weight depends on these terms, those that were only asked about among them."""
    return {(a, b): -inf if only else weight for a, b, weight, only in _DEPENDING(store, terms)}


def change_edges(store: Store, gone: Collection[Pair], found: Sequence[Weighed], *, asked: bool = False) -> None:
    """Forget the pairs that are `gone`, what is to be kept otherwise among them; and keep pairs that were `found`, or
    only `asked` about."""
    mark = store.placeholder
    for table in ("match_edges", "match_edge_terms"):
        _many(store, f"DELETE FROM {table} WHERE left_id = {mark} AND right_id = {mark}", list(gone))  # noqa: S608
    plain = Json.plain
    _add(store, schema.match_edges, [
        (*each.edge, each.probability, plain(each.evidence), int(asked)) for each in found
    ])  # fmt: skip
    _add(store, schema.match_edge_terms, [(term, *each.edge[:2]) for each in found for term in each.terms])


def evidence(store: Store, ids: Collection[int]) -> dict[Pair, tuple[float, float, list[list[Any]]]]:
    """The likely pairs among these records: weight, probability and evidence, the likeliest first."""
    e = schema.match_edges.c
    query = sa.select(e.left_id, e.right_id, e.weight, e.probability, e.evidence).order_by(e.weight.desc())
    found = store.connection.execute(query.where(e.left_id.in_(ids), e.right_id.in_(ids), e.asked == 0))
    return {(a, b): (weight, probability, told) for a, b, weight, probability, told in found}


def forget(store: Store, ids: Collection[int]) -> None:
    """Records are erased, and all that was kept of them."""
    known = entries(store, ids)
    change_edges(store, edges_of(store, ids, asked=True).keys(), [])
    change_keys(store, [(key, id_) for id_, of in known.items() for key in of.found_by()], ())
    fewer = Counter({ALL: -len(known)})
    for of in known.values():
        fewer.subtract(filter(None, of.terms))
    count(store, fewer)
    put(store, {}, known)
    b = schema.bonds
    for part in chunks(sorted(ids)):
        store.connection.execute(sa.delete(b).where(sa.or_(b.c.record_id.in_(part), b.c.to_id.in_(part))))


def _add(store: Store, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows that have all columns, in their order and as the database takes them."""
    names, places = (", ".join(each) for each in (table.columns.keys(), [store.placeholder] * len(table.columns)))
    _many(store, f"INSERT INTO {table.name} ({names}) VALUES ({places})", rows)  # noqa: S608 - our own names


def _many(store: Store, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        store.run(sql, rows, many=True)


def capped(store: Store, most: int) -> list[tuple[str, int]]:
    """Keys that very many records have, too many to be looked up by them, in words and counted: `most` of them."""
    k = schema.match_keys.c
    size = sa.func.count().label("records")
    query = sa.select(k.key, size, sa.func.min(k.record_id)).group_by(k.key).having(sa.func.count() > CAPS[0])
    found = store.connection.execute(query.order_by(size.desc(), k.key)).all()
    over = [(key, n, id_) for key, n, id_ in found if n > cap(key)][:most]
    held = entries(store, {id_ for *_, id_ in over})
    return [(described(held[id_].features, key), n) for key, n, id_ in over if id_ in held]
