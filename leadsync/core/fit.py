"""Whether what a mapping names fits what an account has: fields that exist, can be written, and take such values."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadsync import catalog
from leadsync.core.mapping import text
from leadsync.core.plan import shown
from leadsync.core.write_field import OWNERS, WriteField
from leadsync.types import FieldSchema, ObjectSchema, Value

_TAKES: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "text"),
    "text": ("text", "enum", "multi"),
    "bool": ("bool", "text", "enum"),
    "date": ("date", "text"),
    "owner": ("ref", "text", "enum"),
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """A field that a mapping names and that cannot be used so. `code` is a short word, `fix` says what to do."""

    object: str
    field: str
    code: str  # field_missing | read_only | wrong_type | option_missing
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.object}.{self.field}: {self.what}"


def unreadable(obj: str, asked: Sequence[str], schema: ObjectSchema) -> list[Misfit]:
    """Fields to read that the account does not have. A path over a relation (`Campaign.Name`) is the CRM's to judge."""
    return [_missing(obj, name, schema) for name in asked if "." not in name and schema.field(name) is None]


def unwritable(
    obj: str, writes: Sequence[WriteField], schema: ObjectSchema, values: Mapping[str, Sequence[str]]
) -> list[Misfit]:
    """Fields to write that are not there, cannot be written, or do not take what the mapping writes.

    `values` are all that a result can be, for those that are one of a few words (`temperature`, `stage`).
    """
    found = []
    for write in writes:
        field = schema.field(write.field)
        if field is None:
            fix = "`leadsync install` creates what leadsync writes; or correct the mapping"
            found.append(Misfit(obj, write.field, "field_missing", f"there is no such field in {obj}", fix))
        elif field.calculated or not field.writable:
            why = "the CRM calculates it" if field.calculated else "it is read-only, or this login may not edit it"
            fix = "write another field, or let the CRM's administrator give this login the right to edit it"
            found.append(Misfit(obj, write.field, "read_only", f"cannot be written: {why}", fix))
        elif (problem := _kind(write, field)) or (problem := _options(write, field, values)):
            found.append(Misfit(obj, write.field, *problem))
    return found


def takes(field: FieldSchema | None, value: Value) -> bool:
    """Whether a field with options has this one; any other field takes anything that is not ruled out beforehand."""
    if field is None or not field.options or field.type not in ("enum", "multi") or not text(value):
        return True
    return any(text(value) == option for option in field.options)


def _kind(write: WriteField, field: FieldSchema) -> tuple[str, str, str] | None:
    if write.policy == "forward_only" and write.value != "stage" and field.type not in ("enum", "multi"):
        fix = "write to a field with options, or give it another policy, such as if_ours"
        return "wrong_type", "has no options in an order that `forward_only` could follow", fix
    if field.type in _TAKES[write.type]:
        return None
    fix = f"write {write.value} to a field of type {' or '.join(_TAKES[write.type][:2])}"
    return "wrong_type", f"is of type {field.type}, which does not take {write.value}", fix


def _options(write: WriteField, field: FieldSchema, values: Mapping[str, Sequence[str]]) -> tuple[str, str, str] | None:
    if field.type not in ("enum", "multi") or write.value == "owner":
        return None
    lacking = [word for word in brings(write, values) if not takes(field, word)]
    if not lacking:
        return None
    have = ", ".join(field.options[:12])
    fix = f"add {'it' if len(lacking) == 1 else 'them'} in the CRM, or give a `map:` to what it has: {have}"
    return "option_missing", f"has no option {', '.join(map(repr, lacking))}", fix


def brings(write: WriteField, values: Mapping[str, Sequence[str]]) -> list[str]:
    """All that is ever written to a field, each once and in the order of `values`, where that is a few words."""
    few = values.get(write.value, ())
    if write.map is not None:
        kept = [write.map[word] for word in few if word in write.map] or write.map.values()
        found = [word for word in kept if word is not None]
    elif write.language and few:
        languages = catalog.LANGUAGES if write.language == OWNERS else (write.language,)
        labels = catalog.VALUE_LABELS.get(write.value)
        found = [labels[language][word] for language in languages for word in few] if labels else []
    else:
        found = list(few)
    return list(dict.fromkeys(text(shown(write, word)) for word in found))


def _missing(obj: str, name: str, schema: ObjectSchema) -> Misfit:
    close = difflib.get_close_matches(name, list(schema.fields), 1, 0.75)
    fix = f"did you mean {close[0]}?" if close else "correct the mapping, or create the field"
    return Misfit(obj, name, "field_missing", f"there is no such field in {obj}", fix)
