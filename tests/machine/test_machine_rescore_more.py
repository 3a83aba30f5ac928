"""Other rules of scoring: what hangs on them besides the score of a buyer, and golden records that say nothing more."""

import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from adopt_world import Change, account, installation, put
from fake_crm import Clock, Crm, Open, rows
from test_machine_rescore import FUNNEL, SETUP, stands

from leadsync.config.classes import compile_classes
from leadsync.config.document import Document, load
from leadsync.config.load import Config
from leadsync.config.matching import Matching
from leadsync.config.scoring import compile_scoring
from leadsync.core.lists import Lists
from leadsync.store import agenda, erase, schema
from leadsync.sync import planning, rescore
from leadsync.sync.erase import Eraser
from leadsync.types import FieldSchema

CHIEF = {"Country": "PL", "Title": "chief", "Seen": 0}
FEW = "fit: {rules: {market: {points: 5, when: country}}}"
MANY = FEW.replace("5", "50")
LABELS = (
    "fit: {rules: {market: {points: 5, when: country, label: One}, chief: {points: 5, when: job_title, label: Two}}}"
)
SWAPPED = LABELS.replace("One", "Three").replace("Two", "One").replace("Three", "Two")
FIRST = LABELS.replace("{market", "{far: {points: 5, when: country = US, label: Two}, market")
FAR = FEW + f"\nsegments: [{{name: far, when: country = PL, {FEW}}}]"
RICH = [{"name": "rich", "when": "score >= 35", "to": ["bob"]}]
CLIMBED = [{"name": "suspect"}, {"name": "MQL", "gate": {"ready": "score >= 30"}}]
CONVERTED = (
    put("read", "Lead", "outcomes", [{"as": "converted", "when": {"Other": "won"}}]),
    put("funnel", "stages", [*CLIMBED, {"name": "opportunity", "when": "converted"}]),
)
CLIENTS = [{"name": "new"}, {"name": "client", "when": "won"}]
OF_FAR = {"stages": FUNNEL, "funnels": [{"name": "far", "when": "scored_as = far", "stages": CLIENTS}]}


def world(clock: Clock, *leads: dict[str, Any]) -> Crm:
    crm = account(clock)
    more = {name: FieldSchema(name, "text") for name in ("Why", "Next", "Stage", "Ask", "Way")}
    crm.columns["Lead"] = {**crm.columns["Lead"], **more}
    for obj in ("Lead", "Contact", "Call"):
        crm.rows[obj].clear()
    for fields in leads:
        crm.add("Lead", fields)
    return crm


@pytest.mark.parametrize(
    ("former", "other", "changes"),
    [
        (LABELS, SWAPPED, ()),
        (LABELS, FIRST, ()),
        (FEW, MANY, (put("routing", "customers", RICH),)),
        (FEW, FAR, (put("funnel", OF_FAR),)),
        (FEW, MANY, CONVERTED),
        (FEW, MANY, (put("funnel", "stages", CLIMBED),)),
    ],
    ids=["labels", "a label that was there", "customers", "funnel", "converted", "no stage for the outcome"],
)
def test_all_stand_as_if_everybody_had_been_evaluated(
    tmp_path: Path, clock: Clock, opened: Open, former: str, other: str, changes: Sequence[Change]
) -> None:
    crm = world(clock, CHIEF | {"Other": "won"}, CHIEF, CHIEF | {"Country": None})
    compare(
        tmp_path, opened, lambda folder, text: installation(folder, {"crm": crm}, *SETUP, *changes, text), former, other
    )


def test_leads_of_lists_that_came_to_an_outcome_are_told_by_other_rules(
    tmp_path: Path, clock: Clock, opened: Open
) -> None:
    crm = world(clock, CHIEF | {"Other": "won"}, CHIEF | {"Country": None})

    def made(folder: Path, text: Change) -> Config:
        found = installation(folder, {"crm": crm}, *SETUP, text)
        return dataclasses.replace(found, lists=Lists(connections=frozenset({"crm"}), probation=True))

    compare(tmp_path, opened, made, FEW, MANY)


def compare(
    tmp_path: Path, opened: Open, made: Callable[[Path, Change], Config], former: str, other: str
) -> None:  # fmt: skip
    leadsync = opened(made(tmp_path, put("scoring", former)))
    leadsync.cycle()
    leadsync.close()
    found = []
    for everybody in (False, True):
        folder = tmp_path / str(everybody)
        folder.mkdir()
        shutil.copy(tmp_path / "leadsync.db", folder)
        following = opened(made(folder, put("scoring", other)))
        if everybody:
            with following.store.begin():
                agenda.mark_all(following.store)
        following.cycle()
        found.append(stands(following, parts=True))
        following.close()
    assert found[0] == found[1]


