"""Finding connectors: our own and those of other packages come through the same door."""

import difflib
from importlib.metadata import entry_points
from typing import Any

from leadsync.connector import Connector
from leadsync.errors import UserError

GROUP = "leadsync.connectors"


def types() -> list[str]:
    """The types of connection that can be configured."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def connector(type_: str) -> Any:
    """The connector class of a type. Raises `UserError` for one that is not installed, or does not load."""
    found = [point for point in entry_points(group=GROUP) if point.name == type_]
    if not found:
        close = difflib.get_close_matches(type_, types(), 1)
        fix = f"did you mean {close[0]}?" if close else f"installed are {', '.join(types())}"
        raise UserError(f"no connector of type {type_!r} is installed", fix=fix)
    try:
        loaded: type[Connector] = found[0].load()
    except Exception as error:
        raise UserError(f"the connector {type_!r} does not load: {type(error).__name__}: {error}") from error
    return loaded
