from pathlib import Path

import pytest

from leadsync.config.document import load
from leadsync.config.funnel import compile_funnel
from leadsync.errors import UserError

SQL = "stages:\n  - {name: low}\n  - name: SQL\n    gate: {ready: score >= 70}\n"


def told(folder: Path, text: str) -> list[tuple[str, str]]:
    path = folder / "funnel.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as refused:
        compile_funnel(load(path))
    return [(p.what, p.where.removeprefix(f"{path}:")) for p in refused.value.problems]


@pytest.mark.parametrize(
    ("more", "what", "line"),
    [
        ("    recycle: {when: no activity in 9d, to: high}\n", "there is no lower stage 'high'", "5:"),
        ("  - {name: won, when: won}\n  - {name: again, when: won}\n", "again is never reached", "6:"),
        ("  - {name: idle, when: recycled}\n", "idle is never reached", "5:"),
        ("  - {name: won, when: won, keep: score >= 5}\n", "`keep` is never looked at", "5:"),
        ("  - {name: free, keep: score >= 5}\n", "without a gate every lead comes here", "5:"),
        ("  - {name: odd, gate: {keep: phone}}\n", "cannot be called 'keep'", "5:"),
        ("    or: quote_request in 7\n", "", "5:"),
    ],
)
def test_what_no_lead_could_follow_is_refused_with_its_line(tmp_path: Path, more: str, what: str, line: str) -> None:
    [(message, where)] = told(tmp_path, SQL + more)
    assert what in message
    assert where.startswith(line)


def test_lost_leads_come_back_by_the_stage_of_those_recycled(tmp_path: Path) -> None:
    (path := tmp_path / "funnel.yaml").write_text(
        SQL + "  - {name: lost, when: lost}\n  - {name: idle, when: recycled}\n", "utf-8"
    )
    assert [stage.when for stage in compile_funnel(load(path)).stages][-2:] == ["lost", "recycled"]


def test_a_gate_has_a_version_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "funnel.yaml"
    path.write_text(SQL, encoding="utf-8")
    one = compile_funnel(load(path))
    path.write_text(SQL.replace("low", "lowest").replace("70", "60"), encoding="utf-8")
    two = compile_funnel(load(path))
    assert [s.version == t.version for s, t in zip(one.stages, two.stages, strict=True)] == [True, False]


OTHERS = (
    "funnels:\n  - {name: partners, when: source = partner, stages: [{name: met}, {name: agreed, gate: {a: phone}}]}\n"
)


@pytest.mark.parametrize(
    ("old", "new", "what", "line"),
    [
        ("when: source = partner, ", "", "when", "6:"),
        ("source = partner", "score > 3", "score", "6:"),
        ("[{name: met}, ", "[{name: agreed}, ", "the stage 'agreed' stands here twice", "6:"),
        ("gate: {a: phone}", "gate: {a: phone}, recycle: {when: phone, to: low}", "no lower stage 'low'", "6:"),
        ("  - {name: partners", "  - {name: partners, when: phone, stages: [{name: a}]}\n  - {name: partners",
         "the funnel 'partners' stands here twice", "7:"),
        ("  - {name: partners", "  - {name: all, when: source, stages: [{name: a}]}\n  - {name: partners",
         "the funnel 'partners' gets no lead: 'all', which stands above it", "7:"),
    ],
)  # fmt: skip
def test_another_funnel_is_read_as_strictly(tmp_path: Path, old: str, new: str, what: str, line: str) -> None:
    [(message, where)] = told(tmp_path, SQL + OTHERS.replace(old, new))
    assert what in message
    assert where.startswith(line)
