"""How a name is written: in which script, and in proper case."""

import re

from leadsync.core.facts.name_words import PARTICLES

_SCRIPTS = (
    ("latin", re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")),
    ("cyrillic", re.compile("[\u0400-\u052f]")),
    ("persian", re.compile("[\u0620-\u06ff\u0750-\u077f]")),
)
_WORD = re.compile(r"[^\W\d_]+")


def script_of(text: str) -> str:
    """latin, cyrillic, persian, mixed or other."""
    if text.isascii():
        return "latin"
    found = [name for name, letters in _SCRIPTS if letters.search(text)]
    return "other" if not found else found[0] if len(found) == 1 else "mixed"


def letter_count(word: str) -> int:
    """How many there are."""
    return len(word) if word.isascii() and word.isalpha() else sum(map(len, _WORD.findall(word)))


def one_case(text: str) -> bool:
    """Whether it was typed in capitals, or without any."""
    return text.isupper() or text.islower()


def cased(part: str, loud: bool, *, family: bool = False) -> str:
    """The part in proper case where it was typed in capitals or without any."""
    words = part.split()
    return " ".join(_proper(word, loud, particle=family and len(words) > 1) for word in words)


def _proper(word: str, loud: bool, *, particle: bool) -> str:
    if particle and word.casefold() in PARTICLES:
        return word.lower() if loud else word
    if loud or word.islower() or (word.isupper() and letter_count(word) > 2):
        return _WORD.sub(lambda found: _capital(found[0]), word)
    return word


def _capital(letters: str) -> str:
    told = letters.lower().replace("i\u0307", "i")
    if told.startswith("mc") and len(told) > 4:
        return "Mc" + told[2:].capitalize()
    return told.capitalize()
