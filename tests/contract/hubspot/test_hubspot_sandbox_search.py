"""The HubSpot sandbox. The search: filters, order, pages, an index that lags."""

import pytest
from sandbox_probes import CONTACTS, error, search


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
