"""Parsing the part of SOQL that clients use: fields, paths, one level of sub-query, conditions, order, limits."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from connectors.salesforce.sandbox.errors import ApiError

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.-]))
    | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
    | (?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_COMPARISONS = ("=", "!=", "<>", "<", "<=", ">", ">=")


class Literal(NamedTuple):
    """A value in a query: `kind` is string, number, datetime, date, bool or null; a datetime is in wire form."""

    kind: str
    value: str | float | bool | None
    like: str = ""  # a string with its escapes of % and _ left in


@dataclass(frozen=True, slots=True)
class Compare:
    """`field op value`; IN and NOT IN have several values."""

    path: str
    op: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Logic:
    """AND, OR or NOT over conditions."""

    op: str
    parts: tuple["Condition", ...]


Condition = Compare | Logic


class Order(NamedTuple):
    """One key of ORDER BY."""

    path: str
    descending: bool
    nulls_last: bool


@dataclass(slots=True)
class Query:
    """A parsed query; in a sub-query `source` is the name of a child relationship."""

    source: str = ""
    paths: list[str] = field(default_factory=list)
    children: list["Query"] = field(default_factory=list)
    count: bool = False
    where: Condition | None = None
    order: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0


def wire(at: datetime) -> str:
    """A datetime as Salesforce writes it, cut to the second. Texts of this form sort by time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def parse(text: str) -> Query:
    """The query. Raises `ApiError` MALFORMED_QUERY that points at the place."""
    parser = _Parser(text)
    query = parser.query(inner=False)
    if parser.kind:
        raise parser.unexpected()
    return query


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.end = text, 0, 0
        self.kind: str | None = None
        self.token = ""
        self.step()

    def step(self) -> None:
        """Move to the next token."""
        self.at = self.end
        if not self.text[self.at :].strip():
            self.kind, self.token = None, ""
            return
        found = _TOKEN.match(self.text, self.at)
        if not found:
            self.at += len(self.text[self.at :]) - len(self.text[self.at :].lstrip())
            raise self.malformed(f"no viable alternative at character '{self.text[self.at]}'")
        self.kind, self.end = found.lastgroup, found.end()
        self.token = found[self.kind or 0]
        self.at = found.start(self.kind or 0)

    def malformed(self, what: str) -> ApiError:
        return refused(self.text, self.at, "MALFORMED_QUERY", what)

    def unexpected(self) -> ApiError:
        return self.malformed(f"unexpected token: '{self.token}'" if self.kind else "unexpected end of query")

    def word(self, *words: str) -> bool:
        """Take these keywords, or nothing."""
        at, end, kind, token = self.at, self.end, self.kind, self.token
        for word in words:
            if self.kind != "name" or self.token.upper() != word:
                self.at, self.end, self.kind, self.token = at, end, kind, token
                return False
            self.step()
        return True

    def sign(self, sign: str) -> bool:
        """Take this sign, or nothing."""
        if self.kind == "sign" and self.token == sign:
            self.step()
            return True
        return False

    def need(self, taken: bool) -> None:
        if not taken:
            raise self.unexpected()

    def name(self) -> str:
        if self.kind != "name":
            raise self.unexpected()
        name = self.token
        self.step()
        return name

    def number(self) -> int:
        if self.kind != "number" or not self.token.isdecimal():
            raise self.unexpected()
        number = int(self.token)
        self.step()
        return number

    def query(self, *, inner: bool) -> Query:
        query = Query()
        self.need(self.word("SELECT"))
        self.columns(query, inner=inner)
        self.need(self.word("FROM"))
        query.source = self.name()
        if self.word("WHERE"):
            query.where = self.condition()
        if self.word("ORDER", "BY"):
            query.order.append(self.order())
            while self.sign(","):
                query.order.append(self.order())
        if self.word("LIMIT"):
            query.limit = self.number()
        if self.word("OFFSET"):
            query.offset = self.number()
            if query.offset > 2000:
                raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        return query

    def columns(self, query: Query, *, inner: bool) -> None:
        while True:
            if not inner and self.sign("("):
                query.children.append(self.query(inner=True))
                self.need(self.sign(")"))
            else:
                name = self.name()
                if name.upper() == "COUNT" and self.sign("("):
                    self.need(self.sign(")"))
                    query.count = True
                    return
                query.paths.append(name)
            if not self.sign(","):
                return

    def order(self) -> Order:
        path = self.name()
        descending = self.word("DESC")
        if not descending:
            self.word("ASC")
        last = self.word("NULLS", "LAST")
        if not last:
            self.word("NULLS", "FIRST")
        return Order(path, descending, last)

    def condition(self) -> Condition:
        parts = [self.term()]
        op = ""
        while self.kind == "name" and self.token.upper() in ("AND", "OR"):
            if op and self.token.upper() != op:
                raise self.unexpected()  # AND and OR side by side need parentheses
            op = self.token.upper()
            self.step()
            parts.append(self.term())
        return Logic(op, tuple(parts)) if op else parts[0]

    def term(self) -> Condition:
        if self.word("NOT"):
            return Logic("NOT", (self.term(),))
        if self.sign("("):
            inner = self.condition()
            self.need(self.sign(")"))
            return inner
        path = self.name()
        if self.kind == "sign" and self.token in _COMPARISONS:
            op = self.token.replace("<>", "!=")
            self.step()
            return Compare(path, op, (self.literal(),))
        if self.word("LIKE"):
            return Compare(path, "LIKE", (self.literal(),))
        op = "NOT IN" if self.word("NOT", "IN") else "IN"
        if op == "IN":
            self.need(self.word("IN"))
        self.need(self.sign("("))
        values = [self.literal()]
        while self.sign(","):
            values.append(self.literal())
        self.need(self.sign(")"))
        return Compare(path, op, tuple(values))

    def literal(self) -> Literal:
        kind, token = self.kind, self.token
        if kind == "string":
            value = Literal("string", self.unescaped(token, like=False), self.unescaped(token, like=True))
        elif kind == "datetime":
            value = Literal("datetime", wire(datetime.fromisoformat(token)))
        elif kind == "date":
            value = Literal("date", token)
        elif kind == "number":
            value = Literal("number", float(token))
        elif kind == "name" and token.lower() in ("true", "false"):
            value = Literal("bool", token.lower() == "true")
        elif kind == "name" and token.lower() == "null":
            value = Literal("null", None)
        else:
            raise self.unexpected()
        self.step()
        return value

    def unescaped(self, token: str, *, like: bool) -> str:
        def one(found: re.Match[str]) -> str:
            code = found[1]
            if code in ("%", "_"):
                return found[0] if like else code
            if code[0] == "u" and len(code) == 5:
                return chr(int(code[1:], 16))
            if code not in _ESCAPES:
                raise self.malformed(f"invalid escape sequence '\\{code}'")
            # in LIKE a backslash goes on to mark % and _, so one that is meant stays doubled
            return found[0] if like and code == "\\" else _ESCAPES[code]

        return _ESCAPE.sub(one, token[1:-1])


def refused(text: str, at: int, code: str, what: str) -> ApiError:
    """A refusal in the form that Salesforce gives to queries: the query, a mark below the place, the reason."""
    return ApiError(400, code, f"\n{text}\n{' ' * at}^\nERROR at Row:1:Column:{at + 1}\n{what}")
