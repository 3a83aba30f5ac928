"""`leadsync demo`: the first thing that anybody tries."""

import json
import re
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

from doors import Done, leadsync

NUMBERS = ("pulled", "activities", "evaluated", "due", "written", "rejected", "api_calls")
BOTH = {"hubspot", "salesforce"}


def cycles(done: Done) -> list[dict[str, Any]]:
    """The connections of each cycle, whose shape others rely on."""
    assert done.code == 0, done.out + done.err
    found = done.json["cycles"]
    for cycle in found:
        assert isinstance(cycle["seconds"], float)
        assert set(cycle["connections"]) == BOTH
        for c in cycle["connections"].values():
            assert all(type(c[name]) is int for name in NUMBERS)
            assert c["waiting_until"] is None
            assert c["error"] is None
    return [cycle["connections"] for cycle in found]


def test_where_nobody_acts_nothing_is_written_and_hardly_anything_asked(tmp_path: Path):
    done = leadsync("demo", "--leads", "150", "--cycles", "4", "--still", "--json", cwd=tmp_path)
    first, second, third, last = cycles(done)
    assert first["hubspot"]["pulled"] == first["hubspot"]["written"] == 150
    assert 140 <= first["hubspot"]["evaluated"] < 150  # some are there twice
    assert first["salesforce"]["pulled"] == 150
    assert first["salesforce"]["written"] >= first["salesforce"]["evaluated"] > 120  # all but the converted ones
    for name in BOTH:
        assert first[name]["rejected"] == first[name]["due"] == 0
        for cycle in (second, third, last):
            assert cycle[name]["written"] <= cycle[name]["due"]
            assert cycle[name]["rejected"] == 0
        assert (last[name]["pulled"], last[name]["activities"], last[name]["evaluated"]) == (0, 0, 0)
    assert last["hubspot"]["api_calls"] <= 9
    assert last["salesforce"]["api_calls"] == 1

    assert done.json["stages"]["suspect"] > done.json["stages"]["MQL"] > done.json["stages"]["SQL"] > 0
    checklist = done.json["checklist"]
    assert {row["stage"] for row in checklist["gates"]} == {"IQL", "MQL", "SQL"}
    assert any(row["holds"] for row in checklist["gates"] if row["stage"] == "SQL")
    assert checklist["transitions"][-1]["to"] == "SQL"
    assert checklist["owner"][1]["what"] == "decided"
    shown = done.json["leads"]
    assert {row["connection"] for row in shown} == BOTH
    for row in shown:
        assert row["before"]["score"] in (None, "")
        assert float(row["after"]["score"]) >= 0
        assert row["after"]["temperature"] in ("hot", "warm", "cold")
        assert row["after"]["reasons"]
    assert not list(tmp_path.iterdir())
    folder = Path(done.json["folder"])
    assert (folder / "leadsync.yaml").is_file()
    assert leadsync("status", "--config", str(folder / "leadsync.yaml"), cwd=tmp_path).code == 0
    assert_planted_duplicates_are_one_lead(folder)


def assert_planted_duplicates_are_one_lead(folder: Path) -> None:
    """Rows of one person, of both CRMs, are one lead, by their mailbox; nobody else is with them."""
    with closing(sqlite3.connect(folder / "leadsync.db")) as db:
        rows = db.execute(
            "SELECT lead_id, source_id, facts FROM records WHERE lead_id IS NOT NULL AND facts IS NOT NULL"
        )
        found = [(lead, source, json.loads(facts).get("email")) for lead, source, facts in rows]
    by_mail, sources = defaultdict[str, set[int]](set), defaultdict[int, set[int]](set)
    for lead, source, email in found:
        sources[lead].add(source)
        if email:
            by_mail[email].add(lead)
    assert all(len(leads) == 1 for leads in by_mail.values())
    assert sum(len(there) > 1 for there in sources.values()) >= 20  # a fifth of the people are in both


def test_who_acts_moves_and_a_person_sees_it(tmp_path: Path):
    done = leadsync("demo", "--leads", "60", "--cycles", "3", cwd=tmp_path)
    assert done.code == 0, done.err
    assert not done.err
    for name in BOTH:
        assert re.search(rf"{name}: a local server with 60 leads at http://127\.0\.0\.1:\d+", done.out)
        # what each of them did, and what became of the score
        assert re.search(rf"^ +{name} \w+ \w+ .+: \d+ \w+ → \d+ \w+$", done.out, re.MULTILINE), done.out
    told = [line for line in done.out.splitlines() if re.match(r"\d\. cycle ", line)]
    assert len(told) == 3
    for line in told[1:]:
        for part in line.split(" · ")[1:]:
            assert re.search(r" [1-9]\d* scored", part), line
    assert any(re.search(r" [1-9]\d* written", line) for line in told[1:])
    assert "was edited by a rep" in done.out or "was changed by a rep" in done.out
    assert "Before → after, as read back from the CRMs" in done.out
    assert len(re.findall(r"→ \d+ +→ (?:hot|warm|cold) ", done.out)) >= 10
    assert "…" not in done.out
    assert re.search(r"^Leads that came to each stage: suspect \d+, IQL \d+, MQL \d+", done.out, re.MULTILINE)
    assert re.search(r"^MQL +ready +✓ +score at least 35 +score: \d+ *$", done.out, re.MULTILINE)
    assert "leadsync status --config" in done.out
