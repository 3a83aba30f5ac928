"""What conditions compare words of closed lists with, and they never are: by the files alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import get_args

from leadsync.config.facts import shipped_tables
from leadsync.config.load import Config
from leadsync.config.propose_words import languages
from leadsync.core.conditions import ActivityTest, Test
from leadsync.core.consent import WORDS
from leadsync.core.convert.base import fold
from leadsync.core.convert.consent import DENIED, GRANTED
from leadsync.core.facts import bands, mail, phones
from leadsync.core.facts.phrases import NOTHING
from leadsync.core.facts.sources import INITIATIVES
from leadsync.sync.check_conditions import placed
from leadsync.types import Finding

_TABLES = {"channel": "sources", "seniority": "seniority", "department": "department", "intent": "intents",
           "topic": "intents"}  # fmt: skip
"""Words whose values are the keys of a section of `facts.yaml`."""
_NAMED = 12  # values that are named
_ALIKE, _A_SLIP = 0.6, 0.8


def findings(config: Config) -> Iterator[Finding]:
    """Values in the admin's own conditions that their word never has. Of a word that a mapping reads as it stands in
    the CRM, only what looks like a slip of the pen is told."""
    closed = {word: {value.lower() for value in values} for word, values in _closed(config)}
    read, as_it_is = _read(config)
    for each in placed(config):
        for word, op, value in () if each.shipped else _compared(each.condition.tests):
            known = closed.get(word, set()) | read[word]
            if word not in closed or _can_be(op, value, known):
                continue
            meant = languages().get(fold(value)) if word == "language" and word not in as_it_is else None
            likeness = _A_SLIP if word in as_it_is else _ALIKE
            close = [meant] if meant else get_close_matches(value, sorted(known), 1, likeness)
            at = max(each.condition.text.lower().find(value), 0)
            where, written = each.document.inside(each.loc, at), each.condition.text[at : at + len(value)]
            wrong = f"'{written}' looks like a slip" if word in as_it_is else f"is never '{written}'"
            told = f"{where}: {word} {wrong}"
            if close:
                fix = each.document.repaired(where, written, close[0])
                yield Finding("warning", f"{told}; did you mean '{close[0]}'?", fix)
            elif word not in as_it_is:
                few = ", ".join(sorted(known)[:_NAMED]) + (", …" if len(known) > _NAMED else "")
                yield Finding("warning", told, f"write one of {few}" if known else "leave it out: there are no values")


def _closed(config: Config) -> Iterator[tuple[str, Iterable[str]]]:
    """Words with all that leadsync itself makes of them."""
    own = config.documents["facts"].data
    for word, section in _TABLES.items():
        yield word, {*shipped_tables()[section], *(own.get(section) or ())} - {NOTHING}
    yield from ((word, (GRANTED, DENIED)) for word in WORDS)
    yield "class", (*config.classes.names, *config.classes.labels)
    yield "scored_as", [segment.name for segment in config.scoring.segments]
    yield "mailbox", get_args(mail.Kind)
    yield "phone_line", filter(None, get_args(phones.Kind))
    yield "initiative", INITIATIVES
    yield "employees_band", bands.SIZES
    yield "revenue_band", bands.REVENUES
    yield "language", languages().values()


def _read(config: Config) -> tuple[defaultdict[str, set[str]], set[str]]:
    """What mappings say that words are, and the words that they read as they stand in the CRM."""
    said, as_it_is = defaultdict[str, set[str]](set), set[str]()
    for connection in config.connections.values():
        for read in connection.mapping.reads.values():
            for field in read.fields:
                said[field.name].update(
                    value.lower() for value in (*(field.map or {}).values(), field.default) if value
                )
                if field.name not in WORDS and (field.map is None or field.default is None):
                    as_it_is.add(field.name)
            topics = (*(kind.topic for kind in read.kinds), *(counter.topic for counter in read.counters))
            said["topic"].update(topic.lower() for topic in topics if topic)
    return said, as_it_is


def _compared(tests: Collection[Test]) -> Iterator[tuple[str, str, str]]:
    """Each word with each text that it is compared with, and how."""
    for test in tests:
        if isinstance(test, ActivityTest):
            yield from (("topic", "=", topic) for topic in test.topics)
        elif test.type == "text" and test.op in ("=", "in", "contains"):
            yield from ((test.field, test.op, str(value)) for value in test.values)


def _can_be(op: str, value: str, known: Collection[str]) -> bool:
    """Whether a word of these can be it, or hold it. A wish may be several at once."""
    if op == "contains":
        return any(value in each for each in known)
    return all(part.strip() in known for part in value.split(","))
