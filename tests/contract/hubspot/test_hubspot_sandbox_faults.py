"""The HubSpot sandbox. Faults that it is told to have, in HubSpot's own words; rows that are locked."""

import pytest
import requests
from hubspot_account import Account
from sandbox_probes import CONTACTS, error

from leadsync.connector import FaultRule, UserError

WORK = [{"id": "1001", "properties": {"city": "Ulm"}}, {"id": "1002", "properties": {"city": "Bonn"}}]


@pytest.fixture
def account(start) -> Account:
    return start(leads=2)


def struck(account: Account, fault: str, **rule: object) -> requests.Response:
    account.ok("POST", "/_sandbox/faults", [{"call": "GET /crm/*", "fault": fault, **rule}])
    return account.call("GET", CONTACTS)


@pytest.mark.parametrize(
    ("fault", "status", "category"),
    [
        ("401", 401, "INVALID_AUTHENTICATION"), ("expired", 401, "EXPIRED_AUTHENTICATION"),
        ("403", 403, "MISSING_SCOPES"), ("scope", 403, "MISSING_SCOPES"), ("404", 404, "OBJECT_NOT_FOUND"),
        ("409", 409, "CONFLICT"), ("423", 423, "LOCKED"), ("500", 500, None), ("503", 503, None),
    ],
)  # fmt: skip
def test_faults_of_the_api_are_json(account, fault: str, status: int, category: str | None) -> None:
    assert error(struck(account, fault)) == (status, category)
    assert account.call("GET", CONTACTS).ok


@pytest.mark.parametrize("status", [414, 502, 504, 521, 522, 523, 524, 525, 526, 530])
def test_faults_of_the_servers_before_it_are_web_pages(account, status: int) -> None:
    answer = struck(account, str(status))
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (status, "text/html")
    assert answer.text.startswith("<html>")


@pytest.mark.parametrize(
    ("fault", "policy"),
    [("429", "TEN_SECONDLY_ROLLING"), ("ten_secondly", "TEN_SECONDLY_ROLLING"), ("secondly", "SECONDLY"),
     ("daily_limit", "DAILY")],
)  # fmt: skip
def test_each_limit_has_its_policy(account, fault: str, policy: str) -> None:
    answer = struck(account, fault)
    assert (answer.status_code, answer.json()["policyName"]) == (429, policy)
    assert "Retry-After" not in answer.headers
    assert struck(account, fault, seconds=7).headers["Retry-After"] == "7"


def test_an_account_that_moves_says_for_how_long(account) -> None:
    assert struck(account, "477").headers["Retry-After"] == "3600"
    assert struck(account, "477", seconds=86_400).headers["Retry-After"] == "86400"


def test_a_missing_scope_is_that_of_the_call(account) -> None:
    account.ok("POST", "/_sandbox/faults", [{"call": "POST /crm/v3/objects/deals/batch/update", "fault": "scope"}])
    answer = account.call("POST", "/crm/v3/objects/deals/batch/update", {"inputs": []})
    assert answer.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.deals.write"]


def test_faults_can_be_given_from_the_start(start) -> None:
    account = start(leads=1, faults=(FaultRule(call="GET */contacts", fault="503", after=1, times=2),))
    assert [account.call("GET", CONTACTS).status_code for _ in range(4)] == [200, 503, 503, 200]


def test_faults_that_nobody_has_are_refused(start) -> None:
    with pytest.raises(UserError, match="gremlins"):
        start(faults=(FaultRule(fault="gremlins"),))


class TestLocks:
    def update(self, account: Account, *, traced: bool) -> requests.Response:
        inputs = [one | ({"objectWriteTraceId": one["id"]} if traced else {}) for one in WORK]
        return account.call("POST", f"{CONTACTS}/batch/update", {"inputs": inputs})

    @pytest.mark.parametrize("traced", [True, False])
    def test_one_locked_row_locks_the_request(self, account, traced: bool) -> None:
        account.ok("POST", "/_sandbox/lock", {"id": "1002"})
        assert error(self.update(account, traced=traced)) == (423, "LOCKED")
        row = account.ok("GET", f"{CONTACTS}/1001", properties="city")["properties"]
        assert row["city"] != "Ulm"
        assert self.update(account, traced=traced).status_code == 200

    def test_or_that_row_alone(self, account) -> None:
        account.ok("POST", "/_sandbox/lock", {"id": "1002", "whole": False, "times": 2})
        answer = self.update(account, traced=True)
        assert (answer.status_code, [row["id"] for row in answer.json()["results"]]) == (207, ["1001"])
        (refused,) = answer.json()["errors"]
        assert (refused["category"], refused["context"]) == ("LOCKED", {"objectWriteTraceId": ["1002"]})
        assert account.call("PATCH", f"{CONTACTS}/1002", WORK[1]).status_code == 423
        assert account.call("PATCH", f"{CONTACTS}/1002", WORK[1]).ok
