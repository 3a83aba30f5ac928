"""The tables that facts are derived by, as files hold them: shipped ones, and those of an installation over them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from leadsync.core.facts.companies import LegalForms, legal_forms
from leadsync.core.facts.intents import Intents, intents
from leadsync.core.facts.mail import MailWords
from leadsync.core.facts.phrases import Fault, WrongWords
from leadsync.core.facts.sources import Sources, sources
from leadsync.core.facts.titles import SECTIONS, Titles, titles

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """All that facts are derived by. `shared_hosts`: web sites on which many have their pages."""

    mail: MailWords
    titles: Titles
    sources: Sources
    intents: Intents
    forms: LegalForms
    shared_hosts: frozenset[str]


def tables(*files: Mapping[str, Any]) -> Tables:
    """The files as one, as YAML has them. Lists of names add up; what the last file says of a phrase holds.

    Raises `WrongWords` with everything that is wrong.
    """
    faults: list[tuple[int, Fault]] = []

    def made(work: Callable[..., T], *parts: Mapping[str, Any]) -> T | None:
        try:
            return work(*parts)
        except WrongWords as error:
            faults.extend(error.faults)
            return None

    posts = made(titles, *({key: file[key] for key in SECTIONS if key in file} for file in files))
    kinds, tags = made(sources, *files), made(intents, *files)
    if posts is None or kinds is None or tags is None:
        raise WrongWords(faults)
    return Tables(
        MailWords(*(_all(files, key) for key in ("free", "disposable", "roles"))),
        posts,
        kinds,
        tags,
        legal_forms(*(_all([file.get("legal_forms") or {} for file in files], key) for key in ("before", "after"))),
        _all(files, "shared_hosts"),
    )


def _all(files: Any, key: str) -> frozenset[str]:
    return frozenset(name for file in files for name in file.get(key) or ())
