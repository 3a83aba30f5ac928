"""The objects of the sandbox's account, as a small table of text, and their describe answers."""

import re
from dataclasses import dataclass, field
from typing import Any

from leadsync.testing.custom_fields import COMPANIES, PEOPLE, CustomField

STAGES = {"Qualification": (False, False), "Proposal": (False, False), "Closed Won": (True, True),
          "Closed Lost": (True, False)}  # fmt: skip
"""Opportunity stages: (closed, won)."""
CLOSED = ("Completed", "Received")
"""Task statuses that end a task; this account logs an incoming e-mail as Received."""
NOT_PROVIDED = "[not provided]"


@dataclass(frozen=True, slots=True)
class Field:
    """A field. `kind` is Salesforce's type; `refers` the objects that a reference may point to."""

    name: str
    kind: str
    label: str
    length: int = 0
    refers: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    restricted: bool = False
    required: bool = False
    createable: bool = True
    updateable: bool = True
    calculated: bool = False
    external: bool = False
    unique: bool = False
    precision: int = 0
    scale: int = 0
    help: str | None = None

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.kind in ("int", "double", "currency", "percent")

    @property
    def filterable(self) -> bool:
        """Whether conditions may name it."""
        return (self.length < 4000 or self.kind == "multipicklist") and self.kind not in ("anyType", "address")

    @property
    def relationship(self) -> str | None:
        """The name under which the referenced row's fields are reached."""
        if self.kind != "reference":
            return None
        return self.name.removesuffix("Id")


@dataclass(frozen=True, slots=True)
class Entity:
    """An object: its fields by name, and the child relationships that a sub-query may name (object, its reference)."""

    name: str
    prefix: str
    fields: dict[str, Field]
    children: dict[str, tuple[str, str]] = field(default_factory=dict)
    by_lower: dict[str, Field] = field(default_factory=dict)
    relations: dict[str, Field] = field(default_factory=dict)

    def add(self, field: Field) -> None:
        """A new field, or another version of one."""
        self.fields[field.name] = self.by_lower[field.name.lower()] = field
        if field.relationship:
            self.relations[field.relationship.lower()] = field

    def remove(self, name: str) -> None:
        """Take a field away. Raises KeyError."""
        field = self.fields.pop(name)
        del self.by_lower[name.lower()]
        if field.relationship:
            del self.relations[field.relationship.lower()]

    def find(self, name: str) -> Field | None:
        """The field of this name in any case."""
        return self.by_lower.get(name.lower())


