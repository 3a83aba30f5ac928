"""The HubSpot sandbox. Upserts, what new rows need, leads, pipelines, definitions, lineages, many links."""

from typing import Any

import pytest
from hubspot_account import Account
from sandbox_probes import CONTACTS, error

PROPERTIES = "/crm/v3/properties/contacts"
LEADS = "/crm/v3/objects/leads"


@pytest.fixture
def account(start) -> Account:
    return start(leads=0)


def define(account: Account, **more: Any) -> dict[str, Any]:
    wanted = {"groupName": "leadsync", "name": "erp_id", "label": "ERP", "type": "string", "fieldType": "text"} | more
    made: dict[str, Any] = account.ok("POST", PROPERTIES, wanted)
    return made


class TestUpsert:
    def upsert(self, account: Account, *inputs: dict[str, Any]) -> Any:
        return account.call("POST", f"{CONTACTS}/batch/upsert", {"inputs": list(inputs)})

    def test_by_email_rows_are_changed_or_made(self, account) -> None:
        known = account.contact(email="a@x.example", city="Ulm")
        answer = self.upsert(
            account,
            {"idProperty": "email", "id": "A@x.example", "properties": {"city": "Bonn"}},
            {"idProperty": "email", "id": "b@x.example", "properties": {"city": "Kiel"}},
        )
        assert answer.status_code == 200
        told = {row["properties"]["email"]: (row["new"], row["properties"]["city"]) for row in answer.json()["results"]}
        assert told == {"a@x.example": (False, "Bonn"), "b@x.example": (True, "Kiel")}
        assert account.ok("GET", f"{CONTACTS}/a@x.example", idProperty="email")["id"] == known

    def test_by_a_property_of_the_accounts_own_whose_values_are_unique(self, account) -> None:
        assert define(account, hasUniqueValue=True)["hasUniqueValue"] is True
        one = {"idProperty": "erp_id", "id": "77", "properties": {"city": "Ulm"}}
        news = [self.upsert(account, one).json()["results"][0]["new"] for _ in range(2)]
        assert news == [True, False]
        body = {"inputs": [{"id": "77"}, {"id": "78"}], "idProperty": "erp_id", "properties": ["city"]}
        read = account.call("POST", f"{CONTACTS}/batch/read", body)
        assert (read.status_code, read.json()["results"][0]["properties"]["city"]) == (207, "Ulm")
        assert read.json()["errors"][0]["context"] == {"ids": ["78"]}
        again = account.call("POST", CONTACTS, {"properties": {"erp_id": "77"}})
        assert error(again) == (409, "CONFLICT")

    @pytest.mark.parametrize("name", ["hs_object_id", "city", None])
    def test_by_nothing_else(self, account, name: str | None) -> None:
        answer = self.upsert(account, {"idProperty": name, "id": "1", "properties": {}})
        assert error(answer) == (400, "VALIDATION_ERROR")
        assert "non-unique 0-1 property" in answer.json()["message"]

    def test_a_batch_holds_nobody_twice(self, account) -> None:
        one = {"idProperty": "email", "id": "a@x.example", "properties": {}}
        assert "Duplicate IDs" in self.upsert(account, one, one).json()["message"]
        other = {"idProperty": "email", "id": "A@x.example", "properties": {}}
        assert error(self.upsert(account, one, other)) == (409, "CONFLICT")

    def test_with_trace_ids_the_good_ones_are_kept(self, account) -> None:
        answer = self.upsert(
            account,
            {"idProperty": "email", "id": "nobody", "objectWriteTraceId": "1", "properties": {}},
            {"idProperty": "email", "id": "a@x.example", "objectWriteTraceId": "2", "properties": {}},
        )
        assert answer.status_code == 207
        assert [row["objectWriteTraceId"] for row in answer.json()["results"]] == ["2"]
        assert answer.json()["errors"][0]["context"] == {"objectWriteTraceId": ["1"]}


