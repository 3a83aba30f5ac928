"""Salesforce ids: fifteen characters in which case matters, and three more that say the case once again."""

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_FORM = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?\Z")


def make(prefix: str, number: int) -> str:
    """The id of the nth row with this key prefix; later rows sort after earlier ones."""
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return whole(f"{prefix}5g{text:0>10}")


def whole(id_: str) -> str:
    """Fifteen characters with their suffix."""
    groups = (id_[i : i + 5] for i in (0, 5, 10))
    return id_[:15] + "".join(_SUFFIX[sum(c.isupper() << i for i, c in enumerate(group))] for group in groups)


def canonical(text: str) -> str | None:
    """The eighteen-character form of an id given in either; `None` for what is none, a wrong suffix included."""
    if not _FORM.match(text):
        return None
    return whole(text) if len(text) == 15 or whole(text) == text else None
