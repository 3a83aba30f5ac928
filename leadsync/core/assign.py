"""Who takes a lead: round robin that stays fair over time."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class RepRule:
    """A sales rep whom leads may be given to; one of weight 2 gets twice as many. Inactive ones get none.

    `language`: one of `catalog.LANGUAGES`, where it is known.
    """

    name: str
    email: str
    weight: int = 1
    active: bool = True
    language: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead that should have an owner, and the rep who owns it now, if any."""

    lead: int
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The rep for a lead, or None where no rep is active, and why."""

    lead: int
    rep: str | None
    reason: str


def assign(candidates: Iterable[Candidate], reps: Sequence[RepRule], counts: Mapping[str, int]) -> list[Decision]:
    """Give each lead, in ascending order of ids, to the active rep who is furthest behind; ties by order of `reps`.

    `counts` is how many leads each rep was given by rotation so far. An owner is kept, and not counted, unless they
    are one of `reps` and inactive.
    """
    active = [rep for rep in reps if rep.active]
    inactive = {rep.name for rep in reps if not rep.active}
    given = {rep.name: counts.get(rep.name, 0) for rep in active}
    queue = [(Fraction(given[rep.name] + 1, rep.weight), place) for place, rep in enumerate(active)]
    heapq.heapify(queue)
    decisions = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.lead):
        owner = candidate.owner
        if owner is not None and owner not in inactive:
            decisions.append(Decision(candidate.lead, owner, "kept: already the owner"))
            continue
        why = f", {owner} is inactive" if owner is not None else ""
        if not queue:
            decisions.append(Decision(candidate.lead, None, f"nobody: no rep is active{why}"))
            continue
        place = queue[0][1]
        name = active[place].name
        decisions.append(Decision(candidate.lead, name, f"rotation: fewest so far ({given[name]}){why}"))
        given[name] += 1
        heapq.heapreplace(queue, (Fraction(given[name] + 1, active[place].weight), place))
    return decisions
