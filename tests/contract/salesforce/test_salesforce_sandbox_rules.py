"""What an account of the sandbox may demand: rules, rights, fields that come and go, history."""

from datetime import timedelta

import pytest
from salesforce_box import NOON
from salesforce_calls import DATA, call, client
from simple_salesforce.exceptions import SalesforceMalformedRequest

LEAD = f"{DATA}/sobjects/Lead"
FIELD = f"{DATA}/tooling/sobjects/CustomField"
FIT = {"label": "Fit", "type": "Number", "precision": 5, "scale": 2, "inlineHelpText": "How well it fits"}


def codes(answer):
    return [(error["errorCode"], error.get("fields")) for error in answer.json()]


def fields(box, obj="Lead"):
    return {f["name"]: f for f in call(box, "GET", f"{DATA}/sobjects/{obj}/describe").json()["fields"]}


def create(box, obj, **values):
    answer = call(box, "POST", f"{DATA}/sobjects/{obj}", json=values)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


# rules


def test_a_validation_rule_judges_the_whole_record(box):
    good, bad = box.add("Lead", Phone="1")[0], box.add("Lead")[0]
    box.door("rule", object="Lead", when="Phone = null", message="Phone is needed", field="Phone")
    answer = call(box, "PATCH", f"{LEAD}/{bad}", json={"Title": "x"})
    assert answer.status_code == 400
    assert codes(answer) == [("FIELD_CUSTOM_VALIDATION_EXCEPTION", ["Phone"])]
    assert call(box, "PATCH", f"{LEAD}/{good}", json={"Title": "x"}).status_code == 204
    assert call(box, "POST", LEAD, json={"LastName": "Neu", "Company": "Acme"}).status_code == 400


@pytest.mark.parametrize(
    ("header", "block", "saved"), [(False, False, False), (True, False, True), (True, True, False)]
)
def test_duplicate_rules(box, header, block, saved):
    box.add("Lead", Email="a@acme.example")
    (lead,) = box.add("Lead", Email="b@acme.example")
    box.door("duplicates", object="Lead", field="Email", block=block)
    headers = {"Sforce-Duplicate-Rule-Header": "allowSave=true"} if header else {}
    assert call(box, "PATCH", f"{LEAD}/{lead}", json={"Title": "x"}, headers=headers).status_code == 204
    answer = call(box, "PATCH", f"{LEAD}/{lead}", json={"Email": "a@acme.example"}, headers=headers)
    assert (answer.status_code == 204) is saved
    assert saved or codes(answer)[0][0] == "DUPLICATES_DETECTED"


def test_an_inactive_owner(box):
    rep = create(box, "User", Username="x@sales.example", LastName="Left", Email="x@sales.example", IsActive=False)
    (lead,) = box.add("Lead")
    assert codes(call(box, "PATCH", f"{LEAD}/{lead}", json={"OwnerId": rep})) == [
        ("INACTIVE_OWNER_OR_USER", ["OwnerId"])
    ]


def test_a_lock_is_held_for_ever_or_once(box):
    (lead,) = box.add("Lead")

    def patch():
        return call(box, "PATCH", f"{LEAD}/{lead}", json={"Title": "x"}).status_code

    box.door("lock", id=lead)
    assert (patch(), patch()) == (400, 400)
    box.door("unlock", id=lead[:15])
    box.door("lock", id=lead, once=True)
    assert call(box, "GET", f"{LEAD}/{lead}").status_code == 200
    assert (patch(), patch()) == (400, 204)


# rights


def test_a_hidden_field_is_as_if_it_did_not_exist(box):
    (lead,) = box.add("Lead", Title="kept")
    box.door("hide", object="Lead", field="Title")
    assert "Title" not in fields(box)
    assert "Title" not in call(box, "GET", f"{LEAD}/{lead}").json()
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Title'"):
        client(box).query("SELECT Title FROM Lead")
    assert codes(call(box, "PATCH", f"{LEAD}/{lead}", json={"Title": "x"}))[0][0] == "INVALID_FIELD"
    box.door("show", object="Lead", field="Title")
    assert call(box, "GET", f"{LEAD}/{lead}").json()["Title"] == "kept"


