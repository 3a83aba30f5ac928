import select
import socket
from urllib.parse import urlsplit

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts.exceptions import ApiException
from hubspot_account import TODAY, TOKEN, Account

from connectors.hubspot import HubSpotConnector
from leadsync.connector import SandboxOptions, UserError

CONTACTS = "/crm/v3/objects/contacts"


def sdk(account: Account, token: str = TOKEN) -> HubSpot:
    return HubSpot(access_token=token, host=account.url, base_url=account.url)


def error(answer) -> tuple[int, str | None]:
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    return answer.status_code, answer.json().get("category")


def search(account: Account, *filters: tuple[str, str, str], **more: object) -> list[str]:
    found = [{"propertyName": name, "operator": operator, "value": value} for name, operator, value in filters]
    body = {"filterGroups": [{"filters": found}], "limit": 200} | more
    return [row["id"] for row in account.ok("POST", f"{CONTACTS}/search", body)["results"]]


class TestOfficialClient:
    """hubspot-api-client as its README uses it."""

    def test_contacts_pages_and_search(self, start) -> None:
        api = sdk(start(leads=120)).crm.contacts
        page = api.basic_api.get_page(limit=100, properties=["email", "jobtitle"], associations=["companies"])
        assert (len(page.results), page.paging.next.after) == (100, "1101")
        assert page.results[0].associations["companies"].results[0].type == "contact_to_company"
        assert len(api.get_all(properties=["email"])) == 120
        wanted = page.results[7]
        request = {
            "filterGroups": [
                {"filters": [{"propertyName": "email", "operator": "EQ", "value": wanted.properties["email"]}]}
            ],
            "sorts": [{"propertyName": "createdate", "direction": "DESCENDING"}],
        }
        found = api.search_api.do_search(public_object_search_request=request)
        assert [row.id for row in found.results] == [wanted.id]

    def test_writing_one_and_many(self, account) -> None:
        api = sdk(account).crm.contacts
        made = api.basic_api.create({"properties": {"email": "New@X.example", "firstname": "New"}, "associations": []})
        assert made.properties["email"] == "new@x.example"
        updated = api.basic_api.update(made.id, {"properties": {"jobtitle": "CTO"}})
        assert updated.updated_at >= made.updated_at
        inputs = [
            {"id": made.id, "properties": {"leadsync_score": "7"}, "objectWriteTraceId": "a"},
            {"id": "1001", "properties": {"leadsync_score": "much"}, "objectWriteTraceId": "b"},
        ]
        answer = api.batch_api.update({"inputs": inputs})
        assert [row.id for row in answer.results] == [made.id]
        assert answer.num_errors == 1
        assert answer.errors[0].context["objectWriteTraceId"] == ["b"]
        read = api.batch_api.read({"inputs": [{"id": made.id}, {"id": "1"}], "properties": ["leadsync_score"]})
        assert [row.properties["leadsync_score"] for row in read.results] == ["7"]
        assert read.errors[0].category == "OBJECT_NOT_FOUND"
        api.basic_api.archive(made.id)
        with pytest.raises(ApiException, match="OBJECT_NOT_FOUND"):
            api.basic_api.get_by_id(made.id)

    def test_owners_associations_properties_and_engagements(self, account) -> None:
        crm = sdk(account).crm
        owners = crm.owners.owners_api.get_page(limit=100).results
        assert owners[0].email == "alice.marlow@sales.example"
        schema = crm.properties.core_api.get_all("contacts")
        assert {"leadsync_score", "email"} <= {prop.name for prop in schema.results}
        contact = account.contact(email="a@x.example")
        call = account.logged("calls", contact, hs_timestamp="2026-11-20T10:00:00Z", hs_call_direction="INBOUND")
        links = crm.associations.v4.batch_api.get_page("calls", "contacts", {"inputs": [{"id": call}]})
        assert str(links.results[0].to[0].to_object_id) == contact
        got = crm.objects.calls.basic_api.get_by_id(call, properties=["hs_call_direction"])
        assert got.properties["hs_call_direction"] == "INBOUND"

    def test_a_dated_path(self, account) -> None:
        answer = sdk(account).api_request({"path": "/crm/objects/2026-03/0-1", "qs": {"limit": 2}})
        assert [row["id"] for row in answer.json()["results"]] == ["1001", "1002"]

    def test_a_wrong_token(self, account) -> None:
        with pytest.raises(ApiException) as caught:
            sdk(account, "wrong").crm.contacts.basic_api.get_page()
        assert (caught.value.status, "INVALID_AUTHENTICATION" in caught.value.body) == (401, True)


