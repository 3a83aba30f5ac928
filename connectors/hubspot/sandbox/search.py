"""HubSpot's search: filters, one sort, offset paging that ends at 10,000 rows, an index that may lag behind."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.hubspot.sandbox.index import END, Row, Window
from connectors.hubspot.sandbox.portal import NAMES, Objects, Portal
from connectors.hubspot.sandbox.properties import instant
from connectors.hubspot.sandbox.refusals import Refusal

_MOST_GROUPS, _MOST_FILTERS, _MOST_IN_ALL = 5, 6, 18
_REACH = 10_000
_LONGEST_QUERY = 3_000
_ID = "hs_object_id"
_DAY_ONLY = re.compile(r"\d{4}-\d\d-\d\d")

Key = str | float
Test = Callable[[Row], bool]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda a, b: a == b,
    "NEQ": lambda a, b: a != b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "CONTAINS_TOKEN": lambda a, b: str(b).strip("*") in str(a),
    "NOT_CONTAINS_TOKEN": lambda a, b: str(b).strip("*") not in str(a),
}
# from the value, rounded up and down, to the lowest and highest whole number that fits
_BOUNDS: Mapping[str, Callable[[int, int], tuple[int, int]]] = {
    "EQ": lambda up, down: (up, down),
    "BETWEEN": lambda up, down: (up, down),
    "GTE": lambda up, down: (up, END),
    "GT": lambda up, down: (down + 1, END),
    "LTE": lambda up, down: (0, down),
    "LT": lambda up, down: (0, up - 1),
}
_OPERATORS = (*_COMPARE, "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY")


class Search:
    """One search request, checked; `rows()` answers it."""

    def __init__(self, portal: Portal, objects: Objects, body: Mapping[str, Any]) -> None:
        self._portal, self._objects = portal, objects
        self.limit = _whole(body.get("limit", 10), "limit")
        self.offset = _whole(body.get("after") or 0, "after")
        if not 1 <= self.limit <= 200:
            raise Refusal(400, "limit must be between 1 and 200")
        if not 0 <= self.offset < _REACH:
            raise Refusal(400, f"Paging through search results ends after {_REACH} rows")
        self._query = str(body.get("query") or "").lower()
        if len(self._query) > _LONGEST_QUERY:
            raise Refusal(400, f"The query is longer than {_LONGEST_QUERY} characters")
        self._groups = _groups(body)
        self._sort, self._descending = self._sorting(body.get("sorts") or ())
        self._tests = [[self._test(one) for one in group] for group in self._groups]

    def rows(self) -> tuple[int, list[Row]]:
        """How many rows match in all, and those of this page: found as the index has them, shown as they are."""
        index, window = self._objects.index, self._window()
        index.refresh()
        limit = min(self.limit, _REACH - self.offset)
        by_id = self._sort in ("", _ID)
        in_order = (by_id or self._sort == self._objects.cursor) and not self._descending
        if window.exact and in_order and not self._query:
            total, ids = index.page(window, self.offset, limit, by_id=by_id)
        else:
            found = index.ids(window, by_id=self._sort != self._objects.cursor)
            if not window.exact or self._query:
                found = [id_ for id_ in found if self._matches(index.row(id_))]
            if not (by_id or in_order):
                found.sort(key=lambda id_: self._sort_key(index.row(id_)))
            if self._descending:
                found.reverse()
            total, ids = len(found), found[self.offset : self.offset + limit]
        return total, [self._objects.rows[str(id_)] for id_ in ids]

    def _window(self) -> Window:
        """The stamps and ids between which all matches lie."""
        window = Window()
        if len(self._groups) != 1:
            window.exact = not self._groups
            return window
        for one in self._groups[0]:
            name, operator = str(one.get("propertyName")), str(one.get("operator"))
            if name not in (self._objects.cursor, _ID) or operator not in _BOUNDS:
                window.exact = False
                continue
            value = float(self._key(name, one.get("value")))
            low, high = math.ceil(value), math.floor(value)
            if operator == "BETWEEN":
                high = math.floor(float(self._key(name, one.get("highValue"))))
            low, high = _BOUNDS[operator](low, high)
            if name == _ID:
                window.first, window.last = max(window.first, low), min(window.last, high)
            else:
                window.low, window.high = max(window.low, low), min(window.high, high)
        return window

    def _matches(self, row: Row) -> bool:
        if self._query and not any(self._query in value.lower() for value in row.values()):
            return False
        return not self._tests or any(all(test(row) for test in group) for group in self._tests)

    def _sorting(self, sorts: Sequence[Any]) -> tuple[str, bool]:
        if len(sorts) > 1:
            raise Refusal(400, "Only one sort is allowed")
        if not sorts:
            return "", False
        sort = sorts[0]
        if isinstance(sort, str):
            name, descending = sort.lstrip("-"), sort.startswith("-")
        else:
            name, descending = str(sort.get("propertyName")), sort.get("direction") == "DESCENDING"
        self._known(name)
        return name, descending

    def _known(self, name: str) -> None:
        if name not in self._objects.properties:
            raise Refusal(400, f'There was a problem with the request: property "{name}" does not exist')

    def _key(self, name: str, value: object) -> Key:
        """A filter's value, or a row's, as something that compares."""
        kind = self._objects.properties[name].type
        try:
            if kind in ("date", "datetime"):
                if kind == "datetime" and _DAY_ONLY.fullmatch(str(value)):
                    raise ValueError
                return instant(str(value))
            if kind == "number":
                return float(str(value))
        except ValueError:
            raise Refusal(400, f"{value!r} is not a value for {name}") from None
        return str(value) if kind == "enumeration" else str(value).lower()

    def _sort_key(self, row: Row) -> tuple[bool, Key]:
        value = self._value(self._sort, row)
        return (False, "") if value is None else (True, value)

    def _value(self, name: str, row: Row) -> Key | None:
        """What the row holds, as something that compares; nothing for text in a field of numbers."""
        try:
            return self._key(name, row[name]) if name in row else None
        except Refusal:
            return None

    def _test(self, one: Mapping[str, Any]) -> Test:
        name, operator = str(one.get("propertyName")), str(one.get("operator"))
        if operator not in _OPERATORS:
            raise Refusal(400, f"Unknown operator {operator}")
        if name.startswith("associations."):
            return self._association_test(name, one)
        self._known(name)
        if self._objects.name == "contacts" and name == "hs_lastmodifieddate":
            return lambda row: False  # the index of contacts does not have it, and does not say so
        if operator == "HAS_PROPERTY":
            return lambda row: name in row
        if operator == "NOT_HAS_PROPERTY":
            return lambda row: name not in row
        if operator in ("IN", "NOT_IN"):
            return self._member_test(name, one, wanted=operator == "IN")
        value = self._key(name, one.get("value"))
        if value == 0 and self._objects.properties[name].type == "datetime":
            raise Refusal(500, "internal error", None)  # what HubSpot does at the very beginning of 1970
        if operator == "BETWEEN":
            high = self._key(name, one.get("highValue"))
            return self._holding(name, lambda own: value <= own <= high)  # type: ignore[operator]
        compare = _COMPARE[operator]
        return self._holding(name, lambda own: compare(own, value))

    def _holding(self, name: str, fits: Callable[[Key], bool]) -> Test:
        def test(row: Row) -> bool:
            own = self._value(name, row)
            return own is not None and fits(own)

        return test

    def _member_test(self, name: str, one: Mapping[str, Any], *, wanted: bool) -> Test:
        values = one.get("values")
        if not isinstance(values, list):
            raise Refusal(400, f"values must be a list for {name}")
        text = self._objects.properties[name].type == "string"
        among = {str(value) if text else self._key(name, value) for value in values}  # text must be given in lower case
        return self._holding(name, lambda own: (own in among) is wanted)

    def _association_test(self, name: str, one: Mapping[str, Any]) -> Test:
        to = NAMES.get(name.removeprefix("associations."))
        if to is None or one.get("operator") != "EQ":
            raise Refusal(400, f"Cannot build Filter for {name}")
        linked = set(self._portal.links.of((to, self._objects.name), str(one.get("value"))))
        return lambda row: row["hs_object_id"] in linked


def _groups(body: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    groups = [group.get("filters") or [] for group in body.get("filterGroups") or ()]
    if body.get("filters"):
        groups.append(body["filters"])
    total = sum(map(len, groups))
    if len(groups) > _MOST_GROUPS or max(map(len, groups), default=0) > _MOST_FILTERS or total > _MOST_IN_ALL:
        raise Refusal(400, f"At most {_MOST_GROUPS} groups of {_MOST_FILTERS} filters, {_MOST_IN_ALL} in all")
    return [group for group in groups if group]


def _whole(value: object, name: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise Refusal(400, f"{name} must be a whole number") from None
