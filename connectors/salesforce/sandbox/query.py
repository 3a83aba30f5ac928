"""Answering parsed queries from the sandbox's tables."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.index import after_id, between, bounds, exact_ids
from connectors.salesforce.sandbox.schema import Entity, Field
from connectors.salesforce.sandbox.soql import Compare, Condition, Literal, Order, Query, parse, refused

if TYPE_CHECKING:
    from connectors.salesforce.sandbox.org import Org

Row = dict[str, Any]
Test = Callable[[Row], bool]
_HINT = "Please reference your WSDL or the describe call for the appropriate names."
# what is common to all that a reference of several objects may lead to
_COMMON = ("Id", "Name", "FirstName", "LastName", "Email", "Phone", "Title", "Username", "Alias", "IsActive", "Type")
_STRINGS = ("string", "textarea", "email", "phone", "url", "picklist")
_NUMBERS = ("int", "double", "currency", "percent")


def _custom(thing: str, ending: str, name: str) -> str:
    return f"If you are attempting to use a custom {thing}, be sure to append the '{ending}' after the {name}. {_HINT}"


class Column(NamedTuple):
    """A resolved path: names in their own spelling, the field at its end, how to get the value from a row."""

    names: tuple[str, ...]
    field: Field
    get: Callable[[Row], Any]


class Found(NamedTuple):
    """The rows of a query and how to show one."""

    rows: list[Row]
    show: Callable[[Row], dict[str, Any]]
    only_count: bool


def run(org: "Org", text: str, *, everything: bool) -> Found:
    """Answer a query. `everything` shows deleted and archived rows too. Raises `ApiError`."""
    query = parse(text)
    plan = _planned(org, query, text)
    rows = plan.rows(query, everything=everything)
    return Found(rows, plan.renderer(query, everything=everything), query.count)


class Table(NamedTuple):
    """The rows of a query as a table: the object, the rows, and the columns with their kind."""

    source: str
    rows: list[Row]
    columns: list[tuple[str, str, Callable[[Row], Any]]]


def table(org: "Org", text: str, *, everything: bool) -> Table:
    """Answer a query as the Bulk API does: what it cannot do, it refuses. Raises `ApiError`."""
    query = parse(text)
    if query.count or query.children or query.offset:
        what = "aggregates" if query.count else "sub-queries" if query.children else "OFFSET"
        raise ApiError(400, "API_ERROR", f"{what} are not supported in Bulk Query")
    plan = _planned(org, query, text)
    columns = [plan.column(path) for path in query.paths]
    if compound := [column.names[-1] for column in columns if column.field.kind == "address"]:
        message = f"Selecting compound data not supported in Bulk Query: {', '.join(compound)}"
        raise ApiError(400, "FEATURENOTENABLED", message)
    plan.renderer(query, everything=everything)  # refuses what is selected twice
    rows = plan.rows(query, everything=everything)
    return Table(plan.entity.name, rows, [(".".join(c.names), c.field.kind, c.get) for c in columns])


def condition(org: "Org", name: str, where: str) -> Test:
    """A function that tells whether a row of the object meets the condition. Raises `ApiError`."""
    text = f"SELECT Id FROM {name} WHERE {where}"  # noqa: S608
    found = parse(text).where
    return _Plan(org, org.entities[name], text).test(found) if found else lambda row: True


def _planned(org: "Org", query: Query, text: str) -> "_Plan":
    entity = org.entity(query.source)
    if entity is None:
        raise ApiError(
            400,
            "INVALID_TYPE",
            f"\n{text}\nERROR at Row:1:Column:{text.find(query.source) + 1}\n"
            f"sObject type '{query.source}' is not supported. {_custom('object', '__c', 'entity name')}",
        )
    return _Plan(org, entity, text)


class _Plan:
    def __init__(self, org: "Org", entity: Entity, text: str) -> None:
        self.org, self.entity, self.text = org, entity, text

    # names

    def column(self, path: str) -> Column:
        """Resolve a path. Raises `ApiError` INVALID_FIELD in Salesforce's words."""
        return self._column(self.entity, path.split("."), path)

    def _column(self, entity: Entity, parts: list[str], path: str) -> Column:
        head = parts[0]
        if len(parts) == 1:
            found = entity.find(head)
            if found is None:
                advice = _custom("field", "__c", "custom field name")
                raise self._refuse(path, f"No such column '{head}' on entity '{entity.name}'. {advice}")
            name = found.name
            if found.kind == "address":
                return Column((name,), found, lambda row: _address(row, name.removesuffix("Address")))
            return Column((name,), found, lambda row: row.get(name))
        link = entity.relations.get(head.lower())
        if link is None:
            advice = _custom("relationship", "__r", "custom relationship name")
            raise self._refuse(path, f"Didn't understand relationship '{head}' in field path. {advice}")
        return self._through(link, parts[1:], path)

    def _through(self, link: Field, parts: list[str], path: str) -> Column:
        org, reference, relation = self.org, link.name, link.relationship or ""
        if len(link.refers) == 1:
            inner = self._column(org.entities[link.refers[0]], parts, path)

            def get(row: Row) -> Any:
                other = org.row(row.get(reference))
                return None if other is None else inner.get(other)

            return Column((relation, *inner.names), inner.field, get)
        name = next((common for common in _COMMON if common.lower() == parts[0].lower()), None)
        if name is None or len(parts) > 1:
            raise self._refuse(path, f"No such column '{parts[0]}' on entity 'Name'. {_HINT}")
        kinds = [f for other in link.refers if (f := org.entities[other].fields.get(name))]
        field = kinds[0] if kinds and name != "Type" else Field(name, "string", name)

        def common(row: Row) -> Any:
            other = org.row(row.get(reference))
            if other is None:
                return None
            if name == "Type":
                kind = org.kind(other["Id"])
                return other["Type"] if kind == "Group" else kind
            return other.get(name)

        return Column((relation, name), field, common)

    def _refuse(self, path: str, what: str) -> ApiError:
        return refused(self.text, max(0, self.text.find(path)), "INVALID_FIELD", what)

    # rows

    def rows(self, query: Query, *, everything: bool) -> list[Row]:
        """All rows of the query, in its order."""
        test = self.test(query.where) if query.where else None
        order = [(self.column(key.path), key) for key in query.order]
        source, sorted_by = self._candidates(query.where)
        good = self._good(source, test, everything=everything, truly=exact_ids(query.where) is not None)
        names = [(column.names, key.descending) for column, key in order]
        if names and names != [((name,), False) for name in sorted_by[: len(names)]]:
            good = iter(_ordered(list(good), order))
        stop = None if query.limit is None else query.offset + query.limit
        return list(islice(good, query.offset, stop))

    def _good(self, source: Iterable[str], test: Test | None, *, everything: bool, truly: bool) -> Iterator[Row]:
        rows = self.org.tables[self.entity.name].rows
        for id_ in source:
            row = rows.get(id_) if truly else self.org.visible(self.entity.name, id_)
            if row is None or (not everything and (row.get("IsDeleted") or row.get("IsArchived"))):
                continue
            if test is None or test(row):
                yield row

    def _candidates(self, where: Condition | None) -> tuple[Iterable[str], tuple[str, ...]]:
        """Ids among which the rows are, by the best index there is, and the order that they come in."""
        table, name = self.org.tables[self.entity.name], self.entity.name
        exact = exact_ids(where)
        if exact is not None:
            return sorted(id_ for id_ in exact if id_ in table.rows), ("Id",)
        low, high = bounds(where)
        if low is not None:
            # a row whose newest change cannot be seen yet stands in the index at that change
            order = () if self.org.late else ("SystemModstamp", "Id")
            return between(table.since(low), None if self.org.late else high), order
        every = self.org.sorted_ids(name)
        return every[bisect_right(every, after_id(where)) :], ("Id",)

    # conditions

    def test(self, condition: Condition) -> Test:
        """A function that tells whether a row meets the condition."""
        if isinstance(condition, Compare):
            return self._compare(condition)
        parts = [self.test(part) for part in condition.parts]
        if condition.op == "NOT":
            return lambda row: not parts[0](row)
        if condition.op == "AND":
            return lambda row: all(part(row) for part in parts)
        return lambda row: any(part(row) for part in parts)

    def _compare(self, compare: Compare) -> Test:
        column = self.column(compare.path)
        get, op, kind = column.get, compare.op, column.field.kind
        if not column.field.filterable:
            raise self._refuse(compare.path, f"field '{compare.path}' can not be filtered in a query call")
        values = [self._value(column.field, compare.path, literal) for literal in compare.values]
        if op in ("IN", "NOT IN"):
            wanted = set(values)
            if op == "IN":
                return lambda row: _folded(get(row), kind) in wanted
            return lambda row: _folded(get(row), kind) not in wanted
        value = values[0]
        if op == "LIKE":
            if kind not in _STRINGS or compare.values[0].kind != "string":
                raise self._refuse(compare.path, f"{compare.path} {op}: invalid operator on {kind} field")
            pattern = _like(compare.values[0].like)
            return lambda row: pattern.match(get(row) or "") is not None
        if op == "=":
            return lambda row: _folded(get(row), kind) == value
        if op == "!=":
            return lambda row: _folded(get(row), kind) != value
        if value is None or kind == "boolean":
            raise self._refuse(compare.path, f"{compare.path} {op}: invalid operator on {kind} field")
        return _inequality(get, op, kind, value)

    def _value(self, field: Field, path: str, literal: Literal) -> Any:
        """The literal, fit to be compared with the field's values. Raises `ApiError` for one of another type."""
        if literal.kind == "null":
            return None
        if field.kind in ("id", "reference"):
            found = ids.canonical(str(literal.value)) if literal.kind == "string" else None
            if found is None:
                raise refused(self.text, max(0, self.text.find(path)), "INVALID_QUERY_FILTER_OPERATOR",
                              f"invalid ID field: {literal.value}")  # fmt: skip
            return found
        for kinds, wanted, name in _FITS:
            if field.kind in kinds:
                if literal.kind not in wanted:
                    advice = "should be" if name == "string" else "should not be"
                    what = f"must be of type {name} and {advice} enclosed in quotes"
                    raise self._refuse(path, f"value of filter criterion for field '{field.name}' {what}")
                return _folded(literal.value, field.kind)
        return literal.value

    # answers

    def renderer(self, query: Query, *, everything: bool) -> Callable[[Row], dict[str, Any]]:
        """How to show a row. Raises `ApiError` for unknown names or one that is selected twice."""
        columns = [self.column(path) for path in query.paths]
        seen: set[tuple[str, ...]] = set()
        for column in columns:
            if column.names in seen:
                raise refused(self.text, 0, "MALFORMED_QUERY", f"duplicate field selected: {'.'.join(column.names)}")
            seen.add(column.names)
        plain = [(column.names[0], column.get) for column in columns if len(column.names) == 1]
        nested = [column for column in columns if len(column.names) > 1]
        children = [self._children(child, everything=everything) for child in query.children]
        name, org = self.entity.name, self.org

        def show(row: Row) -> dict[str, Any]:
            out: dict[str, Any] = {"attributes": org.attributes(name, row["Id"])}
            for key, get in plain:
                out[key] = get(row)
            for column in nested:
                _nest(org, row, out, column)
            for relation, related in children:
                out[relation] = related(row["Id"])
            return out

        return show

    def _children(self, child: Query, *, everything: bool) -> tuple[str, Callable[[str], dict[str, Any] | None]]:
        relation = next((name for name in self.entity.children if name.lower() == child.source.lower()), None)
        if relation is None:
            advice = _custom("relationship", "__r", "custom relationship name")
            what = f"Didn't understand relationship '{child.source}' in FROM part of query call. {advice}"
            raise refused(self.text, max(0, self.text.find(child.source)), "INVALID_TYPE", what)
        obj, reference = self.entity.children[relation]
        plan = _Plan(self.org, self.org.entities[obj], self.text)
        limit, child.limit = child.limit, None  # it counts for each parent
        by_parent: dict[str, list[Row]] = defaultdict(list)
        for row in plan.rows(child, everything=everything):
            by_parent[row.get(reference) or ""].append(row)
        show = plan.renderer(child, everything=everything)

        def related(id_: str) -> dict[str, Any] | None:
            mine = by_parent.get(id_, [])[:limit]
            return {"totalSize": len(mine), "done": True, "records": [show(row) for row in mine]} if mine else None

        return relation, related


