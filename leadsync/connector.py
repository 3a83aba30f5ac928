"""The contract of a connector, and all that its author imports: this module and `leadsync.testing` are the only ones.

A connector is a class found through the entry-point group `leadsync.connectors`. It talks to one account of one CRM and
decides nothing about leads. It keeps no state but its session. The docstrings below are the contract, clause by clause.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import tenacity
from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator

from leadsync.errors import (
    AuthLost,
    Conflict,
    ConnectionFailed,
    LeadsyncError,
    NotFound,
    Problem,
    Rejected,
    Transient,
    UserError,
)
from leadsync.redact import concealed
from leadsync.types import (
    Ask,
    Capabilities,
    Cursor,
    FieldSchema,
    Finding,
    Gone,
    IdPage,
    Moved,
    ObjectSchema,
    Page,
    Past,
    Quota,
    Record,
    Ref,
    Role,
    Step,
    Value,
    WantedField,
    WriteOp,
    WriteResult,
    WriteStatus,
    utc,
)

__all__ = [
    "Ask", "AuthLost", "Capabilities", "Clock", "Conflict", "ConnectionFailed", "ConnectionSettings", "Connector",
    "Cursor", "Failed", "FaultRule", "FieldSchema", "Finding", "Gone", "HasDriver", "HasHistory", "HasSandbox",
    "IdPage", "InstallsFields", "LeadsyncError", "ListsDeleted", "MergesRecords", "Moved", "NotFound", "ObjectSchema",
    "PackagesFields", "Page", "Past", "Problem", "Quota", "QuotaShares", "Record", "Ref", "Rejected", "Role",
    "SandboxOptions", "SecretRef", "Secrets", "Step", "Transient", "UserError", "Value", "WantedField", "WriteOp",
    "WriteResult", "WriteStatus", "WritesInBulk", "concealed", "retrying", "utc",
]  # fmt: skip

T = TypeVar("T")


class Clock(Protocol):
    """Time is injected. `sleep` ends early (raising `Transient`) when leadsync is asked to stop."""

    def now(self) -> datetime:
        """The moment, aware, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Secrets(Protocol):
    """The secrets of one connection, by the name of the setting that refers to them."""

    def get(self, name: str) -> str:
        """The secret's value now. Raises `UserError` when the variable, file or command has none."""
        ...

    def replace(self, name: str, value: str) -> None:
        """Keep a rotated secret (0600, beside the store) before it is used; `get` returns it from now on."""
        ...


class SecretRef(BaseModel):
    """Where a secret is kept: one of an environment variable, a file, a command that prints it. Never the secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    env: str | None = None
    file: Path | None = None
    cmd: tuple[str, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _never_itself(cls, value: Any) -> Any:
        if isinstance(value, dict | cls):
            return value
        raise ValueError("a secret never stands in this file; say where it is kept, such as {env: THE_VARIABLE}")

    @field_validator("env")
    @classmethod
    def _name_of_a_variable(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            raise ValueError("expected the name of a variable, such as THE_VARIABLE; the secret never stands here")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretRef":
        if sum(x is not None for x in (self.env, self.file, self.cmd)) != 1:
            raise ValueError("give exactly one of env, file, cmd")
        return self


class QuotaShares(BaseModel):
    """How much of the account's daily requests may be used: by leadsync `own`, by everybody before it stops `account`.

    Both in percent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    account: float = Field(75, gt=0, le=100)
    own: float = Field(25, gt=0, le=100)


