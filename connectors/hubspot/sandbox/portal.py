"""The account behind the sandbox: its objects, owners, and who belongs to whom. In memory, no HTTP."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.hubspot.sandbox.objects import NAMES, SINGULAR, TYPE_IDS, Objects, Row
from connectors.hubspot.sandbox.properties import Property

__all__ = ["NAMES", "SINGULAR", "TYPE_IDS", "Links", "Lock", "Objects", "Portal", "Row"]

Pair = tuple[str, str]

# what HubSpot counts of a row's links, without stamping it
_ROLLUPS: Mapping[Pair, str] = {
    ("contacts", "deals"): "num_associated_deals", ("companies", "deals"): "num_associated_deals",
    ("companies", "contacts"): "num_associated_contacts",
}  # fmt: skip


@dataclass(slots=True)
class Lock:
    """A row that cannot be written now, so many times. `whole`: the request is refused (423) rather than the row."""

    times: int
    whole: bool


class Portal:
    """One account. `clock` is in milliseconds since 1970; `lag`, too: how far the search index is behind."""

    def __init__(self, definitions: Mapping[str, dict[str, Property]], clock: Callable[[], int], lag: int = 0) -> None:
        self.clock, self.lag = clock, lag
        self.objects = {name: Objects(name, found, clock, lambda: self.lag) for name, found in definitions.items()}
        self.owners: list[dict[str, Any]] = []
        self.groups: dict[str, dict[str, dict[str, Any]]] = {
            name: {prop.group: {"name": prop.group, "label": prop.group} for prop in found.values()}
            for name, found in definitions.items()
        }
        self.links = Links()
        self.locks: dict[tuple[str, str], Lock] = {}

    def associate(self, obj: str, id_: str, to: str, to_id: str, *, primary: bool = False) -> None:
        """Link two rows, both ways. A contact's first company is its primary one. Stamps neither row."""
        self.links.add((obj, to), id_, to_id, primary=primary)
        self.links.add((to, obj), to_id, id_, primary=primary)
        if {obj, to} == {"contacts", "companies"}:
            contact, company = (id_, to_id) if obj == "contacts" else (to_id, id_)
            if primary:
                self.links.only_primary(("contacts", "companies"), contact, company)
            if primary or "associatedcompanyid" not in self.objects["contacts"].rows[contact]:
                self._derive("contacts", contact, "associatedcompanyid", company)
        self._count(obj, id_, to)
        self._count(to, to_id, obj)

    def dissociate(self, obj: str, id_: str, to: str, to_id: str) -> None:
        """Unlink two rows. Stamps neither; a lead that belongs to no contact any more is archived."""
        self.links.remove((obj, to), id_, to_id)
        self.links.remove((to, obj), to_id, id_)
        if {obj, to} == {"contacts", "companies"}:
            contact, company = (id_, to_id) if obj == "contacts" else (to_id, id_)
            row = self.objects["contacts"].rows.get(contact, {})
            if row.get("associatedcompanyid") == company:
                others = self.links.of(("contacts", "companies"), contact)
                self._derive("contacts", contact, "associatedcompanyid", others[0] if others else "")
        for one, own, other in ((obj, id_, to), (to, to_id, obj)):
            self._count(one, own, other)
            if (one, other) == ("leads", "contacts") and not self.links.of((one, other), own):
                self.archive(one, own)

    def archive(self, obj: str, id_: str) -> None:
        """To the bin, with its links gone."""
        self.objects[obj].archive(id_)
        self._unlink(obj, id_)

    def forget(self, obj: str, id_: str) -> None:
        """Gone for good, leaving nothing."""
        self.objects[obj].forget(id_)
        self._unlink(obj, id_)

    def merge_contacts(self, primary: str, other: str) -> Row:
        """Merge, and take both contacts' associations along."""
        merged = self.objects["contacts"].merge(primary, other)
        new = merged["hs_object_id"]
        for old in (primary, other):
            for to, to_id in self.links.all_of("contacts", old):
                self.links.move("contacts", old, new, to, to_id)
        for to in ("deals", "companies"):
            self._count("contacts", new, to)
        for company in self.links.of(("contacts", "companies"), new):
            self._count("companies", company, "contacts")
        return self.objects["contacts"].rows[new]

    def locked(self, obj: str, id_: str) -> Lock | None:
        """Whether a write of this row finds it locked; counts it."""
        lock = self.locks.get((obj, id_))
        if lock is not None:
            lock.times -= 1
            if lock.times <= 0:
                del self.locks[obj, id_]
        return lock

    def _unlink(self, obj: str, id_: str) -> None:
        waiting = deque(self.links.all_of(obj, id_))
        while waiting:
            to, to_id = waiting.popleft()
            self.dissociate(obj, id_, to, to_id)

    def _count(self, obj: str, id_: str, to: str) -> None:
        name = _ROLLUPS.get((obj, to))
        if name and id_ in self.objects[obj].rows:
            count = self.links.count((obj, to), id_)
            self._derive(obj, id_, name, str(count) if count else "")

    def _derive(self, obj: str, id_: str, name: str, value: str) -> None:
        if self.objects[obj].rows[id_].get(name, "") != value:
            self.objects[obj].calculate(id_, {name: value}, source=None)


class Links:
    """Associations: per pair of objects, from an id to the ids it is linked to, in the order they were made."""

    def __init__(self) -> None:
        self._to: dict[Pair, dict[str, dict[str, None]]] = {}
        self._primary: dict[Pair, set[tuple[str, str]]] = {}

    def add(self, pair: Pair, id_: str, to_id: str, *, primary: bool = False) -> None:
        """One direction of one link."""
        self._to.setdefault(pair, {}).setdefault(id_, {})[to_id] = None
        if primary:
            self._primary.setdefault(pair, set()).add((id_, to_id))

    def remove(self, pair: Pair, id_: str, to_id: str) -> None:
        """One direction of one link, if there is one."""
        self._to.get(pair, {}).get(id_, {}).pop(to_id, None)
        self._primary.get(pair, set()).discard((id_, to_id))

    def of(self, pair: Pair, id_: str) -> Sequence[str]:
        """What the row is linked to."""
        return list(self._to.get(pair, {}).get(id_, ()))

    def count(self, pair: Pair, id_: str) -> int:
        """How many rows it is linked to."""
        return len(self._to.get(pair, {}).get(id_, ()))

    def all_of(self, obj: str, id_: str) -> list[Pair]:
        """Everything that the row is linked to: (object, id)."""
        return [(pair[1], to_id) for pair in self._to if pair[0] == obj for to_id in self.of(pair, id_)]

    def is_primary(self, pair: Pair, id_: str, to_id: str) -> bool:
        """Whether this is the one that counts."""
        return (id_, to_id) in self._primary.get(pair, ())

    def only_primary(self, pair: Pair, id_: str, to_id: str) -> None:
        """The row's other links of this pair are primary no more."""
        for other in self.of(pair, id_):
            if other != to_id:
                self._primary.get(pair, set()).discard((id_, other))
                self._primary.get((pair[1], pair[0]), set()).discard((other, id_))

    def move(self, obj: str, old: str, new: str, to: str, to_id: str) -> None:
        """One link of one row becomes another's."""
        primary = self.is_primary((obj, to), old, to_id)
        for pair, ends, moved in (((obj, to), (old, to_id), (new, to_id)), ((to, obj), (to_id, old), (to_id, new))):
            self.remove(pair, *ends)
            self.add(pair, *moved, primary=primary)
