"""Which fields leadsync wants in an account, and how they should be."""

import pytest

from leadsync import catalog
from leadsync.core.line import LONGEST
from leadsync.core.mapping import CrmMapping
from leadsync.core.wanted import DESCRIPTIONS, OF_FIELDS, wanted
from leadsync.core.write_field import WriteField
from leadsync.types import FieldSchema, ObjectSchema, WantedField

WORDS = {"temperature": ("cold", "warm", "hot"), "stage": ("suspect", "MQL", "SQL")}


def want(*writes: WriteField, there: tuple[str, ...] = ()) -> list[WantedField]:
    schema = ObjectSchema("people", {name: FieldSchema(name, "text") for name in there})
    return list(wanted(CrmMapping({}, {"people": writes, "unseen": writes}), WORDS, {"people": schema}))


def test_numbers_words_and_texts():
    score, heat, why = want(
        WriteField("a", "score"), WriteField("b", "temperature"), WriteField("c", "reasons"), WriteField("d", "owner")
    )
    assert score == WantedField("people", "a", "number", "Leadsync score", DESCRIPTIONS["score"])
    assert (heat.type, heat.options) == ("enum", (("cold", "Cold"), ("warm", "Warm"), ("hot", "Hot")))
    assert (why.type, why.length, why.label) == ("text", LONGEST, "Leadsync reasons")
    assert why.length is not None
    assert why.length <= 255


def test_options_are_those_of_the_map_lowest_first_and_once():
    words = {"SQL": "working", "MQL": "nurturing", "suspect": "working"}
    (stage,) = want(WriteField("s", "stage", map=words))
    assert stage.options == (("working", "Working"), ("nurturing", "Nurturing"))
    (score,) = want(WriteField("s", "score", map={"73": "high"}))
    assert (score.type, score.options) == ("enum", (("high", "High"),))


def test_a_format_a_length_and_a_language_make_other_options():
    points, short, heat, anyones = want(
        WriteField("a", "score", format="{} points"),
        WriteField("b", "stage", format="at {}", length=6),
        WriteField("c", "temperature", language="vi"),
        WriteField("d", "temperature", map={"hot": "Hot", "cold": None}),
    )
    assert (points.type, points.length) == ("text", LONGEST)
    assert [option for option, _ in short.options] == ["at su…", "at MQL", "at SQL"]
    assert heat.options == (("lạnh", "Lạnh"), ("ấm", "Ấm"), ("nóng", "Nóng"))
    assert anyones.options == (("Hot", "Hot"),)
    (owners,) = want(WriteField("e", "temperature", language="owner"))
    assert len(owners.options) == len(catalog.LANGUAGES) * 3


def test_fields_that_are_written_are_wanted_by_their_type_where_there_are_none():
    renewal = catalog.Word("renewal", "date", {"en": "end of contract"})
    country, end = want(WriteField("a", "country", "if_empty"), WriteField("b", "renewal", declared=renewal))
    assert country == WantedField("people", "a", "text", "Leadsync country", OF_FIELDS, (), LONGEST)
    assert (end.type, end.label) == ("date", "Leadsync end of contract")
    assert not want(WriteField("a", "country", "if_empty"), there=("a",))


@pytest.mark.parametrize("policy", ["always", "forward_only"])
def test_what_people_edit_too_is_wanted_only_where_there_is_none(policy: str):
    write = WriteField("s", "stage", policy)
    assert [field.name for field in want(write)] == ["s"]
    assert len(want(write, there=("s",))) == (policy == "always")


def test_every_result_but_an_owner_is_described_in_a_sentence():
    assert DESCRIPTIONS.keys() == catalog.RESULTS.keys() - {"owner"}
    assert all(text.endswith(".") and len(text) < 120 for text in DESCRIPTIONS.values())
