"""The parts of a person's name, as Polish, Russian, Persian, Vietnamese and English speakers write names.

What is derived here never replaces what a record says. Where the order of the words is not plain, nothing is told.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from leadsync.core.convert.base import fold
from leadsync.core.facts.fact import DERIVED, GUESSED
from leadsync.core.facts.name_case import cased, letter_count, one_case, script_of
from leadsync.core.facts.name_words import (
    AFTER,
    AND,
    BETWEEN,
    CLINGING,
    DOUBLE,
    FAMILIES,
    GIVEN,
    NEVER_GIVEN,
    NEVER_GIVEN_PLAIN,
    NEVER_LAST,
    PARTICLES,
    PLACEHOLDERS,
    SECOND,
    SYLLABLE,
    TAILS,
    TESTS,
    TITLES,
    VIETNAMESE,
    VIETNAMESE_PLAIN,
)  # fmt: skip

_key = lru_cache(maxsize=16384)(fold)  # most words of names occur in many names


class Name(NamedTuple):
    """A person's name; a part that cannot be told is empty. `middle` is a second name, initial or patronymic.

    `honorific` is what stands before and after a name: titles, degrees, Jr. `script` is latin, cyrillic, persian (as
    Arabic is written, too), mixed or other. `confidence` is that of the parts.
    """

    given: str = ""
    middle: str = ""
    family: str = ""
    honorific: str = ""
    script: str = ""
    confidence: int = DERIVED


def person(first: str = "", last: str = "", full: str = "", country: str = "") -> Name | None:
    """The name in its parts, from what is said of it: a first and a last name, or both in one.

    The country, as ISO code, helps where the order of words depends on it. None where there is no name: nothing but
    signs, a placeholder, a company, a phone number or an address.
    """
    heard, name = _parts(first, last, full, country)
    if name is None:
        return None
    script = script_of(" ".join(word for read in heard for word in read.words))
    titles = dict.fromkeys(title for read in heard for title in read.titles)
    loud = all(one_case(" ".join(read.words)) for read in heard)
    return name._replace(
        given=cased(name.given, loud),
        middle=cased(name.middle, loud),
        family=cased(name.family, loud, family=True),
        honorific=" ".join(titles),
        script=script,
    )


def as_typed(first: str = "", last: str = "", full: str = "", country: str = "") -> Name | None:
    """The same in the case in which it was typed, without honorific and script: for comparing, where these do not
    count."""
    return _parts(first, last, full, country)[1]


# ---- reading: words and titles


class _Read(NamedTuple):
    """The words of a text that is a name, without titles. Those before a comma are the family's."""

    words: tuple[str, ...]
    titles: tuple[str, ...] = ()
    family: int = 0


_LONGEST, _MOST_WORDS = 120, 8
_UNSEEN = dict.fromkeys(
    [0xAD, 0x200B, *range(0x200D, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0x61C, 0xFEFF]
)
_SAME = _UNSEEN | str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "’": "'", "ʼ": "'", "`": "'", "‐": "-", "–": "-", "،": ","}
)
_ASIDE = re.compile(r"\([^()]*\)|\"[^\"]*\"|«[^«»]*»|“[^“”]*”|„[^„”]*”")
_NO_NAME = re.compile(
    r"[\d@/\\&+=;:|<>{}\[\]_#$%^*?~§€£]|\bwww\b|\.(?:com|net|org|info|biz|eu|io|pl|ru|ir|vn|de|рф)\b", re.IGNORECASE
)
_NOISE = re.compile(r"[^\w\s'.,\u0300-\u036f\u064b-\u065f\u0670\u200c-]+")
_DEGREE = re.compile(r"\b(?:ph\. ?d|m\. ?d|m\. ?b\. ?a|n\. ?med|[кд]\. ?[а-я]{1,3}\. ?н)\b\.?", re.IGNORECASE)
_ONE_SIGN_IS_A_WORD = "\u2e80"  # from here on, as in Chinese
_COMPANY = re.compile(
    r"\b(?:sp z ?o ?o|s a$|sp j|sp k|gmbh|ltd|llc|inc|corp|plc|limited|company|group|holding|ооо|зао|оао|пао|ао|ип|тоо|"
    r"компания|группа|отдел|магазин|شرکت|موسسه|گروه|فروشگاه|سازمان|cong ty|cty|tnhh|co phan|cua hang|firma|sklep|"
    r"hurtownia|spolka|biuro|dzial|zaklad|office|team|department|support|sales|store|shop|hotel|bank|admin|info|kontakt|contact)\b"
)


