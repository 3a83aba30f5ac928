"""Custom fields as Salesforce's metadata describes them, and the package of them that an admin deploys."""

import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from connectors.salesforce.session import VERSION
from leadsync.connector import WantedField

READERS, WRITERS = "leadsync", "leadsync_writer"
"""Permission sets: with the first people see the fields, with the second our own user sets them."""
LABELS: Mapping[str, str] = {READERS: "leadsync: see scores", WRITERS: "leadsync: write scores"}
LIST_VIEW, LIST_VIEW_LABEL = "Leadsync_call_first", "Call first"
TYPES: Mapping[str, str] = {
    "number": "Number", "bool": "Checkbox", "date": "Date", "datetime": "DateTime", "enum": "Picklist",
    "multi": "MultiselectPicklist", "text": "LongTextArea",
}  # fmt: skip
SHORT_TEXT = 255
_LONG_TEXT = 32_768
_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_LONG_AGO = (2000, 1, 1, 0, 0, 0)


def is_custom(field: WantedField) -> bool:
    """Whether the field can be made at all: its name is that of a custom field, its type one that needs no target."""
    return field.name.endswith("__c") and field.type in TYPES


def metadata(field: WantedField) -> dict[str, Any]:
    """The field's definition, for the Tooling API and the package alike."""
    made: dict[str, Any] = {"label": field.label[:40], "type": TYPES[field.type]}
    if field.description:
        made |= {"description": field.description[:1000], "inlineHelpText": field.description[:510]}
    if field.type == "number":
        made |= {"precision": 18, "scale": 0}  # points are whole: with decimals people would read 73.00
    elif field.type == "bool":
        made["defaultValue"] = "false"
    elif field.type == "text" and field.length and field.length <= SHORT_TEXT:
        made |= {"type": "Text", "length": field.length}
    elif field.type == "text":
        made |= {"length": min(field.length or _LONG_TEXT, 131_072), "visibleLines": 5}
    elif field.type in ("enum", "multi"):
        values = [{"fullName": value, "default": False, "label": label or value} for value, label in field.options]
        made["valueSet"] = {"restricted": False, "valueSetDefinition": {"sorted": False, "value": values}}
        if field.type == "multi":
            made["visibleLines"] = 4
    return made


def metadata_package(wanted: Iterable[WantedField]) -> bytes:
    """A zip that an admin deploys: the fields, both permission sets, the list view. The same for the same fields."""
    by_object: dict[str, list[WantedField]] = defaultdict(list)
    for field in wanted:
        if is_custom(field):
            by_object[field.object].append(field)
    files = {f"objects/{obj}.object": _object(fields) for obj, fields in sorted(by_object.items())}
    for name, label in LABELS.items():
        files[f"permissionsets/{name}.permissionset"] = _permission_set(label, by_object, edit=name == WRITERS)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"package.xml": _manifest(by_object), **files}.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content)
    return held.getvalue()


def _object(fields: Sequence[WantedField]) -> bytes:
    content: dict[str, Any] = {"fields": [{"fullName": field.name, **metadata(field)} for field in fields]}
    if score := next((field.name for field in fields if field.type == "number"), None):
        content["listViews"] = {
            "fullName": LIST_VIEW,
            "columns": ["FULL_NAME", *(field.name for field in fields)],
            "filterScope": "Everything",
            "filters": {"field": score, "operation": "greaterThan", "value": "0"},
            "label": LIST_VIEW_LABEL,
        }
    return _document("CustomObject", content)


def _permission_set(label: str, by_object: Mapping[str, Sequence[WantedField]], *, edit: bool) -> bytes:
    fields = sorted(f"{obj}.{field.name}" for obj, fields in by_object.items() for field in fields)
    rights = [{"editable": edit, "field": name, "readable": True} for name in fields]
    return _document("PermissionSet", {"fieldPermissions": rights, "label": label})


def _manifest(by_object: Mapping[str, Sequence[WantedField]]) -> bytes:
    fields = sorted(f"{obj}.{field.name}" for obj, fields in by_object.items() for field in fields)
    scored = [obj for obj, fields in by_object.items() if any(field.type == "number" for field in fields)]
    types = [
        {"members": fields, "name": "CustomField"},
        {"members": [f"{obj}.{LIST_VIEW}" for obj in sorted(scored)], "name": "ListView"},
        {"members": sorted(LABELS), "name": "PermissionSet"},
    ]
    return _document("Package", {"types": [kind for kind in types if kind["members"]], "version": VERSION})


def _document(root: str, content: Mapping[str, Any]) -> bytes:
    element = Xml.Element(root, xmlns=_NAMESPACE)
    _fill(element, content)
    Xml.indent(element)
    return bytes(Xml.tostring(element, encoding="UTF-8", xml_declaration=True))


def _fill(element: Xml.Element, content: Mapping[str, Any]) -> None:
    for name, value in content.items():
        for one in value if isinstance(value, list) else [value]:
            child = Xml.SubElement(element, name)
            if isinstance(one, Mapping):
                _fill(child, one)
            else:
                child.text = str(one).lower() if isinstance(one, bool) else str(one)