# one field a line: name, type (:length or :objects), flags; ro = set by Salesforce, once = at creation only
_SYSTEM = """
Id id ro
IsDeleted boolean ro
CreatedDate datetime ro
CreatedById reference:User ro
LastModifiedDate datetime ro
LastModifiedById reference:User ro
SystemModstamp datetime ro
"""
_ADDRESS = """
{0}Address address ro
{0}Street textarea:255
{0}City string:40
{0}State string:80
{0}PostalCode string:20
{0}Country string:80
"""
_PERSON = """
MasterRecordId reference:Self ro
FirstName string:40
LastName string:80 required
Name string:121 ro
Salutation picklist Mr.|Ms.|Mrs.|Dr.|Prof.
Title string:128
Email email:80
Phone phone:40
MobilePhone phone:40
Fax phone:40
LeadSource picklist Web|Phone Inquiry|Partner Referral|Purchased List|Trade Show|Webinar|Advertisement|Other
Description textarea:32000
HasOptedOutOfEmail boolean
DoNotCall boolean
EmailBouncedReason string:255
EmailBouncedDate datetime
OwnerId reference:User
LastActivityDate date ro
"""
_ACTIVITY = """
WhoId reference:Contact,Lead
WhatId reference:Account,Opportunity
Subject string:255
Description textarea:32000
ActivityDate date
OwnerId reference:User
AccountId reference:Account ro
IsArchived boolean ro
"""
_RIGHTS = _SYSTEM.replace("IsDeleted boolean ro\n", "")
_HISTORY = """
Id id ro
IsDeleted boolean ro
{0}Id reference:{0} ro
CreatedById reference:User ro
CreatedDate datetime ro
Field picklist ro
OldValue anyType ro
NewValue anyType ro
"""
_OURS = """
Leadsync_Score__c double:18,0
Leadsync_Temperature__c picklist cold|warm|hot restricted
Leadsync_Reasons__c textarea:255
Leadsync_Duplicates__c textarea:255
"""
_LEAD = _PERSON.replace("OwnerId reference:User", "OwnerId reference:Group,User")
_OBJECTS: dict[str, tuple[str, str]] = {
    "Lead": ("00Q", _SYSTEM + _LEAD + _ADDRESS.format("") + """
Company string:255 required
Website url:255
Industry picklist Manufacturing|Retail|Technology|Healthcare|Finance|Energy|Construction|Transportation|Education|Other
NumberOfEmployees int
AnnualRevenue currency
Rating picklist Hot|Warm|Cold
Status picklist New|Nurturing|Working|Qualified|Unqualified restricted
IsUnreadByOwner boolean
IsConverted boolean ro
ConvertedDate date ro
ConvertedAccountId reference:Account ro
ConvertedContactId reference:Contact ro
ConvertedOpportunityId reference:Opportunity ro
"""),
    "Contact": ("003", _SYSTEM + _PERSON + _ADDRESS.format("Mailing") + """
AccountId reference:Account
ReportsToId reference:Contact
Department string:80
Birthdate date
"""),
    "Account": ("001", _SYSTEM + _ADDRESS.format("Billing") + """
MasterRecordId reference:Account ro
Name string:255 required
Type picklist Prospect|Customer|Partner|Other
Industry picklist Manufacturing|Retail|Technology|Healthcare|Finance|Energy|Construction|Transportation|Education|Other
NumberOfEmployees int
AnnualRevenue currency
Phone phone:40
Website url:255
Description textarea:32000
Rating picklist Hot|Warm|Cold
OwnerId reference:User
"""),
    "User": ("005", _SYSTEM.replace("IsDeleted boolean ro\n", "") + """
Username string:80 required
FirstName string:40
LastName string:80 required
Name string:121 ro
Email email:128 required
Alias string:8
IsActive boolean
UserType picklist Standard|AutomatedProcess
TimeZoneSidKey picklist UTC
LanguageLocaleKey picklist en_US|fa|ru|pl|vi restricted
"""),
    "Group": ("00G", _SYSTEM.replace("IsDeleted boolean ro\n", "") + """
Name string:40 required
DeveloperName string:80
Type picklist Queue|Regular
Email email:255
"""),
    "Task": ("00T", _SYSTEM + _ACTIVITY + """
Status picklist Not Started|In Progress|Completed|Received|Waiting on someone else|Deferred
Priority picklist High|Normal|Low
TaskSubtype picklist Task|Email|Call|ListEmail once restricted
CallType picklist Inbound|Outbound|Internal restricted
CallDurationInSeconds int
CallDisposition string:255
CompletedDateTime datetime ro
IsClosed boolean ro
"""),
    "Event": ("00U", _SYSTEM + _ACTIVITY + """
StartDateTime datetime
EndDateTime datetime
DurationInMinutes int
IsAllDayEvent boolean
Location string:255
EventSubtype picklist Event ro
"""),
    "Campaign": ("701", _SYSTEM + """
Name string:80 required
Type picklist Webinar|Trade Show|Web|Email|Other
Status picklist Planned|In Progress|Completed|Aborted
IsActive boolean
StartDate date
EndDate date
OwnerId reference:User
"""),
    "CampaignMember": ("00v", _SYSTEM + """
CampaignId reference:Campaign required once
LeadId reference:Lead once
ContactId reference:Contact once
LeadOrContactId reference:Contact,Lead ro
Status picklist Sent|Responded|Registered|Attended
HasResponded boolean ro
FirstRespondedDate date ro
"""),
    "Opportunity": ("006", _SYSTEM + """
Name string:120 required
AccountId reference:Account
StageName picklist Qualification|Proposal|Closed Won|Closed Lost required
CloseDate date required
Amount currency
Probability percent
LeadSource picklist Web|Phone Inquiry|Partner Referral|Purchased List|Trade Show|Webinar|Advertisement|Other
Type picklist New Business|Existing Business
IsClosed boolean ro
IsWon boolean ro
OwnerId reference:User
"""),
    "OpportunityContactRole": ("00K", _SYSTEM + """
OpportunityId reference:Opportunity required once
ContactId reference:Contact required
Role picklist Decision Maker|Business User|Evaluator|Other
IsPrimary boolean
"""),
    "LeadHistory": ("017", _HISTORY.format("Lead")),
    "ContactHistory": ("017", _HISTORY.format("Contact")),
    "AccountHistory": ("017", _HISTORY.format("Account")),
    "OpportunityFieldHistory": ("017", _HISTORY.format("Opportunity")),
    "PermissionSet": ("0PS", _RIGHTS + """
Name string:80 required
Label string:80 required
Description string:255
IsOwnedByProfile boolean ro
"""),
    "PermissionSetAssignment": ("0Pa", """
Id id ro
SystemModstamp datetime ro
AssigneeId reference:User required once
PermissionSetId reference:PermissionSet required once
"""),
    "FieldPermissions": ("01k", """
Id id ro
SystemModstamp datetime ro
ParentId reference:PermissionSet required once
SobjectType string:40 required once
Field string:80 required once
PermissionsRead boolean
PermissionsEdit boolean
"""),
}  # fmt: skip
_CHILDREN = {
    "Opportunity": {"OpportunityContactRoles": ("OpportunityContactRole", "OpportunityId")},
    "Contact": {"OpportunityContactRoles": ("OpportunityContactRole", "ContactId"), "Tasks": ("Task", "WhoId"),
                "Events": ("Event", "WhoId"), "CampaignMembers": ("CampaignMember", "ContactId")},
    "Lead": {"Tasks": ("Task", "WhoId"), "Events": ("Event", "WhoId"), "CampaignMembers": ("CampaignMember", "LeadId")},
    "Account": {"Contacts": ("Contact", "AccountId"), "Opportunities": ("Opportunity", "AccountId")},
    "Campaign": {"CampaignMembers": ("CampaignMember", "CampaignId")},
}  # fmt: skip
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|_")


