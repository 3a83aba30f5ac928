"""What a mapping could read and write in an account, guessed from its schema and a sample of its rows. Pure.

Only what is safe to read is proposed as live: a field whose name says plainly which word it is, and whose type and
values bear it out. Everything else is left to a person, as a line that begins with `#`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leadsync.catalog import FIELDS, Word
from leadsync.config.propose_reading import Reading, own_type, reading, writable
from leadsync.config.propose_words import meant, personal, phrases
from leadsync.core import fit
from leadsync.core.convert import Home
from leadsync.core.convert.base import fold
from leadsync.core.mapping import CrmMapping, text
from leadsync.core.survive import OF_COMPANIES
from leadsync.types import FieldSchema, ObjectSchema, Role, Value

_OWN = "leadsync_"  # fields of ours that a mapping no longer names are no news
_EXAMPLES = 3
_TELLING = 20  # values that tell the type of a text
_LONGEST_TEXT = 60
_DIGITS_OF_AN_ID = 7
_LISTED_OPTIONS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of a proposed mapping, with a remark for its end; commented out unless `live`."""

    key: str
    entry: Any
    note: str
    live: bool = True


@dataclass(frozen=True, slots=True)
class Looked:
    """An object as it was looked at: its schema, and what the fields of `rows` rows hold where they hold something."""

    object: str
    schema: ObjectSchema
    rows: int = 0
    values: Mapping[str, Sequence[Value]] = field(default_factory=dict)

    def share(self, name: str) -> float:
        """How many of the rows hold something, from 0 to 1."""
        return len(self.values.get(name, ())) / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is proposed for one object. `mapped` of its fields are in the mapping already."""

    object: str
    role: Role
    reads: Sequence[Line]
    writes: Sequence[Line]
    fields: int
    custom: int
    mapped: int

    @property
    def live(self) -> int:
        """Fields of the account that are proposed to be read."""
        return sum(line.live and line.entry is not None for line in self.reads)

    @property
    def left(self) -> int:
        """Fields of the account that are for a person to judge."""
        return sum(not line.live for line in self.reads)


@dataclass(frozen=True, slots=True)
class Proposer:
    """Proposes for one connection: its mapping, also as it is `written` (merged with what it uses), and what results
    of few words can be. `words` are the fields that it may feed, `usable` tells whether a name may be one more.
    `whole`: written fields are shown also where nothing about them has to change."""

    mapping: CrmMapping
    written: Mapping[str, Any]
    words: Mapping[str, Word]
    results: Mapping[str, Sequence[str]]
    home: Home
    usable: Callable[[str], bool]
    whole: bool
    names: dict[str, str] = field(default_factory=dict)

    def propose(self, looked: Sequence[Looked]) -> list[Proposed]:
        """What to read and write, object by object."""
        self.names.update({name: word.type for name, word in self.words.items() if name not in FIELDS})
        known, roles = phrases(self.words), {obj: read.role for obj, read in self.mapping.reads.items()}
        fed = {look.object: self._fed(look) for look in looked}
        companies = {word for obj, words in fed.items() if roles[obj] is Role.COMPANY for word in words}
        found = []
        for look in looked:
            role, asked = roles[look.object], _present(look, self.mapping.asked(look.object))
            elsewhere = companies if role is Role.LEAD else set[str]()
            reads = list(self._reads(look, role, known, elsewhere, asked))
            custom = sum(f.custom for f in look.schema.fields.values())
            writes = list(self._writes(look))
            found.append(Proposed(look.object, role, reads, writes, len(look.schema.fields), custom, len(asked)))
        return found

    # reading

    def _fed(self, look: Looked) -> set[str]:
        """The words that the object feeds; a word whose fields are empty in all rows looked at is not one of them."""
        return {
            read.name
            for read in self.mapping.reads[look.object].fields
            if any("." in s or look.share(s) or not look.rows for s in _present(look, read.sources))
        }

    def _reads(
        self, look: Looked, role: Role, known: Mapping[str, str], elsewhere: Collection[str], asked: Collection[str]
    ) -> Iterator[Line]:
        fed, feeds = self._fed(look), {read.name: read for read in self.mapping.reads[look.object].fields}
        free = [f for name, f in look.schema.fields.items() if f.custom and name not in asked and _sound(f)]
        guesses = self._guesses(look, role, free, known, fed)
        live, doubted, taken = set[str](), list[Line](), set[str]()
        for word, guess in guesses.items():
            here = _present(look, feeds[word].sources) if word in feeds else []
            entry, why = _entry((*here, guess.field.name), guess.reading), guess.why_not(word in elsewhere)
            note = _about(guess.field, look, guess.reading.note)
            if why and word in feeds and len(here) < len(feeds[word].sources):
                continue  # the entry has to be mended as it is
            taken.add(guess.field.name)
            if why:
                doubted.append(Line(word, entry, f"{why}; {note}", live=False))
            else:
                live.add(word)
                yield Line(word, entry, note)
        yield from self._lacking(look, live)
        yield from doubted
        used = {line.key for line in doubted}
        for one in sorted(free, key=lambda f: (-look.share(f.name), f.name)):
            if one.name not in taken:
                yield self._own(one, look, used)

    def _guesses(
        self, look: Looked, role: Role, free: Sequence[FieldSchema], known: Mapping[str, str], fed: Collection[str]
    ) -> dict[str, "_Guess"]:
        """The best field for each word that nothing feeds: by label and name, complete, and filled most."""
        found: dict[str, list[_Guess]] = {}
        for one in free:
            by_label, by_name = meant(one.label, known), meant(_plain(one.name), known)
            word = by_label or by_name
            if word is None or word in fed or (role is Role.COMPANY and word in FIELDS and word not in OF_COMPANIES):
                continue
            how = reading(self.words[word], one, _frequent(look, one.name), self.home)
            if how is not None:
                alone = by_label is None and fold(one.label) not in ("", fold(_plain(one.name)))
                sure = not alone or word not in FIELDS
                found.setdefault(word, []).append(_Guess(one, how, sure))
        best = {
            word: max(guesses, key=lambda g: (g.sure, g.reading.complete, look.share(g.field.name)))
            for word, guesses in found.items()
        }
        return {word: best[word] for word in self.words if word in best}

    def _lacking(self, look: Looked, proposed: Collection[str]) -> Iterator[Line]:
        """Entries of the mapping that name fields which this account does not have."""
        read, raw = self.mapping.reads[look.object], self.written["read"][look.object]
        for one in read.fields:
            here = _present(look, one.sources)
            if one.name in proposed or len(here) == len(one.sources):
                continue
            note = f"this account has no {', '.join(s for s in one.sources if s not in here)}"
            entry = raw[one.name]
            kept = (
                {"from": here, **{k: v for k, v in entry.items() if k != "from"}} if isinstance(entry, dict) else here
            )
            yield Line(one.name, kept if here else None, note)
        if read.owner and not _present(look, [read.owner]):
            yield Line("owner", None, f"this account has no {read.owner}")

    def _own(self, one: FieldSchema, look: Looked, used: set[str]) -> Line:
        """A field that no word of the catalogue is for: the company may declare one."""
        type_, how = own_type(one, _frequent(look, one.name)[:_TELLING], self.home)
        name = self._name(one.name, type_, used)
        used.add(name)
        declared = name in self.words
        note = _about(one, look, how.note)
        return Line(name, _entry((one.name,), how), note if declared else f"fields: {{{name}: {type_}}}; {note}", False)

    def _name(self, field_name: str, type_: str, used: Collection[str]) -> str:
        """A name for it: the same one where another object has a field of this name and type."""
        slug = "_".join("".join(c if c.isascii() and c.isalnum() else " " for c in fold(_plain(field_name))).split())
        base = slug[:32] if slug[:1].isalpha() else f"field_{slug[:26]}".rstrip("_")
        base = base if self.usable(base) else f"own_{base}"
        number, name = 1, base
        while name in used or self.names.get(name, type_) != type_:
            number += 1
            name = f"{base}_{number}"
        self.names[name] = type_
        return name

    # writing

    def _writes(self, look: Looked) -> Iterator[Line]:
        writes = self.mapping.writes.get(look.object, ())
        misfits = {m.field: m for m in fit.unwritable(look.object, writes, look.schema, self.results)}
        for write in writes:
            entry, misfit = self.written["write"][look.object][write.field], misfits.get(write.field)
            found = look.schema.field(write.field)
            if found is None:
                note = "not there yet: see `leadsync install`"
            else:
                note = misfit.what if misfit else ""
                if write.value == "stage" and found.options:
                    note = "; ".join(filter(None, (note, f"its options: {_few(found.options, _LISTED_OPTIONS)}")))
            if found is not None and misfit is not None and misfit.code == "option_missing" and write.map is not None:
                entry = {**entry, "map": self._options(write.value, write.map, found.options)}
            if self.whole or misfit is not None:
                yield Line(write.field, entry, note)

    def _options(
        self, value: str, translated: Mapping[str, str | None], options: Sequence[str]
    ) -> dict[str, str | None]:
        """The translations that the account has options for, and words that are an option themselves."""
        kept = {word: option for word, option in translated.items() if option is None or option in options}
        same = {fold(option): option for option in options}
        return kept | {w: same[fold(w)] for w in self.results.get(value, ()) if w not in kept and fold(w) in same}


@dataclass(frozen=True, slots=True)
class _Guess:
    field: FieldSchema
    reading: Reading
    sure: bool

    def why_not(self, elsewhere: bool) -> str:
        """Why a person should decide, if so."""
        if elsewhere:
            return "companies feed it already"
        return "going by its name alone" if not self.sure else "" if self.reading.safe else "not as it is"


def _present(look: Looked, names: Sequence[str]) -> list[str]:
    """Those of the fields that the account has; of a path over a relation only the CRM can tell."""
    found = []
    for name in names:
        there = look.schema.field(name)
        if there or "." in name:
            found.append(there.name if there else name)
    return found


def _sound(one: FieldSchema) -> bool:
    """Whether a mapping can name the field, and it is not one of ours."""
    return writable(one.name) and text(one.name) == one.name != "" and not one.name.lower().startswith(_OWN)


def _plain(name: str) -> str:
    """A field's name without what only machines need: `Renewal_Date__c`, `renewalDate`."""
    bare = name[:-3] if name.lower().endswith("__c") else name
    return "".join(
        f" {c}" if c.isupper() and before.islower() else c for before, c in zip(f" {bare}", bare, strict=False)
    )


