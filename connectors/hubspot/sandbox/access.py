"""Who may do what: tokens, their scopes and their end, and the OAuth endpoints that give them out."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from connectors.hubspot.sandbox.objects import ENGAGEMENTS, NAMES
from connectors.hubspot.sandbox.refusals import PORTAL, bad_token, expired_token, missing_scopes
from leadsync.testing.server import as_json

_LIFE = 1800  # seconds
_GUARDED = ("contacts", "companies", "deals", "leads")
SCOPES = frozenset(
    [f"crm.{kind}.{obj}.{verb}" for kind in ("objects", "schemas") for obj in _GUARDED for verb in ("read", "write")]
    + ["crm.objects.owners.read", "sales-email-read", "oauth"]
)
Needs = Sequence[Sequence[str]]
"""Scopes that a call needs: one of each."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token may do, and until when (milliseconds; `None`: for ever). `app` is that of an OAuth grant."""

    scopes: frozenset[str]
    ends: int | None = None
    app: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """An account's consent to an OAuth app. Its refresh token changes with every use; the `former` one works until the
    new one has been used, so that an answer that was lost costs nothing."""

    client_id: str
    client_secret: str
    scopes: frozenset[str]
    former: str = ""


class Access:
    """The tokens of the account. `clock` is in milliseconds."""

    def __init__(self, token: str, clock: Callable[[], int]) -> None:
        self.tokens = {token: Token(SCOPES)}
        self.grants: dict[str, Grant] = {}
        self._clock = clock

    def is_oauth(self, request: Request) -> bool:
        """Whether the request comes from an OAuth app."""
        known = self.tokens.get(_bearer(request))
        return known is not None and bool(known.app)

    def token(self, request: Request) -> Token:
        """The token that a request carries. 401."""
        known = self.tokens.get(_bearer(request))
        if known is None:
            raise bad_token()
        if known.ends is not None and (late := self._clock() - known.ends) >= 0:
            raise expired_token(max(1, late // 60_000))
        return known

    def check(self, request: Request, needs: Needs) -> None:
        """The request may do what it wants. 401, 403."""
        token = self.token(request)
        for scopes in needs:
            if not token.scopes.intersection(scopes):
                raise missing_scopes(scopes)

    async def give(self, request: Request) -> Response:
        """A new access token for a refresh token, which is replaced."""
        form = await _form(request)
        kind, old = form.get("grant_type", ""), form.get("refresh_token", "")
        if kind != "refresh_token":
            return _refused("BAD_GRANT_TYPE", "grant_type must be refresh_token here", "unsupported_grant_type")
        grant = self.grants.get(old)
        if grant is None:
            return _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token", "invalid_grant")
        if (form.get("client_id"), form.get("client_secret")) != (grant.client_id, grant.client_secret):
            return _refused("BAD_CLIENT_ID", "missing or unknown client id or secret", "invalid_client")
        access, refresh = secrets.token_urlsafe(240), secrets.token_urlsafe(24)
        self.grants.pop(grant.former, None)
        self.grants[refresh] = replace(grant, former=old)
        self.tokens[access] = Token(grant.scopes, self._clock() + 1000 * _LIFE, grant.client_id)
        return as_json({
            "access_token": access, "refresh_token": refresh, "expires_in": _LIFE, "token_type": "bearer",
            "token_use": "access_token", "hub_id": PORTAL, "user_id": 1, "scopes": sorted(grant.scopes),
        })  # fmt: skip

    def uninstall(self, client_id: str) -> None:
        """Nothing that this app was given works any more."""
        self.grants = {key: grant for key, grant in self.grants.items() if grant.client_id != client_id}
        self.tokens = {key: token for key, token in self.tokens.items() if token.app != client_id}

    async def introspect(self, request: Request) -> Response:
        """What a token is good for."""
        form = await _form(request)
        given = form.get("token", "")
        grant = self.grants.get(given)
        if grant is not None:
            return as_json({"active": True, "token_use": "refresh_token", "hub_id": PORTAL,
                            "client_id": grant.client_id, "scopes": sorted(grant.scopes)})  # fmt: skip
        known = self.tokens.get(given)
        if known is None or known.ends is None or known.ends <= self._clock():
            return as_json({"active": False})
        return as_json({
            "active": True, "token_use": "access_token", "hub_id": PORTAL, "client_id": known.app,
            "expires_in": (known.ends - self._clock()) // 1000, "scopes": sorted(known.scopes),
        })  # fmt: skip

    async def revoke(self, request: Request) -> Response:
        """An app is uninstalled: its refresh tokens and all access tokens end."""
        grant = self.grants.get((await _form(request)).get("token", ""))
        if grant is not None:
            self.uninstall(grant.client_id)
        return Response(status_code=204)


def rows_need(verb: str) -> Callable[[Request], Needs]:
    """The scopes to read or write rows of the object that the path names, or (`schemas`) to change its properties."""
    return lambda request: [_scopes(NAMES[name], verb) for name in _named(request)]


def properties_need(request: Request) -> Needs:
    """The scopes to read the definitions of an object's properties: any that has to do with it."""
    return [[*_scopes(NAMES[name], "read"), *_scopes(NAMES[name], "schemas.read")] for name in _named(request)]


def owners_need(_: Request) -> Needs:
    """The scope to read owners."""
    return [["crm.objects.owners.read"]]


def nothing(_: Request) -> Needs:
    """Any token will do."""
    return []


def of_call(call: str) -> Sequence[str]:
    """The scopes that a call such as `POST /crm/v3/objects/contacts/batch/update` needs, as far as it names them."""
    name = next((NAMES[word] for word in call.replace("*", "/").split("/") if word in NAMES), "contacts")
    reads = call.startswith(("GET", "*")) or call.endswith(("search", "batch/read"))
    return _scopes(name, "read" if reads else "write")


def _named(request: Request) -> Iterable[str]:
    return (name for key in ("object", "to") if (name := request.path_params.get(key)) in NAMES)


def _scopes(obj: str, verb: str) -> Sequence[str]:
    kind, _, verb = verb.rpartition(".")
    scope = f"crm.{kind or 'objects'}.{'contacts' if obj in ENGAGEMENTS else obj}.{verb}"
    return [scope, "sales-email-read"] if (obj, kind, verb) == ("emails", "", "read") else [scope]


def _bearer(request: Request) -> str:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given if scheme == "Bearer" else ""


async def _form(request: Request) -> dict[str, str]:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}


def _refused(status: str, message: str, error: str) -> Response:
    return as_json({"status": status, "message": message, "error": error, "error_description": message}, 400)
