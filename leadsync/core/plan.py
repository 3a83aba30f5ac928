"""The difference between what a CRM holds and what it should hold: pure, per record, with a reason for every field."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from leadsync.core.consent import CAUSE_CONTACT
from leadsync.core.convert.consent import DENIED
from leadsync.core.line import cut
from leadsync.core.mapping import number, text
from leadsync.core.reasons import outdated
from leadsync.core.write_field import WriteField
from leadsync.types import Value

POLICIES: Mapping[str, str] = {
    "always": "whenever it differs",
    "if_empty": "only into an empty field",
    "if_unowned": "only where nobody owns the record: no owner, a queue, somebody who left, our own user, or still the "
    "one whom leadsync gave it to",
    "if_ours": "only while the field still holds what leadsync wrote last, or is empty and leadsync never wrote it",
    "if_unchanged": "whenever it differs, unless somebody has changed it since leadsync read it",
    "never_lower": "only a higher number",
    "forward_only": "only further along the CRM's own order of options",
}
"""When a field may be written. Except under `always`, it is read once more just before it is written."""

WHY: Mapping[str, str] = {
    "same": "it stands there already",
    "no_value": "leadsync has no value for it",
    "not_in_map": "the `map:` of the mapping does not name this value",
    "no_rep": "the rep has no active user here",
    "no_option": "the field has no such option",
    "blocked": "the account does not let it be written; `leadsync check` says why",
    "refused": "the CRM refused this very value before",
    "least": "the change is smaller than `least:`; it waits for another one of this record",
    "wait": "it was written less than `every:` ago",
    "rides": "it is only written together with the field that it stands under",
    "scope": "the record is outside of the `scope:` of its object",
    "list": "the lead is of a list and waits until it is checked; `leadsync review` tells what for",
    "consent": "the lead has denied its consent, and this would have somebody get in touch with it",
    "never": "the lead is one that `never:` keeps leadsync away from",
    **{policy: f"the policy {policy} lets it be written {rule}" for policy, rule in POLICIES.items()},
}
"""Why a field is not written."""


_HELD = ("least", "rides")  # what else is written of the record decides about these
_STANDS = ("same", "least", "wait")  # why a field is not written that is nevertheless as it should be, or nearly


class Verdict(NamedTuple):
    """What becomes of one field: written where `why` is empty, else one of `WHY`. `until`: when a wait is over.

    A field that is written and becomes `None` is cleared.
    """

    write: WriteField
    before: Value
    after: Value
    why: str = ""
    until: int | None = None


Fate = tuple[WriteField, Value, Value, str, int | None]
"""The parts of a `Verdict`, without their names: to give them those costs as much as to find the parts."""


class Planned(NamedTuple):
    """Fields of one record to set: field → (before, after). `again_us`: when a field that waits may be written."""

    fields: Mapping[str, tuple[Value, Value]]
    again_us: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What planning has to know of the account a record lives in."""

    options: Mapping[str, Sequence[str]]  # field → its options in the CRM's order, none for a plain field
    blocked: Collection[str]  # fields that are not there, or that nobody may write
    owner_id: Callable[[str], str | None]  # a rep's e-mail → the id of their active user here
    unowned: Callable[[str], bool]  # whether this owner id is a queue, has left, or is our own user
    bands: Sequence[float] = ()  # scores at which the temperature changes
    lengths: Mapping[str, int] = field(default_factory=dict)  # text field → its most characters


class Seen(NamedTuple):
    """What is known of a record: what the CRM holds; what we wrote last, when (microseconds since 1970), and what other
    value before it; what the CRM refused last."""

    fields: Mapping[str, Value]
    ours: Mapping[str, Sequence[Any]] = MappingProxyType({})
    refused: Mapping[str, Value] = MappingProxyType({})


def same(a: Value, b: Value) -> bool:
    """Whether two values are one to a CRM: 73 = 73.0 = "73", text without outer blanks, empty = nothing."""
    if a == b:
        return True
    if isinstance(a, int) and isinstance(b, int):
        return False
    left, right = text(a), text(b)
    if left == right or " " in left:  # which no number is
        return left == right
    return (x := number(left)) is not None and x == number(right)


def planned(found: Iterable[Fate]) -> Planned | None:
    """What to write to a record by what becomes of its fields; None where it holds all it should and nothing waits."""
    fields: dict[str, tuple[Value, Value]] = {}
    again: int | None = None
    for write, before, after, why, until in found:
        if not why:
            fields[write.field] = before, after
        elif until is not None:
            again = until if again is None else min(again, until)
    return Planned(fields, again) if fields or again is not None else None


def verdicts(
    writes: Sequence[WriteField], seen: Seen, results: Mapping[str, Value], account: Account, now_us: int = 0
) -> list[Verdict]:
    """The same as `fates`, with names."""
    return [Verdict(*fate) for fate in fates(writes, seen, results, account, now_us)]


def fates(
    writes: Sequence[WriteField], seen: Seen, results: Mapping[str, Value], account: Account, now_us: int = 0
) -> Collection[Fate]:
    """What becomes of each field; `results` are the lead's words.

    A small change, and a field that rides with another, never cause a write: they are part of one that something else
    causes. Only reasons that say something else than other points are a cause, where that other one stands as it should
    or has not moved enough.
    """
    found: dict[str, Fate] = {}
    held: list[Fate] = []
    caused = False
    for write in writes:
        fate = found[write.field] = _fate(write, seen, results, account, now_us)
        if not fate[3]:
            caused = True
        elif fate[3] in _HELD:
            held.append(fate)
    for write, before, after, why, _ in held:
        if why == "rides" and _first(write, found) in _STANDS and _outdated(write, before, after, seen):
            found[write.field], caused = (write, before, after, "", None), True
    if held and caused:
        for write, before, after, _, _ in [f for f in held if f[3] == "least" or _first(f[0], found) in ("", "least")]:
            found[write.field] = write, before, after, "", None
    return found.values()


