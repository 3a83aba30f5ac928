"""The inbox of what waits for a person: kept as it is found, decided once, gone with its lead."""

from store_kit import HOUR, NOW, Kit, record

from leadsync.core.lists import HOLD, Finding
from leadsync.store import erase, evaluation, review
from leadsync.store.evaluation import Decision

OLD = Finding(HOLD, "old", "2024-01-01")


def found(kit: Kit, *waits: Finding) -> list[tuple[str, str, str | None]]:
    """What waits once a lead was evaluated with these findings: record, reason, and who else has its mailbox."""
    lead, id_ = kit.lead("Lead", "L1"), kit.record("Lead", "L1").id
    with kit.store.begin():
        for each in waits or (None,):
            decision = Decision(kit.result(lead), waits=(id_, each) if each else None)
            evaluation.save(kit.store, [decision], [], NOW)
    return [(item["ext_id"], item["reason"], item["other_id"]) for item in items(kit)]


def items(kit: Kit, *, decided: bool = False) -> list[dict[str, object]]:
    with kit.store.begin() as db:
        return [dict(item) for item in review.items(db, decided=decided)]


def test_what_waits_keeps_its_number_until_something_else_is_found(kit: Kit):
    kit.keep("Lead", record("L1", Email="a@b.pl"))
    assert found(kit, OLD) == [("L1", "old", None)]
    number = items(kit)[0]["id"]
    found(kit, OLD)
    assert items(kit)[0]["id"] == number
    assert found(kit, Finding(HOLD, "misspelt", "gmail.com")) == [("L1", "misspelt", None)]
    assert found(kit) == []


def test_a_decision_is_kept_with_who_and_when_and_its_lead_is_evaluated_again(kit: Kit):
    kit.keep("Lead", record("L1", Email="a@b.pl"))
    found(kit, OLD)
    kit.clear()
    with kit.store.begin():
        review.decide(kit.store, [items_id(kit)], review.ACCEPTED, "ann", NOW + HOUR)
    assert (items(kit), kit.marked()) == ([], {kit.record("Lead", "L1").id})
    (kept,) = items(kit, decided=True)
    assert (kept["decision"], kept["decided_by"], kept["decided_at"]) == ("accepted", "ann", NOW + HOUR)
    lead = kit.lead("Lead", "L1")
    with kit.store.begin():
        assert review.decided(kit.store, [lead])[lead].accepted == {OLD.key}
    found(kit)
    assert len(items(kit, decided=True)) == 1


def items_id(kit: Kit) -> int:
    (id_,) = kit.store.connection.exec_driver_sql("SELECT id FROM review").scalars()
    return int(id_)


def test_what_waits_for_the_sake_of_somebody_who_is_erased_is_looked_at_again(kit: Kit):
    kit.keep("Lead", record("L1", Email="a@b.pl"), record("L2", Email="a@b.pl"))
    mine, theirs = (kit.record("Lead", id_).id for id_ in ("L1", "L2"))
    assert found(kit, Finding(HOLD, "duplicate", "crm/Lead/L2", theirs)) == [("L1", "duplicate", "L2")]
    kit.clear()
    with kit.store.begin():
        erase.remove(kit.store, [theirs])
    assert ([item["other_id"] for item in items(kit)], kit.marked()) == ([None], {mine})
    with kit.store.begin():
        erase.remove(kit.store, [mine])
    assert items(kit, decided=True) == []