_CUSTOM_TYPES = {  # type and length
    "text": ("string", 255), "long": ("textarea", 32_000), "url": ("url", 255), "phone": ("phone", 40),
    "number": ("double", 0), "bool": ("boolean", 0), "date": ("date", 0), "datetime": ("datetime", 0),
    "enum": ("picklist", 255), "multi": ("multipicklist", 4099),
}  # fmt: skip


def custom_name(stem: str) -> str:
    """The name of an account's own field: `annual_budget__eur` is `Annual_Budget_Eur__c`."""
    return "_".join(word.capitalize() for word in stem.split("_") if word) + "__c"


def _grown() -> dict[str, list[CustomField]]:
    return {"Lead": [*PEOPLE], "Contact": [field for field in PEOPLE if field.lasting], "Account": [*COMPANIES]}


def _custom_field(field: CustomField) -> Field:
    kind, length = _CUSTOM_TYPES[field.type]
    precision = 18 if kind == "double" else 0
    return Field(
        custom_name(field.stem), kind, field.label, length=length, values=field.options, precision=precision,
    )  # fmt: skip


def entities(*, bare: bool, custom: bool = False) -> dict[str, Entity]:
    """The account's objects by name; a bare one lacks leadsync's own fields, a `custom` one has many of its own."""
    found = {}
    for name, (prefix, text) in _OBJECTS.items():
        if not bare and name in ("Lead", "Contact"):
            text += _OURS
        entity = found[name] = Entity(name, prefix, {}, _CHILDREN.get(name, {}))
        for line in filter(None, text.splitlines()):
            entity.add(_field(line, name))
        for own in _grown().get(name, ()) if custom else ():
            entity.add(_custom_field(own))
    return found


