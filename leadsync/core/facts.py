"""Cleaning what a record says, offline. A value that cannot be used is left out; nothing here raises."""

from collections.abc import Mapping

from leadsync.core.mapping import number

NUMBERS = ("employees", "revenue")


def derive(values: Mapping[str, str]) -> dict[str, str | float]:
    """A record's facts from its mapped values: e-mail and domain in lower case, numbers as numbers."""
    facts: dict[str, str | float] = {}
    for name, value in values.items():
        if name in NUMBERS:
            if (parsed := number(value)) is not None:
                facts[name] = parsed
        else:
            facts[name] = value
    if (email := values.get("email", "").lower()) and email.count("@") == 1 and not any(map(str.isspace, email)):
        facts["email"] = email
    else:
        facts.pop("email", None)
    if domain := values.get("domain", "").lower():
        facts["domain"] = domain.removeprefix("https://").removeprefix("http://").removeprefix("www.").split("/")[0]
    return facts
