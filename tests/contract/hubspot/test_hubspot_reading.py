from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hubspot_account import Scripted, Vault, made_lead

from connectors.hubspot import HubSpotConnector, api
from leadsync.connector import (
    Ask,
    AuthLost,
    Cursor,
    Failed,
    Gone,
    Moved,
    NotFound,
    Page,
    Record,
    Rejected,
    Role,
    Transient,
)

LONG_AGO = Cursor(datetime(2020, 1, 1, tzinfo=UTC))
ALWAYS = datetime(2100, 1, 1, tzinfo=UTC)
FIELDS = {"contacts": ("email", "jobtitle"), "companies": ("name",), "owners": ("email",), "deals": ("amount",)}
OBJECTS = tuple(HubSpotConnector.capabilities.objects)


def fields(obj: str) -> tuple[str, ...]:
    return FIELDS.get(obj, ("hs_timestamp", "hubspot_owner_id"))


def ask(obj: str, since: Cursor = LONG_AGO) -> Ask:
    return Ask(obj, fields(obj), since)


def records(pages: Iterable[Page | Failed]) -> list[Record]:
    return [record for page in pages for record in page.records]


def burst(count: int, at: str) -> list[str]:
    """Lines of a CSV file: contacts that all changed in one millisecond."""
    return [f"p{at[-6:-1]}{number}@x.example,{at}" for number in range(count)]


def test_the_objects_have_roles_and_reading_needs_none_of_the_heavy_libraries() -> None:
    roles = HubSpotConnector.capabilities.objects
    assert roles["contacts"] is Role.LEAD
    assert {obj for obj, role in roles.items() if role is Role.ACTIVITY} == {
        "calls", "emails", "meetings", "notes", "tasks"
    }  # fmt: skip
    assert (roles["companies"], roles["owners"], roles["deals"]) == (Role.COMPANY, Role.OWNER, Role.OUTCOME)


@pytest.mark.parametrize("obj", [obj for obj in OBJECTS if obj not in HubSpotConnector.capabilities.optional])
def test_backfill_changes_ids_and_fetch_tell_the_same(start, obj: str) -> None:
    account = start(leads=230)
    connector = account.connector()
    first = {record.id: record for record in records(connector.backfill(obj, None, fields(obj)))}
    assert first
    changed = {record.id: record for record in records(connector.changes([ask(obj)], ALWAYS))}
    assert changed == first
    assert [id_ for page in connector.ids(obj) for id_ in page.ids] == list(first)
    assert connector.fetch(obj, list(first), fields(obj)) == first
    assert all(tuple(record.fields) == fields(obj) for record in first.values())
    assert all(record.created_at and record.modified_at for record in first.values())


@pytest.mark.parametrize("obj", ["contacts", "owners"])
def test_backfill_goes_on_where_it_stopped(start, obj: str) -> None:
    connector = start(leads=250).connector()
    pages = list(connector.backfill(obj, None, fields(obj)))
    assert len(pages) > 1
    assert pages[-1].resume is None
    assert records(pages[:1]) + records(connector.backfill(obj, pages[0].resume, fields(obj))) == records(pages)


def test_a_value_that_is_not_there_is_none(account) -> None:
    id_ = account.contact(email="a@x.example")
    assert account.connector().fetch("contacts", [id_], ("email", "jobtitle"))[id_].fields == {
        "email": "a@x.example",
        "jobtitle": None,
    }


def test_since_is_inclusive_and_until_is_respected(start) -> None:
    lines = [f"p{s}@x.example,2026-11-01T10:00:0{s}.500Z" for s in range(5)]
    connector = start(csv="\n".join(["email,lastmodifieddate", *lines])).connector()
    since = datetime(2026, 11, 1, 10, 0, 1, 500_000, UTC)
    pages = list(connector.changes([ask("contacts", Cursor(since))], since + timedelta(seconds=2)))
    assert [record.fields["email"] for record in records(pages)] == ["p1@x.example", "p2@x.example", "p3@x.example"]
    assert pages[-1].cursor == Cursor(since + timedelta(seconds=2))
    before = list(connector.changes([ask("contacts", Cursor(since))], since - timedelta(seconds=1)))
    assert [(page.cursor, page.records) for page in before] == [(Cursor(since), ())]


