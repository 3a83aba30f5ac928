"""Phrases of many languages found in free text, the longest at each place, in a time that grows with the text."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from leadsync.core.convert.base import fold

NOTHING = "nothing"
"""In place of a value: the phrase says nothing, and the shorter ones in it do not count."""

_JOINER = "\u200c"  # stands inside a word, where some write a blank
_SHORTEST_STEM, _LONGEST_WORD, _MOST_WORDS = 3, 30, 8
_MARKED = 3  # letters of a lone word up to which marks count: giá is a price, gia a family
_VIETNAMESE = re.compile("[ăđơư\u1ea0-\u1ef9]")  # without its marks every other word is another one

Loc = tuple[str | int, ...]
_Key = tuple[str, ...]


class Fault(NamedTuple):
    """What is wrong with a table, at the keys and indexes that lead to the place, and what to do about it."""

    loc: Loc
    what: str
    fix: str


class WrongWords(ValueError):
    """Tables of words that make no sense. It carries all faults, each with the number of its table."""

    def __init__(self, faults: Sequence[tuple[int, Fault]]) -> None:
        super().__init__("; ".join(fault.what for _, fault in faults))
        self.faults = faults


class _Leaf(NamedTuple):
    values: tuple[str, ...]
    spelled: str  # with its marks; empty where it has none
    alone: bool  # a word so short that it is another one without them


class _Node(dict[str, "_Node"]):
    """What may follow, by word, or by the beginning of one with a * after it."""

    leaf: _Leaf | None = None


class Found(NamedTuple):
    """A phrase that a text holds: what it says, and of how many words it is."""

    values: tuple[str, ...]
    words: int


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """What phrases say, by their first word, then by their next one. `heads` are the first letters that occur."""

    root: _Node
    heads: frozenset[str]

    def found(self, text: str) -> Iterator[Found]:
        """The phrases of a text, from its start on: where several begin at one word the longest, and none inside it."""
        words, at = fold(text).split(), 0
        spelled = ""
        while at < len(words):
            leaf, end = None, at
            if words[at][:_SHORTEST_STEM] in self.heads:
                leaf, end = _longest(self.root, words, at)
            if leaf is not None and leaf.spelled:
                spelled = spelled or f" {_spelled(text)} "
                if (leaf.alone or _VIETNAMESE.search(spelled)) and f" {leaf.spelled} " not in spelled:
                    leaf = None
            if leaf is not None and NOTHING not in leaf.values:
                yield Found(leaf.values, end - at)
            at = max(end, at + 1)


def phrases(section: str, tables: Sequence[Mapping[str, Any]], *, several: bool = False) -> Phrases:
    """The phrases of a section of tables as YAML has them: lists of phrases by value.

    A word that ends in * stands for all words that begin so, `one|other` for either, `|the` for one that may be
    missing. A phrase says what the last table has it say; by one table it says one thing, or `several`.

    Raises `WrongWords` with everything that is wrong.
    """
    known: dict[_Key, _Leaf] = {}
    faults: list[tuple[int, Fault]] = []
    for nth, table in enumerate(tables):
        mine: dict[_Key, _Leaf] = {}
        for loc, value, phrase in _listed(section, table, nth, faults):
            keys = dict(_keys(phrase)) if isinstance(phrase, str) else {}
            if fault := _wrong(loc, phrase, keys):
                faults.append((nth, fault))
                continue
            said = next((mine[key].values[0] for key in keys if key in mine and value not in mine[key].values), value)
            if said != value and not several:
                faults.append((nth, Fault(loc, f"{phrase!r} stands under '{said}' and '{value}'", "keep one of them")))
            for key, spelled in keys.items():
                before = mine[key].values if key in mine else ()
                alone = len(key) == 1 and len(key[0]) <= _MARKED
                mine[key] = _Leaf(tuple(dict.fromkeys((*before, value))), spelled, alone)
        known |= mine
    if faults:
        raise WrongWords(faults)
    root = _Node()
    for key, leaf in known.items():
        node = root
        for word in key:
            node = node.setdefault(word, _Node())
        node.leaf = leaf
    return Phrases(root, frozenset(word[:_SHORTEST_STEM] for word in root))


def _listed(
    section: str, table: Mapping[str, Any], nth: int, faults: list[tuple[int, Fault]]
) -> Iterator[tuple[Loc, str, Any]]:
    """Every phrase with its place and its value."""
    held = table.get(section) or {}
    if not isinstance(held, Mapping):
        faults.append(
            (nth, Fault((section,), f"{section}: expected keys with values", "write lists of phrases by key"))
        )
        return
    for value, listed in held.items():
        if isinstance(listed, Sequence) and not isinstance(listed, str):
            yield from (((section, value, i), value, phrase) for i, phrase in enumerate(listed))
        else:
            faults.append(
                (nth, Fault((section, value), f"{value}: expected a list", "write a list such as [fair, expo]"))
            )


def _wrong(loc: Loc, phrase: Any, keys: Collection[_Key]) -> Fault | None:
    if not isinstance(phrase, str):
        return Fault(loc, "expected text", "write it in quotes")
    if not keys or not all(keys):
        return Fault(loc, f"{phrase!r} has no letters", "write a word, or take it out")
    if any(word.endswith("*") and len(word) <= _SHORTEST_STEM for key in keys for word in key):
        return Fault(loc, f"{phrase!r} is short of letters", f"write {_SHORTEST_STEM} or more before the *")
    if any(len(key) > _MOST_WORDS for key in keys):
        return Fault(loc, f"{phrase!r} is too long", f"write {_MOST_WORDS} words or fewer")
    return None


def _keys(phrase: str) -> Iterator[tuple[_Key, str]]:
    """The words of a phrase as texts are compared, in all ways in which it may be written, and with their marks."""
    for form in dict.fromkeys((phrase, phrase.replace(_JOINER, " "))):
        for chosen in product(*(place.split("|") for place in form.split())):
            key, spelled = tuple(word for each in chosen for word in _folded(each)), _spelled(" ".join(chosen))
            yield key, "" if "*" in form or spelled == " ".join(key) else spelled


def _folded(word: str) -> list[str]:
    found = fold(word).split()
    return [*found[:-1], f"{found[-1]}*"] if found and word.endswith("*") else found


def _spelled(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", text.casefold())))


def _longest(node: _Node, words: Sequence[str], at: int) -> tuple[_Leaf | None, int]:
    """The longest phrase that goes on from `node` with the words from `at` on, and where it ends; of several that are
    as long, an exact word comes before its stem."""
    best, end = node.leaf, at
    if at < len(words) and node:
        word = words[at][:_LONGEST_WORD]
        for key in (word, *(f"{word[:length]}*" for length in range(len(word), _SHORTEST_STEM - 1, -1))):
            if (after := node.get(key)) is not None:
                leaf, reached = _longest(after, words, at + 1)
                if leaf is not None and reached > end:
                    best, end = leaf, reached
    return best, end
