"""Rendering SOQL: there are no bind parameters over REST, so every name and literal passes through here."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from leadsync.connector import Rejected, utc

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,5}\Z")
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?\Z")


def is_name(text: str) -> bool:
    """Whether the text can be the API name of a field or object."""
    return _NAME.match(text) is not None


def is_id(text: str) -> bool:
    """Whether the text has the form of a Salesforce id."""
    return _ID.match(text) is not None


def path(obj: str, name: str) -> str:
    """A field name, dotted or not, safe to stand in a query. Raises `Rejected` naming object and field."""
    if not _PATH.match(name):
        raise Rejected(
            f"{name!r} cannot be a field of {obj}",
            fix="use the API name, such as Email or Owner.Name",
            code="unknown_field",
        )
    return name


def quoted_ids(ids: Iterable[str]) -> str:
    """Ids as a list for IN. Raises ValueError for what is no id, so that nothing else can enter a query."""
    ids = list(ids)
    for id_ in ids:
        if not is_id(id_):
            raise ValueError("not a Salesforce id")
    return "(" + ",".join(f"'{id_}'" for id_ in ids) + ")"


def moment(at: datetime) -> str:
    """A datetime literal, cut to the second: the grain of every Salesforce stamp."""
    return utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def distinct(names: Iterable[str]) -> list[str]:
    """Names without repetition: Salesforce ignores case and refuses a field that is selected twice."""
    return list({name.lower(): name for name in reversed(list(names))}.values())[::-1]


def fitting(names: Sequence[str], room: int) -> list[list[str]]:
    """The names in order, in groups that take at most `room` bytes of an address each, or hold a single name."""
    groups: list[list[str]] = []
    left = 0
    for name in names:
        size = len(quote(f"{name}, ", safe=""))
        if not groups or size > left:
            groups.append([])
            left = room
        groups[-1].append(name)
        left -= size
    return groups


def chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    left = iter(items)
    while part := list(islice(left, size)):
        yield part
