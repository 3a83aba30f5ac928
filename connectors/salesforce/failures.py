"""One place that turns what Salesforce, or whatever answers in its place, says into leadsync's errors."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from leadsync.connector import AuthLost, Conflict, ConnectionFailed, NotFound, Rejected, Transient

DAY_LIMIT_PAUSE = 3600.0
"""Seconds to wait at the daily limit: it is counted over a sliding day, so that calls come back bit by bit."""
BUSY_PAUSE = 5.0
LOGIN_PAUSE = 60.0
PAGE_PAUSE = 60.0
"""A sign-in page of a proxy and a wrong address look the same: neither goes away in seconds."""

_TRANSIENT_STATUS = {406, 408, 420, 425, 429}
_TRANSIENT_CODES = {
    "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "TXN_SECURITY_METERING_ERROR", "INVALID_QUERY_LOCATOR",
    "UNKNOWN_EXCEPTION",
}  # fmt: skip
SLOW_QUERY = "query_timeout"
"""The code of a query that takes Salesforce too long: the same one will again, a narrower one may not."""
REDIRECT = "redirect"
"""The code of an answer that sends us elsewhere: it is about the address, whatever was asked for."""
FORBIDDEN = "forbidden"
"""The code of a right that is missing for one thing, where the login itself is good."""
_NO_COLUMN = re.compile(r"No such column '([^']+)' on (?:entity|sobject of type) '?(\w+)")
_NO_RELATION = re.compile(r"Didn't understand relationship '([^']+)'")
_ADDRESS = "check base_url and domain: they must lead to the My Domain host, such as example.my.salesforce.com"
_LOGIN_LOST_FIX = "check the token, or client_id and its secret or key, and that the user may use the API"
_SLOW_FIX = "poll more often, so that each query spans less time, or ask Salesforce why this object is slow"
_HOPELESS = {
    "not attached to agent": "attach the app to the agent in Salesforce, or use an app of its own for leadsync",
    "not valid for use with the rest api": "give the user the permission API Enabled, and the app the scope api",
}
"""Refusals of a session that a new login would only repeat."""
_LOGIN_FIX = {
    "invalid_client_id": "check client_id: it is the consumer key of the external client app",
    "invalid_client": "check client_id and client_secret",
    "invalid_grant": "enable the client credentials flow of the app and give it a user to run as",
    "unsupported_grant_type": "enable the client credentials flow of the app",
}
_SIGNED_FIX = {
    "invalid_client_id": _LOGIN_FIX["invalid_client_id"],
    "invalid_client": "check client_id, and that private_key belongs to the certificate of the external client app",
    "invalid_grant": "check username, that private_key belongs to the app's certificate, and this machine's clock",
    "unsupported_grant_type": "enable the JWT bearer flow of the app and upload its certificate",
}
_SAID_FIX = {
    "approved": "let administrators approve the app's users in advance, and add the user's profile or permission set",
    "audience": "check domain: a sandbox of Salesforce has .sandbox.my.salesforce.com in its host",
}


class Refusal(NamedTuple):
    """The first error in an answer: Salesforce's code, its words, the fields it names."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


def first_error(content: Any) -> Refusal:
    """Reads an error of any shape: a list (data), an object (token route), a row's result, text, nothing."""
    if isinstance(content, list) and content:
        content = content[0]
    if not isinstance(content, Mapping):
        return Refusal("", "")
    code = content.get("errorCode") or content.get("statusCode") or content.get("error") or ""
    message = content.get("message") or content.get("error_description") or ""
    fields = found if isinstance(found := content.get("fields"), list) else ()
    return Refusal(str(code), _without_query(str(message)), tuple(map(str, fields)))


def _without_query(message: str) -> str:
    """Salesforce quotes the query, data included, above what is wrong with it."""
    lines = message.strip().splitlines()
    marks = [i for i, line in enumerate(lines) if line.startswith("ERROR at Row")]
    return " ".join(lines[marks[-1] + 1 :] if marks else lines)[:300]


def refusal(
    status: int, content: Any, doing: str, *, host: str, retry_after: float | None = None, row: str = ""
) -> ConnectionFailed:
    """The error for an answer that is not what was asked for. `doing` completes "while …"; `row` names the object."""
    if isinstance(content, bytes):
        content = content.decode(errors="replace")
    if isinstance(content, str) and content.lstrip()[:1] == "<":
        return _html(status, doing, host, retry_after)
    code, message, fields = first_error(content)
    said = f"{code}: {message}" if code and message else code or message or f"status {status}"
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(message)
    if code == "QUERY_TIMEOUT" or "running for too long" in message:
        # never repeated as it is: a wait that is not slept
        said = f"Salesforce needs too long for the query while {doing}"
        return Transient(said, retry_after=PAGE_PAUSE, code=SLOW_QUERY, fix=_SLOW_FIX)
    if status in _TRANSIENT_STATUS or status >= 500 or code in _TRANSIENT_CODES:
        return Transient(f"Salesforce is busy or in maintenance while {doing} ({said})", retry_after=retry_after)
    if status == 401 or code == "INVALID_SESSION_ID":
        fix = next((fix for part, fix in _HOPELESS.items() if part in _words(content)), _LOGIN_LOST_FIX)
        return AuthLost(f"Salesforce does not accept the login while {doing} ({said})", fix=fix)
    if code == "INVALID_FIELD":
        return _unknown_field(message, fields, row, doing)
    if status == 403:
        return AuthLost(
            f"the Salesforce user lacks a right while {doing} ({said})",
            fix="give the integration user access to the object and its fields, and the permission API Enabled",
            code=FORBIDDEN,
        )
    if status == 404 or code in ("NOT_FOUND", "INVALID_TYPE"):
        return NotFound(f"Salesforce does not know it while {doing} ({said})", fix="check names, rights and domain")
    if status == 412:
        return Conflict(f"the row changed while {doing}")
    if code == "OPERATION_TOO_LARGE":
        return Rejected(
            f"there are too many rows for a user who does not see all of them while {doing} ({said})",
            fix="give the integration user the permission View All Data (or View All on the object)",
            code=code.lower(),
        )
    if code == "MALFORMED_QUERY":
        said = code  # its text repeats parts of the query
    return Rejected(f"Salesforce refused while {doing} ({said})", code=code.lower() or None)