@pytest.mark.parametrize(
    "path",
    ["/crm/v3/objects/contacts", "/crm/v3/objects/contact", "/crm/v3/objects/0-1", "/crm/objects/2026-03/contacts",
     "/crm/objects/2026-09/0-1"],
)  # fmt: skip
def test_every_family_of_paths_leads_to_the_same_rows(account, path: str) -> None:
    assert account.ok("GET", path, limit=3) == account.ok("GET", CONTACTS, limit=3)
    assert account.call("POST", f"{path}/search", {"limit": 1}).json()["total"] == 20


@pytest.mark.parametrize("path", ["/crm/v3/owners", "/crm/v3/owners/", "/crm/owners/2026-03"])
def test_owners_are_split_into_active_and_archived(account, path: str) -> None:
    active, archived = (account.ok("GET", path, archived=flag)["results"] for flag in ("false", "true"))
    assert {owner["archived"] for owner in active} == {False}
    assert [owner["userId"] for owner in archived] == [None]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/crm/v3/objects/unicorns"), ("GET", "/crm/v9/objects/contacts"), ("GET", "/"), ("POST", "/crm/v3/merge"),
     ("GET", "/crm/v3/objects/contacts/404404"), ("GET", "/crm/v3/properties/contacts/nope")],
)  # fmt: skip
def test_what_is_not_there_is_404_in_json(account, method: str, path: str) -> None:
    assert error(account.call(method, path, {})) == (404, "OBJECT_NOT_FOUND")


@pytest.mark.parametrize("path", [CONTACTS, "/crm/v3/owners/", "/_sandbox/calls", "/nowhere"])
def test_nothing_opens_without_the_token(account, path: str) -> None:
    assert error(account.call("GET", path, token="wrong")) == (401, "INVALID_AUTHENTICATION")


def test_values_are_text_unknown_properties_are_omitted_and_empty_ones_null(account) -> None:
    id_ = account.contact(email="a@x.example", annualrevenue="1000")
    row = account.ok("GET", f"{CONTACTS}/{id_}", properties="annualrevenue,jobtitle,nonsense")
    assert set(row["properties"]) == {"annualrevenue", "jobtitle", "createdate", "lastmodifieddate", "hs_object_id"}
    assert (row["properties"]["annualrevenue"], row["properties"]["jobtitle"]) == ("1000", None)
    assert row["id"] == row["properties"]["hs_object_id"]
    assert row["updatedAt"] == row["properties"]["lastmodifieddate"]
    assert len(row["updatedAt"]) == len("2026-11-22T10:00:00.000Z")
    default = account.ok("GET", f"{CONTACTS}/{id_}")["properties"]
    assert set(default) == {"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"}


@pytest.mark.parametrize("limit", [0, 101, "many"])
def test_list_limits(account, limit: object) -> None:
    assert error(account.call("GET", CONTACTS, limit=limit)) == (400, "VALIDATION_ERROR")