def test_new_rows_of_a_batch_lack_nothing(account) -> None:
    inputs = [{"properties": {"hs_call_title": "x"}}, {"properties": {"hs_timestamp": "2026-03-01T00:00:00Z"}}]
    path = "/crm/v3/objects/calls"
    assert error(account.call("POST", path, inputs[0])) == (400, "VALIDATION_ERROR")
    assert error(account.call("POST", f"{path}/batch/create", {"inputs": inputs})) == (400, "VALIDATION_ERROR")
    assert account.ok("GET", path)["results"] == []
    traced = [one | {"objectWriteTraceId": str(n)} for n, one in enumerate(inputs)]
    answer = account.call("POST", f"{path}/batch/create", {"inputs": traced})
    assert (answer.status_code, len(answer.json()["results"]), answer.json()["numErrors"]) == (207, 1, 1)


class TestLeads:
    def lead(self, account: Account, contact: str, type_id: int, **properties: str) -> Any:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
        body = {"properties": properties, "associations": [{"to": {"id": contact}, "types": types}]}
        return account.call("POST", LEADS, body)

    def test_a_lead_belongs_to_a_contact(self, account) -> None:
        contact = account.contact(email="a@x.example")
        made = self.lead(account, contact, 578, hs_lead_name="Ada").json()
        assert account.ok("GET", f"/crm/v3/objects/0-136/{made['id']}", properties="hs_pipeline_stage")["properties"][
            "hs_pipeline_stage"
        ] == "new-stage-id"  # fmt: skip
        links = account.ok("GET", f"/crm/v4/objects/leads/{made['id']}/associations/contacts")["results"]
        assert [(link["toObjectId"], [kind["typeId"] for kind in link["associationTypes"]]) for link in links] == [
            (int(contact), [578, 608])
        ]

    def test_without_a_contact_or_a_name_there_is_none(self, account) -> None:
        contact = account.contact(email="a@x.example")
        assert error(account.call("POST", LEADS, {"properties": {"hs_lead_name": "Ada"}}))[0] == 400
        assert error(self.lead(account, contact, 608))[0] == 400
        assert self.lead(account, "404404", 578, hs_lead_name="Ada").status_code == 404

    def test_a_lead_that_loses_its_contact_is_archived(self, account) -> None:
        contact = account.contact(email="a@x.example")
        lead = self.lead(account, contact, 578, hs_lead_name="Ada").json()["id"]
        body = {"inputs": [{"from": {"id": lead}, "to": [{"id": contact}]}]}
        account.ok("POST", "/crm/v4/associations/leads/contacts/batch/archive", body)
        assert [row["id"] for row in account.ok("GET", LEADS, archived="true")["results"]] == [lead]

    @pytest.mark.parametrize("obj", ["leads", "0-136", "deals"])
    def test_pipelines(self, account, obj: str) -> None:
        (pipeline,) = account.ok("GET", f"/crm/v3/pipelines/{obj}")["results"]
        assert account.ok("GET", f"/crm/v3/pipelines/{obj}/{pipeline['id']}") == pipeline
        name = "dealstage" if obj == "deals" else "hs_pipeline_stage"
        stages = account.ok("GET", f"/crm/v3/properties/{obj}/{name}")["options"]
        assert [stage["id"] for stage in pipeline["stages"]] == [option["value"] for option in stages]
        assert error(account.call("GET", f"/crm/v3/pipelines/{obj}/nope"))[0] == 404


