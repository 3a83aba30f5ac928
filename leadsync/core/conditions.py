"""The one condition language, for rules, gates, filters, routing. `condition_parser` reads it, `truth` evaluates it.

    employees between 50 and 2000 and country in [PL, VN] and not job_title contains [student, trainee]
    2 meeting in 30d or demo_request in 7d or any of [call_in, form_submit] about [demo, quote] in 7d
    no activity in 60d and email_click since capture and any of [demo_request, meeting] within 14d of capture

- A comparison with an unknown value is false. `a != b` is exactly `not a = b`, hence true where `a` is unknown.
- Text is compared without regard to case and to space around it; text that is empty is unknown.
- `contains` looks for a part of the text, or for one of several; `matches` for a regular expression (the linear-time
  kind: no look-around, no back-references) anywhere in the text.
- `budget = none`, and so for authority, need and timeline, means that this was answered with no. It is then not known.
- A field alone means that it is known; a field of type bool alone means that it is true.
- An activity alone means that it ever happened; `any of [a, b]` that one of them did. `3 visit` counts. `about quote`,
  or `about [price, quote]`, counts only those of one of these topics. `in 30d` means at most 29 days ago, so that
  a thing stops counting exactly 30 days after it; `since capture` means on the day of capture or later, `within 14d of
  capture` on that day or at most 13 days later, and neither is ever true of a lead without one. `activity` is any sign
  of interest (see the catalogue).
- Keywords are lower-case: `country in [NO, IN]` is about countries. Words with spaces need quotes outside of lists.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from operator import and_, or_

import polars as pl

from leadsync.catalog import NO_TO

Literal = str | float | bool | date


@dataclass(frozen=True)
class FieldTest:
    """One comparison of one field. `op` is one of known, none, =, <, <=, >, >=, in, between, contains, matches."""

    field: str
    type: str
    op: str
    values: tuple[Literal, ...] = ()

    @cached_property
    def column(self) -> str:
        """The name of the Boolean column that holds this test's truth."""
        return repr(self)

    @cached_property
    def truth(self) -> pl.Expr:
        """The truth, from the field's own column; never null."""
        if self.op == "none":
            return pl.col(NO_TO).str.contains(self.field, literal=True).fill_null(False)
        column = pl.col(self.field)
        if self.type == "text":
            column = column.str.strip_chars()
            if self.op not in ("known", "matches"):
                column = column.str.to_lowercase()
        first = self.values[0] if self.values else None
        match self.op:
            case "known":
                return column.is_not_null() & (column != "") if self.type == "text" else column.is_not_null()
            case "in":
                column = column.cast(pl.Float64) if self.type == "number" else column  # results are whole numbers
                truth = column.is_in(list(self.values))
            case "between":
                truth = (column >= first) & (column <= self.values[1])
            case "contains":
                truth = column.str.contains_any([str(value) for value in self.values])
            case "matches":
                truth = column.str.contains(f"(?i){first}")
            case "=":
                truth = column == first
            case "<":
                truth = column < first
            case "<=":
                truth = column <= first
            case ">":
                truth = column > first
            case _:
                truth = column >= first
        return truth.fill_null(False)


@dataclass(frozen=True)
class ActivityTest:
    """Whether things of these kinds happened at least `least` times (0: not once), of late or since capture or ever.

    Where there are `topics`, only those about one of them count; since capture perhaps only `within` so many days.
    """

    kinds: tuple[str, ...]
    least: int = 1
    days: int | None = None
    since_capture: bool = False
    topics: tuple[str, ...] = ()
    within: int | None = None

    @cached_property
    def column(self) -> str:
        """The name of the Boolean column that holds this test's truth."""
        return repr(self)


Test = FieldTest | ActivityTest


@dataclass(frozen=True, slots=True)
class Combined:
    """`op` is and, or, not (of exactly one)."""

    op: str
    parts: tuple["Node", ...]


Node = Test | Combined


@dataclass(frozen=True)
class Condition:
    """A condition as it was written, and what it means."""

    text: str
    root: Node

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """Its single tests, each once, in the order of the text."""
        return tuple(dict.fromkeys(_leaves(self.root)))

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields and results that it reads."""
        return frozenset(test.field for test in self.tests if isinstance(test, FieldTest))

    @cached_property
    def windows(self) -> tuple[ActivityTest, ...]:
        """The tests on activity that it makes."""
        return tuple(test for test in self.tests if isinstance(test, ActivityTest))

    @cached_property
    def truth(self) -> pl.Expr:
        """The truth, from the truth columns of its tests; never null."""
        return _truth(self.root)


def _leaves(node: Node) -> Iterator[Test]:
    if isinstance(node, Combined):
        for part in node.parts:
            yield from _leaves(part)
    else:
        yield node


def _truth(node: Node) -> pl.Expr:
    if not isinstance(node, Combined):
        return pl.col(node.column)
    parts = [_truth(part) for part in node.parts]
    return ~parts[0] if node.op == "not" else reduce(and_ if node.op == "and" else or_, parts)
