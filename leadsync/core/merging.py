"""What merging rows of one lead in their CRM comes to: which stays, what it says then, and what is lost. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from leadsync.core.consent import WORDS
from leadsync.core.convert.consent import DENIED
from leadsync.core.facts.fact import Facts, value_of
from leadsync.core.mapping import ObjectMapping, text
from leadsync.core.survive import survivors
from leadsync.core.survivorship import About, Rule
from leadsync.types import Value

CALLS = 3
"""Requests that a merge takes: a look at both rows, the merge, a look at what came of it. Writing values takes one
more."""
MERGED_INTO = "(merged into)"
"""In place of a field, where a merge is shown among what is written."""
_NAMED_BY = "email"  # by which a CRM knows people: that of the row that stays, stays


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is there: its number in the store, the CRM's fields, what they say, and what rules ask of it."""

    id: int
    fields: Mapping[str, Value]
    facts: Facts
    about: About


@dataclass(frozen=True, slots=True)
class Merge:
    """The `other` row becomes part of the `kept` one. `fields` are to be set then: what the CRM leaves → the value.
    `lost` are values that nothing holds any more, by field."""

    kept: int
    other: int
    fields: Mapping[str, tuple[Value, Value]]
    lost: Mapping[str, Value]

    @property
    def calls(self) -> int:
        """How many requests it takes."""
        return CALLS + bool(self.fields)


def merges(
    rows: Sequence[Row], mapping: ObjectMapping, rules: Mapping[str, Rule], fixed: Collection[str]
) -> list[Merge]:
    """What makes one of these rows, the most trusted first: of which the most is known stays, and takes the others in
    one by one. Fields that are `fixed` are the CRM's own business: since nobody could write a denied consent there, a
    row with one stays before all others."""
    names = [name for name in dict.fromkeys(mapping.source_fields()) if name not in fixed]
    held = [f.name for f in mapping.fields if f.name in WORDS and not set(f.sources).isdisjoint(fixed)]
    kept = max(
        [row for row in rows if any(_denies(row, word) for word in held)] or rows,
        key=lambda row: sum(bool(text(row.fields.get(name))) for name in names),
    )
    return [_merge(kept, row, rows, mapping, rules, names) for row in rows if row is not kept]


def _merge(
    kept: Row, other: Row, rows: Sequence[Row], mapping: ObjectMapping, rules: Mapping[str, Rule], names: Sequence[str]
) -> Merge:
    pair = [row for row in rows if row in (kept, other)]
    left = {name: kept.fields.get(name) if text(kept.fields.get(name)) else other.fields.get(name) for name in names}
    fields = {
        name: (left[name], value)
        for name, value in _spoken(pair, mapping, rules)
        if name in left and text(value) and text(value) != text(left[name])
    }  # fmt: skip
    stands = left | {name: after for name, (_, after) in fields.items()}
    lost = {
        name: row.fields.get(name)
        for name in names for row in (kept, other)
        if text(row.fields.get(name)) and text(row.fields.get(name)) != text(stands[name])
    }  # fmt: skip
    return Merge(kept.id, other.id, fields, lost)


def _spoken(pair: Sequence[Row], mapping: ObjectMapping, rules: Mapping[str, Rule]) -> Iterator[tuple[str, Value]]:
    """The fields of the row that speaks for each word, as it holds them."""
    facts = [row.facts for row in pair]
    about = [row.about for row in pair]
    found = survivors(facts, [], {name: rule for name, rule in rules.items() if rule.pick != "all"}, about)
    for field in mapping.fields:
        survivor = found.get(field.name)
        if survivor is None or field.name == _NAMED_BY:
            continue
        speaker = pair[survivor.record]
        if field.name in WORDS:
            speaker = next((row for row in pair if _denies(row, field.name)), speaker)
        yield from ((name, speaker.fields.get(name)) for name in field.sources)


def _denies(row: Row, word: str) -> bool:
    return word in row.facts and value_of(row.facts[word]) == DENIED
