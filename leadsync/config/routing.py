"""`routing.yaml`: which leads get an owner, and the reps who take them in turn."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document, validate
from leadsync.config.settings import Strict, one_of
from leadsync.core.assign import RepRule
from leadsync.core.conditions import Condition
from leadsync.core.score import RESULTS as SCORED
from leadsync.errors import Problem, UserError

RESULTS = (*SCORED, "stage")
_LANGUAGES = catalog.LANGUAGES
Language = Annotated[str, BeforeValidator(one_of("language", _LANGUAGES)), WithJsonSchema({"enum": list(_LANGUAGES)})]


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value.strip()):
        raise ValueError(f"{value!r} is not an e-mail address; write one such as ann@example.com")
    return value.strip().lower()


class RepFile(Strict):
    """A sales rep, found in every CRM by e-mail."""

    email: Annotated[str, AfterValidator(_email)]
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    language: Language = ""


class RoutingFile(Strict):
    """A routing file as written."""

    when: str | None = None
    reps: dict[str, RepFile] = {}


@dataclass(frozen=True, slots=True)
class Routing:
    """Leads for which `when` holds (None: all) go round the reps."""

    when: Condition | None
    reps: tuple[RepRule, ...]


def compile_routing(document: Document, fields: Mapping[str, Word] = catalog.FIELDS) -> Routing:
    """The routing as core works with it. Raises `UserError` with all problems."""
    file, conditions = validate(RoutingFile, document), Conditions(document, fields)
    when = conditions.read(file.when, ("when",), RESULTS)
    seen: dict[str, str] = {}
    for name, rep in file.reps.items():
        if (other := seen.setdefault(rep.email, name)) != name:
            told = f"{name} has the e-mail of {other}"
            fix = "keep one of them, or correct the address"
            conditions.problems.append(Problem(told, document.place(("reps", name, "email")), fix))
    if conditions.problems:
        raise UserError(conditions.problems)
    return Routing(
        when, tuple(RepRule(name, rep.email, rep.weight, language=rep.language) for name, rep in file.reps.items())
    )