@pytest.mark.parametrize("many", [199, 200, 201, 400, 650])
def test_equal_stamps_lose_nothing_and_give_nothing_twice(start, many: int) -> None:
    at = "2026-11-01T10:00:00.123Z"
    lines = ["early@x.example,2026-11-01T09:59:59.999Z", *burst(many, at), "late@x.example,2026-11-01T10:00:00.124Z"]
    connector = start(csv="\n".join(["email,lastmodifieddate", *lines])).connector()
    pages = list(connector.changes([ask("contacts")], ALWAYS))
    emails = [record.fields["email"] for record in records(pages)]
    assert sorted(emails) == sorted(line.split(",")[0] for line in lines)
    cursors = [page.cursor for page in pages]
    assert cursors == sorted(cursors)


@pytest.mark.parametrize("stop", range(5))
def test_reading_on_from_any_pages_cursor_loses_nothing(start, stop: int) -> None:
    lines = [*burst(250, "2026-11-01T10:00:00.123Z"), *burst(250, "2026-11-01T10:00:01.123Z")]
    connector = start(csv="\n".join(["email,lastmodifieddate", *lines])).connector()
    pages = list(connector.changes([ask("contacts")], ALWAYS))
    assert len(pages) > stop
    rest = connector.changes([ask("contacts", pages[stop].cursor)], ALWAYS)
    assert len({record.id for record in records([*pages[: stop + 1], *rest])}) == 500


def test_a_row_that_changes_while_we_page_is_not_lost_and_hides_no_other(start) -> None:
    lines = [f"p{n}@x.example,2026-11-01T10:{n // 60:02d}:{n % 60:02d}.000Z" for n in range(500)]
    account = start(csv="\n".join(["email,lastmodifieddate", *lines]))
    found = []
    for page in account.connector().changes([ask("contacts")], datetime(2026, 11, 2, tzinfo=UTC)):
        found += [record.id for record in page.records]
        if len(found) == 200:
            account.ok("PATCH", f"/crm/v3/objects/contacts/{found[0]}", {"properties": {"jobtitle": "New"}})
    assert len(found) == len(set(found)) == 500
    later = account.connector().changes([ask("contacts", Cursor(datetime(2026, 11, 2, tzinfo=UTC)))], ALWAYS)
    assert [record.id for record in records(later)] == [found[0]]


def test_more_rows_than_a_search_reaches(start) -> None:
    start_at = datetime(2026, 11, 1, tzinfo=UTC)
    lines = [f"p{n}@x.example,{(start_at + n * timedelta(milliseconds=10)).isoformat()}" for n in range(10_500)]
    connector = start(csv="\n".join(["email,lastmodifieddate", *lines])).connector()
    assert len({record.id for record in records(connector.changes([ask("contacts")], ALWAYS))}) == 10_500


def test_a_round_without_news_costs_one_request_per_object(start) -> None:
    account = start(leads=60)
    connector = account.connector()
    asks = [ask(obj) for obj in OBJECTS]
    until = connector.now()
    cursors = {page.object: page.cursor for page in connector.changes(asks, until)}
    for each in (connector, account.connector()):
        account.reset()
        before = each.quota().calls
        idle = list(each.changes([ask(obj, cursors[obj]) for obj in OBJECTS], connector.now()))
        first = each is not connector  # who left before it began is asked for once
        owners = {"GET owners": 1 + first}
        assert account.calls() == owners | {f"POST {o}/search": 1 for o in OBJECTS if o != "owners"}
        assert each.quota().calls - before == len(OBJECTS) + first
        assert {page.object: page.cursor for page in idle if page.object != "owners"} == {
            obj: cursor for obj, cursor in cursors.items() if obj != "owners"
        }


def test_an_empty_stream_keeps_its_cursor(start) -> None:
    account = start(csv="email\n")
    since = Cursor(datetime(2026, 11, 22, tzinfo=UTC))
    pages = list(account.connector().changes([ask("calls", since), ask("contacts", since)], ALWAYS))
    assert [(page.object, list(page.records), page.cursor) for page in pages] == [
        ("calls", [], since),
        ("contacts", [], since),
    ]


