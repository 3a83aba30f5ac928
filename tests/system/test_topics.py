"""What an activity was about: from a column of a file to the points that it gives."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from doors import Folder

SCORING = """\
use: b2b
engagement:
  cap: 60
  rules:
    price: {points: 20, per: inquiry, when: "topic = price", half_life: 14d, cap: 20}
    near: {points: 3, per: inquiry, when: "topic = delivery and country = PL"}
    inquiry: {points: 0, per: inquiry}
"""
LEADS = "id,email,country\nask,ask@example.com,PL\nlook,look@example.com,Polska\nfar,far@example.com,VN\n"
ACTIVITIES = """\
id,lead,kind,at,topic
1,ask,inquiry,{at},Price
2,ask,inquiry,{at}, price
3,ask,visit,{at},price
4,look,inquiry,{at},delivery
5,look,inquiry,{at},
6,far,inquiry,{at},delivery
"""


def counted(folder: Folder, lead: str) -> dict[str, int]:
    """How many activities of a lead give points, by rule."""
    done = folder.run("plan", "--lead", lead, "--json")
    assert done.code in (0, 2), done.err
    (found,) = json.loads(done.out)["leads"]
    return {part["name"]: part["count"] for part in found["parts"] if part["what"] == "rule" and part["count"]}


def test_a_question_about_the_price_gives_points_and_others_do_not(tmp_path: Path):
    (tmp_path / "files").mkdir()
    folder = Folder(tmp_path, {"files": {"type": "files", "folder": "files"}})
    folder.file("scoring.yaml", SCORING)
    folder.file("files/leads.csv", LEADS)
    lines = ACTIVITIES.format(at=(datetime.now(UTC) - timedelta(days=2)).date().isoformat()).splitlines()
    folder.file("files/activities.csv", "".join(f"{line.rpartition(',')[0]}\n" for line in lines))
    assert folder.sync()["files"]["activities"] == 6
    assert counted(folder, "ask") == {"visit": 1}

    folder.file("files/activities.csv", "\n".join(lines))
    folder.sync()
    found = {lead: counted(folder, lead) for lead in ("ask", "look", "far")}
    assert found == {"ask": {"price": 2, "visit": 1}, "look": {"near": 1}, "far": {}}
    again = folder.sync()["files"]
    assert (again["activities"], again["evaluated"], again["error"]) == (0, 0, None)
