"""What leadsync knows of the accounts it is connected to, and which parts of the mappings fit them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from leadsync.catalog import ENOUGH, NOT_ENOUGH
from leadsync.config.load import Config, ConnectionConfig
from leadsync.core import fit
from leadsync.core.score import GRADES, QUADRANTS, TEMPERATURES
from leadsync.errors import LeadsyncError
from leadsync.types import ObjectSchema

_KNOWN_FOR = timedelta(days=1)
_LACKING_FOR = timedelta(hours=1)
_TROUBLED_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it was at `at` (seconds since 1970), against the mapping named `mapping`.

    `options`: object → written field → its options; `lengths`: object → written text field → its most characters.
    `fixed`: object whose rows can be merged → the fields that nobody can write.
    `blocked` fields are not written, `missing` ones not asked for, `absent` objects not read, `undescribed` ones could
    not be looked at; `calculated` objects have mapped fields that change without the row being touched. `problems` say
    what the admin should mend: object, field, code, message, fix.
    """

    user: str | None = None
    options: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    blocked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    absent: Sequence[str] = ()
    calculated: Sequence[str] = ()
    problems: Sequence[Mapping[str, str]] = ()
    undescribed: Sequence[str] = ()
    at: float = 0.0
    mapping: str = ""
    lengths: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    fixed: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether everything that the mapping names is there and fits."""
        return not (self.problems or self.undescribed or self.absent)

    def shape(self, obj: str) -> bytes:
        """What planning and reading of an object depend on."""
        own = [found.get(obj) for found in (self.options, self.blocked, self.missing, self.lengths)]
        return orjson.dumps([self.user, *own, obj in self.absent, obj in self.calculated])


def judge(
    connection: ConnectionConfig, values: Mapping[str, Sequence[str]], schemas: Mapping[str, ObjectSchema],
    absent: Sequence[str], undescribed: Sequence[str], user: str | None, now: datetime,
) -> Account:  # fmt: skip
    """The account, given the schemas of its objects. `values`: what a result of few words can be."""
    options: dict[str, dict[str, Sequence[str]]] = {}
    blocked: dict[str, list[str]] = {}
    missing: dict[str, list[str]] = {}
    problems: list[fit.Misfit] = []
    lengths: dict[str, dict[str, int]] = {}
    fixed: dict[str, list[str]] = {}
    calculated = []
    for obj, schema in schemas.items():
        asked, writes = connection.mapping.asked(obj), connection.mapping.writes.get(obj, ())
        unreadable = fit.unreadable(obj, asked, schema)
        unwritable = fit.unwritable(obj, writes, schema, values)
        missing[obj] = [misfit.field for misfit in unreadable]
        blocked[obj] = [misfit.field for misfit in unwritable if misfit.code != "option_missing"]
        problems += {misfit.field: misfit for misfit in (*unreadable, *unwritable)}.values()
        found = {write.field: schema.field(write.field) for write in writes}
        options[obj] = {name: f.options if f.type in ("enum", "multi") else () for name, f in found.items() if f}
        lengths[obj] = {name: f.length for name, f in found.items() if f and f.type == "text" and f.length}
        if any((f := schema.field(name)) is not None and f.calculated for name in asked):
            calculated.append(obj)
        if obj in connection.merges:
            fixed[obj] = [name for name in asked if (f := schema.field(name)) is None or f.calculated or not f.writable]
    told = [{"object": p.object, "field": p.field, "code": p.code, "message": str(p), "fix": p.fix} for p in problems]
    return Account(user, options, blocked, missing, tuple(absent), tuple(calculated), tuple(told),
                   tuple(undescribed), now.timestamp(), digest(connection), lengths, fixed)  # fmt: skip


def stored(raw: Any) -> Account | None:
    """The account as the store kept it; `None` where there is none, or one of an earlier version."""
    return Account(**raw) if isinstance(raw, dict) and raw.keys() == Account.__dataclass_fields__.keys() else None


def due(account: Account | None, connection: ConnectionConfig, troubled: bool, now: datetime) -> bool:
    """Whether it is time to look at the account again: once a day, every few minutes while something does not fit."""
    if account is None or account.mapping != digest(connection):
        return True
    age = now.timestamp() - account.at
    troubled = troubled or bool(account.problems or account.undescribed)
    return age >= (_TROUBLED_FOR if troubled else _LACKING_FOR if account.absent else _KNOWN_FOR).total_seconds()


def asked(connection: ConnectionConfig, account: Account | None) -> dict[str, tuple[str, ...]]:
    """What to ask of each object of the mapping: its fields without those that the account lacks."""
    lacking = account.missing if account else {}
    absent = account.absent if account else ()
    return {
        obj: tuple(name for name in connection.mapping.asked(obj) if name not in lacking.get(obj, ()))
        for obj in connection.mapping.reads
        if obj not in absent
    }


def few_words(config: Config) -> dict[str, Sequence[str]]:
    """Results that are one of a few words, with these words."""
    stages, labels = config.ladder.every, ("step", "band")
    shown = {label: [*dict.fromkeys(s.shows[label] for s in stages if label in s.shows)] for label in labels}
    return {
        **{label: words for label, words in shown.items() if words},
        "temperature": TEMPERATURES, "grade": GRADES, "quadrant": QUADRANTS, "stage": [s.name for s in stages],
        "class": config.classes.names, "data": (ENOUGH, NOT_ENOUGH),
    }  # fmt: skip


def problem(obj: str, error: LeadsyncError) -> dict[str, str]:
    """An object that cannot be read, as `Account.problems` has it."""
    return {"object": obj, "field": "", "code": error.code, "message": error.message, "fix": error.fix}


def digest(connection: ConnectionConfig) -> str:
    """Names what of the mapping the account is judged by."""
    mapping = connection.mapping
    told = {
        obj: [mapping.asked(obj), [[w.field, w.word, w.map, w.format, w.length] for w in mapping.writes.get(obj, ())]]
        for obj in mapping.reads
    }
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=dict)).hexdigest()[:12]
