"""How a field could be read as a word: chosen from its type, its options, and what it holds."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from leadsync.catalog import Word
from leadsync.config.propose_words import languages
from leadsync.core.consent import WORDS
from leadsync.core.convert import CONVERTERS, Home, Read, Unreadable, months
from leadsync.core.convert.base import fold
from leadsync.core.convert.consent import DENIED, GRANTED
from leadsync.core.facts.derive import ASKED, denies
from leadsync.core.mapping import plain_number, text
from leadsync.types import FieldSchema

_ENOUGH = 0.7  # share of the values that a converter must be able to read
_LEAST = 3  # values that must be known to tell the type of a text
_MOST_OPTIONS, _LONGEST_OPTION = 40, 100
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_FILL = 'fill in each "": until then it counts as nothing'
_CURRENCIES = "in several currencies: say yours in leadsync.yaml, as in home: {currency: EUR}"
_AMOUNTS = ("budget", "revenue")
_SEVERAL = ("need", "language", "industry", "source", "campaign")  # words that may be a list of things
_ANSWERS: Mapping[str, Mapping[str, str]] = {  # what yes and no mean for words that are no yes or no
    **{word: {"yes": GRANTED, "no": DENIED} for word in WORDS},
    "authority": {"yes": "yes", "no": "no"},
    "need": {"yes": "yes", "no": "no"},
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The keys of an entry besides `from`. Not `complete`: a person has to fill in what some options mean. Not `safe`:
    it would be read wrongly until something else is settled, as the `note` says."""

    keys: Mapping[str, Any] = field(default_factory=dict)
    complete: bool = True
    note: str = ""
    safe: bool = True


def reading(word: Word, one: FieldSchema, values: Sequence[str], home: Home) -> Reading | None:
    """How the field is read as this word; None where its type or its values cannot be it. `values`: each once."""
    if one.type == "ref":
        return None
    if one.type == "multi":
        return Reading({"split": ";", "join": ", "}) if word.name in _SEVERAL else None
    if word.type in ("number", "date", "bool") and one.type == word.type:
        return Reading()
    if word.type == "date" and one.type == "datetime":
        return Reading()
    if word.name in _ANSWERS and (one.type == "bool" or _answers(one, values, home)):
        return _answered(word.name, one, values, home)
    if one.type not in ("text", "enum"):
        return None
    if word.type != "text" or word.name in ("email", "phone", "country"):
        return _converted(word, one, values, home)
    if word.name == "language":
        known = {value: code for value in _told(one, values) if (code := languages().get(fold(value)))}
        return Reading({"map": known}) if any(text(v).lower() != c for v, c in known.items()) else Reading()
    return Reading({"as": "html"}) if _formatted(one, values) else Reading()


def own_type(one: FieldSchema, values: Sequence[str], home: Home) -> tuple[str, Reading]:
    """The type that a field of one's own should have for it, and how it is read."""
    if one.type in ("number", "bool"):
        return one.type, Reading()
    if one.type in ("date", "datetime"):
        return "date", Reading()
    if one.type == "text" and len(values) >= _LEAST:
        for type_, name in _TRIED:
            if _share(_BY_ITSELF.get(name) or CONVERTERS[name].read, values, home) >= _ENOUGH:
                return type_, Reading() if name in _BY_ITSELF else Reading({"as": name})
    if one.type == "text" and _share(CONVERTERS["yes_no"].read, values, home) == 1:
        return "bool", Reading()
    return "text", Reading({"as": "html"}) if _formatted(one, values) else Reading()


_BY_ITSELF: Mapping[str, Read] = {  # what a word of this type is read by, without `as`
    "plain_number": plain_number, "date": CONVERTERS["date"].read, "yes_no": CONVERTERS["yes_no"].read,
}  # fmt: skip
_TRIED = (
    ("number", "plain_number"), ("number", "number"), ("number", "percent"), ("number", "money"), ("date", "date"),
    ("date", "jalali"), ("bool", "yes_no"),
)  # fmt: skip