def test_an_option_goes_while_it_runs(box):
    (lead,) = box.add("Lead")
    path = f"{LEAD}/{lead}"
    assert call(box, "PATCH", path, json={"Leadsync_Temperature__c": "warm"}).status_code == 204
    box.door("options", object="Lead", field="Leadsync_Temperature__c", values=["cold", "hot"])
    answer = call(box, "PATCH", path, json={"Leadsync_Temperature__c": "warm"})
    assert codes(answer) == [("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Leadsync_Temperature__c"])]
    shown = [option["value"] for option in fields(box)["Leadsync_Temperature__c"]["picklistValues"]]
    assert shown == ["cold", "hot"]


def test_a_new_field_is_seen_by_those_who_may(box):
    (lead,) = box.add("Lead")
    body = {"FullName": "Lead.Fit__c", "Metadata": FIT}
    made = call(box, "POST", FIELD, json=body)
    assert (made.status_code, made.json()["success"]) == (201, True)
    assert call(box, "GET", f"{FIELD}/{made.json()['id']}").json()["FullName"] == "Lead.Fit__c"
    assert codes(call(box, "POST", FIELD, json=body)) == [("DUPLICATE_DEVELOPER_NAME", ["DeveloperName"])]
    assert "Fit__c" not in fields(box)
    parent = create(box, "PermissionSet", Name="fit", Label="Fit")
    right = {"ParentId": parent, "SobjectType": "Lead", "Field": "Lead.Fit__c", "PermissionsRead": True}
    granted = create(box, "FieldPermissions", **right, PermissionsEdit=False)
    assert "Fit__c" not in fields(box)
    given = create(box, "PermissionSetAssignment", AssigneeId=box.org.us, PermissionSetId=parent)
    shown = fields(box)["Fit__c"]
    assert (shown["type"], shown["precision"], shown["scale"], shown["updateable"]) == ("double", 5, 2, False)
    assert call(box, "PATCH", f"{LEAD}/{lead}", json={"Fit__c": 1}).status_code == 400
    edit = call(box, "PATCH", f"{DATA}/sobjects/FieldPermissions/{granted}", json={"PermissionsEdit": True})
    assert edit.status_code == 204
    assert call(box, "PATCH", f"{LEAD}/{lead}", json={"Fit__c": 999.5}).status_code == 204
    answer = call(box, "PATCH", f"{LEAD}/{lead}", json={"Fit__c": 1000})
    assert codes(answer) == [("NUMBER_OUTSIDE_VALID_RANGE", ["Fit__c"])]
    assert call(box, "DELETE", f"{DATA}/sobjects/PermissionSetAssignment/{given}").status_code == 204
    assert "Fit__c" not in fields(box)


