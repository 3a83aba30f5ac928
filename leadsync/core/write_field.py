"""A field of a CRM that leadsync writes, as the mapping says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from leadsync import catalog
from leadsync.catalog import Word

OWNERS = "owner"
"""The `language` of a field that speaks to whoever owns the lead."""


@dataclass(frozen=True)
class WriteField:
    """One field of a CRM that gets a word of leadsync. `policy` is one of `plan.POLICIES`.

    `map`: what stands for a value, `None` to clear the field. `length`: the most characters of a text. `least`: a
    smaller change of a number waits for another one of its record. `every_us`: the least time between two writes, in
    microseconds. `rides_with`: the field that it accompanies. `strict`: the CRM itself refuses the write where the row
    has changed since it was looked at. `language`: one of `catalog.LANGUAGES`, or `OWNERS`. `format`: a text with `{}`
    for the value. `declared`: the field of the company's own whose value it gets.
    """

    field: str
    value: str
    policy: str = "always"
    map: Mapping[str, str | None] | None = None
    length: int | None = None
    least: float | None = None
    every_us: int | None = None
    rides_with: str | None = None
    strict: bool = False
    language: str = ""
    format: str = ""
    declared: Word | None = None

    @property
    def source(self) -> Word:
        """What it gets, as the catalogue or the installation describes it."""
        return self.declared or catalog.RESULTS.get(self.value) or catalog.FIELDS[self.value]

    @property
    def type(self) -> str:
        """What is written: number, text, bool, date, or owner."""
        if self.value == "owner":
            return "owner"
        return "text" if self.map is not None or self.format else self.source.type

    @cached_property
    def word(self) -> str:
        """The name of its value among a lead's words: one in another language than English has a name of its own."""
        return f"{self.value}@{self.language}" if self.language not in ("", "en") else self.value

    @property
    def shared(self) -> bool:
        """Whether people edit the field, too: it is then looked at just before it is overwritten."""
        return self.strict or self.policy != "always"
