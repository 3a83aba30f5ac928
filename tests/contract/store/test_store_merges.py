"""Merges: intended before the call, settled once, remembered where they were refused, gone with their people."""

from store_kit import HOUR, NOW, Kit, record

from leadsync.core.merging import Merge
from leadsync.store import erase, merges, schema
from leadsync.store.merges import Kept


def intended(kit: Kit) -> Kept:
    """Two rows that are about to be made one."""
    kit.keep("Lead", record("L1", Email="a@b.pl", FirstName="Ann"), record("L2", Email="c@d.pl"))
    kept, other = kit.record("Lead", "L1"), kit.record("Lead", "L2")
    merge = Merge(kept.id, other.id, {"FirstName": ("Ann", "Anna")}, {})
    with kit.store.begin():
        return merges.intend(kit.store, merge, kept.source_id, ("L1", "L2"), [kept.fields, other.fields], NOW)


def test_a_merge_that_was_sent_is_open_until_it_is_settled_and_its_rows_are_looked_at_again(kit: Kit) -> None:
    merge = intended(kit)
    kit.clear()
    with kit.store.begin():
        [found] = merges.unsettled(kit.store)
        assert (found.ext_ids, dict(found.fields)) == (("L1", "L2"), {"FirstName": ["Ann", "Anna"]})
        merges.settle(kit.store, merge, merges.APPLIED, None, NOW + HOUR)
        assert merges.unsettled(kit.store) == []
    assert kit.marked() == {kit.lead("Lead", "L1"), kit.lead("Lead", "L2")}
    with kit.store.begin():
        at, before = merges.done(kit.store, [merge.other_id, merge.record_id]) or (None, [])
        assert (at, [row["Email"] for row in before]) == (NOW + HOUR, ["c@d.pl", "a@b.pl"])
        assert merges.refused(kit.store, [merge.record_id]) == {}


def test_what_was_refused_is_known_with_what_the_rows_held(kit: Kit) -> None:
    merge = intended(kit)
    with kit.store.begin():
        merges.settle(kit.store, merge, merges.REJECTED, "MERGE_LIMIT", NOW)
        [(pair, before)] = merges.refused(kit.store, [merge.record_id, merge.other_id]).items()
        assert (pair, before[0]["Email"]) == ((merge.record_id, merge.other_id), "a@b.pl")
        assert merges.done(kit.store, pair) is None


def test_nothing_is_left_of_it_once_one_of_the_two_is_erased(kit: Kit) -> None:
    for name in ("record_id", "other_id"):
        merge = intended(kit)
        with kit.store.begin():
            erase.remove(kit.store, [getattr(merge, name)])
        assert kit.rows(schema.merges) == []
