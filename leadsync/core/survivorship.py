"""Which of several records speaks for a field where the installation has a rule of its own. Pure.

A rule chooses among the records that are equally sure of the field; where it leaves several, the most trusted speaks.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from leadsync.core.facts.fact import Fact, Facts, known
from leadsync.core.mapping import number, text


@dataclass(frozen=True, slots=True)
class About:
    """What rules ask of a record besides its facts: moments are in microseconds since 1970, `None` is not known."""

    connection: str = ""
    created: int | None = None
    changed: int | None = None
    activities: int = 0
    fields: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """`pick` is a word of `PICKS`, or `connections` or `values`: then `of` are these, the best first."""

    pick: str
    of: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ", ".join(self.of) or self.pick


Rank = Callable[[Fact, About], float]
PICKS: Mapping[str, Rank] = {
    "newest": lambda _, about: -inf if about.created is None else about.created,
    "oldest": lambda _, about: -inf if about.created is None else -about.created,
    "changed": lambda _, about: -inf if about.changed is None else about.changed,
    "active": lambda _, about: about.activities,
    "fullest": lambda _, about: about.fields,
    "longest": lambda fact, _: len(text(fact.value)),
    "highest": lambda fact, _: _or(number(text(fact.value)), -inf),
    "lowest": lambda fact, _: -_or(number(text(fact.value)), inf),
    "majority": lambda *_: 0.0,  # counted over all of them
    "all": lambda *_: 0.0,  # joined
}
"""What a rule prefers: the higher the better."""
JOINED = "; "
TOGETHER: Mapping[str, Sequence[str]] = {
    "name": ("first_name", "last_name"), "email": ("mailbox", "mail_state", "mail_since"), "phone": ("phone_line",),
}  # fmt: skip
"""What is taken from the record that speaks for a field as well, as it tells of that field."""


def ruled(
    rules: Mapping[str, Rule], records: Sequence[Facts], about: Sequence[About]
) -> dict[str, tuple[Fact, int]]:  # fmt: skip
    """Of the fields that rules are for, the fact and the place of the record that speaks; only of those that several
    records know equally surely. `records` come most trusted first."""
    found: dict[str, tuple[Fact, int]] = {}
    for name, rule in rules.items():
        told = [(known(facts[name]), place) for place, facts in enumerate(records) if name in facts]
        most = max((fact.confidence for fact, _ in told), default=0)
        told = [each for each in told if each[0].confidence == most]
        if len(told) < 2:
            continue
        found[name] = _chosen(rule, told, about)
        place = found[name][1]
        for other in TOGETHER.get(name, ()):
            if other in records[place]:
                found[other] = known(records[place][other]), place
    return found


def _chosen(rule: Rule, told: Sequence[tuple[Fact, int]], about: Sequence[About]) -> tuple[Fact, int]:
    if rule.pick == "all":
        values = dict.fromkeys(part for fact, _ in told for part in text(fact.value).split(JOINED) if part)
        fact, place = next((each for each in told if text(each[0].value)), told[0])  # who says no adds nothing
        return fact._replace(value=JOINED.join(values)), place
    if rule.pick == "majority":
        votes = Counter(text(fact.value).casefold() for fact, _ in told)
        return max(told, key=lambda each: votes[text(each[0].value).casefold()])
    if rule.of:
        order = {word.casefold(): place for place, word in enumerate(rule.of)}

        def place_of(each: tuple[Fact, int]) -> int:
            word = about[each[1]].connection if rule.pick == "connections" else text(each[0].value)
            return order.get(word.casefold(), len(order))

        return min(told, key=place_of)
    rank = PICKS[rule.pick]
    return max(told, key=lambda each: rank(each[0], about[each[1]]))


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
