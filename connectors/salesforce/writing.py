"""Writing: sObject collections of two hundred rows, five of them in one composite call."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

from connectors.salesforce import failures, soql
from connectors.salesforce.failures import Refusal, first_error
from connectors.salesforce.objects import KINDS, conversion, fate
from connectors.salesforce.reading import Reader
from connectors.salesforce.schemas import Schemas
from connectors.salesforce.session import DATA, Answer, Session, Sub
from connectors.salesforce.values import Unfit, rendered
from leadsync.connector import (
    AuthLost,
    Conflict,
    ConnectionFailed,
    Moved,
    NotFound,
    Rejected,
    Transient,
    WriteOp,
    WriteResult,
    WriteStatus,
)

ROWS_PER_COLLECTION = 200
COLLECTIONS_PER_CALL = 5
ROWS_PER_CALL = 25  # of those that have a condition: collections know of none
BATCH = ROWS_PER_COLLECTION * COLLECTIONS_PER_CALL

# these may mean the row, or a reference in it: only looking it up tells
_LOST = {
    "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND", "MALFORMED_ID", "CANNOT_UPDATE_CONVERTED_LEAD",
}  # fmt: skip
_RETRY = {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "PROCESSING_HALTED", "REQUEST_LIMIT_EXCEEDED"}
# the account's own automation failed, perhaps because of the other rows beside this one
_AUTOMATION = {
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER", "APEX_ERROR", "LIMIT_EXCEEDED",
}  # fmt: skip
_CHANGED = "PRECONDITION_FAILED"
_MEANING = {
    "DUPLICATES_DETECTED": "a duplicate rule of the account blocks the edit; let the rule pass the integration user",
    "CANNOT_EXECUTE_FLOW_TRIGGER": "a flow of the account failed",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "a trigger of the account failed",
}

Judged = tuple[WriteOp, Refusal | None]
"""A write, and why it was refused, if it was."""


def write(session: Session, reader: Reader, schemas: Schemas, writes: Sequence[WriteOp]) -> list[WriteResult]:
    """One result per write, in their order. Raises ValueError for more than `BATCH` writes or two of one row."""
    if len(writes) > BATCH:
        raise ValueError(f"at most {BATCH} writes in a call")
    good, results = sendable(schemas, writes)
    sent = [replace(op, fields=fields) for op, fields in good]
    answers = _send_all(session, [op for op in sent if op.unmodified_since is None], ROWS_PER_COLLECTION)
    failed = [op for op, refusal in answers if refusal and refusal.code in _AUTOMATION]
    if failed:
        # once more, in small company: a trigger runs over all rows of a collection together
        again = {op.key: refusal for op, refusal in _send_all(session, failed, -(-len(failed) // COLLECTIONS_PER_CALL))}
        answers = [(op, again.get(op.key, refusal)) for op, refusal in answers]
    answers += _send_conditional(session, [op for op in sent if op.unmodified_since is not None])
    results |= {result.key: result for result in judged(reader, answers)}
    return hushed(session, [results[op.key] for op in writes])


def hushed(session: Session, results: Sequence[WriteResult]) -> list[WriteResult]:
    """The results without our token, which a refusal may repeat."""
    hide = session.hide
    return [
        replace(r, code=hide(r.code), message=hide(r.message), fields=tuple(map(hide, r.fields))) if r.message else r
        for r in results
    ]


def sendable(
    schemas: Schemas, writes: Sequence[WriteOp]
) -> tuple[list[tuple[WriteOp, dict[str, Any]]], dict[str, WriteResult]]:
    """The writes that can be sent with their values as Salesforce wants them, in an order in which nobody waits for a
    lock that waits for ours; and the results of the others. Raises ValueError for two writes of one row."""
    if len({(op.object, op.id[:15]) for op in writes}) < len(writes):
        raise ValueError("two writes of one row in a call")
    good: list[tuple[WriteOp, dict[str, Any]]] = []
    results: dict[str, WriteResult] = {}
    for op in sorted(writes, key=lambda op: (op.object, op.id)):
        problem = _impossible(op)
        if problem is None:
            try:
                good.append((op, rendered(op, _kinds(schemas, op.object))))
                continue
            except Unfit as unfit:
                problem = Refusal("INVALID_VALUE", str(unfit), (unfit.field,))
        results[op.key] = _rejected(op, problem)
    return good, results


def _kinds(schemas: Schemas, obj: str) -> Mapping[str, str]:
    try:
        return schemas.kinds(obj)
    except (AuthLost, NotFound, Rejected):
        return {}  # the write itself will be told why


def judged(reader: Reader, answers: Sequence[Judged]) -> list[WriteResult]:
    """The result of every write that was answered; rows that are said to be lost are looked up."""
    results: list[WriteResult] = []
    lost: list[tuple[WriteOp, Refusal]] = []
    for op, refusal in answers:
        if refusal is None:
            results.append(WriteResult(op.key, WriteStatus.APPLIED))
        elif refusal.code == _CHANGED:
            results.append(WriteResult(op.key, WriteStatus.CONFLICT))
        elif refusal.code in _RETRY:
            results.append(WriteResult(op.key, WriteStatus.RETRY, code=refusal.code, message=refusal.message))
        elif refusal.code in _LOST:
            lost.append((op, refusal))
        else:
            results.append(_rejected(op, refusal))
    return results + _look_up(reader, lost)


def _impossible(op: WriteOp) -> Refusal | None:
    """Why a write cannot even be sent: one bad row must not spoil the collection."""
    if op.object not in KINDS:
        return Refusal("INVALID_TYPE", f"the Salesforce connector does not know the object {op.object!r}")
    if not soql.is_id(op.id):
        return Refusal("MALFORMED_ID", "not a Salesforce id")
    wrong = [name for name in op.fields if not soql.is_name(name) or name.lower() in ("id", "attributes")]
    return Refusal("INVALID_FIELD", "no field that can be written", tuple(wrong)) if wrong else None


def _rejected(op: WriteOp, refusal: Refusal) -> WriteResult:
    fields = f" (fields: {', '.join(refusal.fields)})" if refusal.fields else ""
    meaning = f"{_MEANING[refusal.code]}: " if refusal.code in _MEANING else ""
    message = meaning + (refusal.message or "Salesforce gave no reason") + fields
    return WriteResult(op.key, WriteStatus.REJECTED, code=refusal.code, message=message, fields=tuple(refusal.fields))


def _send_all(session: Session, writes: Sequence[WriteOp], size: int) -> list[Judged]:
    """What became of each write; a collection that is refused as a whole is halved until the culprit stands alone."""
    waiting = deque(soql.chunks(writes, size))
    done: list[Judged] = []
    while waiting:
        parts = [waiting.popleft() for _ in range(min(COLLECTIONS_PER_CALL, len(waiting)))]
        for part, answer in zip(parts, _send(session, parts), strict=True):
            if answer.error is None:
                done += _matched(part, answer.body)
            elif isinstance(answer.error, AuthLost):
                raise answer.error
            elif isinstance(answer.error, Transient):
                done += [(op, Refusal("SERVER_UNAVAILABLE", answer.error.message)) for op in part]
            elif len(part) == 1:
                done.append((part[0], Refusal(answer.error.code.upper(), answer.error.message)))
            else:
                waiting += [part[: len(part) // 2], part[len(part) // 2 :]]
    return done


def _send(session: Session, parts: Sequence[Sequence[WriteOp]]) -> list[Answer]:
    bodies = [{"allOrNone": False, "records": [_row(op) for op in part]} for part in parts]
    doing = "writing"
    try:
        if len(bodies) == 1:
            return [Answer(session.call("PATCH", "composite/sobjects", doing, body=bodies[0]), None)]
        subs = [Sub(f"{DATA}composite/sobjects", doing, "", "PATCH", body) for body in bodies]
        return session.composite(subs, doing)
    except (Rejected, NotFound, Conflict) as error:
        if error.code == failures.REDIRECT:
            raise  # it is not about these rows
        return [Answer(None, error)] * len(bodies)


def _send_conditional(session: Session, writes: Sequence[WriteOp]) -> list[Judged]:
    """What became of each write that has a condition."""
    done: list[Judged] = []
    for part in soql.chunks(writes, ROWS_PER_CALL):
        for op, answer in zip(part, session.composite(list(map(_conditional, part)), "writing"), strict=True):
            error = answer.error
            if isinstance(error, AuthLost) and error.code != failures.FORBIDDEN:
                raise error
            if error is None:
                done.append((op, None))
            elif isinstance(error, Conflict):
                done.append((op, Refusal(_CHANGED, error.message)))
            elif isinstance(error, Transient):
                done.append((op, Refusal("SERVER_UNAVAILABLE", error.message)))
            else:
                told = first_error(answer.body)
                done.append((op, told if told.code else Refusal(error.code.upper(), error.message)))
    return done


def _conditional(op: WriteOp) -> Sub:
    assert op.unmodified_since is not None
    headers = {"If-Unmodified-Since": format_datetime(op.unmodified_since, usegmt=True)}
    return Sub(f"{DATA}sobjects/{op.object}/{op.id}", "writing", op.object, "PATCH", op.fields, headers)


def _row(op: WriteOp) -> dict[str, Any]:
    return {"attributes": {"type": op.object}, "id": op.id, **op.fields}


def _matched(part: Sequence[WriteOp], body: Any) -> list[Judged]:
    """Results come in the order of the rows. What does not fit was not answered for."""
    if not isinstance(body, list) or len(body) != len(part):
        return [(op, Refusal("SERVER_UNAVAILABLE", "Salesforce did not answer for this row")) for op in part]
    return [(op, _outcome(op, answer)) for op, answer in zip(part, body, strict=True)]


def _outcome(op: WriteOp, answer: Any) -> Refusal | None:
    if not isinstance(answer, Mapping) or str(answer.get("id") or op.id)[:15] != op.id[:15]:
        return Refusal("SERVER_UNAVAILABLE", "Salesforce did not answer for this row")
    return None if answer.get("success") is True else first_error(answer.get("errors"))


def _look_up(reader: Reader, lost: Sequence[tuple[WriteOp, Refusal]]) -> list[WriteResult]:
    """Where the rows went that Salesforce says are not there: one query per object."""
    results = []
    for obj in sorted({op.object for op, _ in lost}):
        mine = [(op, refusal) for op, refusal in lost if op.object == obj]
        try:
            rows = reader.rows(obj, [op.id for op, _ in mine])
        except ConnectionFailed as error:
            # the batch's other results are true all the same
            results += [WriteResult(op.key, WriteStatus.RETRY, code=r.code, message=error.message) for op, r in mine]
            continue
        for op, refusal in mine:
            row = rows.get(op.id[:15])
            end = fate(obj, row) or conversion(row) if row else None
            if row and end is None:
                results.append(_rejected(op, refusal))
            else:
                moved = end if isinstance(end, Moved) else None
                message = refusal.message
                results.append(WriteResult(op.key, WriteStatus.GONE, None, refusal.code, message, moved_to=moved))
    return results
