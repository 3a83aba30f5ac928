"""`leadsync sandbox --faults FILE`: the rules hold, what is wrong with them is told at its place, the page is true."""

import re
from datetime import date
from pathlib import Path

import pytest
import requests
import yaml
from doors import TOKENS, Sandbox, leadsync

from leadsync import registry
from leadsync.config.faults import load_faults
from leadsync.connector import FaultRule, SandboxOptions, UserError
from leadsync.testing.faults import EVERYWHERE

PAGE = Path(__file__).parents[2] / "docs" / "sandboxes.md"
ASKED = {"hubspot": "/crm/v3/objects/contacts", "salesforce": "/services/data/v62.0/limits"}
TYPES = list(ASKED)


def ask(crm: Sandbox) -> requests.Response:
    headers = {"Authorization": f"Bearer {TOKENS[crm.type]}"}
    return requests.get(crm.url + ASKED[crm.type], headers=headers, timeout=30)


@pytest.mark.parametrize("type_", TYPES)
def test_the_rules_strike_as_written(tmp_path: Path, type_: str):
    path = tmp_path / "faults.yaml"
    path.write_text(
        f"- {{call: 'GET {ASKED[type_]}', fault: 503, after: 1, every: 2, times: 2, seconds: 7}}\n"
        "- {call: 'post *', fault: html}\n"
    )
    with Sandbox(type_, "--leads", "1", "--faults", str(path)) as crm:
        answers = [ask(crm) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200, 503, 200, 503, 200, 200, 200]
    assert answers[1].headers["Retry-After"] == "7"


@pytest.mark.parametrize("type_", TYPES)
def test_every_problem_of_the_file_is_told_at_its_place(tmp_path: Path, type_: str):
    (tmp_path / "faults.yaml").write_text("- {call: x}\n- {fault: 503, tims: 3}\n- {fault: slow, seconds: -1}\n- 7\n")
    done = leadsync("sandbox", type_, "--token", "t", "--faults", "faults.yaml", cwd=tmp_path)
    assert done.code == 65
    places = re.findall(r"^faults\.yaml:(\d+:\d+): (.+)$", done.err, re.MULTILINE)
    assert [place for place, _ in places] == ["1:3", "2:16", "3:17", "4:3"], done.err
    for said in ("'fault' is missing", "{fault: 503, times: 3}`", "expected 0 or more"):
        assert said in done.err

    (tmp_path / "faults.yaml").write_text("- fault: 503\n- fault: sloww\n- {call: '*', fault: 200}\n")
    done = leadsync("sandbox", type_, "--token", "t", "--leads", "1", "--faults", "faults.yaml", cwd=tmp_path)
    assert done.code == 65
    assert "faults.yaml:2:3: there is no fault 'sloww'" in done.err
    assert "faults.yaml:3:15: there is no fault '200'" in done.err


@pytest.mark.parametrize(
    ("text", "place"), [("fault: 503\n", "1:1"), ("- [\n", "2:1"), ("- {fault: 503, fault: 504}\n", "1:16")]
)
def test_what_is_no_list_of_rules(tmp_path: Path, text: str, place: str):
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_faults(path)
    (problem,) = caught.value.problems
    assert problem.where == f"{path}:{place}"


def test_a_file_that_is_not_there_or_empty(tmp_path: Path):
    done = leadsync("sandbox", "hubspot", "--token", "t", "--faults", "nowhere.yaml", cwd=tmp_path)
    assert done.code == 65
    assert "nowhere.yaml: cannot read the file" in done.err
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert load_faults(tmp_path / "empty.yaml") == ()


def test_the_page_lists_the_faults_there_are():
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    told = {row[0].strip("`"): row[1] for row in rows}
    assert {word: told[word] for word in EVERYWHERE} == dict(EVERYWHERE)
    for type_ in TYPES:
        options = SandboxOptions("t", date(2026, 1, 1), 0, faults=(FaultRule(fault="?"),))
        with pytest.raises(UserError) as caught:
            registry.connector(type_).sandbox(options)
        known = caught.value.problems[0].fix.split("one of ")[1].split(", ")
        assert re.findall(r"`(\w+)`", told[type_]) == [word for word in known if word not in EVERYWHERE]
    assert set(told) == {*EVERYWHERE, *TYPES, *FaultRule.model_fields} - {"where"}


def test_the_script_of_the_page_can_be_used(tmp_path: Path):
    (tmp_path / "faults.yaml").write_text(PAGE.read_text("utf-8").split("```yaml\n")[1].split("```")[0])
    rules = load_faults(tmp_path / "faults.yaml")
    assert [rule.fault for rule in rules] == ["429", "lost", "slow"]
    assert yaml.safe_load((tmp_path / "faults.yaml").read_text())[0]["seconds"] == rules[0].seconds