def _parts(first: str, last: str, full: str, country: str) -> tuple[list[_Read], Name | None]:
    """What is read of the texts, and the name that it is."""
    one, two, whole = (_read(text) if 0 < len(text) <= _LONGEST else None for text in (first, last, full))
    if one and two and one.words != two.words:
        return [one, two], _said(_without(one, two), _without(two, one), country)
    if whole:
        return [whole], _whole(whole, country)
    if one:
        return [one], _first(one, country)
    return ([two], _last(two, country)) if two else ([], None)


@lru_cache(maxsize=32768)
def _read(text: str) -> _Read | None:
    told = text if text.isascii() else unicodedata.normalize("NFC", text).translate(_SAME)
    told = _ASIDE.sub(" ", told)
    if _NO_NAME.search(told):
        return None
    told = _NOISE.sub(" ", told)
    before, _, _ = told.partition(" - ")  # and a company after it
    told = before if " " in before.strip() else told
    folded = fold(told)
    if folded in PLACEHOLDERS or _COMPANY.search(folded) or not TESTS.isdisjoint(folded.split()):
        return None
    degrees = _DEGREE.findall(told) if "." in told else []
    return _with_words(_DEGREE.sub(" ", told) if degrees else told, degrees)


def _with_words(told: str, degrees: Sequence[str]) -> _Read | None:
    titles: list[str] = []
    pieces = [_untitled(piece.replace(".", ". ").split(), titles) for piece in told.split(",")]
    pieces, titles = [piece for piece in pieces if piece], [*titles, *degrees]
    words = [word for piece in pieces[:2] for word in piece]
    if len(words) > _MOST_WORDS or not AND.isdisjoint(words) or all(map(_initial, words)):
        return None
    if any(len(set(word)) == 1 < len(word) - 1 for word in map(_key, words)):  # xxx
        return None
    if len(pieces) < 2:
        return _Read(tuple(words), tuple(titles))
    if _is_one_family(pieces[0]) or _key(pieces[1][0]) in GIVEN:
        return _Read(tuple(words), tuple(titles), len(pieces[0]))
    return _Read(tuple(pieces[0]), tuple(titles))


def _untitled(words: list[str], titles: list[str]) -> list[str]:
    """The words without titles around them, which are added to those; and without dots and signs that stand alone."""
    words = [kept for word in words if letter_count(kept := word.strip("-'"))]
    while words and (_title(words[0]) or _mister(words)):
        titles.append(words.pop(0))
    while words and words[-1].casefold().strip(".") in AFTER:
        titles.append(words.pop())
    return words


def _title(word: str) -> bool:
    told = word.casefold()
    return told in TITLES or told.strip(".") in TITLES


def _mister(words: Sequence[str]) -> bool:
    """A Vietnamese `anh` before a name in full; elsewhere it is a name itself."""
    return len(words) > 2 and words[0].casefold() == "anh" and words[1].casefold() in VIETNAMESE


def _initial(word: str) -> bool:
    return letter_count(word) == 1 and word[0] < _ONE_SIGN_IS_A_WORD


# ---- order: which words are whose

_VIETNAMESE_MARKS = re.compile("[ơưạảấầẩẫậắằẳẵặẻếềểễệỉịỏốồổỗộớờởỡợụủứừửữựỳỵỷđăĩũ]", re.IGNORECASE)
_PATRONYMIC = re.compile(r"(?:[оеё]вич|[^аоуеиыэюяё]ьич|мич|[оеё]вна|ична|инична|ovich|evich|yevich|ovna|evna|ichna)$")
_ISO_PATRONYMIC = re.compile(r"[oe]vi[cč]$")  # elsewhere the end of a family's name
_FAMILY = re.compile(
    r"(?:[а-яё]{2}(?:[оеё]ва?|ина?|ына?)|[сц]к(?:ий|ая|ой)|енко|чук|[иы]х|швили|дзе|янц|"
    r"[a-z]{2}(?:ov|ev)a?|t?sk(?:iy|y|aya|aia)|enko|chuk|[^\W\d_]{2}sk[ia]|cki|[io]cka|dzk[ia]|wicz|czyk|czak)$"
)
_REVERSED = frozenset(("PL", "RU", "BY", "UA", "KZ", "CZ", "SK", "HU", "RO", "LT", "HR", "RS"))
"""Countries where lists and forms often have the family first."""
_EITHER = frozenset(("CN", "HK", "HU", "JP", "KR", "MY", "SG", "TW"))
"""Countries where it stands first, but not for everybody who writes in Latin letters."""


