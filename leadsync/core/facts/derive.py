"""Cleaning what a record says, offline. A value that cannot be used is left out; nothing here raises."""

from collections.abc import Mapping

from leadsync.catalog import FIELDS
from leadsync.core.mapping import number

_NUMBERS = frozenset(name for name, word in FIELDS.items() if word.type == "number")


def derive(values: Mapping[str, str]) -> dict[str, str | float]:
    """A record's facts from its mapped values: numbers as numbers, e-mail and domain in lower case."""
    facts: dict[str, str | float] = {}
    for name, value in values.items():
        if name not in _NUMBERS:
            facts[name] = value
        elif (parsed := number(value)) is not None:
            facts[name] = parsed
    if (email := values.get("email", "").lower()) and email.count("@") == 1 and not any(map(str.isspace, email)):
        facts["email"] = email
    else:
        facts.pop("email", None)
    if domain := values.get("domain", "").lower():
        facts["domain"] = domain.removeprefix("https://").removeprefix("http://").removeprefix("www.").split("/")[0]
    return facts
