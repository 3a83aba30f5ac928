"""Likely pairs that wait for a person: side by side, the most valuable first; and what is decided on them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leadsync.core.facts import Facts, value_of
from leadsync.core.mapping import number, text
from leadsync.core.match.calibration import Pair
from leadsync.errors import UsageError
from leadsync.store import leads, matching, merges, review, schema
from leadsync.store.database import Store, chunks
from leadsync.store.review import DIFFERENT, PAIR, SAME
from leadsync.sync.explain.links import Link, table

_MOST = 1000  # pairs that are ordered by what they are worth, of the likeliest
_SIDES = ("name", "email", "phone", "company", "job_title", "city", "country")
Row = Mapping[str, Any]


def waiting(store: Store, now: datetime, *, decided: bool = False) -> list[dict[str, Any]]:
    """The pairs that wait, and what was `decided` as well: what each may bring is its probability times the higher of
    the two scores. Inside `begin()`."""
    v = schema.review.c
    query = sa.select(schema.review).where(v.kind == PAIR)
    query = query if decided else query.where(*review.open_pairs(now))
    found = store.connection.execute(query.order_by(v.value.desc(), v.id).limit(_MOST)).all()
    sides = _sides(store, {id_ for row in found for id_ in (row.record_id, row.other_id)})
    scores = _scores(store, {side["lead"] for side in sides.values()})
    told = [_body(row, sides, scores) for row in found if sides.keys() >= {row.record_id, row.other_id}]
    return sorted(told, key=lambda each: (bool(each["decision"]), -each["worth"], each["id"]))


def compared(store: Store, pair: Row, line: float, language: str = "en") -> list[Row]:
    """What was compared of a pair that waits, row by row, and what keeps it from joining above the automatic line;
    inside `begin()`."""
    ids = pair["records"]
    sides = _sides(store, ids)
    for (a, b), (weight, sure, parts) in matching.evidence(store, ids).items():
        rows = list(table(Link(a, b, "", weight, sure, parts), sides[a]["facts"], sides[b]["facts"], language))
        if weight >= line and sides[a]["lead"] != sides[b]["lead"] and not pair["decision"]:
            rows += table(Link(a, b, "others"), {}, {}, language)
        return rows
    return []


def take_back(store: Store, ids: Sequence[int], by: str, now: datetime) -> None:
    """These decisions hold no longer; inside `begin()`. Raises `UsageError`."""
    v = schema.review.c
    query = sa.select(v.id).where(v.id.in_(ids), v.decision.is_not(None))
    if strangers := sorted({*ids} - {*store.connection.scalars(query)}):
        told = f"nothing is decided under the number {', '.join(map(str, strangers))}"
        raise UsageError(told, fix="`leadsync review --all` lists what was decided")
    review.decide(store, ids, None, by, now)


def take_apart(store: Store, names: Sequence[str], by: str, now: datetime) -> str:
    """These two records (CONNECTION/OBJECT/ID) are not the same person; or, where somebody said so, that is taken back.

    Returns what was done; inside `begin()`. Raises `UsageError`.
    """
    a, b = sorted(_record(store, name) for name in names)
    v = schema.review.c
    own = (v.kind == PAIR, v.record_id == a, v.other_id == b)
    row = store.connection.execute(sa.select(v.id, v.decision).where(*own)).one_or_none()
    if row is not None and row.decision in (SAME, DIFFERENT):
        review.decide(store, [row.id], None, by, now)
        return f"that they are {'the same' if row.decision == SAME else 'different'} is taken back"
    lead = leads.leads_of(store, (a, b))
    if a == b or lead.get(a) != lead.get(b):
        raise UsageError("these two are not one lead", fix="`leadsync explain` shows what is, and why")
    if b in leads.bound(store, a):
        raise UsageError(*_for_good(store, names, (_record(store, name) for name in names)))
    if row is None:  # the process that holds the lease counts ids upwards
        least = store.connection.scalar(sa.select(sa.func.min(v.id))) or 0
        id_ = min(least, 0) - 1
        values = {"id": id_, "kind": PAIR, "record_id": a, "other_id": b, "result": review.HELD,
                  "reason": review.LIKELY, "value": "", "found_at": now}  # fmt: skip
        store.connection.execute(sa.insert(schema.review), values)
    review.decide(store, [row.id if row is not None else id_], DIFFERENT, by, now)
    return "they are different people from now on"


def _for_good(store: Store, names: Sequence[str], ids: Iterable[int]) -> tuple[str]:
    """Why rows that their CRM holds to be one are not taken apart; what each held, where leadsync had them merged."""
    merged = merges.done(store, list(ids))
    if merged is None:
        return ("their CRM holds these two to be one: they can be taken apart only there, if at all",)
    at, before = merged
    held = (
        f"    {name} held " + ", ".join(f"{field} {text(value)}" for field, value in fields.items() if text(value))
        for name, fields in zip(names, before, strict=True)
    )
    told = f"leadsync had their CRM merge these two on {at:%F}, and no CRM undoes that; make the second row anew there:"
    return ("\n".join((told, *held)),)


def _record(store: Store, name: str) -> int:
    r, s = schema.records.c, schema.sources.c
    connection, _, rest = name.partition("/")
    obj, _, ext_id = rest.partition("/")
    query = sa.select(r.id).join(schema.sources, s.id == r.source_id)
    found = store.connection.scalar(query.where(s.connection == connection, s.object == obj, r.ext_id == ext_id))
    if found is None:
        raise UsageError(
            f"there is no record {name!r}", fix="write it as CONNECTION/OBJECT/ID, as `leadsync explain` does"
        )
    return int(found)


def likely(store: Store) -> Iterator[Pair]:
    """All likely pairs, by what their records are called; inside `begin()`."""
    e, (r, o), (s, t) = (
        schema.match_edges.c,
        *((table.alias(), table.alias()) for table in (schema.records, schema.sources)),
    )
    named = (s.c.connection, s.c.object, r.c.ext_id, t.c.connection, t.c.object, o.c.ext_id)
    query = sa.select(e.weight, *named).join(r, r.c.id == e.left_id).join(o, o.c.id == e.right_id)
    query = query.join(s, s.c.id == r.c.source_id).join(t, t.c.id == o.c.source_id).where(e.asked == 0)
    for weight, *names in store.connection.execute(query):
        yield Pair("/".join(names[:3]), "/".join(names[3:]), weight)


def told(store: Store, names: Sequence[str]) -> tuple[Mapping[str, str], Mapping[str, str], Sequence[Sequence[Any]]]:
    """What two records say, and their evidence; inside `begin()`."""
    ids = [_record(store, name) for name in names]
    sides, parts = _sides(store, ids), matching.evidence(store, ids)
    return sides[ids[0]]["said"], sides[ids[1]]["said"], next((found for *_, found in parts.values()), ())


def _sides(store: Store, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    r, s, found = schema.records.c, schema.sources.c, dict[int, dict[str, Any]]()
    query = sa.select(r.id, r.lead_id, r.facts, r.ext_id, s.connection, s.object)
    query = query.join(schema.sources, s.id == r.source_id)
    for part in chunks(sorted(ids)):
        for row in store.connection.execute(query.where(r.id.in_(part))):
            facts: Facts = row.facts or {}
            said = {name: text(value_of(facts[name])) for name in _SIDES if name in facts}
            found[row.id] = {
                "record": "/".join((row.connection, row.object, row.ext_id)), "lead": row.lead_id, "said": said,
                "facts": facts,
            }  # fmt: skip
    return found


def _scores(store: Store, ids: Collection[int]) -> dict[int, float]:
    t, found = schema.results.c, dict[int, float]()
    for part in chunks(sorted(ids)):
        for lead, words in store.connection.execute(sa.select(t.lead_id, t.words).where(t.lead_id.in_(part))):
            found[lead] = number(text(words.get("score"))) or 0.0
    return found


def _body(row: Any, sides: Mapping[int, Mapping[str, Any]], scores: Mapping[int, float]) -> dict[str, Any]:
    both = [sides[row.record_id], sides[row.other_id]]
    sure = float(row.value or 1)
    return {
        "id": row.id, "kind": PAIR, "records": [row.record_id, row.other_id],
        "record": both[0]["record"], "other": both[1]["record"], "probability": sure,
        "worth": round(sure * max(1.0, *(scores.get(side["lead"], 0.0) for side in both)), 1),
        "sides": [side["said"] for side in both], "reason": row.reason, "found_at": row.found_at.isoformat(),
        "decision": None if row.again_at else row.decision, "again": row.again_at is not None,
        "decided_at": row.decided_at and row.decided_at.isoformat(),
        "decided_by": row.decided_by,
    }  # fmt: skip
