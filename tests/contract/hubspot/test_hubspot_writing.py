import orjson
import pytest
from hubspot_account import Account, Scripted, made_lead

from connectors.hubspot import api
from leadsync.connector import Moved, NotFound, Transient, Value, WriteOp, WriteResult, WriteStatus, utc

JSON = {"Content-Type": "application/json"}
UPDATE = f"{api.OBJECTS}/contacts/batch/update"


def op(id_: str, **fields: Value) -> WriteOp:
    return WriteOp(f"key {id_}", "contacts", id_, fields)


def statuses(results: list[WriteResult]) -> list[WriteStatus]:
    return [result.status for result in results]


def ids(account: Account) -> list[str]:
    return [id_ for page in account.connector().ids("contacts") for id_ in page.ids]


def value(account: Account, id_: str, name: str) -> str | None:
    found: str | None = account.ok("GET", f"/crm/v3/objects/contacts/{id_}", properties=name)["properties"][name]
    return found


def refuse_batches_with(bad: str):
    """HubSpot without trace ids: one bad row refuses the batch."""

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if path != UPDATE or bad not in [one["id"] for one in orjson.loads(body)["inputs"]]:
            return None
        error = {"status": "error", "message": f"{bad} is bad", "category": "VALIDATION_ERROR"}
        return 400, JSON, orjson.dumps(error)

    return script


def test_nothing_to_write_makes_no_request(account) -> None:
    connector = account.connector()
    assert connector.write([]) == []
    assert connector.quota().calls == 0


def test_a_batch_is_one_request_and_every_row_tells_its_stamp(start) -> None:
    account = start(leads=100)
    people = ids(account)
    account.reset()
    results = account.connector().write([op(id_, leadsync_score=73, leadsync_temperature="hot") for id_ in people])
    assert account.calls() == {"POST contacts/batch/update": 1}
    assert statuses(results) == [WriteStatus.APPLIED] * 100
    assert [result.key for result in results] == [f"key {id_}" for id_ in people]
    row = account.ok("GET", f"/crm/v3/objects/contacts/{people[0]}", properties="leadsync_score")
    assert row["properties"]["leadsync_score"] == "73"
    assert results[0].modified_at is not None
    assert utc(results[0].modified_at).isoformat(timespec="milliseconds").replace("+00:00", "Z") == row["updatedAt"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [(73, "73"), (73.0, "73"), (0.1, "0.1"), (1e-7, "0.0000001"), (1e16, "10000000000000000"), (-3, "-3"),
     (None, None), ("", None)],
)  # fmt: skip
def test_numbers_are_written_as_plain_decimals(account, given: Value, kept: str | None) -> None:
    id_ = ids(account)[0]
    connector = account.connector()
    assert statuses(connector.write([op(id_, leadsync_score=5)])) == [WriteStatus.APPLIED]
    assert statuses(connector.write([op(id_, leadsync_score=given)])) == [WriteStatus.APPLIED]
    assert value(account, id_, "leadsync_score") == kept


def test_only_named_fields_change(account) -> None:
    id_ = account.contact(email="a@x.example", jobtitle="CEO", hubspot_owner_id="70001")
    account.connector().write([op(id_, leadsync_score=1, jobtitle=None)])
    row = account.ok("GET", f"/crm/v3/objects/contacts/{id_}", properties="email,jobtitle,hubspot_owner_id")[
        "properties"
    ]
    assert (row["email"], row["jobtitle"], row["hubspot_owner_id"]) == ("a@x.example", None, "70001")


