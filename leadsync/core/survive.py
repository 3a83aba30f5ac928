"""Several records, one golden lead: field by field the best value that any of its records knows."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from leadsync.catalog import FIELDS
from leadsync.core.facts.fact import PLAIN, SAID, Fact, Facts, Value, known

OF_COMPANIES = (
    "company", "domain", "industry", "employees", "employees_band", "revenue", "revenue_band", "country",
    "city", "time_zone",
)  # fmt: skip
"""Fields of the catalogue that a company's row says something about; any other is the person's."""


class Survivor(NamedTuple):
    """The fact that survives, and whose it is: the place of the record among those given, companies after people."""

    fact: Fact
    record: int


def survivors(records: Sequence[Facts], companies: Sequence[Facts]) -> dict[str, Survivor]:
    """The best fact of each field. `records` and the `companies` that they belong to come most trusted first.

    What a CRM says beats what was derived, and that what was guessed. Among equals a person's own record beats what the
    company says about them, then the first record that knows the field wins. Of a company only what is said of
    companies is taken, and what the installation's own fields say.
    """
    found: dict[str, Survivor] = {}
    for place, name, fact in _all(records, companies):
        best = found.get(name)
        if best is None or fact.confidence > best.fact.confidence:
            found[name] = Survivor(fact, place)
    return found


def golden(records: Sequence[Facts], companies: Sequence[Facts]) -> dict[str, Value]:
    """The values alone of what survives: the same, for many leads at once."""
    found: dict[str, Value] = {}
    weak: dict[str, int] = {}  # of what was not said: its confidence
    for facts in (*records, *({n: v for n, v in facts.items() if _of_company(n)} for facts in companies)):
        for name, raw in facts.items():
            if isinstance(raw, PLAIN):
                if name not in found:
                    found[name] = raw
                elif name in weak:
                    found[name] = raw
                    del weak[name]
            elif name not in found or weak.get(name, SAID) < int(raw[1]):
                found[name], weak[name] = raw[0], int(raw[1])
    return found


def _all(records: Sequence[Facts], companies: Sequence[Facts]) -> Iterator[tuple[int, str, Fact]]:
    for place, facts in enumerate(records):
        yield from ((place, name, known(raw)) for name, raw in facts.items())
    for place, facts in enumerate(companies, len(records)):
        yield from ((place, name, known(raw)) for name, raw in facts.items() if _of_company(name))


def _of_company(name: str) -> bool:
    return name in OF_COMPANIES or name not in FIELDS
