import logging
import socket
from datetime import UTC, datetime

import orjson
import pytest
from hubspot_account import TOKEN, Account, Clock, Scripted, Secrets
from pydantic import ValidationError

from connectors.hubspot import HubSpotConnector, api, http
from leadsync.connector import (
    Ask,
    AuthLost,
    ConnectionFailed,
    Cursor,
    Rejected,
    SecretRef,
    Transient,
    WriteOp,
    WriteStatus,
)

HTML = b"<!DOCTYPE html><html><body>Sign in</body></html>"


def body(**fields: object) -> bytes:
    return orjson.dumps({"status": "error", "message": f"told with {TOKEN} in it", "correlationId": "c"} | fields)


def read(account: Account) -> None:
    list(account.connector().ids("contacts"))


def always(status: int, data: bytes, **headers: str):
    return lambda method, path, sent: (status, {k.replace("_", "-"): v for k, v in headers.items()}, data)


LIMIT = {"errorType": "RATE_LIMIT"}
CASES = {
    "bad token": (401, body(category="INVALID_AUTHENTICATION"), {}, AuthLost, "auth", None),
    "malformed token": (530, HTML, {}, AuthLost, "auth", None),
    "bad request": (400, body(category="VALIDATION_ERROR"), {}, Rejected, "VALIDATION_ERROR", None),
    "address too long": (414, HTML, {}, Rejected, "rejected", None),
    "locked": (423, body(), {}, Transient, "locked", 2.0),
    "too fast": (429, body(**LIMIT, policyName="TEN_SECONDLY_ROLLING"), {}, Transient, "rate_limit", 5.0),
    "told when": (429, body(**LIMIT, policyName="SECONDLY"), {"Retry_After": "3"}, Transient, "rate_limit", 3.0),
    "used up": (429, body(**LIMIT, policyName="DAILY"), {}, Transient, "daily_limit", 3600.0),
    "moving": (477, body(), {"Retry_After": "7200"}, Transient, "migration", 7200.0),
    "overload": (503, HTML, {}, Transient, "unavailable", None),
    "no answer in time": (524, HTML, {}, Transient, "unavailable", None),
    "edge": (525, HTML, {}, Transient, "unavailable", 60.0),
    "web page": (200, HTML, {}, Transient, "not_json", 60.0),
    "somebody else's 404": (404, b"Not Found", {}, Transient, "not_json", 60.0),
    "moved away": (302, HTML, {"Location": "http://127.0.0.1:9/login"}, Transient, "not_json", 60.0),
    "page that is not UTF-8": (403, b"<html>\xff\xfe</html>", {}, Transient, "not_json", 60.0),
    "broken JSON": (200, b'{"results": [', {}, Transient, "not_json", None),
    "JSON of another kind": (200, b"[1]", {}, Transient, "not_json", None),
    "unknown shape": (200, b'{"results": 3}', {}, Transient, "bad_shape", None),
    "row without an id": (200, b'{"results": [{"properties": {}}]}', {}, Transient, "bad_shape", None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_failure_has_its_class_a_sentence_and_no_secret(start, case, caplog) -> None:
    status, data, headers, kind, code, retry_after = case
    account = start(script=always(status, data, **headers))
    with caplog.at_level(logging.DEBUG), pytest.raises(ConnectionFailed) as caught:
        read(account)
    error = caught.value
    assert isinstance(error, kind)
    assert error.code == code
    assert getattr(error, "retry_after", None) == retry_after
    assert len(error.message) > 20
    assert TOKEN not in f"{error.message} {error.fix} {error!r} {caplog.text}"


@pytest.mark.parametrize("name", ["web page", "somebody else's 404", "moved away"])
def test_a_wrong_address_is_told_to_be_one(start, name: str) -> None:
    status, data, headers, *_ = CASES[name]
    with pytest.raises(Transient, match=r"rather than JSON|not JSON") as caught:
        read(start(script=always(status, data, **headers)))
    assert "base_url" in caught.value.fix


def test_a_missing_scope_is_named(start) -> None:
    errors = [{"message": "…", "context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]
    account = start(script=always(403, body(category="MISSING_SCOPES", errors=errors)))
    with pytest.raises(AuthLost, match=r"lacks the scope crm\.objects\.contacts\.read") as caught:
        read(account)
    assert caught.value.code == "scope"


def test_check_names_every_missing_scope_and_raises_nothing(start) -> None:
    def script(method: str, path: str, sent: bytes) -> Scripted | None:
        errors = [{"context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}]
        refused = 403, {}, body(category="MISSING_SCOPES", errors=errors)
        return refused if path.startswith(f"{api.OBJECTS}/deals") else None

    findings = start(script=script).connector().check({})
    assert [finding.level for finding in findings].count("error") == 1
    assert "crm.objects.deals.read" in next(f.what for f in findings if f.level == "error")


def test_check_of_a_bad_token_is_one_finding(start) -> None:
    account = start()
    account.secrets.token = "wrong"
    (finding,) = account.connector().check({})
    assert (finding.level, bool(finding.fix)) == ("error", True)


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    account = Account(f"http://127.0.0.1:{port}")
    with pytest.raises(Transient, match=r"cannot reach HubSpot at http://127.0.0.1.*connection refused") as caught:
        read(account)
    assert "base_url" in caught.value.fix
    assert len(account.clock.slept) == 3


def test_a_connection_that_breaks_in_the_answer(start) -> None:
    account = start(script=always(200, b'{"results"', Content_Length="500"))
    with pytest.raises(Transient):
        read(account)


def fail_first(times: int, status: int, data: bytes, **headers: str):
    left = [times]

    def script(method: str, path: str, sent: bytes) -> Scripted | None:
        left[0] -= 1
        return (status, {k.replace("_", "-"): v for k, v in headers.items()}, data) if left[0] >= 0 else None

    return script


@pytest.mark.parametrize(
    ("status", "data"), [(429, body(policyName="SECONDLY")), (503, b""), (502, HTML), (423, body())]
)
def test_what_passes_is_tried_again_writes_too(start, status: int, data: bytes) -> None:
    account = start(script=fail_first(2, status, data))
    connector = account.connector()
    (result,) = connector.write([WriteOp("k", "contacts", "1001", {"leadsync_score": 1})])
    assert result.status is WriteStatus.APPLIED
    assert connector.quota().calls == 3
    assert len(account.clock.slept) == 2


@pytest.mark.parametrize(("status", "policy"), [(429, "DAILY"), (477, "")])
def test_a_long_wait_is_not_slept_here(start, status: int, policy: str) -> None:
    account = start(script=always(status, body(policyName=policy), Retry_After="5000"))
    with pytest.raises(Transient) as caught:
        read(account)
    assert caught.value.retry_after == 5000
    assert account.clock.slept == []


def test_what_will_fail_again_is_not_tried_again(start) -> None:
    account = start(script=always(400, body()))
    connector = account.connector()
    with pytest.raises(Rejected):
        list(connector.ids("contacts"))
    assert connector.quota().calls == 1


def test_a_rotated_token_is_taken_up(account) -> None:
    connector = account.connector()
    account.secrets.token = "old"
    with pytest.raises(AuthLost):
        list(connector.ids("contacts"))
    account.secrets.token = TOKEN
    assert list(connector.ids("contacts"))


def test_the_token_is_asked_for_once_while_it_works(account) -> None:
    connector = account.connector()
    assert account.secrets.asked == 0
    for _ in range(3):
        list(connector.ids("contacts"))
    assert account.secrets.asked == 1


@pytest.mark.parametrize("token", ["", "  ", "two\nlines", "schlüssel"])
def test_a_token_that_cannot_be_one(account, token: str) -> None:
    account.secrets.token = token
    with pytest.raises(AuthLost) as caught:
        read(account)
    assert not token.strip() or token not in caught.value.message


def test_a_page_that_leads_back_to_itself(start) -> None:
    row = b'{"results": [{"id": "1", "properties": {}}], "paging": {"next": {"after": "7"}}}'
    with pytest.raises(Rejected, match="again and again"):
        read(start(script=always(200, row)))


def test_base_url_must_be_an_address() -> None:
    with pytest.raises(ValidationError, match="https://"):
        HubSpotConnector.Settings(type="hubspot", base_url="api.hubapi.com", token=SecretRef(env="T"))


def test_searches_of_the_real_host_keep_below_its_limit(monkeypatch) -> None:
    clock = Clock()
    settings = HubSpotConnector.Settings(type="hubspot", base_url="https://hubspot.invalid", token=SecretRef(env="T"))
    connector = HubSpotConnector(settings, clock=clock, secrets=Secrets(), log=logging.getLogger("t"))
    monkeypatch.setattr(http.Http, "_exchange", lambda *_: (200, {}, b'{"results": []}'))
    since = Cursor(datetime(2026, 1, 1, tzinfo=UTC))
    list(
        connector.changes(
            [Ask(obj, (), since) for obj in ("contacts", "calls", "notes")], datetime(2026, 2, 1, tzinfo=UTC)
        )
    )
    assert len(clock.slept) == 2
    assert 0.4 < sum(clock.slept) <= 0.5


def test_a_host_that_asked_for_fewer_searches_is_asked_more_slowly_from_then_on(start) -> None:
    account = start(script=fail_first(1, 429, body(**LIMIT, policyName="SECONDLY"), Retry_After="0.1"))
    connector = account.connector()
    since = Cursor(datetime(2026, 11, 22, tzinfo=UTC))
    list(connector.changes([Ask(obj, (), since) for obj in ("calls", "notes", "tasks")], datetime.now(UTC)))
    assert account.clock.slept[0] == 0.1
    assert len(account.clock.slept) == 4


def test_closing_twice_is_fine(account) -> None:
    connector = account.connector()
    read(account)
    connector.close()
    connector.close()
