"""People at work in Salesforce's sandbox."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

import requests
from soak_world import COUNTRIES, SIZES, TITLES, Row, World, when

from connectors.salesforce.driver import SalesforceDriver
from leadsync.connector import Value


class SalesforceWorld(World):
    """Leads, contacts and accounts, tasks, events, campaigns, opportunities."""

    name = "salesforce"
    people = ("Lead", "Contact")
    stamps = frozenset({"LastModifiedDate", "SystemModstamp", "LastModifiedById"})
    calls = ("*", "*", "POST *composite", "PATCH *", "GET *", "* *composite*")
    faults = ("429", "503", "500", "cut", "lost", "lost", "html", "not_json", "empty", "maintenance", "session",
              "concurrent_limit", "query_timeout", "metering")  # fmt: skip
    sometimes: Mapping[str, int] = {
        "meet_person": 8, "edit_person": 16, "log": 20, "edit_activity": 5, "delete_activity": 2, "edit_company": 3,
        "delete_company": 1, "delete_person": 2, "purge_person": 1, "merge": 4, "convert": 4, "assign": 3, "advance": 2,
        "overwrite": 4, "campaign": 4, "deal": 2, "late": 4, "move_company": 2,
    }  # fmt: skip

    def __init__(self, rng: Random) -> None:
        self.driver: SalesforceDriver
        super().__init__(SalesforceDriver(), rng)
        self.org = self.driver.org
        self._short_pages(9)
        users = self.org.tables["User"].rows
        self._reps = [id_ for id_ in sorted(users) if users[id_]["IsActive"] and id_ != self.org.us]
        (self._webinar,) = self.driver.add("Campaign", [{"Name": "Live", "Type": "Webinar", "IsActive": True}])
        self._lag = 0.0
        for _ in range(8):
            self.meet_person()

    def _short_pages(self, rows: int) -> None:
        """As Salesforce has them where rows are wide."""
        door, headers = f"{self.driver._url}/_sandbox/set", {"Authorization": f"Bearer {self.driver.secrets[0]}"}
        requests.post(door, json={"page": rows}, headers=headers, timeout=30).raise_for_status()

    @property
    def refused(self) -> int:
        return 0  # no limit but that of the day, and an answer that tells of it waits an hour: `storm` has it

    def lag(self, seconds: float) -> None:
        """The transactions of people take so long; leadsync's own are over when they are answered."""
        self._lag = seconds

    def working(self, *, leadsync: bool) -> None:
        self.driver.lag(0 if leadsync else self._lag)

    # what people do

    def _person(self, obj: str) -> dict[str, Any]:
        choose, number = self.rng.choice, self.rng.randrange(10**9)
        made = {"LastName": f"Doe {number}", "Email": choose((f"p{number}@example.com", None)),
                "Phone": choose(("+48 600 100 200", None)), "Title": choose(TITLES) or None}  # fmt: skip
        if obj == "Lead":
            return made | {"Company": "Acme", "Country": choose(COUNTRIES) or None, "NumberOfEmployees": choose(SIZES)}
        return made | {"MailingCountry": choose(COUNTRIES) or None}

    def meet_person(self) -> None:
        obj = self.rng.choice(("Lead", "Lead", "Contact"))
        row = self._person(obj)
        if obj == "Contact" and self.rng.random() < 0.7:
            row["AccountId"] = self._account()
        self.driver.add(obj, [row])

    def _account(self) -> str:
        found = self.pick("Account")
        if found is None or self.rng.random() < 0.4:
            made = {"Name": "Acme", "Website": "example.com", "NumberOfEmployees": self.rng.choice(SIZES)}
            return self.driver.add("Account", [made])[0]
        return found[1]

    def edit_person(self) -> bool | None:
        if (found := self.pick("Lead", "Contact")) is None:
            return False
        made = self._person(found[0])
        self.driver.edit(*found, {name: made[name] for name in self.rng.sample(("Title", "Phone"), 1)})
        return None

    def log(self) -> bool | None:
        if (found := self.pick("Lead", "Contact")) is None:
            return False
        self.driver.add(*self._activity(found[1]))
        return None

    def _activity(self, who: str) -> tuple[str, list[dict[str, Any]]]:
        choose, now = self.rng.choice, self.driver.clock.now()
        start = (now - timedelta(days=choose((0, 1, 9)))).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        day = start[:10]
        return choose((
            ("Task", [{"WhoId": who, "Subject": "Call", "TaskSubtype": "Call", "Status": "Completed",
                       "CallType": choose(("Inbound", "Outbound")), "ActivityDate": day}]),
            ("Task", [{"WhoId": who, "Subject": "Re: price", "TaskSubtype": "Email", "Status": "Received",
                       "ActivityDate": day}]),
            ("Task", [{"WhoId": who, "Subject": "To do", "ActivityDate": day,
                       "Status": choose(("Not Started", "Completed"))}]),
            ("Event", [{"WhoId": who, "Subject": "Demo", "StartDateTime": start, "DurationInMinutes": 30}]),
        ))  # fmt: skip

    def edit_activity(self) -> bool | None:
        if (found := self.pick("Task")) is None:
            return False
        status = self.rng.choice(("Completed", "In Progress", "Deferred"))
        self.driver.edit(*found, {"Status": status})
        return None

    def campaign(self) -> bool | None:
        if (found := self.pick("Lead", "Contact")) is None:
            return False
        status = self.rng.choice(("Sent", "Registered", "Attended"))
        member = {"CampaignId": self._webinar, f"{found[0]}Id": found[1], "Status": status}
        if any(row.get(f"{found[0]}Id") == found[1] for row in self.live("CampaignMember").values()):
            return False
        self.driver.add("CampaignMember", [member])
        return None

    def delete_activity(self) -> bool | None:
        return self._gone("Task", "Event", "CampaignMember")

    def delete_person(self) -> bool | None:
        return self._gone("Lead", "Contact")

    def delete_company(self) -> bool | None:
        return self._gone("Account")

    def _gone(self, *objects: str) -> bool | None:
        if (found := self.pick(*objects)) is None:
            return False
        self.driver.delete(*found)
        return None

    def purge_person(self) -> bool | None:
        if (found := self.pick("Lead", "Contact")) is None:
            return False
        self.driver.delete(*found)
        self.driver.purge(*found)
        return None

    def move_company(self) -> bool | None:
        if (found := self.pick("Contact")) is None:
            return False
        self.driver.edit(*found, {"AccountId": self._account()})
        return None

    def edit_company(self) -> bool | None:
        if (found := self.pick("Account")) is None:
            return False
        self.driver.edit(*found, {"NumberOfEmployees": self.rng.choice(SIZES), "Website": "example.org"})
        return None

    def merge(self) -> bool | None:
        obj = self.rng.choice(("Lead", "Lead", "Contact", "Account"))
        if (found := self.two(obj)) is None:
            return False
        kept, lost = found
        self.driver.merge(obj, kept, lost)
        self.moved[obj, lost] = obj, kept
        return None

    def convert(self) -> bool | None:
        if (found := self.pick("Lead")) is None:
            return False
        self.moved[found] = self.driver.convert(*found)
        return None

    def assign(self) -> bool | None:
        if (found := self.pick("Lead", "Contact")) is None:
            return False
        queue = [self.org.queue] if found[0] == "Lead" and self.org.queue else []
        self.driver.edit(*found, {"OwnerId": self.rng.choice([*self._reps, *queue])})
        return None

    def advance(self) -> bool | None:
        if (found := self.pick("Lead")) is None:
            return False
        self.driver.edit(*found, {"Status": self.rng.choice(("New", "Nurturing", "Working", "Unqualified"))})
        return None

    def overwrite(self) -> bool | None:
        if (found := self.pick("Lead", "Contact")) is None:
            return False
        self.driver.edit(*found, self.rng.choice((
            {"Leadsync_Score__c": self.rng.randrange(100)}, {"Leadsync_Score__c": None},
            {"Leadsync_Temperature__c": "hot"}, {"Leadsync_Reasons__c": "I know better"},
        )))  # fmt: skip
        return None

    def deal(self) -> bool | None:
        if (found := self.pick("Contact")) is None:
            return False
        stage = self.rng.choice(("Closed Won", "Closed Lost", "Proposal"))
        day = self.driver.clock.now().date().isoformat()
        (deal,) = self.driver.add("Opportunity", [{"Name": "Deal", "StageName": "Proposal", "CloseDate": day}])
        role = {"OpportunityId": deal, "ContactId": found[1], "IsPrimary": True}
        self.driver.add("OpportunityContactRole", [role])
        self.driver.edit("Opportunity", deal, {"StageName": stage, "Amount": 900})
        return None

    def late(self) -> bool | None:
        """What a long transaction made minutes ago appears only now."""
        if self.rng.random() < 0.5:
            self.driver.commit_late("Lead", self._person("Lead"), self.rng.randrange(10, 580))
            return None
        if (found := self.pick("Lead", "Contact")) is None:
            return False
        obj, (row,) = self._activity(found[1])
        self.driver.commit_late(obj, row, self.rng.randrange(10, 580))
        return None

    def unlock(self) -> None:
        self.org.locked_once.clear()

    def after_a_minute(self) -> None:
        """Nothing is left half done."""

    # what is true

    def rows(self, obj: str) -> Mapping[str, Row]:
        return self.org.tables[obj].rows

    def live(self, obj: str) -> Mapping[str, Row]:
        return {
            id_: row
            for id_, row in self.org.tables[obj].rows.items()
            if not row.get("IsDeleted") and not (obj == "Lead" and row.get("IsConverted"))
        }

    def value(self, obj: str, row: Row, name: str) -> Value:
        found: Any = row
        for part in name.split("."):
            found = self.org.row(found.get(f"{part}Id")) if part == "Campaign" else found and found.get(part)
        return found  # type: ignore[no-any-return]

    def links(self, obj: str, id_: str) -> Mapping[str, tuple[str, ...]]:
        row = self.org.tables[obj].rows[id_]
        if obj == "Contact":
            return {"Account": (row["AccountId"],)} if row.get("AccountId") else {}
        if obj == "Opportunity":
            roles = self.live("OpportunityContactRole").values()
            return {"Contact": tuple(dict.fromkeys(r["ContactId"] for r in roles if r["OpportunityId"] == id_))}
        who = row.get("WhoId") or row.get("ContactId") or row.get("LeadId")
        return {self.org.kind(who): (who,)} if who else {}

    def born(self, obj: str, row: Row) -> datetime | None:
        return when(row.get("CreatedDate"))
