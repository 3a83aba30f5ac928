"""The door: rows of people who were erased are not taken in, whatever brings them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from leadsync.core.facts.mail import MailWords
from leadsync.core.identity import identities, with_mailboxes
from leadsync.core.mapping import ObjectMapping
from leadsync.store import erase, records
from leadsync.store.database import Store
from leadsync.store.erase import Tombstones
from leadsync.store.sources import Source
from leadsync.types import Gone, Page, Record, Role

ROW = "row"


class Refusal:
    """Looks over the pages of one connection before they are kept. All of it inside `Store.begin()`."""

    def __init__(self, store: Store, sources: Mapping[str, Source], mail: MailWords) -> None:
        self._store, self._mail = store, mail
        self._people = {obj for obj, source in sources.items() if source.role is Role.LEAD}
        self._tombstones: Tombstones | None = None

    def sift(self, page: Page, source: Source, mapping: ObjectMapping, now: datetime) -> tuple[Page, Collection[str]]:
        """The page without what is of erased people, and those of its rows that have lost a link to one."""
        if self._tombstones is None:
            self._tombstones = Tombstones(self._store)
        if not self._tombstones or source.role in (Role.OWNER, Role.COMPANY):
            return page, ()
        if source.role is Role.LEAD:
            return self._people_of(page, source, mapping, now), ()
        kept = [self._unlinked(source.connection, record) for record in page.records]
        lost = {old.id for old, new in zip(page.records, kept, strict=True) if old.links != new.links}
        return replace(page, records=kept), lost

    def _people_of(self, page: Page, source: Source, mapping: ObjectMapping, now: datetime) -> Page:
        named = [record.id for record in page.records if self._named(source, record)]
        said = {r.id: with_mailboxes(identities(mapping, r.fields), self._mail) for r in page.records}
        told = {id_: {i.kind for i in known if self._has(*i)} for id_, known in said.items()}
        met = [id_ for id_, kinds in told.items() if kinds and id_ not in named]
        stored = records.known(self._store, source.id, met)
        held = {id_ for id_, known in stored.items() if known.fields is not None}
        # a number may be a family's or an office's: who was there beside the erased one goes on
        refused = {*named, *(id_ for id_ in met if "email" in told[id_] or id_ not in held)}
        self._keep_out(source, refused, refused - held, now)
        moved = [move for move in page.moved if not self._has("ref", source.connection, move.to_object, move.to_id)]
        left = [Gone(move.id, move.at) for move in page.moved if move not in moved]
        return replace(
            page, records=[r for r in page.records if r.id not in refused], moved=moved, gone=[*page.gone, *left]
        )

    def _keep_out(self, source: Source, refused: Collection[str], strangers: Collection[str], now: datetime) -> None:
        """Count these rows. What was heard of the strangers before goes, and what names them is refused from now on."""
        assert self._tombstones is not None
        names = (source.connection, source.object)
        self._tombstones.add([(ROW, *names, id_) for id_ in refused], now)
        self._tombstones.add([("ref", *names, id_) for id_ in strangers])
        stubs = records.known(self._store, source.id, sorted(strangers))
        erase.remove(self._store, [known.id for known in stubs.values()])

    def _named(self, source: Source, record: Record) -> bool:
        """Whether this very row was erased, or it is a further row of a person who was."""
        own = self._has("ref", source.connection, source.object, record.id)
        return own or self._unlinked(source.connection, record) is not record

    def _unlinked(self, connection: str, record: Record) -> Record:
        if self._people.isdisjoint(record.links):
            return record
        links = {
            obj: tuple(id_ for id_ in ids if obj not in self._people or not self._has("ref", connection, obj, id_))
            for obj, ids in record.links.items()
        }
        return record if links == record.links else replace(record, links=links)

    def _has(self, *words: str) -> bool:
        assert self._tombstones is not None
        return self._tombstones.has(*words)
