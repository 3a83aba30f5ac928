"""The endpoints for owners and for property definitions."""

from typing import Any

from starlette.requests import Request

from connectors.hubspot.sandbox.portal import NAMES, Portal
from connectors.hubspot.sandbox.properties import Property
from connectors.hubspot.sandbox.refusals import Refusal, no_such_path, no_such_row

Json = dict[str, Any]
Answer = tuple[int, Json | None]

_FIELD_TYPES = {
    "string": ("text", "textarea", "html", "file", "phonenumber"), "number": ("number",), "date": ("date",),
    "datetime": ("date",), "enumeration": ("select", "radio", "checkbox", "booleancheckbox"),
    "bool": ("booleancheckbox",),
}  # fmt: skip


class SettingEndpoints:
    """What happens behind `/crm/v3/owners` and `/crm/v3/properties`."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def owners(self, request: Request, _: Json) -> Answer:
        """The active owners, or the archived ones."""
        query = request.query_params
        limit, after = int(query.get("limit", 100)), int(query.get("after") or 0)
        if not 1 <= limit <= 500:
            raise Refusal(400, "limit must be between 1 and 500")
        archived = query.get("archived") == "true"
        found = [
            owner
            for owner in self._portal.owners
            if owner["archived"] is archived and query.get("email", owner["email"]) == owner["email"]
        ]
        end = after + limit
        more = {"paging": {"next": {"after": str(end)}}} if end < len(found) else {}
        return 200, {"results": found[after:end], **more}

    def owner(self, request: Request, _: Json) -> Answer:
        """One owner."""
        archived = request.query_params.get("archived") == "true"
        for owner in self._portal.owners:
            if owner["id"] == request.path_params["id"] and owner["archived"] is archived:
                return 200, owner
        raise no_such_row("owner", request.path_params["id"])

    def properties(self, request: Request, _: Json) -> Answer:
        """All definitions of an object: not paged."""
        return 200, {"results": [prop.body() for prop in self._of(request).values()]}

    def property(self, request: Request, _: Json) -> Answer:
        """One definition."""
        name = request.path_params["id"]
        prop = self._of(request).get(name)
        if prop is None:
            raise Refusal(404, f'Property "{name}" does not exist', "OBJECT_NOT_FOUND")
        return 200, prop.body()

    def create_property(self, request: Request, body: Json) -> Answer:
        """A new definition."""
        properties, name, kind = self._of(request), str(body.get("name")), str(body.get("type"))
        if name in properties:
            raise Refusal(409, f'A property named "{name}" exists already', "CONFLICT")
        if not name.isidentifier() or name != name.lower():
            raise Refusal(400, f'"{name}" is not a name: lower case letters, digits and _ only')
        if body.get("fieldType") not in _FIELD_TYPES.get(kind, ()):
            raise Refusal(400, f"fieldType {body.get('fieldType')} does not go with type {kind}")
        if body.get("groupName") not in self._groups(request):
            raise Refusal(400, f"group {body.get('groupName')} does not exist")
        options = tuple((str(one.get("value")), str(one.get("label"))) for one in body.get("options") or ())
        properties[name] = Property(
            name, kind, str(body["fieldType"]), str(body["groupName"]), str(body.get("label") or name), options,
            custom=True, description=str(body.get("description") or ""),
        )  # fmt: skip
        return 201, properties[name].body()

    def groups(self, request: Request, _: Json) -> Answer:
        """All groups of an object's properties."""
        return 200, {"results": list(self._groups(request).values())}

    def group(self, request: Request, _: Json) -> Answer:
        """One group."""
        name = request.path_params["id"]
        if name not in self._groups(request):
            raise Refusal(404, f'Group "{name}" does not exist', "OBJECT_NOT_FOUND")
        return 200, self._groups(request)[name]

    def create_group(self, request: Request, body: Json) -> Answer:
        """A new group."""
        groups, name = self._groups(request), str(body.get("name"))
        if name in groups:
            raise Refusal(409, f'A group named "{name}" exists already', "CONFLICT")
        groups[name] = {"name": name, "label": str(body.get("label") or name), "displayOrder": -1, "archived": False}
        return 201, groups[name]

    def _of(self, request: Request) -> dict[str, Property]:
        return self._portal.objects[self._name(request)].properties

    def _groups(self, request: Request) -> dict[str, Json]:
        return self._portal.groups[self._name(request)]

    def _name(self, request: Request) -> str:
        name = NAMES.get(request.path_params["object"])
        if name is None:
            raise no_such_path()
        return name