def _frequent(look: Looked, name: str) -> list[str]:
    """What the field holds, most frequent first."""
    return [value for value, _ in Counter(map(text, look.values.get(name, ()))).most_common()]


def _entry(sources: Sequence[str], how: Reading) -> Any:
    source = sources[0] if len(sources) == 1 else list(sources)
    return {"from": source, **how.keys} if how.keys else source


def _about(one: FieldSchema, look: Looked, remark: str) -> str:
    """What a person has to know of a field. Shows nothing that could be about a single person."""
    filled = f"filled {round(100 * look.share(one.name))} %" if look.rows else "no row was there to look at"
    examples = ", ".join(_examples(one, [text(value) for value in look.values.get(one.name, ())]))
    said = (one.label if one.label != one.name else "", one.type, filled, examples and f"e.g. {examples}", remark)
    return ", ".join(filter(None, said))


def _examples(one: FieldSchema, values: Sequence[str]) -> list[str]:
    """Options, numbers, dates, yes and no. A text may be about a person, whatever its field is called."""
    if one.type in ("enum", "multi") and one.options:
        chosen = [part for value in values for part in (value.split(";") if one.type == "multi" else [value])]
        counted = Counter(part for part in chosen if part in one.options)
        return [_shown(value) for value in [v for v, _ in counted.most_common(_EXAMPLES)] or one.options[:_EXAMPLES]]
    if one.type not in ("number", "bool", "date", "datetime") or personal(f"{_plain(one.name)} {one.label}"):
        return []
    counted, ids = Counter(values), any(sum(map(str.isdigit, value)) >= _DIGITS_OF_AN_ID for value in values)
    if one.type == "number" and ids and len(counted) > len(values) / 2:
        return []
    return [_shown(value[:10]) for value, _ in counted.most_common(_EXAMPLES)]


def _few(options: Sequence[str], most: int) -> str:
    more = f" and {len(options) - most} more" if len(options) > most else ""
    return ", ".join(_shown(option) for option in options[:most]) + more


def _shown(value: str) -> str:
    return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
