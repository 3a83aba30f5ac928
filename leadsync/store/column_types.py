"""The types of columns: moments as UTC microseconds since 1970, JSON as text: one shape for SQLite and PostgreSQL."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware moment, kept as microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return self.plain(value)

    @staticmethod
    def plain(value: datetime | None) -> int | None:
        """As the driver gets it."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[int | None], datetime | None]:
        return lambda value: None if value is None else from_microseconds(value)


def from_microseconds(value: int) -> datetime:
    """The moment that is kept so."""
    return _EPOCH + timedelta(microseconds=value)


class Json(sa.types.TypeDecorator[Any]):
    """Plain data, kept as JSON text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return self.plain(value)

    @staticmethod
    def plain(value: Any) -> str | None:
        """As the driver gets it."""
        if value is None:
            return None
        try:
            return orjson.dumps(value).decode()
        except TypeError:  # half a surrogate pair, a number beyond 64 bits: rows of CRMs hold such things
            return json.dumps(value, ensure_ascii=False).encode(errors="replace").decode()

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[str | None], Any]:
        return lambda value: None if value is None else orjson.loads(value)


Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
