"""What the connector promises about writing, held against the sandbox."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from salesforce_box import NOON, TOKEN, Answer

from leadsync.connector import Moved, WriteOp, WriteStatus


def op(id_, obj="Lead", **fields):
    return WriteOp(id_, obj, id_, fields)


def statuses(results):
    return {r.key: r.status for r in results}


def test_nothing_to_write_makes_no_request(box):
    assert list(box.connect().write([])) == []
    assert box.front.seen == []


def test_values_arrive_and_other_fields_stay(box):
    (lead,) = box.add("Lead", FirstName="Ann", Rating="Cold", Email="ann@acme.example")
    (result,) = box.connect().write([op(lead, Leadsync_Score__c=73, Rating="Hot", Email=None)])
    assert result.status is WriteStatus.APPLIED
    row = box.row(lead)
    assert (row["Leadsync_Score__c"], row["Rating"], row["Email"], row["FirstName"]) == (73.0, "Hot", None, "Ann")


def test_a_half_failed_batch_reports_each_row_truly(box):
    good, long, picky, converted, loser, winner, deleted, locked, owned, unknown = ids = box.add("Lead", 10)
    contact = box.door("convert", id=converted)["contact"]
    box.door("merge", winner=winner, loser=loser)
    box.org.delete("Lead", deleted)
    box.org.locked.add(locked)
    (former,) = box.add("User", LastName="Left", Username="u", Email="left@acme.example", IsActive=False)
    writes = [
        op(good, Leadsync_Score__c=1),
        op(long, Leadsync_Reasons__c="x" * 256),
        op(picky, Leadsync_Temperature__c="tepid"),
        op(converted, Leadsync_Score__c=1),
        op(loser, Leadsync_Score__c=1),
        op(winner, Leadsync_Score__c=2),
        op(deleted, Leadsync_Score__c=1),
        op(locked, Leadsync_Score__c=1),
        op(owned, OwnerId=former),
        op(unknown, Nonsense__c=1),
    ]
    results = box.connect().write(writes)
    assert [r.key for r in results] == ids
    by = {r.key: r for r in results}
    assert by[good].status is by[winner].status is WriteStatus.APPLIED
    assert (by[long].status, by[long].code) == (WriteStatus.REJECTED, "STRING_TOO_LONG")
    assert "Leadsync_Reasons__c" in by[long].message
    assert by[picky].code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert by[owned].code == "INACTIVE_OWNER_OR_USER"
    assert (by[unknown].status, by[unknown].code) == (WriteStatus.REJECTED, "INVALID_FIELD")
    assert by[locked].status is WriteStatus.RETRY
    assert {by[i].status for i in (converted, loser, deleted)} == {WriteStatus.GONE}
    assert (by[converted].moved_to.to_object, by[converted].moved_to.to_id) == ("Contact", contact)
    assert by[loser].moved_to == Moved(loser, "Lead", winner, "merged", NOON)
    assert by[deleted].moved_to is None
    assert (box.row(good)["Leadsync_Score__c"], box.row(winner)["Leadsync_Score__c"]) == (1.0, 2.0)
    assert box.row(long).get("Leadsync_Reasons__c") is None


def test_a_reference_that_leads_nowhere_does_not_make_the_row_gone(box):
    (lead,) = box.add("Lead")
    (result,) = box.connect().write([op(lead, OwnerId="005000000000001AAA")])
    assert (result.status, result.code) == (WriteStatus.REJECTED, "INVALID_CROSS_REFERENCE_KEY")


def test_a_row_that_never_existed_is_gone(box):
    (result,) = box.connect().write([op("00Q000000000001AAA", Leadsync_Score__c=1)])
    assert (result.status, result.moved_to) == (WriteStatus.GONE, None)


def test_ten_thousand_writes_are_ten_calls(box):
    ids = box.add("Lead", 10_000)
    connector = box.warm()
    for start in range(0, 10_000, connector.capabilities.write_batch):
        batch = [op(id_, Leadsync_Score__c=n) for n, id_ in enumerate(ids[start : start + 1000])]
        assert set(statuses(connector.write(batch)).values()) == {WriteStatus.APPLIED}
    assert box.calls() == 10
    assert box.row(ids[9_999])["Leadsync_Score__c"] == 999.0


def test_two_hundred_rows_are_one_plain_collection(box):
    connector = box.connect()
    connector.write([op(id_, Leadsync_Score__c=1) for id_ in box.add("Lead", 200)])
    assert [p for p in box.front.paths() if "composite" in p] == ["PATCH /services/data/v62.0/composite/sobjects"]


def test_a_refused_collection_is_halved_down_to_the_culprit(box):
    ids = box.add("Lead", 450)
    writes = [op(id_, Leadsync_Score__c=1) for id_ in ids]
    connector = box.warm()
    fields = box.org.entities["Lead"].by_lower
    fields["title"] = replace(fields["title"], kind="double")  # meanwhile it is one of numbers
    writes[321] = op(ids[321], Title="seventy")  # JSON of a wrong type spoils the whole collection
    found = statuses(connector.write(writes))
    assert found.pop(ids[321]) is WriteStatus.REJECTED
    assert set(found.values()) == {WriteStatus.APPLIED}
    assert sum(box.row(id_).get("Leadsync_Score__c") == 1.0 for id_ in ids) == 449


def test_leads_and_contacts_in_one_batch(box):
    connector = box.warm("Lead", "Contact")
    people = [pair for pair in zip(box.add("Lead", 150), box.add("Contact", 150), strict=True)]
    writes = [w for a, b in people for w in (op(a, Leadsync_Score__c=1), op(b, "Contact", Leadsync_Score__c=2))]
    results = connector.write(writes)
    assert box.calls() == 1
    assert [r.key for r in results] == [w.key for w in writes]
    assert {r.status for r in results} == {WriteStatus.APPLIED}


@pytest.mark.parametrize("rows", [1, 300])
def test_the_owner_of_a_lead_never_changes_by_the_way(box, rows):
    ids = box.add("Lead", rows)
    box.connect().write([op(id_, Leadsync_Score__c=1) for id_ in ids])
    assert {box.row(id_)["OwnerId"] for id_ in ids} == {box.org.us}


@pytest.mark.parametrize(
    ("write", "code"),
    [
        (WriteOp("k", "Lead", "00Q'", {"Rating": "Hot"}), "MALFORMED_ID"),
        (WriteOp("k", "Nonsense", "00Q000000000001AAA", {"Rating": "Hot"}), "INVALID_TYPE"),
        (WriteOp("k", "Lead", "00Q000000000001AAA", {"Owner.Name": "x"}), "INVALID_FIELD"),
        (WriteOp("k", "Lead", "00Q000000000001AAA", {"id": "00Q000000000002AAA"}), "INVALID_FIELD"),
        (WriteOp("k", "Lead", "00Q000000000001AAA", {"Leadsync_Score__c": float("nan")}), "INVALID_VALUE"),
    ],
)
def test_what_cannot_be_sent_is_rejected_alone(box, write, code):
    (lead,) = box.add("Lead")
    bad, good = box.connect().write([write, op(lead, Leadsync_Score__c=5)])
    assert (bad.status, bad.code, good.status) == (WriteStatus.REJECTED, code, WriteStatus.APPLIED)


def test_two_writes_of_one_row_or_too_many_are_a_mistake_of_the_caller(box):
    (lead,) = box.add("Lead")
    with pytest.raises(ValueError, match="two writes"):
        box.connect().write([op(lead, Rating="Hot"), WriteOp("other", "Lead", lead[:15], {"Rating": "Cold"})])
    with pytest.raises(ValueError, match="1000"):
        box.connect().write([op(f"00Q{n:015}", Rating="Hot") for n in range(1001)])
    assert box.front.seen == []


def test_rows_without_an_answer_are_tried_again_later(box):
    first, second = box.add("Lead", 2)
    connector = box.warm()
    box.front.script = [Answer(200, [{"id": first, "success": True, "errors": []}])]
    results = connector.write([op(first, Rating="Hot"), op(second, Rating="Hot")])
    assert set(statuses(results).values()) == {WriteStatus.RETRY}  # whose answer it was cannot be known


def test_answers_of_other_rows_are_not_believed(box):
    first, second = box.add("Lead", 2)
    connector = box.warm()
    box.front.script = [Answer(200, [{"id": i, "success": True, "errors": []} for i in (second, first)])]
    results = connector.write([op(first, Rating="Hot"), op(second, Rating="Hot")])
    assert set(statuses(results).values()) == {WriteStatus.RETRY}


def test_a_collection_that_timed_out_leaves_the_others_true(box):
    ids = sorted(box.add("Lead", 250))

    def first_part_fails(seen):
        if not seen.path.endswith("/composite"):
            return None
        parts = json.loads(seen.body)["compositeRequest"]
        good = [{"id": r["id"], "success": True, "errors": []} for r in parts[1]["body"]["records"]]
        busy = [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}]
        return Answer(200, {"compositeResponse": [
            {"referenceId": "r0", "httpStatusCode": 503, "body": busy, "httpHeaders": {}},
            {"referenceId": "r1", "httpStatusCode": 200, "body": good, "httpHeaders": {}},
        ]})  # fmt: skip

    box.front.always = first_part_fails
    results = box.connect().write([op(id_, Rating="Hot") for id_ in ids])
    assert [r.status for r in results] == [WriteStatus.RETRY] * 200 + [WriteStatus.APPLIED] * 50


def test_when_the_fate_of_a_row_cannot_be_asked_the_rest_is_still_reported(box):
    good, deleted = box.add("Lead", 2)
    box.org.delete("Lead", deleted)
    connector = box.warm()
    box.front.script = [None, *[Answer(503)] * 4]
    found = statuses(connector.write([op(good, Rating="Hot"), op(deleted, Rating="Hot")]))
    assert found == {good: WriteStatus.APPLIED, deleted: WriteStatus.RETRY}


# values


def test_values_become_what_salesforce_wants(box):
    lead, contact = *box.add("Lead"), *box.add("Contact")
    connector = box.warm("Lead", "Contact")
    connector.write([
        op(lead, Leadsync_Score__c="73", NumberOfEmployees=12.0, HasOptedOutOfEmail="true", Title=73, Rating="",
           EmailBouncedDate="2026-03-01T10:00:00.123456+02:00"),
        op(contact, "Contact", Birthdate="2026-03-01T23:30:00+00:00", Department=True),
    ])  # fmt: skip
    sent = {r["id"]: r for seen in box.front.seen if seen.method == "PATCH" for r in json.loads(seen.body)["records"]}
    assert sent[lead] == {
        "attributes": {"type": "Lead"}, "id": lead, "Leadsync_Score__c": 73.0, "NumberOfEmployees": 12,
        "HasOptedOutOfEmail": True, "Title": "73", "Rating": None, "EmailBouncedDate": "2026-03-01T08:00:00.123Z",
    }  # fmt: skip
    assert (sent[contact]["Birthdate"], sent[contact]["Department"]) == ("2026-03-01", "true")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("Leadsync_Score__c", "seventy", "takes a number"),
        ("Leadsync_Score__c", "nan", "takes a number"),
        ("Leadsync_Score__c", True, "takes a number"),
        ("NumberOfEmployees", 7.5, "takes a whole number"),
        ("HasOptedOutOfEmail", "perhaps", "takes true or false"),
        ("EmailBouncedDate", "2026-03-01T10:00:00", "takes a time with its zone"),
        ("EmailBouncedDate", "soon", "takes a time with its zone"),
        ("Title", float("inf"), "takes finite numbers only"),
    ],
)
def test_a_value_that_does_not_fit_spoils_nothing_else(box, field, value, said):
    good, bad = box.add("Lead", 2)
    connector = box.warm()
    results = connector.write([op(good, Rating="Hot"), op(bad, **{field: value})])
    assert (results[0].status, results[1].status) == (WriteStatus.APPLIED, WriteStatus.REJECTED)
    assert (results[1].code, results[1].fields) == ("INVALID_VALUE", (field,))
    assert said in results[1].message
    assert box.calls() == 1


# rules and automation of the account


def refusing(box, code, wanted, most=0):
    """Rows of these ids are refused in every collection of more than `most` rows."""

    def answer(seen):
        body = json.loads(seen.body or b"{}")
        parts = [p["body"] for p in body.get("compositeRequest", [])] if seen.path.endswith("/composite") else [body]
        if seen.method not in ("PATCH", "POST") or "records" not in parts[0]:
            return None
        answers = [[_row(r["id"], code, r["id"] in wanted and len(part["records"]) > most) for r in part["records"]]
                   for part in parts]  # fmt: skip
        if not seen.path.endswith("/composite"):
            return Answer(200, answers[0])
        found = [{"referenceId": f"r{i}", "httpStatusCode": 200, "body": rows} for i, rows in enumerate(answers)]
        return Answer(200, {"compositeResponse": found})

    box.front.always = answer


def _row(id_, code, refused):
    errors = [{"statusCode": code, "message": "Use one of these records?", "fields": []}] if refused else []
    return {"id": id_, "success": not refused, "errors": errors}


@pytest.mark.parametrize("code", ["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER"])
def test_rows_that_automation_refuses_are_sent_once_more_in_small_company(box, code):
    ids = box.add("Lead", 200)
    connector = box.warm()
    refusing(box, code, set(ids[:5]), most=1)
    assert set(statuses(connector.write([op(id_, Rating="Hot") for id_ in ids])).values()) == {WriteStatus.APPLIED}
    assert len(box.front.seen) == 2
    box.front.seen.clear()
    refusing(box, code, set(ids[:5]))
    results = connector.write([op(id_, Rating="Hot") for id_ in ids])
    assert [r.key for r in results if r.status is WriteStatus.REJECTED] == ids[:5]
    assert "of the account failed" in results[0].message
    assert len(box.front.seen) == 2


def test_a_duplicate_rule_is_explained(box):
    (lead,) = box.add("Lead")
    connector = box.warm()
    refusing(box, "DUPLICATES_DETECTED", {lead})
    (result,) = connector.write([op(lead, Rating="Hot")])
    assert (result.status, result.code) == (WriteStatus.REJECTED, "DUPLICATES_DETECTED")
    assert "a duplicate rule of the account blocks the edit" in result.message
    assert len(box.front.seen) == 1


def test_rows_go_in_the_order_of_their_ids(box):
    ids = box.add("Lead", 3)
    connector = box.warm()
    connector.write([op(id_, Rating="Hot") for id_ in reversed(ids)])
    assert [r["id"] for r in json.loads(box.front.seen[0].body)["records"]] == sorted(ids)


@pytest.mark.parametrize("rows", [1, 250])
def test_no_token_shows_in_what_became_of_a_row(box, rows):
    """A single row's refusal may repeat what was sent, as well as a whole answer."""
    ids = box.add("Lead", rows)
    connector = box.warm()
    told = {"statusCode": f"X {TOKEN}", "message": f"Bearer {TOKEN} in {TOKEN[:-1]}", "fields": [TOKEN]}
    refused = {"success": False, "errors": [told]}

    def answer(seen):
        if seen.path.endswith("/composite/sobjects"):
            return Answer(200, [refused])
        if seen.path.endswith("/composite"):
            subs = json.loads(seen.body)["compositeRequest"]
            parts = [
                {"httpStatusCode": 200, "referenceId": s["referenceId"], "body": [refused] * len(s["body"]["records"])}
                for s in subs
            ]
            return Answer(200, {"compositeResponse": parts})
        return None

    box.front.always = answer
    results = connector.write([op(id_, Leadsync_Score__c=1) for id_ in ids])
    assert statuses(results) == dict.fromkeys(ids, WriteStatus.REJECTED)
    assert all("•••" in result.message for result in results)
    assert TOKEN[:-1] not in str(results)


