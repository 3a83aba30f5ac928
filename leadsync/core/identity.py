"""The addresses and numbers that a person's row names: by these the person is known again in another row. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from leadsync.core.convert import CONVERTERS, Home, Unreadable
from leadsync.core.convert.base import latin_digits
from leadsync.core.mapping import ObjectMapping, text, values
from leadsync.types import Record, Value

_LONGEST = 1000  # characters of a field that are looked at
_BETWEEN_ADDRESSES = re.compile(r"[\s,;:<>()\[\]\"']+")
_BETWEEN_NUMBERS = re.compile(r"[;,\n|]+")
_FEWEST_DIGITS = 6


class Identity(NamedTuple):
    """`kind` is email or phone; `value` is equal for two spellings of the same."""

    kind: str
    value: str


def identities(mapping: ObjectMapping, fields: Mapping[str, Value]) -> set[Identity]:
    """Every address and number in the fields that `email` and `phone` are read from, not only the first of each."""
    telling = [field for field in mapping.fields if field.name in ("email", "phone")]
    alone = replace(mapping, fields=tuple(field for field in mapping.fields if field.name == "country"))
    known = values(alone, Record("", fields))
    found = set[Identity]()
    for field in telling:
        read = _addresses if field.name == "email" else _numbers
        for source in field.sources:
            if raw := text(fields.get(source))[:_LONGEST]:
                found.update(Identity(field.name, value) for value in read(raw, mapping.home, known))
    return found


def _addresses(raw: str, home: Home, known: Mapping[str, str]) -> Iterator[str]:
    for part in _BETWEEN_ADDRESSES.split(raw):
        told = part.removeprefix("mailto:").lower()
        if told.count("@") == 1:
            try:
                yield CONVERTERS["email"].read(told, home, known)
            except Unreadable:
                yield told


def _numbers(raw: str, home: Home, known: Mapping[str, str]) -> Iterator[str]:
    for part in _BETWEEN_NUMBERS.split(raw):
        try:
            yield CONVERTERS["phone"].read(part.strip(), home, known)
        except Unreadable:
            digits = "".join(sign for sign in latin_digits(part) if sign in "0123456789")
            if len(digits) >= _FEWEST_DIGITS:
                yield digits
