"""Jobs of Bulk API 2.0: a first load of many rows, and writes of many rows."""

import csv
import gzip
import io
import json
from datetime import timedelta

import pytest
from salesforce_box import NOON, Answer

from connectors.salesforce import ingest, reading
from leadsync.connector import AuthLost, Moved, Rejected, Transient, WriteOp, WriteStatus

JOB = "7505g00000000001AA"
FIELDS = ("LastName", "NumberOfEmployees", "HasOptedOutOfEmail", "Email", "CreatedDate")


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch):
    monkeypatch.setattr(reading, "BULK_FROM", 2000)


def table(rows):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def row(n, **more):
    stamps = dict.fromkeys(("CreatedDate", "SystemModstamp"), "2026-03-01T10:00:00.000Z")
    plain = {"Id": f"00Q5g00000{n:05}AAA", "IsDeleted": "false", "IsConverted": "false", "ConvertedContactId": ""}
    return {**plain, **stamps, "ConvertedDate": "", "MasterRecordId": "", "LastName": f"Doe {n}",
            "NumberOfEmployees": "7.0", "HasOptedOutOfEmail": "true", "Email": "", **more}  # fmt: skip


class Jobs:
    """Answers the routes of bulk jobs; everything else is left to the sandbox."""

    def __init__(self, *parts, states=("JobComplete",)):
        self.parts, self.states, self.asked, self.made = parts, list(states), [], []
        self.refuses = None

    def __call__(self, seen):
        if "/jobs/query" not in seen.path:
            return None
        if seen.method == "POST":
            self.made.append(json.loads(seen.body))
            return self.refuses or Answer(200, {"id": JOB, "state": "UploadComplete"})
        if not seen.path.endswith("/results"):
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            if state == "gone":
                return Answer(404, [{"errorCode": "NOT_FOUND", "message": "no job"}])
            return Answer(200, {"id": JOB, "state": state, "errorMessage": "too much"})
        self.asked.append(seen.query.get("locator", ""))
        number = int(self.asked[-1] or 0)
        rows, following = self.parts[number], str(number + 1) if number + 1 < len(self.parts) else "null"
        heads = {"Sforce-Locator": following, "Sforce-NumberOfRecords": str(len(rows)), "content-encoding": "gzip"}
        return Answer(200, gzip.compress(table(rows)), heads)


def filled(box, count=2001):
    return sorted(box.add("Lead", count))


def test_few_rows_are_read_without_a_job(box):
    filled(box, 2000)
    box.front.always = jobs = Jobs()
    assert sum(len(page.records) for page in box.connect().backfill("Lead", None, FIELDS)) == 2000
    assert jobs.made == []


def test_many_rows_come_from_a_job_that_has_a_name_before_it_is_waited_for(box):
    ids = filled(box)
    box.front.always = jobs = Jobs([row(n) for n in range(5000)], [row(n) for n in range(5000, 5003)])
    connector = box.connect()
    pages = list(connector.backfill("Lead", None, FIELDS))
    assert [len(page.records) for page in pages] == [2000, 0, 2000, 2000, 1000, 3]
    assert jobs.asked == ["", "1"]
    (made,) = jobs.made
    assert made["operation"] == "queryAll"
    assert f"Id > '{ids[1999]}'" in made["query"]
    assert "IsDeleted = false" in made["query"]
    assert "ORDER BY" not in made["query"]
    assert pages[-1].resume is None
    assert all(page.resume for page in pages[:-1])
    assert JOB in pages[1].resume
    assert pages[2].records[0].fields == {
        "LastName": "Doe 0", "NumberOfEmployees": 7, "HasOptedOutOfEmail": True, "Email": None,
        "CreatedDate": "2026-03-01T10:00:00.000+0000",
    }  # fmt: skip
    assert isinstance(pages[2].records[0].fields["NumberOfEmployees"], int)


def test_it_goes_on_from_any_page(box):
    filled(box)
    box.front.always = jobs = Jobs([row(n) for n in range(4500)], [row(n) for n in range(4500, 6000)])
    connector = box.connect()
    pages = list(connector.backfill("Lead", None, FIELDS))
    for i, page in enumerate(pages[1:-1], start=1):
        rest = list(box.connect().backfill("Lead", page.resume, FIELDS))
        assert [r.id for p in rest for r in p.records] == [r.id for p in pages[i + 1 :] for r in p.records]
    assert len(jobs.made) == 1


