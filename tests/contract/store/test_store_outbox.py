"""Writes: intended before the call, settled by what the CRM answered; results, marks and what is due."""

from datetime import timedelta

import pytest
from store_kit import DAY, HOUR, MINUTE, NOW, Kit, record

from leadsync.store import again, agenda, evaluation, outbox, routing, runs, schema, sources
from leadsync.types import WriteStatus

CONFIRMED = [WriteStatus.APPLIED, WriteStatus.UNCHANGED]
OTHERS = [status for status in WriteStatus if status not in CONFIRMED]


@pytest.fixture
def one(kit: Kit) -> Kit:
    """One lead whose score in the CRM is 1."""
    kit.keep("Lead", record("L1", Score=1, Reasons=None))
    kit.clear()
    return kit


def test_an_intent_is_open_until_it_is_settled(one: Kit) -> None:
    write = one.plan("Lead", "L1", Score=(1, 5))
    with one.store.begin():
        [found] = outbox.unsettled(one.store)
        assert (found.id, found.record_id, found.ext_id, found.state) == (write.id, write.record_id, "L1", "planned")
        assert found.fields == {"Score": [1, 5]}
        outbox.sent(one.store, [write], NOW)
        assert [w.state for w in outbox.unsettled(one.store)] == ["sent"]
    one.settle(write, WriteStatus.APPLIED)
    with one.store.begin():
        assert outbox.unsettled(one.store) == []


@pytest.mark.parametrize("status", CONFIRMED)
def test_a_confirmed_write_moves_ours_and_what_is_seen(one: Kit, status: WriteStatus) -> None:
    one.settle(one.plan("Lead", "L1", Score=(1, 5)), status, now=NOW + HOUR, stamp=NOW + MINUTE)

    row = one.record("Lead", "L1")
    assert row.fields == {"Score": 5, "Reasons": None}
    assert row.ours["Score"][0] == 5
    assert (row.wrote_at, row.wrote_stamp) == (NOW + HOUR, NOW + MINUTE)


@pytest.mark.parametrize("status", OTHERS)
def test_an_unconfirmed_write_moves_neither(one: Kit, status: WriteStatus) -> None:
    write = one.plan("Lead", "L1", Score=(1, 5))
    one.settle(write, status)

    row = one.record("Lead", "L1")
    assert (row.fields, row.ours, row.wrote_at) == ({"Score": 1, "Reasons": None}, None, None)
    assert one.state(write) == ("dropped" if status is WriteStatus.RETRY else status)


def test_ours_of_other_fields_stays(one: Kit) -> None:
    one.settle(one.plan("Lead", "L1", Score=(1, 5), Reasons=(None, "why")), WriteStatus.APPLIED)
    one.settle(one.plan("Lead", "L1", Score=(5, 6)), WriteStatus.APPLIED, now=NOW + HOUR)

    assert {name: pair[0] for name, pair in one.record("Lead", "L1").ours.items()} == {"Score": 6, "Reasons": "why"}


@pytest.mark.parametrize("status", [WriteStatus.RETRY, WriteStatus.CONFLICT])
def test_what_has_to_be_tried_again_is_marked(one: Kit, status: WriteStatus) -> None:
    one.settle(one.plan("Lead", "L1", Score=(1, 5)), status)
    assert one.marked() == {one.lead("Lead", "L1")}


def test_a_refused_write_is_remembered_until_one_is_confirmed(one: Kit) -> None:
    write = one.plan("Lead", "L1", Score=(1, 5))
    one.settle(write, WriteStatus.REJECTED, code="BAD")
    assert one.record("Lead", "L1").refused == {"Score": 5}
    assert one.marked() == set()
    with one.store.reading() as db:
        [refused] = runs.summary(db, NOW)["refused"]
    assert (refused["object"], refused["ext_id"], refused["code"]) == ("Lead", "L1", "BAD")

    one.settle(one.plan("Lead", "L1", Score=(1, 6)), WriteStatus.APPLIED)
    assert one.record("Lead", "L1").refused is None
    with one.store.reading() as db:
        assert runs.summary(db, NOW)["refused"] == []


def test_refusals_are_forgotten_when_the_rules_change(one: Kit) -> None:
    one.settle(one.plan("Lead", "L1", Score=(1, 5)), WriteStatus.REJECTED)
    with one.store.begin():
        outbox.forget_refusals(one.store, [source.id for source in sources.load(one.store)])
    assert one.record("Lead", "L1").refused is None


def test_a_dropped_write_is_planned_again(one: Kit) -> None:
    write = one.plan("Lead", "L1", Score=(1, 5))
    with one.store.begin():
        outbox.drop(one.store, [write], NOW)
        assert outbox.unsettled(one.store) == []
    assert one.state(write) == "dropped"
    assert one.marked() == {one.lead("Lead", "L1")}


# marks


def test_evaluation_clears_only_the_marks_that_it_read(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    with kit.store.begin():
        marks = agenda.touched(kit.store, (), 10)
    kit.keep("Lead", record("L1", FirstName="Ola", at=NOW), now=NOW + HOUR)  # arrives meanwhile
    lead = kit.lead("Lead", "L1")
    with kit.store.begin():
        evaluation.save(kit.store, [evaluation.Decision(kit.result(lead))], marks.seqs[lead], NOW)
    assert kit.marked() == {lead}


def test_a_lead_waits_once_behind_what_has_just_happened(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), record("L2"))
    kit.keep("Task", *(record(task, links={"Lead": ("L1",)}, When=NOW.isoformat()) for task in ("T1", "T2")))
    kit.clear()
    with kit.store.begin():
        again.mark_source(kit.store, kit.sources["Task"])
        again.mark_source(kit.store, kit.sources["Lead"])
        agenda.mark_all(kit.store)
    marks = [(mark.record_id, mark.late) for mark in kit.rows(schema.dirty)]
    assert marks == [(kit.record("Lead", "L1").id, 1), (kit.record("Lead", "L2").id, 1)]


