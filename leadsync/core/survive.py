"""Several records, one golden lead: field by field the best value that any of its records knows."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from leadsync.catalog import BANT, FIELDS, NO_TO
from leadsync.core.facts.fact import NO, Fact, Facts, Value, confidence_of, known
from leadsync.core.survivorship import JOINED, About, Rule, ruled

OF_COMPANIES = (
    "company", "domain", "industry", "employees", "employees_band", "revenue", "revenue_band", "country",
    "city", "time_zone",
)  # fmt: skip
"""Fields of the catalogue that a company's row says something about; any other is the person's."""
_OF_PERSONS = FIELDS.keys() - {*OF_COMPANIES}


class Survivor(NamedTuple):
    """The fact that survives, and whose it is: the place of the record among those given, companies after people."""

    fact: Fact
    record: int


_NO_RULES: Mapping[str, Rule] = MappingProxyType({})


def survivors(
    records: Sequence[Facts], companies: Sequence[Facts], rules: Mapping[str, Rule] = _NO_RULES,
    about: Sequence[About] = (),
) -> dict[str, Survivor]:  # fmt: skip
    """The best fact of each field. `records` and the `companies` that they belong to come most trusted first.

    What a CRM says beats what was derived, and that what was guessed. Among equals a person's own record beats what the
    company says about them, then the first record that knows the field wins. Of a company only what is said of
    companies is taken, and what the installation's own fields say. A field with one of the `rules` goes by that among
    the records of which its `about` tells.
    """
    found: dict[str, Survivor] = {}
    for place, name, fact in everything(records, companies):
        best = found.get(name)
        if best is None or fact.confidence > best.fact.confidence:
            found[name] = Survivor(fact, place)
    if rules and len(records) > 1:
        for name, (fact, place) in ruled(rules, records, about).items():
            if fact.confidence == found[name].fact.confidence:
                found[name] = Survivor(fact, place)
    if len(records) > 1 and "intent" in found and "need" in found and found["intent"].fact.how == "need":
        _wish(found, records)
    return found


def _wish(found: dict[str, Survivor], records: Sequence[Facts]) -> None:
    """What somebody wishes follows from the need that survives, and from no other."""
    needs = {*str(found["need"].fact.value).split(JOINED)}
    of_them = (
        Survivor(known(facts["intent"]), place)
        for place, facts in enumerate(records)
        if "intent" in facts and needs >= {*str(facts.get("need")).split(JOINED)}
    )
    if (wish := next(of_them, None)) is not None:
        found["intent"] = wish
    else:
        del found["intent"]


def golden(
    records: Sequence[Facts], companies: Sequence[Facts], rules: Mapping[str, Rule] = _NO_RULES,
    about: Sequence[About] = (),
) -> dict[str, Value]:  # fmt: skip
    """The values alone of what survives, for many leads at once; what is answered with no is named under `NO_TO`."""
    if len(records) > 1 and (rules or any("intent" in facts for facts in records)):
        return _given({name: each.fact.value for name, each in survivors(records, companies, rules, about).items()})
    best: dict[str, Any] = {**records[0]} if records else {}
    for place, facts in enumerate((*records[1:], *companies), 1):
        personal = _OF_PERSONS if place >= len(records) else ()
        for name, raw in facts.items():
            held = best.get(name)
            surer = held is None or (isinstance(held, list) and held[1] < confidence_of(raw))
            if surer and name not in personal:
                best[name] = raw
    for name, raw in best.items():
        if isinstance(raw, list):
            best[name] = raw[0]
    return _given(best)


def _given(found: dict[str, Value]) -> dict[str, Value]:
    if found.keys().isdisjoint(BANT):
        return found
    denied = [name for name in BANT if found.get(name) == NO]
    return {n: v for n, v in found.items() if n not in denied} | {NO_TO: " ".join(denied)} if denied else found


def everything(records: Sequence[Facts], companies: Sequence[Facts]) -> Iterator[tuple[int, str, Fact]]:
    """Each fact that is asked for the best one, with its field and the place of the record whose it is."""
    for place, facts in enumerate(records):
        yield from ((place, name, known(raw)) for name, raw in facts.items())
    for place, facts in enumerate(companies, len(records)):
        yield from ((place, name, known(raw)) for name, raw in facts.items() if name not in _OF_PERSONS)