def test_rows_are_as_old_as_their_job(box):
    filled(box)
    box.front.always = Jobs([row(1)])
    pages = list(box.connect().backfill("Lead", None, FIELDS))
    box.clock.at = NOON + timedelta(hours=5)
    (late,) = box.connect().backfill("Lead", pages[1].resume, FIELDS)
    assert late.read_at == NOON


def test_a_job_that_works_on_is_left_for_later(box):
    filled(box)
    box.front.always = jobs = Jobs([row(1)], states=["InProgress"])
    stream = box.connect().backfill("Lead", None, FIELDS)
    token = [next(stream), next(stream)][-1].resume
    with pytest.raises(Transient, match="still works") as caught:
        next(stream)
    assert caught.value.retry_after
    assert sum(box.clock.slept) <= 10
    jobs.states = ["JobComplete"]
    (page,) = box.connect().backfill("Lead", token, FIELDS)
    assert len(page.records) == 1
    assert len(jobs.made) == 1


@pytest.mark.parametrize("state", ["Failed", "Aborted", "gone"])
def test_a_job_that_came_to_nothing_is_read_otherwise(box, state, caplog):
    ids = filled(box)
    box.front.always = Jobs(states=[state])
    pages = list(box.connect().backfill("Lead", None, FIELDS))
    assert [r.id for page in pages for r in page.records] == ids
    assert pages[-1].resume is None
    assert "is read without one" in caplog.text


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(400, [{"errorCode": "INVALIDENTITY", "message": "Entity 'Lead' is not supported by the Bulk API."}]),
        Answer(400, [{"errorCode": "LIMIT_EXCEEDED", "message": "Max bulk v2 query jobs (10000) per 24 hrs"}]),
        Answer(403, [{"errorCode": "FUNCTIONALITY_NOT_ENABLED", "message": "no"}]),
    ],
)
def test_an_account_that_allows_no_job_is_read_without(box, refusal):
    ids = filled(box)
    box.front.always = jobs = Jobs()
    jobs.refuses = refusal
    assert [r.id for page in box.connect().backfill("Lead", None, FIELDS) for r in page.records] == ids


@pytest.mark.parametrize(
    ("obj", "fields"), [("Lead", ("Owner.Name",)), ("Opportunity", ("Name",)), ("CampaignMember", ("Campaign.Name",))]
)
def test_columns_that_a_job_cannot_do_are_read_without(box, obj, fields):
    given = {"CampaignMember": {"CampaignId": None}}.get(obj, {})
    ids = sorted(box.add(obj, 2001, **given))
    box.front.always = jobs = Jobs()
    assert [r.id for page in box.connect().backfill(obj, None, fields) for r in page.records] == ids
    assert jobs.made == []


def test_what_is_odd_in_a_table(box):
    filled(box)
    odd = [
        row(1, LastName='Line\nbreak, "quoted"', Email="nul\0inside@acme.example"),
        row(2, IsConverted="true", ConvertedContactId="0035g00000000001AAA", ConvertedDate="2026-03-01"),
    ]
    box.front.always = Jobs(odd)
    *_, page = box.connect().backfill("Lead", None, FIELDS)
    assert page.records[0].fields["LastName"] == 'Line\nbreak, "quoted"'
    assert page.records[0].fields["Email"] == "nulinside@acme.example"
    assert page.moved == [Moved(odd[1]["Id"], "Contact", "0035g00000000001AAA", "converted", page.moved[0].at)]


@pytest.mark.parametrize("heads", [{}, {"Sforce-Locator": "null", "Sforce-NumberOfRecords": "2"}])
def test_a_table_that_ended_early_is_not_the_end(box, heads):
    filled(box)
    jobs = Jobs()
    results = Answer(200, table([row(1)]), heads)
    box.front.always = lambda seen: results if seen.path.endswith("/results") else jobs(seen)
    with pytest.raises(Transient, match="part of a table"):
        list(box.connect().backfill("Lead", None, FIELDS))


def test_a_table_that_repeats_itself_is_an_error(box):
    filled(box)
    jobs = Jobs()
    results = Answer(200, table([row(1)]), {"Sforce-Locator": "again"})
    box.front.always = lambda seen: results if seen.path.endswith("/results") else jobs(seen)
    with pytest.raises(Rejected, match="same rows"):
        list(box.connect().backfill("Lead", None, FIELDS))


