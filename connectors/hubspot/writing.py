"""Writing: batch updates by id, each row with a trace id, so that one bad row does not spoil the others' and every
row's fate is known by name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.hubspot import api
from connectors.hubspot.answers import moment, rows
from connectors.hubspot.failures import Refused, explain, refused_properties
from connectors.hubspot.http import Http
from connectors.hubspot.reading import chunks
from leadsync.connector import ConnectionFailed, Gone, Moved, Record, Value, WriteOp, WriteResult, WriteStatus

Fetch = Callable[[str, Sequence[str], Sequence[str]], Mapping[str, Record | Moved | Gone]]
Results = dict[str, WriteResult]

_STAGE = "lifecyclestage"
_NOT_FOUND = "OBJECT_NOT_FOUND"


class Writer:
    """Updates rows. `fetch` tells what became of a row that HubSpot did not answer for."""

    def __init__(self, http: Http, fetch: Fetch) -> None:
        self._http, self._fetch = http, fetch

    def write(self, writes: Sequence[WriteOp]) -> list[WriteResult]:
        """One result per write. Raises only while nothing is done; after that a failure is `RETRY` for the rest."""
        done: Results = {}
        reason = ""
        try:
            for batch in _batches(writes):
                self._send(batch, done)
        except ConnectionFailed as error:
            if not done:
                raise
            reason = error.message
        return [done.get(op.key) or WriteResult(op.key, WriteStatus.RETRY, message=reason) for op in writes]

    def _send(self, batch: Sequence[WriteOp], done: Results) -> None:
        obj = batch[0].object
        if obj == "owners":
            refused = [
                WriteResult(op.key, WriteStatus.REJECTED, code="READ_ONLY", message="owners cannot be written")
                for op in batch
            ]
            done.update((result.key, result) for result in refused)
            return
        try:
            answer = self._http.post(f"{api.OBJECTS}/{obj}/batch/update", {"inputs": [_input(op) for op in batch]})
        except Refused as error:
            if len(batch) > 1:
                self._halve(batch, done)
            else:
                done[batch[0].key] = _rejected(batch[0], error.body)
            return
        self._read_answer(obj, batch, answer, done)

    def _halve(self, batch: Sequence[WriteOp], done: Results) -> None:
        middle = len(batch) // 2
        self._send(batch[:middle], done)
        self._send(batch[middle:], done)

    def _read_answer(self, obj: str, batch: Sequence[WriteOp], answer: Mapping[str, Any], done: Results) -> None:
        open_ops = {op.id: op for op in batch}
        for entry in rows(answer):
            if op := open_ops.pop(entry["id"], None):
                done[op.key] = _applied(op, entry)
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
        if open_ops:
            self._look(obj, list(open_ops.values()), nameless, done)

    def _look(self, obj: str, silent: Sequence[WriteOp], nameless: Sequence[Mapping[str, Any]], done: Results) -> None:
        """What became of rows that the answer does not mention."""
        truth = self._fetch(obj, [op.id for op in silent], ())
        alive = []
        for op in silent:
            found = truth[op.id]
            if isinstance(found, Record):
                alive.append(op)
            else:
                moved = found if isinstance(found, Moved) else None
                done[op.key] = WriteResult(op.key, WriteStatus.GONE, code=_NOT_FOUND, moved_to=moved)
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
    """A value as HubSpot takes it: always text, plain decimals, and empty text to clear."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value)


def _applied(op: WriteOp, entry: Mapping[str, Any]) -> WriteResult:
    at = moment(entry.get("updatedAt"))
    kept = entry["properties"].get(_STAGE)
    if _STAGE in op.fields and kept is not None and kept != rendered(op.fields[_STAGE]):
        message = f"HubSpot kept {_STAGE} at {kept!r}: it does not move back unless it is cleared first"
        return WriteResult(op.key, WriteStatus.REJECTED, at, "STAGE_NOT_MOVED_BACK", message, fields=(_STAGE,))
    return WriteResult(op.key, WriteStatus.APPLIED, at)


def _rejected(op: WriteOp, error: Mapping[str, Any]) -> WriteResult:
    code, message = explain(error)
    names = tuple(refused_properties(error))
    told = message if all(name in message for name in names) else f"{', '.join(names)}: {message}"
    return WriteResult(op.key, WriteStatus.REJECTED, code=code, message=told, fields=names)


def _names(error: Mapping[str, Any]) -> list[str]:
    context = error.get("context") or {}
    return [str(id_) for key in ("objectWriteTraceId", "ids", "id") for id_ in context.get(key) or ()]
