"""Other rules of scoring: leads of whom something else follows are evaluated, no others, and all stand as if everybody
had been."""

import dataclasses
import json
import random
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from adopt_world import COLUMNS, Change, account, installation, put
from fake_crm import Clock, Crm, Open, rows

from leadsync.core.score import RESULTS
from leadsync.core.segments import COLUMN
from leadsync.store import agenda, schema
from leadsync.sync import rescore
from leadsync.sync.cycle import Coordinator
from leadsync.types import FieldSchema

FUNNEL = [
    {"name": "suspect"},
    {"name": "MQL", "gate": {"ready": "score >= 30", "calls": "call_in in 60d or country = PL"}, "keep": "score >= 20"},
    {"name": "SQL", "gate": {"ready": "temperature = hot"}, "or": "2 call_in in 9d"},
    {"name": "customer", "when": "won"},
    {"name": "disqualified", "when": "lost"},
]
ROUTING = {
    "reps": {"ann": {"email": "ann@x.example"}, "bob": {"email": "bob@x.example", "capacity": 3}},
    "rules": [{"name": "best", "when": "score >= 35", "to": ["ann", "bob"]}],
}
ENDS = [{"as": "won", "when": {"Other": "won"}}, {"as": "lost", "when": {"Other": "lost"}}]
SETUP = (
    put("live", False), put("funnel", "stages", FUNNEL), put("routing", ROUTING),
    put("read", "Lead", "outcomes", ENDS), put("read", "Call", "topic", "Way"),
    put("write", "Lead", {"Score": "score", "Heat": "temperature", "Why": "reasons", "Next": "next_action",
                          "Stage": "stage", "Given": "owner", "Ask": "ask_for"}),
)  # fmt: skip
WHENS = (
    "country in [PL, VN]", "job_title matches 'chief*'", "industry = steel", "no call_in in 10d", "2 call_in in 40d",
    "country = DE and visit", "not job_title", "call_in in 25d or country = VN",
)  # fmt: skip


def people(clock: Clock, chance: random.Random) -> Crm:
    """Thirty leads, two contacts, and their calls of the last year and of days to come."""
    crm = account(clock)
    more = {name: FieldSchema(name, "text") for name in ("Why", "Next", "Stage", "Ask")}
    crm.columns["Lead"] = {**crm.columns["Lead"], **more}
    crm.columns["Call"] = {name: FieldSchema(name, "text") for name in COLUMNS["Call"]}
    for _ in range(26):
        fields = {
            "Country": chance.choice(("PL", "DE", "VN", None)), "Title": chance.choice(("chief buyer", "clerk", None)),
            "Seen": chance.choice((0, 1, 9)), "Other": chance.choice(("", "", "", "won", "lost")),
        }  # fmt: skip
        lead = crm.add("Lead", fields, Firm=(f"F{chance.randrange(2)}",))
        for _ in range(chance.randrange(4)):
            at = clock.now() - timedelta(days=chance.choice((0, 1, 5, 9, 20, 39, 200, -3)), hours=chance.randrange(24))
            crm.add("Call", {"When": at.isoformat(), "Way": chance.choice(("price", "demo", None))}, Lead=(lead,))
    return crm


