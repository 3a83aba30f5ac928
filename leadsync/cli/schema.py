"""`leadsync schema`: what an editor needs to complete and check the files that admins write."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, opened, print_json
from leadsync.errors import LeadsyncError, UsageError

if TYPE_CHECKING:
    from leadsync.config.schema import Known

_FILES = {"mapping": "mappings/CONNECTION.yaml"}  # the others are called by their kind


def schema(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="[KIND]", help="leadsync, mapping, scoring, funnel or routing; default: all."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write one file per kind into this folder.")
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option("--connection", metavar="NAME", help="The mapping of this connection, with the CRM's own fields."),
    ] = None,
    config: ConfigOption = DEFAULT,
) -> int:
    """Print the JSON Schemas of the configuration files, for completion in an editor.

    They know the connections and fields of the leadsync.yaml in this folder, where there is one.
    """
    from leadsync.config import document
    from leadsync.config.schema import KINDS, Known, known
    from leadsync.config.schema import schema as of_kind

    if kind is not None and kind not in KINDS:
        raise UsageError(f"there is no kind of file called {kind!r}", fix=f"there are {', '.join(KINDS)}")
    if kind is not None and connection is not None:
        raise UsageError("--connection is about the mapping of that connection", fix=f"leave {kind!r} out")
    here = known(document.load(config)) if config.exists() else Known()
    found = {} if connection else {each: of_kind(each, here) for each in KINDS if kind in (None, each)}
    if connection is not None:
        found[f"mapping-{connection}"] = _of_connection(config, connection, here)
    if out is not None:
        _write(found, out)
    else:
        print_json(next(iter(found.values())) if kind or connection else found)
    return 0


def _of_connection(config: Path, name: str, here: "Known") -> dict[str, Any]:
    """The schema of a connection's mapping. Objects that the account lacks or hides are taken as any."""
    from leadsync.config.load import load_config
    from leadsync.config.schema import of_account
    from leadsync.sync.reading import of_object

    loaded = load_config(config)
    found = loaded.connections.get(name)
    if found is None:
        raise UsageError(f"there is no connection {name!r}", fix=f"there are {', '.join(loaded.connections)}")
    shown = {}
    with opened(loaded, found) as connector:
        objects = connector.capabilities.objects
        for obj in objects:
            try:
                shown[obj] = connector.describe(obj)
            except LeadsyncError as error:
                if not of_object(error):
                    raise
    return of_account(here, objects, shown)


def _write(found: dict[str, dict[str, Any]], out: Path) -> None:
    import orjson

    out.mkdir(parents=True, exist_ok=True)
    print("Put the line below each file at the top of it, and an editor that knows YAML schemas completes it.")
    for name, body in found.items():
        path = out / f"{name}.schema.json"
        path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")
        kind, _, connection = name.partition("-")
        file = _FILES.get(kind, f"{kind}.yaml").replace("CONNECTION", connection or "CONNECTION")
        up = "" if path.is_absolute() else "../" * file.count("/")
        print(f"\n{file}\n# yaml-language-server: $schema={up}{path.as_posix()}")
