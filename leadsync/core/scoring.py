"""How leads are scored, as the admin's files say it: rules, their groups, segments, and where grades begin."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate, count

import polars as pl

from leadsync.catalog import ACTIVITIES, LANGUAGES
from leadsync.core.conditions import Condition

AXES = ("fit", "engagement")
Labels = Mapping[tuple[str, str], Mapping[str, str]]
"""(group, rule) → language → text."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`points` (hundredths) where `when` holds: once, or per activity of one kind, each by its own age. Per activity
    `when` may test attributes as well: then it says which of them count.

    Per activity, points halve every `half_life_days` and end where they round to 0, or fall evenly to 0 over
    `fade_days`; or they end at `window_days` of age.
    `cap` (hundredths) bounds what the rule gives or takes in all. `label` is what people read: a text for all, or one
    per language.
    """

    name: str
    group: str
    points: int
    when: Condition | None = None
    per: str | None = None
    half_life_days: int | None = None
    fade_days: int | None = None
    window_days: int | None = None
    cap: int | None = None
    label: str | Mapping[str, str] = ""

    @property
    def table(self) -> "Table":
        """Points of one activity by its age."""
        return _table(self.points, self.half_life_days, self.fade_days, self.window_days)

    @property
    def kept(self) -> int:
        """Its points within its cap."""
        return self.points if self.cap is None else max(-self.cap, min(self.cap, self.points))


@dataclass(frozen=True, slots=True)
class Table:
    """Points (hundredths) by age in days from 0 on, then `after` for ever."""

    points: tuple[int, ...]
    after: int


@dataclass(frozen=True, slots=True)
class Group:
    """Rules whose sum is kept within ±`cap` (hundredths), and gives no more than `alone` until `agrees` holds.

    `axis` is the result that it counts towards besides the score, one of `AXES`: "" where it is that of its own name,
    if there is one."""

    name: str
    cap: int | None
    rules: tuple[Rule, ...]
    alone: int | None = None
    agrees: Condition | None = None
    axis: str = ""


@dataclass(frozen=True, slots=True)
class Cuts:
    """The lowest fit and engagement (whole points) of the grades A, B, C and 1, 2, 3, and of what counts as such for
    the quadrant."""

    grade: Mapping[str, tuple[int, int, int]]
    quadrant: Mapping[str, int]

    def every(self, axis: str) -> tuple[int, ...]:
        """All of an axis."""
        return (*self.grade[axis], self.quadrant[axis])


CUTS = Cuts({"fit": (30, 20, 10), "engagement": (40, 20, 8)}, {"fit": 20, "engagement": 20})


@dataclass(frozen=True, slots=True)
class Segment:
    """Leads for which `when` holds, which reads fields and activity, have a scoring of their own, without segments."""

    name: str
    when: Condition
    scoring: "Scoring"


@dataclass(frozen=True)
class Scoring:
    """How leads are scored. `hot` and `warm` are the lowest scores (whole points) that are; `hot_when` and `warm_when`
    lift to that, `cold_when` lowers to cold whatever else holds.

    Conditions of rules read fields and activity, those of the temperature may also read score, fit and engagement. A
    name is used once within its group. `version` tells which text of the files this is. A lead of one of the
    `segments`, the first that fits, is scored by that one's instead: see `segments`.
    """

    groups: tuple[Group, ...]
    hot: int
    warm: int
    hot_when: Condition | None = None
    version: str = ""
    warm_when: Condition | None = None
    cold_when: Condition | None = None
    cuts: Cuts = CUTS
    segments: tuple[Segment, ...] = ()

    def of(self, segment: object) -> "Scoring":
        """That of the segment of this name; itself where there is none."""
        return next((each.scoring for each in self.segments if each.name == segment), self)

    def leaving(self, segment: object) -> tuple[Condition, ...]:
        """The conditions of which one changes whenever a lead of this segment comes to be of another one."""
        names = [each.name for each in self.segments]
        last = names.index(segment) + 1 if segment in names else len(names)
        return tuple(each.when for each in self.segments[:last])

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order of the files."""
        return tuple(rule for group in self.groups for rule in group.rules)

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions."""
        agrees = (group.agrees for group in self.groups)
        found = (*(rule.when for rule in self.rules), *agrees, *self.lifts)
        return tuple(condition for condition in found if condition is not None)

    @cached_property
    def tables(self) -> pl.DataFrame:
        """rule, per, when (its place in `whens`), ages (how many its table tells of), ends (where in `by_age` it tells
        what it gives for ever), gives (whether it gives points), cap and group (its number), per rule."""
        ages = [len(rule.table.points) for rule in self.rules]
        of_when = {when: nth for nth, when in enumerate(self.whens)}
        columns = {
            "rule": range(len(ages)),
            "when": [of_when[rule.when] if rule.per is not None else None for rule in self.rules],
            "ages": ages,
            "ends": [each - 1 for each in accumulate(each + 1 for each in ages)],
            "cap": [rule.cap for rule in self.rules],
            "group": [nth for nth, group in enumerate(self.groups) for _ in group.rules],
        }
        per = pl.Series("per", [rule.per for rule in self.rules], dtype=pl.String)
        gives = pl.Series("gives", [rule.points > 0 for rule in self.rules], dtype=pl.Boolean)
        return pl.DataFrame(columns, dict.fromkeys(columns, pl.Int64)).with_columns(per, gives)

    @cached_property
    def whens(self) -> tuple[Condition | None, ...]:
        """What rules per activity ask for, each once, and nothing."""
        return tuple(dict.fromkeys((None, *(rule.when for rule in self.rules if rule.per is not None))))

    @cached_property
    def by_age(self) -> pl.Series:
        """The tables of all rules one after the other, each with what it gives for ever."""
        tables = [rule.table for rule in self.rules]
        return pl.Series([each for table in tables for each in (*table.points, table.after)], dtype=pl.Int64)

    @property
    def everything(self) -> tuple[Condition, ...]:
        """All conditions, with those of the segments."""
        return (*self.conditions, *(c for each in self.segments for c in (each.when, *each.scoring.conditions)))

    @cached_property
    def lifts(self) -> tuple[Condition, ...]:
        """The conditions of the temperature."""
        return tuple(filter(None, (self.hot_when, self.warm_when, self.cold_when)))

    @cached_property
    def labels(self) -> Labels:
        """What people read of each rule. Where it has no label in a language that is what its activity is called there,
        else its English label, else its name."""
        return {(rule.group, rule.name): _labels(rule) for rule in self.rules}


def _labels(rule: Rule) -> Mapping[str, str]:
    own = dict.fromkeys(LANGUAGES, rule.label) if isinstance(rule.label, str) else rule.label
    activity = ACTIVITIES[rule.per].labels if rule.per else {}
    other = own.get("en") or rule.name.replace("_", " ")
    return {language: own.get(language) or activity.get(language) or other for language in LANGUAGES}


@cache
def _table(points: int, half_life: int | None, fade: int | None, window: int | None) -> Table:
    if fade is not None:
        ages = range(fade if window is None else min(fade, window))
        even = (math.floor(abs(points) * (fade - age) / fade + 0.5) for age in ages)
        return Table(tuple(value if points > 0 else -value for value in even), 0)
    if half_life is None:
        return Table((), points) if window is None else Table((points,) * window, 0)
    rounded: list[int] = []
    for age in count() if window is None else range(window):
        value = math.floor(abs(points) * 0.5 ** (age / half_life) + 0.5)
        if value == 0:
            break
        rounded.append(value if points > 0 else -value)
    return Table(tuple(rounded), 0)