def _first(write: WriteField, found: Mapping[str, Fate]) -> str | None:
    """Why the field is not written that this one rides with."""
    first = found.get(write.rides_with or "")
    return None if first is None else first[3]


def left_alone(writes: Sequence[WriteField], seen: Seen, why: str) -> list[Verdict]:
    """The verdicts on a record that is left alone whatever its lead's words are: `why` is "scope", "never" or
    "list"."""
    return [Verdict(write, seen.fields.get(write.field), None, why) for write in writes]


def _fate(write: WriteField, seen: Seen, results: Mapping[str, Value], account: Account, now_us: int) -> Fate:
    name, value = write.field, write.value
    before, after = seen.fields.get(name), results.get(write.word if write.word in results else value)
    if after is None:
        return write, before, None, "no_value", None
    if value == "owner":
        after = account.owner_id(text(after))
        if after is None:
            return write, before, None, "no_rep", None
    elif write.map is not None:
        if (word := text(after)) not in write.map:
            return write, before, None, "not_in_map", None
        after = write.map[word]
    if after is not None:
        after = shown(write, after, account.lengths.get(name))
    if same(before, after):
        return write, before, after, "same", None
    if value in CAUSE_CONTACT and results.get("consent") == DENIED:
        return write, before, after, "consent", None
    why, until = _why(write, before, after, seen, account, now_us)
    return write, before, after, why, until


def _why(
    write: WriteField, before: Value, after: Value, seen: Seen, account: Account, now_us: int
) -> tuple[str, int | None]:
    """Why a field that should change is not written."""
    name = write.field
    if name in account.blocked:
        return "blocked", None
    options = account.options.get(name)
    if options and write.value != "owner" and text(after) not in ("", *options):
        return "no_option", None
    if write.policy != "always" and not _allowed(write, before, after, seen, account):
        return write.policy, None
    if name in seen.refused and same(seen.refused[name], after):
        return "refused", None
    if write.every_us is not None and name in seen.ours:
        until = seen.ours[name][1] + write.every_us
        if now_us < until:
            return "wait", until
    if write.rides_with is not None:
        return "rides", None
    return ("least", None) if _small(write, before, after, account.bands) else ("", None)


def _allowed(write: WriteField, before: Value, after: Value, seen: Seen, account: Account) -> bool:
    now, policy = text(before), write.policy
    if policy == "if_empty":
        return not now
    if policy == "if_unowned":
        ours = write.field in seen.ours and same(before, seen.ours[write.field][0])
        return not now or account.unowned(now) or ours
    if policy == "if_ours":
        return _ours(write, before, seen)
    if policy == "never_lower":
        x, y = _number(write, before), _number(write, after)
        return y is not None and (not now or (x is not None and y > x))
    if policy == "forward_only" and now:
        options = account.options.get(write.field)
        plain = options is not None and not options  # of a plain field only leadsync knows what its stages are
        return _forward(options or (), now, text(after)) or (plain and write.value == "stage")
    return True


def _forward(options: Sequence[str], now: str, then: str) -> bool:
    ladder = [option.lower() for option in options]
    return now.lower() in ladder and then.lower() in ladder and ladder.index(then.lower()) > ladder.index(now.lower())


def _outdated(write: WriteField, before: Value, after: Value, seen: Seen) -> bool:
    """Whether a line of reasons that we wrote has come to say something else than other points, or is still missing."""
    if write.value != "reasons" or not _ours(write, before, seen):
        return False
    return outdated(_inside(write, before), _inside(write, after))


def _ours(write: WriteField, before: Value, seen: Seen) -> bool:
    """Whether a field holds what we wrote last, or is empty and we never wrote it."""
    return same(before, seen.ours[write.field][0]) if write.field in seen.ours else not text(before)


def _small(write: WriteField, before: Value, after: Value, bands: Sequence[float]) -> bool:
    if write.least is None:
        return False
    x, y = _number(write, before), _number(write, after)
    if x is None or y is None or abs(y - x) >= write.least:
        return False
    return write.value != "score" or not any(min(x, y) < band <= max(x, y) for band in bands)


def score_before(write: WriteField, ours: Sequence[Any], score: int) -> int | None:
    """The other score that the CRM was last shown before this one, as it confirmed; None where there was none. `ours`:
    what we wrote, as in `Seen`.

    It stays the same until another score is confirmed, and so does what is told by it.
    """
    last, _, *earlier = ours
    shown = _number(write, last)
    told = shown if shown != score else _number(write, earlier[0] if earlier else None)
    return None if told is None else round(told)


def _number(write: WriteField, held: Value) -> float | None:
    """The number that a field shows."""
    return number(_inside(write, held) if write.format or isinstance(held, str) else held)


def _inside(write: WriteField, held: Value) -> str:
    """What a field shows inside of its format."""
    if not write.format:
        return text(held)
    head, _, tail = write.format.strip().partition("{}")
    return text(held).removeprefix(head).removesuffix(tail)


def shown(write: WriteField, value: Value, most: int | None = None) -> Value:
    """A value in its format and length. `most`: the length that its field has in the CRM."""
    if write.format:
        value = write.format.replace("{}", text(value))
    if not isinstance(value, str):
        return value
    own = write.length
    limit = most if own is None else own if most is None else min(own, most)
    return value if limit is None else cut(value, limit)
