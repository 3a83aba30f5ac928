"""Leads of two CRMs get their owners by the rules of `routing.yaml`, and everybody can see why."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doors import Folder, Sandbox, connection

TABLE = """\
name,email,weight,capacity,away,hours,kind,skills
alice,alice.marlow@sales.example,2,,,,,
omar,omar.tehrani@sales.example,,,,,,
nina,nina.orlova@sales.example,,1,,,,
jan,jan.kowal@sales.example,,,2020-01-01 to 2999-12-31,,,
linh,linh.pham@sales.example,,,,,,hr
peter,peter.lindqvist@sales.example,,,,,,expansion
shop,shop@partner.example,,,,,partner,
"""
ROUTING = """\
when: "email contains -firm.pl"
rules:
  - {name: account, to: company.owner}
  - {name: resellers, to: partners, when: "country = VN"}
  - {name: asked us, to: [nina], when: "initiative = inbound"}
  - {name: chosen, to: jan, when: "country = IR"}
  - {name: few, to: linh, when: "city = Tehran", top: 1}
  - {name: rest, to: [alice, omar, jan], when: "country = PL"}
customers:
  - {name: expansion, to: expansion}
others:
  - {name: jobs, to: hr, when: "class = applicant"}
reps: reps.csv
catch_all: omar
"""


def hubspot_row(name: str, domain: str, **more: str) -> dict[str, str]:
    return {"email": f"{name}@{domain}", "lastname": name.title(), "country": "Poland", **more}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Sandbox, Folder]]:
    """People in both CRMs, synced once."""
    with Sandbox("hubspot", "--leads", "1") as hubspot, Sandbox("salesforce", "--leads", "1") as salesforce:
        users = {o["email"]: o["id"] for o in hubspot.ask("GET", "/crm/v3/owners", limit="100")["results"]}
        firm = {"name": "Held", "domain": "held-firm.pl", "hubspot_owner_id": users["grace.holt@sales.example"]}
        hubspot.ask("POST", "/crm/v3/objects/companies", {"properties": firm})
        people = [hubspot_row(f"rest{n}", f"r{n}-firm.pl") for n in range(6)]
        people += [
            hubspot_row("held", "held-firm.pl"), hubspot_row("reseller", "v-firm.pl", country="Vietnam"),
            hubspot_row("away", "w-firm.pl", country="Iran"), hubspot_row("one", "same-firm.pl"),
            hubspot_row("seeker", "s-firm.pl", jobtitle="Job applicant"),
            hubspot_row("owned", "o-firm.pl", hubspot_owner_id=users["linh.pham@sales.example"]),
        ]  # fmt: skip
        for row in people:
            hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": row})
        for n, more in enumerate(({"LeadSource": "Web"}, {"LeadSource": "Web"}, {"Country": "Iran"})):
            row = {"LastName": f"Sf{n}", "Company": f"Sf {n}", "Email": f"sf{n}@sf{n}-firm.pl", "Country": "Poland"}
            salesforce.create("Lead", **row | more)
        buys = {"LastName": "Buys", "Company": "B", "Email": "buys@b-firm.pl", "LeadSource": "Existing customer"}
        salesforce.create("Lead", **buys)
        salesforce.create("Lead", LastName="Two", Company="Same", Email="two@same-firm.pl", Country="Poland")
        folder = Folder(
            tmp_path_factory.mktemp("routing"), {crm.type: connection(crm) for crm in (hubspot, salesforce)}
        )
        folder.file("routing.yaml", ROUTING)
        folder.file("reps.csv", TABLE)
        folder.sync()
        assert not any(c["written"] for c in folder.sync().values())
        yield hubspot, salesforce, folder


def owners(scene: tuple[Sandbox, Sandbox, Folder]) -> dict[str, str]:
    """The name of each lead's mailbox → that of its owner, as the CRMs show it."""
    hubspot, salesforce, _ = scene
    users = {o["id"]: o["email"] for o in hubspot.ask("GET", "/crm/v3/owners", limit="100")["results"]}
    found = {
        str(row["email"]).partition("@")[0]: users.get(row["hubspot_owner_id"], "").partition(".")[0]
        for row in hubspot.contacts("email", "hubspot_owner_id").values()
    }
    names = {row["Id"]: row["Email"] for row in salesforce.query("SELECT Id, Email FROM User")}
    for row in salesforce.query("SELECT Email, OwnerId FROM Lead"):
        owner = (names.get(row["OwnerId"]) or "").partition("@")[0].partition(".")[0]
        found[str(row["Email"]).partition("@")[0]] = owner
    return found


def told(scene: tuple[Sandbox, Sandbox, Folder], mailbox: str) -> dict[str, str]:
    """What `explain` says of the owner: rule or word → what there is to say."""
    body: Any = scene[2].run("explain", mailbox, "--json").json["leads"][0]["owner"]
    return {row["what"]: row["because"] for row in body}


