"""The sandbox as an ASGI application: paths, tokens, limits, faults, and doors for demos and tests."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.hubspot.sandbox import access, seed, trouble
from connectors.hubspot.sandbox.associations import AssociationEndpoints
from connectors.hubspot.sandbox.batches import BatchEndpoints
from connectors.hubspot.sandbox.definitions import definitions
from connectors.hubspot.sandbox.doors import Doors
from connectors.hubspot.sandbox.limits import Limits
from connectors.hubspot.sandbox.portal import NAMES, Portal
from connectors.hubspot.sandbox.refusals import Refusal, answer, no_such_path
from connectors.hubspot.sandbox.rows import RowEndpoints
from connectors.hubspot.sandbox.settings import SettingEndpoints
from leadsync.connector import SandboxOptions
from leadsync.testing.faults import Faults
from leadsync.testing.server import Endpoint, as_json, dated

Handler = Callable[[Request, Any], tuple[int, Any]]
Needs = Callable[[Request], access.Needs]

_DATED = ("2026-03", "2026-09")
_LONGEST_QUERY = 8_000
_EPOCH, _MS = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


def create(options: SandboxOptions) -> Any:
    """The application, seeded or loaded as `options` say.

    Raises `UserError` for a file that cannot be loaded and for a fault that does not exist.
    """
    return Sandbox(options).served


class Sandbox:
    """One account behind HTTP: `app` without faults, `served` with them."""

    def __init__(self, options: SandboxOptions) -> None:
        def clock() -> int:
            return (options.now() - _EPOCH) // _MS

        found = definitions(bare=options.bare, custom=options.custom)
        self.portal = Portal(found, clock, round(options.search_lag * 1000))
        self.access = access.Access(options.token, clock)
        self.limits = Limits(options.now, enforced=options.rate_limit)
        seed.fill(self.portal, options)
        self.app = self._app()
        self.faults = Faults(options.faults, trouble.explain, own=trouble.WORDS)
        self.served = dated(self.faults.before(self.app), options.now)

    def _app(self) -> Starlette:
        async def nothing(request: Request, _: Exception) -> Response:
            try:
                self.access.token(request)
                raise no_such_path()
            except Refusal as refusal:
                return answer(refusal)

        routes = [*self._rows(), *self._settings(), *self._links(), *self._oauth(), *self._doors()]
        return Starlette(routes=routes, exception_handlers={404: nothing, 405: nothing})

    def _rows(self) -> Iterator[Route]:
        rows = RowEndpoints(self.portal)
        batches = BatchEndpoints(self.portal, rows)
        for base in ("/crm/v3/objects", *(f"/crm/objects/{version}" for version in _DATED)):
            for method, path, handler, verb in (
                ("POST", "/search", rows.search, "read"),
                ("POST", "/batch/read", batches.read, "read"),
                ("POST", "/batch/create", batches.create, "write"),
                ("POST", "/batch/update", batches.update, "write"),
                ("POST", "/batch/upsert", batches.upsert, "write"),
                ("POST", "/batch/archive", batches.archive, "write"),
                ("POST", "/merge", rows.merge, "write"),
                ("POST", "/gdpr-delete", rows.gdpr_delete, "write"),
                ("GET", "", rows.list_rows, "read"),
                ("POST", "", rows.create, "write"),
                ("GET", "/{id}", rows.get, "read"),
                ("PATCH", "/{id}", rows.update, "write"),
                ("DELETE", "/{id}", rows.archive, "write"),
            ):
                yield self._route(method, f"{base}/{{object}}{path}", path, handler, access.rows_need(verb))

    def _settings(self) -> Iterator[Route]:
        settings, schema = SettingEndpoints(self.portal), access.rows_need("schemas.write")
        for base in ("/crm/v3/owners", *(f"/crm/owners/{version}" for version in _DATED)):
            for end in ("", "/"):
                yield self._route("GET", base + end, "owners", settings.owners, access.owners_need)
            yield self._route("GET", base + "/{id}", "owners/{id}", settings.owner, access.owners_need)
        for base in ("/crm/v3/properties", *(f"/crm/properties/{version}" for version in _DATED)):
            for method, path, handler in (
                ("GET", "/groups", settings.groups),
                ("POST", "/groups", settings.create_group),
                ("GET", "/groups/{id}", settings.group),
                ("GET", "", settings.properties),
                ("POST", "", settings.create_property),
                ("GET", "/{id}", settings.property),
                ("PATCH", "/{id}", settings.change_property),
                ("DELETE", "/{id}", settings.archive_property),
            ):
                needs = access.properties_need if method == "GET" else schema
                yield self._route(method, f"{base}/{{object}}{path}", f"/properties{path}", handler, needs)
        for base in ("/crm/v3/pipelines", *(f"/crm/pipelines/{version}" for version in _DATED)):
            for path, handler in (("", settings.pipelines), ("/{id}", settings.pipeline)):
                needs = access.rows_need("read")
                yield self._route("GET", f"{base}/{{object}}{path}", f"/pipelines{path}", handler, needs)

    def _links(self) -> Iterator[Route]:
        links = AssociationEndpoints(self.portal)
        read, write = access.rows_need("read"), access.rows_need("write")
        for base in ("/crm/v4/associations", *(f"/crm/associations/{version}" for version in _DATED)):
            for path, handler, needs in (
                ("batch/read", links.batch_read, read),
                ("batch/create", links.batch_create, write),
                ("batch/associate/default", links.batch_create, write),
                ("batch/archive", links.batch_archive, write),
            ):
                yield self._route("POST", f"{base}/{{object}}/{{to}}/{path}", f"/associations/{path}", handler, needs)
        for base in ("/crm/v4/objects", *(f"/crm/objects/{version}" for version in _DATED)):
            one = f"{base}/{{object}}/{{id}}/associations"
            yield self._route("GET", one + "/{to}", "/associations", links.read, read)
            yield self._route("PUT", one + "/default/{to}/{to_id}", "/associations", links.create, write)
            yield self._route("PUT", one + "/{to}/{to_id}", "/associations", links.create, write)
            yield self._route("DELETE", one + "/{to}/{to_id}", "/associations", links.archive, write)

    def _oauth(self) -> Iterator[Route]:
        for base in ("/oauth/v3", "/oauth/2026-03"):
            for path, handler in (
                ("token", self.access.give),
                ("token/introspect", self.access.introspect),
                ("token/revoke", self.access.revoke),
            ):
                yield Route(f"{base}/{path}", self._counted(f"POST oauth/{path}", handler), methods=["POST"])

    def _doors(self) -> Iterator[Route]:
        for method, path, handler in Doors(self.portal, self.access, self.limits).all():
            yield Route(f"/_sandbox/{path}", self._guarded(handler, access.nothing), methods=[method])

    def _counted(self, name: str, handler: Endpoint) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            self.limits.calls.count(name)
            return await handler(request)

        return endpoint

    def _route(self, method: str, path: str, name: str, handler: Handler, needs: Needs) -> Route:
        guarded, search = self._guarded(handler, needs), name == "/search"

        async def endpoint(request: Request) -> Response:
            obj = request.path_params.get("object", "")
            try:
                self.limits.take(f"{method} {NAMES.get(obj, obj)}{name}", search=search)
            except Refusal as refusal:
                return answer(refusal)
            if len(request.scope["query_string"]) > _LONGEST_QUERY:
                return trouble.edge(414)
            response = await guarded(request)
            if not search:
                response.headers.update(self.limits.headers(daily=not self.access.is_oauth(request)))
            return response

        return Route(path, endpoint, methods=[method])

    def _guarded(self, handler: Handler, needs: Needs) -> Endpoint:
        """The token is looked at and the body read before, refusals take HubSpot's shape after."""

        async def endpoint(request: Request) -> Response:
            try:
                self.access.check(request, needs(request))
                status, body = handler(request, await _body(request))
            except Refusal as refusal:
                return answer(refusal)
            except (ValueError, AttributeError, TypeError):
                return answer(Refusal(400, "Invalid input: the request does not have the right shape"))
            return Response(status_code=204) if body is None else as_json(body, status)

        return endpoint


async def _body(request: Request) -> Any:
    data = await request.body()
    if not data:
        return {}
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Refusal(400, "Invalid input JSON") from None
