"""What is told of conditions that hold for nobody, or for all."""

from pathlib import Path

from leadsync.config.load import load_config
from leadsync.sync.check_conditions import Placed, Reach, placed, suspects

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
