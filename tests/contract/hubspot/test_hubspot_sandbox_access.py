"""The HubSpot sandbox. Tokens, scopes, OAuth and limits."""

from typing import Any

import pytest
import requests
from hubspot_account import TOKEN, Account
from sandbox_probes import CONTACTS, error

from leadsync.testing.driver import ManualClock

APP = {"client_id": "app", "client_secret": "s3cret", "refresh_token": "first"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def account(start, clock: ManualClock) -> Account:
    return start(leads=1, now=clock.now)


@pytest.mark.parametrize("path", [CONTACTS, "/crm/v3/owners/", "/_sandbox/calls", "/nowhere"])
def test_nothing_opens_without_the_token(account, path: str) -> None:
    assert error(account.call("GET", path, token="wrong")) == (401, "INVALID_AUTHENTICATION")


class TestScopes:
    @pytest.mark.parametrize(
        ("method", "path", "lacking"),
        [
            ("GET", CONTACTS, "crm.objects.contacts.read"),
            ("POST", f"{CONTACTS}/search", "crm.objects.contacts.read"),
            ("POST", f"{CONTACTS}/batch/update", "crm.objects.contacts.write"),
            ("GET", "/crm/v3/objects/calls", "crm.objects.contacts.read"),
            ("POST", "/crm/v3/objects/0-2", "crm.objects.companies.write"),
            ("GET", "/crm/v3/objects/leads", "crm.objects.leads.read"),
            ("GET", "/crm/v3/pipelines/leads", "crm.objects.leads.read"),
            ("GET", "/crm/v3/owners", "crm.objects.owners.read"),
            ("POST", "/crm/v3/properties/contacts", "crm.schemas.contacts.write"),
            ("PATCH", "/crm/v3/properties/contacts/leadsync_score", "crm.schemas.contacts.write"),
            ("POST", "/crm/v4/associations/deals/contacts/batch/read", "crm.objects.contacts.read"),
        ],
    )
    def test_a_missing_scope_is_named(self, account, method: str, path: str, lacking: str) -> None:
        account.ok("POST", "/_sandbox/tokens", {"token": "narrow", "without": [lacking]})
        answer = account.call(method, path, {}, token="narrow")
        assert error(answer) == (403, "MISSING_SCOPES")
        assert lacking in answer.json()["errors"][0]["context"]["requiredGranularScopes"]
        assert account.call(method, path, {}).status_code != 403

    def test_properties_are_readable_with_any_scope_of_their_object(self, account) -> None:
        for scopes, status in ((["crm.schemas.contacts.read"], 200), (["crm.objects.contacts.read"], 200), ([], 403)):
            account.ok("POST", "/_sandbox/tokens", {"token": "narrow", "scopes": scopes})
            assert account.call("GET", "/crm/v3/properties/contacts", token="narrow").status_code == status

    def test_a_token_can_be_revoked(self, account) -> None:
        account.ok("POST", "/_sandbox/tokens", {"token": "other"})
        assert account.call("GET", CONTACTS, token="other").ok
        account.ok("POST", "/_sandbox/tokens", {"token": "other", "revoked": True})
        assert error(account.call("GET", CONTACTS, token="other")) == (401, "INVALID_AUTHENTICATION")


class TestOAuth:
    @pytest.fixture(autouse=True)
    def _installed(self, account: Account) -> None:
        account.ok("POST", "/_sandbox/tokens", APP)

    def ask(self, account: Account, path: str = "token", **form: str) -> requests.Response:
        data = APP | {"grant_type": "refresh_token"} | form
        return requests.post(f"{account.url}/oauth/v3/{path}", data=data, timeout=10)

    def given(self, account: Account, **form: str) -> dict[str, Any]:
        answer = self.ask(account, **form)
        assert answer.ok, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def test_an_access_token_lasts_half_an_hour(self, account, clock) -> None:
        given = self.given(account)
        assert (given["expires_in"], given["token_type"], len(given["access_token"]) >= 300) == (1800, "bearer", True)
        clock.advance(1799)
        answer = account.call("GET", CONTACTS, token=given["access_token"])
        assert "X-HubSpot-RateLimit-Remaining" in answer.headers
        assert "X-HubSpot-RateLimit-Daily" not in answer.headers
        clock.advance(121)
        answer = account.call("GET", CONTACTS, token=given["access_token"])
        assert error(answer) == (401, "EXPIRED_AUTHENTICATION")
        assert "expired 2 minute(s) ago" in answer.json()["message"]

    def test_a_refresh_token_ends_when_its_successor_was_used(self, account) -> None:
        second = self.given(account)["refresh_token"]
        third = self.given(account, refresh_token=second)["refresh_token"]
        assert len({"first", second, third}) == 3
        refused = self.ask(account)
        assert (refused.status_code, refused.json()["status"]) == (400, "BAD_REFRESH_TOKEN")
        assert refused.json()["error"] == "invalid_grant"
        assert self.ask(account, refresh_token=second).ok

    @pytest.mark.parametrize(
        ("form", "told"),
        [
            ({"client_secret": "wrong"}, "invalid_client"), ({"refresh_token": "wrong"}, "invalid_grant"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, account, form: dict[str, str], told: str) -> None:
        answer = self.ask(account, **form)
        assert (answer.status_code, answer.json()["error"]) == (400, told)

    def test_secrets_in_the_address_count_for_nothing(self, account) -> None:
        query = APP | {"grant_type": "refresh_token"}
        assert requests.post(f"{account.url}/oauth/v3/token", params=query, timeout=10).status_code == 400

    def test_what_a_token_is_good_for(self, account, clock) -> None:
        token = self.given(account)["access_token"]
        clock.advance(800)
        told = self.ask(account, "token/introspect", token=token).json()
        assert (told["active"], told["expires_in"], told["client_id"]) == (True, 1000, "app")
        clock.advance(1000)
        assert self.ask(account, "token/introspect", token=token).json() == {"active": False}

    def test_an_app_that_is_uninstalled_is_out_at_once(self, account) -> None:
        given = self.given(account)
        assert self.ask(account, "token/revoke", token=given["refresh_token"]).status_code == 204
        assert error(account.call("GET", CONTACTS, token=given["access_token"]))[0] == 401
        assert self.ask(account, refresh_token=given["refresh_token"]).json()["status"] == "BAD_REFRESH_TOKEN"


class TestLimits:
    @pytest.fixture
    def account(self, start, clock: ManualClock) -> Account:
        return start(leads=1, now=clock.now, rate_limit=True)

    def test_five_searches_a_second(self, account, clock) -> None:
        answers = [account.call("POST", f"{CONTACTS}/search", {}) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        refused = answers[-1].json()
        assert (refused["policyName"], refused["errorType"]) == ("SECONDLY", "RATE_LIMIT")
        assert "category" not in refused
        assert "Retry-After" not in answers[-1].headers
        assert not [name for name in answers[0].headers if "ratelimit" in name.lower()]
        clock.advance(1)
        assert account.call("POST", f"{CONTACTS}/search", {}).ok

    def test_190_requests_in_ten_seconds(self, account, clock) -> None:
        answers = [account.call("GET", "/crm/v3/owners", limit=1) for _ in range(191)]
        assert answers[-1].json()["policyName"] == "TEN_SECONDLY_ROLLING"
        headers = answers[0].headers
        assert (headers["X-HubSpot-RateLimit-Max"], headers["X-HubSpot-RateLimit-Remaining"]) == ("190", "189")
        clock.advance(10)
        assert account.call("GET", "/crm/v3/owners", limit=1).ok

    def test_the_day_ends_at_midnight(self, account, clock) -> None:
        account.ok("POST", "/_sandbox/calls/reset", {"used": 999_999})
        last = account.call("GET", CONTACTS)
        assert (last.ok, last.headers["X-HubSpot-RateLimit-Daily-Remaining"]) == (True, "0")
        over = account.call("GET", CONTACTS)
        assert (over.status_code, over.json()["policyName"]) == (429, "DAILY")
        clock.advance(12 * 3600)
        assert account.call("GET", CONTACTS).headers["X-HubSpot-RateLimit-Daily-Remaining"] == "999999"


def test_stamps_and_the_date_header_are_of_the_sandboxs_clock(account, clock) -> None:
    answer = account.call("POST", CONTACTS, {"properties": {"email": "a@x.example"}})
    assert answer.headers["Date"] == "Mon, 02 Mar 2026 12:00:00 GMT"
    assert answer.json()["createdAt"] == "2026-03-02T12:00:00.000Z"
    clock.advance(0.25)
    assert account.ok("PATCH", f"{CONTACTS}/{answer.json()['id']}", {"properties": {"city": "Ulm"}})["updatedAt"] == (
        "2026-03-02T12:00:00.250Z"
    )


def test_an_address_that_is_too_long_is_refused_by_the_web_server(account) -> None:
    answer = account.call("GET", CONTACTS, properties=",".join(["some_property"] * 700), token=TOKEN)
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (414, "text/html")
