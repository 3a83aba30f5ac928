"""Golden records: each takes the place of the one before, and goes with its lead's result."""

import sqlalchemy as sa
from store_kit import NOW, Kit, record

from leadsync.store import evaluation, golden, schema
from leadsync.store import records as people
from leadsync.store.evaluation import Decision, Stored
from leadsync.store.golden import Golden


def keep(kit: Kit, *found: Golden | int) -> None:
    """Of leads that are evaluated; of one that is told by its number nothing is known."""
    decisions = [
        Decision(
            kit.result(each if isinstance(each, int) else each.lead_id), golden=None if isinstance(each, int) else each
        )
        for each in found
    ]
    with kit.store.begin():
        evaluation.save(kit.store, decisions, [], NOW)


def following(kit: Kit, after: int, many: int) -> list[Golden]:
    with kit.store.begin():
        return golden.following(kit.store, after, many)


def of(lead: int, digest: int = 7, **more: object) -> Golden:
    return Golden(lead, 20_000, "MQL", '{"country":"PL"}', "{}", digest, 20_100, ended=False)._replace(**more)  # type: ignore[arg-type]


def test_they_are_read_in_order_from_any_lead_on(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(3)))
    one, two, three = (kit.lead("Lead", f"L{i}") for i in range(3))
    found = [of(one), of(two, -(2**63), stage=None), of(three, 2**63 - 1, due=None, ended=True)]
    keep(kit, *reversed(found))
    assert following(kit, 0, 9) == found
    assert following(kit, 0, 2) == found[:2]
    assert following(kit, two, 9) == found[2:]


def test_an_evaluation_replaces_or_removes_it(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), record("L2"))
    one, two = kit.lead("Lead", "L1"), kit.lead("Lead", "L2")
    keep(kit, of(one), of(two))
    keep(kit, of(one, facts='{"country":"VN"}'), two)
    assert following(kit, 0, 9) == [of(one, facts='{"country":"VN"}')]


def test_it_goes_with_the_result(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    lead = kit.lead("Lead", "L1")
    keep(kit, of(lead))
    with kit.store.begin():
        people.forget_results(kit.store, [lead])
    assert following(kit, 0, 9) == []


def test_leads_that_wait_already_are_marked_no_second_time(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), record("L2"), record("L3"))
    numbers = (1, 2, 3)
    leads = [kit.lead("Lead", f"L{i}") for i in numbers]
    ids = [kit.record("Lead", f"L{i}").id for i in numbers]
    with kit.store.begin() as db:
        db.execute(sa.delete(schema.dirty))
        people.mark(kit.store, ids[:1])
        people.mark(kit.store, ids[1:2], late=True)
        golden.mark_changed(kit.store, leads)
        d = schema.dirty.c
        found = db.execute(sa.select(d.record_id, d.late, d.points).order_by(d.seq)).all()
    assert [tuple(each) for each in found] == [(ids[0], 0, None), (ids[1], 1, None), (ids[2], 1, 1)]


def test_who_waits_for_more_than_other_points_is_known(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(4)))
    ids = [kit.record("Lead", f"L{i}").id for i in range(4)]
    leads = [kit.lead("Lead", f"L{i}") for i in range(4)]
    with kit.store.begin() as db:
        db.execute(sa.delete(schema.dirty))
        golden.mark_changed(kit.store, leads[:3])
        people.mark(kit.store, ids[1:2])
        people.mark(kit.store, ids[2:3], late=True)
        assert golden.marked_alone(kit.store, leads) == {leads[0]}


def test_scores_are_kept_beside_what_else_a_result_says(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), record("L2"))
    leads = [kit.lead("Lead", f"L{i}") for i in (1, 2)]
    words = {"score": 40, "fit": 9, "temperature": "warm", "scored_as": "far", "reasons": "40 = 40", "owner": None}
    before = [
        Stored(lead, words, "[]", None, None, waits_for=wait) for lead, wait in zip(leads, ("best", None), strict=True)
    ]
    with kit.store.begin():
        evaluation.save(kit.store, [Decision(result) for result in before], [], NOW)
        told = '{"score":70,"fit":9,"temperature":"hot","scored_as":null}'
        evaluation.save_scores(kit.store, dict.fromkeys(leads, (70, "hot", told)), {leads[0]: '[{"points":7000}]'})
        found = evaluation.results(kit.store, leads)
    assert [found[lead].words for lead in leads] == [words | {"score": 70, "temperature": "hot", "scored_as": None}] * 2
    assert [found[lead].parts for lead in leads] == [[{"points": 7000}], []]
    assert [(row.temperature, row.waits) for row in kit.rows(schema.results)] == [("hot", 70), ("hot", None)]