class TestSearch:
    def test_operators(self, account) -> None:
        one = account.contact(email="one@zz.example", annualrevenue="5", hs_lead_status="NEW", company="Zeta")
        two = account.contact(email="two@zz.example", annualrevenue="50", company="zeta")
        mine = ("email", "CONTAINS_TOKEN", "*@zz.example")
        assert search(account, mine) == [one, two]
        for name, operator, value, found in (
            ("annualrevenue", "GT", "5", [two]), ("annualrevenue", "GTE", "5.0", [one, two]),
            ("annualrevenue", "LT", "50", [one]), ("annualrevenue", "LTE", "4", []),
            ("company", "EQ", "ZETA", [one, two]),
            ("company", "NEQ", "zeta", []), ("hs_lead_status", "EQ", "new", []), ("hs_lead_status", "EQ", "NEW", [one]),
            ("hs_lead_status", "NOT_HAS_PROPERTY", "", [two]), ("hs_lead_status", "HAS_PROPERTY", "", [one]),
        ):  # fmt: skip
            assert search(account, mine, (name, operator, value)) == found, (name, operator)
        among = {"propertyName": "company", "operator": "IN", "values": ["zeta"]}
        assert search(account, filterGroups=[{"filters": [among]}]) == [one, two]
        assert search(account, filterGroups=[{"filters": [among | {"values": ["Zeta"]}]}]) == []
        between = {"propertyName": "annualrevenue", "operator": "BETWEEN", "value": "5", "highValue": "49"}
        assert search(account, filterGroups=[{"filters": [between, among]}]) == [one]
        down = [{"propertyName": "annualrevenue", "direction": "DESCENDING"}]
        assert search(account, mine, sorts=down) == [two, one]

    @pytest.mark.parametrize(
        "more",
        [
            {"limit": 201}, {"after": "10000"}, {"limit": "x"}, {"sorts": [{"propertyName": "email"}] * 2},
            {"sorts": ["nonsense"]}, {"query": "x" * 3001},
            {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "LIKE", "value": "x"}]}]},
            {"filterGroups": [{"filters": [{"propertyName": "nonsense", "operator": "EQ", "value": "x"}]}]},
            {"filterGroups": [{"filters": [{"propertyName": "createdate", "operator": "GT", "value": "soon"}]}]},
            {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * 7}]},
            {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * 4}] * 5},
            {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}]}] * 6},
            {"filterGroups": "all"},
        ],
    )  # fmt: skip
    def test_what_is_refused(self, account, more: dict[str, object]) -> None:
        assert error(account.call("POST", f"{CONTACTS}/search", more)) == (400, "VALIDATION_ERROR")

    def test_contacts_silently_find_nothing_by_the_others_cursor(self, account) -> None:
        assert search(account, ("hs_lastmodifieddate", "GTE", "1000")) == []
        assert len(search(account, ("lastmodifieddate", "GTE", "1000"))) == 20

    def test_pages_are_offsets_and_the_total_counts_all(self, start) -> None:
        account = start(leads=250)
        body = {
            "filterGroups": [
                {"filters": [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": "2000-01-01T00:00:00Z"}]}
            ],
            "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
            "limit": 200,
        }
        first = account.ok("POST", f"{CONTACTS}/search", body)
        assert (first["total"], len(first["results"]), first["paging"]["next"]["after"]) == (250, 200, "200")
        second = account.ok("POST", f"{CONTACTS}/search", body | {"after": "200"})
        assert (len(second["results"]), "paging" in second) == (50, False)
        stamps = [row["updatedAt"] for row in first["results"] + second["results"]]
        assert stamps == sorted(stamps)

    def test_a_lagging_index_shows_neither_new_rows_nor_new_values(self, start) -> None:
        account = start(search_lag=3600.0)
        id_ = account.contact(email="late@x.example")
        assert search(account, ("email", "EQ", "late@x.example")) == []
        assert id_ not in search(account, ("lastmodifieddate", "GTE", "1000"))
        assert account.ok("GET", f"{CONTACTS}/{id_}")["properties"]["email"] == "late@x.example"

    def test_by_association_and_archived_rows_never(self, account) -> None:
        contact = account.contact(email="a@x.example")
        call = account.logged("calls", contact, hs_timestamp="2026-11-20T10:00:00Z")
        body = {
            "filterGroups": [
                {"filters": [{"propertyName": "associations.contact", "operator": "EQ", "value": contact}]}
            ]
        }
        assert [row["id"] for row in account.ok("POST", "/crm/v3/objects/calls/search", body)["results"]] == [call]
        account.call("DELETE", f"/crm/v3/objects/calls/{call}")
        assert account.ok("POST", "/crm/v3/objects/calls/search", body)["results"] == []
        assert [row["id"] for row in account.ok("GET", "/crm/v3/objects/calls", archived="true")["results"]] == [call]


class TestWriting:
    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [
            ("hs_email_open", "5", "READ_ONLY_VALUE"), ("nonsense", "5", "PROPERTY_DOESNT_EXIST"),
            ("leadsync_score", "1,000", "INVALID_INTEGER"), ("leadsync_score", "5 ", "INVALID_WHITESPACE"),
            ("leadsync_temperature", "Hot", "INVALID_OPTION"), ("email", "nobody", "INVALID_EMAIL"),
            ("leadsync_reasons", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"), ("createdate", "now", "READ_ONLY_VALUE"),
        ],
    )  # fmt: skip
    def test_bad_values(self, account, name: str, value: str, code: str) -> None:
        answer = account.call("PATCH", f"{CONTACTS}/1001", {"properties": {name: value}})
        assert error(answer) == (400, "VALIDATION_ERROR")
        assert answer.json()["errors"][0]["code"] == code
        assert answer.json()["message"].startswith("Property values were not valid: [{")

    def test_dates_are_kept_in_one_writing(self, account) -> None:
        deal = account.ok("POST", "/crm/v3/objects/deals", {"properties": {"closedate": "1763800000000"}})
        assert deal["properties"]["closedate"] == "2025-11-22T08:26:40.000Z"
        assert (
            account.call(
                "PATCH", f"/crm/v3/objects/deals/{deal['id']}", {"properties": {"closedate": "soon"}}
            ).status_code
            == 400
        )

    def test_one_bad_row_spoils_a_batch_without_trace_ids(self, account) -> None:
        inputs = [
            {"id": "1001", "properties": {"leadsync_score": "1"}},
            {"id": "1002", "properties": {"nonsense": "1"}},
        ]
        assert error(account.call("POST", f"{CONTACTS}/batch/update", {"inputs": inputs})) == (400, "VALIDATION_ERROR")
        row = account.ok("GET", f"{CONTACTS}/1001", properties="leadsync_score")
        assert row["properties"]["leadsync_score"] is None

    @pytest.mark.parametrize(
        "inputs",
        [
            [{"id": str(n), "properties": {}} for n in range(101)],
            [{"id": "1001", "properties": {}, "objectWriteTraceId": str(n)} for n in range(2)],
            [{"id": "a@x.example", "idProperty": "email", "properties": {}}],
        ],
        ids=["too many", "one row twice", "by e-mail"],
    )
    def test_batches_that_are_refused(self, account, inputs: list[dict[str, object]]) -> None:
        assert account.call("POST", f"{CONTACTS}/batch/update", {"inputs": inputs}).status_code == 400

    def test_a_body_without_inputs_does_nothing_and_says_so_to_nobody(self, account) -> None:
        assert account.ok("POST", f"{CONTACTS}/batch/update", {"id": "1001"})["results"] == []

    def test_many_are_made_at_once(self, account) -> None:
        inputs = [{"properties": {"email": f"n{n}@x.example"}} for n in range(3)]
        made = account.call("POST", f"{CONTACTS}/batch/create", {"inputs": inputs})
        assert (made.status_code, len(made.json()["results"])) == (201, 3)
        again = account.call("POST", f"{CONTACTS}/batch/create", {"inputs": inputs})
        assert error(again) == (409, "CONFLICT")

    def test_one_mailbox_is_one_contact(self, account) -> None:
        id_ = account.contact(email="a@x.example")
        again = account.call("POST", CONTACTS, {"properties": {"email": "A@x.example"}})
        assert error(again) == (409, "CONFLICT")
        assert id_ in again.json()["message"]
        other = account.contact(email="b@x.example")
        assert account.call("PATCH", f"{CONTACTS}/{other}", {"properties": {"email": "a@x.example"}}).status_code == 409
        account.ok("PATCH", f"{CONTACTS}/{id_}", {"properties": {"email": "c@x.example"}})
        account.ok("PATCH", f"{CONTACTS}/{other}", {"properties": {"email": "a@x.example"}})

    def test_the_lifecycle_does_not_move_back_until_it_is_cleared(self, account) -> None:
        id_ = account.contact(email="a@x.example", lifecyclestage="opportunity")
        for value, kept in (("lead", "opportunity"), ("", None), ("lead", "lead")):
            row = account.ok("PATCH", f"{CONTACTS}/{id_}", {"properties": {"lifecyclestage": value}})
            assert row["properties"]["lifecyclestage"] == kept

    def test_properties_can_be_added(self, start) -> None:
        account = start(bare=True)
        path = "/crm/v3/properties/contacts"
        assert "leadsync_score" not in {prop["name"] for prop in account.ok("GET", path)["results"]}
        assert account.call("GET", f"{path}/leadsync_score").status_code == 404
        wanted = {
            "groupName": "leadsync",
            "name": "leadsync_score",
            "label": "S",
            "type": "number",
            "fieldType": "number",
        }
        assert error(account.call("POST", path, wanted)) == (400, "VALIDATION_ERROR")
        account.ok("POST", f"{path}/groups", {"name": "leadsync", "label": "Leadsync"})
        assert account.call("POST", path, wanted | {"fieldType": "text"}).status_code == 400
        assert account.call("POST", path, wanted).status_code == 201
        assert error(account.call("POST", path, wanted)) == (409, "CONFLICT")
        account.ok("PATCH", f"{CONTACTS}/1001", {"properties": {"leadsync_score": "5"}})


def test_merging_makes_a_new_contact_that_both_old_ids_lead_to(account) -> None:
    company = account.ok("POST", "/crm/v3/objects/companies", {"properties": {"name": "Acme"}})["id"]
    one, two, three = (account.contact(email=f"{n}@x.example", firstname=f"F{n}") for n in (1, 2, 3))
    account.ok("PUT", f"/crm/v4/objects/contacts/{two}/associations/default/companies/{company}")
    call = account.logged("calls", two, hs_timestamp="2026-11-20T10:00:00Z")
    first = account.ok("POST", f"{CONTACTS}/merge", {"primaryObjectId": one, "objectIdToMerge": two})["id"]
    second = account.ok("POST", f"{CONTACTS}/merge", {"primaryObjectId": three, "objectIdToMerge": first})["id"]
    assert len({one, two, three, first, second}) == 5
    for id_ in (one, two, three, first):
        row = account.ok("GET", f"{CONTACTS}/{id_}", properties="firstname,hs_merged_object_ids,associatedcompanyid")
        assert (row["id"], row["properties"]["firstname"]) == (second, "F3")
        assert set(row["properties"]["hs_merged_object_ids"].split(";")) == {one, two, three, first}
        assert row["properties"]["associatedcompanyid"] == company
    links = account.ok("GET", f"/crm/v4/objects/calls/{call}/associations/contacts")["results"]
    assert [link["toObjectId"] for link in links] == [int(second)]
    assert (
        account.call("POST", f"{CONTACTS}/merge", {"primaryObjectId": second, "objectIdToMerge": one}).status_code
        == 400
    )


def test_associations_have_types_and_the_wire_has_numbers(account) -> None:
    contact = account.contact(email="a@x.example")
    companies = [account.ok("POST", "/crm/v3/objects/companies", {"properties": {"name": n}})["id"] for n in "ab"]
    account.ok("PUT", f"/crm/v4/objects/contact/{contact}/associations/default/company/{companies[0]}")
    primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    account.ok("PUT", f"/crm/v4/objects/contacts/{contact}/associations/companies/{companies[1]}", primary)
    body = {"inputs": [{"id": contact}, {"id": "1001"}, {"id": "404404"}]}
    answer = account.call("POST", "/crm/v4/associations/contacts/companies/batch/read", body)
    assert answer.status_code == 207
    links = {one["from"]["id"]: one["to"] for one in answer.json()["results"]}
    assert [link["toObjectId"] for link in links[contact]] == [int(id_) for id_ in companies]
    assert [[kind["typeId"] for kind in link["associationTypes"]] for link in links[contact]] == [[279], [1, 279]]
    wrong = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}]
    path = f"/crm/v4/objects/contacts/{contact}/associations/companies/{companies[0]}"
    assert account.call("PUT", path, wrong).status_code == 400


