"""What follows from what leads bring, against what the makers of the leads know."""

from collections import Counter
from datetime import date

from leadsync.testing.people import population
from tests.bench.facts import judged


def test_hardly_anything_that_is_told_is_wrong() -> None:
    found = judged(list(population(3, 3_000, 1, date(2026, 11, 20)).cards))
    for word, of in found.items():
        said = sum(of.values(), Counter[str]())
        assert said["wrong"] <= 0.01 * said.total(), (word, of)
        assert said["open"] <= 0.45 * said.total(), (word, of)
