"""The rows of one object of the account, with HubSpot's rules for reading and changing them."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.hubspot.sandbox.history import History
from connectors.hubspot.sandbox.index import Index
from connectors.hubspot.sandbox.properties import Invalid, Property, checked, instant, iso

Row = dict[str, str]  # a row is its properties, hs_object_id among them; a change makes a new one

TYPE_IDS = {
    "contacts": "0-1", "companies": "0-2", "deals": "0-3", "leads": "0-136", "calls": "0-48", "emails": "0-49",
    "meetings": "0-47", "notes": "0-46", "tasks": "0-27",
}  # fmt: skip
SINGULAR = {name: {"companies": "company"}.get(name, name.rstrip("s")) for name in TYPE_IDS}
NAMES = (
    {name: name for name in TYPE_IDS}
    | {type_id: name for name, type_id in TYPE_IDS.items()}
    | {singular: name for name, singular in SINGULAR.items()}
)
ENGAGEMENTS = frozenset({"calls", "emails", "meetings", "notes", "tasks"})
_DEFAULTS = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id"),
    "deals": ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id",
              "pipeline"),
    "leads": ("createdate", "hs_lastmodifieddate", "hs_object_id"),
}  # fmt: skip
_ENGAGEMENT_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
_FIRST_ID = 1001
_BIN = 90 * 86_400_000  # how long archived rows are kept
MOST_MERGES = 250


class Objects:
    """All rows of one object. `clock` and `lag` are in milliseconds."""

    def __init__(
        self, name: str, properties: dict[str, Property], clock: Callable[[], int], lag: Callable[[], int]
    ) -> None:
        self.name, self.type_id, self.properties, self.clock = name, TYPE_IDS[name], properties, clock
        self.rows: dict[str, Row] = {}
        self.merged_into: dict[str, str] = {}
        self.defaults = _DEFAULTS.get(name, _ENGAGEMENT_DEFAULTS)
        self.cursor = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
        self.created = "createdate" if "createdate" in properties else "hs_createdate"
        self._ids: list[int] = []
        self.index = Index(self.rows, self._ids, clock, lag)
        self.history = History(self.created)
        self._archived: dict[str, Row] = {}
        self._unique: tuple[str, ...] = ("email",) if name == "contacts" else ()
        self._holders: dict[str, dict[str, str]] = {}  # unique property → value → id
        self._next_id = _FIRST_ID

    def load(self, rows: Sequence[tuple[str, int, Row]]) -> None:
        """Many rows (id, stamp, properties) at once, into an empty object."""
        for id_, stamp, row in rows:
            row |= {"hs_object_id": id_, self.cursor: iso(stamp)}
            self.rows[id_] = row
            self._hold(row)
        self._ids += sorted(int(id_) for id_ in self.rows)
        self.index.load((int(id_), stamp) for id_, stamp, _ in rows)
        self._next_id = max([_FIRST_ID, *(id_ + 1 for id_ in self._ids)])

    def page(self, after: int, limit: int) -> list[Row]:
        """Live rows in the order of their ids, from the id `after` on: one more than `limit` if there is one."""
        start = bisect_left(self._ids, after)
        return [self.rows[str(id_)] for id_ in self._ids[start : start + limit + 1]]

    def in_order(self) -> Iterator[Row]:
        """All live rows in the order of their ids."""
        return (self.rows[str(id_)] for id_ in self._ids)

    @property
    def archived(self) -> Mapping[str, Row]:
        """The rows in the bin, by id; what has lain there for 90 days is gone."""
        oldest = iso(self.clock() - _BIN)
        for id_ in [id_ for id_, row in self._archived.items() if row["_archived"] <= oldest]:
            self.forget(id_)
        return self._archived

    def get(self, id_: str) -> Row | None:
        """The live row with this id, or the one that it was merged into."""
        while id_ in self.merged_into:
            id_ = self.merged_into[id_]
        return self.rows.get(id_)

    def define(self, prop: Property) -> None:
        """Add or replace the definition of a property."""
        self.properties[prop.name] = prop
        if prop.unique and prop.name not in self._unique:
            self._unique += (prop.name,)

    def is_unique(self, name: str) -> bool:
        """Whether no two rows may hold the same value of this property."""
        return name in self._unique and (name == "email" or name in self.properties)

    def holder(self, name: str, value: str) -> str:
        """The id of the row that holds this value of a unique property; empty for none."""
        return self._holders.get(name, {}).get(value.lower() if name == "email" else value, "")

    def check(self, properties: Mapping[str, Any]) -> tuple[Row, list[Invalid]]:
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
        """Why these checked values may not be had: another row holds one that must be unique. Empty if they may."""
        for name in values:
            holder = self.holder(name, values[name]) if values[name] and self.is_unique(name) else ""
            if holder and holder != id_:
                word = SINGULAR[self.name].capitalize()
                return f"{word} already exists. Existing ID: {holder}"
        return ""

    def create(
        self,
        values: Row,
        system: Mapping[str, str] | None = None,
        *,
        at: int | None = None,
        source: str = "INTEGRATION",
    ) -> Row:
        """A new row of checked values; `system` holds what only HubSpot sets, `at` is its stamp if not now."""
        id_, at = str(self._next_id), self.clock() if at is None else at
        self._next_id += 1
        self.rows[id_] = {self.created: iso(at), **(system or {}), "hs_object_id": id_}
        insort(self._ids, int(id_))
        return self.update(id_, values, at=at, source=source)

    def update(self, id_: str, values: Row, *, at: int | None = None, source: str = "INTEGRATION") -> Row:
        """Set checked values (`""` clears) and stamp the row."""
        at = self.clock() if at is None else at
        stage = values.get("lifecyclestage")
        if stage and not self._may_move(self.rows[id_].get("lifecyclestage"), stage):
            values = {name: value for name, value in values.items() if name != "lifecyclestage"}  # and says nothing
        return self._set(id_, values, at, source, stamp=at)

    def calculate(self, id_: str, values: Row, source: str | None = "CALCULATED") -> Row:
        """Set what HubSpot computes by itself: the row keeps its stamp. Without a `source` no history is kept."""
        return self._set(id_, values, self.clock(), source, stamp=None)

    def archive(self, id_: str) -> None:
        """To the bin, from which nothing but an e-mail is missing; nothing happens for an id that is not there."""
        if id_ in self.rows:
            row = self._take(id_)
            if self.name == "emails":
                self.history.forget(id_)
            else:
                self._archived[id_] = row | {"_archived": iso(self.clock())}

    def forget(self, id_: str) -> None:
        """Gone for good, from the bin too."""
        if id_ in self.rows:
            self._take(id_)
        self._archived.pop(id_, None)
        self.history.forget(id_)

    def merge(self, primary: str, other: str) -> Row:
        """Two rows become one with an id of its own; the primary's values win."""
        first, second = self._take(primary), self._take(other)
        values = second | first
        for name in ("hs_object_id", "hs_merged_object_ids", self.cursor, self.created):
            values.pop(name, None)
        created = min(first[self.created], second[self.created])
        olds = ";".join(dict.fromkeys((primary, other, *merged_ids(first), *merged_ids(second))))
        merged = self.create(values, {self.created: created, "hs_merged_object_ids": olds})
        self.history.move(primary, merged["hs_object_id"])
        self.history.forget(other)
        self.merged_into |= dict.fromkeys((primary, other), merged["hs_object_id"])
        return merged

    def _set(self, id_: str, values: Row, at: int, source: str | None, *, stamp: int | None) -> Row:
        before = self.rows[id_]
        fresh = self.cursor not in before
        row = dict(before)
        for name, value in values.items():
            if source and not fresh:
                self.history.note(before, name, value, at, source)
            if value:
                row[name] = value
            else:
                row.pop(name, None)
        if stamp is not None:
            row[self.cursor] = iso(stamp)
        self._release(before)
        self._hold(row)
        self.rows[id_] = row
        self.index.changed(int(id_), instant(row[self.cursor]), None if fresh else before, row)
        return row

    def _take(self, id_: str) -> Row:
        row = self.rows.pop(id_)
        del self._ids[bisect_left(self._ids, int(id_))]
        self.index.removed(int(id_))
        self._release(row)
        return row

    def _hold(self, row: Row) -> None:
        for name in self._unique:
            if value := row.get(name, "").lower() if name == "email" else row.get(name):
                self._holders.setdefault(name, {}).setdefault(value, row["hs_object_id"])

    def _release(self, row: Row) -> None:
        for name in self._unique:
            value = row.get(name, "").lower() if name == "email" else row.get(name, "")
            if self.holder(name, value) == row["hs_object_id"]:
                del self._holders[name][value]

    def _may_move(self, old: str | None, new: str) -> bool:
        order = [value for value, _ in self.properties["lifecyclestage"].options]
        return not old or old not in order or order.index(new) >= order.index(old)


def merged_ids(row: Row) -> list[str]:
    """The ids that live on in this row."""
    return [id_ for id_ in row.get("hs_merged_object_ids", "").split(";") if id_]
