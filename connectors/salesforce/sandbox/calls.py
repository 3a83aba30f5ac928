"""A call to a data route and the answer to it, free of any HTTP server."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.salesforce.sandbox.org import How


class Call(NamedTuple):
    """One request; header names in lower case, `body` parsed from JSON (CSV as bytes), `base` the server's address."""

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
    def how(self) -> How:
        """What the headers say: assignment rules run unless forbidden, duplicates are refused unless allowed."""
        headers = self.call.headers
        allow = re.search(r"allowsave\s*=\s*true", headers.get("sforce-duplicate-rule-header", ""), re.IGNORECASE)
        return How(headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE", allow is not None)