def _whole(read: _Read, country: str) -> Name:
    words = read.words
    if read.family:
        given, *middle = words[read.family :]
        if _is_vietnamese(words, country):
            *middle, given = words[read.family :]
        return _name(given, middle, words[: read.family])
    if len(words) == 1:
        return _single(words[0], read.titles, country)
    script = script_of(" ".join(words))
    if script == "persian":
        return _persian(words)
    if script not in ("latin", "cyrillic"):
        return Name()
    return (
        _patronymic(words) or (_vietnamese(words, country) if script == "latin" else None) or _western(words, country)
    )


def _single(word: str, titles: Sequence[str], country: str) -> Name:
    if _key(word) in GIVEN:
        return Name(given=word)
    if titles:  # Mr Smith, but ông Nam
        return Name(given=word) if _is_vietnamese((word, *titles), country) else Name(family=word)
    return Name(family=word) if _is_family(word) else Name()


def _patronymic(words: Sequence[str]) -> Name | None:
    """Ivan Ivanovich Ivanov or Ivanov Ivan Ivanovich: the patronymic follows the given name."""
    if len(words) == 3 and _ISO_PATRONYMIC.search(words[1].casefold()):
        return _name(words[0], words[1:2], words[2:])
    if len(words) == 3 and _ISO_PATRONYMIC.search(words[2].casefold()) and _is_family(words[0]):
        return _name(words[1], words[2:], words[:1])
    if len(words) not in (2, 3) or not any(_PATRONYMIC.search(word.casefold()) for word in words[1:]):
        return None
    if _PATRONYMIC.search(words[1].casefold()) and (len(words) == 3 or _key(words[0]) in GIVEN):
        return _name(words[0], words[1:2], words[2:])
    return _name(words[1], words[2:], words[:1]) if len(words) == 3 else None


def _is_patronymic(word: str) -> bool:
    return (_PATRONYMIC.search(word) or _ISO_PATRONYMIC.search(word)) is not None


def _vietnamese(words: Sequence[str], country: str) -> Name | None:
    plain = " ".join(words).isascii()
    head, tail = (_vietnamese_family(word, plain=plain) for word in (words[0], words[-1]))
    sure = _is_vietnamese(words, country) or (head == 2 and len(words) > 2 and words[1].casefold() in BETWEEN)
    if not (head or tail) or not (sure or (head and not country and len(words) == 3 and _sounds_vietnamese(words))):
        return None
    if tail > head and sure:
        if len(words) == 3 and words[1].casefold() in NEVER_LAST:  # Hằng Thị Trần
            return _name(words[0], words[1:2], words[2:])
        return _name(words[-2], words[:-2], words[-1:])
    return _name(words[-1], words[1:-1], words[:1], DERIVED if sure and head > tail else GUESSED)


def _sounds_vietnamese(words: Sequence[str]) -> bool:
    """Whether each word can be a syllable of the language."""
    return all(SYLLABLE.fullmatch(_key(word)) for word in words)


def _is_vietnamese(words: Sequence[str], country: str) -> bool:
    text = " ".join(words)
    if country == "VN" or text.isascii():
        return country == "VN"
    return _VIETNAMESE_MARKS.search(text) is not None or any(
        not word.isascii() and word.casefold() in VIETNAMESE for word in (words[0], words[-1])
    )  # Lê, but not Le


def _vietnamese_family(word: str, *, plain: bool) -> int:
    """2 for a family's name that nobody is given, 1 for another one; marks count where the text has any."""
    told = word.casefold()
    if told in (NEVER_GIVEN_PLAIN if plain else NEVER_GIVEN):
        return 2
    return int(told in (VIETNAMESE_PLAIN if plain else VIETNAMESE))


def _western(words: Sequence[str], country: str) -> Name:
    """The given name first, unless the words themselves tell another order."""
    if _initial(words[-1]) and not _initial(words[0]):  # Smith J., but John S.
        told = [word for word in words if not _initial(word)]
        if len(told) > 1 or _is_family(told[0]):
            return _name("", (), told)
        return Name(given=told[0]) if _key(told[0]) in GIVEN else Name()
    if (start := _begins_family(words)) is not None:
        return _name(words[0], words[1:start], words[start:]) if start else Name()
    words = words[1:] if _initial(words[0]) and len(words) > 2 else words
    if _family_first(words, country):
        return _name(words[1], words[2:], words[:1])
    known = country not in _EITHER and all(_initial(word) or _key(word) in GIVEN for word in words[1:-1])
    return _name(words[0], words[1:-1] if known else (), words[-1:], DERIVED if known else GUESSED)


