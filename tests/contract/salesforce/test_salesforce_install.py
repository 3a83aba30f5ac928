"""Installing fields and checking an account: what is created, and what is told where nothing can be."""

import io
import json
import zipfile
from xml.etree import ElementTree

import pytest
from salesforce_box import Answer

from connectors.salesforce.sandbox.schema import entities
from leadsync.connector import Transient, WantedField

SCORE = WantedField("Lead", "Leadsync_Score__c", "number", "Score", "How likely & soon")
HEAT = WantedField("Lead", "Heat__c", "enum", "Heat", options=(("cold", "Cold"), ("hot", "Hot <now>")))
WHY = WantedField("Contact", "Why__c", "text", "Why", length=255)
STORY = WantedField("Contact", "Story__c", "text", "Story")
WHEN = WantedField("Contact", "When__c", "datetime", "Scored at")
ALL = (SCORE, HEAT, WHY, STORY, WHEN)
NAMESPACE = {"m": "http://soap.sforce.com/2006/04/metadata"}


class Setup:
    """Answers what an account's setup does: the Tooling API, permission sets, rights, assignments."""

    def __init__(self, box):
        self.box, self.fields, self.rows, self.changes = box, [], {}, 0
        self.refuses = None

    def __call__(self, seen):
        if seen.path.endswith("/tooling/sobjects/CustomField"):
            return self._field(json.loads(seen.body))
        if seen.path.endswith("/composite/sobjects") and seen.method == "POST":
            return Answer(200, [self._row(record) for record in json.loads(seen.body)["records"]])
        text = seen.query.get("q", "")
        table = text.partition(" FROM ")[2].partition(" ")[0]
        if table in ("PermissionSet", "FieldPermissions", "PermissionSetAssignment"):
            return Answer(200, {"totalSize": 0, "done": True, "records": self.rows.get(table, [])})
        return None

    def _field(self, body):
        if self.refuses:
            return self.refuses
        self.changes += 1
        self.fields.append(body)
        obj, _, name = body["FullName"].partition(".")
        entity = self.box.org.entities[obj]
        kinds = {"Number": "double", "Picklist": "picklist", "DateTime": "datetime"}
        values = body["Metadata"].get("valueSet", {}).get("valueSetDefinition", {}).get("value", [])
        made = type(entity.fields["Id"])(
            name, kinds.get(body["Metadata"]["type"], "string"), body["Metadata"]["label"],
            length=body["Metadata"].get("length", 0), values=tuple(v["fullName"] for v in values),
        )  # fmt: skip
        entity.fields[name] = entity.by_lower[name.lower()] = made
        return Answer(201, {"id": "00N000000000001AAA", "success": True})

    def _row(self, record):
        self.changes += 1
        kind = record["attributes"]["type"]
        rows = self.rows.setdefault(kind, [])
        id_ = f"0PS{kind[:3]}{len(rows):09}AAA"
        rows.append({**record, "Id": id_})
        return {"id": id_, "success": True, "errors": []}


@pytest.fixture
def setup(make_box):
    box = make_box(bare=True)
    box.front.always = setup = Setup(box)
    return setup


def states(steps):
    return {step.state for step in steps} - {"by_hand"}


def test_a_dry_run_changes_nothing_and_a_second_run_neither(setup):
    connector = setup.box.connect()
    dry = connector.install(ALL, dry_run=True)
    assert states(dry) == {"missing"}
    assert setup.changes == 0
    done = connector.install(ALL, dry_run=False)
    assert states(done) == {"created"}
    assert [step.what for step in done] == [step.what for step in dry]
    changes = setup.changes
    assert states(connector.install(ALL, dry_run=False)) == states(connector.install(ALL, dry_run=True)) == {"there"}
    assert setup.changes == changes


def test_a_score_is_whole_as_in_the_accounts_that_come_with_one(setup):
    setup.box.connect().install(ALL, dry_run=False)
    made, there = setup.fields[0]["Metadata"], entities(bare=False)["Lead"].fields[SCORE.name]
    assert (made["precision"], made["scale"]) == (there.precision, there.scale) == (18, 0)


