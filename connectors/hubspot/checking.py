"""Looking an account over: login, what may be read and written, the clock. Nothing is written."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from connectors.hubspot import api
from connectors.hubspot.http import Http, is_loopback
from connectors.hubspot.login import Login
from leadsync.connector import AuthLost, Finding, LeadsyncError, NotFound

_SKEW = timedelta(seconds=30)


def findings(http: Http, login: Login, written: Iterable[str]) -> Iterator[Finding]:
    """What is well and what is not, each with its fix."""
    for obj in api.KINDS:
        error = _readable(http, obj)
        if error is None:
            yield Finding("ok", f"can read {obj}")
        elif obj in api.OPTIONAL and _of_object(error):
            yield Finding("ok", f"{obj} are not read: this account has none, or the token may not read them")
        else:
            yield Finding("error", f"{obj}: {error.message}", error.fix)
            if not _of_object(error):
                return  # everything else would say the same
    yield from _writable(http, login, written)
    yield from _clock(http)
    if http.base_url.startswith("http://") and not is_loopback(http.base_url):
        yield Finding("warning", "the token travels unencrypted", "use an address that begins with https://")


def _readable(http: Http, obj: str) -> LeadsyncError | None:
    try:
        http.get(api.OWNERS if obj == "owners" else f"{api.OBJECTS}/{obj}", limit=1)
    except LeadsyncError as error:
        return error
    return None


def _of_object(error: LeadsyncError) -> bool:
    return isinstance(error, NotFound) or (isinstance(error, AuthLost) and error.code == "scope")


def _writable(http: Http, login: Login, written: Iterable[str]) -> Iterator[Finding]:
    scopes = login.scopes
    try:
        if scopes is None:  # a private app's token tells; a service key may not
            answer = http.post(api.TOKEN_INFO, {"tokenKey": login.token()})
            scopes = frozenset(map(str, answer.get("scopes") or ()))
    except LeadsyncError:
        scopes = frozenset()
    for obj in written:
        needed = api.write_scope(obj)
        if not any(scope.startswith("crm.") for scope in scopes):
            yield Finding("ok", f"whether {obj} may be written was not tested: the token does not tell its scopes")
        elif needed in scopes:
            yield Finding("ok", f"may write {obj}")
        else:
            fix = "give the token that scope in HubSpot's settings"
            yield Finding("error", f"{obj}: the HubSpot token lacks the scope {needed}", fix)


def _clock(http: Http) -> Iterator[Finding]:
    skew = http.skew or timedelta(0)
    if abs(skew) > _SKEW:
        told = f"this machine's clock and HubSpot's differ by {abs(skew).total_seconds():.0f} seconds"
        yield Finding("warning", told, "let this machine keep time (NTP)")