class ConnectionSettings(BaseModel):
    """What every connection in `leadsync.yaml` has; a connector's `Settings` adds its own to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: str
    base_url: str | None = None
    live: StrictBool = False
    mapping: Path | None = None
    quota: QuotaShares = QuotaShares()


@dataclass(frozen=True, slots=True)
class Failed:
    """An object could not be read on, in the stream of `changes`; the others go on."""

    object: str
    error: ConnectionFailed


class Connector(Protocol):
    """One account of one CRM. Synchronous; used by one thread at a time.

    Every method may raise `Transient`, `AuthLost` or `Rejected`; nothing else for what a CRM or network does, HTML
    answers and broken JSON included. Every call has a time-out. Nothing that is secret reaches a log or a message.
    """

    Settings: ClassVar[type[ConnectionSettings]]
    capabilities: ClassVar[Capabilities]

    def __init__(self, settings: Any, *, clock: Clock, secrets: Secrets, log: logging.Logger) -> None:
        """Makes no request."""
        ...

    def check(self, written: Mapping[str, Sequence[str]]) -> list[Finding]:
        """Can we log in, read every object, write those in `written` (object → fields), and do reps see these fields?

        The clock too; of the quota leadsync tells by itself. Raises nothing for a bad account: says it in a finding
        with its fix.
        """
        ...

    def now(self) -> datetime:
        """The CRM's clock."""
        ...

    def user(self) -> str | None:
        """The owner id of the user whom we write as, if there is one: what it owns counts as owned by nobody."""
        ...

    def quota(self) -> Quota:
        """What was used, from what is known already: makes no request."""
        ...

    def describe(self, obj: str) -> ObjectSchema:
        """The object's fields in this account, asked anew each time. Raises `NotFound`."""
        ...

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Every live row once, in pages; each page's `resume` continues after it, the last one's is `None`."""
        ...

    def changes(self, asks: Sequence[Ask], until: datetime) -> Iterator[Page | Failed]:
        """What changed in each object from its `since` (inclusive) up to `until`, oldest first within an object.

        Each page closes with a cursor that covers all in it and never moves past `until`; equal times lose nothing;
        deletes, merges and conversions are `gone` and `moved`; at least one page per ask, possibly empty, whose cursor
        is then `since`. What `since.id` names may be left out while it is unchanged. Objects may be read together: an
        idle round costs at most one request per object. An object that cannot be read (a field that the account does
        not have, a scope that is missing) is `Failed`, after the pages that could be read, and the others go on; what
        concerns the whole account is raised.
        """
        ...

    def ids(self, obj: str) -> Iterator[IdPage]:
        """Ids of all live rows: the census that finds hard deletes."""
        ...

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        """These rows by id, never by search: the truth now. Every id asked for has an entry."""
        ...

    def write(self, writes: Sequence[WriteOp]) -> Sequence[WriteResult]:
        """One result per write, matched by key, in one request where the CRM can (at most `write_batch` writes).

        `write([])` makes no request. A rejected batch is bisected to the row. Only fields named are touched; the row's
        owner, in particular, never changes unless it is one of them.
        """
        ...

    def close(self) -> None:
        """Let go of sockets; callable twice."""
        ...


@runtime_checkable
class ListsDeleted(Protocol):
    """A connector whose `changes` does not tell of all deleted rows, and that can list them."""

    def deleted(self, obj: str, since: datetime) -> Iterator[Page]:
        """Rows of the object deleted since then, as `gone` with their time; one page at least. Not those that nobody
        can restore: a census finds these."""
        ...


@runtime_checkable
class HasHistory(Protocol):
    """A connector whose CRM remembers former values."""

    def history(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Sequence[Past]]:
        """What these fields held before, by id, oldest first, the present value included. A field, or a row, of which
        the CRM keeps no history is left out."""
        ...


@runtime_checkable
class InstallsFields(Protocol):
    """A connector that can create the fields that leadsync writes."""

    def install(self, wanted: Sequence[WantedField], *, dry_run: bool) -> list[Step]:
        """Create what is missing, and nothing twice; with `dry_run` only say what would be done. What remains to be
        done by a person is a step, too."""
        ...


@runtime_checkable
class PackagesFields(InstallsFields, Protocol):
    """A connector whose CRM also takes fields as a package that its administrator deploys."""

    def package(self, wanted: Sequence[WantedField]) -> bytes:
        """The package, a zip file, for an account that does not let this login create fields. Makes no request."""
        ...


@runtime_checkable
class WritesInBulk(Protocol):
    """A connector that can hand over many writes of one object as a job. The job's name is stored before `bulk_send`,
    so that its results are found also by another process."""

    def bulk_open(self, obj: str, fields: Sequence[str]) -> str:
        """Open a job that sets these fields; its name."""
        ...

    def bulk_send(self, job: str, writes: Sequence[WriteOp]) -> None:
        """Upload the writes, once, and have them carried out."""
        ...

    def bulk_results(self, job: str, writes: Sequence[WriteOp]) -> Sequence[WriteResult] | None:
        """One result per write; `None` while the job works. A job that was never sent is given up: all `RETRY`."""
        ...


@runtime_checkable
class MergesRecords(Protocol):
    """A connector whose CRM merges two rows of an object in `capabilities.merges`, for good."""

    def merge(self, obj: str, kept: str, other: str) -> Moved:
        """Merge the other row into the kept one, whose values win; where the other lives on, which may be a new id.

        Sent once: whether a call that was not answered has arrived is found by `fetch`. Raises `Rejected` where the CRM
        refuses.
        """
        ...


class FaultRule(BaseModel):
    """A fault that a sandbox is told to have: which calls, what happens, how often.

    `call` is a method and path with `*` for anything (`POST /crm/*/search`). `fault` is a status that the CRM then
    explains in its own words (`429`, `503`) or a word of `leadsync.testing.faults`. It strikes after `after` calls that
    fit, `times` times (0: always), at every `every`th one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    call: str = "*"
    fault: str
    times: int = Field(1, ge=0)
    after: int = Field(0, ge=0)
    every: int = Field(1, ge=1)
    seconds: float = Field(0, ge=0)
    """How long `slow` waits, or what `Retry-After` says; 0: not said."""
    where: str = ""
    """Where the rule was written (`file:line:column`), for messages."""


