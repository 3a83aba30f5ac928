"""Applying a mapping: what a CRM's row says in leadsync's words. Pure; a value that cannot be read is left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from typing import NamedTuple

from leadsync.core.conditions import Condition
from leadsync.core.convert import NOWHERE, Home, Read, Unreadable, found_by, moment_or_day
from leadsync.core.write_field import WriteField
from leadsync.types import Record, Role, Value

_LONGEST = 200  # characters of a detail or a topic


@dataclass(frozen=True, slots=True)
class ReadField:
    """One word of leadsync fed from some source fields.

    A value is cut at `split`, and `match` finds the part that counts; `map` (keys in small letters) translates it, or
    else `steps` read it. The first that can be read is the word's value, with `join` all of them are. Where there is
    none, or a map does not know the value, it is `default`. What `map` and `default` hold is not read again. `exact`:
    a number that is no text needs no reading.
    """

    name: str
    sources: tuple[str, ...]
    map: Mapping[str, str] | None = None
    default: str | None = None
    split: str = ""
    match: str = ""
    join: str | None = None
    steps: tuple[Read, ...] = ()
    exact: bool = False
    home: Home = NOWHERE


@dataclass(frozen=True, slots=True)
class Test:
    """Source fields that must hold one of some values (compared as text, without case). Empty: always holds."""

    wanted: Mapping[str, frozenset[str]]

    def holds(self, fields: Mapping[str, Value]) -> bool:
        """Whether the row passes."""
        return all(text(fields.get(name)).lower() in values for name, values in self.wanted.items())


@dataclass(frozen=True, slots=True)
class Kind:
    """A row that passes `when` is an activity of this kind; `at` and `topic`, where given, replace the object's own."""

    kind: str
    when: Test
    at: tuple[str, ...] = ()
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """A number on a person's row that the CRM counts up: activity is the difference between two polls.

    `at` and `first` name fields with the moments of the latest and the first of them, `detail` one that describes it.
    `topic` is what all of them are about.
    """

    field: str
    kind: str
    at: str | None = None
    first: str | None = None
    detail: str | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """A row that passes `when` ended in `kind`: won, lost or converted."""

    kind: str
    when: Test
    at: str | None = None
    amount: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectMapping:
    """How one object of a CRM is read. `scope`: what a row's own words must fulfil to be looked after.

    `fields` are words of people, companies and owners, or attributes of activities. Times that do not say their zone
    are those of `home`.
    """

    object: str
    role: Role
    fields: tuple[ReadField, ...] = ()
    owner: str | None = None
    at: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    detail: tuple[str, ...] = ()
    counters: tuple[Counter, ...] = ()
    outcomes: tuple[OutcomeRule, ...] = ()
    scope: Condition | None = None
    home: Home = NOWHERE

    def source_fields(self) -> Iterator[str]:
        """Every source field this mapping reads, repeats included."""
        for field in self.fields:
            yield from field.sources
        yield from (self.owner,) if self.owner else ()
        yield from self.at
        yield from self.detail
        for kind in self.kinds:
            yield from (*kind.when.wanted, *kind.at)
        for counter in self.counters:
            yield from (f for f in (counter.field, counter.at, counter.first, counter.detail) if f)
        for outcome in self.outcomes:
            yield from outcome.when.wanted
            yield from (f for f in (outcome.at, outcome.amount) if f)


@dataclass(frozen=True, slots=True)
class CrmMapping:
    """The whole mapping of one connection."""

    reads: Mapping[str, ObjectMapping]
    writes: Mapping[str, tuple[WriteField, ...]]

    def asked(self, obj: str) -> tuple[str, ...]:
        """The fields to ask of an object: all that are read and all that are written, in a stable order."""
        names = dict.fromkeys(self.reads[obj].source_fields())
        names.update(dict.fromkeys(w.field for w in self.writes.get(obj, ())))
        return tuple(names)

    def strict(self, obj: str) -> frozenset[str]:
        """The fields of an object that are only written where the CRM finds its row unchanged."""
        return frozenset(w.field for w in self.writes.get(obj, ()) if w.strict)


class Happened(NamedTuple):
    """An activity read from a row: `times` times `kind`, the latest at `at`. `key` tells it from others of its row."""

    key: str
    kind: str
    at: datetime
    times: int = 1
    detail: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """An outcome read from a row."""

    kind: str
    at: datetime | None
    amount: float | None


