"""What HubSpot's refusals mean: every status, body and network failure as an error with a plain sentence and a fix."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from leadsync.connector import AuthLost, ConnectionFailed, NotFound, Rejected, Transient

NOT_JSON = 0  # stands in for the status of an answer that is fine but for not being JSON

_HOUR, _DAY = 3600.0, 86_400.0
_TOKEN_FIX = "make a token (service key or private app) in HubSpot's settings and put it where `token` points"  # noqa: S105


class Refused(Rejected):
    """HubSpot read the request and refused what is in it; `status` and `body` are its answer."""

    def __init__(self, message: str, status: int, body: Mapping[str, Any], *, code: str) -> None:
        super().__init__(message, code=code)
        self.status, self.body = status, body


def failure(status: int, headers: Mapping[str, str], data: bytes, *, base_url: str) -> ConnectionFailed:
    """The error for an answer that is not a success, in words that may repeat what HubSpot was sent."""
    body = parsed(data)
    told = str(body.get("message") or f"HTTP {status}")
    wait = _seconds(headers.get("Retry-After"))
    if status in (423, 429, 477) or status >= 500:
        return _later(status, body, told, wait)
    if status == 401:
        return AuthLost(f"HubSpot does not accept the token: {told}", fix=_TOKEN_FIX)
    if not body:
        return _foreign(status, data, base_url)
    if status == 403:
        scopes = sorted(_scopes(body))
        missing = f" lacks the scope {' or '.join(scopes)}" if scopes else f" may not do this: {told}"
        return AuthLost(
            f"the HubSpot token{missing}", code="scope", fix="give the token that scope in HubSpot's settings"
        )
    if status == 404:
        return NotFound(f"HubSpot does not have it: {told}")
    code, message = explain(body)
    return Refused(f"HubSpot refused the request: {message}", status, body, code=code)


def unreachable(error: BaseException, base_url: str) -> Transient:
    """The error for an answer that never came."""
    return Transient(
        f"cannot reach HubSpot at {base_url}: {_reason(error)}",
        code="unreachable",
        fix="check `base_url`, the network, and the proxy or firewall in between",
    )


def explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """Code and readable message of an error of HubSpot's, whose details are often JSON inside the message."""
    told = str(body.get("message") or "no reason given")
    details = list(_details(told))
    if not details:
        return str(body.get("category") or "VALIDATION_ERROR"), told
    code = next((str(d.get("error") or d.get("code")) for d in details if d.get("error") or d.get("code")), "")
    texts = [str(d.get("localizedErrorMessage") or d.get("message") or "") for d in details]
    return code or str(body.get("category") or "VALIDATION_ERROR"), "; ".join(t for t in texts if t) or told


def refused_properties(body: Mapping[str, Any]) -> list[str]:
    """The properties that an error of HubSpot's is about, where it names them."""
    named = [str(d["name"]) for d in _details(str(body.get("message") or "")) if d.get("name")]
    for error in _dicts(body.get("errors")):
        names = _context(error).get("propertyName")
        named += map(str, names) if isinstance(names, list) else []
    return list(dict.fromkeys(named))


def _later(status: int, body: Mapping[str, Any], told: str, wait: float | None) -> ConnectionFailed:
    if status == 530:
        return AuthLost("HubSpot does not understand the token", fix=_TOKEN_FIX)
    if status == 429:
        policy = str(body.get("policyName") or "")
        if policy.startswith("DAILY"):
            return Transient(
                "the HubSpot account has used up its requests for today",
                retry_after=wait or _HOUR, code="daily_limit",
                fix="wait for midnight in the account's time zone, or poll less often",
            )  # fmt: skip
        return Transient(
            f"HubSpot asks for fewer requests ({told})",
            retry_after=wait or (1.0 if policy.startswith("SECONDLY") else 5.0),
            code="rate_limit",
        )
    if status == 477:
        return Transient(
            "HubSpot is moving this account and answers nothing", retry_after=wait or _HOUR, code="migration"
        )
    if status == 423:
        return Transient(
            f"HubSpot has locked what we asked for ({told})", retry_after=max(2.0, wait or 0.0), code="locked"
        )
    slow = status in (522, 525, 526)
    return Transient(f"HubSpot has trouble of its own (HTTP {status})", retry_after=wait or (60.0 if slow else None))


def _foreign(status: int, data: bytes, base_url: str) -> ConnectionFailed:
    if status == 414:
        return Rejected("HubSpot found the request's address too long", fix="read fewer fields of this object")
    html = data.lstrip()[:1] == b"<"
    what = "HTML rather than JSON" if html else "something that is not JSON"
    # an hour-long maintenance page and a wrong address look the same: say so, and come back later
    return Transient(
        f"{base_url} answered {what}" + (f" (HTTP {status})" if status else ""),
        retry_after=60.0 if html or status else None,
        code="not_json",
        fix="check `base_url`: it must be the address of the HubSpot API, not of a web page or proxy",
    )


def parsed(data: bytes) -> dict[str, Any]:
    """The JSON object that this is; empty for anything else."""
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _details(message: str) -> Iterator[dict[str, Any]]:
    start = message.find("[{")
    if start < 0:
        return
    try:
        found = orjson.loads(message[start : message.rfind("]") + 1])
    except orjson.JSONDecodeError:
        return
    yield from (d for d in found if isinstance(d, dict))


def _scopes(body: Mapping[str, Any]) -> Iterator[str]:
    for error in _dicts(body.get("errors")):
        for scopes in _context(error).values():
            yield from map(str, scopes if isinstance(scopes, list) else ())


def _dicts(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _context(error: Mapping[str, Any]) -> dict[str, Any]:
    context = error.get("context")
    return context if isinstance(context, dict) else {}


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return min(max(0.0, seconds), _DAY) if math.isfinite(seconds) else None


def _reason(error: BaseException) -> str:
    names = set()
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, OSError) and link.strerror:
            return link.strerror.lower()
        names.add(type(link).__name__)
        link = link.__cause__ or link.__context__
    if names & {"ReadTimeoutError", "ConnectTimeoutError", "TimeoutError"}:
        return "no answer in time"
    if names & {"SSLError", "SSLCertVerificationError"} or "SSL" in str(error):
        return "the TLS certificate or session is not good"
    return "the connection broke"
