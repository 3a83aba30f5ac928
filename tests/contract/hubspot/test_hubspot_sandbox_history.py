"""The HubSpot sandbox. What properties held before, what HubSpot computes by itself, and what lies in the bin."""

import pytest
from hubspot_account import Account
from sandbox_probes import CONTACTS, error, search

from leadsync.testing.driver import ManualClock

DAY = 86_400


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def account(start, clock: ManualClock) -> Account:
    return start(leads=0, now=clock.now)


def past(account: Account, id_: str, name: str) -> list[tuple[str, str]]:
    body = {"inputs": [{"id": id_}], "properties": [name], "propertiesWithHistory": [name]}
    (row,) = account.ok("POST", f"{CONTACTS}/batch/read", body)["results"]
    return [(one["value"], one["timestamp"][11:16]) for one in row["propertiesWithHistory"][name]]


def test_every_change_of_a_property_is_kept_newest_first(account, clock) -> None:
    id_ = account.contact(email="a@x.example", jobtitle="CTO")
    for title in ("CEO", "CEO", ""):
        clock.advance(3600)
        account.ok("PATCH", f"{CONTACTS}/{id_}", {"properties": {"jobtitle": title}})
    assert past(account, id_, "jobtitle") == [("", "15:00"), ("CEO", "13:00"), ("CTO", "12:00")]
    assert past(account, id_, "city") == []
    listed = account.ok("GET", CONTACTS, propertiesWithHistory="jobtitle,nonsense")["results"][0]
    single = account.ok("GET", f"{CONTACTS}/{id_}", propertiesWithHistory="jobtitle")
    assert listed["propertiesWithHistory"] == single["propertiesWithHistory"]
    assert set(listed["propertiesWithHistory"]) == {"jobtitle"}
    assert {one["sourceType"] for one in listed["propertiesWithHistory"]["jobtitle"]} == {"INTEGRATION"}


def test_with_history_a_page_holds_fifty_rows(account) -> None:
    body = {"inputs": [{"id": str(n)} for n in range(51)], "propertiesWithHistory": ["email"]}
    assert error(account.call("GET", CONTACTS, limit=51, propertiesWithHistory="email")) == (400, "VALIDATION_ERROR")
    assert error(account.call("POST", f"{CONTACTS}/batch/read", body)) == (400, "VALIDATION_ERROR")


def test_a_merged_contact_keeps_the_past_of_the_primary_one(account, clock) -> None:
    one, two = account.contact(email="a@x.example", jobtitle="CTO"), account.contact(jobtitle="Clerk")
    clock.advance(3600)
    account.ok("PATCH", f"{CONTACTS}/{one}", {"properties": {"jobtitle": "CEO"}})
    merged = account.ok("POST", f"{CONTACTS}/merge", {"primaryObjectId": one, "objectIdToMerge": two})["id"]
    assert past(account, merged, "jobtitle") == [("CEO", "13:00"), ("CTO", "12:00")]


def test_seeded_contacts_became_what_they_are_step_by_step(start) -> None:
    rows = start(leads=50).ok(
        "GET", CONTACTS, limit=50, properties="lifecyclestage", propertiesWithHistory="lifecyclestage"
    )["results"]
    for row in rows:
        steps = row["propertiesWithHistory"]["lifecyclestage"]
        assert steps[0]["value"] == row["properties"]["lifecyclestage"]
        assert [one["timestamp"] for one in steps] == sorted((one["timestamp"] for one in steps), reverse=True)
        assert (steps[-1]["value"], steps[-1]["timestamp"]) == ("subscriber", row["createdAt"])
    assert {len(row["propertiesWithHistory"]["lifecyclestage"]) for row in rows} > {1, 2}