def test_a_half_failed_batch_tells_each_rows_truth(account) -> None:
    people = ids(account)[:4]
    account.call("DELETE", f"/crm/v3/objects/contacts/{people[3]}")
    results = account.connector().write(
        [
            op(people[0], leadsync_score=1),
            op(people[1], leadsync_temperature="lukewarm"),
            op(people[2], no_such_field="x"),
            op(people[3], leadsync_score=4),
        ]
    )
    assert account.calls()["POST contacts/batch/update"] == 1
    good, option, unknown, gone = results
    assert good.status is WriteStatus.APPLIED
    assert (option.status, option.code) == (WriteStatus.REJECTED, "INVALID_OPTION")
    assert option.message.startswith("leadsync_temperature: lukewarm was not one of the allowed options")
    assert option.fields == ("leadsync_temperature",)
    assert (unknown.status, unknown.code) == (WriteStatus.REJECTED, "PROPERTY_DOESNT_EXIST")
    assert unknown.message == 'Property "no_such_field" does not exist'
    assert (gone.status, gone.moved_to) == (WriteStatus.GONE, None)
    assert value(account, people[0], "leadsync_score") == "1"
    assert value(account, people[1], "leadsync_temperature") is None


def test_a_merged_row_tells_where_it_lives_on(account) -> None:
    one, two, other = ids(account)[:3]
    new = account.ok("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": one, "objectIdToMerge": two})["id"]
    results = account.connector().write([op(one, leadsync_score=1), op(other, leadsync_score=2)])
    assert statuses(results) == [WriteStatus.GONE, WriteStatus.APPLIED]
    assert results[0].moved_to == Moved(one, "contacts", new, "merged")
    assert value(account, new, "leadsync_score") is None


def test_a_refused_batch_is_halved_down_to_the_row(start) -> None:
    account = start(leads=60, script=refuse_batches_with("1038"))
    people = ids(account)
    results = account.connector().write([op(id_, leadsync_score=1) for id_ in people])
    refused = [result for result in results if result.status is not WriteStatus.APPLIED]
    assert [(result.key, result.status, result.message) for result in refused] == [
        ("key 1038", WriteStatus.REJECTED, "1038 is bad")
    ]
    assert [value(account, id_, "leadsync_score") for id_ in people[36:39]] == ["1", None, "1"]


def test_one_row_twice_in_one_call_is_written_in_order(account) -> None:
    id_ = ids(account)[0]
    writes = [
        WriteOp("first", "contacts", id_, {"leadsync_score": 1}),
        WriteOp("second", "contacts", id_, {"leadsync_score": 2}),
    ]
    results = account.connector().write(writes)
    assert [(result.key, result.status) for result in results] == [
        ("first", WriteStatus.APPLIED),
        ("second", WriteStatus.APPLIED),
    ]
    assert value(account, id_, "leadsync_score") == "2"


def test_a_stage_that_hubspot_silently_keeps_is_not_called_applied(account) -> None:
    id_ = account.contact(email="a@x.example", lifecyclestage="customer")
    connector = account.connector()
    (back,) = connector.write([op(id_, lifecyclestage="lead")])
    assert (back.status, back.code) == (WriteStatus.REJECTED, "STAGE_NOT_MOVED_BACK")
    assert "customer" in back.message
    (on,) = connector.write([op(id_, lifecyclestage="evangelist")])
    assert on.status is WriteStatus.APPLIED


def test_a_silent_no_op_is_not_called_applied(start) -> None:
    """HubSpot answers 200 with empty results to a body that it did not understand."""

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        return (200, JSON, b'{"status":"COMPLETE","results":[]}') if path == UPDATE else None

    account = start(script=script)
    people = ids(account)[:2]
    assert statuses(account.connector().write([op(id_, leadsync_score=1) for id_ in people])) == [WriteStatus.RETRY] * 2


def test_an_error_that_names_no_row_is_pinned_to_its_row(start) -> None:
    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if path != UPDATE:
            return None
        sent = [one["id"] for one in orjson.loads(body)["inputs"]]
        rows = [{"id": id_, "properties": {}, "updatedAt": "2026-11-22T00:00:00.000Z"} for id_ in sent if id_ != "1002"]
        errors = [{"category": "VALIDATION_ERROR", "message": "no name", "context": {}}] if "1002" in sent else []
        return 207, JSON, orjson.dumps({"results": rows if len(sent) == 1 else [], "errors": errors})

    results = start(script=script).connector().write([op(id_, leadsync_score=1) for id_ in ("1001", "1002", "1003")])
    assert statuses(results) == [WriteStatus.APPLIED, WriteStatus.REJECTED, WriteStatus.APPLIED]
    assert results[1].message == "no name"


