import orjson
import pytest
from hubspot_account import Account, Scripted

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
