"""Faults on demand, in Salesforce's own words: lists on data routes, an object on the token route."""

from typing import Any

from starlette.responses import Response

from connectors.salesforce.sandbox.errors import ApiError
from leadsync.connector import FaultRule
from leadsync.testing.server import as_json

TOKEN_ROUTE = "/services/oauth2/"  # noqa: S105
_WORDS = {
    "daily_limit": ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "concurrent_limit": ApiError(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."),
    "session": ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "not_attached": ApiError(401, "INVALID_AUTH_HEADER", "Connected app is not attached to Agent"),
    "not_for_rest": ApiError(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
    "no_access": ApiError(403, "INSUFFICIENT_ACCESS", "insufficient access rights on object id"),
    "query_timeout": ApiError(400, "QUERY_TIMEOUT", "Your query request was running for too long."),
    "metering": ApiError(
        400, "TXN_SECURITY_METERING_ERROR", "The transaction security policy took too long to be evaluated."
    ),
}
_STATUSES = {
    "400": ApiError(400, "UNKNOWN_EXCEPTION", "An unexpected error occurred"),
    "401": _WORDS["session"],
    "403": _WORDS["no_access"],
    "404": ApiError(404, "NOT_FOUND", "The requested resource does not exist"),
    "412": ApiError(412, "PRECONDITION_FAILED", "The record has been modified since the given time"),
    "500": ApiError(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 1 (0)"),
    "503": ApiError(503, "SERVER_UNAVAILABLE", "Server too busy, please try again later"),
}
_PAGES = {"414": "URI Too Long", "431": "Request Header Fields Too Large"}
_EMPTY = ("406", "420", "429", "502", "504")
"""Statuses of the machines in front, which say no more."""
_MAINTENANCE = "<html><head><title>Salesforce</title></head><body><h1>We are down for maintenance</h1></body></html>"
OWN = (*_WORDS, "maintenance")
"""The faults that only Salesforce has."""


def explain(rule: FaultRule) -> Response:
    """The answer that stands for this fault."""
    if rule.fault == "maintenance":
        return Response(_MAINTENANCE, 503, media_type="text/html")
    if rule.fault in _PAGES:
        return page(int(rule.fault))
    if rule.fault in _EMPTY:
        return Response(status_code=int(rule.fault))
    error = _WORDS.get(rule.fault) or _STATUSES.get(rule.fault)
    return _Refusal(error or ApiError(int(rule.fault), "UNKNOWN_EXCEPTION", "An unexpected error occurred"))


def page(status: int) -> Response:
    """What the web server in front answers to an address or headers that are too long."""
    said = f"<h1>Bad Message {status}</h1><pre>reason: {_PAGES[str(status)]}</pre>"
    return Response(said, status, media_type="text/html")


def login_refused(error: str, description: str, status: int = 400) -> Response:
    """A refusal of the token route: an object."""
    return as_json({"error": error, "error_description": description}, status)


class _Refusal(Response):
    """Takes the shape of the route that it is met on."""

    def __init__(self, error: ApiError) -> None:
        answer = as_json(error.body(), error.status)
        super().__init__(answer.body, error.status, media_type=answer.media_type)
        self._error = error

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not scope["path"].startswith(TOKEN_ROUTE):
            await super().__call__(scope, receive, send)
            return
        if self._error.status >= 500:
            answer = login_refused("temporarily_unavailable", self._error.message, self._error.status)
        elif self._error.code == "REQUEST_LIMIT_EXCEEDED":
            answer = login_refused("invalid_grant", "login rate exceeded", 403)
        else:
            answer = login_refused("invalid_grant", "authentication failure")
        if wait := self.headers.get("Retry-After"):
            answer.headers["Retry-After"] = wait
        await answer(scope, receive, send)
