"""What a judged sample of pairs says of all that join by themselves."""

import random

from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.match.calibration import DRAWN, LINE, Pair, Stratum, draw, judged, precision, stratum

LINE_AT = 3.0


def pairs(seed: int, count: int) -> list[Pair]:
    rng = random.Random(seed)
    return [Pair(f"l{n}", f"r{n}", rng.choice((rng.uniform(-5, 4), rng.uniform(3, 30)))) for n in range(count)]


def test_a_sample_is_that_of_its_seed_and_has_of_every_stratum_as_many() -> None:
    found = pairs(1, 5000)
    sizes, drawn = draw(found, LINE_AT, 7)
    assert sum(sizes.values()) == sum(pair.weight >= 0 for pair in found)
    assert sum(map(len, drawn.values())) == DRAWN
    assert max(map(len, drawn.values())) - min(map(len, drawn.values())) <= 1
    assert all(stratum(pair.weight, LINE_AT) == nth for nth, own in drawn.items() for pair in own)
    random.Random(2).shuffle(found)
    assert draw(found, LINE_AT, 7) == (sizes, drawn)
    assert draw(found, LINE_AT, 8)[1] != drawn


def test_of_a_small_stratum_all_are_drawn_and_others_have_what_is_left() -> None:
    few = [Pair("a", f"{n}", 3.5) for n in range(5)]
    many = [Pair("b", f"{n}", 20.0) for n in range(1000)]
    _, drawn = draw([*few, *many], LINE_AT, 1)
    assert [len(own) for own in drawn.values()] == [5, DRAWN - 5]


def test_the_interval_is_exact_where_all_was_judged_and_nothing_is_told_where_none_was() -> None:
    assert precision([Stratum(3, 5, 10, 9, 1)]) == (0.9, 0.9, 0.9)
    assert precision([Stratum(3, 5, 10, 9, 1), Stratum(5, 8, 90)]) is None
    assert precision([]) is None
    sure = precision([Stratum(3, 5, 10_000, 200, 0)])
    assert sure is not None
    assert (round(sure.share, 3), round(sure.low, 2), sure.high) == (1.0, 0.98, 1.0)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng, held, rounds = random.Random(11), 0, 400
    truth = {LINE: (300, 0.8), LINE + 1: (900, 0.95), LINE + 2: (3000, 0.995)}
    share = sum(size * rate for size, rate in truth.values()) / 4200
    for _ in range(rounds):
        answers = [(nth, rng.random() < rate) for nth, (_, rate) in truth.items() for _ in range(66)]
        found = precision(judged({nth: size for nth, (size, _) in truth.items()}, answers, LINE_AT))
        assert found is not None
        held += found.low <= share <= found.high
    assert 0.92 <= held / rounds <= 0.995


STRATA = st.builds(
    lambda pairs, same, different: Stratum(0, 1, pairs + same + different, same, different),
    st.integers(0, 50), st.integers(0, 9), st.integers(0, 9),
)  # fmt: skip


@given(st.lists(STRATA, max_size=5))
def test_the_share_lies_in_its_interval(strata: list[Stratum]) -> None:
    found = precision(strata)
    if found is not None:
        assert 0 <= found.low <= found.share + 1e-9
        assert found.share - 1e-9 <= found.high <= 1
