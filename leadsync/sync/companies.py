"""Companies are scored by their people, once no lead waits: what is written to their records, planned as for leads."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leadsync.config.load import Config
from leadsync.core.company_score import CompanyScore, Person, company_score
from leadsync.core.plan import Verdict, planned
from leadsync.store import staff
from leadsync.store.database import Store, chunks
from leadsync.store.evaluation import Decision, Member, Stored
from leadsync.store.records import companies_of
from leadsync.sync.evaluate import Evaluator
from leadsync.types import Value

AT_ONCE = 500


@dataclass
class Fresh:
    """Results that are not stored: the `leads` they are of, and by company the people that they make."""

    leads: set[int] = field(default_factory=set)
    people: dict[int, list[Person]] = field(default_factory=lambda: defaultdict(list))

    def add(self, after: Stored) -> None:
        """The result of a lead."""
        self.leads.add(after.lead_id)
        person = staff.person_of(after.lead_id, after.words)
        for company in companies_of(after.words):
            self.people[company] += [person] if person else []


def scores(config: Config, store: Store, companies: Collection[int], known: Fresh) -> dict[int, CompanyScore]:
    """The score of each of these companies; inside `begin()`."""
    stored, engaged = staff.stored(store, companies), config.scoring.cuts.quadrant["engagement"]
    return {
        id_: company_score(
            [*known.people.get(id_, ()), *(p for p in stored.get(id_, ()) if p.lead not in known.leads)], engaged
        )
        for id_ in companies
    }


def words(found: CompanyScore) -> dict[str, Value]:
    """What is said of a company, and why."""
    told = f"fit {found.fit} + interest {found.interest} + {found.engaged} engaged {found.breadth}"
    return {"company_score": found.score, "company_engaged": found.engaged, "reasons": told}


def decide(
    evaluator: Evaluator, records: Sequence[Member], found: Mapping[int, CompanyScore], now: datetime
) -> list[Decision]:
    """What to write to each of these records."""
    return [
        Decision(
            Stored(record.lead_id, said, "[]", None, None),
            [(record.id, wanted.fields)] if wanted is not None and wanted.fields else [],
        )
        for record in records
        for said in (words(found[record.id]),)
        for wanted in (planned(evaluator.verdicts(record, said, now)),)
    ]


def foreseen(
    store: Store, evaluator: Evaluator, known: Fresh, now: datetime
) -> Iterator[tuple[tuple[str, str, str], Member, Sequence[Verdict]]]:
    """What becomes of the records of these leads' companies that are there: key, record, verdicts."""
    for part in chunks(sorted(known.people), AT_ONCE):
        with store.begin():
            found, records = scores(evaluator.config, store, part, known), staff.records(store, part)
        for record in records:
            source = evaluator.sources[record.source_id]
            verdicts = evaluator.verdicts(record, words(found[record.id]), now)
            if verdicts:
                yield (source.connection, source.object, record.ext_id), record, verdicts
