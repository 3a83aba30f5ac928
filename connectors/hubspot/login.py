"""The two ways into an account: a token that stays until somebody replaces it, and OAuth, whose tokens are renewed."""

import hashlib
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import requests

from connectors.hubspot import api
from connectors.hubspot.failures import NOT_JSON, failure, parsed, unreachable
from leadsync.connector import AuthLost, Clock, Secrets, Transient, concealed

_TIMEOUT = (10.0, 60.0)
_MARGIN = 300.0  # seconds before its end that an access token is renewed
_CONSENT = "install the app in the HubSpot account again and put its new refresh token where `refresh_token` points"


class Login(Protocol):
    """What a request needs to be let in."""

    calls: int
    """Requests sent to log in."""
    holder: str
    """Whose requests these are, as the CRM counts them; empty until that is known. No secret."""
    scopes: frozenset[str] | None
    """What the token may do, where that came with it."""

    def token(self) -> str:
        """The access token to use now. Raises `AuthLost`, or `Transient` when it has to be renewed and cannot be."""
        ...

    def renewed(self, refused: str, error: AuthLost) -> str | None:
        """Another token than the refused one, if there is one. Raises as `token` does."""
        ...

    def hidden(self) -> tuple[str, ...]:
        """What no message may show."""
        ...

    def close(self) -> None:
        """Let go of sockets."""
        ...


class Token:
    """A service key, or the token of a private app."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._token = ""
        self.calls, self.holder = 0, ""
        self.scopes: frozenset[str] | None = None

    def token(self) -> str:
        """The token, read once while it works."""
        return self._token or self._read()

    def renewed(self, refused: str, error: AuthLost) -> str | None:
        """The token may have been replaced since it was read, by one that is valid or may do more."""
        fresh = self._read()
        return fresh if fresh != refused else None

    def hidden(self) -> tuple[str, ...]:
        """The token."""
        return (self._token,)

    def close(self) -> None:
        """There are none."""

    def _read(self) -> str:
        token = self._secrets.get("token").strip()
        if not _plausible(token):
            raise AuthLost(
                "the HubSpot token is empty or holds characters that no token has",
                fix="put the access token alone, on one line, where the setting `token` points",
            )
        self._token, self.holder = token, f"token {hashlib.sha256(token.encode()).hexdigest()[:12]}"
        return token


class OAuth:
    """An app that somebody has installed in the account: access tokens last half an hour, its refresh token stays."""

    def __init__(self, base_url: str, *, clock: Clock, secrets: Secrets) -> None:
        self._url = base_url.rstrip("/")
        self._clock, self._secrets = clock, secrets
        self._session = requests.Session()
        self._session.trust_env = False  # or a netrc file would add a login of its own
        self._lock = threading.Lock()
        self._access = ""
        self._until: datetime | None = None
        self._hidden: dict[str, None] = {}
        self.calls, self.holder = 0, ""
        self.scopes: frozenset[str] | None = None

    def token(self) -> str:
        """The access token, renewed before it ends."""
        with self._lock:
            if self._until is None or self._clock.now() >= self._until:
                self._renew()
            return self._access

    def renewed(self, refused: str, error: AuthLost) -> str | None:
        """A new access token; not for a missing scope, which a new one would lack as well."""
        if error.code != "auth":
            return None
        with self._lock:
            if self._access == refused:
                self._renew()
            return self._access

    def hidden(self) -> tuple[str, ...]:
        """All tokens, and the client's secret."""
        return tuple(self._hidden)

    def close(self) -> None:
        """Let go of the socket."""
        self._session.close()

    def _renew(self) -> None:
        names = ("client_id", "client_secret", "refresh_token")
        form = {name: self._secrets.get(name).strip() for name in names}
        self._hide(form["client_secret"], form["refresh_token"])
        asked_at = self._clock.now()
        answer = self._ask(form | {"grant_type": "refresh_token"})
        access, lasts, rotated = (answer.get(name) for name in ("access_token", "expires_in", "refresh_token"))
        if not (isinstance(access, str) and _plausible(access) and isinstance(lasts, int | float) and lasts > 0):
            raise Transient("HubSpot answered the login in a shape that leadsync does not know", code="bad_shape")
        self._hide(access)
        if isinstance(rotated, str) and rotated and rotated != form["refresh_token"]:
            self._hide(rotated)
            self._secrets.replace("refresh_token", rotated)
        self._access, self._until = access, asked_at + timedelta(seconds=max(lasts - _MARGIN, lasts / 2))
        self.holder = f"account {answer['hub_id']}" if answer.get("hub_id") else f"app {form['client_id']}"
        if isinstance(answer.get("scopes"), list):
            self.scopes = frozenset(map(str, answer["scopes"]))

    def _ask(self, form: Mapping[str, str]) -> dict[str, Any]:
        self.calls += 1
        try:
            answer = self._session.post(self._url + api.OAUTH_TOKEN, data=form, timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise unreachable(error, self._url) from None
        body = parsed(answer.content)
        if answer.ok and body:
            return body
        status = NOT_JSON if answer.ok else answer.status_code
        trouble = failure(status, answer.headers, answer.content, base_url=self._url)
        trouble.hide(lambda text: concealed(text, self._hidden))
        if isinstance(trouble, Transient):
            raise trouble
        raise _refused(body, trouble.message)

    def _hide(self, *secrets: str) -> None:
        self._hidden |= dict.fromkeys(secrets)


def _refused(body: Mapping[str, Any], told: str) -> AuthLost:
    words = {str(body.get(name)).lower() for name in ("status", "error")}
    if words & {"bad_refresh_token", "invalid_grant"}:
        return AuthLost("HubSpot no longer accepts the refresh token: the app's consent has ended", fix=_CONSENT)
    if words & {"bad_client_id", "bad_client_secret", "invalid_client"}:
        return AuthLost(
            "HubSpot does not accept this client_id and client_secret",
            fix="copy both from the app's page in HubSpot to where `client_id` and `client_secret` point",
        )
    return AuthLost(f"HubSpot does not renew the access token: {told}", fix=_CONSENT)


def _plausible(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable()