def rule(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {"points": chance.choice((-12, -3, 2, 5, 8, 15, 25))}
    if chance.random() < 0.6:
        found["per"] = chance.choice(("call_in", "visit"))
        found |= chance.choice(({}, {"half_life": "9d"}, {"fade": "30d"}, {"window": "21d"}, {"cap": 20}))
    if "per" not in found or chance.random() < 0.4:
        found["when"] = chance.choice(WHENS)
    if "per" in found and chance.random() < 0.2:
        found["when"] = "topic = price"
    return found


def scoring(chance: random.Random) -> dict[str, Any]:
    groups = {name: {f"r{n}": rule(chance) for n in range(chance.randrange(1, 5))} for name in ("fit", "engagement")}
    return {name: {"rules": rules, "cap": 60} for name, rules in groups.items()}


def edited(before: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    """One thing of it is another, or two are."""
    after: dict[str, Any] = yaml.safe_load(yaml.safe_dump(dict(before)))
    for _ in range(chance.choice((1, 1, 2))):
        rules = after[chance.choice(("fit", "engagement"))]["rules"]
        name = chance.choice(sorted(rules))
        edit = chance.randrange(9)
        if edit == 0:
            rules[name]["points"] += 1
        elif edit == 1:
            rules["more"] = rule(chance)
        elif edit == 2 and len(rules) > 1:
            del rules[name]
        elif edit == 3:
            rules[name]["label"] = {"en": "another word", "pl": "inne słowo"}
        elif edit == 4:
            after["temperature"] = {"hot": chance.choice((40, 70)), "warm": chance.choice((20, 38))}
        elif edit == 5:
            after["segments"] = [{"name": "far", "when": chance.choice(WHENS[:4]), **scoring(chance)}]
        elif edit == 6:
            after["fit"]["cap"] = chance.choice((10, 59))
        elif edit == 7:
            rules[name] = rule(chance)
        else:
            after["quadrant"] = {"fit": 12, "engagement": chance.choice((10, 30))}
    return after


def stands(leadsync: Coordinator, *, parts: bool) -> list[Any]:
    """What is kept of each lead. The line and the `parts` are of the day on which something whole changed last; fit and
    engagement go along, and with a segment what to ask for of whoever came to an outcome."""
    t = schema.results.c
    found = rows(
        leadsync, sa.select(t.lead_id, t.words, t.parts, t.rep, t.due_at, t.place, t.stage).order_by(t.lead_id)
    )
    drift = () if parts else ("reasons", "fit", "engagement", "ask_for")
    return [
        (
            lead,
            {word: value for word, value in words.items() if word.partition("@")[0] not in drift},
            divided if parts else None,
            *rest,
        )
        for lead, words, divided, *rest in found
    ]


def results(leadsync: Coordinator) -> dict[int, Any]:
    """What each lead has been scored with, and its parts."""
    t = schema.results.c
    found = rows(leadsync, sa.select(t.lead_id, t.words, t.parts))
    return {lead: ({word: words.get(word) for word in (*RESULTS, COLUMN)}, parts) for lead, words, parts in found}


def scores(leadsync: Coordinator) -> dict[int, Any]:
    """What leads come to that wait to be evaluated for that."""
    s = schema.scores.c
    found = rows(leadsync, sa.select(s.lead_id, s.words, s.parts, s.temperature))
    assert all(temperature == json.loads(words)["temperature"] for _, words, _, temperature in found)
    return {lead: (json.loads(words), json.loads(parts)) for lead, words, parts, _ in found}


SECOND: tuple[tuple[Change, ...], ...] = (
    (put("read", "Lead", "country", "Title"),), (put("leadsync", "never", "country = VN"),),
    (put("read", "Call", "kinds", [{"as": "call_out"}]),), (put("funnel", "stages", 2, "or", "call_in in 30d"),),
    (put("read", "Lead", "counters", "Seen", {"as": "page_view"}),), (put("leadsync", "prefer", ["crm"]),),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_all_stand_as_if_everybody_had_been_evaluated(
    tmp_path: Path, clock: Clock, opened: Open, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Of some another file is changed as well, while those who were marked wait."""
    chance = random.Random(seed)
    if seed % 2:
        monkeypatch.setattr(rescore, "at_once", lambda config: 1)
    crm = people(clock, chance)
    former = scoring(chance)
    rules = edited(former, chance)
    other, first = put("scoring", yaml.safe_dump(rules)), "temperature" not in rules  # bands are of who is no buyer too
    second = SECOND[seed // 3 % len(SECOND)] if seed % 3 == 2 else ()
    later = 0 if second else chance.choice((0, 0, 1, 6, 45))
    leadsync = opened(installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", yaml.safe_dump(former))))
    leadsync.cycle()
    leadsync.close()
    clock.pass_(timedelta(days=later))
    found = []
    for everybody in (False, True):
        folder = tmp_path / str(everybody)
        folder.mkdir()
        shutil.copy(tmp_path / "leadsync.db", folder)
        if second and not everybody:
            waiting = opened(installation(folder, {"crm": crm}, *SETUP, other))
            waiting.rederive.run(waiting.stopping)
            waiting.close()
        following = opened(installation(folder, {"crm": crm}, *SETUP, other, *second))
        if everybody:
            with following.store.begin():
                agenda.mark_all(following.store)
        before = results(following)
        following.rederive.run(following.stopping)
        come_to, stood = scores(following), results(following)
        following.cycle()
        found.append(stands(following, parts=not later))
        assert stood == before
        if not second:
            assert come_to.items() <= results(following).items()
            if first and not later and not everybody:
                assert before | come_to == results(following)
        assert scores(following) == {}
        assert following.cycle().connections["crm"].evaluated == 0
        following.close()
    assert found[0] == found[1]


def after(tmp_path: Path, clock: Clock, opened: Open, former: str, other: str) -> Coordinator:
    """What goes to work after the former rules were replaced by others."""
    crm = people(clock, random.Random(1))
    leadsync = opened(installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", former)))
    leadsync.cycle()
    leadsync.close()
    return opened(installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", other)))


def waiting(leadsync: Coordinator) -> int:
    """How many leads wait to be evaluated."""
    r, d = schema.records.c, schema.dirty.c
    [(count,)] = rows(
        leadsync, sa.select(sa.func.count(sa.distinct(r.lead_id))).join(schema.dirty, d.record_id == r.id)
    )
    return int(count)


ONE = "fit: {rules: {market: {points: 5, when: country = PL}, chief: {points: 9, when: job_title}}}"
TWO = ONE.replace("5", "6")


def test_a_process_that_dies_goes_on_where_it_was(
    tmp_path: Path, clock: Clock, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescore, "at_once", lambda config: 2)
    following = after(tmp_path, clock, opened, ONE, TWO)
    assert following.rederive.step()
    assert following.rederive.step()
    some = waiting(following)
    following.store.close()  # as kill -9 leaves it
    following.stopping.set()
    again = opened(dataclasses.replace(following.config))
    assert waiting(again) == some
    steps = 0
    while again.rederive.step():
        steps += 1
    [(polish,)] = rows(again, sa.select(sa.func.count()).where(schema.results.c.parts.contains("market")))
    assert (steps, waiting(again)) == (3, polish), "of five"
    assert 0 < some < polish


def test_what_leads_come_to_is_stored_before_they_are_evaluated(
    tmp_path: Path, clock: Clock, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescore, "at_once", lambda config: 2)
    following = after(tmp_path, clock, opened, ONE, TWO.replace("country = PL", "country or not country"))
    ended = {lead for (lead,) in rows(following, sa.select(schema.golden.c.lead_id).where(schema.golden.c.ended))}
    everybody = results(following).keys()
    following.rederive.run(following.stopping)
    assert scores(following).keys() == everybody - ended
    assert ended


def test_rules_that_are_taken_back_leave_nothing(tmp_path: Path, clock: Clock, opened: Open) -> None:
    crm = people(clock, random.Random(1))
    config = {rules: installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", rules)) for rules in (ONE, TWO)}
    leadsync = opened(config[ONE])
    leadsync.cycle()
    stood = stands(leadsync, parts=True)
    for rules in (TWO, ONE):
        leadsync.close()
        leadsync = opened(config[rules])
        leadsync.rederive.run(leadsync.stopping)
        assert bool(scores(leadsync)) == (rules == TWO)
    leadsync.cycle()
    assert stands(leadsync, parts=True) == stood


def test_rules_about_talk_have_everybody_evaluated(tmp_path: Path, clock: Clock, opened: Open) -> None:
    following = after(tmp_path, clock, opened, ONE, ONE.replace("country = PL", "magnet = trial"))
    assert following.rederive.step()
    [(every,)] = rows(following, sa.select(sa.func.count()).select_from(schema.results))
    assert waiting(following) == every


def test_rules_that_say_the_same_touch_nobody(tmp_path: Path, clock: Clock, opened: Open) -> None:
    following = after(tmp_path, clock, opened, ONE, ONE.replace("9", "9.0"))
    assert following.cycle().connections["crm"].evaluated == 0
