"""Which fields of an account take what a mapping writes."""

import pytest

from leadsync.catalog import Word
from leadsync.core.fit import unwritable
from leadsync.core.write_field import WriteField
from leadsync.types import FieldSchema, ObjectSchema

VALUES = {"temperature": ("cold", "warm", "hot")}
VIP, RENEWAL = (Word(name, type_, {}) for name, type_ in (("vip", "bool"), ("renewal", "date")))


def misfits(write: WriteField, type_: str, *options: str) -> list[str]:
    schema = ObjectSchema("people", {"f": FieldSchema("f", type_, options=options)})
    return [misfit.code for misfit in unwritable("people", [write], schema, VALUES)]


@pytest.mark.parametrize(
    ("write", "fits", "unfit"),
    [
        (WriteField("f", "score"), {"number", "text"}, {"enum", "bool", "date", "datetime", "ref"}),
        (WriteField("f", "score", format="{} points"), {"text", "enum"}, {"number"}),
        (WriteField("f", "employees", "if_empty"), {"number", "text"}, {"enum"}),
        (WriteField("f", "country", "if_empty"), {"text", "enum", "multi"}, {"number", "bool", "date"}),
        (WriteField("f", "vip", declared=VIP), {"bool", "text", "enum"}, {"number", "date"}),
        (WriteField("f", "renewal", declared=RENEWAL), {"date", "text"}, {"number", "bool", "enum"}),
        (WriteField("f", "owner", "if_unowned"), {"ref", "text"}, {"number", "date"}),
    ],
)
def test_a_field_takes_what_is_of_its_type(write: WriteField, fits: set[str], unfit: set[str]) -> None:
    assert [type_ for type_ in fits if misfits(write, type_)] == []
    assert [type_ for type_ in unfit if misfits(write, type_) != ["wrong_type"]] == []


@pytest.mark.parametrize(
    ("write", "options", "lacking"),
    [
        (WriteField("f", "temperature"), ("hot", "warm", "cold"), False),
        (WriteField("f", "temperature", language="pl"), ("hot", "warm", "cold"), True),
        (WriteField("f", "temperature", language="pl"), ("gorący", "ciepły", "zimny"), False),
        (WriteField("f", "temperature", language="owner"), ("gorący", "ciepły", "zimny"), True),
        (WriteField("f", "temperature", map={"hot": "A", "cold": None}), ("A",), False),
        (WriteField("f", "temperature", map={"hot": "A", "cold": "C"}), ("A",), True),
        (WriteField("f", "temperature", format="is {}"), ("is hot", "is warm", "is cold"), False),
        (WriteField("f", "country", "if_empty"), ("PL",), False),  # it is not known beforehand what comes
    ],
)
def test_a_field_has_all_options_that_are_ever_written(
    write: WriteField, options: tuple[str, ...], lacking: bool
) -> None:
    assert misfits(write, "enum", *options) == (["option_missing"] if lacking else [])
