"""What goes wrong in the sandbox when it is told to, its limits, its clock, and rows that come late or go for good."""

from datetime import datetime, timedelta

import pytest
import requests
from salesforce_box import NOON, TOKEN
from salesforce_calls import DATA, call, client

from connectors.salesforce.sandbox import build
from leadsync.connector import FaultRule, SandboxOptions, UserError

LIMITS = f"{DATA}/limits"


def faults(box, *rules):
    answer = call(box, "POST", "/_sandbox/faults", json=list(rules))
    assert answer.status_code == 200, answer.text


def code_of(answer):
    return answer.json()[0]["errorCode"] if "json" in answer.headers.get("content-type", "") else answer.text


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("401", 401, "INVALID_SESSION_ID"),
        ("not_attached", 401, "INVALID_AUTH_HEADER"),
        ("not_for_rest", 401, "INVALID_SESSION_ID"),
        ("403", 403, "INSUFFICIENT_ACCESS"),
        ("daily_limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("concurrent_limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("query_timeout", 400, "QUERY_TIMEOUT"),
        ("metering", 400, "TXN_SECURITY_METERING_ERROR"),
        ("500", 500, "UNKNOWN_EXCEPTION"),
        ("503", 503, "SERVER_UNAVAILABLE"),
        ("empty", 406, ""),
        ("429", 429, ""),
        ("414", 414, "URI Too Long"),
        ("maintenance", 503, "<html>"),
        ("html", 200, "<html>"),
    ],
)
def test_faults_in_salesforces_words(box, fault, status, said):
    faults(box, {"call": "GET */limits", "fault": fault, "seconds": 7})
    assert call(box, "GET", f"{DATA}/sobjects").status_code == 200
    answer = call(box, "GET", LIMITS)
    assert answer.status_code == status
    assert said in code_of(answer)
    assert answer.headers["Date"] == "Mon, 02 Mar 2026 12:00:00 GMT"
    assert call(box, "GET", LIMITS).status_code == 200


def test_the_token_route_has_its_own_shape(box):
    for fault, status, error in (("401", 400, "invalid_grant"), ("503", 503, "temporarily_unavailable")):
        faults(box, {"call": "* /services/oauth2/token", "fault": fault})
        form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
        answer = requests.post(f"{box.url}/services/oauth2/token", data=form, timeout=30)
        assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_faults_from_the_start(make_box):
    box = make_box(faults=(FaultRule(fault="503", after=1, every=2, times=2),))
    assert [call(box, "GET", LIMITS).status_code for _ in range(6)] == [200, 503, 200, 503, 200, 200]
    with pytest.raises(UserError, match="no fault 'nonsense'"):
        build(SandboxOptions("t", NOON.date(), faults=(FaultRule(fault="nonsense"),)))


# limits


def test_addresses_and_headers_have_a_size(box):
    assert call(box, "GET", f"{LIMITS}?x={'x' * 16_000}").status_code == 200
    assert call(box, "GET", f"{LIMITS}?x={'x' * 16_384}").status_code == 414
    assert call(box, "GET", f"{LIMITS}?x={'x' * 16_000}", headers={"X-Long": "x" * 400}).status_code == 431


def test_the_days_calls_come_back_by_the_clock(box):
    box.door("set", used=99_999)
    assert call(box, "GET", LIMITS).headers["Sforce-Limit-Info"] == "api-usage=100000/100000; api-bursts=1/750"
    answer = call(box, "GET", LIMITS)
    assert (answer.status_code, code_of(answer)) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert client(box).api_usage == {}
    box.clock.at = NOON + timedelta(hours=24)
    assert call(box, "GET", LIMITS).json()["DailyApiRequests"]["Remaining"] == 99_999


def test_pages_may_be_short(box):
    ids = box.add("Lead", 600)
    box.door("set", page=250)
    sf = client(box)
    first = sf.query("SELECT Id FROM Lead ORDER BY Id")
    assert (len(first["records"]), first["totalSize"], first["done"]) == (250, 600, False)
    assert [row["Id"] for row in sf.query_all_iter("SELECT Id FROM Lead ORDER BY Id")] == ids


# late and gone


def test_a_late_commit_has_an_older_stamp(box):
    made = box.door("late", object="Lead", seconds=90, fields={"LastName": "Late", "Company": "Acme"})
    found = client(box).query("SELECT Id, SystemModstamp FROM Lead")["records"]
    assert [(r["Id"], r["SystemModstamp"]) for r in found] == [(made["id"], "2026-03-02T11:58:30.000+0000")]


def test_a_change_is_found_late_but_read_at_once(box):
    (lead,) = box.add("Lead", Title="old")
    box.door("set", lag=30)
    sf = client(box)
    sf.Lead.update(lead, {"Title": "new"}, headers={"Sforce-Auto-Assign": "FALSE"})
    assert sf.query("SELECT Id FROM Lead WHERE Title = 'new'")["totalSize"] == 0
    assert sf.query(f"SELECT Title FROM Lead WHERE Id = '{lead}'")["records"][0]["Title"] == "new"
    box.door("set", lag=0)
    box.clock.at = NOON + timedelta(seconds=30)
    stamp = "SystemModstamp >= 2026-03-02T12:00:00Z AND SystemModstamp <= 2026-03-02T12:00:00Z"
    assert sf.query(f"SELECT Id FROM Lead WHERE {stamp}")["totalSize"] == 1


def test_what_is_purged_is_only_among_the_deleted(box):
    lead, kept = box.add("Lead", 2)
    box.door("purge", id=lead)
    sf = client(box)
    rows = sf.query("SELECT Id FROM Lead", include_deleted=True)["records"]
    assert [row["Id"] for row in rows] == [kept]
    assert call(box, "GET", f"{DATA}/sobjects/Lead/{lead}").status_code == 404
    box.clock.at = NOON + timedelta(minutes=5)
    start = datetime.fromisoformat("2026-03-02T11:00:00Z")
    assert [row["id"] for row in sf.Lead.deleted(start, box.clock.at)["deletedRecords"]] == [lead]


def test_a_door_says_what_is_wrong(box):
    for door, body in (("set", {"nonsense": 1}), ("rule", {"object": "Lead", "when": "Nonsense = 1", "message": "x"})):
        answer = call(box, "POST", f"/_sandbox/{door}", json=body, token=TOKEN)
        assert answer.status_code == 400
        assert answer.json()["error"]
