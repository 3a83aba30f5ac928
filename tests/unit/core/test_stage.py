from pathlib import Path

import pytest
import yaml
from core_frames import KNOWN as FIELD_TYPES
from core_frames import RESULT_TYPES, TODAY, activities_frame, gate, leads_frame, on

import mappings
from leadsync.core.stage import Ladder, Stage, stages

LADDER = Ladder(
    (
        Stage("suspect"),
        Stage("MQL", {"contact": gate("email or phone"), "ready": gate("score >= 35")}),
        Stage("SQL", {"engaged": gate("2 activity since capture"), "ready": gate("score >= 70")}),
    )
)


def stage_of(ladder: Ladder, visits: int = 0, **lead: object) -> str | None:
    frame = leads_frame({"score": 0, **lead}, types={**FIELD_TYPES, **RESULT_TYPES})
    return stages(ladder, frame, activities_frame([(1, "visit", on(1))] * visits))["stage"].item()


@pytest.mark.parametrize(
    ("lead", "visits", "stage"),
    [
        ({}, 0, "suspect"),
        ({"email": "x", "score": 34}, 0, "suspect"),
        ({"email": "x", "score": 35}, 0, "MQL"),
        ({"phone": "x", "score": 70, "capture": on(9)}, 1, "MQL"),
        ({"phone": "x", "score": 70, "capture": on(9)}, 2, "SQL"),
        ({"score": 70, "capture": on(9)}, 2, "suspect"),
    ],
)
def test_the_highest_stage_whose_gate_and_all_below_hold(lead: dict[str, object], visits: int, stage: str) -> None:
    assert stage_of(LADDER, visits, **lead) == stage


def test_a_lead_may_stand_on_no_stage() -> None:
    assert stage_of(Ladder((Stage("known", {"contact": gate("email")}),))) is None


def test_every_lead_and_day_has_its_row() -> None:
    frame = leads_frame({"lead": 2, "score": 80, "email": "x"}, {"lead": 1}, types={**FIELD_TYPES, **RESULT_TYPES})
    assert stages(LADDER, frame, activities_frame([])).rows() == [(2, TODAY, "MQL"), (1, TODAY, "suspect")]
    assert stages(Ladder((Stage("all"),)), frame, activities_frame([]))["stage"].to_list() == ["all", "all"]


def test_the_shipped_ladder() -> None:
    path = Path(mappings.__file__).parent / "funnel" / "default.yaml"
    read = yaml.safe_load(path.read_text(encoding="utf-8"))["stages"]
    gates = [{name: gate(text) for name, text in each.get("gate", {}).items()} for each in read]
    ladder = Ladder(tuple(Stage(each["name"], gates[i], each["shows"]) for i, each in enumerate(read)))
    assert [stage.name for stage in ladder.stages] == ["suspect", "IQL", "MQL", "SQL"]
    assert stage_of(ladder) == "suspect"
    assert stage_of(ladder, 1, phone="1") == "IQL"
    assert stage_of(ladder, 1, phone="1", score=35) == "MQL"
    assert stage_of(ladder, 1, phone="1", score=70) == "SQL"
