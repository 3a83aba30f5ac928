"""The HubSpot connector: contacts are leads; companies, owners, engagements and deals stand around them."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import ConfigDict, field_validator

from connectors.hubspot import api
from connectors.hubspot.answers import entries
from connectors.hubspot.changes import Changes
from connectors.hubspot.http import Http, is_loopback
from connectors.hubspot.owners import Owners
from connectors.hubspot.reading import Reader
from connectors.hubspot.writing import Writer
from leadsync.connector import (
    Ask,
    AuthLost,
    Capabilities,
    Clock,
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
    SandboxOptions,
    SecretRef,
    Secrets,
    WriteOp,
    WriteResult,
)

_TYPES = {
    "number": "number", "bool": "bool", "date": "date", "datetime": "datetime", "enumeration": "enum",
}  # fmt: skip
_TEXT_LENGTH = 65_536
_SKEW = timedelta(seconds=30)


class HubSpotSettings(ConnectionSettings):
    """What `leadsync.yaml` says about a HubSpot connection. `leadsync init` writes the first example."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"token": {"env": "HUBSPOT_TOKEN"}}]})

    token: SecretRef

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https://")
        return value


class HubSpotConnector:
    """One HubSpot account. See `leadsync.connector.Connector` for what each method promises."""

    Settings: ClassVar[type[ConnectionSettings]] = HubSpotSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        objects={name: kind.role for name, kind in api.KINDS.items()},
        write_batch=api.BATCH_LIMIT,
        settle=timedelta(minutes=5),
    )

    def __init__(self, settings: HubSpotSettings, *, clock: Clock, secrets: Secrets, log: logging.Logger) -> None:
        self._clock = clock
        self._http = Http(settings.base_url or "https://api.hubapi.com", clock=clock, secrets=secrets, log=log)
        self._reader = Reader(self._http, clock)
        self._changes = Changes(self._reader)
        self._owners = Owners(self._http, clock)
        self._writer = Writer(self._http, self.fetch)

    @classmethod
    def sandbox(cls, options: SandboxOptions) -> Any:
        """A strict local HubSpot, as an ASGI application."""
        from connectors.hubspot.sandbox import create

        return create(options)

    def check(self, written: Mapping[str, Sequence[str]]) -> list[Finding]:
        """Reads one row of everything; looks at the clock, the day's requests and the address."""
        found: list[Finding] = []
        for obj in api.KINDS:
            try:
                self._http.get(api.OWNERS if obj == "owners" else f"{api.OBJECTS}/{obj}", limit=1)
            except LeadsyncError as error:
                found.append(Finding("error", f"{obj}: {error.message}", error.fix))
                if not isinstance(error, AuthLost) or error.code != "scope":
                    break  # the other objects would say the same
            else:
                found.append(Finding("ok", f"can read {obj}"))
        skew = self._http.skew
        if skew is not None and abs(skew) > _SKEW:
            told = f"this machine's clock and HubSpot's differ by {abs(skew).total_seconds():.0f} seconds"
            found.append(Finding("warning", told, "let this machine keep time (NTP)"))
        quota = self.quota()
        if quota.used is not None and quota.limit and quota.used > 0.9 * quota.limit:
            told = f"{quota.used} of the account's {quota.limit} requests of today are used up"
            found.append(Finding("warning", told, "poll less often, or see which other app asks so much"))
        if self._http.base_url.startswith("http://") and not is_loopback(self._http.base_url):
            found.append(
                Finding("warning", "the token travels unencrypted", "use an address that begins with https://")
            )
        return found

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

    def changes(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page]:
        """What changed, one object after the other."""
        for ask in asks:
            source = self._owners.changes if _known(ask.object) == "owners" else self._changes.read
            yield from source(ask, until)

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

    def close(self) -> None:
        """Let go of the sockets."""
        self._http.close()

    def _properties(self, obj: str) -> ObjectSchema:
        answer = self._http.get(f"{api.PROPERTIES}/{obj}")
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
        length=_TEXT_LENGTH if kind == "text" else None,
    )
