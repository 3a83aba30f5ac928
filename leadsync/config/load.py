"""All files of one installation: found, merged with what they `use:`, checked, all problems at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from leadsync import catalog, registry
from leadsync.catalog import Word
from leadsync.config import document as yaml
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document
from leadsync.config.funnel import compile_funnel
from leadsync.config.mapping import compile_mapping
from leadsync.config.routing import Routing, compile_routing
from leadsync.config.scoring import compile_scoring, version
from leadsync.config.secrets import ConnectionSecrets
from leadsync.config.settings import BrakeShares, Settings, custom_words
from leadsync.connector import ConnectionSettings
from leadsync.core.conditions import Condition
from leadsync.core.convert import NOWHERE, Home
from leadsync.core.mapping import CrmMapping
from leadsync.core.score import Scoring
from leadsync.core.stage import Ladder
from leadsync.errors import Problem, UserError

T = TypeVar("T")
FILE = "leadsync.yaml"


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """One connection, ready to be opened. `where` is its place in `leadsync.yaml`, `written` its mapping as written."""

    name: str
    connector: Any
    settings: ConnectionSettings
    secrets: ConnectionSecrets
    mapping: CrmMapping
    where: str
    written: Document | None = None

    @property
    def live(self) -> bool:
        """Whether anything may be written."""
        return self.settings.live


@dataclass(frozen=True, slots=True)
class Config:
    """An installation. `version` names what results depend on: the same text, the same name.

    `fields` are those of the catalogue and those that the installation declares. Leads for which `never` holds are left
    alone. `documents` are the files, merged with what they use: `leadsync`, `scoring`, `funnel`, `routing` (where there
    is one), and `mappings/NAME` per connection.
    """

    folder: Path
    store: str
    every: timedelta
    zone: ZoneInfo
    connections: Mapping[str, ConnectionConfig]
    prefer: tuple[str, ...]
    scoring: Scoring
    ladder: Ladder
    routing: Routing | None
    version: str
    brake: BrakeShares = field(default_factory=BrakeShares)
    fields: Mapping[str, Word] = field(default_factory=lambda: catalog.FIELDS)
    documents: Mapping[str, Document] = field(default_factory=dict)
    never: Condition | None = None


class _Problems:
    """Goes on after a problem, so that all files' problems are told together."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def try_(self, work: Callable[..., T], *args: Any) -> T | None:
        try:
            return work(*args)
        except UserError as error:
            self.found += error.problems
            return None


def load_config(path: Path) -> Config:
    """Read `leadsync.yaml` and the files beside it. Raises `UserError` with every problem of every file."""
    if not path.exists():
        fix = "run `leadsync init` to write one, or say where it is with --config FILE"
        raise UserError([Problem("there is no configuration here", str(path), fix)])
    folder, main, problems = path.parent, yaml.load(path), _Problems()
    settings = problems.try_(yaml.validate, Settings, main)
    documents: dict[str, Document] = {"leadsync": main}
    fields = {**catalog.FIELDS, **custom_words(main.data.get("fields"))}
    home = settings.home.place if settings else NOWHERE
    connections: dict[str, ConnectionConfig] = {}
    listed = main.data.get("connections")
    for name, raw in listed.items() if isinstance(listed, dict) else ():
        if not isinstance(raw, dict):
            continue
        found = problems.try_(_connection, name, raw, main, folder, documents, fields, home)
        if found is not None:
            connections[name] = found
    conditions = Conditions(main, fields)
    never = conditions.read(settings.never, ("never",)) if settings is not None else None
    problems.found += conditions.problems
    if settings is not None:
        for name in settings.prefer:
            if name not in settings.connections:
                problems.found.append(Problem(f"prefer: there is no connection {name!r}", main.place(("prefer",))))
    scoring = problems.try_(_file, folder, "scoring", "b2b", compile_scoring, documents, fields)
    ladder = problems.try_(_file, folder, "funnel", "default", compile_funnel, documents, fields)
    routing = problems.try_(_file, folder, "routing", None, compile_routing, documents, fields)
    if problems.found or settings is None or scoring is None or ladder is None:
        raise UserError(problems.found)
    prefer = (*settings.prefer, *(name for name in connections if name not in settings.prefer))
    return Config(
        folder.resolve(), settings.store, settings.every, ZoneInfo(settings.home.time_zone), connections, prefer,
        scoring, ladder, routing, version(*documents.values()), settings.brake, fields, documents, never,
    )  # fmt: skip


def _connection(
    name: str, raw: dict[str, Any], main: Document, folder: Path, documents: dict[str, Document],
    fields: Mapping[str, Word], home: Home,
) -> ConnectionConfig:  # fmt: skip
    loc = ("connections", name)
    type_ = raw.get("type")
    if not isinstance(type_, str):
        fix = f"add `type:`, one of {', '.join(registry.types())}"
        raise UserError([Problem(f"{name}: the key 'type' is missing", main.place(loc), fix)])
    try:
        connector = registry.connector(type_)
    except UserError as error:
        raise UserError([Problem(p.what, main.place((*loc, "type")), p.fix) for p in error.problems]) from error
    part = Document(main.path, raw, {place[2:]: at for place, at in main.places.items() if place[:2] == loc})
    own = yaml.validate(connector.Settings, part)
    paths = {key: folder / value for key, value in own if isinstance(value, Path) and key != "mapping"}
    own = own.model_copy(update=paths)
    where = main.place(loc)
    path = folder / (own.mapping or Path("mappings") / f"{name}.yaml")
    if own.mapping is not None and not path.exists():
        raise UserError([Problem(f"{name}: there is no mapping {own.mapping}", main.place((*loc, "mapping")))])
    mapping = _merged(path, "", type_)
    documents[f"mappings/{name}"] = mapping
    can = connector.capabilities
    compiled = compile_mapping(mapping, dict(can.objects), fields, home, conditional=can.conditional)
    secrets = ConnectionSecrets(name, own, folder / f".{name}.secrets.json", where)
    return ConnectionConfig(name, connector, own, secrets, compiled, where, mapping)


def _file(
    folder: Path, name: str, default: str | None, compile_: Callable[[Document, Mapping[str, Word]], T],
    documents: dict[str, Document], fields: Mapping[str, Word],
) -> T | None:  # fmt: skip
    path = folder / f"{name}.yaml"
    if default is None and not path.exists():
        return None
    merged = _merged(path, name, default)
    documents[name] = merged
    return compile_(merged, fields)


def _merged(path: Path, kind: str, default: str | None) -> Document:
    """The file over the shipped one that it uses; without a file, or with an empty one, the shipped default."""
    if not path.exists():
        return shipped(kind, str(default), path)
    own = yaml.load(path)
    use = own.data.get("use", None if own.data else default)
    return own if use is None else own.over(shipped(kind, str(use), path, own), 3)


def shipped(kind: str, name: str, path: Path, user: Document | None = None) -> Document:
    """A ready-made file. Raises `UserError` naming those there are."""
    folder = files("mappings") / kind if kind else files("mappings")
    found = {f.name.removesuffix(".yaml"): f for f in folder.iterdir() if f.name.endswith(".yaml")}
    if name not in found:
        told = f"no ready-made {kind or 'mapping'} file is called {name!r}"
        where = user.place(("use",)) if user else str(path)
        raise UserError([Problem(told, where, f"there are {', '.join(sorted(found))}")])
    with as_file(found[name]) as real:
        return yaml.load(real)
