"""A Salesforce sandbox whose clock, rows and failures the test holds in its hand."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import requests

from connectors.salesforce import SalesforceConnector
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.soql import wire

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
TOKEN, CLIENT_ID, CLIENT_SECRET = "tok-5ecret-A1", "cid-5ecret-B2", "sec-5ecret-C3"


class FakeClock:
    def __init__(self) -> None:
        self.at = NOON
        self.ahead = timedelta()
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def theirs(self) -> datetime:
        """The account's clock."""
        return self.at + self.ahead

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class FakeSecrets:
    def get(self, name: str) -> str:
        return {"token": TOKEN, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}[name]

    def replace(self, name: str, value: str) -> None:
        raise AssertionError("Salesforce secrets do not rotate")


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: dict[str, str] = field(default_factory=dict)


@dataclass
class Answer:
    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


class Front:
    """Stands before the sandbox: notes every request, and answers some of them itself (`script`, `always`)."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.seen: list[Seen] = []
        self.script: list[Answer | None] = []
        self.always: Callable[[Seen], Answer | None] = lambda seen: None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode()))
        seen = Seen(scope["method"], scope["path"], headers, body, query)
        self.seen.append(seen)
        answer = self.script.pop(0) if self.script else self.always(seen)
        if answer is None:
            sent = False

            async def again() -> Any:
                nonlocal sent
                if sent:
                    return {"type": "http.disconnect"}
                sent = True
                return {"type": "http.request", "body": body, "more_body": False}

            await self.app(scope, again, send)
            return
        raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        head = {"content-type": "application/json", "content-length": str(len(raw)), **answer.headers}
        await send({
            "type": "http.response.start", "status": answer.status,
            "headers": [(k.encode(), v.encode()) for k, v in head.items()],
        })  # fmt: skip
        await send({"type": "http.response.body", "body": raw})

    def paths(self) -> list[str]:
        return [f"{seen.method} {seen.path}" for seen in self.seen]


@dataclass
class Box:
    """The running sandbox with everything a test turns."""

    url: str
    org: Org
    front: Front
    clock: FakeClock

    def add(self, name: str, count: int = 1, at: datetime = NOON - timedelta(hours=1), **values: Any) -> list[str]:
        """New rows with this stamp; their ids."""
        plain = {
            "Lead": {"LastName": "Doe", "Company": "Acme"},
            "Contact": {"LastName": "Doe"},
            "Account": {"Name": "Acme"},
            "Opportunity": {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-03-01"},
        }.get(name, {})
        rows = [self.org.complete(name, plain | values, wire(at)) for _ in range(count)]
        self.org.load(name, rows)
        return [row["Id"] for row in rows]

    def row(self, id_: str) -> dict[str, Any]:
        return self.org.tables[self.org.kind(id_)].rows[id_]

    def connect(self, *, app: bool = False, **more: Any) -> SalesforceConnector:
        """A connector with a token, or with client credentials."""
        ways = ("client_id", "client_secret") if app else ("token",)
        given = {"type": "salesforce", "base_url": self.url} | {way: {"env": "X"} for way in ways} | more
        settings = SalesforceConnector.Settings(**given)
        return SalesforceConnector(settings, clock=self.clock, secrets=FakeSecrets(), log=logging.getLogger("test"))

    def warm(self, *objects: str) -> SalesforceConnector:
        """A connector that has described these objects; nothing that led to it is counted."""
        connector = self.connect()
        for name in objects or ("Lead",):
            connector.describe(name)
        self.calls()
        self.front.seen.clear()
        return connector

    def door(self, what: str, **body: Any) -> Any:
        """The control door."""
        method = "GET" if what in ("calls", "jwt") else "POST"
        answer = requests.request(
            method, f"{self.url}/_sandbox/{what}", json=body or None, timeout=30,
            headers={"Authorization": f"Bearer {TOKEN}"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return answer.json()

    def calls(self) -> int:
        """API calls since the last time, as Salesforce counts them."""
        total = int(self.door("calls")["total"])
        self.door("calls/reset")
        return total
