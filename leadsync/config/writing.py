"""How one field of a CRM is written, as mapping files say it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from leadsync import catalog
from leadsync.config.reading import Picklist
from leadsync.config.settings import Duration, Strict
from leadsync.core import mapping as core
from leadsync.core.plan import POLICIES
from leadsync.core.write_field import WriteField as CoreField
from leadsync.errors import Problem

_POINTS = ("score", "fit", "engagement")
_LEAST = 5.0  # points that a score must have moved to be written for its own sake


class WriteField(Strict):
    """A field of a CRM that gets a word of leadsync."""

    value: str
    policy: Literal[tuple(POLICIES)] | None = None  # type: ignore[valid-type]
    map: Picklist | None = None
    length: int | None = Field(None, ge=1)
    least: float | None = Field(None, ge=0)
    every: Duration | None = None
    with_: str | None = Field(None, alias="with")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str) else value


def compile_writes(fields: dict[str, WriteField]) -> tuple[CoreField, ...]:
    """What is written to an object. The reasons go with the score that they explain, unless the file says otherwise."""
    score = next((name for name, write in fields.items() if write.value == "score"), None)
    found = []
    for name, write in fields.items():
        policy = write.policy or {"owner": "if_unowned", "stage": "forward_only"}.get(write.value, "always")
        least = write.least if write.least is not None else _LEAST if write.value in _POINTS else None
        every = None if write.every is None else write.every // timedelta(microseconds=1)
        with_ = write.with_ if write.with_ is not None else score if write.value == "reasons" else None
        found.append(CoreField(name, write.value, policy, _texts(write.map), write.length, least, every, with_ or None))
    return tuple(found)


def _texts(values: Picklist | None) -> dict[str, str] | None:
    return None if values is None else {key: core.text(value) for key, value in values.items()}


def write_problems(name: str, write: WriteField, fields: dict[str, WriteField], at: str) -> Iterator[Problem]:
    """What is wrong with the way a field is written; `fields` are all of its object, `at` is where the file says it."""
    if write.value not in catalog.RESULTS:
        yield Problem(catalog.unknown_word(write.value, "result"), at)
        return
    kind = catalog.RESULTS[write.value].type
    if write.policy == "if_unowned" and write.value != "owner":
        yield Problem("the policy if_unowned is for owners only", at, "use another policy")
    if kind != "number" and (write.policy == "never_lower" or write.least is not None):
        yield Problem(f"{write.value} is no number: it has no lower and no least change", at, "leave these keys out")
    if kind == "number" and write.length is not None:
        yield Problem(f"{write.value} is a number: it cannot be shortened", at, "leave `length` out")
    if write.with_ and (write.with_ not in fields or write.with_ == name or fields[write.with_].with_):
        others = ", ".join(other for other, w in fields.items() if other != name and not w.with_)
        yield Problem(f"{name} cannot go with {write.with_!r}", at, f"name another field of this object: {others}")
