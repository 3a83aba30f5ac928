"""YAML with places: only true/false, plain decimal numbers and null are resolved; all else stays text."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from leadsync.errors import Problem, UserError

Loc = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")  # a longer one is an id, and stays as it is
_EXPECTED = {  # what pydantic calls wrong in words of Python
    "dict_type": "expected keys with values", "model_type": "expected keys with values",
    "model_attributes_type": "expected keys with values", "string_type": "expected text",
    "bool_type": "expected true or false", "bool_parsing": "expected true or false",
    "too_short": "expected at least one",
}  # fmt: skip
_MOST_BYTES, _MOST_DEPTH, _MOST_NODES = 4_000_000, 30, 200_000


@dataclass
class Document:
    """A YAML file as plain data, and where each part of it stands."""

    path: Path
    data: Any
    places: dict[Loc, str] = field(default_factory=dict)
    texts: dict[Loc, tuple[str, int, int]] = field(default_factory=dict)  # one-line text: file, line, column

    def inside(self, loc: Sequence[str | int], offset: int) -> str:
        """`file:line:column` of the character at `offset` of a text; of the text itself where it spans lines."""
        if tuple(loc) not in self.texts:
            return self.place(loc)
        file, line, column = self.texts[tuple(loc)]
        return f"{file}:{line}:{column + offset}"

    def place(self, loc: Sequence[str | int]) -> str:
        """`file:line:column` of the part at `loc`, or of the nearest part around it."""
        spot = tuple(loc)
        while spot and spot not in self.places:
            spot = spot[:-1]
        return self.places.get(spot, str(self.path))

    def over(self, base: "Document", depth: int) -> "Document":
        """This document laid over `base`: mappings merge down to `depth` levels, anything else replaces by name.

        `counters` is one level of its own: its entries are names as well.
        """

        def merge(mine: Any, theirs: Any, levels: int) -> Any:
            if levels and isinstance(mine, dict) and isinstance(theirs, dict):
                return theirs | {
                    k: merge(v, theirs[k], levels - (k != "counters")) if k in theirs else v for k, v in mine.items()
                }
            return mine

        data = merge(self.data, base.data, depth)
        places = {loc: at for loc, at in base.places.items() if _holds(data, loc)}  # not those of what was replaced
        return Document(self.path, data, places | self.places, base.texts | self.texts)


def _holds(data: Any, loc: Loc) -> bool:
    for part in loc:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def load(path: Path, *, listed: bool = False) -> Document:
    """Read a YAML file of keys and values, or of a list where it is `listed`.

    Raises `UserError` with the place for what is not YAML, duplicate keys included.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError([Problem(f"cannot read the file: {error.strerror}", str(path))]) from error
    if len(raw) > _MOST_BYTES:
        raise UserError([Problem("the file is larger than 4 MB", str(path))])
    try:
        node = yaml.compose(raw.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise UserError([Problem("the file is not text in UTF-8", str(path), "save it as UTF-8")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise UserError([Problem(f"this is not YAML: {error.problem or error.context}", where)]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UserError([Problem("this is not YAML that leadsync can read", str(path))]) from error
    builder = _Builder(path)
    data = builder.build(node, (), 0) if node else None
    if builder.problems:
        raise UserError(builder.problems)
    data = ([] if listed else {}) if data is None else data
    if not isinstance(data, list if listed else dict):
        wanted = "a list, each entry after a `-`" if listed else "a set of `key: value` lines"
        raise UserError([Problem(f"this is not {wanted}", f"{path}:1:1")])
    return Document(path, data, builder.places, builder.texts)


class _Builder:
    def __init__(self, path: Path) -> None:
        self.path, self.places, self.problems, self.nodes = path, dict[Loc, str](), list[Problem](), 0
        self.texts: dict[Loc, tuple[str, int, int]] = {}

    def build(self, node: yaml.Node, loc: Loc, depth: int) -> Any:
        self.places[loc] = where = f"{self.path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
        self.nodes += 1
        if depth > _MOST_DEPTH or self.nodes > _MOST_NODES:
            if not self.problems:
                self.problems.append(Problem("nested too deeply, or repeated by aliases too often", where))
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, loc, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*loc, i), depth + 1) for i, item in enumerate(node.value)]
        if node.start_mark.line == node.end_mark.line:
            quote = getattr(node, "style", None) in ("'", '"')
            self.texts[loc] = (str(self.path), node.start_mark.line + 1, node.start_mark.column + 1 + quote)
        return _scalar(node)

    def mapping(self, node: yaml.MappingNode, loc: Loc, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            where = f"{self.path}:{key_node.start_mark.line + 1}:{key_node.start_mark.column + 1}"
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem("a key must be a word", where))
                continue
            key = str(key_node.value)
            if key in found:
                self.problems.append(Problem(f"the key {key!r} stands here twice", where, "keep one of them"))
            found[key] = self.build(value_node, (*loc, key), depth + 1)
            self.places[(*loc, key)] = where
        return found


def _scalar(node: yaml.Node) -> Any:
    value: str = node.value
    if getattr(node, "style", None) is not None:  # quoted or block text
        return value
    if value in ("", "~", "null"):
        return None
    if value in ("true", "false"):
        return value == "true"
    if _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


def validate(model: type[M], document: Document) -> M:
    """The document as a model. Raises `UserError` with every problem at once, each at its place."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise UserError(list(_problems(model, document, error))) from None


def _problems(model: type[BaseModel], document: Document, error: ValidationError) -> Iterator[Problem]:
    names = sorted(_names(model.model_json_schema()))
    told = set()
    for item in error.errors(include_url=False, include_input=False):
        where = document.place(_written(document, item["loc"]))
        name = str(item["loc"][-1]) if item["loc"] else ""
        what, fix = _EXPECTED.get(item["type"], str(item["msg"])).removeprefix("Value error, "), ""
        if item["type"] == "extra_forbidden":
            close = difflib.get_close_matches(name, names, 1)
            what, fix = f"unknown key {name!r}", f"did you mean {close[0]!r}?" if close else "remove it"
        elif item["type"] == "missing":
            what, fix = f"the key {name!r} is missing", f"add `{name}: …`"
        elif name:
            what = f"{name}: {what[:1].lower()}{what[1:]}"
        if (where, what) not in told:
            told.add((where, what))
            yield Problem(what, where, fix)


def _written(document: Document, loc: Loc) -> Loc:
    """The place of a problem without the levels that only the model has (`groups`, `fields`, a validator's name)."""
    spot: Loc = ()
    for part in loc:
        spot = (*spot, part) if (*spot, part) in document.places else spot
    return spot


def _names(schema: Any) -> set[str]:
    if isinstance(schema, Mapping):
        own = set(schema["properties"]) if isinstance(schema.get("properties"), Mapping) else set()
        return own.union(*map(_names, schema.values()))
    if isinstance(schema, list):
        return set().union(*map(_names, schema))
    return set()
