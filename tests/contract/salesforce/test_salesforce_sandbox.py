"""The sandbox as other clients meet it: simple-salesforce in plain use, bare requests, its seeds and its door."""

import csv
import json
from datetime import date, timedelta

import pytest
import requests
from salesforce_box import NOON
from salesforce_calls import DATA, call, client
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from connectors.salesforce.sandbox import build
from leadsync.connector import SandboxOptions, UserError


def test_the_official_client_in_plain_use(box):
    sf = client(box)
    made = sf.Lead.create({"LastName": "Nowak", "Company": "Acme", "NumberOfEmployees": 5, "Email": " a@acme.example "})
    assert made["success"] is True
    assert sf.Lead.get(made["id"])["Email"] == "a@acme.example"
    assert sf.Lead.update(made["id"][:15], {"Title": "", "leadsync_score__C": 7}) == 204
    found = sf.query("SELECT Title, Leadsync_Score__c, Owner.Type FROM Lead")["records"][0]
    assert (found["Title"], found["Leadsync_Score__c"]) == (None, 7.0)
    assert "Id" in {f["name"] for f in sf.Lead.describe()["fields"]}
    assert "Lead" in [o["name"] for o in sf.describe()["sobjects"]]
    assert sf.limits()["DailyApiRequests"]["Remaining"] > 0
    assert sf.api_usage["api-usage"].used > 0
    assert sf.Lead.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        sf.Lead.delete(made["id"])
    assert sf.query("SELECT COUNT() FROM Lead")["totalSize"] == 0
    assert sf.query("SELECT COUNT() FROM Lead", include_deleted=True)["totalSize"] == 1


def test_the_official_client_pages_and_logs_in(box):
    ids = box.add("Lead", 4100)
    sf = client(box, consumer_key="any", consumer_secret="any", domain="example.my")
    assert [row["Id"] for row in sf.query_all_iter("SELECT Id FROM Lead ORDER BY Id")] == sorted(ids)
    small = sf.query("SELECT Id FROM Lead", headers={"Sforce-Query-Options": "batchSize=200"})
    assert (len(small["records"]), small["totalSize"], small["done"]) == (200, 4100, False)
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_QUERY_LOCATOR"):
        sf.query_more("01g000000000000AAA-2000")
    with pytest.raises(SalesforceExpiredSession):
        client(box, session_id="wrong", instance="sandbox.my.salesforce.com").query("SELECT Id FROM Lead")


def test_updated_and_deleted_windows(box):
    box.clock.at = NOON + timedelta(seconds=40)
    lead, gone = box.add("Lead", 2, at=NOON - timedelta(minutes=2))
    box.org.delete("Lead", gone)
    sf = client(box)
    start, end = NOON - timedelta(minutes=5), NOON + timedelta(seconds=50)
    assert sf.Lead.updated(start, end) == {"ids": [lead], "latestDateCovered": "2026-03-02T12:00:00.000+0000"}
    box.clock.at = NOON + timedelta(minutes=2)
    assert [r["id"] for r in sf.Lead.deleted(start, box.clock.at)["deletedRecords"]] == [gone]
    for first, last in ((end, end), (NOON - timedelta(days=31), end)):
        with pytest.raises(SalesforceMalformedRequest, match="INVALID_REPLICATION_DATE"):
            sf.Lead.updated(first, last)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"{DATA}/nonsense", 404, "NOT_FOUND"),
        ("GET", "/nonsense", 404, "NOT_FOUND"),
        ("GET", "/services/data/v20.0/limits", 404, "NOT_FOUND"),
        ("GET", f"{DATA}/sobjects/Nonsense/describe", 404, "NOT_FOUND"),
        ("GET", f"{DATA}/sobjects/Lead/00Q000000000001AAA", 404, "NOT_FOUND"),
        ("GET", f"{DATA}/query", 400, "MALFORMED_QUERY"),
        ("PUT", f"{DATA}/query", 405, "METHOD_NOT_ALLOWED"),
        ("POST", f"{DATA}/composite/sobjects", 400, "JSON_PARSER_ERROR"),
    ],
)
def test_refusals_are_lists(box, method, path, status, code):
    answer = call(box, method, path)
    assert answer.status_code == status
    assert answer.json()[0]["errorCode"] == code


def test_only_the_token_opens_data(box):
    assert requests.get(f"{box.url}/services/data", timeout=30).json()[-1]["version"]
    for path in (f"{DATA}/limits", "/_sandbox/calls"):
        answer = call(box, "GET", path, token="wrong")
        assert answer.status_code == 401
        assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


