"""Owners: not an object with properties but two short lists, the active and the archived, read whole."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.hubspot import api
from connectors.hubspot.answers import after, entries, moment, unknown_fields
from connectors.hubspot.http import Http
from leadsync.connector import (
    Ask,
    Clock,
    Cursor,
    FieldSchema,
    Gone,
    IdPage,
    Moved,
    ObjectSchema,
    Page,
    Record,
    Rejected,
)

_FIELDS = {
    "id": "text", "email": "text", "firstName": "text", "lastName": "text", "userId": "number",
    "userIdIncludingInactive": "number", "type": "enum", "archived": "bool", "createdAt": "datetime",
    "updatedAt": "datetime",
}  # fmt: skip
_LONG_AGO = timedelta(minutes=10)

Owner = dict[str, Any]


class Owners:
    """Reads owners. Remembers which were active, since one that is archived vanishes from the list and says nothing."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http, self._clock = http, clock
        self._active: set[str] = set()

    def describe(self) -> ObjectSchema:
        """The fields of an owner: the same in every account."""
        fields = {
            name: FieldSchema(name, kind, options=("PERSON", "QUEUE") if kind == "enum" else (), writable=False)
            for name, kind in _FIELDS.items()
        }
        return ObjectSchema("owners", fields)

    def backfill(self, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """The active owners, then the archived ones. `resume` is the list's name and its own token."""
        listed, _, token = (resume or "active:").partition(":")
        for archived in (False, True) if listed == "active" else (True,):
            for read_at, found, following in self._list(archived=archived, token=token):
                name = "archived" if archived else "active"
                last = None if archived else "archived:"
                yield Page(
                    "owners", _records(found, fields), read_at, resume=f"{name}:{following}" if following else last
                )
            token = ""

    def changes(self, ask: Ask, until: datetime) -> Iterator[Page]:
        """Owners that changed; the archived ones when one may have vanished, or the last look was long ago."""
        if ask.since.at > until:
            yield Page("owners", (), self._clock.now(), cursor=ask.since)
            return
        read_at = self._clock.now()
        active = [owner for _, found, _ in self._list(archived=False) for owner in found]
        changed = [owner for owner in active if self._is_news(owner, ask.since.at, until)]
        now_active = {owner["id"] for owner in active}
        vanished = self._active - now_active
        gone: list[Gone] = []
        if vanished or not self._active or until - ask.since.at > _LONG_AGO:  # none known: nobody has looked before
            archived = [owner for _, found, _ in self._list(archived=True) for owner in found]
            changed += archived
            gone = [Gone(id_) for id_ in sorted(vanished - {owner["id"] for owner in archived})]
        self._active = now_active
        yield Page("owners", _records(changed, ask.fields), read_at, cursor=Cursor(until), gone=gone)

    def ids(self) -> Iterator[IdPage]:
        """Every owner's id, archived ones too: they still own rows."""
        for page in self.backfill(None, ("id",)):
            yield IdPage(tuple(record.id for record in page.records), page.resume)

    def fetch(self, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record | Moved | Gone]:
        """These owners, from the two lists."""
        found = {record.id: record for page in self.backfill(None, fields) for record in page.records}
        return {id_: found.get(id_) or Gone(id_) for id_ in ids}

    def _is_news(self, owner: Owner, since: datetime, until: datetime) -> bool:
        if owner["id"] not in self._active:
            return True
        at = moment(owner.get("updatedAt"))
        return at is None or since <= at <= until

    def _list(self, *, archived: bool, token: str = "") -> Iterator[tuple[datetime, list[Owner], str | None]]:
        while True:
            read_at = self._clock.now()
            query: dict[str, str | int] = {"limit": api.OWNERS_LIMIT, "archived": str(archived).lower()}
            answer = self._http.get(api.OWNERS, **query, **({"after": token} if token else {}))
            following = after(answer)
            if following is not None and following == token:
                raise Rejected("HubSpot names the same next page of owners again and again", code="loop")
            yield read_at, [{**owner, "id": str(owner.get("id"))} for owner in entries(answer)], following
            if following is None:
                return
            token = following


def _records(owners: Sequence[Owner], fields: Sequence[str]) -> list[Record]:
    unknown = [name for name in fields if name not in _FIELDS]
    if unknown:
        raise unknown_fields("owners", unknown)
    return [
        Record(
            owner["id"],
            {name: owner.get(name) for name in fields},
            moment(owner.get("createdAt")),
            moment(owner.get("updatedAt")),
        )
        for owner in owners
    ]
