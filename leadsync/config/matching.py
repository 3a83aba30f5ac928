"""The tables and the model by which records are matched, as they are shipped."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from leadsync.core.facts.companies import legal_forms
from leadsync.core.facts.mail import MailWords
from leadsync.core.match.features import Words
from leadsync.core.match.model import Model, read
from leadsync.core.match.spelling import spellings


def _shipped(*path: str) -> Any:
    return yaml.load(files("mappings").joinpath(*path).read_text("utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506


@cache
def words() -> Words:
    """The words by which records are read."""
    mail, companies = _shipped("facts", "mail.yaml"), _shipped("facts", "companies.yaml")
    forms = companies["legal_forms"]
    return Words(
        MailWords(*(frozenset(mail[name]) for name in ("free", "disposable", "roles"))),
        legal_forms(forms["before"], forms["after"]),
        frozenset(companies["shared_hosts"]),
        spellings([_shipped("matching", "names.yaml")]),
    )


@cache
def model() -> Model:
    """The model for those who have not trained one."""
    return read(yaml.safe_load(files("mappings").joinpath("matching", "model.yaml").read_text("utf-8")))
