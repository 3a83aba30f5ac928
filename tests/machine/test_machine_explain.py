"""A lead explained: as it stood at any moment, by what was known then, and beside a leadsync that works."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from fake_crm import (
    MAPPING,
    SCORING,
    Clock,
    Connection,
    Crm,
    Open,
    Row,
    config,
    coordinator,
    held,
    maker,
    scored_by,
)  # fmt: skip
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadsync.config.document import load
from leadsync.config.funnel import compile_funnel
from leadsync.config.load import Config
from leadsync.config.routing import Routing
from leadsync.core.assign import RepRule
from leadsync.core.mapping import Counter, CrmMapping, Kind, OutcomeRule
from leadsync.core.mapping import Test as Fulfils
from leadsync.core.write_field import WriteField
from leadsync.errors import UsageError
from leadsync.store import schema
from leadsync.sync.check_leads import reach
from leadsync.sync.cycle import Coordinator
from leadsync.sync.explain.sections import body
from leadsync.sync.explain.subject import Subject, subjects
from leadsync.types import FieldSchema, Record

WORDS = ("score", "fit", "engagement", "temperature", "stage", "data", "class")
KINDS, OUTCOMES = ("call_in", "bounce", "email_reply"), ("won", "lost")


def says(field: str, word: str) -> Fulfils:
    return Fulfils({field: frozenset((word,))})


TOLD = replace(MAPPING, reads={
    **MAPPING.reads,
    "Call": replace(MAPPING.reads["Call"], kinds=tuple(Kind(kind, says("What", kind)) for kind in KINDS)),
    "Lead": replace(MAPPING.reads["Lead"], outcomes=tuple(OutcomeRule(kind, says("State", kind)) for kind in OUTCOMES)),
})  # fmt: skip
"""What its calls and leads say: what happened, and how it ended."""
COUNTRIES, TITLES = ("PL", "DE", ""), ("Chief Financial Officer", "Clerk", "")


def stored(leadsync: Coordinator, zone: ZoneInfo) -> dict[int, tuple[Any, ...]]:
    """What was computed, lead by lead: the parts only where that was today, for as long as nothing whole changes they
    are left as they were on the day on which they were computed."""
    today = leadsync.clock.now().astimezone(zone).date()
    with leadsync.store.reading() as db:
        rows = db.execute(sa.select(schema.results)).all()
        fresh = {row.lead_id for row in rows if row.evaluated_at.astimezone(zone).date() == today}
        return {row.lead_id: (*(row.words.get(word) for word in WORDS), row.parts if row.lead_id in fresh else None)
                for row in rows}  # fmt: skip


def explained(found: Config, crm: Crm, clock: Clock, at: datetime | None = None) -> dict[int, tuple[Any, ...]]:
    """What is told of now, or of a moment, lead by lead."""
    told: dict[int, Subject] = {}
    for id_ in crm.rows["Lead"]:
        with suppress(UsageError):  # it was not known then
            told.update({each.lead: each for each in subjects(found, id_, clock.now(), at)})
    return {lead: (*(each.result.words.get(word) for word in WORDS), each.result.parts) for lead, each in told.items()}


def telling(crm: Crm, path: Path) -> Config:
    """An installation on a CRM with one lead, where a dead mailbox counts against it."""
    crm.columns["Lead"]["State"] = FieldSchema("State", "text")
    crm.columns["Call"]["What"] = FieldSchema("What", "text")
    crm.add("Lead", {"Email": "first@example.com", "Country": "PL", "Title": ""})
    found = config(path, {"crm": maker(crm)}, mapping=TOLD)
    return scored_by(found, f"{SCORING}mail: {{rules: {{dead: {{points: -7, when: mail_state = invalid}}}}}}\n")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("meet"), st.sampled_from(COUNTRIES), st.sampled_from(TITLES)),
        st.tuples(st.just("edit"), st.integers(0, 3), st.sampled_from(COUNTRIES)),
        st.tuples(st.just("address"), st.integers(0, 3), st.sampled_from("ab")),
        st.tuples(st.just("end"), st.integers(0, 3), st.sampled_from(("won", "lost", ""))),
        st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.sampled_from((1, 6, 24, 24 * 7)), st.none()),
        st.tuples(st.just("merge"), st.none(), st.none()),
    ),
    min_size=4,
    max_size=9,
)


def play(crm: Crm, clock: Clock, step: tuple[Any, ...]) -> None:
    what, one, two = step
    people = crm.live("Lead")
    if what == "meet":
        crm.add("Lead", {"Email": f"p{len(crm.rows['Lead'])}@example.com", "Country": one, "Title": two})
    elif what == "wait":
        clock.pass_(timedelta(hours=one))
    elif what == "merge" and len(people) > 1:
        crm.move("Lead", people[1], "Lead", people[0])
    elif what == "edit" and people:
        crm.edit("Lead", people[one % len(people)], Country=two)
    elif what == "address" and people:
        crm.edit("Lead", people[one % len(people)], Email=f"{two}{one}@example.com")
    elif what == "end" and people:
        crm.edit("Lead", people[one % len(people)], State=two)
    elif what in KINDS and people:
        when = (clock.now() - timedelta(days=two)).isoformat()
        crm.add("Call", {"When": when, "What": what}, Lead=(people[one % len(people)],))


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
@example(steps=[("end", 0, "won"), ("edit", 0, "DE"), ("end", 0, ""), ("call_in", 0, 0)])
@example(steps=[("address", 0, "a"), ("bounce", 0, 0), ("address", 0, "b"), ("bounce", 0, 1), ("address", 0, "a")])
@example(
    steps=[("call_in", 0, 3), ("meet", "PL", "Chief Financial Officer"), *(("wait", n, None) for n in (168, 24, 1, 24))]
)
@pytest.mark.slow
def test_as_of_a_moment_is_what_was_computed_then(
    steps: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    clock = Clock()
    crm = Crm(clock)
    found = telling(crm, tmp_path_factory.mktemp("past"))
    leadsync = coordinator(found, clock)
    try:
        leadsync.allow()
        leadsync.cycle()
        moments: dict[datetime, dict[int, tuple[Any, ...]]] = {clock.now(): stored(leadsync, found.zone)}
        shown = {at: explained(found, crm, clock) for at in moments}
        for step in steps:
            play(crm, clock, step)
            clock.pass_(timedelta(minutes=6))  # until what is found late is found
            leadsync.cycle()
            at = clock.now()
            moments[at], shown[at] = stored(leadsync, found.zone), explained(found, crm, clock)
        for at, computed in moments.items():
            told = explained(found, crm, clock, at)
            assert told == shown[at]
            assert {lead: (*own[:-1], own[-1] if computed[lead][-1] is not None else None)
                    for lead, own in told.items()} == computed  # fmt: skip
    finally:
        leadsync.close()


def test_mail_that_came_back_says_nothing_of_another_address(opened: Open, clock: Clock, tmp_path: Path) -> None:
    crm = Crm(clock)
    leadsync = opened(telling(crm, tmp_path))
    leadsync.allow()
    shown = []
    for step in (("wait", 6, None), ("bounce", 0, 0), ("address", 0, "a"), ("bounce", 0, 0)):
        play(crm, clock, step)
        clock.pass_(timedelta(minutes=6))
        leadsync.cycle()
        shown += held(crm, "Score")
    assert shown == [10, 3, 10, 3]


def test_a_moment_of_which_nothing_is_known_is_refused(opened: Open, clock: Clock, tmp_path: Path) -> None:
    crm = Crm(clock)
    id_ = crm.add("Lead", {"Email": "first@example.com", "Country": "PL", "Title": "Chief"})
    found = config(tmp_path, {"crm": maker(crm)})
    before = clock.now()
    leadsync = opened(found)
    leadsync.cycle()
    with pytest.raises(UsageError, match="is not kept: leadsync knows this lead only since 2026-03-02"):
        subjects(found, id_, clock.now(), before)
    with pytest.raises(UsageError, match="lies in the future"):
        subjects(found, id_, clock.now(), clock.now() + timedelta(days=1))
    with pytest.raises(UsageError, match="no stored lead has the e-mail, id or URL 'L99'"):
        subjects(found, "L99", clock.now())


def test_explaining_holds_nobody_up_and_tells_where_values_come_from(
    opened: Open, clock: Clock, tmp_path: Path
) -> None:
    crm = Crm(clock)
    id_ = crm.add("Lead", {"Email": "first@example.com", "Country": "PL", "Title": "Clerk"})
    found = config(tmp_path, {"crm": maker(crm)})
    leadsync = opened(found)
    leadsync.cycle()
    clock.pass_(timedelta(days=3))
    crm.edit("Lead", id_, Title="Chief Financial Officer")
    crm.add("Call", {"When": clock.now().isoformat()}, Lead=(id_,))
    clock.pass_(timedelta(minutes=6))
    leadsync.cycle()
    with leadsync.store.begin():  # the one who writes is at it
        [lead] = subjects(found, id_, clock.now())
        told = body(lead)
    known = {row["fact"]: row for row in told["facts"]}
    assert known["job_title"] | {"how": ""} == {
        "fact": "job_title", "value": "Chief Financial Officer", "record": f"crm Lead {id_}", "field": "Title",
        "since": "2026-03-05", "sure": "100 %", "how": "", "instead of": "",
    }  # fmt: skip
    assert known["seniority"]["field"] == "Title"
    assert known["seniority"]["sure"] == "80 %"
    assert [(row["points"], row["part"], row["last"]) for row in told["score"]] == [
        ("+20", "market", ""), ("+15", "chief", ""), ("+25", "incoming call", "2026-03-05"), ("60", "score", ""),
    ]  # fmt: skip
    assert told["score"][2]["events"] == "2026-03-05 crm"
    [call] = [row for row in told["changes_next"] if row["what"] == "engagement call"]
    assert (call["now"], call["on"]) == ("+25", "2026-03-06")
    assert float(call["then"]) < 25
    [then] = subjects(found, id_, clock.now(), clock.now() - timedelta(days=1))
    assert {row["fact"]: row["value"] for row in body(then)["facts"]}["job_title"] == "Clerk"
    assert body(then)["writes"] == []


def test_what_changes_next_and_is_too_little_to_be_written_is_told_as_such(
    opened: Open, clock: Clock, tmp_path: Path
) -> None:
    crm = Crm(clock)
    id_ = crm.add("Lead", {"Email": "first@example.com", "Country": "PL"})
    crm.add("Call", {"When": clock.now().isoformat()}, Lead=(id_,))
    writes = {"Lead": (WriteField("Score", "score", least=5), WriteField("Why", "reasons", rides_with="Score"))}
    found = config(tmp_path, {"crm": maker(crm)}, mapping=CrmMapping(MAPPING.reads, writes))
    opened(found).cycle()
    [lead] = subjects(found, id_, clock.now())
    assert {row["what"]: row["then"] for row in body(lead)["changes_next"]}["in the CRM"] == (
        "nothing yet: the change is smaller than `least:`; it waits for another one of this record"
    )


def test_what_a_counter_counted_says_how_many_it_is(opened: Open, clock: Clock, tmp_path: Path) -> None:
    crm = Crm(clock)
    crm.columns["Lead"]["Views"] = FieldSchema("Views", "text")
    people = replace(MAPPING.reads["Lead"], counters=(Counter("Views", "visit"),))
    mapping = replace(MAPPING, reads={**MAPPING.reads, "Lead": people})
    rules = "own: {rules: {views: {points: 1, per: visit, window: 6d, cap: 30}}}\n"
    found = scored_by(config(tmp_path, {"crm": maker(crm)}, mapping=mapping), rules)
    id_ = crm.add("Lead", {"Email": "first@example.com", "Views": "1"})
    leadsync = opened(found)
    leadsync.cycle()
    clock.pass_(timedelta(days=1))
    crm.edit("Lead", id_, Views="13")
    clock.pass_(timedelta(minutes=6))
    leadsync.cycle()
    [lead] = subjects(found, id_, clock.now())
    part = body(lead)["score"][0]
    assert (part["points"], part["times"], part["events"]) == ("+13", 13, "2026-03-03 crm ×12; 2026-03-02 crm")
    [later] = subjects(found, id_, clock.now() + timedelta(days=5))
    part = body(later)["score"][0]
    assert (part["points"], part["times"], part["events"]) == ("+12", 12, "2026-03-03 crm ×12")


def test_the_events_of_a_rule_that_asks_what_they_are_about_and_what_else_happened(
    opened: Open, clock: Clock, tmp_path: Path
) -> None:
    crm = Crm(clock)
    crm.columns["Lead"]["Views"] = FieldSchema("Views", "text")
    people = replace(MAPPING.reads["Lead"], counters=(Counter("Views", "visit", topic="price"),))
    mapping = replace(MAPPING, reads={**MAPPING.reads, "Lead": people})
    rules = "own: {rules: {views: {points: 2, per: visit, when: topic = price and no meeting in 9d}}}\n"
    found = scored_by(config(tmp_path, {"crm": maker(crm)}, mapping=mapping), rules)
    id_ = crm.add("Lead", {"Email": "first@example.com", "Views": "3"})
    opened(found).cycle()
    [lead] = subjects(found, id_, clock.now())
    assert body(lead)["score"][0]["events"] == "2026-03-02 crm ×3 “price”"


SEGMENTS = """\
fit: {rules: {market: {points: 20, when: country = PL}}}
segments:
  - name: callers
    when: call_in in 10d
    fit: {rules: {market: {points: 5, when: country = PL, label: calls from here}}}
    temperature: {hot: 90, warm: 4}
