"""Rules of an admin's own, from files: who the ideal customer is, what each lead magnet and an answer are worth."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from doors import Folder

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12)
"""At noon: all was done on one day, at whatever hour the tests run."""
IDEAL, NO_MONEY, ABROAD, BARRED = "1", "2", "3", "4"
MAIN: dict[str, str] = {
    "country": "PL", "industry": "retail", "need": "a new press", "budget": "50000", "department": "media",
}  # fmt: skip
LEADS: dict[str, dict[str, str]] = {
    IDEAL: MAIN, NO_MONEY: MAIN | {"budget": "0"}, ABROAD: MAIN | {"country": "FR"}, BARRED: MAIN | {"country": "KP"},
}  # fmt: skip
DONE = {
    IDEAL: [("rep_activity", ""), ("download", "diagnosis"), ("download", "e-book"), ("email_reply", ""),
            ("survey", ""), ("call_out", "")],
    NO_MONEY: [("download", "e-book")],
}  # fmt: skip
SCORING = """\
use: b2b
ideal:
  axis: fit
  cap: 40
  alone: 5
  agrees: budget >= 10000 and need
  rules:
    market: {points: 20, when: "country in [PL, VN]", label: our market}
    trade: {points: 15, when: industry = retail, label: our trade}
magnets:
  axis: engagement
  cap: 30
  rules:
    book: {points: 2, per: download, when: topic = e-book, half_life: 30d, label: e-book}
    check: {points: 15, per: download, when: topic = diagnosis, half_life: 30d, label: free diagnosis}
talk:
  axis: engagement
  rules:
    book: {points: 4, when: magnet = e-book, label: brought by the e-book}
    paper: {points: 1, when: "department in [media, finanse]", label: our readers}
    quick: {points: 3, when: answer_share >= 50 and answer_hours <= 24, label: quick answers}
temperature: {cold_when: "country in [KP, SY]"}
"""

FUNNEL = """\
stages:
  - {name: low}
  - {name: MQL, gate: {data: completeness >= 2, ready: score >= 35}}
  - {name: SQL, gate: {data: name and completeness >= 4, ready: score >= 35}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path: Path = tmp_path_factory.mktemp("own")
    (path / "here").mkdir()
    with (path / "here" / "leads.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, ("id", "email", *MAIN))
        rows.writeheader()
        rows.writerows({"id": id_, "email": f"p{id_}@firm{id_}.example", **said} for id_, said in LEADS.items())
    did = [(lead, kind, topic) for lead, done in DONE.items() for kind, topic in done]
    with (path / "here" / "activities.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("id", "lead", "kind", "at", "topic"))
        lines.writerows(
            (n, lead, kind, (YESTERDAY - timedelta(hours=n)).isoformat(), topic)
            for n, (lead, kind, topic) in enumerate(did)
        )
    made = Folder(path, {"here": {"type": "files", "folder": "here"}})
    made.file("scoring.yaml", SCORING)
    made.file("funnel.yaml", FUNNEL)
    made.sync()
    return made


def told(folder: Folder, id_: str) -> tuple[dict[str, float], dict[str, Any]]:
    """The points of each part, and what follows."""
    [lead] = folder.run("explain", f"p{id_}@firm{id_}.example", "--json").json["leads"]
    return (
        {row["part"]: float(row["points"]) for row in lead["score"]}, {row["what"]: row["is"] for row in lead["result"]}
    )  # fmt: skip


@pytest.mark.concept(35)
def test_the_ideal_customer_is_what_must_be_what_should_be_and_whom_nobody_wants(folder: Folder) -> None:
    parts, ideal = told(folder, IDEAL)
    assert (parts["our market"], parts["our trade"]) == (20, 15)
    assert int(ideal["fit"]) >= 35
    parts, poor = told(folder, NO_MONEY)
    assert (parts["our market"], parts["alone of ideal"]) == (20, -30)
    assert int(poor["fit"]) == int(ideal["fit"]) - 30
    parts, abroad = told(folder, ABROAD)
    assert "our market" not in parts
    assert int(abroad["fit"]) == int(ideal["fit"]) - 20
    _, barred = told(folder, BARRED)
    assert (barred["temperature"], ideal["temperature"] != "cold") == ("cold", True)


@pytest.mark.concept(45)
def test_each_lead_magnet_is_worth_what_its_rule_says(folder: Folder) -> None:
    parts, result = told(folder, IDEAL)
    assert parts["free diagnosis"] > 14 > 2 > parts["e-book"] > 1.9
    assert "free diagnosis +15" in result["reasons"]
    assert "free diagnosis" not in told(folder, NO_MONEY)[0]


@pytest.mark.concept(40)
@pytest.mark.concept(45)
def test_what_brought_the_lead_and_how_it_answers_is_told_and_counts(folder: Folder) -> None:
    [lead] = folder.run("explain", "p1@firm1.example", "--json").json["leads"]
    facts = {row["fact"]: row["value"] for row in lead["facts"] if row["how"] == "from activity"}
    assert facts == {"magnet": "e-book", "answer_share": "50", "answer_hours": "2"}
    assert {"brought by the e-book": 4, "quick answers": 3}.items() <= told(folder, IDEAL)[0].items()
    parts = told(folder, NO_MONEY)[0]
    assert ("brought by the e-book" in parts, "quick answers" in parts) == (True, False)
    assert "brought by the e-book" not in told(folder, ABROAD)[0]


@pytest.mark.concept(40)
def test_answers_count_and_much_more_than_what_is_only_looked_at(folder: Folder) -> None:
    parts, _ = told(folder, IDEAL)
    assert parts["e-mail reply"] > 11
    assert parts["survey answer"] > 2.9


@pytest.mark.concept(49)
def test_each_stage_asks_for_as_much_data_as_its_gate_says_whatever_the_score(folder: Folder) -> None:
    [lead] = folder.run("explain", "p1@firm1.example", "--json").json["leads"]
    gates = {(row["stage"], row["part"]): (row["holds"], row["known"]) for row in lead["gates"]}
    assert gates["MQL", "data"] == (True, "completeness: 2")
    assert gates["SQL", "data"] == (False, "name: unknown; completeness: 2")
    assert gates["SQL", "ready"][0]
    result = {row["what"]: row["is"] for row in lead["result"]}
    assert (result["stage"], result["ask for"]) == ("MQL", "company")
    total = float(lead["score"][-1]["points"])
    assert sum(float(row["points"]) for row in lead["score"][:-1]) == pytest.approx(total)
    assert total >= 35


def test_a_word_that_stored_leads_hold_is_no_slip(folder: Folder) -> None:
    told = {option: folder.run("check", "--json", *option).json["findings"] for option in ((), ("--offline",))}
    slips = {option: [f["what"] for f in found if "looks like a slip" in f["what"]] for option, found in told.items()}
    assert [[what.split("'")[1] for what in found] for found in slips.values()] == [["finanse"], ["media", "finanse"]]


@pytest.mark.concept(31)
def test_other_points_are_compared_before_they_hold(folder: Folder) -> None:
    (folder.path / "new").mkdir()
    (folder.path / "new" / "here").symlink_to(folder.path / "here")
    folder.file("new/leadsync.yaml", (folder.path / "leadsync.yaml").read_text())
    folder.file("new/scoring.yaml", SCORING.replace("points: 15, when: industry", "points: 1, when: industry"))
    compared = folder.run("plan", "--against", "new", "--json").json
    assert compared["results"]["score"] == len({IDEAL, ABROAD, BARRED})