def test_no_token_shows_in_what_became_of_a_job(box):
    (lead,) = box.add("Lead")
    connector = box.warm()
    table = f'"sf__Id","sf__Error","Id"\n"{lead}","ODD:sent {TOKEN}:{TOKEN} --","{lead}"\n'
    answers = {
        "/failedResults": Answer(200, table.encode(), {"content-type": "text/csv"}),
        "/7501": Answer(200, {"state": "JobComplete", "numberRecordsFailed": 1, "numberRecordsProcessed": 1}),
    }
    box.front.always = lambda seen: next((a for end, a in answers.items() if seen.path.endswith(end)), None)
    (result,) = connector.bulk_results("7501", [op(lead, Leadsync_Score__c=1)])
    assert result.status is WriteStatus.REJECTED
    assert "•••" in result.message
    assert TOKEN not in str(result)


def test_rows_that_changed_since_are_left_alone_and_25_of_the_others_travel_together(box):
    old = box.add("Lead", 27, Rating="Cold")
    young = box.add("Lead", 2, at=NOON, Rating="Warm")
    (free,) = box.add("Lead", at=NOON, Rating="Warm")
    connector = box.warm()
    since = NOON - timedelta(minutes=1)
    writes = [replace(op(id_, Rating="Hot"), unmodified_since=since) for id_ in (*old, *young)]
    bad = replace(op(old[0], Leadsync_Temperature__c="tepid"), unmodified_since=since)
    results = connector.write([*writes[1:], bad, op(free, Rating="Hot")])
    by = statuses(results)
    assert [by[id_] for id_ in young] == [WriteStatus.CONFLICT] * 2
    assert (by[old[0]], by[free]) == (WriteStatus.REJECTED, WriteStatus.APPLIED)
    assert {by[id_] for id_ in old[1:]} == {WriteStatus.APPLIED}
    assert "Leadsync_Temperature__c" in results[-2].message
    assert [box.row(id_)["Rating"] for id_ in (*old, *young, free)] == ["Cold"] + ["Hot"] * 26 + ["Warm"] * 2 + ["Hot"]
    assert [p for p in box.front.paths() if "composite" in p][-3:] == [
        "PATCH /services/data/v62.0/composite/sobjects",
        "POST /services/data/v62.0/composite",
        "POST /services/data/v62.0/composite",
    ]


def test_a_condition_on_a_row_that_is_gone_says_so(box):
    (lead,) = box.add("Lead")
    box.org.delete("Lead", lead)
    (result,) = box.connect().write([replace(op(lead, Rating="Hot"), unmodified_since=NOON)])
    assert result.status is WriteStatus.GONE
