"""The merged configuration, printed: files of that content mean the same."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leadsync.config.effective import Effective, effective
from leadsync.config.load import Config, load_config

MAIN = """\
store: sqlite:///state.db
connections:
  hubspot: {type: hubspot, token: {env: T}, live: false}
  sf: {type: salesforce, domain: example.my.salesforce.com, token: {file: secret.txt}, mapping: sales.yaml}
home: {country: PL}
fields: {renewal: date, tier: {type: text, label: "no: really"}}
prefer: [sf]
never: email contains test
"""
HUBSPOT = """\
use: hubspot
read:
  contacts:
    city: null
    tier: {from: stufe, map: {"1": "yes", "02": 8:30, on: "null"}, default: 0.00001}
    counters: {my_count: {as: visit}}
    scope: "tier and not email contains x"
write:
  contacts:
    leadsync_score: {value: score, least: 3}
    leadsync_temperature: null
    leadsync_reasons: {value: reasons, language: fa, with: ""}
    tier_field: tier
"""
SALES = """\
read: {Lead: {role: lead, email: Email, need: [A, B]}}
write: {Lead: {X: {value: temperature, map: {hot: "1", cold: null}}}}
"""
SCORING = """\
use: b2b
fit:
  cap: 40
  rules:
    decides: {points: 1.5, when: "job_title matches \\"\\\\bcto\\\\b\\" or country = NO"}
extra:
  rules:
    x:
      points: 1
      when: |
        need and
        budget
temperature: {hot: 80}
"""
ROUTING = "when: stage = SQL\nreps: {ann: {email: ann@example.com}}\n"
FILES = {
    "leadsync": MAIN, "mappings__hubspot": HUBSPOT, "sales": SALES, "scoring": SCORING, "routing": ROUTING,
}  # fmt: skip


def meaning(config: Config) -> dict[str, Any]:
    """All that the configuration does, without the names of its texts."""
    connections = {
        name: (c.settings.model_copy(update={"mapping": None}), c.mapping) for name, c in config.connections.items()
    }
    return {
        "connections": connections, "scoring": replace(config.scoring, version=""),
        "ladder": replace(config.ladder, version=""), "routing": config.routing, "never": config.never,
        "rest": (config.store, config.every, config.zone, config.prefer, config.brake, dict(config.fields)),
    }  # fmt: skip


def printed(files: dict[str, str], folder: Path) -> list[Effective]:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return effective(load_config(folder / "leadsync.yaml"))


@pytest.mark.parametrize("files", [FILES, {"leadsync": "connections: {hubspot: {type: hubspot, token: {env: T}}}"}])
def test_files_of_that_content_mean_the_same(files: dict[str, str], tmp_path: Path):
    found = printed(files, tmp_path)
    before = meaning(load_config(tmp_path / "leadsync.yaml"))
    assert found[0].file == "leadsync.yaml"
    for each in found:
        assert "use" not in each.data
        (tmp_path / each.file).parent.mkdir(exist_ok=True)
        (tmp_path / each.file).write_text(each.text, encoding="utf-8")
    assert meaning(load_config(tmp_path / "leadsync.yaml")) == before
    again = effective(load_config(tmp_path / "leadsync.yaml"))
    assert [each.data for each in again] == [each.data for each in found]


def lines(found: list[Effective], file: str) -> list[str]:
    (text,) = [each.text for each in found if each.file == file]
    return text.splitlines()


def test_what_is_shipped_and_what_is_a_default_is_marked(tmp_path: Path):
    found = printed(FILES, tmp_path)
    scoring = lines(found, "scoring.yaml")
    assert scoring[0].endswith("scoring.yaml and scoring/b2b (shipped)")
    assert "  cap: 40" in scoring
    assert "negative:  # shipped" in scoring
    assert "    right_size:  # shipped" in scoring
    assert "  cap: 60  # shipped" not in scoring[scoring.index("negative:  # shipped") :]  # told once, above
    assert "  warm: 35  # shipped" in scoring
    main = lines(found, "leadsync.yaml")
    assert "every: 60s  # default" in main
    assert "  time_zone: UTC  # default" in main
    assert "prefer: [sf, hubspot]" in main
    hubspot = lines(found, "mappings/hubspot.yaml")
    assert "    leadsync_score: {value: score, least: 3, policy: always}" in hubspot
    (mapping,) = [each.data for each in found if each.file == "mappings/hubspot.yaml"]
    assert "city" not in mapping["read"]["contacts"]
    assert "leadsync_temperature" not in mapping["write"]["contacts"]
    assert lines(found, "funnel.yaml")[0] == "# funnel.yaml: funnel/default (shipped)"


def test_secrets_stay_references(configured: Callable[..., Config], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("T", "canary-4711")
    (tmp_path / "secret.txt").write_text("canary-0815")
    text = "".join(each.text for each in printed(FILES, tmp_path))
    assert "token: {env: T}" in text
    assert "token: {file: secret.txt}" in text
    assert "canary" not in text
