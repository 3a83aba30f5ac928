"""A company's score in both CRMs, by people of either."""

from datetime import UTC, datetime, timedelta

import pytest
from doors import NewFolder, Sandbox

MAPPINGS = {
    "hubspot": {"use": "hubspot", "write": {"companies": {"leadsync_company_score": "company_score",
                                                         "leadsync_engaged": "company_engaged"}}},
    "salesforce": {"use": "salesforce", "write": {"Account": {"Leadsync_Company_Score__c": "company_score"}}},
}  # fmt: skip
SCORING = {
    "fit": {"rules": {"decides": {"points": 30, "when": "job_title contains [director]"}}},
    "engagement": {"rules": {"called": {"points": 24, "per": "call_in"}, "met": {"points": 18, "per": "meeting"}}},
}
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def made(crm: Sandbox, obj: str, **properties: str) -> str:
    return str(crm.ask("POST", f"/crm/v3/objects/{obj}", {"properties": properties})["id"])


@pytest.fixture
def crms() -> tuple[Sandbox, Sandbox]:
    return Sandbox("hubspot", "--leads", "2"), Sandbox("salesforce", "--leads", "2")


def test_two_people_of_a_company_make_its_score_in_both_crms(folder: NewFolder, crms: tuple[Sandbox, Sandbox]) -> None:
    with crms[0] as hubspot, crms[1] as salesforce:
        company = made(hubspot, "companies", name="Norpress", domain="norpress.example")
        nobody = made(hubspot, "companies", name="Sudpress", domain="sudpress.example")
        account = salesforce.create("Account", Name="Norpress", Website="https://www.norpress.example")
        ann = made(hubspot, "contacts", email="ann@norpress.example", jobtitle="Director of Purchasing")
        bob = made(hubspot, "contacts", email="bob@mail.example", firstname="Bob")  # by the link alone
        hubspot.ask("PUT", f"/crm/v4/objects/contacts/{bob}/associations/default/companies/{company}")
        hubspot.log("calls", bob, hs_timestamp=YESTERDAY, hs_call_direction="INBOUND", hs_call_status="COMPLETED")
        hubspot.log("meetings", ann, hs_timestamp=YESTERDAY, hs_meeting_start_time=YESTERDAY,
                    hs_meeting_outcome="COMPLETED")  # fmt: skip
        home = folder(hubspot, salesforce)
        home.file("scoring.yaml", SCORING)
        for name, mapping in MAPPINGS.items():
            home.file(f"mappings/{name}.yaml", mapping)
            home.run("install", name, "--apply")
        report = home.sync()
        assert [report[name]["error"] for name in MAPPINGS] == [None, None]

        def shown(id_: str) -> tuple[str | None, str | None]:
            names = ("leadsync_company_score", "leadsync_engaged")
            row = hubspot.ask("GET", f"/crm/v3/objects/companies/{id_}", properties=",".join(names))["properties"]
            return row[names[0]], row[names[1]]

        def in_salesforce() -> float | None:
            query = f"SELECT Leadsync_Company_Score__c FROM Account WHERE Id = '{account}'"
            [row] = salesforce.query(query)
            return row["Leadsync_Company_Score__c"]

        assert shown(company) == (str(30 + (24 + 18) // 3 + 5), "1")
        assert shown(nobody) == (None, None)
        assert in_salesforce() == 49  # it has the domain of the other CRM's company
        told = home.run("explain", "ann@norpress.example").out
        assert "What its company's score is made of" in told
        assert [each["written"] for each in home.sync().values()] == [0, 0]
