"""What conditions and gates come to by the files alone: whether anything feeds them, and whether they can hold."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from leadsync import catalog
from leadsync.config.document import Document, Loc
from leadsync.config.effective import shipped
from leadsync.config.load import Config
from leadsync.core.conditions import Combined, Condition, FieldTest, Node, Test
from leadsync.core.facts import FOLLOWS
from leadsync.core.ladder import OUTCOMES
from leadsync.core.scoring import AXES, Group, Rule
from leadsync.types import Finding, Role

_NAMED = 4  # words that are named one by one
MEANT = {"IQL": "cold", "MQL": "warm", "SQL": "hot"}  # what leads of these stages mostly are
_KEYS = ("when", "hot_when", "warm_when", "cold_when", "agrees", "keep", "or", "scope", "never", "enough")


@dataclass(frozen=True, slots=True)
class Placed:
    """A condition and the place where it is written: in which file, at which keys, and whether that file is shipped."""

    condition: Condition
    document: Document
    file: str
    loc: Loc

    @property
    def shipped(self) -> bool:
        """Whether it is not the admin's own."""
        return bool(shipped(self.document.place(self.loc)))

    @property
    def at(self) -> str:
        """The keys that lead to it, entries of lists by their names."""
        return ".".join(str(_part(self.document, self.loc[: n + 1])) for n in range(len(self.loc)))

    @property
    def gate(self) -> str:
        """The line of a gate that it is, in words."""
        stage = self.document.part(self.loc[:-2]) if "gate" in self.loc[-2:-1] else None
        return f"{self.loc[-1]!r} of the gate of {stage['name']}" if isinstance(stage, dict) else ""

    @property
    def way(self) -> str:
        """The line of a gate, or the other way in, that it is, in words."""
        stage = self.document.part(self.loc[:-1]) if self.loc[-1] == "or" else None
        return f"`or` of {stage['name']}" if isinstance(stage, dict) else self.gate

    @property
    def name(self) -> str:
        """That of the entry of a list that it stands in."""
        return str(_part(self.document, self.loc[:-1]))

    def word(self, word: str) -> str:
        """Where a word of it stands: `file:line:column`."""
        found = re.search(rf"(?<![\w-]){word}(?![\w-])", self.condition.text)
        return self.document.inside(self.loc, found.start() if found else 0)


def placed(config: Config) -> list[Placed]:
    """Every condition of the files, in their order."""
    compiled: dict[str, Any] = {"leadsync": config.never, "scoring": config.scoring, "funnel": config.ladder}
    compiled |= {"routing": config.routing, "facts": config.facts.enough, "classes": config.classes,
                 "lists": (), "matching": ()}  # fmt: skip
    compiled |= {f"mappings/{name}": connection.mapping for name, connection in config.connections.items()}
    found = []
    for name, document in config.documents.items():
        known = {condition.text: condition for condition in conditions(compiled[name])}
        for loc, text in _texts(document.data, ()):
            if text in known and (loc[-1] in _KEYS or "gate" in loc[-2:-1]):
                found.append(Placed(known[text], document, f"{name}.yaml", loc))
    return found


