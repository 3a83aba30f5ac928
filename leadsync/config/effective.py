"""The configuration as leadsync works with it: what the files say, merged with what they use, and the defaults.

Files of this content, in place of those there are, mean the same. Secrets stay what they are in files: references.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel

from leadsync.config.document import Document, Loc
from leadsync.config.load import Config, ConnectionConfig
from leadsync.config.scoring import GradeFile, QuadrantFile, TemperatureFile
from leadsync.config.settings import Settings

_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Effective:
    """A file and what it comes to.

    `sources` are the files that this is made of, shipped ones as `NAME (shipped)`. `origins` tells of each place that a
    file speaks of whether it, or what is in it, is shipped.
    """

    file: str
    sources: tuple[str, ...]
    data: Mapping[str, Any]
    origins: Mapping[Loc, Set[bool]]

    @property
    def text(self) -> str:
        """As YAML, with a remark on what is shipped and what is a default."""
        head = f"# {self.file}: {' and '.join(self.sources)}"
        return "\n".join([head, *self._lines(self.data, (), told=False)]) + "\n"

    def _lines(self, data: Mapping[str, Any], loc: Loc, *, told: bool) -> Iterator[str]:
        indent = "  " * len(loc)
        for key, value in data.items():
            spot = (*loc, key)
            origin = "" if told else self._origin(spot)
            remark = f"  # {origin}" if origin else ""
            line = f"{indent}{_flow({key: value})[1:-1]}"
            if isinstance(value, dict) and value and (len(line) > _WIDTH or len(loc) < 1):
                yield f"{indent}{_flow(key)}:{remark}"
                yield from self._lines(value, spot, told=told or bool(origin))
            elif isinstance(value, list) and value and len(line) > _WIDTH:
                yield f"{indent}{_flow(key)}:{remark}"
                yield from (f"{indent}  - {_flow(item)}" for item in value)
            else:
                yield line + remark

    def _origin(self, loc: Loc) -> str:
        """Where the part at `loc` comes from as a whole, if not from the admin's own file."""
        inside = self.origins.get(loc, ())
        return "default" if not inside else "" if False in inside else "shipped"


def effective(config: Config) -> list[Effective]:
    """All files, in the order in which they are read."""
    made = {"leadsync": _settings(config), "scoring": _scoring(config.documents["scoring"])}
    paths = {}
    for name, connection in config.connections.items():
        made[f"mappings/{name}"] = _mapping(connection, config.documents[f"mappings/{name}"])
        paths[f"mappings/{name}"] = connection.settings.mapping
    found = []
    for name, document in config.documents.items():
        data = {key: value for key, value in made.get(name, document.data).items() if key != "use"}
        found.append(Effective(str(paths.get(name) or f"{name}.yaml"), _sources(document), data, _origins(document)))
    return found


def _sources(document: Document) -> tuple[str, ...]:
    places = [at.rsplit(":", 2)[0] for at in document.places.values()]
    return tuple(f"{shipped(file)} (shipped)" if shipped(file) else file for file in dict.fromkeys(reversed(places)))


def _origins(document: Document) -> dict[Loc, set[bool]]:
    found = defaultdict[Loc, set[bool]](set)
    for loc, place in document.places.items():
        for depth in range(len(loc) + 1):
            found[loc[:depth]].add(bool(shipped(place)))
    return found


def shipped(place: str) -> str:
    """The name of the shipped file that a place is in, if it is in one."""
    root = str(files("mappings")).rstrip("/") + "/"
    return place.removeprefix(root).split(".yaml")[0] if place.startswith(root) else ""


def _settings(config: Config) -> dict[str, Any]:
    raw = config.documents["leadsync"].data
    data = _filled(Settings.model_validate(raw), raw)
    connections = {
        name: _filled(connection.settings, raw["connections"][name]) for name, connection in config.connections.items()
    }
    return data | {"connections": connections, "prefer": list(config.prefer)}


def _scoring(document: Document) -> dict[str, Any]:
    kinds: dict[str, type[BaseModel]] = {"temperature": TemperatureFile, "grade": GradeFile, "quadrant": QuadrantFile}
    raw = {key: document.data.get(key) or {} for key in kinds}
    return {**document.data, **{key: _filled(kind.model_validate(raw[key]), raw[key]) for key, kind in kinds.items()}}


def _mapping(connection: ConnectionConfig, document: Document) -> dict[str, Any]:
    """Without what was taken away, and with the policies that hold."""
    read = {obj: _without_null(entry) for obj, entry in document.data.get("read", {}).items()}
    write: dict[str, dict[str, Any]] = {}
    for obj, fields in document.data.get("write", {}).items():
        compiled = {each.field: each for each in connection.mapping.writes[obj]}
        write[obj] = {}
        for name, entry in _without_null(fields).items():
            said = {"value": entry} if isinstance(entry, str) else entry
            usual = {"policy": compiled[name].policy, "least": compiled[name].least, "with": compiled[name].rides_with}
            write[obj][name] = said | {k: v for k, v in usual.items() if k not in said and v is not None}
    return {**document.data, "read": read, "write": write}


def _without_null(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}


def _filled(model: BaseModel, raw: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says of a model, and the defaults of what it does not say."""
    found = dict(raw)
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel) and isinstance(raw.get(name, {}), dict):
            found[name] = _filled(value, raw.get(name, {}))
        elif name not in raw and value not in (None, "", (), {}):
            span = isinstance(value, timedelta)
            found[name] = (
                f"{value // timedelta(seconds=1)}s" if span else list(value) if type(value) is tuple else value
            )
    return found


class _Dumper(yaml.SafeDumper):
    """Writes what the loader reads as the same."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(float, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", _plain(value)))
_Dumper.add_representer(
    str, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", value, _style(value))
)


def _plain(number: float) -> str:
    return format(Decimal(repr(number)), "f")


def _style(text: str) -> str | None:
    return '"' if "\n" in text else None


def _flow(value: Any) -> str:
    """A value in one line."""
    text = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, allow_unicode=True, sort_keys=False, width=float("inf")
    )
    return str(text).removesuffix("\n").removesuffix("\n...")
