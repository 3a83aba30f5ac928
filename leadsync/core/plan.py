"""The difference between what a CRM holds and what it should hold: pure, per record."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from leadsync.core.mapping import WriteField, number, text
from leadsync.types import Value


@dataclass(frozen=True, slots=True)
class Planned:
    """Fields of one record to set: field → (before, after)."""

    fields: Mapping[str, tuple[Value, Value]]


@dataclass(frozen=True, slots=True)
class Account:
    """What planning has to know of the account a record lives in."""

    options: Mapping[str, Sequence[str]]  # field → its options in the CRM's order, none for a plain field
    blocked: Collection[str]  # fields that are not there, or that nobody may write
    owner_id: Callable[[str], str | None]  # a rep's e-mail → the id of their active user here
    unowned: Callable[[str], bool]  # whether this owner id is a queue, has left, or is our own user


def same(a: Value, b: Value) -> bool:
    """Whether two values are one to a CRM: 73 = 73.0 = "73", text without outer blanks, empty = nothing."""
    if a == b:
        return True
    left, right = text(a), text(b)
    if left == right:
        return True
    x, y = number(left), number(right)
    return x is not None and x == y


def plan(
    writes: Sequence[WriteField],
    seen: Mapping[str, Value],
    refused: Mapping[str, Value],
    results: Mapping[str, Value],
    account: Account,
) -> Planned | None:
    """What to write to a record, or None where it already holds all it should.

    `seen` is what the CRM holds now; `refused` what it refused last, which is not tried again; `results` the lead's
    words. A word without a value, or one that its map does not know, leaves the field alone; so does a value that is
    no option of the field.
    """
    fields: dict[str, tuple[Value, Value]] = {}
    for write in writes:
        if write.field in account.blocked:
            continue
        before, after = seen.get(write.field), results.get(write.value)
        if write.value == "owner":
            after = account.owner_id(text(after)) if after else None
        elif write.map is not None:
            after = write.map.get(text(after))
        if after is None or same(before, after) or not _allowed(write, before, after, account):
            continue
        options = account.options.get(write.field)
        if options and write.value != "owner" and text(after) not in options:
            continue
        if write.field in refused and same(refused[write.field], after):
            continue
        fields[write.field] = (before, after)
    return Planned(fields) if fields else None


def _allowed(write: WriteField, before: Value, after: Value, account: Account) -> bool:
    if write.policy == "if_unowned":
        return not text(before) or account.unowned(text(before))
    if write.policy == "forward_only" and text(before):
        options = account.options.get(write.field)
        if options is None:
            return False  # not known yet whether this would be a step back
        ladder = [option.lower() for option in options]
        if not ladder:
            return True  # a plain field: nothing in it is further on than anything else
        now, then = text(before).lower(), text(after).lower()
        return now in ladder and then in ladder and ladder.index(then) > ladder.index(now)
    return True
