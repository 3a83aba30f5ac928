"""Installing the fields that leadsync writes: the fields, who sees them, and what a person has to click."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.failures import first_error, understood
from connectors.salesforce.package import LABELS, LIST_VIEW_LABEL, READERS, WRITERS, is_custom, metadata
from connectors.salesforce.schemas import Schemas
from connectors.salesforce.session import Session
from leadsync.connector import (
    AuthLost,
    FieldSchema,
    NotFound,
    ObjectSchema,
    Rejected,
    Step,
    WantedField,
)

BY_ADMIN = (
    "let an admin deploy the metadata package of leadsync (it holds the fields, both permission sets and the list"
    " view), or make it by hand in Setup > Object Manager"
)
_ROWS = 200
_REFUSALS = (AuthLost, NotFound, Rejected)
_FITS = {"text": ("text",), "enum": ("enum", "text"), "multi": ("multi", "text")}
"""Types of existing fields that will do."""


class Installer:
    """Creates what is missing, and nothing twice. `user` tells whom we write as."""

    def __init__(self, session: Session, schemas: Schemas, user: Callable[[], str | None]) -> None:
        self._session, self._schemas, self._user = session, schemas, user

    @understood("installing fields")
    def install(self, wanted: Sequence[WantedField], *, dry_run: bool) -> list[Step]:
        """The steps, done unless it is a `dry_run`; what only a person can do comes last."""
        if not wanted:
            return []
        schemas = self._schemas.describe_all(dict.fromkeys(field.object for field in wanted))
        steps: list[Step] = []
        seen: list[str] = []
        for field in wanted:
            schema = schemas[field.object]
            step = (
                self._field(field, schema, dry_run) if isinstance(schema, ObjectSchema) else _unreadable(field, schema)
            )
            steps.append(step)
            if step.state != "by_hand" and is_custom(field):
                seen.append(f"{field.object}.{field.name}")
        if seen:
            try:
                steps += self._rights(seen, dry_run)
            except _REFUSALS as error:
                what = f"the permission sets {READERS} and {WRITERS} ({error.message})"
                steps.append(Step(what, "by_hand", BY_ADMIN))
        return [*steps, *_clicks(wanted)]

    def _field(self, field: WantedField, schema: ObjectSchema, dry_run: bool) -> Step:
        what = f"the field {field.object}.{field.name} ({field.type})"
        if found := schema.field(field.name):
            return _compared(what, field, found)
        if not is_custom(field):
            fix = f"correct {field.name} in the mapping: only custom fields (…__c) of a simple type can be made"
            return Step(what, "by_hand", fix)
        if dry_run:
            return Step(what, "missing")
        body = {"FullName": f"{field.object}.{field.name}", "Metadata": metadata(field)}
        try:
            self._session.call("POST", "tooling/sobjects/CustomField", f"creating {what}", body=body, repeat=False)
        except _REFUSALS as error:
            if isinstance(error, Rejected) and error.code.startswith("duplicate"):
                return Step(f"{what}, hidden from us so far", "there")
            return Step(f"{what}: {error.message}", "by_hand", BY_ADMIN)
        return Step(what, "created")

    # who sees the fields

    def _rights(self, fields: Sequence[str], dry_run: bool) -> list[Step]:
        sets = {
            row["Name"]: row["Id"] for row in self._rows(f"Id, Name FROM PermissionSet WHERE Name IN {_texts(LABELS)}")
        }
        held: set[tuple[str, str, bool]] = set()
        if sets:
            where = f"ParentId IN {soql.quoted_ids(sets.values())}"
            rows = self._rows(f"ParentId, Field, PermissionsEdit FROM FieldPermissions WHERE {where}")
            held = {(row["ParentId"], row["Field"].lower(), bool(row["PermissionsEdit"])) for row in rows}
        steps = []
        for name, label in LABELS.items():
            steps.append(self._set(name, label, sets, dry_run))
            steps.append(self._grants(name, sets.get(name), fields, held, dry_run))
        return [*steps, self._assigned(sets.get(WRITERS), dry_run)]

    def _set(self, name: str, label: str, sets: dict[str, str], dry_run: bool) -> Step:
        what = f"the permission set {name}"
        if name in sets:
            return Step(what, "there")
        if dry_run:
            return Step(what, "missing")
        made = self._create([{"attributes": {"type": "PermissionSet"}, "Name": name, "Label": label}], what)
        sets[name] = made[0]
        return Step(what, "created")

    def _grants(
        self, name: str, parent: str | None, fields: Sequence[str], held: set[tuple[str, str, bool]], dry_run: bool
    ) -> Step:
        edit = name == WRITERS
        what = f"the right to {'edit' if edit else 'see'} these fields in the permission set {name}"
        known = {field for holder, field, edits in held if holder == parent and edits >= edit}
        weak = [f for f in fields if f.lower() not in known and (parent, f.lower(), False) in held]
        if weak:
            return Step(what, "wrong", f"let {name} edit {', '.join(weak)} (Setup > Permission Sets > {name})")
        missing = [field for field in fields if field.lower() not in known]
        if not missing:
            return Step(what, "there")
        if dry_run or parent is None:
            return Step(what, "missing")
        rows = [
            {
                "attributes": {"type": "FieldPermissions"}, "ParentId": parent, "SobjectType": field.partition(".")[0],
                "Field": field, "PermissionsRead": True, "PermissionsEdit": edit,
            }
            for field in missing
        ]  # fmt: skip
        self._create(rows, what)
        return Step(what, "created")

    def _assigned(self, parent: str | None, dry_run: bool) -> Step:
        what, user = f"the permission set {WRITERS} is assigned to our own user", self._user()
        if user is None:
            return Step(
                what, "by_hand", f"Setup > Permission Sets > {WRITERS} > Manage Assignments: add the integration user"
            )
        if parent is None:
            return Step(what, "missing")
        where = f"AssigneeId IN {soql.quoted_ids([user])} AND PermissionSetId IN {soql.quoted_ids([parent])}"
        if self._rows(f"Id FROM PermissionSetAssignment WHERE {where}"):
            return Step(what, "there")
        if dry_run:
            return Step(what, "missing")
        row = {"attributes": {"type": "PermissionSetAssignment"}, "AssigneeId": user, "PermissionSetId": parent}
        self._create([row], what)
        return Step(what, "created")

    def _rows(self, query: str) -> list[Mapping[str, Any]]:
        return list(self._session.query(f"SELECT {query}", "looking at permission sets", "PermissionSet")["records"])

    def _create(self, rows: Sequence[Mapping[str, Any]], what: str) -> list[str]:
        """The ids of the new rows. Raises `Rejected` with the first refusal."""
        made: list[str] = []
        for part in soql.chunks(rows, _ROWS):
            body = {"allOrNone": False, "records": part}
            doing = f"creating {what}"
            answers = self._session.call("POST", "composite/sobjects", doing, body=body, repeat=False)
            for answer in answers if isinstance(answers, list) else []:
                if answer.get("success") is not True:
                    refusal = first_error(answer.get("errors"))
                    said = self._session.hide(f"{refusal.code}: {refusal.message}")
                    raise Rejected(f"Salesforce refused while {doing} ({said})")
                made.append(str(answer["id"]))
        if len(made) < len(rows):
            raise Rejected(f"Salesforce did not answer for all rows while creating {what}")
        return made


def _unreadable(field: WantedField, error: Exception) -> Step:
    return Step(f"the field {field.object}.{field.name}: {error}", "by_hand", getattr(error, "fix", "") or BY_ADMIN)


def _compared(what: str, field: WantedField, found: FieldSchema) -> Step:
    if found.calculated:
        return Step(f"{what} is a formula", "wrong", "map another field: nobody can write a formula")
    if found.type not in _FITS.get(field.type, (field.type,)):
        return Step(
            f"{what} is there as {found.type}", "wrong", "map another field, or delete this one and install again"
        )
    if field.length and found.length and found.type == "text" and found.length < field.length:
        fix = f"make it longer (Setup > Object Manager > {field.object} > Fields)"
        return Step(f"{what} holds {found.length} characters, {field.length} are needed", "wrong", fix)
    missing = [value for value, _ in field.options if value not in found.options] if found.type != "text" else []
    if missing:
        return Step(f"{what} lacks the values {', '.join(missing)}", "wrong", "add them to its pick list in Setup")
    return Step(what, "there")


def _clicks(wanted: Iterable[WantedField]) -> list[Step]:
    fields = [field for field in wanted if is_custom(field)]
    steps = [
        Step(
            f"reps have the permission set {READERS}", "by_hand",
            f"Setup > Permission Sets > {READERS} > Manage Assignments: add the reps",
        )
    ]  # fmt: skip
    for obj in dict.fromkeys(field.object for field in fields):
        names = ", ".join(field.name for field in fields if field.object == obj)
        fix = f"Setup > Object Manager > {obj} > Page Layouts: drag {names} onto the layout and save"
        steps.append(Step(f"the fields stand on the page layout of {obj}", "by_hand", fix))
    for field in {field.object: field for field in reversed(fields) if field.type == "number"}.values():
        fix = (
            f"open the tab of {field.object}, New list view {LIST_VIEW_LABEL!r}, show {field.name},"
            " and click the column's head until the highest stand first"
        )
        steps.append(Step(f"the list view {LIST_VIEW_LABEL!r} of {field.object}, best first", "by_hand", fix))
    return steps if fields else []


def _texts(names: Iterable[str]) -> str:
    return "(" + ",".join(f"'{name}'" for name in names) + ")"
