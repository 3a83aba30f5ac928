"""Serving a CRM sandbox on loopback: an ASGI application behind uvicorn, with what every sandbox needs around it."""

import asyncio
import hmac
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol


class _Corked(asyncio.Transport):
    """Joins what is written during one turn of the event loop into one segment: header and body leave together, so a
    client on a kept-alive connection never waits for a delayed acknowledgement."""

    def __init__(self, inner: asyncio.Transport) -> None:
        self._inner = inner
        self._waiting: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(bytes(data))

    def _flush(self) -> None:
        if self._waiting:
            data, self._waiting = b"".join(self._waiting), []
            self._inner.write(data)

    def close(self) -> None:
        self._flush()
        self._inner.close()

    def __getattribute__(self, name: str) -> Any:
        if name in ("write", "close", "_flush", "_inner", "_waiting"):
            return object.__getattribute__(self, name)
        return getattr(object.__getattribute__(self, "_inner"), name)


class _CorkedHttp(H11Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_Corked(transport))


def _config(app: Any, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app, host="127.0.0.1", port=port, http=_CorkedHttp, ws="none", lifespan="off", log_level="error",
        access_log=False, date_header=False, server_header=False, timeout_keep_alive=120,
    )  # fmt: skip


class _Server(uvicorn.Server):
    """Tells when it listens; leaves the process's signals alone when it runs beside other things."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None], *, signals: bool) -> None:
        super().__init__(config)
        self._ready, self._signals = ready, signals

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.servers:
            self._ready(f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}")

    @contextmanager
    def capture_signals(self) -> Any:
        """A stop that is asked for is a good end: unlike uvicorn this does not raise the signal again afterwards."""
        wanted = (signal.SIGINT, signal.SIGTERM) if self._signals else ()
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(app: Any, port: int, ready: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; `ready` is given the address once it listens.

    Raises SystemExit(1) when the port is taken, as uvicorn does.
    """
    _Server(_config(app, port), ready, signals=True).run()


class Running:
    """A sandbox in a thread of this process, for tests: `with Running(app) as url:`."""

    def __init__(self, app: Any, port: int = 0) -> None:
        self._url: list[str] = []
        self._server = _Server(_config(app, port), self._url.append, signals=False)
        self._thread = threading.Thread(target=self._server.run, name="sandbox", daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._url:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)
        return self._url[0]

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)


def dated(app: Any, now: Callable[[], datetime]) -> Any:
    """The ASGI application with a `Date` header of its own clock on every answer."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        async def with_date(message: Any) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(now(), usegmt=True).encode()
                message = message | {"headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        await app(scope, receive, with_date)

    return served


def as_json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer, with the charset that CRMs send."""
    return Response(orjson.dumps(body), status, headers, media_type="application/json;charset=utf-8")


def token_ok(request: Request, token: str) -> bool:
    """Whether the request carries this bearer token."""
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


class Calls:
    """Counts requests per class of endpoint (`POST contacts/search`), for budgets and assertions."""

    def __init__(self) -> None:
        self.by_endpoint: Counter[str] = Counter()

    def count(self, endpoint: str) -> None:
        """One more request."""
        self.by_endpoint[endpoint] += 1

    def body(self) -> dict[str, Any]:
        """What `GET /_sandbox/calls` answers."""
        return {"total": self.by_endpoint.total(), "by_endpoint": dict(sorted(self.by_endpoint.items()))}


class RateLimit:
    """At most `most` requests within any `seconds` of the clock `now`: a sliding window."""

    def __init__(self, most: int, seconds: float, now: Callable[[], datetime]) -> None:
        self.most, self.seconds, self._now = most, timedelta(seconds=seconds), now
        self._times: deque[datetime] = deque()

    def take(self) -> bool:
        """Whether one more request is allowed now; a refused one does not count."""
        now = self._now()
        while self._times and self._times[0] <= now - self.seconds:
            self._times.popleft()
        if len(self._times) >= self.most:
            return False
        self._times.append(now)
        return True

    @property
    def left(self) -> int:
        """How many requests remain in this window."""
        return max(0, self.most - len(self._times))


Endpoint = Callable[[Request], Awaitable[Response]]
