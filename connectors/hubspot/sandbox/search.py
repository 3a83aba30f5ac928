"""HubSpot's search: filters, one sort, offset paging that ends at 10,000 rows, an index that may lag behind."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from connectors.hubspot.sandbox.portal import NAMES, Objects, Portal, Row
from connectors.hubspot.sandbox.properties import instant
from connectors.hubspot.sandbox.refusals import Refusal

_MOST_GROUPS, _MOST_FILTERS, _MOST_IN_ALL = 5, 6, 18
_REACH = 10_000
_LONGEST_QUERY = 3_000
_END_OF_TIME = 1 << 60

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
_OPERATORS = (*_COMPARE, "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY")


class Search:
    """One search request, checked; `rows()` answers it."""

    def __init__(self, portal: Portal, objects: Objects, body: Mapping[str, Any], lag_ms: int) -> None:
        self._portal, self._objects = portal, objects
        self._newest = portal.clock() - lag_ms if lag_ms else _END_OF_TIME
        self.limit = _whole(body.get("limit", 10), "limit")
        self.offset = _whole(body.get("after") or 0, "after")
        if not 1 <= self.limit <= 200:
            raise Refusal(400, "limit must be between 1 and 200")
        if self.offset >= _REACH:
            raise Refusal(400, f"Paging through search results ends after {_REACH} rows")
        self._query = str(body.get("query") or "").lower()
        if len(self._query) > _LONGEST_QUERY:
            raise Refusal(400, f"The query is longer than {_LONGEST_QUERY} characters")
        self._groups = _groups(body)
        self._sort, self._descending = self._sorting(body.get("sorts") or ())
        self._tests = [[self._test(one) for one in group] for group in self._groups]

    def rows(self) -> tuple[int, list[Row]]:
        """How many rows match in all, and those of this page."""
        low, high, exact = self._window()
        by_change = self._sort == self._objects.cursor and not self._descending
        if exact and by_change and not self._query:
            total = self._objects.live.count(low, high)
            found = islice(self._between(low, high), self.offset, self.offset + self.limit)
            return total, list(found)[: _REACH - self.offset]
        candidates = self._between(low, high) if (low or high < _END_OF_TIME) else self._objects.in_order()
        matching = [row for row in candidates if self._matches(row)]
        if not self._sort:
            matching.sort(key=lambda row: int(row["hs_object_id"]))
        elif not by_change:
            matching.sort(key=self._sort_key, reverse=self._descending)
        return len(matching), matching[self.offset : min(self.offset + self.limit, _REACH)]

    def _between(self, low: int, high: int) -> Iterator[Row]:
        live = self._objects.live
        for stamp, id_ in live.since(low):
            if stamp > high:
                return
            yield live.rows[id_]

    def _window(self) -> tuple[int, int, bool]:
        """The stamps between which all matches lie, and whether everything between them matches."""
        low, high = 0, self._newest
        if len(self._groups) != 1:
            return low, high, not self._groups
        exact = True
        for one in self._groups[0]:
            operator = one["operator"]
            if one["propertyName"] != self._objects.cursor or operator not in (
                "EQ",
                "GT",
                "GTE",
                "LT",
                "LTE",
                "BETWEEN",
            ):
                exact = False
                continue
            value = int(self._key(self._objects.cursor, one.get("value")))
            if operator in ("EQ", "GTE", "GT", "BETWEEN"):
                low = max(low, value + (operator == "GT"))
            if operator == "BETWEEN":
                high = min(high, int(self._key(self._objects.cursor, one.get("highValue"))))
            if operator in ("EQ", "LTE", "LT"):
                high = min(high, value - (operator == "LT"))
        return low, high, exact

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
