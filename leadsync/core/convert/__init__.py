"""Reading values as people and CRMs write them: a closed set of converters, each from text to text.

A converter gets the text, the home, and what is already known of the row; it returns the value in the one form that
leadsync keeps, or raises `Unreadable`. All are pure, and leave what they gave as it is.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import unescape
from types import MappingProxyType
from typing import NamedTuple

import polars as pl

from leadsync.core.convert.base import NOWHERE, Home, Unreadable, fold, latin_digits
from leadsync.core.convert.consent import read_consent
from leadsync.core.convert.contact import email, phone
from leadsync.core.convert.country import code_of, country
from leadsync.core.convert.dates import jalali, moment_or_day, read_date, read_datetime
from leadsync.core.convert.numbers import currencies, currency, money, months, number, percent

__all__ = [
    "CONVERTERS", "NOWHERE", "Converter", "Home", "Read", "Unreadable", "code_of", "currencies", "found_by",
    "moment_or_day", "months", "wrong_pattern",
]  # fmt: skip

Read = Callable[[str, Home, Mapping[str, str]], str]


class Converter(NamedTuple):
    """How to read, and the type of word that it feeds; one that feeds "any" leaves it to what comes after it."""

    read: Read
    feeds: str


_YES = "yes y true t 1 on да д истина بله بلی آری tak prawda có đúng vâng"
_NO = "no n false f 0 off нет н ложь خیر نه nie fałsz không sai"
_ANSWERS = {fold(word): answer for answer, words in (("yes", _YES), ("no", _NO)) for word in words.split()}
_WORD_START = re.compile(r"(?<![\w'’])[^\W\d_]|(?<=\w['’])[^\W\d_](?=\w)")  # O'Neil, but Anna's
_TAG = re.compile(r"<(/?[a-z][a-z0-9]*|[!?])[^<>]*>", re.ASCII | re.IGNORECASE)
_WITHIN_WORDS = ("a", "b", "em", "font", "i", "span", "strong", "u")


def yes_no(text: str, _: Home, __: Mapping[str, str]) -> str:
    """`yes` or `no`, from the words of five languages."""
    found = _ANSWERS.get(text) or _ANSWERS.get(fold(text[:40]))
    if found is None:
        raise Unreadable("is neither yes nor no")
    return found


def html(text: str, _: Home, __: Mapping[str, str]) -> str:
    """The text that a page shows, its blanks made one; in a time that grows with the page, however broken it is."""
    if "<!--" in text:
        text = "".join(part.partition("<!--")[0] for part in text.split("-->"))
    shown, hidden, parts = [], "", _TAG.split(text)
    for tag, told in zip(["b", *map(str.lower, parts[1::2])], parts[::2], strict=True):
        hidden = tag if tag in ("script", "style") else "" if tag == f"/{hidden}" else hidden
        if tag.strip("/") not in _WITHIN_WORDS:
            shown.append(" ")
        if not hidden:
            shown.append(told)
    return " ".join(unescape("".join(shown)).split())


@lru_cache(maxsize=4096)
def found_by(pattern: str, text: str) -> str:
    """What the one group of a regular expression finds, or nothing. It takes time that grows with the text, no more."""
    return pl.Series([text]).str.extract(pattern, 1).item() or ""


def wrong_pattern(pattern: str) -> str | None:
    """Why a regular expression cannot be used by `found_by`."""
    try:
        groups = pl.Series([""]).str.extract_groups(pattern).struct.fields
    except pl.exceptions.ComputeError as error:
        why = re.search(r"^error: (.*)$", str(error), re.MULTILINE)
        return why[1] if why else str(error)
    return None if len(groups) == 1 else f"it has {len(groups)} groups in brackets, not one"


def _titled(text: str, _: Home, __: Mapping[str, str]) -> str:
    composed = unicodedata.normalize("NFC", text).lower()
    return _WORD_START.sub(lambda found: found[0].title(), composed)


CONVERTERS: Mapping[str, Converter] = MappingProxyType(
    {
        "trim": Converter(lambda text, *_: text, "any"),
        "lower": Converter(lambda text, *_: text.lower(), "any"),
        "upper": Converter(lambda text, *_: text.upper(), "any"),
        "title": Converter(_titled, "any"),
        "digits": Converter(lambda text, *_: latin_digits(text), "any"),
        "html": Converter(html, "any"),
        "email": Converter(email, "text"),
        "phone": Converter(phone, "text"),
        "country": Converter(country, "text"),
        "currency": Converter(currency, "text"),
        "number": Converter(number, "number"),
        "money": Converter(money, "number"),
        "percent": Converter(percent, "number"),
        "yes_no": Converter(yes_no, "bool"),
        "consent": Converter(read_consent, "text"),
        "date": Converter(read_date, "date"),
        "datetime": Converter(read_datetime, "date"),
        "jalali": Converter(jalali, "date"),
    }
)
"""The whole set. Those that feed "any" may stand before another one; all but those end the chain."""
