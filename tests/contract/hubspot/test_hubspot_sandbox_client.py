"""The HubSpot sandbox. HubSpot's own Python client, and the wire below it."""

import select
import socket
from urllib.parse import urlsplit

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts.exceptions import ApiException
from hubspot_account import TODAY, TOKEN, Account
from sandbox_probes import CONTACTS

from connectors.hubspot import HubSpotConnector
from leadsync.connector import SandboxOptions


def sdk(account: Account, token: str = TOKEN) -> HubSpot:
    return HubSpot(access_token=token, host=account.url, base_url=account.url)


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