@pytest.mark.parametrize(
    ("name", "metadata", "code"),
    [
        ("Nonsense.Fit__c", FIT, "INVALID_FULL_NAME"),
        ("Lead.Fit", FIT, "INVALID_FULL_NAME"),
        ("Lead.Leadsync_Score__c", FIT, "DUPLICATE_DEVELOPER_NAME"),
        ("Lead.Fit__c", {"label": "Fit", "type": "Number"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Fit__c", {"label": "Fit", "type": "LongTextArea", "length": 300}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Fit__c", {"label": "Fit", "type": "Nonsense"}, "INVALID_FIELD"),
        ("Lead.Fit__c", FIT | {"label": "x" * 41}, "STRING_TOO_LONG"),
    ],
)
def test_fields_that_cannot_be_made(box, name, metadata, code):
    answer = call(box, "POST", FIELD, json={"FullName": name, "Metadata": metadata})
    assert (answer.status_code, codes(answer)[0][0]) == (400, code)


def test_a_login_that_may_not_customize(box):
    box.door("set", customize=False)
    answer = call(box, "POST", FIELD, json={"FullName": "Lead.Fit__c", "Metadata": FIT})
    assert (answer.status_code, codes(answer)[0][0]) == (403, "INSUFFICIENT_ACCESS")
    assert call(box, "POST", f"{DATA}/sobjects/PermissionSet", json={"Name": "x", "Label": "x"}).status_code == 403


def test_rights_are_given_once_and_for_fields_that_are_there(box):
    parent = create(box, "PermissionSet", Name="fit", Label="Fit")
    right = {"ParentId": parent, "SobjectType": "Lead", "PermissionsRead": True}
    path = f"{DATA}/sobjects/FieldPermissions"
    create(box, "FieldPermissions", **right, Field="Lead.Leadsync_Score__c")
    for more, code in (
        ({"Field": "Lead.Leadsync_Score__c"}, "DUPLICATE_VALUE"),
        ({"Field": "Lead.Nonsense__c"}, "INVALID_FIELD"),
        ({"Field": "Lead.Title", "PermissionsRead": False, "PermissionsEdit": True}, "FIELD_INTEGRITY_EXCEPTION"),
    ):
        assert codes(call(box, "POST", path, json=right | more))[0][0] == code


def test_external_ids(box):
    metadata = {"label": "Code", "type": "Text", "length": 40, "externalId": True}
    call(box, "POST", FIELD, json={"FullName": "Lead.Code__c", "Metadata": metadata})
    parent = create(box, "PermissionSet", Name="p", Label="P")
    right = {"SobjectType": "Lead", "Field": "Lead.Code__c", "PermissionsRead": True, "PermissionsEdit": True}
    create(box, "FieldPermissions", ParentId=parent, **right)
    create(box, "PermissionSetAssignment", AssigneeId=box.org.us, PermissionSetId=parent)
    lead = {"LastName": "Neu", "Company": "Acme"}
    path = f"{LEAD}/Code__c/a%2Fb%20c"
    assert call(box, "PATCH", f"{path}?updateOnly=true", json=lead).status_code == 404
    made = call(box, "PATCH", path, json=lead)
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = call(box, "PATCH", path, json={"Title": "x"})
    assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])
    assert box.row(made.json()["id"])["Code__c"] == "a/b c"
    assert call(box, "PATCH", path, json={"Code__c": "x"}).status_code == 400
    assert call(box, "PATCH", f"{LEAD}/Title/x", json=lead).status_code == 404
    box.add("Lead", Code__c="a/b c")
    several = call(box, "PATCH", path, json=lead)
    assert (several.status_code, len(several.json())) == (300, 2)
    record = {"attributes": {"type": "Lead"}, "Code__c": "many"} | lead
    found = call(box, "PATCH", f"{DATA}/composite/sobjects/Lead/Code__c", json={"records": [record, record]}).json()
    assert [(r["success"], r.get("created")) for r in found] == [(True, True), (True, False)]


# history


def history(box, lead):
    query = f"SELECT Field, OldValue, NewValue, CreatedDate FROM LeadHistory WHERE LeadId = '{lead}' ORDER BY Id"
    return [(r["Field"], r["OldValue"], r["NewValue"]) for r in client(box).query(query)["records"]]


def test_what_is_tracked_is_remembered(box):
    lead = create(box, "Lead", LastName="Neu", Company="Acme")
    box.clock.at = NOON + timedelta(hours=1)
    headers = {"Sforce-Auto-Assign": "FALSE"}
    values = {"Status": "Working", "City": "Łódź", "OwnerId": box.org.us}
    call(box, "PATCH", f"{LEAD}/{lead}", json=values, headers=headers)
    us, queue = box.row(box.org.us)["Name"], box.row(box.org.queue)["Name"]
    assert history(box, lead) == [
        ("created", None, None),
        ("Owner", box.org.queue, box.org.us),
        ("Owner", queue, us),
        ("Status", "New", "Working"),
    ]
    box.door("track", object="Lead", fields=["City"])
    call(box, "PATCH", f"{LEAD}/{lead}", json={"Status": "New", "City": "Kraków"}, headers=headers)
    assert history(box, lead)[4:] == [("City", "Łódź", "Kraków")]
    assert set(fields(box, "LeadHistory")) >= {"LeadId", "Field", "OldValue", "NewValue", "CreatedDate"}
    assert "SystemModstamp" not in fields(box, "LeadHistory")
    with pytest.raises(SalesforceMalformedRequest, match="can not be filtered"):
        client(box).query("SELECT Id FROM LeadHistory WHERE NewValue = 'x'")
    assert call(box, "POST", f"{DATA}/sobjects/LeadHistory", json={"Field": "x"}).status_code == 400


def test_addresses_are_also_one_value(box):
    (lead,) = box.add("Lead", City="Łódź")
    box.add("Lead")
    found = [r["Address"] for r in client(box).query("SELECT Address FROM Lead ORDER BY Id")["records"]]
    assert (found[0]["city"], found[0]["street"], found[1]) == ("Łódź", None, None)
    assert fields(box)["Address"]["type"] == "address"
    assert call(box, "PATCH", f"{LEAD}/{lead}", json={"Address": "x"}).status_code == 400
