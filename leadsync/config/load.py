"""All files of one installation: found, merged with what they `use:`, checked, all problems at once."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from leadsync import catalog, registry
from leadsync.catalog import Word
from leadsync.config import document as yaml
from leadsync.config.classes import compile_classes
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document, Loc
from leadsync.config.facts import FactRules, compile_facts, shipped_tables, usual_tables
from leadsync.config.funnel import compile_funnel, with_stages
from leadsync.config.lists import compile_lists
from leadsync.config.mapping import compile_mapping
from leadsync.config.matching import Matching, compile_matching
from leadsync.config.routing import RULES, Routing, compile_routing
from leadsync.config.scoring import MOST_RULES, compile_scoring, version
from leadsync.config.secrets import ConnectionSecrets
from leadsync.config.settings import BrakeShares, Resolver, Settings, custom_words
from leadsync.connector import ConnectionSettings
from leadsync.core.classes import Classes
from leadsync.core.conditions import Condition, FieldTest
from leadsync.core.convert import NOWHERE, Home
from leadsync.core.ladder import Ladder
from leadsync.core.lists import Lists
from leadsync.core.mapping import CrmMapping
from leadsync.core.scoring import Scoring
from leadsync.errors import Problem, UserError

T = TypeVar("T")
FILE = "leadsync.yaml"


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """One connection, ready to be opened. `where` is its place in `leadsync.yaml`, `written` its mapping as written,
    `merges` names the objects of which its CRM merges rows."""

    name: str
    connector: Any
    settings: ConnectionSettings
    secrets: ConnectionSecrets
    mapping: CrmMapping
    where: str
    written: Document | None = None
    merges: frozenset[str] = frozenset()

    @property
    def live(self) -> bool:
        """Whether anything may be written."""
        return self.settings.live


@dataclass(frozen=True, slots=True)
class Config:
    """An installation. `version` names what results depend on: the same text, the same name.

    `fields` are those of the catalogue and those that the installation declares. Leads for which `never` holds are left
    alone. `mail_check` is who is asked about mail domains. `documents` are the files, merged with what they use:
    `leadsync`, `facts`, `classes`, `lists`, `matching`, `scoring`, `funnel`, `routing` (where there is one), and
    `mappings/NAME` per connection.
    """

    folder: Path
    store: str
    every: timedelta
    zone: ZoneInfo
    connections: Mapping[str, ConnectionConfig]
    prefer: tuple[str, ...]
    facts: FactRules
    classes: Classes
    scoring: Scoring
    ladder: Ladder
    routing: Routing | None
    version: str
    brake: BrakeShares = field(default_factory=BrakeShares)
    fields: Mapping[str, Word] = field(default_factory=lambda: catalog.FIELDS)
    documents: Mapping[str, Document] = field(default_factory=dict)
    never: Condition | None = None
    mail_check: Resolver = None
    lists: Lists = field(default_factory=Lists)
    matching: Matching = field(default_factory=Matching)


class _Files:
    """The files of one folder, read one after the other; what is wrong with one does not hide what is with the next."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self.found: list[Problem] = []
        self.documents: dict[str, Document] = {}
        main = self.try_(yaml.load, path, gather=self.found, shown=False)
        self.main = main or Document(path, {})
        declared = self.main.data.get("fields")
        self.fields = {**catalog.FIELDS, **custom_words(declared), **catalog.FIELDS}
        self._unsure = set(declared) - set(self.fields) if isinstance(declared, dict) else set()
        self._blind = main is None  # then nobody knows which fields are declared

    def try_(self, work: Callable[..., T], *args: Any, **options: Any) -> T | None:
        """What the work gives; None after a problem, which is kept."""
        try:
            return work(*args, **options)
        except UserError as error:
            self.found += error.problems
            return None

    def compiled(self, document: Document, compile_: Callable[..., T], *args: Any, **options: Any) -> T | None:
        """What the document means; None after a problem."""
        document.absent |= self._unsure
        try:
            return compile_(document, *args, **options)
        except UserError as error:
            told = document.told(error.problems)
            if self._blind:
                told = [p for p in told if not p.what.startswith(("unknown field", "unknown word"))]
            own = [p for p in told if p.where.startswith(f"{document.path}:")]
            self.found += own if own or document.doubted else told  # a shipped file is right until it is changed
            return None

    def file(self, name: str, default: str | None, compile_: Callable[..., T], *, needed: bool = True) -> T | None:
        """What a file beside `leadsync.yaml` means; None after a problem, or without a file that is not `needed`.

        Without the shipped `default` the file stands for itself.
        """
        path = self.folder / f"{name}.yaml"
        there = os.path.lexists(path)
        if not there and not needed:
            return None
        document = Document(path, {}) if not there and default is None else self.try_(self.merged, path, name, default)
        if document is None:
            return None
        self.documents[name] = document
        return self.compiled(document, compile_, self.fields)

    def merged(self, path: Path, kind: str, default: str | None) -> Document:
        """The file over the shipped one that it uses; without a file, or with an empty one, the shipped default."""
        if not os.path.lexists(path):
            return shipped(kind, str(default), path)
        try:
            own = yaml.load(path, gather=self.found)
        except UserError as error:
            few = f"; a lead is scored by at most {MOST_RULES} rules" if kind == "scoring" else ""
            raise UserError(
                [replace(p, fix=p.fix + few) if " values, " in p.what else p for p in error.problems]
            ) from error
        use = own.data.get("use", None if own.data else default)
        if use is None or default is None:
            return own
        base = self.try_(shipped, kind, use, path, own) if isinstance(use, str) else None
        base = base or shipped(kind, default, path)
        return (with_stages(own, base) if kind == "funnel" else own).over(base, 3, away=kind == "scoring")


