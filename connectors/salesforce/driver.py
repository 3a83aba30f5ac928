"""The driver of the conformance suite for Salesforce: an account of the sandbox, empty at first."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.salesforce import SalesforceConnector, SalesforceSettings
from connectors.salesforce.sandbox import build, control
from connectors.salesforce.sandbox.logins import App, Logins, key_pair
from connectors.salesforce.sandbox.org import Org
from leadsync.connector import FaultRule, SandboxOptions, Value
from leadsync.testing.driver import HeldSecrets, ManualClock, Subject
from leadsync.testing.server import Running

_WAYS = {
    "token": ("token",),
    "client_credentials": ("client_id", "client_secret"),
    "jwt": ("client_id", "private_key"),
}


class SalesforceDriver:
    """One account, served on loopback by a thread of this process.

    `way` says how its connectors log in: token, client_credentials, jwt. `bare` leaves out the fields of leadsync.
    """

    cannot: Mapping[str, str] = {}
    people = Subject(
        "Lead", ("FirstName", "Title"), "NumberOfEmployees",
        ours=("Leadsync_Reasons__c", "Leadsync_Score__c"), read_only="Days_Open__c",
        fresh={"LastName": "Doe", "Company": "Acme"}, many=2050, new_field="Leadsync_Conformance__c",
    )  # fmt: skip
    activity = Subject(
        "Task", ("Subject", "CallDisposition"), "CallDurationInSeconds",
        fresh={"Subject": "Call", "TaskSubtype": "Call", "Status": "Completed"}, links="Lead",
    )  # fmt: skip

    def __init__(self, *, way: str = "token", bare: bool = False) -> None:
        self.clock = ManualClock()
        self._ahead = timedelta()
        self._secrets = HeldSecrets(
            {"token": "00D5gT0k3n!secret", "client_id": "3MVG9k3y.secret", "client_secret": "C1i3ntSecret99"}
        )
        self._way = way
        options = SandboxOptions(
            token=self._secrets.get("token"), today=datetime.now(UTC).date(), leads=0, bare=bare, now=self._now
        )
        self._app = build(options)
        self.org: Org = self._app.state.org
        self._register(self._app.state.logins)
        self.org.rules.tracked["Lead"] |= {*self.people.text, *filter(None, [self.people.number])}
        self.org.add_formula("Lead", "Days_Open__c", "double")
        self._rep = next(id_ for id_ in self.org.sorted_ids("User") if id_ != self.org.us)
        self._answered = _Answered(self._app)
        self._server = Running(self._answered)
        self._url = self._server.__enter__()

    def _now(self) -> datetime:
        return self.clock.now() + self._ahead

    def _register(self, logins: Logins) -> None:
        known, public = self._secrets.known, ""
        if self._way == "jwt":
            known["private_key"], public = key_pair()
            logins.now = lambda: datetime.now(UTC)  # the official client signs by the clock of the machine
        logins.apps[known["client_id"]] = App(known["client_secret"], public)

    @property
    def secrets(self) -> Sequence[str]:
        """Every secret that the connectors are given."""
        return tuple(self._secrets.known.values())

    def connect(self, **settings: Any) -> SalesforceConnector:
        """A fresh connector."""
        ways: dict[str, Any] = {name: {"env": name.upper()} for name in _WAYS[self._way]}
        if self._way == "jwt":
            ways["username"] = self.org.tables["User"].rows[self.org.us]["Username"]
        given = {"type": "salesforce", "base_url": self._url, **ways, **settings}
        log = logging.getLogger("conformance")
        return SalesforceConnector(SalesforceSettings(**given), clock=self.clock, secrets=self._secrets, log=log)

    def add(self, obj: str, rows: Sequence[Mapping[str, Value]], links: Sequence[str] = ()) -> list[str]:
        """New rows, made by a sales rep; a task belongs to the one lead in `links`."""
        who = {"WhoId": links[0]} if links else {}
        return [self.org.create(obj, {**row, **who}, by=self._rep) for row in rows]

    def edit(self, obj: str, id_: str, fields: Mapping[str, Value]) -> None:
        """As a sales rep would."""
        self.org.put(obj, self.org.check_update(obj, id_, fields), by=self._rep)

    def row(self, obj: str, id_: str) -> Mapping[str, Value] | None:
        """What the account holds."""
        row = self.org.tables[obj].rows.get(id_)
        if row is None or row.get("IsDeleted"):
            return None
        return {**row, "owner": row.get("OwnerId")}

    def delete(self, obj: str, id_: str) -> None:
        """Into the recycle bin."""
        self.org.delete(obj, id_, by=self._rep)

    def purge(self, obj: str, id_: str) -> None:
        """Out of it, too."""
        self.org.purge(obj, id_)

    def merge(self, obj: str, kept: str, lost: str) -> str:
        """Merge two rows."""
        return str(control.merge(self.org, kept, lost)["winner"])

    def convert(self, obj: str, id_: str) -> tuple[str, str]:
        """Convert a lead to a contact."""
        return "Contact", str(control.convert(self.org, id_)["contact"])

    def skew(self, seconds: float) -> None:
        """Set Salesforce's clock ahead."""
        self._ahead = timedelta(seconds=seconds)

    def lag(self, seconds: float) -> None:
        """From now on a change can be found only after so long."""
        self.org.lag = seconds

    def commit_late(self, obj: str, fields: Mapping[str, Value], seconds: float) -> str:
        """A row of a long transaction."""
        return self.org.commit_late(obj, dict(fields), self._now() - timedelta(seconds=seconds))

    def fault(self, *rules: FaultRule) -> None:
        """From now on these faults."""
        self._app.state.faults.set(rules)

    def lock(self, obj: str, id_: str) -> None:
        """The next write of this row finds it locked."""
        self.org.locked_once.add(id_)

    def calls(self) -> int:
        """Requests so far."""
        return self._answered.count

    def close(self) -> None:
        """Stop serving."""
        self._server.__exit__()


class _Answered:
    """Counts what comes in."""

    def __init__(self, app: Any) -> None:
        self._app, self.count = app, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.count += scope["type"] == "http"
        await self._app(scope, receive, send)
