"""JSON Schemas of the files that admins write: an editor completes by them, and marks what is wrong.

They come from the models of the files. What these cannot say of themselves is added: short forms, the words of
leadsync, what a key means. What the loader accepts, they accept.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from leadsync import catalog, registry
from leadsync.catalog import Word
from leadsync.config.classes import ClassesFile
from leadsync.config.document import Document
from leadsync.config.facts import FactsFile
from leadsync.config.funnel import FunnelFile
from leadsync.config.lists import ListsFile
from leadsync.config.load import shipped_names
from leadsync.config.mapping import MappingFile, ObjectRead, feedable
from leadsync.config.matching import MatchingFile
from leadsync.config.meanings import MEANINGS
from leadsync.config.routing import RoutingFile
from leadsync.config.scoring import ScoringFile
from leadsync.config.settings import Settings, custom_words
from leadsync.connector import ConnectionSettings
from leadsync.core.survivorship import PICKS
from leadsync.types import FieldSchema, ObjectSchema, Role

Schema = dict[str, Any]
KINDS: Mapping[str, type[BaseModel]] = {
    "leadsync": Settings, "mapping": MappingFile, "facts": FactsFile, "classes": ClassesFile, "lists": ListsFile,
    "matching": MatchingFile, "scoring": ScoringFile, "funnel": FunnelFile, "routing": RoutingFile,
}  # fmt: skip
_SCALARS = ("string", "integer", "number", "boolean", "null")
_NULL = {"type": "null"}
_SPAN = {"type": "string", "pattern": r"^\s*0*[1-9]\d*\s*[smhd]\s*$"}
_NUMBER = r"^\s*[+-]?[\d_]*\.?[\d_]*([eE][+-]?\d+)?\s*$"  # a number in quotes is one, too
_YES_NO = "^([Tt]rue|TRUE|[Ff]alse|FALSE|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF|[YyNnTtFf01])$"
_SOURCE = {"$ref": "#/$defs/Source"}
_SOURCES = {  # keys whose values name fields of a CRM, by model
    "ReadField": ("from",), "ObjectRead": ("owner", "at", "detail"), "Kind": ("at",), "Outcome": ("at", "amount"),
    "Counter": ("at", "first", "detail"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What a folder's own `leadsync.yaml` adds: the `fields` that it declares, the names of its `connections`."""

    fields: Mapping[str, Word] = field(default_factory=lambda: catalog.FIELDS)
    connections: Sequence[str] = ()


def known(main: Document) -> Known:
    """What a `leadsync.yaml` adds, be it right in all else or not."""
    listed = main.data.get("connections")
    fields = {**catalog.FIELDS, **custom_words(main.data.get("fields"))}
    return Known(fields, tuple(listed) if isinstance(listed, dict) else ())


def schema(kind: str, known: Known) -> Schema:
    """The schema of one kind of file, one of `KINDS`."""
    connectors = {type_: registry.connector(type_).Settings for type_ in registry.types() if kind == "leadsync"}
    models = [KINDS[kind], *connectors.values()]
    refs, found = models_json_schema([(each, "validation") for each in models], schema_generator=_Generator)
    names = [refs[each, "validation"]["$ref"].rpartition("/")[2] for each in models]
    defs: dict[str, Schema] = found["$defs"]
    for name in names[1:]:
        for key in ConnectionSettings.model_fields:
            defs[name]["properties"][key]["description"] = MEANINGS[f"ConnectionSettings.{key}"]
    for name, each in defs.items():
        _tidy(name, each)
    root = defs.pop(names[0])
    if kind == "leadsync":
        _leadsync(root, dict(zip(connectors, names[1:], strict=True)), known)
    elif kind == "mapping":
        _mapping(root, defs, known)
    elif kind == "scoring":
        _scoring(root, defs)
    elif kind == "matching":
        _matching(root, known)
    if "use" in root["properties"]:
        root["properties"]["use"]["enum"] = [*shipped_names("" if kind == "mapping" else kind), None]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"leadsync: {kind}"}
    return head | root | {"$defs": defs}


class _Generator(GenerateJsonSchema):
    """Knows what the short forms are short for, and how a time span is written."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        inner = super().function_before_schema(schema)
        match getattr(schema["function"]["function"], "__qualname__", ""):
            case "listed":
                return {"anyOf": [inner["items"], inner]}
            case "duration" | "_days":
                return dict(_SPAN)
            case "ReadField._short":
                return {"anyOf": [inner["properties"]["from"], inner]}
            case "WriteField._short":
                return {"anyOf": [inner["properties"]["value"], inner]}
            case "CustomField._short":
                return {"anyOf": [inner["properties"]["type"], inner]}
            case "MappingFile._without_null":
                fields = inner["additionalProperties"]
                return inner | {"additionalProperties": fields | {"additionalProperties": {
                    "anyOf": [fields["additionalProperties"], _NULL]}}}  # fmt: skip
        return inner

    def encode_default(self, dft: Any) -> Any:
        return f"{dft // timedelta(seconds=1)}s" if isinstance(dft, timedelta) else super().encode_default(dft)


def _parts(schema: Schema) -> Iterator[Schema]:
    """A schema, then all that it is made of, as it is by then."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for part in inner:
        yield from _parts(part)


