"""Queries by ids that are compiled once: to look few rows up costs little more than what the database takes for it."""

from collections.abc import Collection
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from leadsync.store.database import Store

_IDS = "ids"


class _Each(sa.sql.functions.FunctionElement[Any]):
    """The elements of a JSON array of numbers, one row each."""

    inherit_cache = True
    name = "each"


@compiles(_Each, "sqlite")
def _for_sqlite(element: _Each, compiler: Any, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_Each, "postgresql")
def _for_postgresql(element: _Each, compiler: Any, **how: Any) -> str:
    return f"jsonb_array_elements_text(CAST({compiler.process(element.clauses, **how)} AS jsonb))"


class Gathered(sa.sql.functions.FunctionElement[Any]):
    """The numbers of many rows as a JSON array; of none of them, it or nothing."""

    inherit_cache = True
    name = "gathered"
    type = sa.Text()


@compiles(Gathered, "sqlite")
def _gathered_by_sqlite(element: Gathered, compiler: Any, **how: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **how)})"


@compiles(Gathered, "postgresql")
def _gathered_by_postgresql(element: Gathered, compiler: Any, **how: Any) -> str:
    return f"CAST(json_agg({compiler.process(element.clauses, **how)}) AS text)"


def each() -> sa.TableValuedAlias:
    """The ids that a `Lookup` is asked for, as a table."""
    return _Each(sa.bindparam(_IDS, type_=sa.Text)).table_valued("value")


def id_of(each: sa.FromClause) -> sa.ColumnElement[int]:
    """One of these ids."""
    return sa.cast(each.c.value, sa.BigInteger)


def asked(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a column is one of the ids that a `Lookup` is asked for."""
    return column.in_(sa.select(id_of(each())))


class Lookup:
    """A query for the rows whose columns are `asked` for."""

    def __init__(self, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> None:
        self._query, self._compiled = query, dict[str, tuple[str, Any, Any]]()

    def __call__(self, store: Store, ids: Collection[int], **more: int) -> list[Any]:
        """These rows as the driver gives them, moments in microseconds and JSON as text; `more` are other parameters
        of the query. Inside `begin()`."""
        if not ids:
            return []
        dialect = store.engine.dialect
        if dialect.name not in self._compiled:
            compiled = self._query.compile(dialect=dialect)
            self._compiled[dialect.name] = str(compiled), compiled.positiontup, compiled.params
        sql, places, parameters = self._compiled[dialect.name]
        told = parameters | more | {_IDS: orjson.dumps(sorted(ids)).decode()}
        return store.run(sql, told if places is None else tuple(told[name] for name in places))
