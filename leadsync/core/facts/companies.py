"""A company's name without its legal form: as it is shown, and as two of them are compared."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from leadsync.core.convert.base import fold

_LONGEST = 200
_LONGEST_FORM = 9  # words
_WELL_KNOWN = 4  # letters of a form that is known however they are parted
_WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f\u064b-\u065f\u0670\u200c])+")
_GLUE = frozenset(".-'’&+@_")  # what stands in the middle of a name: `notion.so`, `Co-op`
_STEERING = dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, 0x61C, 0xFEFF, *range(0x202A, 0x202F), *range(0x2060, 0x2070)])
_UNSEEN = _STEERING | dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")
_AFTER_A_FORM, _BEFORE_A_FORM = " .,;:/–—-)]", " ,;:/&–—-(["
_PAIRS = {'"': '"', "«": "»", "„": "”", "“": "”", "”": "”", "‹": "›", "(": ")", "[": "]"}
_QUOTES = {**_PAIRS, "'": "'", "‘": "’", "„": "”"}


@dataclass(frozen=True, slots=True, eq=False)
class LegalForms:
    """Forms that stand before and after a name, as `legal_forms` spells them."""

    before: frozenset[str]
    after: frozenset[str]

    def shown(self, name: str) -> str:
        """The name without legal form, and without quotes around it. One that is nothing else stays as it is."""
        return _shown(self, name[:_LONGEST])

    def identity(self, name: str) -> str:
        """The name as it is compared: folded, without legal form. The identity of an identity is itself."""
        return _identity(self, name[:_LONGEST])


def legal_forms(before: Iterable[str], after: Iterable[str]) -> LegalForms:
    """The forms as people write them: `sp. z o.o.`, `GmbH`, `ООО`."""
    return LegalForms(frozenset(_spellings(before)), frozenset(_spellings(after)))


def _spellings(forms: Iterable[str]) -> Iterator[str]:
    """A form by its words, and a longer one by its letters, too."""
    for form in forms:
        if words := fold(form).split():
            yield " ".join(words)
            if len(letters := "".join(words)) >= _WELL_KNOWN:
                yield letters


@lru_cache(maxsize=16384)
def _identity(forms: LegalForms, name: str) -> str:
    words = fold(name)[:_LONGEST].split()
    first, last = _kept(forms, words, lambda _: True)
    return " ".join(words[first:last])


@lru_cache(maxsize=16384)
def _shown(forms: LegalForms, name: str) -> str:
    text = " ".join(unicodedata.normalize("NFC", name.translate(_UNSEEN))[:_LONGEST].split())
    found = list(_WORD.finditer(text))

    def parted(at: int) -> bool:
        """Whether more than a dot or hyphen stands before this word."""
        return not _GLUE.issuperset(text[found[at - 1].end() : found[at].start()])

    first, last = _kept(forms, [fold(word[0]).replace(" ", "") for word in found], parted)
    told = text
    if last < len(found):
        told = told[: found[last].start()].rstrip(_BEFORE_A_FORM)
    if first:
        told = told[found[first - 1].end() :].lstrip(_AFTER_A_FORM)
    return _unquoted(told) or text


def _kept(forms: LegalForms, words: Sequence[str], parted: Callable[[int], bool]) -> tuple[int, int]:
    """From which to which word the name goes. What is nothing but forms stays."""
    first, last = 0, len(words)
    while True:
        if _is(words[first:last], forms.before) or _is(words[first:last], forms.after):
            return 0, len(words)
        counts = range(min(_LONGEST_FORM, last - first - 1), 0, -1)  # the longest form that leaves a word
        if begins := next((n for n in counts if _is(words[first : first + n], forms.before) and parted(first + n)), 0):
            first += begins
        elif ends := next((n for n in counts if _is(words[last - n : last], forms.after) and parted(last - n)), 0):
            last -= ends
        else:
            return first, last


def _is(words: Sequence[str], forms: frozenset[str]) -> bool:
    return " ".join(words) in forms or (len(letters := "".join(words)) >= _WELL_KNOWN and letters in forms)


def _unquoted(text: str) -> str:
    """The text without quotes around it, or at an end of it without their other half."""
    while text:
        inner = text[1:-1]
        if len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text[0] not in inner and text[-1] not in inner:
            text = inner
        elif text[0] in _PAIRS and _unmatched(text, text[0], _PAIRS[text[0]]):
            text = text[1:]
        elif any(text[-1] == closing and _unmatched(text, closing, opening) for opening, closing in _PAIRS.items()):
            text = text[:-1]
        else:
            return text
        text = text.strip()
    return text


def _unmatched(text: str, here: str, there: str) -> bool:
    return text.count(here) > text.count(there) if here != there else text.count(here) % 2 == 1