def _object(schema: Schema) -> Schema:
    """What a model is, written at length."""
    found: Schema = schema["anyOf"][-1] if "anyOf" in schema else schema
    return found


def _tidy(name: str, schema: Schema) -> None:
    """Say what each key of a model means, and leave out what helps nobody."""
    if "anyOf" in schema and "additionalProperties" in schema:
        _object(schema)["additionalProperties"] = schema.pop("additionalProperties")
    for part in _parts(schema):
        if part.get("anyOf") and all(each.get("type") in _SCALARS for each in part["anyOf"]):
            merged = [(each.pop("type"), each) for each in part.pop("anyOf")]
            part["type"] = list(dict.fromkeys(type_ for type_, _ in merged))
            for _, each in merged:
                part |= each
        for idle in ("title", "format", "examples"):
            part.pop(idle, None)
        if part.get("default", 0) in (None, "", [], {}) or isinstance(part.get("default"), dict):
            del part["default"]
        _lenient(part)
    for key, part in _object(schema).get("properties", {}).items():
        if f"{name}.{key}" in MEANINGS:
            part["description"] = MEANINGS[f"{name}.{key}"]


def _lenient(part: Schema) -> None:
    """Numbers and answers in quotes are taken as well."""
    types = part.get("type", ())
    types = [types] if isinstance(types, str) else types
    if "string" in types or not {"integer", "number", "boolean"} & set(types):
        return
    if "boolean" in types:
        part |= {"type": [*types, "string", "integer"], "pattern": _YES_NO, "minimum": 0, "maximum": 1}
    else:
        part |= {"type": [*types, "string"], "pattern": _NUMBER}


def _words(words: Mapping[str, Word], description: str, *, null: bool = False) -> Schema:
    labels = [word.labels.get("en", name) for name, word in words.items()]
    more: Schema = {"enum": [*words, None], "enumDescriptions": [*labels, "none"]}
    return (more if null else {"enum": list(words), "enumDescriptions": labels}) | {"description": description}


def _leadsync(root: Schema, connectors: Mapping[str, str], known: Known) -> None:
    """`connectors`: type → name of its settings."""
    properties = root["properties"]
    properties["connections"] |= {
        "propertyNames": {"pattern": "^[a-z][a-z0-9_-]{0,40}$"},
        "additionalProperties": {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": list(connectors), "description": MEANINGS["ConnectionSettings.type"]}},
            "allOf": [
                {
                    "if": {"properties": {"type": {"const": type_}}, "required": ["type"]},
                    "then": {"$ref": f"#/$defs/{name}"},
                }
                for type_, name in connectors.items()
            ],
        },
    }
    properties["fields"]["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]{0,40}$"}
    if known.connections:
        properties["prefer"]["items"] = {"enum": list(known.connections)}


def _scoring(root: Schema, defs: dict[str, Schema]) -> None:
    for each in (root, segment := defs["SegmentFile"]):
        each["additionalProperties"] = each["properties"].pop("groups")["additionalProperties"]
    segment["properties"]["use"]["enum"] = [*shipped_names("scoring"), None]
    rule = defs["RuleFile"]["properties"]
    rule["per"] = _words(catalog.ACTIVITIES, rule["per"]["description"], null=True)


def _matching(root: Schema, known: Known) -> None:
    survive = root["properties"]["survive"]
    survive["propertyNames"] = {"enum": [name for name in known.fields if not name.startswith("consent")]}
    rules = survive["additionalProperties"]["anyOf"]
    rules[0] = {"anyOf": [{"enum": [*PICKS]}, rules[0]]}
    if known.connections:
        root["properties"]["merge"]["items"] = {"enum": list(known.connections)}


