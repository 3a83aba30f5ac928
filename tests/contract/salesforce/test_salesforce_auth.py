"""The ways in: exactly one, with a sentence for each thing that can be wrong."""

import logging
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError
from salesforce_box import CLIENT_ID, CLIENT_SECRET, TOKEN, Answer

from connectors.salesforce import SalesforceConnector
from leadsync.connector import AuthLost, Rejected, Transient, WriteOp

SOMEWHERE = {"env": "X"}
HOST = "acme.my.salesforce.com"
SIGNED = {"client_id": SOMEWHERE, "username": "leadsync@acme.example", "private_key": SOMEWHERE}


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key):
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


class Held:
    """Secrets that can be replaced behind the connector's back."""

    def __init__(self, **secrets):
        self.secrets = secrets

    def get(self, name):
        return self.secrets[name]


@pytest.fixture
def connect(box, pem):
    def connect(secrets=None, **settings):
        given = {"type": "salesforce", "base_url": box.url} | (settings or SIGNED)
        held = secrets or Held(client_id=CLIENT_ID, private_key=pem, client_secret=CLIENT_SECRET, token=TOKEN)
        log = logging.getLogger("test")
        return SalesforceConnector(SalesforceConnector.Settings(**given), clock=box.clock, secrets=held, log=log)

    return connect


def taken(box):
    """Every login is accepted; the assertions that came."""
    forms = []

    def answer(seen):
        if not seen.path.endswith("/oauth2/token"):
            return None
        forms.append(parse_qs(seen.body.decode()))
        return Answer(200, {"access_token": TOKEN, "instance_url": box.url, "id": f"{box.url}/id/00D/{box.org.us}"})

    box.front.always = answer
    return forms


@pytest.mark.parametrize(
    ("domain", "audience"),
    [
        (None, "https://login.salesforce.com"),
        (HOST, "https://login.salesforce.com"),
        ("acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_an_assertion_says_who_asks_whom_for_whom(box, connect, key, domain, audience):
    forms = taken(box)
    connector = connect(**SIGNED, domain=domain)
    assert connector.user() == box.org.us
    assert len(list(connector.backfill("Lead", None, []))) == 1
    (form,) = forms
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    options = {"verify_exp": False}
    claims = jwt.decode(form["assertion"][0], key.public_key(), ["RS256"], options=options, audience=audience)
    assert (claims["iss"], claims["sub"]) == (CLIENT_ID, "leadsync@acme.example")


def test_an_expired_session_is_signed_for_anew_once(box, connect):
    forms = taken(box)
    accept = box.front.always
    connector = connect()
    connector.now()
    expired = Answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
    box.front.script = [expired]
    assert len(list(connector.backfill("Lead", None, []))) == 1
    assert len(forms) == 2
    box.front.always = lambda seen: accept(seen) or expired
    with pytest.raises(AuthLost):
        list(connector.backfill("Lead", None, []))
    assert len(forms) == 3


@pytest.mark.parametrize("broken", ["nonsense", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----", ""])
def test_a_key_that_cannot_be_used_is_said_without_showing_it(box, connect, broken):
    with pytest.raises(AuthLost, match="private key") as caught:
        connect(Held(client_id=CLIENT_ID, private_key=broken)).now()
    assert "PEM" in caught.value.fix
    assert "c2VjcmV0" not in str(caught.value) + repr(caught.value.__cause__)
    assert box.front.seen == []


@pytest.mark.parametrize(
    ("error", "said", "fix"),
    [
        ("invalid_grant", "user hasn't approved this consumer", "approve the app's users in advance"),
        ("invalid_grant", "Audience validation failed", ".sandbox.my.salesforce.com"),
        ("invalid_grant", "invalid assertion", "certificate"),
        ("invalid_client_id", "client identifier invalid", "consumer key"),
        ("unsupported_grant_type", "grant type not supported", "JWT bearer flow"),
        ("odd", None, "username"),
    ],
)
def test_refusals_of_an_assertion(box, connect, error, said, fix):
    box.front.always = lambda seen: Answer(400, {"error": error, "error_description": said})
    with pytest.raises(AuthLost, match=error) as caught:
        connect().now()
    assert fix in caught.value.fix
    assert len(box.front.seen) == 1


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("Connected app is not attached to Agent", "attach the app"),
        ("This session is not valid for use with the REST API", "API Enabled"),
    ],
)
def test_a_session_that_no_login_would_better_is_not_asked_for_again(box, connect, said, fix):
    forms = taken(box)
    accept = box.front.always
    refused = Answer(401, [{"message": said, "errorCode": "INVALID_SESSION_ID"}])
    box.front.always = lambda seen: accept(seen) or refused
    with pytest.raises(AuthLost) as caught:
        connect().now()
    assert fix in caught.value.fix
    assert len(forms) == 1


def test_a_token_that_was_replaced_is_used_from_then_on(box, connect):
    held = Held(token="old")
    connector = connect(held, token=SOMEWHERE)
    with pytest.raises(AuthLost):
        list(connector.backfill("Lead", None, []))
    assert len(box.front.seen) == 1
    held.secrets["token"] = TOKEN
    assert len(list(connector.backfill("Lead", None, []))) == 1


def test_a_token_that_is_replaced_while_it_is_used(box, connect):
    held = Held(token="old")
    connector = connect(held, token=SOMEWHERE)

    def replaced(seen):
        held.secrets["token"] = TOKEN

    box.front.always = replaced
    assert len(list(connector.backfill("Lead", None, []))) == 1
    assert len(box.front.seen) == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "client_id, username and private_key"),
        ({"username": "u"}, "client_id and private_key is missing"),
        ({"client_id": SOMEWHERE, "username": "u"}, "private_key is missing"),
        ({"client_id": SOMEWHERE, "private_key": SOMEWHERE}, "username is missing"),
        ({**SIGNED, "client_secret": SOMEWHERE}, "either client_secret, or username and private_key"),
        ({**SIGNED, "token": SOMEWHERE}, "not both"),
        ({"token": SOMEWHERE, "username": "u"}, "not both"),
        ({**SIGNED, "private_key": "-----BEGIN"}, "never stands in this file"),
    ],
)
def test_settings_that_are_no_way_in(settings, said):
    with pytest.raises(ValidationError, match=said):
        SalesforceConnector.Settings(type="salesforce", domain=HOST, **settings)