def conditions(value: Any) -> Iterator[Condition]:
    """All that compiled files hold."""
    if isinstance(value, Condition):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from conditions(getattr(value, field.name))
    elif isinstance(value, Mapping | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from conditions(part)


def _texts(data: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(data, str):
        yield loc, data
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from _texts(value, (*loc, key))


def findings(config: Config) -> Iterator[Finding]:
    """What of the admin's own conditions, rules and bands can come to nothing, by the files alone."""
    words_fed = fed(config)
    idle = set[str]()
    for each in placed(config):
        for words in _tested(each.condition):
            if words_fed.isdisjoint(words):
                idle.update(words)
                if not each.shipped:
                    found = _unfed(config, each.word(words[0]), words)
                    shut = each.gate and any(_about(test) == words for test in _needed(each.condition.root))
                    yield replace(found, what=f"{found.what}, and nobody passes {each.gate}") if shut else found
    scoring = config.documents["scoring"]
    for rule in config.scoring.rules:
        if rule.per is not None and rule.per not in words_fed:
            idle.add(rule.per)
            place = scoring.place((rule.group, "rules", rule.name, "per"))
            if not shipped(place):
                yield _unfed(config, place, (rule.per,))
    yield from _gates(config)
    yield from _ways(config)
    yield from _undated(config)
    if idle:
        told = f"no mapping feeds {', '.join(sorted(idle))}: what the files say about them comes to nothing"
        yield Finding("ok", told)


def _ways(config: Config) -> Iterator[Finding]:
    """Gates, and other ways in, that leads of some connection can never pass: it feeds nothing that they ask for."""
    leads = {
        name: fed(config, name)
        for name, connection in config.connections.items()
        if any(read.role is Role.LEAD for read in connection.mapping.reads.values())
    }
    for each in placed(config):
        shut = [name for name, words in leads.items() if each.way and not _can_hold(each.condition.root, words)]
        if shut and (each.shipped or len(shut) < len(leads)):
            of = shipped(each.document.place(each.loc))
            place = f"the shipped {of}.yaml" if of else each.document.place(each.loc)
            told = f"{place}: leads that are in {' or '.join(shut)} alone never pass {each.way}"
            asked = sorted({word for words in _tested(each.condition) for word in words} - catalog.NOT_INTEREST)
            asked = asked if len(asked) <= _NAMED else ["activity"]
            fix = f"let the mapping feed {' or '.join(asked)}, or write a gate that leads there can pass"
            level = "ok" if of and each.loc[-1] == "or" else "warning"  # a way that the admin has not asked for
            yield Finding(level, f"{told}: nothing that it asks for is read there", "" if level == "ok" else fix)


def _undated(config: Config) -> Iterator[Finding]:
    """Conditions on the time since leads came in, which is not known of those of some connections."""
    undated = " or ".join(n for n, each in config.connections.items() if not each.connector.capabilities.dated)
    for each in placed(config) if undated else ():
        if any(test.since_capture for test in each.condition.windows):
            told = f"{each.word('capture')}: when leads came in that are in {undated} alone is not told there"
            fix = "write `in 30d` or the like, or leave it out"
            yield Finding("warning", f"{told}, so nothing counts as since or within days of capture for them", fix)


def _can_hold(node: Node, words: frozenset[str]) -> bool:
    """Whether a condition can be true where only these words are fed."""
    if isinstance(node, Combined):
        whether = (_can_hold(part, words) for part in node.parts)
        return node.op == "not" or (all(whether) if node.op == "and" else any(whether))
    if isinstance(node, FieldTest):
        return node.field in words or node.field in catalog.RESULTS
    return not node.least or not words.isdisjoint(node.kinds)


def fed(config: Config, name: str | None = None) -> frozenset[str]:
    """The words that some mapping feeds, or that of the connection `name`."""
    found = set[str]()
    for connection in config.connections.values() if name is None else (config.connections[name],):
        for read in connection.mapping.reads.values():
            if read.role in (Role.LEAD, Role.COMPANY):
                found.update(field.name for field in read.fields)
            found.update(kind.kind for kind in read.kinds)
            found.update(counter.kind for counter in read.counters)
    while more := {word for word, others in FOLLOWS.items() if not found.isdisjoint(others)} - found:
        found |= more
    return frozenset(found | catalog.OF_LEADS)


def _tested(condition: Condition) -> Iterator[tuple[str, ...]]:
    """What each test of a condition is about: a field, or kinds of activity of which one is enough."""
    for test in condition.tests:
        if not isinstance(test, FieldTest) or test.field not in {*catalog.RESULTS, *catalog.ATTRIBUTES}:
            yield _about(test)


def _about(test: Test) -> tuple[str, ...]:
    return (test.field,) if isinstance(test, FieldTest) else test.kinds


def _needed(node: Node) -> Iterator[Test]:
    """The tests of a condition without which it cannot hold."""
    if not isinstance(node, Combined):
        if isinstance(node, FieldTest) or node.least:
            yield node
    elif node.op == "and":
        for part in node.parts:
            yield from _needed(part)


def _unfed(config: Config, place: str, words: Sequence[str]) -> Finding:
    name, connection = next(iter(config.connections.items()))
    file = connection.settings.mapping or f"mappings/{name}.yaml"
    if words[0] in catalog.ACTIVITIES:
        what = words[0] if len(words) == 1 else "activity of these kinds"
        fix = f"say under `kinds:` or `counters:` of {file} what is {words[0]}, or leave this out"
        return Finding("warning", f"{place}: no mapping feeds {what}, so there never is any", fix)
    people = next((obj for obj, read in connection.mapping.reads.items() if read.role is Role.LEAD), "OBJECT")
    fix = f"add `{words[0]}: …` with a field of the CRM under `read: {people}:` of {file}, or leave this out"
    return Finding("warning", f"{place}: no mapping feeds {words[0]}, so it is never known", fix)


def _gates(config: Config) -> Iterator[Finding]:
    """Lines of gates that ask for more points or items than there are, and the admin's own stages for outcomes that no
    mapping tells of."""
    reads = [read for connection in config.connections.values() for read in connection.mapping.reads.values()]
    told_of, funnel = {rule.kind for read in reads for rule in read.outcomes}, config.documents["funnel"]
    for loc, text in _texts(funnel.data, ()):
        if loc[-1] == "when" and text in OUTCOMES and text not in told_of and not shipped(funnel.place(loc)):
            stage = funnel.part(loc[:-1])["name"]
            told = f"{funnel.place(loc)}: no mapping tells of leads that are {text}, so nobody comes to {stage}"
            yield Finding(
                "warning", told, f"add `outcomes:` with `as: {text}` to an object of a mapping, or leave this out"
            )
    most = at_most(config)
    for each in placed(config):
        for test in _needed(each.condition.root) if each.gate else ():
            if not isinstance(test, FieldTest) or test.field not in most or test.op not in (">=", ">", "=", "between"):
                continue
            least, there = float(str(test.values[0])), most[test.field]
            if least > there or (test.op == ">" and least == there):
                place = each.word(test.field)
                place = f"the shipped {of}.yaml" if (of := shipped(place)) else place
                told = f"{place}: nobody passes {each.gate}: {test.field} is at most {there:g}"
                more = "for more in `complete:` of facts.yaml" if test.field == "completeness" else ""
                yield Finding("warning", told, f"ask for less, or {more or 'raise points and caps in scoring.yaml'}")


def at_most(config: Config) -> Mapping[str, float]:
    """The most that any lead can have of what is counted."""
    scorings = [config.scoring.groups, *(segment.scoring.groups for segment in config.scoring.segments)]
    most = {axis: max(sum(most_of(g) for g in groups if (g.axis or g.name) == axis) for groups in scorings) / 100
            for axis in AXES}  # fmt: skip
    score = min(100, max(sum(map(most_of, groups)) for groups in scorings) / 100)
    return {**most, "score": score, "completeness": len(config.facts.complete)}


def most_of(group: Group) -> float:
    """The most that a group can give, in hundredths of a point."""

    def most(rule: Rule) -> float:
        endless = rule.per is not None and rule.points > 0
        return max(0, min(math.inf if endless else rule.points, rule.cap or math.inf))

    return min(sum(map(most, group.rules)), group.cap or math.inf)


def _part(document: Document, loc: Loc) -> str | int:
    part = document.part(loc)
    return part["name"] if isinstance(loc[-1], int) and isinstance(part, dict) and "name" in part else loc[-1]
