"""`leadsync init`: the first files of an installation, and a mapping made for an account."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
import yaml

from leadsync import registry
from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, installed, opened, print_json, wide
from leadsync.connector import SecretRef
from leadsync.errors import UsageError, UserError

if TYPE_CHECKING:
    from leadsync.config.load import Config
    from leadsync.sync.propose import Proposal

_HEAD = """\
# leadsync: which CRMs to connect, and how often to look.
# live: false = everything is read, scored and shown, and nothing is written. Turn it on per connection.
"""


def init(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CONNECTION]...", help="Which ones; at first: every CRM that one logs in to."),
    ] = None,
    config: ConfigOption = DEFAULT,
    as_json: JsonOption = False,
) -> int:
    """Write leadsync.yaml; once that is there, look at the account of a connection and propose its mapping.

    A mapping that is there is kept, and the proposal lies beside it. Of the account only the schema and at most 200
    rows per object are read, and nothing of them is stored.
    """
    if not config.exists():
        return _first(config, names or [name for name in registry.types() if _logs_in(name)], as_json)
    from leadsync.config.load import load_config

    loaded = load_config(config)
    there = ", ".join(loaded.connections)
    if not names:
        fix = f"edit it, or let leadsync propose a mapping: `leadsync init CONNECTION`, with one of {there}"
        raise UserError(f"{config} is here already", fix=fix)
    if unknown := [name for name in names if name not in loaded.connections]:
        raise UsageError(f"there is no connection {unknown[0]!r}", fix=f"there are {there}, or add it to {config}")
    made = [_propose(loaded, name, as_json) for name in names]
    if as_json:
        print_json({"proposals": made})
    else:
        print("\nNext: look them over, then `leadsync check`, and `leadsync plan --sample 100` shows what it comes to.")
    return 0


def _first(file: Path, names: Sequence[str], as_json: bool) -> int:
    found = {name: {"type": name, **_example(name), "live": False} for name in names}
    text = yaml.safe_dump({"connections": found}, sort_keys=False, default_flow_style=None, width=120)
    file.write_text(_HEAD + "store: sqlite:///leadsync.db\n" + text + "every: 60s\nhome: {time_zone: UTC}\n", "utf-8")
    if as_json:
        print_json({"written": file, "connections": list(names)})
        return 0
    print(f"written {file}")
    print(
        "\nNext: set the variables that it names; `leadsync init CONNECTION` then proposes a mapping for the account."
    )
    print(
        "`leadsync plan` shows what would be written. Where you like it, set `live: true`; `leadsync run` keeps it up."
    )
    return 0


def _logs_in(type_: str) -> bool:
    fields = installed(type_).Settings.model_fields.values()
    return any(SecretRef in (field.annotation, *get_args(field.annotation)) for field in fields)


def _example(type_: str) -> dict[str, Any]:
    """The settings that the connector's author gives as an example."""
    extra = installed(type_).Settings.model_config.get("json_schema_extra") or {}
    return dict(next(iter(extra.get("examples", ())), {}))


def _propose(config: "Config", name: str, as_json: bool) -> dict[str, Any]:
    """Write the proposal for one connection, and show it unless it is wanted as JSON."""
    from leadsync.service.clock import SystemClock
    from leadsync.sync.propose import propose

    connection = config.connections[name]
    with opened(config, connection) as connector:
        found = propose(config, connection, connector, SystemClock(threading.Event()))
        calls = connector.quota().calls
    again = found.file.exists()
    try:
        found.file.parent.mkdir(parents=True, exist_ok=True)
        found.file.write_text(found.text, "utf-8")
    except OSError as error:
        raise UserError(f"the proposal cannot be kept in {found.file}: {error.strerror}") from None
    body = _body(name, found, calls)
    if not as_json:
        _show(body, again=again)
    return body


def _body(name: str, found: "Proposal", calls: int) -> dict[str, Any]:
    objects = [
        {
            "object": one.object, "rows": found.rows[one.object], "fields": one.fields, "custom": one.custom,
            "mapped": one.mapped, "proposed": one.live, "left": one.left,
        }
        for one in found.objects
    ]  # fmt: skip
    file, kept = str(found.file), str(found.kept) if found.kept else None
    return {"connection": name, "file": file, "kept": kept, "calls": calls, "objects": objects, "unseen": found.unseen}


def _show(body: dict[str, Any], *, again: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("object", "rows looked at", "fields", "custom", "mapped", "proposed", "left for you"):
        table.add_column(heading, justify="left" if heading == "object" else "right")
    for one in body["objects"]:
        table.add_row(*(escape(str(value)) for value in one.values()))
    console = wide()
    console.print(escape(f"{body['connection']}: {body['calls']} requests made; nothing of what was read is kept"))
    console.print(table)
    for obj, why in body["unseen"].items():
        console.print(escape(f"not looked at: {obj}: {why}"))
    if body["kept"]:
        console.print(escape(f"kept    {body['kept']}"))
        does = "is not read by leadsync: copy from it what you want"
        console.print(
            escape(f"written {body['file']}, which {does}" + (" (in place of the former one)" if again else ""))
        )
    elif body["file"].endswith(".proposed.yaml"):
        does = f"is not read by leadsync, since {body['connection']} is live: look it over, then take `.proposed` away"
        console.print(escape(f"written {body['file']}, which {does}"))
    else:
        console.print(escape(f"written {body['file']}"))
