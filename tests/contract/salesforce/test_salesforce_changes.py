"""What changed: deletions of objects that are probed, objects that fail alone, long queries, slow ones."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from salesforce_box import NOON, Answer

from leadsync.connector import Ask, Cursor, Failed, Gone, Moved, Page, Record, Transient

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SLOW = [{"errorCode": "QUERY_TIMEOUT", "message": "Your query request was running for too long."}]


def ask(obj="Lead", since=NOON - HOUR, fields=("LastName",)):
    return Ask(obj, fields, Cursor(since))


def read(connector, asks, until=NOON):
    return list(connector.changes(asks, until))


def parts(seen):
    """The requests inside a composite call."""
    return json.loads(seen.body)["compositeRequest"] if seen.path.endswith("/composite") else []


def query(part):
    return parse_qs(urlsplit(part["url"]).query).get("q", [""])[0]


def refusing(judge):
    """A composite call whose every part is refused as `judge` says, and empty otherwise."""

    def answer(seen):
        if not parts(seen):
            return None
        empty = {"totalSize": 0, "done": True, "records": []}
        answers = []
        for part in parts(seen):
            status, body = judge(part) or (200, empty)
            answers.append({"referenceId": part["referenceId"], "httpStatusCode": status, "body": body})
        return Answer(200, {"compositeResponse": answers})

    return answer


def ends(pages):
    return [g for p in pages for g in p.gone], [m for p in pages for m in p.moved]


def test_deleted_and_merged_accounts_and_deleted_deals(box):
    gone, kept, lost = box.add("Account", 3)
    (deal,) = box.add("Opportunity")
    connector = box.connect()
    since = NOON - 5 * MINUTE
    asks = [ask("Account", since, ("Name",)), ask("Opportunity", since, ()), ask("User", since, ())]
    assert ends(read(connector, asks)) == ([], [])
    box.clock.at = NOON + MINUTE
    box.org.delete("Account", gone)
    box.door("merge", winner=kept, loser=lost)
    box.org.delete("Opportunity", deal)
    until = box.clock.at = NOON + 3 * MINUTE
    pages = read(connector, asks, until)
    left, moved = ends(pages)
    assert set(left) == {Gone(gone, NOON + MINUTE), Gone(deal, NOON + MINUTE)}
    assert set(moved) == {Moved(lost, "Account", kept, "merged", NOON + MINUTE)}
    assert [r.id for p in pages if p.object == "Account" for r in p.records] == [kept]
    assert {p.object: p.cursor for p in pages} == {a.object: Cursor(until) for a in asks}
    again = [Ask(a.object, a.fields, Cursor(until + MINUTE)) for a in asks]
    box.clock.at = until + 5 * MINUTE
    assert ends(read(connector, again, box.clock.at)) == ([], [])


def test_what_was_purged_is_known_by_the_list_of_deletions_alone(box):
    (account,) = box.add("Account")
    at = "2026-03-02T11:58:00.000+0000"

    def judge(part):
        covered = {"latestDateCovered": "2026-03-02T12:00:00.000+0000"}
        if "/deleted/" in part["url"]:
            found = [
                {"id": account, "deletedDate": at},
                {"id": "001000000000002AAA", "deletedDate": "2026-03-02T10:59:59Z"},
            ]
            return 200, covered | {"deletedRecords": found}
        if "/updated/" in part["url"]:
            return 200, covered | {"ids": []}
        return None

    box.front.always = refusing(judge)
    first, last = read(box.connect(), [ask("Account", fields=())])
    assert first.gone == [Gone(account, NOON - 2 * MINUTE)]  # the other one is older than what was asked for
    assert (first.cursor, last.cursor) == (Cursor(NOON - HOUR), Cursor(NOON))


def test_deletions_longer_ago_than_the_list_of_them_reaches(box):
    (account,) = box.add("Account", at=NOON - timedelta(days=40))
    box.clock.at = NOON - timedelta(days=20)
    box.org.delete("Account", account)
    box.clock.at = NOON
    pages = read(box.connect(), [ask("Account", NOON - timedelta(days=30), ())])
    assert ends(pages) == ([Gone(account, NOON - timedelta(days=20))], [])


@pytest.mark.parametrize("code", ["INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT"])
def test_where_the_probe_cannot_tell_rows_are_read(box, code):
    since = NOON - 5 * MINUTE

    def judge(part):
        return (400, [{"errorCode": code, "message": "no"}]) if "/updated/" in part["url"] else None

    box.front.always = refusing(judge)
    (page,) = read(box.connect(), [ask("Account", since, ())])
    assert page.cursor == Cursor(since)  # what commits late may still come
    assert "SystemModstamp >=" in query(parts(box.front.seen[1])[0])


def test_an_object_whose_deletions_are_not_told_is_read_all_the_same(box):
    (user,) = box.add("User", LastName="New", Username="u", Email="u@acme.example", at=NOON - 3 * MINUTE)

    def judge(part):
        if "/deleted/" in part["url"]:
            return 400, [{"errorCode": "NOT_SUPPORTED", "message": "no replication"}]
        if "/updated/" in part["url"]:
            return 200, {"ids": [user], "latestDateCovered": "2026-03-02T12:00:00.000+0000"}
        return None

    box.front.always = lambda seen: refusing(judge)(seen) if "/updated/" in seen.body.decode() else None
    (page,) = read(box.connect(), [ask("User", NOON - 5 * MINUTE, ())])
    assert [r.id for r in page.records] == [user]


def test_a_right_that_is_missing_for_one_object_fails_it_alone(box):
    lacking = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
    box.front.always = refusing(lambda part: (403, lacking) if "FROM Task" in query(part) else None)
    found = {one.object: one for one in read(box.connect(), [ask(), ask("Task", fields=()), ask("Contact")])}
    assert isinstance(found["Task"], Failed)
    assert "lacks a right while reading Task" in found["Task"].error.message
    assert isinstance(found["Lead"], Page)
    assert isinstance(found["Contact"], Page)


def test_trouble_of_the_whole_account_is_raised_after_what_could_be_read(box):
    busy = [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}]
    box.front.always = refusing(lambda part: (503, busy) if "FROM Lead" in query(part) else None)
    stream = box.connect().changes([ask(), ask("Contact")], NOON)
    assert next(stream).object == "Contact"
    with pytest.raises(Transient, match="busy"):
        next(stream)


def test_a_query_that_takes_too_long_is_read_in_smaller_windows(box):
    stamps = [NOON - HOUR + timedelta(minutes=m) for m in range(0, 60, 6)]
    ids = [box.add("Lead", at=at)[0] for at in stamps]
    begin = "SystemModstamp <= 2026-03-02T"
    asked = []

    def slow(seen):
        for part in parts(seen):
            text = query(part)
            asked.append(text)
            start, end = (text.split(mark)[1][:8] for mark in ("SystemModstamp >= 2026-03-02T", begin))
            minutes = [int(t[:2]) * 60 + int(t[3:5]) for t in (start, end)]
            if minutes[1] - minutes[0] > 15:
                return refusing(lambda part: (400, SLOW))(seen)
        return None

    box.front.always = slow
    pages = read(box.connect(), [ask()])
    read_ids = [r.id for page in pages for r in page.records]
    assert sorted(set(read_ids)) == sorted(ids)
    cursors = [page.cursor for page in pages]
    assert cursors == sorted(cursors)
    assert cursors[0] == Cursor(NOON - HOUR + timedelta(minutes=15))
    assert cursors[-1].at >= stamps[-1]
    assert len(asked) < 20


def test_a_query_that_is_always_too_slow_fails_its_object_and_ends(box):
    box.front.always = refusing(lambda part: (400, SLOW) if "FROM Task" in query(part) else None)
    found = {one.object: one for one in read(box.connect(), [ask("Task", fields=()), ask()])}
    assert "too long" in found["Task"].error.message
    assert isinstance(found["Lead"], Page)
    assert len(box.front.seen) < 10
    assert box.clock.slept == []


# more fields than an address holds


def many(box, count=300):
    """The connector's sandbox with that many long-named fields of leads; their names."""
    entity = box.org.entities["Lead"]
    names = [f"A_field_with_a_name_of_some_length_{n:03}__c" for n in range(count)]
    for name in names:
        entity.fields[name] = entity.by_lower[name.lower()] = type(entity.fields["Title"])(name, "string", name)
    return names


