"""Whose leads are, over time: reps leave and come back, leads wait and get their turn, two CRMs agree."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fake_crm import MAPPING, Clock, Connection, Crm, Open, config, held, rows
from policy_worlds import Owned

from leadsync.config.load import Config
from leadsync.config.routing import Routing
from leadsync.core.assign import RepRule, RouteRule
from leadsync.core.condition_parser import parse
from leadsync.core.conditions import Condition
from leadsync.core.hours import Calendar, read_days
from leadsync.core.mapping import CrmMapping, ObjectMapping, ReadField
from leadsync.core.write_field import WriteField
from leadsync.store import records, schema
from leadsync.sync import planning
from leadsync.sync.cycle import Coordinator
from leadsync.types import FieldSchema, Role

ANN, BOB, CAT = (RepRule(name, f"{name}@sales.example") for name in ("ann", "bob", "cat"))
USER = {"Email": "", "Active": "true", "Kind": "person"}


def cond(text: str) -> Condition:
    return parse(text, fields={"country": "text"}, activities={})


PL = cond("country = PL")


def office(clock: Clock, *names: str) -> Crm:
    """A CRM with these users, in which leads have owners."""
    crm = Crm(clock)
    crm.rows["User"] = {}
    crm.columns["User"] = {name: FieldSchema(name, "text") for name in USER}
    crm.columns["Lead"]["Owner"] = FieldSchema("Owner", "ref")
    for name in names:
        crm.add("User", {**USER, "Email": f"{name}@sales.example"})
    return crm


def installed(folder: Path, routing: Routing, **crms: Crm) -> Config:
    """An installation that gives out the leads of these CRMs."""
    words = tuple(ReadField(name.lower(), (name,)) for name in USER)
    reads = {"Lead": dataclasses.replace(MAPPING.reads["Lead"], owner="Owner"),
             "User": ObjectMapping("User", Role.OWNER, words)}  # fmt: skip
    mapping = CrmMapping(reads, {"Lead": (WriteField("Owner", "owner", "if_unowned"),)})

    def maker(crm: Crm) -> Any:
        return lambda *_, **__: type("Office", (Owned,), {"user": lambda _: None})(crm)

    found = config(folder, {name: maker(crm) for name, crm in crms.items()}, mapping=mapping)
    return dataclasses.replace(found, routing=routing)


def leads(crm: Crm, *titles: str) -> list[str]:
    """Leads of the market, a company each; a chief has the better score."""
    made = []
    for title in titles:
        n = len(crm.rows["Lead"])
        made.append(crm.add("Lead", {"Country": "PL", "Title": title, "Email": f"x@firm{n}.example"}))
    return made


def decisions(leadsync: Coordinator) -> list[tuple[int, str | None, str, str]]:
    d = schema.decisions.c
    return [tuple(row) for row in rows(leadsync, sa.select(d.lead_id, d.rep, d.why, d.rule).order_by(d.id))]


def test_a_rep_who_leaves_hands_open_leads_on_and_the_turns_survive_a_restart(
    tmp_path: Path, clock: Clock, opened: Open
) -> None:
    crm = office(clock, "ann", "bob")
    leads(crm, *[""] * 4)
    found = installed(tmp_path, Routing(PL, (ANN, BOB)), crm=crm)
    leadsync = opened(found)
    leadsync.cycle()
    assert held(crm, "Owner") == ["U0", "U1", "U0", "U1"]
    crm.edit("Lead", "L2", Country="DE")  # open no more: it stays where it is
    crm.edit("User", "U0", Active="false")
    leads(crm, "")
    leadsync.close()

    leadsync = opened(found)
    leadsync.cycle()
    leadsync.cycle()
    assert held(crm, "Owner") == ["U1", "U1", "U0", "U1", "U1"]
    assert decisions(leadsync)[4:] == [(5, "bob", "rotation", "everyone"), (1, "bob", "rotation", "everyone")]
    crm.writes.clear()
    leadsync.cycle()
    leadsync.read()
    assert planning.plan(leadsync).fields == {}
    assert crm.writes == []


def test_the_best_leads_go_first_and_the_next_best_follows_as_soon_as_there_is_room(
    tmp_path: Path, clock: Clock, opened: Open
) -> None:
    crm = office(clock, "ann", "bob")
    leads(crm, "", "chief", "", "chief")
    routing = Routing(PL, (ANN, BOB), (RouteRule("few", ("ann", "bob"), top=1),), catch_all="ann")
    leadsync = opened(installed(tmp_path, routing, crm=crm))
    report = leadsync.cycle()
    assert held(crm, "Owner") == [None, "U0", None, "U1"]
    assert report.routed == {"rotation": 2, "waits": 2}
    assert report.unplaced == ""
    crm.edit("Lead", "L1", Country="DE")
    leadsync.cycle()
    assert held(crm, "Owner") == ["U0", "U0", None, "U1"]
    leads(crm, "chief")  # a better one comes, and waits before the other
    leadsync.cycle()
    crm.edit("Lead", "L3", Country="DE")
    leadsync.cycle()
    assert held(crm, "Owner") == ["U0", "U0", None, "U1", "U1"]


def test_whoever_is_away_gets_theirs_when_they_are_back_and_it_is_told_meanwhile(
    tmp_path: Path, clock: Clock, opened: Open
) -> None:
    crm = office(clock, "ann")
    leads(crm, "")
    ann = dataclasses.replace(ANN, calendar=Calendar(off=(read_days("2026-03-01 to 2026-03-04"),)))
    leadsync = opened(installed(tmp_path, Routing(PL, (ann,)), crm=crm))
    report = leadsync.cycle()
    assert held(crm, "Owner") == [None]
    assert "1 leads have nobody" in report.unplaced
    clock.pass_(timedelta(days=2))
    leadsync.cycle()
    assert held(crm, "Owner") == [None]
    clock.pass_(timedelta(days=1))
    leadsync.cycle()
    assert held(crm, "Owner") == ["U0"]


def test_a_lead_that_is_taken_from_its_owner_by_hand_goes_by_the_rules(
    tmp_path: Path, clock: Clock, opened: Open
) -> None:
    crm = office(clock, "ann", "bob")
    leads(crm, "")
    crm.edit("Lead", "L0", Owner="U1")
    leadsync = opened(installed(tmp_path, Routing(PL, (ANN,)), crm=crm))
    leadsync.cycle()
    assert held(crm, "Owner") == ["U1"]
    crm.edit("Lead", "L0", Owner="")
    leadsync.cycle()
    assert held(crm, "Owner") == ["U0"]
    assert [row[1:3] for row in decisions(leadsync)] == [(None, "kept"), ("ann", "rotation")]


def test_the_catch_all_is_told_of(tmp_path: Path, clock: Clock, opened: Open) -> None:
    crm = office(clock, "ann")
    leads(crm, "")
    rule = RouteRule("german", ("ann",), cond("country = DE"))
    report = opened(installed(tmp_path, Routing(None, (ANN,), (rule,), catch_all="ann"), crm=crm)).cycle()
    assert held(crm, "Owner") == ["U0"]
    assert "1 leads came to the catch-all" in report.unplaced
    assert report.body()["routed"] == {"catch_all": 1}


def united(leadsync: Coordinator, count: int) -> None:
    """The first rows of both CRMs are the same people."""
    r = schema.records.c
    with leadsync.store.begin() as db:
        pairs = [
            db.scalars(sa.select(r.id).where(r.ext_id == f"L{n}").order_by(r.source_id)).all() for n in range(count)
        ]
        for one, two in pairs:
            records.unite(leadsync.store, two, one, leadsync.clock.now())


def owners(*crms: Crm) -> list[Sequence[object]]:
    """By lead: the e-mail of who owns it in each CRM."""
    return [
        [crm.rows["User"][str(owner)].fields["Email"] if owner else None for crm, owner in zip(crms, pair, strict=True)]
        for pair in zip(*(held(crm, "Owner") for crm in crms), strict=True)
    ]


def test_two_crms_agree_on_the_owner_where_both_know_the_rep(tmp_path: Path, clock: Clock, opened: Open) -> None:
    one, two = office(clock, "ann", "bob", "cat"), office(clock, "bob", "ann")
    for crm in (one, two):
        leads(crm, *[""] * 4)
    two.edit("Lead", "L1", Owner="U0")  # bob's already
    reps = (CAT, ANN, BOB)
    leadsync = opened(installed(tmp_path, Routing(PL, reps), one=one, two=two))
    leadsync.read()
    united(leadsync, 4)
    leadsync.decide()
    leadsync.cycle()
    a, b = ANN.email, BOB.email
    assert owners(one, two) == [["cat@sales.example", None], [b, b], [a, a], [b, b]]
    made = planning.plan(leadsync)
    assert [key[3] for key in made.held if key[0] == "two"] == ["no_rep"]

    two.edit("Lead", "L2", Owner="U0")  # somebody gives it away, in the CRM that is trusted less
    one.edit("Lead", "L3", Owner="U0")
    leadsync.cycle()
    leadsync.cycle()
    assert owners(one, two)[1:] == [[b, b], [b, b], [a, a]]
    for crm in (one, two):
        crm.writes.clear()
    leadsync.cycle()
    assert (one.writes, two.writes) == ([], [])


def test_companies_go_to_whoever_owns_them(tmp_path: Path, clock: Clock, opened: Open) -> None:
    crm = office(clock, "ann", "boss", "former")
    crm.rows["Account"], crm.columns["Account"] = {}, {n: FieldSchema(n, "text") for n in ("Site", "Owner")}
    for site, owner in (("firm0.example", "U1"), ("firm1.example", "U2"), ("firm2.example", "")):
        crm.add("Account", {"Site": site, "Owner": owner})
    crm.edit("User", "U2", Active="false")
    leads(crm, "", "", "")
    rules = (RouteRule("account"), RouteRule("rest", ("ann",)))
    found = installed(tmp_path, Routing(PL, (ANN,), rules), crm=crm)
    company = ObjectMapping("Account", Role.COMPANY, (ReadField("domain", ("Site",)),), owner="Owner")
    own = found.connections["crm"]
    mapping = CrmMapping({**own.mapping.reads, "Account": company}, own.mapping.writes)

    class Firms(Owned):
        capabilities = dataclasses.replace(
            Owned.capabilities, objects={**Owned.capabilities.objects, "Account": Role.COMPANY}
        )

        def user(self) -> None:
            return None

    made = dataclasses.replace(own, mapping=mapping, connector=lambda *_, **__: Firms(crm))
    leadsync = opened(dataclasses.replace(found, connections={"crm": made}))
    leadsync.cycle()
    assert held(crm, "Owner") == ["U1", "U0", "U0"]
    assert [row[1:] for row in decisions(leadsync)] == [
        (None, "account", "account"), ("ann", "rotation", "rest"), ("ann", "rotation", "rest")
    ]  # fmt: skip
    assert isinstance(leadsync.connections.workers["crm"].connector, Connection)
