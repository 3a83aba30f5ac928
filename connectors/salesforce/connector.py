"""The Salesforce connector, as leadsync sees it. Importing it is cheap: simple-salesforce is loaded on first use."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import ConfigDict, field_validator, model_validator

from connectors.salesforce.objects import KINDS, kind
from leadsync.connector import (
    Ask,
    AuthLost,
    Capabilities,
    Clock,
    ConnectionFailed,
    ConnectionSettings,
    FieldSchema,
    Finding,
    Gone,
    IdPage,
    LeadsyncError,
    Moved,
    NotFound,
    ObjectSchema,
    Page,
    Quota,
    Record,
    Rejected,
    SandboxOptions,
    SecretRef,
    Secrets,
    WriteOp,
    WriteResult,
)

if TYPE_CHECKING:
    from connectors.salesforce.reading import Reader
    from connectors.salesforce.session import Session

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*\.my\.salesforce\.com\Z")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SKEW = timedelta(minutes=1)
_TYPES = {
    "boolean": "bool", "int": "number", "long": "number", "double": "number", "currency": "number", "percent": "number",
    "date": "date", "datetime": "datetime", "picklist": "enum", "multipicklist": "multi", "id": "ref",
    "reference": "ref",
}  # fmt: skip
_COMPOUND = ("address", "location")


class SalesforceSettings(ConnectionSettings):
    """How to reach one Salesforce account: a token, or the client credentials of an external client app."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "domain": "example.my.salesforce.com",
                    "client_id": {"env": "SF_ID"},
                    "client_secret": {"env": "SF_SECRET"},
                }
            ]
        }
    )

    domain: str | None = None
    token: SecretRef | None = None
    client_id: SecretRef | None = None
    client_secret: SecretRef | None = None

    @field_validator("domain")
    @classmethod
    def _my_domain(cls, domain: str | None) -> str | None:
        if domain is None or _DOMAIN.match(domain.lower()):
            return domain and domain.lower()
        if ".lightning.force.com" in domain:
            raise ValueError("that is the address of the pages; give the My Domain host: example.my.salesforce.com")
        raise ValueError(
            "give the My Domain host without https://, such as example.my.salesforce.com (Setup > My Domain)"
        )

    @field_validator("base_url")
    @classmethod
    def _safe_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise ValueError("base_url must be an address such as http://127.0.0.1:8002")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError(
                "base_url may be http only on this machine (127.0.0.1): the token would be readable on the way"
            )
        return url

    @model_validator(mode="after")
    def _one_way_in(self) -> "SalesforceSettings":
        app = (self.client_id, self.client_secret)
        if self.token and any(app):
            raise ValueError("give either token, or client_id and client_secret, not both")
        if not self.token and not all(app):
            missing = "client_id" if self.client_secret else "client_secret" if self.client_id else ""
            raise ValueError(f"{missing} is missing" if missing else "give token, or client_id and client_secret")
        if not self.domain and not self.base_url:
            raise ValueError("give domain, the My Domain host such as example.my.salesforce.com")
        return self


