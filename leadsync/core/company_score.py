"""How promising a company is, by its fit and by those of its people who are most engaged."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

MOST_ENGAGED = 3
PER_PERSON, MOST = 5, 20
_HIGHEST = 100


class Person(NamedTuple):
    """A lead of the company, in whole points."""

    lead: int
    fit: int
    engagement: int


@dataclass(frozen=True, slots=True)
class CompanyScore:
    """Whole points: `score` is `fit` + `interest` + `breadth`, at most 100. `engaged` people make the breadth, those of
    `leads` the interest, the most engaged first."""

    score: int
    fit: int
    interest: int
    breadth: int
    engaged: int
    leads: tuple[int, ...]


def company_score(people: Iterable[Person], engaged: int) -> CompanyScore:
    """The score of a company with these people. Who is `engaged` has at least that many points of engagement.

    The fit is that of whoever fits best, since it is mostly a fact about all of them; interest a third of what the
    three most engaged have together, so that another colleague never lowers it; breadth `PER_PERSON` for each who is
    engaged, at most `MOST`.
    """
    ranked = sorted(people, key=lambda person: (-person.engagement, person.lead))
    top = [person for person in ranked[:MOST_ENGAGED] if person.engagement > 0]
    fit = max((person.fit for person in ranked), default=0)
    interest = sum(person.engagement for person in top) // MOST_ENGAGED
    many = sum(person.engagement >= engaged for person in ranked)
    breadth = min(many * PER_PERSON, MOST)
    fit = max(fit, 0)
    return CompanyScore(
        min(fit + interest + breadth, _HIGHEST), fit, interest, breadth, many, tuple(person.lead for person in top)
    )