@pytest.mark.parametrize("obj", ["contacts", "calls", "owners"])
def test_unknown_fields_are_named(start, obj: str) -> None:
    connector = start(leads=60).connector()
    names = (fields(obj)[0], "no_such", "nor_this")

    def changes() -> None:
        (failed,) = connector.changes([Ask(obj, names, LONG_AGO)], ALWAYS)
        assert isinstance(failed, Failed)
        assert failed.object == obj
        raise failed.error

    for reading in (
        changes,
        lambda: list(connector.backfill(obj, None, names)),
        lambda: connector.fetch(obj, [next(iter(connector.ids(obj))).ids[0]], names),
    ):
        with pytest.raises(Rejected, match=f"{obj}.*'no_such', 'nor_this'") as caught:
            reading()
        assert caught.value.fix
        assert caught.value.code == "unknown_field"
        assert fields(obj)[0] not in caught.value.message


def test_an_unknown_object_is_said_so(account) -> None:
    connector = account.connector()
    with pytest.raises(NotFound, match="tickets"):
        connector.describe("tickets")
    (failed,) = connector.changes([Ask("tickets", (), LONG_AGO)], ALWAYS)
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, NotFound)


def test_links_lead_from_activity_and_deals_to_contacts_and_from_contacts_to_the_company(account) -> None:
    company = account.ok("POST", "/crm/v3/objects/companies", {"properties": {"name": "Acme"}})["id"]
    one, two = account.contact(email="one@x.example"), account.contact(email="two@x.example")
    account.ok("PUT", f"/crm/v4/objects/contacts/{one}/associations/default/companies/{company}")
    call = account.logged("calls", one, hs_timestamp="2026-11-20T10:00:00Z")
    account.ok("PUT", f"/crm/v4/objects/calls/{call}/associations/default/contacts/{two}")
    deal = account.logged("deals", two, dealname="Big")
    connector = account.connector()
    assert connector.fetch("calls", [call], ())[call].links == {"contacts": (one, two)}
    assert connector.fetch("deals", [deal], ())[deal].links == {"contacts": (two,)}
    people = connector.fetch("contacts", [one, two], ())
    assert [people[id_].links for id_ in (one, two)] == [{"companies": (company,)}, {"companies": ()}]


def test_a_link_made_after_its_activity_arrives_later(account) -> None:
    contact = account.contact(email="one@x.example")
    call = account.ok("POST", "/crm/v3/objects/calls", {"properties": {"hs_timestamp": "2026-11-20T10:00:00Z"}})["id"]
    connector = account.connector()
    pages = list(connector.changes([ask("calls")], ALWAYS))
    account.ok("PUT", f"/crm/v4/objects/calls/{call}/associations/default/contacts/{contact}")
    again = records(connector.changes([ask("calls", pages[-1].cursor)], ALWAYS))
    assert {record.id: record.links for record in again}[call] == {"contacts": (contact,)}


def test_a_call_with_very_many_contacts_keeps_them_all(start) -> None:
    account = start(csv="\n".join(["email", *(f"p{n}@x.example" for n in range(510))]))
    ids = [id_ for page in account.connector().ids("contacts") for id_ in page.ids]
    call = account.logged("calls", ids[0], hs_timestamp="2026-11-20T10:00:00Z")
    inputs = [{"from": {"id": call}, "to": {"id": id_}} for id_ in ids[1:]]
    account.ok("POST", "/crm/v4/associations/calls/contacts/batch/create", {"inputs": inputs})
    found = records(account.connector().changes([ask("calls")], ALWAYS))
    assert found[-1].links == {"contacts": tuple(ids)}


def test_merged_contacts_move(account) -> None:
    one, two = account.contact(email="one@x.example"), account.contact(email="two@x.example")
    body = {"primaryObjectId": one, "objectIdToMerge": two}
    new = account.ok("POST", "/crm/v3/objects/contacts/merge", body)["id"]
    connector = account.connector()
    moved = {Moved(one, "contacts", new, "merged"), Moved(two, "contacts", new, "merged")}
    assert {m for page in connector.changes([ask("contacts")], ALWAYS) for m in page.moved} == moved
    assert {m for page in connector.backfill("contacts", None, ("email",)) for m in page.moved} == moved
    truth = connector.fetch("contacts", [one, two, new], ("email",))
    assert {truth[one], truth[two]} == moved
    assert truth[new].fields == {"email": "one@x.example"}


