"""Writing: batch updates by id, each row with a trace id, so that one bad row does not spoil the others' and every
row's fate is known by name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.hubspot import api
from connectors.hubspot.answers import moment, rows, understood
from connectors.hubspot.failures import Refused, explain, refused_properties
from connectors.hubspot.http import Http
from connectors.hubspot.reading import chunks
from leadsync.connector import (
    ConnectionFailed,
    Gone,
    Moved,
    Record,
    Transient,
    Value,
    WriteOp,
    WriteResult,
    WriteStatus,
)

Fetch = Callable[[str, Sequence[str], Sequence[str]], Mapping[str, Record | Moved | Gone]]
Results = dict[str, WriteResult]

_STAGE = "lifecyclestage"
_NOT_FOUND = "OBJECT_NOT_FOUND"
_PASSING = frozenset({"RATE_LIMITS", "LOCKED", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE"})
_HALVINGS = 8  # from a full batch to a single row, and one more


class Writer:
    """Updates rows. `fetch` tells what became of a row that HubSpot did not answer for."""

    def __init__(self, http: Http, fetch: Fetch) -> None:
        self._http, self._fetch = http, fetch
        self._locked = 0

    def write(self, writes: Sequence[WriteOp]) -> list[WriteResult]:
        """One result per write. Raises only while nothing is done; after that a failure is `RETRY` for the rest."""
        done = {op.key: refused for op in writes if (refused := _unfit(op))}
        sent = {op.key for op in writes} - done.keys()
        self._locked = 0
        reason = ""
        try:
            for batch in _batches([op for op in writes if op.key in sent]):
                self._send(batch, done)
        except ConnectionFailed as error:
            if not sent & done.keys():
                raise
            reason = error.message
        results = (done.get(op.key) or WriteResult(op.key, WriteStatus.RETRY, message=reason) for op in writes)
        return [self._hushed(result) for result in results]

    def _hushed(self, result: WriteResult) -> WriteResult:
        """The result without our tokens, which a refusal may repeat."""
        hide = self._http.hide
        fields = tuple(map(hide, result.fields))
        return replace(result, code=hide(result.code), message=hide(result.message), fields=fields)

    def _send(self, batch: Sequence[WriteOp], done: Results, *, half: bool = False) -> None:
        obj = batch[0].object
        body = {"inputs": [_input(op) for op in batch]}
        try:
            answer = self._http.post(f"{api.OBJECTS}/{obj}/batch/update", body, attempts=2 if half else 4)
        except Refused as error:
            if len(batch) > 1:
                self._halve(batch, done)
            else:
                done[batch[0].key] = _rejected(batch[0], error.body)
            return
        except Transient as error:
            if error.code != "locked" or self._locked >= _HALVINGS:
                raise  # something else, or no single row is to blame
            self._locked += 1
            if len(batch) > 1:
                self._halve(batch, done)
            else:
                done[batch[0].key] = WriteResult(batch[0].key, WriteStatus.RETRY, code="LOCKED", message=error.message)
            return
        self._locked = 0
        self._read_answer(obj, batch, answer, done)

    def _halve(self, batch: Sequence[WriteOp], done: Results) -> None:
        middle = len(batch) // 2
        self._send(batch[:middle], done, half=True)
        self._send(batch[middle:], done, half=True)

    @understood()
    def _read_answer(self, obj: str, batch: Sequence[WriteOp], answer: Mapping[str, Any], done: Results) -> None:
        open_ops = {op.id: op for op in batch}
        unsaid: list[tuple[WriteOp, datetime | None]] = []
        for entry in rows(answer):
            if op := open_ops.pop(entry["id"], None):
                at = moment(entry.get("updatedAt"))
                if _STAGE in op.fields and _STAGE not in entry["properties"]:
                    unsaid.append((op, at))
                else:
                    done[op.key] = _applied(op, entry["properties"], at)
        nameless: list[Mapping[str, Any]] = []
        for error in answer.get("errors") or ():
            named = [open_ops[id_] for id_ in _names(error) if id_ in open_ops]
            if error.get("category") == _NOT_FOUND:
                continue  # merged or deleted: a look tells which
            if not named:
                nameless.append(error)
            for op in named:
                done[op.key] = _rejected(op, error)
                del open_ops[op.id]
        if unsaid:
            self._look_at_stages(obj, unsaid, done)
        if open_ops:
            self._look(obj, list(open_ops.values()), nameless, done)

    def _look_at_stages(self, obj: str, unsaid: Sequence[tuple[WriteOp, datetime | None]], done: Results) -> None:
        """Whether HubSpot, which did not say so, has moved these rows' stages."""
        truth = self._fetch(obj, [op.id for op, _ in unsaid], (_STAGE,))
        for op, at in unsaid:
            found = truth[op.id]
            done[op.key] = _applied(op, found.fields, at) if isinstance(found, Record) else _gone(op, found)

    def _look(self, obj: str, silent: Sequence[WriteOp], nameless: Sequence[Mapping[str, Any]], done: Results) -> None:
        """What became of rows that the answer does not mention."""
        truth = self._fetch(obj, [op.id for op in silent], ())
        alive = []
        for op in silent:
            found = truth[op.id]
            if isinstance(found, Record):
                alive.append(op)
            else:
                done[op.key] = _gone(op, found)
        if not alive:
            return
        if nameless and len(alive) > 1:
            self._halve(alive, done)
            return
        for op in alive:
            if nameless:
                done[op.key] = _rejected(op, nameless[0])
            else:
                done[op.key] = WriteResult(op.key, WriteStatus.RETRY, message="HubSpot's answer does not mention it")


