"""A field of a CRM that leadsync writes, as the mapping says it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WriteField:
    """One field of a CRM that gets a word of leadsync. `policy` is one of `plan.POLICIES`.

    `length`: the most characters of a text. `least`: a smaller change of a number waits for another one of its record.
    `every_us`: the least time between two writes, in microseconds. `rides_with`: the field that it accompanies.
    `strict`: the CRM itself refuses the write where the row has changed since it was looked at. `language`: one of
    `catalog.LANGUAGES`, or `owner` for that of whoever owns the lead. `format`: a text with `{}` for the value.
    """

    field: str
    value: str
    policy: str = "always"
    map: Mapping[str, str] | None = None
    length: int | None = None
    least: float | None = None
    every_us: int | None = None
    rides_with: str | None = None
    strict: bool = False
    language: str = ""
    format: str = ""

    @property
    def shared(self) -> bool:
        """Whether people edit the field, too: it is then looked at just before it is overwritten."""
        return self.policy != "always"
