"""What a job title says: how high somebody stands and what for, from phrases that an installation may add to."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from leadsync.core.convert.base import fold
from leadsync.core.facts.phrases import NOTHING, Fault, WrongWords

SENIORITIES = (
    "owner", "c_level", "vp", "director", "head", "manager", "senior", "specialist", "junior", "intern", "student",
)  # fmt: skip
"""From the top down."""
_NEVER, _HELPER = "never", "helpers"
SECTIONS = (_NEVER, _HELPER, "seniority", "department")
"""Of a file: what is about job titles."""
_BOSS = "management"  # what the title of a helper names is not where the helper works
_VALUE = ""  # the key of a node's value: no word of a title is empty
_SHORTEST_STEM = 3
_LONGEST_TITLE, _LONGEST_WORD, _MOST_WORDS = 200, 30, 16

_INITIALS = re.compile(r"\b\w(?: \w\b)+")

_Node = dict[str, Any]


class Post(NamedTuple):
    """What a title says of somebody; empty where it does not."""

    seniority: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Titles:
    """Phrases by their first word, then by their next one; departments in the order in which they count."""

    seniority: _Node
    department: _Node
    departments: tuple[str, ...]

    def post(self, title: str) -> Post:
        """What the title says, in any of the languages of the table. Nothing of it raises."""
        return _post(self, title[:_LONGEST_TITLE])


def titles(*tables: Mapping[str, Any]) -> Titles:
    """The tables as one, as YAML has them: `never` and `helpers` hold phrases, `seniority` and `department` phrases
    by value. A phrase means what the last table says; departments that a later table brings count first.

    Raises `WrongWords` with everything that is wrong.
    """
    faults: list[tuple[int, Fault]] = []
    known: dict[str, dict[tuple[str, ...], str]] = {"seniority": {}, "department": {}}
    departments: list[str] = []
    for nth, table in enumerate(tables):
        mine: dict[str, dict[tuple[str, ...], str]] = {"seniority": {}, "department": {}}
        fresh: list[str] = []
        for at, part, value, phrase in _phrases(nth, table, faults):
            words, found = _words(phrase), mine[part]
            if fault := _wrong(at, value, phrase, words, found):
                faults.append((nth, fault))
                continue
            found[words] = value
            if part == "department" and value not in (*departments, *fresh, NOTHING):
                fresh.append(value)
        departments[:0] = fresh
        for part, found in mine.items():
            known[part] |= found
    if faults:
        raise WrongWords(faults)
    return Titles(_tree(known["seniority"]), _tree(known["department"]), tuple(departments))


def _phrases(
    nth: int, table: Mapping[str, Any], faults: list[tuple[int, Fault]]
) -> Iterator[tuple[tuple[str | int, ...], str, str, str]]:
    """Every phrase with its place, the part of `Titles` that it belongs to, and its value."""
    for section, held in table.items():
        if section not in SECTIONS:
            fix = f"write one of {', '.join(SECTIONS)}"
            faults.append((nth, Fault((section,), f"unknown section '{section}'", fix)))
            continue
        grouped = section in ("seniority", "department")
        if grouped and not isinstance(held, Mapping):
            fix = f"write the phrases of each {section} in a list below it"
            faults.append((nth, Fault((section,), f"{section}: expected keys with values", fix)))
            continue
        for value, listed in held.items() if grouped else [(section, held)]:
            loc = (section, value) if grouped else (section,)
            if section == "seniority" and value not in (*SENIORITIES, NOTHING):
                fix = f"write one of {', '.join((*SENIORITIES, NOTHING))}"
                faults.append((nth, Fault(loc, f"unknown seniority '{value}'", fix)))
            elif not isinstance(listed, Sequence) or isinstance(listed, str):
                faults.append((nth, Fault(loc, f"{value}: expected a list", "write a list such as [boss, big boss]")))
            else:
                part = section if grouped else "seniority"
                yield from (((*loc, i), part, value, phrase) for i, phrase in enumerate(listed))


def _wrong(
    at: tuple[str | int, ...], value: str, phrase: Any, words: tuple[str, ...], found: Mapping[tuple[str, ...], str]
) -> Fault | None:
    if not isinstance(phrase, str):
        return Fault(at, f"{value}: expected text", "write it in quotes")
    if not words:
        return Fault(at, f"{value}: {phrase!r} has no letters", "write a word of a job title, or take it out")
    if any(word.endswith("*") and len(word) <= _SHORTEST_STEM for word in words):
        return Fault(at, f"{value}: {phrase!r} is short of letters", f"write {_SHORTEST_STEM} or more before the *")
    if found.get(words, value) != value:
        return Fault(at, f"{phrase!r} stands under '{found[words]}' and '{value}'", "keep one of them")
    return None


def _words(phrase: Any) -> tuple[str, ...]:
    """The words as titles are compared, each with the * that it ends in."""
    if not isinstance(phrase, str):
        return ()
    words: list[str] = []
    for piece in phrase.split():
        folded = _split(piece)
        if folded and piece.endswith("*"):
            folded[-1] += "*"
        words += folded
    return tuple(words)


def _split(text: str) -> list[str]:
    """Its words, folded; C.E.O. is one."""
    return _INITIALS.sub(lambda found: found[0].replace(" ", ""), fold(text)).split()


def _tree(phrases: Mapping[tuple[str, ...], str]) -> _Node:
    root: _Node = {}
    for words, value in phrases.items():
        node = root
        for word in words:
            node = node.setdefault(word, {})
        node[_VALUE] = value
    return root


@lru_cache(maxsize=16384)
def _post(table: Titles, title: str) -> Post:
    words = [word[:_LONGEST_WORD] for word in _split(title)[:_MOST_WORDS]]
    keys = [(word, *(f"{word[:end]}*" for end in range(len(word), _SHORTEST_STEM - 1, -1))) for word in words]
    says = _said(table.seniority, keys)
    if _NEVER in says:
        return Post()
    rank = _rank(says)
    if rank == "student":  # what is studied is no work yet
        return Post(rank)
    of = _said(table.department, keys) - ({_BOSS} if _HELPER in says else set())
    return Post(rank, next((name for name in table.departments if name in of), ""))


_CAPS: Final = ("intern", "junior")  # a junior manager is no manager


def _rank(says: set[str]) -> str:
    for cap in _CAPS:
        if cap in says:
            return cap
    if _HELPER in says:
        return "senior" if "senior" in says else "specialist"
    return next((name for name in SENIORITIES if name in says), "")


def _said(tree: _Node, keys: Sequence[Sequence[str]]) -> set[str]:
    """What the phrases say that are found; of those that overlap, the longest."""
    found = [(start - end, start, end, value) for start in range(len(keys)) for end, value in _at(tree, keys, start)]
    taken: set[int] = set()
    says: set[str] = set()
    for _, start, end, value in sorted(found, key=lambda match: match[:2]):  # an exact word comes before its stem
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            says.add(value)
    return says


def _at(node: _Node, keys: Sequence[Sequence[str]], start: int) -> Iterator[tuple[int, str]]:
    """The phrases that begin at a word: where each ends, and its value."""
    for key in keys[start] if start < len(keys) else ():
        if (after := node.get(key)) is not None:
            if _VALUE in after:
                yield start + 1, after[_VALUE]
            yield from _at(after, keys, start + 1)