@pytest.mark.concept(70)
def test_leads_go_to_reps_by_rule_turn_weight_and_capacity(scene: tuple[Sandbox, Sandbox, Folder]) -> None:
    own = owners(scene)
    assert own["held"] == "grace"  # who owns the company
    assert own["owned"] == "linh"  # who had it already
    assert own["one"] == own["two"]  # of one company, in two CRMs
    turns = Counter(own[name] for name in own if name.startswith("rest"))
    assert set(turns) == {"alice", "omar"}  # jan is away
    assert turns["alice"] > turns["omar"]
    asked = [own["sf0"], own["sf1"]]
    assert Counter(asked)["nina"] == 1  # who takes one at a time
    assert own["away"] == own["sf2"] == "omar"  # the catch-all


@pytest.mark.concept(70)
def test_everybody_can_see_why(scene: tuple[Sandbox, Sandbox, Folder]) -> None:
    away = told(scene, "away@w-firm.pl")
    assert away["omar (omar.tehrani@sales.example)"].startswith("no rule that fits has a rep")
    assert away["chosen"] == "jan is away until 2999-12-31"
    assert away["rest"].startswith("does not fit: asks that country")
    assert away["account"] == "its company has no owner in any CRM"


@pytest.mark.concept(64)
def test_who_started_the_contact_can_decide_who_takes_it(scene: tuple[Sandbox, Sandbox, Folder]) -> None:
    (mailbox,) = (name for name, owner in owners(scene).items() if owner == "nina" and name.startswith("sf"))
    said = told(scene, f"{mailbox}@{mailbox}-firm.pl")
    assert said["nina (nina.orlova@sales.example)"].startswith("rule asked us: ")


@pytest.mark.concept(71)
def test_a_partner_gets_leads_without_being_a_user(scene: tuple[Sandbox, Sandbox, Folder]) -> None:
    assert owners(scene)["reseller"] == ""
    body = scene[2].run("explain", "reseller@v-firm.pl", "--json").json["leads"][0]
    assert body["owner"][0]["what"] == "shop (shop@partner.example)"
    assert body["owner"][0]["because"].startswith("rule resellers: ")
    (becomes,) = (row["becomes"] for row in body["writes"] if row["field"] == "hubspot_owner_id")
    assert becomes == "stays empty: the rep has no active user here"


@pytest.mark.concept(55)
def test_a_customer_goes_to_the_expansion_queue(scene: tuple[Sandbox, Sandbox, Folder]) -> None:
    assert owners(scene)["buys"] == "peter"


@pytest.mark.concept(48)
def test_an_applicant_goes_to_another_queue(scene: tuple[Sandbox, Sandbox, Folder]) -> None:
    assert owners(scene)["seeker"] == "linh"
    assert told(scene, "seeker@s-firm.pl")["linh (linh.pham@sales.example)"].startswith("rule jobs: ")


@pytest.mark.concept(81)
def test_the_load_of_each_rep_is_in_view(scene: tuple[Sandbox, Sandbox, Folder]) -> None:
    own = Counter(
        owner for name, owner in owners(scene).items() if name.startswith(("rest", "sf", "one", "two", "away"))
    )
    status = scene[2].run("status", "--json").json
    assert {rep: status["reps"][rep] for rep in ("alice", "omar", "nina")} == {
        rep: own[rep] for rep in ("alice", "omar", "nina")
    }
    assert status["without_rep"] == 0


@pytest.mark.concept(70)
def test_check_tells_who_is_unknown_and_how_many_leads_each_rule_has(scene: tuple[Sandbox, Sandbox, Folder]) -> None:
    folder = scene[2]
    wrong = TABLE + "victor,victor.dale@sales.example,,,,,,\npetra,peter.lindqist@sales.example,,,,,,\n"
    folder.file("reps.csv", wrong)
    folder.file("routing.yaml", ROUTING.replace('"country = PL"}', '"country = PL", top: 1}'))
    done = folder.run("check", "--json")
    folder.file("reps.csv", TABLE)
    folder.file("routing.yaml", ROUTING)
    assert done.code == 65
    load = folder.run("status", "--json").json["reps"]
    many = [f["what"].partition("routing.yaml:")[2] for f in done.json["findings"] if "lets" in f["what"]]
    assert many == [
        f"8:64: {rep} has {load[rep]} open leads, and `top: 1` of the rule 'rest' lets {rep} have no more until fewer "
        "are open" for rep in ("alice", "omar")
    ]  # fmt: skip
    found = {f["what"].partition("reps.csv:")[2]: f["fix"] for f in done.json["findings"] if f["level"] == "error"}
    assert found == {
        "9: victor (victor.dale@sales.example) is no active user any more in hubspot, salesforce, and gets no leads":
            "correct the e-mail, or take the rep out",
        "10: petra (peter.lindqist@sales.example) is a user of no CRM, and gets no leads":
            "write peter.lindqvist@sales.example if that is meant",
    }  # fmt: skip
    counted = done.json["conditions"]["routing"]
    assert counted["account"] == 1
    assert (counted["resellers"], counted["asked us"], counted["chosen"]) == (1, 2, 2)
    assert counted["rest"] >= 8
    assert counted["jobs"] == 1


