"""Two accounts in which things break and are mended, and a leadsync that is configured with files."""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
import yaml

from connectors.hubspot.sandbox import Sandbox
from connectors.hubspot.sandbox.access import SCOPES, Token
from connectors.salesforce.sandbox import build
from leadsync.config.load import load_config
from leadsync.connector import FaultRule, SandboxOptions
from leadsync.store.database import open_store
from leadsync.sync.cycle import Coordinator
from leadsync.sync.report import ConnectionReport
from leadsync.testing.driver import ManualClock
from leadsync.testing.server import Running

SCORING = """\
fit:
  cap: 70
  rules:
    decides: {points: 30, when: "job_title contains [CEO]"}
    market: {points: 10, when: "country in [PL]"}
    size: {points: 20, when: employees between 50 and 5000}
engagement:
  cap: 60
  rules:
    met: {points: 15, per: meeting}
    called: {points: 15, per: call_in}
"""


class Place(ABC):
    """An account of a sandbox that can be cut off. `title`, `heat` and `side` name a field that is read, one that is
    written, and an object beside the people."""

    name: str
    person: str
    title: str
    score: str
    heat: str
    side: str

    def __init__(self, clock: ManualClock, folder: Path) -> None:
        self.clock, self.token = clock, folder / f"{self.name}.token"
        self.token.write_text("first")
        self.options = SandboxOptions(token="first", today=clock.now().date(), leads=0, now=clock.now)
        self._app = self.serve()
        self._port = 0
        self.start()

    @abstractmethod
    def serve(self) -> Any:
        """The application."""

    def start(self) -> None:
        """Serve, where it was served before."""
        self._server = Running(self._app, self._port)
        self.url = self._server.__enter__()
        self._port = int(self.url.rsplit(":", 1)[1])

    def stop(self) -> None:
        """Nobody answers any more."""
        self._server.__exit__()

    def settings(self) -> dict[str, Any]:
        """What `leadsync.yaml` says of it."""
        return {"type": self.name, "base_url": self.url, "live": True, "token": {"file": str(self.token)}}

    @abstractmethod
    def add(self, **more: Any) -> str:
        """A new person."""

    @abstractmethod
    def edit(self, id_: str, **fields: Any) -> None:
        """As people would."""

    @abstractmethod
    def call(self, id_: str) -> None:
        """The person called."""

    @abstractmethod
    def row(self, id_: str) -> Mapping[str, Any]:
        """What the account holds of a person."""

    @abstractmethod
    def break_(self, *rules: FaultRule) -> None:
        """These faults from now on."""

    @abstractmethod
    def revoke(self) -> None:
        """The token is good no more."""

    @abstractmethod
    def renew(self) -> None:
        """There is another token, and leadsync's file has it."""

    @abstractmethod
    def forbid(self) -> None:
        """The object `side` may not be read."""

    @abstractmethod
    def allow(self) -> None:
        """It may again."""

    @abstractmethod
    def aside(self, id_: str) -> None:
        """Something happens in `side` that is worth points to the person."""

    @abstractmethod
    def take(self, field: str) -> None:
        """An admin of the CRM removes a field of people."""

    @abstractmethod
    def give(self, field: str) -> None:
        """And makes it again."""

    @abstractmethod
    def options_of_heat(self, *words: str) -> None:
        """The field `heat` has these options now."""

    @abstractmethod
    def spend(self, percent: int) -> None:
        """So much of the account's day is used."""

    def held(self, id_: str) -> tuple[int, str]:
        """Score and temperature as the CRM shows them."""
        row = self.row(id_)
        return int(float(row.get(self.score) or -1)), str(row.get(self.heat) or "")


class HubSpotPlace(Place):
    """HubSpot."""

    name, person, title = "hubspot", "contacts", "jobtitle"
    score, heat, side = "leadsync_score", "leadsync_temperature", "companies"

    def serve(self) -> Any:
        self.sandbox = Sandbox(self.options)
        self.portal = self.sandbox.portal
        self._taken: dict[str, Any] = {}
        return self.sandbox.served

    def _new(self, obj: str, **values: Any) -> str:
        return self.portal.objects[obj].create({k: str(v) for k, v in values.items()}, source="CRM_UI")["hs_object_id"]

    def add(self, **more: Any) -> str:
        id_ = self._new("contacts", lastname="Doe", country="PL", **more)
        self.company = self._new("companies", name="Acme", numberofemployees=5)
        self.portal.associate("contacts", id_, "companies", self.company, primary=True)
        return id_

    def edit(self, id_: str, **fields: Any) -> None:
        self.portal.objects["contacts"].update(id_, fields, source="CRM_UI")

    def call(self, id_: str) -> None:
        at = self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        made = self._new("calls", hs_timestamp=at, hs_call_direction="INBOUND")
        self.portal.associate("calls", made, "contacts", id_)

    def row(self, id_: str) -> Mapping[str, Any]:
        return self.portal.objects["contacts"].rows[id_]

    def break_(self, *rules: FaultRule) -> None:
        self.sandbox.faults.set(rules)

    def revoke(self) -> None:
        self.sandbox.access.tokens.clear()

    def renew(self) -> None:
        self.sandbox.access.tokens["second"] = Token(SCOPES)
        self.token.write_text("second")

    def forbid(self) -> None:
        self.sandbox.access.tokens["first"] = Token(SCOPES - {"crm.objects.companies.read"})

    def allow(self) -> None:
        self.sandbox.access.tokens["first"] = Token(SCOPES)

    def aside(self, id_: str) -> None:
        self.portal.objects["companies"].update(self.company, {"numberofemployees": "900"}, source="CRM_UI")

    def take(self, field: str) -> None:
        self._taken[field] = self.portal.objects["contacts"].properties.pop(field)

    def give(self, field: str) -> None:
        self.portal.objects["contacts"].define(self._taken.pop(field))

    def options_of_heat(self, *words: str) -> None:
        contacts = self.portal.objects["contacts"]
        contacts.define(replace(contacts.properties[self.heat], options=tuple((w, w.capitalize()) for w in words)))

    def spend(self, percent: int) -> None:
        self.sandbox.limits.reset(10_000 * percent)