def load_config(path: Path) -> Config:
    """Read `leadsync.yaml` and the files beside it. Raises `UserError` with every problem of every file."""
    if not os.path.lexists(path):
        fix = "run `leadsync init` to write one, or say where it is with --config FILE"
        raise UserError([Problem("there is no configuration here", str(path), fix)])
    files = _Files(path)
    settings, never = _settings(files)
    connections = _connections(files, settings.home.place if settings else NOWHERE)
    facts = files.file("facts", None, compile_facts)
    classes = files.file("classes", "default", compile_classes)
    lists = files.file("lists", "default", partial(_lists, files, facts))
    matching = files.file("matching", None, partial(_matching, files, facts, lists, tuple(connections)))
    scoring = files.file("scoring", "b2b", partial(compile_scoring, ready=shipped))
    ladder = files.file("funnel", "default", compile_funnel)
    home = (settings.home.hours, ZoneInfo(settings.home.time_zone)) if settings else ()
    routing = files.file("routing", None, lambda d, fields: compile_routing(d, fields, *home), needed=False)
    if ladder is not None:
        files.found += _unknown_stages(files.documents, connections, ladder, routing)
    if (
        files.found or settings is None or facts is None or classes is None or lists is None or scoring is None
        or ladder is None or matching is None
    ):  # fmt: skip
        raise UserError(_in_order(files.found, path))
    prefer = (*settings.prefer, *(name for name in connections if name not in settings.prefer))
    documents = {"leadsync": files.main} | files.documents
    return Config(
        files.folder.resolve(), settings.store, settings.every, ZoneInfo(settings.home.time_zone), connections, prefer,
        facts, classes, scoring, ladder, routing, _version(documents), settings.brake, files.fields, documents, never,
        settings.resolver, lists, matching,
    )  # fmt: skip


def _lists(files: _Files, facts: FactRules | None, document: Document, fields: Mapping[str, Word]) -> Lists:
    listed, own = files.main.data.get("connections"), files.documents.get("facts")
    listed = listed if isinstance(listed, dict) else {}
    types = {name: str(raw.get("type")) for name, raw in listed.items() if isinstance(raw, dict)}
    sources = own.data.get("sources") if own else None
    kinds = {*shipped_tables()["sources"], *(sources if isinstance(sources, dict) else ())}
    return compile_lists(document, fields, types, kinds, (facts.tables if facts else usual_tables()).mail)


def _matching(
    files: _Files, facts: FactRules | None, lists: Lists | None, connections: Sequence[str], document: Document,
    fields: Mapping[str, Word],
) -> Matching:  # fmt: skip
    """With the words that facts are read by, and without rows of lists, which are held back by rules of their own."""
    own = files.documents["facts"].data if "facts" in files.documents else {}
    words = {key: said for key, said in own.items() if key not in ("complete", "enough")}
    of = repr((words, sorted(lists.connections), sorted(lists.channels)) if lists else words)
    return compile_matching(document, facts.tables if facts else usual_tables(), of, connections, fields)


