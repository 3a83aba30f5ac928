"""Why records are one lead, or may be: what of each pair was compared, how far it agrees, and what that comes to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadsync.core.facts import Facts, value_of
from leadsync.core.match.telling import agreement, compared, said
from leadsync.store import leads, matching, review
from leadsync.store.database import Store

_NAMES: Mapping[str, Sequence[str]] = {"name": ("name", "first_name", "last_name"), "company": ("company", "domain")}


@dataclass(frozen=True, slots=True)
class Link:
    """Two records that speak for being one lead. `why` (of `telling.SAYS`) tells of a link that no comparison made; the
    others have a `probability`, and `evidence` of which the bits add up to `weight`."""

    left: int
    right: int
    why: str = ""
    weight: float = 0.0
    probability: float = 0.0
    evidence: Sequence[Sequence[Any]] = ()


def links(store: Store, records: Collection[int]) -> list[Link]:
    """The links among these records, the strongest first; inside `begin()`."""
    own = {*records}
    decided = [pair for pair, so in leads.decisions(store, own).items() if so == review.SAME]
    ties = [(pair, "crm") for pair in leads.bonds(store, own)]
    ties += [(pair, "person") for pair in decided]
    found = [Link(*pair, why) for pair, why in sorted(ties) if own >= {*pair}]
    likely = matching.evidence(store, own).items()
    return found + [Link(a, b, "", weight, sure, parts) for (a, b), (weight, sure, parts) in likely]


def table(link: Link, left: Facts, right: Facts, language: str = "en") -> Iterator[Mapping[str, Any]]:
    """A row per thing that was compared; the bits of all but the last add up to those of the last."""
    if link.why:
        why = said(link.why, language)
        yield {"compared": "", "this": "", "that": "", "agreement": why, "bits": "", "have it": ""}
        return
    for field, level, bits, count in link.evidence:
        sides = (left, right) if field != "prior" and level != "unsure" else ()
        this, that = (_value(facts, field, language) for facts in sides) if sides else ("", "")
        yield {"compared": compared(field, language) if sides else "", "this": this, "that": that,
               "agreement": agreement(field, level, language), "bits": f"{bits:+.2f}",
               "have it": said("records", language, count) if count > 1 else ""}  # fmt: skip
    total = sum(round(bits, 2) for _, _, bits, _ in link.evidence)
    sure = said("one", language, _sure(link.probability, language))
    yield {"compared": "", "this": "", "that": "", "agreement": sure,
           "bits": f"{total:+.2f}", "have it": ""}  # fmt: skip


def _sure(probability: float, language: str) -> str:
    return f"{probability:.1%}" if probability < 0.999 else said("more", language, "99.9%")


def _value(facts: Facts, field: str, language: str) -> str:
    told = (str(value_of(facts[name])) for name in _NAMES.get(field, (field,)) if name in facts)
    return next(told, said("of company", language) if field == "company" else "")
