"""What the coordinator asks of a connection's thread (jobs), and what the thread tells it (messages)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from leadsync.core.facts.mail_state import Answer
from leadsync.errors import LeadsyncError
from leadsync.store.merges import Kept
from leadsync.store.outbox import Write
from leadsync.store.sources import Source
from leadsync.sync.accounts import Account
from leadsync.types import Gone, Moved, Page, Past, Record, WriteResult


@dataclass(frozen=True, slots=True)
class Introduced:
    """The account as it is now."""

    connection: str
    account: Account


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page, and the columns of its source to set with it; `late` when it is not of what has just changed."""

    connection: str
    page: Page
    cursor: Mapping[str, object]
    late: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows that a census met: its `first` page forgets an earlier one, its `last` one tells what is not there."""

    connection: str
    object: str
    ids: Sequence[str]
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the CRM knows of the past of these records (record → values), up to the record `last`."""

    connection: str
    object: str
    past: Mapping[int, Sequence[Past]]
    last: int


@dataclass(frozen=True, slots=True)
class Polled:
    """A round of reading is over. `more`: the backfill goes on in the next one. `troubles`: objects that could not be
    read, while the others could."""

    connection: str
    error: LeadsyncError | None
    troubles: Mapping[str, LeadsyncError]
    more: bool
    waiting: "Waiting | None"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A connection does nothing until then, for this reason."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """What came of some writes, as of `at`. With an error the writes that are not among the results have an unknown
    outcome, unless nothing was `sent` at all. `job`: the bulk job that carried them."""

    connection: str
    writes: Sequence[Write]
    results: Sequence[WriteResult]
    at: datetime
    error: LeadsyncError | None = None
    sent: bool = True
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A bulk job for these writes is open; nothing was uploaded yet."""

    connection: str
    job: str
    writes: Sequence[Write]


@dataclass(frozen=True, slots=True)
class Fetched:
    """Rows read by id, to settle writes whose outcome is unknown or because a census found them missing."""

    connection: str
    writes: Sequence[Write]
    object: str
    rows: Mapping[str, Record | Moved | Gone]
    read_at: datetime
    error: LeadsyncError | None = None


@dataclass(frozen=True, slots=True)
class MailAnswers:
    """What the DNS says of these domains; the `last` ones of those that were asked about together."""

    found: Mapping[str, Answer]
    last: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge (see store/merges.py); no `state`: that has still to be read."""

    connection: str
    merge: Kept
    state: str | None
    code: str | None = None
    error: LeadsyncError | None = None


Message = Introduced | PageRead | Seen | Remembered | Polled | Written | Merged | Opened | Fetched | MailAnswers


@dataclass(frozen=True, slots=True)
class Poll:
    """Read what is new, then a turn of the backfill and of what is looked after (all of it when `whole`).

    `introduce`: look at the account first. `history`: object → (fields, records as (id, id in the CRM)) whose past to
    ask for.
    """

    sources: Sequence[Source]
    whole: bool
    introduce: bool = False
    history: Mapping[str, tuple[Sequence[str], Sequence[tuple[int, str]]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Send:
    """Carry out these writes (of one call's size)."""

    writes: Sequence[Write]
    objects: Mapping[int, str]  # source → object


@dataclass(frozen=True, slots=True)
class Resolve:
    """Read these rows of one object; `writes` are those that hang on it."""

    object: str
    ids: Sequence[str]
    writes: Sequence[Write] = ()


@dataclass(frozen=True, slots=True)
class OpenBulk:
    """Open a bulk job for these writes of one object."""

    object: str
    writes: Sequence[Write]


@dataclass(frozen=True, slots=True)
class CarryBulk:
    """Upload the writes of a job that is open (`send`), and ask what became of them."""

    job: str
    writes: Sequence[Write]
    objects: Mapping[int, str]  # source → object
    send: bool


@dataclass(frozen=True, slots=True)
class CarryMerge:
    """Merge two rows of one object; or, to `resume`, find out whether that was done."""

    object: str
    merge: Kept
    resume: bool = False


Job = Poll | Send | Resolve | OpenBulk | CarryBulk | CarryMerge | None


def hushed(message: Message, hide: Callable[[str], str]) -> Message:
    """The message without secrets that a CRM has repeated, in what it says of objects and rows."""
    if isinstance(message, Polled):
        for error in message.troubles.values():
            error.hide(hide)
    elif isinstance(message, Written):
        results = [replace(r, code=hide(r.code), message=hide(r.message)) if r.message else r for r in message.results]
        return replace(message, results=results)
    return message
