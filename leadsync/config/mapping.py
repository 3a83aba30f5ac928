"""`mappings/NAME.yaml`: what is read from a CRM's objects and what is written to them."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.document import Document, validate
from leadsync.config.reading import Picklist, ReadField, Scalar, Texts, compile_field, field_problems, listed
from leadsync.config.settings import Duration, Strict
from leadsync.core import mapping as core
from leadsync.core.convert import NOWHERE, Home
from leadsync.core.plan import POLICIES
from leadsync.errors import Problem, UserError
from leadsync.types import Role

_OWNER_WORDS = {name: Word(name, "text", {}) for name in ("email", "name", "first_name", "last_name", "active", "kind")}
_POINTS = ("score", "fit", "engagement")
_LEAST = 5.0  # points that a score must have moved to be written for its own sake
OUTCOMES = ("won", "lost", "converted")


Wanted = Annotated[tuple[Scalar, ...], BeforeValidator(listed)]


class Counter(Strict):
    """A number on a person's row that the CRM counts up."""

    kind: str = Field(alias="as")
    at: str | None = None
    first: str | None = None
    detail: str | None = None


class Kind(Strict):
    """An activity kind, the values of source fields that make a row one, and where its moment stands if elsewhere."""

    kind: str = Field(alias="as")
    when: dict[str, Wanted] = {}
    at: Texts = ()


class Outcome(Strict):
    """How a row ended, when, and what it was worth."""

    kind: Literal["won", "lost", "converted"] = Field(alias="as")
    when: dict[str, Wanted] = {}
    at: str | None = None
    amount: str | None = None


class ObjectRead(Strict):
    """How one object is read. Every other key is a word of leadsync."""

    role: Role
    fields: dict[str, ReadField] = {}
    owner: str | None = None
    at: Texts = ()
    kinds: tuple[Kind, ...] = ()
    detail: Texts = ()
    counters: dict[str, Counter] = {}
    outcomes: tuple[Outcome, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        own = {k: v for k, v in value.items() if k in cls.model_fields and k != "fields"}
        return own | {"fields": {k: v for k, v in value.items() if k not in own and v is not None}}


class WriteField(Strict):
    """A field of a CRM that gets a word of leadsync."""

    value: str
    policy: Literal[tuple(POLICIES)] | None = None  # type: ignore[valid-type]
    map: Picklist | None = None
    length: int | None = Field(None, ge=1)
    least: float | None = Field(None, ge=0)
    every: Duration | None = None
    with_: str | None = Field(None, alias="with")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str) else value


class MappingFile(Strict):
    """A mapping file as written."""

    use: str | None = None
    read: dict[str, ObjectRead] = {}
    write: dict[str, dict[str, WriteField]] = {}


def compile_mapping(
    document: Document, known: dict[str, Role], words: Mapping[str, Word] = catalog.FIELDS, home: Home = NOWHERE
) -> core.CrmMapping:
    """The mapping as core works with it; `known` are the connector's objects, `words` the fields that it may feed.

    Raises `UserError` with all problems.
    """
    file = validate(MappingFile, document)
    problems = list(_problems(file, document, known, words, home))
    if problems:
        raise UserError(problems)
    reads = {name: _object(name, read, _fed(read, words), home) for name, read in file.read.items()}
    writes = {obj: _writes(fields) for obj, fields in file.write.items()}
    return core.CrmMapping(reads, writes)


def _writes(fields: dict[str, WriteField]) -> tuple[core.WriteField, ...]:
    """What is written to an object. The reasons go with the score that they explain, unless the file says otherwise."""
    score = next((name for name, write in fields.items() if write.value == "score"), None)
    found = []
    for name, write in fields.items():
        policy = write.policy or {"owner": "if_unowned", "stage": "forward_only"}.get(write.value, "always")
        least = write.least if write.least is not None else _LEAST if write.value in _POINTS else None
        every = None if write.every is None else write.every // timedelta(microseconds=1)
        with_ = write.with_ if write.with_ is not None else score if write.value == "reasons" else None
        found.append(
            core.WriteField(name, write.value, policy, _texts(write.map), write.length, least, every, with_ or None)
        )
    return tuple(found)


