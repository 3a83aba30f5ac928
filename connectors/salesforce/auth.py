"""The ways in: a token as it is, client credentials, or an assertion signed with a private key (JWT bearer).

simple-salesforce asks for the token; its warnings are kept quiet, since one of them prints the consumer key.
"""

import warnings
from collections.abc import Callable

import requests
from jwt.exceptions import PyJWTError
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from connectors.salesforce import failures
from connectors.salesforce.settings import SalesforceSettings
from leadsync.connector import AuthLost, Secrets

_TEST_HOSTS = (".sandbox.my.salesforce.com", ".scratch.my.salesforce.com")


def login(
    settings: SalesforceSettings,
    secrets: Secrets,
    http: requests.Session,
    host: str,
    heard: Callable[[], tuple[int, float | None]],
) -> tuple[str, str]:
    """Token and instance. Makes a request unless the token itself is configured; `heard` tells the status of the
    answer, and the seconds that it asks us to wait.

    Raises `AuthLost` or `Transient`; what requests and simple-salesforce make of other answers passes through.
    """
    if settings.token:
        return secrets.get("token"), settings.domain or host
    # simple-salesforce adds .salesforce.com; with a base_url alone the name does not matter
    stem = (settings.domain or "base-url.my.salesforce.com").removesuffix(".salesforce.com")
    key = secrets.get("client_id")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if settings.private_key:
                token, instance = SalesforceLogin(
                    session=http, username=settings.username, consumer_key=key, instance_url=stem,
                    privatekey=secrets.get("private_key"), domain=_audience(settings.domain),
                )  # fmt: skip
            else:
                secret = secrets.get("client_secret")
                token, instance = SalesforceLogin(session=http, consumer_key=key, consumer_secret=secret, domain=stem)
        except SalesforceAuthenticationFailed as error:
            status, wait = heard()
            raise failures.login(
                error.code, error.auth_message, host, signed=bool(settings.private_key), status=status, retry_after=wait
            ) from None
        except (PyJWTError, ValueError) as error:
            if settings.private_key is None or isinstance(error, requests.RequestException):
                raise
            raise _unusable_key() from None  # the cause may quote the key
    if not isinstance(token, str):
        raise KeyError("access_token")
    return token, instance


def _audience(domain: str | None) -> str:
    """Whom the assertion is for: the login host of sandboxes, or of all other accounts."""
    return "test" if domain and domain.endswith(_TEST_HOSTS) else "login"


def _unusable_key() -> AuthLost:
    return AuthLost(
        "the private key of the Salesforce connection cannot be used",
        fix="private_key must hold an RSA key in PEM form without a password (-----BEGIN PRIVATE KEY-----)",
    )
