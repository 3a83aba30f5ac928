"""The HubSpot sandbox. Tokens, scopes, limits and faults."""

import pytest
from sandbox_probes import CONTACTS, error


@pytest.mark.parametrize("path", [CONTACTS, "/crm/v3/owners/", "/_sandbox/calls", "/nowhere"])
def test_nothing_opens_without_the_token(account, path: str) -> None:
    assert error(account.call("GET", path, token="wrong")) == (401, "INVALID_AUTHENTICATION")


def test_limits_speak_as_hubspots_do(start) -> None:
    account = start(rate_limit=True)
    answers = [account.call("POST", f"{CONTACTS}/search", {}) for _ in range(6)]
    refused = [answer.json() for answer in answers if answer.status_code == 429]
    assert [(body["policyName"], body["errorType"], "category" in body) for body in refused[:1]] == [
        ("SECONDLY", "RATE_LIMIT", False)
    ]
    assert "X-HubSpot-RateLimit-Remaining" not in answers[0].headers
    burst = [account.call("GET", "/crm/v3/owners", limit=1) for _ in range(191)]
    assert burst[-1].json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert burst[0].headers["X-HubSpot-RateLimit-Max"] == "190"
