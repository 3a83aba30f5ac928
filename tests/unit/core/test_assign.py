from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.assign import Candidate, Decision, RepRule, assign

ANN, BOB, CAT = (RepRule(name, f"{name}@example.com") for name in ("ann", "bob", "cat"))


def leads(count: int) -> list[Candidate]:
    return [Candidate(lead) for lead in range(1, count + 1)]


def test_turns_go_by_the_order_of_the_file() -> None:
    assert [decision.rep for decision in assign(leads(4), [BOB, ANN, CAT], {})] == ["bob", "ann", "cat", "bob"]


def test_who_is_behind_catches_up() -> None:
    assert [d.rep for d in assign(leads(4), [ANN, BOB], {"ann": 2, "gone": 9})] == ["bob", "bob", "ann", "bob"]


def test_leads_are_taken_by_id_whatever_order_they_come_in() -> None:
    assert assign(reversed(leads(9)), [ANN, BOB, CAT], {}) == assign(leads(9), [ANN, BOB, CAT], {})


def test_an_inactive_rep_gets_nothing_and_keeps_nothing() -> None:
    away = RepRule("ann", "ann@example.com", active=False)
    decisions = assign([Candidate(1), Candidate(2, "ann")], [away, BOB], {})
    assert decisions == [
        Decision(1, "bob", "rotation: fewest so far (0)"),
        Decision(2, "bob", "rotation: fewest so far (1), ann is inactive"),
    ]


def test_an_owner_is_kept_and_not_counted() -> None:
    decisions = assign([Candidate(1, "ann"), Candidate(2, "a partner"), Candidate(3)], [ANN, BOB], {})
    assert [decision.rep for decision in decisions] == ["ann", "a partner", "ann"]
    assert decisions[0].reason == "kept: already the owner"


def test_nobody_is_there() -> None:
    assert assign(leads(1), [], {}) == [Decision(1, None, "nobody: no rep is active")]


@given(
    st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=6).filter(
        lambda reps: any(active for _, active in reps)
    ),
    st.integers(0, 120),
)
def test_nobody_is_more_than_one_from_what_the_weights_say(drawn: list[tuple[int, bool]], count: int) -> None:
    reps = [RepRule(str(i), "", weight, active) for i, (weight, active) in enumerate(drawn)]
    given_to = Counter(decision.rep for decision in assign(leads(count), reps, {}))
    weights = {rep.name: rep.weight for rep in reps if rep.active}
    assert given_to.total() == count
    assert set(given_to) <= set(weights)
    for name, weight in weights.items():
        assert given_to[name] > count * weight / sum(weights.values()) - 1  # nobody falls behind by a whole lead