def test_what_was_done_before_a_failure_is_not_forgotten(start) -> None:
    sent = []

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if path == UPDATE:
            sent.append(body)
        return (503, {}, b"") if len(sent) > 1 else None

    account = start(leads=120, script=script)
    people = ids(account)
    results = account.connector().write([op(id_, leadsync_score=1) for id_ in people])
    assert statuses(results) == [WriteStatus.APPLIED] * 100 + [WriteStatus.RETRY] * 20


def test_a_failure_before_anything_was_done_is_raised(start) -> None:
    account = start(script=lambda method, path, body: (503, {}, b"") if path == UPDATE else None)
    with pytest.raises(Transient):
        account.connector().write([op("1001", leadsync_score=1)])


def test_what_cannot_be_written(account) -> None:
    connector = account.connector()
    (result,) = connector.write([WriteOp("k", "owners", "70001", {"email": "x@x.example"})])
    assert result.status is WriteStatus.REJECTED
    with pytest.raises(NotFound):
        connector.write([WriteOp("k", "tickets", "1", {"subject": "x"})])
    assert connector.quota().calls == 0


def test_other_objects_are_written_too(account) -> None:
    task = account.ok("POST", "/crm/v3/objects/tasks", {"properties": {"hs_timestamp": "2026-11-20T10:00:00Z"}})["id"]
    contact = ids(account)[0]
    results = account.connector().write(
        [WriteOp("a", "tasks", task, {"hs_task_status": "COMPLETED"}), op(contact, leadsync_score=3)]
    )
    assert statuses(results) == [WriteStatus.APPLIED] * 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" 73\u00a0", "73"), ("\u3000", None), ("سلام\u200cها ", "سلام\u200cها"), ("\ufeffhot", "\ufeffhot")],
)
def test_no_blanks_go_around_a_value_and_all_signs_of_a_text_stay(account, given: str, kept: str | None) -> None:
    id_ = ids(account)[0]
    assert statuses(account.connector().write([op(id_, leadsync_reasons=given)])) == [WriteStatus.APPLIED]
    assert value(account, id_, "leadsync_reasons") == kept


def test_a_text_that_is_too_long_is_refused_by_itself_without_being_sent(account) -> None:
    one, two = ids(account)[:2]
    account.reset()
    connector = account.connector()
    long, fine = connector.write([op(one, leadsync_reasons="x" * 65_537), op(two, leadsync_reasons="x" * 65_536)])
    assert (long.status, long.code, long.fields) == (WriteStatus.REJECTED, "TEXT_TOO_LONG", ("leadsync_reasons",))
    assert "65536" in long.message
    assert fine.status is WriteStatus.APPLIED
    assert account.calls() == {"POST contacts/batch/update": 1}


def test_what_is_refused_beforehand_does_not_hide_a_failure(start) -> None:
    account = start(script=lambda method, path, body: (503, {}, b"") if path == UPDATE else None)
    with pytest.raises(Transient):
        account.connector().write([op("1001", leadsync_reasons="x" * 65_537), op("1002", leadsync_score=1)])


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("times", [1, 50])
def test_a_locked_row_comes_later_and_the_others_now(start, times: int, whole: bool) -> None:
    account = start(leads=40)
    people = ids(account)
    account.ok("POST", "/_sandbox/lock", {"object": "contacts", "id": people[0], "times": times, "whole": whole})
    first, *others = account.connector().write([op(id_, leadsync_score=1) for id_ in people])
    assert {result.status for result in others} == {WriteStatus.APPLIED}
    assert first.status is (WriteStatus.APPLIED if whole and times == 1 else WriteStatus.RETRY)
    assert all(seconds >= 2 for seconds in account.clock.slept)


