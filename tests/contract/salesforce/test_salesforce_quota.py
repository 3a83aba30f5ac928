"""Limits: what is waited for, how long, and what is known of the account's day."""

import pytest
from salesforce_box import TOKEN, Answer

from leadsync.connector import Transient


def refused(code, message="", status=403):
    return Answer(status, [{"errorCode": code, "message": message}])


@pytest.mark.parametrize(
    ("answer", "code", "wait"),
    [
        (refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), "daily_limit", 3600.0),
        (refused("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), "limit", 5.0),
        (refused("TXN_SECURITY_METERING_ERROR", "too slow"), "unavailable", None),
        (Answer(420), "unavailable", None),
        (Answer(429, b"", {"retry-after": "30"}), "unavailable", 30.0),
        (Answer(502), "unavailable", None),
        (Answer(504), "unavailable", None),
        (Answer(503, b"<html><body>Maintenance</body></html>"), "html", None),
    ],
)
def test_what_passes_is_waited_for(box, answer, code, wait):
    box.front.always = lambda seen: answer
    with pytest.raises(Transient) as caught:
        list(box.connect().backfill("Lead", None, []))
    assert (caught.value.code, caught.value.retry_after) == (code, wait)
    assert len(box.front.seen) == (1 if wait and wait > 10 else 4)
    assert sum(box.clock.slept) <= 30


@pytest.mark.parametrize(
    "header",
    [
        "api-usage=18/5000",
        "api-usage=18/5000; api-bursts=1/750",
        "api-bursts=1/750; api-usage=18/5000",
        "api-usage=18/5000; per-app-api-usage=17/250(appName=x)",
    ],
)
def test_the_days_requests_are_read_from_any_header(box, header):
    box.front.script = [Answer(200, {"records": [], "done": True}, {"sforce-limit-info": header})]
    connector = box.connect()
    list(connector.backfill("Lead", None, []))
    assert (connector.quota().used, connector.quota().limit) == (18, 5000)


def test_the_holder_is_the_account_and_no_secret(box):
    first, second = box.connect().quota(), box.connect(app=True).quota()
    assert first.holder == second.holder == box.url.removeprefix("http://")
    assert TOKEN not in first.holder
    hosted = box.connect(base_url=None, domain="Acme.my.salesforce.com").quota()
    assert hosted.holder == "acme.my.salesforce.com"
    assert box.front.seen == []


def test_a_header_that_says_nothing_is_no_trouble(box):
    box.front.script = [Answer(200, {"records": [], "done": True}, {"sforce-limit-info": "per-app-api-usage=1/2"})]
    connector = box.connect()
    list(connector.backfill("Lead", None, []))
    assert connector.quota().used is None