def test_no_buyers_are_planned_by_other_bands(tmp_path: Path, clock: Clock, opened: Open) -> None:
    crm = world(clock, CHIEF | {"Title": "student", "Score": "25"}, CHIEF)
    changes = (*SETUP, put("live", True), put("write", "Lead", {"Score": {"value": "score", "least": 30}}))
    for warm, shown in ((40, "25"), (20, 0)):
        text = put("scoring", f"{FEW}\ntemperature: {{warm: {warm}, hot: 70}}")
        leadsync = opened(installation(tmp_path, {"crm": crm}, *changes, text))
        leadsync.cycle()
        leadsync.close()
        assert next(iter(crm.rows["Lead"].values())).fields["Score"] == shown


@pytest.mark.parametrize("gone", [True, False])
def test_golden_records_of_a_field_that_was_of_another_type_are_not_read(
    tmp_path: Path, clock: Clock, opened: Open, gone: bool
) -> None:
    crm = world(clock, CHIEF, CHIEF | {"Way": "soon"})

    def made(kind: str, text: str) -> Config:
        fields = put("leadsync", "fields", {"renewal": {"type": kind}})
        found = installation(tmp_path, {"crm": crm}, *SETUP, fields, put("read", "Lead", "renewal", "Way"))
        (tmp_path / "scoring.yaml").write_text(text)
        document = load(tmp_path / "scoring.yaml")
        scoring = compile_scoring(document, found.fields)
        return dataclasses.replace(found, scoring=scoring, documents={**found.documents, "scoring": document})

    leadsync = opened(made("text", FEW))
    leadsync.cycle()
    if gone:
        crm.delete("Lead", list(crm.rows["Lead"])[1])
        leadsync.cycle()
    leadsync.close()
    following = opened(made("number", FEW))
    if gone:
        following.cycle()
    while following.rederive.step():
        pass
    following.close()  # without `gone` nobody has been evaluated yet
    last = opened(made("number", "fit: {rules: {market: {points: 6, when: renewal > 5 or country}}}"))
    assert last.cycle().connections["crm"].error is None


def test_nothing_that_an_erased_person_shared_is_left(tmp_path: Path, clock: Clock, opened: Open) -> None:
    crm = world(clock, CHIEF, CHIEF)
    one, two = crm.rows["Lead"]
    crm.add("Call", {"When": clock.now().isoformat(), "Way": "their secret"}, Lead=(one, two))
    config = installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", FEW))
    leadsync = opened(config)
    leadsync.cycle()
    eraser = Eraser(config, leadsync.store)
    eraser.erase(eraser.person(one), clock.now())
    erase.scrub(leadsync.store)
    assert rows(leadsync, sa.select(schema.golden)) == []
    leadsync.close()
    assert b"their secret" not in (tmp_path / "leadsync.db").read_bytes()


def test_results_stay_as_they_were_told_until_leads_are_evaluated(tmp_path: Path, clock: Clock, opened: Open) -> None:
    """A plan tells who moves, and an outcome has them keep the score that they had."""
    crm = world(clock, CHIEF)
    [lead] = crm.rows["Lead"]
    configs = [
        installation(tmp_path, {"crm": crm}, *SETUP, put("write", "Lead", {"Score": "score"}), put("scoring", rules))
        for rules in (FEW, MANY)
    ]
    leadsync = opened(configs[0])
    leadsync.cycle()
    leadsync.close()
    leadsync = opened(configs[1])
    leadsync.read()
    [told] = rows(leadsync, sa.select(schema.scores.c.words))
    assert json.loads(told[0])["score"] == 50
    assert [(each["before"], each["after"]) for each in planning.plan(leadsync).body()["movers"]] == [(5, 50)]
    crm.edit("Lead", lead, Other="won")
    leadsync.cycle()
    [words] = rows(leadsync, sa.select(schema.results.c.words))
    assert words[0]["score"] == 5
    assert rows(leadsync, sa.select(schema.scores)) == []


