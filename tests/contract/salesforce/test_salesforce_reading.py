"""What the connector promises about reading, held against the sandbox."""

from datetime import timedelta

import pytest
from salesforce_box import NOON, Answer

from leadsync.connector import Ask, Cursor, Gone, Moved, NotFound, Page, Record, Rejected

HOUR = timedelta(hours=1)
NINE = ("Lead", "Contact", "Account", "User", "Group", "Task", "Event", "CampaignMember", "Opportunity")


def ask(obj="Lead", since=NOON - HOUR, id_="", fields=("LastName",)):
    return Ask(obj, fields, Cursor(since, id_))


def read(connector, asks, until=NOON):
    return list(connector.changes(asks, until))


def test_since_is_inclusive_and_until_is_kept(box):
    before, first, last, after = (box.add("Lead", at=NOON + timedelta(seconds=s))[0] for s in (-3601, -3600, 0, 1))
    (page,) = read(box.connect(), [ask()])
    assert [r.id for r in page.records] == [first, last]
    assert before != first
    assert after != last


def test_equal_stamps_across_a_page_border_lose_nothing(box):
    ids = box.add("Lead", 2500, at=NOON - HOUR)
    connector = box.connect()
    pages = read(connector, [ask()])
    assert [len(page.records) for page in pages] == [2000, 500]
    assert [r.id for page in pages for r in page.records] == sorted(ids)
    # an interrupted reader goes on from the first page's cursor
    assert pages[0].cursor == Cursor(NOON - HOUR, sorted(ids)[1999])
    rest = read(connector, [ask(since=pages[0].cursor.at, id_=pages[0].cursor.id)])
    assert {r.id for page in rest for r in page.records} == set(sorted(ids)[1999:])


def test_the_cursor_stays_behind_the_open_second(box):
    box.add("Lead", at=NOON - timedelta(seconds=30))
    box.add("Lead", at=NOON)
    (page,) = read(box.connect(), [ask()])
    assert len(page.records) == 2
    assert page.cursor == Cursor(NOON - timedelta(seconds=2))
    box.add("Lead", at=NOON)  # still within the second that was read
    box.clock.at = NOON + timedelta(seconds=10)
    (page,) = read(box.connect(), [Ask("Lead", ("LastName",), page.cursor)], box.clock.at)
    assert len(page.records) == 2


def test_an_idle_round_of_all_objects_is_one_call(box):
    connector = box.connect()
    since = NOON - timedelta(minutes=5)
    box.calls()
    pages = read(connector, [ask(obj, since, fields=("Id",)) for obj in NINE])
    assert box.calls() == 1
    assert sorted(page.object for page in pages) == sorted(NINE)
    assert all(not page.records for page in pages)
    assert {page.cursor for page in pages if page.object in ("Lead", "Contact", "Task")} == {Cursor(since)}
    assert {page.cursor for page in pages if page.object == "Account"} == {Cursor(NOON)}


def test_a_changed_company_is_read_with_one_more_call_and_not_again(box):
    (account,) = box.add("Account", at=NOON - timedelta(minutes=3))
    connector = box.connect()
    box.calls()
    (page,) = read(connector, [ask("Account", NOON - timedelta(minutes=5), fields=("Name",))])
    assert box.calls() == 2
    assert [r.id for r in page.records] == [account]
    assert page.cursor == Cursor(NOON)
    box.clock.at = NOON + timedelta(minutes=1)
    (page,) = read(connector, [Ask("Account", ("Name",), page.cursor)], box.clock.at)
    assert box.calls() == 1
    assert page.records == ()


def test_changes_of_a_company_longer_ago_than_the_probe_reaches(box):
    (account,) = box.add("Account", at=NOON - timedelta(days=35))
    connector = box.connect()
    (page,) = read(connector, [ask("Account", NOON - timedelta(days=40), fields=("Name",))])
    assert [r.id for r in page.records] == [account]
    assert page.cursor == Cursor(NOON - timedelta(minutes=10))  # from here on the probe can be used
    box.calls()
    read(connector, [Ask("Account", ("Name",), page.cursor)])
    assert box.calls() == 1


def test_more_queries_than_a_call_may_hold_take_further_calls(box):
    connector = box.connect()
    box.calls()
    stale = NOON - timedelta(days=60)
    pages = read(connector, [ask(obj, stale, fields=("Id",)) for obj in NINE])
    assert {page.object for page in pages} == set(NINE)
    assert box.calls() == 2


def test_one_objects_unknown_field_fails_it_alone(box):
    asks = [ask(fields=("Nonsense__c",)), ask("Contact"), ask("User"), ask("Nonsense")]
    found = {one.object: one for one in read(box.connect(), asks)}
    assert isinstance(found["Contact"], Page)
    assert isinstance(found["User"], Page)
    assert "Lead has no field 'Nonsense__c'" in found["Lead"].error.message
    assert "Lead.Nonsense__c" in found["Lead"].error.fix
    assert isinstance(found["Nonsense"].error, NotFound)