def test_limits_speak_as_hubspots_do(start) -> None:
    account = start(rate_limit=True)
    answers = [account.call("POST", f"{CONTACTS}/search", {}) for _ in range(6)]
    refused = [answer.json() for answer in answers if answer.status_code == 429]
    assert [(body["policyName"], body["errorType"], "category" in body) for body in refused[:1]] == [
        ("SECONDLY", "RATE_LIMIT", False)
    ]
    assert "X-HubSpot-RateLimit-Remaining" not in answers[0].headers
    burst = [account.call("GET", "/crm/v3/owners", limit=1) for _ in range(191)]
    assert burst[-1].json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert burst[0].headers["X-HubSpot-RateLimit-Max"] == "190"


class TestLoading:
    def test_ids_and_stamps_are_kept(self, start) -> None:
        account = start(
            csv="hs_object_id,email,createdate,lastmodifieddate,hs_email_open\n"
            "77,a@x.example,2026-01-01T00:00:00Z,1760000000000,3\n,b@x.example,,,\n"
        )
        a, b = account.ok("GET", CONTACTS, properties="email,hs_email_open")["results"]
        assert (a["id"], a["createdAt"], a["updatedAt"]) == (
            "77",
            "2026-01-01T00:00:00.000Z",
            "2025-10-09T08:53:20.000Z",
        )
        assert a["properties"]["hs_email_open"] == "3"
        assert (int(b["id"]) > 77, b["properties"]["email"]) == (True, "b@x.example")
        assert account.contact(email="c@x.example") not in (a["id"], b["id"])

    @pytest.mark.parametrize(
        ("csv", "told"),
        [("Email\nx@x.example\n", "Email"), ("Id,email\n5,a@x\n5,b@x\n", "5"), ("Id,email\nfive,a@x\n", "five"),
         ("email,createdate\na@x,yesterday\n", "yesterday")],
    )  # fmt: skip
    def test_what_cannot_be_loaded_is_named(self, start, csv: str, told: str) -> None:
        with pytest.raises(UserError, match=told):
            start(csv=csv)


