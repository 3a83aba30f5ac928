"""What is told of conditions that hold for nobody, or for all."""

from pathlib import Path

import pytest

from leadsync.config.load import Config, load_config
from leadsync.sync import check_conditions, check_logic
from leadsync.sync.check_conditions import Placed, placed
from leadsync.sync.check_leads import Reach, suspects
from leadsync.types import Finding


def findings(config: Config) -> list[Finding]:
    return [*check_conditions.findings(config), *check_logic.findings(config)]


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


SEGMENTS = "use: b2b\nsegments:\n  - {name: all, when: email or phone}\n  - {name: some, when: phone}\n"


@pytest.mark.parametrize(("holds", "told"), [(40, True), (0, False)])
def test_a_segment_that_earlier_ones_leave_nobody(tmp_path: Path, holds: int, told: bool) -> None:
    (tmp_path / "leadsync.yaml").write_text(MAIN)
    (tmp_path / "scoring.yaml").write_text(SEGMENTS)
    own = [each for each in placed(load_config(tmp_path / "leadsync.yaml")) if each.loc[0] == "segments"]
    reach = Reach(list(zip(own, (90, holds), strict=True)), 100, 100, scored={"all": 90})
    expected = f"{tmp_path}/scoring.yaml:4:18: segments.some.when holds for {holds} of 100 leads"
    assert (f"{expected}, and earlier segments take them all" in [finding.what for finding in suspects(reach)]) is told


GATES = (
    ("score >= 70", ""),
    ("completeness >= 8", "nobody passes 'x' of the gate of SQL: completeness is at most 6"),
    ("score > 100", "nobody passes 'x' of the gate of SQL: score is at most 100"),
    ("phone and fit >= 45", "nobody passes 'x' of the gate of SQL: fit is at most 40"),
    ("phone or fit >= 45", ""),
    ("2 coupon in 30d", "no mapping feeds coupon, so there never is any, and nobody passes 'x' of the gate of SQL"),
    ("coupon or email", "no mapping feeds coupon, so there never is any"),
    ("score >= 60, y: score < 20", "nobody passes 'y' of the gate of SQL: no score fits both it and 'x'"),
    ("country = PL and country = DE", "nobody passes 'x' of the gate of SQL: no country fits all that it asks"),
    ("fit between 5 and 10, y: fit > 10", "nobody passes 'y' of the gate of SQL: no fit fits both it and 'x'"),
    ("fit between 5 and 10, y: fit >= 10, z: not fit < 4", ""),
    ("no coupon in 30d", "no mapping feeds coupon, so there never is any"),
)


@pytest.mark.parametrize(("gate", "expected"), GATES)
def test_a_gate_that_nobody_can_pass_is_told_with_its_place(tmp_path: Path, gate: str, expected: str) -> None:
    (tmp_path / "leadsync.yaml").write_text(MAIN)
    (tmp_path / "funnel.yaml").write_text(f"stages:\n  - name: low\n  - name: SQL\n    gate: {{x: {gate}}}\n")
    told = [finding.what for finding in findings(load_config(tmp_path / "leadsync.yaml"))]
    own = [line.rpartition("funnel.yaml:4:")[2].partition(": ")[2] for line in told if "funnel.yaml:4:" in line]
    assert own == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("middle", "told"),
    [("gate: {a: score >= 30}", True), ("gate: {a: score >= 20}", False), ("", False),
     ("gate: {a: score >= 30}, or: phone", False), ("gate: {a: score >= 30}, keep: score >= 5", False)],
)  # fmt: skip
def test_a_stage_that_leads_only_pass_through_is_told(tmp_path: Path, middle: str, told: bool) -> None:
    (tmp_path / "leadsync.yaml").write_text(MAIN)
    stages = ["{name: low}", f"{{name: MQL, {middle}}}", "{name: SQL, gate: {b: score >= 25}}"]
    (tmp_path / "funnel.yaml").write_text("stages:\n" + "".join(f"  - {stage}\n" for stage in stages))
    found = [f.what.rpartition("funnel.yaml:")[2] for f in findings(load_config(tmp_path / "leadsync.yaml"))]
    through = "3:5: nobody stays on MQL: whoever passes its gate passes that of SQL, too"
    assert (through in found) is told


BARE = "read: {contacts: {role: lead, email: email}}\n"


@pytest.mark.parametrize("own", [False, True])
def test_a_way_in_that_leads_of_one_connection_never_pass_is_told(tmp_path: Path, own: bool) -> None:
    two = "{hubspot: {type: hubspot, token: {env: T}}, bare: {type: hubspot, token: {env: T}}}"
    (tmp_path / "leadsync.yaml").write_text(f"connections: {two}\n")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/bare.yaml").write_text(BARE)
    if own:
        gate = "{reached: email or phone, asked: email and call_in, silent: no meeting}"
        (tmp_path / "funnel.yaml").write_text(f"stages: [{{name: low}}, {{name: IQL, gate: {gate}}}]\n")
    told = [finding for finding in findings(load_config(tmp_path / "leadsync.yaml")) if "alone" in finding.what]
    where = f"{tmp_path}/funnel.yaml:1:67" if own else "the shipped funnel/default.yaml"
    ways = ["'asked' of the gate of IQL"] if own else ["'interest' of the gate of IQL", "`or` of SQL"]
    expected = [f"{where}: leads that are in bare alone never pass {way}" for way in ways]
    assert [finding.what.removesuffix(": nothing that it asks for is read there") for finding in told] == expected
    levels = [(finding.level, bool(finding.fix)) for finding in told]
    assert levels == [("warning", True), ("ok", False)][: len(ways)]  # nobody has asked for the shipped other way in


@pytest.mark.parametrize(
    ("keep", "told"),
    [("score >= 60", True), ("score >= 50", False), ("score >= 50 and email", True), ("score >= 40", False),
     ("email or phone", False), ("phone and score >= 90", True)],
)  # fmt: skip
def test_a_keep_that_asks_for_more_than_its_gate_is_told(tmp_path: Path, keep: str, told: bool) -> None:
    (tmp_path / "leadsync.yaml").write_text(MAIN)
    gate = "gate: {ready: score >= 50, reached: email or phone}"
    (tmp_path / "funnel.yaml").write_text(f"stages:\n  - name: low\n  - name: SQL\n    {gate}\n    keep: {keep}\n")
    found = [f.what for f in findings(load_config(tmp_path / "leadsync.yaml")) if "funnel.yaml:5:" in f.what]
    assert [": `keep` asks for no less than 'ready' of the gate of SQL" in what for what in found] == [True] * told


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


def test_since_capture_where_nobody_tells_when_leads_came_in(tmp_path: Path) -> None:
    gates = "x: 2 activity since capture, y: visit within 9d of capture"
    (tmp_path / "funnel.yaml").write_text(f"stages: [{{name: A}}, {{name: B, gate: {{{gates}}}}}]\n")
    for others, columns in ((", csv: {type: files, folder: .}", [58, 89]), ("", [])):
        (tmp_path / "leadsync.yaml").write_text(MAIN.replace("}}}", f"}}}}{others}}}", 1))
        told = [f.what for f in findings(load_config(tmp_path / "leadsync.yaml")) if "when leads came in" in f.what]
        assert told == [
            f"{tmp_path}/funnel.yaml:1:{column}: when leads came in that are in csv alone is not told there, "
            "so nothing counts as since or within days of capture for them" for column in columns
        ]  # fmt: skip
