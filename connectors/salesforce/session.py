"""The wire to Salesforce: login, one place through which every request passes, and composite calls.

simple-salesforce sends the requests. It is given a token rather than credentials, since its own answer to a 401 loops
and forgets headers; the login is done again here, at most once per call.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession
from simple_salesforce.util import call_salesforce

from connectors.salesforce import auth, failures
from connectors.salesforce.settings import SalesforceSettings
from leadsync.connector import Clock, ConnectionFailed, Quota, Secrets, Transient, concealed, retrying

VERSION = "62.0"
DATA = f"/services/data/v{VERSION}/"
TIMEOUT = (10.0, 120.0)
"""Seconds to connect, and between two bytes of an answer."""
WRITE_HEADERS = {
    # without it the account's assignment rules run on every edit and may hand the lead to somebody else
    "Sforce-Auto-Assign": "FALSE",
    "Sforce-Duplicate-Rule-Header": "allowSave=true",
}
_DAY = 86_400.0
_USAGE = re.compile(r"(?:^|[^\w-])api-usage=(\d+)/(\d+)")


class Wire(HTTPAdapter):
    """Sends to `base_url` where given, never without a time-out, and notes what the answers' headers tell."""

    def __init__(self, base_url: str | None) -> None:
        self.target = urlsplit(base_url.rstrip("/")) if base_url else None
        self.calls = self.status = 0
        self.usage: tuple[int, int] | None = None
        self.retry_after: float | None = None
        self.date: datetime | None = None
        self.identity: str | None = None
        super().__init__()

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, verify: Any = True,
        cert: Any = None, proxies: Any = None,
    ) -> requests.Response:  # fmt: skip
        """Send one request. simple-salesforce asks for https always, so the scheme is rewritten too."""
        if self.target:
            url = urlsplit(str(request.url))
            path = self.target.path + url.path
            request.url = urlunsplit((self.target.scheme, self.target.netloc, path, url.query, ""))
            proxies = get_environ_proxies(request.url)
        self.calls += 1
        self.retry_after = self.date = None
        response = super().send(request, stream, timeout or TIMEOUT, verify, cert, proxies)
        self._note(response)
        return response

    def _note(self, response: requests.Response) -> None:
        self.status = response.status_code
        if found := _USAGE.search(response.headers.get("Sforce-Limit-Info", "")):
            self.usage = int(found[1]), int(found[2])
        wait = response.headers.get("Retry-After", "")
        self.retry_after = min(float(wait), _DAY) if wait.isdecimal() else None
        try:
            self.date = parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError):
            self.date = None
        if urlsplit(response.url).path.endswith("/services/oauth2/token") and response.ok:
            try:
                identity = response.json().get("id")
            except (ValueError, AttributeError):
                identity = None
            self.identity = identity if isinstance(identity, str) else None


class Sub(NamedTuple):
    """One request inside a composite call; `doing` completes "while …", `row` names its object."""

    url: str
    doing: str
    row: str = ""
    method: str = "GET"
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})


class Answer(NamedTuple):
    """What one request inside a composite call came to: a body, and why it is not the one asked for."""

    body: Any
    error: ConnectionFailed | None


