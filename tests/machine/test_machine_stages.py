"""Two leads in HubSpot and Salesforce at once, over ten weeks: up, through the grace, by a rep's hand, to sleep and
awake on the very day, and to a deal. Both CRMs say the same wherever they may."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from connectors.hubspot.driver import HubSpotDriver
from connectors.salesforce.driver import SalesforceDriver
from leadsync.config.load import load_config
from leadsync.store import records, schema
from leadsync.store.database import open_store
from leadsync.sync.cycle import Coordinator
from leadsync.sync.explain.sections import body
from leadsync.sync.explain.subject import subjects

SCORING = {
    "fit": {
        "rules": {
            "market": {"points": 20, "when": "country = PL"},
            "chief": {"points": 30, "when": "job_title contains director"},
        }
    }
}
FUNNEL = """\
stages:
  - {name: suspect, shows: {step: Awareness, band: top}}
  - {name: MQL, gate: {contact: email or phone, ready: score >= 20}, shows: {step: Interest, band: middle}}
  - name: SQL
    gate: {ready: score >= 50}
    keep: score >= 45
    recycle: {when: activity and no activity in 40d, to: MQL, wake: 20d}
    shows: {step: Action, band: bottom}
  - {name: customer, when: won, shows: {step: Sale, band: bottom}}
funnels:
  - name: abroad
    when: country = DE
    stages: [{name: watched}, {name: called, gate: {how: call_in}}, {name: visited, gate: {how: visit}}]
