"""One person in two tables that say different things: which answer counts, and what of the activity is the same."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from doors import Folder

NOW = datetime.now(UTC)
COLUMNS = "id,email,name,budget,need,timeline\n"
HERE = "1,ann@acme.example,Ann Lee,50000,a new press,2\n2,bob@bcme.example,Bob Roe,0,a new press,2\n"
THERE = "7,ann@acme.example,Ann Lee,20000,a new press,6\n8,bob@bcme.example,Bob Roe,20000,a new press,2\n"


def at(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Both tables, read once. Bob's activities are nothing that could be read."""
    path: Path = tmp_path_factory.mktemp("tables")
    heading = "id,lead,kind,at,detail\n"
    calls = f"1,1,call_in,{at(days=2)},Call\n2,1,meeting,{at(days=-400)},Kickoff\n"
    calls += f"3,2,webinr,{at(days=2)},Basics\n4,2,meeting,next week,Basics\n"
    copies = f"1,7,call_in,{at(days=2, minutes=5)},call\n2,7,call_in,{at(days=2, hours=5)},call\n"
    for name, people, did in (("here", HERE, calls), ("there", THERE, copies)):
        (path / name).mkdir()
        (path / name / "leads.csv").write_text(COLUMNS + people)
        (path / name / "activities.csv").write_text(heading + did)
    folder = Folder(path, {name: {"type": "files", "folder": name} for name in ("here", "there")})
    folder.file("lists.yaml", "connections: []\n")
    folder.file("facts.yaml", "complete: [name, email, budget, phone]\n")
    folder.sync()
    return folder


@pytest.fixture(scope="module")
def told(folder: Folder) -> dict[str, Any]:
    """What `explain` tells of each of the two, by name."""
    return {
        who: folder.run("explain", mail, "--json").json["leads"][0]
        for who, mail in (("ann", "ann@acme.example"), ("bob", "bob@bcme.example"))
    }


@pytest.mark.concept(22)
def test_of_two_answers_one_counts_and_the_other_is_told(told: dict[str, Any]) -> None:
    facts = {row["fact"]: row for row in told["ann"]["facts"]}
    today = facts["budget"]["since"]
    assert (facts["budget"]["value"], facts["budget"]["record"]) == ("50000", "here leads 1")
    assert facts["budget"]["how"] == "said, as here is preferred"
    assert facts["budget"]["instead of"] == f"20000 of there leads 7, since {today}"
    assert facts["timeline"]["instead of"] == f"6 of there leads 7, since {today}"
    assert not facts["need"]["instead of"]


@pytest.mark.concept(18)
def test_no_money_is_no_budget_whatever_a_table_says_that_is_trusted_less(told: dict[str, Any]) -> None:
    heat = {who: {row["what"]: row["is"] for row in lead["result"]}["temperature"] for who, lead in told.items()}
    assert heat == {"ann": "hot", "bob": "warm"}
    budget = next(row for row in told["bob"]["facts"] if row["fact"] == "budget")
    assert (budget["value"], budget["instead of"]) == ("none", f"20000 of there leads 8, since {budget['since']}")
    [hot] = [row for row in told["bob"]["temperature"] if row["temperature"] == "hot" and "budget" in row["asks"]]
    assert (hot["holds"], hot["known"]) == (False, "need: a new press; budget: none; timeline: 2")
    result = {row["what"]: row["is"] for row in told["bob"]["result"]}
    assert result["ask for"] == "phone"  # what was answered is not asked for
    assert "budget" not in result["next action"]


def test_what_two_tables_tell_is_counted_once_and_not_before_its_day(told: dict[str, Any]) -> None:
    rows = {(row["what"], row["connection"], row["counts"], row["why not"]) for row in told["ann"]["activities"]}
    assert rows == {
        ("meeting", "here", 0, "it is not yet: it counts from that day on"), ("incoming call", "here", 1, ""),
        ("incoming call", "there", 0, "another CRM tells of the same"), ("incoming call", "there", 1, ""),
    }  # fmt: skip


def test_what_cannot_be_read_is_left_out_with_its_reason(folder: Folder, told: dict[str, Any]) -> None:
    whys = {"3": "kind: 'webinr' is no kind that the mapping reads; did you mean webinar?",
            "4": "at: 'next week' is no moment"}  # fmt: skip
    assert {row["what"]: row["why not"] for row in told["bob"]["activities"]} == {
        f"row {id_} of activities": why for id_, why in whys.items()
    }
    [left] = folder.run("status", "--json").json["left_out"]
    such_as = [{"ext_id": id_, "why": why} for id_, why in whys.items()]
    assert left == {"connection": "here", "object": "activities", "rows": 2, "more": False, "such_as": such_as}
    assert "left out: 2 rows of here activities" in folder.run("status").out
    file = folder.path / "here" / "activities.csv"
    file.write_text(file.read_text().replace("webinr", "webinar"))
    folder.sync()
    assert [row["rows"] for row in folder.run("status", "--json").json["left_out"]] == [1]
