"""docs/mappings.md is carried out as it stands: its commands are run, its lines are typed, and the result is right."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
import yaml
from doors import Done, Sandbox, leadsync

PAGE = Path(__file__).parents[2] / "docs" / "mappings.md"
_BLOCK = re.compile(r"^```(console|yaml)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PERSIAN = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")
MONTHS = {"0-3 m": 3, "3-12 m": 12, "12+ m": 24}


class Step(NamedTuple):
    """Commands to run, or lines to type into a file."""

    file: str
    lines: list[str]


STEPS = [Step(found[2] or "", found[3].splitlines()) for found in _BLOCK.finditer(PAGE.read_text())]
COMMANDS = [line.removeprefix("$ ") for step in STEPS if not step.file for line in step.lines]
TYPED = [line for step in STEPS if step.file for line in step.lines]


def test_it_is_short() -> None:
    assert len(COMMANDS) <= 10
    assert len(TYPED) <= 40


def typed(path: Path, lines: list[str]) -> None:
    """Each line takes the place of the one with its key, remark or not; a new one follows the line typed before it,
    or the type of the connection, or comes last."""
    text, last = path.read_text().splitlines(), 0
    for line in lines:
        key = re.escape(line.strip().partition(":")[0])
        indent = len(line) - len(line.lstrip())
        places = [n for n, old in enumerate(text) if re.match(rf" {{{indent}}}(# )?{key}:", old)]
        if places:
            last = places[0]
            text[last] = line
        else:
            last = (
                next((n for n, old in enumerate(text) if indent and old.strip() == "type: hubspot"), len(text) - 1) + 1
            )
            text.insert(last, line)
    path.write_text("\n".join(text) + "\n")


class Tried(NamedTuple):
    """The installation and the account after the whole page, and what each command said."""

    folder: Path
    crm: Sandbox
    said: dict[str, Done]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    folder = tmp_path_factory.mktemp("tutorial")
    options = shlex.split(COMMANDS[0])[3:]
    kept = [option for option in options if option not in ("--port", "8001", "--token", "demo")]
    said: dict[str, Done] = {}
    with Sandbox("hubspot", *kept) as crm:
        for step in STEPS:
            if step.file:
                typed(folder / step.file, [line.replace("http://127.0.0.1:8001", crm.url) for line in step.lines])
                continue
            for line in step.lines:
                verb, *arguments = shlex.split(line.removeprefix("$ "))
                if verb == "leadsync" and arguments[0] != "sandbox":
                    said[line.removeprefix("$ ")] = leadsync(*arguments, cwd=folder)
        yield Tried(folder, crm, said)


def contacts(crm: Sandbox, *names: str) -> list[dict[str, Any]]:
    """All contacts, by the CRM's own API."""
    found: list[dict[str, Any]] = []
    after = "0"
    while after:
        answer = requests.get(
            f"{crm.url}/crm/v3/objects/contacts",
            params={"limit": "100", "after": after, "properties": ",".join(names)},
            headers={"Authorization": f"Bearer {crm.token}"},
            timeout=30,
        ).json()
        found += answer["results"]
        after = answer.get("paging", {}).get("next", {}).get("after", "")
    return found


@pytest.mark.slow
def test_every_command_does_what_the_page_says(tried: Tried) -> None:
    codes = {command: done.code for command, done in tried.said.items()}
    wanted = {"leadsync plan --sample 100": 2, "leadsync plan --out plan.json": 2}  # there is something to write
    assert codes == {command: wanted.get(command, 0) for command in codes}
    assert "errors: 0, warnings: 0" in tried.said["leadsync check"].out


@pytest.mark.slow
def test_what_was_planned_stands_in_the_crm_and_nothing_else(tried: Tried) -> None:
    promised = {w["id"]: w["fields"] for w in json.loads((tried.folder / "plan.json").read_text())["writes"]}
    names = (
        "leadsync_score",
        "leadsync_temperature",
        "leadsync_reasons",
        "leadsync_duplicates",
        "lifecyclestage",
        "hubspot_owner_id",
        "do_not_call",
    )
    rows = {row["id"]: row["properties"] for row in contacts(tried.crm, *names)}
    assert len(rows) == 400
    for id_, row in rows.items():
        for name, (_, after) in promised.get(id_, {}).items():
            assert str(row[name]) == str(after)
        assert bool(row["leadsync_score"]) == (id_ in promised)
        assert (row["do_not_call"] == "true") == (id_ not in promised)
    assert any("gorący" in (row["leadsync_reasons"] or "") for row in rows.values())


@pytest.mark.slow
def test_the_mapping_reads_the_fields_as_people_meant_them(tried: Tried) -> None:
    fields = (
        "annual_budget__eur",
        "purchase_horizon",
        "decision_role",
        "newsletter_consent",
        "contract_ends",
        "segment",
    )
    rows = [row for row in contacts(tried.crm, *fields) if row["properties"].get("annual_budget__eur")]
    assert len(rows) > 100
    told = [leadsync("plan", "--lead", row["id"], "--json", cwd=tried.folder).json["leads"][0] for row in rows[:6]]
    for row, body in zip(rows, told, strict=False):
        said, facts = row["properties"], body["facts"]
        raw = said["annual_budget__eur"].translate(_PERSIAN)
        amount = re.sub(r"(,|\.)00(?=\D*$)", "", raw)
        foreign = "PLN" in raw or "ustalenia" in raw
        assert facts.get("budget") == (None if foreign else float(re.sub(r"\D", "", amount)))
        assert facts.get("timeline") == MONTHS.get(said.get("purchase_horizon") or "")
        assert facts.get("segment") == said.get("segment")
        assert facts.get("consent") == {"tak": "granted", "nie": "denied"}.get(
            (said.get("newsletter_consent") or "").lower()
        )


def test_the_lines_are_yaml() -> None:
    for step in STEPS:
        if step.file:
            yaml.safe_load("\n".join(line.strip() for line in step.lines))