def test_what_is_created(setup):
    setup.box.connect().install(ALL, dry_run=False)
    made = {field["FullName"]: field["Metadata"] for field in setup.fields}
    assert made["Lead.Leadsync_Score__c"] == {
        "label": "Score", "type": "Number", "precision": 18, "scale": 0, "description": "How likely & soon",
        "inlineHelpText": "How likely & soon",
    }  # fmt: skip
    assert made["Lead.Heat__c"]["valueSet"]["valueSetDefinition"]["value"][1] == {
        "fullName": "hot", "default": False, "label": "Hot <now>",
    }  # fmt: skip
    assert (made["Contact.Why__c"]["type"], made["Contact.Why__c"]["length"]) == ("Text", 255)
    assert (made["Contact.Story__c"]["type"], made["Contact.When__c"]["type"]) == ("LongTextArea", "DateTime")
    sets = {row["Name"]: row["Id"] for row in setup.rows["PermissionSet"]}
    rights = {(r["ParentId"], r["Field"], r["PermissionsEdit"]) for r in setup.rows["FieldPermissions"]}
    names = [f"{field.object}.{field.name}" for field in ALL]
    assert rights == {(sets["leadsync"], n, False) for n in names} | {(sets["leadsync_writer"], n, True) for n in names}
    (assigned,) = setup.rows["PermissionSetAssignment"]
    assert (assigned["AssigneeId"], assigned["PermissionSetId"]) == (setup.box.org.us, sets["leadsync_writer"])


def test_the_clicks_that_remain_are_named(setup):
    steps = [step for step in setup.box.connect().install(ALL, dry_run=False) if step.state == "by_hand"]
    told = " ".join(f"{step.what} {step.fix}" for step in steps)
    assert all(step.fix for step in steps)
    assert "Page Layouts: drag Leadsync_Score__c, Heat__c" in told
    assert "'Call first' of Lead" in told
    assert "'Call first' of Contact" not in told  # it has no score
    assert "Manage Assignments: add the reps" in told


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(403, [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no Customize Application"}]),
        Answer(400, [{"errorCode": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "no"}]),
        Answer(404, [{"errorCode": "NOT_FOUND", "message": "no Tooling"}]),
    ],
)
def test_what_the_login_may_not_create_is_for_an_admin(setup, refusal):
    setup.refuses = refusal
    steps = setup.box.connect().install(ALL, dry_run=False)
    fields = [step for step in steps if step.what.startswith("the field ")]
    assert {step.state for step in fields} == {"by_hand"}
    assert all("metadata package" in step.fix for step in fields)
    assert setup.changes == 0


def test_a_field_that_is_hidden_from_us_is_not_made_twice(setup):
    setup.refuses = Answer(400, [{"errorCode": "DUPLICATE_DEVELOPER_NAME", "message": "in use"}])
    steps = setup.box.connect().install([SCORE], dry_run=False)
    assert (steps[0].state, "hidden" in steps[0].what) == ("there", True)
    assert len(setup.rows["FieldPermissions"]) == 2


def test_trouble_that_passes_is_no_reason_for_an_admin(setup):
    setup.refuses = Answer(503)
    with pytest.raises(Transient):
        setup.box.connect().install([SCORE], dry_run=False)


def test_permission_sets_that_cannot_be_looked_at_are_for_an_admin(setup):
    answer = setup.box.front.always
    refused = Answer(400, [{"errorCode": "INVALID_TYPE", "message": "sObject type 'PermissionSet' is not supported."}])
    setup.box.front.always = lambda seen: refused if "FROM Perm" in seen.query.get("q", "") else answer(seen)
    steps = setup.box.connect().install([SCORE], dry_run=False)
    assert steps[0].state == "created"
    assert (steps[1].state, "permission sets" in steps[1].what) == ("by_hand", True)


@pytest.mark.parametrize(
    ("wanted", "state", "said"),
    [
        (WantedField("Lead", "Title", "number", "x"), "wrong", "is there as text"),
        (WantedField("Lead", "Title", "text", "x", length=200), "wrong", "128 characters, 200 are needed"),
        (WantedField("Lead", "Title", "text", "x", length=100), "there", ""),
        (WantedField("Lead", "Rating", "enum", "x", options=(("Hot", ""), ("Tepid", ""))), "wrong", "values Tepid"),
        (WantedField("Lead", "Company", "enum", "x", options=(("a", ""),)), "there", ""),
        (WantedField("Lead", "nonsense", "text", "x"), "by_hand", "nonsense"),
        (WantedField("Lead", "Friend__c", "ref", "x"), "by_hand", "Friend__c"),
    ],
)  # fmt: skip
def test_what_is_there_already_or_can_never_be(setup, wanted, state, said):
    step = setup.box.connect().install([wanted], dry_run=False)[0]
    assert step.state == state
    assert said in step.what
    assert bool(step.fix) == (state != "there")
    assert setup.fields == []


