"""Leads on a funnel of the admin's own: what each gate asks, where leads come to stand, and who gets them."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from doors import Folder, Sandbox, connection

READER, NURTURED, BUYER, EAGER, LISTED = "201", "202", "203", "204", "205"
COLUMNS = ("Id", "email", "firstname", "lastname", "jobtitle", "createdate")
PEOPLE: dict[str, dict[str, str]] = {
    READER: {"firstname": "Rita", "lastname": "Reader"},
    NURTURED: {"firstname": "Nora", "lastname": "Norton", "jobtitle": "Purchasing Director"},
    BUYER: {"firstname": "Bob", "lastname": "Baker", "jobtitle": "CEO"},
    EAGER: {"firstname": "Ed", "lastname": "Eager"},
    LISTED: {"firstname": "Lee", "lastname": "Lister", "jobtitle": "CEO"},
}
ANSWERS = {"budget_of_lead": ("number", "50000"), "role_of_lead": ("string", "decides alone"),
           "need_of_lead": ("string", "a new press"), "months_to_go": ("number", "2")}  # fmt: skip
READS = {"budget": "budget_of_lead", "authority": "role_of_lead", "need": "need_of_lead", "timeline": "months_to_go"}
SCORING = """\
use: b2b
quadrant: {fit: 15, engagement: 20}
progress:
  rules:
    quick: {points: 6, when: 2 call_in within 7d of capture and activity in 30d}
"""
FUNNEL = """\
stages:
  - name: suspect
  - {name: IQL, gate: {contact: email or phone, content: "any of [form_submit, call_in, meeting]"}}
  - {name: MQL, gate: {fit: fit >= 15}}
  - {name: SQL, gate: {engaged: 2 activity since capture, complete: completeness >= 4, ready: score >= 60}}
"""
ROUTING = """\
when: stage in [MQL, SQL]
rules:
  - {{name: nurture, to: [marketing], when: stage = MQL}}
  - {{name: sales, to: [sales]}}
