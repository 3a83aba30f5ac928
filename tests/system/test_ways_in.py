"""Leads that come straight with a request, by the files as they are shipped: nothing else is known of them."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from doors import Folder, Sandbox, connection

CALLER, FORM, MAIL, LOOKER = "301", "302", "303", "304"
ASKED = "the other way in, or:, held"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    path = tmp_path_factory.mktemp("ways")
    now = datetime.now(UTC)
    at = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    people: list[dict[str, str]] = [{"Id": id_, "email": f"p{id_}@firm{id_}.example"} for id_ in (CALLER, MAIL, LOOKER)]
    people.append({"Id": FORM, "email": f"p{FORM}@firm{FORM}.example", "num_conversion_events": "1",
                   "recent_conversion_date": at, "first_conversion_date": at,
                   "recent_conversion_event_name": "Book a demo: contact form"})  # fmt: skip
    with (path / "people.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, people[-1], restval="")
        rows.writeheader()
        rows.writerows(people)
    with Sandbox("hubspot", "--load", str(path / "people.csv")) as crm:
        for who, title in ((CALLER, "Wants a quote for two presses"), (LOOKER, "How long does delivery take?")):
            crm.log("calls", who, hs_timestamp=at, hs_call_direction="INBOUND", hs_call_title=title)
        mail = {"hs_email_direction": "INCOMING_EMAIL", "hs_email_subject": "Prośba o ofertę"}
        crm.log("emails", MAIL, hs_timestamp=at, **mail)
        made = Folder(path, {"hubspot": connection(crm)})
        assert made.sync()["hubspot"]["error"] is None
        yield made


def told(folder: Folder, id_: str) -> dict[str, Any]:
    [lead] = folder.run("explain", f"p{id_}@firm{id_}.example", "--json").json["leads"]
    return lead | {"stage": next(row["is"] for row in lead["result"] if row["what"] == "stage")}


@pytest.mark.concept(38)
@pytest.mark.parametrize("id_", [CALLER, FORM, MAIL])
def test_whoever_asks_for_a_quote_or_a_demo_is_for_sales_at_once(folder: Folder, id_: str) -> None:
    lead = told(folder, id_)
    assert lead["stage"] == "SQL"
    [passed] = [row for row in lead["transitions"] if row["to"] == "SQL"]
    assert passed["why"] == ASKED
    gate = {row["part"]: row for row in lead["gates"] if row["stage"] == "SQL"}
    assert (gate["ready"]["holds"], gate["or"]["holds"]) == (False, True)
    assert "about demo or quote: 1 ×" in gate["or"]["known"]


def test_whoever_asks_about_something_else_goes_gate_by_gate(folder: Folder) -> None:
    lead = told(folder, LOOKER)
    assert lead["stage"] == "IQL"
    [row] = [row for row in lead["gates"] if (row["stage"], row["part"]) == ("SQL", "or")]
    assert not row["holds"]


@pytest.mark.concept(33)
def test_a_lost_lead_that_asks_again_comes_back_and_so_does_one_that_sales_no_longer_rejects(tmp_path: Path) -> None:
    def day(ago: int) -> str:
        return (datetime.now(UTC) - timedelta(days=ago)).date().isoformat()

    (tmp_path / "files").mkdir()
    folder = Folder(tmp_path, {"files": {"type": "files", "folder": "files"}}, {"fields": {"rejection": "text"}})
    read = {"leads": {"outcomes": [{"as": "lost", "when": {"verdict": "rejected"}}], "rejection": "why"}}
    folder.file("mappings/files.yaml", {"use": "files", "read": read})
    late = {"points": -7, "when": "rejection = 'too early'", "label": "sales found it too early"}
    folder.file("scoring.yaml", {"use": "b2b", "sales": {"rules": {"late": late}}})
    people = "".join(f"{who},{who}@{who}.example,Website,,\n" for who in ("back", "opens"))
    people = f"id,email,source,verdict,why\n{people}early,early@early.example,Website,"
    folder.file("files/leads.csv", f"{people}rejected,Too early\n")
    ends = f"1,back,lost,{day(10)}\n2,opens,lost,{day(10)}\n"
    folder.file("files/outcomes.csv", f"id,lead,kind,at\n{ends}")
    said = "".join(f"{who},{who},call_in,{day(10)},Hello\n" for who in ("back", "opens", "early"))
    heads = f"id,lead,kind,at,detail\n{said}"
    folder.file("files/activities.csv", heads)
    folder.sync()

    def lead(name: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
        [found] = folder.run("explain", name, "--json").json["leads"]
        return {row["what"]: row["is"] for row in found["result"]}, [(r["to"], r["why"]) for r in found["transitions"]]

    names = ("back@back.example", "opens@opens.example", "early@early.example")
    assert [lead(name)[0]["stage"] for name in names] == ["disqualified"] * 3
    folder.file("files/leads.csv", f"{people}accepted,Too early\n")
    folder.file(
        "files/activities.csv", f"{heads}2,back,call_in,{day(1)},A quote please\n4,opens,email_open,{day(1)},\n"
    )
    folder.sync()
    assert [lead(name)[0]["stage"] for name in names] == ["SQL", "disqualified", "IQL"]
    assert "sales found it too early −7" in lead(names[2])[0]["reasons"]
    result, passed = lead(names[0])
    assert passed[1:] == [
        ("recycled", "it showed interest again after it was lost"), ("suspect", "every line of the gate held"),
        ("IQL", "every line of the gate held"), ("MQL", "every line of the gate held"), ("SQL", ASKED),
    ]  # fmt: skip
    assert int(result["score"]) > 0
