"""A first mapping for an account: its objects and a few of its rows are looked at, and nothing of them is stored."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from leadsync.config.load import Config, ConnectionConfig
from leadsync.config.propose import Looked, Proposed, Proposer
from leadsync.config.propose_text import mapping_text
from leadsync.config.settings import Home, Settings
from leadsync.connector import Clock, Connector
from leadsync.core.mapping import text
from leadsync.errors import LeadsyncError
from leadsync.sync.accounts import few_words
from leadsync.sync.reading import of_object
from leadsync.sync.sample import Sample
from leadsync.types import ObjectSchema, Role, Value

SAMPLE = 200
_ROLES = (Role.LEAD, Role.COMPANY)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The file that was proposed, and what it is made of. `kept`: there is a mapping already, which stays as it is.
    `unseen`: objects that could not be looked at, and why."""

    file: Path
    kept: Path | None
    text: str
    objects: Sequence[Proposed]
    rows: Mapping[str, int]
    unseen: Mapping[str, str]


def propose(config: Config, connection: ConnectionConfig, connector: Connector, clock: Clock) -> Proposal:
    """Look at every object of people and companies that the mapping reads. Raises `LeadsyncError` where the account
    cannot be used. Writes nothing."""
    schemas, unseen = _described(connection, connector)
    looked = _sampled(connection, connector, clock, schemas)
    own = config.folder / (connection.settings.mapping or Path("mappings") / f"{connection.name}.yaml")
    kept = own if own.exists() else None
    written = connection.written.data if connection.written else {}
    home = Home.model_validate(config.documents["leadsync"].data.get("home") or {}).place
    proposer = Proposer(connection.mapping, written, config.fields, few_words(config), home, usable, whole=kept is None)
    objects = proposer.propose(looked)
    aside = kept is not None or connection.live  # nothing is in force that nobody has looked over
    file = own.with_suffix(".proposed.yaml") if aside else own
    rows = {look.object: look.rows for look in looked}
    use = written.get("use", None if kept else connection.settings.type)
    body = mapping_text(_head(connection.name, own, rows, unseen, connection.live), use, objects)
    return Proposal(file, kept, body, objects, rows, unseen)


def _head(name: str, own: Path, rows: Mapping[str, int], unseen: Mapping[str, str], live: bool) -> list[str]:
    of = ", ".join(f"{count} {obj}" for obj, count in rows.items())
    head = [f"What leadsync proposes for {name}, going by its own fields and the {of} that changed last."]
    if own.exists():
        head.append(
            f"leadsync does not read this file: copy what you want into {own.name}. What that feeds is left out."
        )
    elif live:
        head.append(f"leadsync does not read this file, since {name} is live: look it over, then name it {own.name}.")
    else:
        head.append("Look it over, take the # from what you want, then: leadsync check; leadsync plan --sample 100.")
    head.append("Where a remark begins with `fields:`, that entry belongs into leadsync.yaml, too.")
    return head + [f"Not looked at: {obj}: {why}" for obj, why in unseen.items()]


def _described(connection: ConnectionConfig, connector: Connector) -> tuple[dict[str, ObjectSchema], dict[str, str]]:
    """The objects of people and companies that the mapping reads, and why others cannot be looked at."""
    schemas, unseen = dict[str, ObjectSchema](), dict[str, str]()
    reads = [obj for role in _ROLES for obj, read in connection.mapping.reads.items() if read.role is role]
    for obj in reads:
        try:
            schemas[obj] = connector.describe(obj)
        except LeadsyncError as error:
            if not of_object(error) or obj == reads[0]:
                raise
            unseen[obj] = connection.secrets.hide(error.message)
    return schemas, unseen


def _sampled(
    connection: ConnectionConfig, connector: Connector, clock: Clock, schemas: Mapping[str, ObjectSchema]
) -> list[Looked]:
    mapping = connection.mapping
    sample = Sample(connector, clock, SAMPLE, {obj: mapping.reads[obj] for obj in schemas})
    looked = []
    for obj, schema in schemas.items():
        fed = [source for read in mapping.reads[obj].fields for source in read.sources if schema.field(source)]
        asked = tuple(dict.fromkeys((*fed, *(name for name, field in schema.fields.items() if field.custom))))
        rows, held = 0, defaultdict[str, list[Value]](list)
        for page in sample.backfill(obj, None, asked) if asked else ():
            rows += len(page.records)
            for name, value in (pair for record in page.records for pair in record.fields.items()):
                if text(value):
                    held[name].append(value)
        looked.append(Looked(obj, schema, rows, held))
    return looked


@cache
def usable(name: str) -> bool:
    """Whether `fields` of leadsync.yaml may declare this name."""
    try:
        Settings.model_validate({"connections": {"any": {}}, "fields": {name: "text"}})
    except ValidationError:
        return False
    return True
