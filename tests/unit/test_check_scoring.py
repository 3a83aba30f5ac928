"""What is told of scorings that contradict themselves."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pytest

from leadsync.config.load import load_config, shipped_names
from leadsync.sync import check_logic
from leadsync.sync.check_leads import Reach
from leadsync.sync.check_scoring import findings, told_by_leads

MAIN = "connections: {hubspot: {type: hubspot, token: {env: T}}}\n"


def told(folder: Path, **files: str) -> list[str]:
    for name, text in ({"leadsync": MAIN} | files).items():
        (folder / f"{name}.yaml").write_text(text)
    found = findings(load_config(folder / "leadsync.yaml"))
    return [finding.what.removeprefix(f"{folder}/") for finding in found if finding.level == "warning"]


BANDS = (
    ("fit: {cap: 10}\n", "2:1: the best grade begins at 30, and fit is at most 10"),
    ("fit: {cap: 10}\n", "2:1: the quadrant's fit begins at 20, and fit is at most 10"),
    ("quadrant: {fit: 41}\n", "2:12: the quadrant's fit begins at 41, and fit is at most 40"),
    ("own: {rules: {often: {points: 1, per: visit}}}\n", "2:15: often alone can make hot, whatever else holds"),
    ("fitt: {cap: 50}\n", "2:1: the group fitt has no rules, so it gives nothing"),
    ("temperature: {warm: 0}\n", "2:15: warm begins at 0, so no lead is ever cold"),
    ("own: {rules: {once: {points: 70, when: email}}}\n", "2:15: once alone can make hot, whatever else holds"),
)


@pytest.mark.parametrize(("text", "expected"), BANDS)
def test_what_no_lead_can_reach_and_what_outweighs_all_else(tmp_path: Path, text: str, expected: str) -> None:
    assert f"scoring.yaml:{expected}" in told(tmp_path, scoring=f"use: b2b\n{text}")


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        ("hot_when: score >= 80", "2:15: hot_when never decides: wherever it holds `hot` does, which comes first"),
        ("cold_when: not need, warm_when: trial and not need",
         "2:36: warm_when never decides: wherever it holds `cold_when` does, which comes first"),
        ("hot_when: need, warm_when: need and budget",
         "2:31: warm_when never decides: wherever it holds `hot_when` does, which comes first"),
        ("hot_when: score >= 60 and need, warm_when: need", None),
    ],
)  # fmt: skip
def test_a_line_of_the_temperature_that_an_earlier_one_takes_in(
    tmp_path: Path, temperature: str, expected: str | None
) -> None:
    found = told(tmp_path, scoring=f"use: b2b\ntemperature: {{{temperature}}}\n")
    assert found == ([f"scoring.yaml:{expected}"] if expected else [])


@pytest.mark.parametrize("bounded", ["cap: 9", "cap: 69"])
def test_what_is_bounded_outweighs_nothing(tmp_path: Path, bounded: str) -> None:
    rules = f"own: {{{bounded}, rules: {{often: {{points: 1, per: visit}}}}}}\n"
    found = told(tmp_path, scoring=f"use: b2b\n{rules}")
    assert not [line for line in found if "alone" in line or "begins at" in line]


CAPS = (
    ("{cap: 9, rules: {a: {points: 2, per: bounce, cap: 12}}}",
     "2:51: the cap of a (12) lies above that of its group (9), so it never counts"),
    ("{cap: 9, rules: {a: {points: -12, when: email}}}",
     "2:27: a has -12 points, and its group gives and takes at most 9"),
    ("{cap: 4, rules: {a: {points: 6, per: bounce, cap: 4}}}",
     "2:51: a has 6 points and a cap of 4: it never has them in full"),
    ("{cap: 9, alone: 9, agrees: email, rules: {a: {points: 9, when: email}}}",
     "2:15: `alone` of own is no lower than its cap of 9, so it bounds nothing"),
    ("{rules: {a: {points: 6, when: email, cap: 9}}}",
     "2:43: a gives its 6 points once, so its cap of 9 never counts"),
    ("{rules: {a: {points: 0, per: bounce}}}", "2:19: a gives no points, as if it were not there"),
    ("{cap: 9, rules: {a: {points: 5, per: bounce, fade: 30d, window: 30d}}}",
     "2:62: a is worth nothing after 30 days by its `fade`, so `window` never counts"),
    ("{cap: 20, rules: {a: {points: 6, when: email}, b: {points: -9, per: visit, cap: 18}}}",
     "2:7: the rules of own give and take at most 18, so its cap of 20 never counts"),
)  # fmt: skip


@pytest.mark.parametrize(("group", "expected"), CAPS)
def test_caps_that_another_one_swallows(tmp_path: Path, group: str, expected: str) -> None:
    assert told(tmp_path, scoring=f"use: b2b\nown: {group}\n") == [f"scoring.yaml:{expected}"]


TWICE = (
    ("engagement: {rules: {demos: {points: 5, per: demo_request}}}", "demo_request counts by contact.demo as well"),
    ("own: {rules: {a: {points: 5, when: (need)}}}", "that `(need)` counts by need.need as well"),
    ("own: {rules: {silent: {points: -5, when: no activity in 60d}}}",
     "that `no activity in 60d` counts by negative.silent as well"),
    ("own: {rules: {silence: {points: -5, when: no activity in 60d}}}", ""),
    ("own: {rules: {a: {points: -5, per: demo_request}, b: {points: 5, per: demo_request, when: topic = price}}}", ""),
    ("contact: {rules: {demo: {points: 5, per: demo_request}}}", ""),
    ("segments: [{name: s, when: need, own: {rules: {demo: {points: 5, per: demo_request}}}}]",
     "demo_request counts by contact.demo as well"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TWICE)
def test_what_a_rule_of_the_used_file_counts_already(tmp_path: Path, text: str, expected: str) -> None:
    found = [line for line in told(tmp_path, scoring=f"use: b2b\n{text}\n") if "which is used" in line]
    assert [line.split(": ", 1)[1] for line in found] == ([f"{expected}, which is used, too"] if expected else [])


def test_a_group_that_is_not_the_one_of_the_used_file(tmp_path: Path) -> None:
    rules, further = "{cap: 20, rules: {a: {points: 5, per: bounce}}}", "{rules: {further: {points: 1, when: domain}}}"
    text = f"use: b2b\nengagment: {rules}\nprogress: {further}\nfit: {rules}\nFit: {further}\n"
    found = [line for line in told(tmp_path, scoring=text) if "of its own" in line]
    assert found == [
        "scoring.yaml:2:1: engagment is a group of its own beside engagement",
        "scoring.yaml:5:1: Fit is a group of its own beside fit",
    ]
    [aside] = [f.what for f in findings(load_config(tmp_path / "leadsync.yaml")) if f.level == "ok"]
    assert aside.endswith("without `axis:` these groups count towards the score alone: engagment, Fit")


def test_a_file_that_forgets_what_it_uses(tmp_path: Path) -> None:
    found = told(tmp_path, scoring="own: {rules: {a: {points: 80, per: visit, cap: 60}}}\n")
    assert "scoring.yaml:1:1: this file stands alone, and nothing in it counts towards fit or engagement" in found
    assert not [line for line in found if "grade" in line or "quadrant" in line]


@pytest.mark.parametrize("name", shipped_names("scoring"))
def test_shipped_files_that_are_copied_bring_no_warning(tmp_path: Path, name: str) -> None:
    text = resources.files("mappings").joinpath(f"scoring/{name}.yaml").read_text("utf-8")
    assert told(tmp_path, scoring=text) == []
    assert list(check_logic.findings(load_config(tmp_path / "leadsync.yaml"))) == []


def test_caps_that_go_together(tmp_path: Path) -> None:
    group = (
        "{cap: 9, alone: 8, agrees: phone, rules: {a: {points: 2, per: bounce, cap: 9}, b: {points: -9, when: email}}}"
    )
    assert told(tmp_path, scoring=f"use: b2b\nown: {group}\n") == []


def test_each_segment_is_looked_at_for_what_it_says_itself(tmp_path: Path) -> None:
    segments = (
        "segments:\n  - {name: shops, when: email, own: {cap: 9, rules: {a: {points: 2, per: bounce, cap: 12}}}}\n"
    )
    assert told(tmp_path, scoring=f"use: b2b\n{segments}") == [
        "scoring.yaml:3:82: the cap of a (12) lies above that of its group (9), so it never counts"
    ]


@pytest.mark.concept(17)
@pytest.mark.parametrize(
    ("temperature", "gate", "expected"),
    [
        ("{hot: 70, warm: 35}", "score >= 70", None),
        ("{hot: 70, warm: 35}", "score >= 50", "funnel.yaml:1:40: SQL is meant to be hot, and begins at a score of 50, "
         "which is warm"),
        ("{hot: 90, warm: 35}", "score >= 70 and phone", None),  # it does not say plainly at which score it begins
    ],
)  # fmt: skip
def test_stages_that_are_colder_than_their_name(
    tmp_path: Path, temperature: str, gate: str, expected: str | None
) -> None:
    funnel = f"stages: [{{name: A}}, {{name: SQL, gate: {{ready: {gate}}}}}]\n"
    found = told(tmp_path, scoring=f"use: b2b\ntemperature: {temperature}\n", funnel=funnel)
    assert [line for line in found if "meant" in line] == ([expected] if expected else [])


@pytest.mark.concept(17)
@pytest.mark.concept(25)
def test_bands_that_leave_the_shipped_stages_behind(tmp_path: Path) -> None:
    (line,) = told(tmp_path, scoring="use: b2b\ntemperature: {hot: 80, warm: 35}\n")
    assert line == "scoring.yaml:2:15: SQL is meant to be hot, and begins at a score of 70, which is warm"
    (line,) = told(tmp_path, scoring="use: b2b\nsegments: [{name: a, when: need, temperature: {hot: 80}}]\n")
    assert line == "scoring.yaml:2:48: SQL is meant to be hot, and begins at a score of 70, which is warm"


RULES = "use: b2b\nown: {rules: {a: {points: 1, per: visit, cap: 5}, b: {points: 1, per: call_in, cap: 5}}}\n"
Given = Mapping[tuple[str, str], tuple[int, int]]


@pytest.mark.parametrize(
    ("leads", "fired", "expected"),
    [
        (99, {}, []),
        (100, {("own", "a"): (40, 4000)}, ["none of 100 leads has points by b"]),
        (100, {("own", "a"): (100, 100), ("own", "b"): (1, 100), ("fit", "decides"): (9, 9000)},
         ["all of 100 leads have points by a"]),
        (100, {("own", "a"): (40, 7000), ("own", "b"): (9, 3000)},
         ["70% of all points that leads have are those of a"]),
        (100, {("own", "a"): (40, 7000), ("own", "b"): (9, 3000), ("fit", "decides"): (9, 9000)}, []),
        (100, {("own", "a"): (40, -7000), ("own", "b"): (9, 1000), ("fit", "decides"): (9, 2000)},
         ["70% of all points that leads have or lose are those of a"]),
    ],
)  # fmt: skip
def test_rules_that_make_no_difference_or_all_of_it(
    tmp_path: Path, leads: int, fired: Given, expected: list[str]
) -> None:
    (tmp_path / "leadsync.yaml").write_text(MAIN)
    (tmp_path / "scoring.yaml").write_text(RULES)
    config, reach = (
        load_config(tmp_path / "leadsync.yaml"),
        Reach([], leads, leads, scored={None: leads}, fired={None: fired}),
    )
    found = [
        finding.what.removeprefix(f"{tmp_path}/scoring.yaml:2:").split(": ", 1)[1]
        for finding in told_by_leads(config, reach)
    ]
    assert found == expected
