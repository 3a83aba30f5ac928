"""What is told of conditions that hold for nobody, or for all."""

from pathlib import Path

import pytest

from leadsync.config.load import load_config
from leadsync.sync.check_conditions import Placed, Reach, findings, placed, suspects

MAIN = "connections: {hubspot: {type: hubspot, token: {env: T}}}\nnever: email contains test\n"
SCORING = "use: b2b\nown: {rules: {some: {points: 1, when: email}}}\n"
FUNNEL = "stages: [{name: A, gate: {x: phone}}, {name: B, gate: {x: score > 5}}]\n"


def found(folder: Path) -> list[Placed]:
    for name, text in (("leadsync", MAIN), ("scoring", SCORING), ("funnel", FUNNEL)):
        (folder / f"{name}.yaml").write_text(text)
    return placed(load_config(folder / "leadsync.yaml"))


def test_every_condition_has_its_place(tmp_path: Path):
    own = {
        each.at: (each.condition.text, each.document.place(each.loc)) for each in found(tmp_path) if not each.shipped
    }
    assert own == {
        "never": ("email contains test", f"{tmp_path}/leadsync.yaml:2:1"),
        "own.rules.some.when": ("email", f"{tmp_path}/scoring.yaml:2:33"),
        "stages.A.gate.x": ("phone", f"{tmp_path}/funnel.yaml:1:27"),
        "stages.B.gate.x": ("score > 5", f"{tmp_path}/funnel.yaml:1:56"),
    }


def told(folder: Path, leads: int, share: float) -> list[str]:
    reach = Reach([(each, int(leads * share)) for each in found(folder)], leads, leads)
    return [finding.what.rsplit("/", 1)[1].split(": ")[1].split(" leads")[0] for finding in suspects(reach)]


def test_of_own_conditions_that_make_no_difference(tmp_path: Path):
    assert told(tmp_path, 100, 0.5) == []
    assert told(tmp_path, 100, 0) == [
        f"{at} holds for none of 100" for at in ("own.rules.some.when", "stages.A.gate.x", "stages.B.gate.x")
    ]
    assert told(tmp_path, 100, 1) == [f"{at} holds for all of 100" for at in ("never", "own.rules.some.when")]


def test_few_leads_say_nothing(tmp_path: Path):
    assert told(tmp_path, 99, 0) == []


@pytest.mark.concept(17)
def test_a_stage_whose_leads_are_colder_than_it_is_meant_to_be() -> None:
    heat = {("MQL", "cold"): 60, ("MQL", "warm"): 40, ("SQL", "hot"): 90, ("SQL", "warm"): 30, ("IQL", "hot"): 99}
    assert [finding.what for finding in suspects(Reach([], 319, 319, heat))] == [
        "MQL is meant to be warm, and of 100 leads there 60 are cold"
    ]


BANDS = (
    ("fit: {cap: 10}\n", "2:1: the best grade begins at 30, and fit is at most 10"),
    ("fit: {cap: 10}\n", "2:1: the quadrant's fit begins at 20, and fit is at most 10"),
    ("quadrant: {fit: 41}\n", "2:12: the quadrant's fit begins at 41, and fit is at most 40"),
    ("own: {rules: {often: {points: 1, per: visit}}}\n", "2:15: often alone can make hot, whatever else holds"),
    ("own: {rules: {once: {points: 70, when: email}}}\n", "2:15: once alone can make hot, whatever else holds"),
)


@pytest.mark.parametrize(("text", "expected"), BANDS)
def test_what_no_lead_can_reach_and_what_outweighs_all_else(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "leadsync.yaml").write_text(MAIN)
    (tmp_path / "scoring.yaml").write_text(f"use: b2b\n{text}")
    told = [finding.what for finding in findings(load_config(tmp_path / "leadsync.yaml"))]
    assert f"{tmp_path}/scoring.yaml:{expected}" in told


GATES = (
    ("score >= 70", ""),
    ("score > 100", "nobody passes 'x' of the gate of SQL: score is at most 100"),
    ("phone and fit >= 45", "nobody passes 'x' of the gate of SQL: fit is at most 40"),
    ("phone or fit >= 45", ""),
    ("2 coupon in 30d", "no mapping feeds coupon, so there never is any, and nobody passes 'x' of the gate of SQL"),
    ("coupon or email", "no mapping feeds coupon, so there never is any"),
    ("no coupon in 30d", "no mapping feeds coupon, so there never is any"),
)


@pytest.mark.parametrize(("gate", "expected"), GATES)
def test_a_gate_that_nobody_can_pass_is_told_with_its_place(tmp_path: Path, gate: str, expected: str) -> None:
    (tmp_path / "leadsync.yaml").write_text(MAIN)
    (tmp_path / "funnel.yaml").write_text(f"stages:\n  - name: low\n  - name: SQL\n    gate: {{x: {gate}}}\n")
    told = [finding.what for finding in findings(load_config(tmp_path / "leadsync.yaml"))]
    own = [line.rpartition("funnel.yaml:4:")[2].partition(": ")[2] for line in told if "funnel.yaml:4:" in line]
    assert own == ([expected] if expected else [])


def test_a_stage_for_an_outcome_that_no_mapping_tells_of_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "leadsync.yaml").write_text(MAIN)
    stages = "{name: low}, {name: sold, when: won}, {name: taken, when: converted}"
    (tmp_path / "funnel.yaml").write_text(f"stages: [{stages}]\n")
    told = [finding.what for finding in findings(load_config(tmp_path / "leadsync.yaml"))]
    where = f"{tmp_path}/funnel.yaml:1:{len('stages: [') + stages.index('when: converted') + 1}"
    assert [line for line in told if "funnel.yaml" in line] == [
        f"{where}: no mapping tells of leads that are converted, so nobody comes to taken"
    ]


def test_leads_are_counted_by_stage() -> None:
    found = Reach([], 6, 6, {("MQL", "cold"): 1, ("MQL", "warm"): 2, ("SQL", "hot"): 3})
    assert (found.stages["MQL"], found.stages["SQL"], found.stages["IQL"]) == (3, 3, 0)


@pytest.mark.parametrize("bounded", ["cap: 9", "cap: 69"])
def test_what_is_bounded_outweighs_nothing(tmp_path: Path, bounded: str) -> None:
    (tmp_path / "leadsync.yaml").write_text(MAIN)
    rules = f"own: {{{bounded}, rules: {{often: {{points: 1, per: visit}}}}}}\n"
    (tmp_path / "scoring.yaml").write_text(f"use: b2b\n{rules}")
    told = [finding.what for finding in findings(load_config(tmp_path / "leadsync.yaml"))]
    assert not [line for line in told if "alone" in line or "begins at" in line]
