"""`matching.yaml`: from where on records are one lead; the tables and the model by which they are matched."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.resources import files
from math import inf
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from leadsync.catalog import Word, unknown_word
from leadsync.config.document import Document, validate
from leadsync.config.facts import usual_tables
from leadsync.config.reading import Texts
from leadsync.config.settings import Strict
from leadsync.core.consent import WORDS
from leadsync.core.facts.tables import Tables
from leadsync.core.match.features import EDITION, Words
from leadsync.core.match.model import Model, read
from leadsync.core.match.spelling import spellings
from leadsync.core.survivorship import PICKS, TOGETHER, Rule
from leadsync.errors import Problem, UserError

REVIEW = 0.0
"""Bits from which on a pair is for a person to decide."""
Name = Annotated[str, Field(min_length=1, max_length=100)]
Names = tuple[Annotated[tuple[Name, ...], Field(min_length=2, max_length=100)], ...]
Bits = Annotated[float, Field(ge=-20, le=60)]


class NamesFile(Strict):
    """Groups of names that one person may go by."""

    given: Names = ()
    family: Names = ()


class MatchingFile(Strict):
    """A file of matching as written."""

    link: Literal["automatic", "review", "off"] = "automatic"
    automatic: Bits | None = None
    review: Bits = REVIEW
    names: NamesFile = NamesFile()
    survive: dict[str, Texts] = {}
    merge: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matching:
    """How the leads of a store are matched. Pairs from `automatic` bits on are one lead, those from `review` bits on
    are for a person to decide; `off`: none is compared. `version` names all that features and weights depend on.
    `survive` are rules of fields, `merge` the connections whose rows of one lead become one."""

    automatic: float | None = None
    review: float = REVIEW
    off: bool = True
    names: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    tables: Tables | None = None
    version: str = ""
    survive: Mapping[str, Rule] = field(default_factory=dict)
    merge: Sequence[str] = ()

    @cached_property
    def model(self) -> Model:
        """What agreement is worth."""
        return model() if self.automatic is None else replace(model(), automatic=self.automatic)

    @cached_property
    def words(self) -> Words:
        """The words by which records are read."""
        tables = self.tables or usual_tables()
        return Words(tables, spellings([_shipped("names.yaml"), self.names]))


def _text(name: str) -> str:
    return files("mappings").joinpath("matching", name).read_text("utf-8")


def _shipped(name: str) -> Any:
    return yaml.load(_text(name), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


@cache
def words() -> Words:
    """The words by which lists are read."""
    return Words(usual_tables(), spellings([_shipped("names.yaml")]))


@cache
def model() -> Model:
    """The model for those who have not trained one."""
    return read(_shipped("model.yaml"))


def compile_matching(
    document: Document, tables: Tables, of: str, connections: Sequence[str], fields: Mapping[str, Word]
) -> Matching:
    """The rules as matching works with them; `of` names what else they depend on. Raises `UserError`."""
    file = validate(MatchingFile, document)
    if file.automatic is not None and file.review > file.automatic:
        told = f"review: pairs from {file.review:g} bits on are to be decided, but from {file.automatic:g} on they join"
        raise UserError([Problem(told, document.place(("review",)), "write less bits than for `automatic`")])
    if problems := list(_wrong(file, document, connections, fields)):
        raise UserError(problems)
    own = file.model_copy(update={"survive": {}, "merge": ()})
    said = repr((EDITION, own, of, _text("model.yaml"), _text("names.yaml")))
    return Matching(
        inf if file.link == "review" else file.automatic,
        file.review,
        file.link == "off",
        file.names.model_dump(),
        tables,
        hashlib.sha256(said.encode(errors="replace")).hexdigest()[:12],
        {name: _rule(said, connections) for name, said in file.survive.items()},
        file.merge,
    )


def _rule(said: Sequence[str], connections: Sequence[str]) -> Rule:
    if len(said) == 1 and said[0] in PICKS:
        return Rule(said[0])
    return Rule("connections" if said and set(said) <= set(connections) else "values", tuple(said))


def _wrong(
    file: MatchingFile, document: Document, connections: Sequence[str], fields: Mapping[str, Word]
) -> Iterator[Problem]:
    with_ = {other: name for name, others in TOGETHER.items() for other in others}
    for name, said in file.survive.items():
        at, rule = document.place(("survive", name)), _rule(said, connections)
        if name not in fields:
            yield Problem(unknown_word(name, "field", fields), at)
        elif name in WORDS or name.startswith("consent"):
            yield Problem(f"{name} has no rule: the strictest consent counts", at, "take it away")
        elif name in with_:
            yield Problem(f"{name} goes with {with_[name]}", at, f"give {with_[name]} the rule")
        elif rule.pick in ("highest", "lowest") and fields[name].type != "number":
            yield Problem(f"{name} is no number, and none is {rule.pick}", at, "write longest, newest, or another rule")
        elif rule.pick in ("longest", "all") and fields[name].type != "text":
            yield Problem(f"{name} is no text, and cannot be {rule.pick}", at, "write highest, newest, or another rule")
        elif rule.pick == "values" and len(said) < 2:
            fix = f"one of {', '.join(PICKS)}, or a list of connections or values, the best first"
            yield Problem(f"{name}: {', '.join(said) or 'nothing'} is no rule", at, fix)
    for nth, name in enumerate(file.merge):
        if name not in connections:
            fix = f"connections are {', '.join(connections)}"
            yield Problem(f"there is no connection '{name}'", document.place(("merge", nth)), fix)
