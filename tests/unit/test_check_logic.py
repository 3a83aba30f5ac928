"""What is told of conditions that contradict themselves, ask for nothing, or leave another one nobody."""

from pathlib import Path

import pytest

from leadsync.config.load import load_config
from leadsync.sync.check_logic import findings

MAIN = "connections: {hubspot: {type: hubspot, token: {env: T}}}\n"


def told(folder: Path, scoring: str, **files: str) -> list[str]:
    for name, text in {"leadsync": MAIN, "scoring": f"use: b2b\n{scoring}\n", **files}.items():
        (folder / f"{name}.yaml").write_text(text)
    found = list(findings(load_config(folder / "leadsync.yaml")))
    assert all(finding.fix and finding.level == "warning" for finding in found)
    return [finding.what.removeprefix(f"{folder}/") for finding in found]


@pytest.mark.parametrize(
    ("when", "column", "because"),
    [
        ("country = PL and country = DE", 36, "country is PL and country is DE"),
        ("employees > 10 and employees < 5", 36, "employees more than 10 and employees less than 5"),
        ("email and not email", 36, "e-mail is known and e-mail is not known"),
        ("2 meeting in 7d and no meeting in 30d", 38, "meeting at least 2 times in the last 7 days and no meeting in "
         "the last 30 days"),
    ],
)  # fmt: skip
def test_a_condition_that_nobody_fulfils(tmp_path: Path, when: str, column: int, because: str) -> None:
    said = f"holds for nobody, since this cannot be: {because}"
    assert told(tmp_path, f"own: {{rules: {{a: {{points: 5, when: {when}}}}}}}") == [
        f"scoring.yaml:2:{column}: own.rules.a.when {said}"
    ]


@pytest.mark.parametrize(
    ("scoring", "at", "so"),
    [
        ("own: {rules: {a: {points: 5, when: email or not email}}}", "2:30: own.rules.a.when",
         "so it asks for nothing"),
        ("own: {rules: {a: {points: 5, when: budget > 0 or not budget}}}", "2:30: own.rules.a.when",
         "so it asks for nothing"),
        ("temperature: {warm_when: fit < 90}", "2:15: temperature.warm_when", "so nobody is cold but by `cold_when`"),
        ("temperature: {cold_when: score >= 0}", "2:15: temperature.cold_when", "so everybody is cold"),
        ("temperature: {hot_when: phone or not phone}", "2:15: temperature.hot_when",
         "so everybody is hot who is not cold by `cold_when`"),
        ("own: {cap: 9, alone: 5, agrees: completeness < 99, rules: {a: {points: 8, per: visit}}}", "2:25: own.agrees",
         "so `alone` bounds nothing"),
    ],
)  # fmt: skip
def test_a_condition_that_asks_for_nothing(tmp_path: Path, scoring: str, at: str, so: str) -> None:
    assert told(tmp_path, scoring) == [f"scoring.yaml:{at} holds whoever the lead is, {so}"]


@pytest.mark.parametrize(
    ("when", "counts"),
    [
        ("email and budget <= 0", "46: {}: a budget below 0.01"),
        ("timeline < 0 and budget > 5", "36: {}: a timeline below 0"),
    ],
)
def test_a_budget_of_nothing_is_none(tmp_path: Path, when: str, counts: str) -> None:
    said = f"scoring.yaml:2:{counts} counts as none".format("own.rules.a.when holds for nobody")
    assert told(tmp_path, f"own: {{rules: {{a: {{points: 5, when: {when}}}}}}}") == [said]