def text(value: Value) -> str:
    """A field's value as text: nothing is empty, true and false are words, numbers have no needless zeros.

    Always text that any database can hold.
    """
    if isinstance(value, str):
        try:
            value.isascii() or value.encode()
        except UnicodeEncodeError:  # half of a sign
            value = value.encode(errors="replace").decode()
        return (value.replace("\0", "") if "\0" in value else value).strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def number(value: Value) -> float | None:
    """A field's value as a number, or None where it is none (CRMs keep "N/A" in number fields)."""
    if isinstance(value, bool):
        return None
    try:
        result = float(value) if value is not None else None
    except (TypeError, ValueError, OverflowError):
        return None
    return result if result is not None and abs(result) < 1e15 else None  # NaN fails the comparison too


def moment(value: Value, home: Home = NOWHERE) -> datetime | None:
    """A field's value as a moment: ISO 8601, epoch milliseconds, or what else `as: datetime` reads.

    A day is its noon at home; where no zone stands it is the time at home.
    """
    raw = text(value)
    if not raw:
        return None
    try:
        if len(raw) == 10 and raw[4] == "-":
            return datetime.combine(date.fromisoformat(raw), time(12), home.zone).astimezone(UTC)
        if not raw.isdigit():
            at = datetime.fromisoformat(raw)
            return (at if at.tzinfo else at.replace(tzinfo=home.zone)).astimezone(UTC)
        if len(raw) in (12, 13):
            return datetime.fromtimestamp(int(raw) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass  # not as programs write it
    try:
        found = moment_or_day(raw, home)
    except Unreadable:
        return None
    at = found if isinstance(found, datetime) else datetime.combine(found, time(12), home.zone)
    return at.astimezone(UTC)


def plain_number(raw: str, _: Home, __: Mapping[str, str]) -> str:
    """A converter of numbers as programs write them."""
    if number(raw) is None:
        raise Unreadable("is no number; `as: number` reads numbers as people write them")
    return raw


class Said(NamedTuple):
    """What a row says in leadsync's words, as text, and why a word is absent although its fields hold something."""

    values: dict[str, str]
    reasons: dict[str, str]


def values(mapping: ObjectMapping, record: Record) -> dict[str, str]:
    """The words of leadsync that the row feeds, as text; a word that nothing feeds is absent."""
    return values_with_reasons(mapping, record).values


def values_with_reasons(mapping: ObjectMapping, record: Record) -> Said:
    """The words that the row feeds, and a plain sentence for each that is fed something that cannot be read."""
    said = Said({}, {})
    for field in mapping.fields:
        parts: list[str] = []
        why = ""
        for source in field.sources:
            value = record.fields.get(source)
            if value is None or value == "":
                continue
            if not (field.steps or field.map or field.split or field.match):
                parts += [raw] if (raw := text(value)) else []
            else:
                why = _read(field, source, value, said.values, parts) or why
            if parts and field.join is None:
                break
        if parts:
            said.values[field.name] = parts[0] if field.join is None else field.join.join(parts)
        elif field.default is not None:
            said.values[field.name] = field.default
        elif why:
            said.reasons[field.name] = why
    return said


def _read(field: ReadField, source: str, value: Value, known: Mapping[str, str], parts: list[str]) -> str:
    """Add what can be read of a source field's value to `parts`; why the rest cannot, if anything."""
    why = ""
    for part in _parts(field, value) if field.split or field.match else (value,):
        try:
            kept = read_value(field, part, known)
        except Unreadable as error:
            why = f"{source}: {text(part)[:60]!r} {error}"
            continue
        if kept:
            parts.append(kept)
        elif field.match:
            why = f"{source}: {text(value)[:60]!r} does not match"
    return why


def _parts(field: ReadField, value: Value) -> list[Value]:
    raw = text(value)
    parts = raw.split(field.split) if field.split else [raw]
    return [found_by(field.match, part) if field.match else part for part in parts]


def read_value(field: ReadField, value: Value, known: Mapping[str, str]) -> str:
    """One value as it is kept; empty for nothing. `known` are other words of its row. Raises `Unreadable`."""
    raw = text(value)
    if not raw:
        return ""
    if field.map is not None:
        if (mapped := field.map.get(raw.lower())) is not None:
            return mapped
        if field.default is not None:
            return field.default
    if field.exact and not isinstance(value, str) and number(value) is not None:
        return raw
    for step in field.steps:
        raw = step(raw, field.home, known)
    return raw


def activity(mapping: ObjectMapping, record: Record) -> Happened | None:
    """What an activity object's row tells, or None where no kind fits or no moment is known."""
    kind = next((k for k in mapping.kinds if k.when.holds(record.fields)), None)
    if kind is None:
        return None
    moments = (moment(record.fields.get(f), mapping.home) for f in kind.at or mapping.at)
    at = next(filter(None, moments), None) or record.created_at
    if at is None:
        return None
    detail = next(filter(None, (text(record.fields.get(f)) for f in mapping.detail)), "")
    topic = kind.topic or values(mapping, record).get("topic", "")
    return Happened("", kind.kind, at, detail=detail[:_LONGEST], topic=topic[:_LONGEST])


def untold(mapping: ObjectMapping, record: Record) -> str:
    """Why a row of activity or outcomes that tells of none should, or tells less than it should: it names no known kind
    where the mapping reads the kind as the row has it, or no moment is known. Empty where a mapping leaves it out."""
    rules: tuple[Kind | OutcomeRule, ...] = (*mapping.kinds, *mapping.outcomes)
    kind = next((each for each in rules if each.when.holds(record.fields)), None)
    if isinstance(kind, Kind) and not activity(mapping, record):
        said = [
            f"{name}: {raw[:40]!r} is no moment"
            for name in kind.at or mapping.at
            if (raw := text(record.fields.get(name)))
        ]
        return said[0] if said else f"no moment is told in {', '.join(kind.at or mapping.at)}"
    if isinstance(kind, OutcomeRule) and kind.at:
        raw = text(record.fields.get(kind.at))
        lost = raw and moment(raw, mapping.home) is None
        return f"{kind.at}: {raw[:40]!r} is no moment, so it counts without its day" if lost else ""
    fields = {name for each in rules for name in each.when.wanted}
    if kind is not None or len(fields) != 1:
        return ""
    [name] = fields
    word, own = text(record.fields.get(name)), all(each.kind in each.when.wanted.get(name, ()) for each in rules)
    close = get_close_matches(word.lower(), [each.kind for each in rules], 1)
    meant = f"; did you mean {close[0]}?" if close else ""
    told = f"{word[:40]!r} is no kind that the mapping reads{meant}" if word else "it is empty, and says of which kind"
    return f"{name}: {told}" if own else ""


def counted(mapping: ObjectMapping, before: Mapping[str, Value] | None, record: Record) -> list[Happened]:
    """Activity by difference of the row's counters since `before` (None: never seen).

    The first sight of a counter is history: its latest event stands at its own date, the rest at the date of the
    first one or of the row's creation; where the CRM dates nothing, all stand at the row's creation and never today.
    """
    found = []
    for counter in mapping.counters:
        if not record.fields.get(counter.field):
            continue
        new = int(number(record.fields.get(counter.field)) or 0)
        watched = before is not None and counter.field in before
        old = int(number(before[counter.field]) or 0) if before is not None and watched else 0
        if new <= old:
            continue
        at = moment(record.fields.get(counter.at), mapping.home) if counter.at else None
        detail = text(record.fields.get(counter.detail))[:_LONGEST] if counter.detail else ""
        key, topic = f"{counter.field}:{new}", counter.topic
        if watched:
            last = at or record.modified_at or record.created_at
            if last:
                found.append(Happened(key, counter.kind, last, new - old, detail, topic))
            continue
        first = moment(record.fields.get(counter.first), mapping.home) if counter.first else None
        start = first or record.created_at
        if at:
            found.append(Happened(key, counter.kind, at, 1, detail, topic))
        if (rest := new - (1 if at else 0)) and (start or at):
            found.append(Happened(f"{key}:before", counter.kind, min(filter(None, (start, at))), rest, topic=topic))
    return found


def outcome(mapping: ObjectMapping, record: Record) -> Ended | None:
    """How the row ended, or None while it is open."""
    for rule in mapping.outcomes:
        if rule.when.holds(record.fields):
            at = moment(record.fields.get(rule.at), mapping.home) if rule.at else record.modified_at
            return Ended(rule.kind, at, number(record.fields.get(rule.amount)) if rule.amount else None)
    return None
