"""Checking an account: login, clock, what can be read and written, and whether reps see it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.objects import KINDS
from connectors.salesforce.package import READERS, WRITERS
from connectors.salesforce.schemas import Schemas
from connectors.salesforce.session import Session
from leadsync.connector import ConnectionFailed, Finding, LeadsyncError, ObjectSchema

PEOPLE = ("Lead", "Contact")
_SKEW = timedelta(minutes=1)


def check(session: Session, schemas: Schemas, written: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Everything that can be told without changing anything; raises nothing for a bad account."""
    try:
        session.call("GET", "limits/", "checking the login")
    except LeadsyncError as error:
        return [Finding("error", error.message, error.fix)]
    findings = [Finding("ok", f"Salesforce at {session.host} accepts the login")]
    if session.skew and abs(session.skew) > _SKEW:
        seconds = round(abs(session.skew).total_seconds())
        said = f"this machine's clock differs from Salesforce's by {seconds} s"
        findings.append(Finding("warning", said, "set the clock by NTP"))
    try:
        found = schemas.describe_all(dict.fromkeys([*KINDS, *written]))
    except ConnectionFailed as error:
        return [*findings, Finding("error", f"cannot read any object: {error.message}", error.fix)]
    for obj, schema in found.items():
        if not isinstance(schema, ObjectSchema):
            level = "error" if obj in written or obj in PEOPLE else "warning"
            fix = schema.fix if level == "error" else f"{schema.fix}; or take {obj} out of the mapping"
            findings.append(Finding(level, f"cannot read {obj}: {schema.message}", fix))
        elif obj in written:
            findings += _writable(schema, written[obj])
    return findings + _seen(session, found, written)


def _writable(schema: ObjectSchema, fields: Sequence[str]) -> list[Finding]:
    findings = []
    for name in fields:
        found = schema.field(name)
        if found is None:
            said = f"{schema.name} has no field {name} that the Salesforce user can see"
            fix = "run leadsync install, or correct the mapping, or let the user see the field (field-level security)"
            findings.append(Finding("error", said, fix))
        elif found.calculated:
            said = f"{schema.name}.{name} is a formula, nobody can write it"
            findings.append(Finding("error", said, "map another field"))
        elif not found.writable:
            said = f"the Salesforce user may not edit {schema.name}.{name}"
            fix = (
                f"assign the permission set {WRITERS} to it (leadsync install), or another that lets it edit the field"
            )
            findings.append(Finding("error", said, fix))
    return findings


def _seen(session: Session, found: Mapping[str, Any], written: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Whether anybody but ourselves has been given the custom fields: new ones are visible to nobody."""
    custom = [
        f"{obj}.{field.name}"
        for obj, names in written.items()
        if isinstance(schema := found.get(obj), ObjectSchema)
        for name in names
        if (field := schema.field(name)) and field.name.endswith("__c") and soql.is_name(field.name)
    ]
    if not custom:
        return []
    listed = ",".join(f"'{name}'" for name in custom)
    query = (
        f"SELECT Field FROM FieldPermissions WHERE Field IN ({listed})"  # noqa: S608
        f" AND PermissionsRead = true AND Parent.Name != '{WRITERS}'"
    )
    try:
        rows = session.query(query, "asking who sees the fields", "FieldPermissions")["records"]
        seen = {str(row["Field"]).lower() for row in rows}
    except (ConnectionFailed, KeyError, TypeError):
        fix = "give the integration user the permission View Setup, or look into the field-level security yourself"
        return [Finding("warning", "Salesforce does not tell whether reps see the fields that are written", fix)]
    return [
        Finding(
            "warning", f"no profile or permission set lets people see {name}",
            f"run leadsync install, then assign the permission set {READERS} to the reps",
        )
        for name in custom if name.lower() not in seen
    ]  # fmt: skip
