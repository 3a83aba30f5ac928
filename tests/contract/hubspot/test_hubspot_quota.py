from datetime import UTC, datetime

import pytest
from hubspot_account import Scripted, Start

from leadsync.connector import Ask, Cursor, Transient
from leadsync.testing.driver import ManualClock

SINCE = Cursor(datetime(2026, 3, 2, tzinfo=UTC))


def limited(start: Start, **options: object):
    clock = ManualClock()
    account = start(rate_limit=True, now=clock.now, **options)
    account.clock = clock
    return account, account.connector(), clock


def test_many_requests_stay_below_the_burst_and_lose_little_time(start) -> None:
    account, connector, clock = limited(start)
    for _ in range(500):
        connector.describe("contacts")
    assert account.calls() == {"GET contacts/properties": 500}  # none was refused and sent again
    assert 10 < clock.slept < 40  # 190 in 10 seconds need 16


def test_after_a_pause_nothing_is_waited_for(start) -> None:
    _, connector, clock = limited(start)
    for _ in range(180):
        connector.describe("contacts")
    slept = clock.slept
    clock.advance(60)
    connector.describe("contacts")
    assert clock.slept == slept


def test_searches_are_paced_by_themselves_once_the_account_limits_them(start) -> None:
    account, connector, clock = limited(start)
    objects = ("calls", "notes", "tasks", "emails", "meetings", "deals")
    for _ in range(10):
        pages = list(connector.changes([Ask(obj, (), SINCE) for obj in objects], clock.now()))
        assert len(pages) == 6
    searches = sum(count for name, count in account.calls().items() if name.endswith("search"))
    assert searches - 60 <= 1  # one is refused; from then on the limit is known
    assert clock.slept >= 12


@pytest.mark.parametrize(("left", "slept"), [("0", 20), ("-3", 20), ("9", 2), ("many", 0), ("", 0)])
def test_odd_headers_stop_nothing(start, left: str, slept: float) -> None:
    headers = {"X-HubSpot-RateLimit-Max": "190", "X-HubSpot-RateLimit-Remaining": left,
               "X-HubSpot-RateLimit-Interval-Milliseconds": "99999999"}  # fmt: skip

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        return 200, headers, b'{"results": []}'

    account = start(script=script)
    account.clock = clock = ManualClock()
    connector = account.connector()
    for _ in range(3):
        list(connector.ids("contacts"))
    assert clock.slept == pytest.approx(slept)


@pytest.mark.parametrize(("given", "waited"), [("inf", 5.0), ("nan", 5.0), ("soon", 5.0), ("-7", 5.0), ("1e9", 86_400)])
def test_an_odd_retry_after_is_no_endless_wait(start, given: str, waited: float) -> None:
    account = start(script=lambda *_: (429, {"Retry-After": given}, b'{"status":"error"}'))
    account.clock = ManualClock()
    with pytest.raises(Transient) as caught:
        list(account.connector().ids("contacts"))
    assert caught.value.retry_after == waited


def test_a_day_that_is_used_up_is_said(start) -> None:
    account, connector, clock = limited(start)
    account.ok("POST", "/_sandbox/calls/reset", {"used": 999_999})
    list(connector.ids("contacts"))
    quota = connector.quota()
    assert (quota.used, quota.limit) == (1_000_000, 1_000_000)
    with pytest.raises(Transient) as caught:
        list(connector.ids("contacts"))
    assert (caught.value.code, caught.value.retry_after) == ("daily_limit", 3600)
    assert clock.slept == 0
