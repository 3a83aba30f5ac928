import re

import pytest

from leadsync.catalog import ACTIVITIES, ATTRIBUTES, DESIGNED, FIELDS, LANGUAGES, NOT_INTEREST, RESULTS, unknown_word

ALL = {**FIELDS, **ACTIVITIES, **ATTRIBUTES, **RESULTS}


def test_every_word_is_there_once_with_a_label_in_every_language() -> None:
    assert len(ALL) == sum(map(len, (FIELDS, ACTIVITIES, ATTRIBUTES, RESULTS)))
    assert not DESIGNED & set(ALL)
    assert set(ACTIVITIES) >= NOT_INTEREST
    for name, word in ALL.items():
        assert word.name == name
        assert re.fullmatch("[a-z]+(_[a-z]+)*", name)
        assert word.type in ("text", "number", "bool", "date")
        assert tuple(word.labels) == LANGUAGES
        assert all(label.strip() == label != "" for label in word.labels.values())


@pytest.mark.parametrize("word", ALL.values(), ids=ALL)
def test_labels_are_in_the_letters_of_their_language(word: object) -> None:
    labels = ALL[word.name].labels  # type: ignore[attr-defined]
    assert re.search("[а-я]", labels["ru"]) or labels["ru"] == "e-mail"
    assert re.fullmatch("[آ-ی\u200c ٔة]+", labels["fa"])
    assert not re.search("[يك]", labels["fa"])  # the Arabic letters


@pytest.mark.parametrize(
    ("word", "kind", "sentence"),
    [
        ("emial", "field", "unknown field 'emial'; did you mean 'email'?"),
        ("Email", "field", "unknown field 'Email'; did you mean 'email'?"),
        ("metting", "activity", "unknown activity 'metting'; did you mean 'meeting'?"),
        ("scor", "result", "unknown result 'scor'; did you mean 'score'?"),
        ("qqqq", "field", "unknown field 'qqqq'"),
        ("visit", "field", "'visit' is an activity and cannot be used here"),
        ("probability", "field", "'probability' is not available yet"),
        ("urgency", "result", "'urgency' is not available yet"),
        ("topic", "field", "'topic' is an attribute of activities and cannot be used here"),
        (
            "topic",
            "word",
            "'topic' is about a single activity: only `when` of a scoring rule with `per` can test it",
        ),
    ],
)
def test_why_a_word_cannot_be_used(word: str, kind: str, sentence: str) -> None:
    assert unknown_word(word, kind) == sentence


def test_declared_words_are_guessed_as_well() -> None:
    assert unknown_word("shoe_sise", "field", ["shoe_size"]) == "unknown field 'shoe_sise'; did you mean 'shoe_size'?"