def test_a_lock_on_everything_is_not_tried_row_by_row(start) -> None:
    account = start(leads=100, script=lambda method, path, body: (423, JSON, b"{}") if path == UPDATE else None)
    connector = account.connector()
    results = connector.write([op(str(1001 + number), leadsync_score=1) for number in range(100)])
    assert {result.status for result in results} == {WriteStatus.RETRY}
    assert connector.quota().calls < 25
    assert sum(account.clock.slept) < 30


def answering(properties: dict[str, str]):
    """HubSpot says yes, and what it says of the row is this."""

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if path != UPDATE:
            return None
        sent = [one["id"] for one in orjson.loads(body)["inputs"]]
        rows = [{"id": id_, "properties": properties, "updatedAt": "2026-11-22T00:00:00.000Z"} for id_ in sent]
        return 200, JSON, orjson.dumps({"status": "COMPLETE", "results": rows})

    return script


def test_a_stage_of_which_the_answer_says_nothing_is_looked_at(start) -> None:
    account = start(csv="email,lifecyclestage\na@x.example,customer\nb@x.example,lead\n", script=answering({}))
    kept, moved = ids(account)
    results = account.connector().write([op(kept, lifecyclestage="lead"), op(moved, lifecyclestage="lead")])
    assert [(r.status, r.code) for r in results] == [
        (WriteStatus.REJECTED, "STAGE_NOT_MOVED_BACK"),
        (WriteStatus.APPLIED, ""),
    ]
    assert account.calls()["POST contacts/batch/read"] == 1


def test_a_stage_that_cannot_be_looked_at_is_not_called_applied(start) -> None:
    yes = answering({})

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        return (503, {}, b"") if path.endswith("batch/read") else yes(method, path, body)

    account = start(script=script)
    one, two = account.connector().write([op("1001", leadsync_score=1), op("1002", lifecyclestage="lead")])
    assert (one.status, two.status) == (WriteStatus.APPLIED, WriteStatus.RETRY)


def test_a_refusal_of_the_other_shape_names_its_property_too(start) -> None:
    errors = [
        {"message": "not a number", "code": "INVALID_INTEGER", "context": {"propertyName": ["leadsync_score"]}},
        3,
    ]
    body = {"status": "error", "message": "bad", "category": "VALIDATION_ERROR", "errors": errors}
    account = start(script=lambda method, path, _: (400, JSON, orjson.dumps(body)) if path == UPDATE else None)
    (result,) = account.connector().write([op("1001", leadsync_score="x")])
    assert (result.status, result.fields) == (WriteStatus.REJECTED, ("leadsync_score",))
    assert "leadsync_score" in result.message


def test_a_context_that_is_no_list_names_its_row(start) -> None:
    def script(method: str, path: str, body: bytes) -> Scripted | None:
        error = {"category": "VALIDATION_ERROR", "message": "bad", "context": {"objectWriteTraceId": "1001"}}
        row = {"id": "1002", "properties": {}, "updatedAt": None}
        answer = {"results": [row], "numErrors": 1, "errors": [error]}
        return (207, JSON, orjson.dumps(answer)) if path == UPDATE else None

    connector = start(script=script).connector()
    results = connector.write([op("1001", leadsync_score=1), op("1002", leadsync_score=1)])
    assert statuses(results) == [WriteStatus.REJECTED, WriteStatus.APPLIED]
    assert connector.quota().calls == 1


def test_a_lead_of_the_sales_hub_is_written(account) -> None:
    contact = ids(account)[0]
    lead = made_lead(account, contact)
    (result,) = account.connector().write([WriteOp("k", "leads", lead, {"hs_lead_label": "HOT"})])
    assert result.status is WriteStatus.APPLIED
    assert (
        account.ok("GET", f"/crm/v3/objects/leads/{lead}", properties="hs_lead_label")["properties"]["hs_lead_label"]
        == "HOT"
    )
