"""A call to a data route and the answer to it, free of any HTTP server."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Call(NamedTuple):
    """One request; header names in lower case, `body` as parsed from JSON, `base` the server's own address."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any = None
    base: str = ""


class Reply(NamedTuple):
    """One answer; no body at all for `None`."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}


class Context(NamedTuple):
    """What a route's function is given: the call, its query parameters and version."""

    call: Call
    given: Mapping[str, str]
    version: str

    @property
    def root(self) -> str:
        """Where this version's routes start."""
        return f"/services/data/v{self.version}"

    @property
    def assign(self) -> bool:
        """Whether assignment rules run: they do unless the header forbids it."""
        return self.call.headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE"
