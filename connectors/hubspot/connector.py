"""The HubSpot connector: contacts are leads; companies, owners, engagements, leads and deals stand around them."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from connectors.hubspot import api
from connectors.hubspot.answers import entries, understood
from connectors.hubspot.changes import Changes
from connectors.hubspot.checking import findings
from connectors.hubspot.history import history
from connectors.hubspot.http import Http
from connectors.hubspot.install import Installer
from connectors.hubspot.login import Login, OAuth, Token
from connectors.hubspot.owners import Owners
from connectors.hubspot.reading import Reader
from connectors.hubspot.writing import Writer
from leadsync.connector import (
    Ask,
    AuthLost,
    Capabilities,
    Clock,
    ConnectionFailed,
    ConnectionSettings,
    Failed,
    FieldSchema,
    Finding,
    Gone,
    IdPage,
    Moved,
    NotFound,
    ObjectSchema,
    Page,
    Past,
    Quota,
    Record,
    SandboxOptions,
    SecretRef,
    Secrets,
    Step,
    Transient,
    WantedField,
    WriteOp,
    WriteResult,
)

_TYPES = {
    "number": "number", "bool": "bool", "date": "date", "datetime": "datetime", "enumeration": "enum",
}  # fmt: skip


class HubSpotSettings(ConnectionSettings):
    """What `leadsync.yaml` says about a HubSpot connection: a token that stays (service key or private app), or the
    three secrets of an app that was installed by OAuth. `leadsync init` writes the first example."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"token": {"env": "HUBSPOT_TOKEN"}}]})

    token: SecretRef | None = Field(None, description="A service key, or the token of a private app.")
    client_id: SecretRef | None = Field(None, description="The id of an app that was installed by OAuth.")
    client_secret: SecretRef | None = Field(None, description="The secret of that app.")
    refresh_token: SecretRef | None = Field(None, description="Its refresh token; a new one is kept beside the store.")

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        try:
            parts = urlsplit(value or "https://api.hubapi.com")
            good = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port of 99999, half an IPv6 address
            good = False
        if not good:
            raise ValueError("must be an address such as https://api.hubapi.com")
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> "HubSpotSettings":
        app = {name: getattr(self, name) for name in ("client_id", "client_secret", "refresh_token")}
        missing = [name for name, given in app.items() if given is None]
        if self.token is not None and len(missing) < len(app):
            raise ValueError("give either token, or client_id, client_secret and refresh_token, not both")
        if self.token is None and len(missing) == len(app):
            raise ValueError(
                "give token (a service key or a private app's), or client_id, client_secret, refresh_token"
            )
        if self.token is None and missing:
            raise ValueError(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing for OAuth")
        return self


class HubSpotConnector:
    """One HubSpot account. See `leadsync.connector.Connector` for what each method promises."""

    Settings: ClassVar[type[ConnectionSettings]] = HubSpotSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        objects={name: kind.role for name, kind in api.KINDS.items()},
        write_batch=api.BATCH_LIMIT,
        settle=api.SETTLE,
        optional=api.OPTIONAL,
        merges=frozenset({"contacts"}),
    )

    def __init__(self, settings: HubSpotSettings, *, clock: Clock, secrets: Secrets, log: logging.Logger) -> None:
        self._settings, self._clock = settings, clock
        base_url = settings.base_url or "https://api.hubapi.com"
        self._login: Login = Token(secrets) if settings.token else OAuth(base_url, clock=clock, secrets=secrets)
        self._http = Http(base_url, self._login, clock=clock, log=log)
        self._reader = Reader(self._http, clock)
        self._changes = Changes(self._reader)
        self._owners = Owners(self._http, clock)
        self._writer = Writer(self._http, self.fetch)

    @classmethod
    def sandbox(cls, options: SandboxOptions) -> Any:
        """A strict local HubSpot, as an ASGI application."""
        from connectors.hubspot.sandbox import create

        return create(options)

    @classmethod
    def driver(cls, folder: Path) -> Any:
        """A fresh, empty account for the conformance suite."""
        from connectors.hubspot.driver import HubSpotDriver

        return HubSpotDriver(folder)

    def check(self, written: Mapping[str, Sequence[str]]) -> list[Finding]:
        """Reads one row of everything; looks at the scopes, the clock and the address."""
        return list(findings(self._http, self._login, written))

    def now(self) -> datetime:
        """HubSpot's clock, by the last answer; asks once if there was none yet."""
        if self._http.skew is None:
            self._http.get(f"{api.OBJECTS}/contacts", limit=1)
        return self._clock.now() + (self._http.skew or timedelta(0))

    def user(self) -> str | None:
        """Nobody: a token is not an owner."""
        return None

    def quota(self) -> Quota:
        """Requests sent by this connector, and the account's day."""
        return self._http.quota()

    def describe(self, obj: str) -> ObjectSchema:
        """The object's properties."""
        return self._owners.describe() if _known(obj) == "owners" else self._properties(obj)

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Every live row once."""
        if _known(obj) == "owners":
            return self._owners.backfill(resume, fields)
        return self._reader.backfill(obj, resume, fields)

    def changes(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page | Failed]:
        """What changed, one object after the other. One that cannot be read does not stop the others."""
        for ask in asks:
            try:
                source = self._owners.changes if _known(ask.object) == "owners" else self._changes.read
                yield from source(ask, until)
            except ConnectionFailed as error:
                if isinstance(error, Transient) or (isinstance(error, AuthLost) and error.code != "scope"):
                    raise
                yield Failed(ask.object, error)

    def deleted(self, obj: str, since: datetime) -> Iterator[Page]:
        """Rows that were archived since then: HubSpot keeps them for 90 days. What was deleted for good (at a person's
        request, and e-mails) is not among them, nor are contacts that were merged; owners tell it in `changes`."""
        if _known(obj) == "owners":
            return iter((Page("owners", (), self._clock.now()),))
        return self._reader.deleted(obj, since)

    def history(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Sequence[Past]]:
        """What these properties held before. Owners have no history."""
        return {} if _known(obj) == "owners" else history(self._http, obj, ids, fields)

    def ids(self, obj: str) -> Iterator[IdPage]:
        """Ids of all live rows."""
        return self._owners.ids() if _known(obj) == "owners" else self._reader.ids(obj)

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        """These rows by id."""
        return self._owners.fetch(ids, fields) if _known(obj) == "owners" else self._reader.fetch(obj, ids, fields)

    def write(self, writes: Sequence[WriteOp]) -> Sequence[WriteResult]:
        """Update rows by id."""
        for op in writes:
            _known(op.object)
        return self._writer.write(writes)

    def merge(self, obj: str, kept: str, other: str) -> Moved:
        """Merge two contacts; both live on under an id that may be a new one."""
        path, body = f"{api.OBJECTS}/{obj}/merge", {"primaryObjectId": kept, "objectIdToMerge": other}
        answer = self._http.post(path, body, attempts=1)
        with understood():
            return Moved(other, obj, str(answer["id"]), "merged")

    def install(self, wanted: Sequence[WantedField], *, dry_run: bool) -> list[Step]:
        """Create the properties that are missing, in a group of their own."""
        for want in wanted:
            _known(want.object)
        return Installer(self._http).install(wanted, dry_run=dry_run)

    def close(self) -> None:
        """Let go of the sockets."""
        self._http.close()

    def _properties(self, obj: str) -> ObjectSchema:
        answer = self._http.get(f"{api.PROPERTIES}/{obj}")
        with understood():
            return ObjectSchema(obj, {str(entry.get("name")): _field(entry) for entry in entries(answer)})


def _known(obj: str) -> str:
    if obj not in api.KINDS:
        raise NotFound(f"leadsync does not read {obj!r} from HubSpot", fix=f"use one of {', '.join(api.KINDS)}")
    return obj


def _field(entry: Mapping[str, Any]) -> FieldSchema:
    kind = _TYPES.get(str(entry.get("type")), "text")
    if entry.get("referencedObjectType"):
        kind = "ref"
    elif kind == "enum" and entry.get("fieldType") == "checkbox":
        kind = "multi"
    options = sorted(entry.get("options") or (), key=lambda option: option.get("displayOrder") or 0)
    calculated = bool(entry.get("calculated"))
    read_only = bool((entry.get("modificationMetadata") or {}).get("readOnlyValue"))
    return FieldSchema(
        str(entry.get("name")),
        kind,
        str(entry.get("label") or ""),
        tuple(str(option.get("value")) for option in options),
        writable=not (calculated or read_only),
        calculated=calculated,
        length=api.TEXT_LENGTH if kind == "text" else None,
        custom=not entry.get("hubspotDefined"),
    )
