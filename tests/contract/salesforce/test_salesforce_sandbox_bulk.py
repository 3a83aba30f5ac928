"""Bulk API 2.0 of the sandbox, as simple-salesforce and bare requests meet it."""

import csv
import io
from datetime import timedelta

import pytest
from salesforce_box import NOON
from salesforce_calls import DATA, call, client

QUERY = f"{DATA}/jobs/query"
INGEST = f"{DATA}/jobs/ingest"


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def opened(box, query, operation="query"):
    answer = call(box, "POST", QUERY, json={"operation": operation, "query": query})
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def finished(box, path):
    states = []
    while not states or states[-1] in ("UploadComplete", "InProgress"):
        states.append(call(box, "GET", path).json()["state"])
        assert len(states) < 10
    return states


def test_the_official_client_reads_pages(box):
    box.add("Lead", 30, Title='two\nlines, "quoted"', NumberOfEmployees=7, AnnualRevenue=5.0)
    pages = list(client(box).bulk2.Lead.query("SELECT Id, Title, NumberOfEmployees FROM Lead", 20, wait=0.01))
    rows = [rows_of(page) for page in pages]
    assert [len(some) for some in rows] == [20, 10]
    assert rows[0][0]["Title"] == 'two\nlines, "quoted"'
    assert rows[0][0]["NumberOfEmployees"] == "7"


def test_a_job_takes_its_time_and_its_end_is_a_word(box):
    box.add("Lead", 3, Title=None, HasOptedOutOfEmail=True)
    job = opened(box, "SELECT Id, Title, HasOptedOutOfEmail, CreatedDate, Owner.Name FROM Lead")
    early = call(box, "GET", f"{QUERY}/{job}/results")
    assert (early.status_code, early.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert finished(box, f"{QUERY}/{job}") == ["InProgress", "JobComplete"]
    first = call(box, "GET", f"{QUERY}/{job}/results?maxRecords=2")
    assert (first.headers["Sforce-NumberOfRecords"], first.headers["Content-Encoding"]) == ("2", "gzip")
    rest = call(box, "GET", f"{QUERY}/{job}/results?maxRecords=2&locator={first.headers['Sforce-Locator']}")
    assert (rest.headers["Sforce-NumberOfRecords"], rest.headers["Sforce-Locator"]) == ("1", "null")
    row = rows_of(rest.text)[0]
    assert (row["Title"], row["HasOptedOutOfEmail"], row["CreatedDate"]) == ("", "true", "2026-03-02T11:00:00.000Z")
    assert row["Owner.Name"] == "leadsync Integration"
    assert call(box, "GET", f"{QUERY}/{job}").json()["numberRecordsProcessed"] == 3


def test_integers_may_look_like_floats(box):
    box.add("Lead", NumberOfEmployees=7)
    box.door("set", int_as_float=True)
    job = opened(box, "SELECT NumberOfEmployees FROM Lead")
    finished(box, f"{QUERY}/{job}")
    assert rows_of(call(box, "GET", f"{QUERY}/{job}/results").text) == [{"NumberOfEmployees": "7.0"}]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT COUNT() FROM Lead", "API_ERROR"),
        ("SELECT Id FROM Lead OFFSET 5", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Tasks) FROM Lead", "API_ERROR"),
        ("SELECT Status FROM Lead GROUP BY Status", "MALFORMED_QUERY"),
        ("SELECT TYPEOF Who WHEN Lead THEN Id END FROM Task", "MALFORMED_QUERY"),
        ("SELECT Address FROM Lead", "FEATURENOTENABLED"),
        ("SELECT Nonsense FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM TaskStatus", "INVALIDENTITY"),
        ("SELECT Id FROM Nonsense", "INVALID_TYPE"),
    ],
)
def test_queries_that_no_job_can_do(box, query, code):
    answer = call(box, "POST", QUERY, json={"operation": "query", "query": query})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_jobs_end_after_seven_days(box):
    job = opened(box, "SELECT Id FROM Lead")
    finished(box, f"{QUERY}/{job}")
    box.clock.at = NOON + timedelta(days=6)
    assert call(box, "GET", f"{QUERY}/{job}/results").status_code == 200
    box.clock.at = NOON + timedelta(days=7)
    assert call(box, "GET", f"{QUERY}/{job}/results").status_code == 404


