"""The account behind the sandbox: its objects' rows, owners, and who belongs to whom. In memory, no HTTP."""

import time
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from connectors.hubspot.sandbox.properties import Invalid, Property, checked, iso
from leadsync.testing.table import Table

Row = dict[str, str]  # a row is its properties; hs_object_id is among them

TYPE_IDS = {
    "contacts": "0-1", "companies": "0-2", "deals": "0-3", "calls": "0-48", "emails": "0-49", "meetings": "0-47",
    "notes": "0-46", "tasks": "0-27",
}  # fmt: skip
SINGULAR = {name: {"companies": "company"}.get(name, name.rstrip("s")) for name in TYPE_IDS}
NAMES = (
    {name: name for name in TYPE_IDS}
    | {type_id: name for name, type_id in TYPE_IDS.items()}
    | {singular: name for name, singular in SINGULAR.items()}
)
_DEFAULTS = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id"),
    "deals": ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id",
              "pipeline"),
}  # fmt: skip
_ENGAGEMENT_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
_FIRST_ID = 1001


def now_ms() -> int:
    """The moment in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Rows(Table):
    """A table that also counts and forgets."""

    def count(self, low: int, high: int) -> int:
        """How many rows changed from `low` to `high`, both included."""
        return max(0, bisect_left(self._order, (high + 1, "")) - bisect_left(self._order, (low, "")))

    def remove(self, id_: str) -> Row:
        """Take a row out."""
        del self._order[bisect_left(self._order, (self._stamps[id_], id_))]
        del self._stamps[id_]
        return self.rows.pop(id_)


class Objects:
    """All rows of one object, with the rules of HubSpot for reading and changing them."""

    def __init__(self, name: str, properties: dict[str, Property], clock: Callable[[], int]) -> None:
        self.name, self.properties, self.clock = name, properties, clock
        self.live = Rows()
        self.archived: dict[str, Row] = {}
        self.merged_into: dict[str, str] = {}
        self.by_email: dict[str, str] = {}
        self.defaults = _DEFAULTS.get(name, _ENGAGEMENT_DEFAULTS)
        self.cursor = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
        self.created = "createdate" if "createdate" in properties else "hs_createdate"
        self._ids: list[int] = []
        self._next_id = _FIRST_ID

    def load(self, rows: Sequence[tuple[str, int, Row]]) -> None:
        """Many rows (id, stamp, properties) at once, into an empty object."""
        for id_, stamp, row in rows:
            row |= {"hs_object_id": id_, self.cursor: iso(stamp)}
            if row.get("email") and self.name == "contacts":
                self.by_email.setdefault(row["email"].lower(), id_)
        self.live.load(rows)
        self._ids = sorted(int(id_) for id_, _, _ in rows)
        self._next_id = max([_FIRST_ID, *(id_ + 1 for id_ in self._ids)])

    def page(self, after: int, limit: int) -> list[Row]:
        """Live rows in the order of their ids, from the id `after` on: one more than `limit` if there is one."""
        start = bisect_left(self._ids, after)
        return [self.live.rows[str(id_)] for id_ in self._ids[start : start + limit + 1]]

    def in_order(self) -> Iterator[Row]:
        """All live rows in the order of their ids."""
        return (self.live.rows[str(id_)] for id_ in self._ids)

    def get(self, id_: str) -> Row | None:
        """The live row with this id, or the one that it was merged into."""
        while id_ in self.merged_into:
            id_ = self.merged_into[id_]
        return self.live.rows.get(id_)

    def check(self, properties: dict[str, Any]) -> tuple[Row, list[Invalid]]:
        """The values as HubSpot would keep them, and those that it refuses."""
        good: Row = {}
        wrong = []
        for name, value in properties.items():
            try:
                if name not in self.properties:
                    raise Invalid(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
                good[name] = checked(self.properties[name], value)
            except Invalid as bad:
                wrong.append(bad)
        return good, wrong

    def conflict(self, values: Row, id_: str = "") -> str:
        """Why these checked values may not be had: a contact's e-mail that another one has. Empty if they may."""
        email = values.get("email", "") if self.name == "contacts" else ""
        holder = self.by_email.get(email, id_)
        return "" if holder == id_ else f"Contact already exists. Existing ID: {holder}"

    def create(self, values: Row, **system: str) -> Row:
        """A new row of checked values; `system` holds what only HubSpot sets."""
        id_, at = str(self._next_id), self.clock()
        self._next_id += 1
        row: Row = {self.created: iso(at), **system, "hs_object_id": id_}
        insort(self._ids, int(id_))
        self.live.put(id_, at, row)
        return self.update(row, values)

    def update(self, row: Row, values: Row) -> Row:
        """Set checked values (`""` clears) and stamp the row."""
        id_, at = row["hs_object_id"], self.clock()
        for name, value in values.items():
            if name == "lifecyclestage" and value and not self._may_move(row.get(name), value):
                continue  # HubSpot says yes and does nothing
            if name == "email" and self.name == "contacts":
                self._move_email(id_, row.get(name), value)
            if value:
                row[name] = value
            else:
                row.pop(name, None)
        row[self.cursor] = iso(at)
        self.live.put(id_, at, row)
        return row

    def archive(self, id_: str) -> None:
        """To the bin; nothing happens for an id that is not there."""
        if id_ in self.live.rows:
            row = self._take(id_)
            row["_archived"] = iso(self.clock())
            self.archived[id_] = row

    def merge(self, primary: str, other: str) -> Row:
        """Two contacts become one with an id of its own; the primary's values win."""
        first, second = self._take(primary), self._take(other)
        values = second | first
        for name in ("hs_object_id", "hs_merged_object_ids", self.cursor, self.created):
            values.pop(name, None)
        olds = [primary, other]
        for row in (first, second):
            olds += filter(None, row.get("hs_merged_object_ids", "").split(";"))
        created = min(first[self.created], second[self.created])
        merged = self.create(values, **{self.created: created, "hs_merged_object_ids": ";".join(olds)})
        self.merged_into |= dict.fromkeys((primary, other), merged["hs_object_id"])
        return merged

    def _take(self, id_: str) -> Row:
        row = self.live.remove(id_)
        del self._ids[bisect_left(self._ids, int(id_))]
        if self.by_email.get(row.get("email", "")) == id_:
            del self.by_email[row["email"]]
        return row

    def _move_email(self, id_: str, old: str | None, new: str) -> None:
        if old and self.by_email.get(old) == id_:
            del self.by_email[old]
        if new:
            self.by_email[new] = id_

    def _may_move(self, old: str | None, new: str) -> bool:
        order = [value for value, _ in self.properties["lifecyclestage"].options]
        return not old or order.index(new) >= order.index(old)