def test_check_asks_the_crms_for_their_users_before_the_first_sync(
    scene: tuple[Sandbox, Sandbox, Folder], tmp_path: Path
) -> None:
    folder = Folder(tmp_path, {crm.type: connection(crm) for crm in scene[:2]})
    folder.file("routing.yaml", ROUTING)
    folder.file("reps.csv", TABLE + "petra,peter.lindqist@sales.example,,,,,,\n")
    for arguments, code in (((), 65), (("--offline",), 0)):
        done = folder.run("check", "--json", *arguments)
        errors = [f["what"].partition("reps.csv:")[2] for f in done.json["findings"] if f["level"] == "error"]
        unknown = "9: petra (peter.lindqist@sales.example) is a user of no CRM, and gets no leads"
        assert (done.code, errors) == (code, [unknown] if code else [])


@pytest.mark.concept(80)
def test_the_last_days_are_replayed_through_edited_files(scene: tuple[Sandbox, Sandbox, Folder]) -> None:
    """Only the best two leads go to each of two reps: the others wait for their turn."""
    folder = scene[2]
    folder.file("routing.yaml", ROUTING.replace("to: [alice, omar, jan]", "to: [alice, peter], top: 2"))
    before = owners(scene)
    body = folder.run("plan", "--replay", "2d", "--json").json
    shown = folder.run("plan", "--replay", "2d").out
    folder.file("routing.yaml", ROUTING)
    assert body["reps"]["alice"] == {"leads": 2, "rules": {"rest": 2}}
    assert body["reps"]["peter"] == {"leads": 3, "rules": {"rest": 2, "expansion": 1}}
    assert body["why"]["waits"] >= 4
    assert sum(stage["stand"] for stage in body["stages"].values()) >= 14
    mine = next(d for d in body["decisions"] if d["rep"] == "peter")
    assert mine["is_of"].partition(".")[0] in before.values()
    assert "Who would have got how many leads" in shown
    assert "peter: 3 (rest 2, expansion 1)" in shown
    assert owners(scene) == before


def test_who_is_in_both_crms_has_one_owner_unless_people_say_otherwise(tmp_path: Path) -> None:
    with Sandbox("hubspot", "--leads", "1") as hubspot, Sandbox("salesforce", "--leads", "1") as salesforce:
        users = {o["email"]: o["id"] for o in hubspot.ask("GET", "/crm/v3/owners", limit="100")["results"]}
        us = salesforce.ask("GET", "/services/oauth2/userinfo")["user_id"]
        active = salesforce.query("SELECT Id, Email FROM User WHERE IsActive = true")
        theirs = {row["Email"]: row["Id"] for row in active if row["Id"] != us}
        one, two = sorted(users.keys() & theirs.keys())[:2]
        for name, here, there in (("both", None, None), ("given", one, None), ("differs", one, two)):
            own = {"hubspot_owner_id": users[here]} if here else {}
            person = hubspot_row(name, f"{name}-firm.pl", **own)
            hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": person})
            lead = salesforce.create("Lead", LastName=name.title(), Company=name, Email=person["email"])
            if there:
                salesforce.change("Lead", lead, OwnerId=theirs[there])
        folder = Folder(tmp_path, {crm.type: connection(crm) for crm in (hubspot, salesforce)})
        folder.file("routing.yaml", {"reps": {"one": {"email": one}, "two": {"email": two}}, "catch_all": "two"})
        folder.settle()
        emails = {id_: email for email, id_ in (*users.items(), *theirs.items())}
        found: dict[str, list[str | None]] = {}
        for row in hubspot.contacts("email", "hubspot_owner_id").values():
            found[row["email"].partition("@")[0]] = [emails.get(row["hubspot_owner_id"])]
        for row in salesforce.query("SELECT Email, OwnerId FROM Lead WHERE Email LIKE '%-firm.pl'"):
            found[row["Email"].partition("@")[0]].append(emails.get(row["OwnerId"]))
        assert found["both"] in ([one, one], [two, two])
        assert (found["given"], found["differs"]) == ([one, one], [one, two])
        told = {
            name: [row["what"].split()[0] for row in
                   folder.run("explain", f"{name}@{name}-firm.pl", "--json").json["leads"][0]["owner"]
                   if "policy: always" in row["because"]]
            for name in ("given", "differs")
        }  # fmt: skip
        assert [len(told[name]) for name in ("given", "differs")] == [0, 1]
