"""Answers that are fine on the outside: whatever a row or a part of it is, it is one of leadsync's own errors."""

from contextlib import suppress

import pytest
from salesforce_box import NOON, Answer

from leadsync.connector import Ask, Cursor, Rejected, Transient, WantedField, WriteOp, WriteStatus

LEAD = "00Q5g00000AAAAAEA3"
ROW = {
    "Id": LEAD, "CreatedDate": "2026-03-01T10:00:00.000+0000", "SystemModstamp": "2026-03-01T10:00:00.000+0000",
    "IsDeleted": False, "IsConverted": False, "Title": "Boss", "Owner": {"Name": "Ann"}, "WhoId": LEAD,
}  # fmt: skip
FIELDS = ("Title", "Owner.Name")
READINGS = {
    "changes": lambda connector, obj: [*connector.changes([Ask(obj, FIELDS, Cursor(NOON))], NOON)],
    "backfill": lambda connector, obj: [*connector.backfill(obj, None, FIELDS)],
    "fetch": lambda connector, obj: connector.fetch(obj, [LEAD], FIELDS),
    "ids": lambda connector, obj: [*connector.ids(obj)],
}


def answering(records):
    """Every query finds these, alone or inside a composite call."""
    body = {"totalSize": 1, "done": True, "records": records}

    def answer(seen):
        if seen.path.endswith("/composite"):
            parts = [{"referenceId": f"r{n}", "httpStatusCode": 200, "body": body} for n in range(5)]
            return Answer(200, {"compositeResponse": parts})
        return Answer(200, body) if "/query" in seen.path else None

    return answer


@pytest.mark.parametrize("how", READINGS)
@pytest.mark.parametrize(
    "row",
    [
        "text", None, [], {}, {**ROW, "Id": None}, {**ROW, "Id": "no id'"}, {**ROW, "SystemModstamp": "noon"},
        {**ROW, "Owner": "Ann"}, {**ROW, "Owner": 7}, {**ROW, "Title": {"a": 1}}, {**ROW, "IsDeleted": {"a": 1}},
        {**ROW, "CreatedDate": "yesterday"}, {k: v for k, v in ROW.items() if k != "SystemModstamp"},
    ],
)  # fmt: skip
def test_a_row_of_another_shape(box, how, row):
    connector = box.connect()
    box.front.always = answering([row])
    with suppress(Rejected, Transient):
        assert READINGS[how](connector, "Lead"), "it is told, or the row is given"


@pytest.mark.parametrize("who", [7, {"a": 1}, ["x"]])
def test_a_link_of_another_shape(box, who):
    box.front.always = answering([{**ROW, "WhoId": who}])
    with pytest.raises(Transient, match="another shape"):
        list(box.connect().changes([Ask("Task", (), Cursor(NOON))], NOON))


@pytest.mark.parametrize(
    "errors", ["text", 7, [], ["text"], [{"statusCode": "X", "fields": 7}], [{"fields": {"a": 1}}]]
)
def test_a_refusal_of_another_shape(box, errors):
    (lead,) = box.add("Lead")
    connector = box.warm()
    box.front.always = lambda seen: Answer(200, [{"id": lead, "success": False, "errors": errors}])
    (result,) = connector.write([WriteOp("k", "Lead", lead, {"Title": "x"})])
    assert result.status is WriteStatus.REJECTED


def test_what_an_installation_finds_in_another_shape(box):
    connector = box.connect()
    wanted = [WantedField("Lead", "Leadsync_Score__c", "number", "Score")]
    box.front.always = lambda seen: Answer(200, {"records": [{}]}) if "/query" in seen.path else None
    with pytest.raises(Transient, match="installing"):
        connector.install(wanted, dry_run=True)
