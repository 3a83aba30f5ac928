"""After a mapping has changed: facts are derived again from the rows that are stored."""

from collections.abc import Mapping

import sqlalchemy as sa

from leadsync.config.load import Config
from leadsync.connector import Clock
from leadsync.core import facts, mapping
from leadsync.store import records, schema
from leadsync.store.database import Store
from leadsync.store.sources import Source
from leadsync.types import Record, Role, Value

_AT_ONCE = 2000


def remap(store: Store, config: Config, sources: Mapping[int, Source], clock: Clock) -> None:
    """Derive the facts of all stored people and companies again, some thousand rows per transaction."""
    table, last = schema.records, 0
    while True:
        store.keep_lease(clock.now())
        query = sa.select(table.c.id, table.c.source_id, table.c.ext_id, table.c.fields).where(
            table.c.id > last, table.c.fields.is_not(None)
        )
        with store.begin() as db:
            rows = db.execute(query.order_by(table.c.id).limit(_AT_ONCE)).all()
            if not rows:
                return
            fresh = []
            for row in rows:
                derived = derive(config, sources[row.source_id], row.ext_id, row.fields)
                if derived is not None:
                    fresh.append({"id": row.id, "facts": derived})
            records.update(store, fresh)
        last = rows[-1].id


def derive(
    config: Config, source: Source, ext_id: str, fields: Mapping[str, Value]
) -> Mapping[str, str | float] | None:
    """The facts of a person's or company's row, or None for a row that the configuration does not read as one."""
    connection = config.connections.get(source.connection)
    read = connection.mapping.reads.get(source.object) if connection else None
    if read is None or read.role not in (Role.LEAD, Role.COMPANY):
        return None
    return facts.derive(mapping.values(read, Record(ext_id, fields)))
