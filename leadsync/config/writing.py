"""How one field of a CRM is written, as mapping files say it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.document import Document, Loc
from leadsync.config.reading import Scalar
from leadsync.config.settings import Duration, Strict, one_of
from leadsync.core import mapping as core
from leadsync.core.plan import POLICIES
from leadsync.core.score import TEMPERATURES
from leadsync.core.translate import TRANSLATED
from leadsync.core.write_field import OWNERS
from leadsync.core.write_field import WriteField as CoreField
from leadsync.errors import Problem

_POINTS = ("score", "fit", "engagement", "company_score")
_NAMED = 20  # fields that a fix offers to choose from
_LEAST = 5.0  # points that a score must have moved to be written for its own sake; not those of a `map`
_LANGUAGES = (*catalog.LANGUAGES, OWNERS)

Policy = Annotated[str, BeforeValidator(one_of("policy", POLICIES)), WithJsonSchema({"enum": list(POLICIES)})]
Language = Annotated[str, BeforeValidator(one_of("language", _LANGUAGES)), WithJsonSchema({"enum": list(_LANGUAGES)})]


class WriteField(Strict):
    """A field of a CRM that gets a word of leadsync."""

    value: str
    policy: Policy | None = None
    map: dict[str, Scalar | None] | None = None
    format: str = Field("", max_length=200)
    length: int | None = Field(None, ge=1)
    language: Language = ""
    least: float | None = Field(None, ge=0)
    every: Duration | None = None
    with_: str | None = Field(None, alias="with")
    strict: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str) else value


def compile_writes(fields: Mapping[str, WriteField], words: Mapping[str, Word]) -> tuple[CoreField, ...]:
    """What is written to an object. The reasons go with the score that they explain, unless the file says otherwise."""
    score = next((name for name, write in fields.items() if write.value == "score"), None)
    return tuple(_compiled(name, write, words, score) for name, write in fields.items())


def _compiled(name: str, write: WriteField, words: Mapping[str, Word], score: str | None) -> CoreField:
    usual = {"owner": "if_unowned", "stage": "forward_only"}.get(write.value, "always")
    rides_with = write.with_ if write.with_ is not None else score if write.value == "reasons" else None
    return CoreField(
        name,
        write.value,
        policy=write.policy or ("if_empty" if write.value in words else usual),
        map=_texts(write.map),
        length=write.length,
        least=_LEAST if write.least is None and write.map is None and write.value in _POINTS else write.least,
        every_us=None if write.every is None else write.every // timedelta(microseconds=1),
        rides_with=rides_with or None,
        strict=write.strict,
        language=write.language,
        format=write.format,
        declared=None if write.value in (*catalog.RESULTS, *catalog.FIELDS) else words[write.value],
    )


def _texts(values: Mapping[str, Scalar | None] | None) -> dict[str, str | None] | None:
    return (
        None if values is None else {key: None if value is None else core.text(value) for key, value in values.items()}
    )


def write_problems(
    fields: Mapping[str, WriteField], words: Mapping[str, Word], document: Document, loc: Loc, *, conditional: bool
) -> Iterator[Problem]:
    """What is wrong with the way the fields of an object are written.

    `words` are the fields of leadsync; the file says it at `loc`. `conditional`: whether the CRM can refuse to write a
    row that somebody has changed.
    """
    names: dict[str, str] = {}
    leading = {name: None for name, write in fields.items() if not write.with_}
    for name, write in fields.items():
        twin = names.setdefault(name.lower(), name)
        if twin != name:
            told, at = f"{name} is written two ways, also as {twin}", document.place((*loc, name))
            yield Problem(told, at, "CRMs take them for one field: keep one")
        yield from _of_field(name, write, leading, words, document, (*loc, name), conditional=conditional)


def _of_field(
    name: str, write: WriteField, leading: Mapping[str, None], words: Mapping[str, Word], document: Document, loc: Loc,
    *, conditional: bool,
) -> Iterator[Problem]:  # fmt: skip
    at = document.place(loc)
    source = catalog.RESULTS.get(write.value) or words.get(write.value)
    if source is None:
        yield Problem(catalog.unknown_word(write.value, "result", words), at)
        return
    if write.strict and not conditional:
        fix = "leave it out: `policy: if_unchanged` looks at the field just before it is written"
        yield Problem("strict: this CRM cannot refuse a write itself", document.place((*loc, "strict")), fix)
    yield from _unfit(write, source, document, loc)
    yield from _unknown(write, document, loc)
    if write.with_ and write.with_ not in leading:
        fix = f"name another field of this object: {', '.join(islice(leading, _NAMED))}"
        yield Problem(f"{name} cannot go with {write.with_!r}", document.place((*loc, "with")), fix)


def _unfit(write: WriteField, source: Word, document: Document, loc: Loc) -> Iterator[Problem]:
    """Keys that do not go with what is written."""
    owner, number = write.value == "owner", source.type == "number"
    text = source.type == "text" or bool(write.format) or write.map is not None
    wrong = [
        (write.policy == "if_unowned" and not owner, "policy", "the policy if_unowned is for owners only"),
        (write.policy == "never_lower" and not number, "policy", f"{write.value} is no number, and never lower"),
        (write.least is not None and not number, "least", f"{write.value} is no number and has no least change"),
        (write.length is not None and not text, "length", f"{write.value} is a {source.type}: it cannot be shortened"),
        (bool(write.language) and write.value not in TRANSLATED, "language",
         f"{write.value} is the same in all languages; those that differ are {', '.join(TRANSLATED)}"),
        (bool(write.language) and write.map is not None, "language",
         "the `map` says already what is written, by the English words"),
    ]  # fmt: skip
    wrong += [
        (owner and key in write.model_fields_set, key, f"an owner is written as the CRM's own id, without a {key}")
        for key in ("map", "format", "length")
    ]
    for is_so, key, told in wrong:
        if is_so:
            yield Problem(told, document.place((*loc, key)), f"leave `{key}` out, or write another value")


def _unknown(write: WriteField, document: Document, loc: Loc) -> Iterator[Problem]:
    """Values that cannot be meant."""
    if "format" in write.model_fields_set and write.format.count("{}") != 1:
        told = f"format: {write.format!r} has to hold {{}} once, where the value goes"
        yield Problem(told, document.place((*loc, "format")), 'write it like "{} points"')
    for key in write.map or () if write.value == "temperature" else ():
        if key not in TEMPERATURES:
            told = f"map: the temperature is never {key!r}"
            yield Problem(told, document.place((*loc, "map", key)), f"it is one of {', '.join(TEMPERATURES)}")
