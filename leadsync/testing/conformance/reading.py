"""Checks of reading: pages, cursors, fields, what an object looks like."""

from itertools import pairwise

import pytest

from leadsync.connector import Ask, Cursor, Failed, Gone, NotFound, Page, Record, Rejected
from leadsync.testing.conformance.account import ODD, Account, Checks, found, same

UNKNOWN = "no_such_field"


class Reading(Checks):
    """What is there and what changed."""

    def test_backfill_is_complete(self, crm: Account) -> None:
        """A backfill gives every live row once, and so does `ids`; only the last page of each has no `resume`."""
        ids = crm.add(crm.people.many)
        if crm.can("delete"):
            crm.driver.delete(crm.people.object, ids.pop(1))
        pages = crm.backfill()
        assert sorted(r.id for page in pages for r in page.records) == sorted(ids)
        assert len(pages) > 1, "the rows fit one page: raise `many` of the driver's people"
        census = crm.bounded(crm.conn.ids(crm.people.object))
        assert sorted(id_ for page in census for id_ in page.ids) == sorted(ids)
        for parts in (pages, census):
            assert [part.resume is None for part in parts] == [False] * (len(parts) - 1) + [True]

    def test_backfill_resumes(self, crm: Account) -> None:
        """A backfill goes on after each page by its `resume`, also from another process."""
        ids, given = set(crm.add(crm.people.many)), set[str]()
        for page in crm.backfill()[:3]:
            given |= {record.id for record in page.records}
            if page.resume is not None:
                again = crm.driver.connect()
                rest = [r.id for p in crm.backfill(page.resume, again) for r in p.records]
                again.close()
                assert sorted(rest) == sorted(ids - given), "a resumed backfill gives exactly the rest"

    def test_edits_during_backfill(self, crm: Account) -> None:
        """What is edited or made while a backfill is under way is found by `changes` since its begin."""
        ids, begin = crm.add(crm.people.many), crm.clock.now()
        pages = iter(crm.conn.backfill(crm.people.object, None, crm.fields))
        edited = {next(pages).records[0].id, ids[0], ids[-1]}
        crm.clock.advance(60)
        for id_ in edited:
            crm.edit(id_)
        (new,) = crm.add()
        crm.bounded(pages)
        crm.wait()
        rows = found(crm.changes(begin))
        assert edited | {new} <= set(rows)
        assert {rows[id_].fields[crm.people.text[1]] for id_ in edited} == {"edited"}

    def test_since_is_inclusive(self, crm: Account) -> None:
        """`since` is inclusive."""
        ids, stamp = crm.add(3), crm.clock.now()
        crm.wait()
        rows = found(crm.changes())
        stamp = next((r.modified_at for r in rows.values() if r.modified_at), stamp)
        assert set(ids) <= set(found(crm.changes(Cursor(stamp))))

    def test_equal_stamps(self, crm: Account) -> None:
        """Equal stamps at the border of pages lose nothing, be they more than a page."""
        before = crm.add()
        crm.clock.advance(60)
        ids = crm.add(crm.people.many)
        crm.clock.advance(60)
        ids += before + crm.add()
        crm.wait()
        assert set(ids) <= set(found(crm.changes()))

    def test_cursors_cover(self, crm: Account) -> None:
        """Each page closes with a cursor that covers all in it: reading on from it, anew, loses nothing."""
        ids = crm.add(crm.people.many)
        for _ in range(3):
            crm.clock.advance(60)
            ids += crm.add(2)
        crm.wait()
        pages, given = crm.changes(), set[str]()
        for number, page in enumerate(pages):
            given |= {record.id for record in page.records}
            if number < 3 or number == len(pages) - 1:
                assert page.cursor is not None
                missing = set(ids) - given - set(found(crm.changes(page.cursor)))
                assert not missing, f"the cursor of page {number + 1} skips {len(missing)} rows"

    def test_until(self, crm: Account) -> None:
        """No cursor moves past `until`, and nothing is given that changed after it."""
        crm.add(3)
        crm.wait()
        until = crm.clock.now()
        crm.clock.advance(600)
        late = crm.add(2)
        crm.wait()
        pages = crm.changes(until=until, asks=crm.asks())
        assert all(page.cursor and page.cursor.at <= until for page in pages)
        assert not set(found(pages)) & set(late)

    def test_empty_pages(self, crm: Account) -> None:
        """Each ask gets a page; an empty one's cursor is `since`, or a later moment up to which the CRM vouches."""
        since = Cursor(crm.clock.now())
        crm.wait()
        pages = crm.changes(asks=crm.asks(since))
        assert {page.object for page in pages} == {ask.object for ask in crm.asks()}
        assert all(p.cursor and since <= p.cursor and p.cursor.at <= crm.clock.now() for p in pages)
        ids = crm.add(2)
        crm.wait()
        (cursor,) = (page.cursor for page in pages if page.object == crm.people.object)
        assert set(ids) <= set(found(crm.changes(cursor)))

    def test_pages_move_on(self, crm: Account) -> None:
        """Every page makes progress: no page comes twice, no cursor moves back, there is an end."""
        crm.add(crm.people.many)
        crm.wait()
        pages = crm.changes()
        pairs = list(pairwise(pages))
        assert all(a.cursor and b.cursor and a.cursor.at <= b.cursor.at for a, b in pairs)
        assert not any(a.records and [*a.records] == [*b.records] for a, b in pairs), "a page comes twice"

    def test_oldest_first(self, crm: Account) -> None:
        """Within an object the oldest change comes first."""
        ids = []
        for _ in range(4):
            ids += crm.add()
            crm.clock.advance(60)
        crm.edit(ids[0])
        crm.wait()
        stamps = [r.modified_at for r in found(crm.changes()).values() if r.modified_at]
        assert stamps == sorted(stamps)

    def test_an_idle_round(self, crm: Account) -> None:
        """A round in which nothing happened costs at most one request per object."""
        crm.add(3)
        crm.wait()
        asks = crm.asks()
        for _ in range(3):
            before = crm.spent()
            latest = {p.object: p.cursor for p in crm.changes(asks=asks) if p.cursor}
            asks = [Ask(ask.object, ask.fields, latest[ask.object]) for ask in asks]
            cost = crm.spent() - before
            crm.clock.advance(60)
        assert cost <= len(asks), f"{cost} requests for {len(asks)} objects"

    def test_exactly_the_fields_asked_for(self, crm: Account) -> None:
        """Records have exactly the fields that were asked for, empty ones too, however they are read."""
        (id_,) = crm.add()
        crm.wait()
        obj, wanted = crm.people.object, (crm.people.text[1],)
        fetched = crm.conn.fetch(obj, [id_], wanted)[id_]
        assert isinstance(fetched, Record)
        for pages in (crm.changes(asks=[Ask(obj, wanted, Cursor(crm.start))]), crm.conn.backfill(obj, None, wanted)):
            assert [set(r.fields) for page in pages for r in page.records] == [set(wanted)]
        assert set(fetched.fields) == set(wanted)

    def test_values_arrive_whole(self, crm: Account) -> None:
        """Text of any language and numbers arrive as the CRM holds them."""
        ids = [crm.add(1, {crm.people.text[0]: text})[0] for text in ODD]
        if crm.people.number:
            crm.edit(ids[0], {crm.people.number: 73})
        crm.wait()
        for rows in (found(crm.changes()), found(crm.backfill()), crm.conn.fetch(crm.people.object, ids, crm.fields)):
            for id_, text in zip(ids, ODD, strict=True):
                record = rows[id_]
                assert isinstance(record, Record)
                assert record.fields[crm.people.text[0]] == text
                assert all(same(value, crm.row(id_).get(name)) for name, value in record.fields.items())

    def test_an_unknown_field(self, crm: Account) -> None:
        """A field that the account lacks is named by `Failed`; the other objects of the call still give their pages."""
        obj, activity = crm.people.object, crm.driver.activity
        ids = crm.add(2)
        asks = [Ask(obj, (UNKNOWN, *crm.fields), Cursor(crm.start))]
        if activity:
            crm.driver.add(activity.object, [activity.fresh], ids[:1])
            asks.append(Ask(activity.object, activity.text, Cursor(crm.start)))
        crm.wait()
        parts = crm.bounded(crm.conn.changes(asks, crm.clock.now()))
        failed = {part.object: part.error for part in parts if isinstance(part, Failed)}
        assert set(failed) == {obj}
        assert isinstance(failed[obj], Rejected) and UNKNOWN in str(failed[obj])  # noqa: PT018
        assert not activity or found(p for p in parts if isinstance(p, Page) and p.object == activity.object)
        with pytest.raises(Rejected, match=UNKNOWN):
            list(crm.conn.backfill(obj, None, [UNKNOWN]))
        with pytest.raises(Rejected, match=UNKNOWN):
            crm.conn.fetch(obj, ids, [UNKNOWN])

    def test_every_object(self, crm: Account) -> None:
        """Every object of the capabilities can be described and read; only the optional ones may be absent."""
        for obj in crm.conn.capabilities.objects:
            try:
                assert crm.conn.describe(obj).name == obj
            except NotFound:
                assert obj in crm.conn.capabilities.optional
                continue
            assert crm.bounded(crm.conn.backfill(obj, None, ()))[-1].resume is None
            assert crm.bounded(crm.conn.ids(obj))[-1].resume is None
            assert [p.object for p in crm.changes(asks=[Ask(obj, (), Cursor(crm.start))])][-1] == obj

    def test_describe(self, crm: Account) -> None:
        """`describe` tells each field's type, and whether it can be written; an unknown object is `NotFound`."""
        people, schema = crm.people, crm.conn.describe(crm.people.object)
        fields = {name: schema.field(name) for name in filter(None, (*crm.fields, *people.ours, people.read_only))}
        assert all(fields.values()), f"not described: {[name for name, field in fields.items() if not field]}"
        types = {name: field.type for name, field in fields.items() if field}
        assert [types[name] for name in people.text] == ["text", "text"]
        assert people.number is None or types[people.number] == "number"
        writable = {name for name, field in fields.items() if field and field.writable}
        assert set(people.ours) <= writable
        assert people.read_only not in writable
        with pytest.raises(NotFound):
            crm.conn.describe("NoSuchObject")

    def test_activities_name_their_people(self, crm: Account) -> None:
        """An activity's record links the people that it belongs to."""
        activity = crm.driver.activity
        if activity is None:
            pytest.skip("the driver has no activity")
        ids = crm.add(2)
        (call,) = crm.driver.add(activity.object, [activity.fresh], ids[:1])
        crm.wait()
        read = crm.changes(asks=[Ask(activity.object, activity.text, Cursor(crm.start))])
        loaded = crm.bounded(crm.conn.backfill(activity.object, None, activity.text))
        fetched = crm.conn.fetch(activity.object, [call], activity.text)
        for rows in (found(read), found(loaded), fetched):
            record = rows[call]
            assert isinstance(record, Record)
            assert record.links.get(activity.links) == tuple(ids[:1])

    def test_fetch_answers_for_every_id(self, crm: Account) -> None:
        """`fetch` has an entry for every id asked for, by that id, whatever it is."""
        ids = crm.add(3)
        truth = crm.conn.fetch(crm.people.object, [*ids, ids[0], "no such row"], crm.fields)
        assert set(truth) == {*ids, "no such row"}
        assert all(isinstance(truth[id_], Record) and truth[id_].id == id_ for id_ in ids)
        assert truth["no such row"] == Gone("no such row")
