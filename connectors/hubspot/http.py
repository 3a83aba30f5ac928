"""The one place that sends requests to HubSpot and says in plain words what went wrong."""

import ipaddress
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import orjson

from connectors.hubspot.failures import NOT_JSON, failure, unreachable
from leadsync.connector import AuthLost, Clock, Quota, Secrets, Transient, retrying, utc

Json = dict[str, Any]

_TIMEOUT = (10.0, 60.0)  # seconds to connect, to wait for the next bytes
_SEARCH_PAUSE = 0.25  # the account shares 5 searches a second among all its apps


class Http:
    """Sends requests with the official client. Every call here may be repeated safely: reads, and updates by id.

    Raises only `Transient`, `AuthLost`, `Rejected` and `NotFound` (and `UserError` for a secret that is not there).
    """

    def __init__(self, base_url: str, *, clock: Clock, secrets: Secrets, log: logging.Logger) -> None:
        from hubspot.crm.contacts import ApiClient, Configuration

        configuration = Configuration(host=base_url.rstrip("/"))
        configuration.retries = False
        configuration.connection_pool_maxsize = 1
        self._client = ApiClient(configuration)
        self._configuration = configuration
        self._clock, self._secrets, self._log = clock, secrets, log
        self._search_pause = 0.0 if is_loopback(base_url) else _SEARCH_PAUSE
        self._last_search: datetime | None = None
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
        return Quota(self._calls, used, limit)

    def get(self, path: str, **query: str | int) -> Json:
        """GET, retried while it makes sense."""
        return retrying(lambda: self._once("GET", path, query=list(query.items())), self._clock)

    def post(self, path: str, body: Json) -> Json:
        """POST of something that may be repeated, retried while it makes sense."""
        return retrying(lambda: self._once("POST", path, body=body), self._clock)

    def search(self, path: str, body: Json) -> Json:
        """POST to a search endpoint, kept below the account's own limit for searches."""

        def once() -> Json:
            self._pace()
            try:
                return self._once("POST", path, body=body)
            except Transient as error:
                if error.code == "rate_limit":
                    self._search_pause = _SEARCH_PAUSE
                raise

        return retrying(once, self._clock)

    def close(self) -> None:
        """Let go of the sockets."""
        self._client.rest_client.pool_manager.clear()
        self._client.close()

    def _pace(self) -> None:
        now = self._clock.now()
        if self._last_search is not None:
            wait = self._search_pause - (now - self._last_search).total_seconds()
            if 0 < wait <= self._search_pause:
                self._clock.sleep(wait)
        self._last_search = self._clock.now()

    def _once(
        self, method: str, path: str, *, query: list[tuple[str, str | int]] | None = None, body: Json | None = None
    ) -> Json:
        token = self._configuration.access_token or self._token()
        try:
            return self._send(method, path, query, body)
        except AuthLost:
            # the token may have been rotated since we read it
            if self._token() == token:
                raise
            return self._send(method, path, query, body)

    def _token(self) -> str:
        token = self._secrets.get("token").strip()
        if not (token and token.isascii() and token.isprintable()):
            raise AuthLost(
                "the HubSpot token is empty or holds characters that no token has",
                fix="put the access token alone, on one line, where the setting `token` points",
            )
        self._configuration.access_token = token
        return token

    def _send(self, method: str, path: str, query: list[tuple[str, str | int]] | None, body: Json | None) -> Json:
        started = perf_counter()
        status, headers, data = self._exchange(method, path, query, body)
        self._log.debug("%s %s: %s in %.0f ms", method, path, status, 1000 * (perf_counter() - started))
        self._learn(headers)
        if not 200 <= status < 300:
            raise failure(status, headers, data, base_url=self.base_url, secret=str(self._configuration.access_token))
        try:
            answer = orjson.loads(data)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise failure(NOT_JSON, headers, data, base_url=self.base_url, secret="")
        return answer

    def _exchange(
        self, method: str, path: str, query: list[tuple[str, str | int]] | None, body: Json | None
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
