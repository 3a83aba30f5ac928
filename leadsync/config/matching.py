"""`matching.yaml`: from where on records are one lead; the tables and the model by which they are matched."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.resources import files
from math import inf
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from leadsync.config.document import Document, validate
from leadsync.config.facts import usual_tables
from leadsync.config.settings import Strict
from leadsync.core.facts.tables import Tables
from leadsync.core.match.features import Words
from leadsync.core.match.model import Model, read
from leadsync.core.match.spelling import spellings
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


@dataclass(frozen=True)
class Matching:
    """How the leads of a store are matched. Pairs from `automatic` bits on are one lead, those from `review` bits on
    are for a person to decide; `off`: none is compared. `version` names all that features and weights depend on."""

    automatic: float | None = None
    review: float = REVIEW
    off: bool = True
    names: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    tables: Tables | None = None
    version: str = ""

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


def compile_matching(document: Document, tables: Tables, of: str) -> Matching:
    """The rules as matching works with them; `of` names what else they depend on. Raises `UserError`."""
    file = validate(MatchingFile, document)
    if file.automatic is not None and file.review > file.automatic:
        told = f"review: pairs from {file.review:g} bits on are to be decided, but from {file.automatic:g} on they join"
        raise UserError([Problem(told, document.place(("review",)), "write less bits than for `automatic`")])
    said = repr((file, of, _text("model.yaml"), _text("names.yaml")))
    return Matching(
        inf if file.link == "review" else file.automatic,
        file.review,
        file.link == "off",
        file.names.model_dump(),
        tables,
        hashlib.sha256(said.encode(errors="replace")).hexdigest()[:12],
    )