def test_fetch_has_an_entry_for_every_id(start) -> None:
    account = start(leads=150)
    connector = account.connector()
    ids = [id_ for page in connector.ids("contacts") for id_ in page.ids]
    account.call("DELETE", f"/crm/v3/objects/contacts/{ids[3]}")
    truth = connector.fetch("contacts", [*ids, "999999999", ids[0]], ("email",))
    assert set(truth) == {*ids, "999999999"}
    assert {id_ for id_, found in truth.items() if isinstance(found, Gone)} == {ids[3], "999999999"}
    assert connector.fetch("contacts", [], ("email",)) == {}


def test_archived_rows_leave_the_census(account) -> None:
    connector = account.connector()
    ids = [id_ for page in connector.ids("contacts") for id_ in page.ids]
    account.call("DELETE", f"/crm/v3/objects/contacts/{ids[0]}")
    assert [id_ for page in connector.ids("contacts") for id_ in page.ids] == ids[1:]


def test_owners_who_left_are_read_and_known_as_archived(account) -> None:
    connector = account.connector()
    owners = records(connector.backfill("owners", None, ("email", "archived")))
    assert sorted({owner.fields["archived"] for owner in owners}) == [False, True]


def test_an_owner_who_leaves_is_noticed_in_the_next_round(start) -> None:
    old = "2024-01-01T00:00:00.000Z"
    owners = {id_: {"id": id_, "archived": False, "createdAt": old, "updatedAt": old} for id_ in ("1", "2", "3")}

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if not path.startswith(api.OWNERS):
            return None
        listed = [owner for owner in owners.values() if owner["archived"] is ("archived=true" in path)]
        return 200, {}, orjson.dumps({"results": listed})

    connector = start(script=script).connector()
    until = connector.now()
    again = Ask("owners", ("archived",), Cursor(until))

    def round_() -> tuple[dict[str, object], list[Gone], int]:
        calls = connector.quota().calls
        (page,) = connector.changes([again], until)
        assert page.cursor == Cursor(until)
        read = {record.id: record.fields["archived"] for record in page.records}
        return read, list(page.gone), connector.quota().calls - calls

    owners["3"]["archived"] = True
    assert round_() == ({"1": False, "2": False, "3": True}, [], 2), "who left while nobody looked is met first"
    assert round_() == ({}, [], 1)
    owners["1"]["archived"] = True
    del owners["2"]
    owners["4"] = owners["3"] | {"id": "4", "archived": False}
    assert round_() == ({"1": True, "3": True, "4": False}, [Gone("2")], 2)
    assert round_() == ({}, [], 1)
    owners["1"]["archived"] = False
    assert round_() == ({"1": False}, [], 1)


def test_describe_knows_types_options_and_what_may_be_written(account) -> None:
    schema = account.connector().describe("contacts")
    assert schema.fields["leadsync_score"].type == "number"
    assert schema.fields["leadsync_temperature"].options == ("cold", "warm", "hot")
    assert schema.fields["lifecyclestage"].options[:2] == ("subscriber", "lead")
    assert schema.fields["hubspot_owner_id"].type == "ref"
    assert schema.fields["createdate"].type == "datetime"
    assert schema.fields["leadsync_score"].writable
    assert not schema.fields["hs_email_open"].writable
    assert schema.fields["email"].type == "text"


def test_describe_tells_what_is_there_now(account) -> None:
    connector = account.connector()
    assert connector.describe("contacts").field("nps") is None
    nps = {"name": "nps", "label": "NPS", "type": "number", "fieldType": "number", "groupName": "leadsync"}
    account.ok("POST", "/crm/v3/properties/contacts", nps)
    assert connector.describe("contacts").fields["nps"].type == "number"


def test_now_costs_one_request_and_then_none(account) -> None:
    connector = account.connector()
    assert abs(connector.now() - datetime.now(UTC)) < timedelta(seconds=5)
    calls = connector.quota().calls
    connector.now()
    assert connector.quota().calls == calls == 1