class Portal:
    """One account."""

    def __init__(self, definitions: dict[str, dict[str, Property]], clock: Callable[[], int] = now_ms) -> None:
        self.clock = clock
        self.objects = {name: Objects(name, found, clock) for name, found in definitions.items()}
        self.owners: list[dict[str, Any]] = []
        self.groups: dict[str, dict[str, dict[str, Any]]] = {
            name: {prop.group: {"name": prop.group, "label": prop.group} for prop in found.values()}
            for name, found in definitions.items()
        }
        self.links = Links()

    def associate(self, obj: str, id_: str, to: str, to_id: str, *, primary: bool = False) -> None:
        """Link two rows, both ways. A contact's first company is its primary one. Stamps neither row."""
        self.links.add((obj, to), id_, to_id, primary=primary)
        self.links.add((to, obj), to_id, id_, primary=primary)
        for contact, company in ((id_, to_id),) if (obj, to) == ("contacts", "companies") else ():
            row = self.objects["contacts"].live.rows[contact]
            if primary or "associatedcompanyid" not in row:
                row["associatedcompanyid"] = company
        if (obj, to) == ("companies", "contacts"):
            self.associate("contacts", to_id, "companies", id_, primary=primary)

    def merge_contacts(self, primary: str, other: str) -> Row:
        """Merge, and take both contacts' associations along."""
        merged = self.objects["contacts"].merge(primary, other)
        for old in (primary, other):
            self.links.move("contacts", old, merged["hs_object_id"])
        return merged


class Links:
    """Associations: per pair of objects, from an id to the ids it is linked to, in the order they were made."""

    def __init__(self) -> None:
        self._to: dict[tuple[str, str], dict[str, list[str]]] = {}
        self._primary: dict[tuple[str, str], set[tuple[str, str]]] = {}

    def add(self, pair: tuple[str, str], id_: str, to_id: str, *, primary: bool = False) -> None:
        """One direction of one link."""
        targets = self._to.setdefault(pair, {}).setdefault(id_, [])
        if to_id not in targets:
            targets.append(to_id)
        if primary:
            self._primary.setdefault(pair, set()).add((id_, to_id))

    def of(self, pair: tuple[str, str], id_: str) -> Sequence[str]:
        """What the row is linked to."""
        return self._to.get(pair, {}).get(id_, ())

    def is_primary(self, pair: tuple[str, str], id_: str, to_id: str) -> bool:
        """Whether this is the one that counts."""
        return (id_, to_id) in self._primary.get(pair, ())

    def move(self, obj: str, old: str, new: str) -> None:
        """All links of one row become another's."""
        for pair in [pair for pair in self._to if pair[0] == obj]:
            back = pair[1], pair[0]
            for to_id in self._to[pair].pop(old, []):
                primary = self.is_primary(pair, old, to_id)
                self.add(pair, new, to_id, primary=primary)
                self._to[back][to_id].remove(old)
                self.add(back, to_id, new, primary=primary)
