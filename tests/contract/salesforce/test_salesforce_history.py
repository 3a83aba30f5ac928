"""What fields held before."""

import json
from datetime import timedelta
from urllib.parse import unquote

import pytest
from salesforce_box import NOON, Answer

from leadsync.connector import Past, Transient

HOUR = timedelta(hours=1)


def wire(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def entry(n, lead, field, old, new, at, key="LeadId"):
    return {
        "Id": f"017{n:012}AAA",
        key: lead,
        "Field": field,
        "OldValue": old,
        "NewValue": new,
        "CreatedDate": wire(at),
    }


def kept(box, *entries, error=None):
    """The account's history: these entries."""
    queries = []

    def answer(seen):
        if not seen.path.endswith("/composite") or b"History" not in seen.body:
            return None
        parts = json.loads(seen.body)["compositeRequest"]
        queries.extend(unquote(part["url"]) for part in parts)
        body = {"totalSize": len(entries), "done": True, "records": list(entries)}
        answers = [
            {"referenceId": part["referenceId"], "httpStatusCode": error[0] if error else 200,
             "body": error[1] if error else (body if i == 0 else {**body, "records": []})}
            for i, part in enumerate(parts)
        ]  # fmt: skip
        return Answer(200, {"compositeResponse": answers})

    box.front.always = answer
    return queries


def test_former_values_with_their_times_the_first_and_the_present_included(box):
    (lead,) = box.add("Lead", at=NOON - 9 * HOUR)
    queries = kept(
        box,
        entry(2, lead, "Status", "Working", "Qualified", NOON - HOUR),
        entry(1, lead, "Status", "New", "Working", NOON - 2 * HOUR),
        entry(3, lead, "Rating", None, "Hot", NOON - HOUR),
        entry(4, lead, "created", None, None, NOON - 9 * HOUR),
    )
    found = box.connect().history("Lead", [lead], ["status", "Rating", "Title"])
    assert found == {
        lead: [
            Past("status", "New", NOON - 9 * HOUR), Past("Rating", None, NOON - 9 * HOUR),
            Past("status", "Working", NOON - 2 * HOUR), Past("status", "Qualified", NOON - HOUR),
            Past("Rating", "Hot", NOON - HOUR),
        ]
    }  # fmt: skip
    assert "FROM LeadHistory" in queries[0]
    assert "Field IN ('status','Rating','Title')" in queries[0]


def test_a_change_of_owner_counts_once(box):
    (lead,) = box.add("Lead", at=NOON - 9 * HOUR)
    queue, us = box.org.queue, box.org.us
    kept(
        box,
        entry(1, lead, "Owner", "Lead Queue", "Ann Smith", NOON - HOUR),
        entry(2, lead, "Owner", queue, us, NOON - HOUR),
        entry(3, lead, "Owner", "ChristopherLong", "Ann Smith", NOON - HOUR),
    )
    found = box.connect().history("Lead", [lead], ["OwnerId"])
    assert found[lead] == [Past("OwnerId", queue, NOON - 9 * HOUR), Past("OwnerId", us, NOON - HOUR)]


def test_what_was_before_the_history_begins_is_not_known(box):
    (lead,) = box.add("Lead", at=NOON - timedelta(days=900))
    kept(box, entry(1, lead, "Status", "New", "Working", NOON - HOUR))
    assert box.connect().history("Lead", [lead], ["Status"])[lead] == [Past("Status", "Working", NOON - HOUR)]


def test_rows_and_fields_without_history_are_left_out(box):
    first, second = box.add("Lead", 2)
    kept(box, entry(1, first, "Status", "New", "Working", NOON))
    found = box.connect().history("Lead", [first[:15], second], ["Status", "Owner.Name"])
    assert list(found) == [first[:15]]
    assert {past.field for past in found[first[:15]]} == {"Status"}


def test_contacts_have_a_history_of_their_own(box):
    (contact,) = box.add("Contact")
    queries = kept(box, entry(1, contact, "Title", "a", "b", NOON, key="ContactId"))
    assert contact in box.connect().history("Contact", [contact], ["Title"])
    assert "FROM ContactHistory WHERE ContactId IN" in queries[0]


def test_many_rows_take_few_calls(box):
    ids = box.add("Lead", 1500)
    kept(box)
    assert box.connect().history("Lead", ids, ["Status"]) == {}
    assert len(box.front.seen) == 1


@pytest.mark.parametrize(("obj", "fields"), [("Task", ["Status"]), ("Lead", []), ("Lead", ["Owner.Name"])])
def test_nothing_to_ask_makes_no_request(box, obj, fields):
    assert box.connect().history(obj, ["00Q000000000001AAA"], fields) == {}
    assert box.front.seen == []


def test_an_account_that_keeps_none(box):
    (lead,) = box.add("Lead")
    unknown = [{"errorCode": "INVALID_TYPE", "message": "sObject type 'LeadHistory' is not supported."}]
    kept(box, error=(400, unknown))
    assert box.connect().history("Lead", [lead], ["Status"]) == {}
    kept(box, error=(503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}]))
    with pytest.raises(Transient):
        box.connect().history("Lead", [lead], ["Status"])
