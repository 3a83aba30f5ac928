"""What a mapped field makes of a row: which source counts, what translates it, why a word is absent."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadsync.core import mapping as core
from leadsync.core.convert import CONVERTERS, Home
from leadsync.types import Record, Role

WARSAW = Home("PL", "EUR")


def field(name: str, *sources: str, steps: tuple[str, ...] = (), **more: Any) -> core.ReadField:
    return core.ReadField(name, sources, steps=tuple(CONVERTERS[s].read for s in steps), home=WARSAW, **more)


def said(*fields: core.ReadField, **row: Any) -> core.Said:
    return core.values_with_reasons(core.ObjectMapping("contacts", Role.LEAD, fields), Record("1", row))


def test_the_first_source_that_can_be_read_counts() -> None:
    phone = field("phone", "phone", "mobile", steps=("phone",))
    assert said(phone, phone="ask Ann", mobile="22 123 45 67") == ({"phone": "+48221234567"}, {})
    assert said(phone, phone="ask Ann", mobile="") == ({}, {"phone": "phone: 'ask Ann' is no phone number"})
    assert said(phone, phone=None, mobile=" ") == ({}, {})


def test_a_phone_is_read_by_the_country_of_its_row() -> None:
    country, phone = field("country", "land", steps=("country",)), field("phone", "phone", steps=("phone",))
    assert said(country, phone, land="Иран", phone="0912 345 67 89").values["phone"] == "+989123456789"


def test_converters_follow_each_other() -> None:
    budget = field("budget", "b", steps=("html", "digits", "money"))
    assert said(budget, b="<p>۵ ۰۰۰&nbsp;€</p>").values == {"budget": "5000"}


def test_a_number_that_is_no_text_is_that_number() -> None:
    budget = field("budget", "b", steps=("money",), exact=True)
    assert said(budget, b=1.234).values == {"budget": "1.234"}
    assert said(budget, b="1.234").values == {"budget": "1234"}
    assert said(budget, b=float("nan")).reasons == {"budget": "b: 'nan' is no amount of money"}
    assert said(budget, b=True).reasons == {"budget": "b: 'true' is no amount of money"}


def test_a_map_is_asked_before_the_converters() -> None:
    country = field("country", "c", steps=("country",), map={"hq": "PL"})
    assert said(country, c="HQ").values == {"country": "PL"}
    assert said(country, c="Iran").values == {"country": "IR"}
    assert said(country, c="moon").reasons == {"country": "c: 'moon' is no country"}


def test_a_default_is_for_all_else() -> None:
    mapped = field("need", "n", map={"a": "now"}, default="later")
    assert [said(mapped, n=value).values["need"] for value in ("A", "b", "", None)] == [
        "now",
        "later",
        "later",
        "later",
    ]
    unread = field("country", "c", steps=("country",), default="PL")
    assert [said(unread, c=value).values["country"] for value in ("Iran", "moon", None)] == ["IR", "PL", "PL"]


def test_a_value_is_cut_and_its_first_part_that_can_be_read_counts() -> None:
    email = field("email", "e", split=";", steps=("email",))
    assert said(email, e="none; Ann@example.com ;bob@example.com").values == {"email": "ann@example.com"}


def test_joined_are_all_parts_that_can_be_read() -> None:
    need = field("need", "topics", "more", split=";", join=", ", map={"x": "export"})
    assert said(need, topics="x; ;import", more="ads").values == {"need": "export, import, ads"}
    assert said(need, topics="").values == {}


def test_a_pattern_takes_the_part_that_counts() -> None:
    campaign = field("campaign", "url", match="utm_campaign=([^&]+)")
    assert said(campaign, url="/?a=1&utm_campaign=fair&b").values == {"campaign": "fair"}
    assert said(campaign, url="/none").reasons == {"campaign": "url: '/none' does not match"}


def test_text_of_any_script_survives() -> None:
    for text in ("سلام 👋🏽 دنیا", "שלום", "Łódź — ½", "a\u200fb", "👨‍👩‍👧"):
        assert said(field("need", "n"), n=f" {text} ").values == {"need": text}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.builds(
    lambda steps, split, match, join, map_, default, exact: field(
        "need", "a", "b", steps=steps, split=split, match=match, join=join, map=map_, default=default, exact=exact
    ),
    st.lists(st.sampled_from(sorted(CONVERTERS)), max_size=3).map(tuple),
    st.sampled_from(["", ";", " "]),
    st.sampled_from(["", "(.)$"]),
    st.sampled_from([None, ", "]),
    st.sampled_from([None, {"true": "x"}]),
    st.sampled_from([None, "d"]),
    st.booleans(),
)


@given(FIELDS, JSON, JSON)
def test_no_row_is_too_odd(field: core.ReadField, a: Any, b: Any) -> None:
    told = said(field, a=a, b=b)
    assert told == said(field, a=a, b=b)
    assert not (told.values and told.reasons)
    assert all(isinstance(value, str) and value for value in told.values.values())
    assert core.values(core.ObjectMapping("x", Role.LEAD, (field,)), Record("1", {"a": a, "b": b})) == told.values
