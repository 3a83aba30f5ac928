"""Answers that are fine on the outside: whatever a row or a part of it is, it is one of leadsync's own errors."""

from typing import Any

import orjson
import pytest
from hubspot_account import Scripted, Start

from connectors.hubspot import HubSpotConnector
from leadsync.connector import Ask, Cursor, Transient, WriteOp, WriteStatus
from leadsync.testing.driver import ManualClock

AT = "2026-03-01T10:00:00.000Z"
ROW = {
    "id": "1001",
    "createdAt": AT,
    "updatedAt": AT,
    "properties": {"hs_lastmodifieddate": AT, "email": "a@b.example"},
}


def answering(start: Start, results: Any, path_ends: str = "", **more: Any) -> HubSpotConnector:
    """Every call whose path ends so finds these."""

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if not path.partition("?")[0].endswith(path_ends):
            return None
        return 200, {"Content-Type": "application/json"}, orjson.dumps({"results": results, **more})

    account = start(script=script)
    account.clock = ManualClock()
    return account.connector()


def changed(connector: HubSpotConnector, obj: str) -> list[Any]:
    return list(connector.changes([Ask(obj, (), Cursor(ManualClock().now()))], ManualClock().now()))


@pytest.mark.parametrize(
    "row",
    ["text", None, [], {}, {**ROW, "id": 7}, {**ROW, "properties": 7}, {**ROW, "properties": {"email": ["a"]}},
     {**ROW, "properties": {}, "updatedAt": "noon"}],
)  # fmt: skip
def test_a_row_of_another_shape(start, row: Any) -> None:
    with pytest.raises(Transient, match="shape"):
        changed(answering(start, [row]), "contacts")


@pytest.mark.parametrize(
    "row",
    [{**ROW, "associations": 7}, {**ROW, "associations": {"contacts": 7}},
     {**ROW, "associations": {"contacts": {"results": [{"a": 1}]}}}],
)  # fmt: skip
def test_listed_links_of_another_shape(start, row: Any) -> None:
    with pytest.raises(Transient, match="shape"):
        list(answering(start, [row]).backfill("calls", None, ()))


@pytest.mark.parametrize("to", [7, "text", [7], ["text"]])
def test_links_of_another_shape(start, to: Any) -> None:
    rows = [{**ROW, "from": {"id": "1001"}, "to": to}]
    with pytest.raises(Transient, match="shape"):
        changed(answering(start, rows), "calls")


@pytest.mark.parametrize("past", [7, {"email": 7}, {"email": "text"}, {"email": [7]}])
def test_a_past_of_another_shape(start, past: Any) -> None:
    with pytest.raises(Transient, match="shape"):
        answering(start, [{**ROW, "propertiesWithHistory": past}]).history("contacts", ["1001"], ["email"])


@pytest.mark.parametrize("more", [{"options": 7}, {"options": ["text"]}, {"modificationMetadata": 7}])
def test_a_property_of_another_shape(start, more: dict[str, Any]) -> None:
    with pytest.raises(Transient, match="shape"):
        answering(start, [{"name": "email", "type": "enumeration", **more}]).describe("contacts")


@pytest.mark.parametrize(
    "errors", [7, "text", ["text"], [{"context": 7}], [{"category": [], "context": {"id": "1001"}}]]
)
def test_refusals_of_another_shape_are_no_answer(start, errors: Any) -> None:
    writes = [WriteOp(id_, "contacts", id_, {"city": "Ulm"}) for id_ in ("1000", "1001")]
    applied = {**ROW, "id": "1000"}
    one, other = answering(start, [applied], "/batch/update", errors=errors).write(writes)
    assert (one.status, other.status) == (WriteStatus.APPLIED, WriteStatus.RETRY)
