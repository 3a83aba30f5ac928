"""What makes two records one is told whole, in five languages."""

import pytest

from leadsync.catalog import LANGUAGES
from leadsync.core.match.evidence import LEVELS
from leadsync.core.match.telling import SAYS, agreement, compared, said

WAYS = [(field, level) for field, levels in LEVELS.items() for level in levels[1:]] + [("name", "unsure")]


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_way_to_agree_has_words_of_its_own_language(language: str) -> None:
    told = {way: agreement(*way, language) for way in WAYS}
    assert not [way for way, words in told.items() if words in (way[1], agreement(*way))]
    assert len({told["name", level] for level in LEVELS["name"][1:]}) == len(LEVELS["name"]) - 1
    assert compared("phone", language) != "phone"
    assert not [what for what in SAYS if said(what, language, 7) == said(what, "en", 7)]
