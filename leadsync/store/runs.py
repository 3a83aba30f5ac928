"""Cycles as they went, and what `status` shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from leadsync.store import erase, left_out, review, schema, sources
from leadsync.store.database import Store

KEPT = 1000


def keep(store: Store, started_at: datetime, report: dict[str, Any]) -> None:
    """Keep the report of a cycle; only the newest thousand are kept."""
    table = schema.runs
    id_ = store.new_ids(table, 1)[0]
    store.connection.execute(sa.insert(table), {"id": id_, "started_at": started_at, "report": report})
    store.connection.execute(sa.delete(table).where(table.c.id <= id_ - KEPT))


def newest(db: sa.Connection, count: int) -> list[dict[str, Any]]:
    """The newest reports, oldest first, each with `started_at`."""
    query = sa.select(schema.runs).order_by(schema.runs.c.id.desc()).limit(count)
    return [{"started_at": row.started_at.isoformat(), **row.report} for row in reversed(db.execute(query).all())]


def summary(db: sa.Connection, now: datetime) -> dict[str, Any]:
    """Counts over the store: leads per stage and temperature, open and refused writes, where reading has come to."""
    t = schema
    held = db.execute(sa.select(t.lease)).one_or_none()
    return {
        "leads": db.scalar(sa.select(sa.func.count()).select_from(_live().subquery())),
        "stages": _counts(db, t.results.c.stage),
        "temperatures": _counts(db, sa.func.coalesce(t.scores.c.temperature, t.results.c.temperature)),
        "reps": dict(_by_rep(db)),
        "without_rep": db.scalar(sa.select(sa.func.count()).where(t.results.c.waits_for.is_not(None))),
        "waiting_marks": db.scalar(sa.select(sa.func.count()).select_from(t.dirty)),
        "open_writes": db.scalar(sa.select(sa.func.count()).where(t.writes.c.state.in_(("planned", "sent")))),
        "running": held.holder if held and held.expires_at > now else None,
        "sources": [
            {"connection": s.connection, "object": s.object, "backfilled": s.backfilled_at is not None,
             "read_up_to": s.head_at.isoformat() if s.head_at else None}
            for s in db.execute(sa.select(t.sources).order_by(t.sources.c.id))
        ],
        "to_be_decided": db.scalar(sa.select(sa.func.count()).where(*review.OPEN)),
        "refused": _refused(db, 10),
        "left_out": left_out.summary(db, 3),
        **erase.summary(db, 10),
    }  # fmt: skip


def _by_rep(db: sa.Connection) -> Sequence[tuple[str, int]]:
    """How many open leads each rep has."""
    t = schema.results.c
    query = sa.select(t.rep, sa.func.count()).where(t.rep.is_not(None)).group_by(t.rep).order_by(t.rep)
    return [(row[0], row[1]) for row in db.execute(query)]


def _live() -> sa.Select[tuple[int]]:
    """The leads that have a row in some CRM."""
    lead = schema.records.c.lead_id
    return sa.select(lead).where(lead.is_not(None), *sources.THERE).distinct()


def _counts(db: sa.Connection, column: sa.ColumnElement[str]) -> dict[str, int]:
    t, s = schema.results.c, schema.scores
    told = sa.select(column.label("word")).select_from(schema.results).outerjoin(s, s.c.lead_id == t.lead_id)
    scored = t.temperature.is_not(None)  # the results of leads that are left alone are empty
    told = told.where(t.lead_id.in_(_live()), scored)
    word = (each := told.subquery()).c.word
    rows = db.execute(sa.select(word, sa.func.count()).select_from(each).group_by(word).order_by(word))
    return {word or "none": count for word, count in rows}


def _refused(db: sa.Connection, count: int) -> Sequence[dict[str, Any]]:
    w, r, s = schema.writes, schema.records, schema.sources
    query = (
        sa.select(s.c.connection, s.c.object, r.c.ext_id, w.c.code, w.c.message, w.c.done_at)
        .join(r, r.c.id == w.c.record_id).join(s, s.c.id == r.c.source_id)
        .where(w.c.state == "rejected", r.c.refused.is_not(None)).order_by(w.c.id.desc()).limit(count)
    )  # fmt: skip
    names = ("connection", "object", "ext_id", "code", "message")  # SQLAlchemy's own are no plain text to orjson
    return [
        {name: getattr(row, name) for name in names} | {"done_at": row.done_at.isoformat()} for row in db.execute(query)
    ]
