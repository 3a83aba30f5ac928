"""`facts.yaml`: what the company calls things besides what is shipped, and what it wants to know of each lead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.classes import Domains
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document, validate
from leadsync.config.scoring import version
from leadsync.config.settings import Strict
from leadsync.core.condition_parser import parse
from leadsync.core.conditions import Condition
from leadsync.core.facts.phrases import WrongWords
from leadsync.core.facts.tables import Tables, tables
from leadsync.errors import Problem, UserError

COMPLETE = ("name", "email", "company", "job_title", "phone", "country")
"""What is wanted of each lead, unless the file says otherwise."""
ENOUGH = "completeness >= 2"

Phrases = tuple[Annotated[str, Field(min_length=1, max_length=200)], ...]
ByValue = dict[Annotated[str, Field(min_length=1, max_length=40)], Phrases]


class LegalFormsFile(Strict):
    """Legal forms that stand before, and after, the name of a company."""

    before: Phrases = ()
    after: Phrases = ()


class FactsFile(Strict):
    """A file of facts as written: it adds to the shipped tables, and what it says of a phrase holds."""

    complete: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)] = COMPLETE
    enough: str = ENOUGH
    free: Domains = ()
    disposable: Domains = ()
    roles: Phrases = ()
    legal_forms: LegalFormsFile = LegalFormsFile()
    shared_hosts: Domains = ()
    never: Phrases = ()
    helpers: Phrases = ()
    seniority: ByValue = {}
    department: ByValue = {}
    sources: ByValue = {}
    initiatives: ByValue = {}
    vague: Phrases = ()
    intents: ByValue = {}


@dataclass(frozen=True, slots=True)
class FactRules:
    """How facts are derived; `complete` are the fields that count as completeness, `enough` is what must hold for a
    lead to be judged at all. `version` tells which text of the file this is."""

    tables: Tables
    complete: tuple[str, ...] = COMPLETE
    enough: Condition = field(default_factory=lambda: _condition(ENOUGH))
    version: str = ""


def _condition(text: str) -> Condition:
    return parse(text, fields={name: word.type for name, word in catalog.FIELDS.items()}, activities=())


@cache
def shipped_tables() -> Mapping[str, Any]:
    """All shipped tables as one file. They hold nothing but text, so no places of it are kept."""
    import mappings

    folder, loader = Path(mappings.__file__).parent / "facts", getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml")))
    return {key: held for text in texts for key, held in yaml.load(text, loader).items()}  # noqa: S506


@cache
def usual_tables() -> Tables:
    """The shipped tables alone."""
    return tables(shipped_tables())


def compile_facts(document: Document, fields: Mapping[str, Word] = catalog.FIELDS) -> FactRules:
    """The rules as core works with them. Raises `UserError` with all problems."""
    file, conditions = validate(FactsFile, document), Conditions(document, fields)
    problems = conditions.problems
    for n, name in enumerate(file.complete):
        if name not in fields or name in catalog.OF_LEADS:
            told = (
                catalog.unknown_word(name, "field", fields) if name not in fields else f"nobody is asked for {name!r}"
            )
            problems.append(Problem(told, document.place(("complete", n))))
    enough = conditions.read(file.enough, ("enough",))
    own = {key: value for key, value in document.data.items() if key not in ("complete", "enough")}
    made = None
    try:
        made = tables(shipped_tables(), own) if own else usual_tables()
    except WrongWords as error:
        problems += [Problem(fault.what, document.place(fault.loc), fault.fix) for _, fault in error.faults]
    if problems or made is None or enough is None:
        raise UserError(problems)
    return FactRules(made, file.complete, enough, version(document))