def _field(line: str, obj: str) -> Field:
    name, kind, *rest = line.split(" ", 2)
    flags = rest[0] if rest else ""
    kind, _, detail = kind.partition(":")
    marks = {mark for mark in ("ro", "once", "required", "restricted") if re.search(rf"(^| ){mark}( |$)", flags)}
    values = re.sub(r"(^| )(ro|once|required|restricted)(?= |$)", "", flags).strip()
    text = _WORDS.sub(" ", name.removesuffix("__c"))
    precision, scale = map(int, detail.split(",")) if kind == "double" and detail else (0, 0)
    return Field(
        name,
        kind,
        text.removesuffix(" Id") + " ID" if kind == "reference" else text,
        length=int(detail) if detail.isdecimal() else 255 if kind == "picklist" else 18 if "id" in (kind, name) else 0,
        refers=tuple(obj if to == "Self" else to for to in detail.split(",")) if kind == "reference" else (),
        values=tuple(values.split("|")) if values else (),
        restricted="restricted" in marks,
        required="required" in marks,
        createable="ro" not in marks,
        updateable=not marks & {"ro", "once"},
        precision=precision,
        scale=scale,
    )


def describe(entity: Entity) -> dict[str, Any]:
    """The answer of `sobjects/X/describe`."""
    return {
        **summary(entity),
        "fields": [_describe_field(f) for f in entity.fields.values()],
        "childRelationships": [
            {"childSObject": child, "field": reference, "relationshipName": name, "cascadeDelete": False}
            for name, (child, reference) in entity.children.items()
        ],
        "recordTypeInfos": [],
    }


def summary(entity: Entity) -> dict[str, Any]:
    """One entry of `sobjects`."""
    return {
        "name": entity.name, "label": entity.name, "labelPlural": f"{entity.name}s", "keyPrefix": entity.prefix,
        "custom": False, "createable": True, "updateable": True, "deletable": "IsDeleted" in entity.fields,
        "queryable": True, "retrieveable": True, "replicateable": True, "searchable": True, "undeletable": False,
        "mergeable": entity.name in ("Lead", "Contact", "Account"), "triggerable": True,
        "urls": {"sobject": f"/services/data/v62.0/sobjects/{entity.name}"},
    }  # fmt: skip


def _describe_field(f: Field) -> dict[str, Any]:
    plain = (18, 2) if f.numeric and f.kind != "int" else (0, 0)
    precision, scale = (f.precision, f.scale) if f.precision else plain
    return {
        "name": f.name, "label": f.label, "type": f.kind, "length": f.length, "byteLength": f.length * 3,
        "precision": precision, "scale": scale, "digits": 8 if f.kind == "int" else 0,
        "nillable": not f.required and f.kind != "boolean", "createable": f.createable, "updateable": f.updateable,
        "calculated": f.calculated, "custom": f.name.endswith("__c"), "externalId": f.external, "unique": f.unique,
        "idLookup": f.kind == "id" or f.external, "defaultedOnCreate": f.kind == "boolean", "filterable": f.filterable,
        "sortable": f.filterable, "groupable": f.kind == "picklist", "permissionable": f.updateable,
        "referenceTo": list(f.refers), "relationshipName": f.relationship, "polymorphicForeignKey": len(f.refers) > 1,
        "restrictedPicklist": f.restricted, "autoNumber": False, "defaultValue": None, "inlineHelpText": f.help,
        "picklistValues": [
            {"value": v, "label": v, "active": True, "defaultValue": False, "validFor": None} for v in f.values
        ],
    }  # fmt: skip
