"""How one word is read, as mapping files say it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, reduce
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from leadsync.catalog import Word
from leadsync.config.document import Document, Loc
from leadsync.config.settings import Strict, one_of
from leadsync.core import mapping as core
from leadsync.core.convert import CONVERTERS, Home, Read, Unreadable, code_of, months, wrong_pattern
from leadsync.core.facts import bands
from leadsync.core.facts.derive import ASKED, denies
from leadsync.core.facts.mail_state import read_state
from leadsync.errors import Problem

_LONGEST_PATTERN = 200
_RANGES = ("employees", "revenue")  # of which a CRM may hold a range
_ORDINARY: Mapping[str, Read] = {  # how a word of this type is read where the file names no converter for it
    "number": core.plain_number,
    "bool": CONVERTERS["yes_no"].read,
    "date": CONVERTERS["date"].read,
}


def listed(value: Any) -> Any:
    """One of something is a list of one."""
    return value if isinstance(value, list) else [value]


Texts = Annotated[tuple[str, ...], BeforeValidator(listed)]
Scalar = str | bool | int | float
Picklist = dict[str, Scalar]
Name = Annotated[str, BeforeValidator(one_of("converter", CONVERTERS)), WithJsonSchema({"enum": list(CONVERTERS)})]
Names = Annotated[tuple[Name, ...], BeforeValidator(listed)]


class ReadField(Strict):
    """A word fed from one or several source fields."""

    sources: Texts = Field(alias="from", min_length=1)
    steps: Names = Field((), alias="as")
    map: Picklist | None = None
    default: Scalar | None = None
    split: str = Field("", min_length=1, max_length=20)
    match: str = Field("", min_length=1, max_length=_LONGEST_PATTERN)
    join: str | None = Field(None, max_length=20)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str | list) else value


def compile_field(word: Word, field: ReadField, home: Home) -> core.ReadField:
    """The field as core reads it, where `field_problems` finds none."""
    plain = _plain(word, field, home)
    mapped = None if field.map is None else {k.lower(): core.read_value(plain, v, {}) for k, v in field.map.items()}
    default = None if field.default is None else core.read_value(plain, field.default, {})
    return replace(plain, map=mapped, default=default)


def _plain(word: Word, field: ReadField, home: Home) -> core.ReadField:
    """The field without what it translates."""
    steps = [months if name == "number" and word.unit else CONVERTERS[name].read for name in field.steps]
    if word.type in _ORDINARY and not (word.type == "number" and steps and _feeds(field) == "number"):
        steps.append(months if word.unit else _ORDINARY[word.type])
    if word.name in ASKED:
        steps = [_unless(denies, *steps)]
    if word.name in _RANGES:
        steps = [_unless(bands.is_range, *steps)]
    if word.name == "mail_state":
        steps.append(read_state)
    return core.ReadField(
        word.name, field.sources, None, None, field.split, field.match, field.join, tuple(steps),
        word.type == "number", home,
    )  # fmt: skip


@cache
def _unless(kept: Callable[[str], bool], *steps: Read) -> Read:
    """Reads by these steps what is not to be kept as it stands, such as a denial: `core.facts` knows what it means."""

    def read(raw: str, home: Home, known: Mapping[str, str]) -> str:
        return raw if kept(raw) else reduce(lambda told, step: step(told, home, known), steps, raw)

    return read


def _feeds(field: ReadField) -> str:
    return CONVERTERS[field.steps[-1]].feeds if field.steps else "any"


def field_problems(word: Word, field: ReadField, home: Home, document: Document, loc: Loc) -> Iterator[Problem]:
    """What is wrong with the way a word is read; `loc` is where the file says it."""
    at = document.place((*loc, "as"))
    for name, following in zip(field.steps, field.steps[1:], strict=False):
        if CONVERTERS[name].feeds != "any":
            yield Problem(f"'{following}' cannot read what '{name}' gives", at, f"leave one out, or put '{name}' last")
    feeds = _feeds(field)
    if word.type != "text" and feeds not in ("any", word.type):
        fits = ", ".join(name for name, converter in CONVERTERS.items() if converter.feeds == word.type)
        yield Problem(f"'{field.steps[-1]}' gives {feeds}, and '{word.name}' is {word.type}", at, f"use one of {fits}")
        return
    if field.join is not None and word.type != "text":
        told = f"'{word.name}' is {word.type}: several values cannot be joined"
        yield Problem(told, document.place((*loc, "join")), "leave `join` out: the first value that can be read counts")
    if field.match and (why := wrong_pattern(field.match)):
        fix = "write a regular expression with one group in brackets, the part that counts"
        yield Problem(f"match: not a usable regular expression: {why}", document.place((*loc, "match")), fix)
    keys: dict[str, str] = {}
    for key in field.map or {}:
        if (other := keys.setdefault(key.lower(), key)) != key:
            told = f"map: '{key}' and '{other}' are one value: case does not count"
            yield Problem(told, document.place((*loc, "map", key)), "keep one of them")
    plain = _plain(word, field, home)
    written: list[tuple[Loc, Scalar]] = [((*loc, "map", key), value) for key, value in (field.map or {}).items()]
    if field.default is not None:
        written.append(((*loc, "default"), field.default))
    for spot, value in written:
        try:
            read = core.read_value(plain, value, {})
            if word.name == "country" and read and code_of(read) != read:
                fix = f"write `{code_of(read) or 'PL'}`, a code, or read it `as: country`"
                yield Problem(f"'{read}' is no country's code", document.place(spot), fix)
        except Unreadable as error:
            told = f"{core.text(value)!r} {error}, and that is what '{word.name}' is read as"
            yield Problem(told, document.place(spot), "write a value that can be read so")
