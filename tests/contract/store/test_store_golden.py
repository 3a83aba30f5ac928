"""Golden records: each takes the place of the one before, and goes with its lead's result."""

import sqlalchemy as sa
from store_kit import NOW, Kit, record

from leadsync.store import evaluation, golden, schema
from leadsync.store import records as people
from leadsync.store.evaluation import Decision
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
    return Golden(lead, 20_000, "MQL", '{"country":"PL"}', "{}", digest, ended=False)._replace(**more)  # type: ignore[arg-type]


def test_they_are_read_in_order_from_any_lead_on(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(3)))
    one, two, three = (kit.lead("Lead", f"L{i}") for i in range(3))
    found = [of(one), of(two, -(2**63), stage=None), of(three, 2**63 - 1, ended=True)]
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


def test_all_that_follow_a_lead_are_marked(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(4)))
    leads = [kit.lead("Lead", f"L{i}") for i in range(4)]
    keep(kit, *(of(lead) if lead != leads[2] else lead for lead in leads))
    with kit.store.begin() as db:
        db.execute(sa.delete(schema.dirty))
        golden.mark_following(kit.store, leads[0])
        golden.mark_following(kit.store, 0)
        found = list(db.scalars(sa.select(schema.dirty.c.record_id).order_by(schema.dirty.c.seq)))
    assert found == [kit.record("Lead", f"L{i}").id for i in (1, 3, 0)]