def _system_time() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How a sandbox is wanted: see `leadsync sandbox --help`. `today` anchors the seeded data, so that the same seed
    and day give the same bytes; `now` is the sandbox's clock, for stamps, limits and the `Date` header alike."""

    token: str
    today: date
    leads: int = 500
    seed: int = 1
    load: Path | None = None
    bare: bool = False
    search_lag: float = 0.0
    rate_limit: bool = True
    faults: tuple[FaultRule, ...] = ()
    now: Callable[[], datetime] = _system_time
    custom: bool = False


@runtime_checkable
class HasSandbox(Protocol):
    """A connector that ships a strict local server of its CRM, built with the kit in `leadsync.testing`."""

    @classmethod
    def sandbox(cls, options: SandboxOptions) -> Any:
        """The ASGI application, loaded and ready. Raises `UserError` for a `load` file that cannot be used."""
        ...


@runtime_checkable
class HasDriver(Protocol):
    """A connector that can be put through the conformance suite by its name."""

    @classmethod
    def driver(cls, folder: Path) -> Any:
        """A `leadsync.testing.driver.Driver` of a fresh, empty account; `folder` is free to use."""
        ...


def retrying(call: Callable[[], T], clock: Clock, *, attempts: int = 4, longest: float = 10.0) -> T:
    """Call, and call again while it raises `Transient`: the one place that decides about retries.

    Exponential waits from half a second with full jitter, or the CRM's own `retry_after`. A wait longer than `longest`
    seconds is not slept here but raised, so that the connection shows what it waits for and holds up nobody. Use it
    only for calls that may be repeated.
    """
    backoff = tenacity.wait_random_exponential(multiplier=0.5, max=longest)

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Transient) else None
        return backoff(state) if asked is None else asked

    def worth_it(error: BaseException) -> bool:
        return isinstance(error, Transient) and (error.retry_after is None or error.retry_after <= longest)

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(worth_it),
        stop=tenacity.stop_after_attempt(attempts),
        wait=wait,
        sleep=clock.sleep,
        reraise=True,
    )(call)