def _html(status: int, doing: str, host: str, retry_after: float | None) -> ConnectionFailed:
    said = f"{host} answered HTML rather than JSON while {doing} (status {status})"
    if status in _TRANSIENT_STATUS or status >= 500:
        return Transient(
            said, retry_after=retry_after, fix=f"wait for a maintenance to end, or {_ADDRESS}", code="html"
        )
    return Transient(said, retry_after=PAGE_PAUSE, fix=_ADDRESS, code="html")


def _limit(message: str) -> Transient:
    if "concurrent" in message.lower():
        return Transient("too many long requests run in Salesforce at once", retry_after=BUSY_PAUSE, code="limit")
    return Transient(
        "the Salesforce account has used its API requests of the day", retry_after=DAY_LIMIT_PAUSE, code="daily_limit",
        fix="poll less often (every:), or ask Salesforce for more API requests",
    )  # fmt: skip


def _unknown_field(message: str, fields: tuple[str, ...], row: str, doing: str) -> Rejected:
    if found := _NO_COLUMN.search(message):
        name, obj = found.groups()
    elif found := _NO_RELATION.search(message):
        name, obj = found.group(1), row
    else:
        name, obj = ", ".join(fields), row
    if not name:
        return Rejected(f"Salesforce refused a field while {doing}: {message}", code="unknown_field")
    return Rejected(
        f"{obj or 'the object'} has no field {name!r} that the Salesforce user can see",
        fix=f"correct the name in the mapping, or create {obj}.{name} and let the user see it (field-level security)",
        code="unknown_field",
    )


@contextmanager
def understood(doing: str) -> Iterator[None]:
    """Around code or a function that takes an answer apart: what is missing, or of another type, is `Transient`."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise Transient(f"Salesforce sent an answer of another shape while {doing}", code="bad_shape") from error


def redirected(doing: str, host: str) -> Rejected:
    """A redirect is not followed: it would take the token to another host."""
    return Rejected(f"{host} sends us to another address while {doing}", fix=_ADDRESS, code=REDIRECT)


def broken(doing: str, host: str, retry_after: float | None = None) -> Transient:
    """An answer that ended early or is no JSON although it looks like it."""
    fix = "it is tried again by itself; if it stays, check the network and base_url"
    return Transient(f"{host} sent an answer that cannot be read while {doing}", retry_after=retry_after, fix=fix)


def unreachable(doing: str, host: str, *, timed_out: bool) -> Transient:
    """No answer at all."""
    if timed_out:
        return Transient(f"{host} did not answer in time while {doing}", code="timeout")
    return Transient(
        f"cannot reach {host} while {doing}", fix="check the network, base_url and domain", code="unreachable"
    )


def login(
    code: Any, message: Any, host: str, *, signed: bool, status: int, retry_after: float | None
) -> Transient | AuthLost:
    """The token route's refusal; a number as code says that the answer was no JSON. `signed` says that a private key
    was used. Never about what was to be done with the login."""
    if isinstance(code, int) or status in _TRANSIENT_STATUS or status >= 500:
        error = refusal(status, message, "logging in", host=host, retry_after=retry_after)
        if isinstance(error, Transient):
            return error
        return broken("logging in", host) if status < 400 else AuthLost(error.message, fix=_ADDRESS)
    if code in ("rate_limit_exceeded", "server_error", "temporarily_unavailable"):
        return Transient(f"Salesforce does not log us in now ({code})", retry_after=retry_after or LOGIN_PAUSE)
    words = str(message or "")[:200]
    said = ": ".join(filter(None, (str(code or ""), words)))
    fixes = _SIGNED_FIX if signed else _LOGIN_FIX
    fix = fixes.get(
        str(code), "check " + ("client_id, username, private_key" if signed else "client_id, client_secret")
    )
    fix = next((better for part, better in _SAID_FIX.items() if signed and part in words.lower()), fix)
    return AuthLost(f"Salesforce refused the login ({said or 'no reason given'})", fix=fix)


def expired(content: Any) -> bool:
    """Whether a 401 speaks of a session that a new login replaces."""
    words = _words(content)
    return first_error(content).code == "INVALID_SESSION_ID" and not any(part in words for part in _HOPELESS)


def _words(content: Any) -> str:
    found = first_error(content)
    return f"{found.code} {found.message}".lower()
