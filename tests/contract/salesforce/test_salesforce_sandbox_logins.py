"""Logging in to the sandbox: client credentials, signed assertions, sessions that end."""

import base64
from datetime import timedelta

import jwt
import pytest
import requests
from salesforce_box import NOON, TOKEN
from salesforce_calls import DATA, call, client

from connectors.salesforce.sandbox.logins import key_pair

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask(box, auth=None, **form):
    return requests.post(f"{box.url}/services/oauth2/token", data=form, auth=auth, timeout=30)


def signed(box, given, key=None, **claims):
    end = int((box.clock.at + timedelta(minutes=3)).timestamp())
    whole = {"iss": given["client_id"], "sub": given["username"], "aud": "https://login.salesforce.com", "exp": end}
    made = jwt.encode(whole | claims, key or given["private_key"], algorithm="RS256")
    return ask(box, grant_type=GRANT, assertion=made)


def open_with(box, token):
    return call(box, "GET", f"{DATA}/limits", token=token).status_code == 200


def test_each_login_is_a_session_of_its_own(box):
    first = ask(box, grant_type="client_credentials", client_id="a", client_secret="b").json()
    second = ask(box, ("a", "b"), grant_type="client_credentials").json()
    assert first["instance_url"] == box.url
    assert len({first["access_token"], second["access_token"], TOKEN}) == 3
    call(box, "POST", "/services/oauth2/revoke", data={"token": first["access_token"]})
    assert [open_with(box, t) for t in (first["access_token"], second["access_token"], TOKEN)] == [False, True, True]


def test_sessions_that_are_not_used_end(box):
    token = ask(box, ("a", "b"), grant_type="client_credentials").json()["access_token"]
    box.clock.at = NOON + timedelta(minutes=119)
    assert open_with(box, token)
    box.clock.at += timedelta(minutes=119)
    assert open_with(box, token)
    box.clock.at += timedelta(minutes=120)
    assert not open_with(box, token)
    assert open_with(box, TOKEN)


def test_revoked_and_restored(box):
    box.door("revoke")
    answer = call(box, "GET", f"{DATA}/limits")
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    box.door("restore")
    assert open_with(box, TOKEN)


def test_only_apps_that_are_known_once_one_is(box):
    box.door("app", client_id="a", client_secret="b")
    refusals = {
        pair: ask(box, pair, grant_type="client_credentials").json().get("error")
        for pair in (("a", "b"), ("a", "x"), ("x", "b"))
    }
    assert refusals == {("a", "b"): None, ("a", "x"): "invalid_client", ("x", "b"): "invalid_client_id"}


def test_refusals_are_objects(box):
    basic = {"Authorization": "Basic " + base64.b64encode(b"no colon").decode()}
    form = {"grant_type": "client_credentials"}
    none = requests.post(f"{box.url}/services/oauth2/token", data=form, headers=basic, timeout=30)
    for answer, error in (
        (ask(box, grant_type="client_credentials"), "invalid_client_id"),
        (none, "invalid_client"),
        (ask(box, grant_type="password"), "unsupported_grant_type"),
        (ask(box, grant_type=GRANT, assertion="nonsense"), "invalid_grant"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_signed_assertion(box):
    given = box.door("jwt")
    answer = signed(box, given)
    assert answer.status_code == 200, answer.text
    assert open_with(box, answer.json()["access_token"])
    end = str(int((box.clock.at + timedelta(minutes=3)).timestamp()))
    assert signed(box, given, exp=end).status_code == 200
    assert signed(box, given, aud=f"{box.url}/").status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "said"),
    [
        ({"iss": "nobody"}, "invalid_client_id", "client identifier"),
        ({"sub": "nobody@sales.example"}, "invalid_grant", "approved this consumer"),
        ({"aud": "https://example.com"}, "invalid_grant", "Audience"),
        ({"exp": int(NOON.timestamp())}, "invalid_grant", "expired"),
        ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
    ],
)
def test_assertions_that_are_refused(box, claims, error, said):
    answer = signed(box, box.door("jwt"), **claims)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert said in answer.json()["error_description"]


def test_a_signature_by_another_key(box):
    given = box.door("jwt")
    stranger, _ = key_pair()
    assert signed(box, given, key=stranger).json()["error_description"] == "invalid assertion"
    unsigned = jwt.encode({"iss": given["client_id"]}, "", algorithm="none")
    assert ask(box, grant_type=GRANT, assertion=unsigned).json()["error"] == "invalid_grant"


def test_the_official_client_logs_in_with_a_key(box):
    given = box.door("jwt")
    box.front.app.state.logins.now = lambda: NOON  # the client signs by the clock of this machine
    sf = client(
        box, username=given["username"], consumer_key=given["client_id"], privatekey=given["private_key"],
        instance_url="acme.my",
    )  # fmt: skip
    assert sf.query("SELECT COUNT() FROM User")["totalSize"] > 0


def test_whose_token_it_is(box):
    identity = ask(box, ("a", "b"), grant_type="client_credentials").json()["id"]
    who = call(box, "GET", identity.removeprefix(box.url)).json()
    assert who["user_id"] == call(box, "GET", "/services/oauth2/userinfo").json()["user_id"] == box.org.us
    assert call(box, "GET", f"{DATA}/").json()["identity"] == identity
    assert call(box, "GET", "/services/oauth2/userinfo", token="wrong").status_code == 403
