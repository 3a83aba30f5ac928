"""Files as they are broken in life: each is refused at the right place, in words that say what to do, and at once."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from broken_files import ALL, LIMITS, MAIN, MAPPING, SECRET, SYNTAX, Files, account, main, read, rule, scoring
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadsync.config.load import load_config
from leadsync.errors import Problem, UserError


def put(folder: Path, files: Files) -> Path:
    """Writes files into a folder, which is made where a file is None; `leadsync.yaml` is right if not given."""
    for name, text in ({"leadsync.yaml": MAIN} | files).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if text is None:
            path.mkdir()
        else:
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "leadsync.yaml"


def problems(folder: Path, files: Files) -> list[Problem]:
    with pytest.raises(UserError) as error:
        load_config(put(folder, files))
    return [Problem(p.what, p.where.removeprefix(f"{folder}/"), p.fix) for p in error.value.problems]


def test_the_table_is_long_enough() -> None:
    assert len(ALL) >= 100


@pytest.mark.parametrize(
    ("files", "where", "what", "fix"), ALL, ids=lambda part: part[:60] if isinstance(part, str) else "file"
)
def test_a_broken_file_is_told_once_at_its_place_with_a_way_out(
    tmp_path: Path, files: Files, where: str, what: str, fix: str
) -> None:
    [told], [name] = problems(tmp_path, files), files
    assert (told.where.removeprefix(name).removeprefix(":"), what in told.what, fix in told.fix) == (
        where,
        True,
        True,
    ), told
    assert SECRET not in str(told)


def test_files_that_are_broken_together_are_all_told_in_order(tmp_path: Path) -> None:
    """One that is not YAML, and one that is wrong in every way, hide nothing of the others."""
    told = problems(tmp_path, {
        "leadsync.yaml": "connections:\n  hubspot: {type: hubspot, token: {env: T}, live: maybe}\n"
                         "  sf: {type: salesforce, domain: x, tokn: y}\nevery: 8:30\nprefer: [hubspt, crm]\n",
        "mappings/hubspot.yaml": "use: hubspot\nread:\n  contacts:\n    emial: x\n    budget: {form: y}\n"
                                 "write:\n  contacts:\n    a: {value: scoer}\n    b: {value: score, polcy: always}\n",
        "mappings/sf.yaml": "use: salesforce\nwrite:\n  Lead: {x: urgency}\n",
        "scoring.yaml": "fit:\n\trules: {}\n",
        "funnel.yaml": "stages:\n  - {name: 5}\n  - {name: B, gate: {x: emial, y: 3, z: contry}}\n",
        "routing.yaml": "when: contry = PL\nreps:\n  a: {email: x, wieght: 2}\n",
    })  # fmt: skip
    assert [p.where for p in told] == [
        "leadsync.yaml:2:45", "leadsync.yaml:3:26", "leadsync.yaml:3:37", "leadsync.yaml:4:1", "leadsync.yaml:5:10",
        "leadsync.yaml:5:18", "mappings/hubspot.yaml:4:5", "mappings/hubspot.yaml:5:14", "mappings/hubspot.yaml:8:5",
        "mappings/hubspot.yaml:9:23", "mappings/sf.yaml:3:10", "scoring.yaml:2:1", "funnel.yaml:2:6",
        "funnel.yaml:3:25", "funnel.yaml:3:32", "funnel.yaml:3:41", "routing.yaml:1:7", "routing.yaml:3:7",
        "routing.yaml:3:17",
    ]  # fmt: skip


def test_a_main_file_that_cannot_be_read_does_not_hide_the_others_nor_blame_them(tmp_path: Path) -> None:
    """Which fields are declared is not known then, so that nobody can say which words are unknown."""
    told = problems(tmp_path, {
        "leadsync.yaml": f"fields: {{renewal: date}}\n{MAIN}\t: [",
        "scoring.yaml": "fit: {cap: none, rules: {x: {points: 1, when: renewal known}}}\n", MAPPING: "read: [\n",
    })  # fmt: skip
    assert [p.where for p in told] == ["leadsync.yaml:4:1", f"{MAPPING}:2:1", "scoring.yaml:1:7"]


@pytest.mark.parametrize("declared", ["dat", "{type: dat}", "5"])
def test_a_field_that_is_declared_wrongly_is_told_once(tmp_path: Path, declared: str) -> None:
    told = problems(
        tmp_path, main(f"fields: {{renewal: {declared}}}") | read("renewal: x") | rule("{points: 1, when: renewal}")
    )
    assert [p.where.split(":")[0] for p in told] == ["leadsync.yaml"]


@pytest.mark.parametrize(
    ("name", "what"),
    [("folder", "this is not a file"), ("loop", "Too many levels"), ("gone", "No such file"), ("pipe", "not a file")],
)
def test_what_is_no_file_is_told_and_not_taken_for_a_missing_one(tmp_path: Path, name: str, what: str) -> None:
    put(tmp_path, {})
    path = tmp_path / "funnel.yaml"
    make: dict[str, Callable[[], object]] = {
        "folder": path.mkdir, "loop": lambda: path.symlink_to(path), "pipe": lambda: os.mkfifo(path),
        "gone": lambda: path.symlink_to(tmp_path / "gone"),
    }  # fmt: skip
    make[name]()
    with pytest.raises(UserError) as error:
        load_config(tmp_path / "leadsync.yaml")
    [told] = error.value.problems
    assert (told.where, what in told.what) == (str(path), True)


@pytest.mark.parametrize("value", ["&a x", '"*x"', "NO", "on", "8:30", "010", "1_000", "2026-12-01", ".nan"])
def test_what_only_looks_odd_is_text(tmp_path: Path, value: str) -> None:
    load_config(put(tmp_path, read(f"city: {value}")))


def test_a_value_may_be_repeated_by_its_name(tmp_path: Path) -> None:
    text = "fit:\n  rules:\n    a: &a {points: 5, when: country}\n    b: *a\n"
    assert [rule.points for rule in load_config(put(tmp_path, scoring(text))).scoring.rules] == [500, 500]


@pytest.mark.parametrize("files", [LIMITS[0][0], SYNTAX[0][0], account(f"{{type: hubspot, token: {SECRET}}}")])
def test_the_command_ends_with_65_and_no_traceback(tmp_path: Path, files: Files) -> None:
    command = [sys.executable, "-m", "leadsync", "check", "--offline", "--config", str(put(tmp_path, files))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 65, done.stderr
    assert re.search(r"^  error   \S+\.yaml:\d+:\d+: ", done.stdout, re.MULTILINE)
    assert "Traceback" not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr


SHIPPED = {
    "leadsync.yaml": MAIN + "every: 60s\nhome: {country: PL, time_zone: Europe/Warsaw}\nfields: {renewal: date}\n",
    "routing.yaml": "when: stage = SQL\nreps:\n  a: {email: a@example.com, weight: 2}\n",
} | {
    name: resources.files("mappings").joinpath(file).read_text("utf-8")
    for name, file in (
        (MAPPING, "hubspot.yaml"), ("scoring.yaml", "scoring/b2b.yaml"), ("funnel.yaml", "funnel/default.yaml"),
    )
}  # fmt: skip
PIECES = st.text(max_size=3) | st.sampled_from([
    "", "\t", "\n", "  ", ":", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "!", "!!set ", "<<: ", "? ", "'", '"', "|",
    ">", "%", "@", "#", "---\n", "...", ",", "null", "true", "NO", "8:30", "1e999", "-1", "99999999999", ".inf", "\0",
    "\x85", "\u2028", "\ufeff", "é", "ک", '"\\ud83d"', "use: ", "use: hubspot", "when: ", "rules: ", "role: lead",
    "from: ", "[[[[[",
])  # fmt: skip


def told(folder: Path, files: Files) -> list[Problem]:
    """The problems of files that may also be right. Nothing but problems may come of them."""
    try:
        load_config(put(folder, files))
    except UserError as error:
        return error.problems or [Problem("refused without a word")]
    return []


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SHIPPED)), data=st.data())
def test_whatever_happens_to_a_file_is_told(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    text = SHIPPED[name]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        text = text[:start] + data.draw(PIECES) + text[start + data.draw(st.integers(0, 8)) :]
    found = told(tmp_path_factory.mktemp("mutated"), {name: text})
    assert all(problem.what and problem.where for problem in found)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SHIPPED)), text=st.binary(max_size=40) | st.lists(PIECES, max_size=12).map("".join))
def test_whatever_stands_in_a_file_is_told(
    tmp_path_factory: pytest.TempPathFactory, name: str, text: str | bytes
) -> None:
    found = told(tmp_path_factory.mktemp("random"), {name: text})
    assert all(problem.what and problem.where for problem in found)
