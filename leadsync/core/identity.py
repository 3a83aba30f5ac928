"""The addresses and numbers that a person's row names: by these the person is known again in another row. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from leadsync.core.convert.base import NOWHERE, Unreadable, latin_digits
from leadsync.core.convert.contact import email, phone
from leadsync.core.facts.mail import MailWords
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
    found = set[Identity]()
    for field in mapping.fields:
        if field.name in ("email", "phone"):
            for source in field.sources:
                if raw := text(fields.get(source))[:_LONGEST]:
                    told = _addresses(raw) if field.name == "email" else _numbers(raw, mapping, fields)
                    found.update(Identity(field.name, value) for value in told)
    return found


def with_mailboxes(found: Iterable[Identity], mail: MailWords) -> set[Identity]:
    """These, and for each address the one that stands for all spellings of its mailbox."""
    boxes = (mail.read(value) for kind, value in found if kind == "email")
    return {*found, *(Identity("email", box.key) for box in boxes if box)}


def _addresses(raw: str) -> Iterator[str]:
    for part in _BETWEEN_ADDRESSES.split(raw):
        told = part.removeprefix("mailto:").lower()
        if told.count("@") == 1:
            try:
                yield email(told, NOWHERE, {})
            except Unreadable:
                yield told


def _numbers(raw: str, mapping: ObjectMapping, fields: Mapping[str, Value]) -> Iterator[str]:
    known: Mapping[str, str] = {}
    if not raw.startswith("+"):  # then it is of the country that the row names
        named = tuple(field for field in mapping.fields if field.name == "country")
        known = values(replace(mapping, fields=named), Record("", fields)) if named else {}
    for part in _BETWEEN_NUMBERS.split(raw):
        try:
            yield phone(part.strip(), mapping.home, known)
        except Unreadable:
            digits = "".join(sign for sign in latin_digits(part) if sign in "0123456789")
            if len(digits) >= _FEWEST_DIGITS:
                yield digits
