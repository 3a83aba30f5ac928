"""All files of an installation: merged with what they use, checked, all problems at once, each at its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from leadsync.config.load import Config, load_config, unread
from leadsync.core.write_field import WriteField
from leadsync.errors import Problem

Load = Callable[..., Config]
Refused = Callable[..., list[Problem]]


def told(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(p.where, p.what) for p in problems]


def test_one_short_file_is_enough(configured: Load, tmp_path: Path) -> None:
    found = configured()
    assert found.folder == tmp_path.resolve()
    assert found.prefer == ("hubspot",)
    assert found.connections["hubspot"].live is False
    assert "contacts" in found.connections["hubspot"].mapping.writes
    assert found.scoring.groups
    assert found.ladder.stages
    assert found.routing is None


def test_a_mapping_adds_to_the_shipped_one_and_replaces_by_name(configured: Load) -> None:
    text = "use: hubspot\nread: {contacts: {phone: mobilephone}}\nwrite: {contacts: {rating: temperature}}\n"
    shipped = configured().connections["hubspot"].mapping
    found = configured(mappings__hubspot=text).connections["hubspot"].mapping

    words = {f.name: f.sources for f in found.reads["contacts"].fields}
    assert words["phone"] == ("mobilephone",)
    assert words["email"] == ("email",)
    assert found.reads["contacts"].counters == shipped.reads["contacts"].counters
    assert found.writes["contacts"] == (*shipped.writes["contacts"], WriteField("rating", "temperature"))


def test_a_mapping_that_uses_nothing_stands_alone(configured: Load) -> None:
    text = "read: {contacts: {role: lead, email: email}}\nwrite: {contacts: {s: score, o: owner, l: stage}}\n"
    found = configured(mappings__hubspot=text).connections["hubspot"].mapping
    assert list(found.reads) == ["contacts"]
    assert [w.policy for w in found.writes["contacts"]] == ["always", "if_unowned", "forward_only"]


def test_a_funnel_adds_to_the_shipped_one_and_replaces_by_name_or_outcome(configured: Load, tmp_path: Path) -> None:
    shipped = configured().ladder
    text = (
        "use: default\nstages:\n  - {name: demo, gate: {a: demo_request}}\n  - {name: client, when: won}\n"
        "  - {name: MQL, gate: {ready: score >= 40}}\n  - name: tried\n    gate: {trial: trial}\n"
    )
    config = configured(funnel=text)
    names = "suspect IQL MQL tried SQL demo opportunity client disqualified recycled"
    assert [stage.name for stage in config.ladder.stages] == names.split()
    assert config.ladder.stages[4].keep == shipped.stages[3].keep
    assert config.ladder.stages[2].keep is None
    funnel, own = config.documents["funnel"], tmp_path / "funnel.yaml"
    assert [funnel.place(("stages", n)).startswith(f"{own}:") for n in range(5)] == [False, False, True, True, False]
    assert funnel.place(("stages", 3, "gate", "trial")) == f"{own}:7:12"
    assert ("stages", 2, "keep") not in funnel.places


def test_the_version_names_what_results_depend_on(configured: Load) -> None:
    first = configured().version
    assert configured().version == first
    assert configured(scoring="use: b2b\ntemperature: {hot: 80}\n").version != first


@pytest.mark.parametrize(
    ("files", "where", "what"),
    [
        ({"leadsync": "store: x\n"}, "leadsync.yaml:1:1", "the key 'connections' is missing"),
        ({"leadsync": "connections:\n  crm: {}\n"}, "leadsync.yaml:2:3", "crm: the key 'type' is missing"),
        ({"leadsync": "connections:\n  crm: {type: hubspt}\n"}, "leadsync.yaml:2:9", "hubspt"),
        ({"leadsync": "connections:\n  crm: {type: hubspot}\n"}, "leadsync.yaml:2:3", "give token (a service key"),
        ({"leadsync": "connections:\n  CRM: {type: hubspot, token: {env: X}}\n"}, "leadsync.yaml:2:3", "CRM: not a "),
        ({"mappings__hubspot": "use: hubspt\n"}, "mappings/hubspot.yaml:1:1", "hubspt"),
        ({"mappings__hubspot": "use: hubspot\nread:\n  contacts:\n    emial: x\n"},
         "mappings/hubspot.yaml:4:5", "unknown field 'emial'; did you mean 'email'?"),
        ({"mappings__hubspot": "use: hubspot\nread:\n  contacts:\n    email: {form: x}\n"},
         "mappings/hubspot.yaml:4:13", "unknown key 'form'"),
        ({"mappings__hubspot": "use: hubspot\nread:\n  leadz: {role: lead}\n"}, "mappings/hubspot.yaml:3:3", "'leadz'"),
        ({"mappings__hubspot": "use: hubspot\nread:\n  contacts: {role: company}\n"},
         "mappings/hubspot.yaml:3:3", "contacts has the role lead, not company"),
        ({"mappings__hubspot": "use: hubspot\nwrite:\n  companies:\n    x: score\n"},
         "mappings/hubspot.yaml:4:5", "x: 'score' says nothing of a company"),
        ({"mappings__hubspot": "use: hubspot\nwrite:\n  companies:\n    x: {value: company_score, every: 1d}\n"},
         "mappings/hubspot.yaml:4:31", "x: `every` is for objects of leads"),
        ({"mappings__hubspot": "use: hubspot\nwrite:\n  contacts:\n    x: company_score\n"},
         "mappings/hubspot.yaml:4:5", "x: 'company_score' is about a company"),
        ({"mappings__hubspot": "use: hubspot\nwrite:\n  deals:\n    x: score\n"},
         "mappings/hubspot.yaml:3:3", "deals is no object of leads or companies"),
        ({"mappings__hubspot": "use: hubspot\nwrite:\n  contacts:\n    x: scoer\n"},
         "mappings/hubspot.yaml:4:5", "unknown result 'scoer'; did you mean 'score'?"),
        ({"mappings__hubspot": "use: hubspot\nwrite:\n  contacts:\n    x: urgency\n"},
         "mappings/hubspot.yaml:4:5", "'urgency' is not available yet"),
        ({"scoring": "use: b2b\nfit:\n  rules:\n    x: {points: lots, when: country known}\n"},
         "scoring.yaml:4:9", "points"),
        ({"scoring": "fit:\n  rules:\n    x: {points: 5, when: \"contry = PL\"}\n"},
         "scoring.yaml:3:27", "unknown word 'contry'; did you mean 'country'?"),
        ({"scoring": "fit:\n  rules:\n    x:\n      points: 5\n      when: country = PL and nonsense = 3\n"},
         "scoring.yaml:5:30", "nonsense"),
        ({"scoring": "temperature: {hot: 20, warm: 60}\n"}, "scoring.yaml:1:24", "no lead could be warm"),
        ({"scoring": "use: b2b\ntemprature: {hot: 60}\n"}, "scoring.yaml:2:1", "unknown key 'temprature'"),
        ({"funnel": "stages:\n  - {name: A}\n  - {name: A}\n"}, "funnel.yaml:3:5", "'A' stands here twice"),
        ({"funnel": "use: default\nstages: [{name: SQL}, {name: SQL}]\n"}, "funnel.yaml:2:", "'SQL' stands here twice"),
        ({"funnel": "use: default\nstages: [x, {name: [A]}, {nme: A}]\n"}, "funnel.yaml:2:10", "expected keys"),
        ({"funnel": "stages:\n  - name: A\n    gate: {x: score >> 3}\n"}, "funnel.yaml:3:", ""),
        ({"routing": "reps:\n  a: {email: x}\n"}, "routing.yaml:2:7", "'x' is not an e-mail address"),
        ({"routing": "reps:\n  a: {email: x@y}\n  b: {email: X@Y}\n"}, "routing.yaml:3:7", "b has the e-mail of a"),
    ],
)  # fmt: skip
def test_each_problem_stands_at_its_place(refused: Refused, files: dict[str, str], where: str, what: str) -> None:
    found = told(refused(**files))
    assert [sentence for place, sentence in found if place.startswith(where) and what in sentence], found


def test_the_problems_of_all_files_are_told_together(refused: Refused) -> None:
    found = told(refused(
        leadsync="connections:\n  hubspot: {type: hubspot, token: {env: X}}\nevry: 5s\nprefer: [pipedrive]\n",
        mappings__hubspot="use: hubspot\nwrite:\n  contacts: {a: scoer, b: rating}\n",
        scoring="fit: {cap: none}\n", funnel="stages: []\n", routing="when: \"owner = x\"\n",
    ))  # fmt: skip
    assert {where.split(":")[0] for where, _ in found} == {
        "leadsync.yaml", "mappings/hubspot.yaml", "scoring.yaml", "funnel.yaml", "routing.yaml",
    }  # fmt: skip
    assert len(found) >= 6


@pytest.mark.parametrize("token", ["pat-eu1-literal", "{env: A, file: b}", "{}", "{vault: x}", "[a]", "12345"])
def test_a_secret_itself_is_refused_and_never_repeated(refused: Refused, token: str) -> None:
    found = refused(leadsync=f"connections:\n  hubspot: {{type: hubspot, token: {token}}}\n")
    assert all(p.where.startswith("leadsync.yaml:2:") for p in found)
    assert all("pat-eu1-literal" not in str(p) and "12345" not in str(p) for p in found)


def test_no_configuration_is_told_with_the_way_out(tmp_path: Path) -> None:
    from leadsync.errors import UserError

    with pytest.raises(UserError) as error:
        load_config(tmp_path / "leadsync.yaml")
    assert "leadsync init" in error.value.problems[0].fix


def test_safe_defaults_of_what_is_written(configured: Load) -> None:
    mapped = "m: {value: score, map: {73: 4}}"
    fields = f"{{s: score, r: reasons, o: owner, l: stage, f: {{value: fit, least: 2, every: 1d}}, {mapped}}}"
    text = f"read: {{contacts: {{role: lead, email: email}}}}\nwrite: {{contacts: {fields}}}\n"
    found = {w.field: w for w in configured(mappings__hubspot=text).connections["hubspot"].mapping.writes["contacts"]}
    assert (found["s"].policy, found["s"].least, found["s"].rides_with) == ("always", 5, None)
    assert found["m"].least is None
    assert found["r"].rides_with == "s"
    assert (found["o"].policy, found["l"].policy) == ("if_unowned", "forward_only")
    assert (found["f"].least, found["f"].every_us) == (2, 86_400_000_000)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{value: temperature, policy: never_lower}", "temperature is no number"),
        ("{value: temperature, least: 3}", "temperature is no number"),
        ("{value: score, length: 3}", "score is a number"),
        ("{value: score, policy: if_unowned}", "for owners only"),
        ("{value: reasons, with: nothing}", "cannot go with 'nothing'"),
        ("{value: reasons, with: x}", "cannot go with 'x'"),
        ("{value: score, policy: sometimes}", "if_ours"),
        ("{value: reasons, length: 0}", "length"),
    ],
)
def test_what_is_written_is_checked(refused: Refused, line: str, what: str) -> None:
    found = refused(mappings__hubspot=f"use: hubspot\nwrite:\n  contacts:\n    x: {line}\n")
    said = [(place, f"{each.what} {each.fix}") for (place, _), each in zip(told(found), found, strict=True)]
    assert [text for place, text in said if place.startswith("mappings/hubspot.yaml:4") and what in text], said


def test_files_that_nobody_reads_are_found(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "leadsync.yaml").write_text("connections: {hubspot: {type: hubspot, token: {env: X}}}\n")
    for name in ("hubspot.yaml", "hubspott.yaml", "hubspot.yml", "hubspot.proposed.yaml"):
        (tmp_path / "mappings" / name).write_text("use: hubspot\n")
    for name in ("scoring.yml", "plan.yaml", "funnel.yaml"):
        (tmp_path / name).write_text("use: default\n" if name == "funnel.yaml" else "")
    found = {Path(problem.where).name: problem.fix for problem in unread(load_config(tmp_path / "leadsync.yaml"))}
    assert found == {
        "hubspott.yaml": "name it hubspot.yaml",
        "hubspot.yml": "name it hubspot.yaml",
        "scoring.yml": "name it scoring.yaml",
    }
