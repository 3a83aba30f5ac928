"""One buyer's story, played day by day in HubSpot's sandbox: visits, a question about the price, a demo, two months of
silence, an opt-out. The line in the CRM follows, in five languages, and rests while nothing happens."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from connectors.hubspot.driver import HubSpotDriver
from leadsync.catalog import LANGUAGES
from leadsync.config.load import load_config
from leadsync.core.counting import WHY
from leadsync.core.line import LONGEST, units
from leadsync.store.database import open_store
from leadsync.sync.cycle import Coordinator
from leadsync.sync.explain.sections import body
from leadsync.sync.explain.subject import subjects

GOLDEN = Path(__file__).parent / "story.txt"
PRICE = {"en": "asked about price", "fa": "پرسش قیمت", "ru": "запрос цены", "pl": "zapytanie o cenę", "vi": "hỏi giá"}
DECIDES = {"en": "director", "fa": "مدیر ارشد", "ru": "директор", "pl": "dyrektor", "vi": "giám đốc"}
SILENT = {
    "en": "silent for 60 days", "fa": "۶۰ روز بدون فعالیت", "ru": "60 дней без активности",
    "pl": "60 dni bez aktywności", "vi": "60 ngày không tương tác",
}  # fmt: skip
SCORING = {
    "fit": {"cap": 40, "rules": {"decides": {"points": 18, "when": "job_title contains director", "label": DECIDES}}},
    "engagement": {
        "cap": 60,
        "rules": {
            "visit": {"points": 2, "per": "visit", "window": "20d", "cap": 10},
            "price": {"points": 20, "per": "email_reply", "when": "topic = price", "window": "45d", "label": PRICE},
            "click": {"points": 3, "per": "email_click", "window": "30d"},
            "demo": {"points": 25, "per": "demo_request", "half_life": "30d"},
        },
    },
    "negative": {
        "cap": 60,
        "rules": {
            "silent": {"points": -15, "when": "activity and no activity in 60d", "label": SILENT},
            "out": {"points": -25, "per": "unsubscribe"},
        },
    },
    "temperature": {"hot": 50, "warm": 30},
}
SAID = {language: f"reasons_{language}" for language in LANGUAGES if language != "en"}
MAPPING = {
    "use": "hubspot",
    "read": {
        "meetings": {"kinds": [{"as": "demo_request", "at": "hs_createdate", "when": {"hs_meeting_title": "Demo"}}]},
        "notes": {"kinds": [{"as": "unsubscribe", "when": {"hs_note_body": "wants no more e-mails"}}]},
    },
    "write": {
        "contacts": {
            **{field: {"value": "reasons", "language": language} for language, field in SAID.items()},
            "next_step": {"value": "next_action"},
        }
    },
}


class Story:
    """The account with one contact, and a leadsync that works for it."""

    def __init__(self, folder: Path) -> None:
        self.driver = HubSpotDriver()
        self.clock, self.day = self.driver.clock, 0
        for name in (*SAID.values(), "next_step"):
            made = {
                "name": name,
                "label": name,
                "groupName": "contactinformation",
                "type": "string",
                "fieldType": "text",
            }
            self.driver._ask("POST", "/crm/v3/properties/contacts", made)
        listed = {"hubspot": {"type": "hubspot", "live": True, "token": {"env": "T"}, "base_url": "https://h"}}
        for name, text in (("leadsync", {"connections": listed}), ("scoring", SCORING), ("mappings/hubspot", MAPPING)):
            path = folder / f"{name}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(yaml.safe_dump(text, allow_unicode=True))
        found = load_config(folder / "leadsync.yaml")
        real = replace(found.connections["hubspot"], connector=lambda *_, **__: self.driver.connect())
        self.config = replace(found, connections={"hubspot": real})
        store = open_store(found.store, found.folder)
        self.leadsync = Coordinator(self.config, store, self.clock, logging.getLogger("story"), threading.Event())
        self.leadsync.open()
        self.leadsync.allow()
        self.visits = 0
        (self.contact,) = self.driver.add(
            "contacts",
            [{"lastname": "Doe", "email": "doe@acme.example", "phone": "+12025550123", "jobtitle": "Director"}],
        )

    def close(self) -> None:
        self.leadsync.close()
        self.driver.close()

    def comes_by(self) -> int:
        """Leadsync, some minutes later; how much it wrote."""
        self.clock.advance(360)
        return self.leadsync.cycle().connections["hubspot"].written

    def happens(self, obj: str, **row: str) -> None:
        self.driver.add(obj, [{"hs_timestamp": self.said_now(), **row}], [self.contact])

    def counts(self, **counted: str) -> None:
        """HubSpot counts by itself."""
        self.driver.sandbox.portal.objects["contacts"].update(self.contact, counted, source="ANALYTICS")

    def visit(self) -> None:
        self.visits += 1
        self.counts(hs_analytics_num_visits=str(self.visits), hs_analytics_last_visit_timestamp=self.said_now())

    def said_now(self) -> str:
        return self.clock.now().isoformat().replace("+00:00", "Z")

    def shows(self) -> dict[str, str]:
        row = self.driver.row("contacts", self.contact) or {}
        return {"en": str(row["leadsync_reasons"]), **{lang: str(row[field]) for lang, field in SAID.items()},
                "score": str(row["leadsync_score"]), "next": str(row["next_step"])}  # fmt: skip


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    made = Story(tmp_path)
    yield made
    made.close()


def happening(story: Story, day: int) -> None:
    if day in (2, 3):
        story.visit()
    if day == 6:
        story.happens("emails", hs_email_direction="INCOMING_EMAIL", hs_email_subject="What is the price for 20 seats?")
    if day == 9:
        story.happens("meetings", hs_meeting_title="Demo", hs_meeting_outcome="SCHEDULED")
    if day == 75:
        story.happens("notes", hs_note_body="wants no more e-mails")


@pytest.mark.concept(20)
@pytest.mark.concept(32)
@pytest.mark.concept(36)
@pytest.mark.slow
def test_the_line_follows_a_story_day_by_day_and_rests_while_nothing_happens(story: Story) -> None:
    told: list[str] = []
    last: dict[str, str] = {}
    for day in range(80):
        happening(story, day)
        if story.comes_by() or day % 10 == 0:
            assert story.comes_by() == 0, f"day {day}: {story.shows()['en']} was not at rest"
        if (now := story.shows()) != last:
            told += [f"day {day}", *(now[language] for language in LANGUAGES)]
            assert all(units(now[language]) <= LONGEST for language in LANGUAGES)
            assert now["next"] in now["en"]
            last = now
        story.clock.advance(86_400 - 720)
    assert told == GOLDEN.read_text("utf-8").splitlines()

    [found] = subjects(story.config, "doe@acme.example", story.clock.now())
    explained = body(found)
    assert sum(round(float(row["points"]) * 100) for row in explained["score"][:-1]) == int(last["score"]) * 100
    assert {row["what"] for row in explained["activities"]} >= {"site visit", "e-mail reply", "demo request", "opt-out"}
    [asked] = [row for row in explained["activities"] if row["what"] == "e-mail reply"]
    assert asked["about"] == "price: What is the price for 20 seats?"


@pytest.mark.concept(42)
def test_what_a_mail_gateway_clicks_gives_nothing_and_what_a_person_clicks_gives_little(story: Story) -> None:
    story.comes_by()
    before = int(story.shows()["score"])
    story.counts(hs_email_delivered="1", hs_email_last_send_date=story.said_now())
    story.clock.advance(4)
    story.counts(hs_email_open="1", hs_email_last_open_date=story.said_now(), hs_email_click="7",
                 hs_email_last_click_date=story.said_now())  # fmt: skip
    story.comes_by()
    assert int(story.shows()["score"]) == before
    story.counts(hs_email_click="8", hs_email_last_click_date=story.said_now())
    story.comes_by()
    assert int(story.shows()["score"]) == before + 3
    assert "e-mail click +3" in story.shows()["en"]
    [found] = subjects(story.config, story.contact, story.clock.now())
    told = [(row["what"], row["times"], row["counts"], row["why not"]) for row in body(found)["activities"]]
    assert told[0] == ("e-mail click", 1, 1, "")
    assert sorted(told[1:]) == [
        ("e-mail click", 7, 0, WHY["soon"]), ("e-mail open", 1, 0, WHY["soon"]), ("e-mail sent", 1, 1, ""),
    ]  # fmt: skip