@pytest.mark.parametrize("name", ["Owner.Nonsense", "Nonsense.Name", "Nonsense__c"])
def test_an_unknown_field_of_a_first_load_is_named(box, name):
    with pytest.raises(Rejected, match="Nonsense"):
        list(box.connect().backfill("Lead", None, [name]))


@pytest.mark.parametrize("name", ["Email FROM Lead --", "", "Email'", "a.b.", "(SELECT Id FROM Tasks)"])
def test_what_cannot_be_a_field_never_enters_a_query(box, name):
    (failed,) = read(box.connect(), [ask(fields=(name,))])
    assert "cannot be a field of Lead" in failed.error.message
    assert box.front.seen == []


def test_deleted_merged_and_converted_rows(box):
    deleted, loser, winner, lead = box.add("Lead", 4)
    box.org.delete("Lead", deleted)
    box.door("merge", winner=winner, loser=loser)
    made = box.door("convert", id=lead)
    (page,) = read(box.connect(), [ask(since=NOON - timedelta(minutes=1), fields=("Status",))])
    assert page.gone == [Gone(deleted, NOON)]
    assert {(m.id, m.to_object, m.to_id, m.kind) for m in page.moved} == {
        (loser, "Lead", winner, "merged"),
        (lead, "Contact", made["contact"], "converted"),
    }
    assert {r.id: r.fields for r in page.records} == {lead: {"Status": "Qualified"}, winner: {"Status": "New"}}


def test_activity_follows_a_converted_lead_to_its_contact(box):
    (lead,) = box.add("Lead")
    (campaign,) = box.add("Campaign", Name="Fair")
    box.add("Task", WhoId=lead, Subject="call")
    box.add("CampaignMember", CampaignId=campaign, LeadId=lead)
    contact = box.door("convert", id=lead)["contact"]
    pages = read(box.connect(), [ask("Task", fields=()), ask("CampaignMember", fields=())])
    assert [r.links for page in pages for r in page.records] == [{"Contact": (contact,)}] * 2


def test_links(box):
    (account,), (lead,), (first, second) = box.add("Account"), box.add("Lead"), box.add("Contact", 2)
    (contact,) = box.add("Contact", AccountId=account)
    box.add("Event", WhoId=lead)
    (deal,) = box.add("Opportunity")
    for person, primary in ((first, False), (second, True)):
        box.add("OpportunityContactRole", OpportunityId=deal, ContactId=person, IsPrimary=primary)
    connector = box.connect()

    def links(obj, id_):
        return connector.fetch(obj, [id_], [])[id_].links

    assert links("Contact", contact) == {"Account": (account,)}
    assert links("Contact", first) == {}
    assert links("Opportunity", deal) == {"Contact": (second, first)}
    assert [r.links for p in connector.backfill("Event", None, []) for r in p.records] == [{"Lead": (lead,)}]


def test_fields_are_exactly_those_asked_for(box):
    (mine,), (queued,) = box.add("Lead", FirstName="Ann"), box.add("Lead", OwnerId=box.org.queue)
    asked = ("email", "FirstName", "Owner.Type", "IsConverted", "Id", "id")
    (page,) = read(box.connect(), [ask(fields=asked)])
    found = {r.id: r.fields for r in page.records}
    assert found[mine] == {
        "email": None, "FirstName": "Ann", "Owner.Type": "User", "IsConverted": False, "Id": mine, "id": mine,
    }  # fmt: skip
    assert found[queued]["Owner.Type"] == "Queue"
    (record,) = page.records[:1]
    assert record.created_at == record.modified_at == NOON - HOUR


def test_a_missing_parent_is_null(box):
    box.add("Contact")
    (page,) = read(box.connect(), [ask("Contact", fields=("Account.Name",))])
    assert page.records[0].fields == {"Account.Name": None}


def test_only_queues_are_groups(box):
    box.add("Group", Name="People", Type="Regular")
    (page,) = box.connect().backfill("Group", None, ["Name"])
    assert [r.fields["Name"] for r in page.records] == ["Lead Queue"]


def test_the_first_load_reads_every_live_row_once_and_can_be_resumed(box):
    ids = box.add("Lead", 4000)
    box.org.delete("Lead", ids[7])
    connector = box.connect()
    pages = list(connector.backfill("Lead", None, ["LastName"]))
    assert [r.id for page in pages for r in page.records] == sorted(set(ids) - {ids[7]})
    assert pages[-1].resume is None
    rest = list(connector.backfill("Lead", pages[0].resume, ["LastName"]))
    assert [r.id for page in rest for r in page.records] == sorted(set(ids) - {ids[7]})[2000:]
    assert [i for page in connector.ids("Lead") for i in page.ids] == sorted(set(ids) - {ids[7]})