def _version(documents: Mapping[str, Document]) -> str:
    """Names what all files say, but for who is `live`: a plan holds for both."""
    main = documents["leadsync"]
    connections = {name: {k: v for k, v in c.items() if k != "live"} for name, c in main.data["connections"].items()}
    same = replace(main, data={**main.data, "connections": connections})
    return version(*{**documents, "leadsync": same}.values())


def _unknown_stages(
    documents: Mapping[str, Document], connections: Mapping[str, ConnectionConfig], ladder: Ladder,
    routing: Routing | None,
) -> Iterator[Problem]:  # fmt: skip
    """Stages that mappings and routing name and the funnel does not have; what is shipped may name more than that."""
    names = [stage.name for stage in ladder.every]
    fix, ready = f"the funnel has {', '.join(names)}", str(resources.files("mappings"))
    for name, connection in connections.items():
        document = documents[f"mappings/{name}"]
        for obj, writes in connection.mapping.writes.items():
            for write in writes:
                for key in (write.map or {}) if write.value == "stage" else ():
                    at = document.place(("write", obj, write.field, "map", key))
                    if key not in names and not at.startswith(ready):
                        yield Problem(f"there is no stage '{key}'", at, fix)
    said: list[tuple[Loc, Condition | None]] = [(("when",), routing.when)] if routing else []
    for key in RULES if routing else ():
        said += [((key, n, "when"), rule.when) for n, rule in enumerate(getattr(routing, key))]
    for loc, test in ((loc, test) for loc, when in said if when for test in when.tests):
        if isinstance(test, FieldTest) and test.field == "stage" and test.op in ("=", "in"):
            for value in test.values:
                if str(value).lower() not in {name.lower() for name in names}:
                    yield Problem(f"when: there is no stage '{value}'", documents["routing"].place(loc), fix)


def unread(config: Config) -> Iterator[Problem]:
    """Files beside `leadsync.yaml` that look as if they meant something, and that nobody reads."""
    known = {str(document.path.resolve()) for document in config.documents.values()}
    names = {"facts", "classes", "lists", "matching", "scoring", "funnel", "routing", "leadsync"}
    here = [p for p in config.folder.glob("*.y*ml") if p.stem.lower() in names]
    for path in sorted([*here, *(config.folder / "mappings").glob("*.y*ml")]):
        if str(path.resolve()) in known or path.name.endswith(".proposed.yaml"):
            continue
        wanted = config.connections if path.parent != config.folder else names
        close = get_close_matches(path.stem.lower(), wanted, 1, 0.7)
        fix = f"name it {close[0]}.yaml" if close else "take it away, or name it like a connection"
        yield Problem("nobody reads this file", str(path), fix)


def _in_order(problems: list[Problem], first: Path) -> list[Problem]:
    """Each problem once: those of `leadsync.yaml`, then file by file as they were read, from the top down."""

    def spot(problem: Problem) -> tuple[str, int, int]:
        found = re.fullmatch(r"(.*?)(?::(\d+))?(?::(\d+))?", problem.where, re.DOTALL)
        assert found is not None
        return found[1], int(found[2] or 0), int(found[3] or 0)

    order = list(dict.fromkeys([str(first), *(spot(problem)[0] for problem in problems)]))
    return sorted(dict.fromkeys(problems), key=lambda problem: (order.index(spot(problem)[0]), spot(problem)[1:]))


def _settings(files: _Files) -> tuple[Settings | None, Condition | None]:
    if not files.main.places:  # it could not be read, or is empty: then there is one thing to say
        if not files.found:
            fix = "write `connections:` with a CRM, or run `leadsync init` in an empty folder"
            files.found.append(Problem("the file is empty", str(files.main.path), fix))
        return None, None
    main = replace(files.main)  # of which what is wrong is left out
    settings = files.compiled(main, lambda document: yaml.validate(Settings, document))
    conditions = Conditions(main, {name: word for name, word in files.fields.items() if name != "scored_as"})
    never = conditions.read(settings.never, ("never",)) if settings is not None else None
    listed, prefer = files.main.data.get("connections"), files.main.data.get("prefer")
    for n, name in enumerate(prefer if isinstance(prefer, list) and isinstance(listed, dict) else ()):
        if isinstance(name, str) and name not in listed:
            known = f"write one of {', '.join(listed)}"
            told = Problem(f"prefer: there is no connection {name!r}", files.main.place(("prefer", n)), known)
            conditions.problems.append(told)
    files.found += main.told(conditions.problems)
    return settings, never


