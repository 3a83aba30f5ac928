"""The endpoints for owners, property definitions and pipelines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from connectors.hubspot.sandbox.definitions import DEAL_STAGES, LEAD_PIPELINE, LEAD_STAGES
from connectors.hubspot.sandbox.portal import NAMES, Objects, Portal
from connectors.hubspot.sandbox.properties import Property
from connectors.hubspot.sandbox.refusals import Refusal, no_such_path, no_such_row

Json = dict[str, Any]
Answer = tuple[int, Json | None]

_FIELD_TYPES = {
    "string": ("text", "textarea", "html", "file", "phonenumber"), "number": ("number",), "date": ("date",),
    "datetime": ("date",), "enumeration": ("select", "radio", "checkbox", "booleancheckbox"),
    "bool": ("booleancheckbox",),
}  # fmt: skip
_MOST_CUSTOM = 1000


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
        return 200, self._property(request).body()

    def create_property(self, request: Request, body: Json) -> Answer:
        """A new definition."""
        objects, name, kind = self._objects(request), str(body.get("name")), str(body.get("type"))
        if name in objects.properties:
            raise Refusal(409, f'A property named "{name}" exists already', "CONFLICT")
        if not name.isidentifier() or name != name.lower():
            raise Refusal(400, f'"{name}" is not a name: lower case letters, digits and _ only')
        calculated = body.get("fieldType") == "calculation_equation"
        if kind not in _FIELD_TYPES or not (calculated or body.get("fieldType") in _FIELD_TYPES[kind]):
            raise Refusal(400, f"fieldType {body.get('fieldType')} does not go with type {kind}")
        if body.get("groupName") not in self._groups(request):
            raise Refusal(400, f"group {body.get('groupName')} does not exist")
        if sum(one.custom for one in objects.properties.values()) >= _MOST_CUSTOM:
            raise Refusal(400, f"{objects.name} have {_MOST_CUSTOM} custom properties, which is the most")
        options = _options(body.get("options") or ())
        if kind == "enumeration" and not options:
            raise Refusal(400, "options are required for an enumeration")
        prop = Property(
            name, kind, str(body["fieldType"]), str(body["groupName"]), str(body.get("label") or name), options,
            calculated=calculated, custom=True, description=str(body.get("description") or ""),
            unique=bool(body.get("hasUniqueValue")),
        )  # fmt: skip
        objects.define(prop)
        return 201, prop.body()

    def change_property(self, request: Request, body: Json) -> Answer:
        """Another label, description, group or other options; of HubSpot's own only other options."""
        prop = self._property(request)
        of_hubspot = {"options"} if prop.type == "enumeration" and not prop.read_only else set()
        allowed = {"label", "description", "groupName", "options"} if prop.custom else of_hubspot
        if refused := sorted(set(body) - allowed):
            raise Refusal(400, f'{", ".join(refused)} of "{prop.name}" cannot be changed')
        if body.get("groupName", prop.group) not in self._groups(request):
            raise Refusal(400, f"group {body['groupName']} does not exist")
        changed = replace(
            prop,
            label=str(body.get("label", prop.label)),
            description=str(body.get("description", prop.description)),
            group=str(body.get("groupName", prop.group)),
            options=_options(body["options"]) if "options" in body else prop.options,
        )
        self._objects(request).define(changed)
        return 200, changed.body()

    def archive_property(self, request: Request, _: Json) -> Answer:
        """A definition of the account's own goes, and nobody sees its values any more."""
        prop = self._property(request)
        if not prop.custom:
            raise Refusal(400, f'"{prop.name}" is a property of HubSpot itself and cannot be archived')
        del self._of(request)[prop.name]
        return 204, None

    def pipelines(self, request: Request, _: Json) -> Answer:
        """All pipelines of an object: not paged."""
        return 200, {"results": list(self._pipelines(request))}

    def pipeline(self, request: Request, _: Json) -> Answer:
        """One pipeline."""
        for pipeline in self._pipelines(request):
            if pipeline["id"] == request.path_params["id"]:
                return 200, pipeline
        raise no_such_row("pipeline", request.path_params["id"])

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

    def _property(self, request: Request) -> Property:
        name = request.path_params["id"]
        prop = self._of(request).get(name)
        if prop is None:
            raise Refusal(404, f'Property "{name}" does not exist', "OBJECT_NOT_FOUND")
        return prop

    def _pipelines(self, request: Request) -> Sequence[Json]:
        found = {
            "deals": _pipeline("default", "Sales Pipeline", {stage: stage for stage in DEAL_STAGES}),
            "leads": _pipeline(
                LEAD_PIPELINE, "Lead pipeline", {f"{stage}-stage-id": stage.capitalize() for stage in LEAD_STAGES}
            ),
        }
        name = self._name(request)
        return [found[name]] if name in found else []

    def _objects(self, request: Request) -> Objects:
        return self._portal.objects[self._name(request)]

    def _of(self, request: Request) -> dict[str, Property]:
        return self._objects(request).properties

    def _groups(self, request: Request) -> dict[str, Json]:
        return self._portal.groups[self._name(request)]

    def _name(self, request: Request) -> str:
        name = NAMES.get(request.path_params["object"])
        if name is None:
            raise no_such_path()
        return name


def _options(found: Sequence[Json]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one.get("value")), str(one.get("label"))) for one in found)


def _pipeline(id_: str, label: str, stages: Mapping[str, str]) -> Json:
    made = [
        {"id": stage, "label": stages[stage], "displayOrder": order, "metadata": {}, "archived": False}
        for order, stage in enumerate(stages)
    ]
    return {"id": id_, "label": label, "displayOrder": 0, "stages": made, "archived": False}