def _mapping(root: Schema, defs: dict[str, Schema], known: Known) -> None:
    defs["Source"] = {"type": "string"}
    for name, keys in _SOURCES.items():
        for key in keys:
            _name_sources(_object(defs[name])["properties"][key])
    _name_sources(defs["ReadField"]["anyOf"][0])
    for name in ("Kind", "Outcome"):
        defs["When"] = defs[name]["properties"]["when"]
        defs[name]["properties"]["when"] = {"$ref": "#/$defs/When", "description": defs["When"].pop("description")}
    for name in ("Kind", "Counter"):
        as_ = defs[name]["properties"]["as"]
        defs[name]["properties"]["as"] = _words(catalog.ACTIVITIES, as_["description"])
    _name_words(defs["WriteField"], {**catalog.RESULTS, **known.fields})
    read = defs["ObjectRead"]
    del read["properties"]["fields"]
    objects = root["properties"]["read"]
    objects["additionalProperties"] = _or_null(objects["additionalProperties"])  # null takes an object away
    read["required"].remove("role")  # a file that uses another one need not repeat it
    root |= {
        "if": {"properties": {"use": {"type": "string"}}, "required": ["use"]},
        "else": {"properties": {"read": {"additionalProperties": {"required": ["role"]}}}},
    }
    for role in Role:
        for name, word in feedable(role, known.fields).items():
            label = word.labels.get("en", name)
            read["properties"].setdefault(name, _or_null({"$ref": "#/$defs/ReadField"}) | {"description": label})


def _name_words(write: Schema, words: Mapping[str, Word]) -> None:
    """What may be written is one of these words."""
    write["anyOf"][0] = _object(write)["properties"]["value"] = _words(words, MEANINGS["WriteField.value"])


def _name_sources(part: Schema) -> None:
    """Where there is any text, there is the name of a field of the CRM."""
    for each in list(_parts(part)):
        type_ = each.get("type")
        if type_ in ("string", ["string", "null"]):
            del each["type"]
            each |= dict(_SOURCE) if type_ == "string" else _or_null(dict(_SOURCE))


def of_account(known: Known, objects: Mapping[str, Role], schemas: Mapping[str, ObjectSchema]) -> Schema:
    """The schema of one connection's mapping: for the `objects` of its connector, with the fields of those that the
    account shows (`schemas`)."""
    whole = schema("mapping", known)
    shared, properties = json.dumps(whole["$defs"]), whole["properties"]
    whole["$defs"] = {}
    for section in ("read", "write"):
        properties[section] |= {"properties": {}, "additionalProperties": False}
    for obj, role in objects.items():
        made: dict[str, Schema] = json.loads(shared.replace('"#/$defs/', f'"#/$defs/{obj}.'))
        read = made["ObjectRead"]["properties"]
        words = feedable(role, known.fields)
        made["ObjectRead"]["properties"] = {
            key: part for key, part in read.items() if key in words or key in ObjectRead.model_fields
        } | {"role": {"const": str(role), "description": read["role"]["description"]}}
        properties["read"]["properties"][obj] = _or_null({"$ref": f"#/$defs/{obj}.ObjectRead"})
        written = {"type": "object", "additionalProperties": _or_null({"$ref": f"#/$defs/{obj}.WriteField"})}
        if obj in schemas:
            _name_fields(made, written, schemas[obj])
        if role in (Role.LEAD, Role.COMPANY):
            said = {**catalog.RESULTS, **known.fields}.items()
            own = {name: word for name, word in said if (name in catalog.OF_COMPANIES) == (role is Role.COMPANY)}
            _name_words(made["WriteField"], own)
            properties["write"]["properties"][obj] = written
        whole["$defs"] |= {f"{obj}.{name}": each for name, each in made.items() if name != "Role"}
    return whole


def _name_fields(made: dict[str, Schema], written: Schema, account: ObjectSchema) -> None:
    """Complete the definitions of an object with the fields that its account has."""
    labels = {name: f"{field.label or name} ({field.type})" for name, field in account.fields.items()}
    others = {"type": "string"} if account.any_case else {"type": "string", "pattern": r"\."}  # a path leads elsewhere
    made["Source"] = {"anyOf": [{"enum": list(labels), "enumDescriptions": list(labels.values())}, others]}
    any_value = made["When"]["additionalProperties"]
    made["When"]["properties"] = {
        name: {"anyOf": [*([{"enum": list(field.options)}] if field.options else []), any_value]}
        | {"description": labels[name]}
        for name, field in account.fields.items()
    }
    counters = made["ObjectRead"]["properties"]["counters"]
    counters["properties"] = {
        name: counters["additionalProperties"] | {"description": labels[name]}
        for name, field in account.fields.items()
        if field.type == "number"
    }
    write = written["additionalProperties"]
    written["properties"] = {
        name: write | _options(field) | {"description": labels[name]}
        if field.writable and not field.calculated
        else False
        for name, field in account.fields.items()
    }


def _options(field: FieldSchema) -> Schema:
    """What a map may translate to."""
    values = {"enum": [*field.options, None]}
    return {"properties": {"map": {"additionalProperties": values}}} if field.type == "enum" and field.options else {}


def _or_null(part: Schema) -> Schema:
    return {"anyOf": [part, dict(_NULL)]}
