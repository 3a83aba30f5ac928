"""Every record in scope belongs to exactly one lead, from the first pull on."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_kit import DAY, NOW, Kit, record

from leadsync.store import agenda, evaluation, routing, schema
from leadsync.types import Gone, Moved


def converted(lead: str, contact: str) -> Moved:
    return Moved(lead, "Contact", contact, "converted", NOW)


def merged(loser: str, winner: str, obj: str = "Lead") -> Moved:
    return Moved(loser, obj, winner, "merged", NOW)


def consistent(kit: Kit) -> None:
    """One open membership per person's record, the one that the record names; only people are in leads."""
    people = {kit.sources["Lead"].id, kit.sources["Contact"].id}
    records = kit.rows(schema.records)
    opened = [(m.record_id, m.lead_id) for m in kit.rows(schema.membership, schema.membership.c.closed_at.is_(None))]
    assert sorted(opened) == sorted((r.id, r.lead_id) for r in records if r.lead_id is not None)
    assert all(r.source_id in people for r in records if r.lead_id is not None)
    assert all(r.lead_id is not None for r in records if r.source_id in people and r.fields is not None)


def test_each_record_is_in_one_lead_from_the_first_pull(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), record("L2"))
    kit.keep("Contact", record("C1"))

    consistent(kit)
    assert len({kit.lead("Lead", "L1"), kit.lead("Lead", "L2"), kit.lead("Contact", "C1")}) == 3


def test_a_page_that_names_a_row_twice_makes_one_lead(kit: Kit) -> None:
    kit.keep("Lead", record("L1", FirstName="a"), record("L1", FirstName="b", at=NOW))

    consistent(kit)
    assert len(kit.rows(schema.leads)) == 1
    assert kit.record("Lead", "L1").fields == {"FirstName": "b"}


ARRIVALS = {
    "lead": lambda kit: kit.keep("Lead", record("L1", Email="a@example.com")),
    "contact": lambda kit: kit.keep("Contact", record("C1", Email="a@example.com")),
    "task": lambda kit: kit.keep("Task", record("T1", links={"Contact": ("C1",)}, When=NOW.isoformat())),
}


@pytest.mark.parametrize("order", list(permutations(ARRIVALS)), ids="-".join)
def test_a_converted_lead_and_its_contact_are_one_lead_in_any_order(kit: Kit, order: tuple[str, ...]) -> None:
    for what in order:
        ARRIVALS[what](kit)
        if what == "lead":
            kit.keep("Lead", moved=(converted("L1", "C1"),))

    consistent(kit)
    assert kit.lead("Lead", "L1") == kit.lead("Contact", "C1")
    assert kit.record("Lead", "L1").gone_at == NOW
    assert kit.record("Contact", "C1").gone_at is None
    assert kit.marked() == {kit.lead("Lead", "L1")}


def test_a_conversion_is_known_when(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    kit.keep("Contact", record("C1"))
    kit.keep("Lead", moved=(converted("L1", "C1"),), now=NOW + DAY)

    contact = kit.record("Contact", "C1").id
    told = [(m.known_at, m.closed_at) for m in kit.rows(schema.membership, schema.membership.c.record_id == contact)]
    assert told == [(NOW, NOW + DAY), (NOW + DAY, None)]


def test_a_moved_row_stays_moved_when_it_is_read_again(kit: Kit) -> None:
    kit.keep("Lead", record("L1", FirstName="a"))
    kit.keep("Lead", record("L1", FirstName="b", at=NOW), moved=(converted("L1", "C1"),))
    kit.keep("Lead", record("L1", FirstName="c", at=NOW + DAY), moved=(converted("L1", "C1"),), now=NOW + DAY)

    consistent(kit)
    assert kit.record("Lead", "L1").gone_at == NOW


def test_merges_in_a_row_end_in_one_lead(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(5)))
    kit.keep("Lead", moved=(merged("L4", "L3"), merged("L3", "L1"), merged("L2", "L1")))
    kit.keep("Lead", moved=(merged("L1", "L0"),), now=NOW + DAY)

    consistent(kit)
    assert len({kit.lead("Lead", f"L{i}") for i in range(5)}) == 1
    assert [i for i in range(5) if kit.record("Lead", f"L{i}").gone_at is None] == [0]


