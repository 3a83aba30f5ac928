"""The one place that sends requests to HubSpot and says in plain words what went wrong."""

import ipaddress
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import orjson

from connectors.hubspot.failures import NOT_JSON, failure, unreachable
from connectors.hubspot.login import Login
from connectors.hubspot.pace import Pace
from leadsync.connector import AuthLost, Clock, Quota, Transient, concealed, retrying, utc

Json = dict[str, Any]
Query = list[tuple[str, str | int]]

_TIMEOUT = (10.0, 60.0)  # seconds to connect, to wait for the next bytes


class Http:
    """Sends requests with the official client. Every call here may be repeated safely: reads, updates by id, and what
    HubSpot refuses to create twice.

    Raises only `Transient`, `AuthLost`, `Rejected` and `NotFound` (and `UserError` for a secret that is not there).
    """

    def __init__(self, base_url: str, login: Login, *, clock: Clock, log: logging.Logger) -> None:
        from hubspot.crm.contacts import ApiClient, Configuration

        configuration = Configuration(host=base_url.rstrip("/"))
        configuration.retries = False
        configuration.connection_pool_maxsize = 1
        self._client = ApiClient(configuration)
        self._configuration = configuration
        self._login, self._clock, self._log = login, clock, log
        self._pace = Pace(clock, searches_limited=not is_loopback(base_url))
        self._skew: timedelta | None = None
        self._calls = 0
        self._day: tuple[int, int] | None = None

    @property
    def base_url(self) -> str:
        """The address that requests go to."""
        return str(self._configuration.host)

    @property
    def skew(self) -> timedelta | None:
        """How far HubSpot's clock is ahead of ours, as of the last answer."""
        return self._skew

    def quota(self) -> Quota:
        """Requests sent, and the account's day as the last answer told it."""
        used, limit = self._day or (None, None)
        return Quota(self._calls + self._login.calls, used, limit, self._login.holder)

    def hide(self, text: str) -> str:
        """What HubSpot said without our tokens: it may repeat what it was sent."""
        return concealed(text, self._login.hidden())

    def get(self, path: str, **query: str | int) -> Json:
        """GET, retried while it makes sense."""
        return self._retried(lambda: self._once("GET", path, query=list(query.items())))

    def post(self, path: str, body: Json, *, attempts: int = 4) -> Json:
        """POST of something that may be repeated, retried while it makes sense."""
        return self._retried(lambda: self._once("POST", path, body=body), attempts)

    def patch(self, path: str, body: Json) -> Json:
        """PATCH, retried while it makes sense."""
        return self._retried(lambda: self._once("PATCH", path, body=body))

    def search(self, path: str, body: Json) -> Json:
        """POST to a search endpoint, kept below the account's own limit for searches."""

        def once() -> Json:
            self._pace.wait_to_search()
            try:
                return self._let_in("POST", path, None, body)
            except Transient as error:
                if error.code == "rate_limit":
                    self._pace.slow_searches()
                raise

        return self._retried(once)

    def close(self) -> None:
        """Let go of the sockets."""
        self._client.rest_client.pool_manager.clear()
        self._client.close()
        self._login.close()

    def _retried(self, once: Callable[[], Json], attempts: int = 4) -> Json:
        return retrying(once, self._clock, attempts=attempts)

    def _once(self, method: str, path: str, *, query: Query | None = None, body: Json | None = None) -> Json:
        self._pace.wait()
        return self._let_in(method, path, query, body)

    def _let_in(self, method: str, path: str, query: Query | None, body: Json | None) -> Json:
        """Send with the token; when it is refused once more with another one, if there is one."""
        token = self._login.token()
        try:
            return self._send(token, method, path, query, body)
        except AuthLost as error:
            fresh = self._login.renewed(token, error)
            if fresh is None:
                raise
            return self._send(fresh, method, path, query, body)

    def _send(self, token: str, method: str, path: str, query: Query | None, body: Json | None) -> Json:
        self._configuration.access_token = token
        started = perf_counter()
        status, headers, data = self._exchange(method, path, query, body)
        self._log.debug("%s %s: %s in %.0f ms", method, path, status, 1000 * (perf_counter() - started))
        self._learn(headers)
        if not 200 <= status < 300:
            error = failure(status, headers, data, base_url=self.base_url)
            error.hide(self.hide)
            raise error
        try:
            answer = orjson.loads(data)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise failure(NOT_JSON, headers, data, base_url=self.base_url)
        return answer

    def _exchange(
        self, method: str, path: str, query: Query | None, body: Json | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        from hubspot.crm.contacts.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        self._calls += 1
        try:
            answer = self._client.call_api(
                path, method, query_params=query, body=body, header_params={"Accept": "application/json"},
                auth_settings=["oauth2"], _preload_content=False, _request_timeout=_TIMEOUT,
            )  # fmt: skip
            return answer.status, answer.headers, answer.data
        except ApiException as error:
            if not error.status:
                raise unreachable(error, self.base_url) from None
            return error.status, error.headers or {}, (error.body or "").encode()
        except (UnicodeDecodeError, AttributeError) as error:
            # what the client does with an error page that is not UTF-8 (the first) or a broken TLS session (the second)
            cause = error.__context__
            if not isinstance(cause, ApiException):
                raise
            if not cause.status:
                raise unreachable(cause, self.base_url) from None
            return cause.status, cause.headers or {}, bytes(cause.body)
        except (HTTPError, OSError) as error:
            raise unreachable(error, self.base_url) from None

    def _learn(self, headers: Mapping[str, str]) -> None:
        self._pace.learn(headers)
        try:
            ahead = utc(parsedate_to_datetime(headers["Date"])) - self._clock.now()
        except (KeyError, ValueError):
            pass
        else:
            # the header counts whole seconds: of the second that it leaves open, take what is nearest to our clock
            self._skew = max(ahead, min(timedelta(0), ahead + timedelta(seconds=1)))
        try:
            limit = int(headers["X-HubSpot-RateLimit-Daily"])
            self._day = limit - int(headers["X-HubSpot-RateLimit-Daily-Remaining"]), limit
        except (KeyError, ValueError):
            pass


def is_loopback(url: str) -> bool:
    """Whether the address is this machine: a sandbox."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
