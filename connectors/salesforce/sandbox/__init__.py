"""A strict local Salesforce: the ASGI application that `leadsync sandbox salesforce` serves."""

from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from connectors.salesforce.sandbox import seed
from connectors.salesforce.sandbox.doors import Doors
from connectors.salesforce.sandbox.explain import OWN, explain
from connectors.salesforce.sandbox.logins import Logins
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.rest import Api
from leadsync.connector import SandboxOptions
from leadsync.testing.faults import Faults
from leadsync.testing.server import dated

__all__ = ["build"]

_EVERY = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def build(options: SandboxOptions) -> Starlette:
    """The application, filled and ready; `state` holds `org` (its rows), `faults` and `logins`.

    Raises `UserError` for an unusable `load` file or an unknown fault.
    """
    faults = Faults(options.faults, explain, own=OWN)
    org = Org(options.now, bare=options.bare, custom=options.custom, lag=options.search_lag)
    if options.load:
        seed.loaded(org, path=options.load, seed=options.seed, today=options.today)
    else:
        seed.seeded(org, options)
    logins = Logins(org, options.token)
    doors = Doors(org, Api(org, limited=options.rate_limit), logins)
    app = Starlette(
        routes=[
            Route("/services/data", doors.versions),
            Route("/services/data/", doors.versions),
            Route("/services/data/{rest:path}", doors.data, methods=_EVERY),
            Route("/services/oauth2/token", doors.token, methods=["POST"]),
            Route("/services/oauth2/revoke", doors.revoke, methods=["GET", "POST"]),
            Route("/services/oauth2/userinfo", doors.userinfo, methods=["GET", "POST"]),
            Route("/services/Soap/u/{version}", doors.soap, methods=["POST"]),
            Route("/id/{org}/{user}", doors.userinfo),
            Route("/_sandbox/{door:path}", doors.control, methods=["GET", "POST"]),
            Route("/{rest:path}", doors.nothing, methods=_EVERY),
        ]
    )
    app.state.org, app.state.faults, app.state.logins = org, faults, logins
    app.add_middleware(_Around, wrap=faults.before)
    app.add_middleware(_Around, wrap=lambda inner: dated(inner, options.now))
    return app


class _Around:
    """Starlette builds its middleware from classes; these are functions of the application."""

    def __init__(self, app: Any, wrap: Any) -> None:
        self._served = wrap(app)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._served(scope, receive, send)