class TestSeeding:
    def everything(self, account: Account) -> list[object]:
        found: list[object] = [
            account.ok("GET", "/crm/v3/owners"),
            account.ok("GET", "/crm/v3/owners", archived="true"),
        ]
        for obj in ("contacts", "companies", "calls", "emails", "meetings", "notes", "tasks", "deals"):
            names = [prop["name"] for prop in account.ok("GET", f"/crm/v3/properties/{obj}")["results"]]
            to = "companies,deals" if obj == "contacts" else "contacts"
            found.append(
                account.ok("GET", f"/crm/v3/objects/{obj}", properties=",".join(names), associations=to, limit=100)
            )
        return found

    def test_the_same_seed_gives_the_same_account(self, start) -> None:
        one, same, other = (self.everything(start(leads=60, seed=seed)) for seed in (7, 7, 8))
        assert one == same
        assert one != other
        assert all(page["results"] for page in one)  # type: ignore[index]

    def test_counters_agree_with_each_other_and_with_the_activity(self, start) -> None:
        account = start(leads=100)
        names = (
            "hs_email_open,hs_email_delivered,hs_email_first_open_date,hs_email_last_open_date,num_conversion_events,"
            "recent_conversion_event_name,hs_analytics_num_visits,hs_analytics_num_page_views,lifecyclestage"
        )
        rows = account.ok("GET", CONTACTS, properties=names, associations="deals", limit=100)["results"]
        opened = [row["properties"] for row in rows if row["properties"]["hs_email_open"]]
        assert len(opened) > 10
        for row in opened:
            assert int(row["hs_email_delivered"]) >= int(row["hs_email_open"])
            assert row["hs_email_first_open_date"] <= row["hs_email_last_open_date"]
        for row in rows:
            assert bool(row["properties"]["num_conversion_events"]) == bool(
                row["properties"]["recent_conversion_event_name"]
            )
            assert (row["properties"]["lifecyclestage"] in ("customer", "opportunity")) == ("associations" in row)
            assert row["createdAt"] <= row["updatedAt"] <= f"{TODAY}T00:00:00.000Z"


