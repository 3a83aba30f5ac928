"""A fact: a value, and what it rests on."""

from collections.abc import Mapping
from typing import NamedTuple

Value = str | float
Kept = Value | list[Value]
"""As a record keeps it: the value alone where the CRM says it, else [value, confidence, how]."""
Facts = Mapping[str, Kept]

NO: Value = ""
"""The value of what a record is asked for and denies: it survives as any other does, and the lead has none."""

SAID = 100
"""The confidence of what stands in the CRM itself."""
DERIVED = 80
"""That of what follows from it by rule, such as the country of a phone number."""
GUESSED = 40
"""That of what is only likely, such as a language by the country."""


class Fact(NamedTuple):
    """A value with its confidence in percent, and how it came about: empty where a CRM says so, else the words that it
    was derived from (`phone`)."""

    value: Value
    confidence: int = SAID
    how: str = ""


def kept(fact: Fact) -> Kept:
    """As a record keeps it."""
    return fact.value if fact.confidence == SAID and not fact.how else list(fact)


def known(raw: Kept) -> Fact:
    """The fact that a record keeps."""
    return Fact(raw[0], int(raw[1]), str(raw[2])) if isinstance(raw, list) else Fact(raw)


def value_of(raw: Kept) -> Value:
    """What the fact that a record keeps says."""
    return raw[0] if isinstance(raw, list) else raw


def confidence_of(raw: Kept) -> int:
    """How sure it is."""
    return int(raw[1]) if isinstance(raw, list) else SAID