def _texts(values: Picklist | None) -> dict[str, str] | None:
    return None if values is None else {key: core.text(value) for key, value in values.items()}


def _test(when: dict[str, tuple[Scalar, ...]]) -> core.Test:
    return core.Test({name: frozenset(core.text(v).lower() for v in values) for name, values in when.items()})


def _object(name: str, read: ObjectRead, words: Mapping[str, Word], home: Home) -> core.ObjectMapping:
    fields = [compile_field(words[word], field, home) for word, field in read.fields.items()]
    return core.ObjectMapping(
        object=name,
        role=read.role,
        fields=tuple(sorted(fields, key=lambda field: field.name != "country")),  # phone numbers are read by it
        owner=read.owner,
        at=read.at,
        kinds=tuple(core.Kind(k.kind, _test(k.when), k.at) for k in read.kinds),
        detail=read.detail,
        counters=tuple(core.Counter(f, c.kind, c.at, c.first, c.detail) for f, c in read.counters.items()),
        outcomes=tuple(core.OutcomeRule(o.kind, _test(o.when), o.at, o.amount) for o in read.outcomes),
    )


def _fed(read: ObjectRead, words: Mapping[str, Word]) -> Mapping[str, Word]:
    """The words that an object of its role may feed."""
    return _OWNER_WORDS if read.role is Role.OWNER else words


def _problems(
    file: MappingFile, document: Document, known: dict[str, Role], words: Mapping[str, Word], home: Home
) -> Iterator[Problem]:
    for name, read in file.read.items():
        at = document.place(("read", name))
        if name not in known:
            yield Problem(f"this connector knows no object {name!r}", at, f"it knows {', '.join(known)}")
        elif read.role is not known[name]:
            yield Problem(f"{name} has the role {known[name]}, not {read.role}", at, f"write `role: {known[name]}`")
        fed = _fed(read, words)
        for word, feed in read.fields.items():
            if word in fed:
                yield from field_problems(fed[word], feed, home, document, ("read", name, word))
            else:
                yield Problem(catalog.unknown_word(word, "field", fed), document.place(("read", name, word)))
        kinds: list[tuple[tuple[str | int, ...], str]] = [
            *((("read", name, "kinds", i), k.kind) for i, k in enumerate(read.kinds)),
            *((("read", name, "counters", f), c.kind) for f, c in read.counters.items()),
        ]
        for loc, kind in kinds:
            if kind not in catalog.ACTIVITIES:
                yield Problem(catalog.unknown_word(kind, "activity"), document.place(loc))
    for name, fields in file.write.items():
        if name not in file.read:
            told = f"{name!r} is written but not read: leadsync has to see what it changes"
            yield Problem(told, document.place(("write", name)), "add it under `read:` (or `use:` a shipped mapping)")
        elif file.read[name].role is not Role.LEAD:
            yield Problem(f"{name} is no object of leads; only those are written", document.place(("write", name)))
        for field, write in fields.items():
            yield from _write_problems(field, write, fields, document.place(("write", name, field)))


def _write_problems(name: str, write: WriteField, fields: dict[str, WriteField], at: str) -> Iterator[Problem]:
    if write.value not in catalog.RESULTS:
        yield Problem(catalog.unknown_word(write.value, "result"), at)
        return
    kind = catalog.RESULTS[write.value].type
    if write.policy == "if_unowned" and write.value != "owner":
        yield Problem("the policy if_unowned is for owners only", at, "use another policy")
    if kind != "number" and (write.policy == "never_lower" or write.least is not None):
        yield Problem(f"{write.value} is no number: it has no lower and no least change", at, "leave these keys out")
    if kind == "number" and write.length is not None:
        yield Problem(f"{write.value} is a number: it cannot be shortened", at, "leave `length` out")
    if write.with_ and (write.with_ not in fields or write.with_ == name or fields[write.with_].with_):
        others = ", ".join(other for other, w in fields.items() if other != name and not w.with_)
        yield Problem(f"{name} cannot go with {write.with_!r}", at, f"name another field of this object: {others}")