def test_nobody_asks_what_leads_come_to_that_are_gone(tmp_path: Path, clock: Clock, opened: Open) -> None:
    crm = world(clock, CHIEF, CHIEF)
    leadsync = opened(installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", FEW)))
    leadsync.cycle()
    crm.delete("Lead", next(iter(crm.rows["Lead"])))
    leadsync.cycle()
    leadsync.close()
    leadsync = opened(installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", MANY)))
    leadsync.rederive.run(leadsync.stopping)
    assert len(rows(leadsync, sa.select(schema.golden))) == 1
    assert len(rows(leadsync, sa.select(schema.scores))) == 1


def test_whoever_is_due_may_be_no_buyer_and_comes_to_nothing_yet(tmp_path: Path, clock: Clock, opened: Open) -> None:
    crm = world(clock, CHIEF, CHIEF)
    crm.add("Call", {"When": clock.now().isoformat(), "Way": None}, Lead=(next(iter(crm.rows["Lead"])),))
    quiet = {"classes": {"student": {"when": "call_in in 90d and no call_in in 9d"}}}

    def made(rules: str) -> Config:
        found = installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", rules))
        return dataclasses.replace(found, classes=compile_classes(Document(tmp_path / "classes.yaml", quiet)))

    leadsync = opened(made(FEW))
    leadsync.cycle()
    leadsync.close()
    clock.pass_(timedelta(days=20))
    leadsync = opened(made(MANY))
    leadsync.rederive.run(leadsync.stopping)
    assert len(rows(leadsync, sa.select(schema.golden))) == 2
    assert len(rows(leadsync, sa.select(schema.scores))) == 1


def test_a_portion_that_fails_leaves_everything_as_it_was(
    tmp_path: Path, clock: Clock, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = world(clock, CHIEF, CHIEF)
    leadsync = opened(installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", FEW)))
    leadsync.cycle()
    leadsync.close()
    leadsync = opened(installation(tmp_path, {"crm": crm}, *SETUP, put("scoring", MANY)))

    def fails(*_: object) -> None:
        raise MemoryError("of one")

    with monkeypatch.context() as patch:
        patch.setattr(rescore, "next_changes", fails)
        with pytest.raises(MemoryError, match="of one"):
            leadsync.rederive.run(leadsync.stopping)
    assert rows(leadsync, sa.select(schema.scores)) == rows(leadsync, sa.select(schema.dirty)) == []
    leadsync.rederive.run(leadsync.stopping)
    assert len(rows(leadsync, sa.select(schema.scores))) == 2


NAMED = tuple(
    put("read", obj, word, column)
    for obj in ("Lead", "Contact")
    for word, column in (("email", "Way"), ("first_name", "First"), ("last_name", "Last"), ("phone", "Tel"))
)
ANN = {"Way": "ann.smith@acme.example", "First": "Ann", "Last": "Smith", "Tel": "+48601234567"}
BEN = {"Way": "ben.brown@firm.example", "First": "Ben", "Last": "Brown", "Tel": "+48609876543"}


def test_nothing_is_left_of_an_erased_person_who_was_one_lead_with_another(
    tmp_path: Path, clock: Clock, opened: Open
) -> None:
    crm = world(clock, CHIEF | ANN)
    more = {name: FieldSchema(name, "text") for name in ANN}
    for obj in ("Lead", "Contact"):
        crm.columns[obj] = {**crm.columns[obj], **more}
    lead, other = next(iter(crm.rows["Lead"])), crm.add("Contact", {"Country": "PL", "Title": "chief", **ANN})
    day = clock.now() - timedelta(days=17)
    crm.add("Call", {"When": day.isoformat(), "Way": "price"}, Lead=(lead,))
    called = "engagement: {rules: {called: {points: 20, per: call_in}}}"

    def made(rules: str) -> Config:
        found = installation(tmp_path, {"crm": crm}, *SETUP, *NAMED, put("scoring", rules))
        return dataclasses.replace(found, matching=Matching(off=False, version="1"))

    leadsync = opened(made(called))
    leadsync.cycle()
    leadsync.close()
    leadsync = opened(made(called.replace("20", "30")))
    leadsync.rederive.run(leadsync.stopping)
    [come_to] = rows(leadsync, sa.select(schema.scores.c.parts))
    assert str(day.date()) in come_to[0]
    crm.edit("Contact", other, **BEN)
    leadsync.read()
    eraser = Eraser(leadsync.config, leadsync.store)
    eraser.erase(eraser.person(f"crm/Lead/{lead}"), clock.now())
    assert rows(leadsync, sa.select(schema.scores)) == rows(leadsync, sa.select(schema.golden)) == []
    r, d = schema.records.c, schema.dirty.c
    marks = sa.select(r.ext_id).join(schema.dirty, d.record_id == r.id).where(d.points.is_(None))
    assert {ext_id for (ext_id,) in rows(leadsync, marks)} == {other}
