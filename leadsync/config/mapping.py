"""`mappings/NAME.yaml`: what is read from a CRM's objects and what is written to them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document, validate
from leadsync.config.reading import ReadField, Scalar, Texts, compile_field, field_problems, listed
from leadsync.config.settings import Strict
from leadsync.config.writing import WriteField, compile_writes, write_problems
from leadsync.core import mapping as core
from leadsync.core.conditions import Condition
from leadsync.core.convert import NOWHERE, Home
from leadsync.errors import Problem, UserError
from leadsync.types import Role

_OWNER_WORDS = {
    name: Word(name, "text", {}) for name in ("email", "name", "first_name", "last_name", "active", "kind", "language")
}
OUTCOMES = ("won", "lost", "converted")


Wanted = Annotated[tuple[Scalar | None, ...], BeforeValidator(listed)]  # null and "" are an empty field
Topic = Annotated[str, Field(min_length=1, max_length=200)]


class Counter(Strict):
    """A number on a person's row that the CRM counts up."""

    kind: str = Field(alias="as")
    at: str | None = None
    first: str | None = None
    detail: str | None = None
    topic: Topic | None = None


class Kind(Strict):
    """An activity kind, the values of source fields that make a row one, where its moment stands if elsewhere, and what
    it is about where that is always the same."""

    kind: str = Field(alias="as")
    when: dict[str, Wanted] = {}
    at: Texts = ()
    topic: Topic | None = None


class Outcome(Strict):
    """How a row ended, when, and what it was worth."""

    kind: Literal["won", "lost", "converted"] = Field(alias="as")
    when: dict[str, Wanted] = {}
    at: str | None = None
    amount: str | None = None


def _slip(key: str, value: Any) -> bool:
    """Whether a key is one of an object's own, misspelt: what stands under it is no way to read a field."""
    own = ObjectRead.model_fields.keys() - {"fields"}
    if key in catalog.FIELDS or key in own or not isinstance(value, dict | list) or "from" in value:
        return False
    return bool(get_close_matches(key, own, 1, 0.8))


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
    scope: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        own = {k: v for k, v in value.items() if (k in cls.model_fields and k != "fields") or _slip(k, v)}
        return own | {"fields": {k: v for k, v in value.items() if k not in own and v is not None}}


class MappingFile(Strict):
    """A mapping file as written."""

    use: str | None = None
    read: dict[str, ObjectRead] = {}
    write: dict[str, dict[str, WriteField]] = {}

    @field_validator("write", mode="before")
    @classmethod
    def _without_null(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            obj: {k: v for k, v in fields.items() if v is not None} if isinstance(fields, dict) else fields
            for obj, fields in value.items()
        }


def compile_mapping(
    document: Document, known: dict[str, Role], words: Mapping[str, Word] = catalog.FIELDS, home: Home = NOWHERE,
    *, conditional: bool = False,
) -> core.CrmMapping:  # fmt: skip
    """The mapping as core works with it; `known` are the connector's objects, `words` the fields that it may feed,
    `conditional` as in `Capabilities`.

    Raises `UserError` with all problems.
    """
    problems = _without_strangers(document, known)
    file = validate(MappingFile, document)
    problems += _problems(file, document, known, words, home)
    for obj, fields in file.write.items():
        problems += write_problems(fields, words, document, ("write", obj), conditional=conditional)
    problems += _fed_back(file, document)
    scopes = {name: _scope(name, read, words, document, problems) for name, read in file.read.items()}
    if problems:
        raise UserError(problems)
    reads = {
        name: replace(_object(name, read, feedable(read.role, words), home), scope=scopes[name])
        for name, read in file.read.items()
    }
    writes = {obj: compile_writes(fields, words) for obj, fields in file.write.items()}
    return core.CrmMapping(reads, writes)


def _fed_back(file: MappingFile, document: Document) -> Iterator[Problem]:
    """Fields that are read as one word of the catalogue and written as another: leadsync would read what it wrote."""
    for obj, fields in file.write.items():
        read = file.read[obj].fields if obj in file.read else {}
        words = {source.lower(): word for word, field in read.items() for source in field.sources}
        for name, write in fields.items():
            word = words.get(name.lower())
            if word in catalog.FIELDS and word != write.value:
                told = f"{name} is read as {word} and written as {write.value}: leadsync would read what it wrote"
                fix = f"write another field, or take {word} out of `read:`"
                yield Problem(told, document.place(("write", obj, name)), fix)


def _without_strangers(document: Document, known: Mapping[str, Role]) -> list[Problem]:
    """Take objects that the connector does not know out of the document, and those that the file takes away; what is
    wrong with them."""
    found: list[Problem] = []
    data = dict(document.data)
    away = {name for name, read in data["read"].items() if read is None} if isinstance(data.get("read"), dict) else ()
    for section in ("read", "write"):
        objects = data.get(section)
        if not isinstance(objects, dict):
            continue
        for name in objects.keys() - known.keys():
            close, at = get_close_matches(name, known, 1, 0.7), document.place((section, name))
            fix = document.repaired(at, name, close[0]) if close else f"it knows {', '.join(known)}"
            meant = f"; did you mean '{close[0]}'?" if close else ""
            found.append(Problem(f"this connector knows no object '{name}'{meant}", at, fix))
        kept = {k: v for k, v in objects.items() if k in known and v is not None and k not in away}
        data[section] = kept
    document.data = data
    return found