def test_marks_of_busy_leads_wait_and_hold_nobody_up(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(6)))
    busy = {kit.lead("Lead", f"L{i}") for i in range(4)}
    with kit.store.begin():
        marks = agenda.touched(kit.store, busy, 2)
    assert set(marks.leads) == {kit.lead("Lead", "L4"), kit.lead("Lead", "L5")}
    assert len(kit.marked()) == 6


@pytest.mark.parametrize("url", ["sqlite:///leadsync.db"])  # which counts its steps
def test_the_next_leads_cost_the_same_however_many_wait(one: Kit) -> None:
    def steps() -> int:
        counted, raw = [0], one.store.connection.connection.driver_connection

        def count() -> None:
            counted[0] += 1

        with one.store.begin():
            raw.set_progress_handler(count, 1)
            assert len(agenda.touched(one.store, (), 20).leads) == 20
            raw.set_progress_handler(None, 0)
        return counted[0]

    one.keep("Lead", *(record(f"L{i}") for i in range(100)))
    with one.store.begin():
        agenda.mark_all(one.store)
    few = steps()
    one.keep("Lead", *(record(f"M{i}") for i in range(900)))
    with one.store.begin():
        agenda.mark_all(one.store)
    assert steps() < 2 * few


def test_due_leads_that_are_busy_hold_nobody_up(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(4)))
    leads = [kit.lead("Lead", f"L{i}") for i in range(4)]
    with kit.store.begin():
        results = [kit.result(lead, due=NOW - (4 - i) * DAY) for i, lead in enumerate(leads)]
        evaluation.save(kit.store, [evaluation.Decision(result) for result in results], [], NOW)
        assert agenda.due(kit.store, NOW, set(leads[:2]), 2) == tuple(leads[2:])


def test_what_is_due_comes_the_longest_due_first(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(4)))
    a, b, c, d = (kit.lead("Lead", f"L{i}") for i in range(4))
    due = {a: NOW, b: NOW - DAY, c: NOW + timedelta(microseconds=1), d: None}
    with kit.store.begin():
        decisions = [evaluation.Decision(kit.result(lead, due=moment)) for lead, moment in due.items()]
        evaluation.save(kit.store, decisions, [], NOW)
        assert agenda.due(kit.store, NOW, (), 10) == (b, a)
        assert agenda.due(kit.store, NOW - 2 * DAY, (), 10) == ()


def test_a_result_is_kept_whole_and_replaced(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    lead = kit.lead("Lead", "L1")
    first = kit.result(lead, due=NOW + DAY, rep="rep_a", score=70, reasons="سلام · 70", owner=None)
    last = kit.result(lead, rep="rep_b", score=20)
    for result in (first, last):
        with kit.store.begin():
            evaluation.save(kit.store, [evaluation.Decision(result)], [], NOW)
            kept = evaluation.material(kit.store, [lead]).results[lead]
            for name in ("lead_id", "words", "parts", "rep", "due_at", "place"):
                assert getattr(kept, name) == getattr(result, name)
            assert routing.turns(kit.store, ["rep_a", "rep_b"]).load == {result.rep: 1}


def test_material_is_all_that_holds_of_a_lead_and_its_company(kit: Kit) -> None:
    kit.keep("Account", record("A1", Name="Acme", Employees="120"))
    kit.keep("Lead", record("L1", Email="A@example.com", links={"Account": ("A1",)}), record("L2"))
    for kind in ("out", "in"):
        kit.keep("Task", record("T1", links={"Lead": ("L1",)}, Type=kind, When=NOW.isoformat()))
    lead = kit.lead("Lead", "L1")
    with kit.store.begin():
        found = evaluation.material(kit.store, [lead])
    [member] = found.members
    assert (member.ext_id, (member.facts or {})["email"]) == ("L1", "a@example.com")
    assert found.companies[member.company_id or 0]["employees"] == 120.0
    assert found.activities.select("kind", "count", "topic").rows() == [("call_in", 1, None)]


# runs


def test_the_newest_cycles_are_kept(kit: Kit) -> None:
    with kit.store.begin():
        for i in range(runs.KEPT + 5):
            runs.keep(kit.store, NOW + i * MINUTE, {"n": i})
    with kit.store.reading() as db:
        assert [run["n"] for run in runs.newest(db, 3)] == [runs.KEPT + 2, runs.KEPT + 3, runs.KEPT + 4]
        assert len(runs.newest(db, 10_000)) == runs.KEPT


def test_the_summary_counts(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), record("L2"), head_at=NOW)
    kit.plan("Lead", "L1", Score=(1, 5))
    with kit.store.reading() as db:
        told = runs.summary(db, NOW)
    assert (told["leads"], told["waiting_marks"], told["open_writes"]) == (2, 2, 1)
    assert (told["stages"], told["temperatures"]) == ({"MQL": 1}, {"cold": 1})
    assert "pid" in told["running"]
    assert told["sources"][0]["read_up_to"] == NOW.isoformat()
