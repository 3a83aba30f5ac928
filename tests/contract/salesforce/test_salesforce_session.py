"""Login, refusals and what they say: nothing but leadsync's own errors, never a secret."""

import logging
import socket
import subprocess
import sys
import traceback
from datetime import timedelta

import pytest
from pydantic import ValidationError
from salesforce_box import CLIENT_ID, CLIENT_SECRET, NOON, TOKEN, Answer, FakeClock, FakeSecrets

from connectors.salesforce import SalesforceConnector
from leadsync.connector import (
    Ask,
    AuthLost,
    ConnectionFailed,
    Connector,
    Cursor,
    HasSandbox,
    Quota,
    Rejected,
    Transient,
    WriteOp,
)

EXPIRED = Answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
SOMEBODY = "00Q000000000001AAA"
PAGE = b"<!DOCTYPE html><html><body>Maintenance</body></html>"


def refused_as(code, message="no", status=400):
    return Answer(status, [{"errorCode": code, "message": message}])


def data_paths(box):
    return [path for path in box.front.paths() if "/services/data/" in path]


def test_it_is_a_connector(box):
    connector: Connector = box.connect()
    assert isinstance(connector, HasSandbox)
    assert connector.capabilities.write_batch == 1000
    connector.close()
    connector.close()


def test_importing_it_is_cheap():
    code = (
        "import sys, connectors.salesforce\n"
        "print([m for m in ('simple_salesforce', 'starlette', 'requests', 'zeep') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_login_anew_keeps_the_headers_that_protect_the_owner(box):
    (lead,) = box.add("Lead")
    connector = box.connect(app=True)
    connector.describe("Lead")
    box.front.seen.clear()
    box.front.script = [EXPIRED]
    (result,) = connector.write([WriteOp("k", "Lead", lead, {"Rating": "Hot"})])
    assert result.status == "applied"
    patches = [seen for seen in box.front.seen if seen.method == "PATCH"]
    assert len(patches) == 2
    for seen in patches:
        assert seen.headers["sforce-auto-assign"] == "FALSE"
        assert seen.headers["sforce-duplicate-rule-header"] == "allowSave=true"
    assert box.row(lead)["OwnerId"] == box.org.us


def test_a_login_that_does_not_help_is_tried_once(box):
    connector = box.connect(app=True)
    box.front.always = lambda seen: EXPIRED if "/services/data/" in seen.path else None
    with pytest.raises(AuthLost):
        list(connector.backfill("Lead", None, []))
    assert len(data_paths(box)) == 2
    assert box.front.paths().count("POST /services/oauth2/token") == 2
    assert box.clock.slept == []


def test_a_token_that_is_not_accepted_is_lost_at_once(box):
    box.front.always = lambda seen: EXPIRED
    with pytest.raises(AuthLost) as caught:
        list(box.connect().backfill("Lead", None, []))
    assert len(box.front.seen) == 1
    assert "token" in caught.value.fix


def test_odd_bodies_of_a_401(box):
    box.front.always = lambda seen: (
        Answer(401, {"error": "This session is not valid for use with the REST API"})
        if "/services/data/" in seen.path
        else None
    )
    with pytest.raises(AuthLost):
        list(box.connect(app=True).backfill("Lead", None, []))


@pytest.mark.parametrize(
    ("answer", "error", "said", "advice"),
    [
        (Answer(200, PAGE), Transient, "answered HTML rather than JSON", "base_url"),
        (Answer(404, PAGE), Transient, "answered HTML rather than JSON", "base_url"),
        (Answer(503, PAGE), Transient, "answered HTML rather than JSON", "maintenance"),
        (Answer(200, b'{"records": ['), Transient, "cannot be read", ""),
        (Answer(200, {"unexpected": 1}), Transient, "another shape", ""),
        (Answer(200, []), Transient, "another shape", ""),
        (Answer(406), Transient, "busy", ""),
        (Answer(420), Transient, "busy", ""),
        (Answer(500), Transient, "busy", ""),
        (Answer(302, b"", {"location": "https://evil.example/"}), Rejected, "another address", "base_url"),
        (refused_as("INSUFFICIENT_ACCESS", status=403), AuthLost, "lacks a right", "permission"),
        (refused_as("API_DISABLED_FOR_ORG", status=403), AuthLost, "lacks a right", "API Enabled"),
        (refused_as("QUERY_TIMEOUT", "too long"), Transient, "needs too long", "less time"),
        (refused_as("MALFORMED_QUERY", "near 'ann@acme.example'"), Rejected, "MALFORMED_QUERY", ""),
        (
            refused_as("OPERATION_TOO_LARGE", "exceeded 100000 distinct who/what's"),
            Rejected,
            "OPERATION_TOO_LARGE",
            "View All Data",
        ),
    ],
)
def test_refusals(box, answer, error, said, advice):
    box.front.always = lambda seen: answer
    with pytest.raises(ConnectionFailed) as caught:
        list(box.connect().backfill("Lead", None, []))
    assert type(caught.value) is error
    assert said in caught.value.message
    assert advice in caught.value.fix
    assert "ann@acme.example" not in caught.value.message


def test_a_redirect_is_not_followed(box):
    box.front.always = lambda seen: Answer(302, b"", {"location": "https://evil.example/"})
    with pytest.raises(Rejected):
        list(box.connect().backfill("Lead", None, []))
    assert len(box.front.seen) == 1


def test_the_query_is_never_quoted_in_a_message(box):
    query = "SELECT Id FROM Lead WHERE Email = 'ann@acme.example'"
    quoted = f"\n{query}\n   ^\nERROR at Row:1:Column:9\nfield cannot be filtered"
    box.front.always = lambda seen: refused_as("INVALID_QUERY_FILTER_OPERATOR", quoted)
    with pytest.raises(Rejected) as caught:
        list(box.connect().backfill("Lead", None, []))
    assert "ann@acme.example" not in caught.value.message
    assert "field cannot be filtered" in caught.value.message


@pytest.mark.parametrize(
    ("message", "wait"),
    [("TotalRequests Limit exceeded.", 3600.0), ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", 5.0)],
)
def test_limits(box, message, wait):
    box.front.always = lambda seen: refused_as("REQUEST_LIMIT_EXCEEDED", message, 403)
    with pytest.raises(Transient) as caught:
        list(box.connect().backfill("Lead", None, []))
    assert caught.value.retry_after == wait
    assert box.clock.slept == ([] if wait > 10 else [wait] * 3)


def test_a_wait_that_is_asked_for_is_kept(box):
    box.front.script = [Answer(429, b"", {"retry-after": "3"}), Answer(503), None]
    assert len(list(box.connect().backfill("Lead", None, []))) == 1
    assert box.clock.slept[0] == 3.0
    assert len(box.clock.slept) == 2


def test_the_sandbox_refuses_at_the_days_limit_only_when_asked_to(make_box, monkeypatch):
    monkeypatch.setattr("connectors.salesforce.sandbox.rest.DAY_LIMIT", 1)
    box = make_box()
    connector = box.connect()
    list(connector.backfill("Lead", None, []))
    with pytest.raises(Transient) as caught:
        list(connector.backfill("Lead", None, []))
    assert caught.value.retry_after == 3600.0
    free = make_box(rate_limit=False).connect()
    for _ in range(3):
        list(free.backfill("Lead", None, []))


def test_nobody_listens():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        connector = _connector(base_url=url)
        with pytest.raises(Transient, match=r"cannot reach 127\.0\.0\.1") as caught:
            list(connector.backfill("Lead", None, []))
    assert "base_url" in caught.value.fix
    (finding,) = connector.check({})
    assert finding.level == "error"


def test_a_silent_server_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("connectors.salesforce.session.TIMEOUT", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connector = _connector(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(Transient, match="did not answer in time"):
            list(connector.backfill("Lead", None, []))


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (
            Answer(400, {"error": "invalid_client_id", "error_description": "client identifier invalid"}),
            AuthLost,
            "client",
        ),
        (Answer(400, {"error": "invalid_grant"}), AuthLost, "invalid_grant"),
        (
            Answer(400, {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}),
            AuthLost,
            "",
        ),
        (Answer(400, [{"unexpected": 1}]), Transient, "cannot be read"),
        (Answer(200, {"access_token": "x"}), Transient, "cannot be read"),
        (Answer(200, PAGE), Transient, "HTML"),
        (Answer(503, PAGE), Transient, "HTML"),
    ],
)
def test_refused_logins(box, answer, error, said):
    box.front.always = lambda seen: answer
    with pytest.raises(ConnectionFailed) as caught:
        box.connect(app=True).now()
    assert type(caught.value) is error
    assert said in caught.value.message


def test_no_secret_and_no_data_reach_a_message_or_log(box, caplog):
    caplog.set_level(logging.INFO)
    answers = [
        EXPIRED, Answer(200, PAGE), Answer(400, {"error": "invalid_grant"}), Answer(500), Answer(403, []),
        Answer(302, b"", {"location": "/elsewhere"}), Answer(400, b"nonsense"),
    ]  # fmt: skip
    told = ""
    for answer in answers:
        box.front.always = lambda seen, answer=answer: answer
        for app in (True, False):
            connector = box.connect(app=app)
            try:
                list(connector.changes([Ask("Lead", ("Email",), Cursor(NOON, SOMEBODY))], NOON))
            except ConnectionFailed as error:
                told += "".join(traceback.format_exception(error)) + error.fix
            told += repr(connector.check({}))
    told += caplog.text
    assert told
    assert not [secret for secret in (TOKEN, CLIENT_ID, CLIENT_SECRET, SOMEBODY) if secret in told]


def test_who_we_are_is_asked_once(box):
    connector = box.connect()
    assert connector.user() == connector.user() == box.org.us
    assert box.front.paths() == ["GET /services/oauth2/userinfo"]
    box.front.seen.clear()
    assert box.connect(app=True).user() == box.org.us
    assert box.front.paths() == ["POST /services/oauth2/token"]


def test_a_token_of_nobody_we_can_know(box):
    box.front.always = lambda seen: Answer(403, b"Bad_OAuth_Token")
    connector = box.connect()
    assert connector.user() is None
    assert connector.user() is None
    assert len(box.front.seen) == 1


def test_quota_is_known_without_a_request(box):
    connector = box.connect()
    assert (connector.quota().calls, connector.quota().used) == (0, None)
    header = "api-usage=18/5000; per-app-api-usage=17/250(appName=leadsync); api-bursts=1/750"
    box.front.script = [Answer(200, {"records": [], "done": True}, {"sforce-limit-info": header})]
    list(connector.backfill("Lead", None, []))
    assert connector.quota() == Quota(1, 18, 5000, box.url.removeprefix("http://"))
    assert len(box.front.seen) == 1


def test_check_of_a_good_account(box):
    box.clock.ahead = timedelta(days=365)
    findings = box.connect(app=True).check({})
    assert [f.level for f in findings] == ["ok", "warning"]
    assert "clock" in findings[1].what


def test_check_says_which_object_cannot_be_read(box):
    del box.org.entities["Contact"], box.org.entities["Opportunity"]
    found = {f.level: f for f in box.connect().check({})}
    assert found["error"].what.startswith("cannot read Contact")
    assert found["warning"].what.startswith("cannot read Opportunity")
    assert "out of the mapping" in found["warning"].fix


def _connector(**settings):
    given = {"type": "salesforce", "token": {"env": "X"}} | settings
    return SalesforceConnector(
        SalesforceConnector.Settings(**given), clock=FakeClock(), secrets=FakeSecrets(), log=logging.getLogger("test")
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"domain": "example.my.salesforce.com"}, "give token, or client_id and client_secret"),
        ({"domain": "example.my.salesforce.com", "client_id": {"env": "A"}}, "client_secret is missing"),
        ({"domain": "example.my.salesforce.com", "client_secret": {"env": "A"}}, "client_id is missing"),
        ({"token": {"env": "A"}, "client_id": {"env": "A"}, "client_secret": {"env": "B"}, "base_url": "https://a.example"},
         "not both"),
        ({"token": {"env": "A"}}, "give domain"),
        ({"token": {"env": "A"}, "domain": "https://example.my.salesforce.com"}, "without https://"),
        ({"token": {"env": "A"}, "domain": "example.lightning.force.com"}, "My Domain host"),
        ({"token": {"env": "A"}, "domain": "login.salesforce.com"}, "My Domain host"),
        ({"token": {"env": "A"}, "base_url": "http://crm.example.com"}, "only on this machine"),
        ({"token": {"env": "A"}, "base_url": "nonsense"}, "must be an address"),
    ],
)  # fmt: skip
def test_settings_say_what_is_wrong(settings, said):
    with pytest.raises(ValidationError, match=said):
        SalesforceConnector.Settings(type="salesforce", **settings)


def test_good_settings():
    made = SalesforceConnector.Settings(
        type="salesforce", domain="Acme--dev.sandbox.my.salesforce.com", token={"env": "A"}
    )
    assert made.domain == "acme--dev.sandbox.my.salesforce.com"


@pytest.mark.parametrize(("told", "wait"), [("7200", 7200), ("9" * 400, 86_400), ("soon", None)])
def test_nobody_is_made_to_wait_for_more_than_a_day(box, told, wait):
    box.front.always = lambda seen: Answer(429, b"", {"retry-after": told})
    with pytest.raises(Transient) as caught:
        box.connect().now()
    assert caught.value.retry_after == wait