def _scope(
    name: str, read: ObjectRead, words: Mapping[str, Word], document: Document, problems: list[Problem]
) -> Condition | None:
    """Which rows of an object are looked after: a condition on what they themselves say."""
    loc = ("read", name, "scope")
    of_records = {name: word for name, word in words.items() if name not in catalog.OF_LEADS}
    conditions = Conditions(document, of_records)
    scope = conditions.read(read.scope, loc)
    problems += conditions.problems
    if scope is None:
        return None
    if read.role is not Role.LEAD:
        problems.append(Problem(f"scope: {name} is no object of leads", document.place(loc), "leave `scope` out"))
    if scope.windows:
        fix = "test fields only; what people do can be tested by `never:` of leadsync.yaml"
        problems.append(Problem("scope: a row says nothing of what people do", document.place(loc), fix))
    return scope


def _test(when: dict[str, tuple[Scalar | None, ...]]) -> core.Test:
    return core.Test({name: frozenset(core.text(v).lower() for v in values) for name, values in when.items()})


def _object(name: str, read: ObjectRead, words: Mapping[str, Word], home: Home) -> core.ObjectMapping:
    fields = [compile_field(words[word], field, home) for word, field in read.fields.items()]
    return core.ObjectMapping(
        object=name,
        role=read.role,
        fields=tuple(sorted(fields, key=lambda field: field.name != "country")),  # phone numbers are read by it
        owner=read.owner,
        at=read.at,
        kinds=tuple(core.Kind(k.kind, _test(k.when), k.at, k.topic or "") for k in read.kinds),
        detail=read.detail,
        counters=tuple(
            core.Counter(f, c.kind, c.at, c.first, c.detail, c.topic or "") for f, c in read.counters.items()
        ),
        outcomes=tuple(core.OutcomeRule(o.kind, _test(o.when), o.at, o.amount) for o in read.outcomes),
        home=home,
    )


def feedable(role: Role, words: Mapping[str, Word]) -> Mapping[str, Word]:
    """The words that an object of this role may feed; `words` are those of people and companies."""
    words = {name: word for name, word in words.items() if name not in catalog.OF_LEADS}
    special = {Role.OWNER: _OWNER_WORDS, Role.ACTIVITY: catalog.ATTRIBUTES, Role.OUTCOME: {}}
    return special.get(role, words)


def _problems(
    file: MappingFile, document: Document, known: dict[str, Role], words: Mapping[str, Word], home: Home
) -> Iterator[Problem]:
    for name, read in file.read.items():
        at = document.place(("read", name))
        if read.role is not known[name]:
            yield Problem(f"{name} has the role {known[name]}, not {read.role}", at, f"write `role: {known[name]}`")
        fed = feedable(read.role, words)
        taken_out = [word for word, feed in document.part(("read", name)).items() if feed is None]
        for word in sorted({*taken_out} - {*ObjectRead.model_fields, *fed, *words}):  # no word, even to take out
            yield Problem(catalog.unknown_word(word, "field", fed), document.place(("read", name, word)))
        for word, feed in read.fields.items():
            if word in fed:
                yield from field_problems(fed[word], feed, home, document, ("read", name, word))
            elif word in words:
                told = f"'{word}' says nothing of an object with the role {read.role}"
                yield Problem(told, document.place(("read", name, word)), "leave it out")
            else:
                yield Problem(catalog.unknown_word(word, "field", fed), document.place(("read", name, word)))
        kinds: list[tuple[tuple[str | int, ...], str]] = [
            *((("read", name, "kinds", i), k.kind) for i, k in enumerate(read.kinds)),
            *((("read", name, "counters", f), c.kind) for f, c in read.counters.items()),
        ]
        for loc, kind in kinds:
            if kind not in catalog.ACTIVITIES:
                yield Problem(catalog.unknown_word(kind, "activity"), document.place(loc))
    for name in file.write:
        if name not in file.read:
            told = f"{name!r} is written but not read: leadsync has to see what it changes"
            yield Problem(told, document.place(("write", name)), "add it under `read:` (or `use:` a shipped mapping)")
        elif file.read[name].role not in (Role.LEAD, Role.COMPANY):
            told = f"{name} is no object of leads or companies; only those are written"
            yield Problem(told, document.place(("write", name)))
        else:
            yield from _other_role(file.read[name].role, name, file.write[name], document)


def _other_role(role: Role, name: str, fields: Mapping[str, WriteField], document: Document) -> Iterator[Problem]:
    """What is said of companies and is to be written to leads, or the other way round."""
    for field, write in fields.items():
        at, of_company = document.place(("write", name, field)), write.value in catalog.OF_COMPANIES
        if role is Role.COMPANY and not of_company:
            told = f"{field}: '{write.value}' says nothing of a company"
            yield Problem(told, at, f"write one of {', '.join(sorted(catalog.OF_COMPANIES))}")
        elif role is Role.LEAD and of_company:
            yield Problem(f"{field}: '{write.value}' is about a company", at, "write it to an object of companies")
        elif of_company and write.every is not None:
            told = f"{field}: `every` is for objects of leads"
            yield Problem(told, document.place(("write", name, field, "every")), "leave it out, or use `least`")
