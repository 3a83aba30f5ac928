"""Whose leads are, as the store keeps it."""

from store_kit import DAY, NOW, Kit, record

from leadsync.core.assign import UNIT, Routed
from leadsync.store import erase, evaluation, routing


def decided(kit: Kit, lead: int, rep: str | None, **more: object) -> evaluation.Decision:
    """A decision on a lead; by turns where `shares` say so."""
    waits, score = more.pop("waits_for", None), more.pop("score", 0)
    result = kit.result(lead, rep=rep, score=score)._replace(waits_for=waits)  # type: ignore[arg-type]
    owner = f"{rep}@example.com" if rep else None
    why = "rotation" if rep else "waits"
    return evaluation.Decision(result, routed=Routed(lead, owner, rep, why, "rest", **more))  # type: ignore[arg-type]


def test_turns_and_decisions_are_kept_with_the_results_that_they_belong_to(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(3)))
    leads = [kit.lead("Lead", f"L{i}") for i in range(3)]
    half = {"ann": UNIT // 2 - UNIT, "bob": UNIT // 2}
    for at, lead, rep, shares in ((NOW, leads[0], "ann", half), (NOW + DAY, leads[1], "bob", {"bob": -1, "cat": 1})):
        proof = {"rules": [{"rule": "rest", "fits": True}]}
        with kit.store.begin():
            made = decided(kit, lead, rep, shares=shares, company=7, proof=proof)
            evaluation.save(kit.store, [made], [], at)
    with kit.store.begin():
        turns = routing.turns(kit.store, ["ann"])
        assert turns.owed == {"ann": -UNIT // 2, "bob": UNIT // 2 - 1, "cat": 1}
        assert turns.load == {"ann": 1}
        last = routing.latest(kit.store, leads)
        assert {lead: (kept.rep, kept.owner, kept.at, kept.proof) for lead, kept in last.items()} == {
            leads[0]: ("ann", "ann@example.com", NOW, proof), leads[1]: ("bob", "bob@example.com", NOW + DAY, proof),
        }  # fmt: skip
        assert routing.latest(kit.store, leads, NOW).keys() == {leads[0]}
        assert routing.together(kit.store, [7, 8]) == {7: "bob"}


def test_the_best_of_those_who_wait_come_first(kit: Kit) -> None:
    kit.keep("Lead", *(record(f"L{i}") for i in range(5)))
    leads = [kit.lead("Lead", f"L{i}") for i in range(5)]
    rules = ["few", "few", "", "few", None]
    with kit.store.begin():
        made = [decided(kit, lead, None, score=n % 2, waits_for=rule)
                for n, (lead, rule) in enumerate(zip(leads, rules, strict=True))]  # fmt: skip
        evaluation.save(kit.store, made, [], NOW)
        assert routing.waiting(kit.store, "few", 10) == [leads[1], leads[3], leads[0]]
        assert routing.waiting(kit.store, "few", 1) == [leads[1]]
        assert routing.waiting(kit.store, "", 5) == [leads[2]]


def test_what_was_decided_leaves_with_a_lead_that_is_erased(kit: Kit) -> None:
    kit.keep("Lead", record("L1"))
    lead, record_id = kit.lead("Lead", "L1"), kit.record("Lead", "L1").id
    with kit.store.begin():
        evaluation.save(kit.store, [decided(kit, lead, "ann")], [], NOW)
        assert routing.latest(kit.store, [lead]).keys() == {lead}
        erase.remove(kit.store, [record_id])
        assert routing.latest(kit.store, [lead]) == {}
