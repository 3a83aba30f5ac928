"""Several records, one golden lead: field by field the value of the record that is trusted most."""

from collections.abc import Mapping, Sequence

from leadsync.catalog import FIELDS

OF_COMPANIES = ("company", "domain", "industry", "employees", "revenue", "country", "city")
"""Fields of the catalogue that a company's row says something about; any other is the person's."""

Facts = Mapping[str, str | float]


def golden(records: Sequence[Facts], companies: Sequence[Facts]) -> dict[str, str | float]:
    """The lead's facts. `records` and the `companies` that they belong to come most trusted first.

    A person's own record beats what the company says about them; then the first record that knows the field wins.
    Of a company only what is said of companies is taken, and what the installation's own fields say.
    """
    found: dict[str, str | float] = {}
    for facts in records:
        for name, value in facts.items():
            found.setdefault(name, value)
    for facts in companies:
        for name, value in facts.items():
            if name in OF_COMPANIES or name not in FIELDS:
                found.setdefault(name, value)
    return found