class TestDoor:
    def test_leads_act_and_a_rep_edits(self, start) -> None:
        account = start(leads=50)
        names = "hs_email_open,hs_email_click,hs_analytics_num_visits,num_conversion_events,jobtitle,phone"

        def picture() -> dict[str, object]:
            rows = account.ok("GET", CONTACTS, properties=names, limit=100)["results"]
            return {row["id"]: row["properties"] for row in rows}

        def logged() -> int:
            return sum(
                account.ok("POST", f"/crm/v3/objects/{obj}/search", {})["total"] for obj in ("emails", "meetings")
            )

        before, activities = picture(), logged()
        acted = account.ok("POST", "/_sandbox/act", {"seed": 3, "leads": 6})["acted"]
        after = picture()
        assert len({one["id"] for one in acted}) == 7
        assert logged() == activities + 2
        changed = {id_ for id_ in before if before[id_] != after[id_]}
        logs = {one["id"] for one in acted if "meeting" in one["what"] or "replied" in one["what"]}
        assert changed == {one["id"] for one in acted} - logs
        assert len(logs) == 2
        assert acted[-1]["what"].startswith("was edited by a rep")

    def test_counters_move_as_only_hubspot_moves_them(self, account) -> None:
        before = account.ok("GET", f"{CONTACTS}/1001")["updatedAt"]
        account.ok("POST", "/_sandbox/counters", {"id": "1001", "properties": {"hs_email_open": "9"}})
        row = account.ok("GET", f"{CONTACTS}/1001", properties="hs_email_open")
        assert row["properties"]["hs_email_open"] == "9"
        assert row["updatedAt"] > before
        assert (
            account.call("POST", "/_sandbox/counters", {"id": "1001", "properties": {"nope": "9"}}).status_code == 400
        )

    def test_calls_are_counted_per_endpoint_and_the_door_is_not(self, account) -> None:
        account.call("GET", CONTACTS)
        account.call("POST", "/crm/objects/2026-03/0-1/search", {})
        account.call("GET", CONTACTS, token="wrong")
        assert account.ok("GET", "/_sandbox/calls") == {
            "total": 3,
            "by_endpoint": {"GET contacts": 2, "POST contacts/search": 1},
        }
        account.reset()
        assert account.ok("GET", "/_sandbox/calls")["total"] == 0


def test_header_and_body_leave_in_one_segment(account) -> None:
    address = urlsplit(account.url)
    request = f"GET {CONTACTS}?limit=5 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
    with socket.create_connection((address.hostname, address.port)) as wire:
        for _ in range(3):
            wire.sendall(request)
            select.select([wire], [], [], 10)
            head, _, body = wire.recv(1 << 20).partition(b"\r\n\r\n")
            length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
            assert len(body) == int(length.split(b":")[1])


def test_the_application_needs_no_account_to_be_made() -> None:
    assert HubSpotConnector.sandbox(SandboxOptions(token=TOKEN, today=TODAY, leads=1))