_FITS: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (_STRINGS, ("string",), "string"),
    (_NUMBERS, ("number",), "number"),
    (("boolean",), ("bool",), "boolean"),
    (("datetime",), ("datetime",), "dateTime"),
    (("date",), ("date",), "date"),
)


def _folded(value: Any, kind: str) -> Any:
    """Texts are compared without case."""
    return value.lower() if kind in _STRINGS and value is not None else value


def _inequality(get: Callable[[Row], Any], op: str, kind: str, value: Any) -> Test:
    def test(row: Row) -> bool:
        found = _folded(get(row), kind)
        if found is None:
            return False
        if op == "<":
            return bool(found < value)
        if op == "<=":
            return bool(found <= value)
        return bool(found > value if op == ">" else found >= value)

    return test


def _like(text: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    body = "".join(
        ".*" if part == "%" else "." if part == "_" else re.escape(part[1:] if part[0] == "\\" else part)
        for part in parts
    )
    return re.compile(body + r"\Z", re.IGNORECASE | re.DOTALL)


def _ordered(rows: list[Row], order: list[tuple[Column, Order]]) -> list[Row]:
    for column, key in reversed(order):
        known = [row for row in rows if column.get(row) is not None]
        unknown = [row for row in rows if column.get(row) is None]
        known.sort(key=lambda row, c=column: _folded(c.get(row), c.field.kind), reverse=key.descending)  # type: ignore[misc]
        rows = known + unknown if key.nulls_last else unknown + known
    return rows


def _nest(org: "Org", start: Row, out: dict[str, Any], column: Column) -> None:
    """Put the value at the end of a path into the nested objects that Salesforce answers with."""
    row = start
    for relation in column.names[:-1]:
        id_ = row.get(f"{relation}Id")
        other = org.row(id_)
        if other is None:
            out[relation] = None
            return
        if not out.get(relation):
            out[relation] = {"attributes": org.attributes(org.kind(other["Id"]), other["Id"])}
        row, out = other, out[relation]
    out[column.names[-1]] = column.get(start)


def _address(row: Row, prefix: str) -> dict[str, Any] | None:
    """The compound value of an address, `None` where every part is empty."""
    parts = {part: row.get(prefix + part) for part in ("Street", "City", "State", "PostalCode", "Country")}
    if not any(parts.values()):
        return None
    lowered = {name[0].lower() + name[1:]: value for name, value in parts.items()}
    return lowered | {"latitude": None, "longitude": None, "geocodeAccuracy": None}