def _converted(word: Word, one: FieldSchema, values: Sequence[str], home: Home) -> Reading | None:
    """By the first converter that can read enough; what a pick list offers besides is for a person to fill in."""
    told, tried = _told(one, values), _converters(word)
    told = [value for value in told if word.name not in ASKED or not denies(value)]  # which is known whatever reads it
    if one.type == "text" and not told:
        return Reading(tried[-1][0])
    shares = [_share(read, told, home) for _, read in tried]
    keys, read = tried[shares.index(max(shares))]
    if one.type == "text":
        if max(shares) < _ENOUGH:
            return None
        mixed = keys.get("as") == "money" and not home.currency and len(_currencies(told, home)) > 1
        return Reading(keys, note=_CURRENCIES, safe=False) if mixed else Reading(keys)
    ranges = word.type == "number" and any(any(map(str.isdigit, option)) for option in told)
    if not (max(shares) or ranges) or len(told) > _MOST_OPTIONS:
        return None
    unread = [value for value in told if not _reads(read, value, home)]
    return Reading({**keys, "map": dict.fromkeys(unread, "")}, False, _FILL) if unread else Reading(keys)


def _converters(word: Word) -> list[tuple[Mapping[str, Any], Read]]:
    """What can read values as this word, the simplest first; the last is the one for a field that is still empty."""
    if word.unit:
        return [({}, months)]
    if word.type == "number":
        names = ("number", "money") if word.name in _AMOUNTS else ("number",)
        return [({}, plain_number), *(({"as": name}, CONVERTERS[name].read) for name in names)]
    if word.type == "date":
        return [({}, CONVERTERS["date"].read), ({"as": "jalali"}, CONVERTERS["jalali"].read)]
    if word.type == "bool":
        return [({}, CONVERTERS["yes_no"].read)]
    return [({"as": word.name}, CONVERTERS[word.name].read)]


def _currencies(values: Sequence[str], home: Home) -> set[str]:
    found = set()
    for value in values:
        with suppress(Unreadable):
            found.add(CONVERTERS["currency"].read(value, home, {}))
    return found


def _answers(one: FieldSchema, values: Sequence[str], home: Home) -> bool:
    told = _told(one, values)
    return bool(told) and _share(CONVERTERS["yes_no"].read, told, home) >= (_ENOUGH if one.type == "text" else 0.5)


def _answered(word: str, one: FieldSchema, values: Sequence[str], home: Home) -> Reading:
    if one.type == "bool":  # a box that nobody ticked denies nothing
        return Reading({"map": {"true": _ANSWERS[word]["yes"], "false": ""}})
    means, told = {}, _told(one, values)
    for value in told:
        answer = CONVERTERS["yes_no"].read(value, home, {}) if _reads(CONVERTERS["yes_no"].read, value, home) else ""
        if answer or one.type == "enum":
            means[value.lower()] = _ANSWERS[word].get(answer, "")
    return Reading({"map": means})


def _told(one: FieldSchema, values: Sequence[str]) -> list[str]:
    """All that the field can hold, or what it was seen to hold."""
    found = [text(option) for option in one.options] if one.type == "enum" and one.options else values
    return [value for value in found if 0 < len(value) <= _LONGEST_OPTION and writable(value)]


def writable(told: str) -> bool:
    """Whether a text has nothing in it that a file of this kind refuses: control characters, halves of characters."""
    return not any(unicodedata.category(c) in ("Cc", "Cs", "Cn", "Co") or c == "\ufeff" for c in told)


def _share(read: Read, values: Sequence[str], home: Home) -> float:
    return sum(_reads(read, value, home) for value in values) / len(values) if values else 0.0


def _reads(read: Read, value: str, home: Home) -> bool:
    try:
        return bool(read(value, home, {}))
    except Unreadable:
        return False


def _formatted(one: FieldSchema, values: Sequence[str]) -> bool:
    return one.type == "text" and bool(values) and sum(bool(_TAG.search(v)) for v in values) > len(values) / 2
