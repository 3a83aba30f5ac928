"""The driver of the conformance suite for HubSpot: an account of the sandbox, empty at first."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from connectors.hubspot.connector import HubSpotConnector, HubSpotSettings
from connectors.hubspot.sandbox import Sandbox
from connectors.hubspot.sandbox.associations import TYPE_IDS
from leadsync.connector import FaultRule, SandboxOptions, Value
from leadsync.testing.driver import HeldSecrets, ManualClock, Subject
from leadsync.testing.server import Running

_OBJECTS = "/crm/v3/objects"
_PERSON = "token-of-a-person"
_WAYS = {"token": ("token",), "oauth": ("client_id", "client_secret", "refresh_token")}
_BATCH = 100


class HubSpotDriver:
    """One account, served on loopback by a thread of this process. It needs no folder.

    `way` says how its connectors log in: token, oauth. `bare` leaves out the properties of leadsync. People work
    through the same HTTP interface as the connectors, but are spared the faults and not counted.
    """

    cannot: Mapping[str, str] = {
        "convert": "a HubSpot contact becomes a customer by its lifecycle stage, not by conversion",
        "bulk": "HubSpot has no bulk jobs for updates by id: batches of 100 are all there is",
    }
    people = Subject(
        "contacts", ("jobtitle", "city"), "annualrevenue",
        ours=("leadsync_reasons", "leadsync_score", "leadsync_temperature"), read_only="num_associated_deals",
        fresh={"lastname": "Doe"},
    )  # fmt: skip
    activity = Subject(
        "calls", ("hs_call_title", "hs_call_body"), "hs_call_duration", read_only="hs_createdate",
        fresh={"hs_timestamp": "2026-03-02T12:00:00Z", "hs_call_direction": "INBOUND"}, links="contacts",
    )  # fmt: skip

    def __init__(self, _folder: Path | None = None, *, way: str = "token", bare: bool = False) -> None:
        self.clock = ManualClock()
        self._ahead = timedelta()
        self._way = way
        self._secrets = HeldSecrets(
            {"token": "pat-eu1-T0k3n-secret"} if way == "token" else
            {"client_id": "app-4711", "client_secret": "C1i3nt-secret", "refresh_token": "r3fr3sh-secret"}
        )  # fmt: skip
        now, today = self._now, self.clock.now().date()
        options = SandboxOptions(token=_PERSON, today=today, leads=0, bare=bare, rate_limit=False, now=now)
        self.sandbox = Sandbox(options)
        self._doors = _Doors(self.sandbox)
        self._server = Running(self._doors)
        self._url = self._server.__enter__()
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer {_PERSON}"
        self._ask("POST", "/_sandbox/tokens", self._secrets.known)

    @property
    def secrets(self) -> Sequence[str]:
        """Every secret that the connectors are given, access tokens included."""
        given = {*self._secrets.known.values(), *self.sandbox.access.tokens, *self.sandbox.access.grants}
        return sorted(given - {_PERSON, "app-4711"})

    def connect(self, **settings: Any) -> HubSpotConnector:
        """A fresh connector."""
        refs = {name: {"env": name.upper()} for name in _WAYS[self._way]}
        given = HubSpotSettings(**{"type": "hubspot", "base_url": self._url, **refs, **settings})
        return HubSpotConnector(given, clock=self.clock, secrets=self._secrets, log=logging.getLogger("conformance"))

    def add(self, obj: str, rows: Sequence[Mapping[str, Value]], links: Sequence[str] = ()) -> list[str]:
        """New rows; activities with the contacts that they are logged for."""
        kind = TYPE_IDS.get((obj, "contacts"), (0, None))[0]
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]
        associations = [{"to": {"id": id_}, "types": types} for id_ in links]
        made: list[str] = []
        for start in range(0, len(rows), _BATCH):
            inputs = [{"properties": row, "associations": associations} for row in rows[start : start + _BATCH]]
            answer = self._ask("POST", f"{_OBJECTS}/{obj}/batch/create", {"inputs": inputs})
            made += [row["id"] for row in answer["results"]]
        return made

    def edit(self, obj: str, id_: str, fields: Mapping[str, Value]) -> None:
        """As anybody with a browser would."""
        self._ask("PATCH", f"{_OBJECTS}/{obj}/{id_}", {"properties": fields})

    def row(self, obj: str, id_: str) -> Mapping[str, Value] | None:
        """What the account holds."""
        body = {"inputs": [{"id": id_}], "properties": list(self.sandbox.portal.objects[obj].properties)}
        found = self._ask("POST", f"{_OBJECTS}/{obj}/batch/read", body)["results"]
        if not found:
            return None
        values: dict[str, Value] = found[0]["properties"]
        return values | {"owner": values.get("hubspot_owner_id")}

    def delete(self, obj: str, id_: str) -> None:
        """Into the bin."""
        self._ask("DELETE", f"{_OBJECTS}/{obj}/{id_}")

    def purge(self, obj: str, id_: str) -> None:
        """As the right to be forgotten wants it for a contact; other rows as after 90 days in the bin."""
        if obj == "contacts":
            self._ask("POST", f"{_OBJECTS}/{obj}/gdpr-delete", {"objectId": id_})
        else:
            self.sandbox.portal.forget(obj, id_)

    def merge(self, obj: str, kept: str, lost: str) -> str:
        """Merge two contacts, which makes a third."""
        answer = self._ask("POST", f"{_OBJECTS}/{obj}/merge", {"primaryObjectId": kept, "objectIdToMerge": lost})
        return str(answer["id"])

    def convert(self, obj: str, id_: str) -> tuple[str, str]:
        """HubSpot has no such thing."""
        raise NotImplementedError(self.cannot["convert"])

    def skew(self, seconds: float) -> None:
        """Set HubSpot's clock ahead."""
        self._ahead = timedelta(seconds=seconds)

    def lag(self, seconds: float) -> None:
        """From now on the search index is so far behind."""
        self.sandbox.portal.lag = round(1000 * seconds)

    def commit_late(self, obj: str, fields: Mapping[str, Value], seconds: float) -> str:
        """A row that the search index had not heard of for so long."""
        objects = self.sandbox.portal.objects[obj]
        values, wrong = objects.check(fields)
        assert not wrong, [bad.message for bad in wrong]
        row = objects.create(values, at=objects.clock() - round(1000 * seconds))
        return row["hs_object_id"]

    def fault(self, *rules: FaultRule) -> None:
        """From now on these faults."""
        self.sandbox.faults.set(rules)

    def lock(self, obj: str, id_: str) -> None:
        """The next write of this row finds it locked."""
        self._ask("POST", "/_sandbox/lock", {"object": obj, "id": id_})

    def calls(self) -> int:
        """Requests of the connectors so far."""
        return self._doors.count

    def close(self) -> None:
        """Stop serving."""
        self._http.close()
        self._server.__exit__()

    def _now(self) -> datetime:
        return self.clock.now() + self._ahead

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, self._url + path, json=body, timeout=30)
        assert answer.ok, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None


class _Doors:
    """Lets people in by a door without faults, and counts whoever else comes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self.count = sandbox, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if (b"authorization", f"Bearer {_PERSON}".encode()) in scope["headers"]:
            await self._sandbox.app(scope, receive, send)
        else:
            self.count += 1
            await self._sandbox.served(scope, receive, send)