class SalesforceConnector:
    """Leads and contacts, companies, owners and queues, activity and opportunities of one Salesforce account."""

    Settings: ClassVar[type[ConnectionSettings]] = SalesforceSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        objects={name: known.role for name, known in KINDS.items()}, write_batch=1000, settle=timedelta(minutes=10)
    )

    def __init__(self, settings: SalesforceSettings, *, clock: Clock, secrets: Secrets, log: logging.Logger) -> None:
        self._settings, self._clock, self._secrets, self._log = settings, clock, secrets, log
        self._user: str | None = None
        self._user_asked = False

    @classmethod
    def sandbox(cls, options: SandboxOptions) -> Any:
        """The ASGI application of a strict local Salesforce. Raises `UserError` for an unusable `load` file."""
        from connectors.salesforce.sandbox import build

        return build(options)

    @cached_property
    def _session(self) -> "Session":
        from connectors.salesforce.session import Session

        given = self._settings
        return Session(given.domain, given.base_url, self._clock, self._secrets, token=given.token is not None)

    @cached_property
    def _reader(self) -> "Reader":
        from connectors.salesforce.reading import Reader

        return Reader(self._session, self._clock)

    def check(self, written: Mapping[str, Sequence[str]]) -> list[Finding]:
        """Login, quota, clock and the right to read people, each with a fix."""
        try:
            limits = self._session.call("GET", "limits/", "checking the login")
        except LeadsyncError as error:
            return [Finding("error", error.message, error.fix)]
        findings = [Finding("ok", f"Salesforce at {self._session.host} accepts the login"), _quota(limits)]
        if self._session.skew and abs(self._session.skew) > _SKEW:
            seconds = round(abs(self._session.skew).total_seconds())
            findings.append(
                Finding(
                    "warning", f"this machine's clock differs from Salesforce's by {seconds} s", "set the clock by NTP"
                )
            )
        for obj in ("Lead", "Contact"):
            try:
                self.describe(obj)
            except ConnectionFailed as error:
                findings.append(Finding("error", f"cannot read {obj}: {error.message}", error.fix))
        return findings

    def now(self) -> datetime:
        """Salesforce's clock, as its last answer showed it; makes a request only before the first one."""
        if self._session.skew is None:
            self._session.call("GET", "limits/", "asking for the time")
        return self._clock.now() + (self._session.skew or timedelta())

    def user(self) -> str | None:
        """The id of the user whom we write as; asked for once."""
        if not self._user_asked:
            self._user = self._ask_user()
            self._user_asked = True
        return self._user

    def _ask_user(self) -> str | None:
        self._session.login()
        if self._session.wire.identity:
            return self._session.wire.identity.rstrip("/").rsplit("/", 1)[-1]
        try:
            return self._session.user_id()
        except (AuthLost, NotFound, Rejected) as error:
            self._log.info("Salesforce does not say whose token this is: %s", error.message)
            return None

    def quota(self) -> Quota:
        """Requests sent so far, and the account's day as its last answer told it."""
        return self._session.quota()

    def describe(self, obj: str) -> ObjectSchema:
        """The object's fields. Raises `NotFound` for an unknown object."""
        kind(obj)
        found = self._session.call("GET", f"sobjects/{obj}/describe", f"describing {obj}")
        fields = [_field(f) for f in found["fields"] if f["type"] not in _COMPOUND]
        return ObjectSchema(obj, {field.name: field for field in fields}, any_case=True)

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Every live row, archived activity included, in pages by id."""
        return self._reader.backfill(obj, resume, fields)

    def changes(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page]:
        """All objects in one composite call; a call more only where something changed or there are further pages."""
        return self._reader.changes(asks, until)

    def ids(self, obj: str) -> Iterator[IdPage]:
        """Ids of every live row."""
        return self._reader.ids(obj)

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        """Rows by id: 1,500 in one call."""
        return self._reader.fetch(obj, ids, fields)

    def write(self, writes: Sequence[WriteOp]) -> Sequence[WriteResult]:
        """Up to 1,000 rows in one call; the headers that keep a lead with its owner go with every one."""
        from connectors.salesforce.writing import write

        return write(self._session, self._reader, writes)

    def close(self) -> None:
        """Let go of sockets."""
        if "_session" in self.__dict__:
            self._session.close()


def _field(found: Mapping[str, Any]) -> FieldSchema:
    return FieldSchema(
        name=found["name"],
        type=_TYPES.get(found["type"], "text"),
        label=found.get("label") or "",
        options=tuple(o["value"] for o in found.get("picklistValues") or () if o.get("active")),
        writable=bool(found.get("updateable")),
        calculated=bool(found.get("calculated")),
        length=found.get("length") or None,
    )


def _quota(limits: Any) -> Finding:
    try:
        left, most = limits["DailyApiRequests"]["Remaining"], limits["DailyApiRequests"]["Max"]
        said = f"{left} of {most} API requests of the day are left"
        if left * 5 < most:
            return Finding("warning", said, "poll less often (every:), or ask Salesforce for more API requests")
        return Finding("ok", said)
    except (KeyError, TypeError):
        return Finding("warning", "Salesforce does not tell how many API requests are left")
