"""What the converters share: where the company is, how text is compared, how a value is refused."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale


class Unreadable(ValueError):
    """A value that a converter cannot read. Its text goes on after the value: `is no phone number`."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where the company is: what is meant where a value does not say. Country and currency are ISO codes, or empty."""

    country: str = ""
    currency: str = ""
    zone: tzinfo = UTC


NOWHERE = Home()

_LATIN = {ord(zero) + i: str(i) for zero in "\u0660\u06f0\uff10" for i in range(10)}  # Arabic, Persian, full-width
_NO_WIDTH = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x61C, 0xFEFF])
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\t\n\r"), " ")
_PLAIN = _LATIN | _NO_WIDTH | _BLANKS | {0x2212: "-"}
_SAME = str.maketrans({"ł": "l", "đ": "d", "ي": "ی", "ى": "ی", "ك": "ک", "'": None, "’": None, "ʼ": None})
_OFTEN = 0x3000  # what lies above is worked out each time, so that no text makes the table large


class _Folded(dict[int, str | None]):
    """What each sign is compared as: itself if it is a letter or digit, nothing if it is a mark, or else a blank."""

    def __missing__(self, code: int) -> str | None:
        sign = chr(code)
        found = sign if sign.isalnum() else None if unicodedata.combining(sign) else " "
        if code < _OFTEN:
            self[code] = found
        return found


_FOLDED = _Folded(_LATIN | _NO_WIDTH | _SAME)


def latin_digits(text: str) -> str:
    """The text with Persian, Arabic and full-width digits as 0-9."""
    return text if text.isascii() else text.translate(_LATIN)


def plain(text: str) -> str:
    """The text with Latin digits, plain blanks and minus, and without signs that only steer its direction."""
    return text if text.isascii() and text.isprintable() else text.translate(_PLAIN).strip()


def fold(text: str) -> str:
    """The text as it is compared: small letters without marks, one blank between words, nothing else."""
    return " ".join(unicodedata.normalize("NFKD", text).casefold().translate(_FOLDED).split())


@cache
def spoken_in(country: str) -> "Locale":
    """How most people in that country write numbers and dates; English where nobody knows."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(f"und_{country}")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
