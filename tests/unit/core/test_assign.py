"""Who takes a lead: rules, turns, limits, time, companies."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.core.assign import STATES, TOGETHER, UNIT, WHY, Asked, RepRule, Rotation, Routed, RouteRule, Team
from leadsync.core.hours import Calendar, Days, read_hours

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)  # a Tuesday
ANN, BOB, CAT = (RepRule(name, f"{name}@example.com") for name in ("ann", "bob", "cat"))
HOME = ZoneInfo("UTC")


def leads(count: int, **more: object) -> list[Asked]:
    return [Asked(lead, NOON, (True,), **more) for lead in range(1, count + 1)]  # type: ignore[arg-type]


def team(*reps: RepRule, rules: Sequence[RouteRule] = (), users: Sequence[str] | None = None, **more: object) -> Team:
    known = [rep.email for rep in reps if not rep.partner] if users is None else [f"{n}@example.com" for n in users]
    everyone = RouteRule("rest", tuple(rep.name for rep in reps))
    return Team(reps, rules or (everyone,), dict.fromkeys(known, ("crm",)), **more)  # type: ignore[arg-type]


def who(found: Sequence[Routed]) -> list[str | None]:
    return [routed.rep for routed in sorted(found, key=lambda routed: routed.lead)]


def hours(text: str, *off: Days) -> Calendar:
    return Calendar(*read_hours(text, HOME), off)


def test_turns_go_by_the_order_of_the_file() -> None:
    assert who(team(BOB, ANN, CAT).assign(leads(4), Rotation())) == ["bob", "ann", "cat", "bob"]


def test_a_rep_of_weight_two_gets_two_of_three() -> None:
    found = team(replace(ANN, weight=2), BOB).assign(leads(9), Rotation())
    assert Counter(who(found)) == {"ann": 6, "bob": 3}


def test_the_turns_go_on_where_they_stood() -> None:
    turns = Rotation()
    first = who(team(ANN, BOB, CAT).assign(leads(7), turns))
    at_once = who(team(ANN, BOB, CAT).assign(leads(9), Rotation()))
    assert first + who(team(ANN, BOB, CAT).assign(leads(9)[7:], turns)) == at_once
    assert Counter(first).most_common()[0][1] == 3


def test_the_order_in_which_leads_come_does_not_matter_and_the_best_goes_first() -> None:
    asked = [replace(lead, score=lead.lead * 10) for lead in leads(6)]
    found = team(ANN, BOB).assign(asked, Rotation())
    assert found == team(ANN, BOB).assign(asked[::-1], Rotation())
    assert found[0].lead == 6
    assert found[0].rep == "ann"


def test_whoever_owns_a_lead_keeps_it_and_it_costs_no_turn() -> None:
    asked = [Asked(1, NOON, (True,), owner="ann@example.com"), Asked(2, NOON, (True,), owner="a@partner.example"),
             Asked(3, NOON, (True,), given="bob@example.com"), Asked(4, NOON, (True,))]  # fmt: skip
    turns = Rotation()
    found = team(ANN, BOB).assign(asked, turns)
    assert [(each.owner, each.why) for each in found] == [
        ("ann@example.com", "kept"), ("a@partner.example", "kept"), ("bob@example.com", "kept"),
        ("ann@example.com", "rotation"),
    ]  # fmt: skip
    assert turns.load == {"ann": 2, "bob": 1}


def test_the_first_rule_that_fits_and_has_somebody_decides_and_the_proof_says_why() -> None:
    rules = (RouteRule("account"), RouteRule("persian", ("cat",)), RouteRule("rest", ("ann", "bob")))
    away = replace(CAT, calendar=Calendar(off=(Days(date(2026, 3, 1), date(2026, 3, 9)),)))
    asked = [
        Asked(1, NOON, (True, False, True), account="boss@example.com"),
        Asked(2, NOON, (True, True, True)),
        Asked(3, NOON, (True, False, True), left="dan@example.com"),
    ]
    found = team(ANN, BOB, away, rules=rules).assign(asked, Rotation())
    assert [(each.owner, each.rule, each.why) for each in found] == [
        ("boss@example.com", "account", "account"),
        ("ann@example.com", "rest", "rotation"),
        ("bob@example.com", "rest", "rotation"),
    ]
    assert found[1].proof == {"rules": [
        {"rule": "account", "fits": True, "account": None},
        {"rule": "persian", "fits": True, "reps": {"cat": ("away", "2026-03-09", 0.0, None)}},
        {"rule": "rest", "fits": True, "reps": {"ann": ("free", "", 0.0, None), "bob": ("free", "", 0.0, None)}},
    ]}  # fmt: skip
    assert found[2].proof["rules"][0] == {"left": "dan@example.com"}


@pytest.mark.parametrize(
    ("rep", "users", "state"),
    [
        (ANN, [], "inactive"),
        (replace(ANN, calendar=Calendar(off=(Days(date(2026, 3, 3), date(2026, 3, 3)),))), ["ann"], "away"),
        (replace(ANN, capacity=0), ["ann"], "full"),
    ],
)
def test_nobody_gets_a_lead_who_cannot_take_it_not_even_the_catch_all(
    rep: RepRule, users: list[str], state: str
) -> None:
    alone = team(rep, users=users, catch_all="ann")
    (found,) = alone.assign(leads(1), Rotation())
    assert (found.owner, found.why) == (None, "nobody")
    assert [each["reps"]["ann"][0] for each in found.proof["rules"]] == [state, state]
    assert state in STATES
    assert found.why in WHY


def test_a_lead_waits_for_the_first_rep_who_comes_back() -> None:
    off = [Calendar(zone=ZoneInfo("Asia/Tehran"), off=(Days(date(2026, 3, 1), date(2026, 3, n)),)) for n in (9, 4)]
    (found,) = team(replace(ANN, calendar=off[0]), replace(BOB, calendar=off[1])).assign(leads(1), Rotation())
    assert found.again == datetime(2026, 3, 5, tzinfo=ZoneInfo("Asia/Tehran"))


def test_a_rep_who_is_in_another_crm_only_does_not_take_it_and_a_partner_may_be_in_none() -> None:
    partner = RepRule("dan", "dan@partner.example", partner=True)
    both = Team((ANN, partner), (RouteRule("rest", ("ann", "dan")),), {ANN.email: ("hubspot",)})
    asked = [Asked(lead, NOON, (True,), places=frozenset([place])) for lead, place in enumerate(["sf", "hubspot"] * 2)]
    assert who(both.assign(asked, Rotation())) == ["dan", "ann", "dan", "dan"]


def test_the_catch_all_takes_what_nobody_else_can() -> None:
    only = team(ANN, BOB, rules=(RouteRule("none", ("bob",)),), users=["ann"], catch_all="ann")
    (found,) = only.assign(leads(1), Rotation())
    assert (found.rep, found.why, found.rule) == ("ann", "catch_all", "catch_all")


def test_top_gives_the_best_leads_and_lets_the_others_wait() -> None:
    rules = (RouteRule("few", ("ann", "bob"), top=2), RouteRule("rest", ("cat",)))
    asked = [Asked(lead, NOON, (True, True), score=lead) for lead in range(1, 8)]
    turns = Rotation()
    found = {each.lead: each for each in team(ANN, BOB, CAT, rules=rules, catch_all="cat").assign(asked, turns)}
    assert {lead for lead, each in found.items() if each.rep} == {7, 6, 5, 4}
    assert {(found[lead].why, found[lead].rule) for lead in (1, 2, 3)} == {("waits", "few")}
    few = team(ANN, rules=(RouteRule("few", ("ann",), top=2),))
    assert who(few.assign(leads(2, company=7), Rotation(load={"ann": 1}))) == ["ann", None]
    turns.load["bob"] -= 1
    assert who(team(ANN, BOB, CAT, rules=rules).assign([asked[2]], turns)) == ["bob"]


def test_where_nobody_is_at_work_those_get_it_who_begin_first() -> None:
    early, late = hours("Mon-Fri 08:00-16:00 Asia/Ho_Chi_Minh"), hours("Mon-Fri 08:00-16:00 Europe/Warsaw")
    off = hours("Mon-Fri 08:00-16:00 Asia/Ho_Chi_Minh", Days(date(2026, 3, 9), date(2026, 3, 9)))
    saturday = [replace(lead, at=datetime(2026, 3, 7, 12, tzinfo=UTC)) for lead in leads(4)]
    reps = [replace(ANN, calendar=late), replace(BOB, calendar=early), replace(CAT, calendar=off)]
    assert who(team(*reps).assign(saturday, Rotation())) == ["bob"] * 4


def test_people_of_one_company_go_to_one_rep_as_long_as_that_one_can_take_them() -> None:
    asked = [replace(lead, company=7 if lead.lead % 2 else None) for lead in leads(8)]
    found = team(ANN, replace(BOB, capacity=3)).assign(asked, Rotation())
    assert {each.rep for each in found if each.company} == {"ann"}
    apart = team(ANN, BOB, together=False).assign(leads(2, company=7), Rotation())
    assert who(apart) == ["ann", "bob"]
    full = Rotation(load={"ann": 1}, together={7: "ann"})
    again = team(replace(ANN, capacity=1), BOB).assign(asked[:3:2], full)
    assert [(each.rep, each.why) for each in again] == [("bob", "rotation"), ("bob", "company")]
    assert again[1].rule == again[1].proof["rules"][-1]["rule"] == TOGETHER


ZONES = ("Europe/Warsaw", "Asia/Ho_Chi_Minh", "America/New_York")
WEEK = datetime(2026, 3, 2, tzinfo=UTC)


def crew(chance: random.Random) -> list[RepRule]:
    """Twelve reps of three time zones, with weights, limits and leave."""
    reps = []
    for n in range(12):
        first = date(2026, 3, 2) + timedelta(days=chance.randrange(30))
        leave = (Days(first, first + timedelta(days=chance.randrange(14))),) if n % 3 == 0 else ()
        times = hours(f"Mon-Fri 09:00-17:00 {ZONES[n % 3]}", *leave)
        capacity = [None, 500, None, 900][n % 4]
        reps.append(RepRule(f"r{n}", f"r{n}@example.com", chance.randint(1, 3), capacity, times))
    return reps


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_thousand_leads_go_fairly_to_twelve_reps(seed: int) -> None:
    chance = random.Random(seed)
    reps = crew(chance)
    by_name = {rep.name: rep for rep in reps}
    whole = Team((*reps, RepRule("gone", "gone@example.com")), (RouteRule("rest", (*by_name, "gone")),),
                 {rep.email: ("crm",) for rep in reps})  # fmt: skip
    asked = [
        Asked(n, WEEK + timedelta(minutes=15 * (n // 5)), (True,), chance.randrange(100),
              company=chance.randrange(5000) if chance.random() < 0.5 else None)
        for n in range(10_000)
    ]  # fmt: skip
    turns = Rotation()
    found = whole.assign(asked, turns)
    at = {lead.lead: lead.at for lead in asked}

    load, of_company = Counter[str](), dict[int, str]()
    for routed in found:
        rep = by_name[routed.rep or ""]  # nobody is without, and nobody got it who is inactive
        assert rep.calendar.off_until(at[routed.lead]) is None
        if routed.company is not None and (former := of_company.get(routed.company)) not in (None, rep.name):
            other = by_name[former or ""]
            assert load[other.name] == other.capacity or other.calendar.off_until(at[routed.lead])
        if routed.company is not None:
            of_company[routed.company] = rep.name
        load[rep.name] += 1
        assert rep.capacity is None or load[rep.name] <= rep.capacity
    assert turns.load == load

    placed = [routed for routed in found if routed.why == "rotation"]
    assert len(placed) > 7000
    for name in by_name:
        owed = [0]
        for routed in placed:
            owed.append(owed[-1] + routed.shares.get(name, 0))
        assert owed[-1] == turns.owed.get(name, 0)
        assert all(abs(owed[n + 500] - owed[n]) <= 2 * UNIT for n in range(len(owed) - 500))
    assert sum(turns.owed.values()) == 0


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 12) | st.none(), st.booleans()), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=40), st.integers(0, 40),
)  # fmt: skip
def test_any_team_is_fair_and_the_same_whether_at_once_or_in_parts(
    drawn: list[tuple[int, int | None, bool]], people: list[tuple[int, int]], cut: int
) -> None:
    reps = [RepRule(f"r{n}", f"r{n}@example.com", weight, most) for n, (weight, most, _) in enumerate(drawn)]
    there = {rep.email: ("crm",) for rep, (_, _, active) in zip(reps, drawn, strict=True) if active}
    whole = Team(reps, (RouteRule("rest", tuple(rep.name for rep in reps)),), there)
    asked = [Asked(n, NOON, (True,), company=company or None) for n, (_, company) in enumerate(people)]
    at_once, in_parts = Rotation(), Rotation()
    found = whole.assign(asked, at_once)
    assert whole.assign(asked[:cut], in_parts) + whole.assign(asked[cut:], in_parts) == found
    assert at_once == in_parts
    assert sum(at_once.owed.values()) == 0
    for rep in reps:
        assert rep.capacity is None or at_once.load.get(rep.name, 0) <= rep.capacity
        assert rep.email in there or rep.name not in at_once.load
    if any(routed.owner is None for routed in found):  # then there was no room for the last of them
        room = [rep for rep in reps if rep.email in there and at_once.load.get(rep.name, 0) != rep.capacity]
        assert not room
