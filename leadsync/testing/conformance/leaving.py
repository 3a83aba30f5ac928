"""Checks of rows that leave, and of what becomes visible late."""

from datetime import timedelta

import pytest

from leadsync.connector import Gone, HasHistory, ListsDeleted, MergesRecords, Moved, Record, WriteStatus
from leadsync.testing.conformance.account import Account, Checks, found


class Leaving(Checks):
    """Deletions, merges, conversions, lag, and what the CRM remembers."""

    def test_deletes(self, crm: Account) -> None:
        """A deleted row is `gone` in `changes`, or in `deleted`; `ids` leaves it out, and for `fetch` it is gone."""
        crm.needs("delete")
        gone, kept = crm.add(2)
        crm.wait()
        seen = crm.clock.now()
        crm.changes()
        crm.driver.delete(crm.people.object, gone)
        crm.wait()
        pages = crm.changes(seen)
        if isinstance(crm.conn, ListsDeleted):
            pages += crm.bounded(crm.conn.deleted(crm.people.object, seen))
        assert {g.id for page in pages for g in page.gone} == {gone}
        assert gone not in found(pages)
        assert crm.census() == [kept]
        assert isinstance(crm.conn.fetch(crm.people.object, [gone], ())[gone], Gone)

    def test_purges(self, crm: Account) -> None:
        """What was deleted beyond restoring is missing in the next census, and gone for `fetch`."""
        crm.needs("purge")
        purged, kept = crm.add(2)
        assert sorted(crm.census()) == sorted([purged, kept])
        crm.driver.purge(crm.people.object, purged)
        assert crm.census() == [kept]
        assert isinstance(crm.conn.fetch(crm.people.object, [purged], ())[purged], Gone)

    def _merged(self, crm: Account) -> tuple[str, str]:
        """The id that went, and the one under which it lives on."""
        crm.needs("merge")
        kept, lost = crm.add(2)
        crm.wait()
        crm.changes()
        crm.start = crm.clock.now()
        return lost, crm.driver.merge(crm.people.object, kept, lost)

    def test_merges(self, crm: Account) -> None:
        """A merged row is told of as `moved` to the one it lives on in, by `changes` and by `fetch`."""
        lost, survivor = self._merged(crm)
        crm.wait()
        pages = crm.changes()
        assert (lost, survivor, "merged") in {(m.id, m.to_id, m.kind) for page in pages for m in page.moved}
        assert survivor in found(pages)
        moved = crm.conn.fetch(crm.people.object, [lost], ())[lost]
        assert isinstance(moved, Moved)
        assert (moved.id, moved.to_object, moved.to_id) == (lost, crm.people.object, survivor)

    def test_merging(self, crm: Account) -> None:
        """`merge` makes one row of two with one request: the kept one's values win, and both ids lead to it."""
        crm.needs("merge")
        if not isinstance(crm.conn, MergesRecords):
            pytest.skip("the connector does not merge rows")
        obj, text = crm.people.object, crm.people.text[0]
        kept, other = crm.add(2)
        said, calls = crm.row(kept)[text], crm.driver.calls()
        to = crm.conn.merge(obj, kept, other)
        assert (to.id, to.to_object, to.kind, crm.driver.calls()) == (other, obj, "merged", calls + 1)
        assert crm.row(to.to_id)[text] == said
        truth = crm.conn.fetch(obj, [kept, other], (text,))
        left = {id_: row.to_id for id_, row in truth.items() if isinstance(row, Moved)}
        assert left == dict.fromkeys({kept, other} - {to.to_id}, to.to_id)

    def test_links_follow_a_merge(self, crm: Account) -> None:
        """An activity of a merged row belongs to the one it lives on in when it is read again."""
        crm.needs("merge")
        activity = crm.driver.activity
        if activity is None:
            pytest.skip("the driver has no activity")
        kept, lost = crm.add(2)
        (call,) = crm.driver.add(activity.object, [activity.fresh], [lost])
        before = crm.conn.fetch(activity.object, [call], ())[call]
        survivor = crm.driver.merge(crm.people.object, kept, lost)
        after = crm.conn.fetch(activity.object, [call], ())[call]
        assert isinstance(before, Record)
        assert isinstance(after, Record)
        assert (before.links[activity.links], after.links[activity.links]) == ((lost,), (survivor,))

    def test_conversions(self, crm: Account) -> None:
        """A converted row is told of as `moved` to what it became."""
        crm.needs("convert")
        (id_,) = crm.add()
        crm.wait()
        crm.changes()
        seen = crm.clock.now()
        obj, became = crm.driver.convert(crm.people.object, id_)
        crm.wait()
        moves = [m for page in crm.changes(seen) for m in page.moved]
        assert {(m.id, m.to_object, m.to_id, m.kind) for m in moves} == {(id_, obj, became, "converted")}

    def test_writes_to_rows_that_left(self, crm: Account) -> None:
        """A write to a row that was deleted, merged or converted is `GONE`, with `moved_to` where it lives on."""
        crm.needs("write")
        obj = crm.people.object
        where: dict[str, tuple[str, str] | None] = {}
        for ability in filter(crm.can, ("delete", "merge", "convert")):
            id_, kept = crm.add(2)
            if ability == "delete":
                crm.driver.delete(obj, id_)
                where[id_] = None
            elif ability == "merge":
                where[id_] = (obj, crm.driver.merge(obj, kept, id_))
            else:
                where[id_] = crm.driver.convert(obj, id_)
        ops = [crm.op(id_) for id_ in where]
        results = crm.write(*ops)
        for op in ops:
            to, result = results[op.key].moved_to, results[op.key]
            assert (result.status, to and (to.to_object, to.to_id)) == (WriteStatus.GONE, where[op.id])

    def test_lag(self, crm: Account) -> None:
        """A row that can be found only late is found by a pass from a cursor older than the settle time."""
        crm.needs("lag")
        begin = crm.clock.now()
        crm.driver.lag(crm.settle.total_seconds() / 2)
        (id_,) = crm.add()
        crm.clock.advance(20)
        crm.changes()
        crm.wait()
        assert id_ in found(crm.changes(begin, crm.clock.now() - crm.conn.capabilities.settle))

    def test_edits_under_lag(self, crm: Account) -> None:
        """An edit that cannot be found yet makes nobody skip other rows, wherever in a page its row stands."""
        crm.needs("lag")
        ids: list[str] = []
        for _ in range(5):
            crm.clock.advance(2)
            ids += crm.add(crm.people.many // 4)
        crm.clock.advance(10)
        border = next(page.records[-1].id for page in crm.changes() if page.records)
        crm.driver.lag(crm.settle.total_seconds() / 2)
        crm.edit(border)
        pages, given = crm.changes(), set[str]()
        for number, page in enumerate(pages):
            given |= {record.id for record in page.records}
            if number in (0, len(pages) - 1):
                assert page.cursor is not None
                missing = set(ids) - {border} - given - set(found(crm.changes(page.cursor)))
                assert not missing, f"the cursor of page {number + 1} skips {len(missing)} rows"
        cursor = pages[-1].cursor
        crm.wait()
        assert found(crm.changes(cursor))[border].fields[crm.people.text[1]] == "edited"

    def test_late_commits(self, crm: Account) -> None:
        """A row that appears with an older stamp is found by a pass from a cursor older than the settle time."""
        crm.needs("late_commit")
        begin = crm.clock.now()
        crm.wait()
        crm.add()
        crm.changes()
        old = (crm.settle / 2).total_seconds()
        id_ = crm.driver.commit_late(crm.people.object, {**crm.people.fresh, crm.people.text[0]: "late"}, old)
        crm.wait()
        assert id_ in found(crm.changes(begin, crm.clock.now() - crm.conn.capabilities.settle))

    def test_history(self, crm: Account) -> None:
        """`history` tells what a field held, oldest first, with its times, the present value included."""
        crm.needs("history")
        assert isinstance(crm.conn, HasHistory), "the driver can, the connector cannot: `cannot` should say why"
        name, (id_,), begin = crm.people.text[0], crm.add(), crm.clock.now()
        for value in ("second", "third"):
            crm.clock.advance(3600)
            crm.edit(id_, {name: value})
        crm.wait()
        past = crm.conn.history(crm.people.object, [id_], [name])[id_]
        assert [(p.field, p.value) for p in past] == [(name, "row 0"), (name, "second"), (name, "third")]
        assert [p.at - begin for p in past] == [timedelta(hours=hours) for hours in range(3)]
