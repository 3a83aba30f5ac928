"""`leadsync init`: the first files of an installation."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer
import yaml

from leadsync import registry
from leadsync.cli.common import DEFAULT, installed
from leadsync.connector import SecretRef
from leadsync.errors import UserError

_HEAD = """\
# leadsync: which CRMs to connect, and how often to look.
# live: false = everything is read, scored and shown, and nothing is written. Turn it on per connection.
"""


def init(
    connections: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TYPE]...", help="Which ones; default: every installed CRM that one logs in to."),
    ] = None,
) -> int:
    """Write leadsync.yaml and one mapping per connection into this folder. Nothing that is there is overwritten."""
    folder, names = Path(), connections or [name for name in registry.types() if _logs_in(name)]
    if DEFAULT.exists():
        raise UserError(f"{DEFAULT} is here already", fix="edit it, or run init in an empty folder")
    found = {name: {"type": name, **_example(name), "live": False} for name in names}
    text = yaml.safe_dump({"connections": found}, sort_keys=False, default_flow_style=None, width=120)
    written = {
        folder / DEFAULT: _HEAD + "store: sqlite:///leadsync.db\n" + text + "every: 60s\nhome: {time_zone: UTC}\n"
    }
    for name in names:
        note = f"# Only what differs from the shipped mapping stands here.\nuse: {name}\n"
        written[folder / "mappings" / f"{name}.yaml"] = note
    for path, body in written.items():
        path.parent.mkdir(exist_ok=True)
        if path.exists():
            print(f"kept    {path}")
        else:
            path.write_text(body, "utf-8")
            print(f"written {path}")
    print("\nNext: set the variables named in leadsync.yaml, then `leadsync sync`: it shows what it would write.")
    print("Where you like what you see, set `live: true`, and `leadsync run` keeps it up.")
    return 0


def _logs_in(type_: str) -> bool:
    fields = installed(type_).Settings.model_fields.values()
    return any(SecretRef in (field.annotation, *get_args(field.annotation)) for field in fields)


def _example(type_: str) -> dict[str, Any]:
    """The settings that the connector's author gives as an example."""
    extra = installed(type_).Settings.model_config.get("json_schema_extra") or {}
    return dict(next(iter(extra.get("examples", ())), {}))
