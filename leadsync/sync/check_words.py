"""What conditions compare words of closed lists with, and they never are: by the files alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import get_args

from leadsync.catalog import ACTIVITIES
from leadsync.config.facts import shipped_tables
from leadsync.config.load import Config
from leadsync.config.propose_words import languages
from leadsync.core.conditions import ActivityTest, Combined, Condition, FieldTest, Test
from leadsync.core.consent import WORDS
from leadsync.core.convert.base import fold
from leadsync.core.convert.consent import DENIED, GRANTED
from leadsync.core.facts import bands, mail, phones
from leadsync.core.facts.phrases import NOTHING
from leadsync.core.facts.sources import INITIATIVES
from leadsync.sync.check_conditions import placed
from leadsync.types import Finding

_BANDS = {"employees_band": (bands.SIZES, bands.size), "revenue_band": (bands.REVENUES, bands.revenue)}
"""Words of bands, lowest first, and which one a range lies in."""
_TABLES = {"channel": "sources", "seniority": "seniority", "department": "department", "intent": "intents",
           "topic": "intents"}  # fmt: skip
"""Words whose values are the keys of a section of `facts.yaml`."""
_EVERY = tuple(sorted(ACTIVITIES))
_SHORT = 6  # letters of a word that often stands inside of others, as `cto` in `director`
_NAMED = 12  # values that are named
_ALIKE, _A_SLIP = 0.6, 0.8


def findings(config: Config) -> Iterator[tuple[Finding, Condition | None]]:
    """Values in the admin's own conditions that their word never has. Of a word that a mapping reads as it stands in
    the CRM, only what looks like a slip of the pen is told, with a condition: it is none if that holds for a lead."""
    closed = {word: {value.lower() for value in values} for word, values in _closed(config)}
    read, as_it_is = _read(config)
    for each in placed(config):
        for word, op, value in () if each.shipped else _compared(each.condition.tests):
            known = closed.get(word, set()) | read[word]
            if word not in closed or _can_be(op, value, known):
                continue
            close = _meant(word, value, known, as_it_is)
            at = max(each.condition.text.lower().find(value), 0)
            where, written = each.document.inside(each.loc, at), each.condition.text[at : at + len(value)]
            wrong = f"'{written}' looks like a slip" if word in as_it_is else f"is never '{written}'"
            told = f"{where}: {word} {wrong}"
            if close:
                of_leads, of_acts = FieldTest(word, "text", op, (value,)), ActivityTest(_EVERY, topics=(value,))
                slip = Condition(each.condition.text, of_acts if word == "topic" else of_leads)
                fix = each.document.repaired(where, written, close)
                found = Finding("warning", f"{told}; did you mean '{close}'?", fix)
                yield found, slip if word in as_it_is else None
            elif word not in as_it_is:
                all_ = _BANDS[word][0] if word in _BANDS else sorted(known)
                few = ", ".join(all_[:_NAMED]) + (", …" if len(all_) > _NAMED else "")
                fix = f"write one of {few}" if known else "leave it out: there are no values"
                yield Finding("warning", told, fix), None


def parts(config: Config) -> Iterator[tuple[Finding, tuple[Condition, Condition]]]:
    """Short words that the admin's own conditions ask text to contain. It is news where either condition holds for some
    lead: one has the word, the other has it inside of longer ones alone."""
    closed = {word for word, _ in _closed(config)}
    for each in placed(config):
        for word, op, value in () if each.shipped else _compared(each.condition.tests):
            if op != "contains" or word in closed or not value.isalpha() or len(value) > _SHORT:
                continue
            whole, part = FieldTest(word, "text", "matches", (rf"\b{value}\b",)), FieldTest(word, "text", op, (value,))
            inside = Combined("and", (part, Combined("not", (whole,))))
            where = each.document.inside(each.loc, max(each.condition.text.lower().find(value), 0))
            told = (
                f"{where}: {word} contains '{value}' in some leads as a word, and in some inside of longer words alone"
            )
            fix = rf"""if the word is meant, write it so: `when: '{word} matches "\b{value}\b"'`"""
            yield Finding("warning", told, fix), (Condition("", whole), Condition("", inside))


def _meant(word: str, value: str, known: Collection[str], as_it_is: Collection[str]) -> str:
    """What was most likely to be written: empty where nobody can tell."""
    if word == "language" and word not in as_it_is and (meant := languages().get(fold(value))):
        return meant
    if word in _BANDS:
        span = bands.read(value)
        return _BANDS[word][1](span) if span else ""
    return next(iter(get_close_matches(value, sorted(known), 1, _A_SLIP if word in as_it_is else _ALIKE)), "")


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
    yield from ((word, all_) for word, (all_, _) in _BANDS.items())
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
