"""People at work in HubSpot's sandbox."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from soak_world import COUNTRIES, SIZES, TITLES, Key, Row, World, when

from connectors.hubspot.driver import HubSpotDriver
from connectors.hubspot.sandbox.limits import Limits
from connectors.hubspot.sandbox.refusals import Refusal
from leadsync.connector import Value

ACTIVITIES = ("calls", "emails", "meetings", "notes", "tasks")
STAGES = ("lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")


class _Counted(Limits):
    """HubSpot's own limits, which remember whom they sent away."""

    refused = 0

    def take(self, endpoint: str, *, search: bool) -> None:
        try:
            super().take(endpoint, search=search)
        except Refusal:
            self.refused += 1
            raise


class HubSpotWorld(World):
    """Contacts, their companies, engagements, deals."""

    name = "hubspot"
    people = ("contacts",)
    stamps = frozenset({"lastmodifieddate", "hs_lastmodifieddate"})
    calls = ("*", "*", "POST *search", "POST *batch/*", "GET *", "POST *contacts/batch/update")
    faults = ("429", "secondly", "ten_secondly", "503", "500", "502", "cut", "lost", "lost", "html", "not_json",
              "empty", "423")  # fmt: skip
    sometimes: Mapping[str, int] = {
        "meet_person": 8, "edit_person": 16, "log": 22, "edit_activity": 5, "delete_activity": 2, "move_company": 2,
        "edit_company": 3, "delete_company": 1, "delete_person": 2, "purge_person": 1, "merge": 4, "assign": 3,
        "advance": 2, "overwrite": 4, "visit": 6, "deal": 2, "late": 3, "link_late": 2,
    }  # fmt: skip

    def __init__(self, rng: Random) -> None:
        self.driver: HubSpotDriver
        super().__init__(HubSpotDriver(), rng)
        self.portal = self.driver.sandbox.portal
        self._limits = _Counted(lambda: self.driver.clock.now(), enforced=True)
        self._free = Limits(lambda: self.driver.clock.now(), enforced=False)
        self.working(leadsync=False)
        self._unlinked: list[Key] = []
        for _ in range(8):
            self.meet_person()

    @property
    def refused(self) -> int:
        return self._limits.refused

    def working(self, *, leadsync: bool) -> None:
        """People in a browser use up nobody's limits."""
        self.driver.sandbox.limits = self._limits if leadsync else self._free

    # what people do

    def _person(self) -> dict[str, Any]:
        choose, number = self.rng.choice, self.rng.randrange(10**9)
        return {"lastname": f"Doe {number}", "email": choose((f"p{number}@example.com", "")),
                "phone": choose(("+48 600 100 200", "")), "jobtitle": choose(TITLES), "country": choose(COUNTRIES),
                "company": choose(("Acme", ""))}  # fmt: skip

    def meet_person(self) -> None:
        (id_,) = self.driver.add("contacts", [self._person()])
        if self.rng.random() < 0.4:
            self._employ(id_)

    def _employ(self, contact: str) -> None:
        company = self.pick("companies")
        if company is None or self.rng.random() < 0.4:
            row = {"name": "Acme", "domain": "example.com", "numberofemployees": self.rng.choice(SIZES)}
            company = ("companies", self.driver.add("companies", [row])[0])
        self.portal.associate("contacts", contact, "companies", company[1], primary=True)

    def edit_person(self) -> bool | None:
        if (found := self.pick("contacts")) is None:
            return False
        made = self._person()
        for name in self.rng.sample(("jobtitle", "country", "phone", "company"), self.rng.choice((1, 1, 2))):
            self.driver.edit(*found, {name: made[name]})
        return None

    def _activity(self) -> tuple[str, dict[str, Any]]:
        choose = self.rng.choice
        at = when_said(self.driver.clock.now(), choose((0, 0, 1, 5, 20)))
        return choose((
            ("calls", {"hs_timestamp": at, "hs_call_status": choose(("COMPLETED", "NO_ANSWER")),
                       "hs_call_direction": choose(("INBOUND", "OUTBOUND"))}),
            ("emails", {"hs_timestamp": at, "hs_email_subject": "Re: price", "hs_email_status": "SENT",
                        "hs_email_direction": choose(("INCOMING_EMAIL", "EMAIL"))}),
            ("meetings", {"hs_timestamp": at, "hs_meeting_start_time": at, "hs_meeting_title": "Demo",
                          "hs_meeting_outcome": choose(("SCHEDULED", "COMPLETED", "NO_SHOW"))}),
            ("notes", {"hs_timestamp": at, "hs_note_body": "met"}),
            ("tasks", {"hs_timestamp": at, "hs_task_subject": "Call back",
                       "hs_task_status": choose(("COMPLETED", "NOT_STARTED"))}),
        ))  # fmt: skip

    def log(self) -> bool | None:
        contacts = sorted(self.live("contacts"))
        if not contacts:
            return False
        obj, row = self._activity()
        whom = self.rng.sample(contacts, min(len(contacts), self.rng.choice((1, 1, 1, 1, 2))))
        self.driver.add(obj, [row], whom)
        return None

    def link_late(self) -> bool | None:
        """Logged first, and a little later for somebody."""
        obj, row = self._activity()
        self._unlinked.append((obj, self.driver.add(obj, [row])[0]))
        return None

    def after_a_minute(self) -> None:
        """What was begun is ended."""
        for obj, id_ in self._unlinked:
            if (found := self.pick("contacts")) and id_ in self.live(obj):
                self.portal.associate(obj, id_, *found)
        self._unlinked.clear()

    def edit_activity(self) -> bool | None:
        if (found := self.pick("calls", "meetings", "tasks")) is None:
            return False
        obj, id_ = found
        word, options = {
            "calls": ("hs_call_direction", ("INBOUND", "OUTBOUND")),
            "meetings": ("hs_meeting_outcome", ("SCHEDULED", "COMPLETED", "CANCELED")),
            "tasks": ("hs_task_status", ("COMPLETED", "NOT_STARTED")),
        }[obj]
        self.driver.edit(obj, id_, {word: self.rng.choice(options)})
        return None

    def delete_activity(self) -> bool | None:
        """Not e-mails: HubSpot puts these into no bin, and nothing tells that they are gone."""
        return self._gone("calls", "meetings", "notes", "tasks")

    def delete_company(self) -> bool | None:
        return self._gone("companies")

    def delete_person(self) -> bool | None:
        return self._gone("contacts")

    def _gone(self, *objects: str) -> bool | None:
        if (found := self.pick(*objects)) is None:
            return False
        self.driver.delete(*found)
        return None

    def purge_person(self) -> bool | None:
        if (found := self.pick("contacts")) is None:
            return False
        self.driver.purge(*found)
        return None

    def move_company(self) -> bool | None:
        """Another employer; the contact is edited, too, for HubSpot does not stamp it on that account."""
        if (found := self.pick("contacts")) is None:
            return False
        self._employ(found[1])
        self.driver.edit(*found, {"city": f"City {self.rng.randrange(10**6)}"})
        return None

    def edit_company(self) -> bool | None:
        if (found := self.pick("companies")) is None:
            return False
        self.driver.edit(*found, {"numberofemployees": self.rng.choice(SIZES), "domain": "example.org"})
        return None

    def merge(self) -> bool | None:
        if (found := self.two("contacts")) is None:
            return False
        made = self.driver.merge("contacts", *found)
        self.moved |= {("contacts", old): ("contacts", made) for old in found}
        if self.counted & set(found):
            self.counted.add(made)
        return None

    def assign(self) -> bool | None:
        if (found := self.pick("contacts")) is None:
            return False
        owners = [str(owner["id"]) for owner in self.portal.owners if not owner["archived"]]
        self.driver.edit(*found, {"hubspot_owner_id": self.rng.choice([*owners, ""])})
        return None

    def advance(self) -> bool | None:
        if (found := self.pick("contacts")) is None:
            return False
        self.driver.edit(*found, {"lifecyclestage": self.rng.choice(STAGES)})
        return None

    def overwrite(self) -> bool | None:
        """A rep, or another app, sets what is leadsync's."""
        if (found := self.pick("contacts")) is None:
            return False
        self.driver.edit(*found, self.rng.choice((
            {"leadsync_score": self.rng.randrange(100)}, {"leadsync_score": ""}, {"leadsync_temperature": "hot"},
            {"leadsync_reasons": "I know better"},
        )))  # fmt: skip
        return None

    def visit(self) -> bool | None:
        if (found := self.pick("contacts")) is None:
            return False
        row, now = self.live("contacts")[found[1]], when_said(self.driver.clock.now(), 0)
        count = int(row.get("hs_analytics_num_visits") or 0) + self.rng.choice((1, 1, 3))
        values = {"hs_analytics_num_visits": str(count), "hs_analytics_last_visit_timestamp": now}
        values |= {} if row.get("hs_analytics_num_visits") else {"hs_analytics_first_visit_timestamp": now}
        contacts = self.portal.objects["contacts"]
        contacts.update(found[1], values, source="ANALYTICS")
        self.counted.add(found[1])
        return None

    def deal(self) -> bool | None:
        """Closed, one way or the other."""
        if (found := self.pick("contacts")) is None:
            return False
        won = self.rng.random() < 0.5
        now = when_said(self.driver.clock.now(), 0)
        deals = self.portal.objects["deals"]
        closed = {"hs_is_closed": "true", "hs_is_closed_won": str(won).lower(), "closedate": now, "amount": "900"}
        row = deals.create({"dealname": "Deal", **closed}, source="CRM_UI")
        self.portal.associate("deals", row["hs_object_id"], *found)
        return None

    def late(self) -> None:
        """A person whom the index had not heard of for minutes."""
        self.driver.commit_late("contacts", self._person(), self.rng.randrange(10, 280))

    def unlock(self) -> None:
        self.portal.locks.clear()

    # what is true

    def rows(self, obj: str) -> Mapping[str, Row]:
        return self.portal.objects[obj].rows

    def live(self, obj: str) -> Mapping[str, Row]:
        return self.portal.objects[obj].rows

    def value(self, obj: str, row: Row, name: str) -> Value:
        found: Value = row.get(name)
        return found

    def links(self, obj: str, id_: str) -> Mapping[str, tuple[str, ...]]:
        if obj == "contacts":
            company = self.live(obj)[id_].get("associatedcompanyid")
            return {"companies": (company,)} if company else {}
        return {"contacts": tuple(self.portal.links.of((obj, "contacts"), id_))}

    def born(self, obj: str, row: Row) -> datetime | None:
        return when(row.get(self.portal.objects[obj].created))


def when_said(now: datetime, days_ago: int) -> str:
    """A time as HubSpot writes it."""
    return (now - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
