"""Pages become rows: records with their history, activities, outcomes, owners, cursors."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from store_kit import DAY, HOUR, MAPPING, MINUTE, NOW, Kit, record

from leadsync.config.facts import usual_tables
from leadsync.core.mapping import CrmMapping, ReadField
from leadsync.store import evaluation, keys, left_out, schema, sources
from leadsync.store.database import Store
from leadsync.sync.pull import Pull
from leadsync.types import Cursor, Gone, Value, WriteStatus

LATER = NOW + 2 * HOUR


def test_the_first_change_of_a_record_has_all_its_fields(kit: Kit) -> None:
    kit.keep("Lead", record("L1", Email="a@example.com", FirstName=None, Opens=0, at=NOW - DAY))

    [change] = kit.rows(schema.changes)
    assert change.fields == {"Email": "a@example.com", "FirstName": None, "Opens": 0}
    assert (change.happened_at, change.known_at) == (NOW - DAY, NOW)


def test_history_is_only_added_to(kit: Kit) -> None:
    kit.keep("Lead", record("L1", Email="a@example.com", FirstName="Ala", at=NOW - DAY))
    before = kit.rows(schema.changes)
    kit.keep("Lead", record("L1", Email="a@example.com", FirstName="Ola", at=NOW + HOUR), now=LATER)
    kit.keep("Lead", record("L1", Email="a@example.com", FirstName=None, at=NOW + 2 * HOUR), now=LATER + MINUTE)

    after = kit.rows(schema.changes)
    assert after[:1] == before
    assert [(c.fields, c.happened_at, c.known_at) for c in after[1:]] == [
        ({"FirstName": "Ola"}, NOW + HOUR, LATER),
        ({"FirstName": None}, NOW + 2 * HOUR, LATER + MINUTE),
    ]
    assert kit.record("Lead", "L1").fields == {"Email": "a@example.com", "FirstName": None}


def test_a_row_read_again_changes_and_marks_nothing(kit: Kit) -> None:
    row = record("L1", Email="a@example.com", FirstName="Ala", Opens=3)
    assert kit.keep("Lead", row).pulled == 1
    kit.clear()

    assert kit.keep("Lead", row, now=LATER).pulled == 0
    assert len(kit.rows(schema.changes)) == 1
    assert kit.marked() == set()


def test_a_number_in_another_dress_is_the_same_value(kit: Kit) -> None:
    kit.keep("Lead", record("L1", Score=73))
    kit.clear()
    for dress in (73.0, "73", " 73 "):
        kit.keep("Lead", record("L1", Score=dress), now=LATER)

    assert kit.marked() == set()


@pytest.mark.parametrize(("before", "after"), [("0048123456789", "48123456789"), ("48123456789", "+48123456789")])
def test_text_of_digits_is_no_number(kit: Kit, before: str, after: str) -> None:
    kit.keep("Lead", record("L1", Phone=before))
    kit.keep("Lead", record("L1", Phone=after), now=LATER)

    assert kit.record("Lead", "L1").fields == {"Phone": after}


def test_a_row_older_than_what_is_known_is_ignored(kit: Kit) -> None:
    kit.keep("Lead", record("L1", FirstName="new", at=NOW))
    kit.keep("Lead", record("L1", FirstName="old", at=NOW - HOUR), now=LATER)

    assert kit.record("Lead", "L1").fields == {"FirstName": "new"}
    assert len(kit.rows(schema.changes)) == 1


def test_activities_are_replaced_and_not_overwritten(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), record("L2"))
    task = {"Type": "in", "Subject": "price", "When": NOW.isoformat()}
    kit.keep("Task", record("T1", links={"Lead": ("L1",)}, **task))
    [first] = kit.rows(schema.activities)
    assert kit.told(schema.activities) == [("L1", "T1", "call_in")]

    kit.keep("Task", record("T1", links={"Lead": ("L1", "L2")}, **task | {"Type": "out"}), now=LATER)

    assert kit.told(schema.activities) == [("L1", "T1", "call_out"), ("L2", "T1", "call_out")]
    old = kit.rows(schema.activities)[0]
    assert (old.id, old.kind, old.known_at, old.closed_at) == (first.id, "call_in", NOW, LATER)


def test_what_an_activity_was_about_may_become_known_later(kit: Kit) -> None:
    kit.keep("Lead", record("L1", Opens=1, LastOpen=NOW.isoformat()))
    lead = kit.lead("Lead", "L1")
    for topic in (None, "price", "price"):
        kit.clear()
        kit.keep("Task", record("T1", links={"Lead": ("L1",)}, When=NOW.isoformat(), Topic=topic), now=LATER)
    assert kit.marked() == set()

    with kit.store.begin():
        found = evaluation.material(kit.store, [lead]).activities
    assert sorted(found.select("kind", "topic").rows()) == [
        ("call_out", "price"),
        ("email_open", "news"),
    ]
    closed = kit.rows(schema.activities, schema.activities.c.closed_at.is_not(None))
    assert [(row.topic, row.closed_at) for row in closed] == [(None, LATER)]


def test_an_activity_told_again_is_one_activity(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    task = record("T1", links={"Lead": ("L1",)}, Type="in", When=NOW.isoformat())
    kit.keep("Task", task)
    kit.clear()
    kept = kit.keep("Task", task, now=LATER)

    assert kept.activities == 0
    assert len(kit.rows(schema.activities)) == 1
    assert kit.marked() == set()


def test_a_deleted_activity_is_closed_and_its_lead_marked(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    kit.keep("Task", record("T1", links={"Lead": ("L1",)}, When=NOW.isoformat()))
    kit.clear()
    kit.keep("Task", gone=(Gone("T1"),), now=LATER)

    assert kit.told(schema.activities) == []
    assert kit.marked() == {kit.lead("Lead", "L1")}


def test_an_activity_may_come_before_its_person(kit: Kit) -> None:
    kit.keep("Task", record("T1", links={"Lead": ("L1",)}, When=NOW.isoformat()))
    assert kit.marked() == set()
    kit.keep("Lead", record("L1", Email="a@example.com"), now=LATER)

    assert kit.told(schema.activities) == [("L1", "T1", "call_out")]
    assert kit.marked() == {kit.lead("Lead", "L1")}


def test_counters_become_activity_by_difference(kit: Kit) -> None:
    kit.keep("Lead", record("L1", Opens=5, LastOpen=(NOW - DAY).isoformat()))
    kit.keep("Lead", record("L1", Opens=7, LastOpen=(NOW + HOUR).isoformat(), at=NOW + HOUR), now=LATER)
    kit.keep("Lead", record("L1", Opens=7, LastOpen=(NOW + HOUR).isoformat(), at=LATER), now=LATER)

    found = [(a.count, a.happened_at, a.known_at) for a in kit.rows(schema.activities)]
    assert found == [(1, NOW - DAY, NOW), (4, NOW - 30 * DAY, NOW), (2, NOW + HOUR, LATER)]


def test_outcomes_open_and_close_with_what_their_row_says(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    deal = {"Closed": NOW.isoformat(), "Amount": 500.5}
    kit.keep("Deal", record("D1", links={"Lead": ("L1",)}, Won=False, **deal))
    assert kit.told(schema.outcomes) == []
    kit.keep("Deal", record("D1", links={"Lead": ("L1",)}, Won=True, **deal), now=LATER)
    assert kit.told(schema.outcomes) == [("L1", "D1", "won")]
    [won] = kit.rows(schema.outcomes)
    assert (won.amount, won.happened_at, won.known_at) == (500.5, NOW, LATER)
    kit.keep("Deal", record("D1", links={"Lead": ("L1",)}, Won=False, **deal), now=LATER + DAY)
    assert kit.told(schema.outcomes) == []
    assert len(kit.rows(schema.outcomes)) == 1


def test_a_persons_own_row_can_be_an_outcome(kit: Kit) -> None:
    kit.keep("Lead", record("L1", Converted=True, ConvertedOn=NOW.isoformat()))
    assert kit.told(schema.outcomes) == [("L1", "L1", "converted")]


def test_owners_are_kept_as_they_are_now(kit: Kit) -> None:
    kit.keep(
        "User", record("U1", Email="Rep@Example.com", Name="Rep", Active=True), record("U2", Name="Q", Kind="Queue")
    )
    kit.keep("User", record("U1", Email="rep@example.com", Name="Rep", Active=False), gone=(Gone("U2"),), now=LATER)

    found = {o.ext_id: (o.email, o.kind, o.active) for o in kit.rows(schema.owners)}
    assert found == {"U1": ("rep@example.com", "person", False), "U2": ("", "person", False)}


def test_the_language_of_an_owner_is_kept_while_they_are_there(kit: Kit) -> None:
    def told() -> list[tuple[str, str, str, str, bool, str | None]]:
        with kit.store.begin():
            return evaluation.owners(kit.store)

    kit.keep("User", record("U1", Email="a@example.com"), record("U2", Email="b@example.com", Language="vi"))
    assert {(row[1], row[5]) for row in told()} == {("U1", None), ("U2", "vi")}
    kit.keep("User", record("U1", Email="a@example.com", Language="fa"), gone=(Gone("U2"),), now=LATER)
    assert sorted(told(), key=lambda row: row[1]) == [
        ("crm", "U1", "a@example.com", "person", True, "fa"), ("crm", "U2", "", "person", False, None),
    ]  # fmt: skip


def test_a_companys_change_marks_its_people(kit: Kit) -> None:
    kit.keep("Lead", record("L1", links={"Account": ("A1",)}), record("L2"))
    kit.clear()
    kit.keep("Account", record("A1", Name="Acme", Employees=10), now=LATER)

    assert kit.marked() == {kit.lead("Lead", "L1")}


def test_a_company_is_found_by_its_name_whenever_it_comes(kit: Kit) -> None:
    lead = replace(MAPPING.reads["Lead"], fields=(ReadField("company", ("Firm",)),))
    mapping = CrmMapping({**MAPPING.reads, "Lead": lead}, {})
    kit.pull = Pull(kit.store, mapping, usual_tables(), list(kit.sources.values()))
    kit.keep("Lead", record("L1", Firm="Acme sp. z o.o."), record("L2", Firm="Zenith"))
    kit.clear()
    kit.keep("Account", record("A1", Name="ACME", Employees="120"))
    one, other, company = kit.lead("Lead", "L1"), kit.lead("Lead", "L2"), kit.record("Account", "A1").id
    assert kit.marked() == {one}
    with kit.store.begin():
        assert list(evaluation.material(kit.store, [one, other]).near.values()) == [[company]]
    kit.clear()
    kit.keep("Account", record("A1", at=NOW, Name="Zenith", Employees="120"))
    assert kit.marked() == {one, other}  # of the one it is no more
    kit.clear()
    kit.keep("Account", gone=(Gone("A1", NOW),))
    assert kit.marked() == {other}


def test_a_deleted_company_marks_its_people(kit: Kit) -> None:
    kit.keep("Account", record("A1", Name="Acme", Employees=10))
    kit.keep("Lead", record("L1", links={"Account": ("A1",)}), record("L2"))
    kit.clear()
    kit.keep("Account", gone=(Gone("A1"),), now=LATER)

    assert kit.marked() == {kit.lead("Lead", "L1")}


# cursors


def test_a_cursor_moves_with_its_page(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), head_at=NOW, head_id="L1", backfill_token="next")

    with kit.store.begin():
        lead = next(s for s in sources.load(kit.store) if s.object == "Lead")
    assert (lead.head, lead.backfill_token, lead.backfilled_at) == (Cursor(NOW, "L1"), "next", None)


@pytest.mark.parametrize("bad", [{"no_such_column": 1}, {"head_at": "not a moment"}])
def test_a_page_that_fails_moves_nothing(kit: Kit, bad: dict[str, object]) -> None:
    kit.keep("Lead", record("L1", FirstName="before"), head_at=NOW, head_id="L1")
    tables = [t for t in schema.metadata.sorted_tables if t.name != "lease"]
    before = {table.name: kit.rows(table) for table in tables}

    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is, it must leave nothing behind
        kit.keep(
            "Lead", record("L1", FirstName="after", at=NOW), record("L2", links={"Account": ("A1",)}), now=LATER, **bad
        )

    assert {table.name: kit.rows(table) for table in tables} == before
    kit.keep("Lead", record("L2"), now=LATER)  # ids are counted from what is really there
    assert kit.record("Lead", "L2").id == kit.record("Lead", "L1").id + 1


def test_an_object_asked_for_new_fields_is_read_again(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), head_at=NOW, settled_at=NOW, backfilled_at=NOW)
    role, fields = kit.sources["Lead"].role, kit.sources["Lead"].fields
    with kit.store.begin():
        [same] = sources.prepare(kit.store, "crm", [("Lead", role, fields[:-1])])
        [more] = sources.prepare(kit.store, "crm", [("Lead", role, (*fields, "Phone"))])

    assert (same.head, same.backfilled_at) == (Cursor(NOW), NOW)
    assert (more.head, more.settled, more.backfilled_at) == (None, None, None)
    assert more.id == same.id == kit.sources["Lead"].id


# what stands in the CRM, against what we wrote


def written(kit: Kit, *, stamp: object = None) -> None:
    """Score 5 was written to L1, which had 1, and confirmed at NOW."""
    kit.keep("Lead", record("L1", Score=1, FirstName="Ala", at=NOW - DAY), now=NOW - HOUR)
    kit.settle(kit.plan("Lead", "L1", Score=(1, 5)), WriteStatus.APPLIED, stamp=stamp)  # type: ignore[arg-type]
    kit.clear()


def test_a_page_read_before_the_confirmation_cannot_take_the_write_back(kit: Kit) -> None:
    written(kit)
    row = record("L1", Score=1, FirstName="Ola", at=NOW - MINUTE)
    kit.keep("Lead", row, now=LATER, read_at=NOW - MINUTE)

    assert kit.record("Lead", "L1").fields == {"Score": 5, "FirstName": "Ola"}


def test_a_row_with_an_older_stamp_than_the_write_cannot_take_it_back(kit: Kit) -> None:
    written(kit, stamp=NOW - MINUTE)
    kit.keep("Lead", record("L1", Score=1, FirstName="Ola", at=NOW - 2 * MINUTE), now=LATER)

    assert kit.record("Lead", "L1").fields == {"Score": 5, "FirstName": "Ola"}


def test_a_later_edit_of_our_field_is_seen(kit: Kit) -> None:
    written(kit, stamp=NOW - MINUTE)
    kit.keep("Lead", record("L1", Score=99, FirstName="Ala", at=NOW + MINUTE), now=LATER)

    row = kit.record("Lead", "L1")
    assert row.fields == {"Score": 99, "FirstName": "Ala"}
    assert row.ours["Score"][0] == 5  # what we wrote is another thing than what stands there
    assert kit.marked() == {row.lead_id}


def test_our_own_echo_marks_nothing(kit: Kit) -> None:
    written(kit, stamp=NOW)
    kit.keep("Lead", record("L1", Score="5", FirstName="Ala", at=NOW), now=LATER)

    assert kit.marked() == set()


def test_a_store_that_is_opened_again_holds_the_same(kit: Kit, opened: Callable[..., Store], tmp_path: Path) -> None:
    kit.keep("Lead", record("L1", Email="żółw@example.com", Note="a\x1fb ‏سلام"))
    before = kit.rows(schema.records)
    kit.store.close()

    assert Kit(opened(create=False)).rows(schema.records) == before


@pytest.mark.parametrize("odd", ["a\0b", "half a pair: \ud83d", 10**30, -0.0, float("nan"), float("inf")])
def test_a_value_that_a_database_cannot_hold_stops_no_page(kit: Kit, odd: Value) -> None:
    kit.keep("Lead", record("L1", Email=odd, FirstName=odd, Opens=odd), record("L2", FirstName="Ala"))
    kit.keep("Task", record("T1", links={"Lead": ("L1",)}, Subject=odd, When=NOW.isoformat()))
    kit.keep("User", record("U1", Name=odd, Email=odd))
    kit.keep("Deal", record("D1", links={"Lead": ("L2",)}, Won=True, Amount=odd))

    assert kit.record("Lead", "L2").fields == {"FirstName": "Ala"}
    assert [whose for whose, _, _ in kit.told(schema.activities)].count("L1") >= 1


def test_a_key_that_very_many_companies_have_is_of_no_use(kit: Kit):
    few, many = 7, 8
    with kit.store.begin():
        keys.replace(kit.store, keys.COMPANY, {n: [few, many] if n < keys.MOST else [many] for n in range(100)})
        keys.replace(kit.store, keys.PERSON, {200: [few], 201: [many], 202: [9]})
        assert keys.companies_near(kit.store, [200, 201, 202]) == {200: [*range(keys.MOST)]}


def test_rows_that_tell_less_than_they_should_are_known_until_they_are_mended_or_gone(kit: Kit) -> None:
    def left() -> list[tuple[str, int, bool]]:
        with kit.store.reading() as db:
            return sorted((each["object"], each["rows"], each["more"]) for each in left_out.summary(db, 0))

    kit.keep("Lead", record("L1"))
    deals = [record(f"D{n}", links={"Lead": ("L1",)}, Won=True, Closed="soon") for n in range(3)]
    kit.keep("Deal", *deals)
    kit.keep("Task", *(record(f"T:{n}", at=None, When="soon") for n in range(2)))
    assert left() == [("Deal", 3, False)]  # tasks stand at their creation
    assert [whose for whose, *_ in kit.told(schema.outcomes)] == ["L1"] * 3
    kit.keep("Deal", record("D0", links={"Lead": ("L1",)}, Won=True, Closed="2026-11-20"), gone=(Gone("D1"),))
    assert left() == [("Deal", 1, False)]
    many = {f"T:{n}": ("why", [n]) for n in range(left_out.MOST + 5)}
    with kit.store.begin():
        left_out.note(kit.store, kit.sources["Task"].id, many, many)
        assert {row.ext_id for row in left_out.rows(kit.store.connection)} == {"D2", *list(many)[: left_out.MOST]}
    assert left() == [("Deal", 1, False), ("Task", left_out.MOST, True)]
    with kit.store.begin():
        left_out.forget(kit.store, [0, 3])
    assert left()[1] == ("Task", left_out.MOST - 2, False)