reps: {{marketing: {{email: {marketing}}}, sales: {{email: {sales}}}}}
catch_all: sales
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Folder, dict[str, str]]]:
    """Five contacts, synced once; and the e-mail of each rep."""
    path = tmp_path_factory.mktemp("gates")
    now = datetime.now(UTC)
    created, newly = ((now - timedelta(days)).strftime("%Y-%m-%dT%H:%M:%S.000Z") for days in (30, 3))
    with (path / "people.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS, restval="")
        rows.writeheader()
        rows.writerows(
            {"Id": n, "email": f"p{n}@firm{n}.example", "createdate": newly if n == EAGER else created} | p
            for n, p in PEOPLE.items()
        )
    with Sandbox("hubspot", "--load", str(path / "people.csv")) as crm:
        for name, (type_, _) in ANSWERS.items():
            kind = {"name": name, "label": name, "groupName": "contactinformation", "type": type_}
            crm.ask(
                "POST", "/crm/v3/properties/contacts", kind | {"fieldType": "text" if type_ == "string" else "number"}
            )
        crm.edit(BUYER, **{name: value for name, (_, value) in ANSWERS.items()})
        for who, count in ((READER, 1), (NURTURED, 1), (BUYER, 2), (EAGER, 2)):
            for day in range(count):
                at = (now - timedelta(days=1 + day)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
                crm.log(
                    "calls", who, hs_timestamp=at, hs_call_direction="INBOUND", hs_call_title="Asked for a brochure"
                )
        owners = [row["email"] for row in crm.ask("GET", "/crm/v3/owners", limit="100")["results"]][:2]
        reps = dict(zip(("marketing", "sales"), owners, strict=True))
        made = Folder(path, {"hubspot": connection(crm)})
        made.file("mappings/hubspot.yaml", {"use": "hubspot", "read": {"contacts": READS}})
        made.file("facts.yaml", {"complete": list(READS)})
        made.file("scoring.yaml", SCORING)
        made.file("funnel.yaml", FUNNEL)
        made.file("routing.yaml", ROUTING.format(**reps))
        assert made.sync()["hubspot"]["error"] is None
        yield made, reps


def told(folder: Folder, id_: str) -> dict[str, Any]:
    [lead] = folder.run("explain", f"p{id_}@firm{id_}.example", "--json").json["leads"]
    return lead | {"result": {row["what"]: row["is"] for row in lead["result"]}}


@pytest.mark.concept(4)
def test_fit_and_interest_are_two_axes_with_quadrants_of_the_admins_own_cuts(
    folder: tuple[Folder, dict[str, str]],
) -> None:
    found = {id_: told(folder[0], id_)["result"]["quadrant"] for id_ in (READER, LISTED, BUYER, EAGER)}
    assert found == {READER: "neither", LISTED: "prospect", BUYER: "ready", EAGER: "interested"}


@pytest.mark.concept(5)
def test_contact_data_for_content_is_information_qualified_and_cold(folder: tuple[Folder, dict[str, str]]) -> None:
    lead = told(folder[0], READER)
    assert (lead["result"]["stage"], lead["result"]["temperature"]) == ("IQL", "cold")
    assert [(row["part"], row["holds"]) for row in lead["gates"] if row["stage"] in ("IQL", "MQL")] == [
        ("contact", True), ("content", True), ("fit", False),
    ]  # fmt: skip
    assert told(folder[0], LISTED)["result"]["stage"] == "suspect"


@pytest.mark.concept(6, 75)
def test_marketing_owns_who_is_not_ready_and_it_is_known_since_when(folder: tuple[Folder, dict[str, str]]) -> None:
    lead = told(folder[0], NURTURED)
    assert (lead["result"]["stage"], lead["result"]["owner"]) == ("MQL", folder[1]["marketing"])
    assert lead["transitions"][-1]["to"] == "MQL"
    since = datetime.fromisoformat(lead["transitions"][-1]["on"]).replace(tzinfo=UTC)
    assert timedelta() <= datetime.now(UTC) - since < timedelta(hours=1)


@pytest.mark.concept(8, 9)
def test_sales_gets_who_was_engaged_after_capture_is_known_well_and_scores_high(
    folder: tuple[Folder, dict[str, str]],
) -> None:
    lead = told(folder[0], BUYER)
    assert (lead["result"]["stage"], lead["result"]["owner"]) == ("SQL", folder[1]["sales"])
    gate = {row["part"]: row["holds"] for row in lead["gates"] if row["stage"] == "SQL"}
    assert gate == {"engaged": True, "complete": True, "ready": True}
    assert [row["to"] for row in lead["transitions"]] == ["suspect", "IQL", "MQL", "SQL"]
    assert any("sales" in row["what"] or "sales" in row["because"] for row in lead["owner"])
    early = {row["part"]: row["holds"] for row in told(folder[0], NURTURED)["gates"] if row["stage"] == "SQL"}
    assert early == {"engaged": False, "complete": False, "ready": False}


@pytest.mark.concept(39)
def test_who_takes_several_steps_soon_after_coming_in_has_points_for_that(
    folder: tuple[Folder, dict[str, str]],
) -> None:
    parts = {id_: told(folder[0], id_)["score"] for id_ in (EAGER, BUYER)}
    pace = {id_: [row["points"] for row in own if row["part"] == "quick"] for id_, own in parts.items()}
    assert pace == {EAGER: ["+6"], BUYER: []}


@pytest.mark.concept(22)
def test_the_four_answers_are_typed_with_source_date_and_confidence(folder: tuple[Folder, dict[str, str]]) -> None:
    facts = {row["fact"]: row for row in told(folder[0], BUYER)["facts"]}
    assert {word: facts[word]["field"] for word in READS} == READS
    assert facts["budget"]["value"] == "50000"
    assert all(facts[word]["sure"] == "100 %" and facts[word]["since"] for word in READS)
    [lead] = folder[0].run("plan", "--lead", f"p{BUYER}@firm{BUYER}.example", "--json").json["leads"]
    assert lead["facts"]["completeness"] == len(READS)
