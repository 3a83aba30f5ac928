"""Whether two words of names that are alike by their consonants are two names, and no two spellings or slips of one."""

import re
from functools import lru_cache

from rapidfuzz.distance import OSA


def near(a: str, b: str) -> bool:
    """One typing error apart; two in long words."""
    shorter, longer = len(a), len(b)
    if shorter > longer:
        shorter, longer = longer, shorter
    allowed = 0 if shorter < 4 else 1 if shorter < 8 else 2
    return longer - shorter <= allowed > 0 and OSA.distance(a, b, score_cutoff=allowed) <= allowed


@lru_cache(maxsize=65536)
def apart(a: str, b: str, vowelless: bool) -> bool:
    """Whether two given names in one script, equal by their consonants, are two names and no two spellings of one: Paul
    and Paula, Hasan and Hossein. In Persian letters every vowel that is written tells names apart."""
    one, two = (_GLIDE.sub("", _DOUBLED.sub(r"\1", text.replace(" ", ""))) for text in (a, b))
    if vowelless:
        return one != two
    if one.removesuffix("h") == two.removesuffix("h") or (len(a) > 3 and sorted(a) == sorted(b) and near(a, b)):
        return False
    if one + "e" == two or two + "e" == one:  # Simon, Simone
        return min(one, two)[-1] not in _ROUNDED
    silent = all(text.removesuffix("h").endswith("e") for text in (one, two))  # Masoumeh is Masume
    female = one.endswith(_FEMALE) != two.endswith(_FEMALE) and not silent
    if female or {one[:1], two[:1]} == {"a", "i"}:
        return True
    first, other = (
        next((_ROUNDED[sign] for sign in _SOFT.sub("", text) if sign in _ROUNDED), None) for text in (one, two)
    )
    return None not in (first, other) and first != other


@lru_cache(maxsize=65536)
def unlike(persian: str, other: str) -> bool:
    """Whether a given name in Persian letters has vowels that the other, which has all of them, cannot have: محمود and
    Mohammad, احمد and Hamed, حمید and Hamideh. What may be read in several ways, like an ʿayn, tells nothing."""
    one, two = (_TWIN.sub(r"\1", text.replace(" ", "")) for text in (persian.replace(" a", "e"), other))
    written, told, after = _CONSONANT.split(one), _CONSONANT.split(two), [*_CONSONANT.findall(one), "."]
    if len(written) != len(told):
        return False
    alef = two[0] != "s" and "e" not in written[0] and bool(written[0]) != bool(told[0])  # Scott has one before it
    ends = not written[-1] and one[-1] != "h" and told[-1] not in ("", "e")
    places = zip(written[1:], told[1:], after[1:], strict=True)
    return alef or ends or any(_misfit(*place, first=nth == 0) for nth, place in enumerate(places))


def _misfit(written: str, told: str, after: str, *, first: bool) -> bool:
    """Whether what stands between two consonants cannot be one sound; a dot is the end."""
    if not written:
        return not first and after != "." and _LONG.search(told) is not None  # Mouhammad
    if (written, after) in (("a", "l"), ("y", ".")) or (first and written == "y"):  # Abdolreza, Mostafa, Peter
        return False
    return written in _SOUNDS and _SOUNDS[written].search(told) is None


_TWIN = re.compile(r"([^aeiouy])\1+")
_CONSONANT = re.compile("[sckgz]h|ck|h(?!$)|[bcdfgjklmnpqrstxz]")
_LONG = re.compile("ou|oo|ee|[ae][iy]")
_SOUNDS = {"a": re.compile("[aeo]"), "w": re.compile("[ouvw]"), "y": re.compile("[iy]|ee"), "h": re.compile(".")}
_DOUBLED = re.compile(r"(.)\1+")
_GLIDE = re.compile(r"^[jyi](?=[aeiou])")
_SOFT = re.compile(r"(?<=[^aeiou])(?:y(?=[aeou])|i(?=u))")  # Lyubov, Liubov, Lubov
_FEMALE = ("a", "ah", "eh", "ele", "ete")
_ROUNDED = {"a": False, "e": False, "i": False, "y": False, "o": True, "u": True}  # how a vowel sounds