def _family_first(words: Sequence[str], country: str) -> bool:
    head, tail, loud = words[0], words[-1], [word for word in words if word.isupper() and letter_count(word) > 2]
    if len(loud) == 1 and len(words) == 2:  # DUPONT Jean
        return loud[0] == head
    if _key(head) in GIVEN or (_is_family(tail) and _key(tail) not in GIVEN):
        return False
    return _is_family(head) or (_key(words[1]) in GIVEN and (country in _REVERSED or not head.isascii()))


@lru_cache(maxsize=16384)
def _is_family(word: str) -> bool:
    """Whether it looks like a family's name, one of two with a hyphen included."""
    return any(
        (folded := _key(piece)) in FAMILIES or (folded not in GIVEN and _FAMILY.search(piece.casefold()))
        for piece in word.split("-")
    )


def _is_one_family(words: Sequence[str]) -> bool:
    """Whether it can be nothing but one family's name: Karimi, van der Berg, تقی زاده."""
    return len(words) == 1 or _begins_family(words) == 0 or (len(words) == 2 and words[1] in CLINGING)


def _begins_family(words: Sequence[str]) -> int | None:
    """Where a family name with a particle begins: van der Berg."""
    return next((i for i, word in enumerate(words[:-1]) if word.casefold() in PARTICLES), None)


def _persian(words: Sequence[str]) -> Name:
    double = len(words) > 2 and words[0] in DOUBLE and words[1] in SECOND
    start = 2 if double and not (len(words) == 3 and words[2] in CLINGING) else 1
    sure = len(words) - start == 1 or words[-1] in TAILS
    return _name(" ".join(words[:start]), (), words[start:], DERIVED if sure else GUESSED)


def _said(one: _Read, two: _Read, country: str) -> Name:
    """First and last name as they are said, unless it is plain that they stand in each other's place."""
    first, last = one.words, two.words
    vietnamese = _is_vietnamese(first + last, country)
    if _swapped(first, last, vietnamese):
        first, last = last, first
    if vietnamese and _vietnamese_family(last[0], plain=last[0].isascii()):  # what is between stands on either side
        return _name(first[-1], (*last[1:], *first[:-1]), last[:1])
    cut = 1
    while cut < len(first) and not _initial(first[cut]) and not _is_patronymic(first[cut].casefold()):
        cut += 1
    given = " ".join(first[:cut])
    middle = first[cut:] or (last[1:] if len(last) == 2 and _PATRONYMIC.search(last[1].casefold()) else ())
    return _name(given, middle, last[:1] if middle and not first[cut:] else last)


def _swapped(first: Sequence[str], last: Sequence[str], vietnamese: bool) -> bool:
    if vietnamese:
        plain = " ".join((*first, *last)).isascii()
        one, two = (_vietnamese_family(words[0], plain=plain) for words in (first, last))
        return one > two and (one == 2 or two == 0)
    return _is_family(first[0]) and _key(last[0]) in GIVEN and _key(first[0]) not in GIVEN


def _first(read: _Read, country: str) -> Name:
    """A first name alone, which may hold the whole name."""
    if len(read.words) == 1 and not _initial(read.words[0]):
        return Name(given=read.words[0])
    return _whole(read, country) if read.family or _tells(read.words, country) else Name()


def _last(read: _Read, country: str) -> Name:
    """A last name alone; forms that insist on one often have the whole name there."""
    if read.family or _tells(read.words, country):
        return _whole(read, country)
    return Name(family=" ".join(read.words)) if _is_one_family(read.words) else Name()


def _tells(words: Sequence[str], country: str) -> bool:
    """Whether the words themselves show that a family's name is among them, and another one."""
    if len(words) < 2:
        return False
    if _patronymic(words) or (script_of(" ".join(words)) == "latin" and _vietnamese(words, country)):
        return True
    return any(map(_is_family, words)) and any(_key(word) in GIVEN for word in words)


def _without(read: _Read, other: _Read) -> _Read:
    """One of the names without the other, where it holds both."""
    if len(read.words) <= len(other.words):
        return read
    left = tuple(word for word in read.words if word not in other.words)
    return read._replace(words=left) if left else read


def _name(given: str, middle: Sequence[str], family: Sequence[str], confidence: int = DERIVED) -> Name:
    """A first letter is no given name, and neither is a patronymic."""
    if not middle and len(family) == 1 and _PATRONYMIC.search(given.casefold()) and _is_family(family[0]):
        given, middle = "", (given,)
    return Name("" if _initial(given) else given, " ".join(middle), " ".join(family), confidence=confidence)
