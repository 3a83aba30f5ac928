"""Golden records: each takes the place of the one before, and goes with its lead's result."""

import sqlalchemy as sa
from store_kit import NOW, Kit, record

from leadsync.store import again, agenda, evaluation, golden, runs, schema, scores
from leadsync.store import records as people
from leadsync.store.again import Todo
from leadsync.store.evaluation import Decision, Stored
from leadsync.store.golden import Golden
from leadsync.store.scores import Scored


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


def test_what_leads_come_to_stands_until_they_are_evaluated(kit: Kit) -> None:
    kit.keep("Lead", record("L1"), record("L2"), record("L3"))
    leads = [kit.lead("Lead", f"L{i}") for i in (1, 2, 3)]
    words = {"class": "buyer", "score": 40, "temperature": "warm", "reasons": "40 = 40"}
    results = [Stored(lead, words, "[]", None, None) for lead in leads]
    with kit.store.begin() as db:
        evaluation.save(kit.store, [Decision(result) for result in results], [], NOW)
        for score in (50, 70):
            scores.keep(kit.store, [Scored(lead, "hot", f'{{"score":{score}}}', "[]") for lead in leads[:2]])
        assert {each.words for each in scores.of(kit.store, leads).values()} == {'{"score":70}'}
        assert {found.words["score"] for found in evaluation.results(kit.store, leads).values()} == {40}
        assert runs.summary(db, NOW)["temperatures"] == {"hot": 2, "warm": 1}
        evaluation.save(kit.store, [Decision(results[0])], [], NOW)
        assert [*scores.of(kit.store, leads)] == [leads[1]]
        assert runs.summary(db, NOW)["temperatures"] == {"hot": 1, "warm": 2}
        people.forget_results(kit.store, leads)
        assert scores.of(kit.store, leads) == {}


def test_other_files_leave_nothing_of_what_leads_came_to(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    lead = kit.lead("Lead", "L1")
    for forget in (agenda.mark_all, lambda store: again.demand(store, Todo(scores=True))):
        with kit.store.begin():
            scores.keep(kit.store, [Scored(lead, "hot", "{}", "[]")])
            forget(kit.store)
            assert scores.of(kit.store, [lead]) == {}
