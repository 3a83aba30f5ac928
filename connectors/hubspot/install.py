"""Creating what leadsync writes: a property group and its properties. What is there is looked at, never changed but for
options that an enumeration lacks."""

from collections.abc import Iterator, Sequence
from typing import Any

from connectors.hubspot import api
from connectors.hubspot.answers import entries
from connectors.hubspot.failures import Refused
from connectors.hubspot.http import Http
from leadsync.connector import AuthLost, NotFound, Step, WantedField

Json = dict[str, Any]

_GROUP = "leadsync"
_LINE = 255  # characters that a one-line text shows well
_TYPES = {
    "number": ("number", "number"), "enum": ("enumeration", "select"), "text": ("string", "textarea"),
    "datetime": ("datetime", "date"), "date": ("date", "date"), "bool": ("bool", "booleancheckbox"),
}  # fmt: skip


class Installer:
    """Looks first, then creates what is missing; may be run again."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def install(self, wanted: Sequence[WantedField], *, dry_run: bool) -> list[Step]:
        """A step per property, per group that they need, and per thing that only a person can do.

        Raises `AuthLost`, which names the scope, when the token may not create properties.
        """
        steps: list[Step] = []
        for obj in dict.fromkeys(want.object for want in wanted):
            fields = [want for want in wanted if want.object == obj]
            try:
                steps += self._object(obj, fields, dry_run=dry_run)
            except AuthLost as error:
                if error.code != "scope":
                    raise
                scope = f"crm.schemas.{api.KINDS[obj].scope or obj}.write"
                fix = f"give the token the scope {scope} and install again; later leadsync works without it"
                raise AuthLost(f"creating properties of {obj}: {error.message}", code="scope", fix=fix) from None
            steps += _by_hand(obj, fields)
        return steps

    def _object(self, obj: str, wanted: Sequence[WantedField], *, dry_run: bool) -> Iterator[Step]:
        there = {str(found.get("name")): found for found in entries(self._http.get(f"{api.PROPERTIES}/{obj}"))}
        if any(want.name not in there for want in wanted):
            yield self._group(obj, dry_run=dry_run)
        for want in wanted:
            if want.name in there:
                yield from self._compare(want, there[want.name], dry_run=dry_run)
            elif dry_run:
                yield Step(_called(want), "missing")
            else:
                yield from self._create(want)

    def _group(self, obj: str, *, dry_run: bool) -> Step:
        what, path = f"property group {_GROUP} of {obj}", f"{api.PROPERTIES}/{obj}/groups"
        try:
            self._http.get(f"{path}/{_GROUP}")
        except NotFound:
            if dry_run:
                return Step(what, "missing")
            made = self._post(path, {"name": _GROUP, "label": "leadsync", "displayOrder": -1})
            return Step(what, "created" if made else "there")
        return Step(what, "there")

    def _create(self, want: WantedField) -> Iterator[Step]:
        path = f"{api.PROPERTIES}/{want.object}"
        if self._post(path, _definition(want)):
            yield Step(_called(want), "created")
            return
        try:  # somebody else was faster, or it lies in the bin
            yield from self._compare(want, self._http.get(f"{path}/{want.name}"), dry_run=False)
        except NotFound:
            fix = "restore it in HubSpot under Settings > Properties > Archived properties, then install again"
            yield Step(_called(want), "by_hand", fix)

    def _post(self, path: str, body: Json) -> bool:
        """Create; whether it was not there yet."""
        try:
            self._http.post(path, body)
        except Refused as error:
            if error.status != 409:
                raise
            return False
        return True

    def _compare(self, want: WantedField, found: Json, *, dry_run: bool) -> Iterator[Step]:
        kind = _TYPES[want.type][0]
        limits = found.get("modificationMetadata") or {}
        if found.get("type") != kind:
            fix = f"write another field in the mapping, or delete this one in HubSpot (its type must be {kind})"
            yield Step(f"{_called(want)} is of type {found.get('type')}", "wrong", fix)
        elif found.get("calculated") or limits.get("readOnlyValue"):
            yield Step(f"{_called(want)} is read-only", "wrong", "write another field in the mapping")
        else:
            yield Step(_called(want), "there")
            yield from self._options(want, found, dry_run=dry_run)

    def _options(self, want: WantedField, found: Json, *, dry_run: bool) -> Iterator[Step]:
        have = [option for option in found.get("options") or () if isinstance(option, dict)]
        known = {str(option.get("value")) for option in have}
        missing = [(value, label) for value, label in want.options if value not in known]
        if not missing:
            return
        what = f"option {', '.join(value for value, _ in missing)} of {_called(want)}"
        limits = found.get("modificationMetadata") or {}
        if found.get("hubspotDefined") or limits.get("readOnlyOptions"):
            yield Step(
                what, "by_hand", "add it under Settings > Properties, or give the mapping a `map:` to what is there"
            )
        elif dry_run:
            yield Step(what, "missing")
        else:
            self._http.patch(
                f"{api.PROPERTIES}/{want.object}/{want.name}", {"options": [*have, *_options(missing, len(have))]}
            )
            yield Step(what, "created")


def _definition(want: WantedField) -> Json:
    kind, shown = _TYPES[want.type]
    if want.type == "text" and want.length is not None and want.length <= _LINE:
        shown = "text"
    body: Json = {
        "groupName": _GROUP, "name": want.name, "label": want.label, "type": kind, "fieldType": shown,
        "description": want.description,
    }  # fmt: skip
    options = want.options or ((("true", "Yes"), ("false", "No")) if want.type == "bool" else ())
    return body | ({"options": _options(options, 0)} if options else {})


def _options(options: Sequence[tuple[str, str]], first: int) -> list[Json]:
    return [
        {"value": value, "label": label, "displayOrder": number, "hidden": False}
        for number, (value, label) in enumerate(options, first)
    ]


def _by_hand(obj: str, wanted: Sequence[WantedField]) -> Iterator[Step]:
    """The clicks that no API does."""
    labels = ", ".join(want.label for want in wanted)
    where = f"Settings > Objects > {obj.capitalize()} > Record Customization > Default view"
    yield Step(
        f"show {labels} on the record of {obj}", "by_hand", f"{where}: add them to a property card of the left sidebar"
    )
    ranked = next((want.label for want in wanted if want.type == "number"), None)
    if ranked is not None:
        clicks = f"open CRM > {obj.capitalize()}, add the column {ranked}, sort by it downwards, save the view for all"
        yield Step(f"a list of {obj} to call first", "by_hand", clicks)


def _called(want: WantedField) -> str:
    return f"property {want.object}.{want.name}"
