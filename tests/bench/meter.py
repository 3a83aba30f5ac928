"""What requests are spent on."""

from collections.abc import Callable
from typing import Any


class Meter:
    """Tells a connector's requests apart: those of `write`, those of `fetch` (rows read by id, above all to look at
    fields that people edit, too, just before they are overwritten), and all others."""

    def __init__(self, connector: Any) -> None:
        self._connector = connector
        self._spent = {"write": 0, "fetch": 0}
        for name in self._spent:
            setattr(connector, name, self._counted(name, getattr(connector, name)))

    def _counted(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            before = self._connector.quota().calls
            try:
                return work(*arguments)
            finally:
                self._spent[name] += self._connector.quota().calls - before

        return counted

    def read(self) -> dict[str, int]:
        """Requests so far."""
        writes, looks = self._spent["write"], self._spent["fetch"]
        return {"reads": self._connector.quota().calls - writes - looks, "looks": looks, "writes": writes}
