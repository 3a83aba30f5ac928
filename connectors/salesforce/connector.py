"""The Salesforce connector, as leadsync sees it. Importing it is cheap: simple-salesforce is loaded on first use."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from connectors.salesforce.objects import KINDS
from connectors.salesforce.settings import SalesforceSettings
from leadsync.connector import (
    Ask,
    AuthLost,
    Capabilities,
    Clock,
    ConnectionSettings,
    Failed,
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
    Rejected,
    SandboxOptions,
    Secrets,
    Step,
    WantedField,
    WriteOp,
    WriteResult,
)

if TYPE_CHECKING:
    from connectors.salesforce.ingest import Ingest
    from connectors.salesforce.reading import Reader
    from connectors.salesforce.schemas import Schemas
    from connectors.salesforce.session import Session


class SalesforceConnector:
    """Leads and contacts, companies, owners and queues, activity and opportunities of one Salesforce account."""

    Settings: ClassVar[type[ConnectionSettings]] = SalesforceSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        objects={name: known.role for name, known in KINDS.items()}, write_batch=1000, settle=timedelta(minutes=10),
        bulk_from=50_000, conditional=True,
    )  # fmt: skip

    def __init__(self, settings: SalesforceSettings, *, clock: Clock, secrets: Secrets, log: logging.Logger) -> None:
        self._settings, self._clock, self._secrets, self._log = settings, clock, secrets, log
        self._user: str | None = None
        self._user_asked = False

    @classmethod
    def sandbox(cls, options: SandboxOptions) -> Any:
        """The ASGI application of a strict local Salesforce. Raises `UserError` for an unusable `load` file."""
        from connectors.salesforce.sandbox import build

        return build(options)

    @classmethod
    def driver(cls, folder: Path) -> Any:
        """A fresh account for the conformance suite."""
        from connectors.salesforce.driver import SalesforceDriver

        return SalesforceDriver()

    @cached_property
    def _session(self) -> "Session":
        from connectors.salesforce.session import Session

        return Session(self._settings, self._clock, self._secrets)

    @cached_property
    def _schemas(self) -> "Schemas":
        from connectors.salesforce.schemas import Schemas

        return Schemas(self._session)

    @cached_property
    def _reader(self) -> "Reader":
        from connectors.salesforce.reading import Reader

        return Reader(self._session, self._schemas, self._clock, self._log)

    @cached_property
    def _ingest(self) -> "Ingest":
        from connectors.salesforce.ingest import Ingest

        return Ingest(self._session, self._schemas, self._reader)

    def check(self, written: Mapping[str, Sequence[str]]) -> list[Finding]:
        """Login, clock, objects, written fields and who sees them, each with a fix."""
        from connectors.salesforce.checking import check

        return check(self._session, self._schemas, written)

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
        return self._schemas.describe(obj)

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Every live row, archived activity included: in pages by id, very many of them as a bulk job.

        Raises `Transient` while Salesforce works on the job: the last page's `resume` continues with it.
        """
        return self._reader.backfill(obj, resume, fields)

    def changes(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page | Failed]:
        """All objects in one composite call; a call more only where something changed or there are further pages."""
        from connectors.salesforce.changes import Changes

        return Changes(self._session, self._reader, self._clock).read(asks, until)

    def ids(self, obj: str) -> Iterator[IdPage]:
        """Ids of every live row."""
        return self._reader.ids(obj)

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        """Rows by id: 1,500 in one call."""
        return self._reader.fetch(obj, ids, fields)

    def history(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Sequence[Past]]:
        """Former values of the fields that the account tracks, as far as Salesforce remembers (eighteen months)."""
        from connectors.salesforce.history import history

        return history(self._reader, self._clock, obj, ids, fields)

    def write(self, writes: Sequence[WriteOp]) -> Sequence[WriteResult]:
        """Up to 1,000 rows in one call; the headers that keep a lead with its owner go with every one."""
        from connectors.salesforce.writing import write

        return write(self._session, self._reader, self._schemas, writes)

    def bulk_open(self, obj: str, fields: Sequence[str]) -> str:
        """Open a job of Bulk API 2.0 that sets these fields; its id."""
        return self._ingest.open(obj, fields)

    def bulk_send(self, job: str, writes: Sequence[WriteOp]) -> None:
        """Upload the writes, at most 100 MB of them; what does not fit will be `RETRY`."""
        self._ingest.send(job, writes)

    def bulk_results(self, job: str, writes: Sequence[WriteOp]) -> Sequence[WriteResult] | None:
        """One result per write; `None` while the job works."""
        return self._ingest.results(job, writes)

    def install(self, wanted: Sequence[WantedField], *, dry_run: bool) -> list[Step]:
        """Create fields and permission sets that are missing, where the login may; else an admin deploys `package`."""
        from connectors.salesforce.install import Installer

        return Installer(self._session, self._schemas, self.user).install(wanted, dry_run=dry_run)

    def package(self, wanted: Sequence[WantedField]) -> bytes:
        """The metadata package (a zip) with which an admin makes these fields. Makes no request."""
        from connectors.salesforce.package import metadata_package

        return metadata_package(wanted)

    def close(self) -> None:
        """Let go of sockets."""
        if "_session" in self.__dict__:
            self._session.close()
