"""Where a lead came from, in one word of a short list, out of what CRMs and people write for it."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from leadsync.core.facts.phrases import Fault, Loc, Phrases, WrongWords, phrases

INITIATIVES = ("inbound", "outbound", "third_party")
"""Who took the first step: the lead, we, or somebody between."""

_LONGEST = 300  # characters of a source or campaign; what people write after that is no source
_TAGGED = "utm_"


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """The kinds of sources by their phrases, and whose initiative each kind is. Beside another kind a `vague` one does
    not count."""

    phrases: Phrases
    initiatives: Mapping[str, str]
    vague: frozenset[str]

    def kind(self, source: str, campaign: str = "") -> str:
        """The kind of a source by its text, or else by the `utm_` parameters of a campaign; empty where it is unsure.

        Longer phrases say more than shorter ones; two kinds that are said alike say nothing. Nothing of it raises.
        """
        found = _kind(self, source[:_LONGEST])
        return found if found or _TAGGED not in campaign[:_LONGEST].lower() else _kind(self, campaign[:_LONGEST])

    def initiative(self, kind: str) -> str:
        """One of `INITIATIVES`, or empty for a kind that does not tell."""
        return self.initiatives.get(kind, "")


def sources(*tables: Mapping[str, Any]) -> Sources:
    """The tables as one, as YAML has them: phrases by kind under `sources`, kinds under `vague` and under each of the
    `initiatives`. What the last table says of a phrase or kind holds.

    Raises `WrongWords` with everything that is wrong.
    """
    faults: list[tuple[int, Fault]] = []
    found = None
    try:
        found = phrases("sources", tables)
    except WrongWords as error:
        faults += error.faults
    known = {kind for table in tables for kind in _held(table, "sources")}
    initiatives: dict[str, str] = {}
    vague: set[str] = set()
    for nth, table in enumerate(tables):
        vague.update(_kinds(nth, ("vague",), table.get("vague") or [], known, faults))
        for name, listed in _held(table, "initiatives").items():
            if name not in INITIATIVES:
                fix = f"write one of {', '.join(INITIATIVES)}"
                faults.append((nth, Fault(("initiatives", name), f"unknown initiative '{name}'", fix)))
            initiatives |= dict.fromkeys(_kinds(nth, ("initiatives", name), listed, known, faults), name)
    if found is None or faults:
        raise WrongWords(faults)
    return Sources(found, initiatives, frozenset(vague))


def _held(table: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    held = table.get(section)
    return held if isinstance(held, Mapping) else {}


def _kinds(nth: int, loc: Loc, listed: Any, known: Set[str], faults: list[tuple[int, Fault]]) -> list[str]:
    """The kinds of a list. What is wrong with it is added to the faults."""
    if not isinstance(listed, list):
        faults.append((nth, Fault(loc, f"{loc[-1]}: expected a list", "write a list such as [event, advert]")))
        return []
    for i, kind in enumerate(listed):
        if kind not in known:
            fix = f"write one of {', '.join(sorted(known))}, or its phrases under `sources`"
            faults.append((nth, Fault((*loc, i), f"unknown kind of source '{kind}'", fix)))
    return listed


@lru_cache(maxsize=4096)
def _kind(table: Sources, text: str) -> str:
    said = [(phrase.words, phrase.values[0]) for phrase in table.phrases.found(text)]
    longest = max((words for words, _ in said), default=0)
    kinds = {kind for words, kind in said if words == longest}
    kinds = kinds - table.vague or kinds
    return kinds.pop() if len(kinds) == 1 else ""
