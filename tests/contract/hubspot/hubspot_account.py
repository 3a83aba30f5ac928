"""What the tests of the HubSpot connector and its sandbox share."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests

from connectors.hubspot import HubSpotConnector
from leadsync.connector import SecretRef

TOKEN = "pat-eu1-0000-secret"
TODAY = date(2026, 11, 22)

Scripted = tuple[int, dict[str, str], bytes]
Script = Callable[[str, str, bytes], Scripted | None]


@dataclass
class Clock:
    """Real time, but sleeping only moves it on: nothing in these tests waits."""

    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=sum(self.slept))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Secrets:
    token: str = TOKEN
    asked: int = 0

    def get(self, name: str) -> str:
        assert name == "token"
        self.asked += 1
        return self.token

    def replace(self, name: str, value: str) -> None:
        raise AssertionError("nothing rotates here")


@dataclass
class Vault:
    """The secrets of an OAuth app that `Account.install` puts into an account."""

    known: dict[str, str] = field(
        default_factory=lambda: {"client_id": "app-1", "client_secret": "app-s3cret", "refresh_token": "r3fresh-0"}
    )
    replaced: list[str] = field(default_factory=list)
    on_replace: Callable[[], None] = lambda: None

    def get(self, name: str) -> str:
        return self.known[name]

    def replace(self, name: str, value: str) -> None:
        self.on_replace()
        self.replaced.append(name)
        self.known[name] = value


class Scripting:
    """Stands before a sandbox and answers in its place whatever `script` says."""

    def __init__(self, app: Any, script: Script) -> None:
        self.app, self.script = app, script

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        body = b"".join(message.get("body", b"") for message in messages)
        query = scope["query_string"].decode()
        answer = self.script(scope["method"], scope["path"] + (f"?{query}" if query else ""), body)
        if answer is None:
            replay = iter(messages)
            await self.app(scope, lambda: _next(replay, receive), send)
            return
        status, headers, data = answer
        raw = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
        length = [] if "Content-Length" in headers else [(b"content-length", str(len(data)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": raw + length})
        await send({"type": "http.response.body", "body": data})


async def _next(messages: Iterator[Any], receive: Any) -> Any:
    return next(messages, None) or await receive()


class Account:
    """A running sandbox, a way to poke it as somebody else, and connectors to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock: Any = Clock()
        self.secrets = Secrets()

    def connector(self, url: str | None = None) -> HubSpotConnector:
        settings = HubSpotConnector.Settings(type="hubspot", base_url=url or self.url, token=SecretRef(env="TOKEN"))
        return HubSpotConnector(settings, clock=self.clock, secrets=self.secrets, log=logging.getLogger("test"))

    def install(self, vault: Vault, **grant: Any) -> None:
        """An admin consents to the app."""
        self.ok("POST", "/_sandbox/tokens", {**vault.known, **grant})

    def app(self, vault: Vault) -> HubSpotConnector:
        """A connector that logs in by OAuth."""
        refs = {name: SecretRef(env=name.upper()) for name in vault.known}
        settings = HubSpotConnector.Settings(type="hubspot", base_url=self.url, **refs)
        return HubSpotConnector(settings, clock=self.clock, secrets=vault, log=logging.getLogger("test"))

    def call(self, method: str, path: str, body: Any = None, *, token: str = TOKEN, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(method, self.url + path, json=body, params=query, headers=headers, timeout=10)

    def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.call(method, path, body, **query)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def contact(self, **properties: str) -> str:
        return str(self.ok("POST", "/crm/v3/objects/contacts", {"properties": properties})["id"])

    def logged(self, obj: str, contact: str, **properties: str) -> str:
        """An activity of a contact."""
        id_ = str(self.ok("POST", f"/crm/v3/objects/{obj}", {"properties": properties})["id"])
        self.ok("PUT", f"/crm/v4/objects/{obj}/{id_}/associations/default/contacts/{contact}")
        return id_

    def calls(self) -> dict[str, int]:
        found: dict[str, int] = self.ok("GET", "/_sandbox/calls")["by_endpoint"]
        return found

    def reset(self) -> None:
        self.ok("POST", "/_sandbox/calls/reset")


def made_lead(account: Account, contact: str, **properties: str) -> str:
    """A lead of the Sales Hub, of that contact."""
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}
    body = {
        "properties": {"hs_lead_name": "Big", **properties},
        "associations": [{"to": {"id": contact}, "types": [kind]}],
    }
    return str(account.ok("POST", "/crm/v3/objects/leads", body)["id"])


Start = Callable[..., Account]
