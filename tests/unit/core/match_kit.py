"""What the tests of matching read records with."""

from leadsync.config.matching import words
from leadsync.core.match.evidence import FIELDS, LEVELS, compare
from leadsync.core.match.features import Features, features

WORDS = words()


def of(**row: str) -> Features:
    return features(row, WORDS)


def levels(a: Features, b: Features) -> dict[str, str]:
    """The levels that say something."""
    assert compare(a, b) == compare(b, a)
    return {name: LEVELS[name][level] for name, level in zip(FIELDS, compare(a, b), strict=True) if level}