class SalesforcePlace(Place):
    """Salesforce."""

    name, person, title = "salesforce", "Lead", "Title"
    score, heat, side = "Leadsync_Score__c", "Leadsync_Temperature__c", "Event"

    def serve(self) -> Any:
        app = build(self.options)
        self.org, self.logins, self.faults = app.state.org, app.state.logins, app.state.faults
        return app

    def add(self, **more: Any) -> str:
        return str(self.org.create("Lead", {"LastName": "Doe", "Company": "Acme", "Country": "PL", **more}))

    def edit(self, id_: str, **fields: Any) -> None:
        self.org.put("Lead", self.org.check_update("Lead", id_, fields))

    def call(self, id_: str) -> None:
        self.org.create("Task", {"WhoId": id_, "Subject": "Call", "TaskSubtype": "Call", "Status": "Completed",
                                 "CallType": "Inbound", "ActivityDate": self._day()})  # fmt: skip

    def _day(self) -> str:
        return self.clock.now().date().isoformat()

    def row(self, id_: str) -> Mapping[str, Any]:
        row: Mapping[str, Any] = self.org.tables["Lead"].rows[id_]
        return row

    def break_(self, *rules: FaultRule) -> None:
        self.faults.set(rules)

    def revoke(self) -> None:
        self.logins.revoke()

    def renew(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "any"}
        self.token.write_text(self.logins.issue(form, "", self.url))

    def forbid(self) -> None:
        self._events = self.org.entities.pop("Event")

    def allow(self) -> None:
        self.org.entities["Event"] = self._events

    def aside(self, id_: str) -> None:
        start = self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        values = {"WhoId": id_, "Subject": "Demo", "StartDateTime": start, "DurationInMinutes": 30}
        self.org.entities["Event"] = self._events  # people see it all the time
        self.org.create("Event", values)
        self.forbid()

    def take(self, field: str) -> None:
        self.org.access.hide("Lead", field)

    def give(self, field: str) -> None:
        self.org.access.show("Lead", field)

    def options_of_heat(self, *words: str) -> None:
        self.org.access.amend("Lead", self.heat, values=words)

    def spend(self, percent: int) -> None:
        headers = {"Authorization": f"Bearer {self.options.token}"}
        answer = requests.post(f"{self.url}/_sandbox/set", json={"used": 1000 * percent}, headers=headers, timeout=30)
        answer.raise_for_status()


class Office:
    """Both accounts, each with a person who is known, and the leadsync between them."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.folder = ManualClock(), folder
        self.places: dict[str, Place] = {
            p.name: p for p in (HubSpotPlace(self.clock, folder), SalesforcePlace(self.clock, folder))
        }
        self.person = {name: place.add() for name, place in self.places.items()}
        self.leadsync: Coordinator | None = None

    def open(self, **settings: Mapping[str, Any]) -> None:
        """Start leadsync, with other `settings` of a connection if wanted, and let it come to know everybody."""
        listed = {name: {**place.settings(), **settings.get(name, {})} for name, place in self.places.items()}
        listed = {name: {k: v for k, v in given.items() if v is not None} for name, given in listed.items()}
        (self.folder / "leadsync.yaml").write_text(yaml.safe_dump({"connections": listed}))
        (self.folder / "scoring.yaml").write_text(SCORING)
        config = load_config(self.folder / "leadsync.yaml")
        store = open_store(config.store, config.folder)
        self.leadsync = Coordinator(config, store, self.clock, logging.getLogger("outages"), threading.Event())
        self.leadsync.open()
        self.leadsync.allow()
        for _ in range(2):
            self.cycle()
        assert [self.held(name) for name in self.places] == [(10, "cold")] * 2

    def cycle(self, minutes: float = 1) -> Mapping[str, ConnectionReport]:
        """A little later leadsync comes by."""
        assert self.leadsync is not None
        self.clock.advance(60 * minutes)
        return self.leadsync.cycle().connections

    def held(self, name: str) -> tuple[int, str]:
        """What the CRM shows of its person."""
        return self.places[name].held(self.person[name])

    def close(self) -> None:
        """Let go of everything."""
        if self.leadsync is not None:
            self.leadsync.close()
        for place in self.places.values():
            place.stop()
