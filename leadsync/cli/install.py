"""`leadsync install`: what leadsync writes gets its place in the CRM."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, opened, print_json
from leadsync.connector import PackagesFields
from leadsync.errors import UsageError
from leadsync.types import Step


def install(
    name: Annotated[str, typer.Argument(metavar="CONNECTION", help="The connection, by its name in leadsync.yaml.")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without this it is only shown.")] = False,
    config: ConfigOption = DEFAULT,
    as_json: JsonOption = False,
) -> int:
    """Create the fields that the mapping writes, and what makes them usable, where the CRM lacks them.

    First shows what it would do; does it with --apply, and looks whether it is there. Exit code 2 when something is
    missing, 1 when something could not be done.
    """
    from leadsync.config.load import load_config
    from leadsync.sync.install import install as install_fields

    loaded = load_config(config)
    connection = loaded.connections.get(name)
    if connection is None:
        raise UsageError(f"there is no connection {name!r}", fix=f"there are {', '.join(loaded.connections)}")
    package = None
    with opened(loaded, connection) as connector:
        found = install_fields(loaded, connection, connector, apply=apply)
        if apply and found.undone and isinstance(connector, PackagesFields):
            package = loaded.folder / f"{name}-fields.zip"
            package.write_bytes(connector.package(found.fields))
    if as_json:
        steps = [asdict(step) for step in found.steps]
        print_json({"connection": name, "applied": apply, "steps": steps, "package": package})
    else:
        _show(found.steps)
        if package:
            print(f"\nWhat is missing is in {package}: give this file to the CRM's administrator, who deploys it.")
        if found.missing and not apply:
            print(f"\nNothing was changed. To create what is missing: leadsync install {name} --apply")
    return 1 if found.undone else 2 if found.missing else 0


def _show(steps: Sequence[Step]) -> None:
    for step in steps:
        print(f"{step.state.replace('_', ' '):9}{step.what}" + (f"\n         {step.fix}" if step.fix else ""))
    if not steps:
        print("nothing that is written to this connection has to be installed")
