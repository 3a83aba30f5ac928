"""Which rows a condition can be met by, as far as an index tells."""

from collections.abc import Iterable, Iterator

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.soql import Compare, Condition


def exact_ids(where: Condition | None) -> set[str] | None:
    """The only ids that can meet the condition, `None` where it names none."""
    if isinstance(where, Compare):
        if where.path.lower() == "id" and where.op in ("=", "IN"):
            return {found for v in where.values if (found := ids.canonical(str(v.value)))}
    elif where and where.op == "AND":
        return next((exact for part in where.parts if (exact := exact_ids(part)) is not None), None)
    return None


def bounds(where: Condition | None) -> tuple[str | None, str | None]:
    """Between which stamps, both included, every row lies that can meet the condition."""
    if isinstance(where, Compare):
        value = where.values[0]
        if where.path.lower() != "systemmodstamp" or value.kind != "datetime":
            return None, None
        stamp = str(value.value)
        low = stamp if where.op in ("=", ">", ">=") else None
        return low, stamp if where.op in ("=", "<", "<=") else None
    if where is None or where.op == "NOT":
        return None, None
    parts = [bounds(part) for part in where.parts]
    lows, highs = [p[0] for p in parts], [p[1] for p in parts]
    if where.op == "AND":
        return max(filter(None, lows), default=None), min(filter(None, highs), default=None)
    known_lows, known_highs = [x for x in lows if x is not None], [x for x in highs if x is not None]
    return (
        min(known_lows) if len(known_lows) == len(parts) else None,
        max(known_highs) if len(known_highs) == len(parts) else None,
    )


def between(stamps: Iterable[tuple[str, str]], high: str | None) -> Iterator[str]:
    """The ids of (stamp, id) up to this stamp."""
    for stamp, id_ in stamps:
        if high is not None and stamp > high:
            return
        yield id_


def after_id(where: Condition | None) -> str:
    """An id that all rows of the condition come after; empty where nothing tells."""
    if isinstance(where, Compare):
        if where.path.lower() == "id" and where.op == ">":
            return ids.canonical(str(where.values[0].value)) or ""
    elif where and where.op == "AND":
        return max(map(after_id, where.parts))
    return ""