def test_a_deleted_row_that_comes_back_is_alive_again(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    lead = kit.lead("Lead", "L1")
    kit.keep("Lead", gone=(Gone("L1", NOW),))
    assert kit.record("Lead", "L1").gone_at == NOW
    kit.clear()
    kit.keep("Lead", record("L1", at=NOW + DAY), now=NOW + DAY)

    assert kit.record("Lead", "L1").gone_at is None
    assert kit.lead("Lead", "L1") == lead
    assert kit.marked() == {lead}


def test_the_lead_that_was_united_away_leaves_no_result(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), record("L2"))
    left, stays = kit.lead("Lead", "L2"), kit.lead("Lead", "L1")
    with kit.store.begin():
        results = [kit.result(lead, due=NOW + DAY, rep=f"rep{lead}") for lead in (stays, left)]
        evaluation.save(kit.store, [evaluation.Decision(result) for result in results], [], NOW)
    kit.keep("Lead", moved=(merged("L2", "L1"),))

    with kit.store.begin():
        assert agenda.due(kit.store, NOW + 2 * DAY, (), 10) == (stays,)
        assert routing.turns(kit.store, [f"rep{stays}", f"rep{left}"]).load == {f"rep{stays}": 1}


def test_a_merged_company_hands_its_people_on_and_is_no_lead(kit: Kit) -> None:
    kit.keep("Account", record("A1", Name="Acme"), record("A2", Name="Acme Inc"))
    kit.keep("Lead", record("L1", links={"Account": ("A1",)}))
    kit.clear()
    kit.keep("Account", moved=(merged("A1", "A2", "Account"),))

    consistent(kit)
    assert kit.record("Lead", "L1").company_id == kit.record("Account", "A2").id
    assert kit.marked() == {kit.lead("Lead", "L1")}


def test_a_row_that_moved_to_where_nobody_reads_is_gone(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    kit.clear()
    page = Moved("L1", "Person", "P1", "converted", NOW)
    kit.keep("Lead", moved=(page,), now=NOW + DAY)
    kit.keep("Lead", moved=(page,), now=NOW + 2 * DAY)

    assert kit.record("Lead", "L1").gone_at == NOW
    assert kit.marked() == {kit.lead("Lead", "L1")}


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("row"), st.sampled_from(["L0", "L1", "L2", "C0", "C1"]), st.just("")),
        st.tuples(st.just("gone"), st.sampled_from(["L0", "L1", "L2", "C0", "C1"]), st.just("")),
        st.tuples(st.just("moved"), st.sampled_from(["L0", "L1", "L2"]), st.sampled_from(["C0", "C1", "L0"])),
        st.tuples(st.just("task"), st.sampled_from(["L0", "L1", "C0", "C1"]), st.just("")),
    ),
    max_size=20,
)  # fmt: skip


def _object(id_: str) -> str:
    return "Lead" if id_[0] == "L" else "Contact"


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(events=EVENTS)
def test_whatever_happens_each_record_is_in_exactly_one_lead(kit: Kit, events: list[Any]) -> None:
    names: dict[str, str] = {}
    suffix = f"-{len(kit.rows(schema.leads))}-{len(kit.rows(schema.records))}"  # one store serves all examples
    for i, (what, a, b) in enumerate(events):
        now, first, second = NOW + i * DAY, a + suffix, b + suffix
        if what == "row":
            kit.keep(_object(a), record(first, Email="e", at=now), now=now)
        elif what == "gone":
            kit.keep(_object(a), gone=(Gone(first, now),), now=now)
        elif what == "task":
            kit.keep("Task", record(f"T{i}{suffix}", links={_object(a): (first,)}, When=now.isoformat()), now=now)
        elif a != b:
            kit.keep("Lead", moved=(Moved(first, _object(b), second, "merged", now),), now=now)
            names[first] = second
        consistent(kit)
    moved = {r.id: r for r in kit.rows(schema.records)}
    assert all(moved[r.moved_to].lead_id == r.lead_id for r in moved.values() if r.moved_to is not None)
