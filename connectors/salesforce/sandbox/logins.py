"""Logging in: sessions that are issued, expire and are revoked; client credentials; signed assertions."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from connectors.salesforce.sandbox.org import ORG_ID, Org

IDLE = timedelta(hours=2)
"""A session ends when it has not been used for so long."""
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


class LoginRefused(Exception):
    """Why the token route refuses: error and description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description


class App(NamedTuple):
    """An external client app: what it proves itself with, and for whom its assertions may speak."""

    secret: str = ""
    public_key: str = ""


class Logins:
    """The sessions of one account. `token` is one that never ends by itself.

    Until apps are known (`apps`), client credentials of any kind open the account; assertions need a known key always.
    """

    def __init__(self, org: Org, token: str) -> None:
        self._org, self.token = org, token
        self.now = org.now
        """The clock by which assertions are judged."""
        self.apps: dict[str, App] = {}
        self._ends: dict[str, datetime | None] = {token: None}
        self._issued = 0

    def known(self, authorization: str) -> bool:
        """Whether the header opens the account; a session that is used lives on."""
        scheme, _, token = authorization.partition(" ")
        now = self._org.now()
        for one, end in self._ends.items():
            if scheme == "Bearer" and hmac.compare_digest(token.encode(), one.encode()):
                if end is not None and end <= now:
                    return False
                self._ends[one] = None if end is None else now + IDLE
                return True
        return False

    def revoke(self, token: str = "") -> None:
        """End this session, or all of them."""
        for one in [token] if token else list(self._ends):
            self._ends.pop(one, None)

    def restore(self) -> None:
        """The token that never ends by itself is good again."""
        self._ends[self.token] = None

    def issue(self, form: Mapping[str, str], authorization: str, base: str) -> str:
        """A new session for what the token route was sent. Raises `LoginRefused`."""
        kind = form.get("grant_type")
        if kind == "client_credentials":
            self._credentials(*(_basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))))
        elif kind == _JWT:
            self._assertion(form.get("assertion", ""), base)
        else:
            raise LoginRefused("unsupported_grant_type", "grant type not supported")
        self._issued += 1
        made = hashlib.sha256(f"{self.token} {self._issued}".encode()).hexdigest()
        token = f"{ORG_ID[:15]}!{made}"
        self._ends[token] = self._org.now() + IDLE
        return token

    def _credentials(self, key: str, secret: str) -> None:
        if not key or (self.apps and key not in self.apps):
            raise LoginRefused("invalid_client_id", "client identifier invalid")
        if not secret or (self.apps and not hmac.compare_digest(secret, self.apps[key].secret)):
            raise LoginRefused("invalid_client", "invalid client credentials")

    def _assertion(self, text: str, base: str) -> None:
        import jwt  # as heavy as all cryptography, and wanted by few

        try:
            claims: dict[str, Any] = jwt.decode(text, options={"verify_signature": False})
            key = self.apps.get(str(claims.get("iss")), App()).public_key
            if not key:
                raise LoginRefused("invalid_client_id", "client identifier invalid")
            jwt.decode(
                text, key, algorithms=["RS256"],
                options={"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False},
            )  # fmt: skip
            end = datetime.fromtimestamp(float(claims["exp"]), UTC)  # some clients send it as text
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError):
            raise LoginRefused("invalid_grant", "invalid assertion") from None
        if end <= self.now():
            raise LoginRefused("invalid_grant", "expired authorization code")
        if str(claims.get("aud")).rstrip("/") not in (*_AUDIENCES, base):
            raise LoginRefused("invalid_grant", "Audience validation failed")
        users = self._org.tables["User"].rows.values()
        if not any(user["Username"] == claims.get("sub") and user["IsActive"] for user in users):
            raise LoginRefused("invalid_grant", "user hasn't approved this consumer")


def key_pair() -> tuple[str, str]:
    """A new private key and its public key, as PEM."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = made.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = made.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return key, secret