def test_pages_that_are_shorter_than_asked_for(box):
    ids = box.add("Lead", 450)
    app = box.front.app

    async def short(scope, receive, send):
        await app({**scope, "headers": [*scope["headers"], (b"sforce-query-options", b"batchSize=200")]}, receive, send)

    box.front.app = short
    pages = list(box.connect().backfill("Lead", None, []))
    assert [len(page.records) for page in pages] == [200, 200, 50]
    assert [r.id for page in pages for r in page.records] == sorted(ids)


def test_archived_activity_is_read(box):
    (old,) = box.add("Task", IsArchived=True)
    assert [r.id for page in box.connect().backfill("Task", None, []) for r in page.records] == [old]
    assert [r.id for page in read(box.connect(), [ask("Task", fields=())]) for r in page.records] == [old]


def test_a_converted_lead_of_the_first_load_leads_to_its_contact(box):
    (lead,) = box.add("Lead")
    contact = box.door("convert", id=lead)["contact"]
    (page,) = box.connect().backfill("Lead", None, [])
    assert [r.id for r in page.records] == [lead]
    assert page.moved == [Moved(lead, "Contact", contact, "converted", NOON - HOUR)]


def test_fetch_has_an_entry_for_every_id(box):
    alive, deleted, loser, winner, converted = box.add("Lead", 5)
    box.org.delete("Lead", deleted)
    box.door("merge", winner=winner, loser=loser)
    box.door("convert", id=converted)
    absent = "00Q000000000001AAA"
    wanted = [alive[:15], deleted, loser, converted, absent, "nonsense'"]
    found = box.connect().fetch("Lead", wanted, ["LastName"])
    assert list(found) == wanted
    assert isinstance(found[alive[:15]], Record)
    assert found[alive[:15]].id == alive[:15]
    assert found[deleted] == Gone(deleted, NOON)
    assert found[loser] == Moved(loser, "Lead", winner, "merged", NOON)
    assert found[converted].fields == {"LastName": "Doe"}
    assert found[absent] == Gone(absent)
    assert found["nonsense'"] == Gone("nonsense'")


def test_fetch_of_many_rows_is_one_call(box):
    ids = box.add("Lead", 1500)
    connector = box.connect()
    box.calls()
    assert all(isinstance(r, Record) for r in connector.fetch("Lead", ids, ["Email"]).values())
    assert box.calls() == 1


def test_describe(box):
    connector = box.connect()
    fields = connector.describe("Lead").fields
    assert fields["Status"].type == "enum"
    assert fields["Status"].options == ("New", "Nurturing", "Working", "Qualified", "Unqualified")
    assert (fields["Leadsync_Score__c"].type, fields["LastName"].length) == ("number", 80)
    assert (fields["OwnerId"].type, fields["CreatedDate"].type, fields["IsConverted"].type) == (
        "ref",
        "datetime",
        "bool",
    )
    assert (fields["Email"].writable, fields["SystemModstamp"].writable) == (True, False)
    with pytest.raises(NotFound):
        connector.describe("Nonsense__c")


def test_a_bare_account_lacks_our_fields(make_box):
    assert "Leadsync_Score__c" not in make_box(bare=True).connect().describe("Lead").fields


def test_what_cannot_be_found_yet_can_be_fetched(make_box):
    box = make_box(search_lag=30.0)
    (lead,) = box.add("Lead", Title="old")
    box.org.change(lead, {"Title": "new"})
    connector = box.connect()
    assert connector.fetch("Lead", [lead], ["Title"])[lead].fields["Title"] == "new"
    (page,) = read(connector, [ask(since=NOON - timedelta(minutes=1))])
    assert page.records == []
    box.clock.at = NOON + timedelta(seconds=31)
    (page,) = read(connector, [ask(since=NOON - timedelta(minutes=1))], box.clock.at)
    assert [r.modified_at for r in page.records] == [NOON]  # an earlier stamp than what may have been read before


def test_now_is_near_the_answers_date(box):
    assert abs(box.connect().now() - box.clock.at) < timedelta(minutes=1)


def test_a_page_that_repeats_itself_is_an_error(box):
    box.add("Lead", 2001)
    connector = box.connect()
    answer = {"totalSize": 2, "done": False, "records": [], "nextRecordsUrl": "/services/data/v62.0/query/x-1"}
    part = {"compositeResponse": [{"referenceId": "r0", "httpStatusCode": 200, "body": answer, "httpHeaders": {}}]}
    box.front.always = lambda seen: Answer(200, part)
    page, failed = read(connector, [ask()])
    assert page.records == []
    assert "same page" in failed.error.message