class TestDefinitions:
    def test_options_and_words_can_be_changed(self, account) -> None:
        options = [{"label": "Cold", "value": "cold"}, {"label": "Ice", "value": "ice"}]
        path = f"{PROPERTIES}/leadsync_temperature"
        changed = account.ok("PATCH", path, {"options": options, "description": "How warm"})
        assert ([one["value"] for one in changed["options"]], changed["description"]) == (["cold", "ice"], "How warm")
        assert account.call("POST", CONTACTS, {"properties": {"leadsync_temperature": "ice"}}).ok
        refused = account.call("POST", CONTACTS, {"properties": {"leadsync_temperature": "hot"}}).json()
        assert refused["errors"][0]["code"] == "INVALID_OPTION"
        assert account.ok("GET", path) == changed

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("leadsync_score", {"name": "other"}), ("leadsync_score", {"type": "string"}),
            ("leadsync_score", {"groupName": "nowhere"}), ("email", {"label": "Mail"}),
            ("hs_analytics_source", {"options": []}),
        ],
    )  # fmt: skip
    def test_what_stays_as_it_is(self, account, name: str, change: dict[str, Any]) -> None:
        assert error(account.call("PATCH", f"{PROPERTIES}/{name}", change)) == (400, "VALIDATION_ERROR")

    def test_a_property_of_the_accounts_own_can_go(self, account) -> None:
        id_ = account.contact(email="a@x.example", leadsync_score="5")
        assert account.call("DELETE", f"{PROPERTIES}/leadsync_score").status_code == 204
        assert account.call("GET", f"{PROPERTIES}/leadsync_score").status_code == 404
        assert "leadsync_score" not in account.ok("GET", f"{CONTACTS}/{id_}", properties="leadsync_score")["properties"]
        refused = account.call("PATCH", f"{CONTACTS}/{id_}", {"properties": {"leadsync_score": "5"}}).json()
        assert refused["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
        assert error(account.call("DELETE", f"{PROPERTIES}/email")) == (400, "VALIDATION_ERROR")

    def test_a_formula_is_calculated(self, account) -> None:
        made = define(account, name="sum", type="number", fieldType="calculation_equation")
        assert (made["calculated"], made["modificationMetadata"]["readOnlyValue"]) == (True, True)
        assert error(account.call("POST", CONTACTS, {"properties": {"sum": "5"}}))[0] == 400

    def test_an_enumeration_needs_options(self, account) -> None:
        wanted = {"groupName": "leadsync", "name": "kind", "label": "K", "type": "enumeration", "fieldType": "select"}
        assert error(account.call("POST", PROPERTIES, wanted)) == (400, "VALIDATION_ERROR")


def test_a_contact_can_be_merged_250_times_and_no_more(account) -> None:
    inputs = [{"properties": {"lastname": str(n)}} for n in range(100)]
    rows = [account.ok("POST", f"{CONTACTS}/batch/create", {"inputs": inputs})["results"] for _ in range(3)]
    ids = [row["id"] for batch in rows for row in batch]
    merged, statuses = ids[0], []
    for id_ in ids[1:253]:
        answer = account.call("POST", f"{CONTACTS}/merge", {"primaryObjectId": merged, "objectIdToMerge": id_})
        statuses.append(answer.status_code)
        merged = answer.json().get("id", merged)
    assert statuses == [200] * 250 + [414] * 2


def test_links_of_a_row_come_in_pages(account) -> None:
    contact = account.contact(email="a@x.example")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]
    one = {
        "properties": {"hs_timestamp": "2026-03-01T00:00:00Z"},
        "associations": [{"to": {"id": contact}, "types": types}],
    }
    notes = []
    for _ in range(6):
        made = account.ok("POST", "/crm/v3/objects/notes/batch/create", {"inputs": [one] * 100})["results"]
        notes += [int(row["id"]) for row in made]
    found, after = [], "0"
    while after:
        body = {"inputs": [{"id": contact, "after": after}]}
        (entry,) = account.ok("POST", "/crm/v4/associations/contacts/notes/batch/read", body)["results"]
        found += [link["toObjectId"] for link in entry["to"]]
        after = entry.get("paging", {}).get("next", {}).get("after")
    assert found == notes
    listed = account.ok("GET", f"{CONTACTS}/{contact}", associations="notes")["associations"]["notes"]
    assert (len(listed["results"]), "paging" in listed) == (500, True)
