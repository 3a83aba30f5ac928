"""The HubSpot sandbox. Paths, rows, associations, the bin and the past."""

import pytest
from sandbox_probes import CONTACTS, error


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
