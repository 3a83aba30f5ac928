"""Faults in HubSpot's own manner: what the API, and what the servers before it say."""

from starlette.responses import Response

from connectors.hubspot.sandbox import access
from connectors.hubspot.sandbox.refusals import (
    Refusal,
    answer,
    bad_token,
    expired_token,
    locked,
    missing_scopes,
    no_such_path,
    too_many,
)
from leadsync.connector import FaultRule

WORDS = ("scope", "expired", "daily_limit", "secondly", "ten_secondly")
"""The faults of HubSpot's own, beside statuses."""

_EDGE = {
    414: "Request-URI Too Large", 502: "Bad Gateway", 504: "Gateway Time-out", 521: "Web server is down",
    522: "Connection timed out", 523: "Origin is unreachable", 524: "A timeout occurred",
    525: "SSL handshake failed", 526: "Invalid SSL certificate", 530: "Origin DNS error",
}  # fmt: skip
_MIGRATION = 3600  # seconds


def explain(rule: FaultRule) -> Response:
    """The answer for a fault of these words or of any status."""
    if rule.fault.isdigit() and int(rule.fault) in _EDGE:
        return edge(int(rule.fault))
    response = answer(_refusal(rule))
    if rule.fault == "477":
        response.headers["Retry-After"] = str(_MIGRATION)
    return response


def edge(status: int) -> Response:
    """The web page of a server that stands before the API."""
    title = f"{status} {_EDGE[status]}"
    server = "cloudflare" if status >= 520 else "nginx"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>{server}</body></html>"
    return Response(page, status, media_type="text/html")


def _refusal(rule: FaultRule) -> Refusal:
    limits = {"429": "TEN_SECONDLY_ROLLING", "ten_secondly": "TEN_SECONDLY_ROLLING", "secondly": "SECONDLY",
              "daily_limit": "DAILY"}  # fmt: skip
    if rule.fault in limits:
        return too_many(limits[rule.fault])
    if rule.fault in ("scope", "403"):
        return missing_scopes(access.of_call(rule.call))
    plain = {"401": bad_token, "expired": lambda: expired_token(1), "404": no_such_path}
    if rule.fault in plain:
        return plain[rule.fault]()
    if rule.fault == "423":
        return locked("row", "of this request")
    told, category = {
        "400": ("Invalid input", "VALIDATION_ERROR"), "409": ("The row exists already", "CONFLICT"),
        "477": ("This account is being moved; try again later", "MIGRATION_IN_PROGRESS"),
        "503": ("Service temporarily unavailable", None),
    }.get(rule.fault, ("internal error", None))  # fmt: skip
    return Refusal(int(rule.fault), told, category)