def _unfit(op: WriteOp) -> WriteResult | None:
    """Why a write need not be sent: HubSpot could only refuse it."""
    if op.object == "owners":
        return WriteResult(op.key, WriteStatus.REJECTED, code="READ_ONLY", message="owners cannot be written")
    long = tuple(name for name, value in op.fields.items() if len(rendered(value)) > api.TEXT_LENGTH)
    if not long:
        return None
    message = f"{', '.join(long)}: HubSpot keeps at most {api.TEXT_LENGTH} characters in a property"
    return WriteResult(op.key, WriteStatus.REJECTED, code="TEXT_TOO_LONG", message=message, fields=long)


def _batches(writes: Sequence[WriteOp]) -> Iterator[Sequence[WriteOp]]:
    """Per object at most a batch's size, and never one row twice: HubSpot refuses such a batch as a whole."""
    rounds: list[dict[tuple[str, str], WriteOp]] = []
    for op in writes:
        free = next((ops for ops in rounds if (op.object, op.id) not in ops), None)
        if free is None:
            rounds.append(free := {})
        free[op.object, op.id] = op
    for ops in rounds:
        for obj in dict.fromkeys(op.object for op in ops.values()):
            yield from chunks([op for op in ops.values() if op.object == obj], api.BATCH_LIMIT)


def _input(op: WriteOp) -> dict[str, Any]:
    properties = {name: rendered(value) for name, value in op.fields.items()}
    return {"id": op.id, "properties": properties, "objectWriteTraceId": op.id}


def rendered(value: Value) -> str:
    """A value as HubSpot takes it: always text, trimmed, plain decimals, and empty text to clear."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value).strip()


def _applied(op: WriteOp, kept: Mapping[str, Any], at: datetime | None) -> WriteResult:
    stage = kept.get(_STAGE)
    if _STAGE in op.fields and _STAGE in kept and (stage or "") != rendered(op.fields[_STAGE]):
        message = f"HubSpot kept {_STAGE} at {stage!r}: it does not move back unless it is cleared first"
        return WriteResult(op.key, WriteStatus.REJECTED, at, "STAGE_NOT_MOVED_BACK", message, fields=(_STAGE,))
    return WriteResult(op.key, WriteStatus.APPLIED, at)


def _gone(op: WriteOp, found: Moved | Gone) -> WriteResult:
    moved = found if isinstance(found, Moved) else None
    return WriteResult(op.key, WriteStatus.GONE, code=_NOT_FOUND, moved_to=moved)


def _rejected(op: WriteOp, error: Mapping[str, Any]) -> WriteResult:
    code, message = explain(error)
    names = tuple(refused_properties(error))
    told = message if all(name in message for name in names) else f"{', '.join(names)}: {message}"
    status = WriteStatus.RETRY if error.get("category") in _PASSING else WriteStatus.REJECTED
    return WriteResult(op.key, status, code=code, message=told, fields=names)


def _names(error: Mapping[str, Any]) -> list[str]:
    context = error.get("context") or {}
    found = [context.get(key) for key in ("objectWriteTraceId", "ids", "id")]
    return [str(id_) for given in found for id_ in (given if isinstance(given, list) else [given]) if id_]