"""
STATUS = {"value": "stage", "policy": "if_unchanged", "map": {"MQL": "Nurturing", "SQL": "Working"}}
LABELS = {"funnel_step": "step", "funnel_band": "band"}
STAGES = {"MQL": ("marketingqualifiedlead", "Nurturing"), "SQL": ("salesqualifiedlead", "Working")}


class Scene:
    """Two accounts with the same two people, by one clock, and a leadsync that works for them."""

    def __init__(self, folder: Path) -> None:
        self.hubspot, self.salesforce = HubSpotDriver(), SalesforceDriver()
        self.clock, self.day = self.hubspot.clock, 0
        self.salesforce.clock = self.clock
        for name in LABELS:
            made = {"name": name, "label": name, "groupName": "contactinformation", "type": "string"}
            self.hubspot._ask("POST", "/crm/v3/properties/contacts", made | {"fieldType": "text"})
        drivers = {"hubspot": self.hubspot, "salesforce": self.salesforce}
        files = {
            "leadsync": {"prefer": ["hubspot", "salesforce"], "connections": {
                name: {"type": name, "live": True, "token": {"env": "T"}, "base_url": "https://h"} for name in drivers
            }},
            "scoring": SCORING, "funnel": yaml.safe_load(FUNNEL),
            "mappings/hubspot": {"use": "hubspot", "write": {"contacts": LABELS}},
            "mappings/salesforce": {"use": "salesforce", "write": {"Lead": {"Status": STATUS}}},
        }  # fmt: skip
        (folder / "mappings").mkdir()
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(text))
        found = load_config(folder / "leadsync.yaml")
        real = {
            name: replace(found.connections[name], connector=lambda *_, driver=driver, **__: driver.connect())
            for name, driver in drivers.items()
        }
        self.config = replace(found, connections=real)
        store = open_store(found.store, found.folder)
        self.leadsync = Coordinator(self.config, store, self.clock, logging.getLogger("stages"), threading.Event())
        self.leadsync.open()
        self.leadsync.allow()
        self.ids: dict[str, tuple[str, str]] = {}

    def meet(self, name: str, title: str, country: str = "Poland") -> None:
        """Both CRMs know this person."""
        email = f"{name}@firm.example"
        row = {"lastname": name, "email": email, "country": country, "jobtitle": title}
        (contact,) = self.hubspot.add("contacts", [row])
        (lead,) = self.salesforce.add("Lead", [{"LastName": name, "Company": "Firm", "Email": email}])
        self.ids[name] = contact, lead
        self.leadsync.cycle()
        r, store = schema.records.c, self.leadsync.store
        with store.begin():
            found = sorted(store.connection.scalars(sa.select(r.id).where(r.ext_id.in_(self.ids[name]))))
            records.unite(store, *found, self.clock.now())

    def call(self, name: str) -> None:
        """They call us now."""
        when = self.clock.now().isoformat().replace("+00:00", "Z")
        row = {"hs_timestamp": when, "hs_call_direction": "INBOUND", "hs_call_status": "COMPLETED"}
        self.hubspot.add("calls", [row], [self.ids[name][0]])

    def on(self, day: int) -> int:
        """Leadsync comes by on this day; how much it wrote."""
        self.clock.advance(timedelta(days=day - self.day).total_seconds() + 360)
        self.day = day
        report = self.leadsync.cycle()
        assert not [c.error for c in report.connections.values() if c.error]
        return sum(c.written for c in report.connections.values())

    def shows(self, name: str) -> tuple[Any, Any]:
        contact, lead = (
            self.hubspot.row("contacts", self.ids[name][0]),
            self.salesforce.row("Lead", self.ids[name][1]),
        )
        assert contact is not None
        assert lead is not None
        return contact["lifecyclestage"], lead["Status"]

    def labels(self, name: str) -> tuple[Any, ...]:
        row = self.hubspot.row("contacts", self.ids[name][0])
        assert row is not None
        return tuple(row[label] for label in LABELS)

    def stage(self, name: str) -> str | None:
        """The stage by leadsync."""
        told = body(subjects(self.config, f"{name}@firm.example", self.clock.now())[0])
        return next((row["is"] for row in told["result"] if row["what"] == "stage"), None)

    def close(self) -> None:
        self.leadsync.close()
        self.hubspot.close()
        self.salesforce.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


@pytest.mark.concept(10)
@pytest.mark.concept(11)
@pytest.mark.concept(14)
@pytest.mark.concept(75)
def test_leads_are_led_up_and_down_alike_in_both_crms(scene: Scene) -> None:
    scene.meet("ada", "")
    scene.meet("bob", "Director")
    contact, lead = scene.ids["ada"]
    scene.call("bob")
    scene.on(1)
    assert (scene.labels("ada"), scene.labels("bob")) == (("Interest", "middle"), ("Action", "bottom"))
    assert scene.on(1) == 0  # running again changes nothing
    assert (scene.shows("ada"), scene.shows("bob")) == (STAGES["MQL"], STAGES["SQL"])
    scene.hubspot.edit("contacts", contact, {"jobtitle": "Director"})
    scene.on(2)
    assert scene.shows("ada") == STAGES["SQL"]

    scene.hubspot.edit("contacts", contact, {"jobtitle": "Clerk"})  # on day 5 neither gate nor keep holds
    scene.on(5)
    scene.on(18)
    assert (scene.stage("ada"), scene.shows("ada")) == ("SQL", STAGES["SQL"])
    scene.on(19)
    assert scene.stage("ada") == "MQL"
    assert scene.shows("ada") == (STAGES["SQL"][0], STAGES["MQL"][1])  # HubSpot's ladder only goes forward

    scene.salesforce.edit("Lead", lead, {"Status": "Working"})  # a rep knows better, for a month
    scene.on(20)
    scene.on(41)
    assert (scene.stage("ada"), scene.shows("ada")) == ("SQL", STAGES["SQL"])
    assert scene.stage("bob") == "MQL"  # silent for 40 days
    scene.on(50)
    scene.on(60)
    assert (scene.stage("ada"), scene.stage("bob")) == ("SQL", "MQL")
    scene.on(61)
    assert (scene.stage("bob"), scene.shows("bob")) == ("SQL", STAGES["SQL"])  # awake
    scene.on(65)
    assert (scene.stage("ada"), scene.shows("ada")[1]) == ("MQL", "Nurturing")

    told = body(subjects(scene.config, "ada@firm.example", scene.clock.now())[0])
    moved = [(row["from"], row["to"]) for row in told["transitions"]]
    assert moved[-4:] == [("MQL", "SQL"), ("SQL", "MQL"), ("MQL", "SQL"), ("SQL", "MQL")]
    assert all(row["gate"] for row in told["transitions"])
    assert {(row["stage"], row["part"], row["holds"], row["known"]) for row in told["gates"]} == {
        ("MQL", "contact", True, "e-mail: ada@firm.example; phone: unknown"), ("MQL", "ready", True, "score: 20"),
        ("SQL", "ready", False, "score: 20"),
    }  # fmt: skip
    assert {"what": "to SQL", "is": "ready: score at least 50"} in told["stage"]
    then = scene.clock.now() - timedelta(days=40)
    (past,) = subjects(scene.config, "ada@firm.example", scene.clock.now(), then)
    assert past.result.words["stage"] == "SQL"


@pytest.mark.concept(15)
def test_a_lead_for_whom_the_condition_of_a_funnel_holds_climbs_that_one(scene: Scene) -> None:
    scene.meet("eve", "", "Germany")
    contact, _ = scene.ids["eve"]
    scene.call("eve")
    scene.on(1)
    told = body(subjects(scene.config, "eve@firm.example", scene.clock.now())[0])
    assert [row["is"] for row in told["stage"]][:2] == ["abroad", "called since 2026-03-03"]
    assert {"what": "to visited", "is": "how: site visit at least once"} in told["stage"]
    scene.hubspot.edit("contacts", contact, {"country": "Poland"})
    scene.on(2)
    assert scene.stage("eve") == "MQL"


@pytest.mark.concept(54)
def test_a_customer_leaves_lead_scoring(scene: Scene) -> None:
    scene.meet("bob", "Director")
    scene.on(1)
    contact, _ = scene.ids["bob"]
    portal = scene.hubspot.sandbox.portal
    closed = {
        "dealname": "Deal",
        "hs_is_closed": "true",
        "hs_is_closed_won": "true",
        "amount": "900",
        "closedate": scene.clock.now().isoformat(),
    }
    deal = portal.objects["deals"].create(closed, source="CRM_UI")
    portal.associate("deals", deal["hs_object_id"], "contacts", contact)
    scene.on(2)
    assert scene.stage("bob") == "customer"
    assert scene.shows("bob") == ("customer", "Working")
    scene.hubspot.edit("contacts", contact, {"jobtitle": "Clerk"})
    scene.on(3)
    row = scene.hubspot.row("contacts", contact)
    assert row is not None
    assert row["leadsync_score"] == "50"
    with scene.leadsync.store.reading() as db:
        [(due,)] = db.execute(sa.select(schema.results.c.due_at))
    assert due is None