def test_a_formula_is_told(setup):
    setup.box.org.add_formula("Lead", "Leadsync_Score__c", "double")
    step = setup.box.connect().install([SCORE], dry_run=False)[0]
    assert (step.state, "formula" in step.what) == ("wrong", True)


def test_nothing_wanted_asks_nothing(setup):
    assert setup.box.connect().install([], dry_run=False) == []
    assert setup.box.front.seen == []


# the package


def test_the_package_holds_all_that_an_admin_deploys(box):
    package = box.connect().package([*ALL, WantedField("Lead", "Status", "enum", "Status")])
    assert box.front.seen == []
    assert package == box.connect().package([*ALL, WantedField("Lead", "Status", "enum", "Status")])
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        files = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    assert set(files) == {
        "package.xml", "objects/Lead.object", "objects/Contact.object", "permissionsets/leadsync.permissionset",
        "permissionsets/leadsync_writer.permissionset",
    }  # fmt: skip
    members = {
        kind.findtext("m:name", "", NAMESPACE): [m.text for m in kind.findall("m:members", NAMESPACE)]
        for kind in files["package.xml"].findall("m:types", NAMESPACE)
    }
    assert members == {
        "CustomField": sorted(f"{field.object}.{field.name}" for field in ALL),
        "ListView": ["Lead.Leadsync_call_first"], "PermissionSet": ["leadsync", "leadsync_writer"],
    }  # fmt: skip
    score, heat = files["objects/Lead.object"].findall("m:fields", NAMESPACE)
    told = [score.findtext(f"m:{name}", "", NAMESPACE) for name in ("fullName", "precision", "scale")]
    assert told == [SCORE.name, "18", "0"]
    assert heat.findtext(".//m:value[2]/m:label", "", NAMESPACE) == "Hot <now>"
    assert files["objects/Lead.object"].findtext("m:listViews/m:label", "", NAMESPACE) == "Call first"
    assert files["objects/Contact.object"].find("m:listViews", NAMESPACE) is None
    rights = files["permissionsets/leadsync_writer.permissionset"].findall("m:fieldPermissions", NAMESPACE)
    assert [r.findtext("m:editable", "", NAMESPACE) for r in rights] == ["true"] * 5


# checking


def test_check_tells_of_every_field_that_is_written(box):
    seen = {"totalSize": 1, "done": True, "records": [{"Field": "Lead.Leadsync_Score__c"}]}
    box.front.always = lambda s: Answer(200, seen) if "FROM FieldPermissions" in s.query.get("q", "") else None
    box.org.add_formula("Lead", "Days_Open__c", "double")
    written = {
        "Lead": ["Leadsync_Score__c", "Leadsync_Reasons__c", "Nonsense__c", "Days_Open__c", "CreatedDate", "Status"]
    }
    found = [f for f in box.connect().check(written) if f.level != "ok"]
    told = {f.what: f for f in found}
    assert sorted(f.level for f in found) == ["error"] * 3 + ["warning"] * 2
    assert all(f.fix for f in found)
    for said in (
        "Lead has no field Nonsense__c that the Salesforce user can see",
        "Lead.Days_Open__c is a formula, nobody can write it",
        "the Salesforce user may not edit Lead.CreatedDate",
        "no profile or permission set lets people see Lead.Leadsync_Reasons__c",
    ):  # fmt: skip
        assert said in told


def test_check_says_so_when_it_cannot_tell_who_sees_the_fields(box):
    refused = Answer(400, [{"errorCode": "INVALID_TYPE", "message": "no"}])
    box.front.always = lambda s: refused if "FROM FieldPermissions" in s.query.get("q", "") else None
    found = [f for f in box.connect().check({"Lead": ["Leadsync_Score__c"]}) if f.level != "ok"]
    assert [("does not tell" in f.what, "View Setup" in f.fix) for f in found] == [(True, True)]


def test_a_check_takes_three_requests(box):
    box.connect().check({"Lead": ["Leadsync_Score__c"], "Contact": ["Leadsync_Score__c"]})
    assert len(box.front.seen) == 3
