"""Giving what leadsync writes its place in an account, and looking whether it is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadsync.config.load import Config, ConnectionConfig
from leadsync.connector import Connector, InstallsFields
from leadsync.core.fit import Misfit, unwritable
from leadsync.core.score import TEMPERATURES
from leadsync.core.wanted import wanted
from leadsync.errors import LeadsyncError
from leadsync.sync.accounts import few_words
from leadsync.types import ObjectSchema, Step, WantedField

_SETTLED = ("there", "created")


@dataclass(frozen=True, slots=True)
class Installed:
    """The fields that are wanted, the steps, and whether something is `missing` that can be created, or `undone`, which
    leadsync could not do."""

    fields: Sequence[WantedField]
    steps: Sequence[Step]
    missing: bool
    undone: bool


def install(config: Config, connection: ConnectionConfig, connector: Connector, *, apply: bool) -> Installed:
    """Show what would be created or, to `apply` it, create it. Raises `LeadsyncError` where no field can be."""
    words = {**few_words(config), "temperature": TEMPERATURES[::-1]}
    schemas = _schemas(connection, connector)
    fields = list(wanted(connection.mapping, words, schemas))
    if not fields:
        steps = []
    elif isinstance(connector, InstallsFields):
        steps = connector.install(fields, dry_run=not apply)
    else:
        told = "; ".join(f"{w.object}.{w.name}: {w.type}, {w.label!r}" for w in fields)
        raise LeadsyncError(f"leadsync cannot create fields in {connection.name}", fix=f"see that there are {told}")
    unfit = _unfit(connection, words, _schemas(connection, connector) if apply else schemas)
    steps += [Step(str(misfit), "wrong", misfit.fix) for misfit in unfit if not _told(misfit, fields, steps, apply)]
    hide = connection.secrets.hide  # a CRM may repeat what it was sent
    steps = [Step(hide(step.what), step.state, hide(step.fix)) for step in steps]
    missing = any(step.state == "missing" for step in steps)
    wrong = any(step.state == "wrong" for step in steps)
    return Installed(fields, steps, missing or bool(unfit), wrong or (apply and (missing or bool(unfit))))


def _schemas(connection: ConnectionConfig, connector: Connector) -> Mapping[str, ObjectSchema]:
    return {obj: connector.describe(obj) for obj in connection.mapping.writes}


def _unfit(
    connection: ConnectionConfig, words: Mapping[str, Sequence[str]], schemas: Mapping[str, ObjectSchema]
) -> list[Misfit]:
    writes = connection.mapping.writes
    return [misfit for obj, schema in schemas.items() for misfit in unwritable(obj, writes[obj], schema, words)]


def _told(misfit: Misfit, fields: Sequence[WantedField], steps: Sequence[Step], apply: bool) -> bool:
    """Whether the connector's steps say already what is to come of the field, or what kept it from being created."""
    if not any((field.object, field.name) == (misfit.object, misfit.field) for field in fields):
        return False
    return not apply or any(misfit.field in step.what for step in steps if step.state not in _SETTLED)