"""


def test_a_lead_is_scored_by_its_segment_until_time_takes_it_out(opened: Open, clock: Clock, tmp_path: Path) -> None:
    crm = Crm(clock)
    id_, other = (crm.add("Lead", {"Email": f"{name}@example.com", "Country": "PL"}) for name in ("ann", "bob"))
    crm.add("Call", {"When": clock.now().isoformat()}, Lead=(id_,))
    found = scored_by(config(tmp_path, {"crm": maker(crm)}), SEGMENTS)
    leadsync = opened(found)
    leadsync.allow()
    leadsync.cycle()
    [lead] = subjects(found, id_, clock.now())
    result = {row["what"]: row["is"] for row in body(lead)["result"]}
    assert (result["scored as"], result["score"], result["temperature"]) == ("callers", "5", "warm")
    assert body(lead)["score"][0]["part"] == "calls from here"
    change = next(row for row in body(lead)["changes_next"] if row["what"] == "scored as")
    assert (change["on"], change["now"], change["then"]) == ("2026-03-12", "callers", "—")
    assert [crm.rows["Lead"][each].fields["Score"] for each in (id_, other)] == [5, 20]
    seen = reach(found, clock.now())
    assert seen.scored == {"callers": 1, None: 1}
    assert seen.fired == {"callers": {("fit", "market"): (1, 500)}, None: {("fit", "market"): (1, 2000)}}
    clock.pass_(timedelta(days=10))
    leadsync.cycle()
    assert [crm.rows["Lead"][each].fields["Score"] for each in (id_, other)] == [20, 20]
    assert "scored as" not in {row["what"] for row in body(subjects(found, id_, clock.now())[0])["result"]}


def test_a_customer_keeps_the_score_and_is_told_of_in_the_language_of_a_new_owner(
    opened: Open, clock: Clock, tmp_path: Path
) -> None:
    crm = Crm(clock)
    for name in ("Owner", "State"):
        crm.columns["Lead"][name] = FieldSchema(name, "text")
    lead = replace(TOLD.reads["Lead"], owner="Owner")
    spoken = [
        WriteField(field, value, language="owner") for field, value in (("Heat", "temperature"), ("Why", "reasons"))
    ]
    writes = (WriteField("Score", "score", least=5), *spoken)
    mapping = CrmMapping({**MAPPING.reads, "Lead": lead}, {"Lead": writes})
    reps = (RepRule("ann", "ann@x.example"), RepRule("eve", "eve@x.example", language="pl"))
    found = replace(config(tmp_path, {"crm": maker(crm)}, mapping=mapping), routing=Routing(None, reps))
    id_ = crm.add("Lead", {"Email": "first@example.com", "Country": "PL", "Owner": "ann"})
    leadsync = opened(found)
    with leadsync.store.begin() as db:
        people = [{"id": n, "source_id": 1, "ext_id": rep.name, "name": "", "email": rep.email, "kind": "person",
                   "active": True, "language": None} for n, rep in enumerate(reps)]  # fmt: skip
        db.execute(sa.insert(schema.owners), people)
    leadsync.allow()
    leadsync.cycle()
    for edit in ({"State": "won", "Country": "DE"}, {"Owner": "eve"}):
        clock.pass_(timedelta(minutes=6))
        crm.edit("Lead", id_, **edit)
        leadsync.cycle()
        clock.pass_(timedelta(minutes=6))
        leadsync.cycle()
        if "State" in edit:
            assert [*held(crm, "Heat"), *held(crm, "Why")] == [
                "cold", "10 cold · market +20 · silent −10. Next: ask whether all is well and what else is needed.",
            ]  # fmt: skip
            leadsync.close()
            leadsync = opened(scored_by(found, SCORING.replace("market:", "our_market:")))
    assert [*held(crm, "Score"), *held(crm, "Heat"), *held(crm, "Why")] == [
        10, "zimny", "10 zimny · market +20 · silent −10. "
        "Dalej: zapytaj, czy wszystko w porządku i czego jeszcze potrzeba.",
    ]  # fmt: skip


@pytest.mark.parametrize("dated", [True, False])
def test_what_a_gate_asks_about_a_stretch_of_time_is_told_for_that_time(
    opened: Open, clock: Clock, tmp_path: Path, dated: bool
) -> None:
    """Both how often it happened at all and how often then, and when the lead came in, if anybody tells."""

    class Undated(Connection):
        @staticmethod
        def _record(id_: str, row: Row, fields: Sequence[str]) -> Record:
            found = Connection._record(id_, row, fields)
            return found if dated or not id_.startswith("L") else replace(found, created_at=None)

    crm = Crm(clock)
    id_ = crm.add("Lead", {"Email": "first@example.com", "Country": "PL"})
    for days in (-1, 0, 12):
        crm.add("Call", {"When": (clock.now() - timedelta(days)).isoformat()}, Lead=(id_,))
    clock.pass_(timedelta(days=2))
    (tmp_path / "funnel.yaml").write_text(
        "stages: [{name: A}, {name: B, gate: {new: 2 call_in since capture, late: 3 call_in in 9d, any: call_in}}]\n"
    )
    found = config(tmp_path, {"crm": lambda *_, **__: Undated(crm)})
    found = replace(found, ladder=compile_funnel(load(tmp_path / "funnel.yaml")))
    opened(found).cycle()
    [lead] = subjects(found, id_, clock.now())
    told = {row["part"]: (row["holds"], row["known"]) for row in body(lead)["gates"]}
    calls = "incoming call: 3 ×, last on 2026-03-03"
    since = ("2 × in that time", "2026-03-02") if dated else ("0 × in that time", "unknown")
    assert told == {
        "new": (dated, f"{calls}, {since[0]}; when the lead came in: {since[1]}"),
        "late": (False, f"{calls}, 2 × in that time"), "any": (True, calls),
    }  # fmt: skip