def test_a_redirect_of_the_login_takes_no_secret_along(box, connect):
    box.front.always = lambda seen: Answer(302, b"", {"location": "https://evil.example/"})
    with pytest.raises(Rejected, match="another address"):
        connect().now()
    assert len(box.front.seen) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "wait"),
    [
        (Answer(200, b'{"access_token": '), Transient, None),
        (Answer(200, ["no", "token"]), Transient, None),
        (Answer(200, {"access_token": 7, "instance_url": "https://x"}), Transient, None),
        (Answer(400, b"no JSON"), AuthLost, None),
        (Answer(404, b""), AuthLost, None),
        (Answer(302, b"", {"location": "https://elsewhere.example/"}), Rejected, None),
        (Answer(429, b"", {"retry-after": "77"}), Transient, 77),
        (Answer(429, {"error": "slow down"}, {"retry-after": "77"}), Transient, 77),
        (Answer(429, [{"errorCode": "X"}], {"retry-after": "77"}), Transient, 77),
        (Answer(503, {"error": "server_error"}, {"retry-after": "77"}), Transient, 77),
        (Answer(400, {"error": "rate_limit_exceeded"}, {"retry-after": "77"}), Transient, 77),
    ],
)
def test_a_login_that_fails_is_about_no_row(box, connect, answer, kind, wait):
    """It is raised, once: rows have no part in it."""
    connector = connect()
    box.front.always = lambda seen: answer
    writes = [WriteOp(id_, "Lead", id_, {"Title": "x"}) for id_ in ("00Q5g00000AAAAAEA3", "00Q5g00000AAAABEA3")]
    with pytest.raises(kind) as caught:
        connector.write(writes)
    assert getattr(caught.value, "retry_after", None) == wait
    assert {seen.path for seen in box.front.seen} == {"/services/oauth2/token"}
