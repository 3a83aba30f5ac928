"""Words of names as they are compared: in Latin letters, and as the consonants that every script writes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from leadsync.core.convert.base import fold

_LONGEST = 200
_PERSIAN = re.compile("[\u0620-\u06ff\u0750-\u077f]")
_NO_LETTER = re.compile(r"[^a-z0-9 ]+")
_CONSONANTS = str.maketrans(
    dict.fromkeys("اآأإٱعویئؤءـ")
    | dict(zip("بپتطةثسصجچحهخدذزضظرژشغقفکگلمن", "bptttssSjChhxdzzzzrZSqqfkglmn".replace("ssS", "sss"), strict=True))
)
_KEPT = str.maketrans("اعثذظ", "aeszz", "ьъ")  # what anyascii leaves out, makes a blank of or writes as two letters
_LATIN = re.compile("[a-z]")
_TWO = (("kh", "x"), ("gh", "q"), ("sh", "S"), ("ch", "C"), ("zh", "Z"), ("ph", "f"), ("ck", "k"))
_UNWRITTEN = str.maketrans(dict.fromkeys("aeiouyvw ") | {"c": "k"})
_DOUBLE = re.compile(r"(.)\1+")
_RUSSIAN = re.compile(
    r"[^\W\d_]{2}[oe]va?\b|[sc]k(?:ij|iy|ii|aja|aya|aia)\b|[oe]vi[cč]\b|[oe]vna\b|enko\b|[^\W\d_]ij\b|"
    r"\b(?:serg|aleks|matv|timof)ej\b|\bnikolaj\b"
)
_ISO_9 = tuple(
    (re.compile(found), put)
    for found, put in (
        ("šč|sch", "shch"), ("č", "ch"), ("š", "sh"), ("ž", "zh"), ("j", "y"),
        ("(?<![scztkpg])h", "kh"), (r"(?<=\w)x", "ks"),
    )
)  # fmt: skip
_NEJAD = re.compile("ne[jz]h?ad")  # نژاد, at the end of many a family
_TS = re.compile("t?c(?!h)")


@lru_cache(maxsize=65536)
def latin(text: str) -> str:
    """The text folded, in Latin letters and digits, words apart."""
    folded = fold(text[:_LONGEST])
    if folded.isascii():
        return folded
    return " ".join(_NO_LETTER.sub(" ", anyascii(folded.translate(_KEPT)).lower()).split())[:_LONGEST]


def plain_russian(first: str, between: str, last: str) -> tuple[str, str, str]:
    """The parts of a name; one that is Russian by its ending, in Latin letters, as most write it: Zajcev and Zaicev are
    Zaytsev."""
    told = [part.casefold() for part in (first, between, last)]
    whole = " ".join(told)
    if not _LATIN.search(whole) or not _RUSSIAN.search(whole):
        return first, between, last
    for found, put in _ISO_9:
        told = [found.sub(put, part) for part in told]
    return told[0], told[1], _TS.sub("ts", told[2])  # Eric is no Erits


def vowelless(text: str) -> bool:
    """Whether it is written in letters that leave vowels out."""
    return not text.isascii() and _PERSIAN.search(text) is not None


@lru_cache(maxsize=65536)
def skeleton(text: str) -> str:
    """The consonants of the text, equal for most spellings of a name in the Latin, Persian and Cyrillic scripts.

    Persian and Arabic leave short vowels unwritten, and vav and ye stand for several sounds: none of them counts.
    Capitals stand for the sounds that Latin letters write with two.
    """
    if vowelless(text):
        told = "".join(_of_persian(word) for word in fold(text[:_LONGEST]).split())
    else:
        told = _of_latin(latin(text))
    return _DOUBLE.sub(r"\1", told)


def _of_persian(word: str) -> str:
    found = word.removesuffix("ه").translate(_CONSONANTS)
    return found if found.isascii() else _of_latin(latin(found).replace(" ", "a"))  # it is one word


def _of_latin(words: str) -> str:
    words = _NEJAD.sub("nezhad", words)
    for pair, one in _TWO:
        words = words.replace(pair, one)
    return f"{words} ".replace("h ", " ").translate(_UNWRITTEN)


_HEAD, _GLIDE, _TAIL = re.compile("^[jiy](?=[aeou])"), re.compile("(?<=.)[jiy]+(?=[aou])"), re.compile("[jiy]+$")


@lru_cache(maxsize=16384)
def sound(name: str) -> str:
    """A name in Latin letters, equal for most ways in which Russian ones are spelt: Natalja is Natalia is Natalya."""
    return _TAIL.sub("i", _GLIDE.sub("y", _HEAD.sub("y", name.replace("x", "ks"))))


@dataclass(frozen=True, slots=True, eq=False)
class Spellings:
    """Names that one person may go by: the groups that each word is in, as `spellings` numbers them."""

    given: Mapping[str, Sequence[str]]
    family: Mapping[str, Sequence[str]]


def spellings(tables: Iterable[Mapping[str, Sequence[Sequence[str]]]]) -> Spellings:
    """From tables with groups of names under `given` and `family`. A group is called by its first name."""
    found: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
    for table in tables:
        for part, groups in zip(found, (table.get("given", ()), table.get("family", ())), strict=True):
            for group in groups:
                head = latin(group[0])
                for name in group:
                    known = part.setdefault(latin(name), [])
                    if head not in known:
                        known.append(head)
    for part in found:
        for name, heads in list(part.items()):
            part.setdefault(sound(name), heads)
    return Spellings(*found)