@pytest.mark.parametrize(
    ("when", "ends"),
    [
        ("answer_share > 100", "share of answers between 0 and 100"),
        ("answer_hours < 0", "hours to an answer at least 0"),
    ],
)
def test_a_share_is_never_more_than_all(tmp_path: Path, when: str, ends: str) -> None:
    gate = f"stages: [{{name: A}}, {{name: B, gate: {{x: {when}}}}}]\n"
    assert told(tmp_path, f"own: {{rules: {{a: {{points: 5, when: {when}}}}}}}", funnel=gate) == [
        f"{at} holds for nobody, since always: {ends}"
        for at in ("scoring.yaml:2:36: own.rules.a.when", "funnel.yaml:1:41: stages.B.gate.x")
    ]
    assert told(tmp_path, "own: {rules: {a: {points: 5, when: answer_share = 100}}}", funnel="") == []


def test_more_points_than_there_are_make_nobody_hot(tmp_path: Path) -> None:
    because = "holds for nobody, since this cannot be: fit at most 40 and fit at least 90"
    assert told(tmp_path, "temperature: {hot_when: fit >= 90 and need}") == [
        f"scoring.yaml:2:25: temperature.hot_when {because}"
    ]


def test_a_class_that_there_is_none_of_is_told_elsewhere(tmp_path: Path) -> None:
    assert told(tmp_path, "own: {rules: {a: {points: 5, when: class = buyr}}}") == []


def test_only_buyers_are_scored_and_staged(tmp_path: Path) -> None:
    only = "holds for nobody: only buyers are scored and staged"
    gate = "{name: B, gate: {kind: class != buyer}}"
    scoring = "own: {rules: {a: {points: 5, when: 'class in [applicant, press]'}}}"
    assert told(tmp_path, scoring, funnel=f"stages: [{{name: A}}, {gate}]\n", routing="when: class = press\n") == [
        f"scoring.yaml:2:37: own.rules.a.when {only}", f"funnel.yaml:1:44: stages.B.gate.kind {only}",
    ]  # fmt: skip


def test_a_segment_behind_one_that_takes_all_its_leads(tmp_path: Path) -> None:
    segments = ["{name: some, when: employees > 10}", "{name: more, when: employees > 50 and country = PL}",
                "{name: all, when: email or not email}", "{name: last, when: phone}"]  # fmt: skip
    lines = "segments:\n" + "\n".join(f"  - {segment}" for segment in segments)
    assert told(tmp_path, lines) == [
        "scoring.yaml:5:17: segments.all.when holds whoever the lead is, so nobody is scored by what follows",
        "scoring.yaml:4:18: nobody is of the segment 'more': 'some' in line 3 takes all its leads",
        "scoring.yaml:6:18: nobody is of the segment 'last': 'all' in line 5 takes all its leads",
    ]


def test_segments_that_take_all_leads_together(tmp_path: Path) -> None:
    segments = {"silent": "no call_in", "called": "call_in", "last": "phone"}

    def lines(more: str = "") -> str:
        named = (f"  - {{name: {name}, when: {when}{more}}}\n" for name, when in segments.items())
        return "segments:\n" + "".join(named)

    nobody = "scoring.yaml:5:18: nobody is of the segment 'last': those before it take all its leads"
    nothing = "scoring.yaml:2:1: every lead is of a segment, and the rules of the file itself score nobody"
    assert told(tmp_path, lines(", use: referral")) == [nobody, nothing]
    assert told(tmp_path, lines()) == [nobody]  # they go on with the rules of the file


def test_of_sound_files_and_of_shipped_ones_nothing_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, "own: {rules: {a: {points: 5, when: country = PL or country = DE}}}") == []
    assert told(tmp_path, "", classes="use: default\nclasses: {a: {when: topic = price and topic = demo}}\n") == []


def test_lines_of_a_gate_that_cannot_be_together(tmp_path: Path) -> None:
    gate = "{calls: call_in in 7d, silent: no activity in 30d}"
    assert told(tmp_path, "", funnel=f"stages: [{{name: low}}, {{name: SQL, gate: {gate}}}]\n") == [
        "funnel.yaml:1:72: nobody passes 'silent' of the gate of SQL: this cannot be: incoming call at least once in "
        "the last 7 days and no sign of interest in the last 30 days"
    ]