class Session:
    """One login to one account."""

    def __init__(self, settings: SalesforceSettings, clock: Clock, secrets: Secrets) -> None:
        self._settings, self._clock, self._secrets = settings, clock, secrets
        self.host = (urlsplit(settings.base_url).netloc if settings.base_url else settings.domain) or ""
        self.wire = Wire(settings.base_url)
        self.skew: timedelta | None = None
        self._http = requests.Session()
        self._http.mount("https://", self.wire)
        self._http.headers.update(WRITE_HEADERS)
        self._http.max_redirects = 0
        self._http.auth = lambda request: request  # or else a netrc file would replace our token
        self._client: Salesforce | None = None
        self._token = ""

    def quota(self) -> Quota:
        """What was used so far."""
        used, limit = self.wire.usage or (None, None)
        return Quota(self.wire.calls, used, limit, self.host)

    def close(self) -> None:
        """Let go of sockets."""
        self._http.close()

    def login(self) -> None:
        """Log in, if that has not been done. Makes a request only for client credentials."""
        retrying(lambda: self._guarded(self._connected, "logging in"), self._clock)

    def user_id(self) -> str | None:
        """Whose token this is. Makes a request."""

        def ask() -> str | None:
            found = self._connected().oauth2("userinfo")
            return found.get("user_id") if found else None

        found: str | None = retrying(lambda: self._guarded(ask, "asking who we are"), self._clock)
        return found

    def _connected(self) -> Salesforce:
        if self._client is None:
            self._token, instance = auth.login(
                self._settings, self._secrets, self._http, self.host, lambda: (self.wire.status, self.wire.retry_after)
            )
            self._client = Salesforce(
                session_id=self._token, instance=instance, version=VERSION, session=self._http, object_pairs_hook=None
            )
            self._client.headers.pop("X-PrettyPrint", None)  # indented JSON is a third larger
        return self._client

    def call(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        row: str = "",
        repeat: bool = True,
    ) -> Any:
        """The JSON that Salesforce answers. `path` stands below `/services/data/vNN.0/`. `doing` completes "while …",
        `row` names the object, for messages. What may not be done twice is sent without `repeat`.

        Raises the error that fits: `Transient` (after some attempts), `AuthLost`, `NotFound`, `Rejected`.
        """

        def once() -> Any:
            more = {} if body is None else {"json": body}
            given = dict(params) if params else None
            return self._connected().restful(path, params=given, method=method, **more)

        return self._careful(once, doing, row, repeat=repeat)

    def table(
        self, path: str, doing: str, *, params: Mapping[str, str] | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        """A table of a bulk job as CSV, and the headers that came with it. Raises as `call`."""

        def once() -> tuple[bytes, Mapping[str, str]]:
            answer = self._bare("GET", path, {"Accept": "text/csv"}, params=dict(params or {}))
            return answer.content, answer.headers

        found: tuple[bytes, Mapping[str, str]] = self._careful(once, doing)
        return found

    def upload(self, path: str, table: bytes, doing: str) -> None:
        """Send a CSV table, once. Raises as `call`."""
        self._careful(lambda: self._bare("PUT", path, {"Content-Type": "text/csv"}, data=table), doing, repeat=False)

    def _bare(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> requests.Response:
        """What simple-salesforce's own bulk handlers send with, but with our token as it is now."""
        client = self._connected()
        return call_salesforce(client.base_url + path, method, self._http, {**client.headers, **headers}, **more)

    def _careful(self, work: Callable[[], Any], doing: str, row: str = "", *, repeat: bool = True) -> Any:
        def healed() -> Any:
            try:
                return work()
            except SalesforceExpiredSession as error:
                if not self._renewed(error.content):
                    raise
                return work()

        def guarded() -> Any:
            return self._guarded(healed, doing, row)

        return retrying(guarded, self._clock) if repeat else guarded()

    def _renewed(self, content: Any) -> bool:
        """Whether there is hope in a new login: the old one is forgotten in any case."""
        old, self._client = self._client, None
        if not failures.expired(content):
            return False
        return not self._settings.token or old is None or self._secrets.get("token") != old.session_id

    def _guarded(self, work: Callable[[], Any], doing: str, row: str = "") -> Any:
        try:
            return work()
        except SalesforceError as error:
            raise self.refusal(error.status, error.content, doing, row, self.wire.retry_after) from None
        except requests.exceptions.JSONDecodeError as error:
            if error.doc.lstrip()[:1] == "<":
                raise self.refusal(200, error.doc, doing) from None
            raise failures.broken(doing, self.host) from None
        except requests.TooManyRedirects:
            raise failures.redirected(doing, self.host) from None
        except requests.Timeout:
            raise failures.unreachable(doing, self.host, timed_out=True) from None
        except requests.ConnectionError:
            raise failures.unreachable(doing, self.host, timed_out=False) from None
        except (requests.RequestException, KeyError, TypeError, AttributeError, IndexError):
            # simple-salesforce looks into bodies without asking whether they have the shape it expects
            raise failures.broken(doing, self.host, self.wire.retry_after) from None
        finally:
            if self.wire.date:
                self.skew = _skew(self.wire.date - self._clock.now())

    def refusal(
        self, status: int, content: Any, doing: str, row: str = "", retry_after: float | None = None
    ) -> ConnectionFailed:
        """The error for an answer that is not what was asked for."""
        error = failures.refusal(status, content, doing, host=self.host, retry_after=retry_after, row=row)
        error.hide(self.hide)
        return error

    def hide(self, text: str) -> str:
        """What Salesforce said without our token: it may repeat what it was sent."""
        return concealed(text, (self._token,))

    def query(self, query: str, doing: str, row: str) -> Mapping[str, Any]:
        """The first page of a query that also sees archived rows."""
        found = self.call("GET", "queryAll/", doing, params={"q": query}, row=row)
        return shaped(found, "records", doing)

    def composite(self, subs: Sequence[Sub], doing: str) -> list[Answer]:
        """At most 25 requests in one API call, of which at most 5 queries or collections; one answer for each."""
        body = {
            "allOrNone": False,
            "compositeRequest": [
                {"method": sub.method, "url": sub.url, "referenceId": f"r{i}"}
                | ({} if sub.body is None else {"body": sub.body, "httpHeaders": {**WRITE_HEADERS, **sub.headers}})
                for i, sub in enumerate(subs)
            ],
        }
        found = shaped(self.call("POST", "composite", doing, body=body), "compositeResponse", doing, object)
        parts = [part for part in found["compositeResponse"] if isinstance(part, dict)]
        answers = {str(part.get("referenceId")): part for part in parts}
        return [self._answer(sub, answers.get(f"r{i}")) for i, sub in enumerate(subs)]

    def _answer(self, sub: Sub, part: Mapping[str, Any] | None) -> Answer:
        status = part.get("httpStatusCode") if part else None
        if part is None or not isinstance(status, int):
            return Answer(None, Transient(f"Salesforce left out an answer while {sub.doing}"))
        if status >= 300:
            return Answer(part.get("body"), self.refusal(status, part.get("body"), sub.doing, sub.row))
        return Answer(part.get("body"), None)


def _skew(difference: timedelta) -> timedelta:
    """How far Salesforce's clock is ahead of ours: no more than the header proves, which has the grain of a second and
    may be a second old."""
    least, most = difference, difference + timedelta(seconds=2)
    return least if least > timedelta() else most if most < timedelta() else timedelta()


def query_url(query: str) -> str:
    """The address of a query that also sees deleted and archived rows, for a composite call."""
    return f"{DATA}queryAll?q={quote(query, safe='')}"


def shaped(body: Any, key: str, doing: str, of: type = dict) -> Mapping[str, Any]:
    """The body, if it is an object with this list of such things in it. Raises `Transient` otherwise."""
    if not isinstance(body, dict):
        raise Transient(f"Salesforce sent an answer of another shape while {doing}")
    found = body.get(key)
    if not isinstance(found, list) or not all(isinstance(one, of) for one in found):
        raise Transient(f"Salesforce sent an answer of another shape while {doing}")
    return body
