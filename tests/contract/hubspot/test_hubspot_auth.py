import json
import logging
import threading
from datetime import UTC, datetime

import orjson
import pytest
from hubspot_account import TOKEN, Account, Scripted, Start, Vault
from pydantic import ValidationError

from connectors.hubspot import HubSpotConnector, api
from connectors.hubspot.login import OAuth
from leadsync.connector import Ask, AuthLost, Cursor, Failed, SecretRef, Transient, WriteOp, WriteStatus
from leadsync.testing.driver import ManualClock

LOGIN = "POST oauth/token"
REF = SecretRef(env="X")
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def account(start: Start, clock: ManualClock, vault: Vault) -> Account:
    return installed(start, clock, vault)


def installed(start: Start, clock: ManualClock, vault: Vault, **options: object) -> Account:
    account = start(now=clock.now, **options)
    account.clock = clock
    account.install(vault)
    account.reset()
    return account


def read(connector: HubSpotConnector) -> None:
    assert list(connector.ids("contacts"))


def logins(account: Account) -> int:
    return account.calls().get(LOGIN, 0)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "give token"),
        ({"token": REF, "client_id": REF}, "not both"),
        ({"token": REF, "client_id": REF, "client_secret": REF, "refresh_token": REF}, "not both"),
        ({"client_id": REF, "client_secret": REF}, "refresh_token is missing"),
        ({"refresh_token": REF}, "client_id and client_secret are missing"),
    ],
)
def test_there_is_exactly_one_way_in(given: dict[str, SecretRef], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        HubSpotConnector.Settings(type="hubspot", **given)


def test_an_app_logs_in_once_and_keeps_the_new_refresh_token_before_it_is_used(account, vault) -> None:
    seen: list[dict[str, int]] = []
    vault.on_replace = lambda: seen.append(account.calls())
    connector = account.app(vault)
    read(connector)
    read(connector)
    assert seen == [{LOGIN: 1}]
    assert vault.replaced == ["refresh_token"]
    assert logins(account) == 1
    again = account.app(vault)
    read(again)
    assert logins(account) == 2


def test_a_token_is_renewed_before_it_ends(account, vault, clock) -> None:
    connector = account.app(vault)
    for _ in range(4):
        read(connector)
        clock.advance(900)
    assert account.calls() == {LOGIN: 2, "GET contacts": 4}


def test_a_refused_token_heals_in_any_request_of_a_round(start, clock, vault) -> None:
    left = [1]

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if not path.startswith(api.ASSOCIATIONS) or not left[0]:
            return None
        left[0] -= 1
        return 401, JSON, b'{"status":"error","message":"expired","category":"EXPIRED_AUTHENTICATION"}'

    account = installed(start, clock, vault, script=script)
    contact = next(iter(account.connector().ids("contacts"))).ids[0]
    call = account.logged("calls", contact, hs_timestamp="2026-03-01T10:00:00Z")
    since = Cursor(datetime(2020, 1, 1, tzinfo=UTC))
    (page,) = account.app(vault).changes([Ask("calls", (), since)], clock.now())
    assert {record.id: record.links for record in page.records}[call] == {"contacts": (contact,)}
    assert logins(account) == 2


def test_a_token_that_is_refused_at_once_is_not_renewed_again_and_again(start, clock, vault) -> None:
    refused = orjson.dumps({"status": "error", "message": "no", "category": "INVALID_AUTHENTICATION"})

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        return (401, JSON, refused) if path.startswith(f"{api.OBJECTS}/deals") else None

    account = installed(start, clock, vault, script=script)
    connector = account.app(vault)
    with pytest.raises(AuthLost):
        list(connector.ids("deals"))
    assert logins(account) == 2
    assert connector.quota().calls == 4


def test_a_missing_scope_is_no_reason_to_log_in_again(account, vault) -> None:
    account.install(vault, without=["crm.objects.deals.read"])
    connector = account.app(vault)
    with pytest.raises(AuthLost, match=r"crm\.objects\.deals\.read"):
        list(connector.ids("deals"))
    assert logins(account) == 1


def test_withdrawn_consent_is_said_and_heals_by_a_new_one(account, vault) -> None:
    account.install(vault, revoked=True)
    connector = account.app(vault)
    for _ in range(2):
        with pytest.raises(AuthLost, match="consent") as caught:
            read(connector)
    assert "install the app" in caught.value.fix
    assert vault.replaced == []
    vault.known["refresh_token"] = "r3fresh-new"
    account.install(vault)
    read(connector)


def test_another_apps_secret_is_said_to_be_one(account, vault) -> None:
    vault.known["client_secret"] = "an0ther-secret"
    with pytest.raises(AuthLost, match="client_id and client_secret") as caught:
        read(account.app(vault))
    assert "an0ther" not in f"{caught.value.message} {caught.value.fix}"


ANSWERS = {
    "overload": (503, b"", Transient, "unavailable"),
    "limit": (429, b'{"status":"error","message":"slow","policyName":"DAILY"}', Transient, "daily_limit"),
    "page": (200, b"<html></html>", Transient, "not_json"),
    "nothing in it": (200, b"{}", Transient, "not_json"),
    "no token": (200, b'{"expires_in":1800}', Transient, "bad_shape"),
    "no end": (200, b'{"access_token":"a"}', Transient, "bad_shape"),
    "not a token": (200, '{"access_token":"schlüssel","expires_in":1800}'.encode(), Transient, "bad_shape"),
    "something else": (400, b'{"status":"ODD","message":"told with r3fresh-0 and app-s3cret"}', AuthLost, "auth"),
    "elsewhere": (302, b"", Transient, "not_json"),
}


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS)
def test_every_failure_to_log_in_has_its_class_and_shows_no_secret(start, clock, vault, case, caplog) -> None:
    status, data, kind, code = case
    headers = {"Location": "http://127.0.0.1:9/"} if status == 302 else {}
    account = installed(
        start, clock, vault, script=lambda m, path, b: (status, headers, data) if path == api.OAUTH_TOKEN else None
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(kind) as caught:
        read(account.app(vault))
    assert caught.value.code == code
    told = f"{caught.value.message} {caught.value.fix} {caplog.text}"
    assert not any(secret in told for secret in ("r3fresh-0", "app-s3cret"))
    assert vault.replaced == []


def test_no_token_shows_in_an_error(start, clock, vault, caplog) -> None:
    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if path == api.OAUTH_TOKEN:
            answer = {"access_token": "acc3ss", "refresh_token": "rotat3d", "expires_in": 60}
            return 200, JSON, orjson.dumps(answer)
        told = {"status": "error", "message": "acc3ss rotat3d app-s3cret r3fresh-0", "category": "VALIDATION_ERROR"}
        return (400, JSON, orjson.dumps(told)) if path.startswith(api.OBJECTS) else None

    account = installed(start, clock, vault, script=script)
    connector = account.app(vault)
    with caplog.at_level(logging.DEBUG):
        (failed,) = connector.changes([Ask("contacts", (), Cursor(clock.now()))], clock.now())
    assert isinstance(failed, Failed)
    told = f"{failed.error.message} {failed.error.fix} {caplog.text}"
    assert "•••" in told
    assert not any(secret in told for secret in ("acc3ss", "rotat3d", "app-s3cret", "r3fresh-0"))


@pytest.mark.parametrize("status", [200, 400])
def test_no_token_shows_in_what_became_of_a_write(start, clock, vault, status: int) -> None:
    """A single row's refusal may repeat what was sent, as well as a whole answer."""
    access = "CJSP5qf1KhICAQEYs/gDIIGOBii1hQIyGQAf"

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if path == api.OAUTH_TOKEN:
            return 200, JSON, orjson.dumps({"access_token": access, "expires_in": 1800})
        if not path.endswith("/batch/update"):
            return None
        told = json.dumps({"sent": f"Bearer {access}"}).replace("/", "\\/")
        error = {"status": "error", "message": told, "category": access, "context": {"ids": ["1001"]}}
        error |= {"errors": [{"message": told, "context": {"propertyName": [access]}}]}
        return status, JSON, orjson.dumps(error if status == 400 else {"results": [], "errors": [error]})

    connector = installed(start, clock, vault, script=script).app(vault)
    (result,) = connector.write([WriteOp("k", "contacts", "1001", {"city": "Ulm"})])
    assert result.status is WriteStatus.REJECTED
    assert "•••" in result.message
    assert not any(part in str(result).replace("\\", "") for part in (access, access[:12], access[-12:]))


def test_many_threads_renew_once(account, vault, clock) -> None:
    login = OAuth(account.url, clock=clock, secrets=vault)
    together, tokens = threading.Barrier(6), []

    def work() -> None:
        together.wait()
        tokens.append(login.token())

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    login.close()
    assert len(tokens) == 6
    assert len(set(tokens)) == 1
    assert logins(account) == 1


def test_whose_quota_it_is_is_no_secret(account, vault) -> None:
    by_token, same, app = account.connector(), account.connector(), account.app(vault)
    assert by_token.quota().holder == ""
    for connector in (by_token, same, app):
        read(connector)
    assert by_token.quota().holder == same.quota().holder
    assert TOKEN not in by_token.quota().holder
    assert app.quota().holder == "account 1"
    assert app.quota().limit is None
    assert app.quota().calls == 2