def test_too_many_rows_to_count_are_many(box):
    filled(box)
    jobs = Jobs([row(1)])
    slow = Answer(400, [{"errorCode": "QUERY_TIMEOUT", "message": "Your query request was running for too long."}])
    box.front.always = lambda seen: slow if "COUNT()" in seen.query.get("q", "") else jobs(seen)
    assert len(list(box.connect().backfill("Lead", None, FIELDS))) == 3
    assert len(jobs.made) == 1


def test_a_job_of_the_sandbox_gives_the_very_values_that_queries_give(box):
    ids = filled(box, 4500)
    box.org.delete("Lead", ids[4000])
    connector, pages, token = box.connect(), [], None
    for _ in range(10):
        try:
            for page in connector.backfill("Lead", token, FIELDS):
                pages.append(page)
                token = page.resume
            break
        except Transient as waits:
            box.clock.at += timedelta(seconds=waits.retry_after or 1)
    found = {r.id: r for page in pages for r in page.records}
    assert list(found) == [id_ for id_ in ids if id_ != ids[4000]]
    assert len(found) == sum(len(page.records) for page in pages)
    assert any("/jobs/query/" in path for path in box.front.paths())
    for id_, record in connector.fetch("Lead", ids[3000:3100], FIELDS).items():
        assert found[id_] == record


# writing


class Ingest:
    """Answers the routes of ingest jobs."""

    def __init__(self, state="JobComplete", **more):
        self.state, self.more, self.calls, self.tables, self.sent = state, more, [], {}, b""

    def __call__(self, seen):
        if "/jobs/ingest" not in seen.path:
            return None
        what = seen.path.split("/jobs/ingest")[1].removeprefix(f"/{JOB}")
        self.calls.append((seen.method, what, json.loads(seen.body) if seen.method in ("POST", "PATCH") else None))
        if seen.method == "PUT":
            self.sent = seen.body
            return Answer(201)
        if seen.method == "GET" and what:
            return Answer(200, self.tables.get(what, b""))
        return Answer(200, {"id": JOB, "state": self.state, **self.more})


def op(id_, **fields):
    return WriteOp(f"key {id_}", "Lead", id_, fields)


def failure(id_, error):
    return {"sf__Id": "", "sf__Error": error, "Id": id_, "Rating": "Hot"}


