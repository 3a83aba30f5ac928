"""The sandbox's own doors under `/_sandbox/`, for demos and tests. `POST /_sandbox/faults` is the kit's."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request

from connectors.hubspot.sandbox import act
from connectors.hubspot.sandbox.access import SCOPES, Access, Grant, Token
from connectors.hubspot.sandbox.limits import Limits
from connectors.hubspot.sandbox.objects import NAMES
from connectors.hubspot.sandbox.portal import Lock, Portal
from connectors.hubspot.sandbox.properties import iso
from connectors.hubspot.sandbox.refusals import Refusal, no_such_row

Json = dict[str, Any]
Answer = tuple[int, Json]


class Doors:
    """What happens behind them."""

    def __init__(self, portal: Portal, access: Access, limits: Limits) -> None:
        self._portal, self._access, self._limits = portal, access, limits

    def all(self) -> Iterator[tuple[str, str, Any]]:
        """Method, name and handler of each."""
        yield "GET", "calls", self.calls
        for handler in (self.act, self.counters, self.calculate, self.lock, self.leave, self.tokens):
            yield "POST", handler.__name__, handler
        yield "POST", "calls/reset", self.reset

    def calls(self, _: Request, __: Json) -> Answer:
        """Requests so far, by endpoint."""
        return 200, self._limits.calls.body()

    def reset(self, _: Request, body: Json) -> Answer:
        """Count from nought; `used` requests count as spent of the account's day."""
        self._limits.reset(int(body.get("used", 0)))
        return 200, self._limits.calls.body()

    def act(self, _: Request, body: Json) -> Answer:
        """Some `leads` act now, and a rep edits; the same `seed` picks the same."""
        return 200, {"acted": act.act(self._portal, int(body.get("seed", 1)), int(body.get("leads", 1)))}

    def counters(self, _: Request, body: Json) -> Answer:
        """Set `properties` of contact `id` that only HubSpot itself may set, and stamp it."""
        return 200, act.set_counters(self._portal, str(body.get("id")), body.get("properties") or {})

    def calculate(self, _: Request, body: Json) -> Answer:
        """Set `properties` of contact `id` as a formula would: without a new stamp."""
        return 200, act.set_counters(self._portal, str(body.get("id")), body.get("properties") or {}, stamp=False)

    def lock(self, _: Request, body: Json) -> Answer:
        """The next write (`times`: so many) of row `id` of `object` finds it locked: 423 for the whole request, or,
        `whole` being false, an error of that row's own."""
        obj, id_ = NAMES.get(str(body.get("object", "contacts")), ""), str(body.get("id"))
        if not obj:
            raise Refusal(400, "object names no object")
        self._portal.locks[obj, id_] = Lock(int(body.get("times", 1)), bool(body.get("whole", True)))
        return 200, {"object": obj, "id": id_}

    def leave(self, _: Request, body: Json) -> Answer:
        """The user behind owner `id` is deactivated, which HubSpot's own API cannot do."""
        for owner in self._portal.owners:
            if owner["id"] == body.get("id"):
                owner |= {"archived": True, "userId": None, "updatedAt": iso(self._portal.clock())}
                return 200, owner
        raise no_such_row("owner", str(body.get("id")))

    def tokens(self, _: Request, body: Json) -> Answer:
        """A `token` with these `scopes` (or with all but those in `without`), or, `revoked`, none any more; with
        `refresh_token`, `client_id` and `client_secret` an OAuth app that is installed in the account, or, `revoked`,
        is no more."""
        scopes = frozenset(body.get("scopes", SCOPES)) - frozenset(body.get("without", ()))
        if token := body.get("token"):
            self._access.tokens.pop(str(token), None)
            if not body.get("revoked"):
                self._access.tokens[str(token)] = Token(scopes)
        if client_id := body.get("client_id"):
            self._access.uninstall(str(client_id))
            if not body.get("revoked"):
                grant = Grant(str(client_id), str(body.get("client_secret")), scopes)
                self._access.grants[str(body.get("refresh_token"))] = grant
        return 200, {"scopes": sorted(scopes)}
