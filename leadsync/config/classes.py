"""`classes.yaml`: what a lead is to the company, and which leads are no buyers."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document, validate
from leadsync.config.scoring import Labels, version
from leadsync.config.settings import Strict
from leadsync.core.classes import BUYER, Classes, LeadClass
from leadsync.core.conditions import Combined, Condition, FieldTest
from leadsync.errors import Problem, UserError


def _domain(value: str) -> str:
    if not re.fullmatch(r"\w([\w-]*\w)?(\.\w([\w-]*\w)?)+", value.strip()):
        raise ValueError(f"{value!r} is not a domain; write one such as example.com")
    return value.strip().lower()


Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], Field(max_length=1000)]


class ClassFile(Strict):
    """A class, for leads for which `when` holds; it may also test what is told of any activity."""

    when: str | None = None
    label: Labels = {}


class ClassesFile(Strict):
    """A file of classes as written; `own` and `competitors` are domains, which count with all that are below them."""

    use: str | None = None
    own: Domains = ()
    competitors: Domains = ()
    classes: dict[Annotated[str, Field(min_length=1, max_length=40)], ClassFile] = Field(default={}, max_length=50)


def compile_classes(document: Document, fields: Mapping[str, Word] = catalog.FIELDS) -> Classes:
    """The classes as core works with them. Raises `UserError` with all problems."""
    known = {name: word for name, word in fields.items() if name not in ("class", "scored_as")}
    file, conditions = validate(ClassesFile, document), Conditions(document, known)
    domains = {"internal": file.own, "competitor": file.competitors}
    listed = {name: ClassFile() for name, of in domains.items() if of and name not in file.classes} | file.classes
    found = []
    for name, each in listed.items():
        when = conditions.read(each.when, ("classes", name, "when"), catalog.ATTRIBUTES)
        if each.when is None and name not in (*domains, BUYER):
            told = f"{name}: this does not say which leads are of this class"
            conditions.problems.append(Problem(told, document.place(("classes", name)), "add `when: …`"))
        if domains.get(name):
            when = _either(when, _within(domains[name]))
        if when is not None:
            found.append(LeadClass(name, when))
    if conditions.problems:
        raise UserError(conditions.problems)
    return Classes(tuple(found), {name: dict(each.label.items()) for name, each in listed.items()}, version(document))


def _within(domains: tuple[str, ...]) -> Condition:
    """Whether the web domain, or that of the mailbox, is one of these or below it."""
    these = "|".join(map(re.escape, domains))
    site = FieldTest("domain", "text", "matches", (rf"^\s*(.*\.)?({these})\s*$",))
    mailbox = FieldTest("email", "text", "matches", (rf"@([^@]*\.)?({these})\s*$",))
    return Condition("", Combined("or", (site, mailbox)))


def _either(one: Condition | None, other: Condition) -> Condition:
    return other if one is None else Condition(one.text, Combined("or", (one.root, other.root)))