def test_a_job_is_opened_filled_once_and_closed(box):
    first, second = box.add("Lead", 2)
    box.front.always = jobs = Ingest("Open")
    connector = box.connect()
    job = connector.bulk_open("Lead", ["Rating", "Title"])
    assert job == JOB
    connector.bulk_send(job, [op(first, Rating="Hot", Title=None), op(second, Title='a, "b"\nc', DoNotCall=True)])
    assert [call[:2] for call in jobs.calls] == [("POST", ""), ("PUT", "/batches"), ("PATCH", "")]
    assert jobs.calls[0][2] == {"object": "Lead", "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
    assert jobs.calls[2][2] == {"state": "UploadComplete"}
    assert jobs.sent.decode() == (f'Id,Rating,Title,DoNotCall\n{first},Hot,#N/A,\n{second},,"a, ""b""\nc",true\n')


def test_results_are_matched_by_id(box):
    good, refused, locked, gone = box.add("Lead", 4)
    box.org.delete("Lead", gone)
    writes = [op(id_, Rating="Hot") for id_ in (gone, refused, good, locked)]
    writes.append(op("00Q'", Rating="Hot"))
    box.front.always = jobs = Ingest(numberRecordsProcessed=4, numberRecordsFailed=3)
    refusal = "FIELD_CUSTOM_VALIDATION_EXCEPTION:Ratio must be 1:2:Rating --"
    jobs.tables["/failedResults"] = table([
        failure(locked, "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"),
        failure(refused, refusal), failure(gone, "ENTITY_IS_DELETED:entity is deleted:--"),
    ])  # fmt: skip
    results = box.connect().bulk_results(JOB, writes)
    assert [r.key for r in results] == [w.key for w in writes]
    by = {r.key.removeprefix("key "): r for r in results}
    assert by[good].status is WriteStatus.APPLIED
    assert by[locked].status is WriteStatus.RETRY
    assert by[gone].status is WriteStatus.GONE
    assert (by[refused].status, by[refused].code) == (WriteStatus.REJECTED, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert by[refused].fields == ("Rating",)
    assert "Ratio must be 1:2" in by[refused].message
    assert by["00Q'"].code == "MALFORMED_ID"
    assert ("GET", "/successfulResults", None) not in jobs.calls


@pytest.mark.parametrize("state", ["UploadComplete", "InProgress"])
def test_a_job_at_work_has_no_results_yet(box, state):
    box.front.always = Ingest(state)
    assert box.connect().bulk_results(JOB, [op(*box.add("Lead"), Rating="Hot")]) is None


def test_a_job_that_was_never_sent_is_given_up(box):
    box.front.always = jobs = Ingest("Open")
    (result,) = box.connect().bulk_results(JOB, [op(*box.add("Lead"), Rating="Hot")])
    assert result.status is WriteStatus.RETRY
    assert jobs.calls[-1] == ("PATCH", "", {"state": "Aborted"})


def test_a_job_that_nobody_knows_is_sent_again(box):
    box.front.always = lambda seen: Answer(404, [{"errorCode": "NOT_FOUND"}]) if "/jobs/" in seen.path else None
    (result,) = box.connect().bulk_results(JOB, [op(*box.add("Lead"), Rating="Hot")])
    assert result.status is WriteStatus.RETRY


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_job_that_broke_off_tells_the_truth_of_each_row(box, state):
    done, refused, open_ = box.add("Lead", 3)
    box.front.always = jobs = Ingest(state, numberRecordsProcessed=2, numberRecordsFailed=1, errorMessage="stopped")
    jobs.tables["/failedResults"] = table([failure(refused, "STRING_TOO_LONG:too long:Rating --")])
    jobs.tables["/successfulResults"] = table([{"sf__Id": done, "sf__Created": "false", "Id": done}])
    results = box.connect().bulk_results(JOB, [op(id_, Rating="Hot") for id_ in (done, refused, open_)])
    assert [r.status for r in results] == [WriteStatus.APPLIED, WriteStatus.REJECTED, WriteStatus.RETRY]
    assert results[2].message == "stopped"


def test_what_does_not_fit_into_one_upload_is_sent_later(box, monkeypatch):
    monkeypatch.setattr(ingest, "MOST_BYTES", 60)
    first, second = sorted(box.add("Lead", 2))
    writes = [op(second, Title="x" * 20), op(first, Title="y" * 20)]
    box.front.always = jobs = Ingest(numberRecordsProcessed=1, numberRecordsFailed=0)
    connector = box.connect()
    connector.bulk_send(JOB, writes)
    assert jobs.sent.decode().splitlines() == ["Id,Title", f"{first},{'y' * 20}"]
    jobs.tables["/successfulResults"] = table([{"sf__Id": first, "sf__Created": "false", "Id": first}])
    assert [r.status for r in connector.bulk_results(JOB, writes)] == [WriteStatus.RETRY, WriteStatus.APPLIED]


def test_opening_and_sending_are_never_repeated(box):
    (lead,) = box.add("Lead")
    connector = box.warm()
    box.front.always = lambda seen: Answer(503)
    for call in (
        lambda: connector.bulk_open("Lead", ["Rating"]), lambda: connector.bulk_send(JOB, [op(lead, Rating="Hot")])
    ):  # fmt: skip
        box.front.seen.clear()
        with pytest.raises(Transient):
            call()
        assert len(box.front.seen) == 1


def test_a_session_that_ends_in_the_middle_is_healed(box):
    (lead,) = box.add("Lead")
    jobs = Ingest("Open")
    box.front.always = jobs
    connector = box.connect(app=True)
    connector.describe("Lead")
    expired = Answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
    box.front.script = [expired]
    connector.bulk_send(JOB, [op(lead, Rating="Hot")])
    assert jobs.sent
    box.front.always = lambda seen: expired if "/services/data/" in seen.path else None
    with pytest.raises(AuthLost):
        connector.bulk_send(JOB, [op(lead, Rating="Hot")])


def test_a_name_that_is_none_opens_no_job(box):
    with pytest.raises(Rejected, match="no field"):
        box.connect().bulk_open("Lead", ["Owner.Name"])
    assert box.front.seen == []