@pytest.mark.parametrize("way", ["row", "collection", "composite"])
@pytest.mark.parametrize(("header", "kept"), [({}, False), ({"Sforce-Auto-Assign": "FALSE"}, True)])
def test_a_client_that_forgets_the_header_loses_the_owner(box, way, header, kept):
    (lead,) = box.add("Lead")
    if way == "row":
        call(box, "PATCH", f"{DATA}/sobjects/Lead/{lead}", json={"Rating": "Hot"}, headers=header)
    else:
        body = {"records": [{"attributes": {"type": "Lead"}, "id": lead, "Rating": "Hot"}]}
        if way == "collection":
            call(box, "PATCH", f"{DATA}/composite/sobjects", json=body, headers=header)
        else:
            part = {"method": "PATCH", "url": f"{DATA}/composite/sobjects", "referenceId": "a", "body": body}
            bundle = {"compositeRequest": [part | {"httpHeaders": header}]}
            call(box, "POST", f"{DATA}/composite", json=bundle, headers={"Sforce-Auto-Assign": "FALSE"})
    assert box.row(lead)["Rating"] == "Hot"
    assert (box.row(lead)["OwnerId"] == box.org.us) is kept


def test_conditional_writes(box):
    (lead,) = box.add("Lead", at=NOON - timedelta(hours=1))
    path = f"{DATA}/sobjects/Lead/{lead}"

    def patch(since):
        return call(box, "PATCH", path, json={"Rating": "Hot"}, headers={"If-Unmodified-Since": since}).status_code

    assert patch("Mon, 02 Mar 2026 10:59:59 GMT") == 412
    assert patch("nonsense") == 400
    assert box.row(lead).get("Rating") is None
    assert patch("Mon, 02 Mar 2026 11:00:00 GMT") == 204
    assert box.row(lead)["Rating"] == "Hot"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"LastName": "x" * 81}, "STRING_TOO_LONG"),
        ({"Status": "new"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Email": "nonsense"}, "INVALID_EMAIL_ADDRESS"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"LastName": "  "}, "REQUIRED_FIELD_MISSING"),
        ({"SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"OwnerId": "00Q000000000001AAA"}, "MALFORMED_ID"),
        ({"Nonsense__c": 1}, "INVALID_FIELD"),
        ({"NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR"),
        ({"HasOptedOutOfEmail": "yes"}, "JSON_PARSER_ERROR"),
        ({"Leadsync_Score__c": True}, "JSON_PARSER_ERROR"),
        ({"EmailBouncedDate": "yesterday"}, "JSON_PARSER_ERROR"),
        ({"Id": "00Q000000000001AAA"}, "INVALID_FIELD"),
    ],
)
def test_values_that_are_refused(box, fields, code):
    (lead,) = box.add("Lead")
    answer = call(box, "PATCH", f"{DATA}/sobjects/Lead/{lead}", json=fields)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code
    assert box.row(lead)["SystemModstamp"] == "2026-03-02T11:00:00.000+0000"


def test_all_or_none(box):
    first, second = box.add("Lead", 2)
    record = {"attributes": {"type": "Lead"}}
    body = {
        "allOrNone": True,
        "records": [record | {"id": first, "Rating": "Hot"}, record | {"id": second, "Email": "x"}],
    }
    codes = [r["errors"][0]["statusCode"] for r in call(box, "PATCH", f"{DATA}/composite/sobjects", json=body).json()]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_EMAIL_ADDRESS"]
    assert box.row(first).get("Rating") is None


def test_composite_references_and_limits(box):
    query = f"{DATA}/query?q=SELECT+Id+FROM+Lead+WHERE+LastName='Neu'"

    def bundle(*parts):
        numbered = [{"referenceId": f"r{n}"} | part for n, part in enumerate(parts)]
        return call(box, "POST", f"{DATA}/composite", json={"compositeRequest": numbered})

    create = {"method": "POST", "url": f"{DATA}/sobjects/Lead", "body": {"LastName": "Neu", "Company": "Acme"}}
    update = {"method": "PATCH", "url": f"{DATA}/sobjects/Lead/@{{r0.id}}", "body": {"Title": "Head of @{r0.success}"}}
    task = {"method": "POST", "url": f"{DATA}/sobjects/Task", "body": {"WhoId": "@{r2.records[0].Id}", "Subject": "Hi"}}
    box.calls()
    found = bundle(create, update, {"method": "GET", "url": query}, task).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in found] == [201, 204, 200, 201]
    assert box.row(found[0]["body"]["id"])["Title"] == "Head of True"
    assert box.row(found[3]["body"]["id"])["WhoId"] == found[0]["body"]["id"]
    assert box.calls() == 1
    failing = bundle({"method": "GET", "url": f"{DATA}/nonsense"}, update).json()["compositeResponse"]
    assert [part["body"][0]["errorCode"] for part in failing] == ["NOT_FOUND", "PROCESSING_HALTED"]
    box.calls()
    assert bundle(*[{"method": "GET", "url": query}] * 6).status_code == 400
    assert bundle(*[{"method": "GET", "url": f"{DATA}/limits"}] * 26).status_code == 400
    assert bundle({"method": "POST", "url": f"{DATA}/composite", "body": {}}).json()["compositeResponse"][0][
        "httpStatusCode"
    ] == 400  # fmt: skip


def test_batch_calls_count_one_by_one(box):
    box.calls()
    parts = [{"method": "GET", "url": "v62.0/limits"}, {"method": "GET", "url": "v62.0/nonsense"}]
    found = call(box, "POST", f"{DATA}/composite/batch", json={"batchRequests": parts}).json()
    assert found["hasErrors"] is True
    assert [r["statusCode"] for r in found["results"]] == [200, 404]
    assert box.calls() == 1  # an address that does not exist is not counted


def test_collections_create_retrieve_and_delete(box):
    record = {"attributes": {"type": "Lead"}, "LastName": "Neu"}
    made = call(box, "POST", f"{DATA}/composite/sobjects", json={"records": [record | {"Company": "A"}, record]}).json()
    assert [r["success"] for r in made] == [True, False]
    id_ = made[0]["id"]
    body = {"ids": [id_, "00Q000000000001AAA"], "fields": ["LastName"]}
    found = call(box, "POST", f"{DATA}/composite/sobjects/Lead", json=body).json()
    assert (found[0]["LastName"], found[1]) == ("Neu", None)
    gone = call(box, "DELETE", f"{DATA}/composite/sobjects?ids={id_},nonsense").json()
    assert [r["success"] for r in gone] == [True, False]
    assert call(box, "PATCH", f"{DATA}/composite/sobjects", json={"records": [record] * 201}).status_code == 400


# seeds


def rows_of(app):
    return {name: table.rows for name, table in app.state.org.tables.items()}


def options(**more):
    return SandboxOptions(**{"token": "t", "today": date(2026, 3, 2), "leads": 300} | more)


def test_the_same_seed_gives_the_same_bytes():
    first, again, other = (rows_of(build(options(seed=seed))) for seed in (1, 1, 2))
    assert json.dumps(first) == json.dumps(again) != json.dumps(other)


def test_seeded_accounts_have_what_a_sales_team_has():
    rows = rows_of(build(options(leads=500)))
    leads, contacts = list(rows["Lead"].values()), list(rows["Contact"].values())
    assert len(leads) + len(contacts) == 500
    assert 350 <= len(leads) <= 420
    converted = [row for row in leads if row["IsConverted"]]
    assert converted
    assert {row["ConvertedContactId"] for row in converted} <= set(rows["Contact"])
    assert {row["OwnerId"][:3] for row in leads} == {"005", "00G"}
    assert [u["IsActive"] for u in rows["User"].values()].count(False) == 1
    assert {u.get("LanguageLocaleKey") for u in rows["User"].values()} == {None, "en_US", "fa", "pl", "ru", "vi"}
    assert {row.get("CallType") for row in rows["Task"].values()} == {None, "Inbound", "Outbound"}
    assert {row["Type"] for row in rows["Campaign"].values()} >= {"Webinar", "Trade Show"}
    assert {row["IsWon"] for row in rows["Opportunity"].values()} == {True, False}
    latest = max(row["SystemModstamp"] for table in rows.values() for row in table.values())
    assert latest < "2026-03-02T00:00:00.000+0000"
    for name in ("Task", "Event"):
        assert {row["WhoId"] for row in rows[name].values()} <= {*rows["Lead"], *rows["Contact"]}


def write_csv(path, *rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def test_a_loaded_file_takes_the_place_of_the_seeded_leads(tmp_path):
    given = "00Q5g00000AbCdE"
    path = write_csv(
        tmp_path / "leads.csv",
        ["Id", "Email", "NumberOfEmployees", "HasOptedOutOfEmail", "CreatedDate", "SystemModstamp"],
        [given, "a@acme.example", "12", "true", "2025-01-01T10:00:00Z", "2025-02-01T10:00:00.000+0000"],
        ["", "b@acme.example", "", "", "", ""],
    )
    org = build(options(load=path)).state.org
    first, second = org.tables["Lead"].rows.values()
    assert first["Id"][:15] == given
    assert (first["NumberOfEmployees"], first["HasOptedOutOfEmail"]) == (12, True)
    assert (first["CreatedDate"], first["SystemModstamp"]) == (
        "2025-01-01T10:00:00.000+0000", "2025-02-01T10:00:00.000+0000",
    )  # fmt: skip
    assert (second["LastName"], second["Company"]) == ("[not provided]", "[not provided]")
    assert second["SystemModstamp"] == "2026-03-02T00:00:00.000+0000"
    assert not org.tables["Contact"].rows
    assert org.tables["User"].rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Nonsense\n1\n", "csv:1: unknown column 'Nonsense'"),
        ('Company,NumberOfEmployees\n"A, B",many\n', "csv:2:8: NumberOfEmployees: 'many' is not a whole number"),
        ('Street,NumberOfEmployees\n"1\n2",1.5\n', "csv:3:4: NumberOfEmployees: '1.5' is not a whole"),
        ("AnnualRevenue\nnan\n", "csv:2:1: AnnualRevenue: 'nan' is not a number"),
        ("Id\nnonsense\n", "csv:2:1: Id: 'nonsense' is not a Salesforce id"),
        ("Id\n0035g00000AbCdE\n", "of a lead"),
        ("Id\n00Q5g00000AbCdE\n00Q5g00000AbCdE\n", "csv:3:1: Id: 00Q5g00000AbCdEEAV stands twice"),
        (f"FirstName\n{'x' * 41}\n", "longer than 40"),
        ("IsConverted\nperhaps\n", "not true or false"),
        ("CreatedDate\nyesterday\n", "'yesterday' is not a datetime such as"),
        ("FirstName,LastName\na,b\nc\n", "csv:3: fewer cells than columns"),
        ("Address\nx\n", "unknown column 'Address'"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_where(tmp_path, text, said):
    path = tmp_path / "leads.csv"
    path.write_bytes(text.encode())
    with pytest.raises(UserError) as caught:
        build(options(load=path))
    assert said in str(caught.value)


def test_people_act_when_told_to(make_box):
    box = make_box(leads=100)
    before = len(box.org.tables["Task"]) + len(box.org.tables["Event"])
    acted = box.door("act", seed=4, leads=8)["acted"]
    assert len({one["id"] for one in acted}) == 8
    assert all(box.org.kind(one["id"]) == one["object"] for one in acted)
    edited = [one for one in acted if "changed by a rep" in one["what"]]
    assert len(edited) == 1
    row = box.row(edited[0]["id"])
    assert row["SystemModstamp"] == "2026-03-02T12:00:00.000+0000"
    assert row["LastModifiedById"] != box.org.us
    new = [
        row for name in ("Task", "Event", "CampaignMember") for row in box.org.tables[name].rows.values()
        if row["SystemModstamp"] == "2026-03-02T12:00:00.000+0000"
    ]  # fmt: skip
    assert {row.get("WhoId") or row["LeadOrContactId"] for row in new} == {
        one["id"] for one in acted if one not in edited
    }
    assert before < len(box.org.tables["Task"]) + len(box.org.tables["Event"])
    twin = make_box(leads=100)
    assert twin.door("act", seed=4, leads=8)["acted"] == acted


def test_the_door_refuses_nonsense(box):
    for path, body in (("convert", {"id": "x"}), ("merge", {"winner": "x"}), ("act", {"seed": "x"}), ("nonsense", {})):
        answer = call(box, "POST", f"/_sandbox/{path}", json=body)
        assert answer.status_code in (400, 404)
        assert answer.json()["error"]


def test_soap_login_and_broken_json(box):
    assert "INVALID_LOGIN" in requests.post(f"{box.url}/services/Soap/u/62.0", data=b"<x/>", timeout=30).text
    answer = call(box, "POST", f"{DATA}/sobjects/Lead", data=b"{nonsense")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