def test_many_fields_are_read_in_parts_that_fit_an_address(box):
    names = many(box)
    ids = box.add("Lead", 3, **{name: f"value of {name}" for name in names})
    connector = box.connect()
    expected = {name: f"value of {name}" for name in names}
    (page,) = read(connector, [ask(fields=tuple(names))])
    assert [r.id for r in page.records] == sorted(ids)
    assert all(r.fields == expected for r in page.records)
    assert max(len(part["url"]) for seen in box.front.seen for part in parts(seen)) < 15_000
    (page,) = connector.backfill("Lead", None, names)
    assert all(r.fields == expected for r in page.records)
    fetched = connector.fetch("Lead", ids, names)
    assert all(isinstance(r, Record) and r.fields == expected for r in fetched.values())


def test_ids_and_many_fields_fit_an_address_together(box):
    names = many(box, 120)
    ids = box.add("Lead", 700)
    assert len(box.connect().fetch("Lead", ids, names)) == 700
    assert max(len(part["url"]) for seen in box.front.seen for part in parts(seen)) < 16_384


def test_a_row_that_changes_between_two_parts_is_read_again(box):
    names = many(box)
    (lead,) = box.add("Lead", **dict.fromkeys(names, "old"))
    calls = 0

    def meanwhile(seen):
        nonlocal calls
        calls += 1
        if calls == 2:
            box.org.change(lead, dict.fromkeys(names, "new"))
        return None

    box.front.always = meanwhile
    box.clock.at = NOON + MINUTE
    (record,) = box.connect().fetch("Lead", [lead], names).values()
    assert set(record.fields.values()) == {"new"}
    assert record.modified_at == NOON + MINUTE


def test_a_row_that_vanishes_between_two_parts_is_gone(box):
    names = many(box)
    (lead,) = box.add("Lead")

    def meanwhile(seen):
        if box.front.paths().count("POST /services/data/v62.0/composite") == 2:
            box.org.purge("Lead", lead)

    box.front.always = meanwhile
    assert box.connect().fetch("Lead", [lead], names) == {lead: Gone(lead, NOON - HOUR)}


def test_rows_that_never_hold_still_are_left_for_later(box):
    names = many(box)
    (lead,) = box.add("Lead")

    def meanwhile(seen):
        box.clock.at += timedelta(seconds=1)
        box.org.change(lead, {})

    box.front.always = meanwhile
    with pytest.raises(Transient, match="change faster") as caught:
        box.connect().fetch("Lead", [lead], names)
    assert caught.value.retry_after
    assert len(box.front.seen) < 20
