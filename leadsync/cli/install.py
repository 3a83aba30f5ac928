"""`leadsync install`: what leadsync writes gets its place in the CRM."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, opened, print_json
from leadsync.connector import InstallsFields, PackagesFields
from leadsync.errors import LeadsyncError, UsageError
from leadsync.types import ObjectSchema, Step, WantedField

if TYPE_CHECKING:
    from leadsync.config.load import ConnectionConfig
    from leadsync.connector import Connector


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
    from leadsync.core.score import TEMPERATURES
    from leadsync.core.wanted import wanted
    from leadsync.sync.accounts import few_words

    loaded = load_config(config)
    connection = loaded.connections.get(name)
    if connection is None:
        raise UsageError(f"there is no connection {name!r}", fix=f"there are {', '.join(loaded.connections)}")
    words = {**few_words(loaded), "temperature": TEMPERATURES[::-1]}
    with opened(loaded, connection) as connector:
        schemas = _schemas(connection, connector)
        fields = list(wanted(connection.mapping, words, schemas))
        if isinstance(connector, InstallsFields):
            steps = connector.install(fields, dry_run=not apply)
        elif fields:
            told = "; ".join(f"{w.object}.{w.name}: {w.type}, {w.label!r}" for w in fields)
            raise LeadsyncError(f"leadsync cannot create fields in {name}", fix=f"see that there are {told}")
        else:
            steps = []
        schemas = _schemas(connection, connector) if apply else schemas
        steps += _unfit(connection, words, schemas, steps, () if apply else fields)
        undone = [step for step in steps if step.state == "wrong" or (apply and step.state == "missing")]
        package = _package(connector, loaded.folder / f"{name}-fields.zip", fields) if apply and undone else None
    missing = any(step.state == "missing" for step in steps)
    if as_json:
        print_json({"connection": name, "applied": apply, "steps": [asdict(s) for s in steps], "package": package})
    else:
        _show(steps, package)
        if missing and not apply:
            print(f"\nNothing was changed. To create what is missing: leadsync install {name} --apply")
    return 1 if undone else 2 if missing else 0


def _schemas(connection: "ConnectionConfig", connector: "Connector") -> Mapping[str, ObjectSchema]:
    return {obj: connector.describe(obj) for obj in connection.mapping.writes}


def _unfit(
    connection: "ConnectionConfig", words: Mapping[str, Sequence[str]], schemas: Mapping[str, ObjectSchema],
    told: Sequence[Step], coming: Sequence[WantedField],
) -> list[Step]:  # fmt: skip
    """Written fields that do not fit the account, but for those that are still to come or were told of before."""
    from leadsync.core.fit import unwritable

    expected = {(field.object, field.name) for field in coming}
    faults = [step.what for step in told if step.state in ("wrong", "missing")]
    return [
        Step(str(misfit), "wrong", misfit.fix)
        for obj, schema in schemas.items()
        for misfit in unwritable(obj, connection.mapping.writes[obj], schema, words)
        if (obj, misfit.field) not in expected and not any(misfit.field in what for what in faults)
    ]


def _package(connector: "Connector", path: Path, wanted: Sequence[WantedField]) -> Path | None:
    if not isinstance(connector, PackagesFields):
        return None
    path.write_bytes(connector.package(wanted))
    return path


def _show(steps: Sequence[Step], package: Path | None) -> None:
    for step in steps:
        print(f"{step.state.replace('_', ' '):9}{step.what}" + (f"\n         {step.fix}" if step.fix else ""))
    if not steps:
        print("nothing is written to this connection, so there is nothing to install")
    if package:
        print(f"\nWhat is missing is in {package}: give this file to the CRM's administrator, who deploys it.")
