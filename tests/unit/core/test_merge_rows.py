"""What merging rows of one lead comes to: which stays, what it says then, and what is lost."""

from typing import Any

from leadsync.core.mapping import ObjectMapping, ReadField, text
from leadsync.core.merging import Row, merges
from leadsync.core.survivorship import About, Rule
from leadsync.types import Role

FIELDS = {"email": "mail", "phone": "tel", "job_title": "title", "city": "town", "consent": "ok"}
MAPPING = ObjectMapping("Row", Role.LEAD, tuple(ReadField(n, (f,)) for n, f in FIELDS.items()), owner="owner")


def row(id_: int, *, created: int = 0, owner: str = "", **said: Any) -> Row:
    fields = {FIELDS[name]: value for name, value in said.items()}
    return Row(id_, {**fields, "owner": owner, "score": id_}, said, About("crm", created))


ONE = row(1, email="a@x", phone="1", owner="ann")
TWO = row(2, email="b@x", phone="2", job_title="CEO", city="Kyiv", owner="bob", created=9)


def test_the_row_of_which_most_is_known_stays_and_the_trusted_one_speaks() -> None:
    [found] = merges([ONE, TWO], MAPPING, {}, ())
    assert (found.kept, found.other, found.calls) == (2, 1, 4)
    assert found.fields == {"tel": ("2", "1")}
    assert found.lost == {"mail": "a@x", "tel": "2", "owner": "ann"}


def test_a_rule_says_whose_value_is_written() -> None:
    [found] = merges([ONE, TWO], MAPPING, {"phone": Rule("newest")}, ())
    assert (found.fields, found.calls) == ({}, 3)
    [found] = merges([ONE, TWO], MAPPING, {}, ("tel",))
    assert "tel" not in {**found.fields, **found.lost}


def test_of_equals_the_first_stays_and_takes_in_all_others() -> None:
    found = merges([ONE, row(3, phone="1", email="c@x"), row(4, phone="1", email="d@x")], MAPPING, {}, ())
    assert [(each.kept, each.other) for each in found] == [(1, 3), (1, 4)]
    assert merges([ONE], MAPPING, {}, ()) == []


def test_a_denied_consent_wins_wherever_it_stands() -> None:
    denies = row(5, consent="denied", email="e@x")
    [found] = merges([row(6, consent="granted", email="f@x", phone="1"), denies], MAPPING, {}, ())
    assert found.fields == {"ok": ("granted", "denied")}
    assert text(found.lost["ok"]) == "granted"


def test_where_nobody_can_write_consent_the_row_that_denies_it_stays() -> None:
    [found] = merges(
        [row(6, consent="granted", email="f@x", phone="1"), row(5, consent="denied")], MAPPING, {}, ("ok",)
    )
    assert (found.kept, found.fields) == (5, {})
