"""The score of companies: by their people, once each, as soon as no lead waits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_crm import MAPPING, SCORING, Clock, Connection, Crm, Open, config, scored_by

from leadsync.core.mapping import CrmMapping, ObjectMapping, ReadField
from leadsync.core.write_field import WriteField
from leadsync.store import schema
from leadsync.sync.cycle import Coordinator
from leadsync.sync.explain.sections import body
from leadsync.sync.explain.subject import subjects
from leadsync.sync.planning import lead_body, leads, plan
from leadsync.types import FieldSchema, Role

FIRM = ObjectMapping("Firm", Role.COMPANY, (ReadField("company", ("Name",)), ReadField("domain", ("Site",))))
WRITTEN = (WriteField("Score", "company_score"), WriteField("Engaged", "company_engaged"))
FIRMS = CrmMapping({**MAPPING.reads, "Firm": FIRM}, {**MAPPING.writes, "Firm": WRITTEN})


class Firms(Connection):
    capabilities = replace(Connection.capabilities, objects={**Connection.capabilities.objects, "Firm": Role.COMPANY})


class World(Crm):
    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.rows["Firm"] = {}
        self.columns["Firm"] = {name: FieldSchema(name, "text") for name in ("Name", "Site", "Score", "Engaged")}

    def person(self, email: str, firm: str = "", **fields: Any) -> str:
        links = {"Firm": (firm,)} if firm else {}
        return self.add("Lead", {"Email": email, "Country": "", "Title": "", **fields}, **links)

    def call(self, *people: str) -> None:
        for person in people:
            self.add("Call", {"When": self.clock.now().isoformat()}, Lead=(person,))

    def firms(self) -> dict[str, tuple[Any, Any]]:
        return {id_: (r.fields.get("Score"), r.fields.get("Engaged")) for id_, r in self.rows["Firm"].items()}


@pytest.fixture
def crm(clock: Clock) -> World:
    return World(clock)


def installed(folder: Path, crm: World, mapping: CrmMapping = FIRMS) -> Any:
    return config(folder, {"crm": lambda settings, **_: Firms(crm)}, mapping=mapping)


def round_(leadsync: Coordinator, clock: Clock) -> Mapping[str, Any]:
    clock.pass_(timedelta(minutes=6))
    return leadsync.cycle().connections


def test_a_company_is_scored_by_its_people_whoever_linked_them(
    opened: Open, clock: Clock, crm: World, tmp_path: Path
) -> None:
    acme, other = (crm.add("Firm", {"Name": name, "Site": f"{name}.example"}) for name in ("acme", "other"))
    ann = crm.person("ann@acme.example", acme, Country="PL")  # fit 20
    crm.person("bob@acme.example")  # by the domain of the address
    crm.person("eve@elsewhere.example")
    crm.call(ann, ann)  # 50
    leadsync = opened(found := installed(tmp_path, crm))
    leadsync.allow()
    leadsync.cycle()
    assert crm.firms() == {acme: (20 + 50 // 3 + 5, 1), other: (None, None)}
    [subject] = subjects(found, ann, clock.now())
    [row] = body(subject)["company"]
    expected = {"score": 41, "fit": 20, "interest": 16, "breadth": 5, "people": 2, "engaged": 1}
    assert {key: row[key] for key in expected} == expected
    assert row["record"] == f"crm Firm {acme}"


def test_a_company_is_explained_by_what_its_people_come_to_before_they_are_evaluated(
    opened: Open, clock: Clock, crm: World, tmp_path: Path
) -> None:
    acme = crm.add("Firm", {"Name": "acme", "Site": "acme.example"})
    ann, bob = (crm.person(f"{name}@acme.example", acme, Country="PL") for name in ("ann", "bob"))
    crm.call(ann, bob, bob)
    found = installed(tmp_path, crm)
    leadsync = opened(found)
    leadsync.cycle()
    leadsync.close()
    found = scored_by(found, SCORING.replace("points: 20", "points: 30").replace("points: 25", "points: 40"))
    leadsync = opened(found)
    leadsync.rederive.run(leadsync.stopping)
    [subject] = subjects(found, ann, clock.now())
    [before] = body(subject)["company"]
    leadsync.cycle()
    [subject] = subjects(found, ann, clock.now())
    [after] = body(subject)["company"]
    assert before | {"becomes": ""} == after | {"becomes": ""}
    assert before["becomes"].startswith("Score would change from 55 to 73")


def test_only_what_something_touched_is_written_and_nothing_twice(
    opened: Open, clock: Clock, crm: World, tmp_path: Path
) -> None:
    firms = [crm.add("Firm", {"Name": f"n{n}", "Site": f"n{n}.example"}) for n in range(4)]
    people = [crm.person(f"a{n}@n{n}.example", firm, Country="PL") for n, firm in enumerate(firms)]
    leadsync = opened(installed(tmp_path, crm))
    leadsync.allow()
    leadsync.cycle()
    assert {op.object for op in crm.writes} == {"Lead", "Firm"}
    crm.writes.clear()
    round_(leadsync, clock)
    assert crm.writes == []
    crm.call(people[2])
    round_(leadsync, clock)
    assert [op.id for op in crm.writes if op.object == "Firm"] == [firms[2]]
    assert crm.firms()[firms[2]] == (20 + 25 // 3 + 5, 1)
    clock.pass_(timedelta(days=60))  # what fades in the lead fades in its company
    round_(leadsync, clock)
    assert crm.firms()[firms[2]] == (20, 0)
    with leadsync.store.reading() as db:
        assert db.execute(schema.dirty.select()).all() == []
    assert crm.needless == []


def test_whoever_leaves_a_company_counts_there_no_more(opened: Open, clock: Clock, crm: World, tmp_path: Path) -> None:
    acme, other = (crm.add("Firm", {"Name": name, "Site": f"{name}.example"}) for name in ("acme", "other"))
    ann = crm.person("ann@mail.example", acme, Country="PL")
    leadsync = opened(installed(tmp_path, crm))
    leadsync.allow()
    leadsync.cycle()
    assert crm.firms() == {acme: (20, 0), other: (None, None)}
    crm.rows["Lead"][ann].links["Firm"] = (other,)
    crm.edit("Lead", ann, Title="Clerk")
    round_(leadsync, clock)
    assert crm.firms() == {acme: (0, 0), other: (20, 0)}


def test_what_is_refused_or_fails_is_settled_as_for_leads(
    opened: Open, clock: Clock, crm: World, tmp_path: Path
) -> None:
    acme = crm.add("Firm", {"Name": "acme", "Site": "acme.example"})
    crm.person("ann@acme.example", acme, Country="PL")
    crm.poisoned.add(("Firm", acme))
    leadsync = opened(installed(tmp_path, crm))
    leadsync.allow()
    assert leadsync.cycle().connections["crm"].rejected == 1
    crm.writes.clear()
    round_(leadsync, clock)
    assert [op for op in crm.writes if op.object == "Firm"] == []


@pytest.mark.parametrize("fault", ["before", "after", "half", "silent", "retry", "conflict"])
def test_what_goes_wrong_once_is_made_good_without_end(
    opened: Open, clock: Clock, crm: World, tmp_path: Path, fault: str
) -> None:
    firms = [crm.add("Firm", {"Name": f"n{n}", "Site": f"n{n}.example"}) for n in range(4)]
    for n, firm in enumerate(firms):
        crm.person(f"a{n}@n{n}.example", firm, Country="PL")
    crm.faults = ["", "", fault]  # of the first call that is about companies
    leadsync = opened(installed(tmp_path, crm))
    leadsync.allow()
    leadsync.cycle()
    assert not crm.faults
    for _ in range(2):
        round_(leadsync, clock)
    assert crm.firms() == dict.fromkeys(firms, (20, 0))
    crm.writes.clear()
    round_(leadsync, clock)
    assert crm.writes == []


def test_somebody_overwrites_it_and_it_comes_back(opened: Open, clock: Clock, crm: World, tmp_path: Path) -> None:
    acme = crm.add("Firm", {"Name": "acme", "Site": "acme.example"})
    crm.person("ann@acme.example", acme, Country="PL")
    leadsync = opened(installed(tmp_path, crm))
    leadsync.allow()
    leadsync.cycle()
    crm.edit("Firm", acme, Score=99)
    round_(leadsync, clock)
    assert crm.firms() == {acme: (20, 0)}


def test_a_plan_tells_what_is_written_to_companies(opened: Open, crm: World, tmp_path: Path) -> None:
    acme = crm.add("Firm", {"Name": "acme", "Site": "acme.example"})
    ann = crm.person("ann@acme.example", acme, Country="PL")
    leadsync = opened(installed(tmp_path, crm))
    leadsync.allow()
    leadsync.read()
    made = plan(leadsync, whole=True)
    assert made.writes["crm", "Firm", acme] == {"Score": (None, 20), "Engaged": (None, 0)}
    [lead] = leads(leadsync, [1])
    told = lead_body(lead, leadsync.config)
    assert [(r["object"], r["id"]) for r in told["records"]] == [("Lead", ann), ("Firm", acme)]
    assert "company_records" not in told["result"]
    leadsync.decide()
    assert crm.firms() == {acme: (20, 0)}


def test_off_unless_a_mapping_writes_it(opened: Open, crm: World, tmp_path: Path) -> None:
    acme = crm.add("Firm", {"Name": "acme", "Site": "acme.example"})
    crm.person("ann@acme.example", acme, Country="PL")
    leadsync = opened(installed(tmp_path, crm, CrmMapping({**MAPPING.reads, "Firm": FIRM}, MAPPING.writes)))
    leadsync.allow()
    leadsync.cycle()
    assert crm.firms() == {acme: (None, None)}
    with leadsync.store.reading() as db:
        assert "company_records" not in db.execute(schema.results.select()).one().words


def test_whoever_is_merged_away_or_gone_counts_no_more(opened: Open, clock: Clock, crm: World, tmp_path: Path) -> None:
    acme, other = (crm.add("Firm", {"Name": name, "Site": f"{name}.example"}) for name in ("acme", "other"))
    ann, bob = crm.person("ann@acme.example", acme, Country="PL"), crm.person("bob@other.example", other, Country="VN")
    leadsync = opened(installed(tmp_path, crm))
    leadsync.allow()
    leadsync.cycle()
    assert crm.firms() == {acme: (20, 0), other: (20, 0)}
    crm.move("Lead", bob, "Lead", ann)
    round_(leadsync, clock)
    assert crm.firms() == {acme: (20, 0), other: (0, 0)}
    crm.delete("Lead", ann)
    round_(leadsync, clock)
    assert crm.firms() == {acme: (0, 0), other: (0, 0)}