class TestCalculated:
    def test_a_formula_changes_without_a_stamp(self, account, clock) -> None:
        id_ = account.contact(email="a@x.example")
        clock.advance(60)
        account.ok("POST", "/_sandbox/calculate", {"id": id_, "properties": {"hubspotscore": "7"}})
        row = account.ok("GET", f"{CONTACTS}/{id_}", properties="hubspotscore")
        assert (row["properties"]["hubspotscore"], row["updatedAt"]) == ("7", row["createdAt"])
        assert search(account, ("hubspotscore", "EQ", "7")) == [id_]
        assert [one["value"] for one in account.ok("GET", f"{CONTACTS}/{id_}", propertiesWithHistory="hubspotscore")[
            "propertiesWithHistory"]["hubspotscore"]] == ["7"]  # fmt: skip

    def test_associations_are_counted_without_a_stamp(self, account, clock) -> None:
        contact = account.contact(email="a@x.example")
        deal = account.ok("POST", "/crm/v3/objects/deals", {"properties": {"dealname": "D"}})["id"]
        path = f"/crm/v4/objects/deals/{deal}/associations"
        clock.advance(60)
        counted = []
        for method, way in (("PUT", f"{path}/default/contacts/{contact}"), ("DELETE", f"{path}/contacts/{contact}")):
            account.ok(method, way)
            row = account.ok("GET", f"{CONTACTS}/{contact}", properties="num_associated_deals")
            counted.append(row["properties"]["num_associated_deals"])
            assert row["updatedAt"] == row["createdAt"]
        assert counted == ["1", None]

    @pytest.mark.parametrize("name", ["num_associated_deals", "hubspotscore"])
    def test_nobody_writes_them(self, account, name: str) -> None:
        definition = account.ok("GET", f"/crm/v3/properties/contacts/{name}")
        assert (definition["calculated"], definition["modificationMetadata"]["readOnlyValue"]) == (True, True)
        answer = account.call("POST", CONTACTS, {"properties": {name: "1"}})
        assert (error(answer)[0], answer.json()["errors"][0]["code"]) == (400, "READ_ONLY_VALUE")


class TestBin:
    def archived(self, account: Account) -> list[str]:
        return [row["id"] for row in account.ok("GET", CONTACTS, archived="true", limit=100)["results"]]

    def test_archived_rows_lie_there_for_ninety_days(self, account, clock) -> None:
        ids = [account.contact(email=f"{n}@x.example") for n in range(3)]
        for id_ in ids[:2]:
            clock.advance(DAY)
            account.call("DELETE", f"{CONTACTS}/{id_}")
        assert self.archived(account) == ids[:2]
        row = account.ok("GET", f"{CONTACTS}/{ids[0]}", archived="true")
        assert (row["archived"], row["archivedAt"][:10]) == (True, "2026-03-03")
        assert error(account.call("GET", f"{CONTACTS}/{ids[0]}")) == (404, "OBJECT_NOT_FOUND")
        clock.advance(89 * DAY)
        assert self.archived(account) == ids[1:2]

    def test_the_bin_is_paged_like_the_rest(self, account) -> None:
        ids = [account.contact(email=f"{n}@x.example") for n in range(5)]
        account.call("POST", f"{CONTACTS}/batch/archive", {"inputs": [{"id": id_} for id_ in ids]})
        first = account.ok("GET", CONTACTS, archived="true", limit=3)
        rest = account.ok("GET", CONTACTS, archived="true", limit=3, after=first["paging"]["next"]["after"])
        assert [row["id"] for row in first["results"] + rest["results"]] == ids
        assert "paging" not in rest

    def test_an_archived_contact_is_not_associated_any_more(self, account) -> None:
        contact = account.contact(email="a@x.example")
        call = account.logged("calls", contact, hs_timestamp="2026-03-01T10:00:00Z")
        account.call("DELETE", f"{CONTACTS}/{contact}")
        assert account.ok("GET", f"/crm/v4/objects/calls/{call}/associations/contacts")["results"] == []

    @pytest.mark.parametrize("binned", [True, False])
    def test_what_the_law_wants_forgotten_is_nowhere(self, account, binned: bool) -> None:
        id_ = account.contact(email="a@x.example")
        if binned:
            account.call("DELETE", f"{CONTACTS}/{id_}")
        assert account.call("POST", f"{CONTACTS}/gdpr-delete", {"objectId": id_}).status_code == 204
        assert self.archived(account) == []
        assert search(account) == []
        for flag in ("true", "false"):
            assert error(account.call("GET", f"{CONTACTS}/{id_}", archived=flag))[0] == 404
        assert error(account.call("POST", f"{CONTACTS}/gdpr-delete", {"objectId": id_}))[0] == 404

    def test_a_deleted_email_is_gone_for_good(self, account) -> None:
        contact = account.contact(email="a@x.example")
        at = "2026-03-01T10:00:00Z"
        for obj, left in (("emails", 0), ("calls", 1)):
            id_ = account.logged(obj, contact, hs_timestamp=at)
            account.call("DELETE", f"/crm/v3/objects/{obj}/{id_}")
            assert len(account.ok("GET", f"/crm/v3/objects/{obj}", archived="true")["results"]) == left
