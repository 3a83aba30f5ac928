"""The HubSpot sandbox. Where the rows come from, and the doors through which they move."""

import pytest
from hubspot_account import TODAY, Account
from sandbox_probes import CONTACTS

from leadsync.connector import UserError


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
