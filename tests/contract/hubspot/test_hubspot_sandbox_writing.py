"""The HubSpot sandbox. Values, batches, merges, properties."""

import pytest
from sandbox_probes import CONTACTS, error


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