def test_the_account_tells_its_day(account) -> None:
    connector = account.connector()
    assert connector.quota().limit is None
    list(connector.ids("contacts"))
    quota = connector.quota()
    assert (quota.calls, quota.used, quota.limit) == (1, 1, 1_000_000)


def test_leads_of_the_sales_hub_are_read_with_their_contacts(account) -> None:
    contact, other = (account.contact(email=f"{name}@x.example") for name in ("a", "b"))
    lead = made_lead(account, contact, hs_lead_label="HOT", hubspot_owner_id="70001")
    account.ok("PUT", f"/crm/v4/objects/leads/{lead}/associations/default/contacts/{other}")
    connector = account.connector()
    names = ("hs_lead_label", "hubspot_owner_id", "hs_pipeline_stage")
    for read in (
        records(connector.changes([Ask("leads", names, LONG_AGO)], ALWAYS)),
        records(connector.backfill("leads", None, names)),
        list(connector.fetch("leads", [lead], names).values()),
    ):
        (found,) = read
        assert found.id == lead
        assert found.fields == dict(zip(names, ("HOT", "70001", "new-stage-id"), strict=True))
        assert set(found.links["contacts"]) == {contact, other}


def test_only_the_object_without_a_scope_fails(account) -> None:
    account.install(vault := Vault(), without=["crm.objects.deals.read", "crm.objects.leads.read"])
    wanted = ("deals", "contacts", "leads", "calls", "owners")
    found = list(account.app(vault).changes([ask(obj) for obj in wanted], ALWAYS))
    failed = {page.object: page.error for page in found if isinstance(page, Failed)}
    assert {obj: (error.code, f"crm.objects.{obj}.read" in error.message) for obj, error in failed.items()} == {
        "deals": ("scope", True),
        "leads": ("scope", True),
    }
    assert {page.object for page in found if isinstance(page, Page)} == {"contacts", "calls", "owners"}


@pytest.mark.parametrize(("status", "kind"), [(401, AuthLost), (503, Transient), (477, Transient)])
def test_what_concerns_the_account_ends_the_round(start, status: int, kind: type[Exception]) -> None:
    script = lambda method, path, body: (status, {}, b"{}") if path.endswith("contacts/search") else None  # noqa: E731
    pages = start(script=script).connector().changes([ask("companies"), ask("contacts"), ask("calls")], ALWAYS)
    assert next(pages).object == "companies"
    with pytest.raises(kind):
        list(pages)


def test_more_properties_than_an_address_holds(start) -> None:
    account = start(csv="\n".join(["email,jobtitle", *(f"p{n}@x.example,clerk" for n in range(150))]))
    names = [f"{'very_' * 12}long_name_{number}" for number in range(120)]
    for name in names:
        definition = {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "leadsync"}
        account.ok("POST", "/crm/v3/properties/contacts", definition)
    first = next(iter(account.connector().ids("contacts"))).ids[0]
    account.ok("PATCH", f"/crm/v3/objects/contacts/{first}", {"properties": {names[-1]: "kept"}})
    account.reset()
    connector = account.connector()
    found = records(connector.backfill("contacts", None, ("email", *names)))
    assert account.calls() == {"GET contacts": 2, "POST contacts/batch/read": 2}
    assert len(found) == 150
    assert found[0].fields[names[-1]] == "kept"
    account.call("DELETE", f"/crm/v3/objects/contacts/{first}")
    assert connector.fetch("contacts", [first], names) == {first: Gone(first)}


def test_a_row_that_one_answer_lacks_and_the_next_has_is_read(start) -> None:
    left = [1]

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if not path.endswith("batch/read") or not left[0]:
            return None
        left[0] -= 1
        return 200, {}, b'{"results": []}'

    account = start(script=script)
    assert isinstance(account.connector().fetch("contacts", ["1001"], ("email",))["1001"], Record)


def test_a_row_that_is_there_and_not_there_is_no_deletion(start) -> None:
    account = start(script=lambda m, path, b: (200, {}, b'{"results": []}') if path.endswith("batch/read") else None)
    with pytest.raises(Transient):
        account.connector().fetch("contacts", ["1001"], ("email",))
