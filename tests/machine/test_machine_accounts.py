"""What of a mapping does not fit an account, and what people change just before it is written."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_crm import MAPPING, Clock, Connection, Crm, Open, config, held, maker, problems

from leadsync.core.mapping import CrmMapping
from leadsync.core.write_field import WriteField
from leadsync.errors import AuthLost
from leadsync.types import (
    FieldSchema,
)

MINUTES, HOURS, DAY = timedelta(minutes=6), timedelta(hours=1), timedelta(days=1, minutes=1)


@pytest.fixture
def crm(clock: Clock) -> Crm:
    found = Crm(clock)
    for country in ("PL", "VN", "DE", "PL"):
        found.add("Lead", {"Country": country, "Email": "a@example.com"})
    return found


# only what is concerned stops


def test_a_field_that_the_crm_lacks_stops_itself_alone_and_comes_back(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    heat = crm.columns["Lead"].pop("Heat")
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    report = leadsync.cycle().connections["crm"]
    (problem,) = report.problems
    assert (problem["object"], problem["field"], problem["code"]) == ("Lead", "Heat", "field_missing")
    assert "Heat" in problem["message"]
    assert problem["fix"]
    assert held(crm, "Score") == [10, 10, 0, 10]
    assert held(crm, "Heat") == [None] * 4

    crm.columns["Lead"]["Heat"] = heat
    assert problems(leadsync) == []
    leadsync.cycle()
    assert held(crm, "Heat") == ["cold"] * 4


def test_a_text_is_cut_to_the_length_that_its_field_has(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    crm.columns["Lead"]["Why"] = FieldSchema("Why", "text", length=12)
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.cycle()
    crm.writes.clear()
    line = str(held(crm, "Why")[0])
    assert (len(line), line[-1]) == (12, "…")
    leadsync.cycle()
    assert not crm.writes

    crm.columns["Lead"]["Why"] = FieldSchema("Why", "text", length=255)
    clock.pass_(DAY)
    leadsync.cycle()
    assert str(held(crm, "Why")[0]).startswith(line[:-1])
    assert "…" not in str(held(crm, "Why")[0])


def test_a_field_that_is_removed_while_running(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    assert problems(leadsync) == []
    title = crm.columns["Lead"].pop("Title")
    crm.edit("Lead", "L0", Country="DE")
    assert ("Lead", "") in problems(leadsync)
    for _ in range(3):
        clock.pass_(MINUTES)
        found = problems(leadsync)
    assert found == [("Lead", "Title")]
    assert held(crm, "Score") == [0, 10, 0, 10]

    crm.columns["Lead"]["Title"] = title
    crm.edit("Lead", "L1", Title="Chief Buyer")
    for _ in range(3):
        clock.pass_(MINUTES)
        found = problems(leadsync)
    assert found == []
    assert held(crm, "Score") == [0, 25, 0, 10]


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (FieldSchema("Heat", "text", writable=False), "read_only"),
        (FieldSchema("Heat", "number"), "wrong_type"),
        (FieldSchema("Heat", "text", calculated=True), "read_only"),
    ],
)
def test_what_cannot_be_written_is_refused_before_it_is_sent(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open, column: FieldSchema, code: str
) -> None:
    crm.columns["Lead"]["Heat"] = column
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    report = leadsync.cycle().connections["crm"]
    assert [p["code"] for p in report.problems] == [code]
    assert report.rejected == 0
    assert not any("Heat" in op.fields for op in crm.writes)
    assert held(crm, "Score") == [10, 10, 0, 10]


def test_an_option_that_is_not_there_is_never_sent(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    crm.columns["Lead"]["Heat"] = FieldSchema("Heat", "enum", options=("hot", "warm"))
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    report = leadsync.cycle().connections["crm"]
    assert [p["code"] for p in report.problems] == ["option_missing"]
    assert held(crm, "Heat") == [None] * 4
    crm.columns["Lead"]["Heat"] = FieldSchema("Heat", "enum", options=("hot", "warm", "cold"))
    clock.pass_(MINUTES)
    assert problems(leadsync) == []
    assert held(crm, "Heat") == ["cold"] * 4


def test_an_object_that_may_not_be_read_does_not_stop_the_others(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.cycle()
    crm.unreadable["Call"] = AuthLost("the token lacks the scope calls", code="scope", fix="give it that scope")
    crm.add("Call", {"When": "2026-03-02"}, Lead=("L2",))
    crm.edit("Lead", "L2", Country="PL")
    report = leadsync.cycle().connections["crm"]
    assert report.error is None
    assert [(p["object"], p["message"], p["fix"]) for p in report.problems] == [
        ("Call", "the token lacks the scope calls", "give it that scope")
    ]
    assert held(crm, "Score")[2] == 10
    crm.unreadable.clear()
    assert problems(leadsync) == []
    assert held(crm, "Score")[2] == 45


# what people edit, too


def test_what_a_rep_has_just_changed_is_not_overwritten(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    crm.columns["Lead"]["Stage"] = FieldSchema("Stage", "enum", options=("suspect", "IQL", "MQL", "SQL", "customer"))
    stage = WriteField("Stage", "stage", "forward_only")
    mapping = CrmMapping(MAPPING.reads, {"Lead": (*MAPPING.writes["Lead"], stage)})

    class Edited(Connection):
        """Just before it is asked to write for the first time, a rep closes the deal."""

        def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Any:
            if not crm.writes:
                self.crm.edit("Lead", "L1", Stage="customer")
            return super().fetch(obj, ids, fields)

    leadsync = opened(config(tmp_path, {"crm": lambda settings, **_: Edited(crm)}, mapping=mapping))
    leadsync.cycle()
    leadsync.cycle()
    assert held(crm, "Stage") == ["suspect", "customer", "suspect", "suspect"]
    assert not any(op.id == "L1" and "Stage" in op.fields for op in crm.writes)
    assert held(crm, "Score") == [10, 10, 0, 10]


def test_scores_cost_no_look_before_they_are_written(tmp_path: Path, crm: Crm, opened: Open) -> None:
    class Watched(Connection):
        def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Any:
            raise AssertionError("nobody else edits these fields")

    leadsync = opened(config(tmp_path, {"crm": lambda settings, **_: Watched(crm)}))
    assert leadsync.cycle().connections["crm"].written == 4
