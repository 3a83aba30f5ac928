"""The vocabulary that connectors, core, store and sync share: frozen values, aware UTC times only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

Value = str | int | float | bool | None
"""What a CRM's field holds, as JSON has it. `None` and `""` both mean empty."""


class Role(StrEnum):
    """What an object of a CRM is for."""

    LEAD = "lead"
    COMPANY = "company"
    OWNER = "owner"
    ACTIVITY = "activity"
    OUTCOME = "outcome"


class Ref(NamedTuple):
    """One row of one object of one connection."""

    connection: str
    object: str
    id: str


class Cursor(NamedTuple):
    """A place in an object's stream of changes: everything before it has been read. `id` breaks ties in `at`."""

    at: datetime
    id: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A row as its CRM shows it now.

    `fields` has the CRM's own names and exactly the fields that were asked for. `links` names related rows:
    object → ids (a contact's company, a call's contacts); what a converted lead became is not a link but a `Moved`.
    """

    id: str
    fields: Mapping[str, Value]
    created_at: datetime | None = None
    modified_at: datetime | None = None
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """A row lives on in another one: merged into it, or converted to it (`object` may then differ)."""

    id: str
    to_object: str
    to_id: str
    kind: str  # "merged" | "converted"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A row was deleted or archived."""

    id: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one object, read by one request that was sent at `read_at` (our clock).

    `cursor` covers everything in the page: reading on from it loses nothing (`changes` only).
    `resume` continues after this page; `None` means this was the last one (`backfill` only).
    """

    object: str
    records: Sequence[Record]
    read_at: datetime
    cursor: Cursor | None = None
    resume: str | None = None
    gone: Sequence[Gone] = ()
    moved: Sequence[Moved] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """What to read of an object: its changes from `since` on (inclusive), with these fields."""

    object: str
    fields: tuple[str, ...]
    since: Cursor


@dataclass(frozen=True, slots=True)
class WriteOp:
    """Set these fields of one row. `None` clears a field, an absent field is left alone. `key` finds the result.

    `unmodified_since`: only where nobody has changed the row after this moment, or else it is a `CONFLICT`; for
    connectors whose capabilities are `conditional`.
    """

    key: str
    object: str
    id: str
    fields: Mapping[str, Value]
    unmodified_since: datetime | None = None


class WriteStatus(StrEnum):
    """How a write ended."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    GONE = "gone"
    RETRY = "retry"  # this row only: locked, or not answered for; safe to send again later


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The CRM's answer to one `WriteOp`.

    `code` and `message` are the CRM's own words for a refusal, `fields` those it is about, where it names them.
    """

    key: str
    status: WriteStatus
    modified_at: datetime | None = None
    code: str = ""
    message: str = ""
    moved_to: Moved | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """A field of an object: `type` is one of text, number, bool, date, datetime, enum, multi, ref.

    `custom`: the account made it; the CRM did not bring it.
    """

    name: str
    type: str
    label: str = ""
    options: tuple[str, ...] = ()
    writable: bool = True
    calculated: bool = False
    length: int | None = None
    custom: bool = False


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """What an object looks like in this account. `any_case`: the CRM takes a field's name in any case."""

    name: str
    fields: Mapping[str, FieldSchema]
    any_case: bool = False

    def field(self, name: str) -> FieldSchema | None:
        """The field of that name, as the CRM would find it."""
        if name in self.fields or not self.any_case:
            return self.fields.get(name)
        return next((found for known, found in self.fields.items() if known.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connector can do, known before it is asked.

    `objects` names the objects it knows with their role; an account may lack those in `optional`, which is nobody's
    fault. `settle` is how late a change may still appear in the stream: a second, delayed pass re-reads everything
    younger than that. `write_batch` is the most rows one `write` call takes. More writes than `bulk_from` at once go
    through `WritesInBulk`. `conditional`: the CRM itself can refuse to write a row that somebody changed meanwhile.
    `merges` names the objects of which it merges rows, see `MergesRecords`. `dated`: it tells when rows were created.
    """

    objects: Mapping[str, Role]
    write_batch: int
    settle: timedelta
    optional: frozenset[str] = frozenset()
    bulk_from: int | None = None
    conditional: bool = False
    merges: frozenset[str] = frozenset()
    dated: bool = True


@dataclass(frozen=True, slots=True)
class Quota:
    """Requests: `calls` sent by this connector so far; `used` of `limit` in the account's day, where it tells.

    `holder` names whose quota it is: connections of one holder share one budget. It is no secret.
    """

    calls: int
    used: int | None = None
    limit: int | None = None
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check: `level` is ok, warning or error; `fix` says what to do."""

    level: str
    what: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """A value that a field held from `at` on, as the CRM's own history tells."""

    field: str
    value: Value
    at: datetime


@dataclass(frozen=True, slots=True)
class WantedField:
    """A field that leadsync writes, as it should be in the account. `type` as in `FieldSchema`.

    `length` is the most characters of a text, `None` for any; `options` are (value, label) of an enum, in order.
    """

    object: str
    name: str
    type: str
    label: str
    description: str = ""
    options: tuple[tuple[str, str], ...] = ()
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an installation. `state`: `there` already; `missing`, and `created` unless it is a dry run; `wrong`:
    there but not as wanted; `by_hand`, which only a person can do: `fix` says how."""

    what: str
    state: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class IdPage:
    """Ids of live rows, for a census; `resume` as in `Page`."""

    ids: tuple[str, ...]
    resume: str | None = None


def utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {moment!r}")
    return moment.astimezone(UTC)