def test_a_query_job_is_aborted_and_deleted(box):
    job = opened(box, "SELECT Id FROM Lead", "queryAll")
    assert call(box, "DELETE", f"{QUERY}/{job}").status_code == 400
    assert call(box, "PATCH", f"{QUERY}/{job}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert call(box, "GET", f"{QUERY}/{job}/results").status_code == 400
    assert call(box, "DELETE", f"{QUERY}/{job}").status_code == 204
    assert call(box, "GET", f"{QUERY}/{job}").status_code == 404


# ingest


def table(*rows):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def ingest(box, *rows, operation="update", **more):
    answer = call(box, "POST", INGEST, json={"object": "Lead", "operation": operation, "lineEnding": "LF"} | more)
    job = answer.json()
    assert job["state"] == "Open"
    sent = call(box, "PUT", f"/{job['contentUrl']}", data=table(*rows), headers={"Content-Type": "text/csv"})
    assert (sent.status_code, sent.content) == (201, b"")
    call(box, "PATCH", f"{INGEST}/{job['id']}", json={"state": "UploadComplete"})
    return f"{INGEST}/{job['id']}"


def results(box, job, name):
    return rows_of(call(box, "GET", f"{job}/{name}").text)


def test_rows_are_updated_one_by_one(box):
    good, bad, converted, kept = box.add("Lead", 4, Title="old", Rating="Hot")
    box.org.change(converted, {"IsConverted": True})
    job = ingest(
        box,
        ["Id", "Title", "Rating", "NumberOfEmployees"],
        [good, "#N/A", "", "7"],
        [bad, "x" * 129, "", ""],
        [converted, "new", "", ""],
        [kept, "new", "", "many"],
        ["nonsense", "new", "", ""],
    )
    assert finished(box, job) == ["InProgress", "JobComplete"]
    info = call(box, "GET", job).json()
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (5, 4)
    (done,) = results(box, job, "successfulResults")
    assert (done["sf__Id"], done["sf__Created"], done["NumberOfEmployees"]) == (good, "false", "7")
    failed = {row["Id"]: row["sf__Error"] for row in results(box, job, "failedResults")}
    assert failed[bad].startswith("STRING_TOO_LONG:Title: data value too large")
    assert failed[bad].endswith(":Title --")
    assert failed[converted] == "CANNOT_UPDATE_CONVERTED_LEAD:cannot reference converted lead:--"
    assert failed[kept].startswith("INVALID_FIELD:Failed to deserialize field at col 3")
    assert failed["nonsense"].startswith("MALFORMED_ID")
    row = box.row(good)
    assert (row["Title"], row["Rating"], row["NumberOfEmployees"]) == (None, "Hot", 7)
    assert row["OwnerId"] == box.org.us  # no assignment rules without assignmentRuleId
    assert results(box, job, "unprocessedrecords") == results(box, job, "unprocessedRecords") == []


def test_a_table_is_sent_once(box):
    (lead,) = box.add("Lead")
    job = call(box, "POST", INGEST, json={"object": "Lead", "operation": "update"}).json()
    headers = {"Content-Type": "text/csv"}
    put = f"/{job['contentUrl']}"
    assert call(box, "PUT", put, data=table(["Id", "Title"], [lead, "new"]), headers=headers).status_code == 201
    assert call(box, "PUT", put, data=table(["Id", "Title"], [lead, "newer"]), headers=headers).status_code == 400
    assert call(box, "PUT", put, json={}).status_code == 415
    path = f"{INGEST}/{job['id']}"
    assert call(box, "PATCH", path, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert results(box, path, "unprocessedRecords") == [{"Id": lead, "Title": "new"}]
    assert call(box, "PATCH", path, json={"state": "UploadComplete"}).status_code == 400
    assert box.row(lead).get("Title") is None
    assert call(box, "DELETE", path).status_code == 204


def test_a_wrong_header_fails_the_job(box):
    for header in (["Id", "Nonsense"], ["Title"], ["Id", "Title", "title"]):
        job = ingest(box, header, ["x"] * len(header))
        assert finished(box, job)[-1] == "Failed"
        assert call(box, "GET", job).json()["errorMessage"].startswith("InvalidBatch")


def test_the_official_client_writes(box):
    (lead,) = box.add("Lead")
    bulk = client(box).bulk2.Lead
    (made,) = bulk.insert(records=[{"LastName": "Neu", "Company": "Acme"}, {"LastName": "Nobody"}], wait=0.01)
    assert (made["numberRecordsTotal"], made["numberRecordsFailed"]) == (2, 1)
    assert "REQUIRED_FIELD_MISSING" in bulk.get_failed_records(made["job_id"])
    (told,) = bulk.update(records=[{"Id": lead, "Title": "new"}], wait=0.01)
    assert told["numberRecordsFailed"] == 0
    assert box.row(lead)["Title"] == "new"
    assert bulk.get_unprocessed_records(told["job_id"])
    (gone,) = bulk.delete(records=[{"Id": lead}], wait=0.01)
    assert gone["numberRecordsFailed"] == 0
    assert box.row(lead)["IsDeleted"] is True
