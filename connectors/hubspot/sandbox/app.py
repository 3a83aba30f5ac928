"""The sandbox as an ASGI application: paths, token, limits, the count of requests, and a door for demos and tests."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.hubspot.sandbox import act, seed
from connectors.hubspot.sandbox.associations import AssociationEndpoints
from connectors.hubspot.sandbox.portal import NAMES, Portal
from connectors.hubspot.sandbox.properties import definitions
from connectors.hubspot.sandbox.refusals import Refusal, bad_token, no_such_path, too_many
from connectors.hubspot.sandbox.rows import RowEndpoints
from connectors.hubspot.sandbox.settings import SettingEndpoints
from leadsync.connector import SandboxOptions
from leadsync.testing.server import Calls, Endpoint, RateLimit, as_json, dated, token_ok

Handler = Callable[[Request, Any], tuple[int, Any]]

_DATED = ("2026-03", "2026-09")
_BURST, _DAY = 190, 1_000_000


def create(options: SandboxOptions) -> Any:
    """The application, seeded or loaded as `options` say. Raises `UserError` for a file that cannot be loaded."""
    portal = Portal(definitions(bare=options.bare))
    seed.fill(portal, options)
    return dated(Sandbox(portal, options).app(), options.now)


class Sandbox:
    """One account behind HTTP."""

    def __init__(self, portal: Portal, options: SandboxOptions) -> None:
        self._portal, self._options = portal, options
        self._calls = Calls()
        self._burst = RateLimit(_BURST, 10, options.now)
        self._searches = RateLimit(5, 1, options.now)

    def app(self) -> Starlette:
        """All paths."""

        async def nothing(request: Request, _: Exception) -> Response:
            return self._refused(no_such_path() if token_ok(request, self._options.token) else bad_token())

        return Starlette(
            routes=[*self._rows(), *self._settings(), *self._links(), *self._doors()], exception_handlers={404: nothing}
        )

    def _rows(self) -> Iterator[Route]:
        rows = RowEndpoints(self._portal, round(self._options.search_lag * 1000))
        for base in ("/crm/v3/objects", *(f"/crm/objects/{version}" for version in _DATED)):
            for method, path, handler in (
                ("POST", "/search", rows.search),
                ("POST", "/batch/read", rows.batch_read),
                ("POST", "/batch/create", rows.batch_create),
                ("POST", "/batch/update", rows.batch_update),
                ("POST", "/batch/archive", rows.batch_archive),
                ("POST", "/merge", rows.merge),
                ("GET", "", rows.list_rows),
                ("POST", "", rows.create),
                ("GET", "/{id}", rows.get),
                ("PATCH", "/{id}", rows.update),
                ("DELETE", "/{id}", rows.archive),
            ):
                yield self._route(method, f"{base}/{{object}}{path}", path, handler)

    def _settings(self) -> Iterator[Route]:
        settings = SettingEndpoints(self._portal)
        for base in ("/crm/v3/owners", *(f"/crm/owners/{version}" for version in _DATED)):
            for end in ("", "/"):
                yield self._route("GET", base + end, "owners", settings.owners)
            yield self._route("GET", base + "/{id}", "owners/{id}", settings.owner)
        for base in ("/crm/v3/properties", *(f"/crm/properties/{version}" for version in _DATED)):
            for method, path, handler in (
                ("GET", "/groups", settings.groups),
                ("POST", "/groups", settings.create_group),
                ("GET", "/groups/{id}", settings.group),
                ("GET", "", settings.properties),
                ("POST", "", settings.create_property),
                ("GET", "/{id}", settings.property),
            ):
                yield self._route(method, f"{base}/{{object}}{path}", f"/properties{path}", handler)

    def _links(self) -> Iterator[Route]:
        links = AssociationEndpoints(self._portal)
        for base in ("/crm/v4/associations", *(f"/crm/associations/{version}" for version in _DATED)):
            for path, handler in (
                ("batch/read", links.batch_read),
                ("batch/create", links.batch_create),
                ("batch/associate/default", links.batch_create),
            ):
                yield self._route("POST", f"{base}/{{object}}/{{to}}/{path}", f"/associations/{path}", handler)
        for base in ("/crm/v4/objects", *(f"/crm/objects/{version}" for version in _DATED)):
            one = f"{base}/{{object}}/{{id}}/associations"
            yield self._route("GET", one + "/{to}", "/associations", links.read)
            yield self._route("PUT", one + "/default/{to}/{to_id}", "/associations", links.create)
            yield self._route("PUT", one + "/{to}/{to_id}", "/associations", links.create)

    def _doors(self) -> Iterator[Route]:
        def calls(_: Request, __: Any) -> tuple[int, Any]:
            return 200, self._calls.body()

        def reset(_: Request, __: Any) -> tuple[int, Any]:
            self._calls.by_endpoint.clear()
            return 200, self._calls.body()

        def acts(_: Request, body: Any) -> tuple[int, Any]:
            return 200, {"acted": act.act(self._portal, int(body.get("seed", 1)), int(body.get("leads", 1)))}

        def counters(_: Request, body: Any) -> tuple[int, Any]:
            return 200, act.set_counters(self._portal, str(body.get("id")), body.get("properties") or {})

        for method, path, handler in (
            ("GET", "calls", calls), ("POST", "calls/reset", reset), ("POST", "act", acts),
            ("POST", "counters", counters),
        ):  # fmt: skip
            yield Route(f"/_sandbox/{path}", self._guarded(handler), methods=[method])

    def _route(self, method: str, path: str, name: str, handler: Handler) -> Route:
        guarded = self._guarded(handler)
        limit = self._searches if name == "/search" else self._burst

        async def endpoint(request: Request) -> Response:
            obj = request.path_params.get("object", "")
            self._calls.count(f"{method} {NAMES.get(obj, obj)}{name}")
            if self._options.rate_limit and not limit.take():
                over = (
                    ("SECONDLY", "secondly")
                    if limit is self._searches
                    else ("TEN_SECONDLY_ROLLING", "ten_secondly_rolling")
                )
                return self._refused(too_many(*over))
            answer = await guarded(request)
            if limit is self._burst:
                answer.headers.update(self._limits())
            return answer

        return Route(path, endpoint, methods=[method])

    def _guarded(self, handler: Handler) -> Endpoint:
        """The token is looked at and the body read before, refusals take HubSpot's shape after."""

        async def endpoint(request: Request) -> Response:
            try:
                if not token_ok(request, self._options.token):
                    raise bad_token()
                status, body = handler(request, await _body(request))
            except Refusal as refusal:
                return self._refused(refusal)
            except (ValueError, AttributeError, TypeError):
                return self._refused(Refusal(400, "Invalid input: the request does not have the right shape"))
            return Response(status_code=204) if body is None else as_json(body, status)

        return endpoint

    def _limits(self) -> dict[str, str]:
        left = _DAY - self._calls.by_endpoint.total()
        return {
            "X-HubSpot-RateLimit-Max": str(_BURST), "X-HubSpot-RateLimit-Remaining": str(self._burst.left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": str(_DAY), "X-HubSpot-RateLimit-Daily-Remaining": str(left),
        }  # fmt: skip

    def _refused(self, refusal: Refusal) -> Response:
        headers = {"X-HubSpot-Correlation-Id": refusal.body["correlationId"]}
        return as_json(refusal.body, refusal.status, headers)


async def _body(request: Request) -> Any:
    data = await request.body()
    if not data:
        return {}
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Refusal(400, "Invalid input JSON") from None