def _connections(files: _Files, home: Home) -> dict[str, ConnectionConfig]:
    listed, found = files.main.data.get("connections"), {}
    for name, raw in listed.items() if isinstance(listed, dict) else ():
        if isinstance(raw, dict):
            made = files.try_(_connection, files, name, raw, home)
            if made is not None:
                found[name] = made
    known = {document.path for document in files.documents.values()}
    for path in sorted((files.folder / "mappings").glob("*.yaml")) if not found else ():
        if path not in known:  # nobody knows what it is for; it can at least be read
            files.try_(yaml.load, path)
    return found


def _connection(files: _Files, name: str, raw: dict[str, Any], home: Home) -> ConnectionConfig | None:
    main, loc = files.main, ("connections", name)
    connector = _connector(main, name, raw)
    own: ConnectionSettings | None = files.compiled(
        main.at(loc), lambda document: yaml.validate(connector.Settings, document)
    )
    at = raw.get("mapping") if own is None else own.mapping
    path = files.folder / (at if isinstance(at, str | Path) else Path("mappings") / f"{name}.yaml")
    if at is not None and not os.path.lexists(path):
        fix = "write it, or take out this line: then the shipped mapping of the type is used"
        raise UserError([Problem(f"{name}: there is no mapping {at}", main.place((*loc, "mapping")), fix)])
    mapping = files.merged(path, "", raw["type"])
    if (use := mapping.data.get("use")) in registry.types() and use != raw["type"]:
        told = f"use: {use} is the mapping of another CRM; {name} has the type {raw['type']}"
        raise UserError([Problem(told, mapping.place(("use",)), f"write `use: {raw['type']}`")])
    files.documents[f"mappings/{name}"] = mapping
    can = connector.capabilities
    compiled = files.compiled(
        mapping, compile_mapping, dict(can.objects), files.fields, home, conditional=can.conditional
    )
    if own is None or compiled is None:
        return None
    paths = {key: files.folder / value for key, value in own if isinstance(value, Path) and key != "mapping"}
    own, where = own.model_copy(update=paths), main.place(loc)
    secrets = ConnectionSecrets(name, own, files.folder / f".{name}.secrets.json", where)
    return ConnectionConfig(name, connector, own, secrets, compiled, where, mapping, can.merges)


def _connector(main: Document, name: str, raw: dict[str, Any]) -> Any:
    loc, type_ = ("connections", name), raw.get("type")
    if not isinstance(type_, str):
        told = f"{name}: " + ("type: expected text" if "type" in raw else "the key 'type' is missing")
        fix = f"write `type: …`, one of {', '.join(registry.types())}"
        raise UserError([Problem(told, main.place((*loc, "type")), fix)])
    try:
        return registry.connector(type_)
    except UserError as error:
        raise UserError([Problem(p.what, main.place((*loc, "type")), p.fix) for p in error.problems]) from error


def shipped_names(kind: str) -> list[str]:
    """The ready-made files of a kind; the mappings, where it is empty."""
    folder = resources.files("mappings") / kind if kind else resources.files("mappings")
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def shipped(kind: str, name: str, path: Path, user: Document | None = None) -> Document:
    """A ready-made file. Raises `UserError` naming those there are."""
    known = shipped_names(kind)
    if name not in known:
        told = f"no ready-made {kind or 'mapping'} file is called {name!r}"
        where = user.place(("use",)) if user else str(path)
        raise UserError([Problem(told, where, f"there are {', '.join(known)}")])
    folder = resources.files("mappings") / kind if kind else resources.files("mappings")
    with resources.as_file(folder / f"{name}.yaml") as real:
        found = yaml.load(real)
    base = found.data.get("use")
    return found.over(shipped(kind, base, path), 3) if kind == "scoring" and base else found
